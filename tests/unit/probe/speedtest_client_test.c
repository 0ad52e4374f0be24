/*
 * Client and server of the speed test, alone and with each other, on a wire of this file's.
 */
#include "net/probe/speedtest_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/probe/speedtest_server.h"
#include "tests/support/vectors.h"

#include <cmocka.h>

enum { START_S = 50 };

static struct speedtest_client client;
static struct speedtest_server server;
static uint8_t block[SPEEDTEST_BLOCK];
static mono_ns now;

static void begin(enum speedtest_direction direction, uint64_t duration_ns)
{
    now = START_S * NS_PER_SEC;
    speedtest_client_init(&client, direction, duration_ns, block, now);
    speedtest_server_init(&server, block, now);
}

static void input(const char *text)
{
    speedtest_client_input(&client, now, bytes_text(text));
}

/* Connected, our line is written and acknowledged. */
static void ask(void)
{
    speedtest_client_opened(&client, now);
    size_t len = speedtest_client_output(&client, now).len;
    speedtest_client_sent(&client, now, len);
    assert_int_equal(speedtest_client_output(&client, now).len, 0);
    speedtest_client_acked(&client, now, len);
}

static void pass(uint64_t ms)
{
    now += ms * NS_PER_MS;
    speedtest_client_tick(&client, now);
}

/* Lets the machine's deadlines come, one after the other, until it is over. */
static void wait_until_over(void)
{
    for (int i = 0; i < 10000 && !speedtest_client_is_over(&client); i++) {
        mono_ns next = speedtest_client_deadline(&client);
        assert_true(next > now && next != MONO_NEVER);
        now = next;
        speedtest_client_tick(&client, now);
    }
    assert_true(speedtest_client_is_over(&client));
    assert_int_equal(speedtest_client_deadline(&client), MONO_NEVER);
    assert_int_equal(speedtest_client_output(&client, now).len, 0);
}

static void check_failed(enum net_err code, const char *text)
{
    assert_int_equal(client.state, SPEEDTEST_FAILED);
    assert_int_equal(client.failure.code, code);
    assert_non_null(strstr(client.failure.text, text));
}

/* --- the client alone -------------------------------------------------------------------------
 */

