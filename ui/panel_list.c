/*
 * The workspaces: a column on wide screens, a picker over the screen on any.
 */
#include <string.h>

#include "net/base/text.h"
#include "ui/app_internal.h"
#include "ui/graph_marks.h"
#include "ui/panels.h"
#include "ui/plot.h"

enum { ROW_ROWS = 2 /* of the column */ };

void row_title(const struct snapshot_workspace *row, char *out, size_t size)
{
    text_format(out, size, row->show_agent_name ? "%s.%s" : "%s", row->name, row->agent_name);
}

const char *row_word(const struct snapshot_workspace *row)
{
    static const char *const workspace_words[] = {
        [WORKSPACE_UNKNOWN] = "unknown",   [WORKSPACE_RUNNING] = "running",
        [WORKSPACE_STARTING] = "starting", [WORKSPACE_STOPPING] = "stopping",
        [WORKSPACE_STOPPED] = "stopped",   [WORKSPACE_BROKEN] = "failed",
        [WORKSPACE_DELETED] = "deleted",
    };
    static const char *const agent_words[] = {
        [AGENT_STATE_UNKNOWN] = "agent unknown", [AGENT_STATE_CONNECTING] = "agent connecting",
        [AGENT_STATE_CONNECTED] = "connected",   [AGENT_STATE_DISCONNECTED] = "agent gone",
        [AGENT_STATE_TIMEOUT] = "agent timeout",
    };
    bool has_agent = !uuid_is_zero(&row->agent);
    return row->state == WORKSPACE_RUNNING && has_agent ? agent_words[row->agent_state]
                                                        : workspace_words[row->state];
}

void row_stopped(const struct snapshot *s, const struct snapshot_workspace *row,
                 char out[ROW_STOPPED])
{
    static const char *const reasons[] = {
        [STOP_UNKNOWN] = "", [STOP_SCHEDULE] = ", by its schedule", [STOP_DORMANT] = ", unused"};
    char clock[CLOCK_TEXT];
    out[0] = '\0';
    if (row->stopped_at.seconds != 0) {
        wall_moment_text(s, row->stopped_at, clock);
        text_format(out, ROW_STOPPED, "%s%s", clock, reasons[row->stopped_by]);
    }
}

void row_advice(const struct snapshot *s, const struct snapshot_workspace *row, char *out,
                size_t size)
{
    char since[ROW_STOPPED];
    row_stopped(s, row, since);
    switch ((int)row->state) {
    case WORKSPACE_STOPPED:
        text_format(out, size, "%s is stopped: `coder start %s` starts it%s%s", row->name,
                    row->name, since[0] != '\0' ? "; since " : "", since);
        break;
    case WORKSPACE_STARTING:
    case WORKSPACE_STOPPING:
        text_format(out, size, "%s is %s: it is watched as soon as it runs", row->name,
                    row_word(row));
        break;
    case WORKSPACE_BROKEN:
        text_format(out, size, "the last build of %s failed: see `coder show %s`", row->name,
                    row->name);
        break;
    default:
        text_format(out, size, "%s has no agent that could be watched (%s)", row->name,
                    row_word(row));
        break;
    }
}

const char *row_sign(const struct glyphs *g, const struct snapshot_workspace *row,
                     enum style *style)
{
    bool up = row->state == WORKSPACE_RUNNING && row->agent_state == AGENT_STATE_CONNECTED;
    bool waits = row->state == WORKSPACE_STARTING || row->state == WORKSPACE_STOPPING ||
                 (row->state == WORKSPACE_RUNNING && row->agent_state == AGENT_STATE_CONNECTING);
    bool bad = row->state == WORKSPACE_BROKEN ||
               (row->state == WORKSPACE_RUNNING && !up && !waits && !uuid_is_zero(&row->agent));
    *style = up ? STYLE_OK : waits ? STYLE_INFO : bad ? STYLE_ERROR : STYLE_DIM;
    return up ? g->connected : waits ? g->connecting : bad ? g->error : g->stopped;
}

