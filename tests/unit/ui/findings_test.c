#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "tests/support/face.h"
#include "ui/found.h"
#include "ui/panels.h"

#include <cmocka.h>

/* The style of the title's first letter, when it was first seen so long ago. */
static enum style title_style_after(uint64_t ms)
{
    enum { TITLE_COL = 4, ROWS = 6, COLS = 50 };
    struct snapshot *one = mem_new(sizeof *one);
    struct canvas canvas = {0};
    struct app fresh;
    app_init(&fresh);
    one->now = 1000 * NS_PER_SEC;
    one->finding_count = 1;
    one->findings[0].severity = SEVERITY_WARNING;
    one->findings[0].since = one->now - ms * NS_PER_MS;
    text_copy(one->findings[0].title, sizeof one->findings[0].title, "Title");
    canvas_init(&canvas, ROWS, COLS, &glyphs_ascii);
    panel_findings(&canvas, canvas_all(&canvas), &fresh, one);
    const struct cell *cell = canvas_cell(&canvas, 1, TITLE_COL);
    assert_string_equal(cell->text, "T");
    enum style style = (enum style)cell->style;
    canvas_clear(&canvas);
    free(one);
    return style;
}

static void test_a_new_finding_stands_out_once(void **state)
{
    (void)state;
    assert_int_equal(title_style_after(0), STYLE_SELECTED);
    assert_int_equal(title_style_after(4900), STYLE_SELECTED);
    assert_int_equal(title_style_after(5100), STYLE_STRONG);
    assert_int_equal(title_style_after(600000), STYLE_STRONG);
}

/* --- rows ------------------------------------------------------------------------------------- */

static struct snapshot *s;
static struct app app;
static struct found found;

static int setup(void **state)
{
    (void)state;
    face_start();
    s = mem_new(sizeof *s);
    face_fill(s);
    app_init(&app);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(s);
    return 0;
}

static void expect_rows(const int *codes, size_t count)
{
    found_all(&app, s, &found);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(found.rows[i].code, codes[i]);
    }
}

static void test_every_code_has_a_row_what_stands_first_then_what_is_not_known(void **state)
{
    (void)state;
    static const int codes[] = {FINDING_CLIENT_LOW_MTU, FINDING_AGENT_HARD_NAT,
                                FINDING_AGENT_LOW_MTU, FINDING_TOKEN_REFUSED};
    expect_rows(codes, 4);
    assert_int_equal(found.count, FOUND_ROWS);
    assert_int_equal(found.rows[FOUND_ROWS - 1].code, FOUND_PATH);
    assert_int_equal(found.standing, 2);
    assert_int_equal(found.unknown, 1);
    assert_int_equal(found.passed, FINDING_CODES - 3);
    assert_string_equal(found.rows[2].unknown, "the agent has not reported its interfaces");
}

static void test_a_muted_one_stands_last_and_is_counted_no_more(void **state)
{
    (void)state;
    char counts[32];
    static const int codes[] = {FINDING_AGENT_HARD_NAT, FINDING_CLIENT_LOW_MTU,
                                FINDING_AGENT_LOW_MTU};
    struct command command;
    face_press(&app, s, "d");
    assert_int_equal(app_key(&app, 'a', s, &command), APP_REDRAW | APP_SAVE);
    assert_non_null(strstr(app.status, "client_low_mtu is muted"));
    expect_rows(codes, 3);
    assert_int_equal(found.muted, 1);
    assert_true(found.rows[1].muted);
    found_counts(&glyphs_ascii, &found, counts, sizeof counts);
    assert_string_equal(counts, "1 i");
    face_press(&app, s, "a"); /* the one that is chosen is still the same */
    assert_non_null(strstr(app.status, "client_low_mtu is not muted"));
    found_all(&app, s, &found);
    assert_int_equal(found.muted, 0);
}

static void test_a_new_one_that_is_muted_does_not_stand_out(void **state)
{
    (void)state;
    enum { COLS = 50, ROWS = 6 };
    struct canvas canvas = {0};
    s->finding_count = 1;
    s->findings[0].since = s->now;
    app.muted[s->findings[0].code] = true;
    canvas_init(&canvas, ROWS, COLS, &glyphs_ascii);
    panel_findings(&canvas, canvas_all(&canvas), &app, s);
    for (int row = 0; row < ROWS; row++) {
        for (int col = 0; col < COLS; col++) {
            assert_int_not_equal(canvas_cell(&canvas, row, col)->style, STYLE_SELECTED);
        }
    }
    canvas_clear(&canvas);
}

static void test_what_a_muted_cause_explains_stands_for_itself(void **state)
{
    (void)state;
    s->findings[1].explained = true;
    s->findings[1].explained_by = s->findings[0].code;
    found_all(&app, s, &found);
    assert_int_equal(found.rows[1].depth, 1);
    app.muted[s->findings[0].code] = true;
    found_all(&app, s, &found);
    assert_int_equal(found.rows[0].code, s->findings[1].code);
    assert_int_equal(found.rows[0].depth, 0);
}

