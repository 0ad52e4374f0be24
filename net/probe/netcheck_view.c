#include "net/probe/netcheck_view.h"

#include <math.h>

#include "net/base/text.h"

/* --- what is to be said
 * ------------------------------------------------------------------------------------------------
 */

bool netcheck_reaches_relay(const struct netcheck_view *view)
{
    for (size_t i = 0; i < view->report->region_count; i++) {
        if (netcheck_region_latency(&view->report->regions[i]) != 0) {
            return true;
        }
    }
    return false;
}

const char *netcheck_relay_failure(const struct netcheck_view *view, int64_t region)
{
    for (size_t i = 0; i < view->latency_count; i++) {
        if (view->latencies[i].region == region && !view->latencies[i].answered) {
            return view->latencies[i].failure.text;
        }
    }
    return "";
}

bool netcheck_interface_counts(const struct interface *one)
{
    return interface_reaches(one);
}

bool netcheck_interface_warning(const struct interface *one, char *out, size_t size)
{
    if (!netcheck_interface_counts(one) || one->mtu == 0 || one->mtu >= NETCHECK_MTU_LEAST) {
        return false;
    }
    text_format(out, size,
                "Network interface %s has MTU %u (less than %d), which may degrade the quality of "
                "direct connections or render them unusable.",
                one->name, (unsigned)one->mtu, NETCHECK_MTU_LEAST);
    return true;
}

static void warn(struct netcheck_warning *out, size_t *count, const char *code, const char *text)
{
    out[*count].code = code;
    text_copy(out[*count].text, sizeof out[*count].text, text);
    (*count)++;
}

static size_t relays_without_answer(const struct netcheck_view *view)
{
    size_t count = 0;
    for (size_t i = 0; i < view->map->region_count; i++) {
        const struct derp_region *region = &view->map->regions[i];
        const struct netcheck_region *found = netcheck_report_region(view->report, region->id);
        count +=
            derp_region_can_relay(region) && (found == NULL || netcheck_region_latency(found) == 0)
                ? 1
                : 0;
    }
    return count;
}

static bool direct_disabled(const struct netcheck_view *view)
{
    return view->direct_disabled_client || view->direct_disabled_deployment;
}

size_t netcheck_warnings(const struct netcheck_view *view,
                         struct netcheck_warning out[NETCHECK_WARNINGS_MAX])
{
    size_t count = 0;
    size_t silent = relays_without_answer(view);
    if (!netcheck_reaches_relay(view)) {
        warn(out, &count, "EUNKNOWN", "No relay answers: nothing can be reached.");
    } else if (silent > 0) {
        char text[NETCHECK_WARNING_SIZE];
        text_format(text, sizeof text, "%zu relay%s not answer.", silent,
                    silent == 1 ? " does" : "s do");
        warn(out, &count, "EDERP02", text);
    }
    if (direct_disabled(view)) {
        return count;
    }
    if (!derp_map_has_stun(view->map)) {
        warn(out, &count, "ESTUN01", "The DERP map has no STUN server: no direct connections.");
    } else if (!view->report->udp) {
        warn(out, &count, "ESTUN01",
             view->report->stun_asked ? "No STUN server could be reached over UDP."
                                      : "No STUN server could be asked.");
    }
    if (view->report->mapping_varies == NETCHECK_YES) {
        warn(out, &count, "ESTUN02",
             "STUN servers see different addresses: you may be behind a hard NAT.");
    }
    return count;
}

const char *netcheck_severity(const struct netcheck_view *view)
{
    struct netcheck_warning unused[NETCHECK_WARNINGS_MAX];
    if (!netcheck_reaches_relay(view)) {
        return "error";
    }
    return netcheck_warnings(view, unused) > 0 ? "warning" : "ok";
}

/* --- JSON: the report, as the agent's
 * ------------------------------------------------------------------------------------------------
 */

static void add_text(cJSON *object, const char *name, const char *text)
{
    (void)cJSON_AddStringToObject(object, name, text);
}

static void add_int(cJSON *object, const char *name, int64_t value)
{
    (void)cJSON_AddNumberToObject(object, name, (double)value);
}

static void add_answer(cJSON *object, const char *name, enum netcheck_answer answer)
{
    if (answer == NETCHECK_UNKNOWN) {
        (void)cJSON_AddNullToObject(object, name);
    } else {
        (void)cJSON_AddBoolToObject(object, name, answer == NETCHECK_YES);
    }
}

static void add_address(cJSON *object, const char *name, const struct net_address *address)
{
    char text[ADDRESS_TEXT_SIZE];
    address_text(address, text);
    add_text(object, name, text);
}

/* Go leaves them out when they are false. */
static void add_if_true(cJSON *object, const char *name, bool value)
{
    if (value) {
        (void)cJSON_AddTrueToObject(object, name);
    }
}

static void add_seconds(cJSON *object, int64_t region, const char *suffix, uint64_t latency_ns)
{
    char key[32];
    if (latency_ns != 0) {
        text_format(key, sizeof key, "%lld%s", (long long)region, suffix);
        (void)cJSON_AddNumberToObject(object, key, round((double)latency_ns / 1e3) / 1e6);
    }
}

/* Empty ones are left out. */
static void add_map(cJSON *object, const char *name, cJSON *map)
{
    if (cJSON_GetArraySize(map) > 0) {
        (void)cJSON_AddItemToObject(object, name, map);
    } else {
        cJSON_Delete(map);
    }
}

