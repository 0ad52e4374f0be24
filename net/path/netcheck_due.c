/*
 * What a netcheck has to do next and when, and when enough is known for the report.
 */
#include <string.h>

#include "net/base/text.h"
#include "net/path/netcheck_internal.h"

/* --- when enough is known
 * ------------------------------------------------------------------------------------------------
 */

static mono_ns later(mono_ns a, mono_ns b)
{
    return a > b ? a : b;
}

/* Whether an answer may still come. Once the system refused to send, tries go on, but nobody waits
 * for them. */
static bool is_open(const struct netcheck_asked *asked)
{
    bool waits = false;
    bool unsent = false;
    for (size_t i = 0; i < asked->plan.try_count; i++) {
        enum netcheck_try_state state = asked->requests[i].state;
        if (state == TRY_SENT && !asked->answered) {
            return true;
        }
        waits = waits || state == TRY_NAME || state == TRY_READY;
        unsent = unsent || state == TRY_UNSENT;
    }
    return waits && !unsent && !asked->answered;
}

bool netcheck_family_enough(const struct netcheck *n, enum address_family family)
{
    bool open = false;
    bool answered = false;
    for (size_t i = 0; i < n->set_count; i++) {
        if (n->sets[i].plan.family == family) {
            open = open || is_open(&n->sets[i]);
            answered = answered || n->sets[i].answered;
        }
    }
    if (!open) {
        return true;
    }
    if (n->config.complete) {
        return false;
    }
    return family == ADDRESS_V4 ? n->report.mapping_varies != NETCHECK_UNKNOWN : answered;
}

/* When a family is no longer waited for; 0: no more already. */
static mono_ns family_end(const struct netcheck *n, enum address_family family)
{
    mono_ns sent_at = family == ADDRESS_V4 ? n->v4_sent_at : n->v6_sent_at;
    if (netcheck_family_enough(n, family)) {
        return 0;
    }
    mono_ns end = mono_after(sent_at != 0 ? sent_at : n->report.started_at,
                             NETCHECK_STUN_WAIT_MS * NS_PER_MS);
    if (family == ADDRESS_V6 && n->v4_enough_at != 0 && !n->config.complete) {
        /* As long again as IPv4 took: an IPv6 that leads nowhere is common. */
        uint64_t took_ns = mono_since(n->v4_enough_at, n->v4_sent_at);
        uint64_t least_ns = NETCHECK_FAMILY_GRACE_MS * NS_PER_MS;
        end = mono_min(end, mono_after(n->v4_enough_at, took_ns > least_ns ? took_ns : least_ns));
    }
    return end;
}

/* The home may only move because of a better one: it is waited for while the budget lasts. */
static bool home_is_measured(const struct netcheck *n)
{
    int64_t home = home_current(n->home);
    const struct netcheck_region *region = netcheck_report_region(&n->report, home);
    return region == NULL || netcheck_region_latency(region) != 0;
}

/* A relay that takes twice as long as the nearest can hardly become the home. */
static mono_ns relays_end(const struct netcheck *n)
{
    if (!n->measuring) {
        return 0;
    }
    if (n->config.complete || n->first_latency_at == 0 || !home_is_measured(n)) {
        return MONO_NEVER;
    }
    uint64_t took_ns = mono_since(n->first_latency_at, n->report.started_at);
    uint64_t least_ns = NETCHECK_RELAY_GRACE_MS * NS_PER_MS;
    return mono_after(n->first_latency_at, took_ns > least_ns ? took_ns : least_ns);
}

static mono_ns hairpin_end(const struct netcheck *n)
{
    if (n->hairpin == HAIRPIN_WANTED) {
        return MONO_NEVER;
    }
    return n->hairpin == HAIRPIN_SENT
               ? mono_after(n->hairpin_sent_at, NETCHECK_HAIRPIN_MS * NS_PER_MS)
               : 0;
}

static mono_ns ready_at(const struct netcheck *n)
{
    mono_ns stun = later(family_end(n, ADDRESS_V4), family_end(n, ADDRESS_V6));
    mono_ns all = later(later(stun, relays_end(n)), hairpin_end(n));
    return mono_min(all, mono_after(n->report.started_at, n->config.budget_ns));
}

/* --- what is due
 * ------------------------------------------------------------------------------------------------
 */

static void advance(struct netcheck *n, mono_ns now)
{
    if (n->hairpin == HAIRPIN_SENT && now >= hairpin_end(n)) {
        n->hairpin = HAIRPIN_LOST;
        n->report.hairpinning = NETCHECK_NO;
        if (n->published) {
            netcheck_changed(n, now);
        }
    }
    if (!n->published && now >= ready_at(n)) {
        netcheck_publish(n, now);
    }
    if (n->published && n->again && !n->report_due) {
        netcheck_begin(n, now);
    }
}

static mono_ns due_at(const struct netcheck_asked *asked, size_t try)
{
    if (asked->answered || asked->requests[try].state != TRY_READY) {
        return MONO_NEVER;
    }
    return mono_after(asked->base, asked->plan.tries[try].delay_ns);
}

