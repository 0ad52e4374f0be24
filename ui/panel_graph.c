/*
 * The hero: the latency graph with its figures; while nothing answers, the ladder of steps stands
 * in its place.
 */
#include <string.h>

#include "net/base/text.h"
#include "ui/graph_marks.h"
#include "ui/heat.h"
#include "ui/histogram.h"
#include "ui/panels.h"
#include "ui/plot.h"
#include "ui/series.h"

enum { PIECE = 96, TWO_LINES_ROWS = 9 };

/* --- figures ---------------------------------------------------------------------------------- */

/* A line of pieces: one that does not fit is left out whole, for a number that is cut would be
 * another one. */
struct line {
    struct canvas *canvas;
    struct rect rect;
    int row, col;
};

static bool piece(struct line *line, enum style style, const char *text)
{
    bool fits = line->col + text_columns(text) <= line->rect.cols;
    if (fits) {
        line->col += canvas_text(line->canvas, line->rect, line->row, line->col, style, text);
    }
    return fits;
}

static bool separate(struct line *line, const char *text, enum style style)
{
    char both[PIECE];
    text_format(both, sizeof both, " %s %s", line->canvas->glyphs->dot, text);
    return piece(line, style, both);
}

/* "6.0": as many digits as tell something. */
static void number_text(uint64_t ns, char out[LATENCY_TEXT])
{
    double ms = (double)ns / (double)NS_PER_MS;
    text_format(out, LATENCY_TEXT, ms < 1 ? "%.2f" : ms < 10 ? "%.1f" : "%.0f", ms);
}

/* "→ 6.0/7.1/22". */
static void draw_three(struct line *line, enum path_kind path, uint64_t p50, uint64_t p95,
                       uint64_t p99, bool rough)
{
    char a[LATENCY_TEXT];
    char b[LATENCY_TEXT];
    char c[LATENCY_TEXT];
    char text[PIECE];
    const struct glyphs *g = line->canvas->glyphs;
    number_text(p50, a);
    number_text(p95, b);
    number_text(p99, c);
    text_format(text, sizeof text, "  %s %s%s/%s/%s", path == PATH_DIRECT ? g->direct : g->relay,
                rough ? "~" : "", a, b, c);
    (void)piece(line, path_style(path), text);
}

static void draw_loss(struct line *line, uint64_t lost, uint64_t done)
{
    char text[PIECE];
    text_format(text, sizeof text, "lost %llu/%llu", (unsigned long long)lost,
                (unsigned long long)done);
    bool told = separate(line, text, lost > 0 ? STYLE_LOST : STYLE_DIM);
    if (told && lost > 0 && done > 0) {
        text_format(text, sizeof text, " (%.1f %%)", 100.0 * (double)lost / (double)done);
        (void)piece(line, STYLE_LOST, text);
    }
}

/* Where there is room for one of them, it is the loss. */
static void draw_jitter_and_loss(struct line *line, bool known, uint64_t jitter_ns, uint64_t lost,
                                 uint64_t done)
{
    char number[LATENCY_TEXT];
    char jitter[PIECE];
    char loss[PIECE];
    number_text(jitter_ns, number);
    text_format(jitter, sizeof jitter, "jitter %s", number);
    text_format(loss, sizeof loss, " - lost %llu/%llu - ", (unsigned long long)lost,
                (unsigned long long)done);
    if (known && line->col + text_columns(jitter) + text_columns(loss) <= line->rect.cols) {
        (void)separate(line, jitter, STYLE_TEXT);
    }
    draw_loss(line, lost, done);
}

