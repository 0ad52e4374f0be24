/*
 * The core's state as a snapshot. Reads, never changes.
 */
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/monitor/core_internal.h"

static void clean(char *out, size_t size, const char *in)
{
    (void)text_clean(out, size, bytes_text(in));
}

/* --- the list -----------------------------------------------------------------------------------
 */

enum workspace_state core_workspace_state(enum tailnet_workspace_status status)
{
    switch (status) {
    case TAILNET_WORKSPACE_RUNNING:
        return WORKSPACE_RUNNING;
    case TAILNET_WORKSPACE_PENDING:
    case TAILNET_WORKSPACE_STARTING:
        return WORKSPACE_STARTING;
    case TAILNET_WORKSPACE_STOPPING:
    case TAILNET_WORKSPACE_CANCELING:
        return WORKSPACE_STOPPING;
    case TAILNET_WORKSPACE_STOPPED:
        return WORKSPACE_STOPPED;
    case TAILNET_WORKSPACE_FAILED:
    case TAILNET_WORKSPACE_CANCELED:
        return WORKSPACE_BROKEN;
    case TAILNET_WORKSPACE_DELETING:
    case TAILNET_WORKSPACE_DELETED:
        return WORKSPACE_DELETED;
    case TAILNET_WORKSPACE_UNKNOWN:
        break;
    }
    return WORKSPACE_UNKNOWN;
}

enum agent_state core_agent_state(enum agent_status status)
{
    switch (status) {
    case AGENT_CONNECTING:
        return AGENT_STATE_CONNECTING;
    case AGENT_CONNECTED:
        return AGENT_STATE_CONNECTED;
    case AGENT_DISCONNECTED:
        return AGENT_STATE_DISCONNECTED;
    case AGENT_TIMEOUT:
        return AGENT_STATE_TIMEOUT;
    case AGENT_UNKNOWN:
        break;
    }
    return AGENT_STATE_UNKNOWN;
}

static const struct snapshot_sample *sample_at(const struct watch *watch, uint64_t number)
{
    return &watch->samples[number % SNAPSHOT_SAMPLES_MAX];
}

static void fill_spark(const struct watch *watch, struct snapshot_workspace *row)
{
    uint64_t end = watch->oldest_open; /* everything before it has its result */
    uint64_t kept = watch->beats > SNAPSHOT_SAMPLES_MAX ? watch->beats - SNAPSHOT_SAMPLES_MAX : 0;
    uint64_t from = end > SNAPSHOT_SPARK ? end - SNAPSHOT_SPARK : 0;
    for (uint64_t n = from > kept ? from : kept; n < end; n++) {
        const struct snapshot_sample *sample = sample_at(watch, n);
        if (sample->state == SAMPLE_VOID) {
            continue;
        }
        row->spark_path[row->spark_count] = sample->path;
        row->spark_us[row->spark_count++] = sample->state == SAMPLE_PONG ? sample->rtt_us : 0;
    }
    if (row->spark_count > 0) {
        row->last_rtt_us = row->spark_us[row->spark_count - 1];
    }
}

enum path_kind core_path_kind(const struct watch *watch)
{
    struct path_status status;
    peer_path_status(watch->config.path, &status);
    if (watch->first_pong_at == 0 || !status.has_peer) { /* nothing has come, or the agent left */
        return PATH_NONE;
    }
    return status.now.direct ? PATH_DIRECT : PATH_DERP;
}

static void fill_stop(const struct deployment_workspace *workspace, struct snapshot_workspace *row)
{
    if (row->state == WORKSPACE_STOPPED) {
        row->stopped_at = workspace->ended_at;
        row->stopped_by = strcmp(workspace->reason, "autostop") == 0   ? STOP_SCHEDULE
                          : strcmp(workspace->reason, "dormancy") == 0 ? STOP_DORMANT
                                                                       : STOP_UNKNOWN;
    }
}