static void test_the_genuine_conversations_are_ours_cut_anywhere(void **state)
{
    (void)state;
    cJSON *root = vectors_load("speedtest.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "conversations"))
    {
        struct bytes ours = vectors_hex(item, "client_config");
        struct bytes answer = vectors_hex(item, "server_response");
        bool up = strcmp(vectors_text(item, "direction"), "upload") == 0;
        for (size_t cut = 0; cut <= answer.len; cut++) {
            begin(up ? SPEEDTEST_UP : SPEEDTEST_DOWN, (uint64_t)vectors_int(item, "duration_ns"));
            speedtest_client_opened(&client, now);
            assert_true(bytes_equal(speedtest_client_output(&client, now), ours));
            ask();
            speedtest_client_input(&client, now, bytes_of(answer.ptr, cut));
            assert_int_equal(client.state, cut < answer.len ? SPEEDTEST_ASKING : SPEEDTEST_RUNNING);
            speedtest_client_input(&client, now, bytes_of(answer.ptr + cut, answer.len - cut));
            assert_int_equal(client.state, SPEEDTEST_RUNNING);
            assert_int_equal(speedtest_client_output(&client, now).len, up ? SPEEDTEST_BLOCK : 0);
        }
        vectors_free(ours);
        vectors_free(answer);
    }
    cJSON_Delete(root);
}

static void test_payload_that_is_glued_to_the_answer_counts(void **state)
{
    (void)state;
    const char *whole = "{}\n0123456789";
    size_t len = strlen(whole);
    for (size_t cut = 0; cut <= len; cut++) {
        begin(SPEEDTEST_DOWN, NS_PER_SEC);
        ask();
        speedtest_client_input(&client, now, bytes_of(whole, cut));
        speedtest_client_input(&client, now, bytes_of(whole + cut, len - cut));
        assert_int_equal(client.meter.bytes, 10);
        pass(1000);
        speedtest_client_ended(&client, now);
        assert_int_equal(client.state, SPEEDTEST_DONE);
    }
}

static void test_a_line_too_slow_for_a_block_has_its_result_from_bytes(void **state)
{
    (void)state;
    begin(SPEEDTEST_DOWN, 2 * NS_PER_SEC);
    ask();
    input("{}\n");
    for (int i = 0; i < 20; i++) {
        pass(100);
        input("1234567890");
    }
    speedtest_client_ended(&client, now);
    assert_int_equal(client.state, SPEEDTEST_DONE);
    assert_int_equal(client.meter.row_count, 0);
    struct speedtest_row total = speedtest_meter_total(&client.meter);
    assert_int_equal(speedtest_rate(total.bytes, total.end_ns), 800);
}

static void test_a_server_that_does_not_answer_is_given_up(void **state)
{
    (void)state;
    begin(SPEEDTEST_DOWN, NS_PER_SEC);
    wait_until_over();
    check_failed(NET_ERR_TIMEOUT, "does not answer on its speed test's port");
    begin(SPEEDTEST_DOWN, NS_PER_SEC);
    ask();
    wait_until_over();
    check_failed(NET_ERR_TIMEOUT, "does not answer what it is asked");
    assert_int_equal(now, (START_S + SPEEDTEST_CONNECT_S) * NS_PER_SEC);
}

static void test_a_server_that_sends_nothing_is_stalled(void **state)
{
    (void)state;
    begin(SPEEDTEST_DOWN, 60 * NS_PER_SEC);
    ask();
    input("{}\n");
    wait_until_over();
    check_failed(NET_ERR_TIMEOUT, "stalled: the agent sends nothing");
    assert_int_equal(now, (START_S + SPEEDTEST_STALL_S) * NS_PER_SEC);
    begin(SPEEDTEST_UP, 60 * NS_PER_SEC);
    ask();
    input("{}\n");
    speedtest_client_sent(&client, now, 1000);
    pass(5000);
    speedtest_client_acked(&client, now, 500);
    wait_until_over();
    check_failed(NET_ERR_TIMEOUT, "stalled: nothing is acknowledged");
    assert_int_equal(now, (START_S + 5 + SPEEDTEST_STALL_S) * NS_PER_SEC);
    assert_int_equal(client.meter.bytes, 500); /* kept */
}

static void test_a_short_test_without_a_byte_fails_at_its_end(void **state)
{
    (void)state;
    begin(SPEEDTEST_DOWN, NS_PER_SEC);
    ask();
    input("{}\n");
    wait_until_over();
    check_failed(NET_ERR_TIMEOUT, "stalled");
}

static void test_a_server_that_never_stops_is_stopped_with_what_was_measured(void **state)
{
    (void)state;
    begin(SPEEDTEST_DOWN, 2 * NS_PER_SEC);
    ask();
    input("{}\n");
    for (int i = 0; i < 10000 && !speedtest_client_is_over(&client); i++) {
        pass(1);
        input("1234");
    }
    assert_int_equal(client.state, SPEEDTEST_DONE);
    assert_true(client.cut);
    assert_int_equal(now, (START_S + 2 + SPEEDTEST_GRACE_S) * NS_PER_SEC);
    assert_true(client.meter.bytes > 24000);
}

static void test_what_is_no_answer_is_named_so(void **state)
{
    (void)state;
    static const char *const garbage[] = {"SSH-2.0-Go\r\n", "HTTP/1.1 400 Bad Request\r\n", "\n",
                                          "[]\n", "{\"error\":3}\n"};
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        begin(SPEEDTEST_DOWN, NS_PER_SEC);
        ask();
        input(garbage[i]);
        check_failed(NET_ERR_MALFORMED, "no speed test server");
    }
    begin(SPEEDTEST_DOWN, NS_PER_SEC);
    ask();
    for (int i = 0; i < SPEEDTEST_LINE_MAX && !speedtest_client_is_over(&client); i++) {
        input("xyz");
    }
    check_failed(NET_ERR_MALFORMED, "no speed test server");
}

