#include "net/probe/tunnel_uv.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/probe/refusals.h"

enum { DATAGRAMS_A_TURN = 512 };

struct tunnel_peer {
    struct tunnel *tunnel;
    struct tunnel_peer *next;
    void *user;
    struct paths_peer *paths;
    struct wg_peer *wg; /* NULL: its node is not known */
    struct node_public key;
    struct disco_public disco;
    bool has_address;
    uint8_t address[16];
    mono_ns begin_at; /* MONO_NEVER: begun, or not to be */
};

struct tunnel {
    struct tunnel_config config;
    struct tunnel_handlers handlers;
    void *owner;
    struct paths *paths;
    struct wg_device *device;
    struct stack *stack;
    struct tunnel_peer *peers;
    uv_timer_t timer;
    bool closing, pumping, again;
    struct refusals refusals;
};

/* --- packets -----------------------------------------------------------------------------------
 */

static struct tunnel_peer *find_by_key(struct tunnel *tunnel, const struct node_public *key)
{
    for (struct tunnel_peer *peer = tunnel->peers; peer != NULL; peer = peer->next) {
        if (peer->wg != NULL && node_public_equal(&peer->key, key)) {
            return peer;
        }
    }
    return NULL;
}

/* An IPv6 packet of the stack, for the peer that has its destination. */
static void on_stack_send(void *owner, struct bytes packet)
{
    enum { DESTINATION = 24 };
    struct tunnel *tunnel = owner;
    uint8_t memory[WG_DATAGRAM_MAX];
    struct wg_peer *wg = wg_device_route(tunnel->device, packet.ptr + DESTINATION);
    if (wg == NULL) {
        return; /* nobody has that address */
    }
    struct tunnel_peer *peer = wg_peer_user(wg);
    size_t len = wg_datagram_len(tunnel->device, packet.len);
    uint8_t *place = paths_reserve(peer->paths, len);
    struct writer out = place != NULL ? writer_of(place, len) : writer_of(memory, sizeof memory);
    enum net_err err = wg_peer_send(wg, mono_now(), packet, &out);
    if (place != NULL) {
        paths_commit(peer->paths, err == NET_OK ? len : 0);
    } else if (err == NET_OK) {
        (void)!paths_send(peer->paths, writer_done(&out)); /* counted there */
    }
}

static void on_stack_echo(void *owner, mono_ns now, const uint8_t from[16], uint16_t id,
                          uint16_t seq, size_t payload)
{
    struct tunnel *tunnel = owner;
    struct wg_peer *wg = wg_device_route(tunnel->device, from);
    (void)payload;
    if (wg != NULL && tunnel->handlers.echo != NULL) {
        tunnel->handlers.echo(tunnel->owner, wg_peer_user(wg), now, id, seq);
    }
}

static void on_data(void *owner, struct paths_peer *paths_peer, const struct path_route *from,
                    struct bytes datagram, mono_ns at)
{
    struct tunnel *tunnel = owner;
    struct tunnel_peer *peer = paths_peer_user(paths_peer);
    struct wg_input input;
    (void)from;
    if (wg_device_input(tunnel->device, at, &peer->key, datagram, &input) != NET_OK) {
        struct wg_refusals counts = wg_device_refusals(tunnel->device);
        refusals_note(&tunnel->refusals, tunnel->config.paths.log, at, &counts);
    } else if (input.packet.len > 0) {
        (void)!stack_input(tunnel->stack, at, input.packet); /* what it drops is of no use */
    }
}

static void on_drained(void *owner)
{
    struct tunnel *tunnel = owner;
    stack_flush(tunnel->stack, mono_now());
    tunnel_pump(tunnel);
}

static void send_due(struct tunnel *tunnel)
{
    for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
        uint8_t memory[WG_DATAGRAM_MAX];
        struct writer out = writer_of(memory, sizeof memory);
        struct node_public to;
        if (wg_device_output(tunnel->device, mono_now(), wall_now(), &out, &to) != NET_OK) {
            return;
        }
        struct tunnel_peer *peer = find_by_key(tunnel, &to);
        if (peer != NULL) {
            (void)!paths_send(peer->paths, writer_done(&out)); /* counted there */
        }
    }
}

static void begin_due(struct tunnel *tunnel, mono_ns now)
{
    for (struct tunnel_peer *peer = tunnel->peers; peer != NULL; peer = peer->next) {
        if (now >= peer->begin_at) {
            peer->begin_at = MONO_NEVER;
            wg_peer_set_keepalive(peer->wg, now, WG_PERSISTENT_S * NS_PER_SEC);
        }
    }
}

static void tell_events(struct tunnel *tunnel)
{
    struct wg_event event;
    while (wg_device_event(tunnel->device, &event)) {
        tunnel->handlers.handshake(tunnel->owner, wg_peer_user(event.peer),
                                   event.kind == WG_HANDSHAKE_DONE);
    }
}

static void on_timer(uv_timer_t *timer)
{
    tunnel_pump(timer->data);
}

