#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/path/peer_path_internal.h"

const char *path_reason_name(enum path_reason reason)
{
    static const char *const names[] = {
#define X(code, name, text) [code] = (name),
        PATH_REASON_LIST(X)
#undef X
    };
    return names[reason];
}

const char *path_reason_text(enum path_reason reason)
{
    static const char *const texts[] = {
#define X(code, name, text) [code] = (text),
        PATH_REASON_LIST(X)
#undef X
    };
    return texts[reason];
}

struct peer_path *peer_path_new(const struct path_config *config)
{
    struct peer_path *p = mem_new(sizeof *p);
    p->config = *config;
    p->mine = disco_private_public(config->disco);
    p->last_send = MONO_NEVER;
    p->next_heartbeat = MONO_NEVER;
    p->next_volley = MONO_NEVER;
    p->next_retry = MONO_NEVER;
    return p;
}

void peer_path_free(struct peer_path *p)
{
    if (p != NULL) {
        box_key_clear(&p->box);
        free(p);
    }
}

/* --- events ------------------------------------------------------------------------------------
 */

void path_push_event(struct peer_path *p, const struct path_event *event)
{
    if (p->event_count == PATH_EVENTS) {
        p->event_first = (p->event_first + 1) % PATH_EVENTS; /* the owner sleeps: the oldest goes */
        p->event_count--;
    }
    p->events[(p->event_first + p->event_count++) % PATH_EVENTS] = *event;
}

bool peer_path_event(struct peer_path *p, struct path_event *out)
{
    if (p->event_count == 0) {
        return false;
    }
    *out = p->events[p->event_first];
    p->event_first = (p->event_first + 1) % PATH_EVENTS;
    p->event_count--;
    return true;
}

/* --- the path in force -------------------------------------------------------------------------
 */

bool path_is_trusted(const struct peer_path *p, mono_ns now)
{
    return p->best.family != ADDRESS_NONE && now < p->trust_until;
}

static bool same_route(const struct path_route *a, const struct path_route *b)
{
    return a->direct == b->direct && (!a->direct || address_equal(&a->address, &b->address));
}

void path_note(struct peer_path *p, mono_ns now, enum path_reason reason)
{
    struct path_route to = path_is_trusted(p, now) ? route_direct(&p->best) : route_derp(p->region);
    if (!same_route(&p->now, &to)) {
        path_push_event(
            p,
            &(struct path_event){
                .kind = PATH_EVENT_CHANGED, .at = now, .from = p->now, .to = to, .reason = reason});
        p->since = now;
    }
    p->now = to;
}

static void drop_best(struct peer_path *p)
{
    p->best = (struct net_address){0};
    p->best_latency_ns = 0;
    p->trust_until = 0;
}

void path_remove(struct peer_path *p, struct candidate *one)
{
    if (address_equal(&one->address, &p->best)) {
        drop_best(p);
    }
    candidates_remove(&p->candidates, one);
}

void path_drop_expired(struct peer_path *p, mono_ns now)
{
    for (size_t i = p->candidates.count; i-- > 0;) {
        struct candidate *one = &p->candidates.all[i];
        if (candidate_is_expired(one, now)) {
            path_remove(p, one);
        }
    }
    path_note(p, now, PATH_WITHDRAWN);
}

static void drop_all(struct peer_path *p, mono_ns now, enum path_reason reason)
{
    p->candidates.count = 0;
    drop_best(p);
    path_note(p, now, reason);
}

/* --- what the owner tells ----------------------------------------------------------------------
 */

static void forget_probes(struct peer_path *p)
{
    for (size_t i = 0; i < PATH_PROBES; i++) {
        p->probes[i].used = false;
    }
}

/* The probes of the open beats get no answer any more: others are sent for them. */
static void ask_again(struct peer_path *p)
{
    for (size_t i = 0; i < p->beat_count; i++) {
        p->beats[i].send = true;
    }
}

static void restart(struct peer_path *p, mono_ns now)
{
    p->answered = false;
    p->has_derp_ping = false;
    p->called_at = 0;
    p->retry_ns = PATH_FIRST_RETRY_MS * NS_PER_MS;
    p->next_retry = MONO_NEVER;
    forget_probes(p);
    path_clear_intents(p);
    ask_again(p); /* the probes were under the old key */
    drop_all(p, now, PATH_RESTARTED);
}