static void test_an_error_of_the_server_is_told(void **state)
{
    (void)state;
    begin(SPEEDTEST_UP, NS_PER_SEC);
    ask();
    input("{\"error\":\"version mismatch! Server is version 3\"}\n");
    check_failed(NET_ERR_REFUSED, "refuses the test: version mismatch! Server is version 3");
    speedtest_client_ended(&client, now); /* as it then does */
    check_failed(NET_ERR_REFUSED, "version mismatch");
}

static void test_a_connection_that_ends_or_breaks_says_when(void **state)
{
    (void)state;
    begin(SPEEDTEST_DOWN, NS_PER_SEC);
    speedtest_client_failed(&client, now, NET_ERR_CLOSED);
    check_failed(NET_ERR_CLOSED, "refuses connections");
    begin(SPEEDTEST_DOWN, NS_PER_SEC);
    ask();
    speedtest_client_ended(&client, now);
    check_failed(NET_ERR_CLOSED, "before the test began");
    begin(SPEEDTEST_DOWN, NS_PER_SEC);
    ask();
    input("{}\n");
    speedtest_client_ended(&client, now);
    check_failed(NET_ERR_CLOSED, "without a byte");
    begin(SPEEDTEST_DOWN, NS_PER_SEC);
    ask();
    input("{}\n12345678");
    pass(400);
    speedtest_client_failed(&client, now, NET_ERR_CLOSED);
    check_failed(NET_ERR_CLOSED, "reset the connection, 0.4 s after the start");
    assert_int_equal(client.meter.bytes, 8);
    begin(SPEEDTEST_UP, NS_PER_SEC);
    ask();
    input("{}\n");
    speedtest_client_sent(&client, now, 1000);
    speedtest_client_ended(&client, now);
    check_failed(NET_ERR_CLOSED, "ended the upload before its time");
}

static void test_a_test_that_is_stopped_keeps_what_it_measured(void **state)
{
    (void)state;
    begin(SPEEDTEST_DOWN, 30 * NS_PER_SEC);
    ask();
    input("{}\n");
    for (int i = 0; i < 12; i++) {
        pass(100);
        speedtest_client_input(&client, now, bytes_of(block, sizeof block));
    }
    speedtest_client_stop(&client, now);
    assert_int_equal(client.state, SPEEDTEST_DONE);
    assert_true(client.stopped);
    assert_int_equal(client.meter.row_count, 2);
    assert_int_equal(client.meter.bytes, 12 * sizeof block);
    speedtest_client_input(&client, now, bytes_of(block, 100));
    assert_int_equal(client.meter.bytes, 12 * sizeof block);
}

static void test_an_upload_counts_what_is_acknowledged(void **state)
{
    (void)state;
    begin(SPEEDTEST_UP, NS_PER_SEC);
    ask();
    input("{}\n");
    speedtest_client_sent(&client, now, SPEEDTEST_BLOCK);
    speedtest_client_sent(&client, now, SPEEDTEST_BLOCK);
    assert_int_equal(client.meter.bytes, 0);
    pass(600);
    speedtest_client_acked(&client, now, SPEEDTEST_BLOCK);
    assert_int_equal(client.meter.bytes, SPEEDTEST_BLOCK);
    assert_int_equal(speedtest_client_output(&client, now).len, SPEEDTEST_BLOCK);
    speedtest_client_sent(&client, now, 100);
    pass(600);
    assert_int_equal(speedtest_client_output(&client, now).len, SPEEDTEST_BLOCK - 100);
    speedtest_client_sent(&client, now, SPEEDTEST_BLOCK - 100);
    assert_true(speedtest_client_is_written(&client));
    assert_int_equal(speedtest_client_output(&client, now).len, 0);
    speedtest_client_acked(&client, now, 2 * SPEEDTEST_BLOCK - 1);
    assert_int_equal(client.state, SPEEDTEST_ENDING);
    pass(50);
    speedtest_client_acked(&client, now, 1 + 1 /* the FIN's, should a stack count it */);
    assert_int_equal(client.state, SPEEDTEST_DONE);
    assert_int_equal(client.source.acked, 3 * SPEEDTEST_BLOCK);
}

