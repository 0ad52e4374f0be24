/*
 * Connections on lwIP's raw interface. What it lacks for long and lossy ways is made up for here:
 *
 * - The window opens by what an acknowledgement covers, not by two segments for each (RFC 3465 with
 *   no limit, as Linux): the agent acknowledges up to a hundred segments at once.
 * - It begins with ten segments (RFC 6928).
 * - Losses are made up for by what the peer says it holds: stack_repair_lwip.h.
 * - No more is queued than the window lets out soon: lwIP walks its queue at each write.
 */
#include <stdlib.h>
#include <string.h>

#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/ip6.h>
#include <lwip/tcp.h>

#include "net/base/mem.h"
#include "net/tunnel/stack_internal_lwip.h"
#include "net/tunnel/stack_repair_lwip.h"

enum {
    FIRST_SEGMENTS = 10,    /* RFC 6928 */
    AHEAD = 128 * TCP_MSS,  /* queued beyond what the window lets out now */
    WRITE_MAX = 53 * 1220,  /* tcp_write counts in 16 bits; whole segments */
    LEAST_DEVIATION = 3,    /* ticks: what lwIP's own sums come to */
    ABC_LIMIT_SEGMENTS = 2, /* what lwIP itself adds for an acknowledgement */
};

struct tcp_conn {
    struct stack *stack;
    struct tcp_conn *next;
    struct tcp_pcb *pcb; /* NULL: gone */
    struct tcp_handlers handlers;
    void *owner;
    struct tcp_counts counts;
    mono_ns opened_at; /* when its SYN was sent */
    unsigned busy;     /* callbacks of ours that run */
    bool aborted;      /* by us, while they did */
    bool finished;
    bool acking;    /* on_acked runs */
    bool abort_due; /* for its owner it is gone already */
    bool sent_any;
    uint32_t sent_end; /* of the furthest segment that was ever sent */
    struct repair repair;
};

static uint64_t retransmits; /* of all connections of the process, as lwIP is one for it */

struct tcp_listener {
    struct stack *stack;
    struct tcp_listener *next;
    void (*accept)(void *owner, struct tcp_conn *conn);
    void *owner;
    size_t count;
    struct tcp_pcb *pcbs[STACK_ADDRESSES_MAX]; /* one an address of the stack */
};

static void address_in(const uint8_t in[16], ip_addr_t *out)
{
    memset(out, 0, sizeof *out);
    memcpy(ip_2_ip6(out)->addr, in, 16);
}

/* --- life --------------------------------------------------------------------------------------
 */

static struct tcp_conn *conn_new(struct stack *stack, struct tcp_pcb *pcb)
{
    struct tcp_conn *conn = mem_new(sizeof *conn);
    conn->stack = stack;
    conn->pcb = pcb;
    conn->next = stack->conns;
    stack->conns = conn;
    return conn;
}

static void unlink_conn(const struct tcp_conn *conn)
{
    struct tcp_conn **link = &conn->stack->conns;
    while (*link != conn) {
        link = &(*link)->next;
    }
    *link = conn->next;
}

/* The connection is over for its owner; its memory goes with the last callback. */
static void retire(struct tcp_conn *conn)
{
    unlink_conn(conn);
    conn->pcb = NULL;
    if (conn->busy == 0) {
        free(conn);
    }
}

static void forget_pcb(struct tcp_pcb *pcb)
{
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
}

/* Ends a callback; what lwIP is to be told of it. */
static err_t leave(struct tcp_conn *conn)
{
    bool aborted = conn->aborted;
    if (--conn->busy == 0 && conn->pcb == NULL) {
        free(conn);
    }
    return aborted ? ERR_ABRT : ERR_OK;
}

/* --- what lwIP tells ---------------------------------------------------------------------------
 */

static void on_failed(void *arg, err_t err)
{
    struct tcp_conn *conn = arg;
    enum net_err why = err == ERR_CLSD  ? NET_OK
                       : err == ERR_RST ? NET_ERR_CLOSED
                       : err == ERR_MEM ? NET_ERR_FULL
                                        : NET_ERR_TIMEOUT;
    /* lwIP has freed the pcb already. */
    unlink_conn(conn);
    conn->pcb = NULL;
    conn->busy++;
    if (conn->handlers.failed != NULL) {
        conn->handlers.failed(conn->owner, conn, why);
    }
    (void)leave(conn);
}

