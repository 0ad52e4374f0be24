/*
 * What both halves of a DERP connection share: frames out of arbitrary pieces of a byte stream, and
 * frames into a bounded queue.
 */
#ifndef NET_PATH_DERP_IO_H
#define NET_PATH_DERP_IO_H

#include "net/base/buf.h"
#include "net/wire/derp.h"

/* Collects a frame that arrives in pieces; a frame that is whole in the input is not copied. */
struct derp_intake {
    struct buf partial;
    bool deliver; /* `partial` holds the frame handed out last */
    uint32_t limit;
};

void derp_intake_init(struct derp_intake *intake, uint32_t limit);
void derp_intake_clear(struct derp_intake *intake);

/* Takes bytes from *in. NET_OK: a frame, valid until the next call. NET_ERR_AGAIN: all was taken
 * and no frame is whole. NET_ERR_TOO_BIG: longer than the limit. */
NET_MUST_USE enum net_err derp_intake_next(struct derp_intake *intake, struct bytes *in,
                                           struct derp_frame *out);

/* Appends a frame whose payload is `head` and then `tail`. NET_ERR_FULL: no room; nothing was
 * queued. */
NET_MUST_USE enum net_err derp_queue(struct buf *out, enum derp_type type, struct bytes head,
                                     struct bytes tail);

#endif
