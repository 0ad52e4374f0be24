#include "net/base/buf.h"

#include <assert.h>
#include <string.h>

#include "net/base/mem.h"

enum { FIRST_SIZE = 512 };

void buf_init(struct buf *buf, size_t limit)
{
    *buf = (struct buf){.limit = limit};
}

void buf_clear(struct buf *buf)
{
    mem_free_wiped(buf->memory, buf->size);
    buf_init(buf, buf->limit);
}

struct bytes buf_view(const struct buf *buf)
{
    if (buf->memory == NULL) {
        return (struct bytes){0};
    }
    return bytes_of(buf->memory + buf->start, buf_len(buf));
}

/* Moves what is queued to a block that has room for `len` more; the old block is wiped, for it may
 * have held a token. */
static void make_room(struct buf *buf, size_t len)
{
    size_t used = buf_len(buf);
    size_t need = used + len;
    if (buf->memory != NULL && need <= buf->size) {
        memmove(buf->memory, buf->memory + buf->start, used);
    } else {
        size_t size = buf->size == 0 ? FIRST_SIZE : buf->size;
        while (size < need) {
            size *= 2;
        }
        uint8_t *memory = mem_new(size);
        if (buf->memory != NULL) {
            memcpy(memory, buf->memory + buf->start, used);
        }
        mem_free_wiped(buf->memory, buf->size);
        buf->memory = memory;
        buf->size = size;
    }
    buf->start = 0;
    buf->end = used;
}

uint8_t *buf_reserve(struct buf *buf, size_t len)
{
    if (len > buf_room(buf)) {
        return NULL;
    }
    if (buf->size - buf->end < len || buf->memory == NULL) {
        make_room(buf, len);
    }
    return buf->memory + buf->end;
}

void buf_commit(struct buf *buf, size_t len)
{
    assert(len <= buf->size - buf->end);
    buf->end += len;
}

enum net_err buf_append(struct buf *buf, struct bytes in)
{
    if (in.len == 0) {
        return NET_OK;
    }
    uint8_t *room = buf_reserve(buf, in.len);
    if (room == NULL) {
        return NET_ERR_FULL;
    }
    memcpy(room, in.ptr, in.len);
    buf_commit(buf, in.len);
    return NET_OK;
}

void buf_consume(struct buf *buf, size_t len)
{
    assert(len <= buf_len(buf));
    buf->start += len;
    if (buf->start == buf->end) {
        buf->start = 0;
        buf->end = 0;
    }
}
