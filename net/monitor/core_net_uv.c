/*
 * The tailnet side: the coordinator session, the relays, our home region, and the watched agents.
 */
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"
#include "net/monitor/core_internal.h"
#include "net/wire/derp.h"

enum {
    LATENCY_TIMEOUT_S = 5,
    LATENCY_PERIOD_S = 23, /* the genuine client checks every 20 to 26 s while in use */
    PACKETS_A_TURN = 64,   /* no watch has more to say at once */
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

static void send_due(struct core *core, struct watch *watch)
{
    uint8_t packet[DISCO_PACKET_MAX];
    for (int i = 0; i < PACKETS_A_TURN; i++) {
        struct writer out = writer_of(packet, sizeof packet);
        int64_t region = 0;
        if (watch_output(watch, mono_now(), &out, &region) != NET_OK) {
            return;
        }
        if (relays_send(core->relays, region, &watch->peer.key, writer_done(&out)) != NET_OK) {
            log_line(&core->log, LOG_DEBUG, LOG_DERP, "a packet to region %lld was dropped",
                     (long long)region);
        }
    }
}

static void on_tick(uv_timer_t *timer)
{
    core_pump(timer->data);
}

/* Rounds up, so that the timer does not fire just before the deadline and spin. */
static uint64_t ms_until(mono_ns now, mono_ns deadline)
{
    return (mono_until(now, deadline) + NS_PER_MS - 1) / NS_PER_MS;
}

void core_pump(struct core *core)
{
    mono_ns next = MONO_NEVER;
    if (core->closing) {
        return;
    }
    for (size_t i = 0; i < core->watch_count; i++) {
        struct watch *watch = core->watches[i];
        if (watch_tick(watch, mono_now())) {
            core_dirty(core);
        }
        send_due(core, watch);
        next = mono_min(next, watch_deadline(watch));
    }
    if (next == MONO_NEVER) {
        (void)uv_timer_stop(&core->tick_timer);
    } else {
        uv_update_time(core->loop);
        (void)uv_timer_start(&core->tick_timer, on_tick, ms_until(mono_now(), next), 0);
    }
}

static void set_relay_of(struct core *core, struct watch *watch)
{
    const struct relay_status *status =
        watch->peer_known ? relays_status(core->relays, watch->peer.preferred_derp) : NULL;
    watch_set_relay(watch, mono_now(), status != NULL && status->state == RELAY_OPEN);
}

static void drop_watch(struct core *core, size_t index)
{
    struct watch *watch = core->watches[index];
    coordinator_link_remove_agent(core->link, &watch->agent);
    watch_free(watch);
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
    struct watch_config config = {
        .interval_ns = core->options.interval_ns,
        .timeout_ns = core->options.timeout_ns,
        .beats_max = core->options.beats_max,
        .count_unsent = core->options.headless,
        .disco = core->disco_key,
        .node = node_private_public(core->node_key),
        .rng = core->rng,
    };
    if (core->watch_count == CORE_WATCHES_MAX) {
        drop_oldest(core);
    }
    struct watch *watch = watch_new(&config, workspace, agent, mono_now());
    watch_set_paused(watch, mono_now(), core->paused);
    core->watches[core->watch_count++] = watch;
    coordinator_link_add_agent(core->link, agent);
    return watch;
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

static void add_latencies(const struct core *core, struct tailnet_node *node)
{
    for (size_t i = 0; i < core->latency_count; i++) {
        const struct latency_result *result = &core->latencies[i];
        if (result->answered && node->latency_count < TAILNET_LATENCIES_MAX) {
            node->latencies[node->latency_count++] = (struct tailnet_latency){
                .region = result->region,
                .v6 = result->over_ipv6,
                .seconds = (double)result->latency_ns / (double)NS_PER_SEC,
            };
        }
    }
}

static void add_websocket(const struct core *core, struct tailnet_node *node)
{
    const struct relay_status *status = relays_status(core->relays, core->home_region);
    if (status != NULL && status->websocket_reason[0] != '\0') {
        node->websockets[0].region = core->home_region;
        text_copy(node->websockets[0].reason, sizeof node->websockets[0].reason,
                  status->websocket_reason);
        node->websocket_count = 1;
    }
}

/* Tells the coordinator who we are; not before there is a home region. */
static void announce(struct core *core)
{
    static struct tailnet_node node; /* large; only the core's thread comes here */
    if (core->home_region == 0) {
        return;
    }
    node = (struct tailnet_node){
        .id = core->node_id,
        .as_of = wall_now(),
        .key = node_private_public(core->node_key),
        .disco = disco_private_public(core->disco_key),
        .preferred_derp = (int32_t)core->home_region,
        .address_count = 1,
    };
    node.addresses[0] = core->address;
    add_latencies(core, &node);
    add_websocket(core, &node);
    coordinator_link_set_node(core->link, &node);
}

static const char *region_name(const struct core *core, int64_t id)
{
    const struct derp_region *region = derp_map_find(&core->map, id);
    return region == NULL ? "unknown" : region->name;
}

static void set_home(struct core *core, int64_t region)
{
    if (region != 0 && region != core->home_region) {
        core->home_region = region;
        core_event(core, "home region is %s (%lld)", region_name(core, region), (long long)region);
        relays_set_home(core->relays, region);
        announce(core);
    }
}

/* --- latency of the regions ---------------------------------------------------------------------
 */

static void start_latency_check(struct core *core);

static void on_latency_timer(uv_timer_t *timer)
{
    start_latency_check(timer->data);
}

static void on_latencies(void *owner, const struct latency_result *results, size_t count)
{
    struct core *core = owner;
    struct home_latency answered[TAILNET_LATENCIES_MAX];
    size_t answered_count = 0;
    bool first = core->latency_count == 0;
    core->latency = NULL;
    core->latency_count = 0;
    for (size_t i = 0; i < count && i < TAILNET_LATENCIES_MAX; i++) {
        core->latencies[core->latency_count++] = results[i];
        if (results[i].answered) {
            answered[answered_count++] = (struct home_latency){.region = results[i].region,
                                                               .latency_ns = results[i].latency_ns};
        }
    }
    int64_t before = core->home_region;
    set_home(core, home_report(core->home, mono_now(), &core->map, answered, answered_count));
    if (first && core->home_region == before) {
        announce(core); /* the latencies are news */
    }
    (void)uv_timer_start(&core->latency_timer, on_latency_timer, LATENCY_PERIOD_S * UINT64_C(1000),
                         0);
    core_dirty(core);
}

static void start_latency_check(struct core *core)
{
    if (core->latency == NULL && core->map_known && !core->closing) {
        core->latency =
            latency_check_start(core->loop, core->http, &core->map, LATENCY_TIMEOUT_S * NS_PER_SEC,
                                NULL, on_latencies, core);
    }
}

/* --- the map ------------------------------------------------------------------------------------
 */

/* Takes the map. */
static void set_map(struct core *core, struct derp_map *map)
{
    bool changed = !core->map_known || !derp_map_equal(map, &core->map);
    if (changed) {
        derp_map_clear(&core->map);
        core->map = *map;
        derp_map_init(map);
        relays_set_map(core->relays, &core->map, core->force_websockets);
        if (core->map_known) {
            core_event(core, "the DERP map changed");
        }
        core->map_known = true;
        const struct derp_region *home = derp_map_find(&core->map, core->home_region);
        if (home == NULL || !derp_region_can_relay(home)) {
            core->home_region = 0;
        }
        set_home(core, home_only_choice(&core->map)); /* with one relay nothing is to be measured */
        start_latency_check(core);
    }
    derp_map_clear(map);
    core_dirty(core);
}

void core_set_connection(struct core *core, struct connection_info *info)
{
    core->force_websockets = info->derp_force_websockets;
    core->direct_disabled_deployment = info->disable_direct_connections;
    set_map(core, &info->derp_map);
}

/* --- what the relays tell ------------------------------------------------------------------------
 */

static struct watch *find_by_node(const struct core *core, const struct node_public *node)
{
    for (size_t i = 0; i < core->watch_count; i++) {
        struct watch *watch = core->watches[i];
        if (watch->peer_known && node_public_equal(&watch->peer.key, node)) {
            return watch;
        }
    }
    return NULL;
}

static void on_packet(void *owner, int64_t region, const struct node_public *peer,
                      struct bytes packet, mono_ns at)
{
    struct core *core = owner;
    struct watch *watch = find_by_node(core, peer);
    if (watch == NULL || !disco_looks_like(packet)) {
        return; /* WireGuard, or nobody that we know */
    }
    if (watch_input(watch, at, region, packet) != NET_OK) {
        log_line(&core->log, LOG_DEBUG, LOG_DISCO, "a disco packet could not be read; dropped");
    }
    core_pump(core);
}

static void on_gone(void *owner, int64_t region, const struct node_public *peer, uint8_t reason)
{
    struct core *core = owner;
    char key[KEY_SHORT_SIZE];
    node_public_short(peer, key);
    log_line(&core->log, LOG_DEBUG, LOG_DERP, "region %lld: peer %s is %s", (long long)region, key,
             reason == DERP_GONE_NOT_HERE ? "not here" : "gone");
}

static void on_relay_state(void *owner, int64_t region)
{
    struct core *core = owner;
    const struct relay_status *status = relays_status(core->relays, region);
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
        if (region == core->home_region && status->websocket_reason[0] != '\0') {
            announce(core); /* the other side may show why */
        }
    } else if (status->state == RELAY_WAITING) {
        char what[SNAPSHOT_NAME];
        text_format(what, sizeof what, "relay %s (%lld)", region_name(core, region),
                    (long long)region);
        core_failure_event(core, core->relay_said, what, &status->failure);
    }
    for (size_t i = 0; i < core->watch_count; i++) {
        set_relay_of(core, core->watches[i]);
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
    bool was_known = watch->peer_known;
    watch_peer_update(watch, mono_now(), update);
    if (update->kind != TAILNET_PEER_NODE || !was_known) {
        core_event(core, "%s", peer_event_text(update->kind));
    }
    if (watch->peer_known) {
        relays_want(core->relays, watch->peer.preferred_derp);
        set_relay_of(core, watch);
    }
    core_pump(core);
    core_dirty(core);
}

static void on_derp_map(void *owner, struct derp_map *map)
{
    set_map(owner, map);
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
        } else if (status->state == COORDINATOR_WAITING || status->state == COORDINATOR_FAILED) {
            core_failure_event(core, core->coordinator_said, "coordinator", &status->failure);
        }
        core->coordinator_was = status->state;
    }
    if (status->state == COORDINATOR_FAILED && status->failure.code == NET_ERR_AUTH) {
        core_fatal(core, &status->failure);
    }
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
    static const struct relays_handlers handlers = {
        .packet = on_packet, .gone = on_gone, .state = on_relay_state};
    static const struct coordinator_link_handlers link_handlers = {
        .state = on_coordinator_state,
        .peer = on_peer,
        .lost = on_lost,
        .derp_map = on_derp_map,
        .workspaces = on_workspaces,
    };
    derp_map_init(&core->map);
    core->home = home_new();
    core->relays =
        relays_new(core->loop, core->http, core->node_key, core->rng, &core->log, &handlers, core);
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
    const struct relay_status *home = relays_status(core->relays, core->home_region);
    if (home != NULL && home->state == RELAY_WAITING) {
        relays_retry(core->relays);
    }
    for (size_t i = 0; i < core->watch_count; i++) {
        watch_poke(core->watches[i], mono_now());
    }
    start_latency_check(core);
}

void core_net_stop(struct core *core)
{
    (void)uv_timer_stop(&core->latency_timer);
    if (core->latency != NULL) {
        latency_check_cancel(core->latency);
        core->latency = NULL;
    }
    for (size_t i = 0; i < core->watch_count; i++) {
        watch_free(core->watches[i]);
    }
    core->watch_count = 0;
    home_free(core->home);
}
