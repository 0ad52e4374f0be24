/*
 * The facts of the diagnosis of one agent. What is so for all of them comes from the snapshot that
 * is about to be published, so that it is the same everywhere; the rest from its watch, the DERP
 * map and both sides' distances to the relays; and core_facts_network.c.
 */
#include <string.h>

#include "net/base/text.h"
#include "net/monitor/core_internal.h"

enum {
    FACTS_WINDOW = 60, /* probes that latency, loss and jitter are told of */
    FACTS_USUAL = 180, /* so many answers say what is usual */
};

static void copy(char *out, size_t size, const char *text)
{
    (void)text_clean(out, size, bytes_text(text));
}

/* --- the deployment
 * ------------------------------------------------------------------------------------------------
 */

static const struct failure *failure_of_kind(const struct core *core, enum net_err code)
{
    const struct failure *all[] = {
        &core->user.failure,
        &core->target.failure,
        &core->connection.failure,
        &core->list.failure,
        &coordinator_link_status(core->link)->failure,
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i]->code == code) {
            return all[i];
        }
    }
    return NULL;
}

static enum fact_link link_fact(const struct snapshot_link *link)
{
    switch (link->state) {
    case LINK_IDLE:
        return FACT_LINK_IDLE;
    case LINK_CONNECTING:
        /* Between two attempts it does not come back to life. */
        return link->detail[0] != '\0' ? FACT_LINK_DOWN : FACT_LINK_CONNECTING;
    case LINK_UP:
        return FACT_LINK_UP;
    case LINK_WAITING:
    case LINK_FAILED:
        break;
    }
    return FACT_LINK_DOWN;
}

/* For how long it has been down; *since remembers. */
static uint64_t down_for(enum fact_link state, mono_ns now, mono_ns *since)
{
    if (state != FACT_LINK_DOWN) {
        *since = 0;
        return 0;
    }
    *since = *since == 0 ? now : *since;
    return mono_since(now, *since);
}

static void gather_deployment(struct core *core, const struct snapshot *s, struct facts *out)
{
    const struct failure *refused = failure_of_kind(core, NET_ERR_AUTH);
    const struct failure *unsupported = failure_of_kind(core, NET_ERR_UNSUPPORTED);
    out->connection_known = core->map_known;
    out->direct_disabled_deployment = s->direct_disabled_deployment;
    out->direct_disabled_client = s->direct_disabled_client;
    out->stun_servers = !core->map_known                ? FACT_UNKNOWN
                        : derp_map_has_stun(&core->map) ? FACT_YES
                                                        : FACT_NO;
    out->websockets_forced = core->force_websockets;
    if (refused != NULL) {
        out->token_refused = true;
        copy(out->token_text, sizeof out->token_text, refused->text);
    }
    if (unsupported != NULL) {
        out->version_unsupported = true;
        copy(out->version_text, sizeof out->version_text, unsupported->text);
    }
    copy(out->server_version, sizeof out->server_version, s->server_version);
    copy(out->docs_url, sizeof out->docs_url, core->docs_url);
    out->coordinator = link_fact(&s->coordinator);
    out->coordinator_down_ns =
        down_for(out->coordinator, s->now, &core->diagnosis.coordinator_down);
    copy(out->coordinator_text, sizeof out->coordinator_text, s->coordinator.detail);
}

/* --- the workspace
 * ------------------------------------------------------------------------------------------------
 */

static enum fact_workspace workspace_fact(enum workspace_state state, const char **status)
{
    switch (state) {
    case WORKSPACE_UNKNOWN:
        break;
    case WORKSPACE_RUNNING:
        return FACT_WORKSPACE_RUNNING;
    case WORKSPACE_STARTING:
        *status = "starting";
        return FACT_WORKSPACE_STARTING;
    case WORKSPACE_STOPPING:
        *status = "stopping";
        return FACT_WORKSPACE_STOPPED;
    case WORKSPACE_STOPPED:
        *status = "stopped";
        return FACT_WORKSPACE_STOPPED;
    case WORKSPACE_BROKEN:
        *status = "broken: its last build failed or was cancelled";
        return FACT_WORKSPACE_STOPPED;
    case WORKSPACE_DELETED:
        *status = "deleted";
        return FACT_WORKSPACE_STOPPED;
    }
    return FACT_WORKSPACE_UNKNOWN;
}