static void fill_row(const struct core *core, const struct deployment_workspace *workspace,
                     const struct deployment_agent *agent, struct snapshot_workspace *row)
{
    *row = (struct snapshot_workspace){.workspace = workspace->id,
                                       .state = core_workspace_state(workspace->status)};
    fill_stop(workspace, row);
    clean(row->owner, sizeof row->owner, workspace->owner_name);
    clean(row->name, sizeof row->name, workspace->name);
    if (agent == NULL) {
        return;
    }
    row->agent = agent->id;
    row->show_agent_name = workspace->agent_count > 1;
    row->agent_state = core_agent_state(agent->status);
    clean(row->agent_name, sizeof row->agent_name, agent->name);
    const struct watch *watch = core_find_watch(core, &agent->id);
    if (watch != NULL) {
        row->watched = true;
        row->path = core_path_kind(watch);
        row->grade = watch->grade.now;
        fill_spark(watch, row);
    }
}

static void add_row(const struct core *core, const struct deployment_workspace *workspace,
                    const struct deployment_agent *agent, struct snapshot *out)
{
    out->workspaces_total++;
    if (out->workspace_count == SNAPSHOT_WORKSPACES_MAX) {
        return;
    }
    struct snapshot_workspace *row = &out->workspaces[out->workspace_count];
    fill_row(core, workspace, agent, row);
    const struct uuid *id = agent == NULL ? &workspace->id : &agent->id;
    if (uuid_equal(id, &core->selected)) {
        out->selected = (int)out->workspace_count;
    }
    out->workspace_count++;
}

static void fill_list(const struct core *core, struct snapshot *out)
{
    out->selected = -1;
    out->workspace_count = 0;
    out->workspaces_total = 0;
    out->list_known = core->list.answered || core->target.answered;
    out->list_live = core->list_live;
    for (size_t i = 0; i < core->workspaces.count; i++) {
        const struct deployment_workspace *workspace = &core->workspaces.items[i];
        for (size_t a = 0; a < workspace->agent_count; a++) {
            add_row(core, workspace, &workspace->agents[a], out);
        }
        if (workspace->agent_count == 0) {
            add_row(core, workspace, NULL, out);
        }
    }
}

/* --- the history --------------------------------------------------------------------------------
 */

void core_copy_figures(struct snapshot_stats *to, const struct latency_figures *from)
{
    *to = (struct snapshot_stats){
        .sent = from->sent,
        .answered = from->answered,
        .lost = from->lost,
        .last_ns = from->last_ns,
        .min_ns = from->min_ns,
        .avg_ns = from->avg_ns,
        .max_ns = from->max_ns,
        .p50_ns = from->p50_ns,
        .p95_ns = from->p95_ns,
        .p99_ns = from->p99_ns,
        .jitter_ns = from->jitter_ns,
        .stddev_ns = from->stddev_ns,
    };
}

/* Figures of one way alone: a percentile over relayed and direct pongs together means nothing. */
static void fill_figures(const struct snapshot *from, enum path_kind path,
                         struct snapshot_stats *out)
{
    static uint64_t values[SNAPSHOT_SAMPLES_MAX]; /* only the core's thread comes here */
    struct latency_figures figures;
    uint64_t lost = 0;
    uint64_t pending = 0;
    size_t answered = 0;
    for (size_t i = 0; i < from->sample_count; i++) {
        const struct snapshot_sample *sample = &from->samples[i];
        bool direct = sample->path == PATH_DIRECT;
        if (path != PATH_NONE && direct != (path == PATH_DIRECT)) {
            continue;
        }
        if (sample->state == SAMPLE_PONG) {
            values[answered++] = (uint64_t)sample->rtt_us * NS_PER_US;
        }
        lost += sample->state == SAMPLE_LOST ? 1U : 0U;
        pending += sample->state == SAMPLE_PENDING ? 1U : 0U;
    }
    latency_window_figures(values, answered, &figures);
    figures.sent = answered + lost + pending;
    figures.lost = lost;
    core_copy_figures(out, &figures);
}

/* A run of few probes ends before the handshake does: it has a moment more, to be reported. */
static bool awaits_handshake(const struct watch *watch)
{
    struct wg_status status;
    return watch->first_pong_at != 0 && !watch->grace_over &&
           tunnel_peer_status(watch->config.peer, &status) && status.handshakes == 0;
}

