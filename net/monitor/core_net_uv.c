/*
 * The tailnet side: the coordinator session, the relays, our home region, and the watched agents.
 */
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"
#include "net/monitor/core_internal.h"
#include "net/wire/derp.h"

enum {
    ECHO_MIN_INTERVAL_S = 2, /* the tunnel is asked less often than the path */
    ECHO_TIMEOUT_S = 5,
    RENEW_MS = 15000, /* after a refusal for good */
};

/* --- watches ------------------------------------------------------------------------------------
 */

struct watch *core_find_watch(const struct core *core, const struct uuid *agent)
{
    for (size_t i = 0; i < core->watch_count; i++) {
        if (uuid_equal(&core->watches[i]->agent, agent)) {
            return core->watches[i];
        }
    }
    return NULL;
}

struct watch *core_selected_watch(const struct core *core)
{
    return core_find_watch(core, &core->selected);
}

struct watch *core_shown_watch(const struct core *core)
{
    struct watch *best = core_selected_watch(core);
    bool no_agent = uuid_equal(&core->selected, &core->selected_workspace);
    for (size_t i = 0; no_agent && i < core->watch_count; i++) {
        struct watch *one = core->watches[i];
        bool its = uuid_equal(&one->workspace, &core->selected_workspace);
        best = its && (best == NULL || one->selected_at > best->selected_at) ? one : best;
    }
    return best;
}

static uint64_t echo_interval(const struct core *core)
{
    uint64_t least = ECHO_MIN_INTERVAL_S * NS_PER_SEC;
    return core->options.interval_ns > least ? core->options.interval_ns : least;
}

static void set_reachable(struct core *core, struct watch *watch)
{
    const struct relay_status *status =
        watch->peer_known ? relays_status(paths_relays(core->paths), watch->peer.preferred_derp)
                          : NULL;
    bool relay_open = status != NULL && status->state == RELAY_OPEN;
    watch_set_reachable(watch, relay_open || peer_path_candidates(watch->config.path)->count > 0);
}

static void release_watch(struct core *core, struct watch *watch)
{
    core_speed_forget(core, watch);
    core_agent_query_free(watch->query);
    core_diagnosed_free(watch->diagnosed);
    tunnel_remove_peer(watch->config.peer);
    watch_free(watch);
}

static void drop_watch(struct core *core, size_t index)
{
    struct watch *watch = core->watches[index];
    coordinator_link_remove_agent(core->link, &watch->agent);
    release_watch(core, watch);
    core->watches[index] = core->watches[--core->watch_count];
}

/* Makes room by dropping the agent that was shown longest ago. */
static void drop_oldest(struct core *core)
{
    size_t oldest = 0;
    for (size_t i = 1; i < core->watch_count; i++) {
        if (core->watches[i]->selected_at < core->watches[oldest]->selected_at) {
            oldest = i;
        }
    }
    drop_watch(core, oldest);
}

static struct watch *add_watch(struct core *core, const struct uuid *workspace,
                               const struct uuid *agent)
{
    if (core->watch_count == core->options.watches_max) {
        drop_oldest(core);
    }
    struct tunnel_peer *peer = tunnel_add_peer(core->tunnel, NULL);
    struct watch_config config = {
        .peer = peer,
        .path = tunnel_peer_path(peer),
        .interval_ns = core->options.interval_ns,
        .timeout_ns = core->options.timeout_ns,
        .beats_max = core->options.beats_max,
        .count_unsent = core->options.headless,
        .grade = core->options.grade,
    };
    struct watch *watch = watch_new(&config, workspace, agent, mono_now());
    watch->query = core_agent_query_new(core, watch);
    watch->diagnosed = core_diagnosed_new(core);
    tunnel_peer_set_user(peer, watch);
    echo_init(&watch->echo, (uint16_t)rng_u64(core->rng), echo_interval(core),
              ECHO_TIMEOUT_S * NS_PER_SEC);
    watch_set_paused(watch, mono_now(), core->paused);
    core->watches[core->watch_count++] = watch;
    coordinator_link_add_agent(core->link, agent);
    return watch;
}

void core_watch(struct core *core, const struct uuid *workspace, const struct uuid *agent)
{
    if (core_find_watch(core, agent) == NULL && core->watch_count < core->options.watches_max) {
        (void)add_watch(core, workspace, agent);
        core_dirty(core);
    }
}

