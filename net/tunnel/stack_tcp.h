/*
 * TCP connections of the host inside the tunnel, on lwIP. Callbacks on the thread of the stack; no
 * sockets of the system, no clock. Time-outs other than TCP's own are the owner's.
 *
 * lwIP numbers segments by itself; what limits a connection (window, buffers) stands in lwipopts.h.
 */
#ifndef NET_TUNNEL_STACK_TCP_H
#define NET_TUNNEL_STACK_TCP_H

#include "net/tunnel/stack.h"

struct tcp_conn;
struct tcp_listener;

/* Each may write to the connection, and may finish, close or abort it, but must not free the stack.
 * Any may be NULL. */
struct tcp_handlers {
    /* The handshake is done (of tcp_open only). */
    void (*opened)(void *owner, struct tcp_conn *conn);
    /* Bytes in order, borrowed. They count as read: the window opens again. */
    void (*received)(void *owner, struct tcp_conn *conn, struct bytes data);
    /* The peer will send no more (FIN). The other direction stays open; if tcp_conn_finish was
     * called before, all is over, and `conn` is gone once this returns. */
    void (*ended)(void *owner, struct tcp_conn *conn);
    /* `count` bytes more have been acknowledged; there may be room for others. */
    void (*acked)(void *owner, struct tcp_conn *conn, size_t count);
    /* The connection is gone, and `conn` with it once this returns. NET_OK: in good order, each
     * side had ended. NET_ERR_CLOSED: reset by the peer, or refused. NET_ERR_TIMEOUT: nothing was
     * acknowledged for too long. NET_ERR_FULL: no memory. */
    void (*failed)(void *owner, struct tcp_conn *conn, enum net_err why);
};

struct tcp_counts {
    uint64_t received, written, acked; /* bytes */
};

/* Connects to [to]:port, from the stack's first address. NULL: no memory. */
struct tcp_conn *tcp_open(struct stack *stack, mono_ns now, const uint8_t to[16], uint16_t port,
                          const struct tcp_handlers *handlers, void *owner);

/* Bytes that a write takes now. */
size_t tcp_conn_room(const struct tcp_conn *conn);

/* Writes as much as there is room for, and returns how much that was. The first copies. For the
 * second the memory must stay as it is until it was acknowledged or the connection is gone. What
 * was written goes out by itself; 0 after tcp_conn_finish. */
size_t tcp_conn_write(struct tcp_conn *conn, mono_ns now, struct bytes data);
size_t tcp_conn_write_lasting(struct tcp_conn *conn, mono_ns now, struct bytes data);

/* A FIN after all that was written. What the peer sends, acknowledges or resets is still told. */
void tcp_conn_finish(struct tcp_conn *conn, mono_ns now);

/* Ends the connection in good order behind the scenes: nothing more is told, `conn` is gone.
 * Lasting memory must have been acknowledged. */
void tcp_conn_close(struct tcp_conn *conn, mono_ns now);

/* Resets it: `conn` is gone. */
void tcp_conn_abort(struct tcp_conn *conn, mono_ns now);

struct tcp_counts tcp_conn_counts(const struct tcp_conn *conn);

/* Who connected: its address in the tunnel. */
void tcp_conn_remote(const struct tcp_conn *conn, uint8_t out[16]);

/* Segments that any connection of the process sent again, ever. */
uint64_t tcp_retransmits(void);

/* Takes connections to `port`. `accept` is told of each; it calls tcp_conn_attach, or aborts it.
 * NULL: the port is taken, or no memory. */
struct tcp_listener *tcp_serve(struct stack *stack, uint16_t port,
                               void (*accept)(void *owner, struct tcp_conn *conn), void *owner);

/* Connections that were accepted live on. Before stack_free. */
void tcp_listener_close(struct tcp_listener *listener);

void tcp_conn_attach(struct tcp_conn *conn, const struct tcp_handlers *handlers, void *owner);

#endif
