#include "net/probe/speedtest_server.h"

#include <string.h>

#include "net/base/text.h"

enum { UPLOAD_FACTOR = 4 };

void speedtest_server_init(struct speedtest_server *server, const uint8_t *block, mono_ns now)
{
    memset(server, 0, sizeof *server);
    server->state = SPEEDTEST_SERVER_ASKED;
    server->last_at = now;
    server->limit_at = MONO_NEVER;
    speedtest_source_init(&server->source, block, MONO_NEVER);
}

static void reply(struct speedtest_server *server, const char *error)
{
    struct writer out = writer_of(server->out, sizeof server->out);
    speedtest_reply_encode(&out, error);
    server->out_len = writer_len(&out);
}

static void refuse(struct speedtest_server *server, const char *error)
{
    reply(server, error);
    server->state = SPEEDTEST_SERVER_SENDING;
    server->closing = true;
}

static void begin(struct speedtest_server *server, mono_ns now,
                  const struct speedtest_config *config)
{
    char text[SPEEDTEST_ERROR_SIZE];
    uint64_t duration_ns = (uint64_t)config->duration_ns;
    if (config->version != SPEEDTEST_VERSION) {
        text_format(text, sizeof text,
                    "version mismatch! Server is version %d, client is version %lld",
                    SPEEDTEST_VERSION, (long long)config->version);
        refuse(server, text);
    } else if (config->duration_ns <= 0 || duration_ns > SPEEDTEST_SECONDS_MAX * NS_PER_SEC) {
        text_format(text, sizeof text, "a test lasts from 1 ns to %d s", SPEEDTEST_SECONDS_MAX);
        refuse(server, text);
    } else {
        bool up = config->direction == SPEEDTEST_UP;
        reply(server, NULL);
        server->state = up ? SPEEDTEST_SERVER_RECEIVING : SPEEDTEST_SERVER_SENDING;
        server->source.until = mono_after(now, duration_ns);
        server->limit_at = up ? mono_after(now, UPLOAD_FACTOR * duration_ns) : MONO_NEVER;
    }
}

static void input_line(struct speedtest_server *server, mono_ns now, struct bytes in)
{
    struct speedtest_config config;
    size_t before = server->in_len;
    size_t room = sizeof server->in - before;
    size_t take = in.len < room ? in.len : room;
    size_t len = 0;
    memcpy(server->in + before, in.ptr, take);
    server->in_len += take;
    enum net_err err = speedtest_line_find_end(bytes_of(server->in, server->in_len), &len);
    if (err == NET_ERR_AGAIN) {
        return;
    }
    if (err != NET_OK || speedtest_config_decode(bytes_of(server->in, len), &config) != NET_OK) {
        refuse(server, "the configuration is not a line of JSON as it should be");
        return;
    }
    begin(server, now, &config);
    size_t used = len + 1 - before;
    speedtest_server_input(server, now, bytes_of(in.ptr + used, in.len - used));
}

void speedtest_server_input(struct speedtest_server *server, mono_ns now, struct bytes in)
{
    if (in.len == 0) {
        return;
    }
    server->last_at = now;
    if (server->state == SPEEDTEST_SERVER_ASKED) {
        input_line(server, now, in);
    } else if (server->state == SPEEDTEST_SERVER_RECEIVING) {
        server->received += in.len;
    }
}

void speedtest_server_ended(struct speedtest_server *server, mono_ns now)
{
    (void)now;
    if (server->state == SPEEDTEST_SERVER_RECEIVING) {
        server->state = SPEEDTEST_SERVER_CLOSING;
    } else if (server->state == SPEEDTEST_SERVER_ASKED) {
        server->state = SPEEDTEST_SERVER_BROKEN;
    }
}

struct bytes speedtest_server_output(const struct speedtest_server *server, mono_ns now)
{
    if (server->out_sent < server->out_len) {
        return bytes_of(server->out + server->out_sent, server->out_len - server->out_sent);
    }
    if (server->state == SPEEDTEST_SERVER_SENDING && !server->closing) {
        return speedtest_source_next(&server->source, now);
    }
    return (struct bytes){0};
}

static void see_whether_written(struct speedtest_server *server, mono_ns now)
{
    if (server->state == SPEEDTEST_SERVER_SENDING && server->out_sent == server->out_len &&
        (server->closing || speedtest_source_is_over(&server->source, now))) {
        server->state = SPEEDTEST_SERVER_CLOSING;
    }
}

void speedtest_server_sent(struct speedtest_server *server, mono_ns now, size_t count)
{
    if (server->out_sent < server->out_len) {
        server->out_sent += count;
    } else {
        speedtest_source_written(&server->source, count);
    }
    see_whether_written(server, now);
}

void speedtest_server_acked(struct speedtest_server *server, mono_ns now, size_t count)
{
    size_t open = server->out_len - server->out_acked;
    size_t of_answer = count < open ? count : open;
    server->out_acked += of_answer;
    server->last_at = now;
    (void)speedtest_source_acked(&server->source, count - of_answer);
    see_whether_written(server, now);
}

bool speedtest_server_is_heard(const struct speedtest_server *server)
{
    return server->state == SPEEDTEST_SERVER_CLOSING && server->out_acked == server->out_len &&
           server->source.acked == server->source.written;
}

void speedtest_server_tick(struct speedtest_server *server, mono_ns now)
{
    see_whether_written(server, now);
    if (now >= speedtest_server_deadline(server)) {
        server->state = SPEEDTEST_SERVER_BROKEN;
    }
}

mono_ns speedtest_server_deadline(const struct speedtest_server *server)
{
    if (server->state == SPEEDTEST_SERVER_BROKEN || speedtest_server_is_heard(server)) {
        return MONO_NEVER;
    }
    return mono_min(server->limit_at,
                    mono_after(server->last_at, SPEEDTEST_SERVER_WAIT_S * NS_PER_SEC));
}
