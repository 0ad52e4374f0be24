/*
 * What keys and clicks ask of the core, and how one gets back from where they lead.
 */
#include "ui/app.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "tests/support/face.h"

#include <cmocka.h>

struct sitting {
    struct app app;
    struct snapshot s;
    struct command command;
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

static unsigned key(struct sitting *one, int code)
{
    return app_key(&one->app, code, &one->s, &one->command);
}

static void test_details_in_the_overview_are_of_the_one_chosen_there(void **state)
{
    struct sitting *one = *state;
    (void)key(one, 'o');
    assert_int_equal(key(one, 'd'), APP_REDRAW); /* it is shown already */
    assert_int_equal(app_view(&one->app), VIEW_DETAILS);
    (void)key(one, KEY_CODE_ESC);
    (void)key(one, KEY_CODE_DOWN);
    assert_true((key(one, 'd') & APP_COMMAND) != 0);
    assert_int_equal(one->command.kind, COMMAND_SELECT);
    assert_int_equal(one->command.id.b[0], 2);
    assert_int_equal(app_view(&one->app), VIEW_DETAILS);
    (void)key(one, KEY_CODE_ESC);
    assert_int_equal(app_view(&one->app), VIEW_OVERVIEW);
}

static void test_digits_and_brackets_select_in_the_order_of_the_list(void **state)
{
    struct sitting *one = *state;
    assert_true((key(one, '2') & APP_COMMAND) != 0);
    assert_int_equal(one->command.kind, COMMAND_SELECT);
    assert_int_equal(one->command.id.b[0], 2);
    one->s.selected = 1;
    (void)key(one, ']');
    assert_int_equal(one->command.id.b[0], 3); /* stopped: it has a workspace but no agent */
    assert_string_equal(one->app.status, "dev3 is stopped: `coder start dev3` starts it");
    one->s.workspaces[2].stopped_at.seconds = one->s.wall.seconds - 60;
    one->s.workspaces[2].stopped_by = STOP_SCHEDULE;
    (void)key(one, '3');
    assert_string_equal(
        one->app.status,
        "dev3 is stopped: `coder start dev3` starts it; since 22:12:20, by its schedule");
    one->s.selected = 2;
    (void)key(one, ']');
    assert_int_equal(one->command.id.b[0], 1);
    assert_int_equal(key(one, '9'), APP_REDRAW);
    assert_string_equal(one->app.status, "there are only 3 workspaces");
}

static void test_the_one_before_is_gone_back_to(void **state)
{
    struct sitting *one = *state;
    assert_int_equal(key(one, '`'), APP_REDRAW);
    (void)key(one, '2');
    one->s.selected = 1;
    (void)key(one, '`');
    assert_int_equal(one->command.id.b[0], 1);
    one->s.selected = 0;
    (void)key(one, '`');
    assert_int_equal(one->command.id.b[0], 2);
}

static void test_escape_backs_out_step_by_step_and_never_quits(void **state)
{
    struct sitting *one = *state;
    face_press(&one->app, &one->s, "zpclh/x{Enter}?");
    for (int i = 0; i < 20; i++) {
        assert_int_equal(key(one, KEY_CODE_ESC), APP_REDRAW);
    }
    assert_int_equal(app_view(&one->app), VIEW_MONITOR);
    assert_false(one->app.full);
    assert_false(one->app.window.cursor);
    assert_int_equal(one->app.window.end, 0);
    assert_non_null(strstr(one->app.status, "q quits"));
}

static void test_a_key_that_opened_a_view_closes_it(void **state)
{
    struct sitting *one = *state;
    static const int keys[] = {'o', 'd', 'l', 'e', '?'};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        (void)key(one, keys[i]);
        assert_true(app_view(&one->app) != VIEW_MONITOR);
        (void)key(one, keys[i]);
        assert_int_equal(app_view(&one->app), VIEW_MONITOR);
    }
}

static void test_a_line_of_the_log_leads_to_its_moment_in_the_graph(void **state)
{
    struct sitting *one = *state;
    face_press(&one->app, &one->s, "l{Home}{Enter}");
    assert_int_equal(app_view(&one->app), VIEW_MONITOR);
    assert_true(one->app.window.cursor);
    uint64_t ago = one->s.now - one->app.window.pointed;
    assert_in_range(ago, 599 * NS_PER_SEC, 601 * NS_PER_SEC);
}

