/*
 * Connections between two hosts, over good and bad ways, on simulated time.
 */
#include "net/tunnel/stack_tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/tunnel/slab.h"
#include "tests/support/tcp_world.h"

#include <cmocka.h>

enum { PORT = 3, PATTERN = 251 * 8192 };

static const size_t mb = 1000000;

/* One end of a connection, which sends `to_send` bytes of the pattern and then a FIN. */
struct end {
    struct world *w;
    struct tcp_conn *conn; /* NULL: gone */
    bool opened, ended, failed, copies, aborts_on_data, aborts_on_ack, closes_on_end;
    enum net_err why;
    size_t to_send, sent, received, acked;
    bool wrong; /* other bytes than the pattern came */
};

struct world {
    struct tcp_world *net;
    struct tcp_listener *listener;
    struct end client, server;
    bool refuses;
    uint8_t pattern[PATTERN];
};

static void send_more(struct end *end)
{
    while (end->conn != NULL && end->sent < end->to_send) {
        size_t at = end->sent % PATTERN;
        size_t len =
            end->to_send - end->sent < PATTERN - at ? end->to_send - end->sent : PATTERN - at;
        struct bytes piece = bytes_of(end->w->pattern + at, len);
        mono_ns now = tcp_world_now(end->w->net);
        size_t taken = end->copies ? tcp_conn_write(end->conn, now, piece)
                                   : tcp_conn_write_lasting(end->conn, now, piece);
        end->sent += taken;
        if (taken == 0) {
            return;
        }
    }
    if (end->conn != NULL && end->to_send > 0) {
        tcp_conn_finish(end->conn, tcp_world_now(end->w->net));
    }
}

static void on_opened(void *owner, struct tcp_conn *conn)
{
    struct end *end = owner;
    (void)conn;
    end->opened = true;
    send_more(end);
}

static void on_received(void *owner, struct tcp_conn *conn, struct bytes data)
{
    struct end *end = owner;
    for (size_t i = 0; i < data.len;) {
        size_t at = (end->received + i) % PATTERN;
        size_t len = data.len - i < PATTERN - at ? data.len - i : PATTERN - at;
        end->wrong = end->wrong || memcmp(data.ptr + i, end->w->pattern + at, len) != 0;
        i += len;
    }
    end->received += data.len;
    if (end->aborts_on_data) {
        end->conn = NULL;
        tcp_conn_abort(conn, tcp_world_now(end->w->net));
    }
}

static void on_ended(void *owner, struct tcp_conn *conn)
{
    struct end *end = owner;
    end->ended = true;
    if (end->closes_on_end) {
        end->conn = NULL;
        tcp_conn_close(conn, tcp_world_now(end->w->net));
    } else if (end->to_send > 0 && end->sent == end->to_send) {
        end->conn = NULL; /* both have ended: it goes by itself */
    }
}

static void on_acked(void *owner, struct tcp_conn *conn, size_t count)
{
    struct end *end = owner;
    end->acked += count;
    if (end->aborts_on_ack && end->received > 0) {
        end->conn = NULL;
        tcp_conn_abort(conn, tcp_world_now(end->w->net));
        return;
    }
    send_more(end);
}

static void on_failed(void *owner, struct tcp_conn *conn, enum net_err why)
{
    struct end *end = owner;
    (void)conn;
    end->conn = NULL;
    end->failed = true;
    end->why = why;
}

static const struct tcp_handlers handlers = {.opened = on_opened,
                                             .received = on_received,
                                             .ended = on_ended,
                                             .acked = on_acked,
                                             .failed = on_failed};

static void on_accept(void *owner, struct tcp_conn *conn)
{
    struct world *w = owner;
    if (w->refuses) {
        tcp_conn_abort(conn, tcp_world_now(w->net));
        return;
    }
    w->server.conn = conn;
    w->server.opened = true;
    tcp_conn_attach(conn, &handlers, &w->server);
    send_more(&w->server);
}

static struct world *world_new(uint64_t seed, const struct tcp_way *way)
{
    struct world *w = mem_new(sizeof *w);
    w->net = tcp_world_new(seed, way);
    w->client.w = w;
    w->server.w = w;
    w->client.closes_on_end = true;
    w->server.closes_on_end = true;
    for (size_t i = 0; i < PATTERN; i++) {
        w->pattern[i] = (uint8_t)(i % 251 ^ i / 251);
    }
    w->listener = tcp_serve(tcp_world_stack(w->net, 1), PORT, on_accept, w);
    assert_non_null(w->listener);
    return w;
}

