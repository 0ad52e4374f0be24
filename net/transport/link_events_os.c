#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/transport/link_events.h"

#if defined(__linux__)
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

int link_events_open(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    struct sockaddr_nl address;
    memset(&address, 0, sizeof address);
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                        RTMGRP_IPV6_ROUTE;
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}
#else
int link_events_open(void)
{
    return -1;
}
#endif

void link_events_drain(int fd)
{
    uint8_t block[8192];
    while (recv(fd, block, sizeof block, MSG_DONTWAIT) > 0) {
        /* That something changed is all we want to know: what, the interfaces themselves tell. */
    }
}
