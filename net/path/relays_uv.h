/*
 * The connections to DERP relays: one a region, opened when needed, kept when home, closed when
 * idle, reconnected with backoff.
 *
 * Region states: idle, connecting, open, waiting (protocol notes 1.10). Happy eyeballs and TLS are
 * the dialler's. A 4xx to the upgrade makes the next attempt a websocket, for as long as this
 * object lives; so do two failed upgrades of any other kind but 503 and 504, which the genuine
 * client never tries.
 */
#ifndef NET_PATH_RELAYS_UV_H
#define NET_PATH_RELAYS_UV_H

#include "net/base/log.h"
#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/crypto/key.h"
#include "net/transport/dial_uv.h"
#include "net/wire/derp_map.h"

enum relay_state { RELAY_IDLE, RELAY_CONNECTING, RELAY_OPEN, RELAY_WAITING };

struct relay_status {
    int64_t region;
    enum relay_state state;
    bool home;
    mono_ns since;
    mono_ns retry_at; /* WAITING; else MONO_NEVER */
    unsigned attempts;
    uint64_t connect_ns; /* how long the last successful connect took, dial to ServerInfo */
    uint64_t rtt_ns;     /* last DERP ping; 0 = not measured */
    bool websocket;
    char websocket_reason[200]; /* "" unless a fallback */
    bool over_ipv6;
    char health[200]; /* "" = well */
    struct failure failure;
    uint64_t packets_in, packets_out, bytes_in, bytes_out, packets_dropped;
};

struct relays_handlers {
    /* A packet from a peer; `at` was read when the bytes came off the socket, before anything else.
     */
    void (*packet)(void *owner, int64_t region, const struct node_public *peer, struct bytes packet,
                   mono_ns at);
    /* No more packets for now: what they gave rise to is best done here. May be NULL. */
    void (*drained)(void *owner);
    void (*gone)(void *owner, int64_t region, const struct node_public *peer, uint8_t reason);
    void (*state)(void *owner, int64_t region); /* see relays_status */
};

struct relays;

/* Borrows all that is passed. The map is set later. */
struct relays *relays_new(uv_loop_t *loop, struct http_client *client,
                          const struct node_private *key, struct rng *rng, struct log *log,
                          const struct relays_handlers *handlers, void *owner);

/* A new map (borrowed for the call, copied): regions whose definition changed, and all when it is
 * another way that they are to be reached by, are closed and, if home or in use, dialled anew. */
void relays_set_map(struct relays *relays, const struct derp_map *map, bool force_websockets);

/* The home region: dialled at once and kept. 0 = none yet. */
void relays_set_home(struct relays *relays, int64_t region);

/* Opens the region if need be (a peer's home) and keeps it for 60 s after the last use. */
void relays_want(struct relays *relays, int64_t region);

/* Sends through the region, opening it if need be. While it opens a few packets wait.
 * NET_ERR_NOT_FOUND: no such region, or none of its nodes relays. NET_ERR_FULL: dropped. */
NET_MUST_USE enum net_err relays_send(struct relays *relays, int64_t region,
                                      const struct node_public *peer, struct bytes packet);

/* Closes everything and dials the home again (network change, key press). */
void relays_retry(struct relays *relays);

/* NULL: the region is not in the map. */
const struct relay_status *relays_status(const struct relays *relays, int64_t region);

/* Closes all and frees on the loop; no handler is called after this. */
void relays_close(struct relays *relays);

#endif
