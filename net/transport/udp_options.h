/*
 * What a UDP socket of the data plane asks of the system, beyond what libuv knows.
 */
#ifndef NET_TRANSPORT_UDP_OPTIONS_H
#define NET_TRANSPORT_UDP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum { UDP_BUFFER_BYTES = 7 << 20 }; /* as the genuine engine asks: magicsock, socketBufferSize */

/* A socket that no program started by us inherits; one for IPv6 is not for IPv4 too. -1: errno. */
int udp_open(bool ipv6);

/* Nothing that is sent may be cut on the way: a path that cannot carry it must not seem to work. */
void udp_set_dont_fragment(int fd, bool ipv6);

/* Room for bursts; the system may give less. Returns the bytes for arrivals that it gave, counted
 * as they were asked for: UDP_BUFFER_BYTES is all; 0: it does not tell. */
size_t udp_set_big_buffers(int fd);

#endif
