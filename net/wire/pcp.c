#include "net/wire/pcp.h"

enum { REPLY = 0x80, PROTOCOL_UDP = 17, ALIGNMENT = 4, ADDRESS_LEN = 16 };

/* An address without its port; none of IPv4 if there is none. */
static void put_ip(struct writer *out, const struct net_address *address)
{
    uint8_t bytes[ADDRESS_LEN + 2];
    static const struct net_address none = {.family = ADDRESS_V4};
    struct writer w = writer_of(bytes, sizeof bytes);
    address_mapped_encode(&w, address->family == ADDRESS_NONE ? &none : address);
    writer_put(out, bytes_of(bytes, ADDRESS_LEN));
}

static void put_header(struct writer *out, enum pcp_opcode opcode, const struct net_address *own,
                       uint32_t lifetime_s)
{
    writer_u8(out, PCP_VERSION);
    writer_u8(out, (uint8_t)opcode);
    writer_u16(out, 0);
    writer_u32(out, lifetime_s);
    put_ip(out, own);
}

void pcp_announce_encode(struct writer *out, const struct net_address *own)
{
    put_header(out, PCP_ANNOUNCE, own, 0);
}

void pcp_map_encode(struct writer *out, const struct net_address *own, const struct pcp_map *map,
                    uint32_t lifetime_s)
{
    put_header(out, PCP_MAP, own, lifetime_s);
    writer_put(out, bytes_of(map->nonce.b, sizeof map->nonce.b));
    writer_u8(out, PROTOCOL_UDP);
    writer_zeros(out, 3);
    writer_u16(out, map->internal_port);
    writer_u16(out, map->external.family == ADDRESS_NONE ? 0 : map->external.port);
    put_ip(out, &map->external);
}

static enum net_err take_map(struct reader *r, struct pcp_map *out)
{
    uint8_t address[ADDRESS_LEN + 2];
    reader_copy(r, out->nonce.b, sizeof out->nonce.b);
    uint8_t protocol = reader_u8(r);
    (void)reader_take(r, 3);
    out->internal_port = reader_u16(r);
    /* The port comes before the address here; the codec of addresses wants it behind. */
    reader_copy(r, address + ADDRESS_LEN, 2);
    reader_copy(r, address, ADDRESS_LEN);
    if (r->failed) {
        return NET_ERR_MALFORMED;
    }
    if (protocol != PROTOCOL_UDP) {
        return NET_ERR_UNSUPPORTED;
    }
    struct reader mapped = reader_of(bytes_of(address, sizeof address));
    address_mapped_decode(&mapped, &out->external);
    return NET_OK;
}

enum net_err pcp_reply_decode(struct bytes packet, struct pcp_reply *out)
{
    struct pcp_reply reply = {0};
    struct reader r = reader_of(packet);
    uint8_t version = reader_u8(&r);
    uint8_t opcode = reader_u8(&r);
    (void)reader_u8(&r);
    reply.result = reader_u8(&r);
    reply.lifetime_s = reader_u32(&r);
    reply.epoch_s = reader_u32(&r);
    (void)reader_take(&r, 12);
    if (r.failed || packet.len > PCP_PACKET_MAX || packet.len % ALIGNMENT != 0 ||
        version != PCP_VERSION || (opcode & REPLY) == 0) {
        return NET_ERR_MALFORMED;
    }
    opcode &= (uint8_t)~REPLY;
    if (opcode != PCP_ANNOUNCE && opcode != PCP_MAP) {
        return NET_ERR_UNSUPPORTED;
    }
    reply.opcode = opcode == PCP_MAP ? PCP_MAP : PCP_ANNOUNCE;
    if (reply.opcode == PCP_MAP && reply.result == PCP_SUCCESS) {
        enum net_err err = take_map(&r, &reply.map);
        if (err != NET_OK) {
            return err;
        }
    }
    *out = reply;
    return NET_OK;
}