static void draw_window_line(struct line *line, const struct app *app, const struct snapshot *s)
{
    struct series_figures figures[2];
    char text[PIECE];
    char number[LATENCY_TEXT];
    mono_ns to = window_end(&app->window, s->now);
    mono_ns from = to < app_window_ns(app) ? 0 : to - app_window_ns(app);
    series_figures(s, from, mono_after(to, 1), PATH_DIRECT, &figures[0]);
    series_figures(s, from, mono_after(to, 1), PATH_DERP, &figures[1]);
    const struct series_figures *now = &figures[s->path == PATH_DIRECT ? 0 : 1];
    if (app->window.end == 0 && s->silent_since != 0 && !s->paused) {
        text_format(text, sizeof text, "%s  ", line->canvas->glyphs->error);
        (void)piece(line, STYLE_DIM, "now ");
        (void)piece(line, STYLE_ERROR, text);
    } else if (app->window.end == 0 && now->answered > 0) {
        number_text((uint64_t)now->last_us * NS_PER_US, number);
        text_format(text, sizeof text, "%s  ", number);
        (void)piece(line, STYLE_DIM, "now ");
        (void)piece(line, STYLE_STRONG, text);
    }
    (void)piece(line, STYLE_DIM, "p50/p95/p99");
    for (size_t i = 0; i < 2; i++) {
        const struct series_figures *one = &figures[i];
        if (one->answered > 0) {
            draw_three(line, i == 0 ? PATH_DIRECT : PATH_DERP, one->p50_us * NS_PER_US,
                       one->p95_us * NS_PER_US, one->p99_us * NS_PER_US, one->rough);
        }
    }
    (void)piece(line, STYLE_DIM,
                figures[0].answered + figures[1].answered > 0 ? " ms" : "  no answer");
    draw_jitter_and_loss(line, now->answered > 1, (uint64_t)now->jitter_us * NS_PER_US,
                         figures[0].lost + figures[1].lost,
                         figures[0].lost + figures[1].lost + figures[0].answered +
                             figures[1].answered);
}

/* Over the whole run, from the core's own sums. */
static void draw_run_line(struct line *line, const struct snapshot *s)
{
    char text[PIECE];
    char clock[CLOCK_TEXT] = "";
    const struct snapshot_stats *now = s->path == PATH_DIRECT ? &s->run_direct : &s->run_relayed;
    if (s->first_sent_at != 0) {
        moment_text(s, s->first_sent_at, clock);
    }
    text_format(text, sizeof text, "since %s", clock);
    (void)piece(line, STYLE_DIM, text);
    if (s->run_direct.answered > 0) {
        draw_three(line, PATH_DIRECT, s->run_direct.p50_ns, s->run_direct.p95_ns,
                   s->run_direct.p99_ns, false);
    }
    if (s->run_relayed.answered > 0) {
        draw_three(line, PATH_DERP, s->run_relayed.p50_ns, s->run_relayed.p95_ns,
                   s->run_relayed.p99_ns, false);
    }
    (void)piece(line, STYLE_DIM, " ms");
    draw_jitter_and_loss(line, now->answered > 1, now->jitter_ns, s->run.lost,
                         s->run.lost + s->run.answered);
    if (s->run.answered > 0 && s->run_direct.answered > 0) {
        text_format(text, sizeof text, "direct %.0f %% of it",
                    100.0 * (double)s->run_direct.answered / (double)s->run.answered);
        (void)separate(line, text, STYLE_DIM);
    }
}

