/*
 * Internal to the HTTP server: one connection with the request that is being served on it. An
 * exchange is the connection between its request and its answer.
 */
#ifndef NET_TRANSPORT_HTTP_EXCHANGE_UV_H
#define NET_TRANSPORT_HTTP_EXCHANGE_UV_H

#include "net/base/buf.h"
#include "net/transport/http_head.h"
#include "net/transport/http_server_uv.h"
#include "net/transport/poll_stream_uv.h"

enum {
    HTTP_SERVER_HEAD_MAX = 16 << 10,
    HTTP_SERVER_PATH_SIZE = 4 << 10,
    HTTP_SERVER_ANSWER_MAX = 64 << 20, /* the lab's largest answer is far below */
};

enum http_exchange_state {
    EXCHANGE_READS,   /* a request */
    EXCHANGE_HANDLED, /* the owner has it and will answer */
    EXCHANGE_WRITES,  /* the answer */
};

struct http_exchange {
    struct http_server *server;
    struct http_exchange *next;
    struct stream *stream;
    enum http_exchange_state state;
    struct buf in;
    struct buf out;
    bool last;             /* close after this answer */
    struct http_head head; /* views into `in`; a zero byte follows each value */
    size_t head_len;
    char path[HTTP_SERVER_PATH_SIZE];
};

/* Reads requests from the stream, which is taken. */
struct http_exchange *http_exchange_new(struct http_server *server, struct stream *stream);

/* Closes the connection and frees; removes itself from the server. */
void http_exchange_drop(struct http_exchange *exchange);

/* Implemented by the server. */
void http_server_handle(struct http_server *server, struct http_exchange *exchange);
void http_server_remove(struct http_server *server, struct http_exchange *exchange);

#endif
