/*
 * One end of a websocket (RFC 6455) as a machine: no socket, no clock. The binary messages of each
 * direction are one stream of bytes; where one message ends means nothing (coder/websocket's
 * NetConn). Messages of any size pass, for none is held whole. Framing is wslay's.
 *
 * Bytes come in by websocket_input, in the amounts that fit, and are taken out as content by
 * websocket_read, which also notices pings, closes and faults. Bytes to send are shown by
 * websocket_output.
 */
#ifndef NET_TRANSPORT_WEBSOCKET_H
#define NET_TRANSPORT_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/rng.h"

enum websocket_role { WEBSOCKET_CLIENT, WEBSOCKET_SERVER };

enum {
    WEBSOCKET_IN_MAX = 64 << 10,      /* received and not yet looked at */
    WEBSOCKET_OUT_MAX = 256 << 10,    /* content framed and not yet sent */
    WEBSOCKET_MESSAGE_MAX = 32 << 10, /* one message of ours; the protocol notes advise <= 64 KiB */
    WEBSOCKET_CONTROL_ROOM = 4 << 10, /* kept free for pongs and the close, beyond OUT_MAX */
};

struct websocket;

/* `rng` makes the masks of a client; borrowed. Never NULL. */
struct websocket *websocket_new(enum websocket_role role, struct rng *rng);
void websocket_free(struct websocket *ws);

/* Takes bytes that arrived; fewer than all (even 0) when the content before them was not read. */
NET_MUST_USE size_t websocket_input(struct websocket *ws, struct bytes in);

/* The connection below ended; `why` NULL when it ended in order. What was taken is still read. */
void websocket_input_end(struct websocket *ws, const struct failure *why);

/* Content. NET_OK: *got (above 0) bytes. NET_ERR_AGAIN: give more input. NET_ERR_CLOSED: closed
 * with 1000 or 1001. NET_ERR_IO: closed with another code, broke the protocol, sent text (1003), or
 * the connection ended without a close; websocket_failure tells. */
NET_MUST_USE enum net_err websocket_read(struct websocket *ws, uint8_t *out, size_t size,
                                         size_t *got);

/* Frames content. NET_OK: *taken (above 0) bytes. NET_ERR_AGAIN: output is full. NET_ERR_CLOSED,
 * NET_ERR_IO: it has ended. */
NET_MUST_USE enum net_err websocket_write(struct websocket *ws, struct bytes in, size_t *taken);

/* All that waits to be sent; valid until the machine is next called. */
struct bytes websocket_output(const struct websocket *ws);

/* `len` bytes of the output were sent. */
void websocket_sent(struct websocket *ws, size_t len);

/* Queues a ping without content; does nothing when there is no room or after the end. */
void websocket_ping(struct websocket *ws);

/* Pings and pongs that came in. */
uint64_t websocket_pings(const struct websocket *ws);
uint64_t websocket_pongs(const struct websocket *ws);

/* Queues a close with this code, unless one was sent. Nothing can be written after. */
void websocket_close(struct websocket *ws, uint16_t code);

/* Why websocket_read or websocket_write gave something other than NET_OK and NET_ERR_AGAIN. */
void websocket_failure(const struct websocket *ws, struct failure *out);

/* Of the library underneath. Static. */
const char *websocket_wslay_version(void);

#endif