void row_latency(const struct glyphs *g, const struct snapshot_workspace *row,
                 char out[ROW_LATENCY])
{
    char latency[LATENCY_TEXT];
    out[0] = '\0';
    if (row->last_rtt_us > 0) {
        latency_text((uint64_t)row->last_rtt_us * NS_PER_US, latency);
        bool poor = row->grade == GRADE_POOR;
        text_format(out, ROW_LATENCY, "%s%s%s", poor ? g->warning : "", poor ? " " : "", latency);
    }
}

int first_shown(int at, int count, int rows)
{
    int first = at - rows / 2;
    int last = count - rows;
    first = first > last ? last : first;
    return first < 0 ? 0 : first;
}

/* --- the column ------------------------------------------------------------------------------- */

/* Second line of a row: path and the last round trips, or why there are none. */
static void draw_detail(struct canvas *canvas, struct rect rect, int row_at, const struct app *app,
                        const struct snapshot_workspace *row)
{
    enum { SIGN_COL = 4, SPARK_COL = 6, FOUND_COLS = 2 };
    struct row_finding found[FINDING_CODES];
    bool bad = row_findings(row, app->muted, found) > 0 && found[0].severity >= SEVERITY_WARNING;
    if (bad) {
        (void)canvas_text(canvas, rect, row_at, rect.cols - 1, severity_style(found[0].severity),
                          severity_sign(canvas->glyphs, found[0].severity));
    }
    rect.cols -= bad ? FOUND_COLS : 0;
    if (row->spark_count == 0) {
        (void)canvas_text(canvas, rect, row_at, SIGN_COL, STYLE_DIM,
                          row->state == WORKSPACE_RUNNING && row->watched ? "no answer yet"
                                                                          : row_word(row));
        return;
    }
    const struct glyphs *g = canvas->glyphs;
    (void)canvas_text(canvas, rect, row_at, SIGN_COL, path_style(row->path),
                      row->path == PATH_DIRECT ? g->direct
                      : row->path == PATH_DERP ? g->relay
                                               : g->connecting);
    spark_draw(canvas, rect, row_at, SPARK_COL, row, 0);
}

static void draw_row(struct canvas *canvas, struct rect rect, int row_at, int nth,
                     const struct app *app, const struct snapshot_workspace *row, bool selected)
{
    char title[SNAPSHOT_NAME * 2];
    char latency[ROW_LATENCY];
    enum style sign_style = STYLE_TEXT;
    const char *sign = row_sign(canvas->glyphs, row, &sign_style);
    row_title(row, title, sizeof title);
    row_latency(canvas->glyphs, row, latency);
    struct rect name = {rect.row, rect.col, rect.rows, rect.cols - text_columns(latency) - 1};
    bool pinned = pins_has(&app->pins, &row->workspace);
    (void)canvas_text(canvas, rect, row_at, 0, STYLE_STRONG,
                      selected ? canvas->glyphs->selected
                      : pinned ? canvas->glyphs->pinned
                               : " ");
    if (nth < 9) {
        (void)canvas_print(canvas, rect, row_at, 1, STYLE_DIM, "%d", nth + 1);
    }
    (void)canvas_text(canvas, rect, row_at, 3, sign_style, sign);
    (void)canvas_text(canvas, name, row_at, 5, selected ? STYLE_STRONG : STYLE_TEXT, title);
    canvas_right(canvas, rect, row_at,
                 row->grade == GRADE_POOR ? STYLE_WARNING
                 : selected               ? STYLE_TEXT
                                          : STYLE_DIM,
                 latency);
    draw_detail(canvas, rect, row_at + 1, app, row);
}

/* The rows in order, and the first one that is shown. */
static int list_rows(const struct app *app, const struct snapshot *s, int shown,
                     int rows[SNAPSHOT_WORKSPACES_MAX], int *first)
{
    struct rows_query query;
    int at = 0;
    app_rows_query(app, VIEW_MONITOR, &query);
    int count = rows_collect(s, &query, rows);
    for (int i = 0; i < count; i++) {
        at = rows[i] == s->selected ? i : at;
    }
    *first = first_shown(at, count, shown);
    return count;
}

