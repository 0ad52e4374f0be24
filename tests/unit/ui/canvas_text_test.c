#include "ui/canvas_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *ansi(const struct canvas *canvas, enum theme theme)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    canvas_ansi(canvas, theme, out);
    (void)fclose(out);
    return text;
}

static void test_each_row_stands_for_itself_and_ends_without_colours(void **state)
{
    (void)state;
    struct canvas canvas;
    canvas_init(&canvas, 3, 20, &glyphs_utf8);
    (void)canvas_text(&canvas, canvas_all(&canvas), 0, 1, STYLE_TEXT, "plain");
    (void)canvas_text(&canvas, canvas_all(&canvas), 1, 0, STYLE_DIRECT, "→ direct");
    (void)canvas_text(&canvas, canvas_all(&canvas), 1, 10, STYLE_TEXT, "日本");
    char *text = ansi(&canvas, THEME_SAFE);
    assert_string_equal(text, " plain\n\033[0;38;5;32m→ direct\033[0m  日本\n\n");
    free(text);
    canvas_clear(&canvas);
}

static void test_without_colours_bold_and_reverse_remain(void **state)
{
    (void)state;
    struct canvas canvas;
    canvas_init(&canvas, 1, 10, &glyphs_ascii);
    (void)canvas_text(&canvas, canvas_all(&canvas), 0, 0, STYLE_SELECTED, "chosen");
    char *text = ansi(&canvas, THEME_MONO);
    assert_non_null(strstr(text, ";7"));
    assert_null(strstr(text, "38;5"));
    assert_non_null(strstr(text, "chosen\033[0m\n"));
    free(text);
    canvas_clear(&canvas);
}

static void test_a_canvas_without_cells_is_no_text(void **state)
{
    (void)state;
    struct canvas canvas;
    canvas_init(&canvas, 0, 0, &glyphs_utf8);
    char *text = ansi(&canvas, THEME_DARK);
    assert_string_equal(text, "");
    free(text);
    canvas_clear(&canvas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_row_stands_for_itself_and_ends_without_colours),
        cmocka_unit_test(test_without_colours_bold_and_reverse_remain),
        cmocka_unit_test(test_a_canvas_without_cells_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
