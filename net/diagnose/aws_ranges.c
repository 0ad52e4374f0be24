#include "net/diagnose/aws_ranges.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"

/* --- the bundled list
 * ------------------------------------------------------------------------------------------------
 */

#define V4(a, b, c, d, n)                                                                          \
    {                                                                                              \
        .bits = (n), .ip = { a, b, c, d }                                                          \
    }
#define V6(a, b, c, d, n)                                                                          \
    {                                                                                              \
        .v6 = true, .bits = (n), .ip = { a, b, c, d }                                              \
    }

/* The largest blocks of EC2 as published in February 2026: enough to recognise most instances and
 * NAT gateways, not all. */
#define BUNDLED_SOURCE "bundled list of 2026-02, large EC2 blocks only"

static const struct ip_prefix bundled[] = {
    V4(3, 0, 0, 0, 15),
    V4(3, 6, 0, 0, 15),
    V4(3, 8, 0, 0, 14),
    V4(3, 12, 0, 0, 16),
    V4(3, 14, 0, 0, 15),
    V4(3, 16, 0, 0, 14),
    V4(3, 20, 0, 0, 14),
    V4(3, 24, 0, 0, 14),
    V4(3, 28, 0, 0, 15),
    V4(3, 34, 0, 0, 15),
    V4(3, 36, 0, 0, 14),
    V4(3, 64, 0, 0, 12),
    V4(3, 80, 0, 0, 12),
    V4(3, 96, 0, 0, 15),
    V4(3, 98, 0, 0, 15),
    V4(3, 101, 0, 0, 16),
    V4(3, 104, 0, 0, 14),
    V4(3, 108, 0, 0, 14),
    V4(3, 112, 0, 0, 14),
    V4(3, 120, 0, 0, 14),
    V4(3, 124, 0, 0, 14),
    V4(3, 128, 0, 0, 15),
    V4(3, 132, 0, 0, 14),
    V4(3, 136, 0, 0, 13),
    V4(3, 144, 0, 0, 13),
    V4(3, 208, 0, 0, 12),
    V4(3, 224, 0, 0, 12),
    V4(3, 248, 0, 0, 13),
    V4(13, 36, 0, 0, 14),
    V4(13, 40, 0, 0, 14),
    V4(13, 48, 0, 0, 15),
    V4(13, 54, 0, 0, 15),
    V4(13, 58, 0, 0, 15),
    V4(13, 112, 0, 0, 14),
    V4(13, 126, 0, 0, 15),
    V4(43, 200, 0, 0, 14),
    V4(44, 192, 0, 0, 11),
    V4(44, 224, 0, 0, 11),
    V4(47, 128, 0, 0, 14),
    V4(50, 16, 0, 0, 15),
    V4(51, 16, 0, 0, 15),
    V4(52, 0, 0, 0, 15),
    V4(52, 2, 0, 0, 15),
    V4(52, 4, 0, 0, 14),
    V4(52, 10, 0, 0, 15),
    V4(52, 12, 0, 0, 15),
    V4(52, 16, 0, 0, 15),
    V4(52, 18, 0, 0, 15),
    V4(52, 20, 0, 0, 14),
    V4(52, 24, 0, 0, 14),
    V4(52, 30, 0, 0, 15),
    V4(52, 32, 0, 0, 14),
    V4(52, 36, 0, 0, 14),
    V4(52, 40, 0, 0, 14),
    V4(52, 44, 0, 0, 15),
    V4(52, 48, 0, 0, 14),
    V4(52, 52, 0, 0, 15),
    V4(52, 54, 0, 0, 15),
    V4(52, 58, 0, 0, 15),
    V4(52, 62, 0, 0, 15),
    V4(52, 68, 0, 0, 15),
    V4(52, 70, 0, 0, 15),
    V4(52, 72, 0, 0, 15),
    V4(52, 86, 0, 0, 15),
    V4(52, 88, 0, 0, 15),
    V4(52, 90, 0, 0, 15),
    V4(52, 192, 0, 0, 15),
    V4(52, 194, 0, 0, 15),
    V4(52, 196, 0, 0, 14),
    V4(52, 200, 0, 0, 13),
    V4(52, 208, 0, 0, 13),
    V4(52, 220, 0, 0, 15),
    V4(54, 64, 0, 0, 15),
    V4(54, 68, 0, 0, 14),
    V4(54, 72, 0, 0, 15),
    V4(54, 74, 0, 0, 15),
    V4(54, 76, 0, 0, 15),
    V4(54, 80, 0, 0, 13),
    V4(54, 88, 0, 0, 14),
    V4(54, 144, 0, 0, 14),
    V4(54, 148, 0, 0, 15),
    V4(54, 156, 0, 0, 14),
    V4(54, 160, 0, 0, 13),
    V4(54, 170, 0, 0, 15),
    V4(54, 172, 0, 0, 15),
    V4(54, 174, 0, 0, 15),
    V4(54, 176, 0, 0, 15),
    V4(54, 180, 0, 0, 15),
    V4(54, 184, 0, 0, 13),
    V4(54, 194, 0, 0, 15),
    V4(54, 196, 0, 0, 15),
    V4(54, 200, 0, 0, 15),
    V4(54, 202, 0, 0, 15),
    V4(54, 204, 0, 0, 15),
    V4(54, 208, 0, 0, 15),
    V4(54, 210, 0, 0, 15),
    V4(54, 212, 0, 0, 15),
    V4(54, 216, 0, 0, 15),
    V4(54, 224, 0, 0, 15),
    V4(54, 226, 0, 0, 15),
    V4(54, 234, 0, 0, 15),
    V4(54, 236, 0, 0, 15),
    V4(54, 242, 0, 0, 15),
    V4(54, 248, 0, 0, 15),
    V4(57, 180, 0, 0, 14),
    V4(63, 32, 0, 0, 14),
    V4(63, 176, 0, 0, 14),
    V4(63, 180, 0, 0, 14),
    V4(65, 0, 0, 0, 14),
    V4(78, 12, 0, 0, 15),
    V4(98, 80, 0, 0, 13),
    V4(98, 88, 0, 0, 13),
    V4(99, 80, 0, 0, 15),
    V4(100, 20, 0, 0, 14),
    V4(100, 24, 0, 0, 13),
    V4(100, 48, 0, 0, 12),
    V4(107, 20, 0, 0, 14),
    V4(108, 128, 0, 0, 13),
    V4(108, 136, 0, 0, 15),
    V4(174, 129, 0, 0, 16),
    V4(184, 32, 0, 0, 14),
    V4(184, 36, 0, 0, 14),
    V4(184, 73, 0, 0, 16),
    V6(0x24, 0x06, 0xda, 0x12, 36),
    V6(0x24, 0x06, 0xda, 0x14, 35),
    V6(0x24, 0x06, 0xda, 0x18, 35),
    V6(0x24, 0x06, 0xda, 0x1a, 35),
    V6(0x24, 0x06, 0xda, 0x1c, 35),
    V6(0x26, 0x00, 0x1f, 0x11, 36),
    V6(0x26, 0x00, 0x1f, 0x14, 34),
    V6(0x26, 0x00, 0x1f, 0x16, 34),
    V6(0x26, 0x00, 0x1f, 0x18, 33),
    V6(0x26, 0x00, 0x1f, 0x1c, 36),
    V6(0x26, 0x00, 0x1f, 0x1e, 36),
    V6(0x2a, 0x05, 0xd0, 0x14, 36),
    V6(0x2a, 0x05, 0xd0, 0x18, 36),
    V6(0x2a, 0x05, 0xd0, 0x1c, 36),
};

