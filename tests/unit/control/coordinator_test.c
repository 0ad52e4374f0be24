/*
 * The client's half of a coordinator session against the server's half, in memory.
 */
#include "net/control/coordinator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/control/coordinator_server.h"

#include <cmocka.h>

enum { START = 1000 };

struct pair {
    struct coordinator *client;
    struct coordinator_server *server;
    struct coordinator_event event;
    struct coordinator_server_event seen;
};

static int set_up(void **state)
{
    struct pair *pair = mem_new(sizeof *pair);
    struct coordinator_config config = {.rng = rng_os(), .workspace_updates = true};
    pair->client = coordinator_new(&config, START);
    pair->server = coordinator_server_new(START);
    *state = pair;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *pair = *state;
    coordinator_free(pair->client);
    coordinator_server_free(pair->server);
    free(pair);
    return 0;
}

static void to_server(struct pair *pair, size_t step)
{
    while (coordinator_output(pair->client).len > 0) {
        struct bytes out = coordinator_output(pair->client);
        size_t len = out.len < step ? out.len : step;
        assert_int_equal(coordinator_server_input(pair->server, START, bytes_of(out.ptr, len)),
                         NET_OK);
        coordinator_sent(pair->client, len);
    }
}

static enum net_err to_client(struct pair *pair, size_t step)
{
    enum net_err err = NET_OK;
    while (err == NET_OK && coordinator_server_output(pair->server).len > 0) {
        struct bytes out = coordinator_server_output(pair->server);
        size_t len = out.len < step ? out.len : step;
        err = coordinator_input(pair->client, START, bytes_of(out.ptr, len));
        coordinator_server_sent(pair->server, len);
    }
    return err;
}

static void expect_seen(struct pair *pair, enum coordinator_server_event_kind kind)
{
    assert_true(coordinator_server_event(pair->server, &pair->seen));
    assert_int_equal(pair->seen.kind, kind);
}

static void expect_event(struct pair *pair, enum coordinator_event_kind kind)
{
    assert_true(coordinator_event(pair->client, &pair->event));
    assert_int_equal(pair->event.kind, kind);
}

static void open_all(struct pair *pair)
{
    to_server(pair, 1); /* byte by byte */
    expect_seen(pair, COORDINATOR_SERVER_JOINED);
    expect_seen(pair, COORDINATOR_SERVER_MAPS);
    expect_seen(pair, COORDINATOR_SERVER_WORKSPACES);
    expect_seen(pair, COORDINATOR_SERVER_TOKEN);
    assert_false(coordinator_server_event(pair->server, &pair->seen));
}

static void test_the_four_rpcs_are_opened_in_order(void **state)
{
    open_all(*state);
}

static void test_what_we_say_arrives(void **state)
{
    struct pair *pair = *state;
    struct tailnet_node node = {.id = 42, .preferred_derp = 999, .address_count = 1};
    struct uuid agent = {{1, 2, 3}};
    tailnet_address_historic(&agent, &node.addresses[0]);
    node.key.b[0] = 9;
    node.disco.b[0] = 8;
    open_all(pair);
    assert_int_equal(coordinator_update_self(pair->client, &node), NET_OK);
    assert_int_equal(coordinator_add_tunnel(pair->client, &agent), NET_OK);
    assert_int_equal(coordinator_remove_tunnel(pair->client, &agent), NET_OK);
    assert_int_equal(coordinator_disconnect(pair->client), NET_OK);
    to_server(pair, 3);
    expect_seen(pair, COORDINATOR_SERVER_REQUEST);
    assert_non_null(pair->seen.request.update_self);
    assert_int_equal(pair->seen.request.update_self->id, 42);
    assert_int_equal(pair->seen.request.update_self->key.b[0], 9);
    assert_int_equal(pair->seen.request.update_self->address_count, 1);
    expect_seen(pair, COORDINATOR_SERVER_REQUEST);
    assert_true(pair->seen.request.has_add_tunnel);
    assert_true(uuid_equal(&pair->seen.request.add_tunnel, &agent));
    expect_seen(pair, COORDINATOR_SERVER_REQUEST);
    assert_true(pair->seen.request.has_remove_tunnel);
    expect_seen(pair, COORDINATOR_SERVER_REQUEST);
    assert_true(pair->seen.request.disconnect);
}

