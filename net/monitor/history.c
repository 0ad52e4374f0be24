#include "net/monitor/history.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"

static const struct {
    uint64_t width_ns;
    size_t room;
} shapes[HISTORY_TIERS] = {
    {10 * NS_PER_SEC, SNAPSHOT_TENS_MAX},
    {60 * NS_PER_SEC, SNAPSHOT_MINUTES_MAX},
};

void history_init(struct history *history)
{
    for (size_t i = 0; i < HISTORY_TIERS; i++) {
        history->tiers[i] = (struct history_tier){
            .width_ns = shapes[i].width_ns,
            .room = shapes[i].room,
            .ring = mem_array(shapes[i].room, sizeof(struct snapshot_bucket)),
        };
    }
}

void history_clear(struct history *history)
{
    for (size_t i = 0; i < HISTORY_TIERS; i++) {
        free(history->tiers[i].ring);
        history->tiers[i].ring = NULL;
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static struct snapshot_bucket *newest(struct history_tier *tier)
{
    return tier->count == 0 ? NULL : &tier->ring[(tier->count - 1) % tier->room];
}

static uint32_t middle_of(const struct history_tier *tier, uint32_t answered)
{
    uint32_t sorted[HISTORY_VALUES];
    size_t count = answered < HISTORY_VALUES ? answered : HISTORY_VALUES;
    memcpy(sorted, tier->values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    return sorted[(count - 1) / 2];
}

/* The bucket of that time: the newest, a new one, or, for what comes late, one of before. */
static struct snapshot_bucket *bucket_at(struct history_tier *tier, mono_ns at)
{
    mono_ns start = at - at % tier->width_ns;
    struct snapshot_bucket *last = newest(tier);
    if (last == NULL || start > last->at) {
        tier->count++;
        last = newest(tier);
        *last = (struct snapshot_bucket){.at = start};
        tier->jitter_sum_us = 0;
        return last;
    }
    uint64_t kept = tier->count < tier->room ? tier->count : tier->room;
    for (uint64_t back = 1; back <= kept; back++) {
        struct snapshot_bucket *bucket = &tier->ring[(tier->count - back) % tier->room];
        if (bucket->at <= start) {
            return bucket->at == start ? bucket : NULL;
        }
    }
    return NULL;
}

static void add_answer(struct history_tier *tier, struct snapshot_bucket *bucket, uint32_t us,
                       enum path_kind path)
{
    if (bucket == newest(tier)) {
        tier->values[bucket->answered % HISTORY_VALUES] = us;
        bucket->p50_us = middle_of(tier, bucket->answered + 1U);
        if (tier->last_us != 0) {
            tier->jitter_sum_us += us > tier->last_us ? us - tier->last_us : tier->last_us - us;
        }
        tier->last_us = us;
        bucket->jitter_us = (uint32_t)(tier->jitter_sum_us / (bucket->answered + 1U));
    }
    bucket->min_us = bucket->answered == 0 || us < bucket->min_us ? us : bucket->min_us;
    bucket->max_us = us > bucket->max_us ? us : bucket->max_us;
    bucket->p50_us = bucket->p50_us == 0 ? us : bucket->p50_us;
    bucket->answered++;
    bucket->direct += path == PATH_DIRECT ? 1U : 0U;
}

void history_answered(struct history *history, mono_ns at, uint32_t rtt_us, enum path_kind path)
{
    for (size_t i = 0; i < HISTORY_TIERS; i++) {
        struct snapshot_bucket *bucket = bucket_at(&history->tiers[i], at);
        if (bucket != NULL) {
            add_answer(&history->tiers[i], bucket, rtt_us, path);
        }
    }
}

void history_lost(struct history *history, mono_ns at, enum path_kind path)
{
    for (size_t i = 0; i < HISTORY_TIERS; i++) {
        struct snapshot_bucket *bucket = bucket_at(&history->tiers[i], at);
        if (bucket != NULL) {
            bucket->lost++;
            bucket->lost_direct += path == PATH_DIRECT ? 1U : 0U;
        }
    }
}

size_t history_copy(const struct history *history, size_t tier, struct snapshot_bucket *out)
{
    const struct history_tier *from = &history->tiers[tier];
    size_t kept = from->count < from->room ? (size_t)from->count : from->room;
    for (size_t i = 0; i < kept; i++) {
        out[i] = from->ring[(from->count - kept + i) % from->room];
    }
    return kept;
}
