#include "ui/figures.h"

#include "net/base/text.h"
#include "ui/graph_marks.h"
#include "ui/panels.h"
#include "ui/plot.h"
#include "ui/series.h"
#include "ui/stretch.h"

enum { PIECE = 96 };

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

/* What is told of the probes that went one way. */
struct way {
    enum path_kind path;
    uint64_t answered, lost;
    uint64_t p50_ns, p95_ns, p99_ns, jitter_ns;
    bool rough;
};

enum { WAYS = 2 };

/* "  → 6.0/7.1/22". */
static void three_text(const struct glyphs *g, const struct way *way, char out[PIECE])
{
    char a[LATENCY_TEXT];
    char b[LATENCY_TEXT];
    char c[LATENCY_TEXT];
    number_text(way->p50_ns, a);
    number_text(way->p95_ns, b);
    number_text(way->p99_ns, c);
    text_format(out, PIECE, "  %s %s%s/%s/%s", way->path == PATH_DIRECT ? g->direct : g->relay,
                way->rough ? "~" : "", a, b, c);
}

static void jitter_text(const struct way *way, char out[PIECE])
{
    char number[LATENCY_TEXT];
    number_text(way->jitter_ns, number);
    text_format(out, PIECE, "jitter %s", number);
}

static void loss_text(uint64_t lost, uint64_t done, char out[PIECE])
{
    text_format(out, PIECE, "lost %llu/%llu", (unsigned long long)lost, (unsigned long long)done);
}

static void draw_loss(struct line *line, uint64_t lost, uint64_t done)
{
    char text[PIECE];
    loss_text(lost, done, text);
    bool told = separate(line, text, lost > 0 ? STYLE_LOST : STYLE_DIM);
    if (told && lost > 0 && done > 0) {
        text_format(text, sizeof text, " (%.1f %%)", 100.0 * (double)lost / (double)done);
        (void)piece(line, STYLE_LOST, text);
    }
}

/* Everything of each way, if all of it fits: "→ 6.0/7.1/22 ms · jitter 1.2 · lost 1/300  ⇄ …". */
static bool draw_each(struct line *line, const struct way ways[WAYS])
{
    enum { BETWEEN = 9 /* " ms", and two separators */ };
    char three[WAYS][PIECE];
    char jitter[WAYS][PIECE];
    char loss[WAYS][PIECE];
    int cols = 0;
    for (size_t i = 0; i < WAYS; i++) {
        three_text(line->canvas->glyphs, &ways[i], three[i]);
        jitter_text(&ways[i], jitter[i]);
        loss_text(ways[i].lost, ways[i].lost + ways[i].answered, loss[i]);
        cols += text_columns(three[i]) + text_columns(jitter[i]) + text_columns(loss[i]) + BETWEEN;
    }
    if (line->col + cols > line->rect.cols) {
        return false;
    }
    for (size_t i = 0; i < WAYS; i++) {
        (void)piece(line, path_style(ways[i].path), three[i]);
        (void)piece(line, STYLE_DIM, " ms");
        (void)separate(line, jitter[i], STYLE_TEXT);
        (void)separate(line, loss[i], ways[i].lost > 0 ? STYLE_LOST : STYLE_DIM);
    }
    return true;
}

/* The percentiles of each way; of jitter only that of the path in use, and the loss of all. Where
 * there is room for one of those, it is the loss. */
static void draw_together(struct line *line, const struct way ways[WAYS], enum path_kind now)
{
    char text[PIECE];
    char loss[PIECE];
    uint64_t lost = ways[0].lost + ways[1].lost;
    uint64_t answered = ways[0].answered + ways[1].answered;
    const struct way *used = &ways[now == ways[0].path ? 0 : 1];
    for (size_t i = 0; i < WAYS; i++) {
        if (ways[i].answered > 0) {
            three_text(line->canvas->glyphs, &ways[i], text);
            (void)piece(line, path_style(ways[i].path), text);
        }
    }
    (void)piece(line, STYLE_DIM, answered > 0 ? " ms" : "  no answer");
    jitter_text(used, text);
    loss_text(lost, lost + answered, loss);
    if (used->answered > 1 &&
        line->col + text_columns(text) + text_columns(loss) + 6 <= line->rect.cols) {
        (void)separate(line, text, STYLE_TEXT);
    }
    draw_loss(line, lost, lost + answered);
}