bool path_is_own(const struct peer_path *p, const struct net_address *address)
{
    for (size_t i = 0; i < p->own_count; i++) {
        if (address_equal(&p->own[i], address)) {
            return true;
        }
    }
    return false;
}

void path_refuse(struct peer_path *p, mono_ns now, enum path_refusal why)
{
    static const char *const texts[] = {
#define X(code, text) text,
        PATH_REFUSAL_LIST(X)
#undef X
    };
    log_limited(p->config.log, &p->refusals[why], now, LOG_DEBUG, LOG_DISCO, texts[why]);
}

bool path_accepts(struct peer_path *p, mono_ns now, const struct net_address *address)
{
    if (candidate_is_usable(address, p->config.loopback) && !path_is_own(p, address)) {
        return true;
    }
    p->counts.endpoints_refused++;
    path_refuse(p, now, PATH_REFUSED_ENDPOINT);
    return false;
}

static void keep_endpoints(struct peer_path *p, mono_ns now, const struct net_address *endpoints,
                           size_t count)
{
    if (count > DISCO_ENDPOINTS_MAX) {
        path_refuse(p, now, PATH_REFUSED_MANY);
    }
    p->node_count = count > DISCO_ENDPOINTS_MAX ? DISCO_ENDPOINTS_MAX : count;
    for (size_t i = 0; i < p->node_count; i++) {
        p->node_endpoints[i] = endpoints[i];
    }
}

/* The node's endpoints become candidates. True: there is one that was not known before. */
static bool take_endpoints(struct peer_path *p, mono_ns now)
{
    bool news = false;
    for (size_t i = 0; i < p->candidates.count; i++) {
        p->candidates.all[i].from_node = false;
    }
    for (size_t i = 0; i < p->node_count && !p->blocked; i++) {
        const struct net_address *address = &p->node_endpoints[i];
        if (!path_accepts(p, now, address)) {
            continue;
        }
        news |= candidates_find(&p->candidates, address) == NULL;
        struct candidate *one = candidates_add(&p->candidates, address, &p->best);
        if (one != NULL) {
            one->from_node = true;
            one->named = true;
        }
    }
    return news;
}

void peer_path_set_peer(struct peer_path *p, mono_ns now, const struct node_public *node,
                        const struct disco_public *disco, int64_t region,
                        const struct net_address *endpoints, size_t count)
{
    bool same = p->has_peer && disco_public_equal(&p->peer_disco, disco);
    struct box_key box;
    path_check_trust(p, now); /* what follows is not to be blamed for a path that was silent */
    p->peer = *node;
    p->region = region;
    if (!same) {
        if (disco_box_key(p->config.disco, disco, &box) != NET_OK) {
            peer_path_clear_peer(p, now); /* a low-order point: it cannot be probed */
            return;
        }
        p->box = box;
        box_key_clear(&box);
        p->peer_disco = *disco;
        p->has_peer = true;
        restart(p, now);
        p->since = now;
        p->now = route_derp(region);
    }
    keep_endpoints(p, now, endpoints, count);
    bool news = take_endpoints(p, now);
    path_drop_expired(p, now);
    if (news || !same) {
        path_start_volleys(p, now);
    }
}

void peer_path_clear_peer(struct peer_path *p, mono_ns now)
{
    p->has_peer = false;
    p->answered = false;
    p->node_count = 0;
    p->next_heartbeat = MONO_NEVER;
    p->next_volley = MONO_NEVER;
    forget_probes(p);
    path_clear_intents(p);
    drop_all(p, now, PATH_WITHDRAWN);
    box_key_clear(&p->box);
}

/* A packet to an address of our own never reaches the peer. One that answers is somebody else's. */
static void drop_own(struct peer_path *p)
{
    for (size_t i = p->candidates.count; i-- > 0;) {
        struct candidate *one = &p->candidates.all[i];
        if (one->pong_at == 0 && path_is_own(p, &one->address)) {
            p->counts.endpoints_refused++;
            path_remove(p, one);
        }
    }
}

