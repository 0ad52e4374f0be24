/*
 * All running workspaces side by side: a row each with its path, its round trips on one shared
 * scale, and what is wrong.
 */
#include "net/base/text.h"
#include "ui/app_internal.h"
#include "ui/panels.h"
#include "ui/plot.h"

enum {
    ENTRY_ROWS = 6,
    HEAD_ROWS = 1,
    NAME_COL = 4,
    PATH_COL = 24,
    LAST_END = 44,  /* right of the last round trip */
    FOUND_COL = 46, /* sign of the worst finding, and how many there are */
    GRAPH_COL = 51,
    WORD_COLS = 44, /* beside the graph, at least; else they stand below the name */
};

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

/* Where the graph stands: it gives way to words where those have room of their own. */
static struct rect graph_of(struct rect inner)
{
    int room = inner.cols - GRAPH_COL;
    struct rect graph = {inner.row, inner.col + GRAPH_COL, inner.rows, room};
    graph.cols = room > SNAPSHOT_SPARK ? SNAPSHOT_SPARK : room;
    return graph;
}

static int words_col(struct rect inner)
{
    int col = GRAPH_COL + SNAPSHOT_SPARK + 2;
    return col + WORD_COLS <= inner.cols ? col : 0;
}

/* What the last probes say, and what was found: the worst of it, in so few rows. */
static void draw_words(struct canvas *canvas, struct rect area, int at, int rows,
                       const struct app *app, const struct snapshot_workspace *row)
{
    struct row_finding found[FINDING_CODES];
    unsigned lost = 0;
    size_t count = row_findings(row, app->muted, found);
    for (size_t i = 0; i < row->spark_count; i++) {
        lost += row->spark_us[i] == 0 ? 1U : 0U;
    }
    if (row->spark_count > 0 && (rows > 1 || count == 0)) {
        (void)canvas_print(canvas, area, at, 0, lost > 0 ? STYLE_LOST : STYLE_DIM, "lost %u/%u",
                           lost, (unsigned)row->spark_count);
        at++;
        rows--;
    }
    for (size_t i = 0; i < count && rows > 0; i++, rows--, at++) {
        (void)canvas_print(canvas, area, at, 0, severity_style(found[i].severity), "%s %s",
                           severity_sign(canvas->glyphs, found[i].severity),
                           finding_title(found[i].code));
    }
}

/* The worst finding as a sign, and how many warnings and errors there are. */
static void draw_found(struct canvas *canvas, struct rect inner, int at, const struct app *app,
                       const struct snapshot_workspace *row)
{
    struct row_finding found[FINDING_CODES];
    size_t bad = 0;
    size_t count = row_findings(row, app->muted, found);
    while (bad < count && found[bad].severity >= SEVERITY_WARNING) {
        bad++;
    }
    if (count == 0) {
        return;
    }
    int col =
        FOUND_COL + canvas_text(canvas, inner, at, FOUND_COL, severity_style(found[0].severity),
                                severity_sign(canvas->glyphs, found[0].severity));
    if (bad > 1) {
        (void)canvas_print(canvas, inner, at, col, severity_style(found[0].severity), "%zu", bad);
    }
}

/* The last probes as bars of several rows, the newest at the right. */
static void draw_bars(struct canvas *canvas, struct rect plot, const struct snapshot_workspace *row,
                      uint32_t top)
{
    enum { PER_CELL_MOST = 2 };
    struct bar bars[SNAPSHOT_SPARK * PER_CELL_MOST] = {0};
    struct scale scale = {.top = top};
    size_t each = plot_per_cell(canvas->glyphs);
    int count = row->spark_count < plot.cols ? row->spark_count : plot.cols;
    size_t from = row->spark_count - (size_t)count;
    for (size_t i = 0; i < (size_t)count * each; i++) {
        uint32_t us = row->spark_us[from + i / each];
        enum path_kind path = row->spark_path[from + i / each];
        unsigned height =
            us == 0 ? 0 : scale_height(&scale, us, plot_height(canvas->glyphs, plot.rows));
        bars[i] = (struct bar){.height = height,
                               .line = height,
                               .style = path_style(path),
                               .hatched = path == PATH_DERP};
    }
    plot.col += plot.cols - count;
    plot.cols = count;
    plot_bars(canvas, plot, bars);
    for (int i = 0; i < plot.cols; i++) {
        uint32_t us = row->spark_us[from + (size_t)i];
        if (us > top) {
            canvas_put(canvas, plot.row, plot.col + i, STYLE_STRONG, canvas->glyphs->clipped);
        }
        if (us == 0) {
            canvas_put(canvas, plot.row + plot.rows - 1, plot.col + i, STYLE_LOST,
                       canvas->glyphs->lost);
        }
    }
}

