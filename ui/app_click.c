/*
 * The mouse: rows choose, words of the footer are keys, the wheel moves lists and zooms the graph.
 */
#include "ui/app_internal.h"
#include "ui/layout.h"
#include "ui/panels.h"

static bool inside(struct rect rect, const struct app_click *click)
{
    return click->row >= rect.row && click->row < rect.row + rect.rows && click->col >= rect.col &&
           click->col < rect.col + rect.cols;
}

static unsigned act(struct app *app, enum action action, const struct snapshot *s,
                    struct command *out)
{
    return app_act(app, action, 0, s, out);
}

static enum app_panel panel_at(const struct layout *layout, const struct app_click *click)
{
    return inside(layout->path, click)       ? PANEL_PATH
           : inside(layout->findings, click) ? PANEL_FINDINGS
           : inside(layout->events, click)   ? PANEL_EVENTS
           : inside(layout->tests, click)    ? PANEL_TESTS
                                             : PANEL_GRAPH;
}

static unsigned turn_wheel(struct app *app, const struct layout *layout,
                           const struct app_click *click, const struct snapshot *s,
                           struct command *out)
{
    bool up = click->wheel < 0;
    if (app_view(app) != VIEW_MONITOR) {
        return act(app, up ? ACTION_UP : ACTION_DOWN, s, out);
    }
    if (inside(layout->graph, click)) {
        return act(app, up ? ACTION_ZOOM_IN : ACTION_ZOOM_OUT, s, out);
    }
    enum app_panel before = app->panel;
    app->panel = panel_at(layout, click);
    app->lists[VIEW_MONITOR].at = app->panel == before ? app->lists[VIEW_MONITOR].at : 0;
    return act(app, up ? ACTION_UP : ACTION_DOWN, s, out);
}

static unsigned click_row(struct app *app, struct rect rect, int at, const struct snapshot *s,
                          struct command *out)
{
    (void)rect;
    if (at < 0) {
        return 0;
    }
    app->lists[app_view(app)].at = (uint64_t)at;
    return act(app, ACTION_CHOOSE, s, out);
}

static unsigned click_monitor(struct app *app, const struct layout *layout,
                              const struct app_click *click, const struct snapshot *s,
                              struct command *out)
{
    if (inside(layout->list, click)) {
        int row = list_row_at(app, s, layout->list, click->row - layout->list.row - 1);
        return row < 0 ? 0 : app_select(app, s, row, out);
    }
    app->panel = panel_at(layout, click);
    app->lists[VIEW_MONITOR].at = 0;
    return APP_REDRAW;
}

unsigned app_click(struct app *app, const struct app_click *click, const struct snapshot *s,
                   struct command *out)
{
    struct layout layout = layout_of(click->rows, click->cols, s->notice[0] != '\0');
    *out = (struct command){.kind = COMMAND_NONE};
    app->status[0] = '\0';
    if (!layout.fits) {
        return 0;
    }
    if (click->wheel != 0) {
        return turn_wheel(app, &layout, click, s, out);
    }
    if (inside(layout.footer, click)) {
        int key = footer_key_at(app, click->cols, click->col);
        return key == KEY_NONE ? 0 : app_key(app, key, s, out);
    }
    struct rect picker = picker_rect(s, click->rows, click->cols);
    switch ((int)app_view(app)) {
    case VIEW_MONITOR:
        return click_monitor(app, &layout, click, s, out);
    case VIEW_PICKER:
        return click_row(app, picker, picker_row_at(app, s, picker, click->row - picker.row - 1), s,
                         out);
    case VIEW_OVERVIEW:
        return click_row(app, layout.body,
                         overview_row_at(app, s, layout.body, click->row - layout.body.row - 1), s,
                         out);
    case VIEW_DETAILS:
        return app_findings_choose(
            app, s, details_row_at(app, s, app_top_rect(app, layout.body), click->row, click->col));
    default:
        return 0;
    }
}
