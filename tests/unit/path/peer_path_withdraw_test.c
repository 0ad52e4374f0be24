/*
 * What a path machine lets go, and what it must not: addresses that the peer takes back, direct
 * connections disabled and allowed again, probes in flight meanwhile, paths left and found again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/path/peer_path.h"
#include "tests/support/path_rig.h"

#include <cmocka.h>

enum { TIMEOUT_MS = 2000 };

#define A "203.0.113.7:1000"
#define B "203.0.113.8:2000"
#define C "203.0.113.9:3000"

static int set_up(void **state)
{
    struct path_rig *rig = calloc(1, sizeof *rig);
    path_rig_open(rig, 11, TIMEOUT_MS * NS_PER_MS);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    path_rig_close(*state);
    free(*state);
    return 0;
}

static void answer(struct path_rig *rig, const char *address, uint64_t after_ms)
{
    const struct rig_packet *found = path_rig_find(rig, DISCO_PING, address);
    assert_non_null(found);
    struct rig_packet ping = *found;
    rig->now += after_ms * NS_PER_MS;
    assert_int_equal(path_rig_pong(rig, &ping), NET_OK);
    path_rig_pump(rig);
}

static uint64_t beat(struct path_rig *rig)
{
    uint64_t seq = peer_path_beat(rig->path, rig->now);
    path_rig_pump(rig);
    return seq;
}

/* Direct over A, which took 10 ms to answer and is older than the trust window. */
static void settle_on_a(struct path_rig *rig, const char *endpoints)
{
    path_rig_tell_node(rig, endpoints);
    (void)beat(rig);
    answer(rig, A, 10);
    for (int i = 0; i < 8; i++) {
        (void)beat(rig);
        answer(rig, A, 10);
        path_rig_wait_ms(rig, 990);
    }
    assert_true(path_rig_is_direct(rig, A));
}

/* --- what the peer takes back ------------------------------------------------------------------
 */

static void test_what_a_call_leaves_out_goes_although_it_pinged_us(void **state)
{
    struct path_rig *rig = *state;
    path_rig_tell_node(rig, "");
    assert_int_equal(path_rig_call(rig, "203.0.113.7:1000 203.0.113.8:2000"), NET_OK);
    path_rig_pump(rig);
    answer(rig, A, 10);
    assert_int_equal(path_rig_ping_from(rig, A, 1), NET_OK);
    assert_int_equal(path_rig_ping_from(rig, B, 2), NET_OK);
    path_rig_wait_answering_ms(rig, 1000, A);
    assert_true(path_rig_is_direct(rig, A));
    assert_int_equal(path_rig_call(rig, B), NET_OK);
    path_rig_pump(rig);
    const struct path_event *change = path_rig_event(rig, PATH_EVENT_CHANGED);
    assert_non_null(change);
    assert_int_equal(change->reason, PATH_WITHDRAWN);
    assert_false(path_rig_has_candidate(rig, A));
    assert_true(path_rig_has_candidate(rig, B));
    struct path_route routes[2];
    assert_int_equal(peer_path_routes(rig->path, rig->now, routes), 1);
    assert_false(routes[0].direct); /* not both ways: the peer does not want it there */
}

static void test_an_empty_call_takes_back_all_that_is_known(void **state)
{
    struct path_rig *rig = *state;
    path_rig_tell_node(rig, "");
    assert_int_equal(path_rig_call(rig, "203.0.113.7:1000 203.0.113.8:2000"), NET_OK);
    assert_int_equal(path_rig_ping_from(rig, A, 1), NET_OK);
    assert_int_equal(path_rig_ping_from(rig, C, 2), NET_OK);
    path_rig_pump(rig);
    answer(rig, A, 10);
    rig->now += NS_PER_SEC;
    assert_int_equal(path_rig_call(rig, ""), NET_OK);
    path_rig_pump(rig);
    assert_false(path_rig_status(rig).now.direct);
    assert_false(path_rig_status(rig).stale);
    assert_false(path_rig_has_candidate(rig, A));
    assert_false(path_rig_has_candidate(rig, B));
    assert_false(path_rig_has_candidate(rig, C));            /* nor is it to be found there */
    assert_int_equal(path_rig_ping_from(rig, A, 3), NET_OK); /* it may name itself anew */
    assert_true(path_rig_has_candidate(rig, A));
}

static void test_what_a_node_update_leaves_out_goes_unless_it_pings_us(void **state)
{
    struct path_rig *rig = *state;
    settle_on_a(rig, "203.0.113.7:1000 203.0.113.8:2000");
    assert_int_equal(path_rig_ping_from(rig, B, 2), NET_OK);
    path_rig_tell_node(rig, C);
    path_rig_pump(rig);
    const struct path_event *change = path_rig_event(rig, PATH_EVENT_CHANGED);
    assert_non_null(change);
    assert_int_equal(change->reason, PATH_WITHDRAWN);
    assert_false(path_rig_has_candidate(rig, A));
    assert_true(path_rig_has_candidate(rig, B));
    assert_true(path_rig_has_candidate(rig, C));
}