/* What is under the crosshair. */
static void draw_pointed(struct line *line, const struct app *app, const struct snapshot *s)
{
    struct series series;
    struct point point;
    struct point best = {0};
    mono_ns at = window_pointed(&app->window, s->now);
    uint64_t reach = app_window_ns(app) / 100;
    uint64_t nearest = UINT64_MAX;
    series_start(&series, s, at < reach ? 0 : at - reach, mono_after(at, reach));
    while (series_next(&series, &point)) {
        mono_ns middle = point.at + point.span_ns / 2;
        uint64_t away = middle > at ? middle - at : at - middle;
        if (away <= nearest) {
            nearest = away;
            best = point;
        }
    }
    char clock[CLOCK_TEXT];
    char text[PIECE];
    moment_text(s, best.answered + best.lost > 0 ? best.at : at, clock);
    text_format(text, sizeof text, "%s %s  ", line->canvas->glyphs->selected, clock);
    (void)piece(line, STYLE_STRONG, text);
    if (best.answered == 0) {
        (void)piece(line, best.lost > 0 ? STYLE_LOST : STYLE_DIM,
                    best.lost > 0 ? "lost: no answer came" : "no probe here");
        return;
    }
    char number[LATENCY_TEXT];
    bool direct = point_path(&best) == PATH_DIRECT;
    latency_text((uint64_t)best.p50_us * NS_PER_US, number);
    text_format(text, sizeof text, "%s %s %s",
                direct ? line->canvas->glyphs->direct : line->canvas->glyphs->relay,
                direct ? "direct" : "relayed", number);
    (void)piece(line, path_style(point_path(&best)), text);
    if (best.span_ns > 0) {
        char most[LATENCY_TEXT];
        latency_text((uint64_t)best.min_us * NS_PER_US, number);
        latency_text((uint64_t)best.max_us * NS_PER_US, most);
        text_format(text, sizeof text, "%s to %s, %u answers in %llu s", number, most,
                    (unsigned)best.answered, (unsigned long long)(best.span_ns / NS_PER_SEC));
        (void)separate(line, text, STYLE_TEXT);
        draw_loss(line, best.lost, (uint64_t)best.lost + best.answered);
    }
}

/* --- the box ---------------------------------------------------------------------------------- */

/* The stretches in which tests of this agent ran. */
static void add_test(struct graph_view *view, const struct snapshot *s,
                     const struct snapshot_speed_run *run)
{
    bool ours = s->selected >= 0 && uuid_equal(&run->agent, &s->workspaces[s->selected].agent);
    if (ours && run->started_at != 0 && view->test_count < GRAPH_SPANS_MAX) {
        view->tests[view->test_count++] = (struct graph_span){
            .from = run->started_at,
            .to = run->ended_at == 0 ? s->now : run->ended_at,
            .upload = run->up,
        };
    }
}

void graph_view_of(const struct app *app, const struct snapshot *s, struct graph_view *out)
{
    *out = (struct graph_view){
        .s = s,
        .to = window_end(&app->window, s->now),
        .span_ns = app_window_ns(app),
        .scale = app->scale,
        .fixed_us = app->fixed_us,
        .series = app->series,
        .form = app->form,
        .cursor = app->window.cursor ? window_pointed(&app->window, s->now) : 0,
        .marks = app->marks,
        .mark_count = app->mark_count < APP_MARKS_MAX ? app->mark_count : APP_MARKS_MAX,
    };
    for (size_t i = 0; i < s->speed.history_count; i++) {
        add_test(out, s, &s->speed.history[i]);
    }
    if (s->speed.run.state == SPEED_RUNNING) {
        add_test(out, s, &s->speed.run);
    }
}

static void note_text(const struct glyphs *g, const struct app *app, const struct snapshot *s,
                      char *out, size_t size)
{
    static const char *const kinds[GRAPH_SERIES] = {"disco ping", "disco and tunnel",
                                                    "tunnel ping"};
    char window[WINDOW_TEXT];
    char every[LATENCY_TEXT];
    char scale_words[32] = "";
    window_text(app_window_ns(app), window);
    if (s->interval_ns == NS_PER_SEC) {
        text_copy(every, sizeof every, "1/s");
    } else {
        text_format(every, sizeof every, "every %.3g s", (double)s->interval_ns / 1e9);
    }
    if (app->scale != SCALE_AUTO && app->form == FORM_LINE) {
        text_format(scale_words, sizeof scale_words, "%s %s ", scale_name(app->scale), g->dot);
    }
    text_format(out, size, "%s %s %s %s%s",
                kinds[app->form == FORM_LINE ? app->series : GRAPH_DISCO], every, g->dot,
                scale_words, window);
}

