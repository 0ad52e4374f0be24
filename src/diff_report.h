/*
 * What `derptop diff` prints of two results: a table for each test that both have, or JSON.
 */
#ifndef SRC_DIFF_REPORT_H
#define SRC_DIFF_REPORT_H

#include "src/diff.h"

struct diff_view {
    const struct diff_file *before, *after;
    double threshold; /* percent */
    bool utf8;
};

/* How many figures and paths were compared, and with what outcome. */
struct diff_count {
    unsigned compared, worse, better;
};

struct diff_count diff_count(const struct diff_view *view);

/* To standard output. */
void diff_print_text(const struct diff_view *view);
void diff_print_json(const struct diff_view *view);

#endif
