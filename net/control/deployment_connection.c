#include <math.h>
#include <string.h>

#include "net/base/text.h"
#include "net/control/deployment.h"
#include "net/json/json_view.h"

enum { REGION_DIGITS_MAX = 18 }; /* of a region's id: what int64_t surely holds */

/* The key of an object of regions: decimal. False: it is not. */
static bool region_id(const char *key, int64_t *out)
{
    int64_t id = 0;
    size_t len = strlen(key);
    if (len == 0 || len > REGION_DIGITS_MAX) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (key[i] < '0' || key[i] > '9') {
            return false;
        }
        id = id * 10 + (key[i] - '0');
    }
    *out = id;
    return true;
}

static void read_node(const cJSON *json, struct derp_node *out, struct failure *why)
{
    struct json_view view = {.object = json, .any_case = true, .why = why, .where = "DERP node"};
    json_text(&view, "Name", false, out->name, sizeof out->name);
    json_text(&view, "HostName", false, out->host_name, sizeof out->host_name);
    json_text(&view, "CertName", false, out->cert_name, sizeof out->cert_name);
    json_text(&view, "IPv4", false, out->ipv4, sizeof out->ipv4);
    json_text(&view, "IPv6", false, out->ipv6, sizeof out->ipv6);
    json_text(&view, "STUNTestIP", false, out->stun_test_ip, sizeof out->stun_test_ip);
    out->stun_port = (int32_t)json_int(&view, "STUNPort", INT32_MIN, UINT16_MAX);
    out->derp_port = (int32_t)json_int(&view, "DERPPort", 0, UINT16_MAX);
    out->stun_only = json_bool(&view, "STUNOnly");
    out->insecure_for_tests = json_bool(&view, "InsecureForTests");
    out->force_http = json_bool(&view, "ForceHTTP");
    out->can_port_80 = json_bool(&view, "CanPort80");
}

static void read_region(const cJSON *json, struct derp_map *map, struct derp_region *out,
                        struct failure *why)
{
    struct json_view view = {.object = json, .any_case = true, .why = why, .where = "DERP region"};
    const cJSON *node = NULL;
    const cJSON *nodes = json_array(&view, "Nodes");
    json_text(&view, "RegionCode", false, out->code, sizeof out->code);
    json_text(&view, "RegionName", false, out->name, sizeof out->name);
    out->embedded_relay = json_bool(&view, "EmbeddedRelay");
    out->avoid = json_bool(&view, "Avoid");
    cJSON_ArrayForEach(node, nodes)
    {
        if (why->code != NET_OK) {
            return;
        }
        struct derp_node *added = cJSON_IsNull(node) ? NULL : derp_region_add_node(map, out);
        if (added != NULL) {
            read_node(node, added, why);
        }
    }
}

static void read_regions(const struct json_view *view, struct derp_map *map)
{
    const cJSON *item = NULL;
    const cJSON *regions = json_object(view, "Regions", false);
    cJSON_ArrayForEach(item, regions)
    {
        int64_t id = 0;
        if (view->why->code != NET_OK) {
            return;
        }
        if (!region_id(item->string, &id)) {
            json_wrong(view, "Regions", "has a key that is not a region's number");
            return;
        }
        struct derp_region *region = cJSON_IsNull(item) ? NULL : derp_map_add_region(map, id);
        /* A number that comes twice: the first stands. */
        if (region != NULL && region->node_count == 0) {
            read_region(item, map, region, view->why);
        }
    }
}

/* HomeParams.RegionScore: {"<id>": factor}. */
static void read_scores(const struct json_view *view, struct derp_map *map)
{
    struct json_view home = {.object = json_object(view, "HomeParams", false),
                             .any_case = true,
                             .why = view->why,
                             .where = "HomeParams"};
    const cJSON *score = NULL;
    const cJSON *scores = json_object(&home, "RegionScore", false);
    cJSON_ArrayForEach(score, scores)
    {
        int64_t id = 0;
        bool good = cJSON_IsNumber(score) && isfinite(score->valuedouble) &&
                    score->valuedouble > 0 && region_id(score->string, &id);
        for (size_t i = 0; good && i < map->region_count; i++) {
            if (map->regions[i].id == id) {
                map->regions[i].score = score->valuedouble;
            }
        }
    }
}

enum net_err deployment_parse_connection(struct bytes body, struct connection_info *out,
                                         struct failure *why)
{
    cJSON *json = NULL;
    struct connection_info info = {0};
    *why = (struct failure){0};
    if (json_object_parse(body, DEPLOYMENT_BODY_MAX, &json, why) == NET_OK) {
        struct json_view view = {.object = json, .why = why, .where = ""};
        struct json_view map = {.object = json_object(&view, "derp_map", true),
                                .any_case = true,
                                .why = why,
                                .where = "derp_map"};
        info.derp_force_websockets = json_bool(&view, "derp_force_websockets");
        info.disable_direct_connections = json_bool(&view, "disable_direct_connections");
        json_text(&view, "hostname_suffix", false, info.hostname_suffix,
                  sizeof info.hostname_suffix);
        read_regions(&map, &info.derp_map);
        read_scores(&map, &info.derp_map);
    }
    cJSON_Delete(json);
    if (why->code != NET_OK) {
        connection_info_clear(&info);
        return why->code;
    }
    *out = info;
    return NET_OK;
}

void connection_info_clear(struct connection_info *info)
{
    derp_map_clear(&info->derp_map);
    *info = (struct connection_info){0};
}
