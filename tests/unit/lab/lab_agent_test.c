#include "net/lab/lab_agent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct uuid agent_id = {{1, 2, 3, 4, 5, 6, 7, 8, 9}};
static const struct uuid client_id = {{0xc1}};

struct fixture {
    struct rng_seeded rng;
    struct lab_agent *agent;
    struct tailnet_peer_update update;
};

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    assert_int_equal(crypto_start(), NET_OK);
    rng_seeded_init(&f.rng, 11);
    f.agent = lab_agent_new(&agent_id, &f.rng.rng);
    f.update.id = client_id;
    f.update.kind = TAILNET_PEER_NODE;
    f.update.has_node = true;
    f.update.node.preferred_derp = 999;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lab_agent_free(f->agent);
    return 0;
}

static enum lab_agent_action say(struct fixture *f, mono_ns now, enum tailnet_peer_kind kind,
                                 struct lab_agent_peer **peer)
{
    f->update.kind = kind;
    f->update.has_node = kind == TAILNET_PEER_NODE;
    return lab_agent_update(f->agent, now, &f->update, peer);
}

static void test_a_node_makes_a_peer_once(void **state)
{
    struct fixture *f = *state;
    struct lab_agent_peer *first = NULL;
    struct lab_agent_peer *again = NULL;
    assert_int_equal(say(f, 0, TAILNET_PEER_NODE, &first), LAB_AGENT_SET);
    assert_null(first->user);
    first->user = f;
    assert_int_equal(say(f, 0, TAILNET_PEER_NODE, &again), LAB_AGENT_SET);
    assert_ptr_equal(first, again);
    assert_ptr_equal(again->user, f);
    assert_int_equal(lab_agent_peers(f->agent), 1);
}

static void test_a_disconnected_peer_is_dropped_at_once_and_a_lost_one_later(void **state)
{
    struct fixture *f = *state;
    struct lab_agent_peer *peer = NULL;
    struct lab_agent_peer *other = NULL;
    assert_int_equal(say(f, 0, TAILNET_PEER_NODE, &peer), LAB_AGENT_SET);
    assert_int_equal(lab_agent_deadline(f->agent), MONO_NEVER);
    assert_int_equal(say(f, NS_PER_SEC, TAILNET_PEER_LOST, &other), LAB_AGENT_NOTHING);
    mono_ns deadline = lab_agent_deadline(f->agent);
    assert_int_equal(deadline, (LAB_AGENT_LOST_SECONDS + 1) * NS_PER_SEC);
    assert_null(lab_agent_expired(f->agent, deadline - 1));
    assert_int_equal(say(f, deadline - 1, TAILNET_PEER_NODE, &other), LAB_AGENT_SET);
    assert_null(lab_agent_expired(f->agent, deadline)); /* it came back in time */
    lab_agent_all_lost(f->agent, deadline);
    assert_ptr_equal(lab_agent_expired(f->agent, lab_agent_deadline(f->agent)), peer);
    lab_agent_forget(f->agent, peer);
    assert_int_equal(lab_agent_peers(f->agent), 0);
    assert_int_equal(say(f, deadline, TAILNET_PEER_NODE, &peer), LAB_AGENT_SET);
    assert_int_equal(say(f, deadline, TAILNET_PEER_DISCONNECTED, &other), LAB_AGENT_DROP);
    assert_ptr_equal(other, peer);
}

static void test_nothing_comes_of_a_stranger(void **state)
{
    struct fixture *f = *state;
    struct lab_agent_peer *peer = NULL;
    assert_int_equal(say(f, 0, TAILNET_PEER_LOST, &peer), LAB_AGENT_NOTHING);
    assert_int_equal(say(f, 0, TAILNET_PEER_DISCONNECTED, &peer), LAB_AGENT_NOTHING);
    assert_int_equal(say(f, 0, TAILNET_PEER_READY_FOR_HANDSHAKE, &peer), LAB_AGENT_NOTHING);
    f->update.node.preferred_derp = 0;
    assert_int_equal(say(f, 0, TAILNET_PEER_NODE, &peer), LAB_AGENT_NOTHING);
    assert_int_equal(lab_agent_peers(f->agent), 0);
}

static void test_peers_beyond_the_limit_are_not_taken(void **state)
{
    struct fixture *f = *state;
    struct lab_agent_peer *peer = NULL;
    for (unsigned i = 0; i < LAB_AGENT_PEERS_MAX; i++) {
        f->update.id.b[1] = (uint8_t)(i >> 8);
        f->update.id.b[2] = (uint8_t)i;
        assert_int_equal(say(f, 0, TAILNET_PEER_NODE, &peer), LAB_AGENT_SET);
    }
    f->update.id.b[3] = 1;
    assert_int_equal(say(f, 0, TAILNET_PEER_NODE, &peer), LAB_AGENT_NOTHING);
    assert_int_equal(lab_agent_peers(f->agent), LAB_AGENT_PEERS_MAX);
}

static void test_it_announces_its_keys_and_the_addresses_of_its_id(void **state)
{
    struct fixture *f = *state;
    struct tailnet_node node;
    struct net_address historic;
    struct node_public key = node_private_public(lab_agent_key(f->agent));
    struct disco_public disco = disco_private_public(lab_agent_disco(f->agent));
    lab_agent_node(f->agent, (struct wall_time){.seconds = 5}, &node);
    tailnet_address_historic(&agent_id, &historic);
    assert_int_equal(node.address_count, 2);
    assert_true(address_equal(&node.addresses[0], &historic));
    assert_true(node_public_equal(&node.key, &key));
    assert_true(disco_public_equal(&node.disco, &disco));
    assert_int_equal(node.id, tailnet_node_id(&agent_id));
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_node_makes_a_peer_once),
        CASE(test_a_disconnected_peer_is_dropped_at_once_and_a_lost_one_later),
        CASE(test_nothing_comes_of_a_stranger),
        CASE(test_peers_beyond_the_limit_are_not_taken),
        CASE(test_it_announces_its_keys_and_the_addresses_of_its_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
