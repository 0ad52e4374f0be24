#include "net/probe/agent_report.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/json/json_view.h"

enum { REGION_DIGITS_MAX = 18, LATENCY_MAX_S = 3600, CIDR_SIZE = 96 };

/* {"code", "message"}; a severity may also be told by a list of plain texts, in old versions. */
static size_t read_warnings(const struct json_view *of, struct agent_warning *out)
{
    size_t count = 0;
    const cJSON *item = NULL;
    const cJSON *list = json_array(of, "warnings");
    cJSON_ArrayForEach(item, list)
    {
        if (count == AGENT_REPORT_WARNINGS_MAX) {
            break;
        }
        if (cJSON_IsString(item)) {
            out[count].code[0] = '\0';
            (void)text_clean(out[count].text, sizeof out[count].text,
                             bytes_text(item->valuestring));
        } else {
            struct json_view view = {
                .object = item, .any_case = true, .why = of->why, .where = "warnings"};
            json_text(&view, "code", false, out[count].code, sizeof out[count].code);
            json_text(&view, "message", false, out[count].text, sizeof out[count].text);
        }
        count++;
    }
    return count;
}

/* --- net_info ---------------------------------------------------------------------------------
 */

/* Go's opt.Bool: true, false, or null; its empty form is "". */
static enum netcheck_answer read_answer(const struct json_view *view, const char *name)
{
    const cJSON *item = json_member(view, name);
    if (cJSON_IsString(item) && item->valuestring[0] == '\0') {
        return NETCHECK_UNKNOWN;
    }
    if (item == NULL) {
        return NETCHECK_UNKNOWN;
    }
    return json_bool(view, name) ? NETCHECK_YES : NETCHECK_NO;
}

/* Address and port; "" is none, and so is what cannot be read. */
static void read_endpoint(const struct json_view *view, const char *name, struct net_address *out)
{
    char text[CIDR_SIZE];
    json_text(view, name, false, text, sizeof text);
    if (address_parse(text, out) != NET_OK && address_parse_ip(text, out) != NET_OK) {
        *out = (struct net_address){.family = ADDRESS_NONE};
    }
}

/* "999-v4". False: it is not of that form. */
static bool read_region_key(const char *key, int64_t *region, bool *v6)
{
    size_t digits = strspn(key, "0123456789");
    *v6 = strcmp(key + digits, "-v6") == 0;
    if (digits == 0 || digits > REGION_DIGITS_MAX || (!*v6 && strcmp(key + digits, "-v4") != 0)) {
        return false;
    }
    *region = strtoll(key, NULL, 10);
    return true;
}

/* NULL: there is no room. */
static struct agent_latency *region_of(struct agent_report *out, int64_t region)
{
    for (size_t i = 0; i < out->region_count; i++) {
        if (out->regions[i].region == region) {
            return &out->regions[i];
        }
    }
    if (out->region_count == AGENT_REPORT_REGIONS_MAX) {
        return NULL;
    }
    struct agent_latency *added = &out->regions[out->region_count++];
    *added = (struct agent_latency){.region = region};
    return added;
}

static void read_latencies(const struct json_view *view, struct agent_report *out)
{
    const cJSON *item = NULL;
    const cJSON *map = json_object(view, "DERPLatency", false);
    cJSON_ArrayForEach(item, map)
    {
        int64_t id = 0;
        bool v6 = false;
        double seconds = cJSON_IsNumber(item) ? item->valuedouble : -1;
        if (!(seconds > 0 && seconds < LATENCY_MAX_S) || !read_region_key(item->string, &id, &v6)) {
            continue;
        }
        struct agent_latency *region = region_of(out, id);
        if (region != NULL) {
            *(v6 ? &region->v6_ns : &region->v4_ns) = (uint64_t)(seconds * 1e9);
        }
    }
}

