/*
 * What the round trips to an agent are called: good, fair or poor. By limits of the user's, and
 * with patience: a name changes only when several answers in a row are beyond it on one side, so
 * that nothing flickers. A machine; the watch feeds it every answer.
 */
#ifndef NET_MONITOR_GRADE_H
#define NET_MONITOR_GRADE_H

#include <stdint.h>

#include "net/monitor/snapshot.h"

enum { GRADE_GOOD_MS = 100, GRADE_POOR_MS = 200, GRADE_SAMPLES = 3 };

struct grade_limits {
    uint64_t good_ns; /* below it: good */
    uint64_t poor_ns; /* above it: poor */
    unsigned samples; /* in a row, to change the name; 0: all of these are the defaults */
};

struct grade {
    enum latency_grade now;
    enum latency_grade next; /* the one nearest to `now` of those `count` answers */
    unsigned count;          /* in a row, on one side of `now` */
};

/* All zeroes: there was no answer yet. The first one is believed at once. */
void grade_sample(struct grade *grade, const struct grade_limits *limits, uint64_t rtt_ns);

#endif
