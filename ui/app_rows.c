/*
 * Workspaces: the next one, the nth, the one before; favourites.
 */
#include "net/base/text.h"
#include "ui/app_internal.h"
#include "ui/panels.h"

unsigned app_select(struct app *app, const struct snapshot *s, int index, struct command *out)
{
    const struct snapshot_workspace *row = &s->workspaces[index];
    struct uuid id = *row_id(row);
    if (!uuid_equal(&id, &app->shown)) {
        app->before = app->shown;
        app->shown = id;
        window_live(&app->window);
    }
    if (uuid_is_zero(&row->agent) || row->state != WORKSPACE_RUNNING) {
        char words[SNAPSHOT_TEXT];
        row_advice(s, row, words, sizeof words);
        app_say(app, "%s", words);
    }
    app->depth = 1;
    *out = (struct command){.kind = COMMAND_SELECT, .id = id};
    return APP_REDRAW | APP_COMMAND;
}

/* What the core selected by itself counts as shown, too. */
void app_note_shown(struct app *app, const struct snapshot *s)
{
    if (s->selected >= 0 && uuid_is_zero(&app->shown)) {
        app->shown = *row_id(&s->workspaces[s->selected]);
    }
}

unsigned app_select_step(struct app *app, const struct snapshot *s, int step, struct command *out)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    struct rows_query query;
    app_rows_query(app, VIEW_MONITOR, &query);
    int count = rows_collect(s, &query, rows);
    int at = step > 0 ? -1 : 0;
    for (int i = 0; i < count; i++) {
        at = rows[i] == s->selected ? i : at;
    }
    if (count == 0) {
        app_say(app, "there are no workspaces to go to");
        return APP_REDRAW;
    }
    if (count == 1) {
        app_say(app, "this is the only workspace");
    }
    return app_select(app, s, rows[((at + step) % count + count) % count], out);
}

unsigned app_select_nth(struct app *app, const struct snapshot *s, int nth, struct command *out)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    struct rows_query query;
    app_rows_query(app, app_view(app), &query);
    int count = rows_collect(s, &query, rows);
    if (nth >= count) {
        app_say(app, "there are only %d workspaces", count);
        return APP_REDRAW;
    }
    return app_select(app, s, rows[nth], out);
}

unsigned app_select_before(struct app *app, const struct snapshot *s, struct command *out)
{
    for (int i = 0; i < (int)s->workspace_count; i++) {
        if (uuid_equal(row_id(&s->workspaces[i]), &app->before)) {
            return app_select(app, s, i, out);
        }
    }
    app_say(app, "no other workspace was watched before");
    return APP_REDRAW;
}

/* The row that is chosen in a list of workspaces; -1 = none. */
int app_chosen_row(const struct app *app, const struct snapshot *s, enum view view)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    struct rows_query query;
    if (view != VIEW_PICKER && view != VIEW_OVERVIEW) {
        return s->selected;
    }
    app_rows_query(app, view, &query);
    int count = rows_collect(s, &query, rows);
    return app->lists[view].at < (uint64_t)count ? rows[app->lists[view].at] : -1;
}

unsigned app_pin(struct app *app, const struct snapshot *s)
{
    int row = app_chosen_row(app, s, app_view(app));
    if (row < 0) {
        app_say(app, "nothing is chosen that could be pinned");
        return APP_REDRAW;
    }
    const struct uuid *id = &s->workspaces[row].workspace;
    if (!pins_toggle(&app->pins, id)) {
        app_say(app, "%d are pinned, which is the most", PINS_MAX);
        return APP_REDRAW;
    }
    app_say(app, pins_has(&app->pins, id) ? "%s is pinned: it stands first" : "%s is not pinned",
            s->workspaces[row].name);
    return APP_REDRAW | APP_SAVE;
}

/* Opens a list of workspaces at the one that is shown. */
void app_open_rows(struct app *app, const struct snapshot *s, enum view view)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    struct rows_query query;
    app_open(app, view);
    app_rows_query(app, view, &query);
    int count = rows_collect(s, &query, rows);
    for (int i = 0; i < count; i++) {
        app->lists[view].at = rows[i] == s->selected ? (uint64_t)i : app->lists[view].at;
    }
}
