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
    watch->pinger = pinger_new(&(struct pinger_config){
        .interval_ns = 0, /* the beats are ours */
        .timeout_ns = config->timeout_ns,
        .disco = config->disco,
        .node = config->node,
        .rng = config->rng,
    });
    return watch;
}

void watch_free(struct watch *watch)
{
    if (watch != NULL) {
        pinger_free(watch->pinger);
        free(watch);
    }
}

static bool can_send(const struct watch *watch)
{
    return watch->peer_known && watch->relay_open;
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
    pinger_set_peer(watch->pinger, now, &node->key, &node->disco, node->preferred_derp);
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
        pinger_poke(watch->pinger, now);
        break;
    case TAILNET_PEER_LOST:
        watch->peer_lost = true;
        break;
    case TAILNET_PEER_DISCONNECTED:
        watch->peer_known = false;
        watch->peer_ready = false;
        watch->peer_left = true;
        pinger_clear_peer(watch->pinger);
        break;
    case TAILNET_PEER_UNSPECIFIED:
        break;
    }
}

void watch_set_relay(struct watch *watch, mono_ns now, bool open)
{
    bool opened = open && !watch->relay_open;
    watch->relay_open = open;
    if (opened) {
        pinger_poke(watch->pinger, now);
    }
}

void watch_set_paused(struct watch *watch, mono_ns now, bool paused)
{
    if (watch->paused && !paused) {
        watch->next_beat = now;
    }
    watch->paused = paused;
}

void watch_poke(struct watch *watch, mono_ns now)
{
    watch->next_beat = now;
}

enum net_err watch_input(struct watch *watch, mono_ns at, int64_t region, struct bytes packet)
{
    return pinger_input(watch->pinger, at, region, packet);
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

static void start_beat(struct watch *watch, mono_ns now)
{
    size_t slot = slot_of(watch->beats);
    bool sendable = can_send(watch);
    watch->samples[slot] = (struct snapshot_sample){.sent_at = now, .state = SAMPLE_PENDING};
    watch->pinger_seq[slot] = sendable ? pinger_beat(watch->pinger, now) : 0;
    watch->beats++;
    latency_run_sent(&watch->run);
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
        if (watch->samples[slot].state == SAMPLE_PENDING && watch->pinger_seq[slot] == 0) {
            watch->pinger_seq[slot] = pinger_beat(watch->pinger, now);
            watch->next_beat = mono_after(now, watch->config.interval_ns);
        }
    }
}

static void finish(struct watch *watch, struct snapshot_sample *sample,
                   const struct pinger_event *event, mono_ns now)
{
    if (event == NULL || event->kind == PINGER_LOST) {
        sample->state = SAMPLE_LOST;
        latency_run_lost(&watch->run);
        return;
    }
    uint64_t rtt_us = event->rtt_ns / NS_PER_US;
    sample->state = SAMPLE_PONG;
    sample->sent_at = event->sent_at;
    sample->rtt_us = rtt_us == 0 ? 1 : rtt_us > UINT32_MAX ? UINT32_MAX : (uint32_t)rtt_us;
    sample->path = PATH_DERP;
    sample->region = (uint16_t)event->region;
    watch->region = (uint16_t)event->region;
    watch->first_pong_at = watch->first_pong_at == 0 ? now : watch->first_pong_at;
    watch->last_pong_at = now;
    latency_run_answered(&watch->run, event->rtt_ns);
}

static bool take_events(struct watch *watch, mono_ns now)
{
    bool changed = false;
    struct pinger_event event;
    while (pinger_event(watch->pinger, &event)) {
        for (uint64_t n = watch->oldest_open; n < watch->beats; n++) {
            struct snapshot_sample *sample = &watch->samples[slot_of(n)];
            if (watch->pinger_seq[slot_of(n)] == event.seq && sample->state == SAMPLE_PENDING) {
                finish(watch, sample, &event, now);
                changed = true;
            }
        }
    }
    return changed;
}

/* Probes that found no way in time. Also those that the pinger forgot (the agent restarted). */
static bool expire(struct watch *watch, mono_ns now)
{
    bool changed = false;
    for (uint64_t n = watch->oldest_open; n < watch->beats; n++) {
        struct snapshot_sample *sample = &watch->samples[slot_of(n)];
        uint64_t grace = watch->pinger_seq[slot_of(n)] == 0 ? 0 : NS_PER_SEC;
        mono_ns end = mono_after(sample->sent_at, watch->config.timeout_ns + grace);
        if (sample->state == SAMPLE_PENDING && now >= end) {
            finish(watch, sample, NULL, now);
            changed = true;
        }
    }
    while (watch->oldest_open < watch->beats &&
           watch->samples[slot_of(watch->oldest_open)].state != SAMPLE_PENDING) {
        watch->oldest_open++;
    }
    if (watch->oldest_open < oldest_kept(watch)) {
        watch->oldest_open = oldest_kept(watch);
    }
    return changed;
}

bool watch_tick(struct watch *watch, mono_ns now)
{
    bool changed = take_events(watch, now);
    changed |= expire(watch, now);
    send_waiting(watch, now);
    if (now >= watch->next_beat && beat_wanted(watch)) {
        start_beat(watch, now);
        changed = true;
    }
    return changed;
}

enum net_err watch_output(struct watch *watch, mono_ns now, struct writer *out, int64_t *region)
{
    return pinger_output(watch->pinger, now, out, region);
}

mono_ns watch_deadline(const struct watch *watch)
{
    mono_ns next = pinger_deadline(watch->pinger);
    if (beat_wanted(watch)) {
        next = mono_min(next, watch->next_beat);
    }
    for (uint64_t n = watch->oldest_open; n < watch->beats; n++) {
        const struct snapshot_sample *sample = &watch->samples[slot_of(n)];
        if (sample->state == SAMPLE_PENDING) {
            uint64_t grace = watch->pinger_seq[slot_of(n)] == 0 ? 0 : NS_PER_SEC;
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
