/*
 * The pinger on simulated time against a simulated agent.
 */
#include "net/path/pinger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { REGION = 999, TIMEOUT_MS = 1000 };

struct world {
    struct rng_seeded seeded;
    struct disco_private *mine, *theirs;
    struct disco_public their_public;
    struct node_public their_node;
    struct box_key their_box; /* the agent's side */
    struct pinger *pinger;
    mono_ns now;
};

static void make_agent(struct world *w)
{
    struct disco_public mine = disco_private_public(w->mine);
    disco_private_free(w->theirs);
    w->theirs = disco_private_new(&w->seeded.rng);
    w->their_public = disco_private_public(w->theirs);
    assert_int_equal(disco_box_key(w->theirs, &mine, &w->their_box), NET_OK);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    rng_seeded_init(&w->seeded, 7);
    w->now = 1000 * NS_PER_SEC;
    w->mine = disco_private_new(&w->seeded.rng);
    w->their_node.b[0] = 3;
    make_agent(w);
    w->pinger = pinger_new(&(struct pinger_config){.timeout_ns = TIMEOUT_MS * NS_PER_MS,
                                                   .disco = w->mine,
                                                   .node = {{5}},
                                                   .rng = &w->seeded.rng});
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    pinger_free(w->pinger);
    disco_private_free(w->mine);
    disco_private_free(w->theirs);
    free(w);
    return 0;
}

static void introduce(struct world *w)
{
    pinger_set_peer(w->pinger, w->now, &w->their_node, &w->their_public, REGION);
}

/* The next packet, opened by the agent; false when none is due. */
static bool next_packet(struct world *w, struct disco_message *out)
{
    uint8_t packet[DISCO_PACKET_MAX];
    struct writer writer = writer_of(packet, sizeof packet);
    int64_t region = 0;
    if (pinger_output(w->pinger, w->now, &writer, &region) != NET_OK) {
        return false;
    }
    assert_int_equal(region, REGION);
    assert_int_equal(writer_len(&writer), DISCO_PADDED_PACKET);
    assert_int_equal(disco_open(&w->their_box, writer_done(&writer), out), NET_OK);
    return true;
}

static enum net_err say(struct world *w, const struct disco_message *message)
{
    uint8_t packet[DISCO_PACKET_MAX];
    struct writer writer = writer_of(packet, sizeof packet);
    disco_seal(&w->their_box, &w->their_public, &w->seeded.rng, message, &writer);
    return pinger_input(w->pinger, w->now, REGION, writer_done(&writer));
}

static enum net_err answer(struct world *w, const struct disco_message *ping)
{
    struct disco_message pong = {.type = DISCO_PONG, .tx = ping->tx};
    pong.source = (struct net_address){.family = ADDRESS_V4, .ip = {127, 3, 3, 40}, .port = REGION};
    return say(w, &pong);
}

static void wait_ms(struct world *w, uint64_t ms)
{
    w->now += ms * NS_PER_MS;
}

static void test_a_pong_answers_the_probe_whose_id_it_carries(void **state)
{
    struct world *w = *state;
    struct disco_message ping = {0};
    struct pinger_event event;
    introduce(w);
    uint64_t seq = pinger_beat(w->pinger, w->now);
    assert_true(next_packet(w, &ping));
    assert_int_equal(ping.type, DISCO_PING);
    assert_int_equal(ping.node.b[0], 5);
    assert_false(next_packet(w, &ping) && ping.type != DISCO_PING);
    wait_ms(w, 42);
    struct disco_message stranger = {.type = DISCO_PONG, .tx = {{9, 9}}};
    assert_int_equal(say(w, &stranger), NET_OK);
    assert_false(pinger_event(w->pinger, &event));
    assert_int_equal(answer(w, &ping), NET_OK);
    assert_true(pinger_event(w->pinger, &event));
    assert_int_equal(event.kind, PINGER_PONG);
    assert_int_equal(event.seq, seq);
    assert_int_equal(event.rtt_ns, 42 * NS_PER_MS);
    assert_int_equal(event.region, REGION);
    assert_int_equal(answer(w, &ping), NET_OK); /* replayed: not counted again */
    assert_false(pinger_event(w->pinger, &event));
}

