#include "net/lab/lab_agent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/wire/disco.h"

#include <cmocka.h>

static const struct uuid agent_id = {{1, 2, 3, 4, 5, 6, 7, 8, 9}};
static const struct uuid client_id = {{0xc1}};

/* An agent, and a client with its keys. */
struct fixture {
    struct rng_seeded rng;
    struct lab_agent *agent;
    struct node_private *node;
    struct disco_private *disco;
    struct box_key box; /* client to agent */
    struct tailnet_peer_update update;
    uint8_t out[DISCO_PACKET_MAX];
};

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    assert_int_equal(crypto_start(), NET_OK);
    rng_seeded_init(&f.rng, 11);
    f.agent = lab_agent_new(&agent_id, &f.rng.rng);
    f.node = node_private_new(&f.rng.rng);
    f.disco = disco_private_new(&f.rng.rng);
    struct tailnet_node theirs;
    lab_agent_node(f.agent, (struct wall_time){.seconds = 5}, 999, 0.5, &theirs);
    assert_int_equal(disco_box_key(f.disco, &theirs.disco, &f.box), NET_OK);
    f.update.id = client_id;
    f.update.kind = TAILNET_PEER_NODE;
    f.update.has_node = true;
    f.update.node.key = node_private_public(f.node);
    f.update.node.disco = disco_private_public(f.disco);
    f.update.node.preferred_derp = 999;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lab_agent_free(f->agent);
    node_private_free(f->node);
    disco_private_free(f->disco);
    return 0;
}

/* Sends a ping with this id; the agent's verdict. */
static enum net_err ping(struct fixture *f, uint8_t tx, const struct node_public *source,
                         struct disco_message *pong)
{
    uint8_t packet[DISCO_PACKET_MAX];
    struct writer w = writer_of(packet, sizeof packet);
    struct disco_message message = {.type = DISCO_PING};
    message.tx.b[0] = tx;
    message.node = node_private_public(f->node);
    struct disco_public mine = disco_private_public(f->disco);
    disco_seal(&f->box, &mine, &f->rng.rng, &message, &w);
    struct writer answer = writer_of(f->out, sizeof f->out);
    enum net_err err = lab_agent_packet(f->agent, 999, source, writer_done(&w), &answer);
    if (err == NET_OK) {
        assert_int_equal(disco_open(&f->box, writer_done(&answer), pong), NET_OK);
        assert_int_equal(writer_len(&answer), DISCO_PADDED_PACKET);
    }
    return err;
}

static void test_a_known_peers_ping_is_answered_with_its_id_and_the_region(void **state)
{
    struct fixture *f = *state;
    struct disco_message pong = {0};
    uint16_t region = 0;
    assert_true(lab_agent_peer(f->agent, 0, &f->update));
    assert_int_equal(ping(f, 42, &f->update.node.key, &pong), NET_OK);
    assert_int_equal(pong.type, DISCO_PONG);
    assert_int_equal(pong.tx.b[0], 42);
    assert_true(address_is_derp(&pong.source, &region));
    assert_int_equal(region, 999);
}

static void test_an_unknown_sender_gets_no_answer(void **state)
{
    struct fixture *f = *state;
    struct disco_message pong;
    assert_int_equal(ping(f, 1, &f->update.node.key, &pong), NET_ERR_NOT_FOUND);
    assert_true(lab_agent_peer(f->agent, 0, &f->update));
    const struct node_public stranger = {{9}};
    assert_int_equal(ping(f, 2, &stranger, &pong), NET_ERR_NOT_FOUND);
}

static void test_a_repeated_id_is_answered_once(void **state)
{
    struct fixture *f = *state;
    struct disco_message pong;
    assert_true(lab_agent_peer(f->agent, 0, &f->update));
    assert_int_equal(ping(f, 1, &f->update.node.key, &pong), NET_OK);
    assert_int_equal(ping(f, 1, &f->update.node.key, &pong), NET_ERR_AGAIN);
    assert_int_equal(ping(f, 2, &f->update.node.key, &pong), NET_OK);
}

