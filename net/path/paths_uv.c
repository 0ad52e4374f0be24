#include "net/path/paths_uv.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/path/paths_internal_uv.h"
#include "net/wire/disco.h"

enum { PACKETS_A_TURN = 256 }; /* no path has more to say at once, or it waits for the next turn */

/* --- sending -----------------------------------------------------------------------------------
 */

static void note_unsent(struct paths *paths, mono_ns now, enum net_err err)
{
    if (err == NET_ERR_TOO_BIG) {
        paths->drops.too_big++;
        log_limited(paths->config.log, &paths->too_big, now, LOG_DEBUG, LOG_PATH,
                    "a packet is too long for an interface on its way (a small MTU); not sent");
        return;
    }
    paths->drops.unsent++;
    log_limited(paths->config.log, &paths->unsent, now, LOG_DEBUG, LOG_PATH,
                "a packet could not be sent: no route, or no room");
}

static enum net_err send_by(struct paths_peer *peer, const struct path_route *to,
                            struct bytes packet)
{
    struct paths *paths = peer->paths;
    struct paths_traffic *traffic = to->direct ? &peer->direct : &peer->relayed;
    enum net_err err = to->direct ? paths_send_udp(paths, &to->address, packet)
                                  : relays_send(paths->relays, to->region, &peer->key, packet);
    if (err == NET_OK) {
        traffic->packets_out++;
        traffic->bytes_out += packet.len;
    } else {
        note_unsent(paths, mono_now(), err);
    }
    if (err == NET_ERR_TOO_BIG) {
        peer_path_too_big(peer->path, to);
    }
    return err;
}

enum net_err paths_send(struct paths_peer *peer, struct bytes datagram)
{
    struct path_route routes[2];
    size_t count = peer_path_routes(peer->path, mono_now(), routes);
    enum net_err out = NET_ERR_NOT_FOUND;
    for (size_t i = 0; i < count; i++) {
        enum net_err err = send_by(peer, &routes[i], datagram);
        out = err == NET_OK || out == NET_ERR_NOT_FOUND ? err : out;
    }
    return out;
}

uint8_t *paths_reserve(struct paths_peer *peer, size_t max)
{
    struct path_route routes[2];
    struct paths *paths = peer->paths;
    size_t count = peer_path_routes(peer->path, mono_now(), routes);
    if (count != 1 || !routes[0].direct) {
        return NULL;
    }
    bool v6 = routes[0].address.family == ADDRESS_V6;
    paths->reserved_from = v6 ? paths->v6 : paths->v4;
    return paths->reserved_from == NULL
               ? NULL
               : udp_socket_reserve(paths->reserved_from, &routes[0].address, max);
}

void paths_commit(struct paths_peer *peer, size_t len)
{
    if (udp_socket_commit(peer->paths->reserved_from, len) != NET_OK) {
        note_unsent(peer->paths, mono_now(), NET_ERR_AGAIN);
    } else if (len > 0) {
        peer->direct.packets_out++;
        peer->direct.bytes_out += len;
    }
}

/* Of what paths_commit counted as sent. */
void paths_on_unsent(void *owner, const struct net_address *to, enum net_err why, size_t count)
{
    struct paths *paths = owner;
    struct path_route route = route_direct(to);
    for (struct paths_peer *peer = paths->peers; peer != NULL; peer = peer->next) {
        if (why == NET_ERR_TOO_BIG && peer->is_set && peer_path_knows(peer->path, to)) {
            peer_path_too_big(peer->path, &route);
        }
    }
    for (size_t i = 0; i < count; i++) {
        note_unsent(paths, mono_now(), why);
    }
}

static void send_due(struct paths_peer *peer)
{
    uint8_t packet[DISCO_PACKET_MAX];
    for (int i = 0; i < PACKETS_A_TURN; i++) {
        struct writer out = writer_of(packet, sizeof packet);
        struct path_route to;
        if (peer_path_output(peer->path, mono_now(), &out, &to) != NET_OK) {
            return;
        }
        (void)send_by(peer, &to, writer_done(&out)); /* counted there */
    }
}

