#include "net/wire/stun.h"

#include <assert.h>
#include <string.h>

enum {
    BINDING_REQUEST = 0x0001,
    BINDING_SUCCESS = 0x0101,
    BINDING_ERROR = 0x0111,
    ATTRIBUTE_MAPPED_ADDRESS = 0x0001,
    ATTRIBUTE_XOR_MAPPED_ADDRESS = 0x0020,
    ATTRIBUTE_XOR_MAPPED_ADDRESS_ALT = 0x8020, /* sent by some servers before RFC 5389 */
    ATTRIBUTE_SOFTWARE = 0x8022,
    ATTRIBUTE_FINGERPRINT = 0x8028,
    ATTRIBUTE_HEADER_LEN = 4,
    FINGERPRINT_LEN = 4,
};

#define COOKIE          UINT32_C(0x2112a442)
#define FINGERPRINT_XOR UINT32_C(0x5354554e)

static const char software[] = "tailnode";

/* CRC-32 of IEEE 802.3, reflected; requests are 40 bytes, so a table would not pay. */
static uint32_t crc32(struct bytes in)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < in.len; i++) {
        crc ^= in.ptr[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (UINT32_C(0xedb88320) & (0 - (crc & 1)));
        }
    }
    return ~crc;
}

struct header {
    uint16_t type;
    struct stun_tx tx;
    struct bytes attributes;
};

static enum net_err header_decode(struct bytes packet, struct header *out)
{
    struct reader r = reader_of(packet);
    out->type = reader_u16(&r);
    uint16_t length = reader_u16(&r);
    uint32_t cookie = reader_u32(&r);
    reader_copy(&r, out->tx.b, STUN_TX_LEN);
    out->attributes = reader_take(&r, length); /* what follows is ignored */
    if (r.failed || cookie != COOKIE || (out->type & 0xc000) != 0) {
        return NET_ERR_MALFORMED;
    }
    return NET_OK;
}

struct attribute {
    uint16_t type;
    struct bytes value;
    size_t at; /* where it begins among the attributes */
};

/* NET_ERR_AGAIN: there are no more. NET_ERR_MALFORMED: cut. */
static enum net_err attribute_next(struct reader *in, struct bytes all, struct attribute *out)
{
    static const uint16_t padding = 3;
    if (reader_left(in) == 0) {
        return NET_ERR_AGAIN;
    }
    out->at = all.len - reader_left(in);
    out->type = reader_u16(in);
    uint16_t length = reader_u16(in);
    struct bytes padded = reader_take(in, (size_t)(length + padding) & ~(size_t)padding);
    if (in->failed) {
        return NET_ERR_MALFORMED;
    }
    out->value = bytes_of(padded.ptr, length);
    return NET_OK;
}

bool stun_looks_like(struct bytes packet)
{
    struct reader r = reader_of(packet);
    uint16_t type = reader_u16(&r);
    (void)reader_u16(&r);
    uint32_t cookie = reader_u32(&r);
    return packet.len >= STUN_HEADER_LEN && cookie == COOKIE &&
           (type == BINDING_REQUEST || type == BINDING_SUCCESS || type == BINDING_ERROR);
}

static void header_encode(struct writer *out, uint16_t type, uint16_t length,
                          const struct stun_tx *tx)
{
    writer_u16(out, type);
    writer_u16(out, length);
    writer_u32(out, COOKIE);
    writer_put(out, bytes_of(tx->b, STUN_TX_LEN));
}

void stun_request_encode(struct writer *out, const struct stun_tx *tx)
{
    uint8_t memory[STUN_REQUEST_LEN];
    struct writer w = writer_of(memory, sizeof memory);
    header_encode(&w, BINDING_REQUEST, STUN_REQUEST_LEN - STUN_HEADER_LEN, tx);
    writer_u16(&w, ATTRIBUTE_SOFTWARE);
    writer_u16(&w, sizeof software - 1);
    writer_put(&w, bytes_text(software));
    uint32_t crc = crc32(writer_done(&w));
    writer_u16(&w, ATTRIBUTE_FINGERPRINT);
    writer_u16(&w, FINGERPRINT_LEN);
    writer_u32(&w, crc ^ FINGERPRINT_XOR);
    writer_put(out, writer_done(&w));
}

static bool fingerprint_is_good(struct bytes packet, const struct attribute *attribute)
{
    struct reader r = reader_of(attribute->value);
    uint32_t given = reader_u32(&r);
    uint32_t crc = crc32(bytes_of(packet.ptr, STUN_HEADER_LEN + attribute->at));
    return attribute->type == ATTRIBUTE_FINGERPRINT && attribute->value.len == FINGERPRINT_LEN &&
           given == (crc ^ FINGERPRINT_XOR);
}

