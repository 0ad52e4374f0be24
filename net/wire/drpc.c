#include "net/wire/drpc.h"

#include <string.h>

#include "net/base/text.h"

enum {
    VARINT_MAX = 10,
    BIT_DONE = 0x01,
    BIT_CONTROL = 0x80,
    KIND_MASK = 0x3f,
    ERROR_CODE_LEN = 8,
    FEED_MAX = DRPC_PACKET_MAX + DRPC_FRAME_HEAD_MAX,
    STREAM_ID = 1, /* each RPC has a yamux stream, and so a dRPC transport, of its own */
};

/* NET_ERR_AGAIN: the varint goes on beyond what is there. */
static enum net_err varint_decode(struct reader *in, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_MAX; i++) {
        uint8_t byte = reader_u8(in);
        if (in->failed) {
            return NET_ERR_AGAIN;
        }
        value |=
            i < VARINT_MAX - 1 ? (uint64_t)(byte & 0x7f) << (7 * i) : (uint64_t)(byte & 1) << 63;
        if ((byte & 0x80) == 0) {
            *out = value;
            return NET_OK;
        }
    }
    return NET_ERR_MALFORMED;
}

static void varint_encode(struct writer *out, uint64_t value)
{
    while (value >= 0x80) {
        writer_u8(out, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    writer_u8(out, (uint8_t)value);
}

enum net_err drpc_frame_decode(struct reader *in, struct drpc_frame *out)
{
    struct reader at = *in;
    struct drpc_frame frame = {0};
    uint64_t fields[3];
    uint8_t control = reader_u8(&at);
    if (at.failed) {
        return NET_ERR_AGAIN;
    }
    for (int i = 0; i < 3; i++) {
        enum net_err err = varint_decode(&at, &fields[i]);
        if (err != NET_OK) {
            return err;
        }
    }
    if (fields[2] > DRPC_PACKET_MAX) {
        return NET_ERR_TOO_BIG;
    }
    frame.data = reader_take(&at, (size_t)fields[2]);
    if (at.failed) {
        return NET_ERR_AGAIN;
    }
    frame.kind = control >> 1 & KIND_MASK;
    frame.done = (control & BIT_DONE) != 0;
    frame.control = (control & BIT_CONTROL) != 0;
    frame.stream_id = fields[0];
    frame.message_id = fields[1];
    *out = frame;
    *in = at;
    return NET_OK;
}

enum net_err drpc_frame_encode(struct buf *out, const struct drpc_frame *frame)
{
    uint8_t head[DRPC_FRAME_HEAD_MAX];
    struct writer w = writer_of(head, sizeof head);
    unsigned control = (unsigned)frame->kind << 1 | (frame->done ? BIT_DONE : 0) |
                       (frame->control ? BIT_CONTROL : 0);
    writer_u8(&w, (uint8_t)control);
    varint_encode(&w, frame->stream_id);
    varint_encode(&w, frame->message_id);
    varint_encode(&w, frame->data.len);
    if (buf_room(out) < writer_len(&w) + frame->data.len) {
        return NET_ERR_FULL;
    }
    enum net_err err = buf_append(out, writer_done(&w));
    return err != NET_OK ? err : buf_append(out, frame->data);
}

void drpc_reader_init(struct drpc_reader *reader)
{
    *reader = (struct drpc_reader){0};
    buf_init(&reader->in, FEED_MAX);
    buf_init(&reader->packet, DRPC_PACKET_MAX);
}

void drpc_reader_clear(struct drpc_reader *reader)
{
    buf_clear(&reader->in);
    buf_clear(&reader->packet);
}

enum net_err drpc_reader_feed(struct drpc_reader *reader, struct bytes in)
{
    return buf_append(&reader->in, in);
}

static bool id_less(uint64_t stream_a, uint64_t message_a, uint64_t stream_b, uint64_t message_b)
{
    return stream_a < stream_b || (stream_a == stream_b && message_a < message_b);
}

/* Takes a frame into the packet of its id. A lower id is a violation; a higher one abandons a
 * partial packet; the same id must be of the same kind and not be finished. */
static enum net_err accept_frame(struct drpc_reader *reader, const struct drpc_frame *frame)
{
    bool same = reader->have && frame->stream_id == reader->stream_id &&
                frame->message_id == reader->message_id;
    if (frame->stream_id == 0 || frame->message_id == 0) {
        return NET_ERR_MALFORMED;
    }
    if (reader->have &&
        id_less(frame->stream_id, frame->message_id, reader->stream_id, reader->message_id)) {
        return NET_ERR_MALFORMED;
    }
    if (same && (reader->done || frame->kind != reader->kind)) {
        return NET_ERR_MALFORMED;
    }
    if (!same) {
        buf_consume(&reader->packet, buf_len(&reader->packet));
        reader->have = true;
        reader->done = false;
        reader->kind = frame->kind;
        reader->stream_id = frame->stream_id;
        reader->message_id = frame->message_id;
    }
    if (buf_append(&reader->packet, frame->data) != NET_OK) {
        return NET_ERR_TOO_BIG;
    }
    reader->done = frame->done;
    return NET_OK;
}

static bool known_kind(uint8_t kind)
{
    return kind >= DRPC_INVOKE && kind <= DRPC_INVOKE_METADATA;
}

enum net_err drpc_reader_next(struct drpc_reader *reader, struct drpc_packet *out)
{
    if (reader->deliver) {
        reader->deliver = false;
        buf_consume(&reader->packet, buf_len(&reader->packet));
    }
    for (;;) {
        struct drpc_frame frame;
        struct reader at = reader_of(buf_view(&reader->in));
        size_t before = reader_left(&at);
        enum net_err err = drpc_frame_decode(&at, &frame);
        if (err != NET_OK) {
            return err;
        }
        bool ignorable = frame.control && !known_kind(frame.kind);
        err = ignorable ? NET_OK : accept_frame(reader, &frame);
        buf_consume(&reader->in, before - reader_left(&at));
        if (err != NET_OK) {
            return err;
        }
        if (!ignorable && !known_kind(frame.kind)) {
            return NET_ERR_MALFORMED;
        }
        if (!ignorable && frame.done) {
            reader->deliver = true;
            *out = (struct drpc_packet){.kind = reader->kind,
                                        .stream_id = reader->stream_id,
                                        .message_id = reader->message_id,
                                        .data = buf_view(&reader->packet)};
            return NET_OK;
        }
    }
}

enum net_err drpc_write(struct drpc_writer *writer, struct buf *out, enum drpc_kind kind,
                        struct bytes data)
{
    struct drpc_frame frame = {
        .kind = (uint8_t)kind, .stream_id = STREAM_ID, .message_id = ++writer->message_id};
    do {
        size_t len = data.len < DRPC_SPLIT ? data.len : DRPC_SPLIT;
        frame.data = bytes_of(data.ptr, len);
        frame.done = len == data.len;
        enum net_err err = drpc_frame_encode(out, &frame);
        if (err != NET_OK) {
            return err;
        }
        if (len > 0) {
            data.ptr += len;
        }
        data.len -= len;
    } while (!frame.done);
    return NET_OK;
}

enum net_err drpc_write_error(struct drpc_writer *writer, struct buf *out, uint64_t code,
                              const char *text)
{
    uint8_t data[ERROR_CODE_LEN + 512];
    struct writer w = writer_of(data, sizeof data);
    size_t len = strlen(text);
    writer_u64(&w, code);
    writer_put(&w, bytes_of(text, len < writer_room(&w) ? len : writer_room(&w)));
    return drpc_write(writer, out, DRPC_ERROR, writer_done(&w));
}

void drpc_error_decode(struct bytes data, uint64_t *code, char *text, size_t size)
{
    struct reader in = reader_of(data);
    *code = data.len >= ERROR_CODE_LEN ? reader_u64(&in) : 0;
    (void)text_clean(text, size, reader_take(&in, reader_left(&in)));
}

bool drpc_error_is_unknown_rpc(uint64_t code, const char *text)
{
    return code == DRPC_UNIMPLEMENTED || strstr(text, "unknown rpc: ") != NULL;
}