void aws_ranges_bundled(struct aws_ranges *out)
{
    *out = (struct aws_ranges){.prefixes = bundled, .count = sizeof bundled / sizeof *bundled};
    text_copy(out->source, sizeof out->source, BUNDLED_SOURCE);
}

/* --- prefixes
 * ------------------------------------------------------------------------------------------------
 */

static bool covers(const struct ip_prefix *prefix, const struct ip_prefix *address)
{
    size_t whole = prefix->bits / 8;
    unsigned rest = prefix->bits % 8;
    unsigned mask = (0xff00U >> rest) & 0xffU;
    if (prefix->v6 != address->v6 || memcmp(prefix->ip, address->ip, whole) != 0) {
        return false;
    }
    return rest == 0 || ((unsigned)(prefix->ip[whole] ^ address->ip[whole]) & mask) == 0;
}

static bool parse_ip(const char *text, struct ip_prefix *out)
{
    *out = (struct ip_prefix){.bits = 32};
    if (inet_pton(AF_INET, text, out->ip) == 1) {
        return true;
    }
    *out = (struct ip_prefix){.v6 = true, .bits = 128};
    return inet_pton(AF_INET6, text, out->ip) == 1;
}

static void clear_host(struct ip_prefix *prefix)
{
    for (size_t i = 0; i < sizeof prefix->ip; i++) {
        size_t kept = prefix->bits > i * 8 ? prefix->bits - i * 8 : 0;
        unsigned mask = kept >= 8 ? 0xffU : (0xff00U >> kept) & 0xffU;
        prefix->ip[i] = (uint8_t)(prefix->ip[i] & mask);
    }
}

