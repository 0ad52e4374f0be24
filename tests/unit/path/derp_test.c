/*
 * Both halves of a DERP connection against the recorded genuine ones, and against each other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/path/derp_client.h"
#include "net/path/derp_server.h"
#include "tests/support/vectors.h"

#include <cmocka.h>

enum { START = 1000, KINDS = 256 };

struct counts {
    size_t of[KINDS];
};

static struct node_private *key_of(const cJSON *object, const char *name)
{
    struct bytes raw = vectors_hex(object, name);
    struct node_private *key = node_private_from(raw.ptr);
    vectors_free(raw);
    return key;
}

/* --- frames
 * -------------------------------------------------------------------------------------------------
 */

static void test_every_recorded_frame_is_read_and_written_back(void **state)
{
    (void)state;
    cJSON *root = vectors_load("derp.json");
    const cJSON *conversation = NULL;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(conversation, vectors_get(root, "conversations"))
    {
        cJSON_ArrayForEach(item, vectors_get(conversation, "frames"))
        {
            struct bytes wire = vectors_hex(item, "frame");
            struct derp_frame frame;
            uint8_t *again = malloc(wire.len);
            struct writer w = writer_of(again, wire.len);
            for (size_t len = 0; len < wire.len; len++) {
                struct reader cut = reader_of(bytes_of(wire.ptr, len));
                assert_int_equal(derp_frame_decode(&cut, DERP_FRAME_MAX, &frame), NET_ERR_AGAIN);
            }
            struct reader in = reader_of(wire);
            assert_int_equal(derp_frame_decode(&in, DERP_FRAME_MAX, &frame), NET_OK);
            assert_int_equal(frame.type, vectors_int(item, "type_number"));
            assert_int_equal(frame.payload.len, vectors_int(item, "length"));
            derp_frame_encode(&w, (enum derp_type)frame.type, frame.payload);
            assert_true(bytes_equal(writer_done(&w), wire));
            free(again);
            vectors_free(wire);
        }
    }
    cJSON_Delete(root);
}

/* --- the client
 * -------------------------------------------------------------------------------------------- */

static enum net_err feed_client(struct derp_client *client, struct bytes in, size_t step,
                                struct counts *seen)
{
    for (size_t at = 0; at < in.len; at += step) {
        struct bytes piece = bytes_of(in.ptr + at, in.len - at < step ? in.len - at : step);
        while (piece.len > 0) {
            struct derp_event event;
            enum net_err err = derp_client_input(client, START, &piece);
            if (err != NET_OK) {
                return err;
            }
            while (derp_client_event(client, &event)) {
                seen->of[event.kind]++;
            }
        }
    }
    return NET_OK;
}

static size_t frames_of(const cJSON *conversation, const char *from, const char *type)
{
    const cJSON *item = NULL;
    size_t count = 0;
    cJSON_ArrayForEach(item, vectors_get(conversation, "frames"))
    {
        count += strcmp(vectors_text(item, "from"), from) == 0 &&
                         strcmp(vectors_text(item, "type"), type) == 0
                     ? 1U
                     : 0U;
    }
    return count;
}

static void test_the_client_understands_a_genuine_server(void **state)
{
    (void)state;
    cJSON *root = vectors_load("derp.json");
    const cJSON *conversation = NULL;
    cJSON_ArrayForEach(conversation, vectors_get(root, "conversations"))
    {
        struct node_private *key = key_of(conversation, "client_private");
        struct bytes stream = vectors_hex(conversation, "server_stream");
        for (size_t step = 1; step <= stream.len; step = step * 3 + 1) {
            struct counts seen = {{0}};
            struct derp_client *client = derp_client_new(key, rng_os(), true, START);
            assert_int_equal(feed_client(client, stream, step, &seen), NET_OK);
            assert_int_equal(seen.of[DERP_EVENT_READY], 1);
            assert_int_equal(seen.of[DERP_EVENT_INFO], 1);
            assert_int_equal(seen.of[DERP_EVENT_PACKET],
                             frames_of(conversation, "server", "recv-packet"));
            assert_int_equal(seen.of[DERP_EVENT_PEER_GONE],
                             frames_of(conversation, "server", "peer-gone"));
            derp_client_free(client);
        }
        for (size_t len = 0; len <= stream.len; len++) { /* a cut is no fault */
            struct counts seen = {{0}};
            struct derp_client *client = derp_client_new(key, rng_os(), true, START);
            assert_int_equal(feed_client(client, bytes_of(stream.ptr, len), len + 1, &seen),
                             NET_OK);
            derp_client_free(client);
        }
        node_private_free(key);
        vectors_free(stream);
    }
    cJSON_Delete(root);
}

