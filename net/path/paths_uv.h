/*
 * Our end of the paths to all peers: the UDP sockets, the relays, the choice of our home region,
 * our own endpoints, and one peer_path a peer. What Tailscale calls magicsock.
 *
 * WireGuard datagrams go in and out here (`data`, paths_send); this neither reads nor makes them.
 */
#ifndef NET_PATH_PATHS_UV_H
#define NET_PATH_PATHS_UV_H

#include <uv.h>

#include "net/base/log.h"
#include "net/path/netcheck.h"
#include "net/path/peer_path.h"
#include "net/path/relays_uv.h"
#include "net/wire/tailnet.h"

struct paths;
struct paths_peer;

struct paths_config {
    uv_loop_t *loop;
    struct http_client *client; /* borrowed, as are all pointers here */
    const struct node_private *node_key;
    const struct disco_private *disco_key;
    struct rng *rng;
    struct log *log;
    const char *bind_ip; /* the one address to use; NULL = all addresses, both families */
    bool loopback;       /* loopback addresses are worth a probe */
    bool always_stun; /* also while direct connections are disabled, as Coder's agents: their report
                         is to say what their network is like */
    bool watch_links; /* notice when this computer's network changes, and act upon it */
    uint64_t timeout_ns; /* of a beat */
};

struct paths_handlers {
    /* What paths_fill_node says of us changed. */
    void (*changed)(void *owner);
    /* The home region is another one; before `changed`. */
    void (*home)(void *owner, int64_t region);
    /* See relays_status. */
    void (*relay)(void *owner, int64_t region);
    void (*event)(void *owner, struct paths_peer *peer, const struct path_event *event);
    /* A datagram of the peer that is not disco; borrowed. May be NULL. */
    void (*data)(void *owner, struct paths_peer *peer, const struct path_route *from,
                 struct bytes datagram, mono_ns at);
    /* After the last of a batch of those. May be NULL. */
    void (*drained)(void *owner);
};

struct paths_traffic {
    uint64_t packets_in, packets_out, bytes_in, bytes_out;
};

/* What was dropped, by kind. */
struct paths_drops {
    uint64_t strangers;    /* from nobody that we know */
    uint64_t unreadable;   /* disco that does not open or cannot be read */
    uint64_t unknown_from; /* data from a UDP address at which the peer was never heard */
    uint64_t too_big;      /* ours, too long for an interface */
    uint64_t unsent;       /* ours, refused by the system or a full queue */
};

/* Opens the sockets; one that cannot be bound is told (log) and done without. Never NULL. */
struct paths *paths_new(const struct paths_config *config, const struct paths_handlers *handlers,
                        void *owner);

/* No handler is called after this. Frees on the loop. */
void paths_close(struct paths *paths);

/* The deployment's relays. Copied. */
void paths_set_map(struct paths *paths, const struct derp_map *map, bool force_websockets);

/* Direct connections are disabled: no endpoint is told, no candidate probed. */
void paths_set_blocked(struct paths *paths, bool blocked);

/* Our network changed: no path is trusted, all connections are made anew. */
void paths_network_changed(struct paths *paths);

/* A key was pressed: what is waiting is tried now, and the regions are measured. */
void paths_retry(struct paths *paths);

/* Never NULL. `user` is the owner's. */
struct paths_peer *paths_add_peer(struct paths *paths, void *user);
void paths_remove_peer(struct paths_peer *peer);
void *paths_peer_user(const struct paths_peer *peer);
void paths_peer_set_user(struct paths_peer *peer, void *user);

/* What the coordinator tells of the peer. Only a node with a home region is to be passed. */
void paths_peer_set(struct paths_peer *peer, const struct tailnet_node *node);
void paths_peer_clear(struct paths_peer *peer);
bool paths_peer_is_set(const struct paths_peer *peer);

/* For beats and status; packets that become due are sent by paths_pump. */
struct peer_path *paths_peer_path(const struct paths_peer *peer);
const struct paths_traffic *paths_peer_traffic(const struct paths_peer *peer, bool direct);

/* Sends a datagram the way, or both ways, that the path wants. NET_ERR_NOT_FOUND: there is none. */
NET_MUST_USE enum net_err paths_send(struct paths_peer *peer, struct bytes datagram);

/* The same without a copy, for what goes one direct way: the place for a datagram of at most `max`
 * bytes, to be written to and then committed (0: nothing after all), with no other call in between.
 * It goes out with its neighbours at the end of the loop's turn. NULL: not now; paths_send does it,
 * or says why not. */
NET_MUST_USE uint8_t *paths_reserve(struct paths_peer *peer, size_t max);
void paths_commit(struct paths_peer *peer, size_t len);

/* Sends what is due and arms the timer. */
void paths_pump(struct paths *paths);

int64_t paths_home(const struct paths *paths); /* 0 = none yet */
struct relays *paths_relays(const struct paths *paths);
/* The last netcheck report; `round` is 0 before the first. */
const struct netcheck_report *paths_report(const struct paths *paths);
size_t paths_endpoints(const struct paths *paths, const struct net_address **out);
struct paths_drops paths_drops(const struct paths *paths);

/* Home region, latencies, websocket reason and endpoints, for the node that we announce. */
void paths_fill_node(const struct paths *paths, struct tailnet_node *node);

#endif
