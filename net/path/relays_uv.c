#include "net/path/relays_uv.h"

#include <stdlib.h>

#include "net/base/mem.h"
#include "net/path/relay_link_uv.h"

struct relays {
    struct relay_link_config config;
    bool force_websockets;
    int64_t home;
    size_t count;
    struct relay_link **links; /* one a region that relays */
};

struct relays *relays_new(uv_loop_t *loop, struct http_client *client,
                          const struct node_private *key, struct rng *rng, struct log *log,
                          const struct relays_handlers *handlers, void *owner)
{
    struct relays *relays = mem_new(sizeof *relays);
    relays->config = (struct relay_link_config){.loop = loop,
                                                .client = client,
                                                .key = key,
                                                .rng = rng,
                                                .log = log,
                                                .handlers = handlers,
                                                .owner = owner};
    return relays;
}

static struct relay_link *find(const struct relays *relays, int64_t region)
{
    for (size_t i = 0; i < relays->count; i++) {
        if (relay_link_status(relays->links[i])->region == region) {
            return relays->links[i];
        }
    }
    return NULL;
}

/* Takes a link out of the old set if its region is still defined as it was. */
static struct relay_link *reuse(struct relay_link **old, size_t count,
                                const struct derp_region *region)
{
    for (size_t i = 0; i < count; i++) {
        struct relay_link *link = old[i];
        if (link != NULL && derp_region_equal(relay_link_region(link), region)) {
            old[i] = NULL;
            return link;
        }
    }
    return NULL;
}

static bool was_in_use(struct relay_link *const *old, size_t count, int64_t region)
{
    for (size_t i = 0; i < count; i++) {
        const struct relay_status *status = old[i] == NULL ? NULL : relay_link_status(old[i]);
        if (status != NULL && status->region == region && status->state != RELAY_IDLE) {
            return true;
        }
    }
    return false;
}

static void add_region(struct relays *relays, const struct derp_region *region, bool same_way,
                       struct relay_link **old, size_t old_count)
{
    struct relay_link *link = same_way ? reuse(old, old_count, region) : NULL;
    bool again = link == NULL && was_in_use(old, old_count, region->id);
    if (link == NULL) {
        link = relay_link_new(&relays->config, region, relays->force_websockets);
    }
    relays->links[relays->count++] = link;
    if (region->id == relays->home && !relay_link_status(link)->home) {
        relay_link_set_home(link, true);
    } else if (again) {
        relay_link_want(link);
    }
}

void relays_set_map(struct relays *relays, const struct derp_map *map, bool force_websockets)
{
    struct relay_link **old = relays->links;
    size_t old_count = relays->count;
    bool same_way = force_websockets == relays->force_websockets;
    relays->force_websockets = force_websockets;
    relays->links = mem_array(map->region_count, sizeof(struct relay_link *));
    relays->count = 0;
    for (size_t i = 0; i < map->region_count; i++) {
        if (derp_region_can_relay(&map->regions[i])) {
            add_region(relays, &map->regions[i], same_way, old, old_count);
        }
    }
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] != NULL) {
            relay_link_close(old[i]);
        }
    }
    free(old);
}

void relays_set_home(struct relays *relays, int64_t region)
{
    struct relay_link *was = find(relays, relays->home);
    struct relay_link *link = find(relays, region);
    if (region == relays->home && (link == NULL || relay_link_status(link)->home)) {
        return;
    }
    relays->home = region;
    if (was != NULL && was != link) {
        relay_link_set_home(was, false);
    }
    if (link != NULL) {
        relay_link_set_home(link, true);
    }
}

void relays_want(struct relays *relays, int64_t region)
{
    struct relay_link *link = find(relays, region);
    if (link != NULL) {
        relay_link_want(link);
    }
}

enum net_err relays_send(struct relays *relays, int64_t region, const struct node_public *peer,
                         struct bytes packet)
{
    struct relay_link *link = find(relays, region);
    return link == NULL ? NET_ERR_NOT_FOUND : relay_link_send(link, peer, packet);
}

void relays_retry(struct relays *relays)
{
    for (size_t i = 0; i < relays->count; i++) {
        relay_link_retry(relays->links[i]);
    }
}

const struct relay_status *relays_status(const struct relays *relays, int64_t region)
{
    const struct relay_link *link = find(relays, region);
    return link == NULL ? NULL : relay_link_status(link);
}

void relays_close(struct relays *relays)
{
    for (size_t i = 0; i < relays->count; i++) {
        relay_link_close(relays->links[i]);
    }
    free(relays->links);
    free(relays);
}
