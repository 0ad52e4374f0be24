#include "net/monitor/watch.h"

#include <stdlib.h>

#include "net/base/mem.h"

struct watch *watch_new(const struct watch_config *config, const struct uuid *workspace,
                        const struct uuid *agent, mono_ns now)
{
    struct watch *watch = mem_new(sizeof *watch);
    watch->agent = *agent;
    watch->workspace = *workspace;
    watch->config = *config;
    watch->started_at = now;
    watch->next_beat = now;
    history_init(&watch->history);
    return watch;
}

void watch_free(struct watch *watch)
{
    if (watch != NULL) {
        history_clear(&watch->history);
    }
    free(watch);
}

static bool can_send(const struct watch *watch)
{
    return watch->peer_known && watch->reachable;
}

static size_t slot_of(uint64_t number)
{
    return (size_t)(number % SNAPSHOT_SAMPLES_MAX);
}

/* The first sample that is still in the ring. */
static uint64_t oldest_kept(const struct watch *watch)
{
    return watch->beats > SNAPSHOT_SAMPLES_MAX ? watch->beats - SNAPSHOT_SAMPLES_MAX : 0;
}

static void pass_finished(struct watch *watch)
{
    while (watch->oldest_open < watch->beats &&
           watch->samples[slot_of(watch->oldest_open)].state != SAMPLE_PENDING) {
        watch->oldest_open++;
    }
    if (watch->oldest_open < oldest_kept(watch)) {
        watch->oldest_open = oldest_kept(watch);
    }
}

static void take_node(struct watch *watch, mono_ns now, const struct tailnet_node *node)
{
    if (node->preferred_derp == 0) {
        return; /* not reachable yet; the genuine client ignores it too */
    }
    bool restarted = watch->peer_known && !disco_public_equal(&watch->peer.disco, &node->disco);
    watch->peer_ready = watch->peer_ready && !restarted;
    watch->peer = *node;
    watch->peer_known = true;
    watch->peer_lost = false;
    watch->peer_left = false;
    watch->peer_at = now;
}

void watch_peer_update(struct watch *watch, mono_ns now, const struct tailnet_peer_update *update)
{
    switch (update->kind) {
    case TAILNET_PEER_NODE:
        if (update->has_node) {
            take_node(watch, now, &update->node);
        }
        break;
    case TAILNET_PEER_READY_FOR_HANDSHAKE:
        watch->peer_ready = true;
        break;
    case TAILNET_PEER_LOST:
        watch->peer_lost = true;
        break;
    case TAILNET_PEER_DISCONNECTED:
        watch->peer_known = false;
        watch->peer_ready = false;
        watch->peer_left = true;
        break;
    case TAILNET_PEER_UNSPECIFIED:
        break;
    }
}

void watch_set_reachable(struct watch *watch, bool reachable)
{
    watch->reachable = reachable;
}

void watch_set_paused(struct watch *watch, mono_ns now, bool paused)
{
    if (watch->paused && !paused) {
        watch->next_beat = now;
    }
    if (watch->paused != paused) {
        outage_paused(&watch->outage);
    }
    watch->paused = paused;
}

void watch_gap(struct watch *watch, mono_ns now)
{
    for (uint64_t n = watch->oldest_open; n < watch->beats; n++) {
        struct snapshot_sample *sample = &watch->samples[slot_of(n)];
        if (sample->state == SAMPLE_PENDING) {
            sample->state = SAMPLE_VOID;
            latency_run_unsent(&watch->run);
        }
    }
    pass_finished(watch);
    outage_paused(&watch->outage);
    echo_gap(&watch->echo);
    watch->next_beat = now;
}

void watch_poke(struct watch *watch, mono_ns now)
{
    watch->next_beat = now;
}

static bool beats_left(const struct watch *watch)
{
    return watch->config.beats_max == 0 || watch->beats < watch->config.beats_max;
}

/* Whether a probe is to be started even though it cannot be sent now. */
static bool counts_unsent(const struct watch *watch)
{
    return watch->config.count_unsent || watch->first_pong_at != 0;
}

