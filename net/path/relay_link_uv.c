#include "net/path/relay_link_uv.h"

#include <stdlib.h>

#include "net/base/buf.h"
#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/path/latency_uv.h"
#include "net/path/relay_policy.h"
#include "net/wire/disco.h"

enum {
    DIAL_SECONDS = 10,
    IDLE_SECONDS = 60,  /* a region that is not home is closed when nothing was written so long */
    PING_SECONDS = 15,  /* measures the relay itself, and notices a dead one early */
    STEADY_SECONDS = 5, /* before that the next attempt still waits for its turn */
    READ_SIZE = 64 << 10,
    TURN_READS = 8,           /* then other sockets and timers have their turn */
    WRITE_AT_ONCE = 16 << 10, /* a full TLS record; less waits for the end of the loop's turn */
    FOR_DISCO = 64 << 10,     /* of the queue of what is to be written */
    WAITING_MAX = 16,         /* packets that wait while it opens */
    RESTART_MAX_MS = 30000,
};

struct waiting {
    struct node_public peer;
    struct buf packet;
};

struct relay_link {
    struct relay_link_config config;
    struct derp_map holder; /* owns the copy of the region */
    struct relay_policy policy;
    struct relay_status status;
    size_t node; /* index of the node to dial next */
    struct dial *dial;
    struct stream *stream;
    struct derp_client *client;
    uv_timer_t timer;
    uv_prepare_t prepare; /* before the loop waits: writes what was sent in this turn */
    unsigned handles_open;
    mono_ns dialled_at;
    mono_ns wanted_at; /* last use */
    mono_ns ping_at;   /* when the relay is measured next */
    struct waiting waiting[WAITING_MAX];
    size_t waiting_count;
    bool closing;
};

static void connect_link(struct relay_link *link);
static void arm(struct relay_link *link);
static void write_out(struct relay_link *link);

struct relay_link *relay_link_new(const struct relay_link_config *config,
                                  const struct derp_region *region, bool force_websocket)
{
    struct relay_link *link = mem_new(sizeof *link);
    struct derp_map one = {.region_count = 1, .regions = (struct derp_region *)(uintptr_t)region};
    link->config = *config;
    derp_map_copy(&link->holder, &one);
    relay_policy_init(&link->policy, force_websocket);
    link->status =
        (struct relay_status){.region = region->id, .since = mono_now(), .retry_at = MONO_NEVER};
    link->ping_at = MONO_NEVER;
    (void)uv_timer_init(config->loop, &link->timer);
    (void)uv_prepare_init(config->loop, &link->prepare);
    uv_unref((uv_handle_t *)&link->prepare); /* what it waits for keeps the loop alive */
    link->handles_open = 2;
    link->timer.data = link;
    link->prepare.data = link;
    return link;
}

static void drop_waiting(struct relay_link *link)
{
    for (size_t i = 0; i < link->waiting_count; i++) {
        buf_clear(&link->waiting[i].packet);
    }
    link->waiting_count = 0;
}

static void drop_connection(struct relay_link *link)
{
    if (link->dial != NULL) {
        dial_cancel(link->dial);
        link->dial = NULL;
    }
    if (link->stream != NULL) {
        stream_close(link->stream);
        link->stream = NULL;
    }
    derp_client_free(link->client);
    link->client = NULL;
}

static void free_link(uv_handle_t *handle)
{
    struct relay_link *link = handle->data;
    if (--link->handles_open > 0) {
        return;
    }
    derp_map_clear(&link->holder);
    free(link);
}

void relay_link_close(struct relay_link *link)
{
    link->closing = true;
    write_out(link); /* resets of what was open in the tunnel */
    drop_connection(link);
    drop_waiting(link);
    uv_close((uv_handle_t *)&link->timer, free_link);
    uv_close((uv_handle_t *)&link->prepare, free_link);
}

const struct derp_region *relay_link_region(const struct relay_link *link)
{
    return &link->holder.regions[0];
}

const struct relay_status *relay_link_status(const struct relay_link *link)
{
    return &link->status;
}

static void set_state(struct relay_link *link, enum relay_state state)
{
    link->status.state = state;
    link->status.since = mono_now();
    link->status.retry_at = MONO_NEVER;
    link->status.websocket = link->policy.websocket;
    text_copy(link->status.websocket_reason, sizeof link->status.websocket_reason,
              link->policy.reason);
}

static void tell_state(struct relay_link *link)
{
    if (!link->closing) {
        link->config.handlers->state(link->config.owner, link->status.region);
    }
}

