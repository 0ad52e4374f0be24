#include "net/control/yamux_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/buf.h"
#include "net/wire/yamux.h"
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
    static const uint8_t pong[] = {0, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0};
    assert_int_equal(yamux_stream_open(session, START, &id), NET_OK);
    mono_ns now = START;
    while (now < START + 75 * NS_PER_SEC) {
        assert_int_equal(yamux_session_tick(session, now), NET_OK);
        now = mono_min(yamux_session_deadline(session), START + 75 * NS_PER_SEC);
        uint8_t answer[12];
        memcpy(answer, pong, sizeof pong);
        for (uint8_t value = 0; value < 4; value++) { /* the pings are answered, the open is not */
            answer[11] = value;
            assert_int_equal(yamux_session_input(session, now - 1, bytes_of(answer, 12)), NET_OK);
        }
    }
    assert_int_equal(yamux_session_tick(session, now), NET_ERR_TIMEOUT);
    yamux_session_free(session);
}

/* --- recorded conversations, with one side played by ours
 * -------------------------------------------------------- */

/* One side's frames as it wrote them; neighbouring data of one stream counts as one frame. */
struct written {
    struct frame {
        struct yamux_header head;
        struct bytes payload; /* view */
    } frames[64];
    size_t count;
};

static void add_frame(struct written *all, const struct yamux_header *head, struct bytes payload)
{
    struct frame *last = all->count == 0 ? NULL : &all->frames[all->count - 1];
    bool data = head->type == YAMUX_DATA && head->flags == 0;
    if (data && last != NULL && last->head.type == YAMUX_DATA && last->head.flags == 0 &&
        last->head.stream_id == head->stream_id) {
        last->head.length += head->length; /* contents are compared as far as the first frame */
        return;
    }
    assert_true(all->count < sizeof all->frames / sizeof *all->frames);
    all->frames[all->count++] = (struct frame){.head = *head, .payload = payload};
}

static void split_frames(struct bytes in, struct written *all)
{
    struct reader at = reader_of(in);
    struct yamux_header head;
    while (reader_left(&at) > 0) {
        assert_int_equal(yamux_header_decode(&at, &head), NET_OK);
        struct bytes payload = reader_take(&at, head.type == YAMUX_DATA ? head.length : 0);
        assert_false(at.failed);
        add_frame(all, &head, payload);
    }
}

struct player {
    struct yamux_session *session;
    mono_ns now;
    struct buf ours; /* all that our side wrote */
    struct buf want; /* all that the genuine side wrote in its place */
};

static struct bytes frame_bytes(const cJSON *item)
{
    if (cJSON_GetObjectItemCaseSensitive(item, "frame") != NULL) {
        return vectors_hex(item, "frame");
    }
    struct bytes head = vectors_hex(item, "header");
    struct bytes repeat = vectors_hex(item, "payload_repeats");
    size_t len = (size_t)vectors_int(item, "length");
    uint8_t *all = malloc(head.len + len);
    memcpy(all, head.ptr, head.len);
    memset(all + head.len, repeat.ptr[0], len);
    vectors_free(head);
    vectors_free(repeat);
    return bytes_of(all, head.len + len);
}

static void collect_output(struct player *player)
{
    struct bytes out = yamux_session_output(player->session);
    assert_int_equal(buf_append(&player->ours, out), NET_OK);
    yamux_session_sent(player->session, out.len);
}

/* What arrived is read at once, as the genuine side did. */
static void hear(struct player *player, struct bytes in)
{
    struct yamux_event event;
    assert_int_equal(yamux_session_input(player->session, player->now, in), NET_OK);
    while (yamux_session_event(player->session, &event)) {
        size_t len = yamux_stream_peek(player->session, event.stream).len;
        if (len > 0) {
            assert_int_equal(yamux_stream_consume(player->session, event.stream, len), NET_OK);
        }
    }
    collect_output(player);
}

