#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/now.h"
#include "net/base/text.h"
#include "net/transport/websocket_stream.h"
#include "tests/support/http_rig_uv.h"
#include "tests/support/raw_server_uv.h"

#include <cmocka.h>

enum { MEGABYTES = 5 << 20 };

static void test_a_websocket_carries_megabytes_both_ways_at_once(void **state)
{
    (void)state;
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    struct dialled dialled = http_rig_dial_path(&rig, "/ws", DIAL_WEBSOCKET);
    assert_int_equal(dialled.failure.code, NET_OK);
    assert_int_equal(dialled.status, 101);
    assert_string_equal(rig.seen_header, "one");
    assert_string_equal(rig.seen_token, "secret");
    assert_string_equal(rig.seen_agent, "derptop/test");
    http_rig_exchange(&rig, dialled.stream, MEGABYTES);
    http_rig_end(&rig);
}

static void test_a_derp_upgrade_carries_megabytes_both_ways_at_once(void **state)
{
    (void)state;
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    struct dialled dialled = http_rig_dial_path(&rig, "/derp?q=1", DIAL_DERP);
    assert_int_equal(dialled.failure.code, NET_OK);
    assert_string_equal(rig.seen_query, "1");
    http_rig_exchange(&rig, dialled.stream, MEGABYTES);
    http_rig_end(&rig);
}

static void test_several_streams_live_beside_requests(void **state)
{
    (void)state;
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    struct stream *ends[8];
    for (size_t i = 0; i < 4; i++) {
        ends[2 * i] = http_rig_dial_path(&rig, "/ws", DIAL_WEBSOCKET).stream;
        ends[2 * i + 1] = rig.served;
        assert_non_null(ends[2 * i]);
        assert_int_equal(http_rig_get_path(&rig, "/hello%20world").status, 200);
    }
    for (int i = 0; i < 8; i++) {
        stream_close(ends[i]);
    }
    http_rig_end(&rig);
}

static void test_a_refused_upgrade_brings_status_and_body(void **state)
{
    (void)state;
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    struct dialled dialled = http_rig_dial_path(&rig, "/nothing?x=secret", DIAL_WEBSOCKET);
    assert_int_equal(dialled.failure.code, NET_ERR_REFUSED);
    assert_int_equal(dialled.failure.http_status, 404);
    assert_int_equal(dialled.status, 404);
    assert_null(dialled.stream);
    assert_string_equal(dialled.body, "{\"message\":\"no\"}");
    assert_string_equal(dialled.type, "application/json");
    assert_text_has(dialled.failure.text, "/nothing: the server answered 404");
    assert_null(strstr(dialled.failure.text, "secret"));
    dialled = http_rig_dial_path(&rig, "/moved", DIAL_DERP);
    assert_int_equal(dialled.status, 307);
    dialled = http_rig_dial_path(&rig, "/plain-ws", DIAL_WEBSOCKET);
    assert_int_equal(dialled.failure.code, NET_ERR_UNSUPPORTED); /* it wanted "derp" */
    stream_close(rig.served);
    http_rig_end(&rig);
}

static struct dialled dial_scripted(const struct raw_script *script, enum dial_mode mode)
{
    struct http_rig rig;
    char url[128];
    http_rig_begin(&rig, NULL);
    struct raw_server *raw = raw_server_new(&rig.loop, script);
    text_format(url, sizeof url, "http://127.0.0.1:%u/derp", raw_server_port(raw));
    struct dialled dialled = http_rig_dial(&rig, url, mode);
    if (dialled.stream != NULL) {
        stream_close(dialled.stream);
    }
    raw_server_close(raw);
    http_rig_end(&rig);
    return dialled;
}

static void test_a_web_page_in_place_of_the_relay_is_told(void **state)
{
    (void)state;
    struct dialled dialled = dial_scripted(
        &(struct raw_script){.answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                                       "Transfer-Encoding: chunked\r\n\r\n"
                                       "6\r\n<html>\r\n0\r\n\r\n",
                             .step = 1},
        DIAL_DERP);
    assert_int_equal(dialled.failure.code, NET_ERR_REFUSED);
    assert_int_equal(dialled.status, 200);
    assert_string_equal(dialled.body, "<html>");
    assert_string_equal(dialled.type, "text/html");
    assert_text_has(dialled.failure.text, "web page");
}

