/*
 * The relays, how far each region is, and which of them is our home.
 */
#include "net/base/text.h"
#include "net/path/home.h"
#include "net/path/paths_internal_uv.h"

enum {
    LATENCY_TIMEOUT_S = 5,
    LATENCY_PERIOD_S = 23, /* the genuine client checks every 20 to 26 s while in use */
};

static void set_home(struct paths *paths, int64_t region)
{
    if (region != 0 && region != paths->home_region) {
        paths->home_region = region;
        relays_set_home(paths->relays, region);
        paths->handlers.home(paths->owner, region);
        paths->handlers.changed(paths->owner);
    }
}

/* --- latency of the regions ---------------------------------------------------------------------
 */

static void on_latency_timer(uv_timer_t *timer)
{
    paths_check_latency(timer->data);
}

static void on_latencies(void *owner, const struct latency_result *results, size_t count)
{
    struct paths *paths = owner;
    struct home_latency answered[TAILNET_LATENCIES_MAX];
    size_t answered_count = 0;
    bool first = paths->latency_count == 0;
    paths->latency = NULL;
    paths->latency_count = 0;
    for (size_t i = 0; i < count && i < TAILNET_LATENCIES_MAX; i++) {
        paths->latencies[paths->latency_count++] = results[i];
        if (results[i].answered) {
            answered[answered_count++] = (struct home_latency){.region = results[i].region,
                                                               .latency_ns = results[i].latency_ns};
        }
    }
    int64_t before = paths->home_region;
    set_home(paths, home_report(paths->home, mono_now(), &paths->map, answered, answered_count));
    if (first && paths->home_region == before) {
        paths->handlers.changed(paths->owner); /* the latencies are news */
    }
    (void)uv_timer_start(&paths->latency_timer, on_latency_timer, LATENCY_PERIOD_S * UINT64_C(1000),
                         0);
}

void paths_check_latency(struct paths *paths)
{
    if (paths->latency == NULL && paths->map_known && !paths->closing) {
        paths->latency =
            latency_check_start(paths->config.loop, paths->config.client, &paths->map,
                                LATENCY_TIMEOUT_S * NS_PER_SEC, NULL, on_latencies, paths);
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
    paths_check_latency(paths);
}

/* --- the relays ---------------------------------------------------------------------------------
 */

static void on_gone(void *owner, int64_t region, const struct node_public *peer, uint8_t reason)
{
    struct paths *paths = owner;
    char key[KEY_SHORT_SIZE];
    node_public_short(peer, key);
    log_line(paths->config.log, LOG_DEBUG, LOG_DERP, "region %lld: peer %s left (reason %u)",
             (long long)region, key, (unsigned)reason);
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
    if (region == paths->home_region && status->state == RELAY_OPEN &&
        status->websocket_reason[0] != '\0') {
        paths->handlers.changed(paths->owner); /* the other side may show why */
    }
    paths_pump(paths);
}

void paths_home_start(struct paths *paths)
{
    static const struct relays_handlers handlers = {
        .packet = paths_on_relayed, .gone = on_gone, .state = on_relay_state};
    derp_map_init(&paths->map);
    paths->home = home_new();
    paths->relays = relays_new(paths->config.loop, paths->config.client, paths->config.node_key,
                               paths->config.rng, paths->config.log, &handlers, paths);
}

void paths_home_stop(struct paths *paths)
{
    (void)uv_timer_stop(&paths->latency_timer);
    if (paths->latency != NULL) {
        latency_check_cancel(paths->latency);
        paths->latency = NULL;
    }
    relays_close(paths->relays);
    home_free(paths->home);
}

int64_t paths_home(const struct paths *paths)
{
    return paths->home_region;
}

struct relays *paths_relays(const struct paths *paths)
{
    return paths->relays;
}

const struct latency_result *paths_latencies(const struct paths *paths, size_t *count)
{
    *count = paths->latency_count;
    return paths->latencies;
}

/* --- our node -----------------------------------------------------------------------------------
 */

static void fill_latencies(const struct paths *paths, struct tailnet_node *node)
{
    node->latency_count = 0;
    for (size_t i = 0; i < paths->latency_count; i++) {
        const struct latency_result *result = &paths->latencies[i];
        if (result->answered) {
            node->latencies[node->latency_count++] = (struct tailnet_latency){
                .region = result->region,
                .v6 = result->over_ipv6,
                .seconds = (double)result->latency_ns / (double)NS_PER_SEC,
            };
        }
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
