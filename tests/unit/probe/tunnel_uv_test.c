/*
 * Our end of the tailnet and another, over real sockets on loopback, without a relay.
 */
#include "net/probe/tunnel_uv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/loop_uv.h"

#include <cmocka.h>

enum { REGION = 1 };

/* One end: whose address in the tunnel is fd00::N. */
struct end {
    struct node_private *node_key;
    struct disco_private *disco_key;
    struct log log;
    struct tunnel *tunnel;
    struct tunnel_peer *peer; /* the other end */
    unsigned handshakes, echoes;
};

struct world {
    uv_loop_t loop;
    struct rng_seeded seeded;
    struct end end[2];
};

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
    struct end *end = owner;
    (void)peer;
    end->handshakes += done ? 1 : 0;
}

static void on_echo(void *owner, struct tunnel_peer *peer, mono_ns now, uint16_t id, uint16_t seq)
{
    struct end *end = owner;
    (void)now;
    (void)id;
    (void)seq;
    assert_ptr_equal(peer, end->peer);
    end->echoes++;
}

static struct net_address inner(uint8_t number)
{
    return (struct net_address){.family = ADDRESS_V6, .ip = {0xfd, [15] = number}};
}

static void open_end(struct world *w, size_t i)
{
    static const struct tunnel_handlers handlers = {.changed = on_change,
                                                    .home = on_region,
                                                    .relay = on_region,
                                                    .event = on_event,
                                                    .handshake = on_handshake,
                                                    .echo = on_echo};
    struct end *end = &w->end[i];
    end->node_key = node_private_new(&w->seeded.rng);
    end->disco_key = disco_private_new(&w->seeded.rng);
    log_init(&end->log, LOG_DEBUG);
    const struct tunnel_config config = {
        .paths = {.loop = &w->loop,
                  .node_key = end->node_key,
                  .disco_key = end->disco_key,
                  .rng = &w->seeded.rng,
                  .log = &end->log,
                  .bind_ip = "127.0.0.1",
                  .loopback = true,
                  .timeout_ns = NS_PER_SEC},
        .address_count = 2,
        .addresses = {inner((uint8_t)(1 + 10 * i)), inner((uint8_t)(2 + 10 * i))},
        .initiate = i == 0};
    end->tunnel = tunnel_new(&config, &handlers, end);
    end->peer = tunnel_add_peer(end->tunnel, NULL);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_int_equal(crypto_start(), NET_OK);
    rng_seeded_init(&w->seeded, 11);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    open_end(w, 0);
    open_end(w, 1);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    tunnel_close(w->end[0].tunnel);
    tunnel_close(w->end[1].tunnel);
    loop_finish(&w->loop);
    for (size_t i = 0; i < 2; i++) {
        node_private_free(w->end[i].node_key);
        disco_private_free(w->end[i].disco_key);
        log_clear(&w->end[i].log);
    }
    free(w);
    return 0;
}

/* Tells one end of the other, whose address in the tunnel is `number`; 0: it names none. */
static void tell(struct world *w, size_t to, uint8_t number)
{
    const struct end *of = &w->end[1 - to];
    const struct net_address *endpoints = NULL;
    struct tailnet_node node = {.key = node_private_public(of->node_key),
                                .disco = disco_private_public(of->disco_key),
                                .preferred_derp = REGION,
                                .address_count = number != 0 ? 1 : 0,
                                .addresses = {inner(number)},
                                .endpoint_count = 1};
    assert_int_equal(paths_endpoints(tunnel_paths(of->tunnel), &endpoints), 1);
    node.endpoints[0] = endpoints[0];
    tunnel_peer_set(w->end[to].peer, &node);
}

static bool is_answered(void *owner)
{
    struct world *w = owner;
    return w->end[0].echoes > 0;
}

static bool is_met(void *owner)
{
    struct world *w = owner;
    return w->end[0].handshakes > 0 && w->end[1].handshakes > 0;
}

static void meet(struct world *w, uint8_t number)
{
    tell(w, 1, 1);
    tell(w, 0, number);
    tunnel_peer_ready(w->end[0].peer);
    loop_until_call(&w->loop, is_met, w, "a handshake");
}

/* A node whose address in the tunnel changes under the same keys: packets go to and come from the
 * new one, and the session that there is serves for it. */
static void test_other_addresses_under_the_same_keys_are_taken(void **state)
{
    struct world *w = *state;
    struct end *us = &w->end[0];
    static const uint8_t numbers[] = {11, 12};
    meet(w, 0);
    assert_int_equal(tunnel_echo(us->peer, 1, 1, 8), NET_ERR_NOT_FOUND);
    for (uint16_t i = 0; i < 2; i++) {
        tell(w, 0, numbers[i]);
        us->echoes = 0;
        assert_int_equal(tunnel_echo(us->peer, 1, i, 8), NET_OK);
        loop_until_call(&w->loop, is_answered, w, "an answer from that address");
    }
    tell(w, 0, 0);
    assert_int_equal(tunnel_echo(us->peer, 1, 3, 8), NET_ERR_NOT_FOUND);
    assert_int_equal(us->handshakes, 1);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_other_addresses_under_the_same_keys_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