/* Likewise what the agent says of its own network. */
static bool awaits_report(const struct watch *watch)
{
    mono_ns at = 0;
    const struct failure *why = NULL;
    return watch->first_pong_at != 0 && !watch->grace_over &&
           core_agent_report(watch, &at, &why) == NULL && why->code == NET_OK;
}

static void fill_history(const struct watch *watch, struct snapshot *out)
{
    uint64_t count = watch->beats < SNAPSHOT_SAMPLES_MAX ? watch->beats : SNAPSHOT_SAMPLES_MAX;
    struct latency_figures figures;
    out->first_sample = watch->beats - count;
    out->sample_count = (size_t)count;
    for (uint64_t i = 0; i < count; i++) {
        out->samples[i] = *sample_at(watch, out->first_sample + i);
    }
    latency_run_figures(&watch->run, &figures);
    core_copy_figures(&out->run, &figures);
    bool never = watch->first_pong_at == 0;
    out->silent_since = never ? watch->started_at : watch->outage.lost ? watch->outage.since : 0;
    out->unanswered = out->silent_since == 0 ? 0 : never ? watch->beats : watch->outage.unanswered;
    out->silence_ns = watch->silence_ns;
    out->silence_at = watch->silence_at;
    if (watch->outage.lost && mono_since(out->now, watch->outage.since) > out->silence_ns) {
        out->silence_ns = mono_since(out->now, watch->outage.since); /* it goes on */
        out->silence_at = watch->outage.since;
    }
    out->finished = watch_done(watch) && !awaits_handshake(watch) && !awaits_report(watch);
}

/* --- links and the ladder
 * -------------------------------------------------------------------------- */

static void fill_coordinator(const struct core *core, struct snapshot *out)
{
    const struct coordinator_link_status *status = coordinator_link_status(core->link);
    static const enum link_state states[] = {
        [COORDINATOR_IDLE] = LINK_IDLE,     [COORDINATOR_CONNECTING] = LINK_CONNECTING,
        [COORDINATOR_UP] = LINK_UP,         [COORDINATOR_WAITING] = LINK_WAITING,
        [COORDINATOR_FAILED] = LINK_FAILED,
    };
    out->coordinator = (struct snapshot_link){.state = states[status->state],
                                              .since = status->since,
                                              .retry_at = status->retry_at,
                                              .attempts = status->attempts};
    if (status->state != COORDINATOR_UP && status->failure.code != NET_OK) {
        text_copy(out->coordinator.detail, sizeof out->coordinator.detail, status->failure.text);
    }
    out->node_sent = status->node_sent;
    out->node_sent_at = core->node_sent_at;
}

int64_t core_region_in_use(const struct core *core, const struct watch *watch)
{
    return watch != NULL && watch->peer_known ? watch->peer.preferred_derp
                                              : paths_home(core->paths);
}

void core_relay_link(const struct relay_status *status, int64_t region, struct snapshot_link *out)
{
    static const enum link_state states[] = {
        [RELAY_IDLE] = LINK_IDLE,
        [RELAY_CONNECTING] = LINK_CONNECTING,
        [RELAY_OPEN] = LINK_UP,
        [RELAY_WAITING] = LINK_WAITING,
    };
    if (status == NULL) {
        *out = (struct snapshot_link){.state = LINK_IDLE, .retry_at = MONO_NEVER};
        if (region != 0) {
            text_format(out->detail, sizeof out->detail, "region %lld is not in the DERP map",
                        (long long)region);
        }
        return;
    }
    *out = (struct snapshot_link){.state = states[status->state],
                                  .since = status->since,
                                  .retry_at = status->retry_at,
                                  .attempts = status->attempts};
    if (status->state != RELAY_OPEN && status->failure.code != NET_OK) {
        text_copy(out->detail, sizeof out->detail, status->failure.text);
    }
}

static void fill_relay_status(const struct relay_status *status, struct snapshot *out)
{
    text_copy(out->relay_health, sizeof out->relay_health, status->health);
    out->relay_websocket = status->websocket;
    out->relay_rtt_ns = status->rtt_ns;
    out->relay_packets_in = status->packets_in;
    out->relay_packets_out = status->packets_out;
    out->relay_bytes_in = status->bytes_in;
    out->relay_bytes_out = status->bytes_out;
}

