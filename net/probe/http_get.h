/*
 * One GET over a connection of the owner's, HTTP/1.1 with "Connection: close": for the agent's API,
 * which is reached through the tunnel where libcurl cannot go. A machine; no I/O, no clock.
 */
#ifndef NET_PROBE_HTTP_GET_H
#define NET_PROBE_HTTP_GET_H

#include "net/base/buf.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/transport/http_body.h"

enum {
    HTTP_GET_HEAD_MAX = 16 << 10,
    HTTP_GET_BODY_MAX = 256 << 10, /* a report of 64 interfaces has 20 KiB */
    HTTP_GET_REQUEST_MAX = 512,
};

enum http_get_state { HTTP_GET_HEAD, HTTP_GET_BODY, HTTP_GET_DONE, HTTP_GET_FAILED };

struct http_get {
    enum http_get_state state;
    char request[HTTP_GET_REQUEST_MAX];
    size_t request_len, sent;
    struct buf in; /* the head, as far as it came */
    int status;    /* of the answer; 0: no head yet */
    struct http_body reader;
    struct buf body;
    mono_ns deadline; /* for all of it */
    struct failure failure;
};

/* `host` as the Host header wants it. */
void http_get_init(struct http_get *get, const char *host, const char *target, mono_ns deadline);
void http_get_clear(struct http_get *get);

/* What is to be written next, and how much of it was. The memory lasts as long as the machine. */
struct bytes http_get_output(const struct http_get *get);
void http_get_sent(struct http_get *get, size_t count);

/* What the connection brings. After DONE or FAILED nothing counts any more. */
void http_get_input(struct http_get *get, struct bytes in);
void http_get_ended(struct http_get *get);
void http_get_failed(struct http_get *get, enum net_err why);

/* Fails if its time is up. */
void http_get_tick(struct http_get *get, mono_ns now);

bool http_get_is_over(const struct http_get *get);

/* The body, once it is DONE; any status. */
struct bytes http_get_body(const struct http_get *get);

#endif
