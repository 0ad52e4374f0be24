#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/lab/lab_uv.h"
#include "net/transport/udp_uv.h"
#include "net/wire/stun.h"
#include "tests/support/lab_client_uv.h"
#include "tests/support/loop_uv.h"

#include <cmocka.h>

struct fixture {
    uv_loop_t loop;
    struct lab *lab;
    struct lab_client client;
    struct lab_client other;
    bool ready;
};

static void on_ready(void *owner)
{
    struct fixture *f = owner;
    f->ready = true;
}

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    assert_int_equal(crypto_start(), NET_OK);
    assert_int_equal(uv_loop_init(&f.loop), 0);
    *state = &f;
    return 0;
}

/* Starts the lab and waits until its agents are there; starts the client, not connected yet. */
static void start(struct fixture *f, const struct lab_config *config)
{
    struct failure why;
    assert_int_equal(lab_new(&f->loop, config, on_ready, f, &f->lab, &why), NET_OK);
    loop_until(&f->loop, &f->ready, "the agents are there");
    lab_client_start(&f->client, &f->loop, f->lab);
}

static void finish(struct fixture *f)
{
    lab_client_close(&f->client);
    lab_close(f->lab, NULL, NULL);
    loop_finish(&f->loop);
    lab_client_free(&f->client);
}

static const struct uuid *agent(const struct fixture *f, size_t index)
{
    return &lab_deployment(f->lab)->workspaces[index].agent_id;
}

static void connect_client(struct lab_client *client)
{
    lab_client_dial(client, client->deployment->token);
    loop_until_call(client->loop, lab_client_dialled, client, "the dial is over");
    assert_int_equal(client->dial_error.code, NET_OK);
}

static bool is_ready(void *owner)
{
    const struct lab_client *client = owner;
    return client->ready && client->relay_open;
}

static bool has_pong(void *owner)
{
    const struct lab_client *client = owner;
    return client->pongs > 0;
}

static void connect_to_agent(struct fixture *f, size_t index)
{
    connect_client(&f->client);
    lab_client_join(&f->client, agent(f, index));
    loop_until_call(&f->loop, is_ready, &f->client, "the agent says READY_FOR_HANDSHAKE");
}

static void test_a_client_gets_a_pong_from_an_agent_over_real_sockets(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 3, .stopped = 1};
    start(f, &config);
    assert_true(lab_deployment(f->lab)->workspaces[0].connected);
    assert_true(lab_deployment(f->lab)->workspaces[1].connected);
    connect_to_agent(f, 1);
    assert_int_equal(f->client.nodes, 1);
    lab_client_ping(&f->client);
    loop_until_call(&f->loop, has_pong, &f->client, "a pong comes");
    assert_true(lab_counts(f->lab).packets_out >= 2);
    assert_int_equal(f->client.snapshots, 1);
    assert_int_equal(f->client.workspaces.upserted_workspace_count, 3);
    assert_int_equal(f->client.workspaces.upserted_agent_count, 2);
    finish(f);
}

static void test_a_relay_that_refuses_the_upgrade_is_reached_by_websocket(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 1};
    start(f, &config);
    const struct lab_faults faults = {.upgrade_status = 403};
    lab_set_faults(f->lab, &faults);
    connect_to_agent(f, 0);
    assert_true(relays_status(f->client.relays, LAB_REGION)->websocket);
    lab_client_ping(&f->client);
    loop_until_call(&f->loop, has_pong, &f->client, "a pong comes");
    finish(f);
}

static void test_forced_websockets_serve_agents_and_clients(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 1, .force_websockets = true};
    start(f, &config);
    const struct lab_faults faults = {.upgrade_status = 400};
    lab_set_faults(f->lab, &faults);
    f->client.force_websockets = true;
    connect_to_agent(f, 0);
    assert_int_equal(relays_status(f->client.relays, LAB_REGION)->attempts, 0);
    lab_client_ping(&f->client);
    loop_until_call(&f->loop, has_pong, &f->client, "a pong comes");
    finish(f);
}

static void test_a_delay_in_the_relay_is_seen_twice_in_a_round_trip(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 1, .relay_delay_ms = 15, .relay_jitter_ms = 2};
    start(f, &config);
    connect_to_agent(f, 0);
    lab_client_ping(&f->client);
    loop_until_call(&f->loop, has_pong, &f->client, "a pong comes");
    assert_true(f->client.rtt_ns >= 30 * NS_PER_MS);
    finish(f);
}

static void test_a_wrong_token_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 0};
    start(f, &config);
    lab_client_dial(&f->client, "wrong");
    loop_until_call(&f->loop, lab_client_dialled, &f->client, "the dial is over");
    assert_int_equal(f->client.dial_status, 401);
    finish(f);
}

