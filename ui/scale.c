#include "ui/scale.h"

#include <math.h>
#include <stdlib.h>

enum { OUTLIER_PERCENT = 250, DECADE = 10 };

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t percentile(const uint32_t *sorted, size_t count, size_t percent)
{
    return sorted[(count * percent + 99) / 100 - 1];
}

/* The least of 1, 1.5, 2, 3, 4, 5, 6, 8 · 10^n steps that holds the value. */
static uint64_t round_up(uint64_t value, uint64_t least)
{
    static const uint64_t tenths[] = {10, 15, 20, 30, 40, 50, 60, 80};
    for (uint64_t scale = least;; scale *= DECADE) {
        for (size_t i = 0; i < sizeof tenths / sizeof *tenths; i++) {
            if (tenths[i] * scale / DECADE >= value || scale > UINT32_MAX) {
                return tenths[i] * scale / DECADE;
            }
        }
    }
}

static uint64_t decade_up(uint64_t value, uint64_t least)
{
    uint64_t out = least;
    while (out < value && out < UINT32_MAX) {
        out *= DECADE;
    }
    return out;
}

static uint64_t decade_down(uint64_t value, uint64_t least)
{
    uint64_t out = least;
    while (out * DECADE <= value) {
        out *= DECADE;
    }
    return out;
}

void scale_fit(struct scale *out, enum scale_kind kind, uint32_t *values, size_t count,
               uint64_t fixed, uint64_t least)
{
    *out = (struct scale){.kind = kind, .top = least * DECADE};
    if (kind == SCALE_FIXED && fixed > 0) {
        out->top = fixed;
        return;
    }
    if (count == 0) {
        out->bottom = kind == SCALE_LOG ? least : 0;
        return;
    }
    qsort(values, count, sizeof *values, compare);
    uint64_t most = values[count - 1];
    if (kind == SCALE_LOG) {
        out->bottom = decade_down(values[0], least);
        out->top = decade_up(most, least);
        out->top = out->top <= out->bottom ? out->bottom * DECADE : out->top;
        return;
    }
    uint64_t bound = kind == SCALE_CLIP ? percentile(values, count, 99)
                                        : percentile(values, count, 95) * OUTLIER_PERCENT / 100;
    out->top = round_up((most > bound ? bound : most) + 1, least);
}

uint64_t scale_round_down(uint64_t value)
{
    uint64_t power = 1;
    while (power * DECADE <= value) {
        power *= DECADE;
    }
    return power * 5 <= value ? power * 5 : power * 2 <= value ? power * 2 : power;
}

uint64_t scale_round_up(uint64_t value)
{
    uint64_t down = scale_round_down(value);
    uint64_t power = 1;
    while (power * DECADE <= down) {
        power *= DECADE;
    }
    return down >= value       ? down
           : down == power     ? power * 2
           : down == power * 2 ? power * 5
                               : power * DECADE;
}

void scale_fit_log(struct scale *out, uint32_t low, uint32_t high, uint64_t least)
{
    enum { NONE_LOW_US = 1000, NONE_HIGH_US = 10000 };
    bool none = low > high;
    *out = (struct scale){.kind = SCALE_LOG,
                          .bottom = scale_round_down(none ? NONE_LOW_US : low),
                          .top = scale_round_up(none ? NONE_HIGH_US : (uint64_t)high + 1)};
    out->bottom = out->bottom < least ? least : out->bottom;
    out->top = out->top <= out->bottom ? out->bottom * 2 : out->top;
}

/* From 0 at the bottom to 1 at the top. */
static double share_of(const struct scale *scale, uint64_t value)
{
    if (scale->kind != SCALE_LOG || scale->bottom == 0) {
        return (double)value / (double)scale->top;
    }
    if (value <= scale->bottom) {
        return 0;
    }
    return log((double)value / (double)scale->bottom) /
           log((double)scale->top / (double)scale->bottom);
}

unsigned scale_height(const struct scale *scale, uint64_t value, unsigned height)
{
    double steps = share_of(scale, value) * height + 0.5;
    return steps < 1 ? 1 : steps > height ? height : (unsigned)steps;
}

int scale_row(const struct scale *scale, uint64_t value, int rows)
{
    double from_below = share_of(scale, value) * rows;
    int row = rows - 1 - (int)(from_below - 0.001);
    return row < 0 ? 0 : row >= rows ? rows - 1 : row;
}

/* The finest round step that divides the top and leaves no more than `most` of them. */
static uint64_t step_of(uint64_t top, uint64_t most)
{
    static const uint64_t digits[] = {1, 2, 5};
    for (uint64_t scale = 1; scale <= top; scale *= DECADE) {
        for (size_t i = 0; i < sizeof digits / sizeof *digits; i++) {
            uint64_t step = digits[i] * scale;
            if (step < top && top % step == 0 && top / step <= most) {
                return step;
            }
        }
    }
    return most >= 2 && top % 2 == 0 ? top / 2 : top;
}

/* The next of 1, 2 and 5 times a power of ten below the value, or the next power of ten. */
static uint64_t next_below(uint64_t value, bool fine)
{
    uint64_t power = 1;
    while (!fine && power * DECADE < value) {
        power *= DECADE;
    }
    return fine ? scale_round_down(value - 1) : power;
}

/* Powers of ten, with their doubles and halves where there is room for all of them; and the lower
 * edge, without which a few rows would say nothing. */
static size_t log_ticks(const struct scale *scale, int rows, int apart, struct scale_tick *out,
                        size_t most)
{
    size_t count = 0;
    double doubles = log((double)scale->top / (double)scale->bottom) / log(2);
    bool fine = (double)rows >= doubles * apart;
    for (uint64_t value = scale->top; value > scale->bottom && count < most;
         value = next_below(value, fine)) {
        int row = value == scale->top ? 0 : scale_row(scale, value, rows);
        if (count == 0 || row - out[count - 1].row >= apart) {
            out[count++] = (struct scale_tick){row, value};
        }
    }
    int left = count == 0 ? 0 : rows - 1 - out[count - 1].row;
    if (count < most && (left >= apart || (count == 1 && left > 1))) {
        out[count++] = (struct scale_tick){rows - 1, scale->bottom};
    }
    return count;
}

size_t scale_ticks(const struct scale *scale, int rows, int apart, struct scale_tick *out,
                   size_t most)
{
    size_t count = 0;
    if (rows < 1 || most == 0) {
        return 0;
    }
    if (scale->kind == SCALE_LOG) {
        return log_ticks(scale, rows, apart, out, most);
    }
    int wanted = rows / apart < 1 ? 1 : rows / apart;
    uint64_t step = step_of(scale->top, (uint64_t)wanted);
    for (uint64_t value = scale->top; value >= step && count < most; value -= step) {
        int row = (int)((double)(scale->top - value) / (double)scale->top * rows + 0.5);
        if (row < rows && (count == 0 || row - out[count - 1].row >= apart)) {
            out[count++] = (struct scale_tick){row, value};
        }
    }
    return count;
}

const char *scale_name(enum scale_kind kind)
{
    static const char *const names[SCALE_KINDS] = {"auto", "clip", "log", "fixed"};
    return names[kind];
}
