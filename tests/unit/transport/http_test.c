#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/now.h"
#include "net/base/text.h"
#include "tests/support/http_rig_uv.h"
#include "tests/support/raw_server_uv.h"

#include <cmocka.h>

static void test_a_get_brings_status_type_version_body_and_latency(void **state)
{
    (void)state;
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    struct got got = http_rig_get_path(&rig, "/hello%20world?x=1&q=a%26b+c");
    assert_int_equal(got.failure.code, NET_OK);
    assert_int_equal(got.status, 200);
    assert_string_equal(got.type, "application/json");
    assert_string_equal(got.version, "v2.30.0+abc\xef\xbf\xbd");
    assert_string_equal(got.body, "{\"a\":1}");
    assert_true(got.first_byte_ns > 0 && got.first_byte_ns < 5 * NS_PER_SEC);
    assert_false(got.over_ipv6);
    assert_string_equal(rig.seen_header, "one");
    assert_string_equal(rig.seen_agent, "derptop/test");
    assert_string_equal(rig.seen_query, "a&b c");
    got = http_rig_get_path(&rig, "/other");
    assert_int_equal(got.status, 404);
    assert_string_equal(got.body, "{\"message\":\"no\"}");
    assert_string_equal(got.version, "");
    assert_string_equal(rig.seen_query, "(none)");
    http_rig_end(&rig);
}

static void test_a_redirect_is_an_answer_and_is_not_followed(void **state)
{
    (void)state;
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    struct got got = http_rig_get_path(&rig, "/moved");
    assert_int_equal(got.failure.code, NET_OK);
    assert_int_equal(got.status, 307);
    assert_int_equal(rig.requests, 1);
    http_rig_end(&rig);
}

/* Asks a server that plays a script, on a client of a rig. */
static struct got get_scripted(const struct raw_script *script, const char *path)
{
    struct http_rig rig;
    char url[128];
    http_rig_begin(&rig, NULL);
    struct raw_server *raw = raw_server_new(&rig.loop, script);
    text_format(url, sizeof url, "http://127.0.0.1:%u%s", raw_server_port(raw), path);
    struct got got = http_rig_get(&rig, url);
    raw_server_close(raw);
    http_rig_end(&rig);
    return got;
}

static void test_an_answer_may_come_byte_by_byte_and_in_chunks(void **state)
{
    (void)state;
    struct got got =
        get_scripted(&(struct raw_script){.answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                                                    "X-CODER-BUILD-VERSION:  v1 \r\n"
                                                    "Transfer-Encoding: chunked\r\n\r\n"
                                                    "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
                                          .step = 1},
                     "/");
    assert_int_equal(got.failure.code, NET_OK);
    assert_int_equal(got.status, 200);
    assert_string_equal(got.type, "text/html");
    assert_string_equal(got.version, "v1");
    assert_string_equal(got.body, "abcde");
}

static void test_a_body_of_the_limit_is_taken_and_a_longer_one_ends_the_request(void **state)
{
    (void)state;
    char answer[1200];
    memset(answer, 'x', sizeof answer);
    for (size_t body = 1000; body <= 1001; body++) {
        char head[64];
        text_format(head, sizeof head, "HTTP/1.1 200 OK\r\nX: %s\r\n\r\n", "y");
        memcpy(answer, head, strlen(head));
        struct got got = get_scripted(
            &(struct raw_script){
                .answer = answer, .answer_len = strlen(head) + body, .step = 100, .closes = true},
            "/");
        assert_int_equal(got.failure.code, body == 1000 ? NET_OK : NET_ERR_TOO_BIG);
        assert_int_equal(got.body_len, body == 1000 ? 1000 : 0);
    }
}

