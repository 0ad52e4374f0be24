/*
 * The UDP socket on a system that does as the script says: what is rare or never on loopback.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/transport/udp_uv.h"
#include "tests/support/loop_uv.h"

#include <cmocka.h>

enum { WIRE_MAX = 500, SIZE = 100 };

/* The system: what it answers, and what it was given. */
static struct {
    enum net_err segments; /* the answer to a run in one call */
    enum net_err each;     /* the answer to one alone that is longer than `each_max` */
    size_t each_max;
    size_t room; /* so many alone, then NET_ERR_AGAIN */
    unsigned runs, singles;
    size_t wire_count; /* datagrams that went out: first byte and length */
    struct {
        uint8_t mark;
        size_t len;
    } wire[WIRE_MAX];
    size_t arrivals; /* reads to come that find something */
    struct udp_message message;
    uint32_t overflows;
} os;

struct end {
    uv_loop_t loop;
    struct udp_socket *udp;
    size_t got;
    size_t lengths[WIRE_MAX];
    uint8_t firsts[WIRE_MAX];
    size_t drained;
    size_t first_turn;  /* datagrams before it was first drained */
    size_t close_after; /* so many datagrams; 0 = not */
    bool close_when_drained;
    size_t unsent_calls, unsent;
    enum net_err why;
    struct net_address unsent_to;
};

static bool prepare(int fd)
{
    (void)fd;
    return true;
}

static void on_wire(struct bytes datagram)
{
    assert_true(os.wire_count < WIRE_MAX);
    os.wire[os.wire_count].mark = datagram.ptr[0];
    os.wire[os.wire_count++].len = datagram.len;
}

static enum net_err send_segments(int fd, const struct udp_run *run)
{
    (void)fd;
    os.runs++;
    for (size_t i = 0; i < udp_run_count(run) && os.segments == NET_OK; i++) {
        on_wire(udp_run_at(run, i));
    }
    return os.segments;
}

static enum net_err send_each(int fd, const struct udp_run *run, size_t *sent)
{
    (void)fd;
    for (*sent = 0; *sent < udp_run_count(run); ++*sent) {
        struct bytes one = udp_run_at(run, *sent);
        os.singles++;
        if (os.room == 0) {
            return NET_ERR_AGAIN;
        }
        if (one.len > os.each_max) {
            return os.each;
        }
        os.room--;
        on_wire(one);
    }
    return NET_OK;
}

static void receive(int fd, struct udp_arrivals *in)
{
    (void)fd;
    in->count = os.arrivals > 0 ? 1 : 0;
    in->overflows = os.overflows;
    in->more = os.arrivals > 1;
    if (os.arrivals > 0) {
        os.arrivals--;
        in->messages[0] = os.message;
        in->messages[0].data = in->memory;
        for (size_t i = 0; i < os.message.len; i++) {
            in->memory[i] = (uint8_t)i;
        }
    }
}

static void on_datagram(void *owner, mono_ns now, const struct net_address *from, struct span in)
{
    struct end *end = owner;
    assert_true(now > 0);
    assert_true(address_equal(from, &os.message.from));
    assert_true(end->got < WIRE_MAX);
    end->lengths[end->got] = in.len;
    end->firsts[end->got++] = in.len > 0 ? in.ptr[0] : 0;
    memset(in.ptr, 0xff, in.len); /* as it may be */
    if (end->got == end->close_after) {
        udp_socket_close(end->udp);
    }
}

static void on_drained(void *owner)
{
    struct end *end = owner;
    if (end->drained++ == 0) {
        end->first_turn = end->got;
    }
    if (end->close_when_drained) {
        udp_socket_close(end->udp);
    }
}

static void on_unsent(void *owner, const struct net_address *to, enum net_err why, size_t count)
{
    struct end *end = owner;
    end->unsent_calls++;
    end->unsent += count;
    end->why = why;
    end->unsent_to = *to;
}

static const struct net_address peer = {.family = ADDRESS_V4, .ip = {127, 0, 0, 1}, .port = 9};

static int set_up(void **state)
{
    static struct end end;
    static const struct udp_batch script = {.prepare = prepare,
                                            .receive = receive,
                                            .send_segments = send_segments,
                                            .send_each = send_each};
    const struct udp_config config = {.receive = on_datagram,
                                      .drained = on_drained,
                                      .unsent = on_unsent,
                                      .owner = &end,
                                      .batch = &script};
    struct failure why;
    memset(&end, 0, sizeof end);
    memset(&os, 0, sizeof os);
    os.room = WIRE_MAX;
    os.each_max = UDP_DATAGRAM_MAX;
    os.message.from = peer;
    assert_int_equal(uv_loop_init(&end.loop), 0);
    assert_int_equal(udp_socket_new(&end.loop, "127.0.0.1", 0, &config, &end.udp, &why), NET_OK);
    *state = &end;
    return 0;
}

