/*
 * What each action does: to the screen's state, or as a command to the core.
 */
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "ui/app_internal.h"
#include "ui/panels.h"

enum { PAGE = 10 };

/* --- lists ------------------------------------------------------------------------------------ */

static uint64_t last_of(const struct app *app, const struct snapshot *s)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    struct rows_query query;
    if (app_view(app) == VIEW_HELP) {
        return 1000; /* drawing stops at the end */
    }
    if (app_view(app) == VIEW_TEST) {
        return 2;
    }
    app_rows_query(app, app_view(app), &query);
    int count = rows_collect(s, &query, rows);
    return count > 0 ? (uint64_t)count - 1 : 0;
}

/* Far is to the end. */
static unsigned move(struct app *app, const struct snapshot *s, int64_t by)
{
    struct app_list *list = app_list(app);
    if (app_in_lines(app)) {
        return app_lines_move(app, s, by);
    }
    if (app_view(app) == VIEW_DETAILS) {
        return app_findings_move(app, s, by);
    }
    uint64_t last = last_of(app, s);
    int64_t to = (int64_t)list->at + by;
    list->at = to < 0 ? 0 : (uint64_t)to > last ? last : (uint64_t)to;
    return APP_REDRAW;
}

static unsigned move_in_monitor(struct app *app, const struct snapshot *s, int by,
                                struct command *out)
{
    if (app->panel == PANEL_GRAPH) {
        return app_select_step(app, s, by > 0 ? 1 : -1, out);
    }
    struct app_list *list = app_list(app);
    int64_t to = (int64_t)list->at + by;
    list->at = to < 0 ? 0 : (uint64_t)to;
    return APP_REDRAW;
}

static unsigned move_by(struct app *app, const struct snapshot *s, int by, struct command *out)
{
    bool graph = app_view(app) == VIEW_MONITOR || app_view(app) == VIEW_THROUGHPUT;
    return graph ? move_in_monitor(app, s, by, out) : move(app, s, by);
}

static unsigned choose(struct app *app, const struct snapshot *s, struct command *out)
{
    enum view view = app_view(app);
    switch ((int)view) {
    case VIEW_LOG:
    case VIEW_EVENTS:
        return app_lines_choose(app, s);
    case VIEW_PICKER:
    case VIEW_OVERVIEW: {
        int row = app_chosen_row(app, s, view);
        if (row < 0) {
            app_say(app, "no workspace of that name");
            return APP_REDRAW;
        }
        return app_select(app, s, row, out);
    }
    case VIEW_TEST:
        return app_test_start(app, s, true, out);
    case VIEW_MONITOR:
        if (s->selected >= 0 && s->workspaces[s->selected].state != WORKSPACE_RUNNING &&
            s->workspaces[s->selected].state != WORKSPACE_UNKNOWN) {
            char advice[SNAPSHOT_TEXT]; /* nothing is started from here */
            row_advice(s, &s->workspaces[s->selected], advice, sizeof advice);
            app_say(app, "%s", advice);
            return APP_REDRAW;
        }
        app_open_rows(app, s, VIEW_PICKER);
        return APP_REDRAW;
    case VIEW_WELCOME:
        return APP_LAB;
    default:
        return APP_REDRAW;
    }
}

static unsigned filter(struct app *app)
{
    app_list(app)->typing = true;
    return APP_REDRAW;
}

static unsigned back(struct app *app, const struct snapshot *s)
{
    struct app_list *list = app_list(app);
    if (list->filter[0] != '\0') {
        app_forget_word(app);
    } else if (app->depth > 1) {
        app->depth--;
    } else if (app->full) {
        app->full = false;
    } else if (app->window.cursor) {
        app->window.cursor = false;
    } else if (app->window.end != 0) {
        window_live(&app->window);
    } else if (app->panel != PANEL_GRAPH) {
        app->panel = PANEL_GRAPH;
    } else if (app->ladder.open) {
        ladder_put_away(&app->ladder, s);
        app_say(app, "the graph; the steps come again with another outage");
    } else {
        char quit[KEYS_TEXT_SIZE];
        keys_text(&app->keys, ACTION_QUIT, 1, quit);
        app_say(app, "nothing to back out of; %s quits", quit);
    }
    return APP_REDRAW;
}

