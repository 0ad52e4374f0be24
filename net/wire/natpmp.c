#include "net/wire/natpmp.h"

enum { REPLY = 0x80 };

void natpmp_external_encode(struct writer *out)
{
    writer_u8(out, NATPMP_VERSION);
    writer_u8(out, NATPMP_EXTERNAL_ADDRESS);
}

void natpmp_map_encode(struct writer *out, uint16_t internal_port, uint16_t external_port,
                       uint32_t lifetime_s)
{
    writer_u8(out, NATPMP_VERSION);
    writer_u8(out, NATPMP_MAP_UDP);
    writer_u16(out, 0);
    writer_u16(out, internal_port);
    writer_u16(out, external_port);
    writer_u32(out, lifetime_s);
}

enum net_err natpmp_reply_decode(struct bytes packet, struct natpmp_reply *out)
{
    struct natpmp_reply reply = {0};
    struct reader r = reader_of(packet);
    uint8_t version = reader_u8(&r);
    uint8_t opcode = reader_u8(&r);
    reply.result = reader_u16(&r);
    reply.epoch_s = reader_u32(&r);
    if (r.failed || version != NATPMP_VERSION || (opcode & REPLY) == 0) {
        return NET_ERR_MALFORMED;
    }
    opcode &= (uint8_t)~REPLY;
    if (opcode != NATPMP_EXTERNAL_ADDRESS && opcode != NATPMP_MAP_UDP) {
        return NET_ERR_UNSUPPORTED;
    }
    reply.opcode = opcode == NATPMP_MAP_UDP ? NATPMP_MAP_UDP : NATPMP_EXTERNAL_ADDRESS;
    if (reply.result == NATPMP_OK && reply.opcode == NATPMP_EXTERNAL_ADDRESS) {
        reply.external.family = ADDRESS_V4;
        reader_copy(&r, reply.external.ip, 4);
    } else if (reply.result == NATPMP_OK) {
        reply.internal_port = reader_u16(&r);
        reply.external_port = reader_u16(&r);
        reply.lifetime_s = reader_u32(&r);
    }
    if (r.failed) {
        return NET_ERR_MALFORMED;
    }
    *out = reply;
    return NET_OK;
}
