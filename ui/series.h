/*
 * The watched agent's past as one series of points, the oldest first: single probes as far back as
 * they are kept, before that buckets of ten seconds, before that of a minute. Each moment is in one
 * point only. Pure.
 */
#ifndef UI_SERIES_H
#define UI_SERIES_H

#include "net/monitor/snapshot.h"

struct point {
    mono_ns at;
    uint64_t span_ns; /* of a bucket; 0 = one probe */
    uint32_t min_us, p50_us, max_us, jitter_us;
    uint32_t answered, direct, lost, lost_direct;
};

struct series {
    const struct snapshot *s;
    mono_ns from, to;
    mono_ns tens_from, probes_from; /* where the finer ones begin */
    int stage;
    size_t next;
};

/* Those that begin in [from, to), and the bucket that `from` falls into. */
void series_start(struct series *series, const struct snapshot *s, mono_ns from, mono_ns to);
bool series_next(struct series *series, struct point *out);

/* When the oldest point begins; `now` when there is none. */
mono_ns series_oldest(const struct snapshot *s);

enum path_kind point_path(const struct point *point);

/* What a point says of round trips, each part of so many probes. A bucket knows three of them: the
 * least, the middle, at which all the others count, and the greatest. Where it went both ways, the
 * least counts as direct and the greatest as relayed, for so it mostly was; the sums are exact. */
enum { POINT_PARTS = 3 };

struct point_part {
    uint32_t us, direct, relayed;
};

size_t point_parts(const struct point *point, struct point_part parts[POINT_PARTS]);

/* Figures over a stretch of time, for one way: exact where single probes are kept, else from the
 * buckets' middles and greatest. Lost ones count for the way that was in use. */
struct series_figures {
    uint64_t answered, lost;
    uint32_t last_us, min_us, max_us, p50_us, p95_us, p99_us, jitter_us;
    bool rough; /* buckets are among them */
};

void series_figures(const struct snapshot *s, mono_ns from, mono_ns to, enum path_kind path,
                    struct series_figures *out);

#endif