static void arm(struct tunnel *tunnel)
{
    mono_ns next = mono_min(wg_device_deadline(tunnel->device), stack_deadline());
    for (struct tunnel_peer *peer = tunnel->peers; peer != NULL; peer = peer->next) {
        next = mono_min(next, peer->begin_at);
    }
    if (next == MONO_NEVER) {
        (void)uv_timer_stop(&tunnel->timer);
        return;
    }
    uint64_t wait_ms = (mono_until(mono_now(), next) + NS_PER_MS - 1) / NS_PER_MS;
    uv_update_time(tunnel->config.paths.loop);
    (void)uv_timer_start(&tunnel->timer, on_timer, wait_ms, 0);
}

void tunnel_pump(struct tunnel *tunnel)
{
    if (tunnel->closing) {
        return;
    }
    if (tunnel->pumping) {
        tunnel->again = true; /* from within a handler: the turn under way goes once more */
        return;
    }
    tunnel->pumping = true;
    do {
        tunnel->again = false;
        stack_tick(mono_now());
        begin_due(tunnel, mono_now());
        send_due(tunnel);
        tell_events(tunnel);
        paths_pump(tunnel->paths);
    } while (tunnel->again);
    tunnel->pumping = false;
    arm(tunnel);
}

/* --- what the paths tell -----------------------------------------------------------------------
 */

static void on_changed(void *owner)
{
    struct tunnel *tunnel = owner;
    tunnel->handlers.changed(tunnel->owner);
}

static void on_home(void *owner, int64_t region)
{
    struct tunnel *tunnel = owner;
    tunnel->handlers.home(tunnel->owner, region);
}

static void on_relay(void *owner, int64_t region)
{
    struct tunnel *tunnel = owner;
    const struct relay_status *status = relays_status(paths_relays(tunnel->paths), region);
    bool open = status != NULL && status->state == RELAY_OPEN;
    for (struct tunnel_peer *peer = tunnel->peers; peer != NULL && open; peer = peer->next) {
        if (peer->wg != NULL) {
            /* An answer may have come that way while nobody was there. */
            wg_peer_hurry(peer->wg, mono_now());
        }
    }
    tunnel->handlers.relay(tunnel->owner, region);
}

static void on_event(void *owner, struct paths_peer *peer, const struct path_event *event)
{
    struct tunnel *tunnel = owner;
    tunnel->handlers.event(tunnel->owner, paths_peer_user(peer), event);
}

/* --- peers -------------------------------------------------------------------------------------
 */

struct tunnel_peer *tunnel_add_peer(struct tunnel *tunnel, void *user)
{
    struct tunnel_peer *peer = mem_new(sizeof *peer);
    peer->tunnel = tunnel;
    peer->user = user;
    peer->begin_at = MONO_NEVER;
    peer->paths = paths_add_peer(tunnel->paths, peer);
    peer->next = tunnel->peers;
    tunnel->peers = peer;
    return peer;
}

static void drop_wg(struct tunnel_peer *peer)
{
    if (peer->wg != NULL) {
        wg_device_remove_peer(peer->tunnel->device, peer->wg);
        peer->wg = NULL;
    }
    peer->begin_at = MONO_NEVER;
}

void tunnel_remove_peer(struct tunnel_peer *peer)
{
    struct tunnel_peer **link = &peer->tunnel->peers;
    while (*link != peer) {
        link = &(*link)->next;
    }
    *link = peer->next;
    drop_wg(peer);
    paths_remove_peer(peer->paths);
    free(peer);
}

void *tunnel_peer_user(const struct tunnel_peer *peer)
{
    return peer->user;
}

void tunnel_peer_set_user(struct tunnel_peer *peer, void *user)
{
    peer->user = user;
}

/* The peer's addresses in the tunnel; returns how many. */
static size_t take_addresses(struct tunnel_peer *peer, const struct tailnet_node *node,
                             uint8_t addresses[WG_PEER_ADDRESSES_MAX][16])
{
    size_t count = 0;
    for (size_t i = 0; i < node->address_count && count < WG_PEER_ADDRESSES_MAX; i++) {
        if (node->addresses[i].family == ADDRESS_V6) {
            memcpy(addresses[count++], node->addresses[i].ip, 16);
        }
    }
    peer->has_address = count > 0;
    if (count > 0) {
        memcpy(peer->address, addresses[0], 16);
    }
    return count;
}

static void make_wg(struct tunnel_peer *peer, const struct tailnet_node *node)
{
    struct tunnel *tunnel = peer->tunnel;
    uint8_t addresses[WG_PEER_ADDRESSES_MAX][16];
    size_t count = take_addresses(peer, node, addresses);
    peer->key = node->key;
    peer->disco = node->disco;
    peer->wg = wg_device_add_peer(tunnel->device, &node->key, addresses[0], count, peer);
    if (peer->wg == NULL) {
        log_line(tunnel->config.paths.log, LOG_WARN, LOG_WG,
                 "a peer's node key cannot be used; it gets no tunnel");
    } else if (tunnel->config.initiate) {
        peer->begin_at = mono_after(mono_now(), TUNNEL_READY_WAIT_S * NS_PER_SEC);
    }
}

