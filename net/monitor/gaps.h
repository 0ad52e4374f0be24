/*
 * Stretches of time in which nothing was probed, and why: somebody asked for a pause, the program
 * was stopped (Ctrl-Z), the computer slept. A machine; time is told by two clocks, as in slept.h.
 */
#ifndef NET_MONITOR_GAPS_H
#define NET_MONITOR_GAPS_H

#include "net/monitor/snapshot.h"
#include "net/transport/slept.h"

struct gaps {
    struct slept slept;
    uint64_t count;                              /* ever; gap n is ring[n % SNAPSHOT_GAPS_MAX] */
    struct snapshot_gap ring[SNAPSHOT_GAPS_MAX]; /* in the order in which they became known */
    bool paused;
};

void gaps_start(struct gaps *gaps, mono_ns now, uint64_t awake_ns);

/* Whether time passed without us since the last look; *out is that gap. */
bool gaps_look(struct gaps *gaps, mono_ns now, uint64_t awake_ns, struct snapshot_gap *out);

/* When the next look comes at the latest; MONO_NEVER: nothing is planned. */
void gaps_due(struct gaps *gaps, mono_ns due);

/* A pause begins or ends. */
void gaps_pause(struct gaps *gaps, mono_ns now, bool paused);

/* Copies them, the oldest first; returns how many. */
size_t gaps_copy(const struct gaps *gaps, struct snapshot_gap *out);

/* "this computer slept for 2 h: nothing was probed", of one that is over. */
void gap_text(const struct snapshot_gap *gap, char *out, size_t size);

#endif
