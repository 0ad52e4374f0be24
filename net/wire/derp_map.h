/*
 * The DERP map: which relays and STUN servers there are. Filled from JSON (net/control) and from
 * protobuf (net/wire/tailnet.h). Limits are ours; what is beyond them is dropped and counted.
 * Fields: coder/tailscale tailcfg/derpmap.go.
 */
#ifndef NET_WIRE_DERP_MAP_H
#define NET_WIRE_DERP_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/err.h"

enum {
    DERP_MAP_REGIONS_MAX = 256,
    DERP_REGION_NODES_MAX = 16,
    DERP_NAME_SIZE = 64,
    DERP_HOST_SIZE = 256,
    DERP_STUN_PORT_DEFAULT = 3478,
    DERP_PORT_DEFAULT = 443,
};

struct derp_node {
    char name[DERP_NAME_SIZE];
    char host_name[DERP_HOST_SIZE];
    char cert_name[DERP_HOST_SIZE];
    char ipv4[DERP_NAME_SIZE]; /* "" = ask DNS; an address; anything else ("none") = off */
    char ipv6[DERP_NAME_SIZE];
    char stun_test_ip[DERP_NAME_SIZE];
    int32_t stun_port; /* 0 = 3478; below 0 = no STUN here */
    int32_t derp_port; /* 0 = 443 */
    bool stun_only;
    bool insecure_for_tests;
    bool force_http;
    bool can_port_80;
};

struct derp_region {
    int64_t id;
    char code[DERP_NAME_SIZE];
    char name[DERP_NAME_SIZE]; /* cleaned for a terminal */
    bool embedded_relay;
    bool avoid;
    double score; /* factor on its latency when a home is chosen; 0 = none */
    size_t node_count;
    struct derp_node *nodes;
};

struct derp_map {
    size_t region_count;
    struct derp_region *regions; /* in order of id */
    size_t dropped;              /* regions and nodes beyond the limits */
};

/* An empty map. */
void derp_map_init(struct derp_map *map);

/* Frees what the map owns and leaves it empty. */
void derp_map_clear(struct derp_map *map);

/* Adds an empty region in order of id (an id that is there already gives that one).
 * NULL: DERP_MAP_REGIONS_MAX reached, or an id outside 1..65535 (it must fit a fake port). */
struct derp_region *derp_map_add_region(struct derp_map *map, int64_t id);

/* Adds an empty node. NULL: DERP_REGION_NODES_MAX reached. */
struct derp_node *derp_region_add_node(struct derp_map *map, struct derp_region *region);

/* NULL: no such region. */
const struct derp_region *derp_map_find(const struct derp_map *map, int64_t id);

bool derp_map_equal(const struct derp_map *a, const struct derp_map *b);
bool derp_region_equal(const struct derp_region *a, const struct derp_region *b);

/* A deep copy into an empty map. */
void derp_map_copy(struct derp_map *to, const struct derp_map *from);

/* True if a region has a node that relays (not STUN only). */
bool derp_region_can_relay(const struct derp_region *region);

/* True if any node of the map may be asked by STUN (port not below 0). */
bool derp_map_has_stun(const struct derp_map *map);

/* Embedded relays are reached at the URL that the client uses, not at the one the server believes
 * in: overwrites host, port and force_http of each relaying node of an embedded region. Must be
 * applied to every map, REST and RPC. coder/coder tailnet/derp.go. */
void derp_map_rewrite_embedded(struct derp_map *map, const char *host, uint16_t port,
                               bool plain_http);

#endif
