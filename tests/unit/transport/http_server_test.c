#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/now.h"
#include "net/base/text.h"
#include "tests/support/http_rig_uv.h"

#include <cmocka.h>

enum { ANSWER_SIZE = 64 << 10 };

/* A client that sends bytes as they are, `step` a turn, and keeps what comes back. */
struct talker {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    uv_buf_t out;
    const char *in;
    size_t len;
    size_t sent;
    size_t step;
    char answer[ANSWER_SIZE];
    size_t answer_len;
    const char *wanted; /* until this is in the answer; NULL: until the server closes */
    bool ended;
    bool closed;
    char chunk[4096];
};

static void on_memory(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct talker *talker = handle->data;
    (void)suggested;
    *out = uv_buf_init(talker->chunk, sizeof talker->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct talker *talker = stream->data;
    if (len < 0) {
        talker->ended = true;
        return;
    }
    size_t room = sizeof talker->answer - 1 - talker->answer_len;
    size_t take = (size_t)len < room ? (size_t)len : room;
    memcpy(talker->answer + talker->answer_len, buf->base, take);
    talker->answer_len += take;
}

static void go_on(struct talker *talker);

static void on_written(uv_write_t *write, int status)
{
    if (status == 0) {
        go_on(write->data);
    }
}

static void go_on(struct talker *talker)
{
    size_t left = talker->len - talker->sent;
    size_t len = talker->step == 0 || left < talker->step ? left : talker->step;
    if (len == 0) {
        return;
    }
    union {
        const char *in;
        char *base;
    } memory = {talker->in + talker->sent};
    talker->out = uv_buf_init(memory.base, (unsigned)len);
    talker->sent += len;
    talker->write.data = talker;
    (void)uv_write(&talker->write, (uv_stream_t *)&talker->tcp, &talker->out, 1, on_written);
}

static void on_connected(uv_connect_t *connect, int status)
{
    assert_int_equal(status, 0);
    struct talker *talker = connect->data;
    (void)uv_read_start((uv_stream_t *)&talker->tcp, on_memory, on_read);
    go_on(talker);
}

static bool has_enough(void *owner)
{
    const struct talker *talker = owner;
    return talker->wanted == NULL ? talker->ended : strstr(talker->answer, talker->wanted) != NULL;
}

static void on_closed(uv_handle_t *handle)
{
    ((struct talker *)handle->data)->closed = true;
}

/* The answer to bytes; free it with free(). */
static char *talk(struct http_rig *rig, const char *in, size_t len, size_t step, const char *wanted)
{
    struct talker *talker = mem_new(sizeof *talker);
    struct sockaddr_in at;
    talker->in = in;
    talker->len = len;
    talker->step = step;
    talker->wanted = wanted;
    (void)uv_tcp_init(&rig->loop, &talker->tcp);
    talker->tcp.data = talker;
    talker->connect.data = talker;
    assert_int_equal(uv_ip4_addr("127.0.0.1", http_server_port(rig->server), &at), 0);
    assert_int_equal(
        uv_tcp_connect(&talker->connect, &talker->tcp, (const struct sockaddr *)&at, on_connected),
        0);
    loop_until_call(&rig->loop, has_enough, talker, wanted == NULL ? "the end" : wanted);
    uv_close((uv_handle_t *)&talker->tcp, on_closed);
    loop_until(&rig->loop, &talker->closed, "the client is closed");
    char *answer = mem_text(talker->answer);
    free(talker);
    return answer;
}

static char *talk_text(struct http_rig *rig, const char *in, const char *wanted)
{
    return talk(rig, in, strlen(in), 0, wanted);
}

static void test_a_request_may_come_in_any_pieces(void **state)
{
    (void)state;
    static const char request[] = "GET /hello%20world?q=1 HTTP/1.1\r\nHost: x\r\nX-Extra: 7\r\n"
                                  "X-Empty:\r\nConnection: close\r\n\r\n";
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    for (size_t step = 1; step < sizeof request; step += step < 4 ? 1 : 9) {
        char *answer = talk(&rig, request, sizeof request - 1, step, NULL);
        assert_text_has(answer, "HTTP/1.1 200 OK\r\n");
        assert_text_has(answer, "Content-Type: application/json\r\n");
        assert_text_has(answer, "Content-Length: 7\r\nConnection: close\r\n\r\n{\"a\":1}");
        assert_string_equal(rig.seen_header, "7");
        free(answer);
    }
    http_rig_end(&rig);
}

static void test_requests_in_a_row_are_answered_in_order_on_one_connection(void **state)
{
    (void)state;
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    char *answer = talk_text(&rig,
                             "GET /other HTTP/1.1\r\n\r\nGET /hello%20world HTTP/1.1\r\n\r\n"
                             "GET /moved HTTP/1.0\r\n\r\nGET /never HTTP/1.1\r\n\r\n",
                             NULL);
    const char *first = strstr(answer, "404 Not Found");
    const char *second = strstr(answer, "200 OK");
    const char *third = strstr(answer, "307");
    assert_true(first != NULL && second != NULL && third != NULL);
    assert_true(first < second && second < third);
    assert_int_equal(rig.requests, 3); /* 1.0 ends the connection */
    free(answer);
    http_rig_end(&rig);
}

static void test_malformed_requests_get_400_and_the_end(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET /%zz HTTP/1.1\r\n\r\n",
        "GET /%00 HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "\x16\x03\x01\x02\r\n\r\n",
    };
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *answer = talk_text(&rig, bad[i], NULL);
        assert_text_has(answer, "HTTP/1.1 400 Bad Request\r\n");
        free(answer);
    }
    char *answer = talk_text(&rig, "POST / HTTP/1.1\r\n\r\n", NULL);
    assert_text_has(answer, "HTTP/1.1 405 ");
    free(answer);
    assert_int_equal(rig.requests, 0);
    http_rig_end(&rig);
}

