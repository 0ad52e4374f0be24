/*
 * The relays, how far each region is, and which of them is our home.
 */
#include "net/base/text.h"
#include "net/path/home.h"
#include "net/path/paths_internal_uv.h"
#include "net/wire/derp.h"

static void set_home(struct paths *paths, int64_t region)
{
    if (region != 0 && region != paths->home_region) {
        paths->home_region = region;
        relays_set_home(paths->relays, region);
        paths->handlers.home(paths->owner, region);
        paths->handlers.changed(paths->owner);
    }
}

/* --- netcheck -----------------------------------------------------------------------------------
 */

static void on_period(uv_timer_t *timer)
{
    paths_check(timer->data, false);
}

static void plan_next(struct paths *paths)
{
    uint64_t spread_ms = (NETCHECK_PERIOD_MAX_S - NETCHECK_PERIOD_MIN_S) * UINT64_C(1000);
    uint64_t wait_ms =
        NETCHECK_PERIOD_MIN_S * UINT64_C(1000) + rng_below(paths->config.rng, spread_ms);
    uv_update_time(paths->config.loop);
    (void)uv_timer_start(&paths->check_timer, on_period, wait_ms, 0);
}

static bool same_latencies(const struct netcheck_report *a, const struct netcheck_report *b)
{
    for (size_t i = 0; i < a->region_count && a->region_count == b->region_count; i++) {
        if ((a->regions[i].v4_ns == 0) != (b->regions[i].v4_ns == 0) ||
            (a->regions[i].v6_ns == 0) != (b->regions[i].v6_ns == 0)) {
            return false;
        }
    }
    return a->region_count == b->region_count;
}

static void on_report(void *owner, const struct netcheck_report *report)
{
    struct paths *paths = owner;
    paths_take_public(paths, report);
    if (report->stage == NETCHECK_PARTIAL) {
        return; /* the rest is still that of the last round */
    }
    bool news = !same_latencies(&paths->report, report); /* which are known; not how long */
    paths->report = *report;
    if (report->stage == NETCHECK_READY) {
        int64_t before = paths->home_region;
        set_home(paths, report->preferred_derp);
        if (news && paths->home_region == before) {
            paths->handlers.changed(paths->owner);
        }
        plan_next(paths);
    }
}

static enum net_err send_stun(void *owner, const struct net_address *to, struct bytes packet)
{
    return paths_send_udp(owner, to, packet);
}

void paths_check(struct paths *paths, bool full)
{
    if (paths->map_known && !paths->closing) {
        bool asks = !paths->blocked || paths->config.always_stun;
        netcheck_driver_set_families(paths->netcheck, paths->v4 != NULL && asks,
                                     paths->v6 != NULL && asks);
        if (full && paths->portmap != NULL) {
            portmap_driver_probe(paths->portmap);
        }
        netcheck_driver_start(paths->netcheck, full);
    }
}

/* --- the map ------------------------------------------------------------------------------------
 */

void paths_set_map(struct paths *paths, const struct derp_map *map, bool force_websockets)
{
    derp_map_clear(&paths->map);
    derp_map_copy(&paths->map, map);
    paths->map_known = true;
    relays_set_map(paths->relays, &paths->map, force_websockets);
    const struct derp_region *home = derp_map_find(&paths->map, paths->home_region);
    if (home == NULL || !derp_region_can_relay(home)) {
        paths->home_region = 0;
    }
    set_home(paths, home_only_choice(&paths->map)); /* with one relay nothing is to be measured */
    netcheck_driver_set_map(paths->netcheck, &paths->map);
    paths_check(paths, false);
}

/* --- the relays ---------------------------------------------------------------------------------
 */

static void on_gone(void *owner, int64_t region, const struct node_public *peer, uint8_t reason)
{
    struct paths *paths = owner;
    char key[KEY_SHORT_SIZE];
    char text[LOG_TEXT_SIZE];
    node_public_short(peer, key);
    text_format(text, sizeof text,
                reason == DERP_GONE_NOT_HERE
                    ? "region %lld: peer %s has no connection to this relay (reason %u)"
                    : "region %lld: peer %s left this relay (reason %u)",
                (long long)region, key, (unsigned)reason);
    /* One comes for each packet that we send to somebody who is not there. */
    log_limited(paths->config.log, &paths->gone, mono_now(), LOG_DEBUG, LOG_DERP, text);
}

