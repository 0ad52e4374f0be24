#include "net/monitor/gaps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const mono_ns begin = 1000 * NS_PER_SEC;

static void test_sleep_and_a_stop_are_told_apart_with_their_times(void **state)
{
    (void)state;
    struct gaps gaps;
    struct snapshot_gap gap;
    struct snapshot_gap all[SNAPSHOT_GAPS_MAX];
    mono_ns now = begin;
    uint64_t awake = 40 * NS_PER_SEC;
    gaps_start(&gaps, now, awake);
    assert_false(gaps_look(&gaps, now += 60 * NS_PER_SEC, awake += 60 * NS_PER_SEC, &gap));
    gaps_due(&gaps, now + NS_PER_SEC);
    assert_false(gaps_look(&gaps, now += 2 * NS_PER_SEC, awake += 2 * NS_PER_SEC, &gap));
    gaps_due(&gaps, now + NS_PER_SEC);
    assert_false(gaps_look(&gaps, now += NS_PER_MS, awake += NS_PER_MS, &gap));
    mono_ns stopped = now;
    assert_true(gaps_look(&gaps, now += 34 * NS_PER_SEC, awake += 34 * NS_PER_SEC, &gap));
    assert_int_equal(gap.kind, GAP_SUSPENDED);
    assert_int_equal(gap.from, stopped);
    assert_int_equal(gap.to, now);
    gaps_due(&gaps, now + NS_PER_SEC);
    assert_true(gaps_look(&gaps, now += 7200 * NS_PER_SEC, awake += NS_PER_SEC, &gap));
    assert_int_equal(gap.kind, GAP_ASLEEP);
    assert_false(gaps_look(&gaps, now, awake, &gap)); /* told once */
    assert_int_equal(gaps_copy(&gaps, all), 2);
    assert_int_equal(all[0].kind, GAP_SUSPENDED);
    assert_int_equal(all[1].to, now);
}

static void test_where_nothing_was_planned_a_late_look_tells_nothing(void **state)
{
    (void)state;
    struct gaps gaps;
    struct snapshot_gap gap;
    gaps_start(&gaps, begin, 0);
    gaps_due(&gaps, MONO_NEVER);
    assert_false(gaps_look(&gaps, begin + 900 * NS_PER_SEC, 900 * NS_PER_SEC, &gap));
}

static void test_a_pause_lasts_until_it_ends_whatever_else_comes(void **state)
{
    (void)state;
    struct gaps gaps;
    struct snapshot_gap gap;
    struct snapshot_gap all[SNAPSHOT_GAPS_MAX];
    gaps_start(&gaps, begin, 0);
    gaps_pause(&gaps, begin, true);
    gaps_pause(&gaps, begin + NS_PER_SEC, true);
    assert_int_equal(gaps_copy(&gaps, all), 1);
    assert_int_equal(all[0].from, begin);
    assert_int_equal(all[0].to, 0);
    assert_true(gaps_look(&gaps, begin + 100 * NS_PER_SEC, NS_PER_SEC, &gap));
    gaps_pause(&gaps, begin + 200 * NS_PER_SEC, false);
    gaps_pause(&gaps, begin + 300 * NS_PER_SEC, false);
    assert_int_equal(gaps_copy(&gaps, all), 2);
    assert_int_equal(all[0].to, begin + 200 * NS_PER_SEC);
    assert_int_equal(all[1].kind, GAP_ASLEEP);
}

static void test_the_last_ones_are_kept(void **state)
{
    (void)state;
    struct gaps gaps;
    struct snapshot_gap all[SNAPSHOT_GAPS_MAX];
    gaps_start(&gaps, begin, 0);
    for (uint64_t i = 0; i < SNAPSHOT_GAPS_MAX + 5; i++) {
        gaps_pause(&gaps, begin + i * 10, true);
        gaps_pause(&gaps, begin + i * 10 + 5, false);
    }
    assert_int_equal(gaps_copy(&gaps, all), SNAPSHOT_GAPS_MAX);
    assert_int_equal(all[0].from, begin + 50);
    assert_int_equal(all[SNAPSHOT_GAPS_MAX - 1].from,
                     all[0].from + (SNAPSHOT_GAPS_MAX - 1) * 10ULL);
}

static void test_what_passed_is_told_in_words(void **state)
{
    (void)state;
    char text[SNAPSHOT_TEXT];
    gap_text(&(struct snapshot_gap){begin, begin + 119 * NS_PER_SEC, GAP_SUSPENDED}, text,
             sizeof text);
    assert_string_equal(text, "the program was suspended for 119 s: nothing was probed");
    gap_text(&(struct snapshot_gap){begin, begin + 600 * NS_PER_SEC, GAP_ASLEEP}, text,
             sizeof text);
    assert_string_equal(text, "this computer slept for 10 min: nothing was probed");
    gap_text(&(struct snapshot_gap){begin, begin + 9000 * NS_PER_SEC, GAP_ASLEEP}, text,
             sizeof text);
    assert_string_equal(text, "this computer slept for 2 h: nothing was probed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sleep_and_a_stop_are_told_apart_with_their_times),
        cmocka_unit_test(test_where_nothing_was_planned_a_late_look_tells_nothing),
        cmocka_unit_test(test_a_pause_lasts_until_it_ends_whatever_else_comes),
        cmocka_unit_test(test_the_last_ones_are_kept),
        cmocka_unit_test(test_what_passed_is_told_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