static void test_an_upload_is_never_too_far_ahead(void **state)
{
    (void)state;
    begin(SPEEDTEST_UP, 5 * NS_PER_SEC);
    ask();
    input("{}\n");
    for (int i = 0; i < SPEEDTEST_AHEAD / SPEEDTEST_BLOCK; i++) {
        speedtest_client_sent(&client, now, speedtest_client_output(&client, now).len);
    }
    assert_int_equal(client.source.written, SPEEDTEST_AHEAD);
    assert_int_equal(speedtest_client_output(&client, now).len, 0);
    speedtest_client_acked(&client, now, 100);
    assert_int_equal(speedtest_client_output(&client, now).len, 100);
    speedtest_client_ended(&client, now);
    check_failed(NET_ERR_CLOSED, "ended the upload before its time");
}

/* --- the server alone -------------------------------------------------------------------------
 */

static void server_input(const char *line)
{
    speedtest_server_init(&server, block, now);
    speedtest_server_input(&server, now, bytes_text(line));
}

static void check_refused(const char *line, const char *text)
{
    char error[SPEEDTEST_ERROR_SIZE];
    server_input(line);
    struct bytes out = speedtest_server_output(&server, now);
    size_t len = 0;
    assert_int_equal(speedtest_line_find_end(out, &len), NET_OK);
    assert_int_equal(speedtest_reply_decode(bytes_of(out.ptr, len), error), NET_OK);
    assert_non_null(strstr(error, text));
    speedtest_server_sent(&server, now, out.len);
    assert_int_equal(server.state, SPEEDTEST_SERVER_CLOSING);
    assert_int_equal(speedtest_server_output(&server, now).len, 0);
    speedtest_server_acked(&server, now, out.len);
    assert_true(speedtest_server_is_heard(&server));
}

static void test_the_server_refuses_what_the_genuine_one_refuses(void **state)
{
    (void)state;
    cJSON *root = vectors_load("speedtest.json");
    const cJSON *item = NULL;
    now = NS_PER_SEC;
    cJSON_ArrayForEach(item, vectors_get(root, "refused_configs"))
    {
        char line[512];
        struct bytes sends = vectors_hex(item, "client_sends");
        const char *expected = vectors_text(item, "server_response_text");
        bool version = strstr(expected, "version mismatch") != NULL;
        assert_true(sends.len < sizeof line);
        memcpy(line, sends.ptr, sends.len);
        line[sends.len] = '\0';
        check_refused(line, version ? "version mismatch! Server is version 2" : "not a line");
        if (version) {
            assert_memory_equal(server.out, expected, strlen(expected));
        }
        vectors_free(sends);
    }
    cJSON_Delete(root);
    check_refused("{\"version\":2,\"time\":0,\"direction\":0}\n", "lasts from");
    check_refused("{\"version\":2,\"time\":-5,\"direction\":0}\n", "lasts from");
    check_refused("{\"version\":2,\"time\":301000000000,\"direction\":0}\n", "to 300 s");
}

static void test_the_server_waits_for_nobody_for_ever(void **state)
{
    (void)state;
    static const char *const lines[] = {"", "{\"version\":2,\"time\":1000000000,\"direction\":0}\n",
                                        "{\"version\":2,\"time\":1000000000,\"direction\":1}\n",
                                        "{\"version\":1}\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        now = NS_PER_SEC;
        server_input(lines[i]);
        size_t len = speedtest_server_output(&server, now).len;
        speedtest_server_sent(&server, now, len);
        now = speedtest_server_deadline(&server);
        assert_in_range(now, 2 * NS_PER_SEC, 12 * NS_PER_SEC);
        speedtest_server_tick(&server, now);
        assert_int_equal(server.state, SPEEDTEST_SERVER_BROKEN);
    }
}

