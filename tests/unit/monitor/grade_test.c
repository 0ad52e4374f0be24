#include "net/monitor/grade.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/now.h"

#include <cmocka.h>

static const struct grade_limits limits = {100 * NS_PER_MS, 200 * NS_PER_MS, 3};
static struct grade grade;

/* The name after these answers, in ms. */
static enum latency_grade after(const struct grade_limits *by, const unsigned *ms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        grade_sample(&grade, by, ms[i] * NS_PER_MS);
    }
    return grade.now;
}

#define AFTER(...)                                                                                 \
    after(&limits, (const unsigned[]){__VA_ARGS__},                                                \
          sizeof(const unsigned[]){__VA_ARGS__} / sizeof(unsigned))

static int setup(void **state)
{
    (void)state;
    grade = (struct grade){.now = GRADE_UNKNOWN};
    return 0;
}

static void test_the_first_answer_is_believed(void **state)
{
    (void)state;
    assert_int_equal(AFTER(99), GRADE_GOOD);
    grade = (struct grade){0};
    assert_int_equal(AFTER(100), GRADE_FAIR);
    grade = (struct grade){0};
    assert_int_equal(AFTER(200), GRADE_FAIR);
    grade = (struct grade){0};
    assert_int_equal(AFTER(201), GRADE_POOR);
}

static void test_it_takes_three_in_a_row_to_change_the_name(void **state)
{
    (void)state;
    assert_int_equal(AFTER(6, 300, 300), GRADE_GOOD);
    assert_int_equal(AFTER(6, 300, 300), GRADE_GOOD); /* begins anew */
    assert_int_equal(AFTER(300), GRADE_POOR);
    assert_int_equal(AFTER(6, 6), GRADE_POOR);
    assert_int_equal(AFTER(6), GRADE_GOOD);
}

static void test_mixed_answers_on_one_side_lead_to_the_nearest_name(void **state)
{
    (void)state;
    assert_int_equal(AFTER(6, 300, 150, 300), GRADE_FAIR);
    assert_int_equal(AFTER(300, 300, 300), GRADE_POOR);
    assert_int_equal(AFTER(6, 6, 150), GRADE_FAIR);
}

static void test_answers_to_both_sides_change_nothing(void **state)
{
    (void)state;
    assert_int_equal(AFTER(150, 6, 300, 6, 300, 6, 300), GRADE_FAIR);
}

static void test_without_limits_the_usual_ones_hold(void **state)
{
    (void)state;
    static const struct grade_limits none = {0};
    static const unsigned slow[] = {99, 201, 201};
    static const unsigned slower[] = {201};
    assert_int_equal(after(&none, slow, 3), GRADE_GOOD);
    assert_int_equal(after(&none, slower, 1), GRADE_POOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_first_answer_is_believed, setup),
        cmocka_unit_test_setup(test_it_takes_three_in_a_row_to_change_the_name, setup),
        cmocka_unit_test_setup(test_mixed_answers_on_one_side_lead_to_the_nearest_name, setup),
        cmocka_unit_test_setup(test_answers_to_both_sides_change_nothing, setup),
        cmocka_unit_test_setup(test_without_limits_the_usual_ones_hold, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
