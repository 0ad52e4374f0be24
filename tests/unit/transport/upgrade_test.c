#include "net/transport/upgrade.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

static struct rng_seeded seeded;

static void begin(struct upgrade *upgrade, const char *protocol, const char *subprotocol)
{
    struct upgrade_request request = {.host = "host:81",
                                      .target = "/derp?a=b",
                                      .protocol = protocol,
                                      .subprotocol = subprotocol,
                                      .user_agent = "derptop/1"};
    rng_seeded_init(&seeded, 7);
    upgrade_init(upgrade, &request, &seeded.rng);
    upgrade_add_line(upgrade, "X-One: 1");
    assert_int_equal(upgrade_end_request(upgrade), NET_OK);
}

static void test_the_request_is_as_the_servers_want_it(void **state)
{
    (void)state;
    struct upgrade upgrade;
    char expected[512];
    begin(&upgrade, "websocket", "derp");
    text_format(expected, sizeof expected,
                "GET /derp?a=b HTTP/1.1\r\nHost: host:81\r\nUser-Agent: derptop/1\r\n"
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: derp\r\nX-One: 1\r\n\r\n",
                upgrade.key);
    assert_true(bytes_equal(buf_view(&upgrade.out), bytes_text(expected)));
    assert_true(websocket_key_is_valid(bytes_text(upgrade.key)));
    upgrade_clear(&upgrade);
    begin(&upgrade, "DERP", NULL);
    assert_true(bytes_equal(
        buf_view(&upgrade.out),
        bytes_text("GET /derp?a=b HTTP/1.1\r\nHost: host:81\r\nUser-Agent: derptop/1\r\n"
                   "Connection: Upgrade\r\nUpgrade: DERP\r\nX-One: 1\r\n\r\n")));
    upgrade_clear(&upgrade);
}

static void test_the_accept_key_is_that_of_the_rfc(void **state)
{
    (void)state;
    char accept[WEBSOCKET_ACCEPT_SIZE];
    websocket_key_accept(bytes_text("dGhlIHNhbXBsZSBub25jZQ=="), accept);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); /* RFC 6455 1.3 */
    assert_false(websocket_key_is_valid(bytes_text("dGhlIHNhbXBsZSBub25jZQ")));
    assert_false(websocket_key_is_valid(bytes_text("dGhlIHNhbXBsZSBub25jZ===")));
    assert_false(websocket_key_is_valid(bytes_text("dGhlIHNhbXBsZSBub25jZ?==")));
}

static void feed(struct upgrade *upgrade, const char *in, size_t step)
{
    size_t len = strlen(in);
    for (size_t at = 0; at < len; at += step) {
        size_t take = len - at < step ? len - at : step;
        if (upgrade->state != UPGRADE_HEAD && upgrade->state != UPGRADE_BODY) {
            /* from here on the bytes are the stream's */
            assert_int_equal(buf_append(&upgrade->in, bytes_of(in + at, take)), NET_OK);
        } else {
            upgrade_input(upgrade, bytes_of(in + at, take));
        }
    }
}

static void good_answer(const struct upgrade *upgrade, char *out, size_t size, const char *more)
{
    char accept[WEBSOCKET_ACCEPT_SIZE];
    websocket_key_accept(bytes_text(upgrade->key), accept);
    text_format(out, size,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Accept: %s\r\n%s",
                accept, more);
}

static void test_an_answer_split_anywhere_opens_and_keeps_what_follows(void **state)
{
    (void)state;
    for (size_t step = 1; step < 250; step++) {
        struct upgrade upgrade;
        char answer[512];
        begin(&upgrade, "websocket", "derp");
        good_answer(&upgrade, answer, sizeof answer,
                    "Sec-WebSocket-Protocol: derp\r\n\r\nfirst\r\n\r\nbytes");
        feed(&upgrade, answer, step);
        assert_int_equal(upgrade.state, UPGRADE_OPEN);
        assert_true(bytes_equal(buf_view(&upgrade.in), bytes_text("first\r\n\r\nbytes")));
        upgrade_clear(&upgrade);
    }
}

static void test_interim_answers_are_passed_over(void **state)
{
    (void)state;
    struct upgrade upgrade;
    begin(&upgrade, "DERP", NULL);
    feed(&upgrade, "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 101 ok\r\nUpgrade: derp\r\n\r\nX",
         1000);
    assert_int_equal(upgrade.state, UPGRADE_OPEN);
    assert_true(bytes_equal(buf_view(&upgrade.in), bytes_text("X")));
    upgrade_clear(&upgrade);
}

static void check_broken(const char *subprotocol, const char *answer, const char *text)
{
    struct upgrade upgrade;
    begin(&upgrade, "websocket", subprotocol);
    char whole[512];
    if (answer[0] == '+') {
        good_answer(&upgrade, whole, sizeof whole, answer + 1);
    } else {
        text_copy(whole, sizeof whole, answer);
    }
    feed(&upgrade, whole, 1000);
    assert_int_equal(upgrade.state, UPGRADE_BROKEN);
    if (strstr(upgrade.failure.text, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, upgrade.failure.text);
    }
    upgrade_clear(&upgrade);
}

