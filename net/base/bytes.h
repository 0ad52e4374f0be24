/*
 * Borrowed spans and cursors over them: how every codec reads and writes.
 *
 * A cursor carries its end and a sticky `failed`: a read past the end gives zero and a write past
 * the end does nothing, so a codec does its steps in order and checks once. Integers on the wire
 * are big endian unless a name says otherwise.
 */
#ifndef NET_BASE_BYTES_H
#define NET_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view of somebody else's memory; never kept beyond the call that it was passed to. */
struct bytes {
    const uint8_t *ptr;
    size_t len;
};

static inline struct bytes bytes_of(const void *ptr, size_t len)
{
    return (struct bytes){.ptr = ptr, .len = len};
}

/* The characters of a C string, without the final zero. */
static inline struct bytes bytes_text(const char *text)
{
    return (struct bytes){.ptr = (const uint8_t *)text, .len = strlen(text)};
}

/* The same for memory that may be written to. */
struct span {
    uint8_t *ptr;
    size_t len;
};

static inline struct bytes span_bytes(struct span span)
{
    return (struct bytes){.ptr = span.ptr, .len = span.len};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool bytes_start_with(struct bytes all, struct bytes head)
{
    return all.len >= head.len && (head.len == 0 || memcmp(all.ptr, head.ptr, head.len) == 0);
}

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static inline struct reader reader_of(struct bytes in)
{
    return (struct reader){.at = in.ptr, .end = in.ptr == NULL ? NULL : in.ptr + in.len};
}

static inline size_t reader_left(const struct reader *r)
{
    return r->at == r->end ? 0 : (size_t)(r->end - r->at);
}

/* Takes `len` bytes as a view; an empty view and `failed` if fewer are left. */
static inline struct bytes reader_take(struct reader *r, size_t len)
{
    if (r->failed || reader_left(r) < len) {
        r->failed = true;
        return (struct bytes){0};
    }
    struct bytes out = {.ptr = r->at, .len = len};
    if (len > 0) {
        r->at += len;
    }
    return out;
}

/* Copies `len` bytes; fills with zeros and sets `failed` if fewer are left. */
static inline void reader_copy(struct reader *r, void *out, size_t len)
{
    struct bytes in = reader_take(r, len);
    if (in.len != len) {
        memset(out, 0, len);
    } else if (len > 0) {
        memcpy(out, in.ptr, len);
    }
}

static inline uint64_t reader_uint(struct reader *r, size_t width)
{
    struct bytes in = reader_take(r, width);
    uint64_t value = 0;
    for (size_t i = 0; i < in.len; i++) {
        value = value << 8 | in.ptr[i];
    }
    return value;
}

static inline uint8_t reader_u8(struct reader *r)
{
    return (uint8_t)reader_uint(r, 1);
}

static inline uint16_t reader_u16(struct reader *r)
{
    return (uint16_t)reader_uint(r, 2);
}

static inline uint32_t reader_u32(struct reader *r)
{
    return (uint32_t)reader_uint(r, 4);
}

static inline uint64_t reader_u64(struct reader *r)
{
    return reader_uint(r, 8);
}

struct writer {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool failed;
};

static inline struct writer writer_of(void *memory, size_t size)
{
    uint8_t *start = memory;
    return (struct writer){.start = start, .at = start, .end = start + size};
}

static inline size_t writer_len(const struct writer *w)
{
    return (size_t)(w->at - w->start);
}

static inline size_t writer_room(const struct writer *w)
{
    return w->failed ? 0 : (size_t)(w->end - w->at);
}

/* What has been written so far. */
static inline struct bytes writer_done(const struct writer *w)
{
    return (struct bytes){.ptr = w->start, .len = writer_len(w)};
}

/* Reserves `len` bytes for the caller to fill; NULL and `failed` if there is no room. */
static inline uint8_t *writer_reserve(struct writer *w, size_t len)
{
    if (w->failed || (size_t)(w->end - w->at) < len) {
        w->failed = true;
        return NULL;
    }
    uint8_t *out = w->at;
    w->at += len;
    return out;
}

static inline void writer_put(struct writer *w, struct bytes in)
{
    uint8_t *out = writer_reserve(w, in.len);
    if (out != NULL && in.len > 0) {
        memcpy(out, in.ptr, in.len);
    }
}

static inline void writer_zeros(struct writer *w, size_t len)
{
    uint8_t *out = writer_reserve(w, len);
    if (out != NULL && len > 0) {
        memset(out, 0, len);
    }
}

static inline void writer_uint(struct writer *w, uint64_t value, size_t width)
{
    uint8_t *out = writer_reserve(w, width);
    for (size_t i = 0; out != NULL && i < width; i++) {
        out[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    }
}

static inline void writer_u8(struct writer *w, uint8_t value)
{
    writer_uint(w, value, 1);
}

static inline void writer_u16(struct writer *w, uint16_t value)
{
    writer_uint(w, value, 2);
}

static inline void writer_u32(struct writer *w, uint32_t value)
{
    writer_uint(w, value, 4);
}

static inline void writer_u64(struct writer *w, uint64_t value)
{
    writer_uint(w, value, 8);
}

#endif
