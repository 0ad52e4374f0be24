#include "ui/app.h"

#include <string.h>

#include "net/base/text.h"
#include "ui/layout.h"
#include "ui/panels.h"

static const uint64_t zooms_s[] = {60, 120, 300, 600, 1800, 3600};
enum { ZOOM_COUNT = sizeof zooms_s / sizeof *zooms_s, ZOOM_DEFAULT = 2 };

enum action {
    ACTION_QUIT,
    ACTION_NEXT,
    ACTION_PREVIOUS,
    ACTION_PICK,
    ACTION_PAUSE,
    ACTION_RETRY,
    ACTION_ZOOM_IN,
    ACTION_ZOOM_OUT,
    ACTION_HELP,
    ACTION_SUSPEND,
    ACTION_REPAINT,
};

/* One row a key; the footer and the help are printed from it. */
static const struct binding {
    int key;
    const char *name; /* NULL: another key for the row above */
    enum action action;
    const char *word; /* in the footer; NULL = only in the help */
    const char *help;
} bindings[] = {
    {KEY_CODE_TAB, "Tab", ACTION_NEXT, "next", "next workspace"},
    {KEY_CODE_DOWN, NULL, ACTION_NEXT, NULL, NULL},
    {'j', NULL, ACTION_NEXT, NULL, NULL},
    {KEY_CODE_BACK_TAB, "Shift-Tab", ACTION_PREVIOUS, NULL, "previous workspace"},
    {KEY_CODE_UP, NULL, ACTION_PREVIOUS, NULL, NULL},
    {'k', NULL, ACTION_PREVIOUS, NULL, NULL},
    {'w', "w", ACTION_PICK, "workspaces", "choose a workspace; type to filter"},
    {KEY_CODE_ENTER, NULL, ACTION_PICK, NULL, NULL},
    {'p', "p", ACTION_PAUSE, "pause", "pause and resume the probes"},
    {'r', "r", ACTION_RETRY, "retry", "probe, reconnect and read the list now"},
    {'+', "+", ACTION_ZOOM_IN, "zoom", "a shorter time across the graph"},
    {'=', NULL, ACTION_ZOOM_IN, NULL, NULL},
    {'-', "-", ACTION_ZOOM_OUT, NULL, "a longer time across the graph"},
    {'?', "?", ACTION_HELP, "help", "this help"},
    {'h', NULL, ACTION_HELP, NULL, NULL},
    {'q', "q", ACTION_QUIT, "quit", "quit"},
    {KEY_CODE_INTERRUPT, NULL, ACTION_QUIT, NULL, NULL},
    {KEY_CODE_SUSPEND, "Ctrl-Z", ACTION_SUSPEND, NULL, "stop; `fg` comes back"},
    {KEY_CODE_REDRAW, "Ctrl-L", ACTION_REPAINT, NULL, "paint the screen anew"},
};
enum { BINDING_COUNT = sizeof bindings / sizeof *bindings };

void app_init(struct app *app)
{
    *app = (struct app){.zoom = ZOOM_DEFAULT};
}

uint64_t app_window_ns(const struct app *app)
{
    return zooms_s[app->zoom] * NS_PER_SEC;
}

void app_title(const struct snapshot *s, char *out, size_t size)
{
    const char *path = s->path == PATH_DERP     ? " - relayed"
                       : s->path == PATH_DIRECT ? " - direct"
                                                : "";
    text_format(out, size, "derptop %s%s", s->title, path);
}

/* --- drawing
 * --------------------------------------------------------------------------------------------- */

