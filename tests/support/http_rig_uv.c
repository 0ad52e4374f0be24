#include "tests/support/http_rig_uv.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/now.h"
#include "net/base/text.h"

#include <cmocka.h>

enum { LARGE = 3000000 };

static void keep(char *out, size_t size, const struct http_exchange *exchange, const char *name)
{
    const char *value = http_exchange_header(exchange, name);
    text_copy(out, size, value == NULL ? "" : value);
}

static void reply_large(struct http_exchange *exchange)
{
    uint8_t *body = mem_new(LARGE);
    http_exchange_reply(exchange, 200, "text/plain", NULL, 0, bytes_of(body, LARGE));
    free(body);
}

static void handle(void *owner, struct http_exchange *exchange)
{
    struct http_rig *rig = owner;
    const char *path = http_exchange_path(exchange);
    rig->requests++;
    keep(rig->seen_header, sizeof rig->seen_header, exchange, "x-extra");
    keep(rig->seen_token, sizeof rig->seen_token, exchange, "CODER-session-token");
    keep(rig->seen_agent, sizeof rig->seen_agent, exchange, "User-Agent");
    if (!http_exchange_query(exchange, "q", rig->seen_query, sizeof rig->seen_query)) {
        text_copy(rig->seen_query, sizeof rig->seen_query, "(none)");
    }
    if (strcmp(path, "/hello world") == 0) {
        const struct http_header version = {"X-Coder-Build-Version", "v2.30.0+abc\x80"};
        http_exchange_reply(exchange, 200, "application/json", &version, 1,
                            bytes_text("{\"a\":1}"));
    } else if (strcmp(path, "/ws") == 0) {
        rig->served = http_exchange_websocket(exchange, "derp");
    } else if (strcmp(path, "/plain-ws") == 0) {
        rig->served = http_exchange_websocket(exchange, NULL);
    } else if (strcmp(path, "/derp") == 0) {
        rig->served = http_exchange_upgrade(exchange, "DERP", NULL, 0);
    } else if (strcmp(path, "/never") == 0) {
        rig->kept = exchange;
        rig->has_kept = true;
    } else if (strcmp(path, "/large") == 0) {
        reply_large(exchange);
    } else if (strcmp(path, "/moved") == 0) {
        const struct http_header location = {"Location", "/hello%20world"};
        http_exchange_reply(exchange, 307, "text/html", &location, 1, bytes_text("<html>"));
    } else {
        http_exchange_reply(exchange, 404, "application/json", NULL, 0,
                            bytes_text("{\"message\":\"no\"}"));
    }
}

void http_rig_begin(struct http_rig *rig, const struct http_config *config)
{
    struct failure why;
    const struct http_header extra = {"X-Extra", "one"};
    const struct http_config usual = {
        .user_agent = "derptop/test", .headers = &extra, .header_count = 1};
    (void)signal(SIGPIPE, SIG_IGN);
    memset(rig, 0, sizeof *rig);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    assert_int_equal(
        http_server_new(&rig->loop, "127.0.0.1", 0, handle, rig, NULL, &rig->server, &why), NET_OK);
    assert_int_equal(
        http_client_new(&rig->loop, config == NULL ? &usual : config, &rig->client, &why), NET_OK);
    text_format(rig->url, sizeof rig->url, "http://127.0.0.1:%u", http_server_port(rig->server));
}

void http_rig_end(struct http_rig *rig)
{
    if (rig->client != NULL) {
        http_client_close(rig->client);
    }
    http_server_close(rig->server);
    loop_finish(&rig->loop);
}

void got_response(void *owner, const struct http_response *response)
{
    struct got *got = owner;
    assert_false(got->done);
    got->done = true;
    got->failure = response->failure;
    got->status = response->status;
    text_copy(got->type, sizeof got->type, response->content_type);
    text_copy(got->version, sizeof got->version, response->build_version);
    got->body_len = response->body.len;
    got->first_byte_ns = response->first_byte_ns;
    got->over_ipv6 = response->over_ipv6;
    if (response->body.ptr != NULL) {
        assert_int_equal(response->body.ptr[response->body.len], 0);
        text_copy(got->body, sizeof got->body, (const char *)response->body.ptr);
    }
    if (got->close != NULL) {
        http_client_close(got->close->client);
        got->close->client = NULL;
    }
}

struct got http_rig_get(struct http_rig *rig, const char *url)
{
    struct got got = {0};
    struct http_request request = {.url = url, .body_max = 1000, .timeout_ns = 5 * NS_PER_SEC};
    assert_non_null(http_get(rig->client, &request, got_response, &got));
    assert_false(got.done);
    loop_until(&rig->loop, &got.done, "the answer to a GET");
    return got;
}

struct got http_rig_get_path(struct http_rig *rig, const char *path)
{
    char url[256];
    text_format(url, sizeof url, "%s%s", rig->url, path);
    return http_rig_get(rig, url);
}

void got_dialled(void *owner, struct dial_outcome *outcome)
{
    struct dialled *dialled = owner;
    assert_false(dialled->done);
    dialled->done = true;
    dialled->failure = outcome->failure;
    dialled->stream = outcome->stream;
    dialled->status = outcome->status;
    text_copy(dialled->type, sizeof dialled->type, outcome->content_type);
    assert_int_equal(outcome->body.ptr[outcome->body.len], 0);
    dialled->body_len = outcome->body.len;
    text_copy(dialled->body, sizeof dialled->body, (const char *)outcome->body.ptr);
}

struct dialled http_rig_dial(struct http_rig *rig, const char *url, enum dial_mode mode)
{
    struct dialled dialled = {0};
    const struct http_header token = {"Coder-Session-Token", "secret"};
    struct dial_request request = {.url = url,
                                   .mode = mode,
                                   .subprotocol = mode == DIAL_WEBSOCKET ? "derp" : NULL,
                                   .headers = &token,
                                   .header_count = 1,
                                   .timeout_ns = 5 * NS_PER_SEC};
    assert_non_null(dial_start(rig->client, &request, got_dialled, &dialled));
    assert_false(dialled.done);
    loop_until(&rig->loop, &dialled.done, "the end of a dial");
    return dialled;
}

struct dialled http_rig_dial_path(struct http_rig *rig, const char *path, enum dial_mode mode)
{
    char url[256];
    text_format(url, sizeof url, "%s%s", rig->url, path);
    return http_rig_dial(rig, url, mode);
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

void http_rig_exchange(struct http_rig *rig, struct stream *client, size_t total)
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

void assert_text_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part, text);
    }
}
