#include "net/wire/yamux.h"

enum net_err yamux_header_decode(struct reader *in, struct yamux_header *out)
{
    struct reader at = *in;
    uint8_t version = reader_u8(&at);
    uint8_t type = reader_u8(&at);
    uint16_t flags = reader_u16(&at);
    uint32_t stream_id = reader_u32(&at);
    uint32_t length = reader_u32(&at);
    if (at.failed) {
        return NET_ERR_AGAIN;
    }
    if (version != 0 || type > YAMUX_GO_AWAY) {
        return NET_ERR_MALFORMED;
    }
    *out = (struct yamux_header){
        .type = (enum yamux_type)type, .flags = flags, .stream_id = stream_id, .length = length};
    *in = at;
    return NET_OK;
}

void yamux_header_encode(struct writer *out, const struct yamux_header *header)
{
    writer_u8(out, 0);
    writer_u8(out, (uint8_t)header->type);
    writer_u16(out, header->flags);
    writer_u32(out, header->stream_id);
    writer_u32(out, header->length);
}
