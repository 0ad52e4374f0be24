#include "src/aws_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char good[] =
    "{\"syncToken\":\"1\",\"createDate\":\"2026-02-26-10-36-19\",\"prefixes\":["
    "{\"ip_prefix\":\"3.5.140.0/22\",\"region\":\"ap-northeast-2\",\"service\":\"AMAZON\","
    "\"network_border_group\":\"ap-northeast-2\"},{\"ip_prefix\":\"203.0.113.0/24\"}],"
    "\"ipv6_prefixes\":[{\"ipv6_prefix\":\"2600:1f14::/35\",\"service\":\"EC2\"}]}";

static void test_the_published_form_is_read(void **state)
{
    (void)state;
    struct aws_list list;
    struct failure why;
    char text[IP_PREFIX_TEXT_SIZE];
    assert_int_equal(aws_list_parse(bytes_text(good), &list, &why), NET_OK);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.created, "2026-02-26-10-36-19");
    ip_prefix_text(&list.prefixes[0], text);
    assert_string_equal(text, "3.5.140.0/22");
    ip_prefix_text(&list.prefixes[2], text);
    assert_string_equal(text, "2600:1f14::/35");
    const struct aws_ranges ranges = {.prefixes = list.prefixes, .count = list.count};
    assert_non_null(aws_ranges_find(&ranges, "203.0.113.7:41641"));
    assert_null(aws_ranges_find(&ranges, "203.0.114.7:41641"));
    aws_list_clear(&list);
    aws_list_clear(&list);
}

static void test_what_is_not_of_that_form_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "<html>",
        "[]",
        "{}",
        "{\"prefixes\":{}}",
        "{\"prefixes\":[1]}",
        "{\"prefixes\":[{}]}",
        "{\"prefixes\":[{\"ip_prefix\":7}]}",
        "{\"prefixes\":[{\"ip_prefix\":\"3.5.140.0\"}]}",
        "{\"prefixes\":[{\"ip_prefix\":\"3.5.140.0/22\"},{\"ip_prefix\":\"x/1\"}]}",
        "{\"ipv6_prefixes\":[{\"ip_prefix\":\"3.5.140.0/22\"}]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct aws_list list;
        struct failure why;
        assert_int_not_equal(aws_list_parse(bytes_text(bad[i]), &list, &why), NET_OK);
        assert_int_not_equal(why.code, NET_OK);
        assert_true(why.text[0] != '\0');
    }
}

static void test_every_shorter_file_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < strlen(good); len++) {
        struct aws_list list;
        struct failure why;
        assert_int_not_equal(aws_list_parse(bytes_of(good, len), &list, &why), NET_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_form_is_read),
        cmocka_unit_test(test_what_is_not_of_that_form_is_refused_with_a_reason),
        cmocka_unit_test(test_every_shorter_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
