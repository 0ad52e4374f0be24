/*
 * Bodies of HTTP/1.1 answers (RFC 9112 6 and 7): where they end, and chunks taken apart. For the
 * short bodies of refused upgrades; libcurl does this for everything else. No I/O, no heap of its
 * own.
 */
#ifndef NET_TRANSPORT_HTTP_BODY_H
#define NET_TRANSPORT_HTTP_BODY_H

#include "net/base/buf.h"
#include "net/transport/http_head.h"

enum http_body_state {
    HTTP_BODY_UNTIL_END, /* ends with the connection */
    HTTP_BODY_LENGTH,    /* `left` bytes more */
    HTTP_BODY_CHUNK_SIZE,
    HTTP_BODY_CHUNK_EXTENSION, /* the rest of the line after the size */
    HTTP_BODY_CHUNK_DATA,      /* `left` bytes more */
    HTTP_BODY_CHUNK_END,       /* the line end after the data */
    HTTP_BODY_DONE,
};

struct http_body {
    enum http_body_state state;
    uint64_t left;
    unsigned digits; /* of the chunk size read so far */
};

/* What follows this head of an answer to a GET. Without a usable length it lasts until the end. */
void http_body_init(struct http_body *body, const struct http_head *head);

/* Adds the content found in `in` to `out`. NET_OK: the body is complete. NET_ERR_AGAIN: more is to
 * come. NET_ERR_FULL: `out` is full, with all that fits. NET_ERR_MALFORMED: bad chunk. */
NET_MUST_USE enum net_err http_body_input(struct http_body *body, struct bytes in, struct buf *out);

#endif
