/*
 * What is due to the peer, and when: probes of beats, heartbeats, volleys, pongs, call-me-maybe.
 */
#include <string.h>

#include "net/path/peer_path_internal.h"

enum {
    RETRY_LIMIT_MS = 2000,   /* retries to a peer that never answers become rare */
    SILENCE_MS = 1000,       /* a probe is unanswered after this, or four round trips */
    SILENT_PROBES = 2,       /* so many unanswered ones end the trust in a path */
    HEARTBEAT_SLACK_MS = 100 /* beats that come once a heartbeat make one needless */
};

/* Before each: after the first moment at 300 ms, 700 ms, 1.5 s. */
static const uint64_t volley_gap_ms[PATH_VOLLEYS] = {0, 300, 400, 800};

/* --- intents -----------------------------------------------------------------------------------
 */

static void push_intent(struct peer_path *p, const struct intent *intent)
{
    if (p->intent_count < PATH_INTENTS) {
        p->intents[(p->intent_first + p->intent_count++) % PATH_INTENTS] = *intent;
    }
}

void path_push_ping(struct peer_path *p, const struct path_route *to, uint64_t seq)
{
    push_intent(p, &(struct intent){.kind = INTENT_PING, .to = *to, .seq = seq});
}

void path_push_pong(struct peer_path *p, const struct path_route *to, const struct disco_tx *tx)
{
    if (p->pongs_owed < PATH_PONGS) {
        p->pongs_owed++;
        push_intent(p, &(struct intent){.kind = INTENT_PONG, .to = *to, .tx = *tx});
    }
}

void path_push_call(struct peer_path *p, mono_ns now)
{
    if (p->region != 0) {
        p->last_call = now;
        push_intent(p, &(struct intent){.kind = INTENT_CALL, .to = route_derp(p->region)});
    }
}

void path_clear_intents(struct peer_path *p)
{
    p->intent_count = 0;
    p->pongs_owed = 0;
}

/* --- probing -----------------------------------------------------------------------------------
 */

static bool is_older(mono_ns now, mono_ns then, uint64_t ms)
{
    return then == 0 || mono_since(now, then) >= ms * NS_PER_MS;
}

void path_discover(struct peer_path *p, mono_ns now, bool force, bool call, uint64_t seq)
{
    if (p->blocked || !p->has_peer) {
        return;
    }
    path_drop_expired(p, now);
    p->last_full = now;
    for (size_t i = 0; i < p->candidates.count; i++) {
        struct candidate *one = &p->candidates.all[i];
        if (force || is_older(now, one->probed_at, PATH_DISCO_MS)) {
            struct path_route to = route_direct(&one->address);
            one->probed_at = now;
            path_push_ping(p, &to, seq);
        }
    }
    if (call && p->own_count > 0 && (force || is_older(now, p->last_call, PATH_DISCO_MS))) {
        path_push_call(p, now);
    }
}

void path_start_volleys(struct peer_path *p, mono_ns now)
{
    if (!p->blocked) {
        p->volley = 0;
        p->next_volley = now;
    }
}

uint64_t path_open_beat(const struct peer_path *p)
{
    return p->beat_count > 0 ? p->beats[p->beat_count - 1].seq : 0;
}

static void fire_volley(struct peer_path *p, mono_ns now)
{
    if (!path_is_trusted(p, now) || p->volley == 0) {
        path_discover(p, now, true, true, path_open_beat(p));
    }
    p->volley++;
    p->next_volley = p->volley < PATH_VOLLEYS && !path_is_trusted(p, now)
                         ? mono_after(now, volley_gap_ms[p->volley] * NS_PER_MS)
                         : MONO_NEVER;
}

static bool wants_full(const struct peer_path *p, mono_ns now)
{
    if (!path_is_trusted(p, now) || p->last_full == 0) {
        return true;
    }
    return p->best_latency_ns > PATH_GOOD_MS * NS_PER_MS &&
           is_older(now, p->last_full, PATH_UPGRADE_S * UINT64_C(1000));
}

static void ping_best(struct peer_path *p, mono_ns now, uint64_t seq)
{
    struct path_route to = route_direct(&p->best);
    struct candidate *one = candidates_find(&p->candidates, &p->best);
    if (one != NULL) {
        one->probed_at = now;
        path_push_ping(p, &to, seq);
    }
}

static void beat_heart(struct peer_path *p, mono_ns now)
{
    if (p->last_send == MONO_NEVER || mono_since(now, p->last_send) > PATH_ACTIVE_S * NS_PER_SEC) {
        p->next_heartbeat = MONO_NEVER; /* nobody uses it */
        return;
    }
    const struct candidate *best = candidates_find(&p->candidates, &p->best);
    if (best != NULL && is_older(now, best->probed_at, PATH_HEARTBEAT_MS - HEARTBEAT_SLACK_MS)) {
        ping_best(p, now, 0);
    }
    if (wants_full(p, now)) {
        path_discover(p, now, false, true, 0);
    }
    p->next_heartbeat = mono_after(now, PATH_HEARTBEAT_MS * NS_PER_MS);
}

