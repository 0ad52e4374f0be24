/*
 * The latency graph: a series over time, drawn into a rectangle. Pure.
 *
 *      80ms ┤ ▲812             the y axis: round numbers; what is above it is marked, with its
 * value │      ⣀⣀⡀   ⢀⣀         relayed: hatched; direct: solid; through the tunnel: • 40
 * ┤⣿⣿⣷⣶⣶⣿⣿⣶⣶⣶⣶ path  ╌╌ relay 999 ╌╌━━━ direct ━━━     the path, in words lost           ×    ▲ ↓↓↓
 * probes lost, changes of the path, tests, marks │14:02            │14:03          times of day, at
 * round ones
 */
#ifndef UI_GRAPH_H
#define UI_GRAPH_H

#include "net/monitor/snapshot.h"
#include "ui/canvas.h"
#include "ui/scale.h"

enum graph_series { GRAPH_DISCO, GRAPH_BOTH, GRAPH_TUNNEL, GRAPH_SERIES };

/* How the window is shown. */
enum graph_form { FORM_LINE, FORM_HEAT, FORM_HISTOGRAM, FORM_COUNT };

enum { GRAPH_SPANS_MAX = 24 };

/* A stretch of time in which a throughput test ran. */
struct graph_span {
    mono_ns from, to;
    bool upload;
};

struct graph_view {
    const struct snapshot *s;
    mono_ns to;       /* the right edge */
    uint64_t span_ns; /* what the width stands for */
    enum scale_kind scale;
    uint64_t fixed_us;        /* the top for SCALE_FIXED */
    enum graph_series series; /* of the line; a heat map is of disco pings */
    enum graph_form form;     /* FORM_LINE or FORM_HEAT */
    mono_ns cursor;           /* 0 = no crosshair */
    const mono_ns *marks;
    size_t mark_count;
    struct graph_span tests[GRAPH_SPANS_MAX];
    size_t test_count;
};

/* A histogram has no time in it: histogram.h. */
void graph_draw(struct canvas *canvas, struct rect rect, const struct graph_view *view);

/* Where the plot itself stands in it; no rows: there is no room for one. */
struct rect graph_plot(struct rect rect);

/* The scale that graph_draw uses. */
void graph_scale(const struct graph_view *view, struct scale *out);

/* What one column of dots shows: slices of time, oldest first. For graph_draw and its tests. */
struct slice {
    bool has, lost;
    enum path_kind path;
    uint32_t us; /* the greatest: a spike must not vanish */
};

/* The right edge as graph_draw moves it: to whole cells, so that nothing shimmers as time passes.
 */
mono_ns graph_edge(mono_ns to, uint64_t span_ns, size_t cells);
void graph_slices(const struct graph_view *view, mono_ns edge, struct slice *slices, size_t count);

#endif
