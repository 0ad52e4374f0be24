#include "net/lab/lab_coordinator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

static const struct uuid agent_id = {{0xa1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15}};
static const struct uuid agent2_id = {{0xa2, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 16}};
static const struct uuid client_id = {{0xc1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 17}};
static const struct uuid client2_id = {{0xc2, 2, 3}};

static struct tailnet_node node_of(const struct uuid *id, uint8_t mark)
{
    struct tailnet_node node = {.id = mark, .preferred_derp = 999, .address_count = 1};
    node.key.b[0] = mark;
    node.disco.b[0] = mark;
    tailnet_address_historic(id, &node.addresses[0]);
    return node;
}

struct fixture {
    struct lab_coordinator *coordinator;
    struct lab_message message;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture.coordinator = lab_coordinator_new();
    lab_coordinator_add_agent(fixture.coordinator, &agent_id);
    lab_coordinator_add_agent(fixture.coordinator, &agent2_id);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lab_coordinator_free(f->coordinator);
    return 0;
}

static uint64_t join(struct fixture *f, const struct uuid *id, bool is_agent)
{
    struct lab_seat seat = {.peer = *id, .is_agent = is_agent};
    uint64_t session = 0;
    assert_int_equal(lab_coordinator_join(f->coordinator, &seat, &session), NET_OK);
    assert_true(session != 0);
    return session;
}

static enum net_err announce(struct fixture *f, uint64_t session, const struct uuid *id,
                             uint8_t mark)
{
    struct tailnet_node node = node_of(id, mark);
    struct tailnet_request request = {.update_self = &node};
    return lab_coordinator_request(f->coordinator, session, &request);
}

static enum net_err add(struct fixture *f, uint64_t session, const struct uuid *to)
{
    struct tailnet_request request = {.has_add_tunnel = true, .add_tunnel = *to};
    return lab_coordinator_request(f->coordinator, session, &request);
}

static enum net_err say_ready(struct fixture *f, uint64_t session, const struct uuid *to)
{
    struct tailnet_request request = {.ready_count = 1, .ready = {*to}};
    return lab_coordinator_request(f->coordinator, session, &request);
}

static void expect_nothing(struct fixture *f)
{
    assert_false(lab_coordinator_message(f->coordinator, &f->message));
}

static void expect_update(struct fixture *f, uint64_t session, const struct uuid *about,
                          enum tailnet_peer_kind kind)
{
    assert_true(lab_coordinator_message(f->coordinator, &f->message));
    assert_int_equal(f->message.session, session);
    assert_true(f->message.has_update);
    assert_true(uuid_equal(&f->message.update.id, about));
    assert_int_equal(f->message.update.kind, kind);
    assert_false(f->message.ended);
}

static void expect_end(struct fixture *f, uint64_t session, const char *error)
{
    assert_true(lab_coordinator_message(f->coordinator, &f->message));
    assert_int_equal(f->message.session, session);
    assert_false(f->message.has_update);
    assert_true(f->message.ended);
    assert_string_equal(f->message.error, error);
}

/* A client and an agent that know each other. */
static void pair(struct fixture *f, uint64_t *client, uint64_t *agent)
{
    *agent = join(f, &agent_id, true);
    *client = join(f, &client_id, false);
    assert_int_equal(announce(f, *agent, &agent_id, 1), NET_OK);
    assert_int_equal(announce(f, *client, &client_id, 2), NET_OK);
    expect_nothing(f);
    assert_int_equal(add(f, *client, &agent_id), NET_OK);
    expect_update(f, *client, &agent_id, TAILNET_PEER_NODE);
    assert_int_equal(f->message.update.node.key.b[0], 1);
    expect_update(f, *agent, &client_id, TAILNET_PEER_NODE);
    assert_int_equal(f->message.update.node.key.b[0], 2);
    expect_nothing(f);
}

static void test_a_tunnel_tells_both_ends_of_each_other(void **state)
{
    uint64_t client = 0;
    uint64_t agent = 0;
    pair(*state, &client, &agent);
}

static void test_a_tunnel_before_the_nodes_tells_them_when_they_come(void **state)
{
    struct fixture *f = *state;
    uint64_t client = join(f, &client_id, false);
    assert_int_equal(add(f, client, &agent_id), NET_OK);
    assert_int_equal(announce(f, client, &client_id, 2), NET_OK);
    expect_nothing(f);
    uint64_t agent = join(f, &agent_id, true);
    expect_update(f, agent, &client_id, TAILNET_PEER_NODE);
    assert_int_equal(announce(f, agent, &agent_id, 1), NET_OK);
    expect_update(f, client, &agent_id, TAILNET_PEER_NODE);
    expect_nothing(f);
}