/* A client that has read the greeting of the recorded server. */
static struct derp_client *greeted(const cJSON *root, struct node_private **key)
{
    const cJSON *conversation = cJSON_GetArrayItem(vectors_get(root, "conversations"), 0);
    const cJSON *first = cJSON_GetArrayItem(vectors_get(conversation, "frames"), 0);
    struct bytes greeting = vectors_hex(first, "frame");
    struct counts seen = {{0}};
    *key = key_of(conversation, "client_private");
    struct derp_client *client = derp_client_new(*key, rng_os(), false, START);
    assert_int_equal(feed_client(client, greeting, greeting.len, &seen), NET_OK);
    vectors_free(greeting);
    return client;
}

static void
test_odd_frames_end_the_connection_only_where_they_do_for_the_genuine_client(void **state)
{
    (void)state;
    cJSON *root = vectors_load("derp.json");
    const cJSON *item = NULL;
    size_t checked = 0;
    cJSON_ArrayForEach(item, vectors_get(root, "frames_to_client"))
    {
        if (cJSON_GetObjectItemCaseSensitive(item, "frame") == NULL) {
            continue; /* the 64 KiB packet: see below */
        }
        struct node_private *key = NULL;
        struct derp_client *client = greeted(root, &key);
        struct bytes frame = vectors_hex(item, "frame");
        struct counts seen = {{0}};
        bool error = strcmp(vectors_text(item, "result"), "error") == 0;
        enum net_err err = feed_client(client, frame, 1, &seen);
        if ((err != NET_OK) != error) {
            print_error("%s\n", vectors_text(item, "name"));
        }
        assert_int_equal(err != NET_OK, error);
        derp_client_free(client);
        node_private_free(key);
        vectors_free(frame);
        checked++;
    }
    assert_true(checked > 25);
    cJSON_Delete(root);
}

static void test_greetings_are_taken_or_refused_as_by_the_genuine_client(void **state)
{
    (void)state;
    cJSON *root = vectors_load("derp.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "greetings"))
    {
        struct bytes in = vectors_hex(item, "bytes");
        struct node_private *key = node_private_new(rng_os());
        struct derp_client *client = derp_client_new(key, rng_os(), false, START);
        struct counts seen = {{0}};
        (void)feed_client(client, in, 3, &seen);
        assert_int_equal(seen.of[DERP_EVENT_READY], cJSON_IsTrue(vectors_get(item, "accept")));
        derp_client_free(client);
        node_private_free(key);
        vectors_free(in);
    }
    cJSON_Delete(root);
}

/* --- the server
 * -------------------------------------------------------------------------------------------- */

static enum net_err feed_server(struct derp_server *server, struct bytes in, size_t step,
                                struct counts *seen)
{
    for (size_t at = 0; at < in.len; at += step) {
        struct bytes piece = bytes_of(in.ptr + at, in.len - at < step ? in.len - at : step);
        while (piece.len > 0) {
            struct derp_server_event event;
            enum net_err err = derp_server_input(server, START, &piece);
            if (err != NET_OK) {
                return err;
            }
            while (derp_server_event(server, &event)) {
                seen->of[event.kind]++;
            }
        }
    }
    return NET_OK;
}

static void test_the_server_understands_a_genuine_client(void **state)
{
    (void)state;
    cJSON *root = vectors_load("derp.json");
    const cJSON *conversation = NULL;
    struct node_private *key = key_of(root, "server_private");
    cJSON_ArrayForEach(conversation, vectors_get(root, "conversations"))
    {
        struct bytes stream = vectors_hex(conversation, "client_stream");
        for (size_t step = 1; step <= stream.len; step = step * 3 + 1) {
            struct counts seen = {{0}};
            struct derp_server *server = derp_server_new(key, rng_os(), START);
            assert_int_equal(feed_server(server, stream, step, &seen), NET_OK);
            assert_int_equal(seen.of[DERP_SERVER_LOGIN], 1);
            assert_int_equal(seen.of[DERP_SERVER_PACKET],
                             frames_of(conversation, "client", "send-packet"));
            assert_int_equal(seen.of[DERP_SERVER_PREFERRED],
                             frames_of(conversation, "client", "note-preferred"));
            derp_server_free(server);
        }
        vectors_free(stream);
    }
    node_private_free(key);
    cJSON_Delete(root);
}

static void test_violations_end_the_servers_connection(void **state)
{
    (void)state;
    static const uint8_t frames[][8] = {
        {DERP_NOTE_PREFERRED, 0, 0, 0, 2, 1, 1},    /* a length other than 1 */
        {DERP_PING, 0, 0, 0, 2, 1, 1},              /* shorter than 8 */
        {DERP_WATCH_CONNS, 0, 0, 0, 0},             /* mesh peers alone */
        {DERP_SEND_PACKET, 0, 0, 0, 3, 1, 2, 3},    /* no key */
        {DERP_SEND_PACKET, 0xff, 0xff, 0xff, 0xff}, /* too long */
    };
    cJSON *root = vectors_load("derp.json");
    const cJSON *conversation = cJSON_GetArrayItem(vectors_get(root, "conversations"), 0);
    const cJSON *login = cJSON_GetArrayItem(vectors_get(conversation, "frames"), 1);
    struct bytes info = vectors_hex(login, "frame");
    struct node_private *key = key_of(root, "server_private");
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        struct counts seen = {{0}};
        struct derp_server *server = derp_server_new(key, rng_os(), START);
        assert_int_equal(feed_server(server, info, info.len, &seen), NET_OK);
        assert_int_not_equal(feed_server(server, bytes_of(frames[i], 8), 8, &seen), NET_OK);
        derp_server_free(server);
    }
    vectors_free(info);
    node_private_free(key);
    cJSON_Delete(root);
}

