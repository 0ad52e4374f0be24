/*
 * What was looked for, as rows: findings that stand (causes above what they explain, those that
 * are muted last), then what is not known, then what has passed, then the path. Pure.
 *
 * In the view of details a row is chosen by its code, so that it stays chosen as others come and
 * go.
 */
#ifndef UI_FOUND_H
#define UI_FOUND_H

#include "net/diagnose/checks.h"
#include "ui/app.h"

enum { FOUND_PATH = FINDING_CODES, FOUND_ROWS = FINDING_CODES + 1 };

struct found_row {
    int code; /* enum finding_code, or FOUND_PATH */
    enum check_state state;
    const char *unknown;           /* why it is */
    const struct finding *finding; /* that stands; else NULL */
    unsigned depth;                /* how many causes stand above it */
    bool muted;
};

struct found {
    size_t count;
    struct found_row rows[FOUND_ROWS];
    size_t standing, muted; /* that stand, and how many of those are muted */
    size_t unknown, passed;
    size_t counts[SEVERITY_ERROR + 1]; /* that stand and are not muted */
};

/* All of them. */
void found_all(const struct app *app, const struct snapshot *s, struct found *out);

/* Those that the view of details lists: what the filter passes, with or without what has passed. */
void found_listed(const struct app *app, const struct snapshot *s, struct found *out);

/* Whether a row is about a word: its name, its title, its side. */
bool found_holds(const struct found_row *row, const char *word);

/* The row that is chosen there; 0 where none is. */
size_t found_chosen(const struct app *app, const struct found *found);

/* "1 ▲ 2 ●": how many stand that are not muted, the worst first. */
void found_counts(const struct glyphs *glyphs, const struct found *found, char *out, size_t size);

/* "13 passed, 1 not known". */
enum { FOUND_SUM = 64 };
void found_sum(const struct found *found, char out[FOUND_SUM]);

/* The sign of a row, and its style. */
const char *found_sign(const struct glyphs *glyphs, const struct found_row *row, enum style *style);

#endif
