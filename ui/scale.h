/*
 * The y axis: which value stands how high, and where the round numbers are. Pure.
 */
#ifndef UI_SCALE_H
#define UI_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum scale_kind {
    SCALE_AUTO,  /* all of it, but for an outlier beyond two and a half times the 95th percentile */
    SCALE_CLIP,  /* up to the 99th percentile */
    SCALE_LOG,   /* powers of ten */
    SCALE_FIXED, /* stays where it was */
    SCALE_KINDS
};

struct scale {
    enum scale_kind kind;
    uint64_t top;    /* at the upper edge: a round number */
    uint64_t bottom; /* at the lower edge: 0, but for SCALE_LOG */
};

/* A scale for these values (which are sorted in place). `fixed` is the top for SCALE_FIXED; 0 =
 * not yet known. `least` is the smallest step that makes sense, such as 100 us. */
void scale_fit(struct scale *out, enum scale_kind kind, uint32_t *values, size_t count,
               uint64_t fixed, uint64_t least);

/* A logarithmic one for values from `low` to `high`, between the nearest of 1, 2 and 5 times a
 * power of ten, none of them below `least`. low > high: there is no value. */
void scale_fit_log(struct scale *out, uint32_t low, uint32_t high, uint64_t least);

/* The nearest of 1, 2 and 5 times a power of ten that is at most, or at least, the value; at the
 * least 1. */
uint64_t scale_round_down(uint64_t value);
uint64_t scale_round_up(uint64_t value);

/* How many of `height` steps a value reaches: at least 1, at most `height`; never falling as the
 * value grows. */
unsigned scale_height(const struct scale *scale, uint64_t value, unsigned height);

/* The row (0 = the uppermost of `rows`) in which the value's end lies. */
int scale_row(const struct scale *scale, uint64_t value, int rows);

/* Round numbers with the row of each, from the top down; at most `most`, none nearer to the next
 * than `apart` rows. */
struct scale_tick {
    int row;
    uint64_t value;
};

size_t scale_ticks(const struct scale *scale, int rows, int apart, struct scale_tick *out,
                   size_t most);

const char *scale_name(enum scale_kind kind); /* "auto" */

#endif
