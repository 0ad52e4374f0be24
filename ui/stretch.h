/*
 * Stretches of time in which nothing came back, and why: what the core tells of itself (a pause,
 * the program stopped, the computer asleep), probes that were all lost, or no probes at all. Pure.
 */
#ifndef UI_STRETCH_H
#define UI_STRETCH_H

#include "net/monitor/snapshot.h"

enum stretch_kind {
    STRETCH_PAUSED,
    STRETCH_SUSPENDED,
    STRETCH_ASLEEP,
    STRETCH_NO_ANSWER,
    STRETCH_NO_DATA,
};

struct stretch {
    mono_ns from, to;
    enum stretch_kind kind;
    bool lasts; /* it is not over */
};

enum { STRETCHES_MAX = 64 };

/* Those that reach into [from, to); what the core tells comes last. Up to `most` of them. */
size_t stretches_find(const struct snapshot *s, mono_ns from, mono_ns to, struct stretch *out,
                      size_t most);

/* The one that a moment lies in. False: none. */
bool stretch_at(const struct snapshot *s, mono_ns at, struct stretch *out);

/* "paused", "no answer". */
const char *stretch_word(enum stretch_kind kind);

#endif
