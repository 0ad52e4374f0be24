/*
 * What the system says of its interfaces: getifaddrs and SIOCGIFMTU everywhere, the default route
 * where there is a way to ask for it.
 */
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/base/text.h"
#include "net/transport/default_route.h"
#include "net/transport/interfaces.h"

/* An IPv4 address may carry a label ("eth0:1"): what stands before the colon is the interface. */
static struct interface *find_or_add(struct interfaces *all, const char *label)
{
    char name[INTERFACE_NAME_SIZE];
    text_copy(name, sizeof name, label);
    name[strcspn(name, ":")] = '\0';
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->all[i].name, name) == 0) {
            return &all->all[i];
        }
    }
    if (all->count == INTERFACES_MAX) {
        all->dropped++;
        return NULL;
    }
    struct interface *added = &all->all[all->count++];
    text_copy(added->name, sizeof added->name, name);
    return added;
}

static uint8_t prefix_of(const uint8_t *mask, size_t len)
{
    uint8_t bits = 0;
    for (size_t i = 0; i < len * 8 && (mask[i / 8] >> (7 - i % 8) & 1) != 0; i++) {
        bits++;
    }
    return bits;
}

static void add_address(struct interfaces *all, struct interface *one, const struct ifaddrs *from)
{
    struct net_address ip = {0};
    uint8_t prefix = 0;
    if (from->ifa_addr->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from->ifa_addr, sizeof in);
        ip.family = ADDRESS_V4;
        memcpy(ip.ip, &in.sin_addr, 4);
        if (from->ifa_netmask != NULL) {
            memcpy(&in, from->ifa_netmask, sizeof in);
            prefix = prefix_of((const uint8_t *)&in.sin_addr, 4);
        }
    } else if (from->ifa_addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, from->ifa_addr, sizeof in);
        ip.family = ADDRESS_V6;
        memcpy(ip.ip, &in.sin6_addr, 16);
        if (from->ifa_netmask != NULL) {
            memcpy(&in, from->ifa_netmask, sizeof in);
            prefix = prefix_of((const uint8_t *)&in.sin6_addr, 16);
        }
    } else {
        return;
    }
    if (one->address_count == INTERFACE_ADDRESSES_MAX) {
        all->dropped++;
        return;
    }
    one->addresses[one->address_count].ip = ip;
    one->addresses[one->address_count++].prefix = prefix;
}

static void read_mtus(struct interfaces *all)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* IPv4 may be absent */
    }
    for (size_t i = 0; i < all->count && fd >= 0; i++) {
        struct ifreq request;
        memset(&request, 0, sizeof request);
        text_copy(request.ifr_name, sizeof request.ifr_name, all->all[i].name);
        if (ioctl(fd, SIOCGIFMTU, &request) == 0 && request.ifr_mtu > 0) {
            all->all[i].mtu = (uint32_t)request.ifr_mtu;
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

static void read_default(struct interfaces *all, enum address_family family)
{
    char name[INTERFACE_NAME_SIZE];
    struct net_address gateway;
    if (!default_route_read(family, name, &gateway)) {
        return;
    }
    struct interface *one = find_or_add(all, name);
    if (one != NULL && family == ADDRESS_V6) {
        one->default_v6 = true;
    } else if (one != NULL) {
        one->default_v4 = true;
        all->gateway_v4 = gateway;
    }
}

enum net_err interfaces_read(struct interfaces *out)
{
    struct ifaddrs *list = NULL;
    memset(out, 0, sizeof *out);
    if (getifaddrs(&list) != 0) {
        return NET_ERR_IO;
    }
    for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
        struct interface *one = find_or_add(out, at->ifa_name);
        if (one == NULL) {
            continue;
        }
        one->up = (at->ifa_flags & IFF_UP) != 0;
        one->running = (at->ifa_flags & IFF_UP) != 0 && (at->ifa_flags & IFF_RUNNING) != 0;
        one->loopback = (at->ifa_flags & IFF_LOOPBACK) != 0;
        one->point_to_point = (at->ifa_flags & IFF_POINTOPOINT) != 0;
        if (at->ifa_addr != NULL) {
            add_address(out, one, at);
        }
    }
    freeifaddrs(list);
    read_mtus(out);
    read_default(out, ADDRESS_V4);
    read_default(out, ADDRESS_V6);
    return NET_OK;
}
