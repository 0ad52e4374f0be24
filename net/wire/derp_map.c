#include "net/wire/derp_map.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"

enum { REGION_ID_MAX = UINT16_MAX }; /* a region is a port in 127.3.3.40:<region> */

void derp_map_init(struct derp_map *map)
{
    *map = (struct derp_map){0};
}

void derp_map_clear(struct derp_map *map)
{
    for (size_t i = 0; i < map->region_count; i++) {
        free(map->regions[i].nodes);
    }
    free(map->regions);
    derp_map_init(map);
}

/* Where a region of that id stands, or would stand. */
static size_t place_of(const struct derp_map *map, int64_t id)
{
    size_t at = 0;
    while (at < map->region_count && map->regions[at].id < id) {
        at++;
    }
    return at;
}

struct derp_region *derp_map_add_region(struct derp_map *map, int64_t id)
{
    size_t at = place_of(map, id);
    if (at < map->region_count && map->regions[at].id == id) {
        return &map->regions[at];
    }
    if (map->region_count == DERP_MAP_REGIONS_MAX || id < 1 || id > REGION_ID_MAX) {
        map->dropped++;
        return NULL;
    }
    map->regions = mem_resize(map->regions, map->region_count + 1, sizeof *map->regions);
    memmove(&map->regions[at + 1], &map->regions[at],
            (map->region_count - at) * sizeof *map->regions);
    map->regions[at] = (struct derp_region){.id = id};
    map->region_count++;
    return &map->regions[at];
}

struct derp_node *derp_region_add_node(struct derp_map *map, struct derp_region *region)
{
    if (region->node_count == DERP_REGION_NODES_MAX) {
        map->dropped++;
        return NULL;
    }
    region->nodes = mem_resize(region->nodes, region->node_count + 1, sizeof *region->nodes);
    struct derp_node *node = &region->nodes[region->node_count++];
    *node = (struct derp_node){0};
    return node;
}

const struct derp_region *derp_map_find(const struct derp_map *map, int64_t id)
{
    size_t at = place_of(map, id);
    return at < map->region_count && map->regions[at].id == id ? &map->regions[at] : NULL;
}

static bool node_equal(const struct derp_node *a, const struct derp_node *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->host_name, b->host_name) == 0 &&
           strcmp(a->cert_name, b->cert_name) == 0 && strcmp(a->ipv4, b->ipv4) == 0 &&
           strcmp(a->ipv6, b->ipv6) == 0 && strcmp(a->stun_test_ip, b->stun_test_ip) == 0 &&
           a->stun_port == b->stun_port && a->derp_port == b->derp_port &&
           a->stun_only == b->stun_only && a->insecure_for_tests == b->insecure_for_tests &&
           a->force_http == b->force_http && a->can_port_80 == b->can_port_80;
}

bool derp_region_equal(const struct derp_region *a, const struct derp_region *b)
{
    bool same_score = !(a->score < b->score) && !(a->score > b->score);
    if (a->id != b->id || strcmp(a->code, b->code) != 0 || strcmp(a->name, b->name) != 0 ||
        a->embedded_relay != b->embedded_relay || a->avoid != b->avoid || !same_score ||
        a->node_count != b->node_count) {
        return false;
    }
    for (size_t i = 0; i < a->node_count; i++) {
        if (!node_equal(&a->nodes[i], &b->nodes[i])) {
            return false;
        }
    }
    return true;
}

bool derp_map_equal(const struct derp_map *a, const struct derp_map *b)
{
    if (a->region_count != b->region_count) {
        return false;
    }
    for (size_t i = 0; i < a->region_count; i++) {
        if (!derp_region_equal(&a->regions[i], &b->regions[i])) {
            return false;
        }
    }
    return true;
}

void derp_map_copy(struct derp_map *to, const struct derp_map *from)
{
    *to = (struct derp_map){.region_count = from->region_count, .dropped = from->dropped};
    if (from->region_count == 0) {
        return;
    }
    to->regions = mem_array(from->region_count, sizeof *to->regions);
    for (size_t i = 0; i < from->region_count; i++) {
        const struct derp_region *region = &from->regions[i];
        to->regions[i] = *region;
        to->regions[i].nodes = NULL;
        if (region->node_count > 0) {
            to->regions[i].nodes = mem_array(region->node_count, sizeof *region->nodes);
            memcpy(to->regions[i].nodes, region->nodes, region->node_count * sizeof *region->nodes);
        }
    }
}

bool derp_region_can_relay(const struct derp_region *region)
{
    for (size_t i = 0; i < region->node_count; i++) {
        if (!region->nodes[i].stun_only) {
            return true;
        }
    }
    return false;
}

bool derp_map_has_stun(const struct derp_map *map)
{
    for (size_t i = 0; i < map->region_count; i++) {
        for (size_t n = 0; n < map->regions[i].node_count; n++) {
            if (map->regions[i].nodes[n].stun_port >= 0) {
                return true;
            }
        }
    }
    return false;
}

void derp_map_rewrite_embedded(struct derp_map *map, const char *host, uint16_t port,
                               bool plain_http)
{
    for (size_t i = 0; i < map->region_count; i++) {
        struct derp_region *region = &map->regions[i];
        for (size_t n = 0; region->embedded_relay && n < region->node_count; n++) {
            struct derp_node *node = &region->nodes[n];
            if (!node->stun_only) {
                text_copy(node->host_name, sizeof node->host_name, host);
                node->derp_port = port;
                node->force_http = plain_http;
            }
        }
    }
}
