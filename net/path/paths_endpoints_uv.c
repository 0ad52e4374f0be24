/*
 * The sockets, and the endpoints at which we may be reached.
 */
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/path/paths_internal_uv.h"
#include "net/transport/interfaces.h"

/* On that port, or if it cannot be had on any. */
static void open_socket(struct paths *paths, const char *ip, uint16_t port, struct udp_socket **out)
{
    const struct udp_config config = {.receive = paths_on_datagram,
                                      .drained = paths_on_drained,
                                      .unsent = paths_on_unsent,
                                      .owner = paths};
    struct failure why;
    enum net_err err = udp_socket_new(paths->config.loop, ip, port, &config, out, &why);
    if (err != NET_OK && port != 0) {
        err = udp_socket_new(paths->config.loop, ip, 0, &config, out, &why);
    }
    if (err != NET_OK) {
        *out = NULL;
        log_line(paths->config.log, LOG_WARN, LOG_PATH, "%s; done without", why.text);
    }
}

void paths_open_sockets(struct paths *paths)
{
    const char *ip = paths->config.bind_ip;
    if (ip != NULL) {
        struct net_address address;
        bool v6 = address_parse_ip(ip, &address) == NET_OK && address.family == ADDRESS_V6;
        open_socket(paths, ip, 0, v6 ? &paths->v6 : &paths->v4);
        return;
    }
    open_socket(paths, "0.0.0.0", 0, &paths->v4);
    struct net_address bound = {0};
    if (paths->v4 != NULL) {
        udp_socket_address(paths->v4, &bound);
    }
    /* The genuine client tells the IPv4 socket's port with IPv6 addresses too: use one for both. */
    open_socket(paths, "::", bound.port, &paths->v6);
}

void paths_close_sockets(struct paths *paths)
{
    if (paths->v4 != NULL) {
        (void)!udp_socket_flush(paths->v4); /* resets of what was open */
        udp_socket_close(paths->v4);
        paths->v4 = NULL;
    }
    if (paths->v6 != NULL) {
        (void)!udp_socket_flush(paths->v6);
        udp_socket_close(paths->v6);
        paths->v6 = NULL;
    }
}

enum net_err paths_send_udp(struct paths *paths, const struct net_address *to,
                            struct bytes datagram)
{
    struct udp_socket *udp = to->family == ADDRESS_V6 ? paths->v6 : paths->v4;
    return udp == NULL ? NET_ERR_IO : udp_socket_send(udp, to, datagram);
}

static void add(struct paths *paths, const struct net_address *address)
{
    for (size_t i = 0; i < paths->endpoint_count; i++) {
        if (address_equal(&paths->endpoints[i], address)) {
            return;
        }
    }
    if (paths->endpoint_count < TAILNET_ENDPOINTS_MAX) {
        paths->endpoints[paths->endpoint_count++] = *address;
    }
}

static void add_bound(struct paths *paths, const struct udp_socket *udp)
{
    struct net_address address;
    if (udp != NULL) {
        udp_socket_address(udp, &address);
        add(paths, &address);
    }
}

static uint16_t port_of(const struct udp_socket *udp)
{
    struct net_address address = {0};
    if (udp != NULL) {
        udp_socket_address(udp, &address);
    }
    return address.port;
}

static void see(struct paths *paths, mono_ns now, const struct net_address *address)
{
    size_t kept = 0;
    if (address->family == ADDRESS_NONE) {
        return;
    }
    for (size_t i = 0; i < paths->seen_count; i++) {
        if (!address_equal(&paths->seen[i].address, address)) {
            paths->seen[kept++] = paths->seen[i];
        }
    }
    if (kept == SEEN_MAX) {
        kept--;
        memmove(&paths->seen[0], &paths->seen[1], kept * sizeof *paths->seen);
    }
    paths->seen[kept] = (struct seen_endpoint){.address = *address, .at = now};
    paths->seen_count = kept + 1;
}

void paths_take_public(struct paths *paths, const struct netcheck_report *report)
{
    mono_ns now = mono_now();
    see(paths, now, &report->global_v6);
    see(paths, now, &report->global_v4);
    (void)paths_gather(paths);
}

/* The newest first: it is the likeliest. */
static void collect_public(struct paths *paths)
{
    mono_ns now = mono_now();
    for (size_t i = paths->seen_count; i-- > 0;) {
        if (mono_since(now, paths->seen[i].at) < SEEN_LIFE_S * NS_PER_SEC) {
            add(paths, &paths->seen[i].address);
        }
    }
}

static void collect(struct paths *paths)
{
    paths->endpoint_count = 0;
    if (paths->mapped.family != ADDRESS_NONE && !paths->blocked) {
        add(paths, &paths->mapped); /* the router's own word comes first */
    }
    collect_public(paths);
    if (paths->config.bind_ip != NULL) {
        add_bound(paths, paths->v4);
        add_bound(paths, paths->v6);
        return;
    }
    struct interfaces *all = mem_new(sizeof *all);
    if (interfaces_read(all) == NET_OK) {
        struct net_address found[TAILNET_ENDPOINTS_MAX];
        size_t count = interfaces_endpoints(all, port_of(paths->v4), port_of(paths->v6), found,
                                            TAILNET_ENDPOINTS_MAX);
        for (size_t i = 0; i < count; i++) {
            add(paths, &found[i]);
        }
    }
    free(all);
}

bool paths_gather(struct paths *paths)
{
    struct net_address before[TAILNET_ENDPOINTS_MAX];
    size_t count = paths->endpoint_count;
    memcpy(before, paths->endpoints, count * sizeof *before);
    collect(paths);
    bool same = count == paths->endpoint_count;
    for (size_t i = 0; i < count && same; i++) {
        same = address_equal(&before[i], &paths->endpoints[i]);
    }
    if (same) {
        return false;
    }
    for (struct paths_peer *peer = paths->peers; peer != NULL; peer = peer->next) {
        peer_path_set_own(peer->path, mono_now(), paths->endpoints, paths->endpoint_count);
    }
    if (paths->started) {
        paths->handlers.changed(paths->owner);
        paths_pump(paths);
    }
    return true;
}