/* Answers a ping that was written; true if the frame is one. */
static bool answer_ping(struct player *player, const struct yamux_header *head)
{
    uint8_t pong[YAMUX_HEADER_LEN];
    struct writer w = writer_of(pong, sizeof pong);
    struct yamux_header answer = *head;
    if (head->type != YAMUX_PING) {
        return false;
    }
    answer.flags = YAMUX_ACK;
    yamux_header_encode(&w, &answer);
    assert_int_equal(yamux_session_input(player->session, player->now, writer_done(&w)), NET_OK);
    return true;
}

/* One turn at the next deadline; pings are answered and left out of the record. False if there was
 * nothing but pings. */
static bool next_turn(struct player *player)
{
    struct written turn = {.count = 0};
    bool others = false;
    player->now = yamux_session_deadline(player->session);
    assert_int_equal(yamux_session_tick(player->session, player->now), NET_OK);
    split_frames(yamux_session_output(player->session), &turn);
    for (size_t i = 0; i < turn.count; i++) {
        if (!answer_ping(player, &turn.frames[i].head)) {
            struct bytes out = yamux_session_output(player->session);
            assert_int_equal(buf_append(&player->ours,
                                        bytes_of(out.ptr + i * YAMUX_HEADER_LEN, YAMUX_HEADER_LEN)),
                             NET_OK);
            others = true;
        }
    }
    yamux_session_sent(player->session, yamux_session_output(player->session).len);
    return others;
}

static void wait_for_other_than_pings(struct player *player)
{
    for (int i = 0; i < 100; i++) {
        if (next_turn(player)) {
            return;
        }
    }
    fail_msg("nothing but pings");
}

/* Does what made the genuine side write this frame; answers come by themselves. */
static void act(struct player *player, const struct yamux_header *head, struct bytes payload)
{
    uint32_t id = 0;
    if (head->type == YAMUX_GO_AWAY) {
        assert_int_equal(yamux_session_go_away(player->session), NET_OK);
    } else if (head->type == YAMUX_PING && (head->flags & YAMUX_SYN) != 0) {
        player->now = yamux_session_deadline(player->session);
        assert_int_equal(yamux_session_tick(player->session, player->now), NET_OK);
    } else if (head->type == YAMUX_DATA) {
        assert_int_equal(yamux_stream_write(player->session, head->stream_id, payload), NET_OK);
    } else if ((head->flags & YAMUX_SYN) != 0) {
        assert_int_equal(yamux_stream_open(player->session, player->now, &id), NET_OK);
        assert_int_equal(id, head->stream_id);
    } else if ((head->flags & YAMUX_FIN) != 0) {
        assert_int_equal(yamux_stream_finish(player->session, head->stream_id), NET_OK);
    } else if ((head->flags & YAMUX_RST) != 0) {
        wait_for_other_than_pings(player);
    }
    collect_output(player);
}

static void play_frame(struct player *player, const cJSON *item, const char *role)
{
    struct bytes wire = frame_bytes(item);
    struct reader at = reader_of(wire);
    struct yamux_header head;
    if (strcmp(vectors_text(item, "from"), role) != 0) {
        hear(player, wire);
    } else {
        assert_int_equal(buf_append(&player->want, wire), NET_OK);
        assert_int_equal(yamux_header_decode(&at, &head), NET_OK);
        act(player, &head, reader_take(&at, reader_left(&at)));
    }
    vectors_free(wire);
}