/* Closes the socket unless the test has. */
static void finish(struct end *end, bool close)
{
    if (close) {
        udp_socket_close(end->udp);
    }
    loop_finish(&end->loop);
}

static enum net_err queue(struct end *end, uint8_t mark, size_t len)
{
    uint8_t bytes[(size_t)2 * SIZE];
    memset(bytes, mark, sizeof bytes);
    return udp_socket_queue(end->udp, &peer, bytes_of(bytes, len));
}

static void queue_marks(struct end *end, uint8_t first, uint8_t last, size_t len)
{
    for (uint8_t mark = first; mark <= last; mark++) {
        assert_int_equal(queue(end, mark, len), NET_OK);
    }
}

static void assert_wire_counts_up(void)
{
    for (size_t i = 0; i < os.wire_count; i++) {
        assert_int_equal(os.wire[i].mark, i + 1);
    }
}

/* --- sending -----------------------------------------------------------------------------------
 */

static void test_a_run_is_one_call_and_a_datagram_alone_is_no_run(void **state)
{
    struct end *end = *state;
    queue_marks(end, 1, 5, SIZE);
    queue_marks(end, 6, 6, SIZE - 1);
    assert_int_equal(os.runs, 0);
    assert_int_equal(udp_socket_flush(end->udp), NET_OK);
    assert_int_equal(os.runs, 1);
    queue_marks(end, 7, 7, SIZE);
    assert_int_equal(udp_socket_flush(end->udp), NET_OK);
    assert_int_equal(os.runs, 1);
    assert_int_equal(os.singles, 1);
    assert_int_equal(os.wire_count, 7);
    assert_wire_counts_up();
    finish(end, true);
}

static void test_a_larger_one_or_a_full_run_sends_what_is_there(void **state)
{
    struct end *end = *state;
    queue_marks(end, 1, 3, SIZE);
    queue_marks(end, 4, 4, SIZE + 1);
    assert_int_equal(os.wire_count, 3);
    assert_int_equal(udp_socket_flush(end->udp), NET_OK);
    queue_marks(end, 5, 4 + UDP_RUN_SEGMENTS_MAX, SIZE);
    assert_int_equal(os.wire_count, 4);
    queue_marks(end, 5 + UDP_RUN_SEGMENTS_MAX, 5 + UDP_RUN_SEGMENTS_MAX, SIZE);
    assert_int_equal(os.wire_count, 4 + UDP_RUN_SEGMENTS_MAX);
    loop_turns(&end->loop, 1); /* nobody flushes: the loop does */
    assert_int_equal(os.wire_count, 5 + UDP_RUN_SEGMENTS_MAX);
    assert_wire_counts_up();
    assert_int_equal(udp_socket_lost(end->udp), 0);
    finish(end, true);
}

static void test_where_segments_do_not_work_they_are_not_tried_again(void **state)
{
    struct end *end = *state;
    os.segments = NET_ERR_UNSUPPORTED;
    assert_true(udp_socket_segments(end->udp));
    queue_marks(end, 1, 3, SIZE);
    assert_int_equal(udp_socket_flush(end->udp), NET_OK);
    assert_false(udp_socket_segments(end->udp));
    queue_marks(end, 4, 6, SIZE);
    assert_int_equal(udp_socket_flush(end->udp), NET_OK);
    assert_int_equal(os.runs, 1);
    assert_int_equal(os.wire_count, 6);
    assert_wire_counts_up();
    assert_int_equal(udp_socket_lost(end->udp), 0);
    finish(end, true);
}

