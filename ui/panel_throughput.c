/*
 * Throughput: the rate over the time of the test, the pings on the same axis, figures, the tests
 * before, each with the path that carried it. And the box in which a test is chosen.
 */
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "ui/graph_marks.h"
#include "ui/histogram.h"
#include "ui/panels.h"
#include "ui/plot.h"

enum { LABEL_COLS = 8, PIECE = 160, LEAST_KBIT = 10 };

/* --- the test's own time axis ------------------------------------------------------------------
 */

/* What the width stands for: the time that was asked for, or more if the test took more. */
static uint64_t axis_ns(const struct snapshot_speed *speed)
{
    uint64_t took = speed->slice_count * speed->slice_ns;
    uint64_t asked = speed->run.duration_ns;
    return took > asked ? took : asked == 0 ? NS_PER_SEC : asked;
}

/* Slices that are over. */
static size_t whole_slices(const struct snapshot_speed *speed)
{
    bool open = speed->run.state == SPEED_RUNNING && speed->slice_count > 0;
    return speed->slice_count - (open ? 1 : 0);
}

static uint32_t slice_kbit(const struct snapshot_speed *speed, size_t at)
{
    double bits = (double)speed->slices[at] * 8 / ((double)speed->slice_ns / 1e9);
    return (uint32_t)(bits / 1000 > UINT32_MAX ? UINT32_MAX : bits / 1000);
}

/* The greatest rate of the slices that a bar stands for; where bars are finer, each slice is
 * several of them. */
static uint32_t bar_kbit(const struct snapshot_speed *speed, size_t bars, size_t bar)
{
    uint64_t axis = axis_ns(speed);
    uint64_t from = axis * bar / bars;
    uint64_t to = axis * (bar + 1) / bars;
    size_t first = (size_t)(from / speed->slice_ns);
    size_t last = (size_t)((to - 1) / speed->slice_ns);
    uint32_t most = 0;
    for (size_t i = first; i <= last && i < whole_slices(speed); i++) {
        uint32_t kbit = slice_kbit(speed, i);
        most = kbit > most ? kbit : most;
    }
    return most;
}

static void kbit_label(uint64_t kbit, bool unit, char *out, size_t size)
{
    double value = (double)kbit;
    (void)unit; /* each has its own */
    text_format(out, size,
                value < 1000  ? "%.3gk"
                : value < 1e6 ? "%.4gM"
                              : "%.4gG",
                value < 1000  ? value
                : value < 1e6 ? value / 1000
                              : value / 1e6);
}

static void byte_label(uint64_t kbit, bool unit, char *out, size_t size)
{
    kbit_label(kbit / 8, unit, out, size);
}

static void draw_rates(struct canvas *canvas, struct rect plot, const struct snapshot_speed *speed,
                       bool bytes)
{
    struct scale scale;
    size_t count = (size_t)plot.cols * plot_per_cell(canvas->glyphs);
    unsigned height = plot_height(canvas->glyphs, plot.rows);
    struct bar *bars = mem_array(count, sizeof *bars);
    uint32_t *values = mem_array(SNAPSHOT_SLICES_MAX, sizeof *values);
    size_t slices = whole_slices(speed);
    for (size_t i = 0; i < slices; i++) {
        values[i] = slice_kbit(speed, i);
    }
    scale_fit(&scale, SCALE_AUTO, values, slices, 0, LEAST_KBIT);
    for (size_t i = 0; i < count && speed->slice_ns > 0; i++) {
        uint32_t kbit = bar_kbit(speed, count, i);
        unsigned bar = kbit == 0 ? 0 : scale_height(&scale, kbit, height);
        bars[i] = (struct bar){.height = bar,
                               .line = bar,
                               .style = path_style(speed->run.path),
                               .hatched = speed->run.path == PATH_DERP};
    }
    graph_y_axis(canvas, plot, &scale, bytes ? byte_label : kbit_label);
    plot_bars(canvas, plot, bars);
    free(values);
    free(bars);
}

