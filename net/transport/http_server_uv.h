/*
 * A small HTTP/1.1 server for the lab: GET requests, one at a time per connection, JSON or empty
 * answers, and upgrades to a websocket or to raw bytes. Plain TCP. The request head is limited to
 * 16 KiB.
 */
#ifndef NET_TRANSPORT_HTTP_SERVER_UV_H
#define NET_TRANSPORT_HTTP_SERVER_UV_H

#include <stdint.h>

#include <uv.h>

#include "net/base/log.h"
#include "net/transport/http_uv.h"
#include "net/transport/stream.h"
#include "net/transport/websocket_stream.h" /* websocket_stream_ping */

struct http_server;
struct http_exchange; /* one request; owned by the server; answered exactly once, then gone */

/* Listens on ip:port (port 0 = any free one). `handle` is called for each request, and must answer,
 * at once or later. NET_ERR_IO with *why: the address cannot be bound. */
NET_MUST_USE enum net_err
http_server_new(uv_loop_t *loop, const char *ip, uint16_t port,
                void (*handle)(void *owner, struct http_exchange *exchange), void *owner,
                struct log *log, struct http_server **out, struct failure *why);

/* The port in use. */
uint16_t http_server_port(const struct http_server *server);

/* Stops listening, drops connections that were not upgraded, frees on the loop. */
void http_server_close(struct http_server *server);

/* Borrowed until the exchange is answered. */
const char *http_exchange_method(const struct http_exchange *exchange);
const char *
http_exchange_path(const struct http_exchange *exchange); /* decoded, without the query */
/* The decoded value of a query parameter, into `out`; false if it is absent or does not fit. */
bool http_exchange_query(const struct http_exchange *exchange, const char *name, char *out,
                         size_t size);
/* The value of a header, name compared without case; NULL if absent. */
const char *http_exchange_header(const struct http_exchange *exchange, const char *name);

/* Answers with a body (may be empty) and ends the exchange. */
void http_exchange_reply(struct http_exchange *exchange, int status, const char *content_type,
                         const struct http_header *headers, size_t header_count, struct bytes body);

/* 101 and a server-side websocket; answers 400 and gives NULL when the request is no valid
 * websocket upgrade. `subprotocol` NULL = none. Ends the exchange; the stream is the caller's to
 * close. */
struct stream *http_exchange_websocket(struct http_exchange *exchange, const char *subprotocol);

/* 101 with "Upgrade: <protocol>" and the extra headers, then raw bytes. Ends the exchange. */
struct stream *http_exchange_upgrade(struct http_exchange *exchange, const char *protocol,
                                     const struct http_header *headers, size_t header_count);

#endif