/* --- both -------------------------------------------------------------------------------------
 */

/* Carries up to `most` bytes each way and has them acknowledged at once. */
static void carry(size_t most)
{
    struct bytes out = speedtest_client_output(&client, now);
    out.len = out.len < most ? out.len : most;
    bool was_written = speedtest_client_is_written(&client);
    if (out.len > 0) {
        speedtest_client_sent(&client, now, out.len);
        speedtest_server_input(&server, now, out);
        speedtest_client_acked(&client, now, out.len);
    }
    if (!was_written && (speedtest_client_is_written(&client) || client.stopped)) {
        speedtest_server_ended(&server, now);
    }
    out = speedtest_server_output(&server, now);
    out.len = out.len < most ? out.len : most;
    if (out.len > 0) {
        speedtest_server_sent(&server, now, out.len);
        speedtest_client_input(&client, now, out);
        speedtest_server_acked(&server, now, out.len);
    }
    if (speedtest_server_is_heard(&server)) {
        speedtest_client_ended(&client, now);
    }
}

static void run_both(enum speedtest_direction direction, size_t most, uint64_t step_ns)
{
    begin(direction, NS_PER_SEC);
    speedtest_client_opened(&client, now);
    for (int i = 0; i < 2000000 && !speedtest_client_is_over(&client); i++) {
        carry(most);
        now += step_ns;
        speedtest_client_tick(&client, now);
        speedtest_server_tick(&server, now);
    }
    assert_int_equal(client.state, SPEEDTEST_DONE);
    assert_false(client.cut);
    assert_int_equal(client.meter.bytes % SPEEDTEST_BLOCK, 0);
    assert_true(client.meter.bytes > 0);
    assert_int_equal(client.meter.bytes,
                     direction == SPEEDTEST_DOWN ? server.source.acked : server.received);
    struct speedtest_row total = speedtest_meter_total(&client.meter);
    assert_in_range(total.end_ns, NS_PER_SEC, NS_PER_SEC + SPEEDTEST_BLOCK / most * step_ns + 2);
}

static void test_both_ends_count_the_same_bytes(void **state)
{
    (void)state;
    run_both(SPEEDTEST_DOWN, 65536, NS_PER_MS);
    run_both(SPEEDTEST_UP, 65536, NS_PER_MS);
    run_both(SPEEDTEST_DOWN, 1220, 10 * NS_PER_US);
    run_both(SPEEDTEST_UP, 1220, 10 * NS_PER_US);
    run_both(SPEEDTEST_DOWN, 999983, 20 * NS_PER_MS);
    run_both(SPEEDTEST_UP, 999983, 20 * NS_PER_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_genuine_conversations_are_ours_cut_anywhere),
        cmocka_unit_test(test_payload_that_is_glued_to_the_answer_counts),
        cmocka_unit_test(test_a_line_too_slow_for_a_block_has_its_result_from_bytes),
        cmocka_unit_test(test_a_server_that_does_not_answer_is_given_up),
        cmocka_unit_test(test_a_server_that_sends_nothing_is_stalled),
        cmocka_unit_test(test_a_short_test_without_a_byte_fails_at_its_end),
        cmocka_unit_test(test_a_server_that_never_stops_is_stopped_with_what_was_measured),
        cmocka_unit_test(test_what_is_no_answer_is_named_so),
        cmocka_unit_test(test_an_error_of_the_server_is_told),
        cmocka_unit_test(test_a_connection_that_ends_or_breaks_says_when),
        cmocka_unit_test(test_a_test_that_is_stopped_keeps_what_it_measured),
        cmocka_unit_test(test_an_upload_counts_what_is_acknowledged),
        cmocka_unit_test(test_an_upload_is_never_too_far_ahead),
        cmocka_unit_test(test_the_server_refuses_what_the_genuine_one_refuses),
        cmocka_unit_test(test_the_server_waits_for_nobody_for_ever),
        cmocka_unit_test(test_both_ends_count_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