static void compare(const struct player *player, const char *name)
{
    struct written ours = {.count = 0};
    struct written want = {.count = 0};
    split_frames(buf_view(&player->ours), &ours);
    split_frames(buf_view(&player->want), &want);
    if (ours.count != want.count) {
        print_error("%s\n", name);
    }
    assert_int_equal(ours.count, want.count);
    for (size_t i = 0; i < ours.count; i++) {
        const struct frame *a = &ours.frames[i];
        const struct frame *b = &want.frames[i];
        assert_int_equal(a->head.type, b->head.type);
        assert_int_equal(a->head.flags, b->head.flags);
        assert_int_equal(a->head.stream_id, b->head.stream_id);
        bool counts = a->head.type == YAMUX_PING && (a->head.flags & YAMUX_SYN) != 0;
        assert_true(counts || a->head.length == b->head.length); /* it may have pinged before */
        assert_memory_equal(a->payload.ptr, b->payload.ptr, a->payload.len);
    }
}

static void play(const cJSON *recorded, enum yamux_role role)
{
    const char *side = role == YAMUX_CLIENT ? "client" : "server";
    struct player player = {.session = yamux_session_new(role, START), .now = START};
    const cJSON *item = NULL;
    buf_init(&player.ours, 1 << 20);
    buf_init(&player.want, 1 << 20);
    cJSON_ArrayForEach(item, vectors_get(recorded, "frames"))
    {
        play_frame(&player, item, side);
    }
    compare(&player, vectors_text(recorded, "name"));
    buf_clear(&player.ours);
    buf_clear(&player.want);
    yamux_session_free(player.session);
}

static void test_either_side_writes_what_the_genuine_one_wrote(void **state)
{
    (void)state;
    cJSON *root = vectors_load("yamux.json");
    const cJSON *recorded = NULL;
    size_t played = 0;
    cJSON_ArrayForEach(recorded, vectors_get(root, "sessions"))
    {
        play(recorded, YAMUX_CLIENT);
        played++;
        /* Our backlog is larger than the one stream of that recording. */
        if (strcmp(vectors_text(recorded, "name"), "reset by a full backlog") != 0) {
            play(recorded, YAMUX_SERVER);
            played++;
        }
    }
    assert_true(played >= 9);
    cJSON_Delete(root);
}

/* --- ends
 * ---------------------------------------------------------------------------------------------- */

static void expect(struct yamux_session *session, enum yamux_event_kind kind, uint32_t stream)
{
    struct yamux_event event = {0};
    assert_true(yamux_session_event(session, &event));
    assert_int_equal(event.kind, kind);
    assert_int_equal(event.stream, stream);
}

static void test_a_reset_stream_is_gone_on_both_sides(void **state)
{
    (void)state;
    struct yamux_session *client = yamux_session_new(YAMUX_CLIENT, START);
    struct yamux_session *server = yamux_session_new(YAMUX_SERVER, START);
    uint32_t id = 0;
    assert_int_equal(yamux_stream_open(client, START, &id), NET_OK);
    assert_int_equal(yamux_stream_write(client, id, bytes_text("lost")), NET_OK);
    carry(client, server, 1);
    assert_int_equal(yamux_stream_reset(server, id), NET_OK);
    carry(server, client, 1);
    expect(client, YAMUX_EVENT_RESET, id);
    assert_int_equal(yamux_stream_write(client, id, bytes_text("more")), NET_ERR_STATE);
    assert_int_equal(yamux_stream_write(server, id, bytes_text("more")), NET_ERR_STATE);
    assert_int_equal(yamux_stream_open(client, START, &id), NET_OK); /* the session lives */
    carry(client, server, 1);
    yamux_session_free(client);
    yamux_session_free(server);
}

static void test_after_a_go_away_old_streams_go_on_and_new_ones_are_refused(void **state)
{
    (void)state;
    struct yamux_session *client = yamux_session_new(YAMUX_CLIENT, START);
    struct yamux_session *server = yamux_session_new(YAMUX_SERVER, START);
    uint32_t id = 0;
    uint32_t late = 0;
    assert_int_equal(yamux_stream_open(client, START, &id), NET_OK);
    carry(client, server, 1);
    assert_int_equal(yamux_session_go_away(server), NET_OK);
    assert_int_equal(yamux_stream_open(client, START, &late), NET_OK); /* it does not know yet */
    carry(client, server, 1);
    carry(server, client, 1);
    expect(client, YAMUX_EVENT_GO_AWAY, 0);
    expect(client, YAMUX_EVENT_RESET, late);
    assert_int_equal(yamux_stream_open(client, START, &late), NET_ERR_STATE);
    assert_int_equal(yamux_stream_write(client, id, bytes_text("still here")), NET_OK);
    carry(client, server, 1);
    assert_int_equal(yamux_stream_peek(server, id).len, 10);
    yamux_session_free(client);
    yamux_session_free(server);
}

