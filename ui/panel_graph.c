/*
 * The hero: the latency graph with its figures; while nothing answers, the ladder of steps stands
 * in its place.
 */
#include <string.h>

#include "net/base/text.h"
#include "ui/figures.h"
#include "ui/graph_marks.h"
#include "ui/heat.h"
#include "ui/histogram.h"
#include "ui/panels.h"
#include "ui/plot.h"
#include "ui/series.h"

enum { PIECE = 96, TWO_LINES_ROWS = 9 };

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
    if (snapshot_is_silent(s)) {
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
    bool silent = snapshot_is_silent(s);
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
    if (app->window.cursor) {
        figures_pointed(canvas, inner, inner.rows - lines, app, s);
    } else {
        figures_window(canvas, inner, inner.rows - lines, app, s);
    }
    if (lines > 1) {
        figures_run(canvas, inner, inner.rows - 1, s);
    }
}