/* --- trust -------------------------------------------------------------------------------------
 */

/* When the best path has left so many probes unanswered for so long that it is no longer trusted,
 * before its time; MONO_NEVER: nothing speaks against it. */
static mono_ns silent_at(const struct peer_path *p)
{
    mono_ns sent[SILENT_PROBES] = {MONO_NEVER, MONO_NEVER}; /* the oldest, in order */
    for (size_t i = 0; i < PATH_PROBES; i++) {
        const struct probe *probe = &p->probes[i];
        if (!probe->used || !probe->to.direct || probe->sent_at <= p->best_pong_at ||
            !address_equal(&probe->to.address, &p->best)) {
            continue;
        }
        if (probe->sent_at < sent[0]) {
            sent[1] = sent[0];
            sent[0] = probe->sent_at;
        } else if (probe->sent_at < sent[1]) {
            sent[1] = probe->sent_at;
        }
    }
    if (sent[1] == MONO_NEVER) {
        return MONO_NEVER;
    }
    uint64_t patience = p->best_latency_ns * 4;
    patience = patience < SILENCE_MS * NS_PER_MS ? SILENCE_MS * NS_PER_MS : patience;
    mono_ns silent = mono_after(sent[1], patience);
    mono_ns earliest = mono_after(p->best_since, PATH_TRUST_MS * NS_PER_MS);
    return silent > earliest ? silent : earliest;
}

static mono_ns trust_end(const struct peer_path *p)
{
    return mono_min(p->trust_until, silent_at(p));
}

void path_check_trust(struct peer_path *p, mono_ns now)
{
    if (p->now.direct && p->best.family != ADDRESS_NONE && now >= trust_end(p)) {
        p->trust_until = 0;
        path_note(p, now, PATH_SILENT);
        path_start_volleys(p, now); /* another candidate may do, whenever it was probed last */
    }
}

/* --- beats -------------------------------------------------------------------------------------
 */

void path_close_beat(struct peer_path *p, size_t index)
{
    p->beat_count--;
    memmove(&p->beats[index], &p->beats[index + 1], (p->beat_count - index) * sizeof *p->beats);
}

static mono_ns beat_end(const struct peer_path *p, const struct beat *beat)
{
    mono_ns from = beat->first_sent == MONO_NEVER ? beat->started_at : beat->first_sent;
    return mono_after(from, p->config.timeout_ns);
}

static void expire_beats(struct peer_path *p, mono_ns now)
{
    for (size_t i = 0; i < p->beat_count;) {
        const struct beat *beat = &p->beats[i];
        if (now < beat_end(p, beat)) {
            i++;
            continue;
        }
        path_push_event(p, &(struct path_event){.kind = PATH_EVENT_LOST,
                                                .seq = beat->seq,
                                                .sent_at = beat->first_sent == MONO_NEVER
                                                               ? beat->started_at
                                                               : beat->first_sent});
        path_close_beat(p, i);
    }
}

static void plan_retry(struct peer_path *p, mono_ns now)
{
    p->next_retry = mono_after(now, p->retry_ns);
    p->retry_ns = p->retry_ns * 3 / 2;
    if (p->retry_ns > RETRY_LIMIT_MS * NS_PER_MS) {
        p->retry_ns = RETRY_LIMIT_MS * NS_PER_MS;
    }
}

/* A beat asks the trusted path alone; else the relay, the path that was, and what else there is. In
 * the first moments also what a volley asked just now: without a relay it would have no answer. */
static void send_beat(struct peer_path *p, struct beat *beat, mono_ns now)
{
    beat->send = false;
    beat->first_sent = beat->first_sent == MONO_NEVER ? now : beat->first_sent;
    p->last_send = now;
    if (p->next_heartbeat == MONO_NEVER) {
        p->next_heartbeat = mono_after(now, PATH_HEARTBEAT_MS * NS_PER_MS);
    }
    if (!p->answered && p->next_retry == MONO_NEVER) {
        plan_retry(p, now);
    }
    if (p->best.family != ADDRESS_NONE) {
        ping_best(p, now, beat->seq);
    }
    if (!path_is_trusted(p, now)) {
        if (p->region != 0) {
            struct path_route to = route_derp(p->region);
            path_push_ping(p, &to, beat->seq);
        }
        bool begins = !p->answered && p->next_volley != MONO_NEVER;
        path_discover(p, now, begins, true, beat->seq);
    }
}

/* --- all ---------------------------------------------------------------------------------------
 */