/* A direct path that fell silent may be due to a change of our own network that no interface shows,
 * and so may one that is there although no STUN server answered: why is known within moments, not
 * at the next check. */
static bool asks_for_check(const struct paths *paths, const struct path_event *event)
{
    return event->kind == PATH_EVENT_CHANGED &&
           (event->to.direct ? paths->report.round > 0 && !paths->report.udp
                             : event->reason == PATH_SILENT);
}

static void tell_events(struct paths_peer *peer)
{
    struct path_event event;
    while (peer_path_event(peer->path, &event)) {
        peer->paths->handlers.event(peer->paths->owner, peer, &event);
        if (asks_for_check(peer->paths, &event)) {
            paths_check(peer->paths, false);
        }
    }
}

static void on_timer(uv_timer_t *timer)
{
    paths_pump(timer->data);
}

void paths_pump(struct paths *paths)
{
    mono_ns next = MONO_NEVER;
    if (paths->closing) {
        return;
    }
    for (struct paths_peer *peer = paths->peers; peer != NULL; peer = peer->next) {
        send_due(peer);
        tell_events(peer);
        next = mono_min(next, peer_path_deadline(peer->path));
    }
    if (next == MONO_NEVER) {
        (void)uv_timer_stop(&paths->timer);
        return;
    }
    /* Rounds up, so that the timer does not fire just before the deadline and spin. */
    uint64_t wait_ms = (mono_until(mono_now(), next) + NS_PER_MS - 1) / NS_PER_MS;
    uv_update_time(paths->config.loop);
    (void)uv_timer_start(&paths->timer, on_timer, wait_ms, 0);
}

/* --- receiving ---------------------------------------------------------------------------------
 */

static struct paths_peer *find_by_key(struct paths *paths, const struct node_public *key)
{
    for (struct paths_peer *peer = paths->peers; peer != NULL; peer = peer->next) {
        if (peer->is_set && node_public_equal(&peer->key, key)) {
            return peer;
        }
    }
    return NULL;
}

static struct paths_peer *find_by_disco(struct paths *paths, const struct disco_public *key)
{
    for (struct paths_peer *peer = paths->peers; peer != NULL; peer = peer->next) {
        if (peer->is_set && disco_public_equal(&peer->disco, key)) {
            return peer;
        }
    }
    return NULL;
}

static struct paths_peer *find_by_address(struct paths *paths, const struct net_address *from)
{
    for (struct paths_peer *peer = paths->peers; peer != NULL; peer = peer->next) {
        if (peer->is_set && peer_path_knows(peer->path, from)) {
            return peer;
        }
    }
    return NULL;
}

static void count_in(struct paths_peer *peer, bool direct, struct bytes packet)
{
    struct paths_traffic *traffic = direct ? &peer->direct : &peer->relayed;
    traffic->packets_in++;
    traffic->bytes_in += packet.len;
}

static void take_disco(struct paths_peer *peer, mono_ns at, const struct path_route *from,
                       struct bytes packet)
{
    struct paths *paths = peer->paths;
    enum net_err err = peer_path_input(peer->path, at, from, packet);
    if (err == NET_OK) {
        count_in(peer, from->direct, packet);
    } else if (err != NET_ERR_STATE) {
        paths->drops.unreadable++; /* the path's log says why */
    }
    paths_pump(paths);
}

static void take_data(struct paths_peer *peer, mono_ns at, const struct path_route *from,
                      struct bytes packet)
{
    count_in(peer, from->direct, packet);
    if (peer->paths->handlers.data != NULL) {
        peer->paths->handlers.data(peer->paths->owner, peer, from, packet, at);
    }
}

static void note_stranger(struct paths *paths, mono_ns at)
{
    paths->drops.strangers++;
    log_limited(paths->config.log, &paths->strangers, at, LOG_DEBUG, LOG_PATH,
                "a packet from nobody that we know; dropped");
}

