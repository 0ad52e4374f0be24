#include "ui/histogram.h"

#include <math.h>
#include <stdlib.h>

#include "net/base/mem.h"
#include "ui/scale.h"
#include "ui/series.h"

enum {
    PARTS_MAX = POINT_PARTS * (SNAPSHOT_SAMPLES_MAX + SNAPSHOT_TENS_MAX + SNAPSHOT_MINUTES_MAX),
    BOUNDS_MAX = HISTOGRAM_CLASSES_MAX + 1,
    EDGE_PERCENT = 2, /* so many on each side have no say in how fine the classes are */
    NARROW = 3,       /* up to this ratio of slow to fast the classes are of equal width */
    FINEST = 50,      /* no class is narrower than this part of its latency */
    LEAST_US = 10,
};

struct gathered {
    struct point_part *parts; /* the fastest first */
    size_t count;
    uint64_t total;
};

static int compare(const void *a, const void *b)
{
    uint32_t x = ((const struct point_part *)a)->us;
    uint32_t y = ((const struct point_part *)b)->us;
    return x < y ? -1 : x > y;
}

static void gather(struct gathered *to, struct histogram *out, const struct snapshot *s,
                   mono_ns from, mono_ns end)
{
    struct series series;
    struct point point;
    series_start(&series, s, from, end);
    while (series_next(&series, &point)) {
        out->lost += point.lost;
        out->rough |= point.span_ns > 0 && point.answered > 0;
        if (to->count + POINT_PARTS <= PARTS_MAX) {
            to->count += point_parts(&point, &to->parts[to->count]);
        }
    }
    qsort(to->parts, to->count, sizeof *to->parts, compare);
    for (size_t i = 0; i < to->count; i++) {
        out->direct += to->parts[i].direct;
        out->relayed += to->parts[i].relayed;
        out->max_us = to->parts[i].us;
    }
    to->total = out->direct + out->relayed;
}

static uint32_t value_at(const struct gathered *from, unsigned percent)
{
    uint64_t rank = (from->total * percent + 99) / 100;
    uint64_t seen = 0;
    size_t i = 0;
    for (; i + 1 < from->count; i++) {
        seen += from->parts[i].direct + from->parts[i].relayed;
        if (seen >= rank) {
            break;
        }
    }
    return from->parts[i].us;
}

/* --- bounds ------------------------------------------------------------------------------------
 */

/* Classes of equal width that hold both; how many. There is one bound more. */
static size_t even_bounds(uint64_t low, uint64_t high, size_t most, uint64_t *bounds)
{
    uint64_t width = (high - low) / most + 1;
    uint64_t step = scale_round_up(width < low / FINEST ? low / FINEST : width);
    while (high / step - low / step + 1 > most) {
        step = scale_round_up(step + 1);
    }
    size_t count = (size_t)(high / step - low / step + 1);
    for (size_t i = 0; i <= count; i++) {
        bounds[i] = (low / step + i) * step;
    }
    return count;
}

/* Digits of round bounds, in tenths. */
struct digits {
    size_t count;
    uint8_t tenths[24];
};

/* The first of the digits times a power of ten that is above the value. */
static uint64_t next_above(const struct digits *digits, uint64_t value)
{
    for (uint64_t power = LEAST_US;; power *= 10) {
        for (size_t i = 0; i < digits->count; i++) {
            if (digits->tenths[i] * power / 10 > value) {
                return digits->tenths[i] * power / 10;
            }
        }
    }
}

/* Up to the class of `high`, with empty ones that are neighbours made one; `most` at most. */
static size_t merged_bounds(const struct gathered *from, const struct digits *digits, uint64_t low,
                            uint64_t high, size_t most, uint64_t *bounds)
{
    size_t count = 0;
    size_t part = 0;
    bool was_empty = false;
    bounds[0] = LEAST_US;
    while (next_above(digits, bounds[0]) <= low) {
        bounds[0] = next_above(digits, bounds[0]);
    }
    while (bounds[count] <= high && count < most) {
        uint64_t to = next_above(digits, bounds[count]);
        while (part < from->count && from->parts[part].us < bounds[count]) {
            part++;
        }
        bool empty = part == from->count || from->parts[part].us >= to;
        count += empty && was_empty ? 0 : 1;
        bounds[count] = to;
        was_empty = empty;
    }
    return count;
}

/* Each class wider than the one before by about the same ratio, as fine as may be. What not even
 * powers of ten can hold is left above. */
static size_t ratio_bounds(const struct gathered *from, uint64_t low, uint64_t high, size_t most,
                           uint64_t *bounds)
{
    static const struct digits kinds[] = {
        {24, {10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 35,
              40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95}},
        {8, {10, 15, 20, 30, 40, 50, 60, 80}},
        {3, {10, 20, 50}},
        {1, {10}},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        count = merged_bounds(from, &kinds[i], low, high, most, bounds);
        if (bounds[count] > high) {
            break;
        }
    }
    return count;
}

static void set_classes(struct histogram *out, const struct gathered *from, size_t most)
{
    uint64_t bounds[BOUNDS_MAX];
    uint64_t low = value_at(from, EDGE_PERCENT);
    uint64_t high = value_at(from, 100 - EDGE_PERCENT);
    size_t count = 0;
    size_t beyond = 0; /* classes without an end, for what is faster or slower than most */
    double enough = 1 + 2 * cbrt((double)from->total); /* few probes in many classes are noise */
    most = (double)most < enough ? most : (size_t)enough;
    bounds[0] = 0;
    for (size_t room = most; room > 0; room--) {
        count = high <= low * NARROW ? even_bounds(low, high, room, bounds)
                                     : ratio_bounds(from, low, high, room, bounds);
        beyond = (from->parts[0].us < bounds[0]) + (size_t)(out->max_us >= bounds[count]);
        if (count + beyond <= most) {
            break;
        }
    }
    if (from->parts[0].us < bounds[0]) {
        out->classes[out->count++] = (struct histogram_class){.to_us = bounds[0]};
    }
    for (size_t i = 0; i < count; i++) {
        out->classes[out->count++] =
            (struct histogram_class){.from_us = bounds[i], .to_us = bounds[i + 1]};
    }
    if (out->max_us >= bounds[count]) {
        out->classes[out->count++] = (struct histogram_class){.from_us = bounds[count]};
    }
}

void histogram_make(struct histogram *out, const struct snapshot *s, mono_ns from, mono_ns to,
                    size_t most)
{
    struct gathered gathered = {.parts = mem_array(PARTS_MAX, sizeof *gathered.parts)};
    *out = (struct histogram){0};
    most = most > HISTOGRAM_CLASSES_MAX ? HISTOGRAM_CLASSES_MAX : most;
    gather(&gathered, out, s, from, to);
    if (gathered.total > 0) {
        set_classes(out, &gathered, most);
    }
    size_t at = 0;
    for (size_t i = 0; i < gathered.count; i++) {
        while (out->classes[at].to_us != 0 && gathered.parts[i].us >= out->classes[at].to_us) {
            at++;
        }
        out->classes[at].direct += gathered.parts[i].direct;
        out->classes[at].relayed += gathered.parts[i].relayed;
    }
    free(gathered.parts);
}
