/*
 * The hero: the latency graph with its figures; while nothing has answered yet, the ladder of
 * steps.
 */
#include <string.h>

#include "net/base/text.h"
#include "ui/graph.h"
#include "ui/panels.h"

enum { COUNTS_TEXT = 64, STATS_ROWS = 2, TWO_LINES_ROWS = 8, JITTER_COLS = 90 };

/* Digits after the point: figures of one line share them, and their unit. */
static int digits_of(const struct snapshot_stats *stats)
{
    return stats->p95_ns < 10 * NS_PER_MS ? 2 : stats->p95_ns < 100 * NS_PER_MS ? 1 : 0;
}

static int draw_known(struct canvas *canvas, struct rect rect, int row, int col,
                      const struct snapshot_stats *stats)
{
    const struct {
        const char *name;
        uint64_t ns;
    } figures[] = {{"last", stats->last_ns}, {"min", stats->min_ns}, {"avg", stats->avg_ns},
                   {"max", stats->max_ns},   {"p95", stats->p95_ns}, {"jitter", stats->jitter_ns}};
    int start = col;
    size_t count =
        rect.cols < JITTER_COLS ? 5 : 6; /* the least important goes where it is narrow */
    for (size_t i = 0; i < count; i++) {
        col += canvas_print(canvas, rect, row, col, STYLE_DIM, "%s ", figures[i].name);
        col += canvas_print(canvas, rect, row, col, i == 0 ? STYLE_STRONG : STYLE_TEXT, "%.*f  ",
                            digits_of(stats), (double)figures[i].ns / (double)NS_PER_MS);
    }
    col += canvas_text(canvas, rect, row, col - 1, STYLE_DIM, "ms  ") - 1;
    return col - start;
}

/* One line of figures, up to where it ends: "direct  last 6.1  min ... ms  loss 0 of 300". */
static int draw_figures(struct canvas *canvas, struct rect rect, int row, const char *name,
                        const struct snapshot_stats *stats)
{
    uint64_t done = stats->answered + stats->lost;
    double loss = done == 0 ? 0 : 100.0 * (double)stats->lost / (double)done;
    int col = 1 + canvas_print(canvas, rect, row, 1, STYLE_DIM, "%-8s", name);
    col += stats->answered == 0 ? canvas_text(canvas, rect, row, col, STYLE_DIM, "no answer yet  ")
                                : draw_known(canvas, rect, row, col, stats);
    char counts[COUNTS_TEXT];
    text_format(counts, sizeof counts, stats->lost == 0 ? "loss %.0f%%" : "loss %.1f%%", loss);
    size_t plain = strlen(counts);
    text_format(counts + plain, sizeof counts - plain, " %llu/%llu",
                (unsigned long long)stats->lost, (unsigned long long)done);
    if (col + text_columns(counts) > rect.cols) {
        counts[plain] = '\0'; /* a number that is cut would be another one */
    }
    enum style style = stats->lost == 0 ? STYLE_DIM : STYLE_ERROR;
    return col + canvas_text(canvas, rect, row, col, style, counts);
}

/* What the other way was like, where there is room. */
static void draw_other(struct canvas *canvas, struct rect rect, int row, int col,
                       const struct snapshot *s)
{
    char text[64];
    if (s->other.answered == 0) {
        return;
    }
    text_format(text, sizeof text, "  %s %s was p50 %.*f", canvas->glyphs->dot,
                s->path == PATH_DIRECT ? "relay" : "direct", digits_of(&s->other),
                (double)s->other.p50_ns / (double)NS_PER_MS);
    if (col + text_columns(text) <= rect.cols) {
        (void)canvas_text(canvas, rect, row, col, STYLE_DIM, text);
    }
}

static void window_text(uint64_t ns, char *out, size_t size)
{
    unsigned long long s = ns / NS_PER_SEC;
    text_format(out, size, s < 3600 ? "%llu min" : "%llu h", s < 3600 ? s / 60 : s / 3600);
}

void panel_graph(struct canvas *canvas, struct rect rect, const struct snapshot *s,
                 uint64_t window_ns)
{
    char window[32];
    char note[64];
    struct rect inner = rect_inner(rect);
    window_text(window_ns, window, sizeof window);
    if (s->path == PATH_NONE) {
        panel_ladder(canvas, rect, s);
        return;
    }
    text_format(note, sizeof note, "%s %s disco", window, canvas->glyphs->dot);
    canvas_box(canvas, rect, "latency", note);
    int stats_rows = inner.rows >= TWO_LINES_ROWS ? STATS_ROWS : 1;
    struct rect graph = {inner.row, inner.col, inner.rows - stats_rows, inner.cols};
    graph_draw(canvas, graph,
               &(struct graph_view){.samples = s->samples,
                                    .count = s->sample_count,
                                    .now = s->now,
                                    .wall = s->wall,
                                    .window_ns = window_ns,
                                    .interval_ns = s->interval_ns,
                                    .changes = s->changes,
                                    .change_count = s->changes_kept});
    int end = draw_figures(canvas, inner, inner.rows - stats_rows,
                           s->path == PATH_DIRECT ? "direct" : "relayed", &s->window);
    draw_other(canvas, inner, inner.rows - stats_rows, end, s);
    if (stats_rows > 1) {
        (void)draw_figures(canvas, inner, inner.rows - 1, "all", &s->run);
    }
}

static void draw_step(struct canvas *canvas, struct rect inner, int row, const struct snapshot *s,
                      enum ladder_step which)
{
    const struct snapshot_step *step = &s->ladder[which];
    const struct glyphs *g = canvas->glyphs;
    static const enum style styles[] = {STYLE_DIM, STYLE_INFO, STYLE_OK, STYLE_ERROR};
    const char *const signs[] = {g->stopped, g->connecting, g->ok, g->error};
    char age[AGE_TEXT] = "";
    int col = 2;
    col += canvas_print(canvas, inner, row, col, styles[step->state], "%s ", signs[step->state]);
    col +=
        canvas_print(canvas, inner, row, col, step->state == LADDER_TODO ? STYLE_DIM : STYLE_TEXT,
                     "%-17s", ladder_step_text(which));
    if (step->since > 0 && step->state != LADDER_TODO) {
        age_text(mono_since(s->now, step->since), age);
        col += canvas_print(canvas, inner, row, col, STYLE_DIM, "%s%-10s",
                            step->state == LADDER_DONE ? "" : "for ", age);
    }
    if (step->state != LADDER_DONE && step->retry_at != MONO_NEVER && step->retry_at > s->now) {
        age_text(mono_until(s->now, step->retry_at), age);
        col += canvas_print(canvas, inner, row, col, STYLE_DIM, "next try in %s  ", age);
    }
    if (step->detail[0] != '\0') {
        enum style style = step->state == LADDER_FAILED ? STYLE_ERROR : STYLE_DIM;
        (void)canvas_text(canvas, inner, row, col, style, step->detail);
    }
}

void panel_ladder(struct canvas *canvas, struct rect rect, const struct snapshot *s)
{
    struct rect inner = rect_inner(rect);
    canvas_box(canvas, rect, "connecting", "");
    for (int i = 0; i < LADDER_STEPS; i++) {
        draw_step(canvas, inner, 1 + i, s, (enum ladder_step)i);
    }
    if (s->run.lost > 0 && inner.rows > LADDER_STEPS + 2) {
        (void)canvas_print(canvas, inner, LADDER_STEPS + 2, 2, STYLE_DIM,
                           "%llu probes were sent, none was answered",
                           (unsigned long long)s->run.sent);
    }
}
