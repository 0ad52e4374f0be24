/*
 * The frame: which panel stands where.
 */
#include "net/base/text.h"
#include "ui/app_internal.h"
#include "ui/layout.h"
#include "ui/panels.h"

static void draw_too_small(struct canvas *canvas)
{
    struct rect all = canvas_all(canvas);
    char text[64];
    text_format(text, sizeof text, "%dx%d needed, this is %dx%d; q quits", LAYOUT_COLS_MIN,
                LAYOUT_ROWS_MIN, canvas->cols, canvas->rows);
    int col = (canvas->cols - text_columns(text)) / 2;
    (void)canvas_text(canvas, all, canvas->rows / 2, col < 0 ? 0 : col, STYLE_TEXT, text);
}

static void draw_panel(struct canvas *canvas, struct rect rect, enum app_panel panel,
                       const struct app *app, const struct snapshot *s)
{
    switch (panel) {
    case PANEL_GRAPH:
        panel_graph(canvas, rect, app, s);
        break;
    case PANEL_PATH:
        (void)panel_path(canvas, rect, app, s);
        break;
    case PANEL_FINDINGS:
        panel_findings(canvas, rect, app, s);
        break;
    case PANEL_EVENTS:
        panel_events(canvas, rect, app, s);
        break;
    case PANEL_TESTS:
        panel_tests(canvas, rect, app, s);
        break;
    case PANEL_COUNT:
        break;
    }
}

/* The ladder is long: on a low screen it takes the panels' places, too, unless one is looked at. */
static bool draw_ladder(struct canvas *canvas, const struct layout *layout, const struct app *app,
                        const struct snapshot *s)
{
    enum { LADDER_ROWS = 18 };
    struct rect ladder = layout->graph;
    if (layout->graph.rows >= LADDER_ROWS || app->panel != PANEL_GRAPH || !ladder_stands(app, s)) {
        return false;
    }
    ladder.rows = layout->body.rows;
    if (layout->list.rows > 0) {
        struct rect list = layout->list;
        list.rows = layout->body.rows;
        panel_list(canvas, list, app, s);
    }
    panel_ladder(canvas, ladder, app, s);
    return true;
}

static void draw_monitor(struct canvas *canvas, const struct layout *layout, enum view view,
                         const struct app *app, const struct snapshot *s)
{
    bool test = view == VIEW_THROUGHPUT;
    if (app->full) {
        if (test && app->panel == PANEL_GRAPH) {
            panel_throughput(canvas, layout->body, app, s);
        } else {
            draw_panel(canvas, layout->body, app->panel, app, s);
        }
        return;
    }
    if (!test && draw_ladder(canvas, layout, app, s)) {
        return;
    }
    if (layout->list.rows > 0) {
        panel_list(canvas, layout->list, app, s);
    }
    if (test) {
        panel_throughput(canvas, layout->graph, app, s);
    } else {
        panel_graph(canvas, layout->graph, app, s);
    }
    if (layout->brief) { /* they share two rows */
        panel_brief(canvas, layout->path, app, s);
    } else if (layout->findings.rows == 0 && app->panel == PANEL_FINDINGS) {
        panel_findings(canvas, layout->path, app, s);
    } else {
        (void)panel_path(canvas, layout->path, app, s);
    }
    /* Where events have no place of their own they take that of the findings. */
    bool stand_in = layout->events.rows == 0 && app->panel >= PANEL_EVENTS;
    if (layout->findings.rows > 0 && !stand_in) {
        panel_findings(canvas, layout->findings, app, s);
    } else if (stand_in) {
        draw_panel(canvas, layout->findings.rows > 0 ? layout->findings : layout->path, app->panel,
                   app, s);
    }
    if (layout->events.rows > 0) {
        panel_events(canvas, layout->events, app, s);
        panel_tests(canvas, layout->tests, app, s);
    }
}

static void draw_view(struct canvas *canvas, const struct layout *layout, enum view view,
                      const struct app *app, const struct snapshot *s)
{
    switch (view) {
    case VIEW_LOG:
        panel_log(canvas, layout->body, app, s);
        break;
    case VIEW_EVENTS:
        panel_all_events(canvas, layout->body, app, s);
        break;
    case VIEW_DETAILS:
        panel_details(canvas, layout->body, app, s);
        break;
    case VIEW_OVERVIEW:
        panel_overview(canvas, layout->body, app, s);
        break;
    case VIEW_PICKER:
        panel_picker(canvas, picker_rect(s, canvas->rows, canvas->cols), app, s);
        break;
    case VIEW_TEST:
        panel_test_choice(canvas, app);
        break;
    case VIEW_HELP:
        panel_help(canvas, layout->body, app);
        break;
    case VIEW_WELCOME:
        panel_welcome(canvas, layout->body, app);
        break;
    case VIEW_MONITOR:
    case VIEW_THROUGHPUT:
    case VIEW_COUNT:
        draw_monitor(canvas, layout, view, app, s);
        break;
    }
}

/* Boxes stand over what was there; everything else fills the body. */
static int first_visible(const struct app *app)
{
    int first = app->depth - 1;
    while (first > 0 && (app->views[first] == VIEW_PICKER || app->views[first] == VIEW_TEST)) {
        first--;
    }
    return first;
}

static bool is_text(enum view view)
{
    return view == VIEW_LOG || view == VIEW_EVENTS || view == VIEW_DETAILS;
}

/* Where there is room, the two views of text that were opened last share the screen. */
static bool are_beside(const struct app *app, struct rect body)
{
    enum { COLS_LEAST = 140 };
    int top = app->depth - 1;
    return top >= 1 && body.cols >= COLS_LEAST && is_text(app->views[top]) &&
           is_text(app->views[top - 1]);
}

struct rect app_top_rect(const struct app *app, struct rect body)
{
    int left = are_beside(app, body) ? body.cols / 2 : 0;
    return (struct rect){body.row, body.col + left, body.rows, body.cols - left};
}

static bool draw_beside(struct canvas *canvas, const struct layout *layout, const struct app *app,
                        const struct snapshot *s)
{
    int top = app->depth - 1;
    if (!are_beside(app, layout->body)) {
        return false;
    }
    struct layout left = *layout;
    struct layout right = *layout;
    right.body = app_top_rect(app, layout->body);
    left.body.cols -= right.body.cols;
    draw_view(canvas, &left, app->views[top - 1], app, s);
    draw_view(canvas, &right, app->views[top], app, s);
    canvas_box_focus(canvas, right.body, true);
    return true;
}

void app_draw(const struct app *app, const struct snapshot *s, struct canvas *canvas)
{
    struct layout layout = layout_of(canvas->rows, canvas->cols, s->notice[0] != '\0');
    if (!layout.fits) {
        draw_too_small(canvas);
        return;
    }
    panel_header(canvas, layout.header, app, s);
    if (layout.notice.rows > 0) {
        panel_notice(canvas, layout.notice, s);
    }
    int first = draw_beside(canvas, &layout, app, s) ? app->depth : first_visible(app);
    for (int i = first; i < app->depth; i++) {
        draw_view(canvas, &layout, app->views[i], app, s);
    }
    panel_footer(canvas, layout.footer, app);
}