static void test_gigabytes_are_not_read_whether_announced_or_not(void **state)
{
    (void)state;
    struct got got = get_scripted(
        &(struct raw_script){.answer = "HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n"},
        "/x?token=secret");
    assert_int_equal(got.failure.code, NET_ERR_TOO_BIG);
    assert_text_has(got.failure.text, "larger than allowed");
    assert_null(strstr(got.failure.text, "secret"));
    got = get_scripted(&(struct raw_script){.answer = "HTTP/1.1 200 OK\r\n\r\n", .endless = true},
                       "/");
    assert_int_equal(got.failure.code, NET_ERR_TOO_BIG);
    got =
        get_scripted(&(struct raw_script){.answer = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                                                    "Content-Length: 5\r\n\r\nabcde"},
                     "/");
    assert_int_not_equal(got.failure.code, NET_OK);
}

static void test_answers_that_are_not_http_or_break_off_fail_with_a_reason(void **state)
{
    (void)state;
    struct got got =
        get_scripted(&(struct raw_script){.answer = "SSH-2.0-OpenSSH\r\n", .closes = true}, "/");
    assert_int_equal(got.failure.code, NET_ERR_MALFORMED);
    assert_text_has(got.failure.text, "not HTTP");
    got = get_scripted(&(struct raw_script){.answer = "", .closes = true}, "/a");
    assert_int_equal(got.failure.code, NET_ERR_IO);
    assert_text_has(got.failure.text, "/a: the server closed the connection without an answer");
    got = get_scripted(
        &(struct raw_script){.answer = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nx",
                             .closes = true},
        "/");
    assert_int_equal(got.failure.code, NET_ERR_IO);
    got = get_scripted(&(struct raw_script){.resets = true}, "/");
    assert_int_equal(got.failure.code, NET_ERR_IO);
}

static void test_silence_ends_with_a_time_out(void **state)
{
    (void)state;
    struct http_rig rig;
    struct got got = {0};
    char url[128];
    http_rig_begin(&rig, NULL);
    text_format(url, sizeof url, "%s/never", rig.url);
    struct http_request request = {.url = url, .body_max = 10, .timeout_ns = 60 * NS_PER_MS};
    (void)http_get(rig.client, &request, got_response, &got);
    loop_until(&rig.loop, &got.done, "the time-out");
    assert_int_equal(got.failure.code, NET_ERR_TIMEOUT);
    assert_text_has(got.failure.text, "in time");
    http_exchange_reply(rig.kept, 200, NULL, NULL, 0, bytes_text("")); /* too late, and harmless */
    http_rig_end(&rig);
}

static void test_unreachable_servers_are_told_apart(void **state)
{
    (void)state;
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    struct raw_server *raw = raw_server_new(&rig.loop, &(struct raw_script){0});
    char url[128];
    text_format(url, sizeof url, "http://user:secret@127.0.0.1:%u/x", raw_server_port(raw));
    raw_server_close(raw);
    loop_turns(&rig.loop, 3);
    struct got got = http_rig_get(&rig, url);
    assert_int_equal(got.failure.code, NET_ERR_IO);
    assert_text_has(got.failure.text, "connection refused");
    assert_null(strstr(got.failure.text, "secret"));
    got = http_rig_get(&rig, "http://no-such-host.invalid/");
    assert_int_equal(got.failure.code, NET_ERR_NOT_FOUND);
    assert_text_has(got.failure.text, "http://no-such-host.invalid/: the host name is not known");
    static const char *const bad[] = {"",           "ftp://127.0.0.1/",   "file:///etc/passwd",
                                      "http://",    "http://host:99999/", "nonsense",
                                      "http://a b/"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        got = http_rig_get(&rig, bad[i]);
        if (got.failure.code != NET_ERR_USAGE) {
            fail_msg("%s: %s", bad[i], got.failure.text);
        }
    }
    http_rig_end(&rig);
}