/* Seconds since the start, at round ones. */
static void draw_seconds(struct canvas *canvas, struct rect row, uint64_t axis)
{
    static const uint64_t steps[] = {1, 2, 5, 10, 15, 30, 60, 120, 300};
    enum { APART = 8 };
    uint64_t step = steps[0];
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        step = steps[i];
        if ((uint64_t)row.cols * step * NS_PER_SEC / axis >= APART) {
            break;
        }
    }
    for (uint64_t s = 0; s * NS_PER_SEC <= axis; s += step) {
        int col = (int)((uint64_t)row.cols * s * NS_PER_SEC / axis);
        if (col + 6 <= row.cols) {
            canvas_put(canvas, row.row, row.col + col, STYLE_DIM, canvas->glyphs->axis_v);
            (void)canvas_print(canvas, row, 0, col + 1, STYLE_DIM, "%llu s", (unsigned long long)s);
        }
    }
}

/* The greatest ping of the test. */
static uint32_t most_us(const struct snapshot *s, int cols)
{
    uint32_t most = 1;
    for (size_t i = 0; i < s->sample_count; i++) {
        const struct snapshot_sample *one = &s->samples[i];
        bool in = graph_col(cols, s->speed.run.started_at, axis_ns(&s->speed), one->sent_at) >= 0;
        most = in && one->rtt_us > most ? one->rtt_us : most;
    }
    return most;
}

/* The pings while the test ran, each from where it was on the test's axis up to the next. */
static void draw_pings(struct canvas *canvas, struct rect row, const struct snapshot *s)
{
    const struct glyphs *g = canvas->glyphs;
    const struct snapshot_speed_run *run = &s->speed.run;
    uint64_t axis = axis_ns(&s->speed);
    uint32_t most = most_us(s, row.cols);
    mono_ns end = run->ended_at == 0 ? s->now : run->ended_at;
    for (size_t i = 0; i < s->sample_count; i++) {
        const struct snapshot_sample *one = &s->samples[i];
        int col = graph_col(row.cols, run->started_at, axis, one->sent_at);
        bool lost = one->state == SAMPLE_LOST;
        if (col < 0 || (one->state != SAMPLE_PONG && !lost) || one->sent_at > end) {
            continue;
        }
        mono_ns held = mono_min(mono_after(one->sent_at, s->interval_ns), end);
        int to = graph_col(row.cols, run->started_at, axis, held);
        for (int at = col; at <= (to < 0 ? col : to) && (!lost || at == col); at++) {
            canvas_put(canvas, row.row, row.col + at,
                       lost ? STYLE_LOST : path_style((enum path_kind)one->path),
                       lost ? g->lost : g->spark[(uint64_t)one->rtt_us * 7 / most]);
        }
    }
}

/* --- words and figures -------------------------------------------------------------------------
 */

void rate_text(uint64_t bits, bool bytes, char out[RATE_TEXT])
{
    static const char *const units[2][4] = {{"bit/s", "kbit/s", "Mbit/s", "Gbit/s"},
                                            {"B/s", "kB/s", "MB/s", "GB/s"}};
    double value = (double)bits / (bytes ? 8 : 1);
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < 4) {
        value /= 1000;
        unit++;
    }
    text_format(out, RATE_TEXT, value < 9.95 && unit > 0 ? "%.1f %s" : "%.0f %s", value,
                units[bytes ? 1 : 0][unit]);
}

/* "6.1 → 19 ms under load (+13)". */
static void load_text(const struct glyphs *g, const struct snapshot_speed_run *run, char *out,
                      size_t size)
{
    char rest[LATENCY_TEXT];
    char load[LATENCY_TEXT];
    char more[LATENCY_TEXT];
    out[0] = '\0';
    if (run->load_count == 0) {
        return;
    }
    latency_text(run->load_ns, load);
    if (run->rest_count == 0) {
        text_format(out, size, "ping %s under load", load);
        return;
    }
    uint64_t added = run->load_ns > run->rest_ns ? run->load_ns - run->rest_ns : 0;
    latency_text(run->rest_ns, rest);
    latency_text(added, more);
    text_format(out, size, "ping %s %s %s under load (+%s)", rest, g->utf8 ? "→" : "->", load,
                more);
}

/* "ping +13 ms". */
static void short_load_text(const struct snapshot_speed_run *run, char *out, size_t size)
{
    char more[LATENCY_TEXT];
    bool known = run->load_count > 0 && run->rest_count > 0;
    latency_text(run->load_ns > run->rest_ns ? run->load_ns - run->rest_ns : 0, more);
    text_format(out, size, "%s%s", known ? "ping +" : "", known ? more : "");
}

