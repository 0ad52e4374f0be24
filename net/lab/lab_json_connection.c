/*
 * Connection info: the DERP map as Go writes it, and what the deployment allows.
 */
#include "net/base/text.h"
#include "net/lab/lab_json.h"

static void put_text(cJSON *object, const char *name, const char *text)
{
    if (text[0] != '\0') {
        cJSON_AddStringToObject(object, name, text);
    }
}

static void put_number(cJSON *object, const char *name, double value)
{
    if (value < 0 || value > 0) {
        cJSON_AddNumberToObject(object, name, value);
    }
}

static void put_true(cJSON *object, const char *name, bool value)
{
    if (value) {
        cJSON_AddBoolToObject(object, name, true);
    }
}

static cJSON *derp_node(const struct derp_region *region, const struct derp_node *node)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "Name", node->name);
    cJSON_AddNumberToObject(out, "RegionID", (double)region->id);
    cJSON_AddStringToObject(out, "HostName", node->host_name);
    put_text(out, "CertName", node->cert_name);
    put_text(out, "IPv4", node->ipv4);
    put_text(out, "IPv6", node->ipv6);
    put_number(out, "STUNPort", node->stun_port);
    put_true(out, "STUNOnly", node->stun_only);
    put_number(out, "DERPPort", node->derp_port);
    put_true(out, "InsecureForTests", node->insecure_for_tests);
    put_true(out, "ForceHTTP", node->force_http);
    put_text(out, "STUNTestIP", node->stun_test_ip);
    put_true(out, "CanPort80", node->can_port_80);
    return out;
}

static cJSON *derp_region(const struct derp_region *region)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddBoolToObject(out, "EmbeddedRelay", region->embedded_relay);
    cJSON_AddNumberToObject(out, "RegionID", (double)region->id);
    cJSON_AddStringToObject(out, "RegionCode", region->code);
    cJSON_AddStringToObject(out, "RegionName", region->name);
    put_true(out, "Avoid", region->avoid);
    cJSON *nodes = cJSON_AddArrayToObject(out, "Nodes");
    for (size_t i = 0; i < region->node_count; i++) {
        cJSON_AddItemToArray(nodes, derp_node(region, &region->nodes[i]));
    }
    return out;
}

cJSON *lab_json_connection(const struct lab_deployment *deployment)
{
    struct derp_map map;
    derp_map_init(&map);
    lab_derp_map(deployment, &map);
    cJSON *out = cJSON_CreateObject();
    cJSON *regions = cJSON_AddObjectToObject(cJSON_AddObjectToObject(out, "derp_map"), "Regions");
    for (size_t i = 0; i < map.region_count; i++) {
        char id[24];
        text_format(id, sizeof id, "%lld", (long long)map.regions[i].id);
        cJSON_AddItemToObject(regions, id, derp_region(&map.regions[i]));
    }
    derp_map_clear(&map);
    cJSON_AddBoolToObject(out, "derp_force_websockets", deployment->force_websockets);
    cJSON_AddBoolToObject(out, "disable_direct_connections", deployment->block_direct);
    cJSON_AddStringToObject(out, "hostname_suffix", "coder");
    return out;
}
