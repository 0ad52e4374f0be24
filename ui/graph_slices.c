/*
 * A series of points cut into slices of equal time.
 */
#include <stdlib.h>

#include "net/base/mem.h"
#include "ui/graph.h"
#include "ui/series.h"

enum {
    HOLD_PERCENT = 160 /* a probe stands for this share of the interval: shorter gaps are none */
};

mono_ns graph_edge(mono_ns to, uint64_t span_ns, size_t cells)
{
    uint64_t cell_ns = cells == 0 ? 0 : span_ns / cells;
    return cell_ns == 0 ? to : (to / cell_ns + 1) * cell_ns;
}

static void add(struct slice *slice, const struct point *point)
{
    slice->lost |= point->lost > 0;
    if (point->answered > 0) {
        slice->us = !slice->has || point->max_us > slice->us ? point->max_us : slice->us;
        slice->has = true;
        slice->path = point_path(point);
    }
}

/* What follows until the next probe: slices finer than the interval have no holes. */
static void hold(struct slice *slices, size_t count, size_t at, size_t reach,
                 const struct point *point)
{
    for (size_t i = at + 1; i < count && i <= at + reach; i++) {
        if (slices[i].has || slices[i].lost) {
            return;
        }
        slices[i] = (struct slice){.has = true, .us = point->p50_us, .path = point_path(point)};
    }
}

struct cut {
    mono_ns from;
    uint64_t slice_ns;
    size_t count;
};

static size_t index_of(const struct cut *cut, mono_ns at)
{
    return at < cut->from ? 0 : (size_t)((at - cut->from) / cut->slice_ns);
}

static void add_all(const struct snapshot *s, const struct cut *cut, struct slice *slices)
{
    struct series series;
    struct point point;
    series_start(&series, s, cut->from, cut->from + cut->slice_ns * cut->count);
    while (series_next(&series, &point)) {
        size_t at = index_of(cut, point.at);
        if (at < cut->count) {
            add(&slices[at], &point);
        }
    }
}

/* A probe holds for the interval, what a bucket says for its whole width. */
static void hold_all(const struct snapshot *s, const struct cut *cut, struct slice *slices)
{
    struct series series;
    struct point point;
    series_start(&series, s, cut->from, cut->from + cut->slice_ns * cut->count);
    while (series_next(&series, &point)) {
        uint64_t width = point.span_ns > 0 ? point.span_ns : s->interval_ns * HOLD_PERCENT / 100;
        size_t at = index_of(cut, point.at);
        if (point.answered > 0 && at < cut->count) {
            hold(slices, cut->count, at, (size_t)(width / cut->slice_ns), &point);
        }
    }
}

void graph_slices(const struct graph_view *view, mono_ns edge, struct slice *slices, size_t count)
{
    struct cut cut = {.slice_ns = view->span_ns / count, .count = count};
    for (size_t i = 0; i < count; i++) {
        slices[i] = (struct slice){.path = PATH_NONE};
    }
    if (cut.slice_ns == 0) {
        return;
    }
    uint64_t width = cut.slice_ns * count;
    cut.from = edge < width ? 0 : edge - width;
    add_all(view->s, &cut, slices);
    hold_all(view->s, &cut, slices);
}

void graph_scale(const struct graph_view *view, struct scale *out)
{
    enum { LEAST_US = 100, ROOM = SNAPSHOT_SAMPLES_MAX + SNAPSHOT_TENS_MAX + SNAPSHOT_MINUTES_MAX };
    uint32_t *values = mem_array(ROOM + SNAPSHOT_ECHOES_MAX, sizeof *values);
    const struct snapshot *s = view->s;
    mono_ns from = view->to < view->span_ns ? 0 : view->to - view->span_ns;
    struct series series;
    struct point point;
    size_t count = 0;
    series_start(&series, s, from, mono_after(view->to, 1));
    while (view->series != GRAPH_TUNNEL && series_next(&series, &point) && count < ROOM) {
        if (point.answered > 0) {
            values[count++] = point.max_us;
        }
    }
    for (size_t i = 0; view->series != GRAPH_DISCO && i < s->echo_count; i++) {
        if (s->echoes[i].at >= from && s->echoes[i].at <= view->to) {
            values[count++] = s->echoes[i].rtt_us;
        }
    }
    scale_fit(out, view->scale, values, count, view->fixed_us, LEAST_US);
    free(values);
}