static const char *way_sign(const struct glyphs *g, enum path_kind path)
{
    return path == PATH_DIRECT ? g->direct : g->relay;
}

static void path_text(const struct glyphs *g, const struct snapshot_speed_run *run, char *out,
                      size_t size)
{
    text_format(out, size, "%s %s%s%s%s", way_sign(g, run->path),
                run->path == PATH_DIRECT ? "direct" : "relay", run->path_text[0] ? " " : "",
                run->path_text, run->path_changed ? ", which changed" : "");
}

static int draw_figures(struct canvas *canvas, struct rect inner, int row, const struct app *app,
                        const struct snapshot *s)
{
    const struct snapshot_speed_run *run = &s->speed.run;
    const struct glyphs *g = canvas->glyphs;
    char now[RATE_TEXT];
    char mean[RATE_TEXT];
    char moved[BYTES_TEXT];
    char load[PIECE];
    rate_text(s->speed.rate_now, app->bytes, now);
    rate_text(run->rate, app->bytes, mean);
    amount_text(run->bytes, moved);
    load_text(g, run, load, sizeof load);
    int col = 1;
    if (run->state == SPEED_RUNNING) {
        col += canvas_text(canvas, inner, row, col, STYLE_DIM, "now ");
        col += canvas_print(canvas, inner, row, col, STYLE_STRONG, "%s ", now);
        col += canvas_print(canvas, inner, row, col, STYLE_DIM, "%s ", g->dot);
    }
    col += canvas_text(canvas, inner, row, col, STYLE_DIM, "mean ");
    col += canvas_text(canvas, inner, row, col, STYLE_STRONG, mean);
    col += canvas_print(canvas, inner, row, col, STYLE_TEXT, " %s %s", g->dot, moved);
    if (col + 3 + text_columns(load) > inner.cols) {
        short_load_text(run, load, sizeof load);
    }
    if (load[0] != '\0' && col + 3 + text_columns(load) <= inner.cols) {
        (void)canvas_print(canvas, inner, row, col, STYLE_TEXT, " %s %s", g->dot, load);
    }
    return row + 1;
}

/* How a test stands, where there is something to be said. */
static int draw_state(struct canvas *canvas, struct rect inner, int row, const struct snapshot *s)
{
    const struct snapshot_speed_run *run = &s->speed.run;
    const struct glyphs *g = canvas->glyphs;
    char age[AGE_TEXT];
    age_text(mono_since(s->now, run->asked_at), age);
    switch ((int)run->state) {
    case SPEED_WAITING:
        (void)canvas_print(canvas, inner, row, 1, STYLE_INFO, "%s waits for %s, %s", g->connecting,
                           s->speed.waits_for, age);
        return row + 1;
    case SPEED_CONNECTING:
        (void)canvas_print(canvas, inner, row, 1, STYLE_INFO, "%s asks the agent, %s",
                           g->connecting, age);
        return row + 1;
    case SPEED_FAILED:
        return row + canvas_wrap(canvas, inner, row, 1, STYLE_ERROR, run->failure);
    default:
        return run->note[0] == '\0'
                   ? row
                   : row + canvas_wrap(canvas, inner, row, 1, STYLE_WARNING, run->note);
    }
}

static int draw_run(struct canvas *canvas, struct rect inner, int row,
                    const struct snapshot_speed_run *run, const struct app *app)
{
    const struct glyphs *g = canvas->glyphs;
    char clock[CLOCK_TEXT];
    char rate[RATE_TEXT];
    char path[PIECE];
    char load[PIECE];
    clock_text(run->when, false, clock);
    rate_text(run->rate, app->bytes, rate);
    path_text(g, run, path, sizeof path);
    load_text(g, run, load, sizeof load);
    int col = 1 + canvas_print(canvas, inner, row, 1, STYLE_DIM, "%s  ", clock);
    if (run->state == SPEED_FAILED) {
        (void)canvas_print(canvas, inner, row, col, STYLE_ERROR, "%s %s", g->error, run->failure);
        return row + 1;
    }
    col += canvas_print(canvas, inner, row, col, STYLE_STRONG, "%s %-11s ",
                        run->up ? g->up : g->down, rate);
    col += canvas_print(canvas, inner, row, col, path_style(run->path), "%s  ", path);
    if (load[0] != '\0' && col + text_columns(load) <= inner.cols) {
        (void)canvas_text(canvas, inner, row, col, STYLE_DIM, load);
    }
    return row + 1;
}

