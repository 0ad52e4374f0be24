/*
 * What a UDP socket of the data plane asks of the system, beyond libuv's own.
 */
#ifndef NET_TRANSPORT_UDP_OPTIONS_H
#define NET_TRANSPORT_UDP_OPTIONS_H

#include <stdbool.h>

enum { UDP_BUFFER_BYTES = 7 << 20 }; /* as the genuine engine asks: magicsock, socketBufferSize */

/* Nothing that is sent may be cut on the way: a path that cannot carry it must not seem to work. */
void udp_set_dont_fragment(int fd, bool ipv6);

/* Room for bursts; the system may give less. */
void udp_set_big_buffers(int fd);

#endif