void peer_path_tick(struct peer_path *p, mono_ns now)
{
    expire_beats(p, now);
    if (!p->has_peer) {
        return;
    }
    path_check_trust(p, now);
    if (!p->answered && now >= p->next_retry) {
        p->next_retry = MONO_NEVER;
        if (p->beat_count > 0) {
            p->beats[p->beat_count - 1].send = true;
        }
    }
    if (now >= p->next_volley) {
        fire_volley(p, now);
    }
    if (now >= p->next_heartbeat) {
        beat_heart(p, now);
    }
    for (size_t i = 0; i < p->beat_count; i++) {
        if (p->beats[i].send) {
            send_beat(p, &p->beats[i], now);
        }
    }
}

static void write_ping(struct peer_path *p, const struct intent *intent, mono_ns now,
                       struct writer *out)
{
    struct disco_message ping = {.type = DISCO_PING, .node = p->config.node};
    struct probe *probe = &p->probes[p->next_probe];
    uint64_t life = intent->seq != 0 ? p->config.timeout_ns : PATH_PROBE_LIFE_MS * NS_PER_MS;
    p->next_probe = (p->next_probe + 1) % PATH_PROBES;
    rng_fill(p->config.rng, ping.tx.b, DISCO_TX_LEN);
    *probe = (struct probe){.used = true,
                            .tx = ping.tx,
                            .seq = intent->seq,
                            .to = intent->to,
                            .sent_at = now,
                            .until = mono_after(now, life)};
    struct candidate *one =
        intent->to.direct ? candidates_find(&p->candidates, &intent->to.address) : NULL;
    if (one != NULL) {
        one->probes++;
    }
    disco_seal(&p->box, &p->mine, p->config.rng, &ping, out);
}

static void write_pong(struct peer_path *p, const struct intent *intent, struct writer *out)
{
    struct disco_message pong = {.type = DISCO_PONG, .tx = intent->tx};
    pong.source = intent->to.direct ? intent->to.address
                                    : (struct net_address){.family = ADDRESS_V4,
                                                           .ip = {127, 3, 3, 40},
                                                           .port = (uint16_t)intent->to.region};
    disco_seal(&p->box, &p->mine, p->config.rng, &pong, out);
}

static void write_call(struct peer_path *p, struct writer *out)
{
    struct disco_message call = {.type = DISCO_CALL_ME_MAYBE};
    for (size_t i = 0; i < p->own_count && !p->blocked; i++) {
        call.endpoints[call.endpoint_count++] = p->own[i];
    }
    p->counts.calls_out++;
    disco_seal(&p->box, &p->mine, p->config.rng, &call, out);
}

/* It was queued before direct connections were disabled, or the address was taken back. */
static bool is_moot(struct peer_path *p, const struct intent *intent)
{
    if (!intent->to.direct) {
        return false;
    }
    return p->blocked || (intent->kind == INTENT_PING &&
                          candidates_find(&p->candidates, &intent->to.address) == NULL);
}

static bool next_intent(struct peer_path *p, struct intent *out)
{
    while (p->intent_count > 0) {
        *out = p->intents[p->intent_first];
        p->intent_first = (p->intent_first + 1) % PATH_INTENTS;
        p->intent_count--;
        p->pongs_owed -= out->kind == INTENT_PONG ? 1U : 0U;
        if (!is_moot(p, out)) {
            return true;
        }
    }
    return false;
}

enum net_err peer_path_output(struct peer_path *p, mono_ns now, struct writer *out,
                              struct path_route *to)
{
    peer_path_tick(p, now);
    struct intent intent;
    if (!p->has_peer || !next_intent(p, &intent)) {
        return NET_ERR_AGAIN;
    }
    *to = intent.to;
    switch (intent.kind) {
    case INTENT_PING:
        write_ping(p, &intent, now, out);
        break;
    case INTENT_PONG:
        write_pong(p, &intent, out);
        break;
    case INTENT_CALL:
        write_call(p, out);
        break;
    }
    return out->failed ? NET_ERR_TOO_BIG : NET_OK;
}

mono_ns peer_path_deadline(const struct peer_path *p)
{
    mono_ns next = MONO_NEVER;
    for (size_t i = 0; i < p->beat_count; i++) {
        next = mono_min(next, beat_end(p, &p->beats[i]));
        if (p->has_peer && p->beats[i].send) {
            return 0;
        }
    }
    if (!p->has_peer) {
        return next;
    }
    if (p->intent_count > 0) {
        return 0;
    }
    next = mono_min(next, mono_min(p->next_volley, p->next_heartbeat));
    if (!p->answered && p->beat_count > 0) {
        next = mono_min(next, p->next_retry);
    }
    if (p->now.direct) {
        next = mono_min(next, trust_end(p));
    }
    return next;
}