static void read_net_info(const struct json_view *whole, struct agent_report *out)
{
    const cJSON *object = json_object(whole, "net_info", false);
    struct json_view view = {
        .object = object, .any_case = true, .why = whole->why, .where = "net_info"};
    out->has_net_info = object != NULL;
    /* Coder's agents tell both; upstream's NetInfo has the tristates alone. */
    out->udp = json_bool(&view, "UDP") || read_answer(&view, "WorkingUDP") == NETCHECK_YES;
    out->ipv4 = json_bool(&view, "IPv4");
    out->ipv6 = json_bool(&view, "IPv6") || read_answer(&view, "WorkingIPv6") == NETCHECK_YES;
    out->ipv4_can_send = json_bool(&view, "IPv4CanSend");
    out->ipv6_can_send = json_bool(&view, "IPv6CanSend");
    out->os_has_ipv6 = read_answer(&view, "OSHasIPv6") == NETCHECK_YES;
    out->mapping_varies = read_answer(&view, "MappingVariesByDestIP");
    out->hairpinning = read_answer(&view, "HairPinning");
    out->captive_portal = read_answer(&view, "CaptivePortal");
    out->upnp = read_answer(&view, "UPnP");
    out->pmp = read_answer(&view, "PMP");
    out->pcp = read_answer(&view, "PCP");
    out->have_port_map = json_bool(&view, "HavePortMap");
    out->preferred_derp = json_int(&view, "PreferredDERP", 0, INT64_C(1) << 53);
    read_endpoint(&view, "GlobalV4", &out->global_v4);
    read_endpoint(&view, "GlobalV6", &out->global_v6);
    read_latencies(&view, out);
}

/* --- interfaces -------------------------------------------------------------------------------
 */

/* "10.0.0.4/24" */
static bool read_cidr(const cJSON *item, struct net_address *ip, uint8_t *prefix)
{
    char text[CIDR_SIZE];
    if (!cJSON_IsString(item) || strlen(item->valuestring) >= sizeof text) {
        return false;
    }
    text_copy(text, sizeof text, item->valuestring);
    char *slash = strchr(text, '/');
    char *end = NULL;
    if (slash == NULL || slash[1] < '0' || slash[1] > '9') {
        return false;
    }
    *slash = '\0';
    long length = strtol(slash + 1, &end, 10);
    if (*end != '\0' || length < 0 || address_parse_ip(text, ip) != NET_OK ||
        length > (ip->family == ADDRESS_V4 ? 32 : 128)) {
        return false;
    }
    *prefix = (uint8_t)length;
    return true;
}

static void read_interface(const struct json_view *view, struct agent_interface *out)
{
    const cJSON *item = NULL;
    const cJSON *addresses = json_array(view, "addresses");
    json_text(view, "name", false, out->name, sizeof out->name);
    out->mtu = (uint32_t)json_int(view, "mtu", 0, UINT32_MAX);
    cJSON_ArrayForEach(item, addresses)
    {
        size_t at = out->address_count;
        if (at < AGENT_REPORT_ADDRESSES_MAX &&
            read_cidr(item, &out->addresses[at].ip, &out->addresses[at].prefix)) {
            out->address_count++;
        }
    }
}

static void read_interfaces(const struct json_view *whole, struct agent_report *out)
{
    struct json_view view = {.object = json_object(whole, "interfaces", false),
                             .any_case = true,
                             .why = whole->why,
                             .where = "interfaces"};
    const cJSON *item = NULL;
    const cJSON *list = json_array(&view, "interfaces");
    json_text(&view, "severity", false, out->interfaces_severity, sizeof out->interfaces_severity);
    out->interface_warning_count = read_warnings(&view, out->interface_warnings);
    cJSON_ArrayForEach(item, list)
    {
        struct json_view one = {
            .object = item, .any_case = true, .why = whole->why, .where = "interfaces"};
        if (out->interface_count == AGENT_REPORT_INTERFACES_MAX || whole->why->code != NET_OK) {
            return;
        }
        read_interface(&one, &out->interfaces[out->interface_count++]);
    }
}

enum net_err agent_report_parse(struct bytes body, struct agent_report *out, struct failure *why)
{
    cJSON *json = NULL;
    *why = (struct failure){.code = NET_OK};
    if (json_object_parse(body, AGENT_REPORT_BODY_MAX, &json, why) != NET_OK) {
        return why->code;
    }
    struct agent_report *report = mem_new(sizeof *report);
    struct json_view view = {.object = json, .any_case = true, .why = why, .where = ""};
    json_text(&view, "severity", false, report->severity, sizeof report->severity);
    report->warning_count = read_warnings(&view, report->warnings);
    read_net_info(&view, report);
    read_interfaces(&view, report);
    cJSON_Delete(json);
    if (why->code == NET_OK) {
        *out = *report;
    }
    free(report);
    return why->code;
}