static bool in_use(const struct relay_link *link)
{
    bool recent =
        link->wanted_at != 0 && mono_since(mono_now(), link->wanted_at) < IDLE_SECONDS * NS_PER_SEC;
    return link->status.home || recent;
}

static void wait_and_retry(struct relay_link *link, uint64_t delay_ns)
{
    drop_connection(link);
    if (!in_use(link)) {
        drop_waiting(link);
        set_state(link, RELAY_IDLE);
    } else {
        set_state(link, RELAY_WAITING);
        link->status.retry_at = mono_after(mono_now(), delay_ns);
    }
    arm(link);
    tell_state(link);
}

/* The connection or the attempt is over; `link->status.failure` says why. */
static void failed(struct relay_link *link, int status)
{
    relay_policy_failed(&link->policy, status);
    link->status.attempts = link->policy.failures;
    link->node++;
    wait_and_retry(link, relay_policy_delay(&link->policy, link->config.rng));
}

/* --- the open connection
 * ---------------------------------------------------------------------------- */

static void write_out(struct relay_link *link)
{
    while (link->client != NULL && link->stream != NULL) {
        struct bytes out = derp_client_output(link->client);
        size_t taken = 0;
        if (out.len == 0 || stream_write(link->stream, out, &taken) != NET_OK) {
            return; /* broken: the next read says why */
        }
        derp_client_sent(link->client, taken);
    }
}

static void on_prepare(uv_prepare_t *prepare)
{
    (void)uv_prepare_stop(prepare);
    write_out(prepare->data);
}

static void send_waiting(struct relay_link *link)
{
    for (size_t i = 0; i < link->waiting_count; i++) {
        struct waiting *item = &link->waiting[i];
        if (derp_client_send(link->client, &item->peer, buf_view(&item->packet)) != NET_OK) {
            link->status.packets_dropped++;
        }
    }
    drop_waiting(link);
}

static void opened(struct relay_link *link, mono_ns now)
{
    link->status.connect_ns = mono_since(now, link->dialled_at);
    link->status.failure = (struct failure){.code = NET_OK};
    link->status.health[0] = '\0';
    link->status.attempts = 0;
    link->ping_at = now;
    set_state(link, RELAY_OPEN);
    send_waiting(link);
    write_out(link);
    arm(link);
    tell_state(link);
}

static void restarting(struct relay_link *link, uint32_t reconnect_ms)
{
    uint32_t wait = reconnect_ms < RESTART_MAX_MS ? reconnect_ms : RESTART_MAX_MS;
    failure_set(&link->status.failure, NET_ERR_CLOSED, "the relay is restarting, back in %u ms",
                (unsigned)wait);
    wait_and_retry(link, wait * NS_PER_MS);
}

static void on_packet(struct relay_link *link, const struct derp_event *event, mono_ns at)
{
    link->status.packets_in++;
    link->status.bytes_in += event->packet.len;
    link->config.handlers->packet(link->config.owner, link->status.region, &event->peer,
                                  event->packet, at);
}

/* A handler may not close the link, but its effects may drop the connection: the caller looks. */
static void on_event(struct relay_link *link, const struct derp_event *event, mono_ns at)
{
    switch (event->kind) {
    case DERP_EVENT_READY:
        write_out(link);
        break;
    case DERP_EVENT_INFO:
        if (link->status.state != RELAY_OPEN) {
            opened(link, at);
        }
        break;
    case DERP_EVENT_PACKET:
        on_packet(link, event, at);
        break;
    case DERP_EVENT_PEER_GONE:
        link->config.handlers->gone(link->config.owner, link->status.region, &event->peer,
                                    event->reason);
        break;
    case DERP_EVENT_HEALTH:
        text_copy(link->status.health, sizeof link->status.health, event->text);
        tell_state(link);
        break;
    case DERP_EVENT_RESTARTING:
        restarting(link, event->reconnect_ms);
        break;
    case DERP_EVENT_PONG:
        link->status.rtt_ns = event->rtt_ns;
        break;
    }
}

static const char *protocol_error(enum net_err err)
{
    return err == NET_ERR_TOO_BIG ? "it sent a frame that is too large"
           : err == NET_ERR_AUTH  ? "its box does not open"
                                  : "it does not speak DERP";
}

