/*
 * This computer's network interfaces and their addresses.
 */
#ifndef NET_TRANSPORT_INTERFACES_H
#define NET_TRANSPORT_INTERFACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/err.h"
#include "net/wire/address.h"

enum { INTERFACES_MAX = 64, INTERFACE_ADDRESSES_MAX = 32, INTERFACE_NAME_SIZE = 32 };

struct interface {
    char name[INTERFACE_NAME_SIZE];
    bool up, loopback, point_to_point;
    bool running;                /* it is up and has a carrier */
    bool default_v4, default_v6; /* the default route goes out here */
    uint32_t mtu;                /* 0 = not known */
    size_t address_count;
    struct {
        struct net_address ip; /* port 0 */
        uint8_t prefix;        /* length of the network's part */
    } addresses[INTERFACE_ADDRESSES_MAX];
};

struct interfaces {
    size_t count;
    size_t dropped; /* beyond the limits */
    struct interface all[INTERFACES_MAX];
    struct net_address gateway_v4; /* the default route's next hop; ADDRESS_NONE without one */
};

/* Reads them from the system. NET_ERR_IO: it does not tell. */
NET_MUST_USE enum net_err interfaces_read(struct interfaces *out);

/* False when they differ in something that can matter to a path: an address that reaches further
 * than its own link, the carrier or MTU of an interface with such an address, the default route or
 * its next hop. (Containers come and go with links that have link-local addresses alone.) */
bool interfaces_same(const struct interfaces *a, const struct interfaces *b);

/* Whether an interface that is up, other than loopback, has an address of the family that reaches
 * further than its own link. */
bool interfaces_have(const struct interfaces *all, enum address_family family);

/* An interface that counts: up, not loopback, with an address that reaches further than its own
 * link. (codersdk/healthsdk looks at the MTU of such ones.) */
bool interface_reaches(const struct interface *one);

/* A tunnel of a VPN, as far as name and kind tell: a link between two ends that is no dial-up or
 * mobile line, or one whose name says so. */
bool interface_is_tunnel(const struct interface *one);

/* The addresses at which peers may find us: of interfaces that are up, no loopback (unless nothing
 * else was found at all), no link-local IPv6, none of the tailnet's own prefixes; IPv4 link-local
 * and unique local IPv6 only if there is no other. Ports are `v4_port` and `v6_port`; 0 leaves the
 * family out. Returns how many were written, at most `max`. Rules: protocol notes
 * (wireguard-paths-speedtest) 2.8. */
size_t interfaces_endpoints(const struct interfaces *all, uint16_t v4_port, uint16_t v6_port,
                            struct net_address *out, size_t max);

/* The router to ask for a port mapping and our address towards it: the IPv4 default route's next
 * hop if it is a private address, and the first private IPv4 address of that route's interface.
 * False: there is no such pair, and nothing is to be asked. Protocol notes (derp-disco-stun) 7. */
bool interfaces_gateway(const struct interfaces *all, struct net_address *gateway,
                        struct net_address *own);

#endif
