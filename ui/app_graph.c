/*
 * What keys do to the graph: its window, its form, its scale.
 */
#include "ui/app_internal.h"
#include "ui/histogram.h"
#include "ui/panels.h"
#include "ui/series.h"

/* What needs the line says so elsewhere. True: it was said. */
static bool only_line(struct app *app, const char *what)
{
    static const char *const names[FORM_COUNT] = {"line", "heat map", "histogram"};
    char form[KEYS_TEXT_SIZE];
    keys_text(&app->keys, ACTION_FORM, 1, form);
    if (app->form != FORM_LINE) {
        app_say(app, "the %s %s; %s goes on to the line", names[app->form], what, form);
    }
    return app->form != FORM_LINE;
}

static unsigned zoom(struct app *app, bool in)
{
    if (!window_zoom(&app->window, in)) {
        app_say(app, in ? "a minute is the shortest" : "a day is the longest");
    }
    return APP_REDRAW;
}

static unsigned pan(struct app *app, const struct snapshot *s, bool back_in_time)
{
    if (back_in_time && app->ladder.open && app->window.end == 0) {
        app->window.end = s->now; /* the history first, then further back */
        return APP_REDRAW;
    }
    if (!window_pan(&app->window, s->now, series_oldest(s), back_in_time)) {
        app_say(app, back_in_time ? "nothing older is kept" : "this is live: nothing is newer");
    }
    return APP_REDRAW;
}

static unsigned scale(struct app *app, const struct snapshot *s)
{
    if (only_line(app, "has a scale of its own")) {
        return APP_REDRAW;
    }
    app->scale = (enum scale_kind)((app->scale + 1) % SCALE_KINDS);
    if (app->scale == SCALE_FIXED) {
        struct graph_view view;
        struct scale now;
        graph_view_of(app, s, &view);
        view.scale = SCALE_AUTO;
        graph_scale(&view, &now);
        app->fixed_us = now.top;
    }
    static const char *const words[SCALE_KINDS] = {"all of it, but for outliers",
                                                   "up to the 99th percentile", "logarithmic",
                                                   "stays where it is now"};
    app_say(app, "scale %s: %s", scale_name(app->scale), words[app->scale]);
    return APP_REDRAW;
}

static unsigned series(struct app *app, const struct snapshot *s)
{
    static const char *const words[GRAPH_SERIES] = {"disco pings",
                                                    "disco pings, and the pings through the tunnel",
                                                    "the pings through the tunnel alone"};
    if (only_line(app, "is of disco pings")) {
        return APP_REDRAW;
    }
    if (app->series == GRAPH_DISCO && s->echo_count == 0) {
        app_say(app, "no ping came back through the tunnel yet");
        return APP_REDRAW;
    }
    app->series = (enum graph_series)((app->series + 1) % GRAPH_SERIES);
    app_say(app, "shown: %s", words[app->series]);
    return APP_REDRAW;
}

/* The next form for which there is enough to see; the line needs nothing. */
static unsigned form(struct app *app, const struct snapshot *s)
{
    enum { ANSWERS_LEAST = 10 };
    static const char *const names[FORM_COUNT] = {"line", "heat map", "histogram"};
    static const char *const words[FORM_COUNT] = {"the slowest probe of each moment",
                                                  "the darker, the more probes",
                                                  "how many probes came back how fast"};
    struct histogram h;
    struct graph_view view;
    enum graph_form next = (enum graph_form)((app->form + 1) % FORM_COUNT);
    graph_view_of(app, s, &view);
    mono_ns from = view.to < view.span_ns ? 0 : view.to - view.span_ns;
    histogram_make(&h, s, from, mono_after(view.to, 1), HISTOGRAM_CLASSES_MIN);
    uint64_t answers = h.direct + h.relayed;
    if (next != FORM_LINE && answers < ANSWERS_LEAST) {
        char key[KEYS_TEXT_SIZE];
        keys_text(&app->keys, ACTION_FORM, 1, key);
        app_say(app, "%s: no %s yet, %llu %s in this window, it takes %d", key, names[next],
                (unsigned long long)answers, answers == 1 ? "answer" : "answers", ANSWERS_LEAST);
        app->form = FORM_LINE;
        return APP_REDRAW;
    }
    app->form = next;
    app->window.cursor &= next != FORM_HISTOGRAM; /* which has no time to point at */
    app_say(app, "%s: %s", names[next],
            h.rough && next != FORM_LINE ? "of older ones (~) least, middle, greatest"
                                         : words[next]);
    return APP_REDRAW;
}

static unsigned mark(struct app *app, const struct snapshot *s)
{
    if (app_in_lines(app)) {
        return app_lines_mark(app, s);
    }
    app->marks[app->mark_count++ % APP_MARKS_MAX] = s->now;
    app_say(app, app->form == FORM_HISTOGRAM
                     ? "this moment is marked, below the line and the heat map"
                     : "this moment is marked below the graph");
    return APP_REDRAW;
}

static unsigned cursor(struct app *app)
{
    if (app->form != FORM_HISTOGRAM || !only_line(app, "has no time to point at")) {
        window_cursor(&app->window);
    }
    return APP_REDRAW;
}

unsigned app_graph_act(struct app *app, enum action action, const struct snapshot *s)
{
    switch ((int)action) {
    case ACTION_ZOOM_IN:
        return zoom(app, true);
    case ACTION_ZOOM_OUT:
        return zoom(app, false);
    case ACTION_ZOOM_RESET:
        window_zoom_reset(&app->window);
        break;
    case ACTION_LEFT:
        return pan(app, s, true);
    case ACTION_RIGHT:
        return pan(app, s, false);
    case ACTION_OLDEST:
        window_oldest(&app->window, s->now, series_oldest(s));
        break;
    case ACTION_LIVE:
        window_live(&app->window);
        break;
    case ACTION_CURSOR:
        return cursor(app);
    case ACTION_FREEZE:
        window_freeze(&app->window, s->now);
        break;
    case ACTION_SCALE:
        return scale(app, s);
    case ACTION_FORM:
        return form(app, s);
    case ACTION_SERIES:
        return series(app, s);
    case ACTION_MARK:
        return mark(app, s);
    default:
        break;
    }
    return APP_REDRAW;
}