/* Feeds what was read; false when the connection is over (and was dropped). */
static bool take_bytes(struct relay_link *link, mono_ns at, struct bytes in)
{
    struct derp_event event;
    const struct derp_client *was = link->client;
    while (in.len > 0) {
        enum net_err err = derp_client_input(link->client, at, &in);
        if (err != NET_OK) {
            failure_set(&link->status.failure, err, "the relay was dropped: %s",
                        protocol_error(err));
            failed(link, 0);
            return false;
        }
        while (link->client == was && derp_client_event(link->client, &event)) {
            on_event(link, &event, at);
        }
        if (link->client != was) {
            return false;
        }
    }
    /* One that takes us in and turns us out at once is no relay that works. */
    if (link->status.state == RELAY_OPEN &&
        mono_since(at, link->status.since) >= STEADY_SECONDS * NS_PER_SEC) {
        relay_policy_works(&link->policy);
    }
    return true;
}

static void on_wake(void *owner)
{
    static uint8_t in[READ_SIZE]; /* one core thread; nothing is kept in it between calls */
    struct relay_link *link = owner;
    for (int reads = 0;; reads++) {
        size_t got = 0;
        if (reads == TURN_READS) {
            stream_attach(link->stream, on_wake, link); /* goes on in the loop's next turn */
            break;
        }
        enum net_err err = stream_read(link->stream, in, sizeof in, &got);
        mono_ns at = mono_now(); /* before anything is decrypted */
        if (err == NET_ERR_AGAIN) {
            break;
        }
        if (err != NET_OK) {
            stream_failure(link->stream, &link->status.failure);
            if (err == NET_ERR_CLOSED) {
                failure_set(&link->status.failure, err, "the relay closed the connection");
            }
            failed(link, 0);
            return;
        }
        const struct stream *was = link->stream;
        bool lives = take_bytes(link, at, bytes_of(in, got));
        if (link->config.handlers->drained != NULL && !link->closing) {
            link->config.handlers->drained(link->config.owner);
        }
        if (!lives || link->stream != was) {
            return;
        }
    }
    write_out(link);
}

/* --- dialling
 * ----------------------------------------------------------------------------------------- */

static void on_dialled(void *owner, struct dial_outcome *outcome)
{
    struct relay_link *link = owner;
    link->dial = NULL;
    if (outcome->failure.code != NET_OK) {
        link->status.failure = outcome->failure;
        failed(link, outcome->status);
        return;
    }
    link->stream = outcome->stream;
    link->status.over_ipv6 = outcome->over_ipv6;
    link->client =
        derp_client_new(link->config.key, link->config.rng, link->status.home, mono_now());
    stream_attach(link->stream, on_wake, link);
    arm(link);
}

/* The node to try: those that relay in order, the first again after the last. With a websocket the
 * genuine client knows the first alone; there is no reason to copy that. */
static const struct derp_node *next_node(struct relay_link *link)
{
    const struct derp_region *region = relay_link_region(link);
    for (size_t i = 0; i < region->node_count; i++) {
        const struct derp_node *node = &region->nodes[(link->node + i) % region->node_count];
        if (!node->stun_only) {
            return node;
        }
    }
    return NULL;
}

static void connect_link(struct relay_link *link)
{
    char url[DERP_HOST_SIZE + 64];
    const struct derp_node *node = next_node(link);
    bool websocket = link->policy.websocket;
    struct dial_request request = {.url = url,
                                   .mode = websocket ? DIAL_WEBSOCKET : DIAL_DERP,
                                   .subprotocol = websocket ? "derp" : NULL,
                                   .timeout_ns = DIAL_SECONDS * NS_PER_SEC};
    drop_connection(link);
    if (node == NULL || !derp_node_url(node, "/derp", url, sizeof url, &request.target)) {
        failure_set(&link->status.failure, NET_ERR_NOT_FOUND, "region %lld has no node that relays",
                    (long long)link->status.region);
        failed(link, 0);
        return;
    }
    request.allow_insecure = node->insecure_for_tests;
    link->dialled_at = mono_now();
    set_state(link, RELAY_CONNECTING);
    link->dial = dial_start(link->config.client, &request, on_dialled, link);
    arm(link);
    tell_state(link);
}

/* --- time
 * ------------------------------------------------------------------------------------------------
 */

static mono_ns idle_at(const struct relay_link *link)
{
    return link->status.home ? MONO_NEVER : mono_after(link->wanted_at, IDLE_SECONDS * NS_PER_SEC);
}

static void close_idle(struct relay_link *link)
{
    drop_connection(link);
    relay_policy_init(&link->policy, link->policy.forced);
    set_state(link, RELAY_IDLE);
    tell_state(link);
}