static void world_free(struct world *w)
{
    tcp_world_free(w->net);
    free(w);
}

static void open_client(struct world *w, uint16_t port)
{
    w->client.conn = tcp_open(tcp_world_stack(w->net, 0), tcp_world_now(w->net),
                              tcp_world_address(1), port, &handlers, &w->client);
    assert_non_null(w->client.conn);
}

static bool all_arrived(void *owner)
{
    const struct world *w = owner;
    return (w->client.failed || w->server.received == w->client.to_send) &&
           w->client.received == w->server.to_send && w->client.acked == w->client.to_send &&
           (w->client.to_send == 0 || w->server.ended) &&
           (w->server.to_send == 0 || w->client.ended);
}

static mono_ns after(const struct world *w, uint64_t ns)
{
    return mono_after(tcp_world_now(w->net), ns);
}

/* How long it took, in milliseconds. */
static uint64_t carry(struct world *w, size_t up, size_t down, uint64_t limit_s)
{
    mono_ns began = tcp_world_now(w->net);
    w->client.to_send = up;
    w->server.to_send = down;
    open_client(w, PORT);
    bool done = tcp_world_run(w->net, mono_after(began, limit_s * NS_PER_SEC), all_arrived, w);
    if (!done || w->client.wrong || w->server.wrong) {
        print_message("up %zu of %zu acked %zu, down %zu of %zu, lost %llu, again %llu\n",
                      w->server.received, up, w->client.acked, w->client.received, down,
                      (unsigned long long)tcp_world_lost(w->net),
                      (unsigned long long)tcp_retransmits());
    }
    assert_true(done);
    assert_false(w->client.wrong || w->server.wrong);
    return (tcp_world_now(w->net) - began) / NS_PER_MS;
}

static const struct tcp_way quick = {.delay_ns = NS_PER_MS / 10};

static void test_bytes_go_up_and_come_down(void **state)
{
    (void)state;
    for (int copies = 0; copies < 2; copies++) {
        struct world *w = world_new(1, &quick);
        w->client.copies = copies == 1;
        (void)carry(w, 2 * mb, 0, 10);
        world_free(w);
        w = world_new(1, &quick);
        w->server.copies = copies == 1;
        (void)carry(w, 0, 2 * mb, 10);
        world_free(w);
    }
}

static void test_both_directions_at_once(void **state)
{
    struct world *w = world_new(2, &quick);
    (void)state;
    w->client.closes_on_end = false;
    w->server.closes_on_end = false;
    (void)carry(w, mb, 2 * mb, 10);
    world_free(w);
}

/* 500 Mbit/s over 100 ms: what is under way is 6 MB, and the window must not be what limits. */
static void test_a_long_fat_way_is_filled(void **state)
{
    const struct tcp_way way = {.delay_ns = 50 * NS_PER_MS,
                                .bits_per_s = 500 * UINT64_C(1000000),
                                .queue_ns = 200 * NS_PER_MS};
    struct world *w = world_new(3, &way);
    (void)state;
    uint64_t took = carry(w, 0, 50 * mb, 60);
    print_message("50 MB at 500 Mbit/s over 100 ms: %llu ms\n", (unsigned long long)took);
    /* 0.8 s at full rate. lwIP's sender has 4 MiB under way at most: 336 Mbit/s, 1.2 s, and a ramp.
     */
    assert_true(took < 3000);
    world_free(w);
}

static void test_lost_and_disordered_packets_are_made_up_for(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        const struct tcp_way way = {.delay_ns = 5 * NS_PER_MS,
                                    .jitter_ns = seed % 3 * NS_PER_MS,
                                    .bits_per_s = 200 * UINT64_C(1000000),
                                    .queue_ns = 20 * NS_PER_MS,
                                    .lost_permille = (unsigned)(seed % 4) * 10,
                                    .twice_permille = (unsigned)(seed % 2) * 20};
        struct world *w = world_new(seed, &way);
        uint64_t took = seed % 2 == 0 ? carry(w, 2 * mb, 0, 600) : carry(w, 0, 2 * mb, 600);
        print_message("seed %llu: 2 MB in %llu ms\n", (unsigned long long)seed,
                      (unsigned long long)took);
        world_free(w);
    }
}

static void test_a_third_of_all_packets_lost_is_slow_and_not_wrong(void **state)
{
    const struct tcp_way way = {.delay_ns = 5 * NS_PER_MS, .lost_permille = 300};
    struct world *w = world_new(5, &way);
    (void)state;
    (void)carry(w, 50000, 0, 3600);
    world_free(w);
}