static void draw_graph(struct canvas *canvas, struct rect inner, int at, int high,
                       const struct snapshot_workspace *row, uint32_t top)
{
    struct rect graph = graph_of(inner);
    if (high > 1) {
        graph.row += at;
        graph.rows = high;
        draw_bars(canvas, graph, row, top);
    } else if (graph.cols > 0) {
        int count = row->spark_count < graph.cols ? row->spark_count : graph.cols;
        spark_draw(canvas, graph, at, graph.cols - count, row, top);
    }
}

/* How many rows each has: where there are few, they are higher. */
static int entry_rows(int rows, int count)
{
    int each = count > 0 ? (rows - HEAD_ROWS) / count : 1;
    return each > ENTRY_ROWS ? ENTRY_ROWS : each < 1 ? 1 : each;
}

static void draw_path(struct canvas *canvas, struct rect inner, int at,
                      const struct snapshot_workspace *row)
{
    const struct glyphs *g = canvas->glyphs;
    char latency[ROW_LATENCY];
    struct rect rtt = {inner.row, inner.col, inner.rows, LAST_END};
    if (row->path == PATH_NONE) {
        if (row->spark_count > 0) { /* it was there: what the list says may be older */
            (void)canvas_print(canvas, inner, at, PATH_COL, STYLE_DIM, "%s no path", g->connecting);
        } else {
            (void)canvas_text(canvas, inner, at, PATH_COL, STYLE_DIM, row_word(row));
        }
        return;
    }
    bool direct = row->path == PATH_DIRECT;
    (void)canvas_print(canvas, inner, at, PATH_COL, path_style(row->path), "%s %s",
                       direct ? g->direct : g->relay, direct ? "direct" : "relay");
    row_latency(g, row, latency);
    canvas_right(canvas, rtt, at, row->grade == GRADE_POOR ? STYLE_WARNING : STYLE_TEXT, latency);
}

static void draw_row(struct canvas *canvas, struct rect inner, int at, int rows,
                     const struct app *app, const struct snapshot_workspace *row, uint32_t top)
{
    char title[SNAPSHOT_NAME * 2];
    enum style sign_style = STYLE_TEXT;
    const struct glyphs *g = canvas->glyphs;
    const char *sign = row_sign(g, row, &sign_style);
    struct rect name = {inner.row, inner.col, inner.rows, PATH_COL - 1};
    int words = words_col(inner);
    int high = rows > 1 ? rows - 1 : 1; /* of the graph; a row stays free below it */
    row_title(row, title, sizeof title);
    if (pins_has(&app->pins, &row->workspace)) {
        (void)canvas_text(canvas, inner, at, 0, STYLE_STRONG, g->pinned);
    }
    (void)canvas_text(canvas, inner, at, 2, sign_style, sign);
    (void)canvas_text(canvas, name, at, NAME_COL, STYLE_TEXT, title);
    if (!row->watched) {
        bool could_be = row->agent_state == AGENT_STATE_CONNECTED;
        (void)canvas_text(canvas, inner, at, PATH_COL, STYLE_DIM,
                          could_be ? "not watched: keep_connected says how many are"
                                   : row_word(row));
        return;
    }
    draw_path(canvas, inner, at, row);
    draw_found(canvas, inner, at, app, row);
    draw_graph(canvas, inner, at, high, row, top);
    if (words > 0) {
        struct rect area = {inner.row, inner.col + words, inner.rows, inner.cols - words};
        draw_words(canvas, area, at, high, app, row);
    } else if (rows > 1) {
        struct rect area = {inner.row, inner.col + NAME_COL, inner.rows, GRAPH_COL - NAME_COL - 1};
        draw_words(canvas, area, at + 1, rows > 2 ? rows - 2 : 1, app, row);
    }
}

static void draw_head(struct canvas *canvas, struct rect inner, uint32_t top)
{
    char latency[LATENCY_TEXT];
    struct rect rtt = {inner.row, inner.col, inner.rows, LAST_END};
    struct rect graph = graph_of(inner);
    int words = words_col(inner);
    latency_text((uint64_t)top * NS_PER_US, latency);
    (void)canvas_text(canvas, inner, 0, NAME_COL, STYLE_DIM, "NAME");
    (void)canvas_text(canvas, inner, 0, PATH_COL, STYLE_DIM, "PATH");
    canvas_right(canvas, rtt, 0, STYLE_DIM, "LAST");
    (void)canvas_print(canvas, graph, 0, 0, STYLE_DIM, "LAST %d, TOP IS %s", graph.cols, latency);
    if (words > 0) {
        (void)canvas_text(canvas, inner, 0, words, STYLE_DIM, "FINDINGS");
    }
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
        draw_row(canvas, inner, at, each, app, &s->workspaces[index], top);
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
