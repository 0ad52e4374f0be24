/*
 * The sockets, and the endpoints at which we may be reached.
 */
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/path/paths_internal_uv.h"
#include "net/transport/interfaces.h"

static void open_socket(struct paths *paths, const char *ip, uint16_t port, struct udp_socket **out)
{
    struct failure why;
    if (udp_socket_new(paths->config.loop, ip, port, paths_on_datagram, paths, out, &why) !=
        NET_OK) {
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
    if (paths->v6 == NULL && bound.port != 0) {
        open_socket(paths, "::", 0, &paths->v6);
    }
}

void paths_close_sockets(struct paths *paths)
{
    if (paths->v4 != NULL) {
        udp_socket_close(paths->v4);
        paths->v4 = NULL;
    }
    if (paths->v6 != NULL) {
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

static void on_portmap(void *owner, const struct netcheck_portmap *report)
{
    struct paths *paths = owner;
    if (!paths->closing) {
        netcheck_driver_set_portmap(paths->netcheck, report);
        (void)paths_gather(paths);
    }
}

static void on_portmap_timer(uv_timer_t *timer)
{
    struct paths *paths = timer->data;
    const struct portmap_driver_config config = {.loop = paths->config.loop,
                                                 .rng = paths->config.rng,
                                                 .log = paths->config.log,
                                                 .changed = on_portmap,
                                                 .owner = paths};
    if (paths->blocked || paths->closing) {
        return; /* nobody is to come in */
    }
    paths->portmap = portmap_driver_new(&config);
    portmap_driver_set_port(paths->portmap, port_of(paths->v4));
    (void)paths_gather(paths); /* tells it the interfaces */
}

void paths_plan_portmap(struct paths *paths)
{
    enum { WAIT_MS = 1500 };
    (void)uv_timer_start(&paths->portmap_timer, on_portmap_timer, WAIT_MS, 0);
}

void paths_portmap_blocked(struct paths *paths)
{
    if (paths->portmap != NULL) {
        portmap_driver_set_port(paths->portmap, paths->blocked ? 0 : port_of(paths->v4));
    } else if (!paths->blocked && paths->config.watch_links) {
        paths_plan_portmap(paths);
    }
}

/* The router's own word comes first. */
static void collect_mapped(struct paths *paths)
{
    struct netcheck_portmap report = {0};
    if (paths->portmap != NULL && !paths->blocked) {
        portmap_driver_report(paths->portmap, &report);
    }
    if (report.have_mapping && report.external.family != ADDRESS_NONE) {
        add(paths, &report.external);
    }
}

static void collect(struct paths *paths)
{
    paths->endpoint_count = 0;
    collect_mapped(paths);
    collect_public(paths);
    if (paths->config.bind_ip != NULL) {
        add_bound(paths, paths->v4);
        add_bound(paths, paths->v6);
        return;
    }
    struct interfaces *all = mem_new(sizeof *all);
    if (interfaces_read(all) == NET_OK) {
        if (paths->portmap != NULL) {
            portmap_driver_set_interfaces(paths->portmap, all);
        }
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
