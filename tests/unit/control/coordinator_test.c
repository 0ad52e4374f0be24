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
#include "net/wire/drpc.h"
#include "net/wire/yamux.h"
#include "tests/support/vectors.h"

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

/* --- a server whose packets are spelled out
 * --------------------------------------------------------------- */

enum { COORDINATE = 1, MAPS = 3, WORKSPACES = 5, TOKEN = 7 }; /* yamux streams, in our order */

static void put_frame(struct buf *out, enum yamux_type type, uint16_t flags, uint32_t stream,
                      uint32_t length)
{
    uint8_t head[YAMUX_HEADER_LEN];
    struct writer w = writer_of(head, sizeof head);
    struct yamux_header header = {
        .type = type, .flags = flags, .stream_id = stream, .length = length};
    yamux_header_encode(&w, &header);
    assert_int_equal(buf_append(out, writer_done(&w)), NET_OK);
}

/* Gives the client what `packets` holds as data of one stream. */
static enum net_err say(struct pair *pair, mono_ns now, uint32_t stream, struct buf *packets)
{
    struct buf wire;
    buf_init(&wire, 1 << 20);
    put_frame(&wire, YAMUX_DATA, 0, stream, (uint32_t)buf_len(packets));
    assert_int_equal(buf_append(&wire, buf_view(packets)), NET_OK);
    enum net_err err = coordinator_input(pair->client, now, buf_view(&wire));
    buf_clear(&wire);
    buf_clear(packets);
    return err;
}

static enum net_err say_error(struct pair *pair, uint32_t stream, uint64_t code, const char *text)
{
    struct drpc_writer writer = {0};
    struct buf packets;
    buf_init(&packets, 1 << 16);
    assert_int_equal(drpc_write_error(&writer, &packets, code, text), NET_OK);
    return say(pair, START, stream, &packets);
}

static enum net_err say_nothing_but(struct pair *pair, enum yamux_type type, uint16_t flags,
                                    uint32_t stream, uint32_t length)
{
    struct buf wire;
    buf_init(&wire, 1 << 10);
    put_frame(&wire, type, flags, stream, length);
    enum net_err err = coordinator_input(pair->client, START, buf_view(&wire));
    buf_clear(&wire);
    return err;
}

static void test_rpcs_that_an_older_server_lacks_are_told_apart(void **state)
{
    struct pair *pair = *state;
    open_all(pair);
    assert_int_equal(say_error(pair, TOKEN, DRPC_UNIMPLEMENTED, ""), NET_OK);
    assert_int_equal(say_error(pair, WORKSPACES, 0, "protocol error: unknown rpc: \"x\""), NET_OK);
    expect_event(pair, COORDINATOR_NO_RESUME_TOKENS);
    expect_event(pair, COORDINATOR_NO_WORKSPACES);
    assert_false(coordinator_event(pair->client, &pair->event));
    assert_int_equal(coordinator_deadline(pair->client), START + 30 * NS_PER_SEC); /* a ping's */
}

static void test_an_error_without_text_is_still_an_error(void **state)
{
    struct pair *pair = *state;
    open_all(pair);
    assert_int_equal(say_error(pair, WORKSPACES, DRPC_UNIMPLEMENTED, ""), NET_OK);
    expect_event(pair, COORDINATOR_NO_WORKSPACES);
}

/* Answers every ping of the client at once and gives the time at which it writes something else. */
static mono_ns wait_for_words(struct pair *pair)
{
    for (int i = 0; i < 100; i++) {
        mono_ns now = coordinator_deadline(pair->client);
        assert_int_equal(coordinator_tick(pair->client, now), NET_OK);
        struct bytes out = coordinator_output(pair->client);
        if (out.len != YAMUX_HEADER_LEN || out.ptr[1] != YAMUX_PING) {
            return now;
        }
        uint8_t pong[YAMUX_HEADER_LEN];
        memcpy(pong, out.ptr, sizeof pong);
        pong[3] = YAMUX_ACK;
        coordinator_sent(pair->client, out.len);
        assert_int_equal(coordinator_input(pair->client, now, bytes_of(pong, sizeof pong)), NET_OK);
    }
    fail_msg("nothing but pings");
    return 0;
}

static void test_a_token_that_was_refused_is_asked_for_again_later(void **state)
{
    struct pair *pair = *state;
    open_all(pair);
    assert_int_equal(to_client(pair, 100), NET_OK); /* the streams are acknowledged */
    assert_int_equal(say_error(pair, TOKEN, 0, "database is away"), NET_OK);
    assert_false(coordinator_event(pair->client, &pair->event));
    to_server(pair, 100);
    assert_int_equal(to_client(pair, 100), NET_OK); /* both have closed that stream */
    mono_ns again = wait_for_words(pair);
    assert_true(again >= START + 150 * NS_PER_SEC && again <= START + 450 * NS_PER_SEC);
    to_server(pair, 100);
    expect_seen(pair, COORDINATOR_SERVER_TOKEN);
}