void peer_path_set_own(struct peer_path *p, mono_ns now, const struct net_address *endpoints,
                       size_t count)
{
    count = count > DISCO_ENDPOINTS_MAX ? DISCO_ENDPOINTS_MAX : count;
    bool same = count == p->own_count;
    for (size_t i = 0; i < count && same; i++) {
        same = address_equal(&p->own[i], &endpoints[i]);
    }
    if (same) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        p->own[i] = endpoints[i];
    }
    p->own_count = count;
    drop_own(p);
    if (p->has_peer && !path_is_trusted(p, now)) {
        path_start_volleys(p, now); /* the peer is to try the new ones */
    }
}

void peer_path_block(struct peer_path *p, mono_ns now, bool blocked)
{
    if (p->blocked == blocked) {
        return;
    }
    p->blocked = blocked;
    if (blocked) {
        /* It may have ours from the coordinator, or heard us there. */
        bool told = p->counts.calls_out > 0 || p->candidates.count > 0;
        if (p->now.direct) {
            ask_again(p); /* their pongs will be refused */
        }
        drop_all(p, now, PATH_BLOCKED);
        p->next_volley = MONO_NEVER;
        if (p->has_peer && told) {
            path_push_call(p, now); /* empty: it takes back what is known of us */
        }
    } else if (p->has_peer) {
        (void)take_endpoints(p, now);
        path_start_volleys(p, now);
    }
}

void peer_path_poke(struct peer_path *p, mono_ns now)
{
    if (!p->has_peer) {
        return;
    }
    if (!p->answered && p->beat_count > 0) {
        p->beats[p->beat_count - 1].send = true;
        p->retry_ns = PATH_FIRST_RETRY_MS * NS_PER_MS;
        p->next_retry = MONO_NEVER;
    }
    if (!path_is_trusted(p, now)) {
        path_start_volleys(p, now);
    }
}

void peer_path_network_changed(struct peer_path *p, mono_ns now)
{
    p->trust_until = 0;
    path_note(p, now, PATH_NETWORK);
    if (p->has_peer) {
        path_start_volleys(p, now);
    }
}

uint64_t peer_path_beat(struct peer_path *p, mono_ns now)
{
    if (p->beat_count == PATH_BEATS) {
        path_push_event(p, &(struct path_event){.kind = PATH_EVENT_LOST,
                                                .seq = p->beats[0].seq,
                                                .sent_at = p->beats[0].started_at});
        path_close_beat(p, 0);
    }
    p->beats[p->beat_count++] = (struct beat){
        .seq = ++p->last_seq, .started_at = now, .first_sent = MONO_NEVER, .send = true};
    return p->last_seq;
}

void peer_path_too_big(struct peer_path *p, const struct path_route *to)
{
    struct candidate *one = to->direct ? candidates_find(&p->candidates, &to->address) : NULL;
    if (one != NULL) {
        one->too_big = true;
    }
}

/* --- what the owner asks -----------------------------------------------------------------------
 */

size_t peer_path_routes(struct peer_path *p, mono_ns now, struct path_route out[2])
{
    size_t count = 0;
    if (!p->has_peer) {
        return 0;
    }
    if (p->best.family != ADDRESS_NONE) {
        out[count++] = route_direct(&p->best);
    }
    if (!path_is_trusted(p, now) && p->region != 0) {
        out[count++] = route_derp(p->region);
    }
    p->last_send = now;
    if (p->next_heartbeat == MONO_NEVER) {
        p->next_heartbeat = now;
    }
    return count;
}

bool peer_path_knows(const struct peer_path *p, const struct net_address *from)
{
    for (size_t i = 0; i < p->candidates.count && p->has_peer && !p->blocked; i++) {
        const struct candidate *one = &p->candidates.all[i];
        if (address_equal(&one->address, from)) {
            return one->pong_at != 0 || one->pinged_us_at != 0;
        }
    }
    return false;
}

void peer_path_status(const struct peer_path *p, struct path_status *out)
{
    *out = p->counts;
    out->has_peer = p->has_peer;
    out->answered = p->answered;
    out->now = p->now.direct ? p->now : route_derp(p->region);
    out->since = p->since;
    out->best = p->best;
    out->stale = p->best.family != ADDRESS_NONE && !p->now.direct;
    out->best_latency_ns = p->best_latency_ns;
    out->trust_until = p->trust_until;
}

const struct candidates *peer_path_candidates(const struct peer_path *p)
{
    return &p->candidates;
}