static void test_answers_that_break_off_or_are_no_http_fail_with_a_reason(void **state)
{
    (void)state;
    struct dialled dialled =
        dial_scripted(&(struct raw_script){.answer = "", .closes = true}, DIAL_DERP);
    assert_int_equal(dialled.failure.code, NET_ERR_IO);
    assert_text_has(dialled.failure.text, "without an answer");
    assert_int_equal(dialled.status, 0);
    dialled = dial_scripted(&(struct raw_script){.answer = "HTTP/1.1 101 x\r\nUp", .closes = true},
                            DIAL_DERP);
    assert_int_equal(dialled.failure.code, NET_ERR_IO);
    dialled = dial_scripted(&(struct raw_script){.answer = "RTSP/1.0 200 OK\r\n\r\n"}, DIAL_DERP);
    assert_int_equal(dialled.failure.code, NET_ERR_MALFORMED);
    assert_text_has(dialled.failure.text, "not HTTP");
    dialled = dial_scripted(&(struct raw_script){.answer = "HTTP/1.1 101 x\r\n", .endless = true},
                            DIAL_DERP);
    assert_int_equal(dialled.failure.code, NET_ERR_TOO_BIG);
    dialled = dial_scripted(
        &(struct raw_script){.answer = "HTTP/1.1 500 x\r\n\r\n", .endless = true}, DIAL_DERP);
    assert_int_equal(dialled.failure.code, NET_ERR_REFUSED);
    assert_int_equal(dialled.body_len, DIAL_BODY_MAX);
    dialled = dial_scripted(
        &(struct raw_script){.answer = "HTTP/1.1 403 x\r\nContent-Length: 90\r\n\r\nhalf",
                             .closes = true},
        DIAL_DERP);
    assert_int_equal(dialled.failure.code, NET_ERR_REFUSED);
    assert_string_equal(dialled.body, "half");
    dialled = dial_scripted(&(struct raw_script){.answer = "HTTP/1.1 101 x\r\n"
                                                           "Upgrade: websocket\r\n\r\n"},
                            DIAL_WEBSOCKET);
    assert_int_equal(dialled.failure.code, NET_ERR_UNSUPPORTED);
    assert_int_equal(dialled.failure.http_status, 101);
}

struct reading {
    struct stream *stream;
    char text[64];
    size_t len;
    unsigned wakes;
    bool has_all;
    size_t wanted;
    bool ended;
    enum net_err error;
    bool closes; /* inside wake, as soon as something came */
};

static void on_wake(void *owner)
{
    struct reading *reading = owner;
    size_t got = 0;
    reading->wakes++;
    assert_false(reading->ended);
    enum net_err err = NET_OK;
    while (err == NET_OK) {
        err = stream_read(reading->stream, (uint8_t *)reading->text + reading->len,
                          sizeof reading->text - 1 - reading->len, &got);
        if (err == NET_OK) {
            reading->len += got;
        }
    }
    reading->has_all = reading->len >= reading->wanted;
    if (err != NET_ERR_AGAIN || (reading->closes && reading->has_all)) {
        reading->ended = true;
        reading->error = err;
        stream_close(reading->stream);
    }
}

static void test_bytes_glued_to_the_101_are_the_streams_however_they_are_cut(void **state)
{
    (void)state;
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: DERP\r\n"
                                 "Connection: Upgrade\r\n\r\n\x01\r\n\r\nkey";
    for (size_t step = 0; step < sizeof answer; step += step < 3 ? 1 : 7) {
        struct http_rig rig;
        char url[128];
        http_rig_begin(&rig, NULL);
        struct raw_server *raw =
            raw_server_new(&rig.loop, &(struct raw_script){.answer = answer, .step = step});
        text_format(url, sizeof url, "http://127.0.0.1:%u/derp", raw_server_port(raw));
        struct reading reading = {.wanted = 8, .closes = true};
        reading.stream = http_rig_dial(&rig, url, DIAL_DERP).stream;
        assert_non_null(reading.stream);
        stream_attach(reading.stream, on_wake, &reading);
        assert_int_equal(reading.wakes, 0); /* never from inside a call */
        loop_until(&rig.loop, &reading.ended, "the glued bytes");
        assert_memory_equal(reading.text, "\x01\r\n\r\nkey", 8);
        loop_turns(&rig.loop, 5);
        raw_server_close(raw);
        http_rig_end(&rig);
    }
}