/* What does not fit is left out whole, but never how to get help and how to leave. */
static void draw_footer(struct canvas *canvas, struct rect rect)
{
    static const int always = (int)sizeof "? help  q quit";
    int col = 1;
    for (size_t i = 0; i < BINDING_COUNT; i++) {
        const struct binding *row = &bindings[i];
        if (row->word == NULL) {
            continue;
        }
        int wanted = (int)(strlen(row->name) + strlen(row->word)) + 3;
        bool must = row->action == ACTION_HELP || row->action == ACTION_QUIT;
        if (must || col + wanted + always <= rect.cols) {
            col += canvas_text(canvas, rect, 0, col, STYLE_KEY, row->name);
            col += canvas_print(canvas, rect, 0, col, STYLE_DIM, " %s  ", row->word);
        }
    }
}

static void draw_signs(struct canvas *canvas, struct rect inner, int row)
{
    const struct glyphs *g = canvas->glyphs;
    (void)canvas_print(canvas, inner, row, 1, STYLE_DIM,
                       "%s connected  %s starting  %s stopped  %s failed", g->connected,
                       g->connecting, g->stopped, g->error);
    (void)canvas_print(canvas, inner, row + 1, 1, STYLE_DIM,
                       "%s direct  %s relayed  %s probe lost  %s above the graph", g->direct,
                       g->relay, g->lost, g->clipped);
    (void)canvas_text(canvas, inner, row + 3, 1, STYLE_DIM,
                      "DERP: a server that relays the encrypted packets when");
    (void)canvas_text(canvas, inner, row + 4, 1, STYLE_DIM,
                      "there is no direct path. Jitter: how much neighbouring");
    (void)canvas_text(canvas, inner, row + 5, 1, STYLE_DIM, "round trips differ, on average.");
}

static void draw_help(struct canvas *canvas)
{
    enum { ROWS = 22, COLS = 60 };
    int rows = canvas->rows - 2 < ROWS ? canvas->rows - 2 : ROWS;
    struct rect rect = {(canvas->rows - rows) / 2, (canvas->cols - COLS) / 2, rows, COLS};
    struct rect inner = rect_inner(rect);
    int row = 0;
    canvas_fill(canvas, rect, STYLE_TEXT);
    canvas_box(canvas, rect, "help", "any key closes");
    for (size_t i = 0; i < BINDING_COUNT; i++) {
        if (bindings[i].name != NULL) {
            (void)canvas_text(canvas, inner, row, 1, STYLE_KEY, bindings[i].name);
            (void)canvas_text(canvas, inner, row, 12, STYLE_TEXT, bindings[i].help);
            row++;
        }
    }
    draw_signs(canvas, inner, row + 1);
}

static void draw_too_small(struct canvas *canvas)
{
    struct rect all = canvas_all(canvas);
    (void)canvas_print(canvas, all, canvas->rows / 2, 0, STYLE_TEXT,
                       "%dx%d needed, this is %dx%d; q quits", LAYOUT_COLS_MIN, LAYOUT_ROWS_MIN,
                       canvas->cols, canvas->rows);
}

void app_draw(const struct app *app, const struct snapshot *s, struct canvas *canvas)
{
    struct layout layout = layout_of(canvas->rows, canvas->cols, s->notice[0] != '\0');
    if (!layout.fits) {
        draw_too_small(canvas);
        return;
    }
    panel_header(canvas, layout.header, s);
    if (layout.notice.rows > 0) {
        panel_notice(canvas, layout.notice, s);
    }
    if (layout.list.rows > 0) {
        panel_list(canvas, layout.list, s);
    }
    panel_graph(canvas, layout.graph, s, app_window_ns(app));
    panel_path(canvas, layout.path, s);
    if (layout.events.rows > 0) {
        panel_events(canvas, layout.events, s);
    }
    draw_footer(canvas, layout.footer);
    if (app->picker) {
        panel_picker(canvas, app, s);
    }
    if (app->help) {
        draw_help(canvas);
    }
}

/* --- keys
 * --------------------------------------------------------------------------------------------------
 */