/* An older kernel says of a run whose datagrams are too long what it says of a way that cannot. */
static void test_datagrams_too_long_for_the_path_do_not_end_segments(void **state)
{
    struct end *end = *state;
    const enum net_err answers[] = {NET_ERR_UNSUPPORTED, NET_ERR_TOO_BIG};
    for (size_t i = 0; i < 2; i++) {
        os.segments = answers[i];
        os.each = NET_ERR_TOO_BIG;
        os.each_max = SIZE - 1;
        queue_marks(end, 1, 3, SIZE);
        assert_int_equal(udp_socket_flush(end->udp), NET_OK);
        assert_true(udp_socket_segments(end->udp));
        assert_int_equal(end->unsent, 3 * (i + 1));
        assert_int_equal(end->why, NET_ERR_TOO_BIG);
        assert_true(address_equal(&end->unsent_to, &peer));
    }
    queue_marks(end, 1, 1, SIZE);
    assert_int_equal(queue(end, 2, SIZE - 1), NET_OK); /* short enough */
    assert_int_equal(udp_socket_flush(end->udp), NET_OK);
    assert_int_equal(end->unsent, 7);
    assert_int_equal(os.wire_count, 1);
    assert_int_equal(os.wire[0].mark, 2);
    assert_int_equal(udp_socket_lost(end->udp), 7);
    finish(end, true);
}

static void test_a_run_that_nothing_carries_is_given_up_at_once(void **state)
{
    struct end *end = *state;
    const enum net_err answers[] = {NET_ERR_IO, NET_ERR_FULL};
    for (size_t i = 0; i < 2; i++) {
        os.segments = answers[i];
        queue_marks(end, 1, 5, SIZE);
        assert_int_equal(udp_socket_flush(end->udp), NET_OK);
        assert_int_equal(end->unsent_calls, i + 1);
        assert_int_equal(end->unsent, 5 * (i + 1));
        assert_int_equal(end->why, answers[i] == NET_ERR_IO ? NET_ERR_IO : NET_ERR_AGAIN);
    }
    os.each = NET_ERR_IO; /* and one by one */
    os.each_max = 0;
    os.segments = NET_ERR_UNSUPPORTED;
    queue_marks(end, 1, 5, SIZE);
    assert_int_equal(udp_socket_flush(end->udp), NET_OK);
    assert_int_equal(os.singles, 1);
    assert_int_equal(end->unsent, 15);
    assert_int_equal(os.wire_count, 0);
    finish(end, true);
}

static bool is_on_the_wire(void *owner)
{
    const size_t *count = owner;
    return os.wire_count == *count;
}

static void test_without_room_one_batch_waits_and_more_is_lost_and_counted(void **state)
{
    struct end *end = *state;
    size_t all = UDP_RUN_SEGMENTS_MAX;
    os.segments = NET_ERR_AGAIN;
    queue_marks(end, 1, 10, SIZE);
    assert_int_equal(udp_socket_flush(end->udp), NET_ERR_AGAIN);
    assert_int_equal(udp_socket_flush(end->udp), NET_ERR_AGAIN);
    assert_int_equal(os.runs, 1); /* not tried again before there is room */
    queue_marks(end, 11, UDP_RUN_SEGMENTS_MAX, SIZE);
    assert_int_equal(queue(end, 99, SIZE), NET_ERR_AGAIN);
    assert_int_equal(queue(end, 99, (size_t)2 * SIZE), NET_ERR_AGAIN);
    assert_null(udp_socket_reserve(end->udp, &peer, 10));
    assert_int_equal(udp_socket_lost(end->udp), 3);
    assert_int_equal(end->unsent_calls, 0); /* each call said so itself */
    loop_turns(&end->loop, 3);
    assert_int_equal(os.wire_count, 0);
    os.segments = NET_OK;
    loop_until_call(&end->loop, is_on_the_wire, &all, "what waited");
    assert_wire_counts_up();
    queue_marks(end, UDP_RUN_SEGMENTS_MAX + 1, UDP_RUN_SEGMENTS_MAX + 1, SIZE);
    loop_turns(&end->loop, 1);
    assert_int_equal(os.wire_count, UDP_RUN_SEGMENTS_MAX + 1);
    assert_wire_counts_up();
    finish(end, true);
}

static void test_what_went_alone_before_the_room_ended_is_not_sent_twice(void **state)
{
    struct end *end = *state;
    size_t all = 6;
    os.segments = NET_ERR_UNSUPPORTED;
    os.room = 3;
    queue_marks(end, 1, 5, SIZE);
    queue_marks(end, 6, 6, SIZE - 1);
    assert_int_equal(udp_socket_flush(end->udp), NET_ERR_AGAIN);
    assert_int_equal(os.wire_count, 3);
    assert_int_equal(queue(end, 99, SIZE - 1), NET_ERR_AGAIN); /* that run has ended */
    os.room = WIRE_MAX;
    loop_until_call(&end->loop, is_on_the_wire, &all, "the rest");
    assert_wire_counts_up();
    assert_int_equal(os.wire[5].len, SIZE - 1);
    finish(end, true);
}

