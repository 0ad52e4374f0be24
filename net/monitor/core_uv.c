#include "net/monitor/core_uv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/monitor/core_internal.h"

static void publish(uv_timer_t *timer)
{
    struct core *core = timer->data;
    struct snapshot *draft = snapshot_box_draft(core->box);
    core->dirty = false;
    core->published++;
    core_fill_snapshot(core, mono_now(), draft);
    core_diagnose(core, draft);
    snapshot_box_publish(core->box);
    core->wake(core->wake_owner);
}

void core_dirty(struct core *core)
{
    if (!core->dirty && !core->closing) {
        core->dirty = true;
        (void)uv_timer_start(&core->publish_timer, publish, 0, 0);
    }
}

/* Whom an event is about, by the name that the list has for it. */
static void name_event(const struct core *core, const struct uuid *id, struct snapshot_event *event)
{
    const struct deployment_workspace *workspace = NULL;
    const struct deployment_agent *agent = NULL;
    event->agent = *id;
    if (core_find_row(core, id, &workspace, &agent)) {
        char raw[SNAPSHOT_NAME * 2];
        bool several = agent != NULL && workspace->agent_count > 1;
        text_format(raw, sizeof raw, "%s%s%s", workspace->name, several ? " · " : "",
                    several ? agent->name : "");
        (void)text_clean(event->about, sizeof event->about, bytes_text(raw));
    }
}

static void add_event(struct core *core, const struct uuid *about, const char *raw)
{
    struct snapshot_event *event = &core->events[core->event_count % SNAPSHOT_EVENTS_MAX];
    *event =
        (struct snapshot_event){.seq = core->event_count, .when = wall_now(), .at = mono_now()};
    (void)text_clean(event->text, sizeof event->text, bytes_text(raw));
    if (about != NULL) {
        name_event(core, about, event);
    }
    /* In the log of a run that has one subject only its name would be noise. */
    bool named = event->about[0] != '\0' && !uuid_equal(&event->agent, &core->selected);
    core->event_count++;
    log_line(&core->log, LOG_INFO, LOG_MAIN, "%s%s%s", named ? event->about : "", named ? ": " : "",
             event->text);
    core_dirty(core);
}