static void fill_relay(const struct core *core, const struct watch *watch, struct snapshot *out)
{
    int64_t id = core_region_in_use(core, watch);
    const struct relay_status *status = relays_status(paths_relays(core->paths), id);
    const struct derp_region *region = derp_map_find(&core->map, id);
    core_relay_link(status, id, &out->relay);
    if (status != NULL) {
        fill_relay_status(status, out);
    }
    out->region = id;
    if (region != NULL && region->node_count > 0) {
        clean(out->relay_url, sizeof out->relay_url, region->nodes[0].host_name);
    }
}

static void fill_region_names(const struct core *core, const struct watch *watch,
                              struct snapshot *out)
{
    const struct derp_region *region = derp_map_find(&core->map, out->region);
    const struct derp_region *home = derp_map_find(&core->map, paths_home(core->paths));
    out->home_region = paths_home(core->paths);
    if (region != NULL) {
        text_copy(out->region_name, sizeof out->region_name, region->name);
        text_copy(out->region_code, sizeof out->region_code, region->code);
    }
    if (home != NULL) {
        text_copy(out->home_region_name, sizeof out->home_region_name, home->name);
    }
    const struct netcheck_report *report = paths_report(core->paths);
    for (size_t i = 0; i < report->region_count; i++) {
        const struct netcheck_region *one = &report->regions[i];
        if (one->id == out->home_region) {
            bool v6 = one->v4_ns == 0 || (one->v6_ns != 0 && one->v6_ns < one->v4_ns);
            out->home_latency_ns = v6 ? one->v6_ns : one->v4_ns;
        }
    }
    if (watch != NULL && watch->peer_at != 0) { /* as it was last told */
        const struct derp_region *theirs = derp_map_find(&core->map, watch->peer.preferred_derp);
        out->agent_region = watch->peer.preferred_derp;
        text_copy(out->agent_region_name, sizeof out->agent_region_name,
                  theirs == NULL ? "unknown" : theirs->name);
    }
}

static void step(struct snapshot *out, enum ladder_step which, enum ladder_state state,
                 mono_ns since, mono_ns retry_at, const char *detail)
{
    struct snapshot_step *s = &out->ladder[which];
    *s = (struct snapshot_step){.state = state, .since = since, .retry_at = retry_at};
    text_copy(s->detail, sizeof s->detail, detail);
}

static void step_of_link(struct snapshot *out, enum ladder_step which,
                         const struct snapshot_link *link)
{
    static const enum ladder_state states[] = {
        [LINK_IDLE] = LADDER_TODO,      [LINK_CONNECTING] = LADDER_RUNNING, [LINK_UP] = LADDER_DONE,
        [LINK_WAITING] = LADDER_FAILED, [LINK_FAILED] = LADDER_FAILED,
    };
    step(out, which, states[link->state], link->since, link->retry_at, link->detail);
}

static void step_server(const struct core *core, struct snapshot *out)
{
    const struct question *asked[] = {&core->target, &core->user, &core->connection};
    const struct question *bad = NULL;
    bool good = false;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        bool about_server = asked[i]->failure.code != NET_ERR_STATE &&
                            asked[i]->failure.code != NET_ERR_NOT_FOUND &&
                            asked[i]->failure.code != NET_ERR_USAGE;
        good |= asked[i]->answered || !about_server;
        if (asked[i]->failure.code != NET_OK && about_server) {
            bad = asked[i];
        }
    }
    if (bad != NULL) {
        step(out, LADDER_SERVER, LADDER_FAILED, bad->since, bad->retry_at, bad->failure.text);
    } else {
        step(out, LADDER_SERVER, good ? LADDER_DONE : LADDER_RUNNING, core->started_at, MONO_NEVER,
             "");
    }
    out->signed_in = good;
}