static void test_a_damaged_packet_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_true(lab_agent_peer(f->agent, 0, &f->update));
    uint8_t packet[DISCO_PACKET_MAX];
    struct writer w = writer_of(packet, sizeof packet);
    struct disco_message message = {.type = DISCO_PING};
    struct disco_public mine = disco_private_public(f->disco);
    disco_seal(&f->box, &mine, &f->rng.rng, &message, &w);
    packet[100] ^= 1;
    struct writer answer = writer_of(f->out, sizeof f->out);
    assert_int_equal(lab_agent_packet(f->agent, 999, &f->update.node.key, writer_done(&w), &answer),
                     NET_ERR_AUTH);
    assert_int_equal(
        lab_agent_packet(f->agent, 999, &f->update.node.key, bytes_text("wireguard"), &answer),
        NET_ERR_MALFORMED);
    assert_int_equal(writer_len(&answer), 0);
}

static void test_a_disconnected_peer_is_forgotten_at_once_and_a_lost_one_later(void **state)
{
    struct fixture *f = *state;
    struct tailnet_peer_update lost = {.id = client_id, .kind = TAILNET_PEER_LOST};
    struct tailnet_peer_update gone = {.id = client_id, .kind = TAILNET_PEER_DISCONNECTED};
    assert_true(lab_agent_peer(f->agent, 0, &f->update));
    assert_int_equal(lab_agent_deadline(f->agent), MONO_NEVER);
    assert_false(lab_agent_peer(f->agent, NS_PER_SEC, &lost));
    mono_ns deadline = lab_agent_deadline(f->agent);
    assert_int_equal(deadline, (LAB_AGENT_LOST_SECONDS + 1) * NS_PER_SEC);
    lab_agent_tick(f->agent, deadline - 1);
    assert_int_equal(lab_agent_peers(f->agent), 1);
    assert_true(lab_agent_peer(f->agent, deadline - 1, &f->update));
    lab_agent_tick(f->agent, deadline);
    assert_int_equal(lab_agent_peers(f->agent), 1); /* it came back in time */
    lab_agent_all_lost(f->agent, deadline);
    lab_agent_tick(f->agent, lab_agent_deadline(f->agent));
    assert_int_equal(lab_agent_peers(f->agent), 0);
    assert_true(lab_agent_peer(f->agent, deadline, &f->update));
    assert_false(lab_agent_peer(f->agent, deadline, &gone));
    assert_int_equal(lab_agent_peers(f->agent), 0);
}

static void test_a_peer_with_a_new_disco_key_is_answered_under_it(void **state)
{
    struct fixture *f = *state;
    struct disco_message pong;
    assert_true(lab_agent_peer(f->agent, 0, &f->update));
    assert_int_equal(ping(f, 1, &f->update.node.key, &pong), NET_OK);
    struct tailnet_node theirs;
    lab_agent_node(f->agent, (struct wall_time){.seconds = 5}, 999, 0, &theirs);
    disco_private_free(f->disco);
    f->disco = disco_private_new(&f->rng.rng);
    assert_int_equal(disco_box_key(f->disco, &theirs.disco, &f->box), NET_OK);
    assert_int_equal(ping(f, 2, &f->update.node.key, &pong), NET_ERR_NOT_FOUND);
    f->update.node.disco = disco_private_public(f->disco);
    assert_true(lab_agent_peer(f->agent, 0, &f->update));
    assert_int_equal(ping(f, 3, &f->update.node.key, &pong), NET_OK);
}

static void test_a_node_without_home_is_not_taken(void **state)
{
    struct fixture *f = *state;
    f->update.node.preferred_derp = 0;
    assert_false(lab_agent_peer(f->agent, 0, &f->update));
    assert_int_equal(lab_agent_peers(f->agent), 0);
}

static void test_it_announces_the_addresses_of_its_id(void **state)
{
    struct fixture *f = *state;
    struct tailnet_node node;
    struct net_address historic;
    lab_agent_node(f->agent, (struct wall_time){.seconds = 5}, 999, 0.5, &node);
    tailnet_address_historic(&agent_id, &historic);
    assert_int_equal(node.address_count, 2);
    assert_true(address_equal(&node.addresses[0], &historic));
    assert_int_equal(node.preferred_derp, 999);
    assert_int_equal(node.latency_count, 1);
    assert_int_equal(node.id, tailnet_node_id(&agent_id));
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_known_peers_ping_is_answered_with_its_id_and_the_region),
        CASE(test_an_unknown_sender_gets_no_answer),
        CASE(test_a_repeated_id_is_answered_once),
        CASE(test_a_damaged_packet_is_refused),
        CASE(test_a_disconnected_peer_is_forgotten_at_once_and_a_lost_one_later),
        CASE(test_a_peer_with_a_new_disco_key_is_answered_under_it),
        CASE(test_a_node_without_home_is_not_taken),
        CASE(test_it_announces_the_addresses_of_its_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
