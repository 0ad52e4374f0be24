/*
 * The default route, by asking the kernel over netlink which way a packet to the Internet would go.
 * Reading the table of routes instead would miss rules by mark or table, which is how VPNs take the
 * traffic (and the finding about them is what the interface is for). Nothing is sent anywhere.
 *
 *   request = nlmsghdr rtmsg rtattr(RTA_DST)
 *   answer  = nlmsghdr rtmsg rtattr(RTA_OIF) rtattr(RTA_GATEWAY) ...
 *
 * Format: rtnetlink(7). Elsewhere than on Linux there is no answer.
 */
#include "net/transport/default_route.h"

#ifdef __linux__

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/base/bytes.h"
#include "net/base/text.h"

enum { ANSWER_MAX = 4096, ATTRIBUTE_ALIGN = 4 };

/* Two of the Internet's root name servers: addresses that nobody has reason to route apart. */
static const uint8_t far_v4[4] = {198, 41, 0, 4};
static const uint8_t far_v6[16] = {0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, 0,    0,
                                   0,    0,    0,    0,    0,    0x02, 0x00, 0x30};

static bool ask(int fd, enum address_family family)
{
    struct {
        struct nlmsghdr head;
        struct rtmsg route;
        struct rtattr to;
        uint8_t ip[16];
    } request = {0};
    size_t ip_len = family == ADDRESS_V4 ? 4 : 16;
    request.head.nlmsg_len = (uint32_t)(offsetof(__typeof__(request), ip) + ip_len);
    request.head.nlmsg_type = RTM_GETROUTE;
    request.head.nlmsg_flags = NLM_F_REQUEST;
    request.route.rtm_family = family == ADDRESS_V4 ? AF_INET : AF_INET6;
    request.route.rtm_dst_len = (unsigned char)(ip_len * 8);
    request.to.rta_type = RTA_DST;
    request.to.rta_len = (unsigned short)(sizeof request.to + ip_len);
    memcpy(request.ip, family == ADDRESS_V4 ? far_v4 : far_v6, ip_len);
    return send(fd, &request, request.head.nlmsg_len, 0) == (ssize_t)request.head.nlmsg_len;
}

struct found {
    char name[INTERFACE_NAME_SIZE];
    struct net_address gateway;
};

static void take_attribute(unsigned type, struct bytes value, enum address_family family,
                           struct found *out)
{
    if (type == RTA_OIF && value.len == sizeof(unsigned)) {
        unsigned index;
        char name[IF_NAMESIZE];
        memcpy(&index, value.ptr, sizeof index);
        if (if_indextoname(index, name) != NULL) {
            text_copy(out->name, sizeof out->name, name);
        }
    } else if (type == RTA_GATEWAY && value.len == (family == ADDRESS_V4 ? 4U : 16U)) {
        out->gateway = (struct net_address){.family = family};
        memcpy(out->gateway.ip, value.ptr, value.len);
    }
}

static void take_answer(struct bytes in, enum address_family family, struct found *out)
{
    struct reader r = reader_of(in);
    struct nlmsghdr head;
    struct rtmsg route;
    reader_copy(&r, &head, sizeof head);
    reader_copy(&r, &route, sizeof route);
    if (r.failed || head.nlmsg_type != RTM_NEWROUTE || head.nlmsg_len > in.len ||
        head.nlmsg_len < sizeof head + sizeof route || route.rtm_type != RTN_UNICAST) {
        return; /* an error says that there is no route */
    }
    r.end = in.ptr + head.nlmsg_len;
    while (reader_left(&r) >= sizeof(struct rtattr)) {
        struct rtattr attribute;
        reader_copy(&r, &attribute, sizeof attribute);
        if (attribute.rta_len < sizeof attribute) {
            return;
        }
        struct bytes value = reader_take(&r, attribute.rta_len - sizeof attribute);
        if (r.failed) {
            return;
        }
        take_attribute(attribute.rta_type, value, family, out);
        size_t padding = -value.len % ATTRIBUTE_ALIGN;
        (void)reader_take(&r, padding < reader_left(&r) ? padding : reader_left(&r));
    }
}

bool default_route_read(enum address_family family, char name[INTERFACE_NAME_SIZE],
                        struct net_address *gateway)
{
    union {
        struct nlmsghdr aligned;
        uint8_t bytes[ANSWER_MAX];
    } answer;
    struct found found = {0};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) {
        return false;
    }
    if (ask(fd, family)) {
        /* The kernel has put its answer there before `send` came back. */
        ssize_t len = recv(fd, answer.bytes, sizeof answer.bytes, MSG_DONTWAIT);
        if (len > 0) {
            take_answer(bytes_of(answer.bytes, (size_t)len), family, &found);
        }
    }
    (void)close(fd);
    if (found.name[0] == '\0') {
        return false;
    }
    text_copy(name, INTERFACE_NAME_SIZE, found.name);
    *gateway = found.gateway;
    return true;
}

#else

bool default_route_read(enum address_family family, char name[INTERFACE_NAME_SIZE],
                        struct net_address *gateway)
{
    (void)family;
    (void)name;
    (void)gateway;
    return false;
}

#endif
