#include "net/path/candidate.h"

#include <string.h>

enum {
    POINTS_LOOPBACK = 50,
    POINTS_PRIVATE = 20,
    POINTS_IPV6 = 10,
};

struct candidate *candidates_find(struct candidates *all, const struct net_address *address)
{
    for (size_t i = 0; i < all->count; i++) {
        if (address_equal(&all->all[i].address, address)) {
            return &all->all[i];
        }
    }
    return NULL;
}

/* What it has to show: an answer counts most, then who named it, then a ping of its own. */
static int worth(const struct candidate *candidate)
{
    return (candidate->pong_at != 0 ? 8 : 0) + (candidate->from_node ? 4 : 0) +
           (candidate->from_call ? 2 : 0) + (candidate->pinged_us_at != 0 ? 1 : 0);
}

static struct candidate *least(struct candidates *all, const struct net_address *keep)
{
    struct candidate *out = NULL;
    for (size_t i = 0; i < all->count; i++) {
        struct candidate *one = &all->all[i];
        if (!address_equal(&one->address, keep) && (out == NULL || worth(one) < worth(out))) {
            out = one;
        }
    }
    return out;
}

struct candidate *candidates_add(struct candidates *all, const struct net_address *address,
                                 const struct net_address *keep)
{
    struct candidate *found = candidates_find(all, address);
    if (found != NULL) {
        return found;
    }
    if (all->count == CANDIDATES_MAX) {
        struct candidate *out = least(all, keep);
        if (out == NULL || worth(out) > 1) {
            all->refused++;
            return NULL;
        }
        candidates_remove(all, out);
    }
    struct candidate *added = &all->all[all->count++];
    *added = (struct candidate){.address = *address};
    return added;
}

void candidates_remove(struct candidates *all, struct candidate *candidate)
{
    *candidate = all->all[--all->count];
}

static bool is_recent(mono_ns now, mono_ns then)
{
    return then != 0 && mono_since(now, then) <= CANDIDATE_PING_LIFE_S * NS_PER_SEC;
}

bool candidate_is_expired(const struct candidate *candidate, mono_ns now)
{
    return !candidate->from_node && !candidate->from_call &&
           !is_recent(now, candidate->pinged_us_at) &&
           (candidate->named || !is_recent(now, candidate->pong_at));
}

/* fd7a:115c:a1e0::/48 and fd60:627a:a42b::/48: inside the tunnel, never under it. */
static bool is_tailnet(const struct net_address *address)
{
    static const uint8_t historic[] = {0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0};
    static const uint8_t coder[] = {0xfd, 0x60, 0x62, 0x7a, 0xa4, 0x2b};
    return address->family == ADDRESS_V6 && (memcmp(address->ip, historic, sizeof historic) == 0 ||
                                             memcmp(address->ip, coder, sizeof coder) == 0);
}

static bool is_broadcast(const struct net_address *address)
{
    static const uint8_t all_ones[4] = {255, 255, 255, 255};
    return address->family == ADDRESS_V4 && memcmp(address->ip, all_ones, sizeof all_ones) == 0;
}

bool candidate_is_usable(const struct net_address *address, bool loopback)
{
    uint16_t region = 0;
    if (address->family == ADDRESS_NONE || address->port == 0 || address_is_unspecified(address) ||
        address_is_multicast(address) || is_broadcast(address) || is_tailnet(address) ||
        address_is_derp(address, &region)) {
        return false;
    }
    if (address->family == ADDRESS_V6 && address_is_link_local(address)) {
        return false;
    }
    return loopback || !address_is_loopback(address);
}

static unsigned points(const struct net_address *address)
{
    unsigned out = address->family == ADDRESS_V6 ? POINTS_IPV6 : 0;
    if (address_is_loopback(address)) {
        out += POINTS_LOOPBACK;
    } else if (address_is_private(address)) {
        out += POINTS_PRIVATE;
    }
    return out;
}

/* How many percent `low` is below `high`, as whole numbers go. */
static unsigned gain(uint64_t low, uint64_t high)
{
    if (low > UINT64_MAX / 100) {
        return 0;
    }
    return (unsigned)(100 - low * 100 / high);
}

bool candidate_is_better(const struct net_address *a, uint64_t a_latency_ns,
                         const struct net_address *b, uint64_t b_latency_ns)
{
    if (a->family == ADDRESS_NONE || address_equal(a, b)) {
        return false;
    }
    if (b->family == ADDRESS_NONE) {
        return true;
    }
    unsigned for_a = points(a);
    unsigned for_b = points(b);
    if (a_latency_ns > b_latency_ns) {
        for_b += gain(b_latency_ns, a_latency_ns);
    } else if (b_latency_ns > 0) {
        for_a += gain(a_latency_ns, b_latency_ns);
    }
    if (for_a <= 1 && for_b == 0) {
        return false;
    }
    return for_a > for_b;
}