/* A queue that overflows loses many packets of one window; they are repaired without a time-out for
 * each. */
static void test_a_burst_of_losses_is_no_standstill(void **state)
{
    const struct tcp_way way = {.delay_ns = 2 * NS_PER_MS,
                                .bits_per_s = 100 * UINT64_C(1000000),
                                .queue_ns = 10 * NS_PER_MS};
    struct world *w = world_new(6, &way);
    (void)state;
    uint64_t took = carry(w, 10 * mb, 0, 60);
    print_message("10 MB at 100 Mbit/s: %llu ms, lost %llu\n", (unsigned long long)took,
                  (unsigned long long)tcp_world_lost(w->net));
    assert_true(took < 4000); /* 0.9 s at full rate */
    world_free(w);
}

/* The same over a longer way, on which one segment a round trip would take for ever. */
static void test_a_burst_of_losses_on_a_long_way_is_repaired_in_a_few_round_trips(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed += 2) {
        const struct tcp_way way = {.delay_ns = 20 * NS_PER_MS,
                                    .bits_per_s = 300 * UINT64_C(1000000),
                                    .queue_ns = seed * 5 * NS_PER_MS};
        struct world *w = world_new(seed, &way);
        uint64_t took = carry(w, 10 * mb, 0, 60);
        print_message("10 MB at 300 Mbit/s over 40 ms, queue %llu ms: %llu ms, lost %llu\n",
                      (unsigned long long)(way.queue_ns / NS_PER_MS), (unsigned long long)took,
                      (unsigned long long)tcp_world_lost(w->net));
        assert_true(took < 4000); /* 0.3 s at full rate */
        world_free(w);
    }
}

static bool client_failed(void *owner)
{
    const struct world *w = owner;
    return w->client.failed;
}

static void test_a_port_that_nobody_serves_refuses(void **state)
{
    struct world *w = world_new(7, &quick);
    (void)state;
    open_client(w, PORT + 1);
    assert_true(tcp_world_run(w->net, after(w, 60 * NS_PER_SEC), client_failed, w));
    assert_int_equal(w->client.why, NET_ERR_CLOSED);
    assert_false(w->client.opened);
    world_free(w);
}

static void test_a_host_that_does_not_answer_times_out(void **state)
{
    const struct tcp_way way = {.lost_permille = 1000};
    struct world *w = world_new(8, &way);
    (void)state;
    open_client(w, PORT);
    assert_true(tcp_world_run(w->net, after(w, 600 * NS_PER_SEC), client_failed, w));
    assert_int_equal(w->client.why, NET_ERR_TIMEOUT);
    world_free(w);
}

static void test_a_way_that_is_cut_in_the_middle_times_out(void **state)
{
    const struct tcp_way cut = {.lost_permille = 1000};
    struct world *w = world_new(9, &quick);
    (void)state;
    w->client.to_send = 400 * mb;
    open_client(w, PORT);
    assert_false(tcp_world_run(w->net, after(w, 20 * NS_PER_MS), client_failed, w));
    assert_true(w->server.received > 0);
    tcp_world_set_way(w->net, &cut);
    assert_true(tcp_world_run(w->net, after(w, 3600 * NS_PER_SEC), client_failed, w));
    assert_int_equal(w->client.why, NET_ERR_TIMEOUT);
    world_free(w);
}

static void test_a_peer_that_resets_in_the_middle_is_told(void **state)
{
    struct world *w = world_new(10, &quick);
    (void)state;
    w->server.aborts_on_data = true;
    w->client.to_send = mb;
    open_client(w, PORT);
    assert_true(tcp_world_run(w->net, after(w, 60 * NS_PER_SEC), client_failed, w));
    assert_int_equal(w->client.why, NET_ERR_CLOSED);
    assert_null(w->server.conn);
    world_free(w);
}

static bool server_failed(void *owner)
{
    const struct world *w = owner;
    return w->server.failed;
}

/* The acknowledgement that makes us reset it comes with data, which must not be lost by lwIP (the
 * sanitizers look on) nor be told. */
static void test_a_reset_on_an_acknowledgement_that_brings_data(void **state)
{
    struct world *w = world_new(16, &quick);
    (void)state;
    w->client.aborts_on_ack = true;
    w->client.to_send = mb;
    w->server.to_send = mb;
    open_client(w, PORT);
    assert_true(tcp_world_run(w->net, after(w, 60 * NS_PER_SEC), server_failed, w));
    assert_int_equal(w->server.why, NET_ERR_CLOSED);
    assert_null(w->client.conn);
    world_free(w);
}

