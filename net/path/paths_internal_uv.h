/*
 * The state of our paths, shared by their files:
 *   paths_uv.c            life, peers, packets
 *   paths_home_uv.c       the map, latencies, the home region, the relays
 *   paths_endpoints_uv.c  the sockets and our own endpoints
 */
#ifndef NET_PATH_PATHS_INTERNAL_UV_H
#define NET_PATH_PATHS_INTERNAL_UV_H

#include "net/base/log_limit.h"
#include "net/path/paths_uv.h"
#include "net/transport/udp_uv.h"

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
    struct home *home;
    int64_t home_region;
    struct latency_check *latency;
    uv_timer_t latency_timer;
    size_t latency_count;
    struct latency_result latencies[TAILNET_LATENCIES_MAX];

    /* Sockets and endpoints. */
    struct udp_socket *v4, *v6;
    size_t endpoint_count;
    struct net_address endpoints[TAILNET_ENDPOINTS_MAX];

    struct paths_peer *peers;
    uv_timer_t timer;
    struct paths_drops drops;
    struct log_limit strangers, unreadable, unknown_from, unsent;
};

/* paths_uv.c */
void paths_on_relayed(void *owner, int64_t region, const struct node_public *key,
                      struct bytes packet, mono_ns at);
void paths_on_datagram(void *owner, mono_ns at, const struct net_address *address,
                       struct bytes datagram);

/* paths_home_uv.c */
void paths_home_start(struct paths *paths);
void paths_home_stop(struct paths *paths);
void paths_check_latency(struct paths *paths);

/* paths_endpoints_uv.c */
void paths_open_sockets(struct paths *paths);
void paths_close_sockets(struct paths *paths);
NET_MUST_USE enum net_err paths_send_udp(struct paths *paths, const struct net_address *to,
                                         struct bytes datagram);
/* Gathers our endpoints anew and tells of a change. */
void paths_gather(struct paths *paths);

#endif