static void test_a_stream_that_its_server_ends_is_closed_in_order(void **state)
{
    (void)state;
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    for (int websocket = 0; websocket < 2; websocket++) {
        struct reading reading = {.wanted = 100};
        size_t taken = 0;
        reading.stream = http_rig_dial_path(&rig, websocket ? "/ws" : "/derp",
                                            websocket ? DIAL_WEBSOCKET : DIAL_DERP)
                             .stream;
        assert_non_null(reading.stream);
        assert_int_equal(stream_write(rig.served, bytes_text("bye"), &taken), NET_OK);
        assert_int_equal(taken, 3);
        stream_close(rig.served);
        stream_attach(reading.stream, on_wake, &reading);
        loop_until(&rig.loop, &reading.ended, "the end");
        assert_int_equal(reading.error, NET_ERR_CLOSED);
        assert_string_equal(reading.text, "bye");
    }
    http_rig_end(&rig);
}

static void test_a_websocket_that_is_cut_is_broken_and_says_so(void **state)
{
    (void)state;
    static const char tail[] = "\x82\x05"
                               "he";
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    struct dialled dialled = http_rig_dial_path(&rig, "/derp", DIAL_DERP);
    /* Two websocket ends over the raw streams, of which the server's breaks off. */
    struct reading reading = {.wanted = 100};
    struct stream *client = websocket_stream_new(dialled.stream, WEBSOCKET_CLIENT, rng_os());
    size_t taken = 0;
    reading.stream = client;
    assert_int_equal(stream_write(rig.served, bytes_of(tail, 4), &taken), NET_OK);
    stream_close(rig.served);
    stream_attach(client, on_wake, &reading);
    loop_until(&rig.loop, &reading.ended, "the end");
    assert_int_equal(reading.error, NET_ERR_IO);
    assert_string_equal(reading.text, "he");
    http_rig_end(&rig);
}

struct awaited_wake {
    const struct reading *reading;
    unsigned more_than;
};

static bool was_woken(void *owner)
{
    const struct awaited_wake *awaited = owner;
    return awaited->reading->wakes > awaited->more_than;
}

static void test_a_ping_of_the_server_is_answered_and_no_content(void **state)
{
    (void)state;
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    struct reading client = {.wanted = 100};
    struct reading server = {.wanted = 100};
    client.stream = http_rig_dial_path(&rig, "/ws", DIAL_WEBSOCKET).stream;
    server.stream = rig.served;
    stream_attach(client.stream, on_wake, &client);
    stream_attach(server.stream, on_wake, &server);
    loop_turns(&rig.loop, 5);
    struct awaited_wake awaited = {&server, server.wakes};
    websocket_stream_ping(server.stream);
    loop_until_call(&rig.loop, was_woken, &awaited, "the pong");
    assert_int_equal(client.len, 0);
    assert_int_equal(server.len, 0);
    stream_close(client.stream);
    stream_close(server.stream);
    http_rig_end(&rig);
}

