/*
 * How many probes of a stretch of time came back how fast: classes with round bounds that fit what
 * there is. Pure.
 *
 * Every answered probe is in one class. A bucket of history counts at its least, middle and
 * greatest round trip (point_parts).
 */
#ifndef UI_HISTOGRAM_H
#define UI_HISTOGRAM_H

#include "net/monitor/snapshot.h"
#include "ui/canvas.h"

struct histogram_class {
    uint64_t from_us;
    uint64_t to_us; /* the first that is too slow for it; 0: it has no end */
    uint64_t direct, relayed;
};

enum {
    HISTOGRAM_CLASSES_MAX = 20,
    HISTOGRAM_CLASSES_MIN = 3,
    HISTOGRAM_SMALL_ROWS = HISTOGRAM_CLASSES_MIN + 1
};

struct histogram {
    size_t count;
    struct histogram_class classes[HISTOGRAM_CLASSES_MAX]; /* the fastest first */
    uint64_t direct, relayed, lost;
    uint32_t max_us;
    bool rough; /* buckets are among them */
};

/* Of the probes sent in [from, to); at most `most` classes, which is not below
 * HISTOGRAM_CLASSES_MIN, and fewer where there are few probes. */
void histogram_make(struct histogram *out, const struct snapshot *s, mono_ns from, mono_ns to,
                    size_t most);

/* The classes as bars, with their shares and their counts by way, and the lost ones below. */
void histogram_draw(struct canvas *canvas, struct rect rect, const struct snapshot *s, mono_ns from,
                    mono_ns to);

/* What the signs and textures mean, with the sums; "~" before it if the histogram is rough. */
void histogram_legend(const struct glyphs *glyphs, const struct snapshot *s, mono_ns from,
                      mono_ns to, char *out, size_t size);

/* The same without counts, below a line that names it: for a corner, of HISTOGRAM_SMALL_ROWS or
 * more. `window` is "last 5 min". */
void histogram_draw_small(struct canvas *canvas, struct rect rect, const struct snapshot *s,
                          mono_ns from, mono_ns to, const char *window);

#endif
