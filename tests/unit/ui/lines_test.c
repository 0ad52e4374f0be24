/*
 * Log and events: what is looked for is found, from where the view stands, and it says so.
 */
#include "ui/lines.h"

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

enum { ROWS = 24, COLS = 80 };

struct reading {
    struct app app;
    struct snapshot s;
    struct lines lines;
};

static int set_up(void **state)
{
    struct reading *one = mem_new(sizeof *one);
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

/* The text of the line that is chosen. */
static const char *chosen(struct reading *one)
{
    enum view view = app_view(&one->app);
    lines_collect(&one->app, view, &one->s, &one->lines);
    assert_true(one->lines.count > 0);
    const struct line *line = &one->lines.all[one->lines.chosen];
    return line->mark         ? "mark"
           : view == VIEW_LOG ? one->s.log[line->index].text
                              : one->s.events[line->index].text;
}

static void press(struct reading *one, const char *keys)
{
    face_press(&one->app, &one->s, keys);
}

static void add_line(struct reading *one, const char *text)
{
    struct log_line *line = &one->s.log[one->s.log_count++];
    *line = (struct log_line){.when = one->s.wall, .level = LOG_INFO};
    text_copy(line->text, sizeof line->text, text);
}

static void test_a_filter_hides_and_a_search_shows_the_other_lines(void **state)
{
    struct reading *one = *state;
    press(one, "l1/relay");
    (void)chosen(one);
    assert_int_equal(one->lines.count, 2);
    assert_int_equal(one->lines.total, 6);
    press(one, "{Tab}");
    (void)chosen(one);
    assert_int_equal(one->lines.count, 6);
    assert_int_equal(one->lines.matches, 2);
    press(one, "{Tab}");
    (void)chosen(one);
    assert_int_equal(one->lines.count, 2);
}

static void test_matches_are_gone_through_and_round(void **state)
{
    struct reading *one = *state;
    press(one, "l1/relay{Tab}{Enter}"); /* it follows: the newest match is the nearest */
    assert_string_equal(chosen(one), "the relay closed the connection");
    assert_string_equal(one->app.status, "match 2 of 2; held, f follows again");
    assert_false(one->app.follow);
    press(one, "n");
    assert_string_equal(chosen(one), "relayed through Council Bluffs");
    assert_string_equal(one->app.status, "match 1 of 2, from the end to the first");
    press(one, "n");
    assert_string_equal(one->app.status, "match 2 of 2");
    press(one, "N");
    assert_string_equal(one->app.status, "match 1 of 2");
    press(one, "N");
    assert_string_equal(chosen(one), "the relay closed the connection");
    assert_string_equal(one->app.status, "match 2 of 2, from the start to the last");
}

static void test_a_search_begins_where_the_view_is_held(void **state)
{
    struct reading *one = *state;
    press(one, "l1g/relay{Tab}{Enter}");
    assert_string_equal(chosen(one), "relayed through Council Bluffs");
    assert_string_equal(one->app.status, "match 1 of 2");
    press(one, "G{Esc}/coordinator{Enter}"); /* none below the last one */
    assert_string_equal(chosen(one), "coordinator is connected");
    assert_string_equal(one->app.status, "the only match");
    press(one, "n");
    assert_string_equal(one->app.status, "the only match");
}

static void test_in_a_filter_each_line_is_a_match(void **state)
{
    struct reading *one = *state;
    press(one, "e/direct{Enter}gn");
    assert_string_equal(chosen(one), "direct to 203.0.113.7:41641: a direct path answered");
    assert_string_equal(one->app.status, "match 2 of 2");
}

static void test_the_last_word_is_looked_for_again_with_all_lines_shown(void **state)
{
    struct reading *one = *state;
    press(one, "l1n");
    assert_string_equal(one->app.status, "nothing is looked for yet: / and a word does");
    press(one, "/disco{Enter}{Esc}");
    assert_string_equal(one->app.lists[VIEW_LOG].filter, "");
    press(one, "n");
    assert_string_equal(chosen(one), "no pong from 203.0.113.7:41641 in 5 s");
    assert_int_equal(one->lines.count, 6);
    press(one, "en"); /* in the other view, too */
    assert_string_equal(one->app.status, "no line holds \"disco\"");
}

static void test_the_level_hides_from_a_search_and_it_says_so(void **state)
{
    struct reading *one = *state;
    press(one, "l4/relayed{Tab}{Enter}");
    assert_string_equal(one->app.status, "no line of this level: error holds \"relayed\"");
    press(one, "n");
    assert_string_equal(one->app.status, "no line of this level: error holds \"relayed\"");
    press(one, "1n");
    assert_string_equal(one->app.status, "the only match; held, f follows again");
}

static void test_what_is_held_stays_while_lines_come_and_hide(void **state)
{
    struct reading *one = *state;
    press(one, "l1{Up}{Up}");
    assert_string_equal(chosen(one), "relayed through Council Bluffs");
    for (int i = 0; i < 50; i++) {
        add_line(one, "something new");
    }
    assert_string_equal(chosen(one), "relayed through Council Bluffs");
    press(one, "?{Esc}"); /* a look at the help moves nothing */
    assert_string_equal(chosen(one), "relayed through Council Bluffs");
    press(one, "/path");
    assert_string_equal(chosen(one), "relayed through Council Bluffs");
    press(one, "{Esc}");
    assert_string_equal(chosen(one), "relayed through Council Bluffs");
    press(one, "f");
    assert_string_equal(chosen(one), "something new");
    press(one, "f"); /* held where it was */
    add_line(one, "newer still");
    assert_string_equal(chosen(one), "something new");
}

/* How many cells stand out. */
static int reversed_cells(struct reading *one)
{
    struct canvas canvas;
    int reversed = 0;
    canvas_init(&canvas, ROWS, COLS, &glyphs_utf8);
    app_draw(&one->app, &one->s, &canvas);
    for (int row = 1; row < ROWS - 1; row++) {
        for (int col = 1; col < COLS - 1; col++) {
            reversed += canvas_cell(&canvas, row, col)->style == STYLE_SELECTED ? 1 : 0;
        }
    }
    canvas_clear(&canvas);
    return reversed;
}

static void test_each_occurrence_stands_out_without_colour(void **state)
{
    struct reading *one = *state;
    add_line(one, "disco, Disco and again DISCO");
    press(one, "l1/disco");
    /* The part's name of one line, and the three words of the other. */
    assert_int_equal(reversed_cells(one), 4 * (int)strlen("disco"));
}

static void test_what_is_found_where_a_line_is_cut_stands_out_below_it(void **state)
{
    struct reading *one = *state;
    add_line(one,
             "a line that is longer than the screen is wide, and that holds at its end a thing");
    press(one, "l1/thing");
    assert_int_equal(reversed_cells(one), 1); /* the ellipsis */
    press(one, "{Tab}{Enter}");
    assert_int_equal(reversed_cells(one), 1 + (int)strlen("thing"));
}

static void test_a_mark_is_a_line_at_its_time_and_leads_to_the_graph(void **state)
{
    struct reading *one = *state;
    press(one, "l1{Up}{Up}m");
    assert_string_equal(one->app.status, "22:07:20 is marked, here and below the graph");
    press(one, "{Down}");
    assert_string_equal(chosen(one), "mark");
    press(one, "{Down}");
    assert_string_equal(chosen(one), "the relay closed the connection");
    press(one, "{Up}{Up}mm"); /* several in one place can all be reached */
    press(one, "{Down}{Down}{Down}");
    assert_string_equal(chosen(one), "mark");
    press(one, "{Down}");
    assert_string_equal(chosen(one), "the relay closed the connection");
    press(one, "/nothing holds this{Enter}"); /* no filter hides what the user set */
    assert_string_equal(chosen(one), "mark");
    assert_int_equal(one->lines.passed, 0);
    press(one, "{Esc}e");
    assert_int_equal(one->app.mark_count, 3);
    char *frame = face_frame(&one->app, &one->s, ROWS, COLS, &glyphs_utf8);
    assert_non_null(strstr(frame, "22:07:20  ◆ mark"));
    free(frame);
    press(one, "G{Up}{Up}{Enter}");
    assert_int_equal(app_view(&one->app), VIEW_MONITOR);
    uint64_t ago = one->s.now - one->app.window.pointed;
    assert_in_range(ago, 359 * NS_PER_SEC, 361 * NS_PER_SEC);
}

static void test_a_mark_of_now_is_set_while_following(void **state)
{
    struct reading *one = *state;
    press(one, "em");
    assert_int_equal(one->app.marks[0], one->s.now);
    assert_string_equal(chosen(one), "mark");
    assert_string_equal(one->app.status, "22:13:20 is marked, here and below the graph");
}

static void test_while_a_word_is_typed_the_last_row_says_how_it_ends(void **state)
{
    struct reading *one = *state;
    static const char filter[] =
        "type a word; Enter takes it, Tab shows the other lines, Esc clears it";
    static const char search[] =
        "type a word; Enter takes it, Tab hides the other lines, Esc clears it";
    press(one, "l/");
    char *frame = face_frame(&one->app, &one->s, ROWS, COLS, &glyphs_utf8);
    assert_non_null(strstr(frame, filter));
    free(frame);
    press(one, "{Tab}x");
    frame = face_frame(&one->app, &one->s, ROWS, COLS, &glyphs_utf8);
    assert_non_null(strstr(frame, search));
    assert_non_null(strstr(frame, "search: x_"));
    free(frame);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_filter_hides_and_a_search_shows_the_other_lines),
        CASE(test_matches_are_gone_through_and_round),
        CASE(test_a_search_begins_where_the_view_is_held),
        CASE(test_in_a_filter_each_line_is_a_match),
        CASE(test_the_last_word_is_looked_for_again_with_all_lines_shown),
        CASE(test_the_level_hides_from_a_search_and_it_says_so),
        CASE(test_what_is_held_stays_while_lines_come_and_hide),
        CASE(test_each_occurrence_stands_out_without_colour),
        CASE(test_what_is_found_where_a_line_is_cut_stands_out_below_it),
        CASE(test_a_mark_is_a_line_at_its_time_and_leads_to_the_graph),
        CASE(test_a_mark_of_now_is_set_while_following),
        CASE(test_while_a_word_is_typed_the_last_row_says_how_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
