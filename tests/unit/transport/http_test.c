#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/now.h"
#include "net/base/text.h"
#include "net/transport/dial_uv.h"
#include "net/transport/http_server_uv.h"
#include "net/transport/http_uv.h"
#include "tests/support/loop_uv.h"

#include <cmocka.h>

struct rig {
    uv_loop_t loop;
    struct http_server *server;
    struct http_client *client;
    char url[128];         /* of the server, without a path */
    struct stream *served; /* the server's end of the last upgrade */
    char seen_header[64];
    char seen_token[64];
    char seen_query[64];
    struct http_exchange *kept;
};

static void handle(void *owner, struct http_exchange *exchange)
{
    struct rig *rig = owner;
    const char *path = http_exchange_path(exchange);
    const char *header = http_exchange_header(exchange, "x-extra");
    const char *token = http_exchange_header(exchange, "CODER-session-token");
    text_copy(rig->seen_header, sizeof rig->seen_header, header == NULL ? "" : header);
    text_copy(rig->seen_token, sizeof rig->seen_token, token == NULL ? "" : token);
    if (!http_exchange_query(exchange, "q", rig->seen_query, sizeof rig->seen_query)) {
        text_copy(rig->seen_query, sizeof rig->seen_query, "(none)");
    }
    if (strcmp(path, "/hello world") == 0) {
        const struct http_header version = {"X-Coder-Build-Version", "v2.30.0+abc\x1b[1m"};
        http_exchange_reply(exchange, 200, "application/json", &version, 1,
                            bytes_text("{\"a\":1}"));
    } else if (strcmp(path, "/ws") == 0) {
        rig->served = http_exchange_websocket(exchange, "derp");
    } else if (strcmp(path, "/derp") == 0) {
        rig->served = http_exchange_upgrade(exchange, "DERP", NULL, 0);
    } else if (strcmp(path, "/never") == 0) {
        rig->kept = exchange;
    } else if (strcmp(path, "/moved") == 0) {
        const struct http_header location = {"Location", "/hello%20world"};
        http_exchange_reply(exchange, 307, "text/html", &location, 1, bytes_text("<html>"));
    } else {
        http_exchange_reply(exchange, 404, "application/json", NULL, 0,
                            bytes_text("{\"message\":\"no\"}"));
    }
}

static void rig_begin(struct rig *rig)
{
    struct failure why;
    const struct http_header extra = {"X-Extra", "one"};
    const struct http_config config = {
        .user_agent = "derptop/test", .headers = &extra, .header_count = 1};
    memset(rig, 0, sizeof *rig);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    assert_int_equal(
        http_server_new(&rig->loop, "127.0.0.1", 0, handle, rig, NULL, &rig->server, &why), NET_OK);
    assert_int_equal(http_client_new(&rig->loop, &config, &rig->client, &why), NET_OK);
    text_format(rig->url, sizeof rig->url, "http://127.0.0.1:%u", http_server_port(rig->server));
}

static void rig_end(struct rig *rig)
{
    http_client_close(rig->client);
    http_server_close(rig->server);
    loop_finish(&rig->loop);
}

struct got {
    bool done;
    struct failure failure;
    int status;
    char type[64];
    char version[64];
    char body[128];
    size_t body_len;
    uint64_t first_byte_ns;
    struct http_client *close; /* closed in the call-back */
};

static void on_response(void *owner, const struct http_response *response)
{
    struct got *got = owner;
    got->done = true;
    got->failure = response->failure;
    got->status = response->status;
    text_copy(got->type, sizeof got->type, response->content_type);
    text_copy(got->version, sizeof got->version, response->build_version);
    got->body_len = response->body.len;
    got->first_byte_ns = response->first_byte_ns;
    if (response->body.ptr != NULL) {
        assert_int_equal(response->body.ptr[response->body.len], 0);
        text_copy(got->body, sizeof got->body, (const char *)response->body.ptr);
    }
    if (got->close != NULL) {
        http_client_close(got->close);
    }
}

static struct http_request request_of(struct rig *rig, const char *path, char *url, size_t size)
{
    text_format(url, size, "%s%s", rig->url, path);
    return (struct http_request){.url = url, .body_max = 1000, .timeout_ns = 5 * NS_PER_SEC};
}

static struct got get(struct rig *rig, const char *path)
{
    struct got got = {0};
    char url[256];
    struct http_request request = request_of(rig, path, url, sizeof url);
    assert_non_null(http_get(rig->client, &request, on_response, &got));
    assert_false(got.done);
    loop_until(&rig->loop, &got.done, "the answer to a GET");
    return got;
}

static void test_a_get_brings_status_type_version_body_and_latency(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct got got = get(&rig, "/hello%20world?x=1&q=a%26b+c");
    assert_int_equal(got.failure.code, NET_OK);
    assert_int_equal(got.status, 200);
    assert_string_equal(got.type, "application/json");
    assert_string_equal(got.version, "v2.30.0+abc\xef\xbf\xbd[1m");
    assert_string_equal(got.body, "{\"a\":1}");
    assert_true(got.first_byte_ns > 0 && got.first_byte_ns < NS_PER_SEC);
    assert_string_equal(rig.seen_header, "one");
    assert_string_equal(rig.seen_query, "a&b c");
    got = get(&rig, "/other");
    assert_int_equal(got.status, 404);
    assert_string_equal(got.body, "{\"message\":\"no\"}");
    assert_string_equal(got.version, "");
    assert_string_equal(rig.seen_query, "(none)");
    rig_end(&rig);
}

