#include "net/probe/speedtest_client.h"

#include <string.h>

#include "net/base/text.h"

void speedtest_client_init(struct speedtest_client *client, enum speedtest_direction direction,
                           uint64_t duration_ns, const uint8_t *block, mono_ns now)
{
    struct speedtest_config config = {
        .version = SPEEDTEST_VERSION, .duration_ns = (int64_t)duration_ns, .direction = direction};
    memset(client, 0, sizeof *client);
    struct writer line = writer_of(client->line, sizeof client->line);
    speedtest_config_encode(&line, &config);
    client->line_len = writer_len(&line);
    client->direction = direction;
    client->duration_ns = duration_ns;
    client->state = SPEEDTEST_CONNECTING;
    client->began_at = now;
    client->last_at = now;
    speedtest_source_init(&client->source, block, MONO_NEVER);
    speedtest_meter_init(&client->meter, now);
}

bool speedtest_client_is_over(const struct speedtest_client *client)
{
    return client->state == SPEEDTEST_DONE || client->state == SPEEDTEST_FAILED;
}

static bool is_flowing(const struct speedtest_client *client)
{
    return client->state == SPEEDTEST_RUNNING || client->state == SPEEDTEST_ENDING;
}

/* --- ends -------------------------------------------------------------------------------------
 */

static void end(struct speedtest_client *client, mono_ns now)
{
    if (is_flowing(client)) {
        speedtest_meter_tick(&client->meter, now);
        speedtest_meter_end(&client->meter);
    }
    client->state = SPEEDTEST_DONE;
}

static void fail(struct speedtest_client *client, mono_ns now, enum net_err code, const char *text)
{
    bool flowed = is_flowing(client);
    end(client, now);
    client->state = SPEEDTEST_FAILED;
    if (flowed) {
        (void)failure_set(&client->failure, code, "%s, %.1f s after the start and %.1f MB", text,
                          (double)mono_since(now, client->meter.start) / 1e9,
                          (double)client->meter.bytes / 1e6);
    } else {
        (void)failure_set(&client->failure, code, "%s", text);
    }
}

void speedtest_client_stop(struct speedtest_client *client, mono_ns now)
{
    if (!speedtest_client_is_over(client)) {
        client->stopped = true;
        end(client, now);
    }
}

/* --- download ---------------------------------------------------------------------------------
 */

static void begin(struct speedtest_client *client, mono_ns now)
{
    client->state = SPEEDTEST_RUNNING;
    client->last_at = now;
    client->source.until = mono_after(now, client->duration_ns);
    speedtest_meter_init(&client->meter, now);
}

static void take_reply(struct speedtest_client *client, mono_ns now, size_t len)
{
    char error[SPEEDTEST_ERROR_SIZE];
    char text[SPEEDTEST_ERROR_SIZE + 64];
    if (speedtest_reply_decode(bytes_of(client->reply, len), error) != NET_OK) {
        fail(client, now, NET_ERR_MALFORMED,
             "what answers on the agent's port 3 is no speed test server");
    } else if (error[0] != '\0') {
        text_format(text, sizeof text, "the agent refuses the test: %s", error);
        fail(client, now, NET_ERR_REFUSED, text);
    } else {
        begin(client, now);
    }
}

/* The answer may be cut anywhere, and payload may stand right behind it. */
static void input_reply(struct speedtest_client *client, mono_ns now, struct bytes in)
{
    size_t before = client->reply_len;
    size_t room = sizeof client->reply - before;
    size_t take = in.len < room ? in.len : room;
    size_t len = 0;
    memcpy(client->reply + before, in.ptr, take);
    client->reply_len += take;
    enum net_err err = speedtest_line_find_end(bytes_of(client->reply, client->reply_len), &len);
    if (err == NET_ERR_TOO_BIG) {
        fail(client, now, NET_ERR_MALFORMED,
             "what answers on the agent's port 3 is no speed test server");
    } else if (err == NET_OK) {
        size_t used = len + 1 - before;
        take_reply(client, now, len);
        speedtest_client_input(client, now, bytes_of(in.ptr + used, in.len - used));
    }
}

void speedtest_client_input(struct speedtest_client *client, mono_ns now, struct bytes in)
{
    if (in.len == 0) {
        return;
    }
    if (client->state == SPEEDTEST_ASKING) {
        input_reply(client, now, in);
    } else if (client->state == SPEEDTEST_RUNNING && client->direction == SPEEDTEST_DOWN) {
        client->last_at = now;
        speedtest_meter_add(&client->meter, now, in.len);
    } /* else: nobody asked for it */
}

void speedtest_client_ended(struct speedtest_client *client, mono_ns now)
{
    switch (client->state) {
    case SPEEDTEST_CONNECTING:
    case SPEEDTEST_ASKING:
        fail(client, now, NET_ERR_CLOSED, "the agent closed the connection before the test began");
        break;
    case SPEEDTEST_RUNNING:
        if (client->direction == SPEEDTEST_UP) {
            fail(client, now, NET_ERR_CLOSED, "the agent ended the upload before its time");
        } else if (client->meter.bytes == 0) {
            fail(client, now, NET_ERR_CLOSED, "the agent ended the test without a byte");
        } else {
            end(client, now);
        }
        break;
    case SPEEDTEST_ENDING:
        if (client->source.acked < client->source.written) {
            fail(client, now, NET_ERR_CLOSED, "the agent ended the upload before its time");
        }
        break;
    case SPEEDTEST_DONE:
    case SPEEDTEST_FAILED:
        break;
    }
}