static void hand_over(struct tcp_conn *conn, const struct pbuf *data)
{
    for (const struct pbuf *at = data; at != NULL && conn->pcb != NULL; at = at->next) {
        conn->counts.received += at->len;
        if (at->len > 0 && conn->handlers.received != NULL) {
            conn->handlers.received(conn->owner, conn, bytes_of(at->payload, at->len));
        }
    }
}

static void take_end(struct tcp_conn *conn)
{
    if (conn->handlers.ended != NULL) {
        conn->handlers.ended(conn->owner, conn);
    }
    if (conn->finished && conn->pcb != NULL) {
        forget_pcb(conn->pcb); /* lwIP frees it in a while and tells nobody */
        retire(conn);
    }
}

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t err)
{
    struct tcp_conn *conn = arg;
    (void)err;
    conn->busy++;
    if (data == NULL) {
        take_end(conn);
        return leave(conn);
    }
    tcp_recved(pcb, data->tot_len);
    if (data->tot_len > pcb->mss) { /* several joined: the sender would wait for the timer */
        tcp_ack_now(pcb);
    }
    hand_over(conn, data);
    pbuf_free(data);
    return leave(conn);
}

/* Of those that were aborted while lwIP could not take it. */
static void abort_due(struct stack *stack)
{
    struct tcp_conn *conn = stack->conns;
    while (conn != NULL) {
        if (conn->abort_due) {
            conn->abort_due = false;
            tcp_conn_abort(conn, stack_now());
            conn = stack->conns;
        } else {
            conn = conn->next;
        }
    }
}

void stack_tcp_look(struct stack *stack)
{
    abort_due(stack);
    for (struct tcp_conn *conn = stack->conns; conn != NULL; conn = conn->next) {
        if (conn->pcb != NULL && conn->pcb->state >= ESTABLISHED) {
            repair_look(&conn->repair, conn->pcb, stack_now());
        }
    }
}

/* NULL: there is none. */
static struct tcp_conn *conn_of(const struct stack *stack, uint16_t ours, const uint8_t peer[16],
                                uint16_t theirs)
{
    for (struct tcp_conn *conn = stack->conns; conn != NULL; conn = conn->next) {
        if (conn->pcb != NULL && conn->pcb->local_port == ours &&
            conn->pcb->remote_port == theirs &&
            memcmp(ip_2_ip6(&conn->pcb->remote_ip)->addr, peer, 16) == 0) {
            return conn;
        }
    }
    return NULL;
}

void stack_tcp_note(struct stack *stack, const uint8_t *packet, size_t len)
{
    const uint8_t *tcp = packet + IPV6_HEADER_LEN;
    if (len < IPV6_HEADER_LEN + TCP_HLEN || packet[IPV6_NEXT_HEADER] != IP6_NEXTH_TCP) {
        return;
    }
    struct tcp_conn *conn =
        conn_of(stack, stack_u16(tcp + 2), packet + IPV6_SOURCE, stack_u16(tcp));
    if (conn != NULL) {
        repair_note(&conn->repair, conn->pcb, tcp, len - IPV6_HEADER_LEN);
    }
}

/* `count` bytes were acknowledged. */
static void steer(struct tcp_conn *conn, struct tcp_pcb *pcb, u16_t count)
{
    if (conn->repair.under_way) {
        return;
    }
    u32_t counted = (u32_t)ABC_LIMIT_SEGMENTS * pcb->mss;
    if (pcb->cwnd < pcb->ssthresh && (pcb->flags & TF_RTO) == 0 && count > counted) {
        tcpwnd_size_t wider = pcb->cwnd + (count - counted);
        pcb->cwnd = wider < pcb->ssthresh ? wider : pcb->ssthresh;
    }
}

