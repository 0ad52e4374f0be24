#include "net/transport/slept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PERIOD (10 * NS_PER_SEC)

static void test_a_clock_that_stood_still_tells_of_sleep(void **state)
{
    (void)state;
    struct slept slept;
    mono_ns now = 1000 * NS_PER_SEC;
    uint64_t awake = 40 * NS_PER_SEC;
    slept_start(&slept, now, awake, PERIOD);
    assert_int_equal(SLEPT_NOT, slept_look(&slept, now += PERIOD, awake += PERIOD, PERIOD));
    assert_int_equal(SLEPT_NOT, slept_look(&slept, now, awake, PERIOD));
    assert_int_equal(SLEPT_NOT,
                     slept_look(&slept, now += PERIOD + NS_PER_MS, awake += PERIOD, PERIOD));
    assert_int_equal(SLEPT_ASLEEP,
                     slept_look(&slept, now += 3 * NS_PER_SEC, awake += 2 * NS_PER_SEC, PERIOD));
    assert_int_equal(SLEPT_NOT, slept_look(&slept, now += NS_PER_SEC, awake += NS_PER_SEC,
                                           PERIOD)); /* told once */
    assert_int_equal(SLEPT_ASLEEP,
                     slept_look(&slept, now += 3600 * NS_PER_SEC, awake += NS_PER_MS, PERIOD));
}

static void test_a_look_that_comes_far_too_late_counts_as_sleep(void **state)
{
    (void)state;
    struct slept slept;
    slept_start(&slept, 0, 0, PERIOD);
    assert_int_equal(SLEPT_NOT, slept_look(&slept, 14 * NS_PER_SEC, 14 * NS_PER_SEC, PERIOD));
    assert_int_equal(SLEPT_STOPPED, slept_look(&slept, 30 * NS_PER_SEC, 30 * NS_PER_SEC, PERIOD));
    assert_int_equal(SLEPT_NOT, slept_look(&slept, 31 * NS_PER_SEC, 31 * NS_PER_SEC, PERIOD));
}

static void test_clocks_that_go_back_do_no_harm(void **state)
{
    (void)state;
    struct slept slept;
    slept_start(&slept, 100 * NS_PER_SEC, 100 * NS_PER_SEC, PERIOD);
    assert_int_equal(SLEPT_NOT, slept_look(&slept, 50 * NS_PER_SEC, 50 * NS_PER_SEC, PERIOD));
    assert_int_equal(SLEPT_NOT, slept_look(&slept, 51 * NS_PER_SEC, 60 * NS_PER_SEC, PERIOD));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_clock_that_stood_still_tells_of_sleep),
        cmocka_unit_test(test_a_look_that_comes_far_too_late_counts_as_sleep),
        cmocka_unit_test(test_clocks_that_go_back_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