void core_select(struct core *core, const struct uuid *workspace, const struct uuid *agent)
{
    core->selected_workspace = *workspace;
    core->selected = agent == NULL ? *workspace : *agent;
    if (agent != NULL) {
        struct watch *watch = core_find_watch(core, agent);
        if (watch == NULL) {
            watch = add_watch(core, workspace, agent);
        }
        watch->selected_at = mono_now();
    }
    core_dirty(core);
}

/* --- our node -----------------------------------------------------------------------------------
 */

/* Tells the coordinator who we are; not before there is a home region. */
static void announce(struct core *core)
{
    static struct tailnet_node node; /* large; only the core's thread comes here */
    if (paths_home(core->paths) == 0) {
        return;
    }
    node = (struct tailnet_node){
        .id = core->node_id,
        .as_of = wall_now(),
        .key = node_private_public(core->node_key),
        .disco = disco_private_public(core->disco_key),
        .address_count = 1,
    };
    node.addresses[0] = core->address;
    paths_fill_node(core->paths, &node);
    coordinator_link_set_node(core->link, &node);
}

static const char *region_name(const struct core *core, int64_t id)
{
    const struct derp_region *region = derp_map_find(&core->map, id);
    return region == NULL ? "unknown" : region->name;
}

static void on_home(void *owner, int64_t region)
{
    struct core *core = owner;
    core_event(core, "home region is %s (%lld)", region_name(core, region), (long long)region);
}

static void on_changed(void *owner)
{
    struct core *core = owner;
    announce(core);
    core_dirty(core);
}

/* --- the map ------------------------------------------------------------------------------------
 */

/* Takes the map. */
static void set_map(struct core *core, struct derp_map *map)
{
    bool changed = !core->map_known || !derp_map_equal(map, &core->map);
    bool another_way = core->map_forced != core->force_websockets;
    if (changed || another_way) {
        derp_map_clear(&core->map);
        core->map = *map;
        derp_map_init(map);
        if (core->map_known && changed) {
            core_event(core, "the DERP map changed");
        }
        core->map_known = true;
        core->map_forced = core->force_websockets;
        paths_set_map(core->paths, &core->map, core->force_websockets);
    }
    derp_map_clear(map);
    core_dirty(core);
}

void core_set_connection(struct core *core, struct connection_info *info)
{
    core->force_websockets = info->derp_force_websockets;
    core->direct_disabled_deployment = info->disable_direct_connections;
    paths_set_blocked(core->paths,
                      core->direct_disabled_deployment || core->options.settings->disable_direct);
    set_map(core, &info->derp_map);
}

/* --- what the relays tell ------------------------------------------------------------------------
 */

static const char *route_text(const struct core *core, const struct path_route *route,
                              char out[SNAPSHOT_NAME])
{
    char address[ADDRESS_TEXT_SIZE];
    if (route->direct) {
        address_text(&route->address, address);
        text_format(out, SNAPSHOT_NAME, "direct to %s", address);
    } else {
        text_format(out, SNAPSHOT_NAME, "relayed by %s (%lld)", region_name(core, route->region),
                    (long long)route->region);
    }
    return out;
}

static void on_path_event(void *owner, struct tunnel_peer *peer, const struct path_event *event)
{
    struct core *core = owner;
    struct watch *watch = tunnel_peer_user(peer);
    char to[SNAPSHOT_NAME];
    core_look_for_gap(core);
    watch_event(watch, mono_now(), wall_now(), event);
    core_speed_event(core, watch, event);
    core_look_for_outage(core, watch);
    if (event->kind == PATH_EVENT_CHANGED) {
        core_watch_event(core, watch, "%s: %s", route_text(core, &event->to, to),
                         path_reason_text(event->reason));
        core_agent_query_soon(watch->query);
        core_tick_soon(core);
    }
    core_dirty(core);
}

static void on_handshake(void *owner, struct tunnel_peer *peer, bool done)
{
    struct core *core = owner;
    struct watch *watch = tunnel_peer_user(peer);
    struct wg_status status;
    if (done && tunnel_peer_status(peer, &status) && status.handshakes == 1) {
        core_watch_event(core, watch, "WireGuard handshake done");
    } else if (!done) {
        core_watch_event(core, watch, "WireGuard handshake given up: no answer for %d attempts",
                         WG_MAX_ATTEMPTS);
    }
    if (done) {
        echo_start(&watch->echo, mono_now());
        core_tick_soon(core);
    }
    core_dirty(core);
}

