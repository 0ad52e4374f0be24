#include <assert.h>
#include <string.h>

#include "net/path/portmap_internal.h"

#define ATTEMPT_NS   (PORTMAP_ATTEMPT_MS * NS_PER_MS)
#define SERVICE_NS   (PORTMAP_SERVICE_MS * NS_PER_MS)
#define RESEND_NS    (PORTMAP_RESEND_MS * NS_PER_MS)
#define RETRY_NS     (PORTMAP_RETRY_S * NS_PER_SEC)
#define RENEW_MIN_NS (PORTMAP_RENEW_MIN_S * NS_PER_SEC)

bool portmap_usable_external(const struct net_address *address)
{
    return address->family == ADDRESS_V4 && !address_is_unspecified(address) &&
           !address_is_loopback(address) && !address_is_multicast(address) &&
           !address_is_link_local(address);
}

void portmap_send_to_router(struct portmap *pm, struct bytes packet,
                            const struct net_address *gateway)
{
    struct portmap_action *action = portmap_push(pm, PORTMAP_SEND);
    if (action != NULL) {
        assert(packet.len <= sizeof action->packet);
        memcpy(action->packet, packet.ptr, packet.len);
        action->packet_len = packet.len;
        action->to = *gateway;
        action->to.port = NATPMP_PORT;
    }
}

/* --- requests ----------------------------------------------------------------------------------
 */

static void send_pmp_map(struct portmap *pm, const struct portmap_mapping *mapping,
                         uint16_t external_port, uint32_t lifetime_s)
{
    uint8_t packet[NATPMP_REQUEST_MAX];
    struct writer out = writer_of(packet, sizeof packet);
    natpmp_map_encode(&out, mapping->own.port, external_port, lifetime_s);
    portmap_send_to_router(pm, writer_done(&out), &mapping->gateway);
}

static void send_pcp_map(struct portmap *pm, const struct portmap_mapping *mapping,
                         uint32_t lifetime_s)
{
    uint8_t packet[PCP_MAP_LEN];
    struct writer out = writer_of(packet, sizeof packet);
    struct pcp_map map = {
        .nonce = mapping->nonce, .internal_port = mapping->own.port, .external = mapping->external};
    pcp_map_encode(&out, &mapping->own, &map, lifetime_s);
    portmap_send_to_router(pm, writer_done(&out), &mapping->gateway);
}

/* Sends what the step waits for an answer to. */
static void send_step(struct portmap *pm)
{
    if (pm->step == STEP_PCP) {
        send_pcp_map(pm, &pm->want, PORTMAP_LIFETIME_S);
        return;
    }
    if (!pm->got_address) {
        uint8_t packet[NATPMP_REQUEST_MAX];
        struct writer out = writer_of(packet, sizeof packet);
        natpmp_external_encode(&out);
        portmap_send_to_router(pm, writer_done(&out), &pm->want.gateway);
    }
    if (!pm->got_port) {
        send_pmp_map(pm, &pm->want, pm->want.external.port, PORTMAP_LIFETIME_S);
    }
}

void portmap_give_back(struct portmap *pm, const struct portmap_mapping *mapping)
{
    switch (mapping->service) {
    case PORTMAP_PMP:
        send_pmp_map(pm, mapping, 0, 0); /* RFC 6886 3.4 wants no external port here */
        break;
    case PORTMAP_PCP:
        send_pcp_map(pm, mapping, 0);
        break;
    case PORTMAP_UPNP:
        portmap_upnp_release(pm, mapping);
        break;
    case PORTMAP_SERVICES:
        assert(false);
    }
}

/* --- the attempt -------------------------------------------------------------------------------
 */

void portmap_attempt_stop(struct portmap *pm)
{
    pm->step = STEP_IDLE;
    pm->call = 0;
    pm->tried = 0;
}