/* --- upload -----------------------------------------------------------------------------------
 */

void speedtest_client_opened(struct speedtest_client *client, mono_ns now)
{
    if (client->state == SPEEDTEST_CONNECTING) {
        client->state = SPEEDTEST_ASKING;
        client->last_at = now;
    }
}

struct bytes speedtest_client_output(const struct speedtest_client *client, mono_ns now)
{
    if (client->state == SPEEDTEST_ASKING) {
        return bytes_of(client->line + client->line_sent, client->line_len - client->line_sent);
    }
    if (client->state == SPEEDTEST_RUNNING && client->direction == SPEEDTEST_UP) {
        return speedtest_source_next(&client->source, now);
    }
    return (struct bytes){0};
}

static void see_whether_written(struct speedtest_client *client, mono_ns now)
{
    if (client->state == SPEEDTEST_RUNNING && client->direction == SPEEDTEST_UP &&
        speedtest_source_is_over(&client->source, now)) {
        client->state = SPEEDTEST_ENDING;
    }
}

static void see_whether_acked(struct speedtest_client *client, mono_ns now)
{
    if (client->state == SPEEDTEST_ENDING && client->source.acked == client->source.written) {
        end(client, now);
    }
}

void speedtest_client_sent(struct speedtest_client *client, mono_ns now, size_t count)
{
    if (client->state == SPEEDTEST_ASKING) {
        client->line_sent += count;
    } else if (client->state == SPEEDTEST_RUNNING) {
        speedtest_source_written(&client->source, count);
        see_whether_written(client, now);
    }
}

bool speedtest_client_is_written(const struct speedtest_client *client)
{
    return client->state == SPEEDTEST_ENDING;
}

void speedtest_client_acked(struct speedtest_client *client, mono_ns now, size_t count)
{
    size_t open = client->line_len - client->line_acked;
    size_t of_line = count < open ? count : open;
    client->line_acked += of_line;
    count -= of_line;
    if (count > 0 && is_flowing(client) && client->direction == SPEEDTEST_UP) {
        client->last_at = now;
        speedtest_meter_add(&client->meter, now, speedtest_source_acked(&client->source, count));
        see_whether_written(client, now);
        see_whether_acked(client, now);
    }
}

/* --- trouble ----------------------------------------------------------------------------------
 */

void speedtest_client_failed(struct speedtest_client *client, mono_ns now, enum net_err why)
{
    const char *text = why == NET_ERR_CLOSED      ? "the agent reset the connection"
                       : why == NET_ERR_TIMEOUT   ? "the agent acknowledges nothing any more"
                       : why == NET_ERR_FULL      ? "no memory for the connection"
                       : why == NET_ERR_NOT_FOUND ? "the agent has no address in the tunnel"
                                                  : net_err_text(why);
    if (speedtest_client_is_over(client)) {
        return;
    }
    if (client->state == SPEEDTEST_CONNECTING && why == NET_ERR_CLOSED) {
        text = "the agent refuses connections to its speed test (port 3)";
    } else if (client->state == SPEEDTEST_CONNECTING && why == NET_ERR_TIMEOUT) {
        text = "the agent does not answer on its speed test's port (3)";
    }
    fail(client, now, why, text);
}

/* As long again as the test itself: what is still in buffers is to arrive. */
static mono_ns last_end(const struct speedtest_client *client)
{
    uint64_t grace = SPEEDTEST_GRACE_S * NS_PER_SEC;
    return mono_after(client->source.until,
                      grace > client->duration_ns ? grace : client->duration_ns);
}

static mono_ns time_out_at(const struct speedtest_client *client)
{
    if (is_flowing(client)) {
        return mono_min(last_end(client),
                        mono_after(client->last_at, SPEEDTEST_STALL_S * NS_PER_SEC));
    }
    return mono_after(client->last_at, SPEEDTEST_CONNECT_S * NS_PER_SEC);
}

static void time_out(struct speedtest_client *client, mono_ns now)
{
    if (client->state == SPEEDTEST_CONNECTING) {
        fail(client, now, NET_ERR_TIMEOUT,
             "the agent does not answer on its speed test's port (3)");
    } else if (client->state == SPEEDTEST_ASKING) {
        fail(client, now, NET_ERR_TIMEOUT, "the agent does not answer what it is asked on port 3");
    } else if (now >= last_end(client) && client->meter.bytes > 0) {
        client->cut = true;
        end(client, now);
    } else {
        fail(client, now, NET_ERR_TIMEOUT,
             client->direction == SPEEDTEST_DOWN ? "stalled: the agent sends nothing"
                                                 : "stalled: nothing is acknowledged");
    }
}

void speedtest_client_tick(struct speedtest_client *client, mono_ns now)
{
    if (speedtest_client_is_over(client)) {
        return;
    }
    if (is_flowing(client)) {
        speedtest_meter_tick(&client->meter, now);
        see_whether_written(client, now);
        see_whether_acked(client, now);
    }
    if (!speedtest_client_is_over(client) && now >= time_out_at(client)) {
        time_out(client, now);
    }
}

mono_ns speedtest_client_deadline(const struct speedtest_client *client)
{
    if (speedtest_client_is_over(client)) {
        return MONO_NEVER;
    }
    mono_ns next = time_out_at(client);
    if (is_flowing(client)) {
        const struct speedtest_meter *meter = &client->meter;
        uint64_t passed_ns = (uint64_t)meter->slice_count * meter->slice_ns;
        next = mono_min(next, mono_after(meter->start, passed_ns));
    }
    return next;
}
