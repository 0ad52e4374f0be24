#include "net/control/yamux_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/vectors.h"

#include <cmocka.h>

enum { START = 1000 };

/* --- bytes that were fed to a genuine server
 * ---------------------------------------------------------- */

static struct bytes raw_bytes(const cJSON *item)
{
    if (cJSON_GetObjectItemCaseSensitive(item, "send") != NULL) {
        return vectors_hex(item, "send");
    }
    struct bytes prefix = vectors_hex(item, "send_prefix");
    struct bytes repeat = vectors_hex(item, "send_repeats");
    size_t count = (size_t)vectors_int(item, "send_repeat_count");
    uint8_t *all = malloc(prefix.len + count);
    memcpy(all, prefix.ptr, prefix.len);
    memset(all + prefix.len, repeat.ptr[0], count);
    struct bytes out = bytes_of(all, prefix.len + count);
    vectors_free(prefix);
    vectors_free(repeat);
    return out;
}

static enum net_err feed(struct yamux_session *session, struct bytes in, size_t step)
{
    enum net_err err = NET_OK;
    for (size_t at = 0; at < in.len && err == NET_OK; at += step) {
        size_t len = in.len - at < step ? in.len - at : step;
        err = yamux_session_input(session, START, bytes_of(in.ptr + at, len));
    }
    return err;
}

static void check_streams(const struct yamux_session *session, const cJSON *item)
{
    const cJSON *stream = NULL;
    cJSON_ArrayForEach(stream, vectors_get(item, "streams"))
    {
        struct bytes want = vectors_hex(stream, "data");
        uint32_t id = (uint32_t)vectors_int(stream, "stream_id");
        assert_true(bytes_equal(yamux_stream_peek(session, id), want));
        vectors_free(want);
    }
}

