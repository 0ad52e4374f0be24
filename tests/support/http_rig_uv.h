/*
 * What tests of the transport share: a loop, a client, our own server with a few paths, and calls
 * that wait for their answer.
 */
#ifndef TESTS_SUPPORT_HTTP_RIG_UV_H
#define TESTS_SUPPORT_HTTP_RIG_UV_H

#include "net/transport/dial_uv.h"
#include "net/transport/http_server_uv.h"
#include "net/transport/http_uv.h"
#include "tests/support/loop_uv.h"

/* Paths of the server: "/hello world" (JSON, build version), "/ws" (websocket, subprotocol derp),
 * "/plain-ws" (without), "/derp" (raw upgrade), "/never" (no answer, see `kept`), "/moved" (307),
 * "/large" (a body of 3 MB); all else is 404. */
struct http_rig {
    uv_loop_t loop;
    struct http_server *server;
    struct http_client *client;
    char url[128];         /* of the server, without a path */
    struct stream *served; /* the server's end of the last upgrade */
    unsigned requests;
    char seen_header[64]; /* X-Extra */
    char seen_token[64];  /* Coder-Session-Token */
    char seen_agent[64];
    char seen_query[64]; /* q */
    bool has_kept;
    struct http_exchange *kept;
};

/* `config` NULL: user agent "derptop/test" and a header X-Extra of "one". */
void http_rig_begin(struct http_rig *rig, const struct http_config *config);

/* Closes client (unless NULL by now) and server; fails the test if a handle stays open. */
void http_rig_end(struct http_rig *rig);

/* A copy of the outcome of a GET. */
struct got {
    bool done;
    struct failure failure;
    int status;
    char type[64];
    char version[64];
    char body[128];
    size_t body_len;
    uint64_t first_byte_ns;
    bool over_ipv6;
    struct http_rig *close; /* its client is closed in the call-back */
};

void got_response(void *owner, const struct http_response *response); /* owner: struct got */

/* A GET of a whole URL with limits of 1000 bytes and 5 s; waits. */
struct got http_rig_get(struct http_rig *rig, const char *url);
/* The same with a path of the rig's server. */
struct got http_rig_get_path(struct http_rig *rig, const char *path);

/* A copy of the outcome of a dial. */
struct dialled {
    bool done;
    struct failure failure;
    struct stream *stream;
    int status;
    char body[64];
    size_t body_len;
    char type[64];
};

void got_dialled(void *owner, struct dial_outcome *outcome); /* owner: struct dialled */

/* Dials a whole URL within 5 s, with the subprotocol derp for a websocket; waits. */
struct dialled http_rig_dial(struct http_rig *rig, const char *url, enum dial_mode mode);
struct dialled http_rig_dial_path(struct http_rig *rig, const char *path, enum dial_mode mode);

/* Sends `total` bytes through two ends of one connection in both directions at once, checks all of
 * them, then closes the first end and waits for the other to notice; closes that too. */
void http_rig_exchange(struct http_rig *rig, struct stream *client, size_t total);

/* Fails the test unless `text` holds `part`. */
void assert_text_has(const char *text, const char *part);

#endif
