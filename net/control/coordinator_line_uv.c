#include "net/control/coordinator_line_uv.h"

#include <stdlib.h>

#include "net/base/mem.h"
#include "net/control/coordinator_line_internal_uv.h"

enum { TIMER_MS_MAX = 3600000 }; /* then it looks again */

static void on_timer(uv_timer_t *timer);

const struct coordinator_link_status *coordinator_line_status(const struct coordinator_line *line)
{
    return &line->status;
}

const struct uuid *coordinator_line_agent(const struct coordinator_line *line)
{
    return &line->config.agent;
}

void coordinator_line_tell(struct coordinator_line *line)
{
    if (!line->closing) {
        line->config.handlers->changed(line->config.owner);
    }
}

static const char *state_name(enum coordinator_state state)
{
    static const char *const names[] = {
        [COORDINATOR_IDLE] = "idle",     [COORDINATOR_CONNECTING] = "connecting",
        [COORDINATOR_UP] = "up",         [COORDINATOR_WAITING] = "waiting",
        [COORDINATOR_FAILED] = "failed",
    };
    return names[state];
}

void coordinator_line_set_state(struct coordinator_line *line, enum coordinator_state state,
                                mono_ns now, const struct failure *why)
{
    struct coordinator_link_status *status = &line->status;
    enum log_level level = state == COORDINATOR_CONNECTING ? LOG_DEBUG : LOG_INFO;
    log_line(line->config.log, level, LOG_CONTROL, "coordinator: %s, was %s%s%s", state_name(state),
             state_name(status->state), why == NULL ? "" : ": ", why == NULL ? "" : why->text);
    status->state = state;
    status->since = now;
    status->retry_at = MONO_NEVER;
    if (why != NULL) {
        status->failure = *why;
    }
}

void coordinator_line_arm(struct coordinator_line *line, mono_ns now)
{
    mono_ns next = line->status.retry_at;
    if (line->session != NULL) {
        next = coordinator_deadline(line->session);
    }
    if (line->says_goodbye) {
        next = mono_min(next, line->goodbye_at);
    }
    if (next == MONO_NEVER) {
        (void)uv_timer_stop(&line->timer);
        return;
    }
    uint64_t ms = (mono_until(now, next) + NS_PER_MS - 1) / NS_PER_MS;
    (void)uv_timer_start(&line->timer, on_timer, ms < TIMER_MS_MAX ? ms : TIMER_MS_MAX, 0);
}

void coordinator_line_drop_token(struct coordinator_line *line)
{
    mem_wipe(&line->token, sizeof line->token);
}

void coordinator_line_drop_session(struct coordinator_line *line, mono_ns now)
{
    if (line->session == NULL) {
        return;
    }
    coordinator_free(line->session);
    stream_close(line->stream);
    line->session = NULL;
    line->stream = NULL;
    line->status.node_sent = false;
    line->status.has_workspace_updates = false;
    coordinator_pace_ended(&line->pace, mono_since(now, line->up_since));
}

static void on_closed(uv_handle_t *handle)
{
    struct coordinator_line *line = handle->data;
    line->config.handlers->closed(line->config.owner, line);
    mem_free_wiped(line, sizeof *line);
}

void coordinator_line_finish(struct coordinator_line *line)
{
    if (uv_is_closing((uv_handle_t *)&line->timer)) {
        return;
    }
    if (line->dial != NULL) {
        dial_cancel(line->dial);
        line->dial = NULL;
    }
    coordinator_line_drop_session(line, mono_now());
    line->says_goodbye = false;
    uv_close((uv_handle_t *)&line->timer, on_closed);
}

void coordinator_line_wait(struct coordinator_line *line, const struct failure *why)
{
    mono_ns now = mono_now();
    coordinator_line_set_state(line, COORDINATOR_WAITING, now, why);
    line->status.retry_at = mono_after(now, coordinator_pace_next(&line->pace, line->config.rng));
    coordinator_line_arm(line, now);
    coordinator_line_tell(line);
}

void coordinator_line_after_work(struct coordinator_line *line, mono_ns now)
{
    bool over = line->has_ended || (line->says_goodbye && now >= line->goodbye_at);
    struct failure why = line->end;
    bool retries = line->wants_retry;
    line->has_ended = false;
    line->wants_retry = false;
    if (line->closing) {
        if (over || line->session == NULL) {
            coordinator_line_finish(line);
        } else {
            coordinator_line_arm(line, now);
        }
        return;
    }
    if (!over && !retries) {
        coordinator_line_arm(line, now);
        return;
    }
    coordinator_line_drop_session(line, now);
    if (retries) {
        coordinator_pace_reset(&line->pace);
    }
    if (retries && !over) {
        (void)failure_set(&why, NET_ERR_CANCELLED, "the coordinator is dialled anew");
    }
    line->config.handlers->lost(line->config.owner, line);
    bool untouched = line->status.state == COORDINATOR_UP && !line->closing;
    if (untouched) { /* else the owner has asked for something in `lost`, and it is done */
        coordinator_line_wait(line, &why);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct coordinator_line *line = timer->data;
    mono_ns now = mono_now();
    if (line->session != NULL) {
        coordinator_line_work(line);
    } else if (line->status.state == COORDINATOR_WAITING && now >= line->status.retry_at) {
        coordinator_line_dial(line);
    } else {
        coordinator_line_arm(line, now);
    }
}

struct coordinator_line *coordinator_line_new(const struct coordinator_line_config *config)
{
    struct coordinator_line *line = mem_new(sizeof *line);
    line->config = *config;
    line->status.retry_at = MONO_NEVER;
    line->goodbye_at = MONO_NEVER;
    (void)uv_timer_init(config->loop, &line->timer);
    line->timer.data = line;
    coordinator_pace_init(&line->pace);
    line->status.state = COORDINATOR_IDLE;
    line->status.since = mono_now();
    return line;
}

void coordinator_line_start(struct coordinator_line *line)
{
    (void)coordinator_pace_next(&line->pace, line->config.rng);
    coordinator_line_dial(line);
}

void coordinator_line_node_changed(struct coordinator_line *line)
{
    if (line->session != NULL && !line->closing) {
        bool news = !line->status.node_sent;
        coordinator_line_say_node(line);
        coordinator_line_work(line);
        if (news) {
            coordinator_line_tell(line);
        }
    }
}

void coordinator_line_add_agent(struct coordinator_line *line, const struct uuid *agent)
{
    if (line->session != NULL && !line->closing) {
        coordinator_line_note(line, coordinator_add_tunnel(line->session, agent));
        coordinator_line_work(line);
    }
}

void coordinator_line_remove_agent(struct coordinator_line *line, const struct uuid *agent)
{
    if (line->session != NULL && !line->closing) {
        coordinator_line_note(line, coordinator_remove_tunnel(line->session, agent));
        coordinator_line_work(line);
    }
}

void coordinator_line_retry(struct coordinator_line *line)
{
    if (line->closing) {
        return;
    }
    if (line->session != NULL) {
        line->wants_retry = true;
        if (!line->working) {
            coordinator_line_after_work(line, mono_now());
        }
        return;
    }
    if (line->dial != NULL) {
        dial_cancel(line->dial);
        line->dial = NULL;
    }
    coordinator_pace_reset(&line->pace);
    coordinator_line_start(line);
}

void coordinator_line_close(struct coordinator_line *line)
{
    if (line->closing) {
        return;
    }
    line->closing = true;
    if (line->working) {
        return;
    }
    if (line->session == NULL) {
        coordinator_line_finish(line);
        return;
    }
    coordinator_line_work(line);
}
