#include "net/transport/socket_address.h"

#include <string.h>

socklen_t socket_address_of(const struct net_address *in, union socket_address *out)
{
    memset(out, 0, sizeof *out);
    if (in->family == ADDRESS_V6) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(in->port);
        memcpy(&out->v6.sin6_addr, in->ip, 16);
        return sizeof out->v6;
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons(in->port);
    memcpy(&out->v4.sin_addr, in->ip, 4);
    return sizeof out->v4;
}

bool socket_address_read(const union socket_address *in, struct net_address *out)
{
    *out = (struct net_address){0};
    if (in->any.sa_family == AF_INET) {
        out->family = ADDRESS_V4;
        out->port = ntohs(in->v4.sin_port);
        memcpy(out->ip, &in->v4.sin_addr, 4);
    } else if (in->any.sa_family == AF_INET6) {
        out->family = ADDRESS_V6;
        out->port = ntohs(in->v6.sin6_port);
        memcpy(out->ip, &in->v6.sin6_addr, 16);
    }
    return out->family != ADDRESS_NONE;
}