static void test_a_redirect_is_an_answer_and_is_not_followed(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct got got = get(&rig, "/moved");
    assert_int_equal(got.failure.code, NET_OK);
    assert_int_equal(got.status, 307);
    rig_end(&rig);
}

struct dialled {
    bool done;
    struct failure failure;
    struct stream *stream;
    int status;
    char body[64];
    char type[64];
};

static void on_dialled(void *owner, struct dial_outcome *outcome)
{
    struct dialled *dialled = owner;
    dialled->done = true;
    dialled->failure = outcome->failure;
    dialled->stream = outcome->stream;
    dialled->status = outcome->status;
    text_copy(dialled->type, sizeof dialled->type, outcome->content_type);
    text_copy(dialled->body, sizeof dialled->body, (const char *)outcome->body.ptr);
}

static struct dialled dial(struct rig *rig, const char *path, enum dial_mode mode)
{
    struct dialled dialled = {0};
    char url[256];
    const struct http_header token = {"Coder-Session-Token", "secret"};
    text_format(url, sizeof url, "%s%s", rig->url, path);
    struct dial_request request = {.url = url,
                                   .mode = mode,
                                   .subprotocol = mode == DIAL_WEBSOCKET ? "derp" : NULL,
                                   .headers = &token,
                                   .header_count = 1,
                                   .timeout_ns = 5 * NS_PER_SEC};
    assert_non_null(dial_start(rig->client, &request, on_dialled, &dialled));
    loop_until(&rig->loop, &dialled.done, "the end of a dial");
    return dialled;
}

/* One end of a stream that sends `total` bytes of a known pattern and checks what comes. */
struct end {
    struct stream *stream;
    size_t total;
    size_t sent;
    size_t received;
    bool wrong;
    bool closed;
    enum net_err error;
};

static uint8_t pattern(size_t at)
{
    return (uint8_t)(at * 7 + at / 251);
}

static void end_write(struct end *end)
{
    while (end->sent < end->total) {
        uint8_t chunk[50000];
        size_t len = end->total - end->sent < sizeof chunk ? end->total - end->sent : sizeof chunk;
        size_t taken = 0;
        for (size_t i = 0; i < len; i++) {
            chunk[i] = pattern(end->sent + i);
        }
        enum net_err err = stream_write(end->stream, bytes_of(chunk, len), &taken);
        if (err != NET_OK) {
            end->error = err == NET_ERR_AGAIN ? NET_OK : err;
            return;
        }
        end->sent += taken;
    }
}

static void end_wake(void *owner)
{
    struct end *end = owner;
    uint8_t chunk[30000];
    size_t got = 0;
    enum net_err err = stream_read(end->stream, chunk, sizeof chunk, &got);
    while (err == NET_OK) {
        for (size_t i = 0; i < got; i++) {
            end->wrong = end->wrong || chunk[i] != pattern(end->received + i);
        }
        end->received += got;
        err = stream_read(end->stream, chunk, sizeof chunk, &got);
    }
    if (err != NET_ERR_AGAIN) {
        end->closed = true;
        end->error = err;
        return;
    }
    end_write(end);
}

static bool both_complete(void *owner)
{
    struct end *ends = owner;
    return ends[0].received == ends[1].total && ends[1].received == ends[0].total;
}

static void exchange_bytes(struct rig *rig, struct stream *client, size_t total)
{
    struct end ends[2] = {{.stream = client, .total = total},
                          {.stream = rig->served, .total = total + 13}};
    stream_attach(client, end_wake, &ends[0]);
    stream_attach(rig->served, end_wake, &ends[1]);
    loop_until_call(&rig->loop, both_complete, ends, "both directions are complete");
    assert_false(ends[0].wrong || ends[1].wrong);
    stream_close(client);
    loop_until(&rig->loop, &ends[1].closed, "the server sees the end");
    assert_int_equal(ends[1].error, NET_ERR_CLOSED);
    stream_close(rig->served);
}

static void test_a_websocket_carries_megabytes_both_ways_at_once(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct dialled dialled = dial(&rig, "/ws", DIAL_WEBSOCKET);
    assert_int_equal(dialled.failure.code, NET_OK);
    assert_int_equal(dialled.status, 101);
    assert_string_equal(rig.seen_header, "one");
    assert_string_equal(rig.seen_token, "secret");
    exchange_bytes(&rig, dialled.stream, 5 << 20);
    rig_end(&rig);
}

static void test_a_derp_upgrade_carries_megabytes_both_ways_at_once(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct dialled dialled = dial(&rig, "/derp", DIAL_DERP);
    assert_int_equal(dialled.failure.code, NET_OK);
    exchange_bytes(&rig, dialled.stream, 5 << 20);
    rig_end(&rig);
}

static void test_a_refused_upgrade_brings_status_and_body(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct dialled dialled = dial(&rig, "/nothing", DIAL_WEBSOCKET);
    assert_int_equal(dialled.failure.code, NET_ERR_REFUSED);
    assert_int_equal(dialled.failure.http_status, 404);
    assert_int_equal(dialled.status, 404);
    assert_string_equal(dialled.body, "{\"message\":\"no\"}");
    assert_string_equal(dialled.type, "application/json");
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_get_brings_status_type_version_body_and_latency),
        cmocka_unit_test(test_a_redirect_is_an_answer_and_is_not_followed),
        cmocka_unit_test(test_a_websocket_carries_megabytes_both_ways_at_once),
        cmocka_unit_test(test_a_derp_upgrade_carries_megabytes_both_ways_at_once),
        cmocka_unit_test(test_a_refused_upgrade_brings_status_and_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
