/*
 * All running workspaces side by side: a row each with its path, its round trips on one shared
 * scale, and what is wrong.
 */
#include "net/base/text.h"
#include "ui/app_internal.h"
#include "ui/panels.h"
#include "ui/plot.h"

enum { ENTRY_ROWS = 4, PATH_COL = 24, PATH_COLS = 11, RTT_COLS = 9, WORD_COLS = 18, HEAD_ROWS = 1 };

/* One scale for all rows: a round number, which no outlier makes too high. */
static uint32_t shared_top(const struct snapshot *s, const int *rows, int count)
{
    enum { LEAST_US = 100 };
    static uint32_t values[SNAPSHOT_WORKSPACES_MAX * SNAPSHOT_SPARK]; /* the main thread's alone */
    struct scale scale;
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        const struct snapshot_workspace *row = &s->workspaces[rows[i]];
        for (size_t n = 0; n < row->spark_count; n++) {
            if (row->spark_us[n] > 0) {
                values[used++] = row->spark_us[n];
            }
        }
    }
    scale_fit(&scale, SCALE_AUTO, values, used, 0, LEAST_US);
    return (uint32_t)scale.top;
}

/* What the last probes say, and what was found of the one that is shown. */
static void draw_words(struct canvas *canvas, struct rect inner, int at, int col,
                       const struct snapshot_workspace *row, const struct finding *finding)
{
    unsigned lost = 0;
    for (size_t i = 0; i < row->spark_count; i++) {
        lost += row->spark_us[i] == 0 ? 1U : 0U;
    }
    int used = canvas_print(canvas, inner, at, col, lost > 0 ? STYLE_LOST : STYLE_DIM, "lost %u/%u",
                            lost, (unsigned)row->spark_count);
    if (finding != NULL) {
        (void)canvas_print(canvas, inner, at, col + used + 2, severity_style(finding->severity),
                           "%s %s", severity_sign(canvas->glyphs, finding->severity),
                           finding->title);
    }
}

/* The last probes as bars of several rows, oldest at the left. */
static void draw_bars(struct canvas *canvas, struct rect plot, const struct snapshot_workspace *row,
                      uint32_t top)
{
    enum { PER_CELL_MOST = 2 };
    struct bar bars[SNAPSHOT_SPARK * PER_CELL_MOST] = {0};
    struct scale scale = {.top = top};
    size_t each = plot_per_cell(canvas->glyphs);
    for (size_t i = 0; i < row->spark_count * each; i++) {
        uint32_t us = row->spark_us[i / each];
        unsigned height =
            us == 0 ? 0 : scale_height(&scale, us, plot_height(canvas->glyphs, plot.rows));
        bars[i] = (struct bar){.height = height,
                               .line = height,
                               .style = path_style(row->path),
                               .hatched = row->path == PATH_DERP};
    }
    plot.cols = row->spark_count;
    plot_bars(canvas, plot, bars);
    for (int i = 0; i < plot.cols; i++) {
        if (row->spark_us[i] > top) {
            canvas_put(canvas, plot.row, plot.col + i, STYLE_STRONG, canvas->glyphs->clipped);
        }
        if (row->spark_us[i] == 0) {
            canvas_put(canvas, plot.row + plot.rows - 1, plot.col + i, STYLE_LOST,
                       canvas->glyphs->lost);
        }
    }
}

/* How many rows each has: where there are few, they are higher. */
static int entry_rows(int rows, int count)
{
    int each = count > 0 ? (rows - HEAD_ROWS) / count : 1;
    return each > ENTRY_ROWS ? ENTRY_ROWS : each < 3 ? 1 : each;
}