static void test_what_is_typed_narrows_the_list_and_enter_takes_what_is_left(void **state)
{
    struct sitting *one = *state;
    face_press(&one->app, &one->s, "w/DEV2");
    assert_true((key(one, KEY_CODE_ENTER) & APP_COMMAND) != 0);
    assert_int_equal(one->command.id.b[0], 2);
    face_press(&one->app, &one->s, "w/nobody");
    assert_int_equal(key(one, KEY_CODE_ENTER), APP_REDRAW);
    assert_string_equal(one->app.status, "no workspace of that name");
}

static void test_a_test_is_started_chosen_and_stopped(void **state)
{
    struct sitting *one = *state;
    assert_true((key(one, 's') & APP_COMMAND) != 0);
    assert_int_equal(one->command.kind, COMMAND_SPEEDTEST_START);
    assert_false(one->command.up);
    assert_int_equal(app_view(&one->app), VIEW_THROUGHPUT);
    face_press(&one->app, &one->s, "{Esc}S{Right}{Down}{Right}{Down}{Right}");
    assert_true((key(one, KEY_CODE_ENTER) & APP_COMMAND) != 0);
    assert_true(one->command.up && one->command.direct);
    assert_int_equal(one->command.duration_ns, 10 * NS_PER_SEC);
    assert_int_equal(key(one, 'x'), APP_REDRAW); /* none runs yet */
    face_fill_speed(&one->s);
    assert_true((key(one, 'x') & APP_COMMAND) != 0);
    assert_int_equal(one->command.kind, COMMAND_SPEEDTEST_STOP);
    (void)key(one, 's');
    assert_string_equal(one->app.status, "a test runs already");
}

static unsigned click(struct sitting *one, int row, int col, int wheel)
{
    struct app_click at = {.row = row, .col = col, .rows = 30, .cols = 100, .wheel = wheel};
    return app_click(&one->app, &at, &one->s, &one->command);
}

static void test_clicks_choose_rows_and_press_the_footers_keys(void **state)
{
    struct sitting *one = *state;
    assert_true((click(one, 4, 5, 0) & APP_COMMAND) != 0); /* the second row of the column */
    assert_int_equal(one->command.id.b[0], 2);
    uint64_t before = app_window_ns(&one->app);
    (void)click(one, 10, 60, 1);
    assert_true(app_window_ns(&one->app) > before);
    char *frame = face_frame(&one->app, &one->s, 30, 100, &glyphs_ascii);
    const char *last = strrchr(frame, 'q'); /* "q quit" */
    while (last > frame && last[-1] != '\n') {
        last--;
    }
    const char *help = strstr(last, "? help");
    assert_non_null(help);
    (void)click(one, 29, (int)(help - last), 0);
    assert_int_equal(app_view(&one->app), VIEW_HELP);
    free(frame);
}

static void test_the_summary_says_path_and_figures(void **state)
{
    struct sitting *one = *state;
    char *text = app_summary(&one->s);
    assert_non_null(strstr(text, "dev1.main: direct to 203.0.113.7:41641"));
    assert_non_null(strstr(text, "watched  22:03:20 to 22:13:20, 10 m"));
    assert_non_null(strstr(text, "600 sent, 12 lost (2.0 %)"));
    assert_non_null(strstr(text, "silence  3 s at most, from 22:07:18"));
    assert_non_null(strstr(text, "direct   470 answers, p50 6.0 ms"));
    assert_non_null(strstr(text, "  warning  "));
    for (const char *at = text; *at != '\0'; at++) {
        assert_true(*at == '\n' || (*at >= ' ' && *at <= '~')); /* in any mail and any chat */
    }
    free(text);
    face_fill_speed(&one->s);
    text = app_summary(&one->s);
    assert_non_null(strstr(text, "download 940 Mbit/s, direct, at "));
    free(text);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_details_in_the_overview_are_of_the_one_chosen_there),
        CASE(test_digits_and_brackets_select_in_the_order_of_the_list),
        CASE(test_the_one_before_is_gone_back_to),
        CASE(test_escape_backs_out_step_by_step_and_never_quits),
        CASE(test_a_key_that_opened_a_view_closes_it),
        CASE(test_a_line_of_the_log_leads_to_its_moment_in_the_graph),
        CASE(test_what_is_typed_narrows_the_list_and_enter_takes_what_is_left),
        CASE(test_a_test_is_started_chosen_and_stopped),
        CASE(test_clicks_choose_rows_and_press_the_footers_keys),
        CASE(test_the_summary_says_path_and_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
