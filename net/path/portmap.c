#include "net/path/portmap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/path/portmap_internal.h"

#define PROBE_NS       (PORTMAP_PROBE_MS * NS_PER_MS)
#define PROBE_AGAIN_NS (PORTMAP_PROBE_AGAIN_MS * NS_PER_MS)
#define TRUST_NS       (PORTMAP_TRUST_S * NS_PER_SEC)

const char *portmap_service_name(enum portmap_service service)
{
    static const char *const names[] = {"NAT-PMP", "PCP", "UPnP", "none"};
    return names[service];
}

struct portmap_action *portmap_push(struct portmap *pm, enum portmap_action_kind kind)
{
    if (pm->queue_len == PORTMAP_QUEUE) {
        return NULL;
    }
    struct portmap_action *action = &pm->queue[(pm->queue_at + pm->queue_len) % PORTMAP_QUEUE];
    pm->queue_len++;
    *action = (struct portmap_action){.kind = kind};
    return action;
}

/* --- the probe ---------------------------------------------------------------------------------
 */

static void search(struct portmap *pm, const char *target, const struct net_address *to)
{
    struct portmap_action *action = portmap_push(pm, PORTMAP_SEND);
    if (action != NULL) {
        struct writer out = writer_of(action->packet, sizeof action->packet);
        ssdp_search_encode(&out, target);
        action->packet_len = writer_len(&out);
        action->to = *to;
        action->to.port = SSDP_PORT;
    }
}

/* Asks every service of this probe that has not answered. */
static void ask(struct portmap *pm)
{
    uint8_t packet[PCP_HEADER_LEN];
    struct net_address group = {0};
    if (portmap_is_waited_for(pm, PORTMAP_PMP)) {
        struct writer out = writer_of(packet, sizeof packet);
        natpmp_external_encode(&out);
        portmap_send_to_router(pm, writer_done(&out), &pm->gateway);
    }
    if (portmap_is_waited_for(pm, PORTMAP_PCP)) {
        struct writer out = writer_of(packet, sizeof packet);
        pcp_announce_encode(&out, &pm->own);
        portmap_send_to_router(pm, writer_done(&out), &pm->gateway);
    }
    if (portmap_is_waited_for(pm, PORTMAP_UPNP)) {
        enum net_err err = address_parse_ip(SSDP_GROUP, &group);
        assert(err == NET_OK);
        search(pm, SSDP_ALL,
               &pm->gateway); /* past a firewall of ours that wants answers solicited */
        search(pm, SSDP_ALL, &group);
        search(pm, SSDP_IGD, &group);
    }
}

void portmap_probe(struct portmap *pm, mono_ns now)
{
    if (pm->probing || !portmap_has_network(pm)) {
        return;
    }
    for (size_t i = 0; i < PORTMAP_SERVICES; i++) {
        struct portmap_seen *one = &pm->services[i];
        one->asked = !one->seen || mono_since(now, one->at) >= TRUST_NS;
        one->answered = false;
        pm->probing = pm->probing || one->asked;
    }
    if (pm->probing) {
        pm->asked_again = false;
        pm->probe_at = now;
        ask(pm);
    }
}

static void end_probe(struct portmap *pm)
{
    pm->probing = false;
    pm->probed = true;
    pm->changed = true;
    for (size_t i = 0; i < PORTMAP_SERVICES; i++) {
        struct portmap_seen *one = &pm->services[i];
        one->seen = one->asked ? one->answered : one->seen;
        one->asked = false;
    }
}

static bool all_answered(const struct portmap *pm)
{
    return !portmap_is_waited_for(pm, PORTMAP_PMP) && !portmap_is_waited_for(pm, PORTMAP_PCP) &&
           !portmap_is_waited_for(pm, PORTMAP_UPNP);
}

static void probe_tick(struct portmap *pm, mono_ns now)
{
    if (!pm->probing) {
        return;
    }
    if (all_answered(pm) || mono_since(now, pm->probe_at) >= PROBE_NS) {
        end_probe(pm);
    } else if (!pm->asked_again && mono_since(now, pm->probe_at) >= PROBE_AGAIN_NS) {
        pm->asked_again = true;
        ask(pm);
    }
}

static mono_ns probe_deadline(const struct portmap *pm)
{
    if (!pm->probing) {
        return MONO_NEVER;
    }
    return mono_after(pm->probe_at, pm->asked_again ? PROBE_NS : PROBE_AGAIN_NS);
}

