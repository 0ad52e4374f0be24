#include "net/transport/http_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/transport/http_body.h"

#include <cmocka.h>

static const char request[] =
    "GET /derp?x=1 HTTP/1.1\r\nHost: a.example:8080\r\n"
    "Connection: keep-alive , Upgrade\r\nUpgrade:\tDERP \r\nEmpty:\r\n\r\n";

static struct bytes view(const char *text)
{
    return bytes_text(text);
}

static void test_a_request_head_is_taken_apart(void **state)
{
    (void)state;
    struct http_head head;
    assert_int_equal(http_head_parse_request(view(request), &head), NET_OK);
    assert_true(bytes_equal(head.method, view("GET")));
    assert_true(bytes_equal(head.target, view("/derp?x=1")));
    assert_int_equal(head.minor, 1);
    assert_int_equal(head.field_count, 4);
    assert_true(bytes_equal(*http_head_field(&head, "HOST"), view("a.example:8080")));
    assert_true(bytes_equal(*http_head_field(&head, "upgrade"), view("DERP")));
    assert_int_equal(http_head_field(&head, "empty")->len, 0);
    assert_null(http_head_field(&head, "absent"));
    assert_true(http_head_has_token(&head, "connection", "upgrade"));
    assert_true(http_head_has_token(&head, "connection", "Keep-Alive"));
    assert_false(http_head_has_token(&head, "connection", "keep"));
    assert_false(http_head_has_token(&head, "connection", ""));
}

static void test_the_end_is_found_only_when_all_has_come(void **state)
{
    (void)state;
    size_t total = sizeof request - 1;
    for (size_t len = 0; len < total; len++) {
        /* memory of the exact size, for the sanitizers */
        char *copy = mem_new(len);
        memcpy(copy, request, len);
        size_t found = 0;
        assert_int_equal(http_head_find_end(bytes_of(copy, len), 4096, &found), NET_ERR_AGAIN);
        struct http_head head;
        assert_int_equal(http_head_parse_request(bytes_of(copy, len), &head), NET_ERR_MALFORMED);
        free(copy);
    }
    size_t found = 0;
    assert_int_equal(http_head_find_end(view(request), 4096, &found), NET_OK);
    assert_int_equal(found, total);
    assert_int_equal(http_head_find_end(view("GET / HTTP/1.1\nA: b\n\nrest"), 4096, &found),
                     NET_OK);
    assert_int_equal(found, 21);
}

static void test_a_head_beyond_the_limit_is_too_big(void **state)
{
    (void)state;
    size_t found = 0;
    size_t total = sizeof request - 1;
    assert_int_equal(http_head_find_end(view(request), total, &found), NET_OK);
    assert_int_equal(http_head_find_end(view(request), total - 1, &found), NET_ERR_TOO_BIG);
    char many[HTTP_FIELDS_MAX * 4 + 64] = "GET / HTTP/1.1\r\n";
    for (size_t i = 0; i < HTTP_FIELDS_MAX; i++) {
        memcpy(many + 16 + i * 4, "a:\r\n", 4);
    }
    size_t len = 16 + HTTP_FIELDS_MAX * 4;
    memcpy(many + len, "\r\n", 2);
    struct http_head head;
    assert_int_equal(http_head_parse_request(bytes_of(many, len + 2), &head), NET_OK);
    memcpy(many + len, "a:\r\n\r\n", 6);
    assert_int_equal(http_head_parse_request(bytes_of(many, len + 6), &head), NET_ERR_TOO_BIG);
}

static void test_malformed_requests_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\r\n",
        "\r\nGET / HTTP/1.1\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET / HTTP/1.x\r\n\r\n",
        "GET / HTTP/1.10\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET http://host/ HTTP/1.1\r\n\r\n",
        "GET /a b HTTP/1.1\r\n\r\n",
        "GET /a\x01 HTTP/1.1\r\n\r\n",
        "G(T / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\n: no name\r\n\r\n",
        "GET / HTTP/1.1\r\nspace : before\r\n\r\n",
        "GET / HTTP/1.1\r\na: b\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\na: b\rc\r\n\r\n",
        "GET / HTTP/1.1\r\na: \x7f\r\n\r\n",
        "GET / HTTP/1.1\r\na: b\r\n\r\nrest",
        "GET / HTTP/1.1\r\na: b\r\n\r\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
    };
    struct http_head head;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (http_head_parse_request(view(bad[i]), &head) != NET_ERR_MALFORMED) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_int_equal(
        http_head_parse_request(bytes_of("GET / HTTP/1.1\r\na: \0\r\n\r\n", 24), &head),
        NET_ERR_MALFORMED);
}

