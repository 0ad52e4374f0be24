/*
 * Heads of HTTP/1.1 messages (RFC 9112): bytes to struct, as views into the bytes. Used for
 * requests by the lab's server and for answers to an upgrade. No I/O, no heap.
 *
 * Strict where laxness has been an attack (spaces before a colon, folded lines, control characters,
 * a bare carriage return); lenient in one thing that RFC 9112 2.2 allows: a line may end in LF.
 */
#ifndef NET_TRANSPORT_HTTP_HEAD_H
#define NET_TRANSPORT_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "net/base/bytes.h"
#include "net/base/err.h"

enum { HTTP_FIELDS_MAX = 128 }; /* ours; browsers and proxies stay below 60 */

struct http_field {
    struct bytes name;
    struct bytes value; /* without the spaces around it */
};

struct http_head {
    struct bytes method; /* of a request, else empty */
    struct bytes target; /* of a request, as sent: path and query */
    int status;          /* of an answer: 100 to 599; 0 in a request */
    int minor;           /* HTTP/1.minor */
    size_t field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

/* Finds the empty line that ends a head. *len is the length of the head with that line.
 * NET_ERR_AGAIN: not there yet. NET_ERR_TOO_BIG: not within `max` bytes. */
NET_MUST_USE enum net_err http_head_find_end(struct bytes in, size_t max, size_t *len);

/* Read a whole head, as measured by http_head_find_end. Views point into `in`.
 * NET_ERR_MALFORMED, NET_ERR_TOO_BIG (too many fields): *out is undefined. */
NET_MUST_USE enum net_err http_head_parse_request(struct bytes in, struct http_head *out);
NET_MUST_USE enum net_err http_head_parse_response(struct bytes in, struct http_head *out);

/* The first field of that name (letters compared without case). NULL: absent. */
const struct bytes *http_head_field(const struct http_head *head, const char *name);

/* True if a comma-separated list of that name, over all its fields, holds the token. */
bool http_head_has_token(const struct http_head *head, const char *name, const char *token);

/* Letters of ASCII compared without case. */
bool http_equal_nocase(struct bytes a, const char *b);

#endif
