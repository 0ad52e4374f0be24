/*
 * Packets in a relay, first in, first out.
 */
#ifndef NET_LAB_LAB_QUEUE_H
#define NET_LAB_LAB_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/now.h"
#include "net/crypto/key.h"

struct lab_packet {
    struct lab_packet *next;
    uint64_t order; /* across the queues of its connection */
    mono_ns due;
    bool disco;
    struct node_public source;
    size_t len;
    uint8_t bytes[];
};

struct lab_queue {
    struct lab_packet *first, *last;
    size_t count;
};

/* The queue owns it from now on. */
void lab_queue_put(struct lab_queue *queue, struct lab_packet *packet);
/* The first; the caller frees it. NULL: empty. */
struct lab_packet *lab_queue_get(struct lab_queue *queue);
void lab_queue_clear(struct lab_queue *queue);

#endif
