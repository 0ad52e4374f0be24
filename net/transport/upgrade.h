/*
 * The HTTP exchange that turns a connection into a stream, as a machine: writes the request, reads
 * the answer's head and, of a refusal, the body. No I/O.
 */
#ifndef NET_TRANSPORT_UPGRADE_H
#define NET_TRANSPORT_UPGRADE_H

#include "net/base/buf.h"
#include "net/base/rng.h"
#include "net/transport/http_body.h"
#include "net/transport/http_head.h"
#include "net/transport/websocket_key.h"

enum { UPGRADE_HEAD_MAX = 64 << 10, UPGRADE_BODY_MAX = 16 << 10, UPGRADE_TYPE_SIZE = 128 };

enum upgrade_state {
    UPGRADE_HEAD, /* waits for the answer's head */
    UPGRADE_BODY, /* of a refusal */
    UPGRADE_OPEN, /* 101 and all is well: `in` holds the first bytes of the stream */
    UPGRADE_REFUSED,
    UPGRADE_BROKEN, /* not HTTP, or a 101 that is not what was asked for; `failure` says */
};

struct upgrade_request {
    const char *host;        /* for the Host header, with a port if it is not the scheme's */
    const char *target;      /* path and query */
    const char *protocol;    /* "websocket" or "DERP" */
    const char *subprotocol; /* of a websocket: asked for and required; NULL = none */
    const char *user_agent;  /* NULL = none */
};

struct upgrade {
    enum upgrade_state state;
    bool websocket;
    char protocol[16];
    char subprotocol[64];
    char key[WEBSOCKET_KEY_SIZE];
    bool out_full;
    struct buf out; /* the request, to be consumed by the caller as it is sent */
    struct buf in;
    int status; /* 0: no head yet */
    bool is_html;
    char content_type[UPGRADE_TYPE_SIZE]; /* cleaned */
    struct http_body body_reader;
    struct buf body;
    struct failure failure;
};

/* Prepares the request; header lines are added to it, and then its end. */
void upgrade_init(struct upgrade *upgrade, const struct upgrade_request *request, struct rng *rng);
/* "Name: value" */
void upgrade_add_line(struct upgrade *upgrade, const char *line);
/* NET_ERR_TOO_BIG: the request is longer than UPGRADE_HEAD_MAX. */
NET_MUST_USE enum net_err upgrade_end_request(struct upgrade *upgrade);
void upgrade_clear(struct upgrade *upgrade);

/* Bytes that arrived. Look at `state` afterwards; at an end, nothing more may be put in. */
void upgrade_input(struct upgrade *upgrade, struct bytes in);

/* The connection ended, or the time is over: a refusal that has begun is taken as it stands. False:
 * no head had come. */
bool upgrade_input_end(struct upgrade *upgrade);

/* What was read of a refusal's body; a zero byte follows it. */
struct bytes upgrade_body(struct upgrade *upgrade);

#endif