static err_t on_acked(void *arg, struct tcp_pcb *pcb, u16_t count)
{
    struct tcp_conn *conn = arg;
    conn->busy++;
    conn->counts.acked += count;
    steer(conn, pcb, count);
    conn->acking = true;
    if (conn->handlers.acked != NULL) {
        conn->handlers.acked(conn->owner, conn, count);
    }
    conn->acking = false;
    return leave(conn);
}

static void watch(struct tcp_conn *conn)
{
    struct tcp_pcb *pcb = conn->pcb;
    tcp_arg(pcb, conn);
    tcp_recv(pcb, on_received);
    tcp_sent(pcb, on_acked);
    tcp_err(pcb, on_failed);
    tcp_nagle_disable(pcb);
}

/* The handshake is the first measurement of the round trip (RFC 6298, 2.2), in lwIP's units: `sa`
 * is eight times the mean, `sv` four times its deviation, in ticks. */
static void take_round_trip(struct tcp_pcb *pcb, uint64_t ns)
{
    uint64_t ticks = ns / (TCP_SLOW_INTERVAL * NS_PER_MS);
    s16_t mean = (s16_t)(ticks < 200 ? ticks : 200);
    pcb->sa = (s16_t)(8 * mean);
    pcb->sv = (s16_t)(2 * mean > LEAST_DEVIATION ? 2 * mean : LEAST_DEVIATION);
    pcb->rto = (s16_t)((pcb->sa >> 3) + pcb->sv);
}

static err_t on_opened(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct tcp_conn *conn = arg;
    (void)err;            /* always ERR_OK */
    if (pcb->nrtx == 0) { /* else it is not known which SYN was answered */
        take_round_trip(pcb, mono_since(stack_now(), conn->opened_at));
    }
    pcb->cwnd = (tcpwnd_size_t)FIRST_SEGMENTS * pcb->mss;
    conn->busy++;
    if (conn->handlers.opened != NULL) {
        conn->handlers.opened(conn->owner, conn);
    }
    return leave(conn);
}

bool stack_tcp_expects(const uint8_t header[IPV6_HEADER_LEN], uint16_t from, uint16_t to,
                       uint32_t sequence)
{
    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next) {
        if (pcb->remote_port == from && pcb->local_port == to && pcb->state == ESTABLISHED &&
            memcmp(ip_2_ip6(&pcb->remote_ip)->addr, header + IPV6_SOURCE, 16) == 0 &&
            memcmp(ip_2_ip6(&pcb->local_ip)->addr, header + IPV6_DESTINATION, 16) == 0) {
            return pcb->rcv_nxt == sequence && pcb->callback_arg != NULL;
        }
    }
    return false;
}

/* --- connecting --------------------------------------------------------------------------------
 */

struct tcp_conn *tcp_open(struct stack *stack, mono_ns now, const uint8_t to[16], uint16_t port,
                          const struct tcp_handlers *handlers, void *owner)
{
    ip_addr_t own;
    ip_addr_t remote;
    stack_set_now(now);
    struct tcp_pcb *pcb = stack->address_count > 0 ? tcp_new() : NULL;
    if (pcb == NULL) {
        return NULL;
    }
    address_in(stack->addresses[0], &own);
    address_in(to, &remote);
    tcp_bind_netif(pcb, &stack->netif);
    if (tcp_bind(pcb, &own, 0) != ERR_OK) {
        tcp_abort(pcb);
        return NULL;
    }
    struct tcp_conn *conn = conn_new(stack, pcb);
    tcp_conn_attach(conn, handlers, owner);
    conn->opened_at = now;
    watch(conn);
    if (tcp_connect(pcb, &remote, port, on_opened) != ERR_OK) {
        forget_pcb(pcb);
        tcp_abort(pcb);
        retire(conn);
        return NULL;
    }
    return conn;
}

static err_t on_accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct tcp_listener *listener = arg;
    if (err != ERR_OK || pcb == NULL || listener == NULL) {
        return ERR_VAL; /* lwIP aborts it */
    }
    struct tcp_conn *conn = conn_new(listener->stack, pcb);
    watch(conn);
    pcb->cwnd = (tcpwnd_size_t)FIRST_SEGMENTS * pcb->mss;
    conn->busy++;
    listener->accept(listener->owner, conn);
    return leave(conn);
}