static void test_a_withdrawn_address_gets_no_probe_that_was_still_queued(void **state)
{
    struct path_rig *rig = *state;
    path_rig_tell_node(rig, A);
    assert_int_equal(path_rig_call(rig, A), NET_OK); /* queues a probe; nothing is sent yet */
    path_rig_tell_node(rig, "");
    assert_int_equal(path_rig_call(rig, ""), NET_OK);
    path_rig_pump(rig);
    assert_int_equal(path_rig_sent_directly(rig), 0);
}

static void test_an_answer_over_a_withdrawn_path_still_completes_its_beat(void **state)
{
    struct path_rig *rig = *state;
    settle_on_a(rig, A);
    uint64_t seq = beat(rig);
    struct rig_packet ping = *path_rig_find(rig, DISCO_PING, A);
    path_rig_tell_node(rig, "");
    rig->now += 10 * NS_PER_MS;
    assert_int_equal(path_rig_pong(rig, &ping), NET_OK);
    path_rig_pump(rig);
    const struct path_event *event = path_rig_event(rig, PATH_EVENT_PONG);
    assert_non_null(event); /* it was answered: loss would be a lie */
    assert_int_equal(event->seq, seq);
    assert_false(path_rig_status(rig).now.direct); /* but the address is not taken up again */
    assert_false(path_rig_has_candidate(rig, A));
}

/* An agent that sends nothing pings nobody; the address that it once pinged from still answers. */
static void test_a_learned_path_that_answers_is_kept_after_the_pings_have_ceased(void **state)
{
    struct path_rig *rig = *state;
    path_rig_tell_node(rig, "");
    assert_int_equal(path_rig_ping_from(rig, A, 1), NET_OK);
    path_rig_pump(rig);
    answer(rig, A, 20);
    for (int i = 0; i < 200; i++) {
        (void)beat(rig);
        answer(rig, A, 20);
        path_rig_wait_ms(rig, 980);
        assert_true(path_rig_is_direct(rig, A));
    }
    for (int i = 0; i < 60; i++) { /* now it is silent, too */
        (void)beat(rig);
        path_rig_wait_ms(rig, 1000);
    }
    assert_false(path_rig_has_candidate(rig, A));
}

/* --- what is ours ------------------------------------------------------------------------------
 */

static void test_an_address_that_turns_out_to_be_ours_is_not_probed_any_more(void **state)
{
    struct path_rig *rig = *state;
    struct net_address own = rig_address(A);
    path_rig_tell_node(rig, "203.0.113.7:1000 203.0.113.8:2000");
    path_rig_pump(rig);
    peer_path_set_own(rig->path, rig->now, &own, 1);
    path_rig_wait_ms(rig, 10000);
    assert_null(path_rig_find(rig, DISCO_PING, A));
    assert_non_null(path_rig_find(rig, DISCO_PING, B));
}

/* --- direct connections disabled ---------------------------------------------------------------
 */

static void test_nothing_queued_goes_over_udp_once_that_is_disabled(void **state)
{
    struct path_rig *rig = *state;
    path_rig_tell_node(rig, "203.0.113.7:1000 203.0.113.8:2000");
    assert_int_equal(path_rig_ping_from(rig, C, 1), NET_OK); /* a pong is owed, and a probe */
    assert_int_equal(path_rig_call(rig, A), NET_OK);
    assert_int_equal(path_rig_ping_from(rig, NULL, 2), NET_OK);
    peer_path_block(rig->path, rig->now, true);
    path_rig_pump(rig);
    assert_int_equal(path_rig_sent_directly(rig), 0);
    assert_non_null(path_rig_find(rig, DISCO_PONG, NULL)); /* the relay is not disabled */
}

static void test_a_beat_in_flight_when_direct_is_disabled_asks_the_relay(void **state)
{
    struct path_rig *rig = *state;
    settle_on_a(rig, A);
    uint64_t seq = beat(rig);
    struct rig_packet direct = *path_rig_find(rig, DISCO_PING, A);
    peer_path_block(rig->path, rig->now, true);
    path_rig_pump(rig);
    assert_int_equal(path_rig_pong(rig, &direct), NET_ERR_STATE);
    answer(rig, NULL, 30);
    const struct path_event *event = path_rig_event(rig, PATH_EVENT_PONG);
    assert_non_null(event);
    assert_int_equal(event->seq, seq);
    assert_false(event->route.direct);
    path_rig_wait_ms(rig, 2ULL * TIMEOUT_MS);
    assert_null(path_rig_event(rig, PATH_EVENT_LOST));
}