static void test_a_101_that_is_not_what_was_asked_for_is_refused(void **state)
{
    (void)state;
    check_broken("derp", "+\r\n", "subprotocol");
    check_broken("derp", "+Sec-WebSocket-Protocol: other\r\n\r\n", "subprotocol");
    check_broken(NULL, "+Sec-WebSocket-Protocol: other\r\n\r\n", "subprotocol");
    check_broken(NULL, "+Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "extension");
    check_broken(NULL, "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n", "another websocket request");
    check_broken(NULL,
                 "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n"
                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
                 "another websocket request");
    check_broken(NULL, "HTTP/1.1 101 x\r\nUpgrade: DERP\r\n\r\n", "another protocol");
    check_broken(NULL, "HTTP/1.1 101 x\r\n\r\n", "another protocol");
    check_broken(NULL, "SSH-2.0-OpenSSH\r\n\r\n", "not HTTP");
}

static void test_a_refusal_keeps_status_type_and_body(void **state)
{
    (void)state;
    static const char answer[] = "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html; charset=x\r\n"
                                 "Content-Length: 9\r\n\r\n<html>no!";
    for (size_t step = 1; step < sizeof answer; step++) {
        struct upgrade upgrade;
        begin(&upgrade, "DERP", NULL);
        feed(&upgrade, answer, step);
        assert_int_equal(upgrade.state, UPGRADE_REFUSED);
        assert_int_equal(upgrade.status, 403);
        assert_true(upgrade.is_html);
        assert_string_equal(upgrade.content_type, "text/html; charset=x");
        assert_string_equal((const char *)upgrade_body(&upgrade).ptr, "<html>no!");
        upgrade_clear(&upgrade);
    }
}

static void test_a_refusal_that_goes_on_for_ever_is_cut(void **state)
{
    (void)state;
    struct upgrade upgrade;
    uint8_t chunk[4096];
    memset(chunk, 'x', sizeof chunk);
    begin(&upgrade, "DERP", NULL);
    upgrade_input(&upgrade, bytes_text("HTTP/1.1 502 Bad\r\n\r\n"));
    for (int i = 0; i < 5 && upgrade.state == UPGRADE_BODY; i++) {
        upgrade_input(&upgrade, bytes_of(chunk, sizeof chunk));
    }
    assert_int_equal(upgrade.state, UPGRADE_REFUSED);
    assert_int_equal(upgrade_body(&upgrade).len, UPGRADE_BODY_MAX);
    assert_int_equal(upgrade_body(&upgrade).ptr[UPGRADE_BODY_MAX], 0);
    upgrade_clear(&upgrade);
}

static void test_a_head_without_end_is_given_up(void **state)
{
    (void)state;
    struct upgrade upgrade;
    begin(&upgrade, "DERP", NULL);
    upgrade_input(&upgrade, bytes_text("HTTP/1.1 101 x\r\n"));
    for (int i = 0; i < 20000 && upgrade.state == UPGRADE_HEAD; i++) {
        upgrade_input(&upgrade, bytes_text("a: b\r\n"));
    }
    assert_int_equal(upgrade.state, UPGRADE_BROKEN);
    assert_int_equal(upgrade.failure.code, NET_ERR_TOO_BIG);
    upgrade_clear(&upgrade);
}

static void test_an_end_before_the_head_is_no_answer_and_within_the_body_a_refusal(void **state)
{
    (void)state;
    struct upgrade upgrade;
    begin(&upgrade, "DERP", NULL);
    upgrade_input(&upgrade, bytes_text("HTTP/1.1 500 x\r\n"));
    assert_false(upgrade_input_end(&upgrade));
    upgrade_input(&upgrade, bytes_text("Content-Length: 100\r\n\r\nhalf"));
    assert_int_equal(upgrade.state, UPGRADE_BODY);
    assert_true(upgrade_input_end(&upgrade));
    assert_int_equal(upgrade.state, UPGRADE_REFUSED);
    assert_string_equal((const char *)upgrade_body(&upgrade).ptr, "half");
    upgrade_clear(&upgrade);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_request_is_as_the_servers_want_it),
        cmocka_unit_test(test_the_accept_key_is_that_of_the_rfc),
        cmocka_unit_test(test_an_answer_split_anywhere_opens_and_keeps_what_follows),
        cmocka_unit_test(test_interim_answers_are_passed_over),
        cmocka_unit_test(test_a_101_that_is_not_what_was_asked_for_is_refused),
        cmocka_unit_test(test_a_refusal_keeps_status_type_and_body),
        cmocka_unit_test(test_a_refusal_that_goes_on_for_ever_is_cut),
        cmocka_unit_test(test_a_head_without_end_is_given_up),
        cmocka_unit_test(test_an_end_before_the_head_is_no_answer_and_within_the_body_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