static void on_echo(void *owner, struct tunnel_peer *peer, mono_ns now, uint16_t id, uint16_t seq)
{
    struct core *core = owner;
    struct watch *watch = tunnel_peer_user(peer);
    core_look_for_gap(core);
    if (watch_echo(watch, now, id, seq)) {
        core_dirty(core);
    }
}

static void on_relay_state(void *owner, int64_t region)
{
    struct core *core = owner;
    const struct relay_status *status = relays_status(paths_relays(core->paths), region);
    if (status == NULL || core->closing) {
        return;
    }
    if (status->state == RELAY_OPEN) {
        if (core->relay_said[0] != '\0') {
            core_event(core, "relay %s (%lld): connected again", region_name(core, region),
                       (long long)region);
            core->relay_said[0] = '\0';
        }
        log_line(&core->log, LOG_INFO, LOG_DERP, "relay %s (%lld) is connected%s",
                 region_name(core, region), (long long)region,
                 status->websocket ? " by websocket" : "");
    } else if (status->state == RELAY_WAITING) {
        char what[SNAPSHOT_NAME];
        text_format(what, sizeof what, "relay %s (%lld)", region_name(core, region),
                    (long long)region);
        core_failure_event(core, core->relay_said, what, &status->failure);
    }
    for (size_t i = 0; i < core->watch_count; i++) {
        set_reachable(core, core->watches[i]);
    }
    core_pump(core);
    core_dirty(core);
}

/* --- what the coordinator tells
 * ------------------------------------------------------------------- */

static const char *peer_event_text(enum tailnet_peer_kind kind)
{
    switch (kind) {
    case TAILNET_PEER_DISCONNECTED:
        return "the agent left the tailnet";
    case TAILNET_PEER_LOST:
        return "the coordinator lost the agent";
    case TAILNET_PEER_READY_FOR_HANDSHAKE:
        return "the agent is ready for us";
    case TAILNET_PEER_NODE:
        return "the agent's node was received";
    case TAILNET_PEER_UNSPECIFIED:
        break;
    }
    return "unknown update";
}

static void on_peer(void *owner, const struct tailnet_peer_update *update)
{
    struct core *core = owner;
    struct watch *watch = core_find_watch(core, &update->id);
    if (watch == NULL) {
        return;
    }
    bool told = (update->kind == TAILNET_PEER_NODE && watch->peer_known) ||
                (update->kind == TAILNET_PEER_READY_FOR_HANDSHAKE && watch->peer_ready);
    watch_peer_update(watch, mono_now(), update);
    if (!told) {
        core_watch_event(core, watch, "%s", peer_event_text(update->kind));
    }
    if (update->kind == TAILNET_PEER_NODE && watch->peer_known) {
        tunnel_peer_set(watch->config.peer, &watch->peer);
        if (watch->peer_ready) { /* it may have said so before its node came */
            tunnel_peer_ready(watch->config.peer);
        }
    } else if (update->kind == TAILNET_PEER_DISCONNECTED) {
        tunnel_peer_clear(watch->config.peer);
    } else if (update->kind == TAILNET_PEER_READY_FOR_HANDSHAKE) {
        tunnel_peer_ready(watch->config.peer);
    }
    set_reachable(core, watch);
    core_pump(core);
    core_dirty(core);
}

/* The coordinator's map may come before the connection info, which says how the relays are to be
 * reached: it waits for that, or for its failure. */
static void on_derp_map(void *owner, struct derp_map *map)
{
    struct core *core = owner;
    if (core->connection.answered || core->connection.failure.code != NET_OK) {
        set_map(core, map);
        return;
    }
    derp_map_clear(&core->early_map);
    core->early_map = *map;
    derp_map_init(map);
}

void core_no_connection(struct core *core)
{
    if (core->early_map.region_count > 0 && !core->map_known) {
        set_map(core, &core->early_map);
    }
}

static void on_workspaces(void *owner, const struct tailnet_workspaces *update)
{
    (void)update; /* names and ids alone: the list is read again, whole */
    struct core *core = owner;
    core_list_refresh(core);
}

static void on_lost(void *owner)
{
    struct core *core = owner;
    log_line(&core->log, LOG_DEBUG, LOG_CONTROL, "peers are kept while the session is down");
}

