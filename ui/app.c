#include "ui/app.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "net/base/text.h"
#include "ui/app_internal.h"

void app_init(struct app *app)
{
    *app = (struct app){.depth = 1, .follow = true, .level = LOG_INFO, .test.time = 1};
    keys_init(&app->keys);
    window_init(&app->window);
}

void app_see(struct app *app, const struct snapshot *s)
{
    ladder_see(&app->ladder, s);
}

enum view app_view(const struct app *app)
{
    return app->views[app->depth - 1];
}

uint64_t app_window_ns(const struct app *app)
{
    return window_span(&app->window);
}

struct app_list *app_list(struct app *app)
{
    return &app->lists[app_view(app)];
}

void app_rows_query(const struct app *app, enum view view, struct rows_query *out)
{
    bool in_list = view == VIEW_PICKER || view == VIEW_OVERVIEW;
    *out = (struct rows_query){.filter = in_list ? app->lists[view].filter : "",
                               .sort = app->sort,
                               .pins = &app->pins,
                               .running_only = view == VIEW_OVERVIEW};
}

void app_say(struct app *app, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(app->status, sizeof app->status, format, args);
    va_end(args);
}

void app_open(struct app *app, enum view view)
{
    int at = 0;
    while (at < app->depth && app->views[at] != view) {
        at++;
    }
    if (at == APP_DEPTH) {
        return;
    }
    app->views[at] = view;
    app->depth = at + 1;
    app->lists[view] = (struct app_list){0};
}

void app_title(const struct snapshot *s, char *out, size_t size)
{
    const char *path = s->path == PATH_DERP     ? " - relayed"
                       : s->path == PATH_DIRECT ? " - direct"
                                                : "";
    text_format(out, size, "derptop %s%s", s->title, path);
}

/* --- typing ----------------------------------------------------------------------------------- */

static void add_character(struct app_list *list, int key)
{
    size_t len = strlen(list->filter);
    if (key >= ' ' && key < 0x7f && len + 1 < sizeof list->filter) {
        list->filter[len] = (char)key;
        list->filter[len + 1] = '\0';
    }
}

/* What is typed narrows the list at once. True: the key meant that. */
static bool type(struct app *app, const struct snapshot *s, int key)
{
    struct app_list *list = app_list(app);
    size_t len = strlen(list->filter);
    if (!list->typing) {
        return false;
    }
    if (key == KEY_CODE_ESC) {
        app_forget_word(app);
        list->typing = false;
    } else if (key == KEY_CODE_BACKSPACE) {
        list->typing = len > 0;
        list->filter[len > 0 ? len - 1 : 0] = '\0';
    } else if (key >= ' ' && key < KEY_CODE_FIRST && key != 0x7f) {
        add_character(list, key);
        list->at = app_in_lines(app) ? list->at : 0;
    } else if (key == KEY_CODE_ENTER && app_view(app) != VIEW_PICKER &&
               app_view(app) != VIEW_OVERVIEW) {
        list->typing = false; /* in the lists of workspaces it chooses */
        app_lines_typed(app, s);
    } else {
        return false;
    }
    return true;
}

/* --- keys ------------------------------------------------------------------------------------- */

static unsigned explain(struct app *app, int key)
{
    char name[KEY_NAME_SIZE];
    enum view elsewhere = keys_elsewhere(&app->keys, key);
    char help[KEYS_TEXT_SIZE];
    keys_text(&app->keys, ACTION_HELP, 1, help);
    key_text(key, name);
    if (elsewhere == VIEW_COUNT) {
        app_say(app, "%s is not bound; %s lists the keys", name, help);
    } else {
        app_say(app, "%s does nothing here, only in the %s view; %s lists the keys", name,
                view_name(elsewhere), help);
    }
    return APP_REDRAW;
}

unsigned app_key(struct app *app, int key, const struct snapshot *s, struct command *out)
{
    int index = 0;
    *out = (struct command){.kind = COMMAND_NONE};
    app->status[0] = '\0';
    if (key == KEY_CODE_INTERRUPT) {
        return APP_QUIT;
    }
    if (type(app, s, key)) {
        return APP_REDRAW;
    }
    enum action action = keys_find(&app->keys, app_view(app), key, &index);
    return action == ACTION_NONE ? explain(app, key) : app_act(app, action, index, s, out);
}