/* The agent counts as connected when its node came, whatever the list said a while ago. */
static void step_agent(const struct core *core, const struct watch *watch, struct snapshot *out)
{
    const struct snapshot_workspace *row =
        out->selected >= 0 ? &out->workspaces[out->selected] : NULL;
    bool gone = row != NULL && uuid_is_zero(&row->agent); /* the watch is of one that was */
    mono_ns lost = watch != NULL && watch->outage.lost ? watch->outage.since : 0;
    if (watch != NULL && watch->peer_known && !gone) {
        step(out, LADDER_AGENT, LADDER_DONE, watch->peer_at, MONO_NEVER, "");
    } else if (core->target.failure.code != NET_OK && core->target.failure.code != NET_ERR_AUTH) {
        step(out, LADDER_AGENT, LADDER_FAILED, core->target.since, core->target.retry_at,
             core->target.failure.text);
    } else if (row == NULL) {
        step(out, LADDER_AGENT, LADDER_TODO, core->started_at, MONO_NEVER,
             out->list_known ? "no workspace is selected" : "");
    } else if (gone) {
        step(out, LADDER_AGENT, LADDER_FAILED, lost, core->list.retry_at,
             row->state == WORKSPACE_STOPPED ? "the workspace is stopped: start it to watch it"
                                             : "the workspace has no agent now");
    } else if (row->agent_state == AGENT_STATE_CONNECTED) {
        step(out, LADDER_AGENT, LADDER_DONE, core->started_at, MONO_NEVER, "");
    } else {
        static const char *const why[] = {
            [AGENT_STATE_UNKNOWN] = "its state is not known",
            [AGENT_STATE_CONNECTING] = "it has not connected yet",
            [AGENT_STATE_CONNECTED] = "",
            [AGENT_STATE_DISCONNECTED] = "it is disconnected: is the workspace's machine up?",
            [AGENT_STATE_TIMEOUT] = "it has never connected: see the agent's start-up log",
        };
        step(out, LADDER_AGENT, LADDER_FAILED, lost != 0 ? lost : core->list.since,
             core->list.retry_at, why[row->agent_state]);
    }
}

static void step_disco(const struct watch *watch, struct snapshot *out)
{
    bool lost = watch->outage.lost;
    bool answered = watch->first_pong_at != 0 && !lost;
    bool stalled = lost || (watch->run.lost > 0 && watch->first_pong_at == 0);
    bool can_try = watch->peer_known && watch->reachable;
    step(out, LADDER_DISCO,
         answered   ? LADDER_DONE
         : !can_try ? LADDER_TODO
         : stalled  ? LADDER_FAILED
                    : LADDER_RUNNING,
         answered ? watch->first_pong_at
         : lost   ? watch->outage.since
                  : watch->peer_at,
         can_try && !answered ? watch->next_beat : MONO_NEVER,
         !stalled || !can_try ? ""
         : lost               ? "no probe is answered"
                              : "probes are sent and none is answered");
}

/* One that was done counts as long as nothing asks for another. */
static void step_handshake(const struct watch *watch, struct snapshot *out)
{
    bool stalled = out->handshake_attempts > 1;
    bool good = out->handshake_at != 0 && !(watch->outage.lost && stalled);
    enum ladder_state state = !out->has_tunnel           ? LADDER_TODO
                              : good                     ? LADDER_DONE
                              : stalled                  ? LADDER_FAILED
                              : out->handshake_under_way ? LADDER_RUNNING
                                                         : LADDER_TODO;
    step(out, LADDER_HANDSHAKE, state, out->handshake_at != 0 ? out->handshake_at : watch->peer_at,
         MONO_NEVER, state == LADDER_FAILED ? "initiations are sent and none is answered" : "");
}

static void fill_ladder(const struct core *core, const struct watch *watch, struct snapshot *out)
{
    step_server(core, out);
    step_agent(core, watch, out);
    step_of_link(out, LADDER_COORDINATOR, &out->coordinator);
    step_of_link(out, LADDER_RELAY, &out->relay);
    bool up = out->coordinator.state == LINK_UP;
    step(out, LADDER_NODE_SENT,
         out->node_sent ? LADDER_DONE
         : up           ? LADDER_RUNNING
                        : LADDER_TODO,
         out->node_sent ? out->node_sent_at : out->coordinator.since, MONO_NEVER,
         up && paths_home(core->paths) == 0 ? "waiting for a home region" : "");
    if (watch == NULL) {
        step(out, LADDER_NODE_RECEIVED, LADDER_TODO, 0, MONO_NEVER, "");
        step(out, LADDER_DISCO, LADDER_TODO, 0, MONO_NEVER, "");
        step(out, LADDER_HANDSHAKE, LADDER_TODO, 0, MONO_NEVER, "");
        return;
    }
    bool lost = watch->outage.lost;
    step(out, LADDER_NODE_RECEIVED,
         watch->peer_known        ? LADDER_DONE
         : up && watch->peer_left ? LADDER_FAILED
         : up                     ? LADDER_RUNNING
                                  : LADDER_TODO,
         watch->peer_known ? watch->peer_at
         : lost            ? watch->outage.since
                           : watch->started_at,
         MONO_NEVER, watch->peer_left ? "the agent left the tailnet" : "");
    step_disco(watch, out);
    step_handshake(watch, out);
}