void tunnel_peer_set(struct tunnel_peer *peer, const struct tailnet_node *node)
{
    bool same = peer->wg != NULL && node_public_equal(&peer->key, &node->key) &&
                disco_public_equal(&peer->disco, &node->disco);
    if (same) {
        uint8_t addresses[WG_PEER_ADDRESSES_MAX][16];
        size_t count = take_addresses(peer, node, addresses);
        wg_peer_set_addresses(peer->wg, addresses[0], count);
    } else {
        drop_wg(peer);
        make_wg(peer, node);
    }
    paths_peer_set(peer->paths, node);
    tunnel_pump(peer->tunnel);
}

void tunnel_peer_ready(struct tunnel_peer *peer)
{
    if (peer->begin_at != MONO_NEVER) {
        peer->begin_at = mono_now();
    }
    peer_path_poke(paths_peer_path(peer->paths), mono_now());
    tunnel_pump(peer->tunnel);
}

void tunnel_peer_clear(struct tunnel_peer *peer)
{
    drop_wg(peer);
    paths_peer_clear(peer->paths);
    tunnel_pump(peer->tunnel);
}

struct paths_peer *tunnel_peer_paths(const struct tunnel_peer *peer)
{
    return peer->paths;
}

struct peer_path *tunnel_peer_path(const struct tunnel_peer *peer)
{
    return paths_peer_path(peer->paths);
}

bool tunnel_peer_status(const struct tunnel_peer *peer, struct wg_status *out)
{
    if (peer->wg == NULL) {
        return false;
    }
    wg_peer_status(peer->wg, mono_now(), out);
    return true;
}

enum net_err tunnel_echo(struct tunnel_peer *peer, uint16_t id, uint16_t seq, size_t payload)
{
    if (peer->wg == NULL || !peer->has_address) {
        return NET_ERR_NOT_FOUND;
    }
    return stack_echo(peer->tunnel->stack, mono_now(), peer->address, id, seq, payload);
}

struct tcp_conn *tunnel_tcp_open(struct tunnel_peer *peer, uint16_t port,
                                 const struct tcp_handlers *handlers, void *owner)
{
    struct tunnel *tunnel = peer->tunnel;
    if (peer->wg == NULL || !peer->has_address) {
        return NULL;
    }
    struct tcp_conn *conn =
        tcp_open(tunnel->stack, mono_now(), peer->address, port, handlers, owner);
    tunnel_pump(tunnel); /* TCP's timers run from now on */
    return conn;
}

struct tcp_listener *tunnel_tcp_listen(struct tunnel *tunnel, uint16_t port,
                                       void (*accept)(void *owner, struct tcp_conn *conn),
                                       void *owner)
{
    return tcp_serve(tunnel->stack, port, accept, owner);
}

/* --- life --------------------------------------------------------------------------------------
 */

struct tunnel *tunnel_new(const struct tunnel_config *config,
                          const struct tunnel_handlers *handlers, void *owner)
{
    static const struct paths_handlers paths_handlers = {.changed = on_changed,
                                                         .home = on_home,
                                                         .relay = on_relay,
                                                         .event = on_event,
                                                         .data = on_data,
                                                         .drained = on_drained};
    static const struct stack_handlers stack_handlers = {.send = on_stack_send,
                                                         .echo = on_stack_echo};
    uint8_t addresses[STACK_ADDRESSES_MAX][16];
    struct tunnel *tunnel = mem_new(sizeof *tunnel);
    tunnel->config = *config;
    tunnel->handlers = *handlers;
    tunnel->owner = owner;
    for (size_t i = 0; i < config->address_count; i++) {
        memcpy(addresses[i], config->addresses[i].ip, 16);
    }
    tunnel->device = wg_device_new(config->paths.node_key, config->paths.rng);
    tunnel->stack =
        stack_new(addresses[0], config->address_count, config->paths.rng, &stack_handlers, tunnel);
    (void)uv_timer_init(config->paths.loop, &tunnel->timer);
    tunnel->timer.data = tunnel;
    tunnel->paths = paths_new(&config->paths, &paths_handlers, tunnel);
    return tunnel;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void tunnel_close(struct tunnel *tunnel)
{
    stack_reset(tunnel->stack, mono_now()); /* while there is a way to tell the peers */
    tunnel->closing = true;
    while (tunnel->peers != NULL) {
        tunnel_remove_peer(tunnel->peers);
    }
    paths_close(tunnel->paths);
    stack_free(tunnel->stack);
    wg_device_free(tunnel->device);
    uv_close((uv_handle_t *)&tunnel->timer, on_closed);
}

struct paths *tunnel_paths(const struct tunnel *tunnel)
{
    return tunnel->paths;
}

struct wg_refusals tunnel_refusals(const struct tunnel *tunnel)
{
    return wg_device_refusals(tunnel->device);
}