static void draw_history(struct canvas *canvas, struct rect inner, int row, const struct app *app,
                         const struct snapshot *s)
{
    for (size_t i = s->speed.history_count; i-- > 0 && row < inner.rows;) {
        row = draw_run(canvas, inner, row, &s->speed.history[i], app);
    }
}

/* --- the panels --------------------------------------------------------------------------------
 */

static void note_text(const struct glyphs *g, const struct snapshot *s, char *out, size_t size)
{
    const struct snapshot_speed_run *run = &s->speed.run;
    char path[PIECE];
    char clock[CLOCK_TEXT];
    path_text(g, run, path, sizeof path);
    if (run->state == SPEED_RUNNING) {
        text_format(out, size, "via %s %s %.1f of %.1f s", path, g->dot,
                    (double)mono_since(s->now, run->started_at) / 1e9,
                    (double)run->duration_ns / 1e9);
    } else if (run->state >= SPEED_DONE && run->started_at != 0) {
        clock_text(run->when, false, clock);
        bool other = strcmp(run->title, s->title) != 0; /* than the one that is shown */
        text_format(out, size, "%s%s via %s%s%s", run->state == SPEED_STOPPED ? "stopped, " : "",
                    clock, path, other ? ", of " : "", other ? run->title : "");
    } else {
        out[0] = '\0';
    }
}

static void foot_text(const struct app *app, const struct snapshot *s, char *out, size_t size)
{
    char stop[KEYS_TEXT_SIZE];
    char start[KEYS_TEXT_SIZE];
    char other[KEYS_TEXT_SIZE];
    bool runs = s->speed.run.state == SPEED_RUNNING || s->speed.run.state == SPEED_WAITING ||
                s->speed.run.state == SPEED_CONNECTING;
    keys_text(&app->keys, ACTION_TEST_STOP, 1, stop);
    keys_text(&app->keys, ACTION_TEST, 1, start);
    keys_text(&app->keys, ACTION_TEST_CHOOSE, 1, other);
    if (runs) {
        text_format(out, size, "%s stops, Esc hides", stop);
    } else {
        text_format(out, size, "%s again, %s chooses", start, other);
    }
}

void panel_throughput(struct canvas *canvas, struct rect rect, const struct app *app,
                      const struct snapshot *s)
{
    enum { BELOW = 3 /* seconds, pings, figures */, HISTORY_MOST = 4, HIGH = 18 };
    char note[PIECE];
    char foot[PIECE];
    struct rect inner = rect_inner(rect);
    const struct snapshot_speed_run *run = &s->speed.run;
    const struct glyphs *g = canvas->glyphs;
    char title[32];
    text_format(title, sizeof title, "throughput %s", run->up ? g->up : g->down);
    note_text(g, s, note, sizeof note);
    foot_text(app, s, foot, sizeof foot);
    canvas_box(canvas, rect, title, note);
    canvas_box_foot(canvas, rect, foot);
    if (run->started_at == 0 || s->speed.slice_ns == 0) {
        if (run->state == SPEED_NONE) {
            (void)canvas_text(canvas, inner, 0, 1, STYLE_DIM, "no test yet");
        }
        draw_history(canvas, inner, draw_state(canvas, inner, 0, s) + 1, app, s);
        return;
    }
    int most = inner.rows >= HIGH ? HISTORY_MOST : 1;
    int before = (int)s->speed.history_count < most ? (int)s->speed.history_count : most;
    int below = BELOW + before + (run->note[0] != '\0' ? 1 : 0);
    struct rect plot = {inner.row, inner.col + LABEL_COLS, inner.rows - below,
                        inner.cols - LABEL_COLS};
    if (plot.rows < 1 || plot.cols < 8) {
        (void)draw_figures(canvas, inner, 0, app, s);
        return;
    }
    draw_rates(canvas, plot, &s->speed, app->bytes);
    struct rect line = {plot.row + plot.rows, plot.col, 1, plot.cols};
    draw_seconds(canvas, line, axis_ns(&s->speed));
    line.row++;
    (void)canvas_text(canvas, inner, plot.rows + 1, 1, STYLE_DIM, "ping");
    draw_pings(canvas, line, s);
    int row = draw_figures(canvas, inner, plot.rows + 2, app, s);
    row = draw_state(canvas, inner, row, s);
    draw_history(canvas, inner, row, app, s);
}

