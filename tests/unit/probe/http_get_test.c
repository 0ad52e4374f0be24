#include "net/probe/http_get.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct http_get get;

static void ask(void)
{
    http_get_init(&get, "[fd7a:115c:a1e0::1]:4", "/api/v0/netcheck", 10 * NS_PER_SEC);
    http_get_sent(&get, http_get_output(&get).len);
}

static void input(const char *text, size_t step)
{
    size_t len = strlen(text);
    for (size_t at = 0; at < len; at += step) {
        http_get_input(&get, bytes_of(text + at, len - at < step ? len - at : step));
    }
}

static void check_failed(enum net_err code, const char *text)
{
    assert_int_equal(get.state, HTTP_GET_FAILED);
    assert_int_equal(get.failure.code, code);
    assert_non_null(strstr(get.failure.text, text));
    http_get_clear(&get);
}

static void test_the_request_asks_for_the_connection_to_be_closed(void **state)
{
    (void)state;
    http_get_init(&get, "[fd7a:115c:a1e0::1]:4", "/api/v0/netcheck", MONO_NEVER);
    struct bytes out = http_get_output(&get);
    assert_true(bytes_start_with(
        out, bytes_text("GET /api/v0/netcheck HTTP/1.1\r\nHost: [fd7a:115c:a1e0::1]:4\r\n")));
    assert_non_null(strstr(get.request, "\r\nConnection: close\r\n"));
    assert_string_equal(get.request + get.request_len - 4, "\r\n\r\n");
    http_get_sent(&get, 10);
    assert_int_equal(http_get_output(&get).len, out.len - 10);
    http_get_clear(&get);
}

static void check_answer(const char *answer, bool ends)
{
    for (size_t step = 1; step <= strlen(answer); step++) {
        ask();
        input(answer, step);
        if (ends) {
            assert_int_equal(get.state, HTTP_GET_BODY);
            http_get_ended(&get);
        }
        assert_int_equal(get.state, HTTP_GET_DONE);
        assert_int_equal(get.status, 200);
        assert_true(bytes_equal(http_get_body(&get), bytes_text("{\"a\":1}")));
        http_get_clear(&get);
    }
}

static void test_bodies_of_every_kind_are_read_cut_anywhere(void **state)
{
    (void)state;
    check_answer("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}", false);
    check_answer(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4;x=y\r\n\":1}\r\n"
        "0\r\n\r\n",
        false);
    check_answer("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"a\":1}", true);
    check_answer(
        "HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
        false);
}

static void test_another_status_is_an_answer_too(void **state)
{
    (void)state;
    ask();
    input("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 100);
    assert_int_equal(get.state, HTTP_GET_DONE);
    assert_int_equal(get.status, 404);
    http_get_clear(&get);
}

static void test_a_body_of_a_gigabyte_is_refused_by_its_head(void **state)
{
    (void)state;
    ask();
    input("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", 100);
    check_failed(NET_ERR_TOO_BIG, "too long");
}

static void endless(const char *head)
{
    static char more[8192];
    memset(more, 'x', sizeof more);
    ask();
    input(head, 1000);
    size_t given = 0;
    while (!http_get_is_over(&get)) {
        http_get_input(&get, bytes_of(more, sizeof more));
        given += sizeof more;
        assert_true(given <= HTTP_GET_BODY_MAX + sizeof more);
    }
}

static void test_an_answer_that_never_ends_is_given_up(void **state)
{
    (void)state;
    endless("HTTP/1.1 200 OK\r\n\r\n");
    check_failed(NET_ERR_TOO_BIG, "too long");
    endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n");
    check_failed(NET_ERR_TOO_BIG, "too long");
    endless("HTTP/1.1 200 OK\r\nX: ");
    check_failed(NET_ERR_TOO_BIG, "head is too long");
    endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na");
    check_failed(NET_ERR_MALFORMED, "chunks");
}

static void test_everything_has_its_time(void **state)
{
    (void)state;
    http_get_init(&get, "h", "/", 10 * NS_PER_SEC);
    http_get_tick(&get, 10 * NS_PER_SEC - 1);
    assert_int_equal(get.state, HTTP_GET_HEAD);
    http_get_tick(&get, 10 * NS_PER_SEC);
    check_failed(NET_ERR_TIMEOUT, "does not answer on its API's port");
    ask();
    http_get_tick(&get, 10 * NS_PER_SEC);
    check_failed(NET_ERR_TIMEOUT, "no answer came in time");
    ask();
    input("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{", 100);
    http_get_tick(&get, 10 * NS_PER_SEC);
    check_failed(NET_ERR_TIMEOUT, "did not end in time");
}

static void test_connections_that_end_or_break_are_told(void **state)
{
    (void)state;
    http_get_init(&get, "h", "/", MONO_NEVER);
    http_get_failed(&get, NET_ERR_CLOSED);
    check_failed(NET_ERR_CLOSED, "refuses connections");
    ask();
    http_get_ended(&get);
    check_failed(NET_ERR_CLOSED, "without an answer");
    ask();
    input("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\"", 100);
    http_get_ended(&get);
    check_failed(NET_ERR_TRUNCATED, "too early");
    ask();
    http_get_failed(&get, NET_ERR_CLOSED);
    check_failed(NET_ERR_CLOSED, "reset");
    ask();
    input("SSH-2.0-Go\r\n\r\n", 100);
    check_failed(NET_ERR_MALFORMED, "not HTTP");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_request_asks_for_the_connection_to_be_closed),
        cmocka_unit_test(test_bodies_of_every_kind_are_read_cut_anywhere),
        cmocka_unit_test(test_another_status_is_an_answer_too),
        cmocka_unit_test(test_a_body_of_a_gigabyte_is_refused_by_its_head),
        cmocka_unit_test(test_an_answer_that_never_ends_is_given_up),
        cmocka_unit_test(test_everything_has_its_time),
        cmocka_unit_test(test_connections_that_end_or_break_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
