/*
 * A run: datagrams to one address that lie one after the other in memory, all of one size but the
 * last, which may be shorter. That is the shape in which a system takes many in one call (Linux:
 * UDP_SEGMENT, udp(7)). Pure.
 *
 *   memory | 1312 | 1312 | 1312 | 200 |      <- a shorter one ends the run
 */
#ifndef NET_TRANSPORT_UDP_RUN_H
#define NET_TRANSPORT_UDP_RUN_H

#include "net/wire/address.h"

enum {
    UDP_RUN_SEGMENTS_MAX = 64,    /* UDP_MAX_SEGMENTS of all kernels; newer ones take more */
    UDP_RUN_BYTES_V4_MAX = 65507, /* one IP packet to the kernel: 65535 - 20 - 8 */
    UDP_RUN_BYTES_V6_MAX = 65527, /* the header is not counted there: 65535 - 8 */
    UDP_RUN_MEMORY = 65536
};

struct udp_run {
    uint8_t *memory; /* UDP_RUN_MEMORY bytes of the owner's */
    struct net_address to;
    size_t len;
    size_t segment; /* bytes of each datagram but the last; 0: the run is empty */
    bool ended;     /* a shorter one came */
};

/* Whether a datagram of up to `max` bytes to that address may follow what is there, as far as can
 * be said before its size is known. An empty run takes all that one IP packet does. */
bool udp_run_takes(const struct udp_run *run, const struct net_address *to, size_t max);

/* Whether one of exactly `len` bytes, for which udp_run_takes is true, keeps the run's shape. */
bool udp_run_fits(const struct udp_run *run, size_t len);

/* Where the next datagram belongs. */
uint8_t *udp_run_place(const struct udp_run *run);

/* Counts the datagram that lies at udp_run_place in; 0 < len, and both of the above are true. */
void udp_run_add(struct udp_run *run, const struct net_address *to, size_t len);

size_t udp_run_count(const struct udp_run *run);

/* The datagram number `index`, which is below the count. */
struct bytes udp_run_at(const struct udp_run *run, size_t index);

/* Takes the first `count` away; the rest moves to the front. */
void udp_run_drop(struct udp_run *run, size_t count);

#endif