static void test_before_the_first_answer_a_probe_is_sent_again_with_a_fresh_id(void **state)
{
    struct world *w = *state;
    struct disco_message first;
    struct disco_message second;
    struct pinger_event event;
    introduce(w);
    (void)pinger_beat(w->pinger, w->now);
    assert_true(next_packet(w, &first));
    assert_false(next_packet(w, &second));
    assert_int_equal(pinger_deadline(w->pinger), w->now + PINGER_FIRST_RETRY_MS * NS_PER_MS);
    wait_ms(w, PINGER_FIRST_RETRY_MS);
    assert_true(next_packet(w, &second));
    assert_memory_not_equal(first.tx.b, second.tx.b, DISCO_TX_LEN);
    wait_ms(w, 5);
    assert_int_equal(answer(w, &second), NET_OK);
    assert_true(pinger_event(w->pinger, &event));
    assert_int_equal(event.rtt_ns, 5 * NS_PER_MS);
    (void)pinger_beat(w->pinger, w->now); /* from now on none is repeated */
    assert_true(next_packet(w, &first));
    wait_ms(w, TIMEOUT_MS - 1);
    assert_false(next_packet(w, &second));
    wait_ms(w, 1);
    assert_false(next_packet(w, &second));
    assert_true(pinger_event(w->pinger, &event));
    assert_int_equal(event.kind, PINGER_LOST);
}

static void test_retries_to_an_agent_that_never_answers_become_rare(void **state)
{
    struct world *w = *state;
    struct disco_message ping;
    size_t sent = 0;
    introduce(w);
    mono_ns end = w->now + 60 * NS_PER_SEC;
    mono_ns next_beat = w->now;
    while (w->now < end) {
        if (w->now >= next_beat) {
            (void)pinger_beat(w->pinger, w->now);
            next_beat += NS_PER_SEC;
        }
        while (next_packet(w, &ping)) {
            sent++;
        }
        struct pinger_event event;
        while (pinger_event(w->pinger, &event)) {
            assert_int_equal(event.kind, PINGER_LOST);
        }
        w->now = mono_min(pinger_deadline(w->pinger), next_beat);
    }
    assert_in_range(sent, 60, 140); /* sixty beats, and at most as many retries and a few */
}

static void test_loss_is_counted_to_the_probe_on_a_lossy_path(void **state)
{
    struct world *w = *state;
    enum { BEATS = 500 };
    uint64_t answered = 0;
    uint64_t pongs = 0;
    uint64_t lost = 0;
    struct pinger_event event;
    struct disco_message ping;
    introduce(w);
    (void)pinger_beat(w->pinger, w->now);
    assert_true(next_packet(w, &ping));
    assert_int_equal(answer(w, &ping), NET_OK);
    assert_true(pinger_event(w->pinger, &event));
    for (int i = 0; i < BEATS; i++) {
        (void)pinger_beat(w->pinger, w->now);
        assert_true(next_packet(w, &ping));
        bool drop = rng_below(&w->seeded.rng, 100) < 30;
        wait_ms(w, 10);
        if (!drop) {
            assert_int_equal(answer(w, &ping), NET_OK);
            answered++;
        }
        wait_ms(w, TIMEOUT_MS / 3);
        (void)next_packet(w, &ping);
        while (pinger_event(w->pinger, &event)) {
            pongs += event.kind == PINGER_PONG ? 1U : 0U;
            lost += event.kind == PINGER_LOST ? 1U : 0U;
        }
    }
    wait_ms(w, 2ULL * TIMEOUT_MS);
    (void)next_packet(w, &ping);
    while (pinger_event(w->pinger, &event)) {
        lost += event.kind == PINGER_LOST ? 1U : 0U;
    }
    assert_int_equal(pongs, answered);
    assert_int_equal(lost, BEATS - answered);
    assert_in_range(lost, BEATS / 5, BEATS / 2);
}