static void on_renew(uv_timer_t *timer)
{
    const struct core *core = timer->data;
    if (!core->closing && coordinator_link_status(core->link)->state == COORDINATOR_FAILED) {
        coordinator_link_retry(core->link);
    }
}

/* What the deployment refuses today it may take tomorrow, and a monitor is left open. */
static void renew_later(struct core *core, const struct coordinator_link_status *status)
{
    bool wants = status->state == COORDINATOR_FAILED && status->failure.code != NET_ERR_AUTH &&
                 !core->options.headless;
    if (wants && !uv_is_active((uv_handle_t *)&core->renew_timer)) {
        (void)uv_timer_start(&core->renew_timer, on_renew, RENEW_MS, 0);
    }
}

static void on_coordinator_state(void *owner)
{
    struct core *core = owner;
    const struct coordinator_link_status *status = coordinator_link_status(core->link);
    if (core->closing) {
        return;
    }
    if (status->state != core->coordinator_was) {
        if (status->state == COORDINATOR_UP) {
            core_event(core, "coordinator is connected");
            core->coordinator_said[0] = '\0';
            core_signed_in_again(core);
        } else if (status->state == COORDINATOR_WAITING || status->state == COORDINATOR_FAILED) {
            core_failure_event(core, core->coordinator_said, "coordinator", &status->failure);
        }
        core->coordinator_was = status->state;
    }
    if (status->state == COORDINATOR_FAILED && status->failure.code == NET_ERR_AUTH) {
        core_fatal(core, &status->failure);
    }
    renew_later(core, status);
    core->node_sent_at = status->node_sent ? core->node_sent_at : 0;
    if (status->node_sent && core->node_sent_at == 0) {
        core->node_sent_at = mono_now();
    }
    core->list_live = status->has_workspace_updates;
    core_dirty(core);
}

/* --- life
 * ----------------------------------------------------------------------------------------- */

void core_net_start(struct core *core)
{
    static const struct tunnel_handlers handlers = {.changed = on_changed,
                                                    .home = on_home,
                                                    .relay = on_relay_state,
                                                    .event = on_path_event,
                                                    .handshake = on_handshake,
                                                    .echo = on_echo};
    static const struct coordinator_link_handlers link_handlers = {
        .state = on_coordinator_state,
        .peer = on_peer,
        .lost = on_lost,
        .derp_map = on_derp_map,
        .workspaces = on_workspaces,
    };
    derp_map_init(&core->map);
    derp_map_init(&core->early_map);
    const struct tunnel_config config = {
        .paths =
            {
                .loop = core->loop,
                .client = core->http,
                .node_key = core->node_key,
                .disco_key = core->disco_key,
                .rng = core->rng,
                .log = &core->log,
                .loopback = settings_is_loopback(core->options.settings),
                .watch_links = true,
                .timeout_ns = core->options.timeout_ns,
            },
        .address_count = 1,
        .addresses = {core->address},
        .initiate = true,
    };
    core->tunnel = tunnel_new(&config, &handlers, core);
    core->paths = tunnel_paths(core->tunnel);
    paths_set_blocked(core->paths, core->options.settings->disable_direct);
    core->link = coordinator_link_new(core->loop, core->http, core->options.settings, core->rng,
                                      &core->log, &link_handlers, core);
}

void core_coordinator_start(struct core *core)
{
    if (coordinator_link_status(core->link)->state == COORDINATOR_IDLE) {
        coordinator_link_start(core->link, core->user_known ? &core->user_info.id : NULL);
    }
}

void core_net_retry(struct core *core)
{
    const struct coordinator_link_status *status = coordinator_link_status(core->link);
    if (status->state != COORDINATOR_IDLE && status->state != COORDINATOR_UP) {
        coordinator_link_retry(core->link);
    }
    paths_retry(core->paths);
    for (size_t i = 0; i < core->watch_count; i++) {
        watch_poke(core->watches[i], mono_now());
    }
}

void core_net_signed_in(struct core *core)
{
    if (coordinator_link_status(core->link)->state == COORDINATOR_FAILED) {
        coordinator_link_retry(core->link);
    }
}

void core_net_stop(struct core *core)
{
    for (size_t i = 0; i < core->watch_count; i++) {
        release_watch(core, core->watches[i]);
    }
    core->watch_count = 0;
}
