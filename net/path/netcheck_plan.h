/*
 * Which STUN requests a netcheck sends: to which regions, over which family, how often and when.
 * Pure.
 *
 *   full          every region, both families, three tries
 *   incremental   the three nearest regions; more tries the nearer, most for the home region
 *
 * coder/tailscale net/netcheck/netcheck.go (makeProbePlan, sortRegions, nodeMight4, nodeMight6);
 * protocol notes (derp-disco-stun) 6.2. Ours differs: the tries of a full plan are spread (the
 * fork sends all at once), nodes that cannot be asked are left out before the tries are dealt, and
 * a try never follows the one before sooner than NETCHECK_SPACING_MS.
 */
#ifndef NET_PATH_NETCHECK_PLAN_H
#define NET_PATH_NETCHECK_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/wire/address.h"
#include "net/wire/derp_map.h"

enum {
    NETCHECK_TRIES_MAX = 4,
    NETCHECK_REGIONS_INCREMENTAL = 3,
    NETCHECK_UNKNOWN_LATENCY_MS = 200, /* between tries to a region that never answered */
    NETCHECK_SPACING_MS = 50,
};

/* One request: the node is an index into the region's; the delay counts from the set's start. */
struct netcheck_try {
    size_t node;
    uint64_t delay_ns;
};

/* All requests to one region over one family. The first answer makes the others needless. */
struct netcheck_set {
    int64_t region;
    enum address_family family;
    size_t try_count;
    struct netcheck_try tries[NETCHECK_TRIES_MAX];
};

/* What earlier rounds told. */
struct netcheck_rank {
    int64_t region;
    uint64_t latency_ns; /* above 0 */
};

struct netcheck_known {
    bool had_v4, had_v6; /* something was reached over that family in the last round */
    int64_t home;        /* 0 = none */
    size_t count;
    struct netcheck_rank ranks[DERP_MAP_REGIONS_MAX];
};

/* At most so many sets come out of a map. */
static inline size_t netcheck_plan_max(const struct derp_map *map)
{
    return 2 * map->region_count;
}

/* Fills `out` (room for netcheck_plan_max) and returns how many there are. `known` NULL: a full
 * plan; else an incremental one. */
size_t netcheck_plan(const struct derp_map *map, bool has_v4, bool has_v6,
                     const struct netcheck_known *known, struct netcheck_set *out);

/* How a node is to be asked over a family. */
enum netcheck_target {
    NETCHECK_TARGET_NONE,    /* not at all */
    NETCHECK_TARGET_ADDRESS, /* at *out */
    NETCHECK_TARGET_NAME,    /* at the address of its host_name; the port is in *out */
};

enum netcheck_target netcheck_target(const struct derp_node *node, enum address_family family,
                                     struct net_address *out);

#endif
