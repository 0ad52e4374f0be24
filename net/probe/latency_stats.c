#include "net/probe/latency_stats.h"

#include <math.h>
#include <stdlib.h>

enum { SUB_COUNT = 1 << LATENCY_SUB_BITS };

static unsigned top_bit(uint64_t value)
{
    return 63U - (unsigned)__builtin_clzll(value | 1);
}

/* The bucket of a value: its power of two, then the next LATENCY_SUB_BITS bits. */
static size_t bucket_of(uint64_t ns)
{
    unsigned top = top_bit(ns);
    if (top < LATENCY_LEAST_BITS) {
        return (size_t)(ns >> (LATENCY_LEAST_BITS - LATENCY_SUB_BITS));
    }
    if (top >= LATENCY_MOST_BITS) {
        return LATENCY_BUCKETS - 1;
    }
    uint64_t sub = ns >> (top - LATENCY_SUB_BITS) & (SUB_COUNT - 1);
    return ((size_t)(top - LATENCY_LEAST_BITS + 1) << LATENCY_SUB_BITS) + (size_t)sub;
}

/* The middle of a bucket. */
static uint64_t bucket_value(size_t bucket)
{
    size_t row = bucket >> LATENCY_SUB_BITS;
    uint64_t sub = bucket & (SUB_COUNT - 1);
    unsigned shift =
        (row == 0 ? LATENCY_LEAST_BITS : LATENCY_LEAST_BITS + (unsigned)row - 1) - LATENCY_SUB_BITS;
    uint64_t base = row == 0 ? sub : SUB_COUNT + sub;
    return (base << shift) + (UINT64_C(1) << shift) / 2;
}

void latency_run_sent(struct latency_run *run)
{
    run->sent++;
}

void latency_run_lost(struct latency_run *run)
{
    run->lost++;
}

void latency_run_unsent(struct latency_run *run)
{
    run->sent -= run->sent > 0 ? 1 : 0;
}

void latency_run_answered(struct latency_run *run, uint64_t rtt_ns)
{
    if (run->answered > 0) {
        run->jitter_sum_ns += fabs((double)rtt_ns - (double)run->last_ns);
        run->jitter_count++;
    }
    run->answered++;
    run->last_ns = rtt_ns;
    run->min_ns = run->answered == 1 || rtt_ns < run->min_ns ? rtt_ns : run->min_ns;
    run->max_ns = rtt_ns > run->max_ns ? rtt_ns : run->max_ns;
    double delta = (double)rtt_ns - run->mean_ns;
    run->mean_ns += delta / (double)run->answered;
    run->m2 += delta * ((double)rtt_ns - run->mean_ns);
    run->buckets[bucket_of(rtt_ns)]++;
}

/* The value below or at which `percent` of the answers lie (nearest rank). */
static uint64_t run_percentile(const struct latency_run *run, unsigned percent)
{
    uint64_t rank = (run->answered * percent + 99) / 100;
    uint64_t seen = 0;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        seen += run->buckets[i];
        if (seen >= rank && rank > 0) {
            uint64_t value = bucket_value(i);
            value = value < run->min_ns ? run->min_ns : value;
            return value > run->max_ns ? run->max_ns : value;
        }
    }
    return 0;
}

void latency_run_figures(const struct latency_run *run, struct latency_figures *out)
{
    *out = (struct latency_figures){
        .sent = run->sent,
        .answered = run->answered,
        .lost = run->lost,
        .last_ns = run->last_ns,
        .min_ns = run->min_ns,
        .avg_ns = (uint64_t)run->mean_ns,
        .max_ns = run->max_ns,
        .p50_ns = run_percentile(run, 50),
        .p95_ns = run_percentile(run, 95),
        .p99_ns = run_percentile(run, 99),
    };
    if (run->jitter_count > 0) {
        out->jitter_ns = (uint64_t)(run->jitter_sum_ns / (double)run->jitter_count);
    }
    if (run->answered > 1) {
        out->stddev_ns = (uint64_t)sqrt(run->m2 / (double)(run->answered - 1));
    }
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t nearest_rank(const uint64_t *sorted, size_t count, size_t percent)
{
    size_t rank = (count * percent + 99) / 100;
    return sorted[rank > 0 ? rank - 1 : 0];
}

void latency_window_figures(uint64_t *values, size_t count, struct latency_figures *out)
{
    *out = (struct latency_figures){.answered = count};
    if (count == 0) {
        return;
    }
    double mean = 0;
    double m2 = 0;
    double jitter = 0;
    for (size_t i = 0; i < count; i++) {
        double delta = (double)values[i] - mean;
        mean += delta / (double)(i + 1);
        m2 += delta * ((double)values[i] - mean);
        jitter += i > 0 ? fabs((double)values[i] - (double)values[i - 1]) : 0;
    }
    out->last_ns = values[count - 1];
    out->avg_ns = (uint64_t)mean;
    out->jitter_ns = count > 1 ? (uint64_t)(jitter / (double)(count - 1)) : 0;
    out->stddev_ns = count > 1 ? (uint64_t)sqrt(m2 / (double)(count - 1)) : 0;
    qsort(values, count, sizeof *values, compare);
    out->min_ns = values[0];
    out->max_ns = values[count - 1];
    out->p50_ns = nearest_rank(values, count, 50);
    out->p95_ns = nearest_rank(values, count, 95);
    out->p99_ns = nearest_rank(values, count, 99);
}
