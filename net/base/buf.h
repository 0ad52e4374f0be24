/*
 * A growing byte queue that cannot be made without its limit: bytes go in at the back and out at
 * the front.
 */
#ifndef NET_BASE_BUF_H
#define NET_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"

struct buf {
    uint8_t *memory;
    size_t start; /* first byte not yet consumed */
    size_t end;
    size_t size;
    size_t limit; /* most bytes that it may hold unconsumed */
};

/* An empty queue that never holds more than `limit` bytes; no memory is taken until it is used. */
void buf_init(struct buf *buf, size_t limit);

/* Frees the memory after wiping it; the queue is empty and may be used again. */
void buf_clear(struct buf *buf);

static inline size_t buf_len(const struct buf *buf)
{
    return buf->end - buf->start;
}

/* How many more bytes the limit allows. */
static inline size_t buf_room(const struct buf *buf)
{
    return buf->limit - buf_len(buf);
}

/* A view of all that is queued; valid until the queue is next changed. */
struct bytes buf_view(const struct buf *buf);

/* NET_ERR_FULL: the limit would be passed; nothing was appended. */
NET_MUST_USE enum net_err buf_append(struct buf *buf, struct bytes in);

/* Room for `len` bytes at the back, to be filled by the caller and then confirmed by buf_commit.
 * NULL: the limit would be passed. */
uint8_t *buf_reserve(struct buf *buf, size_t len);

/* Adds `len` bytes that were written into the room of the last buf_reserve. */
void buf_commit(struct buf *buf, size_t len);

/* Drops `len` bytes from the front; at most all. */
void buf_consume(struct buf *buf, size_t len);

#endif
