/*
 * A UDP socket: datagrams in by a call-back, datagrams out at once or not at all, as UDP is.
 */
#ifndef NET_TRANSPORT_UDP_UV_H
#define NET_TRANSPORT_UDP_UV_H

#include <uv.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/wire/address.h"

enum { UDP_DATAGRAM_MAX = 65536 }; /* the largest payload is below it (RFC 768) */

struct udp_socket;

/* Binds ip:port (port 0 = any free one), asks for large buffers and for datagrams that are never
 * cut on the way. `receive` is called for each datagram, with the time of
 * its arrival at this program; bytes and address are borrowed for the call. It may send, and may
 * close the socket. NET_ERR_IO with *why: the address cannot be bound. */
NET_MUST_USE enum net_err udp_socket_new(uv_loop_t *loop, const char *ip, uint16_t port,
                                         void (*receive)(void *owner, mono_ns now,
                                                         const struct net_address *from,
                                                         struct bytes datagram),
                                         void *owner, struct udp_socket **out, struct failure *why);

/* The address in use, with the port that was given. */
void udp_socket_address(const struct udp_socket *udp, struct net_address *out);

/* NET_ERR_AGAIN: the system has no room now, and the datagram is lost. NET_ERR_TOO_BIG: longer than
 * the path takes. NET_ERR_IO: not sendable (no route, another family). */
NET_MUST_USE enum net_err udp_socket_send(struct udp_socket *udp, const struct net_address *to,
                                          struct bytes datagram);

/* No call-back comes after this. Frees on the loop. */
void udp_socket_close(struct udp_socket *udp);

#endif
