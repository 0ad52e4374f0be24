#include <string.h>

#include "net/base/mem.h"
#include "net/control/coordinator_line_internal_uv.h"

enum {
    READ_SIZE = 16 << 10, /* holds fewer updates than the session queues (1024) */
    READS_MAX = 64,       /* 1 MiB a turn, so that a flood leaves the loop to others */
    GOODBYE_MS = 1000,    /* protocol notes 5.7 */
};

static void on_wake(void *owner)
{
    coordinator_line_work(owner);
}

/* What a call into the session says besides is in its ENDED event. */
void coordinator_line_note(const struct coordinator_line *line, enum net_err err)
{
    if (err != NET_OK) {
        log_line(line->config.log, LOG_DEBUG, LOG_CONTROL, "coordinator session: %s",
                 net_err_text(err));
    }
}

void coordinator_line_say_node(struct coordinator_line *line)
{
    const struct coordinator_wishes *wishes = line->config.wishes;
    if (wishes->has_node) {
        struct tailnet_node node = wishes->node;
        node.as_of = wall_now(); /* it may have been set long before this session */
        coordinator_line_note(line, coordinator_update_self(line->session, &node));
        line->status.node_sent = true;
    }
}

static void say_wishes(struct coordinator_line *line)
{
    const struct coordinator_wishes *wishes = line->config.wishes;
    coordinator_line_say_node(line);
    if (line->config.per_agent) {
        coordinator_line_note(line, coordinator_add_tunnel(line->session, &line->config.agent));
        return;
    }
    for (size_t i = 0; i < wishes->agent_count; i++) {
        coordinator_line_note(line, coordinator_add_tunnel(line->session, &wishes->agents[i]));
    }
}

void coordinator_line_open(struct coordinator_line *line, struct stream *stream)
{
    mono_ns now = mono_now();
    const struct coordinator_config config = {
        .rng = line->config.rng,
        .log = line->config.log,
        .workspace_updates = line->config.has_user && !line->config.per_agent,
        .owner_id = line->config.user_id,
    };
    line->stream = stream;
    line->session = coordinator_new(&config, now);
    line->up_since = now;
    line->was_up = true;
    line->status.has_workspace_updates = config.workspace_updates;
    line->status.failure = (struct failure){0};
    line->status.attempts = 0;
    coordinator_line_set_state(line, COORDINATOR_UP, now, NULL);
    say_wishes(line);
    stream_attach(stream, on_wake, line);
    coordinator_line_tell(line);
    coordinator_line_work(line);
}

static void end_session(struct coordinator_line *line, enum net_err code, const char *text)
{
    if (!line->has_ended) {
        line->has_ended = true;
        (void)failure_set(&line->end, code, "%s", text);
    }
}

static void on_event(struct coordinator_line *line, struct coordinator_event *event)
{
    switch (event->kind) {
    case COORDINATOR_RESUME_TOKEN:
        line->token = event->token;
        mem_wipe(&event->token, sizeof event->token);
        return;
    case COORDINATOR_NO_WORKSPACES:
        line->status.has_workspace_updates = false;
        coordinator_line_tell(line);
        return;
    case COORDINATOR_ENDED:
        if (event->peer_id_overwritten) {
            coordinator_line_drop_token(line);
        }
        end_session(line, NET_ERR_CLOSED, event->text);
        return;
    case COORDINATOR_PEER:
    case COORDINATOR_DERP_MAP:
    case COORDINATOR_WORKSPACES:
    case COORDINATOR_NO_RESUME_TOKENS:
        break;
    }
    if (!line->closing) {
        line->config.handlers->event(line->config.owner, event);
    } else if (event->kind == COORDINATOR_DERP_MAP) {
        derp_map_clear(&event->derp_map);
    } else if (event->kind == COORDINATOR_WORKSPACES) {
        tailnet_workspaces_clear(&event->workspaces);
    }
}

static void take_events(struct coordinator_line *line)
{
    struct coordinator_event event;
    while (coordinator_event(line->session, &event)) {
        on_event(line, &event);
    }
}

static void stream_broke(struct coordinator_line *line)
{
    struct failure why;
    stream_failure(line->stream, &why);
    end_session(line, why.code == NET_OK ? NET_ERR_CLOSED : why.code,
                why.code == NET_OK ? "the server closed the connection" : why.text);
}

static void read_stream(struct coordinator_line *line, mono_ns now)
{
    uint8_t chunk[READ_SIZE];
    for (unsigned i = 0; i < READS_MAX && !line->has_ended; i++) {
        size_t got = 0;
        enum net_err err = stream_read(line->stream, chunk, sizeof chunk, &got);
        if (err == NET_ERR_AGAIN) {
            return;
        }
        if (err != NET_OK) {
            stream_broke(line);
            return;
        }
        coordinator_line_note(line, coordinator_input(line->session, now, bytes_of(chunk, got)));
        take_events(line);
    }
    if (!line->has_ended) {
        stream_attach(line->stream, on_wake, line); /* wakes again on the next turn */
    }
}

static void write_stream(struct coordinator_line *line)
{
    struct bytes out = coordinator_output(line->session);
    while (out.len > 0) {
        size_t taken = 0;
        enum net_err err = stream_write(line->stream, out, &taken);
        if (err != NET_OK && err != NET_ERR_AGAIN) {
            stream_broke(line);
        }
        if (err != NET_OK) {
            return;
        }
        coordinator_sent(line->session, taken);
        out = coordinator_output(line->session);
    }
}

static void begin_goodbye(struct coordinator_line *line)
{
    line->says_goodbye = true;
    line->goodbye_at = mono_after(mono_now(), GOODBYE_MS * NS_PER_MS);
    coordinator_line_note(line, coordinator_disconnect(line->session));
}

void coordinator_line_work(struct coordinator_line *line)
{
    mono_ns now = mono_now();
    if (line->working || line->session == NULL) {
        return;
    }
    line->working = true;
    read_stream(line, now);
    if (!line->has_ended && now >= coordinator_deadline(line->session)) {
        coordinator_line_note(line, coordinator_tick(line->session, now));
    }
    take_events(line);
    if (line->closing && !line->says_goodbye) {
        begin_goodbye(line);
    }
    if (!line->has_ended) {
        write_stream(line);
    }
    line->working = false;
    coordinator_line_after_work(line, now);
}