static void test_a_node_that_says_the_same_is_not_sent_again(void **state)
{
    struct fixture *f = *state;
    uint64_t client = 0;
    uint64_t agent = 0;
    pair(f, &client, &agent);
    assert_int_equal(announce(f, client, &client_id, 2), NET_OK);
    expect_nothing(f);
    assert_int_equal(announce(f, client, &client_id, 3), NET_OK);
    expect_update(f, agent, &client_id, TAILNET_PEER_NODE);
    assert_int_equal(f->message.update.node.key.b[0], 3);
    assert_int_equal(add(f, client, &agent_id), NET_OK);
    expect_nothing(f);
}

static void test_peers_without_a_tunnel_learn_nothing_of_each_other(void **state)
{
    struct fixture *f = *state;
    uint64_t client = 0;
    uint64_t agent = 0;
    pair(f, &client, &agent);
    uint64_t client2 = join(f, &client2_id, false);
    uint64_t agent2 = join(f, &agent2_id, true);
    assert_int_equal(announce(f, client2, &client2_id, 4), NET_OK);
    assert_int_equal(announce(f, agent2, &agent2_id, 5), NET_OK);
    expect_nothing(f);
}

static void test_ready_for_handshake_goes_to_the_peer_that_shares_a_tunnel(void **state)
{
    struct fixture *f = *state;
    uint64_t client = 0;
    uint64_t agent = 0;
    pair(f, &client, &agent);
    assert_int_equal(say_ready(f, agent, &client_id), NET_OK);
    expect_update(f, client, &agent_id, TAILNET_PEER_READY_FOR_HANDSHAKE);
    expect_nothing(f);
    assert_int_equal(say_ready(f, agent, &client2_id), NET_OK);
    assert_true(lab_coordinator_message(f->coordinator, &f->message));
    assert_int_equal(f->message.session, agent);
    assert_false(f->message.ended);
    assert_non_null(strstr(f->message.error, "you do not share a tunnel"));
}

static void test_a_client_that_says_ready_for_handshake_is_ended(void **state)
{
    struct fixture *f = *state;
    uint64_t client = 0;
    uint64_t agent = 0;
    pair(f, &client, &agent);
    assert_int_equal(say_ready(f, client, &agent_id), NET_ERR_REFUSED);
    expect_update(f, agent, &client_id, TAILNET_PEER_LOST);
    expect_end(f, client, "authorization: clients may not send ready_for_handshake");
    expect_nothing(f);
    assert_int_equal(lab_coordinator_peers(f->coordinator), 1);
}

static void test_agents_may_not_open_tunnels(void **state)
{
    struct fixture *f = *state;
    uint64_t agent = join(f, &agent_id, true);
    assert_int_equal(add(f, agent, &agent2_id), NET_ERR_REFUSED);
    expect_end(f, agent, "authorization: agents cannot open tunnels");
}

static void test_a_client_may_reach_only_agents_of_its_scope(void **state)
{
    struct fixture *f = *state;
    struct lab_seat seat = {.peer = client_id, .scope = agent_id};
    uint64_t client = 0;
    assert_int_equal(lab_coordinator_join(f->coordinator, &seat, &client), NET_OK);
    assert_int_equal(add(f, client, &agent_id), NET_OK);
    assert_int_equal(add(f, client, &agent2_id), NET_ERR_REFUSED);
    char text[UUID_TEXT_SIZE];
    char error[TAILNET_REASON_SIZE];
    uuid_text(&agent2_id, text);
    text_format(error, sizeof error, "authorization: invalid agent id, got %s", text);
    expect_end(f, client, error);
    uint64_t client2 = join(f, &client2_id, false);
    assert_int_equal(add(f, client2, &client_id), NET_ERR_REFUSED);
}

static void test_a_removed_agent_can_be_reached_no_more(void **state)
{
    struct fixture *f = *state;
    uint64_t client = join(f, &client_id, false);
    lab_coordinator_remove_agent(f->coordinator, &agent_id);
    assert_int_equal(add(f, client, &agent_id), NET_ERR_REFUSED);
}

