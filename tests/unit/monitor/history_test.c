#include "net/monitor/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/base/rng.h"

#include <cmocka.h>

enum { TENS, MINUTES };

static const mono_ns start = 600 * NS_PER_SEC;

static int set_up(void **state)
{
    struct history *history = calloc(1, sizeof *history);
    history_init(history);
    *state = history;
    return 0;
}

static int tear_down(void **state)
{
    history_clear(*state);
    free(*state);
    return 0;
}

static void test_a_bucket_holds_least_middle_greatest_and_the_lost(void **state)
{
    struct history *history = *state;
    struct snapshot_bucket out[SNAPSHOT_TENS_MAX];
    static const uint32_t us[] = {5000, 1000, 9000, 4000, 6000};
    for (size_t i = 0; i < 5; i++) {
        history_answered(history, start + i * NS_PER_SEC, us[i], i < 2 ? PATH_DERP : PATH_DIRECT);
    }
    history_lost(history, start + 5 * NS_PER_SEC, PATH_DIRECT);
    assert_int_equal(history_copy(history, TENS, out), 1);
    assert_int_equal(out[0].at, start);
    assert_int_equal(out[0].min_us, 1000);
    assert_int_equal(out[0].p50_us, 5000);
    assert_int_equal(out[0].max_us, 9000);
    assert_int_equal(out[0].answered, 5);
    assert_int_equal(out[0].direct, 3);
    assert_int_equal(out[0].lost, 1);
    assert_int_equal(out[0].lost_direct, 1);
    assert_true(out[0].jitter_us > 0);
}

static void test_the_next_ten_seconds_are_another_bucket_and_a_minute_holds_six(void **state)
{
    struct history *history = *state;
    struct snapshot_bucket out[SNAPSHOT_TENS_MAX];
    for (uint64_t i = 0; i < 60; i++) {
        history_answered(history, start + i * NS_PER_SEC, 1000, PATH_DIRECT);
    }
    assert_int_equal(history_copy(history, TENS, out), 6);
    assert_int_equal(out[5].at, start + 50 * NS_PER_SEC);
    assert_int_equal(out[5].answered, 10);
    assert_int_equal(history_copy(history, MINUTES, out), 1);
    assert_int_equal(out[0].answered, 60);
}

/* A lost probe is known to be lost seconds after the next ones were answered. */
static void test_what_comes_late_counts_in_its_own_time(void **state)
{
    struct history *history = *state;
    struct snapshot_bucket out[SNAPSHOT_TENS_MAX];
    history_answered(history, start + 8 * NS_PER_SEC, 1000, PATH_DIRECT);
    history_answered(history, start + 12 * NS_PER_SEC, 1000, PATH_DIRECT);
    history_lost(history, start + 9 * NS_PER_SEC, PATH_DERP);
    history_answered(history, start + 7 * NS_PER_SEC, 9000, PATH_DIRECT);
    history_lost(history, start - 100 * NS_PER_SEC,
                 PATH_DERP); /* before everything: has no place */
    assert_int_equal(history_copy(history, TENS, out), 2);
    assert_int_equal(out[0].lost, 1);
    assert_int_equal(out[0].lost_direct, 0);
    assert_int_equal(out[0].max_us, 9000);
    assert_int_equal(out[1].lost, 0);
}

static void test_a_gap_has_no_buckets(void **state)
{
    struct history *history = *state;
    struct snapshot_bucket out[SNAPSHOT_TENS_MAX];
    history_answered(history, start, 1000, PATH_DIRECT);
    history_answered(history, start + 3600 * NS_PER_SEC, 1000, PATH_DIRECT);
    assert_int_equal(history_copy(history, TENS, out), 2);
    assert_int_equal(out[1].at - out[0].at, 3600 * NS_PER_SEC);
}

/* Two days at random: nothing is counted twice or forgotten, no peak vanishes, time goes forth. */
static void test_sums_and_peaks_are_those_of_the_probes(void **state)
{
    struct history *history = *state;
    struct rng_seeded rng;
    static struct snapshot_bucket out[SNAPSHOT_TENS_MAX];
    uint32_t peak = 0;
    uint64_t answered = 0;
    mono_ns day = start + UINT64_C(86400) * NS_PER_SEC;
    rng_seeded_init(&rng, 11);
    for (mono_ns at = start; at < start + 2 * (day - start); at += 5 * NS_PER_SEC) {
        uint32_t us = 1 + (uint32_t)rng_below(&rng.rng, 100000);
        history_answered(history, at, us, PATH_DIRECT);
        if (at >= day) {
            peak = us > peak ? us : peak;
            answered++;
        }
    }
    size_t count = history_copy(history, MINUTES, out);
    uint32_t most = 0;
    uint64_t sum = 0;
    assert_int_equal(count, SNAPSHOT_MINUTES_MAX);
    for (size_t i = 0; i < count; i++) {
        most = out[i].max_us > most ? out[i].max_us : most;
        sum += out[i].answered;
        assert_true(out[i].min_us <= out[i].p50_us && out[i].p50_us <= out[i].max_us);
        assert_true(i == 0 || out[i].at > out[i - 1].at);
    }
    assert_int_equal(most, peak);
    assert_int_equal(sum, answered);
    assert_int_equal(history_copy(history, TENS, out), SNAPSHOT_TENS_MAX);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_bucket_holds_least_middle_greatest_and_the_lost),
        CASE(test_the_next_ten_seconds_are_another_bucket_and_a_minute_holds_six),
        CASE(test_what_comes_late_counts_in_its_own_time),
        CASE(test_a_gap_has_no_buckets),
        CASE(test_sums_and_peaks_are_those_of_the_probes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