static void test_a_server_cannot_make_us_ask_for_tokens_without_pause(void **state)
{
    struct pair *pair = *state;
    struct tailnet_resume_token token = {.token = "a", .refresh_in_ns = 1};
    open_all(pair);
    assert_int_equal(coordinator_server_send_token(pair->server, &token), NET_OK);
    assert_int_equal(to_client(pair, 100), NET_OK);
    expect_event(pair, COORDINATOR_RESUME_TOKEN);
    assert_int_equal(pair->event.token.refresh_in_ns, 1);
    assert_int_equal(coordinator_deadline(pair->client), START + NS_PER_SEC);
}

static void test_the_end_of_another_rpc_ends_the_session(void **state)
{
    struct pair *pair = *state;
    open_all(pair);
    assert_int_equal(say_error(pair, MAPS, 0, "no more \x1b[31mmaps"), NET_ERR_CLOSED);
    expect_event(pair, COORDINATOR_ENDED);
    assert_non_null(strstr(pair->event.text, "no more"));
    assert_null(strchr(pair->event.text, 0x1b));
    assert_int_equal(coordinator_deadline(pair->client), MONO_NEVER);
    assert_int_equal(coordinator_tick(pair->client, START + 1), NET_ERR_CLOSED);
    assert_false(coordinator_event(pair->client, &pair->event)); /* told once */
}

static void test_a_stream_that_is_reset_ends_the_session(void **state)
{
    struct pair *pair = *state;
    open_all(pair);
    assert_int_equal(say_nothing_but(pair, YAMUX_WINDOW_UPDATE, YAMUX_RST, COORDINATE, 0),
                     NET_ERR_CLOSED);
    expect_event(pair, COORDINATOR_ENDED);
}

static void test_a_go_away_in_order_ends_nothing(void **state)
{
    struct pair *pair = *state;
    open_all(pair);
    assert_int_equal(say_nothing_but(pair, YAMUX_GO_AWAY, 0, 0, YAMUX_GO_AWAY_NORMAL), NET_OK);
    assert_false(coordinator_event(pair->client, &pair->event));
    assert_int_equal(coordinator_add_tunnel(pair->client, &(struct uuid){{1}}), NET_OK);
    assert_int_equal(say_nothing_but(pair, YAMUX_GO_AWAY, 0, 0, YAMUX_GO_AWAY_INTERNAL),
                     NET_ERR_CLOSED);
    expect_event(pair, COORDINATOR_ENDED);
}

static void test_a_packet_that_the_protocol_does_not_know_ends_the_session(void **state)
{
    struct pair *pair = *state;
    static const uint8_t invoke[] = {0x03, 1, 1, 1, 'x'};
    struct buf packets;
    open_all(pair);
    buf_init(&packets, 1 << 10);
    assert_int_equal(buf_append(&packets, bytes_of(invoke, sizeof invoke)), NET_OK);
    assert_int_equal(say(pair, START, COORDINATE, &packets), NET_ERR_MALFORMED);
    expect_event(pair, COORDINATOR_ENDED);
}

/* --- much at once
 * ------------------------------------------------------------------------------------------ */

static struct uuid numbered(size_t i)
{
    return (struct uuid){{1, 0, (uint8_t)(i >> 8), (uint8_t)i}};
}

static void test_hundreds_of_tunnels_in_one_read_all_arrive(void **state)
{
    enum { COUNT = 1000 };
    struct pair *pair = *state;
    open_all(pair);
    for (size_t i = 0; i < COUNT; i++) {
        struct uuid agent = numbered(i);
        assert_int_equal(coordinator_add_tunnel(pair->client, &agent), NET_OK);
    }
    assert_int_equal(coordinator_disconnect(pair->client), NET_OK);
    to_server(pair, SIZE_MAX);
    for (size_t i = 0; i < COUNT; i++) {
        struct uuid agent = numbered(i);
        expect_seen(pair, COORDINATOR_SERVER_REQUEST);
        assert_true(uuid_equal(&pair->seen.request.add_tunnel, &agent));
    }
    expect_seen(pair, COORDINATOR_SERVER_REQUEST);
    assert_true(pair->seen.request.disconnect);
    assert_false(coordinator_server_event(pair->server, &pair->seen));
}

