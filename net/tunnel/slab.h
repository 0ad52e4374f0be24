/*
 * The memory that lwIP works in: blocks of a few sizes, kept for the next use when they are freed.
 * So a transfer under way asks the system for nothing, and whatever a peer sends (a million
 * segments of one byte, each too early) takes no more than SLAB_LIMIT.
 *
 * One for the process, as lwIP is; for its thread alone.
 */
#ifndef NET_TUNNEL_SLAB_H
#define NET_TUNNEL_SLAB_H

#include <stddef.h>
#include <stdint.h>

enum {
    /* A full window of segments that came too early is 10 MB with what each of them costs, a full
     * buffer of such that are to be sent 5 MB. */
    SLAB_LIMIT = 20 << 20,
};

/* NULL: the limit would be passed. The second is zeroed. */
void *slab_alloc(size_t size);
void *slab_alloc_zeroed(size_t count, size_t size);
void slab_free(void *block); /* NULL is fine */

/* Gives back to the system what is not in use. */
void slab_trim(void);

struct slab_use {
    size_t in_use, kept; /* bytes */
    uint64_t asked;      /* of the system, ever: a transfer under way does not add to it */
};

struct slab_use slab_use(void);

#endif
