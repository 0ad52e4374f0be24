/*
 * How a sender on lwIP makes up for losses. lwIP itself retransmits one segment for three duplicate
 * acknowledgements and then waits for a time-out; a queue that overflows on the way loses hundreds
 * of one window. Here what the peer holds is read from its selective acknowledgements (RFC 2018),
 * what is missing below that is lost (RFC 6675), and it is sent again as fast as packets arrive
 * there (RFC 6937, proportional rate reduction). A peer without them gets one segment for each
 * acknowledgement that shows another gap (RFC 6582, "NewReno").
 *
 * Packets that overtook each other are no loss: a gap must last a quarter of the least round trip
 * (RFC 8985's window of reordering).
 *
 * The segments are lwIP's own: two bits of their flags that it does not use hold what is known.
 */
#ifndef NET_TUNNEL_STACK_REPAIR_LWIP_H
#define NET_TUNNEL_STACK_REPAIR_LWIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lwip/priv/tcp_priv.h>

#include "net/base/now.h"

enum { REPAIR_BLOCKS_MAX = 4 /* an option has no room for more */ };

/* All zeroes: nothing was lost. */
struct repair {
    bool under_way;      /* of what was sent before `recover` */
    bool timed_out;      /* lwIP sends everything again */
    bool selective;      /* the peer says what it holds */
    uint32_t recover;    /* sequence numbers, here and in the next two */
    uint32_t una, nxt;   /* as seen last */
    uint32_t flight;     /* bytes under way when it began; not 0 while it is */
    uint32_t held;       /* bytes that the peer holds beyond `una` */
    uint64_t delivered;  /* bytes that have reached the peer since */
    uint64_t sent;       /* bytes that were sent since */
    mono_ns gap_at;      /* since when there is a gap that may be a loss; 0 = there is none */
    uint64_t least_ns;   /* round trip; 0 = not measured */
    mono_ns sample_at;   /* of the measurement under way; 0 = none is */
    uint32_t sample_end; /* which ends when this is acknowledged */
    size_t block_count;  /* of the acknowledgement that lwIP is about to read */
    uint32_t blocks[REPAIR_BLOCKS_MAX][2];
};

/* A TCP segment of the peer, with its header, before lwIP reads it. */
void repair_note(struct repair *repair, const struct tcp_pcb *pcb, const uint8_t *tcp, size_t len);

/* After lwIP has read it, and now and then. */
void repair_look(struct repair *repair, struct tcp_pcb *pcb, mono_ns now);

#endif
