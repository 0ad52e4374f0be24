#include "net/path/netcheck_plan.h"

#include <string.h>

#include "net/base/now.h"

enum { FULL_TRIES = 3, NEAREST = 2, NEAREST_TRIES = 2, HOME_TRIES = 4 };

static const uint64_t full_delays_ms[FULL_TRIES] = {0, 100, 300};

static bool parse_family(const char *text, enum address_family family, struct net_address *out)
{
    return address_parse_ip(text, out) == NET_OK && out->family == family;
}

enum netcheck_target netcheck_target(const struct derp_node *node, enum address_family family,
                                     struct net_address *out)
{
    const char *fixed = family == ADDRESS_V4 ? node->ipv4 : node->ipv6;
    struct net_address address = {0};
    enum netcheck_target how = NETCHECK_TARGET_ADDRESS;
    if (node->stun_port < 0 || node->stun_port > UINT16_MAX) {
        return NETCHECK_TARGET_NONE;
    }
    if (node->stun_test_ip[0] != '\0' || fixed[0] != '\0') {
        const char *text = node->stun_test_ip[0] != '\0' ? node->stun_test_ip : fixed;
        if (!parse_family(text, family, &address)) {
            return NETCHECK_TARGET_NONE; /* "none", or of the other family */
        }
    } else if (address_parse_ip(node->host_name, &address) == NET_OK) {
        if (address.family != family) {
            return NETCHECK_TARGET_NONE;
        }
    } else if (node->host_name[0] != '\0') {
        how = NETCHECK_TARGET_NAME;
    } else {
        return NETCHECK_TARGET_NONE;
    }
    *out = address;
    out->port = node->stun_port == 0 ? DERP_STUN_PORT_DEFAULT : (uint16_t)node->stun_port;
    return how;
}

/* The nodes of a region that can be asked over a family. */
struct nodes {
    size_t count;
    size_t index[DERP_REGION_NODES_MAX];
};

static void find_nodes(const struct derp_region *region, enum address_family family,
                       struct nodes *out)
{
    struct net_address unused;
    out->count = 0;
    for (size_t i = 0; i < region->node_count; i++) {
        if (netcheck_target(&region->nodes[i], family, &unused) != NETCHECK_TARGET_NONE) {
            out->index[out->count++] = i;
        }
    }
}

/* Adds a set if the region has a node for it. */
static size_t add_set(const struct derp_region *region, enum address_family family, size_t tries,
                      const uint64_t delays_ns[NETCHECK_TRIES_MAX], struct netcheck_set *out)
{
    struct nodes nodes;
    find_nodes(region, family, &nodes);
    if (nodes.count == 0 || tries == 0) {
        return 0;
    }
    *out = (struct netcheck_set){.region = region->id, .family = family, .try_count = tries};
    for (size_t i = 0; i < tries; i++) {
        out->tries[i] =
            (struct netcheck_try){.node = nodes.index[i % nodes.count], .delay_ns = delays_ns[i]};
    }
    return 1;
}

static size_t plan_full(const struct derp_map *map, bool has_v4, bool has_v6,
                        struct netcheck_set *out)
{
    uint64_t delays_ns[NETCHECK_TRIES_MAX] = {0};
    size_t count = 0;
    for (size_t i = 0; i < FULL_TRIES; i++) {
        delays_ns[i] = full_delays_ms[i] * NS_PER_MS;
    }
    for (size_t i = 0; i < map->region_count; i++) {
        const struct derp_region *region = &map->regions[i];
        if (has_v4) {
            count += add_set(region, ADDRESS_V4, FULL_TRIES, delays_ns, &out[count]);
        }
        if (has_v6) {
            count += add_set(region, ADDRESS_V6, FULL_TRIES, delays_ns, &out[count]);
        }
    }
    return count;
}