static void test_thousands_of_updates_in_one_read_all_arrive_before_the_end(void **state)
{
    enum { COUNT = 3000 };
    struct pair *pair = *state;
    struct tailnet_peer_update update = {.kind = TAILNET_PEER_LOST, .reason = "gone"};
    open_all(pair);
    for (size_t i = 0; i < COUNT; i++) {
        update.id = numbered(i);
        assert_int_equal(coordinator_server_send_update(pair->server, &update), NET_OK);
    }
    assert_int_equal(coordinator_server_end(pair->server, NULL), NET_OK);
    assert_int_equal(to_client(pair, SIZE_MAX), NET_OK); /* the end has not been read yet */
    for (size_t i = 0; i < COUNT; i++) {
        update.id = numbered(i);
        expect_event(pair, COORDINATOR_PEER);
        assert_true(uuid_equal(&pair->event.peer.id, &update.id));
    }
    expect_event(pair, COORDINATOR_ENDED);
    assert_int_equal(coordinator_tick(pair->client, START), NET_ERR_CLOSED);
}

static void test_a_response_with_more_updates_than_can_be_held_ends_the_session(void **state)
{
    struct pair *pair = *state;
    struct tailnet_peer_update *updates = mem_array(2000, sizeof *updates);
    struct drpc_writer writer = {0};
    struct buf message;
    struct buf packets;
    open_all(pair);
    buf_init(&message, 1 << 20);
    buf_init(&packets, 1 << 20);
    assert_int_equal(tailnet_response_encode(&message, updates, 2000, NULL), NET_OK);
    assert_int_equal(drpc_write(&writer, &packets, DRPC_MESSAGE, buf_view(&message)), NET_OK);
    assert_int_equal(say(pair, START, COORDINATE, &packets), NET_ERR_FULL);
    size_t count = 0;
    while (coordinator_event(pair->client, &pair->event)) {
        count++;
    }
    assert_int_equal(pair->event.kind, COORDINATOR_ENDED);
    assert_int_equal(count, 1024 + 1);
    buf_clear(&message);
    free(updates);
}

static void fill_map(struct derp_map *map)
{
    for (int64_t id = 1; id <= DERP_MAP_REGIONS_MAX; id++) {
        struct derp_region *region = derp_map_add_region(map, id);
        assert_non_null(region);
        for (int i = 0; i < DERP_REGION_NODES_MAX; i++) {
            struct derp_node *node = derp_region_add_node(map, region);
            assert_non_null(node);
            memset(node->host_name, 'h', sizeof node->host_name - 1);
            memset(node->cert_name, 'c', sizeof node->cert_name - 1);
        }
    }
}

static void test_a_map_larger_than_the_window_crosses_in_turns(void **state)
{
    struct pair *pair = *state;
    struct derp_map map;
    derp_map_init(&map);
    fill_map(&map);
    open_all(pair);
    assert_int_equal(coordinator_server_send_map(pair->server, &map), NET_OK);
    assert_true(coordinator_server_output(pair->server).len < 300 << 10); /* the window's worth */
    size_t turns = 0;
    while (coordinator_server_output(pair->server).len > 0) {
        assert_int_equal(to_client(pair, 1000), NET_OK);
        to_server(pair, 5);
        turns++;
    }
    assert_true(turns > 5);
    expect_event(pair, COORDINATOR_DERP_MAP);
    assert_true(derp_map_equal(&pair->event.derp_map, &map));
    derp_map_clear(&pair->event.derp_map);
    derp_map_clear(&map);
}

/* --- time
 * ---------------------------------------------------------------------------------------------- */

static void test_both_sides_keep_a_quiet_session_alive(void **state)
{
    struct pair *pair = *state;
    open_all(pair);
    assert_int_equal(to_client(pair, 100), NET_OK);
    mono_ns now = START;
    for (int i = 0; i < 100; i++) {
        now =
            mono_min(coordinator_deadline(pair->client), coordinator_server_deadline(pair->server));
        assert_true(now != MONO_NEVER);
        assert_int_equal(coordinator_tick(pair->client, now), NET_OK);
        assert_int_equal(coordinator_server_tick(pair->server, now), NET_OK);
        struct bytes out = coordinator_output(pair->client);
        assert_int_equal(coordinator_server_input(pair->server, now, out), NET_OK);
        coordinator_sent(pair->client, out.len);
        out = coordinator_server_output(pair->server);
        assert_int_equal(coordinator_input(pair->client, now, out), NET_OK);
        coordinator_server_sent(pair->server, out.len);
        out = coordinator_output(pair->client);
        assert_int_equal(coordinator_server_input(pair->server, now, out), NET_OK);
        coordinator_sent(pair->client, out.len);
    }
    assert_true(now > START + 1000 * NS_PER_SEC);
    assert_false(coordinator_event(pair->client, &pair->event));
}