static void test_a_reserved_place_is_sent_with_what_was_written_there(void **state)
{
    struct end *end = *state;
    uint8_t *first = udp_socket_reserve(end->udp, &peer, (size_t)2 * SIZE);
    assert_non_null(first);
    memset(first, 1, SIZE);
    assert_int_equal(udp_socket_commit(end->udp, SIZE), NET_OK);
    uint8_t *second = udp_socket_reserve(end->udp, &peer, (size_t)2 * SIZE);
    assert_ptr_equal(second, first + SIZE); /* one after the other, for one call */
    assert_int_equal(udp_socket_commit(end->udp, 0), NET_OK); /* nothing after all */
    second = udp_socket_reserve(end->udp, &peer, (size_t)2 * SIZE);
    assert_ptr_equal(second, first + SIZE);
    memset(second, 2, SIZE);
    assert_int_equal(udp_socket_commit(end->udp, SIZE), NET_OK);
    uint8_t *larger = udp_socket_reserve(end->udp, &peer, (size_t)2 * SIZE);
    memset(larger, 3, SIZE + 1);
    assert_int_equal(udp_socket_commit(end->udp, SIZE + 1), NET_OK);
    assert_int_equal(os.wire_count, 2); /* another size: the run went */
    assert_int_equal(udp_socket_flush(end->udp), NET_OK);
    assert_int_equal(os.wire_count, 3);
    assert_int_equal(os.wire[2].len, SIZE + 1);
    assert_wire_counts_up();
    finish(end, true);
}

static void test_a_larger_one_is_lost_if_the_run_before_it_cannot_go(void **state)
{
    struct end *end = *state;
    size_t all = 2;
    os.segments = NET_ERR_AGAIN;
    queue_marks(end, 1, 2, SIZE);
    uint8_t *larger = udp_socket_reserve(end->udp, &peer, (size_t)2 * SIZE);
    memset(larger, 99, SIZE + 1);
    assert_int_equal(udp_socket_commit(end->udp, SIZE + 1), NET_ERR_AGAIN);
    assert_int_equal(udp_socket_lost(end->udp), 1);
    os.segments = NET_OK;
    loop_until_call(&end->loop, is_on_the_wire, &all, "the run");
    assert_wire_counts_up();
    finish(end, true);
}

static void test_what_no_batch_holds_is_refused(void **state)
{
    struct end *end = *state;
    static const uint8_t vast[UDP_DATAGRAM_MAX];
    const struct net_address six = {.family = ADDRESS_V6, .port = 9};
    size_t v4 = UDP_RUN_BYTES_V4_MAX;
    size_t v6 = UDP_RUN_BYTES_V6_MAX;
    assert_int_equal(udp_socket_queue(end->udp, &peer, bytes_of(vast, v4 + 1)), NET_ERR_TOO_BIG);
    assert_int_equal(udp_socket_queue(end->udp, &six, bytes_of(vast, v6 + 1)), NET_ERR_TOO_BIG);
    assert_int_equal(udp_socket_queue(end->udp, &peer, bytes_of(vast, v4)), NET_OK);
    assert_int_equal(udp_socket_queue(end->udp, &six, bytes_of(vast, v6)), NET_OK);
    assert_int_equal(udp_socket_flush(end->udp), NET_OK);
    assert_int_equal(os.wire_count, 2);
    assert_int_equal(os.wire[1].len, v6);
    finish(end, true);
}

/* --- receiving ---------------------------------------------------------------------------------
 */

/* Wakes the socket by a datagram that only the poll sees. */
static void wake(struct end *end)
{
    struct net_address self;
    udp_socket_address(end->udp, &self);
    assert_int_equal(udp_socket_send(end->udp, &self, bytes_text("x")), NET_OK);
}

static bool is_drained(void *owner)
{
    const struct end *end = owner;
    return end->drained > 0;
}

static void test_a_joined_message_is_cut_apart(void **state)
{
    struct end *end = *state;
    const struct {
        size_t len, segment, count, last;
    } cases[] = {
        {10, 4, 3, 2}, {12, 4, 3, 4}, {10, 0, 1, 10}, {10, 10, 1, 10},         {10, 11, 1, 10},
        {1, 1, 1, 1},  {0, 0, 1, 0},  {0, 4, 1, 0},   {65535, 1312, 50, 1247},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        os.message.len = cases[i].len;
        os.message.segment = cases[i].segment;
        os.arrivals = 1;
        end->got = 0;
        end->drained = 0;
        wake(end);
        loop_until_call(&end->loop, is_drained, end, "the message");
        assert_int_equal(end->drained, 1);
        assert_int_equal(end->got, cases[i].count);
        assert_int_equal(end->lengths[end->got - 1], cases[i].last);
        for (size_t at = 0; at + 1 < end->got; at++) {
            assert_int_equal(end->lengths[at], cases[i].segment);
            assert_int_equal(end->firsts[at], (uint8_t)(at * cases[i].segment));
        }
    }
    finish(end, true);
}

