/*
 * Dials a stream: TCP (happy eyeballs), proxy and TLS by libcurl (CONNECT_ONLY), then an HTTP
 * upgrade: to a websocket (RFC 6455, binary messages as one byte stream, no compression, no Origin
 * header) or to raw DERP ("Upgrade: DERP").
 *
 * ALPN offers http/1.1 only. Bytes that arrive in one read with the 101 belong to the stream.
 */
#ifndef NET_TRANSPORT_DIAL_UV_H
#define NET_TRANSPORT_DIAL_UV_H

#include "net/transport/http_uv.h"
#include "net/transport/stream.h"

enum dial_mode { DIAL_WEBSOCKET, DIAL_DERP };

enum { DIAL_HEAD_MAX = 64 << 10, DIAL_BODY_MAX = 16 << 10 };

struct dial_request {
    const char *url; /* http:// or https:// */
    enum dial_mode mode;
    const char *subprotocol; /* DIAL_WEBSOCKET: asked for and then required; NULL = none */
    const struct http_header *headers; /* besides the client's own */
    size_t header_count;
    uint64_t timeout_ns; /* DNS to the end of the upgrade */
    bool allow_insecure;
    struct http_target target;
};

struct dial_outcome {
    struct failure failure; /* NET_OK: `stream` is open and becomes the callee's to close */
    struct stream *stream;
    int status;        /* of the HTTP answer; 0 when there was none */
    struct bytes body; /* of a refusal, at most DIAL_BODY_MAX; borrowed; a zero byte follows */
    const char *content_type; /* of a refusal; "" when absent */
    bool over_ipv6;
};

struct dial;

/* `done` is called once from the loop, never from inside this call, unless cancelled. */
struct dial *dial_start(struct http_client *client, const struct dial_request *request,
                        void (*done)(void *owner, struct dial_outcome *outcome), void *owner);

/* No callback comes after this. Not to be called after `done`. */
void dial_cancel(struct dial *dial);

#endif
