/*
 * Whether the computer slept since the last look, by two clocks: one runs on while it sleeps, the
 * other stands still. Pure.
 */
#ifndef NET_TRANSPORT_SLEPT_H
#define NET_TRANSPORT_SLEPT_H

#include <stdbool.h>

#include "net/base/now.h"

enum {
    SLEPT_MIN_S = 1, /* shorter is not worth acting upon */
    SLEPT_LATE_S = 5 /* a look that comes so much later than it was due: the process was stopped, or
                        the system has but one clock */
};

struct slept {
    mono_ns looked_at; /* by the clock that runs on */
    uint64_t awake_ns; /* by the other, at the same time */
    mono_ns due;       /* when the next look is to come at the latest */
};

/* Looks for the first time or anew. `period_ns`: how soon the next look comes at the latest. */
void slept_start(struct slept *slept, mono_ns now, uint64_t awake_ns, uint64_t period_ns);

enum slept_what {
    SLEPT_NOT,
    SLEPT_ASLEEP, /* the computer was */
    SLEPT_STOPPED /* the process was, or it could not be told that the computer slept */
};

/* What it did since the last look, which this one becomes. */
enum slept_what slept_look(struct slept *slept, mono_ns now, uint64_t awake_ns, uint64_t period_ns);

#endif
