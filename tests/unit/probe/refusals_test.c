#include "net/probe/refusals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    static struct log log;
    log_init(&log, LOG_DEBUG);
    *state = &log;
    return 0;
}

static int tear_down(void **state)
{
    log_clear(*state);
    return 0;
}

static void test_each_kind_has_its_line(void **state)
{
    struct log *log = *state;
    struct refusals refusals = {.seen = {0}};
    struct wg_refusals counts = {0};
    uint64_t *const kinds[] = {&counts.malformed, &counts.forged,  &counts.replayed,
                               &counts.expired,   &counts.foreign, &counts.flooded};
    static const char *const said[] = {"no WireGuard message", "does not open",
                                       "came before",          "session that is over",
                                       "not its peer's",       "flood of handshakes"};
    for (size_t i = 0; i < REFUSALS_KINDS; i++) {
        (*kinds[i])++;
        refusals_note(&refusals, log, NS_PER_SEC, &counts);
        assert_int_equal(log->count, i + 1);
        assert_non_null(strstr(log->ring[i].text, said[i]));
        assert_int_equal(log->ring[i].part, LOG_WG);
    }
}

static void test_a_flood_of_one_kind_is_said_once_and_hides_no_other(void **state)
{
    struct log *log = *state;
    struct refusals refusals = {.seen = {0}};
    struct wg_refusals counts = {0};
    for (unsigned i = 0; i < 10000; i++) {
        counts.forged++;
        refusals_note(&refusals, log, NS_PER_SEC, &counts);
    }
    assert_int_equal(log->count, 1);
    counts.replayed++;
    refusals_note(&refusals, log, NS_PER_SEC, &counts);
    assert_int_equal(log->count, 2);
    counts.forged++;
    refusals_note(&refusals, log, NS_PER_SEC + LOG_LIMIT_S * NS_PER_SEC, &counts);
    assert_int_equal(log->count, 3);
    assert_non_null(strstr(log->ring[2].text, "9999 times more"));
}

static void test_nothing_new_is_nothing_said(void **state)
{
    struct log *log = *state;
    struct refusals refusals = {.seen = {0}};
    const struct wg_refusals counts = {.cookies = 3};
    refusals_note(&refusals, log, NS_PER_SEC, &counts);
    refusals_note(&refusals, NULL, NS_PER_SEC, &(struct wg_refusals){.forged = 1});
    assert_int_equal(log->count, 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_each_kind_has_its_line),
        CASE(test_a_flood_of_one_kind_is_said_once_and_hides_no_other),
        CASE(test_nothing_new_is_nothing_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