static enum path_kind path_in_use(const struct watch *watch)
{
    struct path_status status;
    peer_path_status(watch->config.path, &status);
    return watch->first_pong_at == 0 ? PATH_NONE : status.now.direct ? PATH_DIRECT : PATH_DERP;
}

static void start_beat(struct watch *watch, mono_ns now)
{
    size_t slot = slot_of(watch->beats);
    bool sendable = can_send(watch);
    watch->samples[slot] = (struct snapshot_sample){
        .sent_at = now, .state = SAMPLE_PENDING, .path = (uint8_t)path_in_use(watch)};
    watch->beat_seq[slot] = sendable ? peer_path_beat(watch->config.path, now) : 0;
    watch->beats++;
    latency_run_sent(&watch->run);
    if (watch->first_pong_at != 0) {
        outage_sent(&watch->outage, now);
    }
    /* Until the connection has stood once, attempts follow each other instead of piling up. */
    bool patient = !sendable && watch->first_pong_at == 0;
    watch->next_beat =
        mono_after(now, patient ? watch->config.timeout_ns : watch->config.interval_ns);
}

static bool beat_wanted(const struct watch *watch)
{
    return !watch->paused && beats_left(watch) && (can_send(watch) || counts_unsent(watch));
}

/* While the connection is first made, the probe that waits for a way gets it as soon as there is
 * one. Later a probe that could not be sent in its turn stays lost: sent late, it would hide the
 * outage. */
static void send_waiting(struct watch *watch, mono_ns now)
{
    bool first = can_send(watch) && watch->first_pong_at == 0;
    for (uint64_t n = watch->oldest_open; first && n < watch->beats; n++) {
        size_t slot = slot_of(n);
        if (watch->samples[slot].state == SAMPLE_PENDING && watch->beat_seq[slot] == 0) {
            watch->beat_seq[slot] = peer_path_beat(watch->config.path, now);
            watch->next_beat = mono_after(now, watch->config.interval_ns);
        }
    }
}

/* Where the address stands in the table; the oldest makes room. */
static uint8_t endpoint_index(struct watch *watch, const struct net_address *address)
{
    size_t kept = watch->direct_endpoint_count < SNAPSHOT_ENDPOINTS_MAX
                      ? watch->direct_endpoint_count
                      : (size_t)SNAPSHOT_ENDPOINTS_MAX;
    for (size_t i = 0; i < kept; i++) {
        if (address_equal(&watch->direct_endpoints[i], address)) {
            return (uint8_t)i;
        }
    }
    size_t slot = watch->direct_endpoint_count++ % SNAPSHOT_ENDPOINTS_MAX;
    watch->direct_endpoints[slot] = *address;
    return (uint8_t)slot;
}