static void test_a_cancelled_request_never_answers(void **state)
{
    (void)state;
    struct http_rig rig;
    char url[128];
    http_rig_begin(&rig, NULL);
    text_format(url, sizeof url, "%s/never", rig.url);
    struct http_request request = {.url = url, .body_max = 10, .timeout_ns = 5 * NS_PER_SEC};
    struct got got = {0};
    for (unsigned turns = 0; turns < 6; turns++) { /* while resolving, connecting, waiting */
        struct http_call *call = http_get(rig.client, &request, got_response, &got);
        loop_turns(&rig.loop, turns);
        http_cancel(call);
    }
    rig.has_kept = false;
    struct http_call *call = http_get(rig.client, &request, got_response, &got);
    loop_until(&rig.loop, &rig.has_kept, "the request arrives");
    http_cancel(call);
    request.url = "ftp://bad/";
    call = http_get(rig.client, &request, got_response, &got); /* fails before it begins */
    http_cancel(call);
    request.url = "http://no-such-host.invalid/";
    call = http_get(rig.client, &request, got_response, &got);
    http_cancel(call); /* before the resolver, which may be quick, has said no */
    loop_turns(&rig.loop, 20);
    assert_false(got.done);
    http_rig_end(&rig);
}

static void test_closing_the_client_ends_every_request_without_a_call(void **state)
{
    (void)state;
    struct http_rig rig;
    struct got got = {0};
    struct dialled dialled = {0};
    char url[128];
    http_rig_begin(&rig, NULL);
    text_format(url, sizeof url, "%s/never", rig.url);
    struct http_request request = {.url = url, .body_max = 10, .timeout_ns = 5 * NS_PER_SEC};
    struct dial_request dial = {.url = url, .timeout_ns = 5 * NS_PER_SEC};
    (void)http_get(rig.client, &request, got_response, &got);
    loop_until(&rig.loop, &rig.has_kept, "the request arrives");
    (void)http_get(rig.client, &request, got_response, &got);
    (void)dial_start(rig.client, &dial, got_dialled, &dialled);
    http_rig_end(&rig);
    assert_false(got.done);
    assert_false(dialled.done);
}

static void test_the_client_may_be_closed_in_a_call_back(void **state)
{
    (void)state;
    struct http_rig rig;
    struct got never = {0};
    char url[128];
    char other[128];
    http_rig_begin(&rig, NULL);
    text_format(url, sizeof url, "%s/hello%%20world", rig.url);
    text_format(other, sizeof other, "%s/never", rig.url);
    struct got got = {.close = &rig};
    struct http_request request = {.url = url, .body_max = 100, .timeout_ns = 5 * NS_PER_SEC};
    (void)http_get(rig.client, &request, got_response, &got);
    request.url = other;
    (void)http_get(rig.client, &request, got_response, &never);
    loop_until(&rig.loop, &got.done, "the answer");
    assert_int_equal(got.status, 200);
    http_rig_end(&rig);
    assert_false(never.done);
}

static void test_connections_are_reused_unless_fresh_ones_are_asked_for(void **state)
{
    (void)state;
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    struct raw_server *raw = raw_server_new(
        &rig.loop, &(struct raw_script){.answer = "HTTP/1.1 204 No\r\nConnection: close\r\n\r\n"});
    char url[128];
    text_format(url, sizeof url, "http://127.0.0.1:%u/", raw_server_port(raw));
    struct http_request request = {
        .url = url, .body_max = 10, .timeout_ns = 5 * NS_PER_SEC, .fresh_connection = true};
    for (unsigned i = 1; i <= 3; i++) {
        struct got got = {0};
        (void)http_get(rig.client, &request, got_response, &got);
        loop_until(&rig.loop, &got.done, "an answer");
        assert_int_equal(got.status, 204);
        assert_int_equal(*raw_server_accepted(raw), i);
        loop_until_call(&rig.loop, raw_server_all_ended, raw, "the connection is not kept");
    }
    raw_server_close(raw);
    http_rig_end(&rig);
}