static enum finding_code chosen(void)
{
    enum finding_code code = FINDING_CODES;
    (void)app_chosen_finding(&app, s, &code);
    return code;
}

static void test_the_chosen_one_stays_chosen_when_another_comes_above_it(void **state)
{
    (void)state;
    face_press(&app, s, "d");
    assert_int_equal(chosen(), FINDING_CLIENT_LOW_MTU);
    s->findings[2] = s->findings[1];
    s->findings[1] = s->findings[0];
    s->findings[0] = (struct finding){.code = FINDING_LOSS, .severity = SEVERITY_ERROR};
    s->finding_count = 3;
    assert_int_equal(chosen(), FINDING_CLIENT_LOW_MTU);
    face_press(&app, s, "k");
    assert_int_equal(chosen(), FINDING_LOSS);
    face_press(&app, s, "kG");
    assert_false(app_chosen_finding(&app, s, &(enum finding_code){0})); /* the path */
    face_press(&app, s, "g");
    assert_int_equal(chosen(), FINDING_LOSS);
}

static void test_the_list_is_narrowed_by_a_word_and_by_leaving_out_what_passed(void **state)
{
    (void)state;
    face_press(&app, s, "d{Tab}");
    found_listed(&app, s, &found);
    assert_int_equal(found.count, 4); /* and the path */
    face_press(&app, s, "{Tab}/mtu");
    found_listed(&app, s, &found);
    assert_int_equal(found.count, 3); /* path_mtu has passed */
    assert_int_equal(found.passed, FINDING_CODES - 3);
    face_press(&app, s, "{Enter}G");
    assert_int_equal(chosen(), FINDING_PATH_MTU);
    face_press(&app, s, "/nothing of the kind{Enter}j");
    assert_non_null(strstr(app.status, "no finding passes the filter"));
    assert_false(app_chosen_finding(&app, s, &(enum finding_code){0}));
    face_press(&app, s, "{Esc}");
    assert_int_equal(chosen(), FINDING_CLIENT_LOW_MTU);
}

static void test_a_word_is_gone_after_in_the_list_and_again_when_it_is_whole(void **state)
{
    (void)state;
    face_press(&app, s, "dn");
    assert_string_equal(app.status, "nothing is looked for yet: / and a word does");
    face_press(&app, s, "/mtu{Enter}n");
    assert_string_equal(app.status, "match 2 of 3");
    assert_int_equal(chosen(), FINDING_AGENT_LOW_MTU);
    face_press(&app, s, "NN");
    assert_string_equal(app.status, "match 3 of 3, from the start to the last");
    assert_int_equal(chosen(), FINDING_PATH_MTU);
    face_press(&app, s, "{Esc}");
    assert_int_equal(chosen(), FINDING_PATH_MTU); /* it stays chosen */
    found_listed(&app, s, &found);
    assert_int_equal(found.count, FOUND_ROWS);
    face_press(&app, s, "n");
    assert_string_equal(app.status, "match 1 of 3, from the end to the first");
    assert_int_equal(chosen(), FINDING_CLIENT_LOW_MTU);
    face_press(&app, s, "/a word of no finding{Enter}N");
    assert_string_equal(app.status, "no finding is about \"a word of no finding\"");
}

static void test_what_is_copied_is_what_is_chosen_and_the_path_is_no_finding(void **state)
{
    (void)state;
    struct command command;
    face_press(&app, s, "d");
    assert_int_equal(app_key(&app, 'c', s, &command), APP_REDRAW | APP_COPY);
    face_press(&app, s, "G");
    assert_int_equal(app_key(&app, 'c', s, &command), APP_REDRAW);
    assert_non_null(strstr(app.status, "choose a finding first"));
}

static void test_a_long_text_is_scrolled_to_its_end_and_no_further(void **state)
{
    (void)state;
    memset(s->findings[0].observed, 'x', sizeof s->findings[0].observed - 1);
    face_press(&app, s, "d");
    char *top = face_frame(&app, s, 15, 60, &glyphs_ascii);
    assert_non_null(strstr(top, "PgDn more"));
    assert_null(strstr(top, "MORE"));
    face_press(&app, s, "{PgDn}{PgDn}{PgDn}{PgDn}");
    char *end = face_frame(&app, s, 15, 60, &glyphs_ascii);
    assert_null(strstr(end, "PgDn more"));
    assert_non_null(strstr(end, "MORE"));
    free(top);
    free(end);
}