static bool listen_at(struct tcp_listener *listener, const uint8_t address[16], uint16_t port)
{
    ip_addr_t own;
    struct tcp_pcb *pcb = tcp_new();
    if (pcb == NULL) {
        return false;
    }
    address_in(address, &own);
    if (tcp_bind(pcb, &own, port) != ERR_OK) {
        tcp_abort(pcb);
        return false;
    }
    struct tcp_pcb *listening = tcp_listen(pcb); /* frees `pcb`, unless it fails */
    if (listening == NULL) {
        tcp_abort(pcb);
        return false;
    }
    tcp_arg(listening, listener);
    tcp_accept(listening, on_accepted);
    listener->pcbs[listener->count++] = listening;
    return true;
}

struct tcp_listener *tcp_serve(struct stack *stack, uint16_t port,
                               void (*accept)(void *owner, struct tcp_conn *conn), void *owner)
{
    struct tcp_listener *listener = mem_new(sizeof *listener);
    listener->stack = stack;
    listener->accept = accept;
    listener->owner = owner;
    listener->next = stack->listeners;
    stack->listeners = listener;
    for (size_t i = 0; i < stack->address_count; i++) {
        if (!listen_at(listener, stack->addresses[i], port)) {
            tcp_listener_close(listener);
            return NULL;
        }
    }
    return listener;
}

void tcp_listener_close(struct tcp_listener *listener)
{
    struct tcp_listener **link = &listener->stack->listeners;
    while (*link != listener) {
        link = &(*link)->next;
    }
    *link = listener->next;
    for (size_t i = 0; i < listener->count; i++) {
        (void)tcp_close(listener->pcbs[i]); /* of a listening pcb it cannot fail */
    }
    free(listener);
}

void tcp_conn_attach(struct tcp_conn *conn, const struct tcp_handlers *handlers, void *owner)
{
    conn->handlers = *handlers;
    conn->owner = owner;
}

/* --- writing -----------------------------------------------------------------------------------
 */

/* lwIP cuts what it is given into pieces of half the peer's greatest window at most, and takes it
 * for certain that the last one waiting is no larger. It may be, from before the peer said how
 * small its window is. */
static bool is_too_narrow(const struct tcp_pcb *pcb)
{
    tcpwnd_size_t half = pcb->snd_wnd_max / 2;
    const struct tcp_seg *last = pcb->unsent;
    if (half == 0 || half >= pcb->mss || last == NULL) {
        return false;
    }
    while (last->next != NULL) {
        last = last->next;
    }
    return last->len > half;
}

size_t tcp_conn_room(const struct tcp_conn *conn)
{
    const struct tcp_pcb *pcb = conn->pcb;
    if (pcb == NULL || conn->finished || pcb->snd_queuelen + 2 >= TCP_SND_QUEUELEN ||
        is_too_narrow(pcb)) {
        return 0;
    }
    size_t window = pcb->cwnd < pcb->snd_wnd ? pcb->cwnd : pcb->snd_wnd;
    size_t queued = pcb->snd_lbb - pcb->lastack;
    size_t room = window + AHEAD > queued ? window + AHEAD - queued : 0;
    return room < tcp_sndbuf(pcb) ? room : tcp_sndbuf(pcb);
}

static size_t write_some(struct tcp_conn *conn, mono_ns now, struct bytes data, u8_t flags)
{
    size_t room = tcp_conn_room(conn);
    size_t len = data.len < room ? data.len : room;
    size_t done = 0;
    stack_set_now(now);
    while (done < len) {
        size_t piece = len - done < WRITE_MAX ? len - done : (size_t)WRITE_MAX;
        if (tcp_write(conn->pcb, data.ptr + done, (u16_t)piece, flags) != ERR_OK) {
            break; /* no memory, or too many pieces: what is acknowledged makes room */
        }
        done += piece;
    }
    conn->counts.written += done;
    if (done > 0) {
        (void)tcp_output(conn->pcb); /* what fails is sent with the next acknowledgement or tick */
    }
    return done;
}

