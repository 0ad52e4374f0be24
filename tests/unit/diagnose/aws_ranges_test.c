#include "net/diagnose/aws_ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *address, const char *range)
{
    struct aws_ranges ranges;
    char text[IP_PREFIX_TEXT_SIZE];
    aws_ranges_bundled(&ranges);
    const struct ip_prefix *found = aws_ranges_find(&ranges, address);
    if (range == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    ip_prefix_text(found, text);
    assert_string_equal(text, range);
}

static void test_an_address_is_found_with_and_without_its_port(void **state)
{
    (void)state;
    expect("3.80.1.2", "3.80.0.0/12");
    expect("3.80.1.2:41641", "3.80.0.0/12"); /* what the agent reports; the coder CLI misses it */
    expect("3.95.255.255", "3.80.0.0/12");
    expect("2600:1f18::1", "2600:1f18::/33");
    expect("[2600:1f18::1]:41641", "2600:1f18::/33");
}

static void test_addresses_of_others_are_not_found(void **state)
{
    (void)state;
    expect("3.79.255.255", "3.64.0.0/12"); /* the next block */
    expect("4.0.0.1", NULL);
    expect("203.0.113.7:41641", NULL);
    expect("2001:db8::1", NULL);
    expect("[2600:1f18:8000::1]:1", NULL);
}

static void test_what_is_no_address_is_not_found(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      ":",
                                      "3.80.1",
                                      "3.80.1.2.3",
                                      "[3.80.1.2",
                                      "[::1",
                                      "[::1]x",
                                      "host:1",
                                      "3.80.1.2 ",
                                      "::g",
                                      "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:0:1:2:3:4:5:6:7:8:9:0:1:2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        expect(bad[i], NULL);
    }
}

static void test_private_addresses_are_never_in_a_range(void **state)
{
    (void)state;
    struct ip_prefix all[2];
    assert_int_equal(ip_prefix_parse("0.0.0.0/0", &all[0]), NET_OK);
    assert_int_equal(ip_prefix_parse("::/0", &all[1]), NET_OK);
    const struct aws_ranges everything = {.prefixes = all, .count = 2};
    static const char *const inside[] = {"127.0.0.1",   "10.1.2.3:5", "172.31.0.1", "192.168.0.1",
                                         "169.254.1.1", "100.64.0.1", "fe80::1",    "fd7a::1"};
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        assert_null(aws_ranges_find(&everything, inside[i]));
    }
    assert_non_null(aws_ranges_find(&everything, "172.32.0.1"));
    assert_non_null(aws_ranges_find(&everything, "2001:db8::1"));
}

static void test_the_longest_prefix_is_told(void **state)
{
    (void)state;
    struct ip_prefix two[2];
    assert_int_equal(ip_prefix_parse("3.0.0.0/8", &two[0]), NET_OK);
    assert_int_equal(ip_prefix_parse("3.4.0.0/17", &two[1]), NET_OK);
    const struct aws_ranges ranges = {.prefixes = two, .count = 2};
    assert_ptr_equal(aws_ranges_find(&ranges, "3.4.127.1"), &two[1]);
    assert_ptr_equal(aws_ranges_find(&ranges, "3.4.128.1"), &two[0]);
}

static void test_prefixes_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out; /* out NULL: refused */
    } rows[] = {
        {"1.2.3.4/32", "1.2.3.4/32"},
        {"1.2.3.4/0", "0.0.0.0/0"},
        {"10.255.255.255/9", "10.128.0.0/9"},
        {"2001:db8:ffff::/33", "2001:db8:8000::/33"},
        {"::1/128", "::1/128"},
        {"1.2.3.4/33", NULL},
        {"::/129", NULL},
        {"1.2.3.4", NULL},
        {"1.2.3.4/", NULL},
        {"1.2.3.4/-1", NULL},
        {"1.2.3.4/ 8", NULL},
        {"1.2.3.4/8x", NULL},
        {"/8", NULL},
        {"x/8", NULL},
        {"1.2.3.4/99999999999999999999", NULL},
        {"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/1", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ip_prefix prefix;
        char text[IP_PREFIX_TEXT_SIZE];
        enum net_err err = ip_prefix_parse(rows[i].in, &prefix);
        assert_int_equal(err, rows[i].out == NULL ? NET_ERR_MALFORMED : NET_OK);
        if (rows[i].out != NULL) {
            ip_prefix_text(&prefix, text);
            assert_string_equal(text, rows[i].out);
        }
    }
}

static void test_the_bundled_list_says_what_it_is(void **state)
{
    (void)state;
    struct aws_ranges ranges;
    aws_ranges_bundled(&ranges);
    assert_true(ranges.count > 100);
    assert_non_null(strstr(ranges.source, "large EC2 blocks only"));
    assert_non_null(strstr(ranges.source, "20"));
    for (size_t i = 0; i < ranges.count; i++) {
        struct ip_prefix again;
        char text[IP_PREFIX_TEXT_SIZE];
        ip_prefix_text(&ranges.prefixes[i], text);
        assert_int_equal(ip_prefix_parse(text, &again), NET_OK);
        assert_memory_equal(&again, &ranges.prefixes[i], sizeof again); /* no host bits */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_is_found_with_and_without_its_port),
        cmocka_unit_test(test_addresses_of_others_are_not_found),
        cmocka_unit_test(test_what_is_no_address_is_not_found),
        cmocka_unit_test(test_private_addresses_are_never_in_a_range),
        cmocka_unit_test(test_the_longest_prefix_is_told),
        cmocka_unit_test(test_prefixes_are_read_and_written),
        cmocka_unit_test(test_the_bundled_list_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