enum net_err ip_prefix_parse(const char *text, struct ip_prefix *out)
{
    char ip[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    char *end = NULL;
    struct ip_prefix found;
    if (slash == NULL || (size_t)(slash - text) >= sizeof ip || slash[1] < '0' || slash[1] > '9') {
        return NET_ERR_MALFORMED;
    }
    memcpy(ip, text, (size_t)(slash - text));
    ip[slash - text] = '\0';
    unsigned long bits = strtoul(slash + 1, &end, 10);
    if (*end != '\0' || !parse_ip(ip, &found) || bits > found.bits) {
        return NET_ERR_MALFORMED;
    }
    found.bits = (uint8_t)bits;
    clear_host(&found);
    *out = found;
    return NET_OK;
}

void ip_prefix_text(const struct ip_prefix *prefix, char out[IP_PREFIX_TEXT_SIZE])
{
    char ip[INET6_ADDRSTRLEN] = "";
    (void)inet_ntop(prefix->v6 ? AF_INET6 : AF_INET, prefix->ip, ip, sizeof ip);
    text_format(out, IP_PREFIX_TEXT_SIZE, "%s/%u", ip, (unsigned)prefix->bits);
}

/* --- addresses
 * ------------------------------------------------------------------------------------------------
 */

bool address_without_port(const char *address, char *out, size_t size)
{
    struct ip_prefix ignored;
    char ip[INET6_ADDRSTRLEN + 1];
    const char *colon = strchr(address, ':');
    bool bracketed = address[0] == '[';
    const char *end = bracketed ? strchr(address, ']') : NULL;
    size_t len = strlen(address);
    if (bracketed) {
        if (end == NULL || (end[1] != ':' && end[1] != '\0')) {
            return false;
        }
        address++;
        len = (size_t)(end - address);
    } else if (colon != NULL && strchr(colon + 1, ':') == NULL) { /* one colon: IPv4 and a port */
        len = (size_t)(colon - address);
    }
    if (len >= sizeof ip) {
        return false;
    }
    memcpy(ip, address, len);
    ip[len] = '\0';
    if (!parse_ip(ip, &ignored)) {
        return false;
    }
    text_copy(out, size, ip);
    return true;
}

/* Those that are nobody's on the Internet. */
static bool is_inside(const struct ip_prefix *address)
{
    static const struct ip_prefix inside[] = {
        V4(127, 0, 0, 0, 8),      V4(10, 0, 0, 0, 8),     V4(172, 16, 0, 0, 12),
        V4(192, 168, 0, 0, 16),   V4(169, 254, 0, 0, 16), V4(100, 64, 0, 0, 10),
        V6(0xfe, 0x80, 0, 0, 10), V6(0xfc, 0, 0, 0, 7),
    };
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        if (covers(&inside[i], address)) {
            return true;
        }
    }
    return false;
}

const struct ip_prefix *aws_ranges_find(const struct aws_ranges *ranges, const char *address)
{
    char text[INET6_ADDRSTRLEN];
    struct ip_prefix ip;
    const struct ip_prefix *best = NULL;
    if (!address_without_port(address, text, sizeof text) || !parse_ip(text, &ip) ||
        is_inside(&ip)) {
        return NULL;
    }
    for (size_t i = 0; i < ranges->count; i++) {
        const struct ip_prefix *one = &ranges->prefixes[i];
        if ((best == NULL || one->bits > best->bits) && covers(one, &ip)) {
            best = one;
        }
    }
    return best;
}
