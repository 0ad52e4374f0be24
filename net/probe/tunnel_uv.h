/*
 * Our end of the tailnet: the paths to all peers, a WireGuard device over them, and an IPv6 host
 * inside the tunnel.
 */
#ifndef NET_PROBE_TUNNEL_UV_H
#define NET_PROBE_TUNNEL_UV_H

#include "net/path/paths_uv.h"
#include "net/tunnel/stack.h"
#include "net/tunnel/stack_tcp.h"
#include "net/tunnel/wg_device.h"

enum {
    TUNNEL_READY_WAIT_S = 5, /* without READY_FOR_HANDSHAKE we begin after this: coder tailnet */
};

struct tunnel;
struct tunnel_peer;

struct tunnel_config {
    struct paths_config paths;
    size_t address_count; /* our own in the tunnel */
    struct net_address addresses[STACK_ADDRESSES_MAX];
    bool initiate; /* keeps a session up with each peer (a client); else waits for theirs */
};

struct tunnel_handlers {
    void (*changed)(void *owner); /* as in paths_handlers, all but `data` */
    void (*home)(void *owner, int64_t region);
    void (*relay)(void *owner, int64_t region);
    void (*event)(void *owner, struct tunnel_peer *peer, const struct path_event *event);

    void (*handshake)(void *owner, struct tunnel_peer *peer, bool done); /* false: given up */
    void (*echo)(void *owner, struct tunnel_peer *peer, mono_ns now, uint16_t id, uint16_t seq);
};

/* Never NULL. */
struct tunnel *tunnel_new(const struct tunnel_config *config,
                          const struct tunnel_handlers *handlers, void *owner);

/* No handler is called after this. Frees on the loop. */
void tunnel_close(struct tunnel *tunnel);

struct paths *tunnel_paths(const struct tunnel *tunnel);

/* Never NULL. */
struct tunnel_peer *tunnel_add_peer(struct tunnel *tunnel, void *user);
void tunnel_remove_peer(struct tunnel_peer *peer);
void *tunnel_peer_user(const struct tunnel_peer *peer);
void tunnel_peer_set_user(struct tunnel_peer *peer, void *user);

/* The peer's node. Another disco key under the same node key means that it restarted: its session
 * is dropped. */
void tunnel_peer_set(struct tunnel_peer *peer, const struct tailnet_node *node);
/* READY_FOR_HANDSHAKE came. */
void tunnel_peer_ready(struct tunnel_peer *peer);
void tunnel_peer_clear(struct tunnel_peer *peer);

struct paths_peer *tunnel_peer_paths(const struct tunnel_peer *peer);
struct peer_path *tunnel_peer_path(const struct tunnel_peer *peer);

/* False: the peer is not known to WireGuard (yet). */
bool tunnel_peer_status(const struct tunnel_peer *peer, struct wg_status *out);

/* An ICMPv6 echo request to the peer's first address. NET_ERR_NOT_FOUND: it has none. */
NET_MUST_USE enum net_err tunnel_echo(struct tunnel_peer *peer, uint16_t id, uint16_t seq,
                                      size_t payload);

/* A TCP connection to the peer's first address, as tcp_open. NULL: it has none, or no memory. It
 * must be closed or aborted before the tunnel is closed; when the peer is removed, it times out. */
struct tcp_conn *tunnel_tcp_open(struct tunnel_peer *peer, uint16_t port,
                                 const struct tcp_handlers *handlers, void *owner);

/* Connections to one of our ports, as tcp_serve. It ends with the tunnel. */
struct tcp_listener *tunnel_tcp_listen(struct tunnel *tunnel, uint16_t port,
                                       void (*accept)(void *owner, struct tcp_conn *conn),
                                       void *owner);

struct wg_refusals tunnel_refusals(const struct tunnel *tunnel);

/* Sends what is due, of the paths too, and arms the timers. */
void tunnel_pump(struct tunnel *tunnel);

#endif