static void test_an_agent_may_announce_only_its_own_addresses(void **state)
{
    struct fixture *f = *state;
    uint64_t agent = join(f, &agent_id, true);
    assert_int_equal(announce(f, agent, &agent2_id, 1), NET_ERR_REFUSED);
    assert_true(lab_coordinator_message(f->coordinator, &f->message));
    assert_non_null(strstr(f->message.error, "invalid node address, got fd7a:"));
}

static void test_an_address_that_is_not_one_of_128_bits_is_refused(void **state)
{
    struct fixture *f = *state;
    uint64_t client = join(f, &client_id, false);
    struct tailnet_node node = node_of(&client_id, 2);
    node.addresses_refused = 1; /* such as fd7a::/64 */
    struct tailnet_request request = {.update_self = &node};
    assert_int_equal(lab_coordinator_request(f->coordinator, client, &request), NET_ERR_REFUSED);
    expect_end(f, client, "authorization: invalid address bits, expected 128");
    client = join(f, &client_id, false);
    node = node_of(&client_id, 2);
    node.addresses[0].family = ADDRESS_V4;
    assert_int_equal(lab_coordinator_request(f->coordinator, client, &request), NET_ERR_REFUSED);
}

static void test_a_goodbye_is_told_as_disconnected_and_ends_the_session(void **state)
{
    struct fixture *f = *state;
    uint64_t client = 0;
    uint64_t agent = 0;
    pair(f, &client, &agent);
    struct tailnet_request request = {.disconnect = true};
    assert_int_equal(lab_coordinator_request(f->coordinator, client, &request), NET_OK);
    expect_update(f, agent, &client_id, TAILNET_PEER_DISCONNECTED);
    expect_end(f, client, "");
    expect_nothing(f);
    assert_int_equal(lab_coordinator_tunnels(f->coordinator), 0);
    assert_int_equal(announce(f, client, &client_id, 9), NET_OK);
    expect_nothing(f);
}

static void test_a_broken_session_is_told_as_lost_and_tunnels_to_it_stay(void **state)
{
    struct fixture *f = *state;
    uint64_t client = 0;
    uint64_t agent = 0;
    pair(f, &client, &agent);
    lab_coordinator_leave(f->coordinator, agent, "");
    expect_update(f, client, &agent_id, TAILNET_PEER_LOST);
    expect_end(f, agent, "");
    assert_int_equal(lab_coordinator_tunnels(f->coordinator), 1);
    agent = join(f, &agent_id, true);
    expect_update(f, agent, &client_id, TAILNET_PEER_NODE);
    assert_int_equal(announce(f, agent, &agent_id, 1), NET_OK);
    expect_update(f, client, &agent_id, TAILNET_PEER_NODE);
    expect_nothing(f);
}

static void test_a_removed_tunnel_disconnects_both_ends(void **state)
{
    struct fixture *f = *state;
    uint64_t client = 0;
    uint64_t agent = 0;
    pair(f, &client, &agent);
    struct tailnet_request request = {.has_remove_tunnel = true, .remove_tunnel = agent_id};
    assert_int_equal(lab_coordinator_request(f->coordinator, client, &request), NET_OK);
    expect_update(f, client, &agent_id, TAILNET_PEER_DISCONNECTED);
    expect_update(f, agent, &client_id, TAILNET_PEER_DISCONNECTED);
    expect_nothing(f);
    assert_int_equal(lab_coordinator_tunnels(f->coordinator), 0);
    assert_int_equal(lab_coordinator_request(f->coordinator, client, &request), NET_OK);
    expect_nothing(f);
}

static void test_a_new_connection_with_the_same_id_takes_the_place_of_the_old(void **state)
{
    struct fixture *f = *state;
    uint64_t client = 0;
    uint64_t agent = 0;
    pair(f, &client, &agent);
    uint64_t again = join(f, &client_id, false);
    assert_true(again != client);
    expect_end(f, client, "peer ID overwritten by new connection");
    expect_update(f, again, &agent_id, TAILNET_PEER_NODE);
    assert_int_equal(announce(f, again, &client_id, 2), NET_OK);
    expect_nothing(f); /* the agent knows that node */
    lab_coordinator_leave(f->coordinator, client, "");
    expect_nothing(f); /* the old session is over already */
    assert_int_equal(lab_coordinator_peers(f->coordinator), 2);
    assert_int_equal(announce(f, again, &client_id, 7), NET_OK);
    expect_update(f, agent, &client_id, TAILNET_PEER_NODE);
}