/* --- against each other
 * -------------------------------------------------------------------------------------- */

struct pair {
    struct node_private *client_key, *server_key;
    struct derp_client *client;
    struct derp_server *server;
    struct counts at_client, at_server;
};

static int set_up(void **state)
{
    struct pair *pair = calloc(1, sizeof *pair);
    pair->client_key = node_private_new(rng_os());
    pair->server_key = node_private_new(rng_os());
    pair->client = derp_client_new(pair->client_key, rng_os(), true, START);
    pair->server = derp_server_new(pair->server_key, rng_os(), START);
    *state = pair;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *pair = *state;
    derp_client_free(pair->client);
    derp_server_free(pair->server);
    node_private_free(pair->client_key);
    node_private_free(pair->server_key);
    free(pair);
    return 0;
}

static void exchange(struct pair *pair)
{
    while (derp_client_output(pair->client).len > 0 || derp_server_output(pair->server).len > 0) {
        struct bytes out = derp_server_output(pair->server);
        assert_int_equal(feed_client(pair->client, out, 7, &pair->at_client), NET_OK);
        derp_server_sent(pair->server, out.len);
        out = derp_client_output(pair->client);
        assert_int_equal(feed_server(pair->server, out, 7, &pair->at_server), NET_OK);
        derp_client_sent(pair->client, out.len);
    }
}

static void test_they_log_in_and_carry_packets_pings_and_notices(void **state)
{
    struct pair *pair = *state;
    struct node_public peer = {{7}};
    static const uint8_t data[DERP_PING_LEN] = {1};
    assert_int_equal(derp_client_send(pair->client, &peer, bytes_text("early")), NET_ERR_STATE);
    exchange(pair);
    assert_int_equal(pair->at_server.of[DERP_SERVER_LOGIN], 1);
    assert_int_equal(pair->at_server.of[DERP_SERVER_PREFERRED], 1);
    assert_int_equal(pair->at_client.of[DERP_EVENT_INFO], 1);
    assert_int_equal(derp_client_send(pair->client, &peer, bytes_text("hello")), NET_OK);
    assert_int_equal(derp_server_packet(pair->server, &peer, bytes_text("back")), NET_OK);
    assert_int_equal(derp_server_health(pair->server, "unwell"), NET_OK);
    assert_int_equal(derp_server_restarting(pair->server, 10, 20), NET_OK);
    assert_int_equal(derp_server_peer_gone(pair->server, &peer, DERP_GONE_NOT_HERE), NET_OK);
    assert_int_equal(derp_server_ping(pair->server, data), NET_OK);
    derp_client_ping(pair->client, START);
    exchange(pair);
    assert_int_equal(pair->at_server.of[DERP_SERVER_PACKET], 1);
    assert_int_equal(pair->at_client.of[DERP_EVENT_PACKET], 1);
    assert_int_equal(pair->at_client.of[DERP_EVENT_HEALTH], 1);
    assert_int_equal(pair->at_client.of[DERP_EVENT_RESTARTING], 1);
    assert_int_equal(pair->at_client.of[DERP_EVENT_PEER_GONE], 1);
    assert_int_equal(pair->at_client.of[DERP_EVENT_PONG], 1);
}