enum net_err stun_request_decode(struct bytes packet, struct stun_tx *tx)
{
    struct header header;
    struct attribute attribute = {0};
    bool ours = false;
    enum net_err err = header_decode(packet, &header);
    if (err != NET_OK || header.type != BINDING_REQUEST) {
        return NET_ERR_MALFORMED;
    }
    struct reader r = reader_of(header.attributes);
    for (;;) {
        err = attribute_next(&r, header.attributes, &attribute);
        if (err != NET_OK) {
            break;
        }
        ours = ours || (attribute.type == ATTRIBUTE_SOFTWARE &&
                        bytes_equal(attribute.value, bytes_text(software)));
    }
    if (err == NET_ERR_MALFORMED) {
        return err;
    }
    if (!ours || !fingerprint_is_good(packet, &attribute)) { /* of the last one */
        return NET_ERR_UNSUPPORTED;
    }
    *tx = header.tx;
    return NET_OK;
}

/* Covers an address of either family: cookie, then transaction id. */
static void mask_of(const struct stun_tx *tx, uint8_t mask[16])
{
    struct writer w = writer_of(mask, 16);
    writer_u32(&w, COOKIE);
    writer_put(&w, bytes_of(tx->b, STUN_TX_LEN));
}

void stun_response_encode(struct writer *out, const struct stun_tx *tx,
                          const struct net_address *address)
{
    assert(address->family != ADDRESS_NONE);
    uint8_t mask[16];
    uint8_t covered[16];
    bool v4 = address->family == ADDRESS_V4;
    uint16_t ip_len = v4 ? 4 : 16;
    mask_of(tx, mask);
    for (size_t i = 0; i < ip_len; i++) {
        covered[i] = address->ip[i] ^ mask[i];
    }
    header_encode(out, BINDING_SUCCESS, (uint16_t)(ATTRIBUTE_HEADER_LEN + 4 + ip_len), tx);
    writer_u16(out, ATTRIBUTE_XOR_MAPPED_ADDRESS);
    writer_u16(out, (uint16_t)(4 + ip_len));
    writer_u8(out, 0);
    writer_u8(out, v4 ? 1 : 2);
    writer_u16(out, (uint16_t)(address->port ^ (COOKIE >> 16)));
    writer_put(out, bytes_of(covered, ip_len));
}

/* An address attribute; `mask` covers it (zeroes for the plain form). */
static enum net_err address_decode(struct bytes value, const uint8_t mask[16],
                                   struct net_address *out)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    struct reader r = reader_of(value);
    *out = (struct net_address){.family = ADDRESS_NONE};
    (void)reader_u8(&r);
    uint8_t family = reader_u8(&r);
    uint16_t port_mask = (uint16_t)((unsigned)mask[0] << 8 | mask[1]);
    uint16_t port = reader_u16(&r);
    size_t ip_len = family == 1 ? 4 : 16;
    reader_copy(&r, out->ip, ip_len);
    if (r.failed || family < 1 || family > 2) {
        return NET_ERR_MALFORMED;
    }
    for (size_t i = 0; i < ip_len; i++) {
        out->ip[i] ^= mask[i];
    }
    out->port = port ^ port_mask;
    out->family = family == 1 ? ADDRESS_V4 : ADDRESS_V6;
    if (family == 2 && memcmp(out->ip, mapped, sizeof mapped) == 0) {
        out->family = ADDRESS_V4;
        memmove(out->ip, out->ip + sizeof mapped, 4);
        memset(out->ip + 4, 0, 12);
    }
    return NET_OK;
}

enum net_err stun_response_decode(struct bytes packet, struct stun_tx *tx,
                                  struct net_address *address)
{
    static const uint8_t no_mask[16] = {0};
    struct header header;
    struct attribute attribute;
    struct net_address covered = {.family = ADDRESS_NONE};
    struct net_address plain = {.family = ADDRESS_NONE};
    uint8_t mask[16];
    enum net_err err = header_decode(packet, &header);
    if (err != NET_OK || header.type != BINDING_SUCCESS) {
        return NET_ERR_MALFORMED;
    }
    mask_of(&header.tx, mask);
    struct reader r = reader_of(header.attributes);
    while ((err = attribute_next(&r, header.attributes, &attribute)) == NET_OK) {
        if (attribute.type == ATTRIBUTE_XOR_MAPPED_ADDRESS ||
            attribute.type == ATTRIBUTE_XOR_MAPPED_ADDRESS_ALT) {
            err = address_decode(attribute.value, mask, &covered);
        } else if (attribute.type == ATTRIBUTE_MAPPED_ADDRESS) {
            err = address_decode(attribute.value, no_mask, &plain);
        }
        if (err != NET_OK) {
            return err;
        }
    }
    if (err != NET_ERR_AGAIN || (covered.family == ADDRESS_NONE && plain.family == ADDRESS_NONE)) {
        return NET_ERR_MALFORMED;
    }
    *tx = header.tx;
    *address = covered.family != ADDRESS_NONE ? covered : plain;
    return NET_OK;
}