void panel_list(struct canvas *canvas, struct rect rect, const struct app *app,
                const struct snapshot *s)
{
    char note[32];
    int rows[SNAPSHOT_WORKSPACES_MAX];
    int first = 0;
    struct rect inner = rect_inner(rect);
    int shown = inner.rows / ROW_ROWS;
    text_format(note, sizeof note, "%zu", s->workspaces_total);
    canvas_box(canvas, rect, "workspaces", s->list_known ? note : "");
    if (s->workspace_count == 0) {
        (void)canvas_text(canvas, inner, 0, 1, STYLE_DIM,
                          s->list_known ? "none yet" : "asking the server");
        return;
    }
    int count = list_rows(app, s, shown, rows, &first);
    for (int i = 0; i < shown && first + i < count; i++) {
        draw_row(canvas, inner, i * ROW_ROWS, first + i, app, &s->workspaces[rows[first + i]],
                 rows[first + i] == s->selected);
    }
}

int list_row_at(const struct app *app, const struct snapshot *s, struct rect rect, int row)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    int first = 0;
    struct rect inner = rect_inner(rect);
    int count = list_rows(app, s, inner.rows / ROW_ROWS, rows, &first);
    int at = first + row / ROW_ROWS;
    return row < 0 || row >= inner.rows || at >= count ? -1 : rows[at];
}

/* --- the picker ------------------------------------------------------------------------------- */

enum {
    PICKER_COLS = 74,
    PICKER_HEAD = 1,
    PICKER_FOOT = 2,
    NAME = 3,
    OWNER = 24,
    STATE = 35,
    PATH = 54,
    NARROW = 66,
};

struct rect picker_rect(const struct snapshot *s, int rows, int cols)
{
    enum { ROWS_LEAST = 10 };
    int wanted = (int)s->workspace_count + PICKER_HEAD + PICKER_FOOT + 2;
    int most = rows * 3 / 4;
    int high = wanted < ROWS_LEAST ? ROWS_LEAST : wanted;
    int wide = cols - 4 < PICKER_COLS ? cols - 4 : PICKER_COLS;
    high = high > most ? most : high;
    return (struct rect){(rows - high) / 2, (cols - wide) / 2, high, wide};
}

static void draw_picker_head(struct canvas *canvas, struct rect inner)
{
    bool wide = inner.cols >= NARROW;
    (void)canvas_text(canvas, inner, 0, NAME, STYLE_DIM, "NAME");
    (void)canvas_text(canvas, inner, 0, wide ? STATE : inner.cols - 30, STYLE_DIM, "STATE");
    if (wide) {
        (void)canvas_text(canvas, inner, 0, OWNER, STYLE_DIM, "OWNER");
        (void)canvas_text(canvas, inner, 0, PATH, STYLE_DIM, "PATH");
    }
    canvas_right(canvas, inner, 0, STYLE_DIM, "LAST");
}

