#include "net/probe/echo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ID = 7 };

static const mono_ns start = 100 * NS_PER_SEC;

/* A request every five seconds, lost after two. */
static struct echo started(void)
{
    struct echo echo;
    echo_init(&echo, ID, 5 * NS_PER_SEC, 2 * NS_PER_SEC);
    echo_start(&echo, start);
    return echo;
}

static void test_nothing_is_asked_before_the_tunnel_is_there(void **state)
{
    (void)state;
    struct echo echo;
    uint16_t seq = 0;
    echo_init(&echo, ID, NS_PER_SEC, NS_PER_SEC);
    assert_int_equal(echo_deadline(&echo), MONO_NEVER);
    assert_false(echo_tick(&echo, start, &seq));
    echo_start(&echo, start);
    assert_int_equal(echo_deadline(&echo), start);
    assert_true(echo_tick(&echo, start, &seq));
}

static void test_an_answer_is_matched_by_id_and_number_and_once(void **state)
{
    (void)state;
    struct echo echo = started();
    uint16_t seq = 0;
    assert_true(echo_tick(&echo, start, &seq));
    mono_ns at = start + 3 * NS_PER_MS;
    assert_false(echo_answer(&echo, at, ID + 1, seq));
    assert_false(echo_answer(&echo, at, ID, (uint16_t)(seq + 1)));
    assert_true(echo_answer(&echo, at, ID, seq));
    assert_false(echo_answer(&echo, at, ID, seq));
    assert_int_equal(echo.last_ns, 3 * NS_PER_MS);
    assert_int_equal(echo.answered_at, at);
    assert_int_equal(echo.run.answered, 1);
}

static void test_a_request_without_answer_is_lost_when_its_time_is_up(void **state)
{
    (void)state;
    struct echo echo = started();
    uint16_t seq = 0;
    assert_true(echo_tick(&echo, start, &seq));
    assert_int_equal(echo_deadline(&echo), start + 2 * NS_PER_SEC);
    uint16_t next = 0;
    assert_false(echo_tick(&echo, start + 2 * NS_PER_SEC, &next));
    assert_int_equal(echo.run.lost, 1);
    assert_int_equal(echo.lost_in_a_row, 1);
    assert_false(echo_answer(&echo, start + 3 * NS_PER_SEC, ID, seq)); /* too late */
    assert_int_equal(echo_deadline(&echo), start + 5 * NS_PER_SEC);
    assert_true(echo_tick(&echo, start + 5 * NS_PER_SEC, &next));
    assert_int_equal(next, seq + 1);
    assert_true(echo_answer(&echo, start + 5 * NS_PER_SEC, ID, next));
    assert_int_equal(echo.lost_in_a_row, 0);
}

static void test_what_was_open_when_the_tunnel_went_is_not_lost(void **state)
{
    (void)state;
    struct echo echo = started();
    uint16_t seq = 0;
    assert_true(echo_tick(&echo, start, &seq));
    echo_stop(&echo);
    assert_int_equal(echo_deadline(&echo), MONO_NEVER);
    assert_false(echo_tick(&echo, start + 60 * NS_PER_SEC, &seq));
    assert_int_equal(echo.run.lost, 0);
    echo_start(&echo, start + 60 * NS_PER_SEC);
    assert_true(echo_tick(&echo, start + 60 * NS_PER_SEC, &seq));
}

static void test_started_twice_it_does_not_ask_twice(void **state)
{
    (void)state;
    struct echo echo = started();
    uint16_t seq = 0;
    assert_true(echo_tick(&echo, start, &seq));
    echo_start(&echo, start + NS_PER_MS);
    assert_false(echo_tick(&echo, start + NS_PER_MS, &seq));
}

static void test_a_long_sleep_is_one_request_and_not_many(void **state)
{
    (void)state;
    struct echo echo = started();
    uint16_t seq = 0;
    mono_ns later = start + 3600 * NS_PER_SEC;
    assert_true(echo_tick(&echo, start, &seq));
    assert_true(echo_tick(&echo, later, &seq));
    assert_false(echo_tick(&echo, later, &seq));
    assert_int_equal(echo.run.lost, 1);
}

static void test_no_more_are_open_than_there_are_places(void **state)
{
    (void)state;
    struct echo echo;
    uint16_t seq = 0;
    echo_init(&echo, ID, NS_PER_SEC, 3600 * NS_PER_SEC);
    echo_start(&echo, start);
    for (unsigned i = 0; i < 2 * ECHO_PENDING_MAX; i++) {
        assert_true(echo_tick(&echo, start + i * NS_PER_SEC, &seq) == (i < ECHO_PENDING_MAX));
    }
    assert_true(echo_answer(&echo, start + 60 * NS_PER_SEC, ID, 0));
    assert_true(echo_tick(&echo, start + 60 * NS_PER_SEC, &seq));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_asked_before_the_tunnel_is_there),
        cmocka_unit_test(test_an_answer_is_matched_by_id_and_number_and_once),
        cmocka_unit_test(test_a_request_without_answer_is_lost_when_its_time_is_up),
        cmocka_unit_test(test_what_was_open_when_the_tunnel_went_is_not_lost),
        cmocka_unit_test(test_started_twice_it_does_not_ask_twice),
        cmocka_unit_test(test_a_long_sleep_is_one_request_and_not_many),
        cmocka_unit_test(test_no_more_are_open_than_there_are_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
