/*
 * The path of the watched agent as a snapshot: the way that is in use, what else was tried and why
 * it lost, both sides' endpoints, the changes.
 */
#include <string.h>

#include "net/base/text.h"
#include "net/monitor/core_internal.h"

static size_t at_most(size_t count, size_t most)
{
    return count < most ? count : most;
}

static void fill_endpoints(const struct core *core, const struct watch *watch, struct snapshot *out)
{
    const struct net_address *own = NULL;
    size_t own_count = paths_endpoints(core->paths, &own);
    bool blocked = core->direct_disabled_deployment || core->options.settings->disable_direct;
    out->node_received = watch->peer_at != 0;
    out->node_received_at = watch->peer_at;
    out->agent_endpoint_count = at_most(watch->peer.endpoint_count, SNAPSHOT_ENDPOINTS_MAX);
    for (size_t i = 0; i < out->agent_endpoint_count; i++) {
        address_text(&watch->peer.endpoints[i], out->agent_endpoints[i]);
    }
    out->own_endpoint_count = blocked ? 0 : at_most(own_count, SNAPSHOT_ENDPOINTS_MAX);
    for (size_t i = 0; i < out->own_endpoint_count; i++) {
        address_text(&own[i], out->own_endpoints[i]);
    }
    for (size_t i = 0; i < SNAPSHOT_ENDPOINTS_MAX; i++) {
        address_text(&watch->direct_endpoints[i], out->direct_endpoints[i]);
    }
}

static enum candidate_state state_of(const struct candidate *one, const struct path_status *status)
{
    if (address_equal(&one->address, &status->best) && !status->stale) {
        return CANDIDATE_BEST;
    }
    if (one->too_big) {
        return CANDIDATE_TOO_BIG;
    }
    if (one->probes == 0) {
        return CANDIDATE_UNTRIED;
    }
    /* A pong since the last probe but one: it answers. */
    bool answers = one->pong_at != 0 && one->probed_at <= mono_after(one->pong_at, NS_PER_SEC);
    return answers ? CANDIDATE_ANSWERED : CANDIDATE_SILENT;
}

static void fill_candidate(const struct candidate *one, const struct path_status *status,
                           struct snapshot_candidate *out)
{
    *out = (struct snapshot_candidate){
        .state = state_of(one, status),
        .latency_ns = one->pong_at == 0 ? 0 : one->latency_ns,
        .pong_at = one->pong_at,
        .probes = one->probes,
        .pongs = one->pongs,
        .told = one->from_node || one->from_call,
        .heard = one->pinged_us_at != 0,
    };
    address_text(&one->address, out->address);
}

/* The best first, then those that answer, then the rest. */
static void fill_candidates(const struct watch *watch, const struct path_status *status,
                            struct snapshot *out)
{
    static const enum candidate_state order[] = {
        CANDIDATE_BEST, CANDIDATE_ANSWERED, CANDIDATE_TOO_BIG, CANDIDATE_SILENT, CANDIDATE_UNTRIED};
    const struct candidates *all = peer_path_candidates(watch->config.path);
    for (size_t rank = 0; rank < sizeof order / sizeof *order; rank++) {
        for (size_t i = 0; i < all->count && out->candidate_count < SNAPSHOT_CANDIDATES_MAX; i++) {
            if (state_of(&all->all[i], status) == order[rank]) {
                fill_candidate(&all->all[i], status, &out->candidates[out->candidate_count++]);
            }
        }
    }
}

enum path_kind core_fill_route(const struct core *core, const struct path_route *route,
                               char out[SNAPSHOT_NAME])
{
    if (route->direct) {
        char address[ADDRESS_TEXT_SIZE];
        address_text(&route->address, address);
        text_copy(out, SNAPSHOT_NAME, address);
        return PATH_DIRECT;
    }
    const struct derp_region *region = derp_map_find(&core->map, route->region);
    text_copy(out, SNAPSHOT_NAME, region == NULL ? "" : region->name);
    return route->region == 0 ? PATH_NONE : PATH_DERP;
}

static void fill_changes(const struct core *core, const struct watch *watch, struct snapshot *out)
{
    size_t kept = at_most((size_t)watch->change_count, SNAPSHOT_CHANGES_MAX);
    out->change_count = watch->change_count;
    out->changes_kept = kept;
    for (size_t i = 0; i < kept; i++) {
        uint64_t seq = watch->change_count - kept + i;
        const struct watch_change *from = &watch->changes[seq % WATCH_CHANGES];
        struct snapshot_change *to = &out->changes[i];
        *to = (struct snapshot_change){.seq = seq, .at = from->at, .when = from->when};
        to->from = core_fill_route(core, &from->from, to->from_text);
        to->to = core_fill_route(core, &from->to, to->to_text);
        text_copy(to->reason, sizeof to->reason, path_reason_name(from->reason));
        text_copy(to->why, sizeof to->why, path_reason_text(from->reason));
    }
}

static void copy_traffic(struct snapshot_traffic *to, const struct paths_traffic *from)
{
    *to = (struct snapshot_traffic){.packets_in = from->packets_in,
                                    .packets_out = from->packets_out,
                                    .bytes_in = from->bytes_in,
                                    .bytes_out = from->bytes_out};
}

static void fill_tunnel(const struct watch *watch, struct snapshot *out)
{
    struct wg_status status;
    struct latency_figures figures;
    out->has_tunnel = tunnel_peer_status(watch->config.peer, &status);
    if (!out->has_tunnel) {
        return;
    }
    out->handshake_at = status.last_handshake;
    bool our_turn = status.has_session && status.initiator; /* who began a session renews it */
    out->handshake_due_at =
        our_turn ? mono_after(status.session_at, WG_REKEY_AFTER_S * NS_PER_SEC) : 0;
    out->handshakes = status.handshakes;
    out->handshake_under_way = status.under_way;
    out->handshake_attempts = status.attempts;
    out->tunnel = (struct snapshot_traffic){.packets_in = status.packets_in,
                                            .packets_out = status.packets_out,
                                            .bytes_in = status.bytes_in,
                                            .bytes_out = status.bytes_out};
    latency_run_figures(&watch->echo.run, &figures);
    core_copy_figures(&out->tunnel_stats, &figures);
    out->tunnel_answer_at = watch->echo.answered_at;
}

mono_ns core_path_since(const struct watch *watch)
{
    struct path_status status;
    peer_path_status(watch->config.path, &status);
    return status.since > watch->first_pong_at ? status.since : watch->first_pong_at;
}

void core_fill_path(const struct core *core, const struct watch *watch, struct snapshot *out)
{
    struct path_status status;
    peer_path_status(watch->config.path, &status);
    out->path = core_path_kind(watch);
    out->path_since = core_path_since(watch);
    out->path_stale = status.stale;
    if (status.best.family != ADDRESS_NONE) {
        address_text(&status.best, out->path_address);
        out->path_latency_ns = status.best_latency_ns;
    }
    out->was_direct = watch->first_direct_at != 0;
    out->direct_after_ns =
        out->was_direct ? mono_since(watch->first_direct_at, watch->first_pong_at) : 0;
    fill_endpoints(core, watch, out);
    fill_candidates(watch, &status, out);
    fill_changes(core, watch, out);
    const struct paths_peer *peer = tunnel_peer_paths(watch->config.peer);
    copy_traffic(&out->direct, paths_peer_traffic(peer, true));
    copy_traffic(&out->relayed, paths_peer_traffic(peer, false));
    fill_tunnel(watch, out);
}