static void test_a_head_beyond_the_limit_gets_431(void **state)
{
    (void)state;
    struct http_rig rig;
    char *request = mem_new(70000);
    memset(request, 'a', 69999);
    memcpy(request, "GET / HTTP/1.1\r\na: ", 19);
    http_rig_begin(&rig, NULL);
    char *answer = talk(&rig, request, 17000, 1000, "431");
    free(answer);
    memcpy(request + 15000, "\r\n\r\n", 5);
    answer = talk_text(&rig, request, "404"); /* long, but within it */
    free(answer);
    free(request);
    http_rig_end(&rig);
}

static void test_only_valid_websocket_requests_are_upgraded(void **state)
{
    (void)state;
    static const char good[] = "GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\n"
                               "Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                               "Sec-WebSocket-Protocol: chat, derp\r\n\r\n";
    static const char *const faults[][2] = {
        {"Upgrade\r\n", "close\r\n"}, {": WebSocket", ": h2c"},
        {" 13\r\n", " 12\r\n"},       {"dGhl", "####"},
        {", derp", ", other"},
    };
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char request[sizeof good + 16];
        const char *at = strstr(good, faults[i][0]);
        assert_non_null(at);
        text_format(request, sizeof request, "%.*s%s%s", (int)(at - good), good, faults[i][1],
                    at + strlen(faults[i][0]));
        char *answer = talk_text(&rig, request, NULL);
        assert_text_has(answer, "HTTP/1.1 400 ");
        assert_null(rig.served);
        free(answer);
    }
    char *answer = talk_text(&rig, good, "\r\n\r\n");
    assert_text_has(answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n");
    assert_text_has(answer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
    assert_text_has(answer, "Sec-WebSocket-Protocol: derp\r\n");
    assert_non_null(rig.served);
    stream_close(rig.served);
    free(answer);
    http_rig_end(&rig);
}

struct reading {
    struct stream *stream;
    char text[64];
    size_t len;
    bool has_all;
};

static void on_wake(void *owner)
{
    struct reading *reading = owner;
    size_t got = 0;
    while (stream_read(reading->stream, (uint8_t *)reading->text + reading->len,
                       sizeof reading->text - 1 - reading->len, &got) == NET_OK) {
        reading->len += got;
    }
    reading->has_all = reading->len == 5;
}

static void test_bytes_glued_to_an_upgrade_request_are_the_streams(void **state)
{
    (void)state;
    struct http_rig rig;
    http_rig_begin(&rig, NULL);
    char *answer = talk_text(&rig, "GET /derp HTTP/1.1\r\nUpgrade: DERP\r\n\r\nglued", "\r\n\r\n");
    struct reading reading = {.stream = rig.served};
    assert_text_has(answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: DERP\r\n");
    stream_attach(rig.served, on_wake, &reading);
    loop_until(&rig.loop, &reading.has_all, "the glued bytes");
    assert_string_equal(reading.text, "glued");
    stream_close(rig.served);
    free(answer);
    http_rig_end(&rig);
}

static void test_a_large_answer_waits_for_a_slow_reader(void **state)
{
    (void)state;
    struct http_rig rig;
    char url[128];
    struct got got = {0};
    http_rig_begin(&rig, NULL);
    text_format(url, sizeof url, "%s/large", rig.url);
    struct http_request request = {.url = url, .body_max = 4000000, .timeout_ns = 8 * NS_PER_SEC};
    (void)http_get(rig.client, &request, got_response, &got);
    loop_until(&rig.loop, &got.done, "the large answer");
    assert_int_equal(got.status, 200);
    assert_int_equal(got.body_len, 3000000);
    http_rig_end(&rig);
}

static void test_an_answer_may_come_later_and_to_nobody(void **state)
{
    (void)state;
    struct http_rig rig;
    char url[128];
    struct got got = {0};
    http_rig_begin(&rig, NULL);
    text_format(url, sizeof url, "%s/never", rig.url);
    struct http_request request = {.url = url, .body_max = 100, .timeout_ns = 8 * NS_PER_SEC};
    (void)http_get(rig.client, &request, got_response, &got);
    loop_until(&rig.loop, &rig.has_kept, "the request");
    http_exchange_reply(rig.kept, 200, "text/plain", NULL, 0, bytes_text("late"));
    loop_until(&rig.loop, &got.done, "the answer");
    assert_string_equal(got.body, "late");
    rig.has_kept = false;
    struct http_call *call = http_get(rig.client, &request, got_response, &got);
    loop_until(&rig.loop, &rig.has_kept, "the request");
    http_cancel(call);
    loop_turns(&rig.loop, 5);
    http_exchange_reply(rig.kept, 200, "text/plain", NULL, 0, bytes_text("to nobody"));
    loop_turns(&rig.loop, 5);
    http_rig_end(&rig);
}

static void test_an_address_in_use_is_refused_with_a_reason(void **state)
{
    (void)state;
    struct http_rig rig;
    struct http_server *second = NULL;
    struct failure why = {0};
    http_rig_begin(&rig, NULL);
    assert_int_equal(http_server_new(&rig.loop, "127.0.0.1", http_server_port(rig.server), NULL,
                                     NULL, NULL, &second, &why),
                     NET_ERR_IO);
    assert_text_has(why.text, "cannot listen on 127.0.0.1 port");
    assert_text_has(why.text, "address already in use");
    assert_int_equal(http_server_new(&rig.loop, "nonsense", 0, NULL, NULL, NULL, &second, &why),
                     NET_ERR_IO);
    http_rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_may_come_in_any_pieces),
        cmocka_unit_test(test_requests_in_a_row_are_answered_in_order_on_one_connection),
        cmocka_unit_test(test_malformed_requests_get_400_and_the_end),
        cmocka_unit_test(test_a_head_beyond_the_limit_gets_431),
        cmocka_unit_test(test_only_valid_websocket_requests_are_upgraded),
        cmocka_unit_test(test_bytes_glued_to_an_upgrade_request_are_the_streams),
        cmocka_unit_test(test_a_large_answer_waits_for_a_slow_reader),
        cmocka_unit_test(test_an_answer_may_come_later_and_to_nobody),
        cmocka_unit_test(test_an_address_in_use_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