static void write_request(struct netcheck *n, struct stun_tx *tx, struct netcheck_action *out)
{
    struct writer packet = writer_of(out->packet, sizeof out->packet);
    rng_fill(n->config.rng, tx->b, sizeof tx->b);
    stun_request_encode(&packet, tx);
    out->kind = NETCHECK_SEND;
}

static bool take_request(struct netcheck *n, mono_ns now, struct netcheck_action *out)
{
    for (size_t s = 0; s < n->set_count; s++) {
        for (size_t t = 0; t < n->sets[s].plan.try_count; t++) {
            struct netcheck_request *request = &n->sets[s].requests[t];
            if (now < due_at(&n->sets[s], t)) {
                continue;
            }
            write_request(n, &request->tx, out);
            out->to = request->to;
            out->socket = NETCHECK_SOCKET_MAIN;
            out->set = s;
            out->try = t;
            request->state = TRY_SENT;
            request->sent_at = now;
            return true;
        }
    }
    return false;
}

static bool take_name(struct netcheck *n, struct netcheck_action *out)
{
    for (size_t i = 0; i < n->name_count; i++) {
        if (!n->names[i].asked) {
            n->names[i].asked = true;
            out->kind = NETCHECK_RESOLVE;
            text_copy(out->host, sizeof out->host, n->names[i].host);
            return true;
        }
    }
    return false;
}

static bool take_hairpin(struct netcheck *n, mono_ns now, struct netcheck_action *out)
{
    if (n->hairpin != HAIRPIN_WANTED) {
        return false;
    }
    write_request(n, &n->hairpin_tx, out);
    out->to = n->report.global_v4;
    out->socket = NETCHECK_SOCKET_HAIRPIN;
    n->hairpin = HAIRPIN_SENT;
    n->hairpin_sent_at = now;
    return true;
}

bool netcheck_next(struct netcheck *n, mono_ns now, struct netcheck_action *out)
{
    if (!n->active) {
        return false;
    }
    advance(n, now);
    *out = (struct netcheck_action){.kind = NETCHECK_MEASURE};
    if (n->measure_due) {
        n->measure_due = false;
        return true;
    }
    if (!n->published && (take_name(n, out) || take_request(n, now, out))) {
        return true;
    }
    if (take_hairpin(n, now, out)) {
        return true;
    }
    if (n->report_due) {
        n->report_due = false;
        out->kind = NETCHECK_REPORT;
        return true;
    }
    return false;
}

mono_ns netcheck_deadline(const struct netcheck *n)
{
    mono_ns next = MONO_NEVER;
    if (!n->active) {
        return MONO_NEVER;
    }
    if (n->measure_due || n->report_due || n->hairpin == HAIRPIN_WANTED ||
        (n->published && n->again)) {
        return 0;
    }
    if (n->hairpin == HAIRPIN_SENT) {
        next = hairpin_end(n);
    }
    if (n->published) {
        return next;
    }
    for (size_t i = 0; i < n->name_count; i++) {
        next = n->names[i].asked ? next : 0;
    }
    for (size_t s = 0; s < n->set_count; s++) {
        for (size_t t = 0; t < n->sets[s].plan.try_count; t++) {
            next = mono_min(next, due_at(&n->sets[s], t));
        }
    }
    return mono_min(next, ready_at(n));
}

/* --- what became of a request
 * ------------------------------------------------------------------------------------------------
 */

void netcheck_sent(struct netcheck *n, const struct netcheck_action *action, enum net_err result)
{
    bool sent = result == NET_OK || result == NET_ERR_AGAIN; /* no room: lost on the way */
    if (action->socket == NETCHECK_SOCKET_HAIRPIN) {
        if (!sent && n->hairpin == HAIRPIN_SENT) {
            n->hairpin = HAIRPIN_OFF; /* nothing can be said of it */
        }
        return;
    }
    if (action->set >= n->set_count) {
        return;
    }
    struct netcheck_asked *asked = &n->sets[action->set];
    struct netcheck_request *request = &asked->requests[action->try];
    struct netcheck_stun *stun = netcheck_stun_of(n, &asked->plan);
    bool is_v4 = asked->plan.family == ADDRESS_V4;
    n->report.counts.requests += sent ? 1 : 0;
    if (!sent) {
        request->state = TRY_UNSENT;
        stun->state = stun->state < NETCHECK_STUN_UNSENT ? NETCHECK_STUN_UNSENT : stun->state;
        return;
    }
    mono_ns *first = is_v4 ? &n->v4_sent_at : &n->v6_sent_at;
    bool *can_send = is_v4 ? &n->report.ipv4_can_send : &n->report.ipv6_can_send;
    *first = *first == 0 ? request->sent_at : *first;
    *can_send = true;
    n->report.stun_asked = true;
    if (stun->state < NETCHECK_STUN_SENT) {
        stun->state = NETCHECK_STUN_SENT;
        stun->server = request->to;
    }
}
