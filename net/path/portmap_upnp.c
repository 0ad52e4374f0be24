#include <assert.h>
#include <string.h>

#include "net/base/text.h"
#include "net/path/portmap_internal.h"

enum { PORT_LAST = 65534, STATUS_OK = 200, STATUS_LAST_OK = 299 };

/* An HTTP request to the router. */
static struct portmap_action *request(struct portmap *pm, enum portmap_action_kind kind,
                                      const struct net_address *gateway, uint16_t port,
                                      const char *path)
{
    char host[ADDRESS_TEXT_SIZE];
    struct net_address router = *gateway;
    struct portmap_action *action = portmap_push(pm, kind);
    router.port = port;
    address_text(&router, host);
    if (action != NULL) {
        text_format(action->url, sizeof action->url, "http://%s%s", host, path);
        action->answer_max = kind == PORTMAP_FETCH ? UPNP_DESCRIPTION_MAX : UPNP_ANSWER_MAX;
    }
    return action;
}

static struct portmap_action *call(struct portmap *pm, const struct portmap_mapping *mapping,
                                   enum upnp_action what, uint32_t lease_s)
{
    const struct upnp_mapping arguments = {
        .own = mapping->own, .external_port = mapping->external.port, .lease_s = lease_s};
    const struct upnp_service *service = &mapping->upnp;
    struct portmap_action *action =
        request(pm, PORTMAP_CALL, &mapping->gateway, service->port, service->path);
    if (action != NULL) {
        struct writer out = writer_of(action->packet, sizeof action->packet);
        upnp_call_encode(&out, action->soap_action, service->kind, what, &arguments);
        assert(!out.failed);
        action->packet_len = writer_len(&out);
    }
    return action;
}

/* Its answer is the one that is waited for. */
static void wait_for(struct portmap *pm, struct portmap_action *action)
{
    if (action != NULL) {
        pm->call = ++pm->calls;
        action->call = pm->call;
    }
}

static void add(struct portmap *pm)
{
    pm->step = STEP_UPNP_ADD;
    pm->upnp_tries++;
    wait_for(pm, call(pm, &pm->want, pm->upnp_any_port ? UPNP_ADD_ANY_PORT : UPNP_ADD_PORT,
                      pm->upnp_lease_s));
}

static void choose_port(struct portmap *pm)
{
    pm->want.external.port =
        (uint16_t)(UPNP_PORT_MIN + rng_below(pm->rng, PORT_LAST - UPNP_PORT_MIN + 1));
}

void portmap_upnp_start(struct portmap *pm, bool renew)
{
    pm->upnp_tries = 0;
    pm->upnp_any_port = false;
    pm->upnp_lease_s = PORTMAP_LIFETIME_S;
    if (renew) {
        add(pm); /* the same ports again, by a call that every version has */
        return;
    }
    if (pm->want.external.port < UPNP_PORT_MIN) {
        choose_port(pm);
    }
    pm->step = STEP_UPNP_FETCH;
    wait_for(pm,
             request(pm, PORTMAP_FETCH, &pm->gateway, pm->location.host.port, pm->location.path));
}

void portmap_upnp_release(struct portmap *pm, const struct portmap_mapping *mapping)
{
    (void)call(pm, mapping, UPNP_DELETE_PORT, 0);
}

static bool is_ok(int status)
{
    return status >= STATUS_OK && status <= STATUS_LAST_OK;
}

static void take_description(struct portmap *pm, mono_ns now, int status, struct bytes body)
{
    if (!is_ok(status) || upnp_description(body, &pm->location, &pm->want.upnp) != NET_OK) {
        pm->counts.malformed++;
        portmap_attempt_failed(pm, now);
        return;
    }
    pm->upnp_any_port = pm->want.upnp.kind == UPNP_WAN_IP_2;
    add(pm);
}

/* What the router objects to is changed, if it can be. */
static bool adapt(struct portmap *pm, unsigned error)
{
    if (error == UPNP_ERROR_ONLY_PERMANENT && pm->upnp_lease_s != 0) {
        pm->upnp_lease_s = 0;
        return true;
    }
    if (error == UPNP_ERROR_SAME_PORTS_REQUIRED && pm->want.external.port != pm->want.own.port) {
        pm->want.external.port = pm->want.own.port;
        return true;
    }
    if (error == UPNP_ERROR_CONFLICT && !pm->mapped) {
        choose_port(pm);
        return true;
    }
    if (pm->upnp_any_port) {
        pm->upnp_any_port = false; /* it says that it has this call, and has not */
        return true;
    }
    return false;
}

static void take_port(struct portmap *pm, mono_ns now, const struct upnp_answer *answer)
{
    if (answer->error != UPNP_ERROR_NONE) {
        if (pm->upnp_tries < UPNP_TRIES && adapt(pm, answer->error)) {
            add(pm);
            return;
        }
        pm->counts.refused++;
        portmap_attempt_failed(pm, now);
        return;
    }
    if (pm->upnp_any_port && answer->reserved_port != 0) {
        pm->want.external.port = answer->reserved_port;
    }
    pm->step = STEP_UPNP_ADDRESS;
    wait_for(pm, call(pm, &pm->want, UPNP_GET_EXTERNAL_ADDRESS, 0));
}

static void take_address(struct portmap *pm, mono_ns now, const struct upnp_answer *answer)
{
    uint16_t port = pm->want.external.port;
    pm->want.external = answer->external;
    pm->want.external.port = port;
    portmap_attempt_granted(pm, now, PORTMAP_LIFETIME_S); /* without an address it is of no use */
}

void portmap_upnp_answer(struct portmap *pm, mono_ns now, int status, struct bytes body)
{
    struct upnp_answer answer;
    assert(body.len <= (pm->step == STEP_UPNP_FETCH ? UPNP_DESCRIPTION_MAX : UPNP_ANSWER_MAX));
    if (status == 0) {
        portmap_attempt_failed(pm, now);
        return;
    }
    if (pm->step == STEP_UPNP_FETCH) {
        take_description(pm, now, status, body);
        return;
    }
    upnp_answer_decode(status, body, &answer);
    if (pm->step == STEP_UPNP_ADD) {
        take_port(pm, now, &answer);
    } else {
        assert(pm->step == STEP_UPNP_ADDRESS);
        take_address(pm, now, &answer);
    }
}
