#include "net/probe/latency_stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/base/rng.h"

#include <cmocka.h>

static void test_a_window_gives_exact_figures(void **state)
{
    (void)state;
    uint64_t values[] = {30, 10, 20, 40};
    struct latency_figures f;
    latency_window_figures(values, 4, &f);
    assert_int_equal(f.last_ns, 40);
    assert_int_equal(f.min_ns, 10);
    assert_int_equal(f.avg_ns, 25);
    assert_int_equal(f.max_ns, 40);
    assert_int_equal(f.p50_ns, 20);
    assert_int_equal(f.p95_ns, 40);
    assert_int_equal(f.jitter_ns, 16); /* (20 + 10 + 20) / 3 */
    assert_int_equal(f.stddev_ns, 12); /* sqrt(500 / 3) = 12.9 */
}

static void test_no_answers_give_no_figures(void **state)
{
    (void)state;
    struct latency_figures f;
    latency_window_figures(NULL, 0, &f);
    assert_int_equal(f.min_ns, 0);
    static struct latency_run run;
    latency_run_sent(&run);
    latency_run_lost(&run);
    latency_run_figures(&run, &f);
    assert_int_equal(f.sent, 1);
    assert_int_equal(f.lost, 1);
    assert_int_equal(f.p95_ns, 0);
}

static void test_a_run_agrees_with_a_window_of_the_same_values(void **state)
{
    (void)state;
    struct rng_seeded seeded;
    rng_seeded_init(&seeded, 42);
    enum { COUNT = 2000 };
    static struct latency_run run;
    uint64_t *values = calloc(COUNT, sizeof *values);
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = 1000 + rng_below(&seeded.rng, 400000000);
        latency_run_sent(&run);
        latency_run_answered(&run, values[i]);
    }
    struct latency_figures a;
    struct latency_figures b;
    latency_run_figures(&run, &a);
    latency_window_figures(values, COUNT, &b);
    assert_int_equal(a.min_ns, b.min_ns);
    assert_int_equal(a.max_ns, b.max_ns);
    assert_int_equal(a.last_ns, b.last_ns);
    assert_int_equal(a.avg_ns, b.avg_ns);
    assert_int_equal(a.jitter_ns, b.jitter_ns);
    assert_int_equal(a.stddev_ns, b.stddev_ns);
    assert_in_range(a.p50_ns, b.p50_ns * 992 / 1000, b.p50_ns * 1008 / 1000);
    assert_in_range(a.p95_ns, b.p95_ns * 992 / 1000, b.p95_ns * 1008 / 1000);
    free(values);
}

static void test_extreme_values_stay_inside_the_histogram(void **state)
{
    (void)state;
    static struct latency_run run;
    const uint64_t odd[] = {0, 1, 1023, 1024, 1025, UINT64_C(1) << 36, UINT64_MAX};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        latency_run_answered(&run, odd[i]);
    }
    struct latency_figures f;
    latency_run_figures(&run, &f);
    assert_int_equal(f.min_ns, 0);
    assert_int_equal(f.max_ns, UINT64_MAX);
    assert_in_range(f.p50_ns, 1016, 1033);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_window_gives_exact_figures),
        cmocka_unit_test(test_no_answers_give_no_figures),
        cmocka_unit_test(test_a_run_agrees_with_a_window_of_the_same_values),
        cmocka_unit_test(test_extreme_values_stay_inside_the_histogram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
