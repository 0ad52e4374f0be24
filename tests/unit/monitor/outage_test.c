#include "net/monitor/outage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { START_S = 100 };

static mono_ns at(uint64_t ms)
{
    return START_S * NS_PER_SEC + ms * NS_PER_MS;
}

static enum outage_news look(struct outage *outage, uint64_t ms)
{
    uint64_t lasted = 0;
    return outage_look(outage, at(ms), &lasted);
}

/* A probe each `every` ms from `from` on, none after `to`; the first news that there are. */
static uint64_t send_until_news(struct outage *outage, uint64_t from, uint64_t to, uint64_t every)
{
    for (uint64_t ms = from; ms <= to; ms += every) {
        outage_sent(outage, at(ms));
        if (look(outage, ms) != OUTAGE_NOTHING) {
            return ms - from;
        }
    }
    return UINT64_MAX;
}

static void test_five_seconds_without_an_answer_are_an_outage(void **state)
{
    (void)state;
    struct outage outage = {0};
    assert_int_equal(send_until_news(&outage, 0, 60000, 1000), 5000);
    assert_true(outage.lost);
    assert_int_equal(outage.since, at(0));
    assert_int_equal(outage.unanswered, 6);
    assert_int_equal(look(&outage, 7000), OUTAGE_NOTHING); /* it is told once */
}

static void test_probes_that_are_sent_seldom_must_be_three(void **state)
{
    (void)state;
    struct outage outage = {0};
    assert_int_equal(send_until_news(&outage, 0, 60000, 10000), 20000);
}

static void test_it_is_looked_at_when_the_time_is_up_and_not_before(void **state)
{
    (void)state;
    struct outage outage = {0};
    assert_int_equal(outage_deadline(&outage), MONO_NEVER);
    outage_sent(&outage, at(0));
    outage_sent(&outage, at(2000));
    assert_int_equal(outage_deadline(&outage), MONO_NEVER);
    outage_sent(&outage, at(4000));
    assert_int_equal(outage_deadline(&outage), at(5000));
    assert_int_equal(look(&outage, 4999), OUTAGE_NOTHING);
    assert_int_equal(look(&outage, 5000), OUTAGE_BEGAN);
    assert_int_equal(outage_deadline(&outage), MONO_NEVER);
}

static void test_an_answer_ends_it_and_says_how_long_it_was(void **state)
{
    (void)state;
    struct outage outage = {0};
    uint64_t lasted = 0;
    (void)send_until_news(&outage, 0, 60000, 1000);
    outage_answered(&outage);
    outage_sent(&outage, at(9000)); /* before anybody looked */
    assert_int_equal(outage_look(&outage, at(9000), &lasted), OUTAGE_OVER);
    assert_int_equal(lasted, 9 * NS_PER_SEC);
    assert_false(outage.lost);
    assert_int_equal(look(&outage, 9000), OUTAGE_NOTHING);
    assert_int_equal(send_until_news(&outage, 10000, 60000, 1000), 5000); /* and another one */
}

static void test_answers_that_are_late_but_come_are_no_outage(void **state)
{
    (void)state;
    struct outage outage = {0};
    for (uint64_t ms = 0; ms < 120000; ms += 1000) { /* each eight seconds after its probe */
        outage_sent(&outage, at(ms));
        if (ms >= 8000) {
            outage_answered(&outage);
        }
        if (ms >= 12000) {
            assert_int_equal(look(&outage, ms), OUTAGE_NOTHING);
        }
    }
}

static void test_a_single_loss_is_none(void **state)
{
    (void)state;
    struct outage outage = {0};
    for (uint64_t ms = 0; ms < 120000; ms += 1000) {
        outage_sent(&outage, at(ms));
        if (ms / 1000 % 4 == 0) {
            outage_answered(&outage);
        }
        assert_int_equal(look(&outage, ms), OUTAGE_NOTHING);
    }
}

static void test_a_pause_is_none_and_ends_none(void **state)
{
    (void)state;
    struct outage outage = {0};
    outage_sent(&outage, at(0));
    outage_paused(&outage);
    outage_sent(&outage, at(600000));
    outage_sent(&outage, at(600100));
    outage_sent(&outage, at(600200));
    assert_int_equal(look(&outage, 600200), OUTAGE_NOTHING);
    assert_int_equal(send_until_news(&outage, 601000, 660000, 1000), 4000);
    outage_paused(&outage);
    assert_true(outage.lost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_five_seconds_without_an_answer_are_an_outage),
        cmocka_unit_test(test_probes_that_are_sent_seldom_must_be_three),
        cmocka_unit_test(test_it_is_looked_at_when_the_time_is_up_and_not_before),
        cmocka_unit_test(test_an_answer_ends_it_and_says_how_long_it_was),
        cmocka_unit_test(test_answers_that_are_late_but_come_are_no_outage),
        cmocka_unit_test(test_a_single_loss_is_none),
        cmocka_unit_test(test_a_pause_is_none_and_ends_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