static bool diffs_came(void *owner)
{
    const struct lab_client *client = owner;
    return client->snapshots >= 2;
}

static void test_a_stopped_workspace_is_told_and_its_agent_goes(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 2};
    start(f, &config);
    connect_to_agent(f, 0);
    struct uuid old = *agent(f, 0);
    assert_int_equal(lab_set_stopped(f->lab, "dev1", true), NET_OK);
    loop_until_call(&f->loop, diffs_came, &f->client, "the workspace update comes");
    assert_int_equal(f->client.workspaces.upserted_workspace_count, 1);
    assert_int_equal(f->client.workspaces.upserted_workspaces[0].status, TAILNET_WORKSPACE_STOPPED);
    assert_int_equal(f->client.workspaces.deleted_agent_count, 1);
    assert_true(uuid_equal(&f->client.workspaces.deleted_agents[0].id, &old));
    assert_int_equal(lab_set_stopped(f->lab, "no-such", true), NET_ERR_NOT_FOUND);
    finish(f);
}

static bool second_node_came(void *owner)
{
    const struct lab_client *client = owner;
    return client->nodes >= 2 && client->lost + client->disconnected > 0;
}

static void test_an_agent_that_lost_its_session_comes_back_by_itself(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 1};
    start(f, &config);
    connect_to_agent(f, 0);
    lab_drop_sessions(f->lab, false, true);
    loop_until_call(&f->loop, second_node_came, &f->client, "LOST, then the node again");
    assert_int_equal(f->client.lost, 1);
    lab_client_ping(&f->client);
    loop_until_call(&f->loop, has_pong, &f->client, "a pong comes");
    finish(f);
}

static bool has_resume_token(void *owner)
{
    const struct lab_client *client = owner;
    return client->resume_token[0] != '\0';
}

static bool has_ended(void *owner)
{
    const struct lab_client *client = owner;
    return client->ended > 0;
}

static void test_a_resumed_session_takes_the_place_of_the_old_one(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 1};
    start(f, &config);
    connect_to_agent(f, 0);
    loop_until_call(&f->loop, has_resume_token, &f->client, "a resume token comes");
    lab_client_start(&f->other, &f->loop, f->lab);
    memcpy(f->other.resume_token, f->client.resume_token, sizeof f->other.resume_token);
    connect_client(&f->other);
    lab_client_join(&f->other, agent(f, 0));
    loop_until_call(&f->loop, has_ended, &f->client, "the old session is ended");
    assert_non_null(strstr(f->client.end_text, "peer ID overwritten by new connection"));
    lab_client_close(&f->other);
    finish(f);
    lab_client_free(&f->other);
}

static bool relay_is_open(void *owner)
{
    const struct lab_client *client = owner;
    return client->relay_open;
}

static bool relay_is_lost(void *owner)
{
    const struct lab_client *client = owner;
    return !client->relay_open;
}

static void test_a_dropped_relay_connection_is_made_anew(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 1};
    start(f, &config);
    connect_to_agent(f, 0);
    lab_drop_relay(f->lab);
    loop_until_call(&f->loop, relay_is_lost, &f->client, "the connection is lost");
    loop_until_call(&f->loop, relay_is_open, &f->client, "the connection is there again");
    finish(f);
}

static bool is_unwell(void *owner)
{
    const struct lab_client *client = owner;
    return relays_status(client->relays, LAB_REGION)->health[0] != '\0';
}

static void test_the_relays_health_is_told(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 1};
    start(f, &config);
    connect_to_agent(f, 0);
    lab_say_health(f->lab, "out of sorts");
    loop_until_call(&f->loop, is_unwell, &f->client, "the health text comes");
    assert_string_equal(relays_status(f->client.relays, LAB_REGION)->health, "out of sorts");
    finish(f);
}

static bool one_was_dropped(void *owner)
{
    const struct fixture *f = owner;
    return lab_counts(f->lab).dropped_asked > 0;
}

static void test_a_relay_that_drops_everything_lets_no_pong_through(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 1};
    start(f, &config);
    connect_to_agent(f, 0);
    const struct lab_faults faults = {.drop_percent = 100};
    lab_set_faults(f->lab, &faults);
    lab_client_ping(&f->client);
    loop_until_call(&f->loop, one_was_dropped, f, "the ping is dropped");
    assert_int_equal(f->client.pongs, 0);
    finish(f);
}

static bool retry_is_due(void *owner)
{
    const struct lab_client *client = owner;
    const struct relay_status *status = relays_status(client->relays, LAB_REGION);
    return status->state != RELAY_OPEN;
}

