#include "net/transport/http_exchange_uv.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/transport/url.h"
#include "net/transport/websocket_key.h"

enum { READ_SIZE = 4 << 10, LINE_SIZE = 4 << 10 };

static void on_wake(void *owner);

struct http_exchange *http_exchange_new(struct http_server *server, struct stream *stream)
{
    struct http_exchange *exchange = mem_new(sizeof *exchange);
    exchange->server = server;
    exchange->stream = stream;
    buf_init(&exchange->in, HTTP_SERVER_HEAD_MAX + READ_SIZE);
    buf_init(&exchange->out, HTTP_SERVER_ANSWER_MAX + HTTP_SERVER_HEAD_MAX);
    stream_attach(stream, on_wake, exchange);
    return exchange;
}

static void free_exchange(struct http_exchange *exchange)
{
    http_server_remove(exchange->server, exchange);
    buf_clear(&exchange->in);
    buf_clear(&exchange->out);
    free(exchange);
}

void http_exchange_drop(struct http_exchange *exchange)
{
    stream_close(exchange->stream);
    free_exchange(exchange);
}

static const char *status_text(int status)
{
    switch (status) {
    case 101:
        return "Switching Protocols";
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    default:
        return "Status";
    }
}

static void add_line(struct http_exchange *exchange, const char *format, ...) NET_PRINTF(2, 3);

static void add_line(struct http_exchange *exchange, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert(len >= 0 && (size_t)len < sizeof line);
    enum net_err err = buf_append(&exchange->out, bytes_of(line, (size_t)len));
    assert(err == NET_OK);
    err = buf_append(&exchange->out, bytes_text("\r\n"));
    assert(err == NET_OK);
}

static void add_headers(struct http_exchange *exchange, const struct http_header *headers,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_line(exchange, "%s: %s", headers[i].name, headers[i].value);
    }
}

/* Writes what is queued. NET_OK: all of it. */
static enum net_err send_out(struct http_exchange *exchange)
{
    while (buf_len(&exchange->out) > 0) {
        size_t taken = 0;
        enum net_err err = stream_write(exchange->stream, buf_view(&exchange->out), &taken);
        if (err != NET_OK) {
            return err;
        }
        buf_consume(&exchange->out, taken);
    }
    return NET_OK;
}

/* Queues an answer and goes on from the loop, so that an owner which answers from inside `handle`
 * keeps a valid exchange until it returns. */
static void answer(struct http_exchange *exchange, int status, const char *content_type,
                   const struct http_header *headers, size_t header_count, struct bytes body)
{
    add_line(exchange, "HTTP/1.1 %d %s", status, status_text(status));
    add_headers(exchange, headers, header_count);
    if (content_type != NULL && content_type[0] != '\0') {
        add_line(exchange, "Content-Type: %s", content_type);
    }
    add_line(exchange, "Content-Length: %zu\r\nConnection: %s\r\n", body.len,
             exchange->last ? "close" : "keep-alive");
    enum net_err err = buf_append(&exchange->out, body);
    assert(err == NET_OK);
    exchange->state = EXCHANGE_WRITES;
    (void)send_out(exchange); /* a failure is met again on the loop */
    stream_attach(exchange->stream, on_wake, exchange);
}

static void refuse(struct http_exchange *exchange, int status, const char *why)
{
    exchange->last = true;
    answer(exchange, status, "text/plain; charset=utf-8", NULL, 0, bytes_text(why));
}

void http_exchange_reply(struct http_exchange *exchange, int status, const char *content_type,
                         const struct http_header *headers, size_t header_count, struct bytes body)
{
    assert(exchange->state == EXCHANGE_HANDLED);
    answer(exchange, status, content_type, headers, header_count, body);
}

static bool has_body(const struct http_head *head)
{
    const struct bytes *length = http_head_field(head, "content-length");
    return http_head_field(head, "transfer-encoding") != NULL ||
           (length != NULL && !bytes_equal(*length, bytes_text("0")));
}

/* Makes the header values C strings: each is followed by at least the end of its line, which is
 * needed no more. */
static void terminate_values(struct http_exchange *exchange)
{
    uint8_t *head = exchange->in.memory + exchange->in.start;
    for (size_t i = 0; i < exchange->head.field_count; i++) {
        struct bytes value = exchange->head.fields[i].value;
        head[(size_t)(value.ptr - head) + value.len] = '\0';
    }
}

static void serve(struct http_exchange *exchange)
{
    const struct http_head *head = &exchange->head;
    terminate_values(exchange);
    exchange->last = head->minor == 0 || http_head_has_token(head, "connection", "close");
    if (!http_equal_nocase(head->method, "GET")) {
        refuse(exchange, 405, "only GET is served here\n");
    } else if (has_body(head)) {
        refuse(exchange, 400, "a GET request with a body\n");
    } else if (url_path(head->target, exchange->path, sizeof exchange->path) != NET_OK) {
        refuse(exchange, 400, "bad path\n");
    } else {
        exchange->state = EXCHANGE_HANDLED;
        http_server_handle(exchange->server, exchange);
    }
}