static bool has_all(void *owner)
{
    const struct end *end = owner;
    return os.arrivals == 0 && end->got == 400;
}

static void test_a_batch_is_drained_once_and_a_turn_is_bounded(void **state)
{
    struct end *end = *state;
    os.message.len = 120;
    os.message.segment = 1;
    os.arrivals = 1;
    wake(end);
    loop_until_call(&end->loop, is_drained, end, "the batch");
    assert_int_equal(end->drained, 1);
    assert_int_equal(end->first_turn, 120);
    end->got = 0;
    end->drained = 0;
    os.arrivals = 4;
    os.message.len =
        100; /* the third read goes beyond 256; on a slow machine an earlier one is late */
    loop_until_call(&end->loop, has_all, end, "the turns");
    assert_true(end->first_turn <= 300);
    assert_true(end->drained >= 2);
    finish(end, true);
}

static void test_nothing_is_handed_over_after_a_close_in_the_call(void **state)
{
    struct end *end = *state;
    os.message.len = 10;
    os.message.segment = 1;
    os.arrivals = 2;
    end->close_after = 4;
    wake(end);
    (void)uv_run(&end->loop, UV_RUN_DEFAULT); /* ends as the socket is closed */
    assert_int_equal(end->got, 4);
    assert_int_equal(end->drained, 0);
    finish(end, false);
}

static void test_it_may_be_closed_when_a_batch_is_drained(void **state)
{
    struct end *end = *state;
    os.message.len = 3;
    os.message.segment = 1;
    os.arrivals = 1;
    end->close_when_drained = true;
    wake(end);
    (void)uv_run(&end->loop, UV_RUN_DEFAULT);
    assert_int_equal(end->got, 3);
    assert_int_equal(end->drained, 1);
    finish(end, false);
}

static void test_overflows_are_counted_beyond_the_systems_counter(void **state)
{
    struct end *end = *state;
    const uint32_t told[] = {0, 5, UINT32_MAX, 3};
    const uint64_t want[] = {0, 5, UINT32_MAX, UINT64_C(0x100000003)};
    os.message.len = 1;
    for (size_t i = 0; i < 4; i++) {
        os.overflows = told[i];
        os.arrivals = 1;
        end->drained = 0;
        wake(end);
        loop_until_call(&end->loop, is_drained, end, "a datagram");
        assert_true(udp_socket_overflows(end->udp) == want[i]);
    }
    finish(end, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_run_is_one_call_and_a_datagram_alone_is_no_run, set_up),
        cmocka_unit_test_setup(test_a_larger_one_or_a_full_run_sends_what_is_there, set_up),
        cmocka_unit_test_setup(test_where_segments_do_not_work_they_are_not_tried_again, set_up),
        cmocka_unit_test_setup(test_datagrams_too_long_for_the_path_do_not_end_segments, set_up),
        cmocka_unit_test_setup(test_a_run_that_nothing_carries_is_given_up_at_once, set_up),
        cmocka_unit_test_setup(test_without_room_one_batch_waits_and_more_is_lost_and_counted,
                               set_up),
        cmocka_unit_test_setup(test_what_went_alone_before_the_room_ended_is_not_sent_twice,
                               set_up),
        cmocka_unit_test_setup(test_a_reserved_place_is_sent_with_what_was_written_there, set_up),
        cmocka_unit_test_setup(test_a_larger_one_is_lost_if_the_run_before_it_cannot_go, set_up),
        cmocka_unit_test_setup(test_what_no_batch_holds_is_refused, set_up),
        cmocka_unit_test_setup(test_a_joined_message_is_cut_apart, set_up),
        cmocka_unit_test_setup(test_a_batch_is_drained_once_and_a_turn_is_bounded, set_up),
        cmocka_unit_test_setup(test_nothing_is_handed_over_after_a_close_in_the_call, set_up),
        cmocka_unit_test_setup(test_it_may_be_closed_when_a_batch_is_drained, set_up),
        cmocka_unit_test_setup(test_overflows_are_counted_beyond_the_systems_counter, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
