#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/transport/path_mtu.h"
#include "net/transport/socket_address.h"
#include "net/transport/udp_options.h"

#if defined(IP_MTU) && defined(IPV6_MTU)

uint32_t path_mtu_read(const struct net_address *to)
{
    union socket_address address;
    bool v6 = to->family == ADDRESS_V6;
    int mtu = 0;
    socklen_t len = sizeof mtu;
    int fd = to->family == ADDRESS_NONE ? -1 : udp_open(v6);
    if (fd < 0) {
        return 0;
    }
    udp_set_dont_fragment(fd, v6); /* else the system answers with what it would cut it into */
    socklen_t address_len = socket_address_of(to, &address);
    bool known =
        connect(fd, &address.any, address_len) == 0 &&
        getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MTU : IP_MTU, &mtu, &len) == 0;
    (void)close(fd);
    return known && mtu > 0 ? (uint32_t)mtu : 0;
}

#else

uint32_t path_mtu_read(const struct net_address *to)
{
    (void)to;
    return 0;
}

#endif