static void test_a_silent_client_is_noticed(void **state)
{
    struct pair *pair = *state;
    open_all(pair);
    mono_ns ping = coordinator_server_deadline(pair->server);
    assert_int_equal(coordinator_server_tick(pair->server, ping), NET_OK);
    mono_ns limit = coordinator_server_deadline(pair->server);
    assert_int_equal(limit, ping + 10 * NS_PER_SEC);
    assert_int_equal(coordinator_server_tick(pair->server, limit), NET_ERR_TIMEOUT);
    assert_int_equal(coordinator_server_deadline(pair->server), 0); /* to be noticed at once */
}

/* --- recorded calls
 * ------------------------------------------------------------------------------------ */

/* The bytes of a genuine dRPC client on a yamux stream of its own, to our server. */
static void hear_call(struct coordinator_server *server, const cJSON *call, size_t step)
{
    struct bytes drpc = vectors_hex(call, "client_stream");
    struct buf wire;
    buf_init(&wire, 1 << 20);
    put_frame(&wire, YAMUX_WINDOW_UPDATE, YAMUX_SYN, 1, 0);
    put_frame(&wire, YAMUX_DATA, 0, 1, (uint32_t)drpc.len);
    assert_int_equal(buf_append(&wire, drpc), NET_OK);
    put_frame(&wire, YAMUX_WINDOW_UPDATE, YAMUX_FIN, 1, 0);
    struct bytes in = buf_view(&wire);
    for (size_t at = 0; at < in.len; at += step) {
        size_t len = in.len - at < step ? in.len - at : step;
        assert_int_equal(coordinator_server_input(server, START, bytes_of(in.ptr + at, len)),
                         NET_OK);
    }
    buf_clear(&wire);
    vectors_free(drpc);
}

static void expect_coordinate(struct coordinator_server *server,
                              struct coordinator_server_event *event)
{
    static const enum coordinator_server_event_kind kinds[] = {
        COORDINATOR_SERVER_JOINED, COORDINATOR_SERVER_REQUEST, COORDINATOR_SERVER_REQUEST};
    for (size_t i = 0; i < 3; i++) {
        assert_true(coordinator_server_event(server, event));
        assert_int_equal(event->kind, kinds[i]);
        assert_true(i != 1 || event->request.update_self != NULL);
        assert_true(i != 2 || event->request.has_add_tunnel);
    }
    bool more = coordinator_server_event(server, event);
    assert_true(more);
    if (event->kind == COORDINATOR_SERVER_REQUEST) {
        assert_true(event->request.disconnect);
        assert_true(coordinator_server_event(server, event));
    }
    assert_int_equal(event->kind, COORDINATOR_SERVER_LEFT);
    assert_false(coordinator_server_event(server, event));
}

static void test_recorded_clients_are_understood(void **state)
{
    struct pair *pair = *state;
    cJSON *root = vectors_load("drpc.json");
    const cJSON *call = NULL;
    size_t seen = 0;
    cJSON_ArrayForEach(call, vectors_get(root, "calls"))
    {
        bool coordinate = strstr(vectors_text(call, "client_stream"), "436f6f7264696e617465");
        bool two = strncmp(vectors_text(call, "name"), "two ", 4) == 0; /* Coder never does that */
        for (size_t step = 1; step < 2000 && !two; step = step * 9 + 1) {
            struct coordinator_server *server = coordinator_server_new(START);
            hear_call(server, call, step);
            if (coordinate) {
                expect_coordinate(server, &pair->seen);
                seen++;
            }
            coordinator_server_free(server);
        }
    }
    assert_true(seen > 10);
    cJSON_Delete(root);
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
        TEST(test_rpcs_that_an_older_server_lacks_are_told_apart),
        TEST(test_an_error_without_text_is_still_an_error),
        TEST(test_a_token_that_was_refused_is_asked_for_again_later),
        TEST(test_a_server_cannot_make_us_ask_for_tokens_without_pause),
        TEST(test_the_end_of_another_rpc_ends_the_session),
        TEST(test_a_stream_that_is_reset_ends_the_session),
        TEST(test_a_go_away_in_order_ends_nothing),
        TEST(test_a_packet_that_the_protocol_does_not_know_ends_the_session),
        TEST(test_hundreds_of_tunnels_in_one_read_all_arrive),
        TEST(test_thousands_of_updates_in_one_read_all_arrive_before_the_end),
        TEST(test_a_response_with_more_updates_than_can_be_held_ends_the_session),
        TEST(test_a_map_larger_than_the_window_crosses_in_turns),
        TEST(test_both_sides_keep_a_quiet_session_alive),
        TEST(test_a_silent_client_is_noticed),
        TEST(test_recorded_clients_are_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
