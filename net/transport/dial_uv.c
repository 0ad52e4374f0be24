#include "net/transport/dial_uv.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/now.h"
#include "net/base/text.h"
#include "net/transport/curl_stream_uv.h"
#include "net/transport/poll_stream_uv.h"
#include "net/transport/transfer_uv.h"
#include "net/transport/upgrade.h"
#include "net/transport/websocket_stream.h"

enum { READ_SIZE = 4 << 10, LINE_SIZE = 16 << 10 };

_Static_assert((int)DIAL_HEAD_MAX == (int)UPGRADE_HEAD_MAX, "one limit");
_Static_assert((int)DIAL_BODY_MAX == (int)UPGRADE_BODY_MAX, "one limit");

struct dial {
    uv_timer_t timer; /* runs from the connection to the end of the upgrade */
    mono_ns deadline;
    struct transfer *transfer; /* until the stream takes it */
    struct stream *raw;        /* since the connection */
    struct upgrade upgrade;
    enum dial_mode mode;
    char subprotocol[64];
    char url[TRANSFER_URL_SIZE]; /* for people */
    bool over_ipv6;
    struct log *log;
    void (*done)(void *owner, struct dial_outcome *outcome);
    void *owner;
};

static void on_timer_closed(uv_handle_t *handle)
{
    struct dial *dial = handle->data;
    upgrade_clear(&dial->upgrade);
    mem_free_wiped(dial, sizeof *dial);
}

/* Ends what is open; frees on the loop. */
static void end(struct dial *dial)
{
    if (dial->transfer != NULL) {
        transfer_end(dial->transfer);
        free(dial->transfer);
        dial->transfer = NULL;
    }
    if (dial->raw != NULL) {
        stream_close(dial->raw);
        dial->raw = NULL;
    }
    uv_close((uv_handle_t *)&dial->timer, on_timer_closed);
}

static void report(struct dial *dial, struct dial_outcome *outcome)
{
    outcome->over_ipv6 = dial->over_ipv6;
    outcome->status = dial->upgrade.status;
    if (outcome->failure.code != NET_OK) {
        outcome->failure.http_status = outcome->status;
        log_line(dial->log, LOG_DEBUG, LOG_HTTP, "dial %s", outcome->failure.text);
    } else {
        log_line(dial->log, LOG_DEBUG, LOG_HTTP, "dial %s: open", dial->url);
    }
    if (outcome->content_type == NULL) {
        outcome->content_type = "";
    }
    if (outcome->body.ptr == NULL) {
        outcome->body = bytes_text("");
    }
    void (*done)(void *, struct dial_outcome *) = dial->done;
    void *owner = dial->owner;
    end(dial); /* before the call, in which the client may be closed; memory stays for this turn */
    done(owner, outcome);
}

static void report_failure(struct dial *dial, const struct failure *failure)
{
    struct dial_outcome outcome = {.failure = *failure};
    report(dial, &outcome);
}

static const char *refusal_advice(const struct upgrade *upgrade)
{
    if (upgrade->is_html) {
        return "; it sent a web page, so a proxy or sign-in page may have answered in its place";
    }
    if (upgrade->status >= 300 && upgrade->status < 400) {
        return "; redirects are not followed: check the address";
    }
    return "";
}

static void report_refusal(struct dial *dial)
{
    struct upgrade *upgrade = &dial->upgrade;
    struct dial_outcome outcome = {.content_type = upgrade->content_type};
    (void)failure_set(&outcome.failure, NET_ERR_REFUSED,
                      "%s: the server answered %d where a switch to %s was asked for%s", dial->url,
                      upgrade->status, upgrade->protocol, refusal_advice(upgrade));
    outcome.body = upgrade_body(upgrade);
    report(dial, &outcome);
}

static void report_broken(struct dial *dial)
{
    struct failure failure;
    (void)failure_set(&failure, dial->upgrade.failure.code, "%s: %s", dial->url,
                      dial->upgrade.failure.text);
    report_failure(dial, &failure);
}

static void report_open(struct dial *dial)
{
    struct dial_outcome outcome = {.stream = dial->raw};
    dial->raw = NULL;
    stream_attach(outcome.stream, NULL, NULL);
    poll_stream_unread(outcome.stream, buf_view(&dial->upgrade.in));
    if (dial->mode == DIAL_WEBSOCKET) {
        outcome.stream = websocket_stream_new(outcome.stream, WEBSOCKET_CLIENT, rng_os());
    }
    report(dial, &outcome);
}

/* True when the dial has ended and been reported. */
static bool report_state(struct dial *dial)
{
    switch (dial->upgrade.state) {
    case UPGRADE_HEAD:
    case UPGRADE_BODY:
        return false;
    case UPGRADE_OPEN:
        report_open(dial);
        return true;
    case UPGRADE_REFUSED:
        report_refusal(dial);
        return true;
    case UPGRADE_BROKEN:
        report_broken(dial);
        return true;
    }
    return false;
}

/* The connection ended or the time is over. */
static void on_end(struct dial *dial, enum net_err code, const char *what)
{
    struct failure failure;
    if (upgrade_input_end(&dial->upgrade)) {
        (void)report_state(dial);
        return;
    }
    (void)failure_set(&failure, code, "%s: %s", dial->url, what);
    report_failure(dial, &failure);
}

