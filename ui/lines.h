/*
 * The lines of log and events that pass the filter, each by its number, which stays the same as
 * others come and go.
 */
#ifndef UI_LINES_H
#define UI_LINES_H

#include "ui/app.h"

enum { LINES_MAX = SNAPSHOT_LOG_MAX };

struct lines {
    size_t count; /* that pass */
    size_t total;
    size_t chosen; /* among those that pass; the last one while following */
    uint64_t number[LINES_MAX];
    size_t index[LINES_MAX]; /* into s->log or s->events */
};

/* Of the view (log or events). */
void lines_collect(const struct app *app, enum view view, const struct snapshot *s,
                   struct lines *out);

/* The number of the line that is `by` further down than the chosen one. False: none is there. */
bool lines_move(const struct app *app, const struct snapshot *s, int64_t by, uint64_t *number);

/* When the chosen line was written. False: none is chosen. */
bool lines_moment(const struct app *app, const struct snapshot *s, mono_ns *at);

#endif
