/*
 * Log and events: moving among the lines, following the newest, marks, and what is looked for. That
 * is a filter, which hides the other lines, or a search, which leaves them.
 */
#include <string.h>

#include "net/base/text.h"
#include "ui/app_internal.h"
#include "ui/graph_marks.h"
#include "ui/lines.h"

bool app_in_lines(const struct app *app)
{
    return app_view(app) == VIEW_LOG || app_view(app) == VIEW_EVENTS;
}

unsigned app_lines_move(struct app *app, const struct snapshot *s, int64_t by)
{
    if (!lines_move(app, s, by, &app_list(app)->at)) {
        app_say(app, "there is nothing to move to");
        return APP_REDRAW;
    }
    app->follow = false;
    return APP_REDRAW;
}

/* What is held stays where the newest was. */
unsigned app_lines_follow(struct app *app, const struct snapshot *s)
{
    (void)lines_move(app, s, 0, &app_list(app)->at);
    app->follow = !app->follow;
    app_say(app, app->follow ? "the newest stays in sight" : "held: what is new comes below");
    return APP_REDRAW;
}

/* --- looking for ------------------------------------------------------------------------------ */

void app_forget_word(struct app *app)
{
    struct app_list *list = app_list(app);
    if (list->filter[0] == '\0') {
        return;
    }
    if (app_in_lines(app) || app_view(app) == VIEW_DETAILS) { /* the line stays chosen */
        text_copy(app->sought, sizeof app->sought, list->filter);
    } else {
        list->at = 0;
    }
    list->filter[0] = '\0';
}

static void say_none(struct app *app)
{
    bool level = app_view(app) == VIEW_LOG && app->level > LOG_DEBUG;
    app_say(app, "no line%s%s holds \"%s\"", level ? " of this level: " : "",
            level ? log_level_name(app->level) : "", app_list(app)->filter);
}

/* Goes there, and says which of how many it is, and what else changed by it. */
static void show_match(struct app *app, const struct lines_match *match, const char *round)
{
    char key[KEYS_TEXT_SIZE];
    char held[KEYS_TEXT_SIZE + 32] = "";
    keys_text(&app->keys, ACTION_FOLLOW, 1, key);
    if (app->follow) {
        text_format(held, sizeof held, "; held, %s follows again", key);
    }
    app_list(app)->at = match->number;
    app->follow = false;
    if (match->of == 1) {
        app_say(app, "the only match%s", held);
    } else {
        app_say(app, "match %zu of %zu%s%s", match->nth, match->of, round, held);
    }
}

static unsigned match_in_lines(struct app *app, const struct snapshot *s, bool down)
{
    struct app_list *list = app_list(app);
    struct lines_match match;
    if (list->filter[0] == '\0') { /* again, and what is around it stays */
        text_copy(list->filter, sizeof list->filter, app->sought);
        app->all_lines = true;
    }
    lines_match(app, s, down, false, &match);
    if (match.of == 0) {
        say_none(app);
    } else {
        show_match(app, &match, app_round_words(match.round, down));
    }
    return APP_REDRAW;
}

const char *app_round_words(bool round, bool down)
{
    return !round ? "" : down ? ", from the end to the first" : ", from the start to the last";
}

unsigned app_match(struct app *app, const struct snapshot *s, bool down)
{
    if (app_list(app)->filter[0] == '\0' && app->sought[0] == '\0') {
        char key[KEYS_TEXT_SIZE];
        keys_text(&app->keys, ACTION_FILTER, 1, key);
        app_say(app, "nothing is looked for yet: %s and a word does", key);
        return APP_REDRAW;
    }
    return app_in_lines(app) ? match_in_lines(app, s, down) : app_findings_match(app, s, down);
}

void app_lines_typed(struct app *app, const struct snapshot *s)
{
    struct lines_match match;
    if (!app_in_lines(app) || app_list(app)->filter[0] == '\0') {
        return;
    }
    lines_match(app, s, !app->follow, true, &match); /* the newest is the nearest at the end */
    if (match.of == 0) {
        say_none(app);
    } else if (app->all_lines) {
        show_match(app, &match, "");
    }
}

unsigned app_lines_others(struct app *app, const struct snapshot *s)
{
    struct app_list *list = app_list(app);
    if (list->filter[0] == '\0' && !list->typing) {
        char key[KEYS_TEXT_SIZE];
        keys_text(&app->keys, ACTION_FILTER, 1, key);
        app_say(app, "all lines are shown: %s and a word hides some", key);
        return APP_REDRAW;
    }
    (void)lines_move(app, s, 0, &list->at); /* the chosen line stays the same one */
    app->all_lines = !app->all_lines;
    app_say(app, app->all_lines ? "search: all lines are shown" : "filter: the other lines hide");
    return APP_REDRAW;
}

/* --- moments ---------------------------------------------------------------------------------- */

unsigned app_lines_choose(struct app *app, const struct snapshot *s)
{
    mono_ns at = 0;
    if (!lines_moment(app, s, &at)) {
        app_say(app, "no line is chosen");
        return APP_REDRAW;
    }
    app->depth = 1;
    window_show(&app->window, s->now, at);
    app->form = app->form == FORM_HISTOGRAM ? FORM_LINE : app->form; /* which has no time in it */
    if (app->ladder.open && app->window.end == 0) {
        app->window.end = s->now; /* live, the steps would stand before it */
    }
    return APP_REDRAW;
}

/* The chosen line's moment; while following, this one. */
unsigned app_lines_mark(struct app *app, const struct snapshot *s)
{
    enum { BEHIND_MS = 1 }; /* the mark stands below its line */
    char clock[CLOCK_TEXT];
    mono_ns at = s->now;
    if (!app->follow && lines_moment(app, s, &at)) {
        at = mono_min(s->now, mono_after(at, BEHIND_MS * NS_PER_MS));
    }
    app->marks[app->mark_count++ % APP_MARKS_MAX] = at;
    clock_text(graph_wall(s, at), true, clock);
    app_say(app, "%s is marked, here and below the graph", clock);
    return APP_REDRAW;
}
