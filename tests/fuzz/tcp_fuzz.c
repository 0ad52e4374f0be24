/*
 * A host inside the tunnel whose peer's segments are the input: connections that it opens and
 * takes, what it writes, and segments near what it expects. The input is a list of steps: how much
 * time passes, what is done, a length, and bytes.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/tunnel/slab.h"
#include "net/tunnel/stack_tcp.h"

enum {
    STEPS_MAX = 400,
    IP = 40,
    TCP = 20,
    SERVED = 3,
    THEIR_PORT = 40000,
    CONNS_MAX = 4,
    LASTING = 64 << 10,
};

enum step {
    STEP_OPEN,
    STEP_WRITE,
    STEP_WRITE_LASTING,
    STEP_FINISH,
    STEP_CLOSE,
    STEP_ABORT,
    STEP_FLUSH,
    STEP_SYN,     /* of the peer, to a served port */
    STEP_SEGMENT, /* of the peer, near what is expected */
    STEP_RAW,     /* any packet to us */
    STEPS
};

static struct rng_seeded seeded;
static const uint8_t mine[16] = {0xfd, 0x7a, [15] = 1};
static const uint8_t theirs[16] = {0xfd, 0x7a, [15] = 2};
static uint8_t lasting[LASTING];

/* The newest segment of ours, in host order. */
struct seen {
    uint16_t from, to;
    uint32_t sequence, acknowledged;
};

struct world {
    struct stack *stack;
    mono_ns now;
    struct seen last;
    struct tcp_conn *conns[CONNS_MAX]; /* NULL: gone */
    uint64_t received;
    bool aborts; /* the next callback resets its connection */
};

static uint32_t u32_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static void on_send(void *owner, struct bytes packet)
{
    struct world *w = owner;
    assert(packet.len >= IP && packet.len <= STACK_MTU && packet.ptr[0] >> 4 == 6);
    if (packet.ptr[6] == 6) {
        assert(packet.len >= IP + TCP);
        const uint8_t *tcp = packet.ptr + IP;
        w->last = (struct seen){.from = (uint16_t)(tcp[0] << 8 | tcp[1]),
                                .to = (uint16_t)(tcp[2] << 8 | tcp[3]),
                                .sequence = u32_at(tcp + 4),
                                .acknowledged = u32_at(tcp + 8)};
    }
}

static void forget(struct world *w, const struct tcp_conn *conn)
{
    for (size_t i = 0; i < CONNS_MAX; i++) {
        w->conns[i] = w->conns[i] == conn ? NULL : w->conns[i];
    }
}

static void maybe_abort(struct world *w, struct tcp_conn *conn)
{
    if (w->aborts) {
        w->aborts = false;
        forget(w, conn);
        tcp_conn_abort(conn, w->now);
    }
}

static void on_received(void *owner, struct tcp_conn *conn, struct bytes data)
{
    struct world *w = owner;
    assert(data.len > 0);
    w->received += data.len;
    maybe_abort(w, conn);
}

static void on_opened(void *owner, struct tcp_conn *conn)
{
    maybe_abort(owner, conn);
}

static void on_acked(void *owner, struct tcp_conn *conn, size_t count)
{
    struct world *w = owner;
    struct tcp_counts counts = tcp_conn_counts(conn);
    (void)count;
    assert(counts.acked <= counts.written + 1); /* our FIN counts for one */
    maybe_abort(w, conn);
}

static void on_ended(void *owner, struct tcp_conn *conn)
{
    struct world *w = owner;
    forget(w, conn); /* it closes what the peer has ended */
    tcp_conn_close(conn, w->now);
}

static void on_failed(void *owner, struct tcp_conn *conn, enum net_err why)
{
    (void)why;
    forget(owner, conn);
}

static const struct tcp_handlers handlers = {.opened = on_opened,
                                             .received = on_received,
                                             .ended = on_ended,
                                             .acked = on_acked,
                                             .failed = on_failed};

static struct tcp_conn **free_place(struct world *w)
{
    for (size_t i = 0; i < CONNS_MAX; i++) {
        if (w->conns[i] == NULL) {
            return &w->conns[i];
        }
    }
    return NULL;
}

static void on_accept(void *owner, struct tcp_conn *conn)
{
    struct world *w = owner;
    struct tcp_conn **place = free_place(w);
    if (place == NULL) {
        tcp_conn_abort(conn, w->now);
        return;
    }
    *place = conn;
    tcp_conn_attach(conn, &handlers, w);
    maybe_abort(w, conn);
}

/* Hands over a segment of the peer: `tcp` with its header. */
static void segment(struct world *w, uint8_t *packet, size_t tcp_len)
{
    packet[0] = 0x60;
    packet[4] = (uint8_t)(tcp_len >> 8);
    packet[5] = (uint8_t)tcp_len;
    packet[6] = 6;
    packet[7] = 64;
    memcpy(packet + 8, theirs, 16);
    memcpy(packet + 24, mine, 16);
    (void)!stack_input(w->stack, w->now, bytes_of(packet, IP + tcp_len));
}

