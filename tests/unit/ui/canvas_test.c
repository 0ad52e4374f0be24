#include "ui/canvas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/rng.h"
#include "tests/support/face.h"

#include <cmocka.h>

static char *wrapped(int rows, int cols, const char *text, int *used)
{
    struct canvas canvas;
    face_start();
    canvas_init(&canvas, rows, cols, &glyphs_utf8);
    *used = canvas_wrap(&canvas, canvas_all(&canvas), 0, 0, STYLE_TEXT, text);
    char *out = canvas_dump(&canvas);
    canvas_clear(&canvas);
    return out;
}

static void assert_wrapped(int rows, int cols, const char *text, int rows_used, const char *wanted)
{
    int used = 0;
    char *got = wrapped(rows, cols, text, &used);
    assert_string_equal(got, wanted);
    assert_int_equal(used, rows_used);
    free(got);
}

static void test_text_is_broken_between_words(void **state)
{
    (void)state;
    assert_wrapped(4, 11, "large packets may hang", 3, "large\npackets may\nhang\n\n");
}

static void test_a_word_that_is_too_long_is_broken_where_it_must(void **state)
{
    (void)state;
    assert_wrapped(3, 4, "abcdefgh ij", 3, "abcd\nefgh\nij\n");
}

static void test_what_does_not_fit_is_seen_to_be_cut(void **state)
{
    (void)state;
    assert_wrapped(2, 8, "one two three four five", 4, "one two\nthree f…\n");
}

static void test_wide_characters_are_not_halved(void **state)
{
    (void)state;
    assert_wrapped(2, 5, "日本語", 2, "日本\n語\n");
}

/* Half of one that is written over takes the other half with it: a terminal has no halves. */
static void test_what_is_written_over_a_half_takes_all_of_it(void **state)
{
    (void)state;
    struct canvas canvas;
    face_start();
    for (int col = 0; col < 6; col++) {
        static const char *const wanted[] = {"x 本語\n", " x本語\n", "日x 語\n",
                                             "日 x語\n", "日本x\n",  "日本 x\n"};
        canvas_init(&canvas, 1, 6, &glyphs_utf8);
        (void)canvas_text(&canvas, canvas_all(&canvas), 0, 0, STYLE_TEXT, "日本語");
        canvas_put(&canvas, 0, col, STYLE_TEXT, "x");
        char *got = canvas_dump(&canvas);
        assert_string_equal(got, wanted[col]);
        free(got);
        canvas_clear(&canvas);
    }
    canvas_init(&canvas, 1, 6, &glyphs_utf8);
    (void)canvas_text(&canvas, canvas_all(&canvas), 0, 0, STYLE_TEXT, "日本語");
    (void)canvas_text(&canvas, canvas_all(&canvas), 0, 1, STYLE_TEXT, "中");
    char *got = canvas_dump(&canvas);
    assert_string_equal(got, " 中 語\n");
    free(got);
    canvas_clear(&canvas);
}

/* In ASCII, what was cut before it came here says so, too. */
static void test_an_ellipsis_has_its_twin(void **state)
{
    (void)state;
    struct canvas canvas;
    canvas_init(&canvas, 1, 8, &glyphs_ascii);
    (void)canvas_text(&canvas, canvas_all(&canvas), 0, 0, STYLE_TEXT, "cut…");
    char *got = canvas_dump(&canvas);
    assert_string_equal(got, "cut~\n");
    free(got);
    canvas_clear(&canvas);
}

/* All that is not blank comes out again, in order, for any text and width. */
static void test_no_letter_is_lost(void **state)
{
    (void)state;
    struct rng_seeded rng;
    rng_seeded_init(&rng, 77);
    for (unsigned round = 0; round < 500; round++) {
        char text[200];
        size_t len = rng_below(&rng.rng, sizeof text);
        for (size_t i = 0; i < len; i++) {
            text[i] = rng_below(&rng.rng, 5) == 0 ? ' ' : (char)('a' + rng_below(&rng.rng, 26));
        }
        text[len] = '\0';
        int used = 0;
        char *got = wrapped(250, 1 + (int)rng_below(&rng.rng, 40), text, &used);
        const char *at = got;
        for (size_t i = 0; i < len; i++) {
            if (text[i] != ' ') {
                at += strspn(at, " \n");
                assert_int_equal(*at, text[i]);
                at++;
            }
        }
        free(got);
    }
}

static void test_a_box_keeps_its_note_whole_or_leaves_it_out(void **state)
{
    (void)state;
    face_start();
    for (int cols = 0; cols < 40; cols++) {
        struct canvas canvas;
        canvas_init(&canvas, 3, cols, &glyphs_ascii);
        canvas_box(&canvas, canvas_all(&canvas), "title", "a note");
        canvas_box_foot(&canvas, canvas_all(&canvas), "below");
        canvas_box_focus(&canvas, canvas_all(&canvas), true);
        char *got = canvas_dump(&canvas);
        assert_true(strstr(got, "a n") == NULL || strstr(got, " a note ") != NULL);
        assert_true(strstr(got, "bel") == NULL || strstr(got, " below ") != NULL);
        free(got);
        canvas_clear(&canvas);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_broken_between_words),
        cmocka_unit_test(test_a_word_that_is_too_long_is_broken_where_it_must),
        cmocka_unit_test(test_what_does_not_fit_is_seen_to_be_cut),
        cmocka_unit_test(test_wide_characters_are_not_halved),
        cmocka_unit_test(test_what_is_written_over_a_half_takes_all_of_it),
        cmocka_unit_test(test_an_ellipsis_has_its_twin),
        cmocka_unit_test(test_no_letter_is_lost),
        cmocka_unit_test(test_a_box_keeps_its_note_whole_or_leaves_it_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
