/*
 * Throughput tests: started, chosen, stopped.
 */
#include "ui/app_internal.h"
#include "ui/panels.h"

static bool test_runs(const struct snapshot *s)
{
    enum speed_state state = s->speed.run.state;
    return state == SPEED_WAITING || state == SPEED_CONNECTING || state == SPEED_RUNNING;
}

static unsigned start(struct app *app, const struct snapshot *s, bool up, bool direct,
                      unsigned seconds, struct command *out)
{
    if (app_view(app) == VIEW_TEST) {
        app->depth--;
    }
    app_open(app, VIEW_THROUGHPUT);
    app->panel = PANEL_GRAPH;
    if (test_runs(s)) {
        app_say(app, "a test runs already");
        return APP_REDRAW;
    }
    if (s->selected < 0 || uuid_is_zero(&s->workspaces[s->selected].agent)) {
        app_say(app, "there is no agent to test with");
        return APP_REDRAW;
    }
    *out = (struct command){.kind = COMMAND_SPEEDTEST_START,
                            .up = up,
                            .direct = direct,
                            .duration_ns = seconds * NS_PER_SEC};
    return APP_REDRAW | APP_COMMAND;
}

unsigned app_test_choose(struct app *app, int by)
{
    switch (app->lists[VIEW_TEST].at) {
    case 0:
        app->test.up = !app->test.up;
        break;
    case 1:
        app->test.time = (app->test.time + test_times() + (unsigned)by) % test_times();
        break;
    default:
        app->test.direct = !app->test.direct;
        break;
    }
    return APP_REDRAW;
}

unsigned app_test_stop(struct app *app, const struct snapshot *s, struct command *out)
{
    if (!test_runs(s)) {
        app_say(app, "no test runs that could be stopped");
        return APP_REDRAW;
    }
    *out = (struct command){.kind = COMMAND_SPEEDTEST_STOP};
    return APP_REDRAW | APP_COMMAND;
}

unsigned app_test_start(struct app *app, const struct snapshot *s, bool chosen, struct command *out)
{
    return chosen ? start(app, s, app->test.up, app->test.direct, test_seconds(app->test.time), out)
                  : start(app, s, false, false, 0, out);
}
