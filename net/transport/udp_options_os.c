#include <netinet/in.h>
#include <sys/socket.h>

#include "net/transport/udp_options.h"

static void set(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof value); /* each is a wish */
}

void udp_set_dont_fragment(int fd, bool ipv6)
{
#if defined(IP_MTU_DISCOVER)
    set(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
        IP_PMTUDISC_DO); /* IPV6_PMTUDISC_DO is the same number */
#elif defined(IP_DONTFRAG)
    set(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_DONTFRAG : IP_DONTFRAG, 1);
#endif
}

void udp_set_big_buffers(int fd)
{
    set(fd, SOL_SOCKET, SO_RCVBUF, UDP_BUFFER_BYTES);
    set(fd, SOL_SOCKET, SO_SNDBUF, UDP_BUFFER_BYTES);
#if defined(SO_RCVBUFFORCE)
    set(fd, SOL_SOCKET, SO_RCVBUFFORCE, UDP_BUFFER_BYTES); /* beyond the limit, if we may */
    set(fd, SOL_SOCKET, SO_SNDBUFFORCE, UDP_BUFFER_BYTES);
#endif
}
