/*
 * Whether a connection that stood is lost altogether: since the last answer nothing that was sent
 * has been answered. A machine over the probes of one agent; the time is told to it.
 */
#ifndef NET_MONITOR_OUTAGE_H
#define NET_MONITOR_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/now.h"

/* So long and so many: a probe or two are lost in the best of networks. */
enum { OUTAGE_S = 5, OUTAGE_PROBES = 3 };

/* All zeroes: nothing was sent yet. */
struct outage {
    mono_ns since;       /* the first probe after the last answer; 0 = none was sent since */
    uint64_t unanswered; /* how many */
    bool lost;           /* that is an outage */
    bool back;           /* and an answer came */
};

void outage_sent(struct outage *outage, mono_ns now);
void outage_answered(struct outage *outage);

/* Probing stops, or begins again: what was silent before says nothing about what comes. */
void outage_paused(struct outage *outage);

enum outage_news { OUTAGE_NOTHING, OUTAGE_BEGAN, OUTAGE_OVER };

/* What has become of it. OUTAGE_OVER: *lasted is how long it was. */
enum outage_news outage_look(struct outage *outage, mono_ns now, uint64_t *lasted);

/* When to look at the latest; MONO_NEVER = after the next probe or answer. */
mono_ns outage_deadline(const struct outage *outage);

#endif