static void start_service(struct portmap *pm, mono_ns now, enum portmap_service service)
{
    bool renew = pm->mapped;
    if (renew) {
        pm->want = pm->mapping;
    } else {
        struct net_address former = pm->mapping.external; /* the same port as before, if we may */
        pm->want = (struct portmap_mapping){
            .service = service, .gateway = pm->gateway, .own = pm->own, .external = former};
        pm->want.own.port = pm->port;
        rng_fill(pm->rng, pm->want.nonce.b, sizeof pm->want.nonce.b);
    }
    pm->got_address = false;
    pm->got_port = false;
    pm->step_until = mono_min(mono_after(now, SERVICE_NS), pm->attempt_until);
    pm->resend_ns = RESEND_NS;
    pm->resend_at = mono_after(now, RESEND_NS);
    if (service == PORTMAP_UPNP) {
        pm->step_until = pm->attempt_until;
        pm->resend_at = MONO_NEVER;
        portmap_upnp_start(pm, renew);
        return;
    }
    pm->step = service == PORTMAP_PCP ? STEP_PCP : STEP_PMP;
    send_step(pm);
}

/* The service to ask next; PORTMAP_SERVICES: none. */
static enum portmap_service next_service(const struct portmap *pm)
{
    for (enum portmap_service service = PORTMAP_PMP; service < PORTMAP_SERVICES; service++) {
        if (pm->services[service].seen && (pm->tried & 1U << service) == 0) {
            return service;
        }
    }
    return PORTMAP_SERVICES;
}

/* The router would not renew, or is not there: the mapping lasts until its end. */
static void renew_later(struct portmap *pm, mono_ns now)
{
    uint64_t half = mono_until(now, pm->mapping.expires) / 2;
    pm->attempt_at = mono_after(now, half > RENEW_MIN_NS ? half : RENEW_MIN_NS);
    portmap_attempt_stop(pm);
}

static void give_up(struct portmap *pm, mono_ns now)
{
    portmap_attempt_stop(pm);
    pm->attempt_at = mono_after(now, RETRY_NS);
}

void portmap_attempt_failed(struct portmap *pm, mono_ns now)
{
    if (pm->mapped) {
        renew_later(pm, now);
        return;
    }
    pm->tried |= 1U << pm->want.service;
    enum portmap_service next = next_service(pm);
    if (next == PORTMAP_SERVICES || now >= pm->attempt_until) {
        give_up(pm, now);
    } else {
        start_service(pm, now, next);
    }
}

void portmap_attempt_granted(struct portmap *pm, mono_ns now, uint32_t lifetime_s)
{
    if (lifetime_s == 0 || pm->want.external.port == 0 ||
        !portmap_usable_external(&pm->want.external)) {
        pm->counts.refused++;
        if (lifetime_s != 0 && !pm->mapped) {
            portmap_give_back(pm, &pm->want); /* granted, and of no use */
        }
        portmap_attempt_failed(pm, now);
        return;
    }
    uint64_t life_ns =
        (lifetime_s < PORTMAP_LIFETIME_S ? lifetime_s : (uint32_t)PORTMAP_LIFETIME_S) * NS_PER_SEC;
    pm->changed =
        pm->changed || !pm->mapped || !address_equal(&pm->mapping.external, &pm->want.external);
    pm->want.expires = mono_after(now, life_ns);
    pm->mapping = pm->want;
    pm->mapped = true;
    pm->attempt_at = mono_after(now, life_ns / 2 > RENEW_MIN_NS ? life_ns / 2 : RENEW_MIN_NS);
    portmap_attempt_stop(pm);
}

/* Nothing can be begun before the probe under way has told whom to ask. NAT-PMP comes first anyway:
 * its answer is enough. */
static bool waits_for_probe(const struct portmap *pm)
{
    return pm->probing && !pm->mapped &&
           (next_service(pm) != PORTMAP_PMP || portmap_is_waited_for(pm, PORTMAP_PMP));
}

