#include "src/netcheck_report.h"

#include "src/out.h"

static void add_address(cJSON *object, const char *name, const struct net_address *address)
{
    char text[ADDRESS_TEXT_SIZE];
    address_text(address, text);
    out_add_text(object, name, text);
}

static void add_latency_ms(cJSON *object, const char *name, uint64_t latency_ns)
{
    if (latency_ns == 0) {
        (void)cJSON_AddNullToObject(object, name);
    } else {
        out_add_ms(object, name, latency_ns);
    }
}

static void add_stun(cJSON *object, const char *name, const struct netcheck_stun *stun)
{
    static const char *const states[] = {"not_asked", "unresolved", "unsent", "no_answer",
                                         "answered"};
    cJSON *out = cJSON_AddObjectToObject(object, name);
    out_add_text(out, "state", states[stun->state]);
    add_address(out, "server", &stun->server);
    add_address(out, "mapped", &stun->mapped);
    add_latency_ms(out, "latency_ms", stun->rtt_ns);
}

cJSON *netcheck_region_json(const struct netcheck_view *view, const struct derp_region *region)
{
    static const struct netcheck_region unknown = {0};
    const struct netcheck_region *found = netcheck_report_region(view->report, region->id);
    found = found == NULL ? &unknown : found;
    cJSON *object = out_object("region", wall_now());
    out_add_int(object, "region_id", region->id);
    out_add_text(object, "region", region->name);
    out_add_text(object, "code", region->code);
    (void)cJSON_AddBoolToObject(object, "relay", derp_region_can_relay(region));
    (void)cJSON_AddBoolToObject(object, "home", region->id == view->report->preferred_derp);
    add_latency_ms(object, "latency_ms", netcheck_region_latency(found));
    out_add_text(object, "failure", netcheck_relay_failure(view, region->id));
    add_stun(object, "stun_v4", &found->stun_v4);
    add_stun(object, "stun_v6", &found->stun_v6);
    return object;
}

cJSON *netcheck_summary_json(const struct netcheck_view *view)
{
    cJSON *object = out_object("summary", wall_now());
    netcheck_view_json(view, object);
    return object;
}