static enum fact_agent agent_fact(enum agent_state state)
{
    static const enum fact_agent facts[] = {
        [AGENT_STATE_UNKNOWN] = FACT_AGENT_UNKNOWN,
        [AGENT_STATE_CONNECTING] = FACT_AGENT_CONNECTING,
        [AGENT_STATE_CONNECTED] = FACT_AGENT_CONNECTED,
        [AGENT_STATE_DISCONNECTED] = FACT_AGENT_DISCONNECTED,
        [AGENT_STATE_TIMEOUT] = FACT_AGENT_TIMEOUT,
    };
    return facts[state];
}

static void gather_workspace(const struct core *core, const struct watch *watch, struct facts *out)
{
    const struct deployment_workspace *workspace = NULL;
    const struct deployment_agent *agent = NULL;
    const char *status = "";
    if (core_find_row(core, watch == NULL ? &core->selected : &watch->agent, &workspace, &agent)) {
        copy(out->workspace, sizeof out->workspace, workspace->name);
        out->workspace_state = workspace_fact(core_workspace_state(workspace->status), &status);
        text_copy(out->workspace_status, sizeof out->workspace_status, status);
    }
    if (agent != NULL) {
        out->agent = agent_fact(core_agent_state(agent->status));
        copy(out->agent_version, sizeof out->agent_version, agent->version);
    }
    if (watch == NULL) {
        return;
    }
    out->agent_node_known = watch->peer_known;
    out->agent_lost = watch->peer_lost;
    out->agent_left = watch->peer_left;
    if (watch->peer_known && !watch->peer_lost) {
        out->agent = FACT_AGENT_CONNECTED; /* what the list says may be older than its node */
    }
}

/* --- the relay
 * ------------------------------------------------------------------------------------------------
 */

static void region_fact(const struct core *core, int64_t id, struct fact_region *out)
{
    const struct derp_region *region = derp_map_find(&core->map, id);
    out->id = id;
    text_copy(out->name, sizeof out->name, region == NULL ? "" : region->name);
}

static void gather_relay(const struct core *core, int64_t id, mono_ns now, mono_ns *down_since,
                         struct facts *out)
{
    const struct relay_status *status = relays_status(paths_relays(core->paths), id);
    struct snapshot_link link;
    core_relay_link(status, id, &link);
    region_fact(core, id, &out->relay_region);
    out->relay = link_fact(&link);
    out->relay_down_ns = down_for(out->relay, now, down_since);
    copy(out->relay_text, sizeof out->relay_text, link.detail);
    if (status != NULL) {
        copy(out->relay_health, sizeof out->relay_health, status->health);
        out->relay_websocket = status->websocket;
        copy(out->relay_websocket_reason, sizeof out->relay_websocket_reason,
             status->websocket_reason);
    }
}

/* By HTTP, from here; 0 = not measured. */
static uint64_t from_here(const struct core *core, int64_t id)
{
    const struct netcheck_region *region = netcheck_report_region(paths_report(core->paths), id);
    return region == NULL ? 0 : netcheck_region_latency(region);
}

/* As the agent's node says. */
static uint64_t from_agent(const struct watch *watch, int64_t id)
{
    uint64_t least = 0;
    for (size_t i = 0; i < watch->peer.latency_count; i++) {
        const struct tailnet_latency *one = &watch->peer.latencies[i];
        if (one->region == id && one->seconds > 0 && one->seconds < 60) {
            uint64_t ns = (uint64_t)(one->seconds * (double)NS_PER_SEC);
            least = least == 0 || ns < least ? ns : least;
        }
    }
    return least;
}

/* What we send goes by the agent's home, what it sends by ours: half a round trip of each leg. */
static void gather_distances(const struct core *core, const struct watch *watch, struct facts *out)
{
    int64_t home = paths_home(core->paths);
    int64_t theirs = watch->peer_known ? watch->peer.preferred_derp : 0;
    if (home == 0 || theirs == 0) {
        return;
    }
    region_fact(core, home, &out->client_home);
    region_fact(core, theirs, &out->agent_home);
    out->client_to_client_home_ns = from_here(core, home);
    out->client_to_agent_home_ns = from_here(core, theirs);
    out->agent_to_client_home_ns = from_agent(watch, home);
    out->agent_to_agent_home_ns = from_agent(watch, theirs);
    if (out->client_to_client_home_ns == 0 || out->client_to_agent_home_ns == 0 ||
        out->agent_to_client_home_ns == 0 || out->agent_to_agent_home_ns == 0) {
        return;
    }
    out->used_region_ns = (out->client_to_client_home_ns + out->client_to_agent_home_ns +
                           out->agent_to_client_home_ns + out->agent_to_agent_home_ns) /
                          2;
    for (size_t i = 0; i < core->map.region_count; i++) {
        const struct derp_region *region = &core->map.regions[i];
        uint64_t here = derp_region_can_relay(region) ? from_here(core, region->id) : 0;
        uint64_t there = from_agent(watch, region->id);
        if (here != 0 && there != 0 &&
            (out->near_region_ns == 0 || here + there < out->near_region_ns)) {
            out->near_region_ns = here + there;
            region_fact(core, region->id, &out->near_region);
        }
    }
}