static void on_relay_state(void *owner, int64_t region)
{
    struct paths *paths = owner;
    const struct relay_status *status = relays_status(paths->relays, region);
    if (status == NULL || paths->closing) {
        return;
    }
    for (struct paths_peer *peer = paths->peers; peer != NULL; peer = peer->next) {
        if (status->state == RELAY_OPEN && peer->is_set && peer->region == region) {
            peer_path_poke(peer->path, mono_now());
        }
    }
    paths->handlers.relay(paths->owner, region);
    if (region == paths->home_region && status->state == RELAY_OPEN) {
        if (status->websocket_reason[0] != '\0') {
            paths->handlers.changed(paths->owner); /* the other side may show why */
        }
        if (paths->report.round > 0) {
            paths_check(paths, false); /* it broke: perhaps our router has another address now */
        }
    }
    paths_pump(paths);
}

void paths_home_start(struct paths *paths)
{
    static const struct relays_handlers handlers = {.packet = paths_on_relayed,
                                                    .drained = paths_on_drained,
                                                    .gone = on_gone,
                                                    .state = on_relay_state};
    derp_map_init(&paths->map);
    const struct netcheck_driver_config config = {
        .loop = paths->config.loop,
        .client = paths->config.client,
        .rng = paths->config.rng,
        .log = paths->config.log,
        .hairpin = paths->config.bind_ip == NULL,
        .send = send_stun,
        .report = on_report,
        .owner = paths,
    };
    paths->netcheck = netcheck_driver_new(&config);
    paths->relays = relays_new(paths->config.loop, paths->config.client, paths->config.node_key,
                               paths->config.rng, paths->config.log, &handlers, paths);
}

void paths_home_stop(struct paths *paths)
{
    (void)uv_timer_stop(&paths->check_timer);
    netcheck_driver_close(paths->netcheck);
    relays_close(paths->relays);
}

int64_t paths_home(const struct paths *paths)
{
    return paths->home_region;
}

struct relays *paths_relays(const struct paths *paths)
{
    return paths->relays;
}

const struct netcheck_report *paths_report(const struct paths *paths)
{
    return &paths->report;
}

/* --- our node -----------------------------------------------------------------------------------
 */

static void add_latency(struct tailnet_node *node, int64_t region, bool v6, uint64_t ns)
{
    if (ns > 0 && node->latency_count < TAILNET_LATENCIES_MAX) {
        node->latencies[node->latency_count++] = (struct tailnet_latency){
            .region = region, .v6 = v6, .seconds = (double)ns / (double)NS_PER_SEC};
    }
}

static void fill_latencies(const struct paths *paths, struct tailnet_node *node)
{
    node->latency_count = 0;
    for (size_t i = 0; i < paths->report.region_count; i++) {
        const struct netcheck_region *region = &paths->report.regions[i];
        add_latency(node, region->id, false, region->v4_ns);
        add_latency(node, region->id, true, region->v6_ns);
    }
}

void paths_fill_node(const struct paths *paths, struct tailnet_node *node)
{
    const struct relay_status *status = relays_status(paths->relays, paths->home_region);
    node->preferred_derp = (int32_t)paths->home_region;
    fill_latencies(paths, node);
    node->websocket_count = 0;
    if (status != NULL && status->websocket_reason[0] != '\0') {
        node->websockets[0].region = paths->home_region;
        text_copy(node->websockets[0].reason, sizeof node->websockets[0].reason,
                  status->websocket_reason);
        node->websocket_count = 1;
    }
    node->endpoint_count = paths->blocked ? 0 : paths->endpoint_count;
    for (size_t i = 0; i < node->endpoint_count; i++) {
        node->endpoints[i] = paths->endpoints[i];
    }
}