static unsigned panel(struct app *app, int step)
{
    int to = (int)app->panel + PANEL_COUNT + step;
    app->panel = (enum app_panel)(to % PANEL_COUNT);
    app_list(app)->at = 0;
    return APP_REDRAW;
}

/* --- the program ------------------------------------------------------------------------------ */

static unsigned send(enum command_kind kind, struct command *out)
{
    *out = (struct command){.kind = kind};
    return APP_REDRAW | APP_COMMAND;
}

static unsigned notify(struct app *app)
{
    static const char *const words[NOTIFY_COUNT] = {"nothing tells", "the bell rings",
                                                    "a desktop notification tells"};
    app->notify = (enum app_notify)((app->notify + 1) % NOTIFY_COUNT);
    app_say(app, "%s when the direct path is lost", words[app->notify]);
    return APP_REDRAW;
}

static unsigned looks(struct app *app, bool theme)
{
    if (theme) {
        app->theme = (enum theme)((app->theme + 1) % THEME_COUNT);
        app_say(app, "theme %s", theme_name(app->theme));
    } else {
        app->mouse = !app->mouse;
        app_say(app, app->mouse ? "mouse on; Shift and drag selects text" : "mouse off");
    }
    return APP_REDRAW | APP_LOOKS;
}

static unsigned open_view(struct app *app, const struct snapshot *s, enum view view,
                          struct command *out)
{
    if (app_view(app) == view) {
        app->depth -= app->depth > 1 ? 1 : 0;
    } else if (view == VIEW_PICKER || view == VIEW_OVERVIEW) {
        app_open_rows(app, s, view);
        return view == VIEW_OVERVIEW ? send(COMMAND_WATCH, out) : APP_REDRAW;
    } else {
        app_open(app, view);
        app->follow |= app_in_lines(app);
        app_findings_open(app, s);
    }
    return APP_REDRAW;
}

/* In the overview: those of the one that is chosen there, which is shown from now on. */
static unsigned open_details(struct app *app, const struct snapshot *s, struct command *out)
{
    int chosen = app_view(app) == VIEW_OVERVIEW ? app_chosen_row(app, s, VIEW_OVERVIEW) : -1;
    unsigned done = 0;
    if (chosen >= 0 && chosen != s->selected) {
        int depth = app->depth;
        done = app_select(app, s, chosen, out);
        app->depth = depth;
    }
    done |= open_view(app, s, VIEW_DETAILS, out);
    if ((done & APP_COMMAND) != 0) {
        app->lists[VIEW_DETAILS].at = 0; /* what is its first one is not known here */
    }
    return done;
}

static unsigned act_on_list(struct app *app, enum action action, int index,
                            const struct snapshot *s, struct command *out)
{
    enum { FAR = 1 << 20 };
    switch ((int)action) {
    case ACTION_CHOOSE:
        return choose(app, s, out);
    case ACTION_UP:
        return move_by(app, s, -1, out);
    case ACTION_DOWN:
        return move_by(app, s, 1, out);
    case ACTION_PAGE_UP:
    case ACTION_PAGE_DOWN:
        return app_view(app) == VIEW_DETAILS
                   ? app_findings_page(app, action == ACTION_PAGE_DOWN)
                   : move_by(app, s, action == ACTION_PAGE_DOWN ? PAGE : -PAGE, out);
    case ACTION_FIRST:
        return move(app, s, -FAR);
    case ACTION_LAST:
        return move(app, s, FAR);
    case ACTION_FILTER:
        return filter(app);
    case ACTION_MATCH_NEXT:
        return app_match(app, s, true);
    case ACTION_MATCH_BACK:
        return app_match(app, s, false);
    case ACTION_OTHERS:
        return app_lines_others(app, s);
    case ACTION_SORT:
        app->sort = (enum sort)((app->sort + 1) % SORT_COUNT);
        app_say(app, "sorted %s", sort_name(app->sort));
        break;
    case ACTION_FOLLOW:
        return app_lines_follow(app, s);
    case ACTION_LEVEL:
        app->level = (enum log_level)index;
        app_say(app, "%s and above", log_level_name(app->level));
        break;
    default:
        break;
    }
    return APP_REDRAW;
}

