/*
 * HTTP(S) client on the loop: libcurl's multi interface driven by libuv. Proxies (HTTP_PROXY,
 * HTTPS_PROXY, NO_PROXY), CA stores (SSL_CERT_FILE), happy eyeballs are libcurl's. TLS is always
 * verified, minimum 1.2. Redirects are not followed: a login page must not look like an answer.
 */
#ifndef NET_TRANSPORT_HTTP_UV_H
#define NET_TRANSPORT_HTTP_UV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/log.h"

struct http_header {
    const char *name;
    const char *value;
};

struct http_config {
    const char *user_agent;
    const char *ca_file;   /* NULL: SSL_CERT_FILE, else the system's store */
    const char *cert_file; /* client certificate and key, both or neither */
    const char *key_file;
    const struct http_header
        *headers; /* on every request, websocket upgrade and DERP dial; copied */
    size_t header_count;
    struct log *log; /* borrowed; may be NULL */
};

struct http_client;

/* Settings are copied. NET_ERR_USAGE with *why filled: a file that cannot be read, libcurl without
 * TLS. */
NET_MUST_USE enum net_err http_client_new(uv_loop_t *loop, const struct http_config *config,
                                          struct http_client **out, struct failure *why);

/* Ends every request without its callback, closes idle connections and frees; handles are closed on
 * the loop, so run it once more before closing it. Streams and dials must have been closed before.
 */
void http_client_close(struct http_client *client);

/* Where a host is really to be reached (DERP map nodes). NULL or "" = ask DNS; an address of that
 * family = use it; any other text ("none") = do not use this family. */
struct http_target {
    const char *ipv4;
    const char *ipv6;
};

struct http_request {
    const char *url;
    const struct http_header *headers; /* besides the client's own; the session token goes here */
    size_t header_count;
    size_t body_max;       /* a longer body ends the request with NET_ERR_TOO_BIG */
    uint64_t timeout_ns;   /* for the whole request */
    bool fresh_connection; /* do not reuse an idle connection, nor leave one (latency checks) */
    bool allow_insecure;   /* only a DERP node with insecure_for_tests */
    bool no_proxy;         /* go there directly, whatever the environment says */
    const char *want;      /* name of a header of the answer; NULL = none */
    struct http_target target;
};

struct http_response {
    struct failure failure; /* code NET_OK when an answer arrived, of whatever status */
    int status;
    const char *content_type;  /* "" when absent; borrowed for the callback */
    const char *build_version; /* X-Coder-Build-Version, "" when absent; cleaned; borrowed */
    const char *header;        /* `want`, "" when absent; cleaned and cut; borrowed */
    struct bytes body;         /* borrowed for the callback; a zero byte follows it */
    uint64_t first_byte_ns;    /* request sent to first byte of the answer */
    bool over_ipv6;
};

struct http_call;

/* Starts a GET. `done` is called once from the loop, never from inside this call, unless cancelled.
 */
struct http_call *http_get(struct http_client *client, const struct http_request *request,
                           void (*done)(void *owner, const struct http_response *response),
                           void *owner);

/* The same as a POST of `body`, which is copied. Its Content-Type is one of the request's headers.
 */
struct http_call *http_post(struct http_client *client, const struct http_request *request,
                            struct bytes body,
                            void (*done)(void *owner, const struct http_response *response),
                            void *owner);

/* No callback comes after this. Not to be called after `done`. */
void http_cancel(struct http_call *call);

#endif
