/*
 * A connection in one line, for prompts, status bars and screen readers: what `derptop status`
 * prints. Pure: from a snapshot to text or JSON.
 */
#ifndef SRC_STATUS_LINE_H
#define SRC_STATUS_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "net/monitor/grade.h"
#include "net/monitor/snapshot.h"

enum {
    STATUS_LINE = 768,
    STATUS_LOST_IN_A_ROW = 3, /* so many, and there is no answer any more */
};

enum status_state { STATUS_CONNECTING, STATUS_RELAYED, STATUS_DIRECT, STATUS_NO_ANSWER };

struct status {
    enum status_state state;
    uint64_t latency_ns;             /* of the last answer that came this way; 0 = not known */
    enum latency_grade grade;        /* RELAYED, DIRECT */
    char endpoint[SNAPSHOT_ADDRESS]; /* DIRECT */
    int64_t region;                  /* RELAYED */
    char region_name[SNAPSHOT_NAME]; /* RELAYED */
    char reason[SNAPSHOT_TEXT];      /* NO_ANSWER */
    size_t finding_count;            /* those that stand, */
    enum finding_code worst;         /* and the worst of them: a cause before what it explains */
    uint8_t findings[FINDING_CODES]; /* severity of each; SEVERITY_OK = it does not stand */
};

/* `over`: it was waited for long enough, what has no answer by now is said to have none. `limits`:
 * the grade is that of the latency alone; NULL: it is the monitor's, which has patience. */
void status_of(const struct snapshot *s, bool over, const struct grade_limits *limits,
               struct status *out);

/* "dev1 → direct 6.1 ms ▲ client_low_mtu"; without `utf8` in ASCII alone. `target` as the user
 * wrote it. */
void status_text(const struct status *status, const char *target, bool utf8, char out[STATUS_LINE]);

/* The same as an object. */
cJSON *status_json(const struct status *status, const char *target, struct wall_time when);

/* Whether more than the latency is another: in the line, or (`json`) in the object. */
bool status_is_news(const struct status *before, const struct status *now, bool json);

#endif