/* What the shades or the bars mean; nothing for the line, whose axis says it. */
static void legend_text(const struct glyphs *g, const struct app *app,
                        const struct graph_view *view, struct rect graph, char *out, size_t size)
{
    mono_ns from = view->to < view->span_ns ? 0 : view->to - view->span_ns;
    struct rect plot = graph_plot(graph);
    struct heat heat;
    out[0] = '\0';
    if (app->form == FORM_HEAT && plot.rows > 0) {
        mono_ns edge = graph_edge(view->to, view->span_ns, (size_t)plot.cols);
        heat_make(&heat, view, edge, plot.rows, plot.cols);
        heat_legend(&heat, g, out, size);
        heat_clear(&heat);
    } else if (app->form == FORM_HISTOGRAM) {
        histogram_legend(g, view->s, from, mono_after(view->to, 1), out, size);
    }
}

/* Where the graph does not show now, it says so in its title, reversed. */
static void draw_past(struct canvas *canvas, struct rect rect, const struct app *app,
                      const struct snapshot *s)
{
    char then[CLOCK_TEXT];
    char live[CLOCK_TEXT];
    char key[KEYS_TEXT_SIZE];
    char text[PIECE];
    moment_text(s, window_end(&app->window, s->now), then);
    clock_text(s->wall, true, live);
    keys_text(&app->keys, app->window.frozen ? ACTION_FREEZE : ACTION_LIVE, 1, key);
    text_format(text, sizeof text, " %s %s, live is %s %s %s ",
                app->window.frozen ? "FROZEN" : "PAST, to", then, live, canvas->glyphs->dot, key);
    struct rect line = {rect.row, rect.col, 1, rect.cols - 2};
    canvas_right(canvas, line, 0, STYLE_SELECTED, text);
}

static void draw_silence(struct canvas *canvas, struct rect rect, const struct snapshot *s)
{
    char age[AGE_TEXT];
    char text[PIECE];
    struct rect line = {rect.row, rect.col, 1, rect.cols - 2};
    if (s->silent_since != 0 && !s->paused) {
        age_text(mono_since(s->now, s->silent_since), age);
        text_format(text, sizeof text, " %s no answer for %s ", canvas->glyphs->error, age);
        canvas_right(canvas, line, 0, STYLE_ERROR, text);
    }
}

void panel_graph(struct canvas *canvas, struct rect rect, const struct app *app,
                 const struct snapshot *s)
{
    static const char *const names[FORM_COUNT] = {"latency", "latency, heat map",
                                                  "latency, histogram"};
    char note[PIECE];
    struct graph_view view;
    struct rect inner = rect_inner(rect);
    if (ladder_stands(app, s)) {
        panel_ladder(canvas, rect, app, s);
        return;
    }
    note_text(canvas->glyphs, app, s, note, sizeof note);
    bool silent = s->silent_since != 0 && !s->paused;
    canvas_box(canvas, rect, names[app->form], app->window.end != 0 || silent ? "" : note);
    canvas_box_focus(canvas, rect, app->panel == PANEL_GRAPH && app->full);
    if (app->window.end != 0) {
        draw_past(canvas, rect, app, s);
    } else {
        draw_silence(canvas, rect, s);
    }
    int lines = inner.rows >= TWO_LINES_ROWS ? 2 : 1;
    struct rect graph = {inner.row, inner.col, inner.rows - lines, inner.cols};
    graph_view_of(app, s, &view);
    legend_text(canvas->glyphs, app, &view, graph, note, sizeof note);
    if (note[0] != '\0') {
        canvas_box_foot(canvas, rect, note);
    }
    if (app->form == FORM_HISTOGRAM) {
        mono_ns from = view.to < view.span_ns ? 0 : view.to - view.span_ns;
        histogram_draw(canvas, graph, s, from, mono_after(view.to, 1));
    } else {
        graph_draw(canvas, graph, &view);
    }
    struct line line = {canvas, inner, inner.rows - lines, 1};
    if (app->window.cursor) {
        draw_pointed(&line, app, s);
    } else {
        draw_window_line(&line, app, s);
    }
    if (lines > 1) {
        line = (struct line){canvas, inner, inner.rows - 1, 1};
        draw_run_line(&line, s);
    }
}
