#include "ui/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/rng.h"

#include <cmocka.h>

static const mono_ns now = 100000 * NS_PER_SEC;
static const mono_ns oldest = 10000 * NS_PER_SEC;

static void test_zoom_goes_from_a_minute_to_a_day(void **state)
{
    (void)state;
    struct window window;
    char text[WINDOW_TEXT];
    window_init(&window);
    window_text(window_span(&window), text);
    assert_string_equal(text, "5 min");
    while (window_zoom(&window, true)) {
    }
    assert_int_equal(window_span(&window), 60 * NS_PER_SEC);
    while (window_zoom(&window, false)) {
    }
    window_text(window_span(&window), text);
    assert_string_equal(text, "24 h");
}

static void test_panning_ends_at_the_oldest_and_comes_back_live(void **state)
{
    (void)state;
    struct window window;
    window_init(&window);
    assert_false(window_pan(&window, now, oldest, false));
    assert_true(window_pan(&window, now, oldest, true));
    assert_int_equal(window_end(&window, now), now - window_span(&window) / 4);
    assert_true(window_pan(&window, now, oldest, false));
    assert_int_equal(window.end, 0);
    window_oldest(&window, now, oldest);
    assert_int_equal(window_end(&window, now), oldest + window_span(&window));
    assert_false(window_pan(&window, now, oldest, true));
    window_live(&window);
    assert_int_equal(window_end(&window, now), now);
}

static void test_a_frozen_window_stays_as_time_passes(void **state)
{
    (void)state;
    struct window window;
    window_init(&window);
    window_freeze(&window, now);
    assert_int_equal(window_end(&window, now + 50 * NS_PER_SEC), now);
    window_freeze(&window, now + 50 * NS_PER_SEC);
    assert_int_equal(window_end(&window, now + 60 * NS_PER_SEC), now + 60 * NS_PER_SEC);
}

static void test_a_moment_that_is_shown_is_in_sight_under_the_crosshair(void **state)
{
    (void)state;
    struct window window;
    mono_ns at = now - 3000 * NS_PER_SEC;
    window_init(&window);
    window_show(&window, now, at);
    assert_true(window.cursor);
    assert_int_equal(window_pointed(&window, now), at);
    assert_true(at < window_end(&window, now));
    assert_true(window_end(&window, now) - at <= window_span(&window));
}

static void test_the_crosshair_never_leaves_the_window(void **state)
{
    (void)state;
    struct rng_seeded rng;
    struct window window;
    mono_ns time = now;
    rng_seeded_init(&rng, 8);
    window_init(&window);
    for (unsigned i = 0; i < 20000; i++) {
        time += rng_below(&rng.rng, 2) * NS_PER_SEC;
        switch (rng_below(&rng.rng, 8)) {
        case 0:
            window_cursor(&window);
            break;
        case 1:
            (void)window_zoom(&window, rng_below(&rng.rng, 2) == 0);
            break;
        case 2:
            window_freeze(&window, time);
            break;
        case 3:
            window_oldest(&window, time, oldest);
            break;
        default:
            (void)window_pan(&window, time, oldest, rng_below(&rng.rng, 3) != 0);
            break;
        }
        mono_ns end = window_end(&window, time);
        mono_ns pointed = window_pointed(&window, time);
        assert_true(end <= time && pointed <= end);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zoom_goes_from_a_minute_to_a_day),
        cmocka_unit_test(test_panning_ends_at_the_oldest_and_comes_back_live),
        cmocka_unit_test(test_a_frozen_window_stays_as_time_passes),
        cmocka_unit_test(test_a_moment_that_is_shown_is_in_sight_under_the_crosshair),
        cmocka_unit_test(test_the_crosshair_never_leaves_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