/* --- what comes in -----------------------------------------------------------------------------
 */

/* A service is there. One that was not known before is worth an attempt, if there is no mapping. */
static void see(struct portmap *pm, mono_ns now, enum portmap_service service)
{
    struct portmap_seen *one = &pm->services[service];
    bool news = !one->seen;
    one->seen = true;
    one->answered = true;
    one->at = now;
    if (news && !pm->probing) {
        pm->changed = true; /* it comes late: the probe's result is amended */
        pm->attempt_at = pm->mapped ? pm->attempt_at : now;
    }
}

/* The router counts seconds since it last forgot its mappings. If it has counted less than has
 * passed here (an eighth of error allowed, RFC 6886 3.6), it has forgotten ours. */
static void see_epoch(struct portmap *pm, mono_ns now, enum portmap_service service,
                      uint32_t epoch_s)
{
    struct portmap_epoch *last = &pm->epochs[service];
    uint64_t passed_s = mono_since(now, last->at) / NS_PER_SEC;
    uint64_t expected_s = last->epoch_s + passed_s - passed_s / 8;
    bool forgot = last->known && (uint64_t)epoch_s + 2 < expected_s;
    *last = (struct portmap_epoch){.known = true, .epoch_s = epoch_s, .at = now};
    if (forgot && pm->mapped && pm->mapping.service == service && pm->step == STEP_IDLE) {
        pm->attempt_at = now;
    }
}

static enum net_err take_from_router(struct portmap *pm, mono_ns now, struct bytes datagram)
{
    struct natpmp_reply pmp;
    struct pcp_reply pcp;
    enum net_err err = natpmp_reply_decode(datagram, &pmp);
    if (err == NET_OK) {
        if (pmp.result == NATPMP_OK) {
            see_epoch(pm, now, PORTMAP_PMP, pmp.epoch_s);
            see(pm, now, PORTMAP_PMP);
        }
        portmap_take_pmp(pm, now, &pmp);
        return NET_OK;
    }
    if (err == NET_ERR_MALFORMED) {
        err = pcp_reply_decode(datagram, &pcp);
    }
    if (err != NET_OK) {
        pm->counts.malformed++;
        return NET_ERR_MALFORMED;
    }
    if (pcp.result == PCP_SUCCESS) {
        see_epoch(pm, now, PORTMAP_PCP, pcp.epoch_s);
        see(pm, now, PORTMAP_PCP);
    }
    portmap_take_pcp(pm, now, &pcp);
    return NET_OK;
}

