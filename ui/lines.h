/*
 * The lines of log and events that are to be shown, and the user's own marks between them. Each has
 * a number, which stays the same as others come and go.
 */
#ifndef UI_LINES_H
#define UI_LINES_H

#include "ui/app.h"

enum { LINES_MAX = SNAPSHOT_LOG_MAX, LINES_SHOWN_MAX = LINES_MAX + APP_MARKS_MAX };

struct line {
    uint64_t number;
    size_t index; /* into s->log or s->events; the mark's into app->marks */
    bool mark;
    bool match; /* holds what is looked for */
};

struct lines {
    size_t count;   /* to be shown, marks among them */
    size_t total;   /* lines that there are */
    size_t passed;  /* of them, those that are shown: by level and filter */
    size_t matches; /* of those, the ones that hold what is looked for */
    size_t chosen;  /* into `all`; the last one while following */
    struct line all[LINES_SHOWN_MAX];
};

/* Whether an event is about a workspace other than the selected one. */
bool event_is_elsewhere(const struct snapshot *s, const struct snapshot_event *event);

/* Of the view (log or events). */
void lines_collect(const struct app *app, enum view view, const struct snapshot *s,
                   struct lines *out);

/* The line that is `by` further down than the chosen one. False: none is there. */
bool lines_move(const struct app *app, const struct snapshot *s, int64_t by, uint64_t *number);

/* The next line that matches, downwards or upwards from the chosen one, which counts as the last of
 * all unless `here`; past the end it goes on at the other one. */
struct lines_match {
    uint64_t number; /* of the line */
    size_t nth, of;  /* "3 of 31", from 1; of == 0: none matches */
    bool round;      /* it went past the end */
};

void lines_match(const struct app *app, const struct snapshot *s, bool down, bool here,
                 struct lines_match *out);

/* When the chosen line was written. False: none is chosen. */
bool lines_moment(const struct app *app, const struct snapshot *s, mono_ns *at);

/* Whether a text is looked for among the lines, instead of hiding those that do not hold it. */
bool lines_search(const struct app *app, enum view view);

#endif