static void draw_picker_row(struct canvas *canvas, struct rect inner, int row_at,
                            const struct app *app, const struct snapshot_workspace *row,
                            bool chosen)
{
    char title[SNAPSHOT_NAME * 2];
    char latency[ROW_LATENCY];
    enum style sign_style = STYLE_TEXT;
    const struct glyphs *g = canvas->glyphs;
    const char *sign = row_sign(g, row, &sign_style);
    bool wide = inner.cols >= NARROW;
    int state = wide ? STATE : inner.cols - 30;
    struct rect name = {inner.row, inner.col, inner.rows, wide ? OWNER - 1 : state - 1};
    struct rect owner = {inner.row, inner.col, inner.rows, STATE - 1};
    row_title(row, title, sizeof title);
    row_latency(g, row, latency);
    (void)canvas_text(canvas, inner, row_at, 0, STYLE_STRONG, chosen ? g->selected : " ");
    if (pins_has(&app->pins, &row->workspace)) {
        (void)canvas_text(canvas, inner, row_at, 1, STYLE_STRONG, g->pinned);
    }
    (void)canvas_text(canvas, name, row_at, NAME, STYLE_TEXT, title);
    if (wide) {
        (void)canvas_text(canvas, owner, row_at, OWNER, STYLE_DIM, row->owner);
    }
    (void)canvas_text(canvas, inner, row_at, state, sign_style, sign);
    (void)canvas_text(canvas, inner, row_at, state + 2, STYLE_TEXT, row_word(row));
    if (row->path != PATH_NONE && row->watched) {
        bool direct = row->path == PATH_DIRECT;
        (void)canvas_print(canvas, inner, row_at, wide ? PATH : inner.cols - 10,
                           path_style(row->path), wide ? "%s %s" : "%s",
                           direct ? g->direct : g->relay, direct ? "direct" : "relay");
    }
    canvas_right(canvas, inner, row_at, STYLE_TEXT, latency);
    if (chosen) {
        canvas_row_style(canvas, inner, row_at, STYLE_SELECTED);
    }
}

static void picker_note(const struct app *app, char *out, size_t size)
{
    const struct app_list *list = &app->lists[VIEW_PICKER];
    if (list->typing || list->filter[0] != '\0') {
        text_format(out, size, "/ %s%s", list->filter, list->typing ? "_" : "");
    } else {
        char key[KEYS_TEXT_SIZE];
        keys_text(&app->keys, ACTION_FILTER, 1, key);
        text_format(out, size, "%s filters", key);
    }
}

static void draw_picker_foot(struct canvas *canvas, struct rect inner, const struct app *app,
                             const struct snapshot *s, int count)
{
    size_t watched = 0;
    for (size_t i = 0; i < s->workspace_count; i++) {
        watched += s->workspaces[i].watched ? 1U : 0U;
    }
    char text[96];
    text_format(text, sizeof text, "%zu watched, %zu pinned, %s", watched, app->pins.count,
                sort_name(app->sort));
    int row = inner.rows - 1;
    (void)canvas_print(canvas, inner, row, 1, STYLE_DIM, "%d of %zu", count, s->workspaces_total);
    canvas_right(canvas, inner, row, STYLE_DIM, text);
}

void panel_picker(struct canvas *canvas, struct rect rect, const struct app *app,
                  const struct snapshot *s)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    struct rows_query query;
    char note[APP_FILTER_SIZE + 8];
    const struct app_list *list = &app->lists[VIEW_PICKER];
    struct rect inner = rect_inner(rect);
    app_rows_query(app, VIEW_PICKER, &query);
    int count = rows_collect(s, &query, rows);
    int shown = inner.rows - PICKER_HEAD - PICKER_FOOT;
    int first = first_shown((int)list->at, count, shown);
    picker_note(app, note, sizeof note);
    canvas_fill(canvas, rect, STYLE_TEXT);
    canvas_box(canvas, rect, "workspaces", note);
    draw_picker_head(canvas, inner);
    for (int i = 0; i < shown && first + i < count; i++) {
        draw_picker_row(canvas, inner, 1 + i, app, &s->workspaces[rows[first + i]],
                        first + i == (int)list->at);
    }
    if (count == 0) {
        (void)canvas_text(canvas, inner, 1, 3, STYLE_DIM,
                          s->workspace_count > 0 ? "none of that name"
                          : s->list_known        ? "you have no workspaces"
                                                 : "asking the server");
    }
    draw_picker_foot(canvas, inner, app, s, count);
}

int picker_row_at(const struct app *app, const struct snapshot *s, struct rect rect, int row)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    struct rows_query query;
    struct rect inner = rect_inner(rect);
    app_rows_query(app, VIEW_PICKER, &query);
    int count = rows_collect(s, &query, rows);
    int shown = inner.rows - PICKER_HEAD - PICKER_FOOT;
    int at = first_shown((int)app->lists[VIEW_PICKER].at, count, shown) + row - 1;
    return row < 1 || row > shown || at >= count ? -1 : at;
}
