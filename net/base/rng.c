#include "net/base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { GETENTROPY_MAX = 256 }; /* POSIX 2024: a larger request is refused */

static void os_fill(struct rng *rng, void *out, size_t len)
{
    (void)rng;
    uint8_t *at = out;
    while (len > 0) {
        size_t step = len < GETENTROPY_MAX ? len : GETENTROPY_MAX;
        if (getentropy(at, step) != 0) {
            (void)fputs("derptop: the system has no random numbers (getentropy failed)\n", stderr);
            abort();
        }
        at += step;
        len -= step;
    }
}

struct rng *rng_os(void)
{
    static struct rng os = {.fill = os_fill};
    return &os;
}

uint64_t rng_u64(struct rng *rng)
{
    uint64_t value = 0;
    rng_fill(rng, &value, sizeof value);
    return value;
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    if (bound == 0) {
        return 0;
    }
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound; /* above it the remainder would be uneven */
    uint64_t value = rng_u64(rng);
    while (value >= limit) {
        value = rng_u64(rng);
    }
    return value % bound;
}

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void seeded_fill(struct rng *rng, void *out, size_t len)
{
    struct rng_seeded *seeded = (struct rng_seeded *)rng; /* first member */
    uint8_t *at = out;
    while (len > 0) {
        uint64_t value = splitmix64(&seeded->state);
        size_t step = len < sizeof value ? len : sizeof value;
        memcpy(at, &value, step);
        at += step;
        len -= step;
    }
}

void rng_seeded_init(struct rng_seeded *seeded, uint64_t seed)
{
    *seeded = (struct rng_seeded){.rng = {.fill = seeded_fill}, .state = seed};
}
