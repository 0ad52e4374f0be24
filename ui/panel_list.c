/*
 * The workspaces: a column on wide screens, a picker over the screen on any.
 */
#include <string.h>

#include "net/base/text.h"
#include "ui/graph.h"
#include "ui/panels.h"

void row_title(const struct snapshot_workspace *row, char *out, size_t size)
{
    text_format(out, size, row->show_agent_name ? "%s.%s" : "%s", row->name, row->agent_name);
}

static const char *row_word(const struct snapshot_workspace *row)
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

/* Second line of a row: path and the last round trips, or why there are none. */
static void draw_detail(struct canvas *canvas, struct rect rect, int row_at,
                        const struct snapshot_workspace *row)
{
    enum { SPARK_COL = 4 };
    if (row->spark_count == 0) {
        (void)canvas_text(canvas, rect, row_at, SPARK_COL, STYLE_DIM, row_word(row));
        return;
    }
    bool direct = row->path == PATH_DIRECT;
    enum style style = direct ? STYLE_DIRECT : STYLE_RELAY;
    (void)canvas_text(canvas, rect, row_at, 2, style,
                      direct ? canvas->glyphs->direct : canvas->glyphs->relay);
    spark_draw(canvas, rect, row_at, SPARK_COL, row->spark_us, row->spark_count, style);
}

static void draw_row(struct canvas *canvas, struct rect rect, int row_at,
                     const struct snapshot_workspace *row, bool selected)
{
    char title[SNAPSHOT_NAME * 2];
    char latency[LATENCY_TEXT] = "";
    enum style sign_style = STYLE_TEXT;
    const char *sign = row_sign(canvas->glyphs, row, &sign_style);
    row_title(row, title, sizeof title);
    if (row->last_rtt_us > 0) {
        latency_text((uint64_t)row->last_rtt_us * NS_PER_US, latency);
    }
    struct rect name = {rect.row, rect.col, rect.rows, rect.cols - 9};
    (void)canvas_text(canvas, rect, row_at, 0, STYLE_STRONG,
                      selected ? canvas->glyphs->selected : " ");
    (void)canvas_text(canvas, rect, row_at, 1, sign_style, sign);
    (void)canvas_text(canvas, name, row_at, 3, selected ? STYLE_STRONG : STYLE_TEXT, title);
    canvas_right(canvas, rect, row_at, STYLE_DIM, latency);
    draw_detail(canvas, rect, row_at + 1, row);
}

void panel_list(struct canvas *canvas, struct rect rect, const struct snapshot *s)
{
    char note[32];
    struct rect inner = rect_inner(rect);
    enum { ROW_ROWS = 2 };
    text_format(note, sizeof note, "%zu", s->workspaces_total);
    canvas_box(canvas, rect, "workspaces", s->list_known ? note : "");
    if (s->workspace_count == 0) {
        (void)canvas_text(canvas, inner, 0, 1, STYLE_DIM,
                          s->list_known ? "none yet" : "asking the server");
        return;
    }
    int shown = inner.rows / ROW_ROWS;
    int first = s->selected >= shown ? s->selected - shown + 1 : 0;
    for (int i = 0; i < shown && first + i < (int)s->workspace_count; i++) {
        int index = first + i;
        draw_row(canvas, inner, i * ROW_ROWS, &s->workspaces[index], index == s->selected);
    }
}

static bool name_holds(const char *name, const char *part)
{
    size_t len = strlen(part);
    for (const char *at = name; strlen(at) >= len; at++) {
        char piece[APP_FILTER_SIZE];
        text_format(piece, sizeof piece, "%.*s", (int)len, at);
        if (text_equal_nocase(piece, part)) {
            return true;
        }
    }
    return false;
}

int picker_rows(const struct snapshot *s, const char *filter, int rows[SNAPSHOT_WORKSPACES_MAX])
{
    int count = 0;
    for (int i = 0; i < (int)s->workspace_count; i++) {
        char title[SNAPSHOT_NAME * 2];
        row_title(&s->workspaces[i], title, sizeof title);
        if (name_holds(title, filter)) {
            rows[count++] = i;
        }
    }
    return count;
}

static void draw_picker_row(struct canvas *canvas, struct rect inner, int row_at,
                            const struct snapshot_workspace *row, bool selected)
{
    char title[SNAPSHOT_NAME * 2];
    enum style sign_style = STYLE_TEXT;
    const char *sign = row_sign(canvas->glyphs, row, &sign_style);
    struct rect name = {inner.row, inner.col, inner.rows, inner.cols - 18};
    row_title(row, title, sizeof title);
    (void)canvas_text(canvas, inner, row_at, 1, STYLE_STRONG,
                      selected ? canvas->glyphs->selected : " ");
    (void)canvas_text(canvas, inner, row_at, 2, sign_style, sign);
    (void)canvas_text(canvas, name, row_at, 4, STYLE_TEXT, title);
    canvas_right(canvas, inner, row_at, STYLE_DIM, row_word(row));
    if (selected) {
        canvas_row_style(canvas, inner, row_at, STYLE_SELECTED);
    }
}

void panel_picker(struct canvas *canvas, const struct app *app, const struct snapshot *s)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    int count = picker_rows(s, app->filter, rows);
    struct rect rect = {canvas->rows / 8, canvas->cols / 2 - 28, canvas->rows * 3 / 4, 56};
    struct rect inner = rect_inner(rect);
    int shown = inner.rows - 2;
    int first = app->picker_at >= shown ? app->picker_at - shown + 1 : 0;
    canvas_fill(canvas, rect, STYLE_TEXT);
    canvas_box(canvas, rect, "choose a workspace", "Enter watches  Esc closes");
    (void)canvas_print(canvas, inner, 0, 1, STYLE_TEXT, "filter: %s_", app->filter);
    for (int i = 0; i < shown && first + i < count; i++) {
        draw_picker_row(canvas, inner, 2 + i, &s->workspaces[rows[first + i]],
                        first + i == app->picker_at);
    }
    if (count == 0) {
        (void)canvas_text(canvas, inner, 2, 1, STYLE_DIM,
                          s->workspace_count == 0 ? "no workspaces" : "none of that name");
    }
}