/* Looks for a whole request in what was read. NET_ERR_AGAIN: more is needed. */
static enum net_err try_serve(struct http_exchange *exchange)
{
    struct bytes in = buf_view(&exchange->in);
    enum net_err err = http_head_find_end(in, HTTP_SERVER_HEAD_MAX, &exchange->head_len);
    if (in.len > 0 && (in.ptr[0] < 'A' || in.ptr[0] > 'Z')) {
        err = NET_ERR_MALFORMED; /* no method: do not wait for the end of, say, a TLS greeting */
    }
    if (err == NET_OK) {
        err = http_head_parse_request(bytes_of(in.ptr, exchange->head_len), &exchange->head);
    }
    if (err == NET_ERR_AGAIN) {
        return err;
    }
    if (err != NET_OK) {
        refuse(exchange, err == NET_ERR_TOO_BIG ? 431 : 400, "bad request head\n");
        return NET_OK;
    }
    serve(exchange);
    return NET_OK;
}

static void read_request(struct http_exchange *exchange)
{
    while (try_serve(exchange) == NET_ERR_AGAIN) {
        uint8_t *room = buf_reserve(&exchange->in, READ_SIZE);
        size_t got = 0;
        assert(room != NULL); /* a head that long was refused */
        enum net_err err = stream_read(exchange->stream, room, READ_SIZE, &got);
        if (err == NET_ERR_AGAIN) {
            return;
        }
        if (err != NET_OK) {
            http_exchange_drop(exchange);
            return;
        }
        buf_commit(&exchange->in, got);
    }
}

static void write_answer(struct http_exchange *exchange)
{
    enum net_err err = send_out(exchange);
    if (err == NET_ERR_AGAIN) {
        return;
    }
    if (err != NET_OK || exchange->last) {
        http_exchange_drop(exchange);
        return;
    }
    buf_consume(&exchange->in, exchange->head_len);
    exchange->state = EXCHANGE_READS;
    read_request(exchange);
}

static void on_wake(void *owner)
{
    struct http_exchange *exchange = owner;
    switch (exchange->state) {
    case EXCHANGE_READS:
        read_request(exchange);
        return;
    case EXCHANGE_HANDLED:
        return;
    case EXCHANGE_WRITES:
        write_answer(exchange);
        return;
    }
}

const char *http_exchange_method(const struct http_exchange *exchange)
{
    (void)exchange;
    return "GET"; /* nothing else is served */
}

const char *http_exchange_path(const struct http_exchange *exchange)
{
    return exchange->path;
}

bool http_exchange_query(const struct http_exchange *exchange, const char *name, char *out,
                         size_t size)
{
    return url_query(exchange->head.target, name, out, size) == NET_OK;
}

const char *http_exchange_header(const struct http_exchange *exchange, const char *name)
{
    const struct bytes *value = http_head_field(&exchange->head, name);
    return value == NULL ? NULL : (const char *)value->ptr;
}

/* Sends the 101, hands over the stream with what came after the head, and ends the exchange. */
static struct stream *hand_over(struct http_exchange *exchange)
{
    struct stream *stream = exchange->stream;
    buf_consume(&exchange->in, exchange->head_len);
    stream_attach(stream, NULL, NULL);
    (void)send_out(exchange); /* a fresh or drained socket takes it; else the stream is broken */
    poll_stream_unread(stream, buf_view(&exchange->in));
    free_exchange(exchange);
    return stream;
}

struct stream *http_exchange_upgrade(struct http_exchange *exchange, const char *protocol,
                                     const struct http_header *headers, size_t header_count)
{
    assert(exchange->state == EXCHANGE_HANDLED);
    add_line(exchange, "HTTP/1.1 101 %s\r\nUpgrade: %s\r\nConnection: Upgrade", status_text(101),
             protocol);
    add_headers(exchange, headers, header_count);
    add_line(exchange, "%s", "");
    return hand_over(exchange);
}

static const char *websocket_fault(const struct http_head *head)
{
    const struct bytes *key = http_head_field(head, "sec-websocket-key");
    const struct bytes *version = http_head_field(head, "sec-websocket-version");
    if (!http_head_has_token(head, "connection", "upgrade") ||
        !http_head_has_token(head, "upgrade", "websocket")) {
        return "a websocket upgrade is expected here\n";
    }
    if (version == NULL || !bytes_equal(*version, bytes_text("13"))) {
        return "only websocket version 13 is served here\n";
    }
    return key == NULL || !websocket_key_is_valid(*key) ? "bad websocket key\n" : NULL;
}

struct stream *http_exchange_websocket(struct http_exchange *exchange, const char *subprotocol)
{
    assert(exchange->state == EXCHANGE_HANDLED);
    const struct http_head *head = &exchange->head;
    const char *fault = websocket_fault(head);
    if (fault == NULL && subprotocol != NULL &&
        !http_head_has_token(head, "sec-websocket-protocol", subprotocol)) {
        fault = "another websocket subprotocol is expected here\n";
    }
    if (fault != NULL) {
        refuse(exchange, 400, fault);
        return NULL;
    }
    char accept[WEBSOCKET_ACCEPT_SIZE];
    websocket_key_accept(*http_head_field(head, "sec-websocket-key"), accept);
    const struct http_header headers[] = {{"Sec-WebSocket-Accept", accept},
                                          {"Sec-WebSocket-Protocol", subprotocol}};
    struct stream *below =
        http_exchange_upgrade(exchange, "websocket", headers, subprotocol == NULL ? 1 : 2);
    return websocket_stream_new(below, WEBSOCKET_SERVER, rng_os());
}