/* Two bytes of the script say how far from what is expected it lies; then flags and window; the
 * rest is options and payload. */
static void near_segment(struct world *w, struct bytes in)
{
    uint8_t packet[STACK_MTU] = {0};
    uint8_t *tcp = packet + IP;
    if (in.len < 8) {
        return;
    }
    int16_t ahead = (int16_t)(in.ptr[0] << 8 | in.ptr[1]);
    int16_t beyond = (int16_t)(in.ptr[2] << 8 | in.ptr[3]);
    size_t rest = in.len - 8 < STACK_MTU - IP - TCP ? in.len - 8 : (size_t)STACK_MTU - IP - TCP;
    tcp[0] = (uint8_t)(w->last.to >> 8);
    tcp[1] = (uint8_t)w->last.to;
    tcp[2] = (uint8_t)(w->last.from >> 8);
    tcp[3] = (uint8_t)w->last.from;
    put_u32(tcp + 4, w->last.acknowledged + (uint32_t)ahead);
    put_u32(tcp + 8, w->last.sequence + (uint32_t)beyond);
    tcp[12] = (uint8_t)((in.ptr[4] & 0x10) != 0 ? in.ptr[4] & 0xf0 : 0x50);
    tcp[13] = in.ptr[5];
    tcp[14] = in.ptr[6];
    tcp[15] = in.ptr[7];
    memcpy(tcp + TCP, in.ptr + 8, rest);
    segment(w, packet, TCP + rest);
}

static void syn(struct world *w, struct bytes in)
{
    uint8_t packet[STACK_MTU] = {0};
    uint8_t *tcp = packet + IP;
    size_t options = in.len < 40 ? in.len / 4 * 4 : 40;
    tcp[0] = (uint8_t)(THEIR_PORT >> 8);
    tcp[1] = (uint8_t)(in.len > 0 ? in.ptr[0] : 0);
    tcp[3] = SERVED;
    put_u32(tcp + 4, 0xfffffff0);
    tcp[12] = (uint8_t)((5 + options / 4) << 4);
    tcp[13] = 2;
    tcp[14] = 0xff;
    memcpy(tcp + TCP, in.ptr, options);
    segment(w, packet, TCP + options);
}

static void step(struct world *w, uint8_t what, struct bytes in)
{
    struct tcp_conn **conn = &w->conns[what / STEPS % CONNS_MAX];
    struct tcp_conn **place = free_place(w);
    w->aborts = (what & 0x80) != 0;
    switch ((enum step)(what % STEPS)) {
    case STEP_OPEN:
        if (place != NULL) {
            *place = tcp_open(w->stack, w->now, theirs, 80, &handlers, w);
        }
        break;
    case STEP_WRITE:
        if (*conn != NULL) {
            assert(tcp_conn_write(*conn, w->now, in) <= in.len);
        }
        break;
    case STEP_WRITE_LASTING:
        if (*conn != NULL) {
            assert(tcp_conn_write_lasting(*conn, w->now, bytes_of(lasting, LASTING)) <= LASTING);
        }
        break;
    case STEP_FINISH:
        if (*conn != NULL) {
            tcp_conn_finish(*conn, w->now);
        }
        break;
    case STEP_CLOSE:
    case STEP_ABORT: {
        struct tcp_conn *gone = *conn;
        *conn = NULL;
        if (gone != NULL && what % STEPS == STEP_ABORT) {
            tcp_conn_abort(gone, w->now);
        } else if (gone != NULL) {
            tcp_conn_close(gone, w->now);
        }
        break;
    }
    case STEP_FLUSH:
        stack_flush(w->stack, w->now);
        break;
    case STEP_SYN:
        syn(w, in);
        break;
    case STEP_SEGMENT:
        near_segment(w, in);
        break;
    case STEP_RAW:
        (void)!stack_input(w->stack, w->now, in);
        break;
    case STEPS:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct stack_handlers stack_handlers = {.send = on_send};
    struct world w = {.now = 1000 * NS_PER_SEC};
    size_t at = 0;
    rng_seeded_init(&seeded, 1);
    w.stack = stack_new(mine, 1, &seeded.rng, &stack_handlers, &w);
    struct tcp_listener *listener = tcp_serve(w.stack, SERVED, on_accept, &w);
    assert(listener != NULL);
    for (int i = 0; i < STEPS_MAX && size - at >= 3; i++) {
        uint8_t wait = data[at];
        uint8_t what = data[at + 1];
        size_t len = data[at + 2];
        at += 3;
        len = len < size - at ? len : size - at;
        w.now += (uint64_t)wait * wait * NS_PER_MS;
        stack_tick(w.now);
        step(&w, what, bytes_of(data + at, len));
        at += len;
        assert(slab_use().in_use <= SLAB_LIMIT);
    }
    stack_flush(w.stack, w.now);
    stack_free(w.stack);
    for (int i = 0; i < 3000 && stack_deadline() != MONO_NEVER; i++) { /* what still ends */
        w.now += 100 * NS_PER_MS;
        stack_tick(w.now);
    }
    assert(stack_deadline() == MONO_NEVER);
    return 0;
}
