/*
 * Our addresses as the system's calls want them.
 */
#ifndef NET_TRANSPORT_SOCKET_ADDRESS_H
#define NET_TRANSPORT_SOCKET_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "net/wire/address.h"

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Fills `out`; returns its length for the call that takes it. */
socklen_t socket_address_of(const struct net_address *in, union socket_address *out);

/* False, and ADDRESS_NONE: of another family. */
bool socket_address_read(const union socket_address *in, struct net_address *out);

#endif