static bool same_ip(const struct net_address *a, const struct net_address *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

/* Any address in the local network may answer (a router may have several), but only the router
 * itself is asked further, and what it told itself stays. */
static enum net_err take_search_answer(struct portmap *pm, mono_ns now,
                                       const struct net_address *from, struct bytes datagram)
{
    struct ssdp_answer answer;
    bool of_router = same_ip(from, &pm->gateway);
    if (!address_is_private(from)) {
        pm->counts.strangers++;
        return NET_ERR_NOT_FOUND;
    }
    if (ssdp_answer_decode(datagram, &answer) != NET_OK) {
        pm->counts.malformed++;
        return NET_ERR_MALFORMED;
    }
    if (!answer.is_gateway || answer.location.host.family != ADDRESS_V4) {
        return NET_OK; /* somebody's television */
    }
    if (of_router || !pm->location_of_router) {
        uint16_t port = answer.location.host.port;
        pm->location = answer.location;
        pm->location.host = pm->gateway;
        pm->location.host.port = port;
        pm->location_of_router = of_router;
    }
    see(pm, now, PORTMAP_UPNP);
    return NET_OK;
}

enum net_err portmap_input(struct portmap *pm, mono_ns now, const struct net_address *from,
                           struct bytes datagram)
{
    struct net_address router = pm->gateway;
    router.port = NATPMP_PORT;
    if (!portmap_has_network(pm) || from->family != ADDRESS_V4) {
        pm->counts.strangers++;
        return NET_ERR_NOT_FOUND;
    }
    if (address_equal(from, &router)) {
        return take_from_router(pm, now, datagram);
    }
    return take_search_answer(pm, now, from, datagram);
}

void portmap_http_answer(struct portmap *pm, mono_ns now, uint64_t call, int status,
                         struct bytes body)
{
    if (call == 0 || call != pm->call) {
        return;
    }
    pm->call = 0;
    portmap_upnp_answer(pm, now, status, body);
}

/* --- what goes out -----------------------------------------------------------------------------
 */

bool portmap_next(struct portmap *pm, mono_ns now, struct portmap_action *out)
{
    probe_tick(pm, now);
    portmap_attempt_tick(pm, now);
    if (pm->queue_len > 0) {
        *out = pm->queue[pm->queue_at];
        pm->queue_at = (pm->queue_at + 1) % PORTMAP_QUEUE;
        pm->queue_len--;
        return true;
    }
    if (pm->changed) {
        pm->changed = false;
        *out = (struct portmap_action){.kind = PORTMAP_CHANGED};
        return true;
    }
    return false;
}

mono_ns portmap_deadline(const struct portmap *pm)
{
    if (pm->queue_len > 0 || pm->changed) {
        return 0;
    }
    return mono_min(probe_deadline(pm), portmap_attempt_deadline(pm));
}

/* --- life --------------------------------------------------------------------------------------
 */

struct portmap *portmap_new(struct rng *rng)
{
    struct portmap *pm = mem_new(sizeof *pm);
    pm->rng = rng;
    pm->attempt_at = MONO_NEVER;
    pm->probed = true; /* no network: there is nothing to wait for */
    return pm;
}

void portmap_free(struct portmap *pm)
{
    free(pm);
}

static void drop_mapping(struct portmap *pm)
{
    portmap_attempt_stop(pm);
    if (pm->mapped) {
        portmap_give_back(pm, &pm->mapping);
        pm->mapped = false;
        pm->changed = true;
    }
    pm->attempt_at = MONO_NEVER;
}

void portmap_set_network(struct portmap *pm, mono_ns now, const struct net_address *gateway,
                         const struct net_address *own)
{
    static const struct net_address none;
    const struct net_address *new_gateway = gateway == NULL ? &none : gateway;
    const struct net_address *new_own = own == NULL ? &none : own;
    assert((gateway == NULL) == (own == NULL));
    if (same_ip(new_gateway, &pm->gateway) && same_ip(new_own, &pm->own)) {
        return;
    }
    drop_mapping(pm);
    pm->gateway = *new_gateway;
    pm->own = *new_own;
    pm->gateway.port = 0;
    pm->own.port = 0;
    pm->probing = false;
    pm->probed = gateway == NULL;
    pm->changed = true;
    memset(&pm->mapping, 0, sizeof pm->mapping); /* its port is no wish at another router */
    memset(pm->epochs, 0, sizeof pm->epochs);
    memset(pm->services, 0, sizeof pm->services);
    pm->location_of_router = false;
    if (gateway != NULL) {
        pm->attempt_at = now;
        portmap_probe(pm, now);
    }
}

void portmap_set_port(struct portmap *pm, mono_ns now, uint16_t port)
{
    if (port == pm->port) {
        return;
    }
    drop_mapping(pm);
    pm->port = port;
    pm->attempt_at = now;
}

/* --- what is known -----------------------------------------------------------------------------
 */

static enum netcheck_answer answer_of(const struct portmap *pm, enum portmap_service service)
{
    if (pm->services[service].seen) {
        return NETCHECK_YES;
    }
    return pm->probed ? NETCHECK_NO : NETCHECK_UNKNOWN;
}

void portmap_report(const struct portmap *pm, struct netcheck_portmap *out)
{
    *out = (struct netcheck_portmap){.upnp = answer_of(pm, PORTMAP_UPNP),
                                     .pmp = answer_of(pm, PORTMAP_PMP),
                                     .pcp = answer_of(pm, PORTMAP_PCP),
                                     .have_mapping = pm->mapped};
    if (pm->mapped) {
        out->external = pm->mapping.external;
    }
}

enum portmap_service portmap_mapped_by(const struct portmap *pm)
{
    return pm->mapped ? pm->mapping.service : PORTMAP_SERVICES;
}

mono_ns portmap_expires(const struct portmap *pm)
{
    return pm->mapped ? pm->mapping.expires : MONO_NEVER;
}

struct portmap_counts portmap_counts(const struct portmap *pm)
{
    return pm->counts;
}