static unsigned act_on_workspaces(struct app *app, enum action action, int index,
                                  const struct snapshot *s, struct command *out)
{
    switch ((int)action) {
    case ACTION_PIN:
        return app_pin(app, s);
    case ACTION_NTH:
        return app_select_nth(app, s, index, out);
    case ACTION_PREVIOUS:
        return app_select_step(app, s, -1, out);
    case ACTION_NEXT:
        return app_select_step(app, s, 1, out);
    default:
        return app_select_before(app, s, out);
    }
}

static unsigned replay(struct app *app, enum command_kind kind, const struct snapshot *s,
                       struct command *out)
{
    if (s->replay[0] == '\0') {
        app_say(app, "this is live: only a replay has another speed");
        return APP_REDRAW;
    }
    return send(kind, out);
}

static unsigned keep(struct app *app, unsigned what, const struct snapshot *s)
{
    if (s->seq == 0 || s->replay[0] != '\0') {
        app_say(app, s->seq == 0 ? "there is nothing to keep yet" : "this is a recording already");
        return APP_REDRAW;
    }
    return APP_REDRAW | what;
}

/* What was typed would say names still. */
static void forget_filters(struct app *app)
{
    for (int i = 0; i < VIEW_COUNT; i++) {
        app->lists[i].filter[0] = '\0';
        app->lists[i].typing = false;
    }
    app->sought[0] = '\0';
}

static unsigned mask(struct app *app, const struct snapshot *s)
{
    if (s->masked && !app->mask) {
        app_say(app, "this recording was masked when it was made");
        return APP_REDRAW;
    }
    app->mask = !app->mask;
    forget_filters(app);
    if (app->mask && app->recording && !app->masked_recording) {
        app_say(app, "masked here; the recording that goes on still holds names and addresses");
    } else {
        app_say(app,
                app->mask ? "names and addresses are masked" : "names and addresses are shown");
    }
    return APP_REDRAW | APP_MASK;
}

static unsigned act_on_keeping(struct app *app, enum action action, const struct snapshot *s,
                               struct command *out)
{
    switch ((int)action) {
    case ACTION_RECORD:
        return keep(app, APP_RECORD, s);
    case ACTION_SHOT:
        return APP_REDRAW | APP_SHOT;
    case ACTION_REPORT:
        if (s->seq == 0) {
            app_say(app, "there is nothing to report yet");
            return APP_REDRAW;
        }
        return APP_REDRAW | APP_REPORT;
    case ACTION_MASK:
        return mask(app, s);
    case ACTION_COPY:
        return app_findings_act(app, action, s);
    case ACTION_SLOWER:
        return replay(app, COMMAND_SLOWER, s, out);
    case ACTION_FASTER:
        return replay(app, COMMAND_FASTER, s, out);
    case ACTION_STEP_BACK:
        return replay(app, COMMAND_STEP_BACK, s, out);
    case ACTION_REWIND:
        return replay(app, COMMAND_REWIND, s, out);
    default:
        return replay(app, COMMAND_STEP, s, out);
    }
}

