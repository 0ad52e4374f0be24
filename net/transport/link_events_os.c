#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/transport/link_events.h"

#if defined(__linux__)
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/timerfd.h>

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

/* A timer of the wall clock that never fires, but is cancelled when that clock jumps: waking up
 * sets it, for it had stood still (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET). */
static bool arm(int fd)
{
    const struct itimerspec never = {.it_value.tv_sec = INT32_MAX};
    return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) == 0;
}

int wake_events_open(void)
{
    int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd >= 0 && !arm(fd)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

void wake_events_drain(int fd)
{
    uint64_t expirations;
    (void)!read(fd, &expirations, sizeof expirations); /* ECANCELED: the clock was set */
    (void)arm(fd);
}
#else
int link_events_open(void)
{
    return -1;
}

int wake_events_open(void)
{
    return -1;
}

void wake_events_drain(int fd)
{
    (void)fd;
}
#endif

void link_events_drain(int fd)
{
    uint8_t block[8192];
    while (recv(fd, block, sizeof block, MSG_DONTWAIT) > 0) {
        /* That something changed is all we want to know: what, the interfaces themselves tell. */
    }
}
