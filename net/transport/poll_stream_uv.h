/*
 * A stream of raw bytes over a socket that libuv polls. How bytes are read and sent is a backend's:
 * recv(2) and send(2) for the server's sockets, libcurl for dialled ones.
 *
 * Polling is armed by need: for reading after a read gave NET_ERR_AGAIN, for writing while a block
 * waits to be sent. So an owner that stops reading costs nothing, and neither does one that has all
 * it wants.
 */
#ifndef NET_TRANSPORT_POLL_STREAM_UV_H
#define NET_TRANSPORT_POLL_STREAM_UV_H

#include <uv.h>

#include "net/transport/stream.h"

struct poll_backend {
    /* As in struct stream_ops; *why is filled for codes other than NET_OK, NET_ERR_AGAIN and
     * NET_ERR_CLOSED. */
    enum net_err (*receive)(void *owner, uint8_t *out, size_t size, size_t *got,
                            struct failure *why);
    enum net_err (*send)(void *owner, struct bytes in, size_t *sent, struct failure *why);
    /* The polling has ended: close the socket, free `owner`. */
    void (*release)(void *owner);
};

enum {
    POLL_STREAM_BLOCK = 64 << 10,      /* accepted and not yet sent; also four TLS records */
    POLL_STREAM_UNREAD_MAX = 64 << 10, /* bytes given back by poll_stream_unread */
};

/* A stream over `socket`, which must be non-blocking and polled by nobody else. `owner` is taken
 * and given to the backend's functions. NULL: the loop cannot poll this socket; `owner` is not
 * taken. */
struct stream *poll_stream_new(uv_loop_t *loop, uv_os_sock_t socket,
                               const struct poll_backend *backend, void *owner);

/* Gives back bytes that were read too much: they come first. Before anything else is given back,
 * and at most POLL_STREAM_UNREAD_MAX. */
void poll_stream_unread(struct stream *stream, struct bytes in);

/* For the backend's owner: a stream that was closed, and may still be sending, ends at once. */
void poll_stream_end_now(struct stream *stream);

/* A stream over a connected socket: takes the descriptor. NULL as above; it is closed then. */
struct stream *socket_stream_new(uv_loop_t *loop, uv_os_sock_t socket);

#endif