void core_event(struct core *core, const char *format, ...)
{
    char raw[SNAPSHOT_TEXT * 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    add_event(core, NULL, raw);
}

void core_watch_event(struct core *core, const struct watch *watch, const char *format, ...)
{
    char raw[SNAPSHOT_TEXT * 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    const struct uuid *about = watch == NULL ? &core->selected : &watch->agent;
    const struct deployment_workspace *workspace = NULL;
    const struct deployment_agent *agent = NULL;
    if (watch != NULL && !core_find_row(core, about, &workspace, &agent)) {
        about = &watch->workspace; /* which was stopped: it has that agent no more */
    }
    add_event(core, about, raw);
}

void core_failure_event(struct core *core, char said[SNAPSHOT_TEXT], const char *what,
                        const struct failure *failure)
{
    char text[SNAPSHOT_TEXT];
    text_format(text, sizeof text, "%s: %s", what, failure->text);
    if (strcmp(text, said) != 0) {
        text_copy(said, SNAPSHOT_TEXT, text);
        core_event(core, "%s", text);
    }
}

void core_fatal(struct core *core, const struct failure *failure)
{
    if (core->fatal.code == NET_OK) {
        core->fatal = *failure;
        core_event(core, "%s", failure->text);
    }
}

/* What was said of the refusal is true no more; a target that is not there stays so. */
void core_signed_in_again(struct core *core)
{
    if (core->fatal.code == NET_ERR_AUTH) {
        core->fatal = (struct failure){.code = NET_OK};
        core_net_signed_in(core);
    }
}

static void init_timer(struct core *core, uv_timer_t *timer)
{
    (void)uv_timer_init(core->loop, timer);
    timer->data = core;
    core->handles_open++;
}

static void init_identity(struct core *core)
{
    struct uuid random;
    uuid_random(core->rng, &random);
    tailnet_address_historic(&random, &core->address);
    core->node_id = (int64_t)(rng_u64(core->rng) >> 1);
    core->node_id = core->node_id == 0 ? 1 : core->node_id;
    core->node_key = node_private_new(core->rng);
    core->disco_key = disco_private_new(core->rng);
}

static enum net_err open_http(struct core *core, struct failure *why)
{
    const struct settings *settings = core->options.settings;
    struct http_config config = {
        .user_agent = "derptop/" DERPTOP_VERSION,
        .ca_file = settings->ca_file[0] != '\0' ? settings->ca_file : NULL,
        .cert_file = settings->cert_file[0] != '\0' ? settings->cert_file : NULL,
        .key_file = settings->key_file[0] != '\0' ? settings->key_file : NULL,
        .headers = settings->headers,
        .header_count = settings->header_count,
        .log = &core->log,
    };
    return http_client_new(core->loop, &config, &core->http, why);
}

enum net_err core_new(uv_loop_t *loop, const struct core_options *options, struct snapshot_box *box,
                      void (*wake)(void *owner), void *owner, struct core **out,
                      struct failure *why)
{
    struct core *core = mem_new(sizeof *core);
    core->loop = loop;
    core->options = *options;
    if (options->watches_max == 0 || options->watches_max > CORE_WATCHES_MAX) {
        core->options.watches_max = CORE_WATCHES_USUAL;
    }
    core->has_target = options->target != NULL;
    text_copy(core->target_text, sizeof core->target_text, core->has_target ? options->target : "");
    core->box = box;
    core->wake = wake;
    core->wake_owner = owner;
    core->rng = rng_os();
    core->started_at = mono_now();
    log_init(&core->log, options->log_least);
    core->log.sink = options->log_sink;
    core->log.owner = options->log_owner;
    if (options->note != NULL) {
        log_line(&core->log, LOG_INFO, LOG_MAIN, "%s", options->note);
    }
    enum net_err err = crypto_start();
    if (err != NET_OK) {
        failure_set(why, err, "cannot start the cryptography library");
    } else {
        err = open_http(core, why);
    }
    if (err != NET_OK) {
        log_clear(&core->log);
        free(core);
        return err;
    }
    init_timer(core, &core->publish_timer);
    init_timer(core, &core->tick_timer);
    gaps_start(&core->gaps, mono_now(), uv_hrtime());
    init_timer(core, &core->diagnose_timer);
    init_timer(core, &core->renew_timer);
    core_diagnosis_start(core);
    init_identity(core);
    core->api = api_new(core->http, options->settings, &core->log);
    core_net_start(core);
    core_questions_start(core);
    core_dirty(core);
    *out = core;
    return NET_OK;
}

bool core_find_row(const struct core *core, const struct uuid *id,
                   const struct deployment_workspace **workspace,
                   const struct deployment_agent **agent)
{
    *agent = NULL;
    for (size_t i = 0; i < core->workspaces.count; i++) {
        *workspace = &core->workspaces.items[i];
        for (size_t a = 0; a < (*workspace)->agent_count; a++) {
            if (uuid_equal(&(*workspace)->agents[a].id, id)) {
                *agent = &(*workspace)->agents[a];
                return true;
            }
        }
        if (uuid_equal(&(*workspace)->id, id)) {
            return true;
        }
    }
    return false;
}

/* A row of the list: its agent, or the workspace itself when it has none. */
static void select_row(struct core *core, const struct uuid *id)
{
    const struct deployment_workspace *workspace = NULL;
    const struct deployment_agent *agent = NULL;
    if (core_find_row(core, id, &workspace, &agent)) {
        if (agent == NULL && workspace->agent_count > 0) {
            agent = &workspace->agents[0];
        }
        core_select(core, &workspace->id, agent == NULL ? NULL : &agent->id);
    }
}

static void watch_running(struct core *core)
{
    for (size_t i = 0; i < core->workspaces.count; i++) {
        const struct deployment_workspace *workspace = &core->workspaces.items[i];
        for (size_t a = 0; a < workspace->agent_count; a++) {
            if (workspace->agents[a].status == AGENT_CONNECTED) {
                core_watch(core, &workspace->id, &workspace->agents[a].id);
            }
        }
    }
}

static void set_paused(struct core *core, bool paused)
{
    core->paused = paused;
    gaps_pause(&core->gaps, mono_now(), paused);
    for (size_t i = 0; i < core->watch_count; i++) {
        watch_set_paused(core->watches[i], mono_now(), paused);
    }
    core_event(core, paused ? "probing paused" : "probing resumed");
}

void core_command(struct core *core, const struct command *command)
{
    switch (command->kind) {
    case COMMAND_SELECT:
        select_row(core, &command->id);
        break;
    case COMMAND_WATCH:
        watch_running(core);
        break;
    case COMMAND_PAUSE:
        set_paused(core, !core->paused);
        break;
    case COMMAND_RETRY:
        core_questions_retry(core);
        core_net_retry(core);
        break;
    case COMMAND_SPEEDTEST_START:
        core_speed_start(core, command);
        break;
    case COMMAND_SPEEDTEST_STOP:
        core_speed_stop(core);
        break;
    case COMMAND_SLOWER:
    case COMMAND_FASTER:
    case COMMAND_STEP:
    case COMMAND_STEP_BACK:
    case COMMAND_REWIND:
    case COMMAND_QUIT:
    case COMMAND_NONE:
        break;
    }
    core_pump(core);
    core_dirty(core);
}

static void free_core(struct core *core)
{
    void (*closed)(void *owner) = core->closed;
    void *owner = core->closed_owner;
    node_private_free(core->node_key);
    disco_private_free(core->disco_key);
    deployment_workspaces_clear(&core->workspaces);
    derp_map_clear(&core->map);
    derp_map_clear(&core->early_map);
    log_clear(&core->log);
    free(core);
    closed(owner);
}

static void handle_closed(uv_handle_t *handle)
{
    struct core *core = handle->data;
    core->handles_open--;
    if (core->handles_open == 0) {
        free_core(core);
    }
}

static void question_handle_closed(uv_handle_t *handle)
{
    struct question *question = handle->data;
    struct core *core = question->core;
    core->handles_open--;
    if (core->handles_open == 0) {
        free_core(core);
    }
}

/* After the coordinator said goodbye. */
static void close_rest(void *owner)
{
    struct core *core = owner;
    core->link = NULL;
    tunnel_close(core->tunnel);
    api_free(core->api);
    http_client_close(core->http);
    struct question *questions[CORE_QUESTIONS] = {&core->user, &core->list, &core->target,
                                                  &core->connection};
    for (size_t i = 0; i < CORE_QUESTIONS; i++) {
        uv_close((uv_handle_t *)&questions[i]->timer, question_handle_closed);
    }
    uv_close((uv_handle_t *)&core->publish_timer, handle_closed);
    uv_close((uv_handle_t *)&core->tick_timer, handle_closed);
    uv_close((uv_handle_t *)&core->diagnose_timer, handle_closed);
    uv_close((uv_handle_t *)&core->renew_timer, handle_closed);
}

void core_close(struct core *core, void (*closed)(void *owner), void *owner)
{
    core->closing = true;
    core->closed = closed;
    core->closed_owner = owner;
    (void)uv_timer_stop(&core->publish_timer);
    (void)uv_timer_stop(&core->tick_timer);
    (void)uv_timer_stop(&core->diagnose_timer);
    (void)uv_timer_stop(&core->renew_timer);
    core_questions_stop(core);
    core_net_stop(core);
    coordinator_link_close(core->link, close_rest, core);
}