static void test_a_restarting_relay_makes_clients_wait_and_come_back(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 1};
    start(f, &config);
    connect_to_agent(f, 0);
    lab_say_restarting(f->lab, 10, 1000);
    loop_until_call(&f->loop, retry_is_due, &f->client, "the client leaves");
    loop_until_call(&f->loop, relay_is_open, &f->client, "and comes back");
    finish(f);
}

/* --- STUN ------------------------------------------------------------------------------------ */

struct asker {
    struct udp_socket *udp;
    unsigned answers;
    struct stun_tx tx;
    struct net_address address;
};

static void on_answer(void *owner, mono_ns now, const struct net_address *from,
                      struct span datagram)
{
    struct asker *asker = owner;
    (void)now;
    (void)from;
    assert_int_equal(stun_response_decode(span_bytes(datagram), &asker->tx, &asker->address),
                     NET_OK);
    asker->answers++;
}

static bool is_answered(void *owner)
{
    const struct asker *asker = owner;
    return asker->answers > 0;
}

static void test_the_stun_server_answers_good_requests_only(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 0};
    struct failure why;
    struct asker asker = {.answers = 0};
    struct net_address server;
    struct net_address mine;
    uint8_t request[STUN_REQUEST_LEN];
    struct writer w = writer_of(request, sizeof request);
    start(f, &config);
    const struct udp_config udp = {.receive = on_answer, .owner = &asker};
    assert_int_equal(udp_socket_new(&f->loop, "127.0.0.1", 0, &udp, &asker.udp, &why), NET_OK);
    assert_int_equal(address_parse_ip("127.0.0.1", &server), NET_OK);
    server.port = lab_deployment(f->lab)->stun_ports[1];
    const struct stun_tx bad = {{1}};
    const struct stun_tx good = {{2}};
    stun_request_encode(&w, &bad);
    request[STUN_REQUEST_LEN - 1] ^= 1; /* the fingerprint */
    assert_int_equal(udp_socket_send(asker.udp, &server, writer_done(&w)), NET_OK);
    w = writer_of(request, sizeof request);
    stun_request_encode(&w, &good);
    assert_int_equal(udp_socket_send(asker.udp, &server, writer_done(&w)), NET_OK);
    loop_until_call(&f->loop, is_answered, &asker, "the good request is answered");
    udp_socket_address(asker.udp, &mine);
    assert_int_equal(asker.tx.b[0], 2);
    assert_int_equal(asker.address.port, mine.port);
    assert_int_equal(asker.answers, 1);
    udp_socket_close(asker.udp);
    finish(f);
}

static void test_a_lab_without_stun_has_none(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 0, .no_stun = true};
    start(f, &config);
    assert_int_equal(lab_deployment(f->lab)->stun_ports[0], 0);
    finish(f);
}

static void test_a_lab_that_blocks_direct_connections_has_reachable_agents(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 1, .block_direct = true};
    start(f, &config); /* waits for the agent */
    assert_true(f->ready);
    finish(f);
}

static void test_an_address_in_use_is_told(void **state)
{
    struct fixture *f = *state;
    const struct lab_config config = {.workspaces = 0};
    struct lab_config same = {.workspaces = 1};
    struct lab *second = NULL;
    struct failure why;
    start(f, &config);
    same.port = lab_deployment(f->lab)->port;
    assert_int_equal(lab_new(&f->loop, &same, NULL, NULL, &second, &why), NET_ERR_IO);
    assert_true(why.text[0] != '\0');
    same.workspaces = LAB_WORKSPACES_MAX + 1;
    assert_int_equal(lab_new(&f->loop, &same, NULL, NULL, &second, &why), NET_ERR_USAGE);
    finish(f);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup(test, set_up)
    const struct CMUnitTest tests[] = {
        CASE(test_a_client_gets_a_pong_from_an_agent_over_real_sockets),
        CASE(test_a_relay_that_refuses_the_upgrade_is_reached_by_websocket),
        CASE(test_forced_websockets_serve_agents_and_clients),
        CASE(test_a_delay_in_the_relay_is_seen_twice_in_a_round_trip),
        CASE(test_a_wrong_token_is_refused),
        CASE(test_a_stopped_workspace_is_told_and_its_agent_goes),
        CASE(test_an_agent_that_lost_its_session_comes_back_by_itself),
        CASE(test_a_resumed_session_takes_the_place_of_the_old_one),
        CASE(test_a_dropped_relay_connection_is_made_anew),
        CASE(test_the_relays_health_is_told),
        CASE(test_a_relay_that_drops_everything_lets_no_pong_through),
        CASE(test_a_restarting_relay_makes_clients_wait_and_come_back),
        CASE(test_the_stun_server_answers_good_requests_only),
        CASE(test_a_lab_without_stun_has_none),
        CASE(test_a_lab_that_blocks_direct_connections_has_reachable_agents),
        CASE(test_an_address_in_use_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
