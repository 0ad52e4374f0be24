/*
 * How large a packet the way to an address takes, as far as the system knows: the least MTU of the
 * interface and of what routers on the way have answered to packets that did not fit (ICMP).
 */
#ifndef NET_TRANSPORT_PATH_MTU_H
#define NET_TRANSPORT_PATH_MTU_H

#include <stdint.h>

#include "net/wire/address.h"

enum {
    /* A full packet of the tunnel: 1280 bytes inside, 32 of WireGuard; then UDP and IP. */
    PATH_MTU_FULL_V4 = 1280 + 32 + 8 + 20,
    PATH_MTU_FULL_V6 = 1280 + 32 + 8 + 40,
};

/* Bytes of the largest IP packet. 0: no route, or (elsewhere than on Linux) no way to ask. Nothing
 * is sent. */
uint32_t path_mtu_read(const struct net_address *to);

#endif