static void test_silence_ends_the_client_and_a_frame_puts_it_off(void **state)
{
    struct pair *pair = *state;
    assert_int_equal(derp_client_deadline(pair->client), START + 120 * NS_PER_SEC);
    assert_int_equal(derp_client_tick(pair->client, START + 120 * NS_PER_SEC - 1), NET_OK);
    assert_int_equal(derp_client_tick(pair->client, START + 120 * NS_PER_SEC), NET_ERR_TIMEOUT);
}

static void test_a_relay_that_answered_pings_and_says_nothing_to_the_next_is_gone(void **state)
{
    struct pair *pair = *state;
    exchange(pair);
    derp_client_ping(pair->client, START);
    assert_int_equal(derp_client_deadline(pair->client), START + 120 * NS_PER_SEC);
    exchange(pair); /* the first answer: it is one that answers */
    derp_client_ping(pair->client, START);
    derp_client_sent(pair->client, derp_client_output(pair->client).len); /* and lost */
    mono_ns end = START + DERP_UNANSWERED_SECONDS * NS_PER_SEC;
    assert_int_equal(derp_client_deadline(pair->client), end);
    assert_int_equal(derp_client_tick(pair->client, end - 1), NET_OK);
    assert_int_equal(derp_client_tick(pair->client, end), NET_ERR_TIMEOUT);
    /* Any frame shows that the line holds. */
    assert_int_equal(derp_server_health(pair->server, ""), NET_OK);
    exchange(pair);
    assert_int_equal(derp_client_tick(pair->client, end), NET_OK);
}

static void test_a_server_waits_10_seconds_for_a_login_and_keeps_alive_after_it(void **state)
{
    struct pair *pair = *state;
    assert_int_equal(derp_server_tick(pair->server, START + 10 * NS_PER_SEC), NET_ERR_TIMEOUT);
    exchange(pair);
    mono_ns next = derp_server_deadline(pair->server);
    assert_in_range(next, START + 60 * NS_PER_SEC, START + 65 * NS_PER_SEC);
    assert_int_equal(derp_server_tick(pair->server, next), NET_OK);
    assert_int_equal(derp_server_output(pair->server).len, DERP_HEADER_LEN);
}

static void test_a_stuck_socket_costs_packets_and_not_memory(void **state)
{
    struct pair *pair = *state;
    struct node_public peer = {{7}};
    uint8_t *packet = calloc(1, DERP_PACKET_MAX + 1);
    enum net_err err = NET_OK;
    size_t sent = 0;
    exchange(pair);
    assert_int_equal(derp_client_send(pair->client, &peer, bytes_of(packet, DERP_PACKET_MAX + 1)),
                     NET_ERR_TOO_BIG);
    while (err == NET_OK && sent < 1000) {
        err = derp_client_send(pair->client, &peer, bytes_of(packet, DERP_PACKET_MAX));
        sent++;
    }
    assert_int_equal(err, NET_ERR_FULL);
    assert_true(derp_client_output(pair->client).len <= DERP_QUEUE_MAX);
    free(packet);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_recorded_frame_is_read_and_written_back),
        cmocka_unit_test(test_the_client_understands_a_genuine_server),
        cmocka_unit_test(
            test_odd_frames_end_the_connection_only_where_they_do_for_the_genuine_client),
        cmocka_unit_test(test_greetings_are_taken_or_refused_as_by_the_genuine_client),
        cmocka_unit_test(test_the_server_understands_a_genuine_client),
        cmocka_unit_test(test_violations_end_the_servers_connection),
        TEST(test_they_log_in_and_carry_packets_pings_and_notices),
        TEST(test_silence_ends_the_client_and_a_frame_puts_it_off),
        TEST(test_a_relay_that_answered_pings_and_says_nothing_to_the_next_is_gone),
        TEST(test_a_server_waits_10_seconds_for_a_login_and_keeps_alive_after_it),
        TEST(test_a_stuck_socket_costs_packets_and_not_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
