/*
 * What `derptop doctor` prints: the findings with what to do, then a report to be pasted into a
 * ticket; or the same as JSON. Of a masked snapshot (mask_snapshot.h) it holds neither names nor
 * addresses.
 */
#ifndef SRC_DOCTOR_REPORT_H
#define SRC_DOCTOR_REPORT_H

#include <stdio.h>

#include "net/monitor/snapshot.h"

struct doctor_view {
    const struct snapshot *snapshot;
    const char *target;  /* WORKSPACE as it was given, or masked */
    const char *failure; /* why it could not go on; NULL = it could */
    uint64_t took_ns;
    FILE *out; /* of the text; NULL: standard output */
};

void doctor_print_text(const struct doctor_view *view);
void doctor_print_json(const struct doctor_view *view);

#endif