static void draw_ways(struct line *line, const struct way ways[WAYS], enum path_kind now)
{
    if (ways[0].answered == 0 || ways[1].answered == 0 || !draw_each(line, ways)) {
        draw_together(line, ways, now);
    }
}

static struct way window_way(const struct app *app, const struct snapshot *s, enum path_kind path,
                             uint32_t *last_us)
{
    struct series_figures figures;
    mono_ns to = window_end(&app->window, s->now);
    mono_ns from = to < app_window_ns(app) ? 0 : to - app_window_ns(app);
    series_figures(s, from, mono_after(to, 1), path, &figures);
    *last_us = figures.last_us;
    return (struct way){.path = path,
                        .answered = figures.answered,
                        .lost = figures.lost,
                        .p50_ns = figures.p50_us * NS_PER_US,
                        .p95_ns = figures.p95_us * NS_PER_US,
                        .p99_ns = figures.p99_us * NS_PER_US,
                        .jitter_ns = figures.jitter_us * NS_PER_US,
                        .rough = figures.rough};
}

static struct way run_way(const struct snapshot_stats *run, enum path_kind path)
{
    return (struct way){.path = path,
                        .answered = run->answered,
                        .lost = run->lost,
                        .p50_ns = run->p50_ns,
                        .p95_ns = run->p95_ns,
                        .p99_ns = run->p99_ns,
                        .jitter_ns = run->jitter_ns};
}

void figures_window(struct canvas *canvas, struct rect rect, int row, const struct app *app,
                    const struct snapshot *s)
{
    struct line line = {canvas, rect, row, 1};
    char text[PIECE];
    char number[LATENCY_TEXT];
    uint32_t last_us[WAYS];
    const struct way ways[WAYS] = {window_way(app, s, PATH_DIRECT, &last_us[0]),
                                   window_way(app, s, PATH_DERP, &last_us[1])};
    size_t now = s->path == PATH_DIRECT ? 0 : 1;
    if (app->window.end == 0 && snapshot_is_silent(s)) {
        text_format(text, sizeof text, "%s  ", canvas->glyphs->error);
        (void)piece(&line, STYLE_DIM, "now ");
        (void)piece(&line, STYLE_ERROR, text);
    } else if (app->window.end == 0 && ways[now].answered > 0) {
        number_text(last_us[now] * NS_PER_US, number);
        text_format(text, sizeof text, "%s  ", number);
        (void)piece(&line, STYLE_DIM, "now ");
        (void)piece(&line, STYLE_STRONG, text);
    }
    (void)piece(&line, STYLE_DIM, "p50/p95/p99");
    draw_ways(&line, ways, s->path);
}

void figures_run(struct canvas *canvas, struct rect rect, int row, const struct snapshot *s)
{
    struct line line = {canvas, rect, row, 1};
    char text[PIECE];
    char clock[CLOCK_TEXT] = "";
    const struct way ways[WAYS] = {run_way(&s->run_direct, PATH_DIRECT),
                                   run_way(&s->run_relayed, PATH_DERP)};
    if (s->first_sent_at != 0) {
        moment_text(s, s->first_sent_at, clock);
    }
    text_format(text, sizeof text, "since %s", clock);
    (void)piece(&line, STYLE_DIM, text);
    draw_ways(&line, ways, s->path);
    if (s->run.answered > 0 && s->run_direct.answered > 0) {
        text_format(text, sizeof text, "direct %.0f %% of it",
                    100.0 * (double)s->run_direct.answered / (double)s->run.answered);
        (void)separate(&line, text, STYLE_DIM);
    }
}

/* Why there is nothing at that moment, if that is known. */
static void add_stretch(struct line *line, const struct snapshot *s, mono_ns at)
{
    struct stretch stretch;
    char age[AGE_TEXT];
    char text[PIECE];
    if (stretch_at(s, at, &stretch)) {
        age_text(mono_since(stretch.to, stretch.from), age);
        text_format(text, sizeof text, "%s%s %s", stretch_word(stretch.kind),
                    stretch.lasts ? " for" : "", age);
        (void)separate(line, text, STYLE_TEXT);
    }
}

