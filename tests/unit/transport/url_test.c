#include "net/transport/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check_shown(const char *url, const char *expected)
{
    char out[64];
    url_for_people(out, sizeof out, url);
    assert_string_equal(out, expected);
}

static void test_a_url_is_shown_without_its_secrets(void **state)
{
    (void)state;
    check_shown("https://user:pa@ss@host:8443/a/b?token=x#y", "https://host:8443/a/b");
    check_shown("http://host", "http://host");
    check_shown("http://host?resume_token=x", "http://host");
    check_shown("http://host#x@y", "http://host");
    check_shown("http://host/a@b", "http://host/a@b");
    check_shown("user:secret@host/x", "host/x");
    check_shown("host?token=secret://x", "host");
    check_shown("http://h\x1b[2J/", "http://h\xef\xbf\xbd[2J/");
    check_shown("https://host/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "https://host/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xe2\x80\xa6");
}

static void test_paths_are_decoded(void **state)
{
    (void)state;
    char out[16];
    assert_int_equal(url_path(bytes_text("/a%20b+c?d=e"), out, sizeof out), NET_OK);
    assert_string_equal(out, "/a b+c");
    assert_int_equal(url_path(bytes_text("/%4"), out, sizeof out), NET_ERR_MALFORMED);
    assert_int_equal(url_path(bytes_text("/%zz"), out, sizeof out), NET_ERR_MALFORMED);
    assert_int_equal(url_path(bytes_text("/%00"), out, sizeof out), NET_ERR_MALFORMED);
    assert_int_equal(url_path(bytes_text("/23456789012345"), out, sizeof out), NET_OK);
    assert_int_equal(url_path(bytes_text("/234567890123456"), out, sizeof out), NET_ERR_TOO_BIG);
}

static void test_query_values_are_found_and_decoded(void **state)
{
    (void)state;
    char out[16];
    struct bytes target = bytes_text("/p?ab=1&a=x%3D+y&flag&a=2&=z&last=");
    assert_int_equal(url_query(target, "a", out, sizeof out), NET_OK);
    assert_string_equal(out, "x= y");
    assert_int_equal(url_query(target, "flag", out, sizeof out), NET_OK);
    assert_string_equal(out, "");
    assert_int_equal(url_query(target, "last", out, sizeof out), NET_OK);
    assert_string_equal(out, "");
    assert_int_equal(url_query(target, "b", out, sizeof out), NET_ERR_NOT_FOUND);
    assert_int_equal(url_query(bytes_text("/p"), "a", out, sizeof out), NET_ERR_NOT_FOUND);
    assert_int_equal(url_query(bytes_text("/p?"), "a", out, sizeof out), NET_ERR_NOT_FOUND);
}

static void test_only_this_machine_is_loopback(void **state)
{
    (void)state;
    assert_true(url_host_is_loopback("localhost"));
    assert_true(url_host_is_loopback("LOCALHOST"));
    assert_true(url_host_is_loopback("127.1.2.3"));
    assert_true(url_host_is_loopback("::1"));
    assert_true(url_host_is_loopback("[::1]"));
    assert_false(url_host_is_loopback("127.0.0.1.example.com"));
    assert_false(url_host_is_loopback("10.0.0.1"));
    assert_false(url_host_is_loopback(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_url_is_shown_without_its_secrets),
        cmocka_unit_test(test_paths_are_decoded),
        cmocka_unit_test(test_query_values_are_found_and_decoded),
        cmocka_unit_test(test_only_this_machine_is_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
