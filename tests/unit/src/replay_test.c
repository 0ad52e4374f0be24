#include "src/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define S NS_PER_SEC

static struct replay replay;

static void test_the_position_goes_as_fast_as_the_speed(void **state)
{
    (void)state;
    replay_init(&replay, 100 * S, REPLAY_SPEED_ONE);
    assert_true(replay_position(&replay, 100 * S) == 0);
    assert_true(replay_position(&replay, 103 * S) == 3 * S);
    replay_faster(&replay, 103 * S);
    assert_true(replay_position(&replay, 105 * S) == 7 * S);
    replay_slower(&replay, 105 * S);
    replay_slower(&replay, 105 * S);
    assert_true(replay_position(&replay, 109 * S) == 9 * S);
}

static void test_a_pause_holds_it_and_a_step_goes_to_the_next_state(void **state)
{
    (void)state;
    replay_init(&replay, 0, REPLAY_SPEED_ONE);
    replay_pause(&replay, 2 * S);
    assert_true(replay_position(&replay, 50 * S) == 2 * S);
    assert_true(replay_when(&replay, 50 * S, 3 * S) == MONO_NEVER);
    replay_step(&replay, 50 * S, 9 * S);
    assert_true(replay_position(&replay, 60 * S) == 9 * S);
    replay_step(&replay, 60 * S, 4 * S); /* never back */
    assert_true(replay_position(&replay, 60 * S) == 9 * S);
    replay_pause(&replay, 70 * S);
    assert_true(replay_position(&replay, 71 * S) == 10 * S);
}

static void test_any_position_can_be_gone_to(void **state)
{
    (void)state;
    replay_init(&replay, 0, REPLAY_SPEED_ONE);
    replay_seek(&replay, 50 * S, 9 * S, false); /* goes on */
    assert_true(replay_position(&replay, 51 * S) == 10 * S);
    replay_seek(&replay, 60 * S, 4 * S, true); /* stays */
    assert_true(replay_position(&replay, 70 * S) == 4 * S);
    replay_seek(&replay, 70 * S, 2 * S, false);
    assert_true(replay_position(&replay, 80 * S) == 2 * S);
    replay_end(&replay, 90 * S, 20 * S);
    replay_seek(&replay, 90 * S, 1 * S, true);
    assert_false(replay.ended);
    assert_true(replay_position(&replay, 99 * S) == S);
}

static void test_a_state_is_due_when_its_position_is_reached_and_not_before(void **state)
{
    (void)state;
    static const unsigned speeds[] = {1, 2, 3, 4, 8, 100, REPLAY_SPEED_MOST};
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
        replay_init(&replay, 7, speeds[i]);
        mono_ns when = replay_when(&replay, 7, 12345678901);
        assert_true(replay_position(&replay, when) >= 12345678901);
        assert_true(replay_position(&replay, when - (mono_ns)2 * REPLAY_SPEED_ONE) < 12345678901);
        assert_true(replay_when(&replay, when, 12345678901) == when);
    }
    assert_true(replay_when(&replay, 7, UINT64_MAX) > 7);
    replay_init(&replay, 7, 1);
    assert_true(replay_when(&replay, 7, UINT64_MAX) == MONO_NEVER);
}

static void test_at_the_end_nothing_moves(void **state)
{
    (void)state;
    replay_init(&replay, 0, REPLAY_SPEED_ONE);
    replay_end(&replay, 10 * S, 8 * S);
    assert_true(replay_position(&replay, 99 * S) == 8 * S);
    assert_true(replay_when(&replay, 99 * S, 9 * S) == MONO_NEVER);
}

static void test_speeds_have_bounds_and_texts(void **state)
{
    (void)state;
    char text[REPLAY_TEXT_SIZE];
    unsigned speed = 0;
    replay_init(&replay, 0, REPLAY_SPEED_ONE);
    for (int i = 0; i < 20; i++) {
        replay_slower(&replay, 0);
    }
    replay_text(&replay, text);
    assert_string_equal(text, "0.25x");
    for (int i = 0; i < 20; i++) {
        replay_faster(&replay, 0);
    }
    replay_text(&replay, text);
    assert_string_equal(text, "1024x");
    replay_pause(&replay, 0);
    replay_text(&replay, text);
    assert_string_equal(text, "paused");
    assert_true(replay_parse_speed("0.25", &speed) && speed == 1);
    assert_true(replay_parse_speed("16", &speed) && speed == 64);
    static const char *const bad[] = {"",  "0",  "-1",   "0.3", "1025",
                                      "x", "1y", "0x10", "inf", "nan"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(replay_parse_speed(bad[i], &speed));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_position_goes_as_fast_as_the_speed),
        cmocka_unit_test(test_a_pause_holds_it_and_a_step_goes_to_the_next_state),
        cmocka_unit_test(test_any_position_can_be_gone_to),
        cmocka_unit_test(test_a_state_is_due_when_its_position_is_reached_and_not_before),
        cmocka_unit_test(test_at_the_end_nothing_moves),
        cmocka_unit_test(test_speeds_have_bounds_and_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