/* Begins an attempt, or a probe if what is known is old. */
static void begin(struct portmap *pm, mono_ns now)
{
    if (!pm->mapped && mono_since(now, pm->probe_at) >= RETRY_NS) {
        portmap_probe(pm, now);
    }
    if (waits_for_probe(pm)) {
        return;
    }
    enum portmap_service service = pm->mapped ? pm->mapping.service : next_service(pm);
    if (service == PORTMAP_SERVICES) {
        pm->attempt_at = mono_after(pm->probe_at, RETRY_NS);
        return;
    }
    pm->attempt_until = mono_after(now, ATTEMPT_NS);
    pm->attempt_at = MONO_NEVER;
    start_service(pm, now, service);
}

static void resend(struct portmap *pm, mono_ns now)
{
    pm->resend_ns *= 2;
    pm->resend_at = mono_after(now, pm->resend_ns);
    send_step(pm);
}

void portmap_attempt_tick(struct portmap *pm, mono_ns now)
{
    if (!portmap_has_network(pm) || pm->port == 0) {
        return;
    }
    if (pm->mapped && now >= pm->mapping.expires) {
        pm->mapped = false;
        pm->changed = true;
        portmap_attempt_stop(pm);
        pm->attempt_at = now;
        portmap_probe(pm, now);
    }
    if (pm->step == STEP_IDLE) {
        if (now >= pm->attempt_at) {
            begin(pm, now);
        }
    } else if (now >= pm->step_until || now >= pm->attempt_until) {
        portmap_attempt_failed(pm, now);
    } else if (now >= pm->resend_at) {
        resend(pm, now);
    }
}

mono_ns portmap_attempt_deadline(const struct portmap *pm)
{
    if (!portmap_has_network(pm) || pm->port == 0) {
        return MONO_NEVER;
    }
    mono_ns end = pm->mapped ? pm->mapping.expires : MONO_NEVER;
    if (pm->step != STEP_IDLE) {
        return mono_min(end, mono_min(pm->resend_at, mono_min(pm->step_until, pm->attempt_until)));
    }
    if (waits_for_probe(pm)) {
        return end; /* the probe has a deadline of its own */
    }
    return mono_min(end, pm->attempt_at);
}

/* --- answers -----------------------------------------------------------------------------------
 */

void portmap_take_pmp(struct portmap *pm, mono_ns now, const struct natpmp_reply *reply)
{
    if (pm->step != STEP_PMP) {
        return;
    }
    if (reply->result != NATPMP_OK) {
        /* A router with PCP alone, or none at all, refuses in this form too: that is no answer to
         * the request for a port unless it says so. */
        if (reply->opcode == NATPMP_MAP_UDP) {
            pm->counts.refused++;
            portmap_attempt_failed(pm, now);
        }
        return;
    }
    if (reply->opcode == NATPMP_EXTERNAL_ADDRESS) {
        uint16_t port = pm->want.external.port;
        pm->want.external = reply->external;
        pm->want.external.port = port;
        pm->got_address = true;
    } else if (reply->internal_port == pm->want.own.port) {
        pm->want.external.port = reply->external_port;
        pm->lifetime_s = reply->lifetime_s;
        pm->got_port = true;
    } else {
        pm->counts.strangers++; /* of another mapping of this computer's */
    }
    if (pm->got_address && pm->got_port) {
        portmap_attempt_granted(pm, now, pm->lifetime_s);
    }
}

void portmap_take_pcp(struct portmap *pm, mono_ns now, const struct pcp_reply *reply)
{
    if (pm->step != STEP_PCP || reply->opcode != PCP_MAP) {
        return;
    }
    if (reply->result != PCP_SUCCESS) {
        pm->counts.refused++;
        portmap_attempt_failed(pm, now);
        return;
    }
    if (memcmp(reply->map.nonce.b, pm->want.nonce.b, PCP_NONCE_LEN) != 0 ||
        reply->map.internal_port != pm->want.own.port) {
        pm->counts.strangers++;
        return;
    }
    pm->want.external = reply->map.external;
    portmap_attempt_granted(pm, now, reply->lifetime_s);
}
