/*
 * One region's connection: dial, login, packets, end, and the wait before the next attempt. Part of
 * relays_uv.h, which owns the links.
 */
#ifndef NET_PATH_RELAY_LINK_UV_H
#define NET_PATH_RELAY_LINK_UV_H

#include "net/path/derp_client.h"
#include "net/path/relays_uv.h"

struct relay_link;

struct relay_link_config {
    uv_loop_t *loop;
    struct http_client *client;
    const struct node_private *key;
    struct rng *rng;
    struct log *log;
    const struct relays_handlers *handlers;
    void *owner;
};

/* Copies the region. Nothing is dialled yet. */
struct relay_link *relay_link_new(const struct relay_link_config *config,
                                  const struct derp_region *region, bool force_websocket);
/* Frees on the loop; no handler is called after this. */
void relay_link_close(struct relay_link *link);

const struct derp_region *relay_link_region(const struct relay_link *link);
const struct relay_status *relay_link_status(const struct relay_link *link);
void relay_link_set_home(struct relay_link *link, bool home);
/* Opens it if it is idle, and keeps it for a while. */
void relay_link_want(struct relay_link *link);
/* Drops the connection and dials at once, if it is home or was in use. */
void relay_link_retry(struct relay_link *link);
NET_MUST_USE enum net_err relay_link_send(struct relay_link *link, const struct node_public *peer,
                                          struct bytes packet);

#endif