static void test_streams_beyond_the_limit_are_reset(void **state)
{
    (void)state;
    struct yamux_session *server = yamux_session_new(YAMUX_SERVER, START);
    struct written answers = {.count = 0};
    for (uint32_t id = 1; id <= 2 * YAMUX_STREAMS_MAX + 1; id += 2) {
        uint8_t syn[] = {0, 1, 0, 1, 0, 0, 0, (uint8_t)id, 0, 0, 0, 0};
        yamux_session_sent(server, yamux_session_output(server).len);
        assert_int_equal(yamux_session_input(server, START, bytes_of(syn, sizeof syn)), NET_OK);
    }
    split_frames(yamux_session_output(server), &answers);
    assert_int_equal(answers.count, 1);
    assert_int_equal(answers.frames[0].head.flags, YAMUX_RST);
    assert_int_equal(answers.frames[0].head.stream_id, 2 * YAMUX_STREAMS_MAX + 1);
    yamux_session_free(server);
}

static void test_a_fin_without_an_ack_is_a_sign_of_life(void **state)
{
    (void)state;
    static const uint8_t fin[] = {0, 1, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0};
    struct yamux_session *client = yamux_session_new(YAMUX_CLIENT, START);
    uint32_t id = 0;
    assert_int_equal(yamux_stream_open(client, START, &id), NET_OK);
    assert_int_equal(yamux_session_input(client, START, bytes_of(fin, sizeof fin)), NET_OK);
    expect(client, YAMUX_EVENT_FIN, id);
    struct player player = {.session = client, .now = START};
    yamux_session_sent(client, yamux_session_output(client).len);
    for (int i = 0; i < 10; i++) { /* five minutes */
        assert_false(next_turn(&player));
    }
    yamux_session_free(client);
}

static void test_more_than_a_stream_may_queue_is_refused_and_harms_nothing(void **state)
{
    (void)state;
    struct yamux_session *client = yamux_session_new(YAMUX_CLIENT, START);
    struct yamux_session *server = yamux_session_new(YAMUX_SERVER, START);
    uint8_t *data = calloc(1, YAMUX_SEND_MAX + 1);
    uint32_t id = 0;
    assert_int_equal(yamux_stream_open(client, START, &id), NET_OK);
    assert_int_equal(yamux_stream_write(client, id, bytes_of(data, YAMUX_SEND_MAX + 1)),
                     NET_ERR_FULL);
    assert_int_equal(yamux_stream_write(client, id, bytes_text("small")), NET_OK);
    carry(client, server, 1000);
    assert_int_equal(yamux_stream_peek(server, id).len, 5);
    free(data);
    yamux_session_free(client);
    yamux_session_free(server);
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
        cmocka_unit_test(test_either_side_writes_what_the_genuine_one_wrote),
        cmocka_unit_test(test_a_reset_stream_is_gone_on_both_sides),
        cmocka_unit_test(test_after_a_go_away_old_streams_go_on_and_new_ones_are_refused),
        cmocka_unit_test(test_streams_beyond_the_limit_are_reset),
        cmocka_unit_test(test_a_fin_without_an_ack_is_a_sign_of_life),
        cmocka_unit_test(test_more_than_a_stream_may_queue_is_refused_and_harms_nothing),
        cmocka_unit_test(test_a_server_may_not_open_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