static void test_backpressure_stops_a_writer_until_the_reader_reads(void **state)
{
    (void)state;
    static uint8_t chunk[100000];
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    struct stream *client = http_rig_dial_path(&rig, "/ws", DIAL_WEBSOCKET).stream;
    size_t total = 0;
    size_t taken = 0;
    unsigned idle = 0;
    while (idle < 200) {
        enum net_err err = stream_write(client, bytes_of(chunk, sizeof chunk), &taken);
        assert_true(err == NET_OK || err == NET_ERR_AGAIN);
        total += err == NET_OK ? taken : 0;
        idle = err == NET_OK ? 0 : idle + 1;
        loop_turns(&rig.loop, 1);
        assert_true(total < 64 << 20); /* what the system's buffers and ours hold */
    }
    size_t received = 0;
    while (received < total) {
        size_t got = 0;
        enum net_err err = stream_read(rig.served, chunk, sizeof chunk, &got);
        received += err == NET_OK ? got : 0;
        assert_true(err == NET_OK || err == NET_ERR_AGAIN);
        loop_turns(&rig.loop, err == NET_OK ? 0 : 1);
    }
    assert_int_equal(received, total);
    stream_close(client);
    stream_close(rig.served);
    http_rig_end(&rig);
}

static void test_what_was_written_arrives_though_it_is_closed_at_once(void **state)
{
    (void)state;
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    for (int websocket = 0; websocket < 2; websocket++) {
        struct stream *client = http_rig_dial_path(&rig, websocket ? "/ws" : "/derp",
                                                   websocket ? DIAL_WEBSOCKET : DIAL_DERP)
                                    .stream;
        struct reading server = {.stream = rig.served, .wanted = 100};
        size_t taken = 0;
        assert_int_equal(stream_write(client, bytes_text("last words"), &taken), NET_OK);
        stream_close(client);
        stream_attach(rig.served, on_wake, &server);
        loop_until(&rig.loop, &server.ended, "the end");
        assert_string_equal(server.text, "last words");
        assert_int_equal(server.error, NET_ERR_CLOSED);
    }
    http_rig_end(&rig);
}

static void test_a_stream_that_lingers_does_not_outlive_its_client(void **state)
{
    (void)state;
    static uint8_t chunk[100000];
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    struct stream *client = http_rig_dial_path(&rig, "/derp", DIAL_DERP).stream;
    size_t taken = 0;
    while (stream_write(client, bytes_of(chunk, sizeof chunk), &taken) == NET_OK) {
    }
    stream_close(client); /* with a block that nobody reads */
    http_client_close(rig.client);
    rig.client = NULL;
    stream_close(rig.served);
    http_rig_end(&rig);
}

static void test_a_silent_server_is_given_up_in_time(void **state)
{
    (void)state;
    struct http_rig rig;
    struct dialled dialled = {0};
    char url[128];
    http_rig_begin(&rig, NULL);
    struct raw_server *raw = raw_server_new(&rig.loop, &(struct raw_script){0});
    text_format(url, sizeof url, "http://127.0.0.1:%u/derp", raw_server_port(raw));
    struct dial_request request = {.url = url, .mode = DIAL_DERP, .timeout_ns = 60 * NS_PER_MS};
    (void)dial_start(rig.client, &request, got_dialled, &dialled);
    loop_until(&rig.loop, &dialled.done, "the time-out");
    assert_int_equal(dialled.failure.code, NET_ERR_TIMEOUT);
    assert_text_has(dialled.failure.text, "did not answer");
    raw_server_close(raw);
    raw = raw_server_new(&rig.loop,
                         &(struct raw_script){.answer = "HTTP/1.1 502 Bad\r\n\r\nthe proxy"});
    text_format(url, sizeof url, "http://127.0.0.1:%u/derp", raw_server_port(raw));
    dialled = (struct dialled){0};
    (void)dial_start(rig.client, &request, got_dialled, &dialled);
    loop_until(&rig.loop, &dialled.done, "the time-out within a body");
    assert_int_equal(dialled.failure.code, NET_ERR_REFUSED);
    assert_int_equal(dialled.status, 502);
    assert_string_equal(dialled.body, "the proxy");
    raw_server_close(raw);
    http_rig_end(&rig);
}

