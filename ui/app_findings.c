/*
 * The details: which check is chosen, what is muted, what is listed.
 */
#include "ui/app_internal.h"
#include "ui/found.h"

enum { PAGE_ROWS = 8, ROWS_MOST = 8 * PAGE_ROWS };

static void choose(struct app *app, int code)
{
    app->lists[VIEW_DETAILS].at = (uint64_t)code + 1;
    app->scrolled = 0;
}

void app_findings_open(struct app *app, const struct snapshot *s)
{
    struct found found;
    if (app_view(app) == VIEW_DETAILS) {
        found_listed(app, s, &found);
        app->scrolled = 0;
        if (found.rows[0].state == CHECK_STANDS) { /* else what comes first is what is waited for */
            choose(app, found.rows[0].code);       /* it stays chosen when another comes above it */
        }
    }
}

unsigned app_findings_move(struct app *app, const struct snapshot *s, int64_t by)
{
    struct found found;
    found_listed(app, s, &found);
    if (found.count == 0) {
        app_say(app, "no finding passes the filter");
        return APP_REDRAW;
    }
    int64_t to = (int64_t)found_chosen(app, &found) + by;
    int64_t last = (int64_t)found.count - 1;
    choose(app, found.rows[to < 0 ? 0 : to > last ? last : to].code);
    return APP_REDRAW;
}

/* Of the rows that are listed, which are all of them once the word is no filter any more. */
unsigned app_findings_match(struct app *app, const struct snapshot *s, bool down)
{
    struct found found;
    const char *filter = app->lists[VIEW_DETAILS].filter;
    const char *word = filter[0] != '\0' ? filter : app->sought;
    size_t of = 0;
    size_t nth = 0;
    found_listed(app, s, &found);
    size_t from = found.count == 0 ? 0 : found_chosen(app, &found);
    size_t to = from;
    bool round = false;
    for (size_t i = found.count; i > 0; i--) { /* the nearest is looked at last */
        size_t at = (from + (down ? i : found.count - i)) % found.count;
        bool holds = found_holds(&found.rows[at], word);
        of += holds ? 1 : 0;
        to = holds ? at : to;
        round = holds ? (down ? at <= from : at >= from) : round;
    }
    if (of == 0) {
        app_say(app, "no finding is about \"%s\"", word);
        return APP_REDRAW;
    }
    for (size_t i = 0; i <= to; i++) {
        nth += found_holds(&found.rows[i], word) ? 1 : 0;
    }
    choose(app, found.rows[to].code);
    if (of == 1) {
        app_say(app, "the only match");
    } else {
        app_say(app, "match %zu of %zu%s", nth, of, app_round_words(round, down));
    }
    return APP_REDRAW;
}

unsigned app_findings_choose(struct app *app, const struct snapshot *s, int row)
{
    struct found found;
    found_listed(app, s, &found);
    if (row < 0 || row >= (int)found.count) {
        return 0;
    }
    choose(app, found.rows[row].code);
    return APP_REDRAW;
}

unsigned app_findings_page(struct app *app, bool down)
{
    int to = app->scrolled + (down ? PAGE_ROWS : -PAGE_ROWS);
    app->scrolled = to < 0 ? 0 : to > ROWS_MOST ? ROWS_MOST : to;
    return APP_REDRAW;
}

bool app_chosen_finding(const struct app *app, const struct snapshot *s, enum finding_code *out)
{
    struct found found;
    found_listed(app, s, &found);
    int code = found.count == 0 ? FOUND_PATH : found.rows[found_chosen(app, &found)].code;
    *out = (enum finding_code)code;
    return code != FOUND_PATH;
}

static unsigned mute(struct app *app, enum finding_code code)
{
    app->muted[code] = !app->muted[code];
    app_say(app,
            app->muted[code] ? "%s is muted: it stands last, and is not counted"
                             : "%s is not muted any more",
            finding_name(code));
    choose(app, (int)code); /* wherever it stands now */
    return APP_REDRAW | APP_SAVE;
}

unsigned app_findings_act(struct app *app, enum action action, const struct snapshot *s)
{
    enum finding_code code = FINDING_CODES;
    if (action == ACTION_PASSED) {
        app->hide_passed = !app->hide_passed;
        app_say(app,
                app->hide_passed ? "what has passed is left out" : "what has passed is listed");
        return APP_REDRAW;
    }
    if (!app_chosen_finding(app, s, &code)) {
        app_say(app, "choose a finding first");
        return APP_REDRAW;
    }
    return action == ACTION_MUTE ? mute(app, code) : APP_REDRAW | APP_COPY;
}