size_t tcp_conn_write(struct tcp_conn *conn, mono_ns now, struct bytes data)
{
    return write_some(conn, now, data, TCP_WRITE_FLAG_COPY);
}

size_t tcp_conn_write_lasting(struct tcp_conn *conn, mono_ns now, struct bytes data)
{
    return write_some(conn, now, data, 0);
}

void tcp_conn_finish(struct tcp_conn *conn, mono_ns now)
{
    stack_set_now(now);
    if (conn->pcb != NULL && !conn->finished) {
        conn->finished = true;
        (void)tcp_shutdown(conn->pcb, 0, 1); /* without memory lwIP tries again at its ticks */
    }
}

void tcp_conn_close(struct tcp_conn *conn, mono_ns now)
{
    struct tcp_pcb *pcb = conn->pcb;
    stack_set_now(now);
    if (pcb == NULL) {
        return;
    }
    forget_pcb(pcb);
    retire(conn);
    if (tcp_close(pcb) != ERR_OK) {
        tcp_abort(pcb);
    }
}

void tcp_conn_abort(struct tcp_conn *conn, mono_ns now)
{
    struct tcp_pcb *pcb = conn->pcb;
    stack_set_now(now);
    if (pcb == NULL) {
        return;
    }
    if (conn->acking) {
        /* lwIP 2.1 would lose the data that came in the same segment: soon, when it is through. */
        conn->handlers = (struct tcp_handlers){0};
        conn->abort_due = true;
        return;
    }
    conn->aborted = true;
    forget_pcb(pcb);
    retire(conn);
    tcp_abort(pcb);
}

void stack_reset(struct stack *stack, mono_ns now)
{
    while (stack->conns != NULL) {
        tcp_conn_abort(stack->conns, now);
    }
    while (stack->listeners != NULL) {
        tcp_listener_close(stack->listeners);
    }
}

void stack_tcp_forget(struct stack *stack)
{
    struct tcp_pcb *pcb = tcp_tw_pcbs;
    while (pcb != NULL) {
        bool ours = false;
        for (size_t i = 0; i < stack->address_count; i++) {
            ours = ours || memcmp(ip_2_ip6(&pcb->local_ip)->addr, stack->addresses[i], 16) == 0;
        }
        struct tcp_pcb *next = pcb->next;
        if (ours) {
            tcp_abort(pcb); /* in this state it sends nothing */
        }
        pcb = next;
    }
}

/* --- facts -------------------------------------------------------------------------------------
 */

struct tcp_counts tcp_conn_counts(const struct tcp_conn *conn)
{
    return conn->counts;
}

void tcp_conn_remote(const struct tcp_conn *conn, uint8_t out[16])
{
    memset(out, 0, 16);
    if (conn->pcb != NULL) {
        memcpy(out, ip_2_ip6(&conn->pcb->remote_ip)->addr, 16);
    }
}

void stack_tcp_sent(struct stack *stack, const uint8_t *packet, size_t len)
{
    const uint8_t *tcp = packet + IPV6_HEADER_LEN;
    size_t header = len > IPV6_HEADER_LEN + 12 ? (size_t)(tcp[12] >> 4) * 4 : 0;
    size_t payload = len > IPV6_HEADER_LEN + header ? len - IPV6_HEADER_LEN - header : 0;
    if (header == 0 || payload == 0) {
        return;
    }
    uint32_t end = stack_u32(tcp + 4) + (uint32_t)payload;
    struct tcp_conn *conn =
        conn_of(stack, stack_u16(tcp), packet + IPV6_DESTINATION, stack_u16(tcp + 2));
    if (conn == NULL) {
        return;
    }
    if (conn->sent_any && TCP_SEQ_LEQ(end, conn->sent_end)) {
        retransmits++;
    } else {
        conn->sent_end = end;
        conn->sent_any = true;
    }
}

uint64_t tcp_retransmits(void)
{
    return retransmits;
}
