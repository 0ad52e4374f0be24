/*
 * The findings that stand, from one diagnosis to the next. A machine: the clock is its owner's.
 *
 *   absent --seen n times in a row--> standing --missed n times in a row--> absent
 *
 * So nothing flickers. What is certain (a setting, an answer of the deployment) is shown at once;
 * it goes like the others. A standing finding keeps its age, its severity changes only after n
 * samples of another one, and its texts are always the newest.
 */
#ifndef NET_DIAGNOSE_FINDINGS_H
#define NET_DIAGNOSE_FINDINGS_H

#include <stdint.h>

#include "net/base/now.h"
#include "net/diagnose/finding.h"

enum { FINDINGS_SAMPLES = 3, FINDINGS_EVENTS_MAX = 2 * FINDING_CODES };

struct findings_entry {
    bool standing;
    unsigned seen, missed; /* in a row */
    unsigned other;        /* samples of another severity, in a row */
    mono_ns since;         /* when it was first seen of the run that made it stand */
    struct finding newest;
};

struct findings_event {
    enum finding_code code;
    bool began; /* else it ended */
};

struct findings {
    unsigned samples;
    struct findings_entry all[FINDING_CODES];
    size_t event_count, events_taken;
    struct findings_event events[FINDINGS_EVENTS_MAX]; /* of the last step */
};

/* `samples` in a row make a finding stand, or go; 1: no memory. */
void findings_init(struct findings *findings, unsigned samples);

/* One diagnosis, made at `now`. Events of the step before that were not taken are lost. */
void findings_step(struct findings *findings, mono_ns now, const struct finding *list,
                   size_t count);

/* What began or ended with the last step; causes first. */
bool findings_event(struct findings *findings, struct findings_event *out);

/* Something is about to appear or to go: another step is needed even if no fact changes. */
bool findings_unsettled(const struct findings *findings);

/* Those of a severity that stand, as a set: bit n is that of code n. */
uint32_t findings_standing(const struct findings *findings, enum finding_severity severity);

/* Those that stand, in order: findings_order. Returns how many. */
size_t findings_list(const struct findings *findings, struct finding out[FINDING_CODES]);

#endif