static void test_updates_maps_lists_and_tokens_arrive(void **state)
{
    struct pair *pair = *state;
    struct tailnet_peer_update update = {.kind = TAILNET_PEER_READY_FOR_HANDSHAKE};
    struct tailnet_resume_token token = {.token = "secret", .refresh_in_ns = 60 * 1000000000LL};
    struct tailnet_workspace workspace = {.name = "dev", .status = TAILNET_WORKSPACE_RUNNING};
    struct tailnet_workspaces list = {.upserted_workspace_count = 1,
                                      .upserted_workspaces = &workspace};
    struct derp_map map;
    derp_map_init(&map);
    assert_non_null(derp_map_add_region(&map, 999));
    open_all(pair);
    assert_int_equal(coordinator_server_send_update(pair->server, &update), NET_OK);
    assert_int_equal(coordinator_server_send_map(pair->server, &map), NET_OK);
    assert_int_equal(coordinator_server_send_workspaces(pair->server, &list), NET_OK);
    assert_int_equal(coordinator_server_send_token(pair->server, &token), NET_OK);
    assert_int_equal(to_client(pair, 1), NET_OK);
    expect_event(pair, COORDINATOR_PEER);
    assert_int_equal(pair->event.peer.kind, TAILNET_PEER_READY_FOR_HANDSHAKE);
    expect_event(pair, COORDINATOR_DERP_MAP);
    assert_true(derp_map_equal(&pair->event.derp_map, &map));
    derp_map_clear(&pair->event.derp_map);
    expect_event(pair, COORDINATOR_WORKSPACES);
    assert_string_equal(pair->event.workspaces.upserted_workspaces[0].name, "dev");
    tailnet_workspaces_clear(&pair->event.workspaces);
    expect_event(pair, COORDINATOR_RESUME_TOKEN);
    assert_string_equal(pair->event.token.token, "secret");
    assert_false(coordinator_event(pair->client, &pair->event));
    derp_map_clear(&map);
}

static void test_a_token_is_asked_for_again_when_it_is_due(void **state)
{
    struct pair *pair = *state;
    struct tailnet_resume_token token = {.token = "a", .refresh_in_ns = 5 * 1000000000LL};
    open_all(pair);
    assert_int_equal(coordinator_server_send_token(pair->server, &token), NET_OK);
    assert_int_equal(to_client(pair, 100), NET_OK);
    assert_int_equal(coordinator_deadline(pair->client), START + 5 * NS_PER_SEC);
    assert_int_equal(coordinator_tick(pair->client, START + 5 * NS_PER_SEC), NET_OK);
    to_server(pair, 100);
    expect_seen(pair, COORDINATOR_SERVER_TOKEN);
}

static void test_a_server_without_workspace_updates_is_tolerated(void **state)
{
    struct pair *pair = *state;
    open_all(pair);
    assert_int_equal(coordinator_server_refuse_workspaces(pair->server, "not allowed"), NET_OK);
    assert_int_equal(to_client(pair, 7), NET_OK);
    expect_event(pair, COORDINATOR_NO_WORKSPACES);
    assert_false(coordinator_event(pair->client, &pair->event));
}

static void test_the_servers_error_ends_the_session_with_its_text(void **state)
{
    struct pair *pair = *state;
    open_all(pair);
    assert_int_equal(
        coordinator_server_send_error(pair->server, "peer ID overwritten by new connection"),
        NET_OK);
    assert_int_not_equal(to_client(pair, 1), NET_OK);
    expect_event(pair, COORDINATOR_ENDED);
    assert_true(pair->event.peer_id_overwritten);
    assert_non_null(strstr(pair->event.text, "overwritten"));
    assert_int_not_equal(coordinator_add_tunnel(pair->client, &(struct uuid){{1}}), NET_OK);
}

static void test_the_end_of_the_coordinate_rpc_ends_the_session(void **state)
{
    struct pair *pair = *state;
    open_all(pair);
    assert_int_equal(coordinator_server_end(pair->server, NULL), NET_OK);
    assert_int_not_equal(to_client(pair, 1), NET_OK);
    expect_event(pair, COORDINATOR_ENDED);
    assert_false(pair->event.peer_id_overwritten);
}

static void test_garbage_ends_the_session_and_nothing_else(void **state)
{
    struct pair *pair = *state;
    static const uint8_t garbage[] = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};
    assert_int_equal(coordinator_input(pair->client, START, bytes_of(garbage, sizeof garbage)),
                     NET_ERR_MALFORMED);
    expect_event(pair, COORDINATOR_ENDED);
    assert_int_equal(
        coordinator_server_input(pair->server, START, bytes_of(garbage, sizeof garbage)),
        NET_ERR_MALFORMED);
}

static void test_a_silent_server_is_noticed(void **state)
{
    struct pair *pair = *state;
    mono_ns ping = coordinator_deadline(pair->client);
    assert_int_equal(coordinator_tick(pair->client, ping), NET_OK);
    assert_int_equal(coordinator_tick(pair->client, coordinator_deadline(pair->client)),
                     NET_ERR_TIMEOUT);
    expect_event(pair, COORDINATOR_ENDED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_four_rpcs_are_opened_in_order),
        TEST(test_what_we_say_arrives),
        TEST(test_updates_maps_lists_and_tokens_arrive),
        TEST(test_a_token_is_asked_for_again_when_it_is_due),
        TEST(test_a_server_without_workspace_updates_is_tolerated),
        TEST(test_the_servers_error_ends_the_session_with_its_text),
        TEST(test_the_end_of_the_coordinate_rpc_ends_the_session),
        TEST(test_garbage_ends_the_session_and_nothing_else),
        TEST(test_a_silent_server_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
