/*
 * What happened longer ago than the single samples reach: buckets of ten seconds for six hours and
 * of a minute for a day, each with the least, the middle and the greatest round trip, and how many
 * probes were answered and lost. A machine; the watch feeds it every result.
 */
#ifndef NET_MONITOR_HISTORY_H
#define NET_MONITOR_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "net/monitor/snapshot.h"

enum {
    HISTORY_TIERS = SNAPSHOT_TIERS,
    HISTORY_VALUES = 128, /* of the open bucket; its middle is that of the last so many */
};

struct history_tier {
    uint64_t width_ns;
    size_t room;
    uint64_t count; /* buckets ever, the open one with them; bucket n is ring[n % room] */
    struct snapshot_bucket *ring;
    uint64_t jitter_sum_us; /* of the open bucket */
    uint32_t last_us;       /* the answer before; 0 = none */
    uint32_t values[HISTORY_VALUES];
};

struct history {
    struct history_tier tiers[HISTORY_TIERS];
};

void history_init(struct history *history);
void history_clear(struct history *history);

/* A probe that was sent at `at` was answered. Results come a little out of order: a late one counts
 * in the bucket of its time, if that is still there. */
void history_answered(struct history *history, mono_ns at, uint32_t rtt_us, enum path_kind path);
void history_lost(struct history *history, mono_ns at, enum path_kind path);

/* Copies a tier's buckets, the oldest first; returns how many. */
size_t history_copy(const struct history *history, size_t tier, struct snapshot_bucket *out);

#endif
