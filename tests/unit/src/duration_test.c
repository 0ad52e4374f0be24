#include "src/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/now.h"

#include <cmocka.h>

static void reads(const char *text, uint64_t wanted)
{
    uint64_t ns = 0;
    if (duration_parse(text, &ns) != NET_OK || ns != wanted) {
        fail_msg("\"%s\" was read as %llu", text, (unsigned long long)ns);
    }
}

static void test_durations_are_read_as_go_reads_them(void **state)
{
    (void)state;
    reads("1s", NS_PER_SEC);
    reads("500ms", 500 * NS_PER_MS);
    reads("1m30s", 90 * NS_PER_SEC);
    reads("1.5s", 1500 * NS_PER_MS);
    reads(".5s", 500 * NS_PER_MS);
    reads("2h0m0.25s", 7200 * NS_PER_SEC + 250 * NS_PER_MS);
    reads("1us", 1000);
    reads("7ns", 7);
    reads("24h", 86400 * NS_PER_SEC);
    reads("0s", 0);
}

static void test_a_bare_number_is_seconds(void **state)
{
    (void)state;
    reads("5", 5 * NS_PER_SEC);
    reads("0.25", 250 * NS_PER_MS);
    reads("0", 0);
}

static void test_what_is_no_duration_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "s",   "1 s", "-1s",  "+1s",  "1x",    "1s2", "1ss",
                                      "soon", "inf", "nan", "0x10", "1,5s", "1..5s", "1s ", "."};
    uint64_t ns = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (duration_parse(bad[i], &ns) != NET_ERR_MALFORMED) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
    }
    assert_int_equal(ns, 42);
}

static void test_more_than_a_day_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"24h1ns", "25h", "1e400s", "99999999999999999999", "24h24h"};
    uint64_t ns = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (duration_parse(bad[i], &ns) != NET_ERR_TOO_BIG) {
            fail_msg("\"%s\" was not too big", bad[i]);
        }
    }
    assert_int_equal(ns, 42);
}

static void shows(uint64_t ns, const char *wanted)
{
    char text[DURATION_TEXT_SIZE];
    duration_text(ns, text);
    assert_string_equal(text, wanted);
}

static void test_short_ones_have_two_decimals_and_long_ones_are_seconds(void **state)
{
    (void)state;
    shows(0, "0.00ms");
    shows(430000, "0.43ms");
    shows(9990000, "9.99ms");
    shows(9999999, "10.00ms");
    shows(10 * NS_PER_MS, "10ms");
    shows(42499999, "42ms");
    shows(999499999, "999ms");
    shows(999500000, "1.000s");
    shows(1203 * NS_PER_MS, "1.203s");
    shows(UINT64_MAX, "18446744073.710s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations_are_read_as_go_reads_them),
        cmocka_unit_test(test_a_bare_number_is_seconds),
        cmocka_unit_test(test_what_is_no_duration_is_refused),
        cmocka_unit_test(test_more_than_a_day_is_refused),
        cmocka_unit_test(test_short_ones_have_two_decimals_and_long_ones_are_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