static unsigned act_on_program(struct app *app, enum action action, const struct snapshot *s,
                               struct command *out)
{
    switch ((int)action) {
    case ACTION_PANEL:
        return panel(app, 1);
    case ACTION_PANEL_BACK:
        return panel(app, -1);
    case ACTION_FULL:
        app->full = !app->full;
        return APP_REDRAW;
    case ACTION_UNITS:
        app->bytes = !app->bytes;
        app_say(app, app->bytes ? "rates in bytes" : "rates in bits");
        return APP_REDRAW;
    case ACTION_RETRY:
        if (app->views[0] == VIEW_WELCOME) {
            return APP_AGAIN;
        }
        app_say(app, "probing, reconnecting and reading the list now");
        return send(COMMAND_RETRY, out);
    case ACTION_PROBES:
        return send(COMMAND_PAUSE, out);
    case ACTION_NOTIFY:
        return notify(app);
    case ACTION_THEME:
        return looks(app, true);
    case ACTION_MOUSE:
        return looks(app, false);
    case ACTION_BACK:
        return back(app, s);
    case ACTION_QUIT_KEEP:
        return APP_QUIT | APP_KEEP;
    case ACTION_SUSPEND:
        return APP_SUSPEND;
    case ACTION_REPAINT:
        return APP_REPAINT;
    default:
        return APP_QUIT;
    }
}

static unsigned act(struct app *app, enum action action, int index, const struct snapshot *s,
                    struct command *out)
{
    switch ((int)action) {
    case ACTION_TEST:
        return app_test_start(app, s, false, out);
    case ACTION_TEST_CHOOSE:
        app_open(app, VIEW_TEST);
        return APP_REDRAW;
    case ACTION_TEST_STOP:
        return app_test_stop(app, s, out);
    case ACTION_PICK:
        return open_view(app, s, VIEW_PICKER, out);
    case ACTION_OVERVIEW:
        return open_view(app, s, VIEW_OVERVIEW, out);
    case ACTION_DETAILS:
        return open_details(app, s, out);
    case ACTION_LOG:
        return open_view(app, s, VIEW_LOG, out);
    case ACTION_EVENTS:
        return open_view(app, s, VIEW_EVENTS, out);
    case ACTION_HELP:
        return open_view(app, s, VIEW_HELP, out);
    default:
        break;
    }
    if (app_view(app) == VIEW_TEST && (action == ACTION_LEFT || action == ACTION_RIGHT)) {
        return app_test_choose(app, action == ACTION_LEFT ? -1 : 1);
    }
    if (action == ACTION_FREEZE && s->replay[0] != '\0') {
        return send(COMMAND_PAUSE, out); /* the whole replay stands still */
    }
    if (action >= ACTION_RECORD && action <= ACTION_REWIND) {
        return act_on_keeping(app, action, s, out);
    }
    if (action >= ACTION_ZOOM_IN && action <= ACTION_MARK) {
        return app_graph_act(app, action, s);
    }
    if (action >= ACTION_CHOOSE && action <= ACTION_LEVEL && action != ACTION_PIN) {
        return act_on_list(app, action, index, s, out);
    }
    if (action == ACTION_MUTE || action == ACTION_PASSED) {
        return app_findings_act(app, action, s);
    }
    if (action == ACTION_PIN || (action >= ACTION_NTH && action <= ACTION_BEFORE)) {
        return act_on_workspaces(app, action, index, s, out);
    }
    return act_on_program(app, action, s, out);
}

/* What is gone answers no more: a replay can be stopped and hurried, and looked at. */
static unsigned keep_to_replay(struct app *app, unsigned what, const struct command *command)
{
    switch ((int)command->kind) {
    case COMMAND_PAUSE:
    case COMMAND_SLOWER:
    case COMMAND_FASTER:
    case COMMAND_STEP:
    case COMMAND_STEP_BACK:
    case COMMAND_REWIND:
        return what;
    case COMMAND_WATCH: /* which a view asks for by itself */
        break;
    default:
        app_say(app, "this is a recording: it shows what was watched, and answers no more");
        break;
    }
    return what & ~(unsigned)APP_COMMAND;
}

unsigned app_act(struct app *app, enum action action, int index, const struct snapshot *s,
                 struct command *out)
{
    app_note_shown(app, s);
    unsigned what = act(app, action, index, s, out);
    bool replay = s->replay[0] != '\0' && (what & APP_COMMAND) != 0;
    return replay ? keep_to_replay(app, what, out) : what;
}
