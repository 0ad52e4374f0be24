/*
 * When to try again: a delay that grows by a factor up to a limit, with jitter, and starts again
 * after a success.
 */
#ifndef NET_BASE_BACKOFF_H
#define NET_BASE_BACKOFF_H

#include <stdint.h>

#include "net/base/rng.h"

struct backoff {
    uint64_t first_ns;
    uint64_t limit_ns;
    double factor;
    uint64_t next_ns; /* before jitter */
    unsigned attempts;
};

void backoff_init(struct backoff *backoff, uint64_t first_ns, uint64_t limit_ns, double factor);

/* The delay before the next attempt, times an even random factor of 0.5 to 1.5. */
uint64_t backoff_next(struct backoff *backoff, struct rng *rng);

/* After a success. */
void backoff_reset(struct backoff *backoff);

#endif