/* --- the whole
 * ------------------------------------------------------------------------------------- */

static void fill_head(const struct core *core, mono_ns now, struct snapshot *out)
{
    const struct settings *settings = core->options.settings;
    out->seq = core->published;
    out->now = now;
    out->wall = wall_now();
    out->lab = core->options.lab;
    out->paused = core->paused;
    out->gap_count = gaps_copy(&core->gaps, out->gaps);
    out->interval_ns = core->options.interval_ns;
    out->direct_disabled_deployment = core->direct_disabled_deployment;
    out->direct_disabled_client = settings->disable_direct;
    char host[SNAPSHOT_NAME * 2];
    settings_deployment(settings, host, sizeof host);
    clean(out->deployment, sizeof out->deployment, host);
    clean(out->user, sizeof out->user, core->user_info.username);
    clean(out->server_version, sizeof out->server_version, api_build_version(core->api));
    out->fatal = core->fatal.code != NET_OK;
    out->fatal_status = core_exit_status(&core->fatal);
    text_copy(out->notice, sizeof out->notice,
              out->fatal                                ? core->fatal.text
              : core->target.failure.code != NET_OK     ? core->target.failure.text
              : core->user.failure.code != NET_OK       ? core->user.failure.text
              : core->connection.failure.code != NET_OK ? core->connection.failure.text
              : core->list.failure.code != NET_OK       ? core->list.failure.text
                                                        : "");
}

static void fill_title(struct snapshot *out)
{
    if (out->selected >= 0) {
        const struct snapshot_workspace *row = &out->workspaces[out->selected];
        bool named = row->agent_name[0] != '\0';
        text_format(out->title, sizeof out->title, "%s%s%s", row->name, named ? " · " : "",
                    row->agent_name);
    }
}

static void fill_agent_version(const struct core *core, struct snapshot *out)
{
    const struct deployment_workspace *workspace = NULL;
    const struct deployment_agent *agent = NULL;
    if (core_find_row(core, &core->selected, &workspace, &agent) && agent != NULL) {
        clean(out->agent_version, sizeof out->agent_version, agent->version);
    }
}

static void fill_events(const struct core *core, struct snapshot *out)
{
    uint64_t count =
        core->event_count < SNAPSHOT_EVENTS_MAX ? core->event_count : SNAPSHOT_EVENTS_MAX;
    out->event_count = (size_t)count;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = core->event_count - count + i;
        out->events[i] = core->events[number % SNAPSHOT_EVENTS_MAX];
    }
}

void core_fill_snapshot(const struct core *core, mono_ns now, struct snapshot *out)
{
    /* The arrays are overwritten as far as their counts say; all before them starts from zero. */
    const struct watch *watch = core_shown_watch(core);
    memset(out, 0, sizeof *out);
    fill_head(core, now, out);
    fill_list(core, out);
    fill_title(out);
    fill_agent_version(core, out);
    fill_coordinator(core, out);
    if (watch != NULL) {
        fill_history(watch, out);
        core_fill_history(watch, out);
    }
    fill_relay(core, watch, out);
    if (watch != NULL) {
        core_fill_path(core, watch, out);
        core_fill_agent_report(watch, out);
        fill_figures(out, out->path, &out->window);
        fill_figures(out, out->path == PATH_DIRECT ? PATH_DERP : PATH_DIRECT, &out->other);
    }
    fill_region_names(core, watch, out);
    fill_ladder(core, watch, out);
    fill_events(core, out);
    core_fill_speed(&core->speed, out);
    core_fill_log(&core->log, out);
}