static void test_a_peer_that_asks_for_too_many_tunnels_is_ended(void **state)
{
    struct fixture *f = *state;
    uint64_t client = join(f, &client_id, false);
    struct uuid id = {{0}};
    enum net_err err = NET_OK;
    unsigned opened = 0;
    for (unsigned i = 1; i <= LAB_TUNNELS_PER_PEER_MAX + 1u && err == NET_OK; i++) {
        id.b[0] = (uint8_t)i;
        id.b[1] = (uint8_t)(i >> 8);
        lab_coordinator_add_agent(f->coordinator, &id);
        err = add(f, client, &id);
        lab_coordinator_remove_agent(f->coordinator, &id);
        opened += err == NET_OK ? 1 : 0;
    }
    assert_int_equal(opened, LAB_TUNNELS_PER_PEER_MAX);
    assert_int_equal(err, NET_ERR_FULL);
    expect_end(f, client, "failed to update tunnel peer mapping");
}

static void test_no_more_than_the_limit_of_peers_get_in(void **state)
{
    struct fixture *f = *state;
    struct lab_seat seat = {.is_agent = false};
    uint64_t session = 0;
    for (unsigned i = 0; i < LAB_PEERS_MAX; i++) {
        seat.peer.b[0] = (uint8_t)i;
        seat.peer.b[1] = (uint8_t)(i >> 8);
        seat.peer.b[2] = 1;
        assert_int_equal(lab_coordinator_join(f->coordinator, &seat, &session), NET_OK);
    }
    seat.peer.b[2] = 2;
    assert_int_equal(lab_coordinator_join(f->coordinator, &seat, &session), NET_ERR_FULL);
}

static void test_a_resume_token_gives_the_peer_id_back_until_it_expires(void **state)
{
    struct fixture *f = *state;
    struct rng_seeded seeded;
    struct tailnet_resume_token token;
    struct wall_time now = {.seconds = 1000};
    struct uuid peer = {{0}};
    rng_seeded_init(&seeded, 1);
    lab_coordinator_resume_token(f->coordinator, &seeded.rng, now, &client_id, &token);
    assert_int_equal(token.refresh_in_ns, INT64_C(43200) * 1000000000);
    assert_int_equal(token.expires.seconds, 1000 + 86400);
    now.seconds = token.expires.seconds - 1;
    assert_int_equal(lab_coordinator_resume(f->coordinator, now, token.token, &peer), NET_OK);
    assert_true(uuid_equal(&peer, &client_id));
    now.seconds++;
    assert_int_equal(lab_coordinator_resume(f->coordinator, now, token.token, &peer), NET_ERR_AUTH);
    assert_int_equal(lab_coordinator_resume(f->coordinator, now, "", &peer), NET_ERR_AUTH);
    token.token[0] ^= 1;
    now.seconds = 1000;
    assert_int_equal(lab_coordinator_resume(f->coordinator, now, token.token, &peer), NET_ERR_AUTH);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_tunnel_tells_both_ends_of_each_other),
        CASE(test_a_tunnel_before_the_nodes_tells_them_when_they_come),
        CASE(test_a_node_that_says_the_same_is_not_sent_again),
        CASE(test_peers_without_a_tunnel_learn_nothing_of_each_other),
        CASE(test_ready_for_handshake_goes_to_the_peer_that_shares_a_tunnel),
        CASE(test_a_client_that_says_ready_for_handshake_is_ended),
        CASE(test_agents_may_not_open_tunnels),
        CASE(test_a_client_may_reach_only_agents_of_its_scope),
        CASE(test_a_removed_agent_can_be_reached_no_more),
        CASE(test_an_agent_may_announce_only_its_own_addresses),
        CASE(test_an_address_that_is_not_one_of_128_bits_is_refused),
        CASE(test_a_goodbye_is_told_as_disconnected_and_ends_the_session),
        CASE(test_a_broken_session_is_told_as_lost_and_tunnels_to_it_stay),
        CASE(test_a_removed_tunnel_disconnects_both_ends),
        CASE(test_a_new_connection_with_the_same_id_takes_the_place_of_the_old),
        CASE(test_a_peer_that_asks_for_too_many_tunnels_is_ended),
        CASE(test_no_more_than_the_limit_of_peers_get_in),
        CASE(test_a_resume_token_gives_the_peer_id_back_until_it_expires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
