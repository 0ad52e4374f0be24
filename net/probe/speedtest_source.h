/*
 * The sending half of a speed test, the same in both ends: a block of random bytes, over and over,
 * until the time is up and the block under way is whole. Pure.
 */
#ifndef NET_PROBE_SPEEDTEST_SOURCE_H
#define NET_PROBE_SPEEDTEST_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/now.h"
#include "net/base/rng.h"

enum { SPEEDTEST_AHEAD = 16 << 20 /* bytes not yet acknowledged: a path of 1 Gbit/s and 100 ms */ };

struct speedtest_source {
    const uint8_t *block;    /* SPEEDTEST_BLOCK bytes, borrowed */
    mono_ns until;           /* no new block after this */
    uint64_t written, acked; /* bytes */
};

void speedtest_source_init(struct speedtest_source *source, const uint8_t *block, mono_ns until);

/* What is to be written next, within a block. Empty: nothing now, or never again. */
struct bytes speedtest_source_next(const struct speedtest_source *source, mono_ns now);

void speedtest_source_written(struct speedtest_source *source, size_t count);

/* At most what was written counts; returns how much that is. */
size_t speedtest_source_acked(struct speedtest_source *source, size_t count);

/* The block of this process, which lasts as long as it does: a connection that is over may still
 * have some of it to send again. Random from `rng` at the first call. One thread. */
const uint8_t *speedtest_block(struct rng *rng);

/* All was written that will be. */
bool speedtest_source_is_over(const struct speedtest_source *source, mono_ns now);

#endif