static void test_a_server_lives_and_dies_as_the_genuine_one(void **state)
{
    (void)state;
    cJSON *root = vectors_load("yamux.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "raw_to_server"))
    {
        struct bytes in = raw_bytes(item);
        bool dead = cJSON_IsTrue(vectors_get(item, "session_dead"));
        for (size_t step = 1; step <= in.len; step = step * 7 + 3) {
            struct yamux_session *session = yamux_session_new(YAMUX_SERVER, START);
            enum net_err err = feed(session, in, step);
            if ((err != NET_OK) != dead) {
                print_error("%s\n", vectors_text(item, "name"));
            }
            assert_int_equal(err != NET_OK, dead);
            if (!dead) {
                check_streams(session, item);
            }
            yamux_session_free(session);
        }
        vectors_free(in);
    }
    cJSON_Delete(root);
}

/* --- two of ours
 * ---------------------------------------------------------------------------------------- */

static void carry(struct yamux_session *from, struct yamux_session *to, size_t step)
{
    while (yamux_session_output(from).len > 0) {
        struct bytes out = yamux_session_output(from);
        size_t len = out.len < step ? out.len : step;
        assert_int_equal(yamux_session_input(to, START, bytes_of(out.ptr, len)), NET_OK);
        yamux_session_sent(from, len);
    }
}

static void test_a_stream_carries_more_than_its_window_both_ways(void **state)
{
    (void)state;
    enum { TOTAL = 1000000 };
    struct yamux_session *client = yamux_session_new(YAMUX_CLIENT, START);
    struct yamux_session *server = yamux_session_new(YAMUX_SERVER, START);
    struct yamux_event event;
    uint32_t id = 0;
    uint8_t *data = malloc(TOTAL);
    for (size_t i = 0; i < TOTAL; i++) {
        data[i] = (uint8_t)(i * 7);
    }
    assert_int_equal(yamux_stream_open(client, START, &id), NET_OK);
    assert_int_equal(id, 1);
    assert_int_equal(yamux_stream_write(client, id, bytes_of(data, TOTAL)), NET_OK);
    carry(client, server, 1000);
    assert_true(yamux_session_event(server, &event));
    assert_int_equal(event.kind, YAMUX_EVENT_ACCEPTED);
    assert_int_equal(yamux_stream_peek(server, id).len, 256 << 10); /* no more than the window */
    size_t got = 0;
    while (got < TOTAL) {
        struct bytes in = yamux_stream_peek(server, id);
        assert_true(in.len > 0);
        assert_memory_equal(in.ptr, data + got, in.len);
        got += in.len;
        assert_int_equal(yamux_stream_consume(server, id, in.len), NET_OK);
        carry(server, client, 1 << 20);
        carry(client, server, 1 << 20);
    }
    assert_int_equal(yamux_stream_write(server, id, bytes_of(data, 10)), NET_OK);
    carry(server, client, 1);
    assert_int_equal(yamux_stream_peek(client, id).len, 10);
    yamux_session_free(client);
    yamux_session_free(server);
    free(data);
}

static void test_a_stream_is_forgotten_when_both_sides_finished(void **state)
{
    (void)state;
    struct yamux_session *client = yamux_session_new(YAMUX_CLIENT, START);
    struct yamux_session *server = yamux_session_new(YAMUX_SERVER, START);
    for (int round = 0; round < 3 * YAMUX_STREAMS_MAX; round++) { /* places are used again */
        uint32_t id = 0;
        assert_int_equal(yamux_stream_open(client, START, &id), NET_OK);
        assert_int_equal(yamux_stream_write(client, id, bytes_text("hello")), NET_OK);
        carry(client, server, 5);
        assert_int_equal(yamux_stream_write(server, id, bytes_text("not read")), NET_OK);
        yamux_stream_drop(client, id);
        carry(client, server, 5);
        assert_int_equal(yamux_stream_consume(server, id, 5), NET_OK);
        assert_int_equal(yamux_stream_finish(server, id), NET_OK);
        carry(server, client, 5);
        struct yamux_event event;
        while (yamux_session_event(client, &event) || yamux_session_event(server, &event)) {
        }
    }
    yamux_session_free(client);
    yamux_session_free(server);
}

static void test_an_unanswered_ping_ends_the_session(void **state)
{
    (void)state;
    struct yamux_session *session = yamux_session_new(YAMUX_CLIENT, START);
    mono_ns ping = yamux_session_deadline(session);
    assert_int_equal(ping, START + 30 * NS_PER_SEC);
    assert_int_equal(yamux_session_tick(session, ping), NET_OK);
    assert_int_equal(yamux_session_output(session).len, 12);
    mono_ns limit = yamux_session_deadline(session);
    assert_int_equal(limit, ping + 10 * NS_PER_SEC);
    assert_int_equal(yamux_session_tick(session, limit - 1), NET_OK);
    assert_int_equal(yamux_session_tick(session, limit), NET_ERR_TIMEOUT);
    yamux_session_free(session);
}

static void test_an_answered_ping_starts_the_next_wait(void **state)
{
    (void)state;
    struct yamux_session *client = yamux_session_new(YAMUX_CLIENT, START);
    struct yamux_session *server = yamux_session_new(YAMUX_SERVER, START);
    mono_ns ping = yamux_session_deadline(client);
    assert_int_equal(yamux_session_tick(client, ping), NET_OK);
    carry(client, server, 1);
    carry(server, client, 1);
    assert_true(yamux_session_deadline(client) > START + 10 * NS_PER_SEC);
    yamux_session_free(client);
    yamux_session_free(server);
}

static void test_a_stream_that_is_never_acknowledged_ends_the_session(void **state)
{
    (void)state;
    struct yamux_session *session = yamux_session_new(YAMUX_CLIENT, START);
    uint32_t id = 0;
    static const uint8_t pong[] = {0, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1};
    assert_int_equal(yamux_stream_open(session, START, &id), NET_OK);
    mono_ns now = START;
    while (now < START + 75 * NS_PER_SEC) {
        assert_int_equal(yamux_session_tick(session, now), NET_OK);
        now = mono_min(yamux_session_deadline(session), START + 75 * NS_PER_SEC);
        uint8_t answer[12];
        memcpy(answer, pong, sizeof pong);
        for (uint8_t value = 1; value < 4; value++) { /* the pings are answered, the open is not */
            answer[11] = value;
            assert_int_equal(yamux_session_input(session, now - 1, bytes_of(answer, 12)), NET_OK);
        }
    }
    assert_int_equal(yamux_session_tick(session, now), NET_ERR_TIMEOUT);
    yamux_session_free(session);
}

static void test_a_server_may_not_open_streams(void **state)
{
    (void)state;
    static const uint8_t syn[] = {0, 1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0};
    struct yamux_session *client = yamux_session_new(YAMUX_CLIENT, START);
    assert_int_equal(yamux_session_input(client, START, bytes_of(syn, sizeof syn)),
                     NET_ERR_MALFORMED);
    yamux_session_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_server_lives_and_dies_as_the_genuine_one),
        cmocka_unit_test(test_a_stream_carries_more_than_its_window_both_ways),
        cmocka_unit_test(test_a_stream_is_forgotten_when_both_sides_finished),
        cmocka_unit_test(test_an_unanswered_ping_ends_the_session),
        cmocka_unit_test(test_an_answered_ping_starts_the_next_wait),
        cmocka_unit_test(test_a_stream_that_is_never_acknowledged_ends_the_session),
        cmocka_unit_test(test_a_server_may_not_open_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
