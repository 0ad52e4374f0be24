/*
 * Randomness as an argument: the system's in the program, a seeded one in tests.
 */
#ifndef NET_BASE_RNG_H
#define NET_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    void (*fill)(struct rng *rng, void *out, size_t len);
};

/* The operating system's generator. Static, thread safe; ends the program if the system has none.
 */
struct rng *rng_os(void);

static inline void rng_fill(struct rng *rng, void *out, size_t len)
{
    rng->fill(rng, out, len);
}

uint64_t rng_u64(struct rng *rng);

/* Evenly from [0, bound). 0 when bound is 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

/* A seeded generator (splitmix64): for tests and simulations, never for keys. */
struct rng_seeded {
    struct rng rng;
    uint64_t state;
};

void rng_seeded_init(struct rng_seeded *seeded, uint64_t seed);

#endif
