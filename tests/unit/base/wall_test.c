#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/now.h"

#include <cmocka.h>

static void check(const char *text, int64_t seconds, int32_t nanos)
{
    struct wall_time when;
    if (!wall_read(text, &when)) {
        fail_msg("%s is not read", text);
    }
    assert_int_equal(when.seconds, seconds);
    assert_int_equal(when.nanos, nanos);
}

static void test_times_are_read_with_decimals_and_zones(void **state)
{
    (void)state;
    check("1970-01-01T00:00:00Z", 0, 0);
    check("2026-01-02T03:04:05Z", 1767323045, 0);
    check("2000-02-29T23:59:59.5Z", 951868799, 500000000);
    check("2026-11-26T13:52:07.123456789Z", 1795701127, 123456789);
    check("2026-11-26T13:52:07.1234567899999Z", 1795701127, 123456789);
    check("2026-11-26T13:52:07+01:00", 1795697527, 0);
    check("2026-11-26T13:52:07-00:30", 1795702927, 0);
    check("1969-12-31T23:59:59Z", -1, 0);
}

static void test_what_is_no_time_is_none(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "today",
        "2026-11-26",
        "2026-11-26 13:52:07Z",
        "2026-11-26T13:52:07",
        "2026-13-26T13:52:07Z",
        "2026-11-00T13:52:07Z",
        "2026-11-26T24:52:07Z",
        "2026-11-26T13:52:07+1:00",
        "2026-11-26T13:52:07+25:00",
        "2026-11-26T13:52:07Zulu",
        "-026-11-26T13:52:07Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct wall_time when = {.seconds = 1};
        assert_false(wall_read(bad[i], &when));
        assert_int_equal(when.seconds, 0);
    }
}

/* Both ways agree, from day to day over the leap days of a century. */
static void test_what_is_written_is_read_back(void **state)
{
    (void)state;
    for (int64_t seconds = 0; seconds < INT64_C(4102444800); seconds += 86400 * 5 + 3601) {
        char text[WALL_TEXT_SIZE];
        wall_text(text, sizeof text, (struct wall_time){.seconds = seconds}, 3, 1);
        check(text, seconds, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_are_read_with_decimals_and_zones),
        cmocka_unit_test(test_what_is_no_time_is_none),
        cmocka_unit_test(test_what_is_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