/* ServerInfo has to come within the dial's time too. */
static bool login_late(const struct relay_link *link, mono_ns now)
{
    return link->status.state == RELAY_CONNECTING && link->client != NULL &&
           mono_since(now, link->dialled_at) >= DIAL_SECONDS * NS_PER_SEC;
}

static void on_open_timer(struct relay_link *link, mono_ns now)
{
    if (derp_client_tick(link->client, now) != NET_OK || login_late(link, now)) {
        failure_set(&link->status.failure, NET_ERR_TIMEOUT, "the relay fell silent");
        failed(link, 0);
        return;
    }
    if (link->status.state == RELAY_OPEN && now >= idle_at(link)) {
        close_idle(link);
        return;
    }
    if (link->status.state == RELAY_OPEN && now >= link->ping_at) {
        link->ping_at = mono_after(now, PING_SECONDS * NS_PER_SEC);
        derp_client_ping(link->client, now);
        write_out(link);
    }
    arm(link);
}

static void on_timer(uv_timer_t *timer)
{
    struct relay_link *link = timer->data;
    mono_ns now = mono_now();
    if (link->status.state == RELAY_WAITING) {
        if (now >= link->status.retry_at) {
            connect_link(link);
        } else {
            arm(link);
        }
    } else if (link->client != NULL) {
        on_open_timer(link, now);
    }
}

static mono_ns deadline(const struct relay_link *link)
{
    if (link->status.state == RELAY_WAITING) {
        return link->status.retry_at;
    }
    if (link->client == NULL) {
        return MONO_NEVER;
    }
    mono_ns next = derp_client_deadline(link->client);
    if (link->status.state == RELAY_CONNECTING) {
        return mono_min(next, mono_after(link->dialled_at, DIAL_SECONDS * NS_PER_SEC));
    }
    return mono_min(mono_min(next, link->ping_at), idle_at(link));
}

static void arm(struct relay_link *link)
{
    mono_ns next = deadline(link);
    if (link->closing) {
        return;
    }
    if (next == MONO_NEVER) {
        (void)uv_timer_stop(&link->timer);
        return;
    }
    uv_update_time(link->config.loop);
    uint64_t wait_ms = (mono_until(mono_now(), next) + NS_PER_MS - 1) / NS_PER_MS;
    (void)uv_timer_start(&link->timer, on_timer, wait_ms, 0);
}

/* --- what is asked
 * ----------------------------------------------------------------------------------------- */

void relay_link_set_home(struct relay_link *link, bool home)
{
    link->status.home = home;
    link->wanted_at = home ? link->wanted_at : mono_now(); /* the old home stays for a while */
    if (link->client != NULL) {
        derp_client_note_preferred(link->client, home);
        write_out(link);
    }
    if (home && link->status.state == RELAY_IDLE) {
        connect_link(link);
    } else {
        arm(link);
    }
}

void relay_link_want(struct relay_link *link)
{
    link->wanted_at = mono_now();
    if (link->status.state == RELAY_IDLE) {
        connect_link(link);
    }
}

void relay_link_retry(struct relay_link *link)
{
    if (link->status.state != RELAY_IDLE || in_use(link)) {
        connect_link(link);
    }
}

static enum net_err keep_waiting(struct relay_link *link, const struct node_public *peer,
                                 struct bytes packet)
{
    if (link->waiting_count == WAITING_MAX) {
        link->status.packets_dropped++;
        return NET_ERR_FULL;
    }
    struct waiting *item = &link->waiting[link->waiting_count++];
    item->peer = *peer;
    buf_init(&item->packet, DERP_PACKET_MAX);
    return buf_append(&item->packet, packet);
}

enum net_err relay_link_send(struct relay_link *link, const struct node_public *peer,
                             struct bytes packet)
{
    relay_link_want(link);
    if (link->status.state != RELAY_OPEN) {
        return keep_waiting(link, peer, packet);
    }
    /* A burst of data must not keep the probes out: what is left at the end is theirs. */
    bool crowded = derp_client_output(link->client).len > DERP_QUEUE_MAX - FOR_DISCO;
    enum net_err err = crowded && !disco_looks_like(packet)
                           ? NET_ERR_FULL
                           : derp_client_send(link->client, peer, packet);
    if (err != NET_OK) {
        link->status.packets_dropped++;
        return err;
    }
    link->status.packets_out++;
    link->status.bytes_out += packet.len;
    if (derp_client_output(link->client).len >= WRITE_AT_ONCE) {
        write_out(link);
    } else {
        (void)uv_prepare_start(&link->prepare, on_prepare);
    }
    return NET_OK;
}