void paths_on_relayed(void *owner, int64_t region, const struct node_public *key,
                      struct bytes packet, mono_ns at)
{
    struct paths *paths = owner;
    struct path_route from = route_derp(region);
    struct paths_peer *peer = find_by_key(paths, key);
    if (peer == NULL) {
        note_stranger(paths, at);
    } else if (disco_looks_like(packet)) {
        take_disco(peer, at, &from, packet);
    } else {
        take_data(peer, at, &from, packet);
    }
}

void paths_on_drained(void *owner)
{
    struct paths *paths = owner;
    if (!paths->closing && paths->handlers.drained != NULL) {
        paths->handlers.drained(paths->owner);
    }
}

void paths_on_datagram(void *owner, mono_ns at, const struct net_address *address, struct span span)
{
    struct paths *paths = owner;
    struct bytes datagram = span_bytes(span);
    struct path_route from = route_direct(address);
    if (stun_looks_like(datagram)) {
        (void)netcheck_driver_input(paths->netcheck, at, address, datagram); /* counted there */
        return;
    }
    if (disco_looks_like(datagram)) {
        struct disco_public sender = disco_sender(datagram);
        struct paths_peer *peer = find_by_disco(paths, &sender);
        if (peer == NULL) {
            note_stranger(paths, at);
        } else {
            take_disco(peer, at, &from, datagram);
        }
        return;
    }
    struct paths_peer *peer = find_by_address(paths, address);
    if (peer != NULL) {
        take_data(peer, at, &from, datagram);
        return;
    }
    paths->drops.unknown_from++;
    log_limited(paths->config.log, &paths->unknown_from, at, LOG_DEBUG, LOG_PATH,
                "a datagram from an address at which no peer was heard; dropped");
}

/* --- peers -------------------------------------------------------------------------------------
 */

struct paths_peer *paths_add_peer(struct paths *paths, void *user)
{
    struct paths_peer *peer = mem_new(sizeof *peer);
    peer->paths = paths;
    peer->user = user;
    peer->path = peer_path_new(&(struct path_config){.timeout_ns = paths->config.timeout_ns,
                                                     .disco = paths->config.disco_key,
                                                     .node = paths->node,
                                                     .rng = paths->config.rng,
                                                     .loopback = paths->config.loopback,
                                                     .log = paths->config.log});
    mono_ns now = mono_now();
    peer_path_block(peer->path, now, paths->blocked);
    peer_path_set_own(peer->path, now, paths->endpoints, paths->endpoint_count);
    peer->next = paths->peers;
    paths->peers = peer;
    return peer;
}

void paths_remove_peer(struct paths_peer *peer)
{
    struct paths_peer **link = &peer->paths->peers;
    while (*link != peer) {
        link = &(*link)->next;
    }
    *link = peer->next;
    peer_path_free(peer->path);
    free(peer);
}

void *paths_peer_user(const struct paths_peer *peer)
{
    return peer->user;
}

void paths_peer_set_user(struct paths_peer *peer, void *user)
{
    peer->user = user;
}

void paths_peer_set(struct paths_peer *peer, const struct tailnet_node *node)
{
    peer->key = node->key;
    peer->disco = node->disco;
    peer->region = node->preferred_derp;
    peer->is_set = true;
    relays_want(peer->paths->relays, peer->region);
    peer_path_set_peer(peer->path, mono_now(), &node->key, &node->disco, node->preferred_derp,
                       node->endpoints, node->endpoint_count);
    paths_pump(peer->paths);
}

void paths_peer_clear(struct paths_peer *peer)
{
    peer->is_set = false;
    peer_path_clear_peer(peer->path, mono_now());
    paths_pump(peer->paths);
}

bool paths_peer_is_set(const struct paths_peer *peer)
{
    return peer->is_set;
}

struct peer_path *paths_peer_path(const struct paths_peer *peer)
{
    return peer->path;
}