static void test_a_connection_that_is_refused_when_it_comes_is_reset(void **state)
{
    struct world *w = world_new(11, &quick);
    (void)state;
    w->refuses = true;
    open_client(w, PORT);
    assert_true(tcp_world_run(w->net, after(w, 60 * NS_PER_SEC), client_failed, w));
    assert_int_equal(w->client.why, NET_ERR_CLOSED);
    world_free(w);
}

static bool has_begun(void *owner)
{
    const struct world *w = owner;
    return w->server.received + w->client.received > 8 * mb;
}

/* Under way, a transfer asks the system for no memory: what is freed serves again. */
static void test_a_transfer_under_way_allocates_nothing(void **state)
{
    (void)state;
    for (int up = 0; up < 2; up++) {
        struct world *w = world_new(15, &quick);
        w->client.to_send = up == 1 ? 20 * mb : 0;
        w->server.to_send = up == 1 ? 0 : 20 * mb;
        open_client(w, PORT);
        assert_true(tcp_world_run(w->net, after(w, 600 * NS_PER_SEC), has_begun, w));
        uint64_t asked = slab_use().asked;
        assert_true(tcp_world_run(w->net, after(w, 600 * NS_PER_SEC), all_arrived, w));
        /* The window still widens a little; there are 10,000 segments to go. */
        assert_in_range(slab_use().asked - asked, 0, 100);
        world_free(w);
    }
}

static bool never(void *owner)
{
    (void)owner;
    return false;
}

/* The timer stops when the last connection is gone: an idle program sleeps. */
static void test_nothing_ticks_after_the_end(void **state)
{
    struct world *w = world_new(12, &quick);
    (void)state;
    (void)carry(w, 10000, 10000, 10);
    assert_true(stack_deadline() != MONO_NEVER);
    (void)tcp_world_run(w->net, mono_after(tcp_world_now(w->net), 60 * NS_PER_SEC), never, NULL);
    assert_true(stack_deadline() == MONO_NEVER);
    world_free(w);
}

static void test_what_is_open_goes_with_the_stack(void **state)
{
    struct world *w = world_new(13, &quick);
    (void)state;
    w->client.to_send = 50 * mb;
    open_client(w, PORT);
    (void)tcp_world_run(w->net, after(w, NS_PER_SEC + 5 * NS_PER_MS), client_failed, w);
    assert_true(w->server.received > 0);
    world_free(w); /* the sanitizers look on */
}

static void test_a_port_is_served_once(void **state)
{
    struct world *w = world_new(14, &quick);
    (void)state;
    assert_null(tcp_serve(tcp_world_stack(w->net, 1), PORT, on_accept, w));
    tcp_listener_close(w->listener);
    w->listener = tcp_serve(tcp_world_stack(w->net, 1), PORT, on_accept, w);
    assert_non_null(w->listener);
    (void)carry(w, 1000, 0, 10);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_go_up_and_come_down),
        cmocka_unit_test(test_both_directions_at_once),
        cmocka_unit_test(test_a_long_fat_way_is_filled),
        cmocka_unit_test(test_lost_and_disordered_packets_are_made_up_for),
        cmocka_unit_test(test_a_third_of_all_packets_lost_is_slow_and_not_wrong),
        cmocka_unit_test(test_a_burst_of_losses_is_no_standstill),
        cmocka_unit_test(test_a_burst_of_losses_on_a_long_way_is_repaired_in_a_few_round_trips),
        cmocka_unit_test(test_a_port_that_nobody_serves_refuses),
        cmocka_unit_test(test_a_host_that_does_not_answer_times_out),
        cmocka_unit_test(test_a_way_that_is_cut_in_the_middle_times_out),
        cmocka_unit_test(test_a_peer_that_resets_in_the_middle_is_told),
        cmocka_unit_test(test_a_reset_on_an_acknowledgement_that_brings_data),
        cmocka_unit_test(test_a_connection_that_is_refused_when_it_comes_is_reset),
        cmocka_unit_test(test_a_transfer_under_way_allocates_nothing),
        cmocka_unit_test(test_nothing_ticks_after_the_end),
        cmocka_unit_test(test_what_is_open_goes_with_the_stack),
        cmocka_unit_test(test_a_port_is_served_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