static unsigned select_row(const struct snapshot *s, int index, struct command *out)
{
    const struct snapshot_workspace *row = &s->workspaces[index];
    *out = (struct command){.kind = COMMAND_SELECT,
                            .id = uuid_is_zero(&row->agent) ? row->workspace : row->agent};
    return APP_REDRAW | APP_COMMAND;
}

static unsigned select_step(const struct snapshot *s, int step, struct command *out)
{
    int count = (int)s->workspace_count;
    if (count == 0) {
        return 0;
    }
    int at = s->selected < 0 ? (step > 0 ? -1 : 0) : s->selected;
    return select_row(s, ((at + step) % count + count) % count, out);
}

static unsigned zoom(struct app *app, bool in)
{
    if (in && app->zoom > 0) {
        app->zoom--;
    } else if (!in && app->zoom + 1 < ZOOM_COUNT) {
        app->zoom++;
    }
    return APP_REDRAW;
}

static unsigned send(enum command_kind kind, struct command *out)
{
    *out = (struct command){.kind = kind};
    return APP_REDRAW | APP_COMMAND;
}

static unsigned act(struct app *app, enum action action, const struct snapshot *s,
                    struct command *out)
{
    switch (action) {
    case ACTION_QUIT:
        return APP_QUIT;
    case ACTION_NEXT:
        return select_step(s, 1, out);
    case ACTION_PREVIOUS:
        return select_step(s, -1, out);
    case ACTION_PICK:
        app->picker = true;
        app->filter[0] = '\0';
        app->picker_at = s->selected > 0 ? s->selected : 0;
        return APP_REDRAW;
    case ACTION_PAUSE:
        return send(COMMAND_PAUSE, out);
    case ACTION_RETRY:
        return send(COMMAND_RETRY, out);
    case ACTION_ZOOM_IN:
        return zoom(app, true);
    case ACTION_ZOOM_OUT:
        return zoom(app, false);
    case ACTION_HELP:
        app->help = true;
        return APP_REDRAW;
    case ACTION_SUSPEND:
        return APP_SUSPEND;
    case ACTION_REPAINT:
        return APP_REPAINT;
    }
    return 0;
}

static void edit_filter(struct app *app, int key)
{
    size_t len = strlen(app->filter);
    if (key == KEY_CODE_BACKSPACE && len > 0) {
        app->filter[len - 1] = '\0';
        app->picker_at = 0;
    } else if (key > ' ' && key < 0x7f && len + 1 < sizeof app->filter) {
        app->filter[len] = (char)key;
        app->filter[len + 1] = '\0';
        app->picker_at = 0;
    }
}

static unsigned picker_key(struct app *app, int key, const struct snapshot *s, struct command *out)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    int count = picker_rows(s, app->filter, rows);
    if (key == KEY_CODE_ESC) {
        app->picker = false;
    } else if (key == KEY_CODE_ENTER && app->picker_at < count) {
        app->picker = false;
        return select_row(s, rows[app->picker_at], out);
    } else if (key == KEY_CODE_DOWN || key == KEY_CODE_TAB) {
        app->picker_at += app->picker_at + 1 < count ? 1 : 0;
    } else if (key == KEY_CODE_UP || key == KEY_CODE_BACK_TAB) {
        app->picker_at -= app->picker_at > 0 ? 1 : 0;
    } else {
        edit_filter(app, key);
    }
    return APP_REDRAW;
}

unsigned app_key(struct app *app, int key, const struct snapshot *s, struct command *out)
{
    *out = (struct command){.kind = COMMAND_NONE};
    if (app->help) {
        app->help = false;
        return key == KEY_CODE_INTERRUPT ? APP_QUIT : APP_REDRAW;
    }
    if (app->picker && key != KEY_CODE_INTERRUPT && key != KEY_CODE_SUSPEND) {
        return picker_key(app, key, s, out);
    }
    for (size_t i = 0; i < BINDING_COUNT; i++) {
        if (bindings[i].key == key) {
            return act(app, bindings[i].action, s, out);
        }
    }
    return 0;
}
