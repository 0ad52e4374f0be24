/*
 * What the peer says: its pings are answered and its address learned, its pongs complete beats and
 * make paths, its call-me-maybe names where to look.
 */
#include <string.h>

#include "net/path/peer_path_internal.h"

enum { CALL_MIN_MS = 200 }; /* more frequent calls only change the list */

/* --- pings -------------------------------------------------------------------------------------
 */

/* True: this very ping was answered before. */
static bool is_repeated(struct peer_path *p, mono_ns at, const struct path_route *from,
                        const struct disco_tx *tx)
{
    if (!from->direct) {
        bool repeated = p->has_derp_ping && memcmp(&p->derp_ping, tx, sizeof *tx) == 0;
        p->has_derp_ping = true;
        p->derp_ping = *tx;
        return repeated;
    }
    struct candidate *one = candidates_add(&p->candidates, &from->address, &p->best);
    if (one == NULL) {
        return false;
    }
    if (one->pinged_us_at != 0 && memcmp(&one->pinged_us_with, tx, sizeof *tx) == 0) {
        return true;
    }
    /* The way is open towards us, and the peer's NAT now lets us in: try it back at once, for what
     * we sent before may have been turned away. Once for each probe of ours, so that nothing is
     * kept going for its own sake. */
    if (!path_is_trusted(p, at) && (one->probed_at == 0 || one->pinged_us_at < one->probed_at)) {
        one->probed_at = at;
        path_push_ping(p, from, path_open_beat(p));
    }
    one->pinged_us_at = at;
    one->pinged_us_with = *tx;
    return false;
}

static void on_ping(struct peer_path *p, mono_ns at, const struct path_route *from,
                    const struct disco_message *message)
{
    if (from->direct && !candidate_is_usable(&from->address, true)) {
        path_refuse(p, at, PATH_REFUSED_SOURCE);
        return;
    }
    if (is_repeated(p, at, from, &message->tx)) {
        p->counts.pings_repeated++;
        path_refuse(p, at, PATH_REFUSED_PING);
        return;
    }
    path_push_pong(p, from, &message->tx);
}

/* --- pongs -------------------------------------------------------------------------------------
 */

static void take_best(struct peer_path *p, mono_ns at, const struct candidate *one)
{
    bool was_direct = path_is_trusted(p, at);
    struct candidate *old = candidates_find(&p->candidates, &p->best);
    if (old != NULL && was_direct) {
        old->left_at = at; /* for a better one; a silent one may come back at once */
    }
    p->best = one->address;
    p->best_since = at;
    p->best_latency_ns = one->latency_ns;
    p->best_pong_at = at;
    p->trust_until = mono_after(at, PATH_TRUST_MS * NS_PER_MS);
    path_note(p, at, was_direct ? PATH_BETTER : PATH_FIRST_PONG);
}

/* A pong came by this candidate: whether it is the path from now on. */
static void consider(struct peer_path *p, mono_ns at, const struct candidate *one)
{
    if (address_equal(&one->address, &p->best)) {
        bool trusted = path_is_trusted(p, at);
        p->best_latency_ns = one->latency_ns;
        p->best_pong_at = at;
        p->best_since = trusted ? p->best_since : at;
        p->trust_until = mono_after(at, PATH_TRUST_MS * NS_PER_MS);
        path_note(p, at, PATH_RECOVERED);
        return;
    }
    /* Back to a path that was left just now would be to swing between two that are as good. */
    bool left_lately =
        one->left_at != 0 && mono_since(at, one->left_at) < PATH_TRUST_MS * NS_PER_MS;
    bool better = candidate_is_better(&one->address, one->latency_ns, &p->best, p->best_latency_ns);
    if (!path_is_trusted(p, at) || (better && !left_lately)) {
        take_best(p, at, one);
    }
}

static void complete_beat(struct peer_path *p, mono_ns at, const struct probe *probe,
                          const struct disco_message *message)
{
    for (size_t i = 0; i < p->beat_count; i++) {
        if (p->beats[i].seq == probe->seq) {
            path_close_beat(p, i);
            path_push_event(p, &(struct path_event){.kind = PATH_EVENT_PONG,
                                                    .seq = probe->seq,
                                                    .sent_at = probe->sent_at,
                                                    .rtt_ns = mono_since(at, probe->sent_at),
                                                    .route = probe->to,
                                                    .pong_source = message->source});
            return;
        }
    }
}

