#include "net/path/derp_io.h"

void derp_intake_init(struct derp_intake *intake, uint32_t limit)
{
    *intake = (struct derp_intake){.limit = limit};
    buf_init(&intake->partial, (size_t)limit + DERP_HEADER_LEN);
}

void derp_intake_clear(struct derp_intake *intake)
{
    buf_clear(&intake->partial);
}

static void take(struct bytes *in, size_t len)
{
    if (len > 0) {
        in->ptr += len;
        in->len -= len;
    }
}

/* How many bytes are wanted to complete the header, or then the frame. */
static size_t wanted(const struct derp_intake *intake)
{
    struct bytes have = buf_view(&intake->partial);
    if (have.ptr == NULL || have.len < DERP_HEADER_LEN) {
        return DERP_HEADER_LEN - have.len;
    }
    struct reader head = reader_of(have);
    (void)reader_u8(&head);
    return DERP_HEADER_LEN + (size_t)reader_u32(&head) - have.len;
}

static enum net_err from_partial(struct derp_intake *intake, struct bytes *in,
                                 struct derp_frame *out)
{
    for (;;) {
        struct reader at = reader_of(buf_view(&intake->partial));
        enum net_err err = derp_frame_decode(&at, intake->limit, out);
        if (err != NET_ERR_AGAIN) {
            intake->deliver = err == NET_OK;
            return err;
        }
        size_t want = wanted(intake);
        size_t len = in->len < want ? in->len : want;
        if (len == 0) {
            return NET_ERR_AGAIN;
        }
        err = buf_append(&intake->partial, bytes_of(in->ptr, len));
        if (err != NET_OK) {
            return NET_ERR_TOO_BIG;
        }
        take(in, len);
    }
}

enum net_err derp_intake_next(struct derp_intake *intake, struct bytes *in, struct derp_frame *out)
{
    if (intake->deliver) {
        intake->deliver = false;
        buf_consume(&intake->partial, buf_len(&intake->partial));
    }
    if (buf_len(&intake->partial) > 0) {
        return from_partial(intake, in, out);
    }
    struct reader at = reader_of(*in);
    enum net_err err = derp_frame_decode(&at, intake->limit, out);
    if (err == NET_ERR_AGAIN) {
        return from_partial(intake, in, out);
    }
    if (err == NET_OK) {
        take(in, in->len - reader_left(&at));
    }
    return err;
}

enum net_err derp_queue(struct buf *out, enum derp_type type, struct bytes head, struct bytes tail)
{
    size_t size = DERP_HEADER_LEN + head.len + tail.len;
    uint8_t *room = buf_reserve(out, size);
    if (room == NULL) {
        return NET_ERR_FULL;
    }
    struct writer w = writer_of(room, size);
    writer_u8(&w, (uint8_t)type);
    writer_u32(&w, (uint32_t)(head.len + tail.len));
    writer_put(&w, head);
    writer_put(&w, tail);
    buf_commit(out, size);
    return NET_OK;
}