static uint64_t latency_of(const struct netcheck_known *known, int64_t region)
{
    for (size_t i = 0; i < known->count; i++) {
        if (known->ranks[i].region == region) {
            return known->ranks[i].latency_ns;
        }
    }
    return 0;
}

/* Nearer first; those that never answered last; equals in order of id, so that rounds agree. */
static bool goes_before(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns != 0 && (b_ns == 0 || a_ns < b_ns);
}

struct ranked {
    const struct derp_region *region;
    uint64_t latency_ns;
};

static size_t rank_regions(const struct derp_map *map, const struct netcheck_known *known,
                           struct ranked out[DERP_MAP_REGIONS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < map->region_count; i++) {
        struct ranked one = {&map->regions[i], latency_of(known, map->regions[i].id)};
        if (one.region->avoid) {
            continue;
        }
        size_t at = count++;
        for (; at > 0 && goes_before(one.latency_ns, out[at - 1].latency_ns); at--) {
            out[at] = out[at - 1];
        }
        out[at] = one;
    }
    return count;
}

static void incremental_delays(uint64_t latency_ns, uint64_t delays_ns[NETCHECK_TRIES_MAX])
{
    uint64_t step =
        latency_ns == 0 ? NETCHECK_UNKNOWN_LATENCY_MS * NS_PER_MS : latency_ns + latency_ns / 5;
    if (step < NETCHECK_SPACING_MS * NS_PER_MS) {
        step = NETCHECK_SPACING_MS * NS_PER_MS;
    }
    for (size_t i = 0; i < NETCHECK_TRIES_MAX; i++) {
        delays_ns[i] = i * step + (i > 1 ? i * 50 * NS_PER_MS : 0);
    }
}

/* What one region is asked in an incremental round. */
struct share {
    size_t v4_tries, v6_tries;
};

static struct share share_of(const struct derp_region *region, size_t rank, bool has_v4,
                             bool has_v6, const struct netcheck_known *known)
{
    bool is_home = region->id == known->home;
    size_t tries = is_home ? HOME_TRIES : rank < NEAREST ? NEAREST_TRIES : 1;
    struct share share = {has_v4 ? tries : 0, has_v6 ? tries : 0};
    if (rank >= NEAREST && has_v6 && known->had_v4 && known->had_v6) {
        /* Both families work: the further regions take turns. */
        if (rank % 2 == 0) {
            share.v6_tries = 0;
        } else {
            share.v4_tries = 0;
        }
    }
    if (!known->had_v6 && share.v6_tries > 0) {
        share.v6_tries = rank < NEAREST ? 1 : 0; /* it may have come up since */
    }
    return share;
}

static size_t plan_incremental(const struct derp_map *map, bool has_v4, bool has_v6,
                               const struct netcheck_known *known, struct netcheck_set *out)
{
    struct ranked ranked[DERP_MAP_REGIONS_MAX];
    size_t total = rank_regions(map, known, ranked);
    size_t count = 0;
    size_t rank = 0; /* among those that can be asked at all */
    for (size_t i = 0; i < total && rank < NETCHECK_REGIONS_INCREMENTAL; i++) {
        uint64_t delays_ns[NETCHECK_TRIES_MAX];
        struct share share = share_of(ranked[i].region, rank, has_v4, has_v6, known);
        size_t before = count;
        incremental_delays(ranked[i].latency_ns, delays_ns);
        count += add_set(ranked[i].region, ADDRESS_V4, share.v4_tries, delays_ns, &out[count]);
        count += add_set(ranked[i].region, ADDRESS_V6, share.v6_tries, delays_ns, &out[count]);
        rank += count > before ? 1 : 0;
    }
    return count;
}

size_t netcheck_plan(const struct derp_map *map, bool has_v4, bool has_v6,
                     const struct netcheck_known *known, struct netcheck_set *out)
{
    return known == NULL ? plan_full(map, has_v4, has_v6, out)
                         : plan_incremental(map, has_v4, has_v6, known, out);
}