void figures_pointed(struct canvas *canvas, struct rect rect, int row, const struct app *app,
                     const struct snapshot *s)
{
    struct line line = {canvas, rect, row, 1};
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
    text_format(text, sizeof text, "%s %s  ", canvas->glyphs->selected, clock);
    (void)piece(&line, STYLE_STRONG, text);
    if (best.answered == 0) {
        (void)piece(&line, best.lost > 0 ? STYLE_LOST : STYLE_DIM,
                    best.lost > 0 ? "lost: no answer came" : "no probe here");
        add_stretch(&line, s, at);
        return;
    }
    char number[LATENCY_TEXT];
    bool direct = point_path(&best) == PATH_DIRECT;
    latency_text((uint64_t)best.p50_us * NS_PER_US, number);
    text_format(text, sizeof text, "%s %s %s",
                direct ? canvas->glyphs->direct : canvas->glyphs->relay,
                direct ? "direct" : "relayed", number);
    (void)piece(&line, path_style(point_path(&best)), text);
    if (best.span_ns > 0) {
        char most[LATENCY_TEXT];
        latency_text((uint64_t)best.min_us * NS_PER_US, number);
        latency_text((uint64_t)best.max_us * NS_PER_US, most);
        text_format(text, sizeof text, "%s to %s, %u answers in %llu s", number, most,
                    (unsigned)best.answered, (unsigned long long)(best.span_ns / NS_PER_SEC));
        (void)separate(&line, text, STYLE_TEXT);
        draw_loss(&line, best.lost, (uint64_t)best.lost + best.answered);
    }
}

/* --- the table -------------------------------------------------------------------------------- */

static void draw_way(struct canvas *canvas, struct rect rect, int row, const char *when,
                     const struct way *way)
{
    enum { WHEN_COL = 15, FIRST_END = 30, EACH_COLS = 8 };
    const struct glyphs *g = canvas->glyphs;
    const uint64_t figures[] = {way->p50_ns, way->p95_ns, way->p99_ns, way->jitter_ns};
    bool direct = way->path == PATH_DIRECT;
    char text[PIECE];
    struct rect cell = rect;
    (void)canvas_print(canvas, rect, row, 3, path_style(way->path), "%s %s",
                       direct ? g->direct : g->relay, direct ? "direct" : "relayed");
    (void)canvas_text(canvas, rect, row, WHEN_COL, STYLE_DIM, when);
    cell.cols = FIRST_END;
    for (size_t i = 0; i < sizeof figures / sizeof *figures && cell.cols <= rect.cols; i++) {
        number_text(figures[i], text);
        canvas_right(canvas, cell, row, STYLE_TEXT, way->answered > 0 ? text : "-");
        cell.cols += EACH_COLS;
    }
    loss_text(way->lost, way->lost + way->answered, text);
    struct line line = {canvas, rect, row, cell.cols - EACH_COLS + 3};
    (void)piece(&line, way->lost > 0 ? STYLE_LOST : STYLE_DIM, text);
}

int figures_table(struct canvas *canvas, struct rect rect, int row, const struct app *app,
                  const struct snapshot *s)
{
    uint32_t last_us = 0;
    char span[WINDOW_TEXT];
    const enum path_kind paths[] = {PATH_DIRECT, PATH_DERP};
    window_text(app_window_ns(app), span);
    (void)canvas_print(canvas, rect, row++, 1, STYLE_DIM, "%-20s%9s%8s%8s%8s", "latency, ms", "p50",
                       "p95", "p99", "jitter");
    for (size_t i = 0; i < WAYS; i++) {
        const struct way run =
            run_way(paths[i] == PATH_DIRECT ? &s->run_direct : &s->run_relayed, paths[i]);
        if (run.answered + run.lost == 0) {
            continue;
        }
        if (row >= 0 && row < rect.rows) { /* to sum up the window for nobody to see is dear */
            const struct way window = window_way(app, s, paths[i], &last_us);
            draw_way(canvas, rect, row, span, &window);
        }
        draw_way(canvas, rect, row + 1, "all", &run);
        row += 2;
    }
    if (s->silence_ns > 0 && s->run.lost > 0) {
        char age[AGE_TEXT];
        char when[CLOCK_TEXT];
        age_text(s->silence_ns, age);
        moment_text(s, s->silence_at, when);
        (void)canvas_print(canvas, rect, row++, 3, STYLE_DIM, "longest silence %s, from %s", age,
                           when);
    }
    return row;
}
