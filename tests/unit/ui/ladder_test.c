/*
 * When the steps of a connection are shown, put away and shown again.
 */
#include "ui/ladder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "tests/support/face.h"

#include <cmocka.h>

struct sitting {
    struct app app;
    struct snapshot s;
};

static int set_up(void **state)
{
    struct sitting *one = mem_new(sizeof *one);
    face_start();
    face_fill(&one->s);
    app_init(&one->app);
    *state = one;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

/* Time passes, second after second, and frames are drawn. */
static void pass(struct sitting *one, uint64_t seconds)
{
    for (uint64_t i = 0; i < seconds; i++) {
        one->s.now += NS_PER_SEC;
        one->s.wall.seconds++;
        app_see(&one->app, &one->s);
    }
}

/* The core says that nothing has been answered for five seconds. */
static void lose(struct sitting *one)
{
    one->s.silent_since = one->s.now - 5 * NS_PER_SEC;
    one->s.unanswered = 5;
    app_see(&one->app, &one->s);
}

static void find_again(struct sitting *one)
{
    one->s.silent_since = 0;
    one->s.unanswered = 0;
    app_see(&one->app, &one->s);
}

static bool shows(struct sitting *one, const char *words)
{
    char *frame = face_frame(&one->app, &one->s, 24, 80, &glyphs_utf8);
    bool found = strstr(frame, words) != NULL;
    free(frame);
    return found;
}

static void test_it_opens_with_an_outage_and_closes_with_its_end(void **state)
{
    struct sitting *one = *state;
    pass(one, 10);
    assert_false(one->app.ladder.open);
    lose(one);
    assert_true(shows(one, "connection lost 5 s"));
    pass(one, 9);
    assert_true(shows(one, "connection lost 14 s"));
    assert_true(shows(one, "last seen: direct, 6.7 ms, 22:13:18 · Left shows history"));
    assert_false(shows(one, "p50/p95/p99"));
    find_again(one);
    assert_false(shows(one, "connection lost"));
    assert_true(shows(one, "p50/p95/p99"));
}

static void test_what_never_stood_is_no_outage(void **state)
{
    struct sitting *one = *state;
    one->s.path = PATH_NONE;
    one->s.run = (struct snapshot_stats){.sent = 9};
    lose(one);
    assert_false(one->app.ladder.open);
    assert_true(shows(one, "connecting to dev1"));
}

static void test_history_is_looked_at_while_it_is_open(void **state)
{
    struct sitting *one = *state;
    lose(one);
    face_press(&one->app, &one->s, "{Left}");
    assert_false(shows(one, "connection lost"));
    assert_true(shows(one, "PAST, to"));
    assert_int_equal(one->app.window.end, one->s.now); /* all of it, up to now */
    face_press(&one->app, &one->s, "{End}");
    assert_true(shows(one, "connection lost"));
}

static void test_an_event_leads_to_its_moment_past_the_steps(void **state)
{
    struct sitting *one = *state;
    lose(one);
    face_press(&one->app, &one->s, "em{Up}{Down}{Enter}"); /* the mark of now */
    assert_int_equal(app_view(&one->app), VIEW_MONITOR);
    assert_false(shows(one, "connection lost"));
    assert_true(shows(one, "PAST, to"));
}

static void test_a_panel_that_is_asked_for_has_its_place(void **state)
{
    struct sitting *one = *state;
    lose(one);
    assert_false(shows(one, "handshake   "));
    face_press(&one->app, &one->s, "{Tab}");
    assert_true(shows(one, "handshake   "));
    assert_true(shows(one, "connection lost"));
}

static void test_escape_puts_it_away_for_this_outage_alone(void **state)
{
    struct sitting *one = *state;
    lose(one);
    face_press(&one->app, &one->s, "{Esc}");
    assert_string_equal(one->app.status, "the graph; the steps come again with another outage");
    pass(one, 3600);
    assert_false(one->app.ladder.open);
    assert_true(shows(one, "no answer for 1 h"));
    find_again(one);
    pass(one, LADDER_AGAIN_S + 10);
    lose(one);
    assert_true(one->app.ladder.open);
}

static void test_a_stray_answer_makes_no_other_outage(void **state)
{
    struct sitting *one = *state;
    lose(one);
    face_press(&one->app, &one->s, "{Esc}");
    for (int i = 0; i < 20; i++) {
        pass(one, 20);
        find_again(one);
        pass(one, 10);
        lose(one);
        assert_false(one->app.ladder.open);
    }
}

static void test_another_workspaces_outage_is_another(void **state)
{
    struct sitting *one = *state;
    lose(one);
    face_press(&one->app, &one->s, "{Esc}");
    one->s.selected = 1;
    pass(one, 1);
    assert_true(one->app.ladder.open);
    one->s.selected = 0;
    pass(one, 1);
    assert_false(one->app.ladder.open);
}

static void test_a_replay_that_begins_anew_shows_it_anew(void **state)
{
    struct sitting *one = *state;
    lose(one);
    mono_ns then = one->s.now;
    pass(one, 100);
    face_press(&one->app, &one->s, "{Esc}");
    one->s.now = then;
    app_see(&one->app, &one->s);
    assert_true(one->app.ladder.open);
}

/* Where rows are few, the step that failed has them, not those that are done. */
static void test_what_failed_is_told_before_what_is_done(void **state)
{
    struct sitting *one = *state;
    one->s.path = PATH_NONE;
    one->s.run = (struct snapshot_stats){.sent = 3, .lost = 3};
    text_copy(one->s.ladder[0].detail, sizeof one->s.ladder[0].detail,
              "https://coder.example.com/of/a/long/name v2.35.0");
    text_copy(one->s.ladder[5].detail, sizeof one->s.ladder[5].detail,
              "the agent's node has not come: it is too old, or cannot reach the coordinator");
    char *frame = face_frame(&one->app, &one->s, 15, 60, &glyphs_utf8);
    assert_non_null(strstr(frame, "the agent's node has not come"));
    free(frame);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_what_failed_is_told_before_what_is_done),
        CASE(test_it_opens_with_an_outage_and_closes_with_its_end),
        CASE(test_what_never_stood_is_no_outage),
        CASE(test_history_is_looked_at_while_it_is_open),
        CASE(test_an_event_leads_to_its_moment_past_the_steps),
        CASE(test_a_panel_that_is_asked_for_has_its_place),
        CASE(test_escape_puts_it_away_for_this_outage_alone),
        CASE(test_a_stray_answer_makes_no_other_outage),
        CASE(test_another_workspaces_outage_is_another),
        CASE(test_a_replay_that_begins_anew_shows_it_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
