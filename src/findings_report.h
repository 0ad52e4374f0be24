/*
 * Findings as the headless commands print them: in the sense and order of `coder ping`, as a tree,
 * and as JSON.
 */
#ifndef SRC_FINDINGS_REPORT_H
#define SRC_FINDINGS_REPORT_H

#include <cjson/cJSON.h>

#include "net/monitor/snapshot.h"

/* After the pongs: what is true in general, then what may be wrong on this side and on the agent's.
 * With a direct path, only what spoils it, unless `all`. Where direct connections are disabled,
 * what else stands in their way is left out likewise. */
void findings_print(const struct snapshot *s, bool all);

/* "!", "✘": of a severity, as wide as the terminal's font makes it. Static. */
const char *findings_glyph(enum finding_severity severity, bool utf8);

/* The worst that stands; SEVERITY_OK: nothing. */
enum finding_severity findings_worst(const struct snapshot *s);

/* Adds the members of one finding. */
void findings_add_json(cJSON *object, const struct finding *finding, mono_ns now);

/* Adds "findings": all that stand, causes first. */
void findings_add_all_json(cJSON *object, const struct snapshot *s);

#endif