static void test_allowed_again_the_nodes_endpoints_are_probed(void **state)
{
    struct path_rig *rig = *state;
    settle_on_a(rig, A);
    peer_path_block(rig->path, rig->now, true);
    path_rig_pump(rig);
    assert_int_equal(peer_path_candidates(rig->path)->count, 0);
    path_rig_tell_node(rig, "203.0.113.8:2000 203.0.113.9:3000"); /* while it is disabled */
    path_rig_pump(rig);
    assert_int_equal(peer_path_candidates(rig->path)->count, 0);
    peer_path_block(rig->path, rig->now, false);
    path_rig_pump(rig);
    assert_int_equal(peer_path_candidates(rig->path)->count, 2);
    assert_null(path_rig_find(rig, DISCO_PING, A));
    assert_non_null(path_rig_find(rig, DISCO_PING, B));
    answer(rig, C, 10);
    assert_true(path_rig_is_direct(rig, C));
}

static void test_a_peer_that_is_gone_leaves_no_endpoints_behind(void **state)
{
    struct path_rig *rig = *state;
    path_rig_tell_node(rig, A);
    peer_path_block(rig->path, rig->now, true);
    peer_path_clear_peer(rig->path, rig->now);
    peer_path_block(rig->path, rig->now, false);
    path_rig_restart_peer(rig);
    path_rig_tell_node(rig, B);
    path_rig_pump(rig);
    assert_false(path_rig_has_candidate(rig, A));
    assert_true(path_rig_has_candidate(rig, B));
}

/* --- left and found again ----------------------------------------------------------------------
 */

/* A path that was let go for its silence, and not for a better one, may be taken up at once. */
static void test_a_path_that_was_silent_is_taken_up_again_when_it_is_better(void **state)
{
    struct path_rig *rig = *state;
    settle_on_a(rig, "203.0.113.7:1000 203.0.113.8:2000");
    for (int i = 0; i < 4; i++) {
        (void)beat(rig);
        path_rig_wait_ms(rig, 1000);
    }
    assert_true(path_rig_status(rig).stale);
    peer_path_poke(rig->path, rig->now);
    path_rig_pump(rig);
    answer(rig, B, 80); /* A's were lost */
    assert_true(path_rig_is_direct(rig, B));
    assert_int_equal(path_rig_call(rig, "203.0.113.7:1000 203.0.113.8:2000"), NET_OK);
    path_rig_pump(rig);
    answer(rig, A, 10);
    assert_true(path_rig_is_direct(rig, A));
    const struct path_event *change = path_rig_event(rig, PATH_EVENT_CHANGED);
    assert_non_null(change);
    assert_int_equal(change->reason, PATH_BETTER);
}

static void test_a_packet_stamped_before_the_last_timer_brings_no_trust_back(void **state)
{
    struct path_rig *rig = *state;
    settle_on_a(rig, A);
    while (path_rig_status(rig).now.direct) {
        (void)beat(rig);
        path_rig_wait_ms(rig, 250);
    }
    rig->now -= 200 * NS_PER_US; /* it lay in the socket while the timer was served */
    assert_int_equal(path_rig_call(rig, A), NET_OK);
    rig->now += 200 * NS_PER_US;
    path_rig_pump(rig);
    assert_null(path_rig_event(rig, PATH_EVENT_CHANGED));
    assert_true(path_rig_status(rig).stale);
}

static void test_trust_that_ran_out_unseen_is_put_down_to_silence(void **state)
{
    struct path_rig *rig = *state;
    settle_on_a(rig, A);
    rig->now += 3600 * NS_PER_SEC; /* the node comes first after a long sleep */
    path_rig_tell_node(rig, B);
    path_rig_pump(rig);
    const struct path_event *change = path_rig_event(rig, PATH_EVENT_CHANGED);
    assert_non_null(change);
    assert_int_equal(change->reason, PATH_SILENT);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_what_a_call_leaves_out_goes_although_it_pinged_us),
        CASE(test_an_empty_call_takes_back_all_that_is_known),
        CASE(test_what_a_node_update_leaves_out_goes_unless_it_pings_us),
        CASE(test_a_withdrawn_address_gets_no_probe_that_was_still_queued),
        CASE(test_an_answer_over_a_withdrawn_path_still_completes_its_beat),
        CASE(test_a_learned_path_that_answers_is_kept_after_the_pings_have_ceased),
        CASE(test_an_address_that_turns_out_to_be_ours_is_not_probed_any_more),
        CASE(test_nothing_queued_goes_over_udp_once_that_is_disabled),
        CASE(test_a_beat_in_flight_when_direct_is_disabled_asks_the_relay),
        CASE(test_allowed_again_the_nodes_endpoints_are_probed),
        CASE(test_a_peer_that_is_gone_leaves_no_endpoints_behind),
        CASE(test_a_path_that_was_silent_is_taken_up_again_when_it_is_better),
        CASE(test_a_packet_stamped_before_the_last_timer_brings_no_trust_back),
        CASE(test_trust_that_ran_out_unseen_is_put_down_to_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