const struct paths_traffic *paths_peer_traffic(const struct paths_peer *peer, bool direct)
{
    return direct ? &peer->direct : &peer->relayed;
}

/* --- life --------------------------------------------------------------------------------------
 */

static void on_link_change(void *owner, enum link_change what)
{
    struct paths *paths = owner;
    log_line(paths->config.log, LOG_INFO, LOG_PATH,
             what == LINK_RESUMED ? "this computer slept, or the program stood still"
                                  : "this computer's network changed");
    paths_portmap_look(paths);
    if (paths_gather(paths) || what == LINK_RESUMED) {
        paths_network_changed(paths);
    } else { /* somebody else's link: what we use may well be as it was */
        paths_check(paths, true);
        paths_retry(paths);
    }
}

struct paths *paths_new(const struct paths_config *config, const struct paths_handlers *handlers,
                        void *owner)
{
    struct paths *paths = mem_new(sizeof *paths);
    paths->config = *config;
    paths->handlers = *handlers;
    paths->owner = owner;
    paths->node = node_private_public(config->node_key);
    (void)uv_timer_init(config->loop, &paths->timer);
    (void)uv_timer_init(config->loop, &paths->check_timer);
    (void)uv_timer_init(config->loop, &paths->portmap_timer);
    paths->timer.data = paths;
    paths->check_timer.data = paths;
    paths->portmap_timer.data = paths;
    paths->handles_open = 3;
    paths_home_start(paths);
    paths_open_sockets(paths);
    (void)paths_gather(paths);
    if (config->watch_links) {
        paths->links = link_watch_new(config->loop, on_link_change, paths);
        paths_portmap_plan(paths);
    }
    paths->started = true;
    return paths;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct paths *paths = handle->data;
    if (--paths->handles_open == 0) {
        derp_map_clear(&paths->map);
        free(paths);
    }
}

void paths_close(struct paths *paths)
{
    paths->closing = true;
    paths_portmap_close(paths);
    paths_home_stop(paths);
    paths_close_sockets(paths);
    if (paths->links != NULL) {
        link_watch_close(paths->links);
    }
    while (paths->peers != NULL) {
        paths_remove_peer(paths->peers);
    }
    uv_close((uv_handle_t *)&paths->timer, on_handle_closed);
    uv_close((uv_handle_t *)&paths->check_timer, on_handle_closed);
    uv_close((uv_handle_t *)&paths->portmap_timer, on_handle_closed);
}

void paths_set_blocked(struct paths *paths, bool blocked)
{
    if (paths->blocked == blocked) {
        return;
    }
    paths->blocked = blocked;
    paths_portmap_blocked(paths);
    for (struct paths_peer *peer = paths->peers; peer != NULL; peer = peer->next) {
        peer_path_block(peer->path, mono_now(), blocked);
    }
    paths->handlers.changed(paths->owner);
    paths_check(paths, false);
    paths_pump(paths);
}

void paths_network_changed(struct paths *paths)
{
    (void)paths_gather(paths);
    for (struct paths_peer *peer = paths->peers; peer != NULL; peer = peer->next) {
        peer_path_network_changed(peer->path, mono_now());
    }
    relays_retry(paths->relays);
    paths_check(paths, true);
    paths_pump(paths);
}

void paths_retry(struct paths *paths)
{
    const struct relay_status *home = relays_status(paths->relays, paths->home_region);
    if (home != NULL && home->state == RELAY_WAITING) {
        relays_retry(paths->relays);
    }
    for (struct paths_peer *peer = paths->peers; peer != NULL; peer = peer->next) {
        peer_path_poke(peer->path, mono_now());
    }
    (void)paths_gather(paths);
    paths_check(paths, false);
    paths_pump(paths);
}

struct paths_drops paths_drops(const struct paths *paths)
{
    return paths->drops;
}

size_t paths_endpoints(const struct paths *paths, const struct net_address **out)
{
    *out = paths->endpoints;
    return paths->endpoint_count;
}
