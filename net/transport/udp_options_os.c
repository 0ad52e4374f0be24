#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/transport/udp_options.h"

static void set(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof value); /* each is a wish */
}

int udp_open(bool ipv6)
{
    int family = ipv6 ? AF_INET6 : AF_INET;
#if defined(SOCK_CLOEXEC)
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
#else
    int fd = socket(family, SOCK_DGRAM, 0);
    if (fd >= 0) {
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
#endif
    if (fd >= 0 && ipv6) {
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    }
    return fd;
}

void udp_set_dont_fragment(int fd, bool ipv6)
{
#if defined(IP_MTU_DISCOVER)
    /* Not IP_PMTUDISC_DO: the system would refuse for ten minutes what a router once had no room
     * for, whatever becomes of the way. The numbers for IPv6 are the same. */
    set(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
        IP_PMTUDISC_PROBE);
#elif defined(IP_DONTFRAG)
    set(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_DONTFRAG : IP_DONTFRAG, 1);
#endif
}

/* Linux tells the double, of which half is for what it keeps beside the bytes: socket(7). */
static size_t given(int fd)
{
    int value = 0;
    socklen_t len = sizeof value;
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &len) != 0 || value < 0) {
        return 0;
    }
#if defined(__linux__)
    value /= 2;
#endif
    return (size_t)value;
}

size_t udp_set_big_buffers(int fd)
{
    set(fd, SOL_SOCKET, SO_RCVBUF, UDP_BUFFER_BYTES);
    set(fd, SOL_SOCKET, SO_SNDBUF, UDP_BUFFER_BYTES);
#if defined(SO_RCVBUFFORCE)
    set(fd, SOL_SOCKET, SO_RCVBUFFORCE, UDP_BUFFER_BYTES); /* beyond the limit, if we may */
    set(fd, SOL_SOCKET, SO_SNDBUFFORCE, UDP_BUFFER_BYTES);
#endif
    return given(fd);
}