static void add_latencies(cJSON *object, const struct netcheck_report *report)
{
    cJSON *both = cJSON_CreateObject();
    cJSON *v4 = cJSON_CreateObject();
    cJSON *v6 = cJSON_CreateObject();
    for (size_t i = 0; i < report->region_count; i++) {
        const struct netcheck_region *region = &report->regions[i];
        add_seconds(both, region->id, "-v4", region->v4_ns);
        add_seconds(both, region->id, "-v6", region->v6_ns);
        add_seconds(v4, region->id, "", region->v4_ns);
        add_seconds(v6, region->id, "", region->v6_ns);
    }
    add_map(object, "DERPLatency", both);
    add_map(object, "DERPLatencyV4", v4);
    add_map(object, "DERPLatencyV6", v6);
}

/* The order and the names are tailcfg.NetInfo's. */
static void add_net_info(cJSON *object, const struct netcheck_report *report)
{
    cJSON *info = cJSON_AddObjectToObject(object, "net_info");
    add_answer(info, "MappingVariesByDestIP", report->mapping_varies);
    add_answer(info, "HairPinning", report->hairpinning);
    (void)cJSON_AddBoolToObject(info, "WorkingIPv6", report->ipv6);
    (void)cJSON_AddBoolToObject(info, "OSHasIPv6", report->os_has_ipv6);
    add_answer(info, "WorkingUDP",
               report->udp          ? NETCHECK_YES
               : report->stun_asked ? NETCHECK_NO
                                    : NETCHECK_UNKNOWN);
    add_answer(info, "WorkingICMPv4", NETCHECK_UNKNOWN); /* takes a raw socket; not tried */
    add_answer(info, "UPnP", report->portmap.upnp);
    add_answer(info, "PMP", report->portmap.pmp);
    add_answer(info, "PCP", report->portmap.pcp);
    add_if_true(info, "HavePortMap", report->portmap.have_mapping);
    add_int(info, "PreferredDERP", report->preferred_derp);
    add_latencies(info, report);
    add_if_true(info, "UDP", report->udp);
    add_if_true(info, "IPv6", report->ipv6);
    add_if_true(info, "IPv4", report->ipv4);
    add_if_true(info, "IPv6CanSend", report->ipv6_can_send);
    add_if_true(info, "IPv4CanSend", report->ipv4_can_send);
    (void)cJSON_AddFalseToObject(info, "ICMPv4");
    add_address(info, "GlobalV4", &report->global_v4);
    add_address(info, "GlobalV6", &report->global_v6);
    add_answer(info, "CaptivePortal", report->captive_portal);
}

static void add_warning(cJSON *warnings, const char *code, const char *text)
{
    cJSON *one = cJSON_CreateObject();
    add_text(one, "code", code);
    add_text(one, "message", text);
    (void)cJSON_AddItemToArray(warnings, one);
}

static void add_interface(cJSON *list, const struct interface *one)
{
    char ip[ADDRESS_TEXT_SIZE];
    char text[ADDRESS_TEXT_SIZE + 8];
    cJSON *object = cJSON_CreateObject();
    add_text(object, "name", one->name);
    add_int(object, "mtu", one->mtu);
    cJSON *addresses = cJSON_AddArrayToObject(object, "addresses");
    for (size_t i = 0; i < one->address_count; i++) {
        address_ip_text(&one->addresses[i].ip, ip);
        text_format(text, sizeof text, "%s/%u", ip, (unsigned)one->addresses[i].prefix);
        (void)cJSON_AddItemToArray(addresses, cJSON_CreateString(text));
    }
    (void)cJSON_AddItemToArray(list, object);
}

static void add_interfaces(cJSON *object, const struct interfaces *interfaces)
{
    char text[NETCHECK_WARNING_SIZE];
    cJSON *out = cJSON_AddObjectToObject(object, "interfaces");
    cJSON *warnings = cJSON_CreateArray();
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; interfaces != NULL && i < interfaces->count; i++) {
        if (netcheck_interface_warning(&interfaces->all[i], text, sizeof text)) {
            add_warning(warnings, "EIF01", text);
        }
        if (netcheck_interface_counts(&interfaces->all[i])) {
            add_interface(list, &interfaces->all[i]);
        }
    }
    add_text(out, "severity", cJSON_GetArraySize(warnings) > 0 ? "warning" : "ok");
    (void)cJSON_AddItemToObject(out, "warnings", warnings);
    (void)cJSON_AddFalseToObject(out, "dismissed");
    (void)cJSON_AddItemToObject(out, "interfaces", list);
}

void netcheck_view_json(const struct netcheck_view *view, cJSON *object)
{
    struct netcheck_warning warnings[NETCHECK_WARNINGS_MAX];
    bool known = view->report != NULL;
    size_t count = known ? netcheck_warnings(view, warnings) : 0;
    add_text(object, "severity", known ? netcheck_severity(view) : "ok");
    cJSON *list = cJSON_AddArrayToObject(object, "warnings");
    for (size_t i = 0; i < count; i++) {
        add_warning(list, warnings[i].code, warnings[i].text);
    }
    (void)cJSON_AddFalseToObject(object, "dismissed");
    if (known) {
        add_net_info(object, view->report);
    } else {
        (void)cJSON_AddNullToObject(object, "net_info");
    }
    add_interfaces(object, view->interfaces);
}
