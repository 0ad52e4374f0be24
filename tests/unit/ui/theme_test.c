/*
 * Colours by measure: what must be told apart can be, and can be read on black or on white.
 */
#include "ui/theme.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* WCAG 2: relative luminance. */
static double channel(unsigned value)
{
    double c = value / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(unsigned rgb)
{
    return 0.2126 * channel(rgb >> 16 & 0xff) + 0.7152 * channel(rgb >> 8 & 0xff) +
           0.0722 * channel(rgb & 0xff);
}

static double contrast(unsigned a, unsigned b)
{
    double x = luminance(a);
    double y = luminance(b);
    return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

static void assert_readable(enum theme theme, unsigned on, double least)
{
    for (int style = 0; style < STYLE_COUNT; style++) {
        short color = theme_look(theme, (enum style)style)->color_256;
        bool frame = style == STYLE_BORDER; /* nothing is read there */
        if (color != COLOR_OWN && !frame) {
            assert_true(contrast(theme_rgb(color), on) >= least);
        }
    }
}

static void test_each_theme_can_be_read_on_what_it_is_for(void **state)
{
    (void)state;
    assert_readable(THEME_DARK, 0x000000, 4.5);
    assert_readable(THEME_CONTRAST, 0x000000, 7.0);
    assert_readable(THEME_LIGHT, 0xffffff, 3.5);
    assert_readable(THEME_SAFE, 0x000000, 4.0);
    assert_readable(THEME_SAFE, 0xffffff, 3.3);
}

static void test_the_colours_of_the_palette_are_what_xterm_has(void **state)
{
    (void)state;
    assert_int_equal(theme_rgb(32), 0x0087d7);
    assert_int_equal(theme_rgb(166), 0xd75f00);
    assert_int_equal(theme_rgb(161), 0xd7005f);
    assert_int_equal(theme_rgb(245), 0x8a8a8a);
}

static void test_direct_and_relay_differ_in_every_number_of_colours(void **state)
{
    (void)state;
    for (int theme = 0; theme < THEME_MONO; theme++) {
        const struct look *direct = theme_look((enum theme)theme, STYLE_DIRECT);
        const struct look *relay = theme_look((enum theme)theme, STYLE_RELAY);
        const struct look *error = theme_look((enum theme)theme, STYLE_ERROR);
        assert_true(direct->color_256 != relay->color_256);
        assert_true(direct->color_16 != relay->color_16);
        assert_true(direct->color_8 != relay->color_8);
        assert_true(error->color_256 != relay->color_256 && error->color_8 != relay->color_8);
    }
}

/* With no colour at all what matters stands out by bold or reverse. */
static void test_without_colours_what_matters_still_stands_out(void **state)
{
    (void)state;
    for (int theme = 0; theme < THEME_COUNT; theme++) {
        static const enum style marked[] = {STYLE_ERROR,    STYLE_WARNING, STYLE_LOST,
                                            STYLE_SELECTED, STYLE_KEY,     STYLE_TITLE};
        for (size_t i = 0; i < sizeof marked / sizeof *marked; i++) {
            unsigned mono = theme_look((enum theme)theme, marked[i])->attributes_mono;
            assert_true((mono & (LOOK_BOLD | LOOK_REVERSE)) != 0);
        }
    }
}

static void test_themes_have_names_and_a_light_terminal_is_known(void **state)
{
    (void)state;
    for (int theme = 0; theme < THEME_COUNT; theme++) {
        assert_int_equal(theme_named(theme_name((enum theme)theme)), theme);
    }
    assert_int_equal(theme_named("auto"), THEME_COUNT);
    assert_int_equal(theme_guess(NULL), THEME_SAFE);
    assert_int_equal(theme_guess("15;0"), THEME_SAFE);
    assert_int_equal(theme_guess("0;15"), THEME_LIGHT);
    assert_int_equal(theme_guess("0;default;15"), THEME_LIGHT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_theme_can_be_read_on_what_it_is_for),
        cmocka_unit_test(test_the_colours_of_the_palette_are_what_xterm_has),
        cmocka_unit_test(test_direct_and_relay_differ_in_every_number_of_colours),
        cmocka_unit_test(test_without_colours_what_matters_still_stands_out),
        cmocka_unit_test(test_themes_have_names_and_a_light_terminal_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