static struct probe *find_probe(struct peer_path *p, mono_ns at, const struct path_route *from,
                                const struct disco_tx *tx)
{
    for (size_t i = 0; i < PATH_PROBES; i++) {
        struct probe *probe = &p->probes[i];
        if (probe->used && memcmp(&probe->tx, tx, sizeof *tx) == 0) {
            return at <= probe->until && probe->to.direct == from->direct ? probe : NULL;
        }
    }
    return NULL;
}

/* Only the probe whose id the pong carries is answered; a pong that comes too late finds none. */
static void on_pong(struct peer_path *p, mono_ns at, const struct path_route *from,
                    const struct disco_message *message)
{
    struct probe *probe = find_probe(p, at, from, &message->tx);
    if (probe == NULL) {
        p->counts.pongs_unasked++;
        path_refuse(p, at, PATH_REFUSED_PONG);
        return;
    }
    struct candidate *one =
        probe->to.direct ? candidates_find(&p->candidates, &probe->to.address) : NULL;
    probe->used = false;
    p->answered = true;
    p->next_retry = MONO_NEVER;
    if (one != NULL) { /* NULL too if it was withdrawn meanwhile: an answer, but no path */
        one->latency_ns = mono_since(at, probe->sent_at);
        one->pong_at = at;
        one->pongs++;
        one->too_big = false;
        consider(p, at, one);
    }
    complete_beat(p, at, probe, message);
}

/* --- call-me-maybe -----------------------------------------------------------------------------
 */

/* What the last call named and this one does not is taken back, whoever else named it: the call is
 * the newest that is known. An empty one is how a peer says that it will not be reached directly
 * any more (direct connections were disabled): that goes for where it was heard, too. */
static void drop_former(struct peer_path *p, bool all)
{
    for (size_t i = p->candidates.count; i-- > 0;) {
        struct candidate *one = &p->candidates.all[i];
        if (all || (one->from_former_call && !one->from_call)) {
            path_remove(p, one);
        } else {
            one->from_former_call = false;
        }
    }
}

static void on_call(struct peer_path *p, mono_ns at, const struct disco_message *message)
{
    bool too_soon = p->called_at != 0 && mono_since(at, p->called_at) < CALL_MIN_MS * NS_PER_MS;
    p->counts.calls_in++;
    for (size_t i = 0; i < p->candidates.count; i++) {
        p->candidates.all[i].from_former_call = p->candidates.all[i].from_call;
        p->candidates.all[i].from_call = false;
    }
    if (message->endpoints_dropped > 0) {
        p->counts.endpoints_refused += message->endpoints_dropped;
        path_refuse(p, at, PATH_REFUSED_MANY);
    }
    for (size_t i = 0; i < message->endpoint_count; i++) {
        const struct net_address *address = &message->endpoints[i];
        if (!path_accepts(p, at, address)) {
            continue;
        }
        struct candidate *one = candidates_add(&p->candidates, address, &p->best);
        if (one != NULL) {
            one->from_call = true;
            one->named = true;
        }
    }
    drop_former(p, message->endpoint_count == 0 && message->endpoints_dropped == 0);
    path_drop_expired(p, at);
    if (!too_soon) {
        p->called_at = at;
        path_discover(p, at, true, false, 0);
    }
}

/* --- all ---------------------------------------------------------------------------------------
 */

enum net_err peer_path_input(struct peer_path *p, mono_ns at, const struct path_route *from,
                             struct bytes packet)
{
    struct disco_message message;
    struct disco_public sender = disco_sender(packet);
    if (!p->has_peer || !disco_public_equal(&sender, &p->peer_disco)) {
        return NET_ERR_AUTH;
    }
    if (from->direct && p->blocked) {
        p->counts.direct_refused++;
        path_refuse(p, at, PATH_REFUSED_DIRECT);
        return NET_ERR_STATE;
    }
    enum net_err err = disco_open(&p->box, packet, &message);
    if (err == NET_ERR_UNSUPPORTED) {
        return NET_OK;
    }
    if (err != NET_OK) {
        path_refuse(p, at, err == NET_ERR_AUTH ? PATH_REFUSED_FORGED : PATH_REFUSED_MALFORMED);
        return err;
    }
    peer_path_tick(p, at);
    switch (message.type) {
    case DISCO_PING:
        on_ping(p, at, from, &message);
        break;
    case DISCO_PONG:
        on_pong(p, at, from, &message);
        break;
    case DISCO_CALL_ME_MAYBE:
        if (!from->direct && !p->blocked) {
            on_call(p, at, &message);
        }
        break;
    }
    return NET_OK;
}
