/*
 * Figures over round trips: least, mean, greatest, percentiles, jitter, spread, loss. Pure.
 *
 * Two shapes: over a window (exact: the values are there) and over a whole run of any length
 * (running sums, and a histogram for the percentiles, whose buckets are 1/128 of a power of two
 * wide: a percentile is right to 0.8 %).
 */
#ifndef NET_PROBE_LATENCY_STATS_H
#define NET_PROBE_LATENCY_STATS_H

#include <stddef.h>
#include <stdint.h>

enum {
    LATENCY_SUB_BITS = 7,
    LATENCY_LEAST_BITS = 10, /* everything below 1024 ns shares the first buckets */
    LATENCY_MOST_BITS = 36,  /* 2^36 ns = 69 s; nothing waits longer */
    LATENCY_BUCKETS = (LATENCY_MOST_BITS - LATENCY_LEAST_BITS + 1) << LATENCY_SUB_BITS,
};

/* What is told of them; ns. With no answer all but the counts are 0. */
struct latency_figures {
    uint64_t sent, answered, lost;
    uint64_t last_ns, min_ns, avg_ns, max_ns, p50_ns, p95_ns, p99_ns;
    uint64_t jitter_ns; /* mean difference of neighbouring answers */
    uint64_t stddev_ns; /* of the sample (n - 1) */
};

/* A whole run. */
struct latency_run {
    uint64_t sent, answered, lost;
    uint64_t last_ns, min_ns, max_ns;
    double mean_ns, m2; /* Welford's running mean and sum of squared differences */
    double jitter_sum_ns;
    uint64_t jitter_count;
    uint32_t buckets[LATENCY_BUCKETS];
};

void latency_run_sent(struct latency_run *run);
void latency_run_answered(struct latency_run *run, uint64_t rtt_ns);
void latency_run_lost(struct latency_run *run);
void latency_run_unsent(struct latency_run *run); /* it does not count after all */
void latency_run_figures(const struct latency_run *run, struct latency_figures *out);

/* The same over `count` answered round trips in order of time (ns); sorts `values` in place. `sent`
 * and `lost` are the caller's to set afterwards. */
void latency_window_figures(uint64_t *values, size_t count, struct latency_figures *out);

#endif