/* What the graph shows as a histogram, below the tests. */
static void draw_latency(struct canvas *canvas, struct rect rect, const struct app *app,
                         const struct snapshot *s)
{
    char span[WINDOW_TEXT];
    char then[CLOCK_TEXT];
    char words[WINDOW_TEXT + CLOCK_TEXT + 16];
    mono_ns to = window_end(&app->window, s->now);
    mono_ns from = to < app_window_ns(app) ? 0 : to - app_window_ns(app);
    window_text(app_window_ns(app), span);
    moment_text(s, to, then);
    if (app->window.end == 0) {
        text_format(words, sizeof words, "last %s", span);
    } else {
        text_format(words, sizeof words, "%s to %s", span, then);
    }
    histogram_draw_small(canvas, rect, s, from, mono_after(to, 1), words);
}

void panel_tests(struct canvas *canvas, struct rect rect, const struct app *app,
                 const struct snapshot *s)
{
    char note[PIECE];
    char start[KEYS_TEXT_SIZE];
    struct rect inner = rect_inner(rect);
    keys_text(&app->keys, ACTION_TEST, 1, start);
    text_format(note, sizeof note, "%s starts one", start);
    canvas_box(canvas, rect, "throughput", note);
    canvas_box_focus(canvas, rect, app->panel == PANEL_TESTS);
    int tests = s->speed.history_count == 0 ? 1 : (int)s->speed.history_count;
    int left = app->form == FORM_HISTOGRAM ? 0 : inner.rows - HISTOGRAM_SMALL_ROWS;
    struct rect upper = {inner.row, inner.col, inner.rows, inner.cols};
    if (left > 0) { /* the last two tests at least, and the others where there is room */
        upper.rows = tests < left ? tests : left;
        int gap = upper.rows < left ? 1 : 0;
        struct rect lower = {inner.row + upper.rows + gap, inner.col, inner.rows - upper.rows - gap,
                             inner.cols};
        draw_latency(canvas, lower, app, s);
    }
    if (s->speed.history_count == 0) {
        (void)canvas_text(canvas, upper, 0, 1, STYLE_DIM, "no test yet");
    }
    draw_history(canvas, upper, 0, app, s);
}

/* --- the box in which a test is chosen ----------------------------------------------------------
 */

static const unsigned times_s[] = {2, 5, 10, 30, 60, 300};

enum { TIMES = sizeof times_s / sizeof *times_s };

unsigned test_seconds(unsigned index)
{
    return times_s[index % TIMES];
}

unsigned test_times(void)
{
    return TIMES;
}

static void draw_choice(struct canvas *canvas, struct rect inner, int row, bool chosen,
                        const char *name, const char *value)
{
    const struct glyphs *g = canvas->glyphs;
    (void)canvas_text(canvas, inner, row, 0, STYLE_STRONG, chosen ? g->selected : " ");
    (void)canvas_text(canvas, inner, row, 2, STYLE_DIM, name);
    (void)canvas_print(canvas, inner, row, 14, STYLE_TEXT, "< %s >", value);
    if (chosen) {
        canvas_row_style(canvas, inner, row, STYLE_SELECTED);
    }
}

void panel_test_choice(struct canvas *canvas, const struct app *app)
{
    enum { ROWS = 8, COLS = 50 };
    struct rect rect = {(canvas->rows - ROWS) / 2, (canvas->cols - COLS) / 2, ROWS, COLS};
    struct rect inner = rect_inner(rect);
    const struct glyphs *g = canvas->glyphs;
    char value[64];
    canvas_fill(canvas, rect, STYLE_TEXT);
    canvas_box(canvas, rect, "throughput test", "");
    int at = (int)app->lists[VIEW_TEST].at;
    text_format(value, sizeof value, "%s %s", app->test.up ? g->up : g->down,
                app->test.up ? "upload" : "download");
    draw_choice(canvas, inner, 1, at == 0, "direction", value);
    text_format(value, sizeof value, "%u s", test_seconds(app->test.time));
    draw_choice(canvas, inner, 2, at == 1, "time", value);
    draw_choice(canvas, inner, 3, at == 2, "path", app->test.direct ? "direct only" : "as it is");
    canvas_box_foot(canvas, rect, "Enter starts, Esc closes");
}