static void test_the_address_to_read_more_at_is_a_link_and_nothing_else_is(void **state)
{
    (void)state;
    enum { ROWS = 24, COLS = 80 };
    struct canvas canvas;
    char linked[256] = "";
    face_press(&app, s, "d");
    canvas_init(&canvas, ROWS, COLS, &glyphs_ascii);
    app_draw(&app, s, &canvas);
    for (int i = 0; i < ROWS * COLS; i++) {
        if (canvas.cells[i].link) {
            text_copy(linked + strlen(linked), sizeof linked - strlen(linked),
                      canvas.cells[i].text);
        }
    }
    assert_string_equal(linked, s->findings[0].docs); /* over two rows */
    assert_string_equal(canvas.link, s->findings[0].docs);
    canvas_clear(&canvas);
    /* What a recording says is an address need not be one. */
    text_copy(s->findings[0].docs, sizeof s->findings[0].docs, "https://x\033]8;;y");
    canvas_init(&canvas, ROWS, COLS, &glyphs_ascii);
    app_draw(&app, s, &canvas);
    assert_string_equal(canvas.link, "");
    canvas_clear(&canvas);
}

static void test_a_click_chooses_a_row_and_a_click_beside_the_list_none(void **state)
{
    (void)state;
    struct command command;
    struct app_click at = {.row = 4, .col = 6, .rows = 24, .cols = 80};
    face_press(&app, s, "d");
    assert_int_equal(app_click(&app, &at, s, &command), APP_REDRAW);
    assert_int_equal(chosen(), FINDING_AGENT_LOW_MTU);
    at.col = 50;
    assert_int_equal(app_click(&app, &at, s, &command), 0);
    assert_int_equal(chosen(), FINDING_AGENT_LOW_MTU);
    face_press(&app, s, "{Tab}");
    at = (struct app_click){.row = 15, .col = 6, .rows = 24, .cols = 80}; /* below the last */
    assert_int_equal(app_click(&app, &at, s, &command), 0);
    face_press(&app, s, "{Tab}{Esc}ld"); /* beside the log: at the right */
    at = (struct app_click){.row = 4, .col = 76, .rows = 45, .cols = 140};
    assert_int_equal(app_click(&app, &at, s, &command), APP_REDRAW);
    assert_int_equal(chosen(), FINDING_AGENT_LOW_MTU);
}

static void test_the_path_in_full_is_scrolled_to_its_end(void **state)
{
    (void)state;
    text_copy(s->agent_version, sizeof s->agent_version, "v2.19.0");
    face_press(&app, s, "dG");
    char *top = face_frame(&app, s, 24, 80, &glyphs_utf8);
    assert_non_null(strstr(top, "→ direct 203.0.113.7:41641"));
    assert_non_null(strstr(top, "PgDn more"));
    assert_null(strstr(top, "v2.19.0"));
    face_press(&app, s, "{PgDn}{PgDn}");
    char *end = face_frame(&app, s, 24, 80, &glyphs_utf8);
    assert_non_null(strstr(end, "v2.19.0"));
    assert_null(strstr(end, "PgDn more"));
    free(top);
    free(end);
}

static void test_all_passed_is_said_and_so_is_what_is_not_known(void **state)
{
    (void)state;
    s->finding_count = 0;
    s->facts.client.interfaces[1].mtu = 1500;
    s->facts.agent_side.hard_nat = FACT_NO;
    char *some = face_frame(&app, s, 24, 80, &glyphs_utf8);
    assert_non_null(strstr(some, "✓ nothing is wrong"));
    assert_non_null(strstr(some, "29 passed, 1 not known"));
    s->facts.agent_side.interface_count = 1;
    s->facts.agent_side.interfaces[0].mtu = 1500;
    char *all = face_frame(&app, s, 24, 80, &glyphs_utf8);
    assert_non_null(strstr(all, "all 30 checks passed"));
    free(some);
    free(all);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_finding_stands_out_once),
        CASE(test_every_code_has_a_row_what_stands_first_then_what_is_not_known),
        CASE(test_a_muted_one_stands_last_and_is_counted_no_more),
        CASE(test_a_new_one_that_is_muted_does_not_stand_out),
        CASE(test_what_a_muted_cause_explains_stands_for_itself),
        CASE(test_the_chosen_one_stays_chosen_when_another_comes_above_it),
        CASE(test_the_list_is_narrowed_by_a_word_and_by_leaving_out_what_passed),
        CASE(test_a_word_is_gone_after_in_the_list_and_again_when_it_is_whole),
        CASE(test_what_is_copied_is_what_is_chosen_and_the_path_is_no_finding),
        CASE(test_a_long_text_is_scrolled_to_its_end_and_no_further),
        CASE(test_the_address_to_read_more_at_is_a_link_and_nothing_else_is),
        CASE(test_a_click_chooses_a_row_and_a_click_beside_the_list_none),
        CASE(test_the_path_in_full_is_scrolled_to_its_end),
        CASE(test_all_passed_is_said_and_so_is_what_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
