/*
 * The state of our paths, shared by their files:
 *   paths_uv.c            life, peers, packets
 *   paths_home_uv.c       the map, latencies, the home region, the relays
 *   paths_endpoints_uv.c  the sockets and our own endpoints
 *   paths_portmap_uv.c    the one that the home router gives us
 */
#ifndef NET_PATH_PATHS_INTERNAL_UV_H
#define NET_PATH_PATHS_INTERNAL_UV_H

#include "net/base/log_limit.h"
#include "net/path/netcheck_uv.h"
#include "net/path/paths_uv.h"
#include "net/path/portmap_uv.h"
#include "net/transport/link_watch_uv.h"
#include "net/transport/udp_uv.h"

enum {
    SEEN_MAX = 8,
    SEEN_LIFE_S = 310 /* endpointTrackerLifetime */
};

/* A public address of ours that a STUN server saw: it is told for some minutes. */
struct seen_endpoint {
    struct net_address address;
    mono_ns at;
};

struct paths_peer {
    struct paths *paths;
    struct paths_peer *next;
    void *user;
    bool is_set;
    struct node_public key;
    struct disco_public disco;
    int64_t region;
    struct peer_path *path;
    struct paths_traffic direct, relayed;
};

struct paths {
    struct paths_config config;
    struct paths_handlers handlers;
    void *owner;
    struct node_public node;
    bool started; /* the owner has us: it may be called */
    bool closing, blocked;
    unsigned handles_open;

    /* Relays and home. */
    struct relays *relays;
    bool map_known;
    struct derp_map map;
    int64_t home_region;
    struct netcheck_driver *netcheck;
    struct netcheck_report report; /* the last; stage 0 and all zeros before the first */
    uv_timer_t check_timer;

    /* Sockets and endpoints. */
    struct udp_socket *v4, *v6;
    struct udp_socket *reserved_from; /* by the last paths_reserve */
    struct link_watch *links;         /* NULL: not watched */
    struct portmap_driver *portmap;   /* NULL: not asked for (yet) */
    uv_timer_t portmap_timer;
    struct net_address mapped; /* the router's public end of it; ADDRESS_NONE: none */
    size_t seen_count;
    struct seen_endpoint seen[SEEN_MAX]; /* public addresses, the newest last */
    size_t endpoint_count;
    struct net_address endpoints[TAILNET_ENDPOINTS_MAX];

    struct paths_peer *peers;
    uv_timer_t timer;
    struct paths_drops drops;
    struct log_limit strangers, unknown_from, unsent, too_big, gone;
};

/* paths_uv.c */
void paths_on_relayed(void *owner, int64_t region, const struct node_public *key,
                      struct bytes packet, mono_ns at);
void paths_on_datagram(void *owner, mono_ns at, const struct net_address *address,
                       struct span span);

void paths_on_drained(void *owner);
void paths_on_unsent(void *owner, const struct net_address *to, enum net_err why, size_t count);

/* paths_home_uv.c */
void paths_home_start(struct paths *paths);
void paths_home_stop(struct paths *paths);
/* Measures and asks STUN again. `full`: the network is another one. */
void paths_check(struct paths *paths, bool full);

/* paths_endpoints_uv.c */
void paths_open_sockets(struct paths *paths);
void paths_close_sockets(struct paths *paths);
NET_MUST_USE enum net_err paths_send_udp(struct paths *paths, const struct net_address *to,
                                         struct bytes datagram);
/* The public addresses that a report found become endpoints. */
void paths_take_public(struct paths *paths, const struct netcheck_report *report);
/* Gathers our endpoints anew and tells of a change. True: there was one. */
bool paths_gather(struct paths *paths);

/* paths_portmap_uv.c */
/* Asks the router for a port, in a while. */
void paths_portmap_plan(struct paths *paths);
/* The network may be another one. */
void paths_portmap_look(struct paths *paths);
/* Direct connections were disabled, or allowed again: gives the port back, or asks for one. */
void paths_portmap_blocked(struct paths *paths);
void paths_portmap_close(struct paths *paths);

#endif