/* As a sample keeps it. Statistics are made of the same: no figure is to differ from its pong's. */
static uint32_t whole_us(uint64_t ns)
{
    uint64_t us = (ns + NS_PER_US / 2) / NS_PER_US;
    return us == 0 ? 1 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

/* An answer came: how long was it waited for? A probe sent later than the first that is open
 * answers, so that one is lost. */
static void note_silence(struct watch *watch, mono_ns now, mono_ns sent_at)
{
    mono_ns since = watch->outage.since;
    uint64_t silent = since == 0 ? 0 : mono_since(now, since);
    if (sent_at > since && silent > watch->silence_ns) {
        watch->silence_ns = silent;
        watch->silence_at = since;
    }
}

static void finish(struct watch *watch, struct snapshot_sample *sample,
                   const struct path_event *event, mono_ns now)
{
    if (event == NULL || event->kind == PATH_EVENT_LOST) {
        sample->state = SAMPLE_LOST;
        latency_run_lost(&watch->run);
        latency_run_lost(&watch->run_by_way[sample->path == PATH_DIRECT ? 1 : 0]);
        history_lost(&watch->history, sample->sent_at, (enum path_kind)sample->path);
        return;
    }
    sample->state = SAMPLE_PONG;
    sample->sent_at = event->sent_at;
    sample->rtt_us = whole_us(event->rtt_ns);
    sample->path = event->route.direct ? PATH_DIRECT : PATH_DERP;
    sample->region = (uint16_t)event->route.region;
    watch->last_route = event->route;
    if (event->route.direct) {
        sample->endpoint = endpoint_index(watch, &event->route.address);
        watch->first_direct_at = watch->first_direct_at == 0 ? now : watch->first_direct_at;
    }
    watch->first_pong_at = watch->first_pong_at == 0 ? now : watch->first_pong_at;
    watch->last_pong_at = now;
    note_silence(watch, now, sample->sent_at);
    outage_answered(&watch->outage);
    uint64_t rtt_ns = (uint64_t)sample->rtt_us * NS_PER_US;
    grade_sample(&watch->grade, &watch->config.grade, rtt_ns);
    latency_run_answered(&watch->run, rtt_ns);
    latency_run_answered(&watch->run_by_way[event->route.direct ? 1 : 0], rtt_ns);
    history_answered(&watch->history, sample->sent_at, sample->rtt_us,
                     (enum path_kind)sample->path);
}

bool watch_echo(struct watch *watch, mono_ns now, uint16_t id, uint16_t seq)
{
    if (!echo_answer(&watch->echo, now, id, seq)) {
        return false;
    }
    watch->echoes[watch->echo_count++ % SNAPSHOT_ECHOES_MAX] = (struct snapshot_echo){
        .at = now - watch->echo.last_ns, .rtt_us = whole_us(watch->echo.last_ns)};
    return true;
}

void watch_event(struct watch *watch, mono_ns now, struct wall_time when,
                 const struct path_event *event)
{
    if (event->kind == PATH_EVENT_CHANGED) {
        watch->changes[watch->change_count++ % WATCH_CHANGES] =
            (struct watch_change){.at = event->at,
                                  .when = when,
                                  .from = event->from,
                                  .to = event->to,
                                  .reason = event->reason};
        return;
    }
    for (uint64_t n = watch->oldest_open; n < watch->beats; n++) {
        struct snapshot_sample *sample = &watch->samples[slot_of(n)];
        if (watch->beat_seq[slot_of(n)] == event->seq && sample->state == SAMPLE_PENDING) {
            finish(watch, sample, event, now);
        }
    }
    pass_finished(watch);
}

/* Probes that found no way in time. Also those that the path forgot. */
static bool expire(struct watch *watch, mono_ns now)
{
    bool changed = false;
    for (uint64_t n = watch->oldest_open; n < watch->beats; n++) {
        struct snapshot_sample *sample = &watch->samples[slot_of(n)];
        uint64_t grace = watch->beat_seq[slot_of(n)] == 0 ? 0 : NS_PER_SEC;
        mono_ns end = mono_after(sample->sent_at, watch->config.timeout_ns + grace);
        if (sample->state == SAMPLE_PENDING && now >= end) {
            finish(watch, sample, NULL, now);
            changed = true;
        }
    }
    pass_finished(watch);
    return changed;
}

bool watch_tick(struct watch *watch, mono_ns now)
{
    bool changed = expire(watch, now);
    send_waiting(watch, now);
    if (now >= watch->next_beat && beat_wanted(watch)) {
        start_beat(watch, now);
        changed = true;
    }
    return changed;
}

mono_ns watch_deadline(const struct watch *watch)
{
    mono_ns next = MONO_NEVER;
    if (beat_wanted(watch)) {
        next = mono_min(next, watch->next_beat);
    }
    for (uint64_t n = watch->oldest_open; n < watch->beats; n++) {
        const struct snapshot_sample *sample = &watch->samples[slot_of(n)];
        if (sample->state == SAMPLE_PENDING) {
            uint64_t grace = watch->beat_seq[slot_of(n)] == 0 ? 0 : NS_PER_SEC;
            next = mono_min(next, mono_after(sample->sent_at, watch->config.timeout_ns + grace));
        }
    }
    return next;
}

bool watch_done(const struct watch *watch)
{
    return watch->config.beats_max > 0 && watch->beats >= watch->config.beats_max &&
           watch->oldest_open == watch->beats;
}
