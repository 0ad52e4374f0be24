/*
 * What `derptop doctor` prints: the findings with what to do, then a report to be pasted into a
 * ticket; or the same as JSON. With a mask, names and addresses are replaced throughout.
 */
#ifndef SRC_DOCTOR_REPORT_H
#define SRC_DOCTOR_REPORT_H

#include <stdio.h>

#include "net/monitor/snapshot.h"
#include "src/mask.h"

struct doctor_view {
    const struct snapshot *snapshot;
    const char *target;  /* WORKSPACE as it was given */
    const char *failure; /* why it could not go on; NULL = it could */
    uint64_t took_ns;
    struct mask *mask; /* NULL: everything is shown */
    FILE *out;         /* of the text; NULL: standard output */
};

/* Registers the names that are to be masked. */
void doctor_learn_names(const struct snapshot *s, const char *target, struct mask *mask);

void doctor_print_text(const struct doctor_view *view);
void doctor_print_json(const struct doctor_view *view);

#endif