static void test_a_target_overrides_dns_for_its_own_request_only(void **state)
{
    (void)state;
    struct http_rig rig;
    char url[128];
    http_rig_begin(&rig, NULL);
    text_format(url, sizeof url, "http://relay.invalid:%u/hello%%20world",
                http_server_port(rig.server));
    struct http_request request = {.url = url,
                                   .body_max = 100,
                                   .timeout_ns = 5 * NS_PER_SEC,
                                   .target = {.ipv4 = "127.0.0.1", .ipv6 = "none"}};
    struct got got = {0};
    (void)http_get(rig.client, &request, got_response, &got);
    loop_until(&rig.loop, &got.done, "an answer");
    assert_int_equal(got.failure.code, NET_OK);
    assert_int_equal(got.status, 200);
    assert_int_equal(http_rig_get(&rig, url).failure.code, NET_ERR_NOT_FOUND);
    request.target = (struct http_target){.ipv4 = "none", .ipv6 = "none"};
    got = (struct got){0};
    (void)http_get(rig.client, &request, got_response, &got);
    loop_until(&rig.loop, &got.done, "a failure");
    assert_int_equal(got.failure.code, NET_ERR_USAGE);
    assert_text_has(got.failure.text, "both IPv4 and IPv6 are disabled");
    http_rig_end(&rig);
}

static void test_a_header_cannot_smuggle_another_one_in(void **state)
{
    (void)state;
    struct http_rig rig;
    struct got got = {0};
    struct dialled dialled = {0};
    http_rig_begin(&rig, NULL);
    const struct http_header bad = {"Coder-Session-Token", "a\r\nX-Other: b"};
    struct http_request request = {.url = rig.url,
                                   .body_max = 100,
                                   .timeout_ns = NS_PER_SEC,
                                   .headers = &bad,
                                   .header_count = 1};
    struct dial_request dial = {
        .url = rig.url, .timeout_ns = NS_PER_SEC, .headers = &bad, .header_count = 1};
    (void)http_get(rig.client, &request, got_response, &got);
    (void)dial_start(rig.client, &dial, got_dialled, &dialled);
    loop_until(&rig.loop, &dialled.done, "a failure");
    assert_true(got.done);
    assert_int_equal(got.failure.code, NET_ERR_USAGE);
    assert_int_equal(dialled.failure.code, NET_ERR_USAGE);
    assert_int_equal(rig.requests, 0);
    const struct http_config config = {.headers = &bad, .header_count = 1};
    struct http_client *client = NULL;
    assert_int_equal(http_client_new(&rig.loop, &config, &client, &got.failure), NET_ERR_USAGE);
    assert_null(strstr(got.failure.text, "X-Other"));
    http_rig_end(&rig);
}

static void test_settings_that_cannot_work_are_refused_with_a_reason(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct http_client *client = NULL;
    struct failure why;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct http_config config = {.ca_file = "/no/such/file"};
    assert_int_equal(http_client_new(&loop, &config, &client, &why), NET_ERR_USAGE);
    assert_text_has(why.text, "/no/such/file cannot be read");
    config = (struct http_config){.cert_file = "/dev/null"};
    assert_int_equal(http_client_new(&loop, &config, &client, &why), NET_ERR_USAGE);
    assert_text_has(why.text, "together");
    loop_finish(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_get_brings_status_type_version_body_and_latency),
        cmocka_unit_test(test_a_redirect_is_an_answer_and_is_not_followed),
        cmocka_unit_test(test_an_answer_may_come_byte_by_byte_and_in_chunks),
        cmocka_unit_test(test_a_body_of_the_limit_is_taken_and_a_longer_one_ends_the_request),
        cmocka_unit_test(test_gigabytes_are_not_read_whether_announced_or_not),
        cmocka_unit_test(test_answers_that_are_not_http_or_break_off_fail_with_a_reason),
        cmocka_unit_test(test_silence_ends_with_a_time_out),
        cmocka_unit_test(test_unreachable_servers_are_told_apart),
        cmocka_unit_test(test_a_cancelled_request_never_answers),
        cmocka_unit_test(test_closing_the_client_ends_every_request_without_a_call),
        cmocka_unit_test(test_the_client_may_be_closed_in_a_call_back),
        cmocka_unit_test(test_connections_are_reused_unless_fresh_ones_are_asked_for),
        cmocka_unit_test(test_a_target_overrides_dns_for_its_own_request_only),
        cmocka_unit_test(test_a_header_cannot_smuggle_another_one_in),
        cmocka_unit_test(test_settings_that_cannot_work_are_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