/* --- the path
 * ------------------------------------------------------------------------------------------------
 */

static void gather_probes(const struct watch *watch, enum path_kind path, struct fact_probes *out)
{
    uint64_t values[FACTS_WINDOW];
    struct latency_figures figures;
    size_t seen = 0;
    size_t answered = 0;
    bool in_a_row = true;
    uint64_t kept = watch->beats > SNAPSHOT_SAMPLES_MAX ? watch->beats - SNAPSHOT_SAMPLES_MAX : 0;
    for (uint64_t n = watch->beats; n > kept && seen < FACTS_WINDOW; n--) {
        const struct snapshot_sample *sample = &watch->samples[(n - 1) % SNAPSHOT_SAMPLES_MAX];
        seen += sample->state == SAMPLE_PONG || sample->state == SAMPLE_LOST ? 1 : 0;
        if (sample->state == SAMPLE_LOST) {
            out->lost++;
            out->lost_in_a_row += in_a_row ? 1 : 0;
        } else if (sample->state == SAMPLE_PONG) {
            in_a_row = false;
            if ((enum path_kind)sample->path == path) { /* two ways together mean nothing */
                values[FACTS_WINDOW - ++answered] = (uint64_t)sample->rtt_us * NS_PER_US;
            }
        }
    }
    latency_window_figures(values + FACTS_WINDOW - answered, answered, &figures);
    out->answered = answered;
    out->p50_ns = figures.p50_ns;
    out->avg_ns = figures.avg_ns;
    out->p95_ns = figures.p95_ns;
    out->jitter_ns = figures.jitter_ns;
    latency_run_figures(&watch->run_by_way[path == PATH_DIRECT ? 1 : 0], &figures);
    out->usual_ns = figures.answered < FACTS_USUAL ? 0 : figures.p50_ns;
}

static void gather_tunnel(const struct watch *watch, mono_ns now, struct facts *out)
{
    struct wg_status status;
    if (!tunnel_peer_status(watch->config.peer, &status)) {
        return;
    }
    out->handshake = status.last_handshake != 0 ? FACT_YES : FACT_NO;
    out->handshake_age_ns = status.last_handshake == 0 ? 0 : mono_since(now, status.last_handshake);
    out->handshake_attempts = status.attempts;
    out->data_wanted = !watch->paused;
}

static void gather_path(const struct watch *watch, const struct diagnosed *diagnosed, mono_ns now,
                        struct facts *out)
{
    static const enum fact_path paths[] = {[PATH_NONE] = FACT_PATH_NONE,
                                           [PATH_DERP] = FACT_PATH_RELAY,
                                           [PATH_DIRECT] = FACT_PATH_DIRECT};
    const struct candidates *all = peer_path_candidates(watch->config.path);
    enum path_kind path = core_path_kind(watch);
    out->path = paths[path];
    out->path_for_ns = path == PATH_NONE ? 0 : mono_since(now, core_path_since(watch));
    if (path == PATH_DIRECT) {
        struct path_status status;
        peer_path_status(watch->config.path, &status);
        address_text(&status.best, out->path_address);
    }
    out->candidates = all->count;
    for (size_t i = 0; i < all->count; i++) {
        out->candidates_silent += all->all[i].probes >= 2 && all->all[i].pongs == 0 ? 1 : 0;
    }
    gather_probes(watch, path, &out->probes);
    out->path_mtu = diagnosed->path_mtu;
    out->path_mtu_want = diagnosed->path_mtu_want;
    address_text(&diagnosed->path_mtu_to, out->path_mtu_to);
    gather_tunnel(watch, now, out);
}

void core_gather_facts(struct core *core, const struct watch *watch, struct diagnosed *diagnosed,
                       const struct snapshot *s, struct facts *out)
{
    memset(out, 0, sizeof *out);
    gather_deployment(core, s, out);
    gather_workspace(core, watch, out);
    core_gather_own(core, out);
    gather_relay(core, core_region_in_use(core, watch), s->now, &diagnosed->relay_down, out);
    if (watch != NULL) {
        core_gather_agent(core, watch, out);
        gather_path(watch, diagnosed, s->now, out);
        gather_distances(core, watch, out);
    }
    core_look_for_aws(core, out);
}
