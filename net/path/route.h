/*
 * One way for a packet to a peer: straight to a UDP address, or through a DERP region.
 */
#ifndef NET_PATH_ROUTE_H
#define NET_PATH_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/wire/address.h"

struct path_route {
    bool direct;
    struct net_address address; /* direct */
    int64_t region;             /* by DERP */
};

static inline struct path_route route_direct(const struct net_address *address)
{
    return (struct path_route){.direct = true, .address = *address};
}

static inline struct path_route route_derp(int64_t region)
{
    return (struct path_route){.region = region};
}

#endif
