/*
 * The workspaces in the order in which lists show them: favourites first, sorted, filtered. Pure.
 */
#ifndef UI_ROWS_H
#define UI_ROWS_H

#include "net/monitor/snapshot.h"

enum { PINS_MAX = 64 };

/* Favourites, by workspace. */
struct pins {
    size_t count;
    struct uuid all[PINS_MAX];
};

bool pins_has(const struct pins *pins, const struct uuid *workspace);

/* Adds or removes; false when there is no room. */
bool pins_toggle(struct pins *pins, const struct uuid *workspace);

enum sort { SORT_SERVER, SORT_NAME, SORT_STATE, SORT_LATENCY, SORT_PATH, SORT_COUNT };

const char *sort_name(enum sort sort); /* "by latency" */

struct rows_query {
    const char *filter; /* part of name, agent or owner, without case; "" = all */
    enum sort sort;
    const struct pins *pins;
    bool running_only;
};

/* Indexes into s->workspaces; returns how many. */
int rows_collect(const struct snapshot *s, const struct rows_query *query,
                 int rows[SNAPSHOT_WORKSPACES_MAX]);

/* What a row is selected by: its agent, or the workspace that has none. */
const struct uuid *row_id(const struct snapshot_workspace *row);

/* What was found of a row and is not muted, the worst first; returns how many. */
struct row_finding {
    enum finding_code code;
    enum finding_severity severity;
};
size_t row_findings(const struct snapshot_workspace *row, const bool muted[FINDING_CODES],
                    struct row_finding out[FINDING_CODES]);

/* Whether `text` holds `part`, without case; *at: where. */
bool text_holds(const char *text, const char *part, size_t *at);

#endif
