/*
 * Which way packets to the Internet go.
 */
#ifndef NET_TRANSPORT_DEFAULT_ROUTE_H
#define NET_TRANSPORT_DEFAULT_ROUTE_H

#include <stdbool.h>

#include "net/transport/interfaces.h"

/* The interface, and the next hop (ADDRESS_NONE when there is none, as in tunnels). False: there is
 * no such route or, anywhere but on Linux, no way to ask; the outputs are unchanged. */
bool default_route_read(enum address_family family, char name[INTERFACE_NAME_SIZE],
                        struct net_address *gateway);

#endif