static void test_a_pong_that_comes_too_late_is_no_answer(void **state)
{
    struct world *w = *state;
    struct disco_message ping;
    struct pinger_event event;
    introduce(w);
    (void)pinger_beat(w->pinger, w->now);
    assert_true(next_packet(w, &ping));
    struct disco_message first = ping;
    wait_ms(w, TIMEOUT_MS);
    while (next_packet(w, &ping)) {
    }
    assert_true(pinger_event(w->pinger, &event));
    assert_int_equal(event.kind, PINGER_LOST);
    assert_int_equal(answer(w, &first), NET_OK);
    assert_false(pinger_event(w->pinger, &event));
}

static void test_the_agents_pings_are_answered_once_for_each_id(void **state)
{
    struct world *w = *state;
    struct disco_message ping = {.type = DISCO_PING, .tx = {{4, 4}}};
    struct disco_message pong = {0};
    uint16_t region = 0;
    introduce(w);
    assert_int_equal(say(w, &ping), NET_OK);
    assert_int_equal(say(w, &ping), NET_OK);
    assert_true(next_packet(w, &pong));
    assert_int_equal(pong.type, DISCO_PONG);
    assert_memory_equal(pong.tx.b, ping.tx.b, DISCO_TX_LEN);
    assert_true(address_is_derp(&pong.source, &region));
    assert_int_equal(region, REGION);
    assert_false(next_packet(w, &pong));
}

static void test_an_agent_that_restarts_is_probed_under_its_new_key(void **state)
{
    struct world *w = *state;
    struct disco_message ping;
    struct pinger_event event;
    introduce(w);
    (void)pinger_beat(w->pinger, w->now);
    assert_true(next_packet(w, &ping));
    make_agent(w);                                    /* a new disco key */
    assert_int_equal(answer(w, &ping), NET_ERR_AUTH); /* not known yet */
    introduce(w);
    assert_false(pinger_event(w->pinger, &event)); /* nothing was lost by it */
    assert_true(next_packet(w, &ping));
    assert_int_equal(answer(w, &ping), NET_OK);
    assert_true(pinger_event(w->pinger, &event));
    assert_int_equal(event.kind, PINGER_PONG);
}

static void test_nothing_is_sent_to_nobody(void **state)
{
    struct world *w = *state;
    struct disco_message ping;
    struct pinger_event event;
    (void)pinger_beat(w->pinger, w->now);
    assert_false(next_packet(w, &ping));
    introduce(w);
    assert_true(next_packet(w, &ping)); /* the beat that waited */
    pinger_clear_peer(w->pinger);
    (void)pinger_beat(w->pinger, w->now);
    assert_false(next_packet(w, &ping));
    wait_ms(w, TIMEOUT_MS);
    assert_false(next_packet(w, &ping));
    assert_true(pinger_event(w->pinger, &event));
    assert_int_equal(event.kind, PINGER_LOST);
}

static void test_forged_packets_change_nothing(void **state)
{
    struct world *w = *state;
    uint8_t packet[DISCO_PACKET_MAX];
    struct writer writer = writer_of(packet, sizeof packet);
    struct disco_message ping = {.type = DISCO_PING, .tx = {{8}}};
    introduce(w);
    disco_seal(&w->their_box, &w->their_public, &w->seeded.rng, &ping, &writer);
    for (size_t i = 38; i < writer_len(&writer); i += 97) {
        packet[i] ^= 1;
        assert_int_equal(pinger_input(w->pinger, w->now, REGION, writer_done(&writer)),
                         NET_ERR_AUTH);
        packet[i] ^= 1;
    }
    struct disco_message out;
    assert_false(next_packet(w, &out));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_pong_answers_the_probe_whose_id_it_carries),
        TEST(test_before_the_first_answer_a_probe_is_sent_again_with_a_fresh_id),
        TEST(test_retries_to_an_agent_that_never_answers_become_rare),
        TEST(test_loss_is_counted_to_the_probe_on_a_lossy_path),
        TEST(test_a_pong_that_comes_too_late_is_no_answer),
        TEST(test_the_agents_pings_are_answered_once_for_each_id),
        TEST(test_an_agent_that_restarts_is_probed_under_its_new_key),
        TEST(test_nothing_is_sent_to_nobody),
        TEST(test_forged_packets_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