static void test_a_dial_can_be_cancelled_at_each_stage(void **state)
{
    (void)state;
    struct http_rig rig;
    struct dialled dialled = {0};
    char url[128];
    http_rig_begin(&rig, NULL);
    text_format(url, sizeof url, "%s/never", rig.url);
    struct dial_request request = {.url = url, .mode = DIAL_DERP, .timeout_ns = 5 * NS_PER_SEC};
    for (unsigned turns = 0; turns < 8; turns++) {
        struct dial *dial = dial_start(rig.client, &request, got_dialled, &dialled);
        loop_turns(&rig.loop, turns);
        dial_cancel(dial);
    }
    rig.has_kept = false;
    struct dial *dial = dial_start(rig.client, &request, got_dialled, &dialled);
    loop_until(&rig.loop, &rig.has_kept, "the request arrives");
    dial_cancel(dial);
    request.url = "nonsense";
    dial = dial_start(rig.client, &request, got_dialled, &dialled);
    dial_cancel(dial);
    loop_turns(&rig.loop, 20);
    assert_false(dialled.done);
    http_rig_end(&rig);
}

static void test_hosts_that_do_not_exist_or_refuse_are_told(void **state)
{
    (void)state;
    struct http_rig rig;
    char url[128];
    http_rig_begin(&rig, NULL);
    struct raw_server *raw = raw_server_new(&rig.loop, &(struct raw_script){0});
    text_format(url, sizeof url, "http://127.0.0.1:%u/derp", raw_server_port(raw));
    raw_server_close(raw);
    loop_turns(&rig.loop, 3);
    struct dialled dialled = http_rig_dial(&rig, url, DIAL_DERP);
    assert_int_equal(dialled.failure.code, NET_ERR_IO);
    assert_text_has(dialled.failure.text, "connection refused");
    dialled = http_rig_dial(&rig, "http://no-such-host.invalid/derp", DIAL_DERP);
    assert_int_equal(dialled.failure.code, NET_ERR_NOT_FOUND);
    dialled = http_rig_dial(&rig, "gopher://x/", DIAL_DERP);
    assert_int_equal(dialled.failure.code, NET_ERR_USAGE);
    http_rig_end(&rig);
}

static void test_a_target_leads_the_dial_to_its_address(void **state)
{
    (void)state;
    struct http_rig rig;
    struct dialled dialled = {0};
    char url[128];
    http_rig_begin(&rig, NULL);
    text_format(url, sizeof url, "http://relay.invalid:%u/derp", http_server_port(rig.server));
    struct dial_request request = {.url = url,
                                   .mode = DIAL_DERP,
                                   .timeout_ns = 5 * NS_PER_SEC,
                                   .target = {.ipv4 = "127.0.0.1"}};
    (void)dial_start(rig.client, &request, got_dialled, &dialled);
    loop_until(&rig.loop, &dialled.done, "the dial");
    assert_int_equal(dialled.failure.code, NET_OK);
    http_rig_exchange(&rig, dialled.stream, 1000);
    http_rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_websocket_carries_megabytes_both_ways_at_once),
        cmocka_unit_test(test_a_derp_upgrade_carries_megabytes_both_ways_at_once),
        cmocka_unit_test(test_several_streams_live_beside_requests),
        cmocka_unit_test(test_a_refused_upgrade_brings_status_and_body),
        cmocka_unit_test(test_a_web_page_in_place_of_the_relay_is_told),
        cmocka_unit_test(test_answers_that_break_off_or_are_no_http_fail_with_a_reason),
        cmocka_unit_test(test_bytes_glued_to_the_101_are_the_streams_however_they_are_cut),
        cmocka_unit_test(test_a_stream_that_its_server_ends_is_closed_in_order),
        cmocka_unit_test(test_a_websocket_that_is_cut_is_broken_and_says_so),
        cmocka_unit_test(test_a_ping_of_the_server_is_answered_and_no_content),
        cmocka_unit_test(test_backpressure_stops_a_writer_until_the_reader_reads),
        cmocka_unit_test(test_what_was_written_arrives_though_it_is_closed_at_once),
        cmocka_unit_test(test_a_stream_that_lingers_does_not_outlive_its_client),
        cmocka_unit_test(test_a_silent_server_is_given_up_in_time),
        cmocka_unit_test(test_a_dial_can_be_cancelled_at_each_stage),
        cmocka_unit_test(test_hosts_that_do_not_exist_or_refuse_are_told),
        cmocka_unit_test(test_a_target_leads_the_dial_to_its_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
