#include "tests/support/tunnel_pair_uv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/support/loop_uv.h"

#include <cmocka.h>

enum { REGION = 1 };

static void on_change(void *owner)
{
    (void)owner;
}

static void on_region(void *owner, int64_t region)
{
    (void)owner;
    (void)region;
}

static void on_event(void *owner, struct tunnel_peer *peer, const struct path_event *event)
{
    (void)owner;
    (void)peer;
    (void)event;
}

static void on_handshake(void *owner, struct tunnel_peer *peer, bool done)
{
    struct pair_end *end = owner;
    (void)peer;
    end->handshakes += done ? 1 : 0;
}

static void on_echo(void *owner, struct tunnel_peer *peer, mono_ns now, uint16_t id, uint16_t seq)
{
    struct pair_end *end = owner;
    (void)now;
    (void)id;
    (void)seq;
    assert_ptr_equal(peer, end->peer);
    end->echoes++;
}

/* Each pair has addresses of its own: connections of the one before may not be forgotten yet. */
static struct net_address inner(const struct tunnel_pair *pair, size_t end, unsigned nth)
{
    return (struct net_address){.family = ADDRESS_V6,
                                .ip = {0xfd, [13] = pair->number, [14] = (uint8_t)nth,
                                       [15] = (uint8_t)(end == PAIR_AGENT ? 0xb : 0xa)}};
}

static void open_end(struct tunnel_pair *pair, size_t i)
{
    static const struct tunnel_handlers handlers = {.changed = on_change,
                                                    .home = on_region,
                                                    .relay = on_region,
                                                    .event = on_event,
                                                    .handshake = on_handshake,
                                                    .echo = on_echo};
    struct pair_end *end = &pair->end[i];
    end->node_key = node_private_new(&pair->seeded.rng);
    end->disco_key = disco_private_new(&pair->seeded.rng);
    log_init(&end->log, LOG_DEBUG);
    const struct tunnel_config config = {.paths = {.loop = &pair->loop,
                                                   .node_key = end->node_key,
                                                   .disco_key = end->disco_key,
                                                   .rng = &pair->seeded.rng,
                                                   .log = &end->log,
                                                   .bind_ip = "127.0.0.1",
                                                   .loopback = true,
                                                   .timeout_ns = NS_PER_SEC},
                                         .address_count = 2,
                                         .addresses = {inner(pair, i, 1), inner(pair, i, 2)},
                                         .initiate = i == PAIR_CLIENT};
    end->tunnel = tunnel_new(&config, &handlers, end);
    end->peer = tunnel_add_peer(end->tunnel, NULL);
}

void tunnel_pair_tell(struct tunnel_pair *pair, size_t to, unsigned address)
{
    const struct pair_end *of = &pair->end[1 - to];
    const struct net_address *endpoints = NULL;
    struct tailnet_node node = {.key = node_private_public(of->node_key),
                                .disco = disco_private_public(of->disco_key),
                                .preferred_derp = REGION,
                                .address_count = address == 0 ? 0 : 1,
                                .addresses = {inner(pair, 1 - to, address)},
                                .endpoint_count = 1};
    assert_int_equal(paths_endpoints(tunnel_paths(of->tunnel), &endpoints), 1);
    node.endpoints[0] = endpoints[0];
    tunnel_peer_set(pair->end[to].peer, &node);
}

static bool have_met(void *owner)
{
    struct tunnel_pair *pair = owner;
    return pair->end[PAIR_CLIENT].handshakes > 0 && pair->end[PAIR_AGENT].handshakes > 0;
}

struct tunnel_pair *tunnel_pair_open(void)
{
    static uint8_t pairs;
    struct tunnel_pair *pair = calloc(1, sizeof *pair);
    assert_non_null(pair);
    pair->number = pairs++;
    assert_int_equal(crypto_start(), NET_OK);
    rng_seeded_init(&pair->seeded, 12);
    assert_int_equal(uv_loop_init(&pair->loop), 0);
    open_end(pair, PAIR_CLIENT);
    open_end(pair, PAIR_AGENT);
    return pair;
}

void tunnel_pair_meet(struct tunnel_pair *pair)
{
    tunnel_peer_ready(pair->end[PAIR_CLIENT].peer);
    loop_until_call(&pair->loop, have_met, pair, "a handshake");
}

struct tunnel_pair *tunnel_pair_new(void)
{
    struct tunnel_pair *pair = tunnel_pair_open();
    tunnel_pair_tell(pair, PAIR_AGENT, 1);
    tunnel_pair_tell(pair, PAIR_CLIENT, 1);
    tunnel_pair_meet(pair);
    return pair;
}

void tunnel_pair_free(struct tunnel_pair *pair)
{
    tunnel_close(pair->end[PAIR_CLIENT].tunnel);
    tunnel_close(pair->end[PAIR_AGENT].tunnel);
    loop_finish(&pair->loop);
    for (size_t i = 0; i < 2; i++) {
        node_private_free(pair->end[i].node_key);
        disco_private_free(pair->end[i].disco_key);
        log_clear(&pair->end[i].log);
    }
    free(pair);
}
