/*
 * A UDP socket: datagrams in by a call-back, in batches; datagrams out at once, or queued for one
 * call of the system, or not at all, as UDP is.
 */
#ifndef NET_TRANSPORT_UDP_UV_H
#define NET_TRANSPORT_UDP_UV_H

#include <uv.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/transport/udp_batch.h"
#include "net/wire/address.h"

enum { UDP_DATAGRAM_MAX = 65536 }; /* the largest payload is below it (RFC 768) */

struct udp_socket;

struct udp_config {
    /* For each datagram, with the time at which its batch arrived at this program; bytes and
     * address are borrowed for the call, and the bytes may be written to. It may send, and may
     * close the socket. */
    void (*receive)(void *owner, mono_ns now, const struct net_address *from, struct span datagram);
    /* After the last of a batch: what its datagrams gave rise to is best done now. It may do the
     * same. May be NULL. */
    void (*drained)(void *owner);
    /* `count` queued datagrams were given up: `why` is of udp_socket_send. Comes from within the
     * calls below; it may not call them. May be NULL. */
    void (*unsent)(void *owner, const struct net_address *to, enum net_err why, size_t count);
    void *owner;
    const struct udp_batch *batch; /* NULL: the best that the system has */
};

/* Binds ip:port (port 0 = any free one), asks for large buffers and for datagrams that are never
 * cut on the way. The configuration is copied. NET_ERR_IO with *why: the address cannot be bound.
 */
NET_MUST_USE enum net_err udp_socket_new(uv_loop_t *loop, const char *ip, uint16_t port,
                                         const struct udp_config *config, struct udp_socket **out,
                                         struct failure *why);

/* The address in use, with the port that was given. */
void udp_socket_address(const struct udp_socket *udp, struct net_address *out);

/* Sends at once, before what is queued. NET_ERR_AGAIN: the system has no room now, and the datagram
 * is lost. NET_ERR_TOO_BIG: longer than the path takes. NET_ERR_IO: not sendable (no route, another
 * family). */
NET_MUST_USE enum net_err udp_socket_send(struct udp_socket *udp, const struct net_address *to,
                                          struct bytes datagram);

/* Puts a copy into the batch that udp_socket_flush sends; the loop does so before it next waits.
 * Best are runs of one size to one address: whatever else comes sends the batch by itself.
 * NET_ERR_AGAIN: the system has had no room since a batch ago, and the datagram is lost.
 * NET_ERR_TOO_BIG: longer than any datagram. What happens to it later is told by `unsent`. */
NET_MUST_USE enum net_err udp_socket_queue(struct udp_socket *udp, const struct net_address *to,
                                           struct bytes datagram);

/* The same without a copy: the place for a datagram of at most `max` bytes (below
 * UDP_DATAGRAM_MAX), to be written to and then committed, with nothing queued, reserved or closed
 * in between. NULL: no room, as NET_ERR_AGAIN above; it counts as lost. */
NET_MUST_USE uint8_t *udp_socket_reserve(struct udp_socket *udp, const struct net_address *to,
                                         size_t max);

/* Puts the first `len` bytes of the place into the batch; 0: nothing is to be sent after all. */
NET_MUST_USE enum net_err udp_socket_commit(struct udp_socket *udp, size_t len);

/* Sends the batch. NET_ERR_AGAIN: some of it waits for room and goes out by itself. */
NET_MUST_USE enum net_err udp_socket_flush(struct udp_socket *udp);

/* Queued datagrams that were lost here, however. */
uint64_t udp_socket_lost(const struct udp_socket *udp);

/* Bytes of arrivals that the system keeps for us; UDP_BUFFER_BYTES were asked for. 0: unknown. */
size_t udp_socket_receive_buffer(const struct udp_socket *udp);

/* Arrivals that the system dropped because that was full, as of the last batch. Where the system
 * does not tell: 0. */
uint64_t udp_socket_overflows(const struct udp_socket *udp);

/* Whether batches go out as one call's segments (until the system refuses it). */
bool udp_socket_segments(const struct udp_socket *udp);

/* No call-back comes after this; what is queued is lost. Frees on the loop. */
void udp_socket_close(struct udp_socket *udp);

#endif