static void test_an_answer_may_lack_its_reason(void **state)
{
    (void)state;
    struct http_head head;
    assert_int_equal(http_head_parse_response(view("HTTP/1.1 101\r\n\r\n"), &head), NET_OK);
    assert_int_equal(head.status, 101);
    assert_int_equal(http_head_parse_response(view("HTTP/1.0 404 Not Found\r\n\r\n"), &head),
                     NET_OK);
    assert_int_equal(head.status, 404);
    assert_int_equal(head.minor, 0);
    static const char *const bad[] = {"HTTP/1.1 99 x\r\n\r\n",   "HTTP/1.1 600 x\r\n\r\n",
                                      "HTTP/1.1 20 x\r\n\r\n",   "HTTP/1.1 2000 x\r\n\r\n",
                                      "HTTP/1.1  200 x\r\n\r\n", "HTTP/3 200 x\r\n\r\n",
                                      "ICY 200 OK\r\n\r\n",      "HTTP/1.1 200\tx\r\n\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(http_head_parse_response(view(bad[i]), &head), NET_ERR_MALFORMED);
    }
}

static struct http_body body_after(const char *text)
{
    struct http_head head;
    struct http_body body;
    assert_int_equal(http_head_parse_response(view(text), &head), NET_OK);
    http_body_init(&body, &head);
    return body;
}

static void check_body(const char *head, const char *in, enum net_err last, const char *expected)
{
    for (size_t step = 1; step <= strlen(in) + 1; step++) {
        struct http_body body = body_after(head);
        struct buf out;
        buf_init(&out, 100);
        enum net_err err = NET_ERR_AGAIN;
        for (size_t at = 0; at < strlen(in) && err == NET_ERR_AGAIN; at += step) {
            size_t left = strlen(in) - at;
            err = http_body_input(&body, bytes_of(in + at, left < step ? left : step), &out);
        }
        assert_int_equal(err, last);
        assert_true(bytes_equal(buf_view(&out), view(expected)));
        buf_clear(&out);
    }
}

static void test_bodies_end_where_their_head_says(void **state)
{
    (void)state;
    check_body("HTTP/1.1 403 x\r\nContent-Length: 5\r\n\r\n", "hello more", NET_OK, "hello");
    check_body("HTTP/1.1 403 x\r\n\r\n", "hello", NET_ERR_AGAIN, "hello");
    check_body("HTTP/1.1 403 x\r\nContent-Length: x\r\n\r\n", "hello", NET_ERR_AGAIN, "hello");
    check_body("HTTP/1.1 403 x\r\nContent-Length: 99999999999999999999\r\n\r\n", "hello",
               NET_ERR_AGAIN, "hello");
    assert_int_equal(body_after("HTTP/1.1 204 x\r\n\r\n").state, HTTP_BODY_DONE);
    assert_int_equal(body_after("HTTP/1.1 403 x\r\ncontent-length: 0\r\n\r\n").state,
                     HTTP_BODY_DONE);
}

static void test_chunks_are_joined_and_bad_ones_refused(void **state)
{
    (void)state;
    static const char head[] = "HTTP/1.1 403 x\r\nTransfer-Encoding: chunked\r\n\r\n";
    check_body(head, "5\r\nhello\r\n3;a=b\r\n, w\r\n0\r\n\r\n", NET_OK, "hello, w");
    check_body(head, "5\r\nhel", NET_ERR_AGAIN, "hel");
    check_body(head, "g\r\n", NET_ERR_MALFORMED, "");
    check_body(head, "\r\n", NET_ERR_MALFORMED, "");
    check_body(head, "2\r\nabX", NET_ERR_MALFORMED, "ab");
    check_body(head, "1000000000000000\r\n", NET_ERR_MALFORMED, "");
}

static void test_a_body_stops_at_the_limit_of_the_buffer(void **state)
{
    (void)state;
    struct http_body body = body_after("HTTP/1.1 403 x\r\nContent-Length: 1000000000000\r\n\r\n");
    struct buf out;
    uint8_t in[300] = {0};
    buf_init(&out, 100);
    assert_int_equal(http_body_input(&body, bytes_of(in, sizeof in), &out), NET_ERR_FULL);
    assert_int_equal(buf_len(&out), 100);
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_head_is_taken_apart),
        cmocka_unit_test(test_the_end_is_found_only_when_all_has_come),
        cmocka_unit_test(test_a_head_beyond_the_limit_is_too_big),
        cmocka_unit_test(test_malformed_requests_are_refused),
        cmocka_unit_test(test_an_answer_may_lack_its_reason),
        cmocka_unit_test(test_bodies_end_where_their_head_says),
        cmocka_unit_test(test_chunks_are_joined_and_bad_ones_refused),
        cmocka_unit_test(test_a_body_stops_at_the_limit_of_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