static void on_timer(uv_timer_t *timer)
{
    on_end(timer->data, NET_ERR_TIMEOUT,
           "connected, but the server did not answer the request in time. Is it overloaded, or "
           "does a proxy hold the request?");
}

static void on_stream_error(struct dial *dial, enum net_err err)
{
    struct failure why;
    if (err == NET_ERR_CLOSED) {
        on_end(dial, NET_ERR_IO, "the server closed the connection without an answer");
        return;
    }
    stream_failure(dial->raw, &why);
    if (upgrade_input_end(&dial->upgrade)) {
        (void)report_state(dial);
    } else {
        report_failure(dial, &why);
    }
}

static enum net_err send_request(struct dial *dial)
{
    struct buf *out = &dial->upgrade.out;
    while (buf_len(out) > 0) {
        size_t taken = 0;
        enum net_err err = stream_write(dial->raw, buf_view(out), &taken);
        if (err != NET_OK) {
            return err;
        }
        buf_consume(out, taken);
    }
    return NET_OK;
}

static void on_wake(void *owner)
{
    struct dial *dial = owner;
    enum net_err err = send_request(dial);
    if (err == NET_ERR_AGAIN) {
        return;
    }
    /* A server that refuses early may have closed its reading side: its answer is worth more than
     * the error of the write. */
    for (;;) {
        uint8_t chunk[READ_SIZE];
        size_t got = 0;
        err = stream_read(dial->raw, chunk, sizeof chunk, &got);
        if (err == NET_ERR_AGAIN) {
            return;
        }
        if (err != NET_OK) {
            on_stream_error(dial, err);
            return;
        }
        upgrade_input(&dial->upgrade, bytes_of(chunk, got));
        if (report_state(dial)) {
            return;
        }
    }
}

/* libcurl writes a header without a value as "Name;". */
static void add_lines(struct dial *dial)
{
    for (struct curl_slist *at = dial->transfer->headers; at != NULL; at = at->next) {
        char line[LINE_SIZE];
        text_copy(line, sizeof line, at->data);
        size_t len = strlen(line);
        if (strchr(line, ':') == NULL && len > 0 && line[len - 1] == ';') {
            line[len - 1] = ':';
        }
        upgrade_add_line(&dial->upgrade, line);
        mem_wipe(line, sizeof line);
    }
}

static enum net_err prepare_request(struct dial *dial)
{
    struct upgrade_request request = {.host = dial->transfer->parts.authority,
                                      .target = dial->transfer->parts.target,
                                      .protocol = dial->mode == DIAL_DERP ? "DERP" : "websocket",
                                      .subprotocol = dial->subprotocol,
                                      .user_agent = dial->transfer->client->user_agent};
    upgrade_init(&dial->upgrade, &request, rng_os());
    add_lines(dial);
    return upgrade_end_request(&dial->upgrade);
}

/* Connected, or not. */
static void on_connected(struct transfer *transfer, CURLcode code)
{
    struct dial *dial = transfer->owner;
    struct failure failure = {0};
    if (code != CURLE_OK) {
        (void)transfer_failure(transfer, code, &failure);
    } else if (prepare_request(dial) != NET_OK) {
        (void)failure_set(&failure, NET_ERR_USAGE, "%s: the headers are too long", dial->url);
    } else {
        dial->over_ipv6 = transfer_is_ipv6(transfer);
        dial->raw = curl_stream_new(transfer);
        if (dial->raw == NULL) {
            (void)failure_set(&failure, NET_ERR_IO, "%s: the socket cannot be used", dial->url);
        }
    }
    if (failure.code != NET_OK) {
        report_failure(dial, &failure);
        return;
    }
    dial->transfer = NULL;
    uint64_t left_ms = mono_until(mono_now(), dial->deadline) / NS_PER_MS;
    (void)uv_timer_start(&dial->timer, on_timer, left_ms, 0);
    stream_attach(dial->raw, on_wake, dial);
}

static void on_drop(struct transfer *transfer)
{
    end(transfer->owner);
}

static struct dial *new_dial(struct http_client *client, const struct dial_request *request)
{
    struct dial *dial = mem_new(sizeof *dial);
    (void)uv_timer_init(client->loop, &dial->timer);
    dial->timer.data = dial;
    dial->deadline = mono_after(mono_now(), request->timeout_ns);
    dial->mode = request->mode;
    dial->log = client->log;
    dial->transfer = mem_new(sizeof *dial->transfer);
    dial->transfer->owner = dial;
    dial->transfer->done = on_connected;
    dial->transfer->drop = on_drop;
    if (request->subprotocol != NULL) {
        text_copy(dial->subprotocol, sizeof dial->subprotocol, request->subprotocol);
    }
    return dial;
}

struct dial *dial_start(struct http_client *client, const struct dial_request *request,
                        void (*done)(void *owner, struct dial_outcome *outcome), void *owner)
{
    struct dial *dial = new_dial(client, request);
    struct transfer_options options = {.url = request->url,
                                       .headers = request->headers,
                                       .header_count = request->header_count,
                                       .timeout_ns = request->timeout_ns,
                                       .connect_only = true,
                                       .allow_insecure = request->allow_insecure,
                                       .target = request->target};
    dial->done = done;
    dial->owner = owner;
    transfer_start(dial->transfer, client, &options);
    text_copy(dial->url, sizeof dial->url, dial->transfer->url);
    return dial;
}

void dial_cancel(struct dial *dial)
{
    end(dial);
}
