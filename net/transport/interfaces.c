#include "net/transport/interfaces.h"

#include <string.h>

/* fd7a:115c:a1e0::/48 and fd60:627a:a42b::/48: inside a tunnel, never under one. */
static bool is_tailnet(const struct net_address *address)
{
    static const uint8_t historic[] = {0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0};
    static const uint8_t coder[] = {0xfd, 0x60, 0x62, 0x7a, 0xa4, 0x2b};
    return address->family == ADDRESS_V6 && (memcmp(address->ip, historic, sizeof historic) == 0 ||
                                             memcmp(address->ip, coder, sizeof coder) == 0);
}

enum rank { RANK_NEVER, RANK_LOOPBACK, RANK_LAST, RANK_GOOD };

static enum rank rank_of(const struct interface *one, const struct net_address *address)
{
    if (!one->up || is_tailnet(address) || address_is_unspecified(address) ||
        address_is_multicast(address)) {
        return RANK_NEVER;
    }
    if (one->loopback || address_is_loopback(address)) {
        return RANK_LOOPBACK;
    }
    if (address_is_link_local(address)) {
        return address->family == ADDRESS_V6 ? RANK_NEVER : RANK_LAST;
    }
    bool unique_local = address->family == ADDRESS_V6 && address_is_private(address);
    return unique_local ? RANK_LAST : RANK_GOOD;
}

bool interfaces_have(const struct interfaces *all, enum address_family family)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct interface *one = &all->all[i];
        for (size_t n = 0; n < one->address_count; n++) {
            if (one->addresses[n].ip.family == family &&
                rank_of(one, &one->addresses[n].ip) >= RANK_LAST) {
                return true;
            }
        }
    }
    return false;
}

bool interface_reaches(const struct interface *one)
{
    for (size_t i = 0; i < one->address_count && one->up && !one->loopback; i++) {
        if (!address_is_link_local(&one->addresses[i].ip)) {
            return true;
        }
    }
    return false;
}

static bool begins_with_one_of(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(name, list[i], strlen(list[i])) == 0) {
            return true;
        }
    }
    return false;
}

bool interface_is_tunnel(const struct interface *one)
{
    static const char *const tunnels[] = {"tun", "tap", "utun",    "wg",       "ipsec",
                                          "vpn", "gpd", "cscotun", "nordlynx", "proton"};
    static const char *const lines[] = {"ppp", "wwan", "rmnet", "usb"}; /* DSL, mobile */
    return begins_with_one_of(one->name, tunnels, sizeof tunnels / sizeof *tunnels) ||
           (one->point_to_point && !one->loopback &&
            !begins_with_one_of(one->name, lines, sizeof lines / sizeof *lines));
}

static const struct interface *by_name(const struct interfaces *all, const char *name)
{
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->all[i].name, name) == 0) {
            return &all->all[i];
        }
    }
    return NULL;
}

static bool has_address(const struct interface *one, const struct net_address *ip, uint8_t prefix)
{
    for (size_t n = 0; n < one->address_count; n++) {
        if (address_equal(&one->addresses[n].ip, ip) && one->addresses[n].prefix == prefix) {
            return true;
        }
    }
    return false;
}

/* Whether `other` has all that matters of `one`: the interface as another reading has it, or NULL.
 */
static bool covers(const struct interface *other, const struct interface *one)
{
    bool matters = false;
    for (size_t n = 0; n < one->address_count; n++) {
        const struct net_address *ip = &one->addresses[n].ip;
        if (rank_of(one, ip) >= RANK_LAST) {
            matters = true;
            if (other == NULL || !has_address(other, ip, one->addresses[n].prefix)) {
                return false;
            }
        }
    }
    return !matters ||
           (other->up == one->up && other->running == one->running && other->mtu == one->mtu);
}

static bool covers_all(const struct interfaces *others, const struct interfaces *all)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct interface *one = &all->all[i];
        const struct interface *other = by_name(others, one->name);
        bool v4 = other != NULL && other->default_v4;
        bool v6 = other != NULL && other->default_v6;
        if (one->default_v4 != v4 || one->default_v6 != v6 || !covers(other, one)) {
            return false;
        }
    }
    return true;
}

bool interfaces_same(const struct interfaces *a, const struct interfaces *b)
{
    return address_equal(&a->gateway_v4, &b->gateway_v4) && covers_all(a, b) && covers_all(b, a);
}

bool interfaces_gateway(const struct interfaces *all, struct net_address *gateway,
                        struct net_address *own)
{
    if (all->gateway_v4.family != ADDRESS_V4 || !address_is_private(&all->gateway_v4)) {
        return false;
    }
    for (size_t i = 0; i < all->count; i++) {
        const struct interface *one = &all->all[i];
        for (size_t n = 0; n < one->address_count && one->up && one->default_v4; n++) {
            const struct net_address *ip = &one->addresses[n].ip;
            if (ip->family == ADDRESS_V4 && address_is_private(ip)) {
                *gateway = all->gateway_v4;
                *own = *ip;
                return true;
            }
        }
    }
    return false;
}

struct collector {
    uint16_t v4_port, v6_port;
    struct net_address *out;
    size_t count, max;
};

static bool is_in(const struct collector *c, const struct net_address *address)
{
    for (size_t i = 0; i < c->count; i++) {
        if (address_equal(&c->out[i], address)) {
            return true;
        }
    }
    return false;
}

static void collect(const struct interfaces *all, enum rank rank, struct collector *c)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct interface *one = &all->all[i];
        for (size_t n = 0; n < one->address_count; n++) {
            struct net_address address = one->addresses[n].ip;
            address.port = address.family == ADDRESS_V6 ? c->v6_port : c->v4_port;
            if (address.port != 0 && rank_of(one, &address) == rank && c->count < c->max &&
                !is_in(c, &address)) {
                c->out[c->count++] = address;
            }
        }
    }
}

size_t interfaces_endpoints(const struct interfaces *all, uint16_t v4_port, uint16_t v6_port,
                            struct net_address *out, size_t max)
{
    struct collector c = {.v4_port = v4_port, .v6_port = v6_port, .out = out, .max = max};
    for (enum rank rank = RANK_GOOD; rank > RANK_NEVER && c.count == 0; rank--) {
        collect(all, rank, &c);
    }
    return c.count;
}