static void draw_row(struct canvas *canvas, struct rect inner, int at, int high,
                     const struct app *app, const struct snapshot_workspace *row, uint32_t top,
                     const struct finding *finding)
{
    char title[SNAPSHOT_NAME * 2];
    char latency[ROW_LATENCY];
    enum style sign_style = STYLE_TEXT;
    const struct glyphs *g = canvas->glyphs;
    const char *sign = row_sign(g, row, &sign_style);
    struct rect name = {inner.row, inner.col, inner.rows, PATH_COL - 1};
    struct rect rtt = {inner.row, inner.col, inner.rows, PATH_COL + PATH_COLS + RTT_COLS};
    int spark = rtt.cols + 2;
    row_title(row, title, sizeof title);
    if (pins_has(&app->pins, &row->workspace)) {
        (void)canvas_text(canvas, inner, at, 0, STYLE_STRONG, g->pinned);
    }
    (void)canvas_text(canvas, inner, at, 2, sign_style, sign);
    (void)canvas_text(canvas, name, at, 4, STYLE_TEXT, title);
    if (!row->watched) {
        (void)canvas_text(canvas, inner, at, PATH_COL, STYLE_DIM,
                          "not watched: keep_connected says how many are");
        return;
    }
    if (row->path == PATH_NONE) {
        (void)canvas_text(canvas, inner, at, PATH_COL, STYLE_DIM, row_word(row));
        return;
    }
    bool direct = row->path == PATH_DIRECT;
    (void)canvas_print(canvas, inner, at, PATH_COL, path_style(row->path), "%s %s",
                       direct ? g->direct : g->relay, direct ? "direct" : "relay");
    row_latency(g, row, latency);
    canvas_right(canvas, rtt, at, row->grade == GRADE_POOR ? STYLE_WARNING : STYLE_TEXT, latency);
    if (high > 1) {
        draw_bars(canvas, (struct rect){inner.row + at, inner.col + spark, high, SNAPSHOT_SPARK},
                  row, top);
    } else {
        spark_draw(canvas, inner, at, spark, row->spark_us, row->spark_count, top,
                   path_style(row->path));
    }
    int words = spark + SNAPSHOT_SPARK + 2;
    if (words + WORD_COLS <= inner.cols) {
        draw_words(canvas, inner, at, words, row, finding);
    }
}

static void draw_head(struct canvas *canvas, struct rect inner, uint32_t top)
{
    char latency[LATENCY_TEXT];
    latency_text((uint64_t)top * NS_PER_US, latency);
    struct rect rtt = {inner.row, inner.col, inner.rows, PATH_COL + PATH_COLS + RTT_COLS};
    (void)canvas_text(canvas, inner, 0, 4, STYLE_DIM, "NAME");
    (void)canvas_text(canvas, inner, 0, PATH_COL, STYLE_DIM, "PATH");
    canvas_right(canvas, rtt, 0, STYLE_DIM, "LAST");
    (void)canvas_print(canvas, inner, 0, rtt.cols + 2, STYLE_DIM, "LAST %d PROBES, TOP IS %s",
                       SNAPSHOT_SPARK, latency);
}

static int collect(const struct app *app, const struct snapshot *s,
                   int rows[SNAPSHOT_WORKSPACES_MAX])
{
    struct rows_query query;
    app_rows_query(app, VIEW_OVERVIEW, &query);
    return rows_collect(s, &query, rows);
}

void panel_overview(struct canvas *canvas, struct rect rect, const struct app *app,
                    const struct snapshot *s)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    char note[APP_FILTER_SIZE + 64];
    const struct app_list *list = &app->lists[VIEW_OVERVIEW];
    struct rect inner = rect_inner(rect);
    int count = collect(app, s, rows);
    int each = entry_rows(inner.rows, count);
    int shown = (inner.rows - HEAD_ROWS) / each;
    int first = first_shown((int)list->at, count, shown);
    text_format(note, sizeof note, "%d of %zu run, %s%s%s%s", count, s->workspaces_total,
                sort_name(app->sort), list->typing || list->filter[0] ? ", filter: " : "",
                list->filter, list->typing ? "_" : "");
    canvas_box(canvas, rect, "overview", note);
    uint32_t top = shared_top(s, rows, count);
    draw_head(canvas, inner, top);
    for (int i = 0; i < shown && first + i < count; i++) {
        int index = rows[first + i];
        int at = HEAD_ROWS + i * each;
        draw_row(canvas, inner, at, each > 1 ? each - 1 : 1, app, &s->workspaces[index], top,
                 index == s->selected && s->finding_count > 0 ? &s->findings[0] : NULL);
        if (first + i == (int)list->at) {
            canvas_row_style(canvas, (struct rect){inner.row, inner.col, inner.rows, PATH_COL - 1},
                             at, STYLE_SELECTED);
        }
    }
    if (count == 0) {
        (void)canvas_text(canvas, inner, HEAD_ROWS, 4, STYLE_DIM,
                          s->list_known ? "no workspace runs" : "asking the server");
    }
}

int overview_row_at(const struct app *app, const struct snapshot *s, struct rect rect, int row)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    struct rect inner = rect_inner(rect);
    int count = collect(app, s, rows);
    int each = entry_rows(inner.rows, count);
    int shown = (inner.rows - HEAD_ROWS) / each;
    int at =
        first_shown((int)app->lists[VIEW_OVERVIEW].at, count, shown) + (row - HEAD_ROWS) / each;
    return row < HEAD_ROWS || row >= inner.rows || at >= count ? -1 : at;
}
