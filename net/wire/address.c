#include "net/wire/address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
static const uint8_t historic_prefix[6] = {0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0};
static const uint8_t coder_prefix[6] = {0xfd, 0x60, 0x62, 0x7a, 0xa4, 0x2b};

static size_t ip_len(const struct net_address *address)
{
    return address->family == ADDRESS_V4 ? 4 : address->family == ADDRESS_V6 ? 16 : 0;
}

bool address_equal(const struct net_address *a, const struct net_address *b)
{
    return a->family == b->family && a->port == b->port && memcmp(a->ip, b->ip, ip_len(a)) == 0;
}

/* Whole numbers only: up to five digits, at most 65535. */
static enum net_err parse_port(const char *text, uint16_t *out)
{
    unsigned value = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 5) {
        return NET_ERR_MALFORMED;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return NET_ERR_MALFORMED;
        }
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    if (value > UINT16_MAX) {
        return NET_ERR_MALFORMED;
    }
    *out = (uint16_t)value;
    return NET_OK;
}

enum net_err address_parse_ip(const char *text, struct net_address *out)
{
    struct net_address address = {.family = ADDRESS_V4};
    if (inet_pton(AF_INET, text, address.ip) == 1) {
        *out = address;
        return NET_OK;
    }
    address.family = ADDRESS_V6;
    if (inet_pton(AF_INET6, text, address.ip) == 1) {
        *out = address;
        return NET_OK;
    }
    return NET_ERR_MALFORMED;
}

/* Splits "host:port" or "[host]:port" in place. */
static char *split_port(char *text, bool *bracketed)
{
    *bracketed = text[0] == '[';
    char *colon = strrchr(text, ':');
    if (colon == NULL) {
        return NULL;
    }
    if (*bracketed) {
        if (colon == text || colon[-1] != ']') {
            return NULL;
        }
        colon[-1] = '\0';
    }
    *colon = '\0';
    return colon + 1;
}

enum net_err address_parse(const char *text, struct net_address *out)
{
    char copy[ADDRESS_TEXT_SIZE];
    struct net_address address;
    bool bracketed = false;
    if (strlen(text) >= sizeof copy) {
        return NET_ERR_MALFORMED;
    }
    text_copy(copy, sizeof copy, text);
    const char *port = split_port(copy, &bracketed);
    if (port == NULL || address_parse_ip(bracketed ? copy + 1 : copy, &address) != NET_OK ||
        bracketed != (address.family == ADDRESS_V6) || parse_port(port, &address.port) != NET_OK) {
        return NET_ERR_MALFORMED;
    }
    *out = address;
    return NET_OK;
}

void address_ip_text(const struct net_address *address, char out[ADDRESS_TEXT_SIZE])
{
    out[0] = '\0';
    if (address->family != ADDRESS_NONE) {
        (void)inet_ntop(address->family == ADDRESS_V4 ? AF_INET : AF_INET6, address->ip, out,
                        ADDRESS_TEXT_SIZE);
    }
}

void address_text(const struct net_address *address, char out[ADDRESS_TEXT_SIZE])
{
    char ip[ADDRESS_TEXT_SIZE];
    address_ip_text(address, ip);
    if (address->family == ADDRESS_NONE) {
        out[0] = '\0';
        return;
    }
    text_format(out, ADDRESS_TEXT_SIZE, address->family == ADDRESS_V6 ? "[%s]:%u" : "%s:%u", ip,
                (unsigned)address->port);
}

void address_mapped_encode(struct writer *out, const struct net_address *address)
{
    if (address->family == ADDRESS_V4) {
        writer_put(out, bytes_of(mapped_prefix, sizeof mapped_prefix));
        writer_put(out, bytes_of(address->ip, 4));
    } else if (address->family == ADDRESS_V6) {
        writer_put(out, bytes_of(address->ip, 16));
    } else {
        writer_zeros(out, 16);
    }
    writer_u16(out, address->port);
}

void address_mapped_decode(struct reader *in, struct net_address *out)
{
    uint8_t raw[16];
    *out = (struct net_address){.family = ADDRESS_V6};
    reader_copy(in, raw, sizeof raw);
    out->port = reader_u16(in);
    if (memcmp(raw, mapped_prefix, sizeof mapped_prefix) == 0) {
        out->family = ADDRESS_V4;
        memcpy(out->ip, raw + 12, 4);
    } else {
        memcpy(out->ip, raw, 16);
    }
}

static uint32_t v4_of(const struct net_address *address)
{
    const uint8_t *ip = address->ip;
    return (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 | (uint32_t)ip[2] << 8 | ip[3];
}

bool address_is_derp(const struct net_address *address, uint16_t *region)
{
    if (address->family != ADDRESS_V4 || v4_of(address) != ADDRESS_DERP_MAGIC_IP) {
        return false;
    }
    *region = address->port;
    return true;
}

bool address_is_loopback(const struct net_address *address)
{
    static const uint8_t one[16] = {[15] = 1};
    return address->family == ADDRESS_V4
               ? address->ip[0] == 127
               : address->family == ADDRESS_V6 && memcmp(address->ip, one, 16) == 0;
}

bool address_is_private(const struct net_address *address)
{
    if (address->family == ADDRESS_V4) {
        uint32_t ip = v4_of(address);
        return ip >> 24 == 10 || ip >> 20 == 0xac1 || ip >> 16 == 0xc0a8;
    }
    return address->family == ADDRESS_V6 && (address->ip[0] & 0xfe) == 0xfc;
}

bool address_is_link_local(const struct net_address *address)
{
    if (address->family == ADDRESS_V4) {
        return v4_of(address) >> 16 == 0xa9fe;
    }
    return address->family == ADDRESS_V6 && address->ip[0] == 0xfe &&
           (address->ip[1] & 0xc0) == 0x80;
}

bool address_is_multicast(const struct net_address *address)
{
    if (address->family == ADDRESS_V4) {
        return address->ip[0] >> 4 == 14;
    }
    return address->family == ADDRESS_V6 && address->ip[0] == 0xff;
}

bool address_is_unspecified(const struct net_address *address)
{
    static const uint8_t none[16];
    return memcmp(address->ip, none, ip_len(address)) == 0;
}

static void derive(const uint8_t prefix[6], const struct uuid *id, struct net_address *out)
{
    *out = (struct net_address){.family = ADDRESS_V6};
    memcpy(out->ip, id->b, 16);
    memcpy(out->ip, prefix, 6);
}

void tailnet_address_historic(const struct uuid *id, struct net_address *out)
{
    derive(historic_prefix, id, out);
}

void tailnet_address_coder(const struct uuid *id, struct net_address *out)
{
    derive(coder_prefix, id, out);
}

int64_t tailnet_node_id(const struct uuid *id)
{
    struct reader r = reader_of(bytes_of(id->b + 8, 8));
    uint64_t bits = reader_u64(&r);
    bool negative = bits >> 63 != 0;
    uint64_t size = negative ? ~bits + 1 : bits; /* two's complement */
    return size > INT64_MAX ? INT64_MIN : (int64_t)size;
}
