/*
 * Two WireGuard devices on a simulated wire and simulated time.
 */
#include "net/tunnel/wg_device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/wire/wireguard.h"
#include "tests/support/wg_world.h"

#include <cmocka.h>

static int set_up(void **state)
{
    *state = wg_world_new(4711);
    return 0;
}

static int tear_down(void **state)
{
    wg_world_free(*state);
    return 0;
}

/* --- sessions -----------------------------------------------------------------------------------
 */

static void test_the_first_packet_makes_a_session_and_arrives(void **state)
{
    struct wg_world *w = *state;
    assert_int_equal(wg_world_say(w, 0, 33), NET_ERR_AGAIN);
    wg_world_run(w, 100 * NS_PER_MS);
    assert_int_equal(w->side[1].got, 1);
    assert_int_equal(w->side[1].last_len, WG_WORLD_HEADER + 33); /* the padding is gone */
    assert_int_equal(w->side[0].done, 1);
    assert_int_equal(w->side[1].done, 1); /* confirmed by the packet itself */
    assert_true(wg_world_status(w, 0).initiator);
    assert_false(wg_world_status(w, 1).initiator);
    assert_int_equal(wg_world_say(w, 1, 1000), NET_OK);
    wg_world_run(w, 100 * NS_PER_MS);
    assert_int_equal(w->side[0].got, 1);
    assert_int_equal(wg_world_status(w, 0).packets_in, 1);
    assert_int_equal(wg_world_status(w, 0).bytes_out, WG_WORLD_HEADER + 33);
}

static void test_packets_that_waited_arrive_in_order_and_the_oldest_are_dropped(void **state)
{
    struct wg_world *w = *state;
    for (size_t i = 0; i < WG_STAGED_MAX + 10; i++) {
        assert_int_equal(wg_world_say(w, 0, i), NET_ERR_AGAIN);
    }
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, WG_STAGED_MAX);
    assert_int_equal(w->side[1].last_len, WG_WORLD_HEADER + WG_STAGED_MAX + 9);
    assert_int_equal(wg_world_status(w, 0).dropped_staged, 10);
}

static void test_a_keepalive_interval_makes_a_session_at_once_and_keeps_it(void **state)
{
    struct wg_world *w = *state;
    wg_peer_set_keepalive(w->side[0].peer, w->now, WG_PERSISTENT_S * NS_PER_SEC);
    wg_world_run(w, 100 * NS_PER_MS);
    assert_int_equal(w->side[0].done, 1);
    assert_int_equal(w->side[1].done, 1);
    for (unsigned minute = 0; minute < 30; minute++) {
        wg_world_run(w, 60 * NS_PER_SEC);
        /* The initiator renews after two minutes, with the next keepalive that goes out. */
        uint64_t age = mono_since(w->now, wg_world_status(w, 0).last_handshake);
        assert_true(age < (WG_REKEY_AFTER_S + WG_PERSISTENT_S + 5) * NS_PER_SEC);
        assert_true(wg_world_status(w, 0).has_session);
    }
    assert_true(w->side[0].done >= 11 && w->side[0].done <= 16);
    assert_int_equal(w->side[1].sent[WG_INITIATION], 0); /* the responder does not renew */
}

static void test_a_session_is_renewed_without_a_gap(void **state)
{
    struct wg_world *w = *state;
    (void)wg_world_say(w, 0, 8);
    wg_world_run(w, NS_PER_SEC);
    unsigned before = w->side[1].got;
    for (unsigned second = 0; second < 400; second++) {
        assert_int_equal(wg_world_say(w, 0, 8), NET_OK);
        assert_int_equal(wg_world_say(w, 1, 8), NET_OK);
        wg_world_run(w, NS_PER_SEC);
    }
    assert_int_equal(w->side[1].got, before + 400);
    assert_int_equal(w->side[0].done, 4); /* one, and one after each two minutes */
}

static void test_an_old_session_is_dead_after_three_minutes(void **state)
{
    struct wg_world *w = *state;
    (void)wg_world_say(w, 0, 8);
    wg_world_run(w, NS_PER_SEC);
    w->cut = true;
    wg_world_run(w, WG_REJECT_AFTER_S * NS_PER_SEC);
    assert_false(wg_world_status(w, 0).has_session);
    assert_int_equal(wg_world_say(w, 0, 8), NET_ERR_AGAIN);
    for (size_t i = 0; i < w->seen_count; i++) {
        if (w->seen[i].bytes[0] == WG_DATA) {
            assert_int_not_equal(
                wg_world_deliver(w, w->seen[i].to, bytes_of(w->seen[i].bytes, w->seen[i].len)),
                NET_OK);
        }
    }
}

static void test_it_tries_again_soon_then_every_five_seconds_and_gives_up(void **state)
{
    struct wg_world *w = *state;
    w->cut = true;
    assert_int_equal(wg_world_say(w, 0, 8), NET_ERR_AGAIN);
    wg_world_run(w, 7 * NS_PER_SEC);
    assert_int_equal(w->side[0].sent[WG_INITIATION], 4); /* at 0, 0.5, 1.5 and 3.5 s */
    wg_world_run(w, 53 * NS_PER_SEC);
    assert_in_range(w->side[0].sent[WG_INITIATION], 14, 16);
    wg_world_run(w, 60 * NS_PER_SEC);
    assert_int_equal(w->side[0].gave_up, 1);
    assert_in_range(w->side[0].sent[WG_INITIATION], 19, 20);
    assert_int_equal(wg_world_status(w, 0).dropped_staged, 1);
    unsigned sent = w->side[0].sent[WG_INITIATION];
    wg_world_run(w, 600 * NS_PER_SEC);
    assert_int_equal(w->side[0].sent[WG_INITIATION], sent); /* silence until it is needed */
    w->cut = false;
    assert_int_equal(wg_world_say(w, 0, 8), NET_ERR_AGAIN);
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, 1);
}

static void test_once_there_was_a_session_five_seconds_are_between_tries(void **state)
{
    struct wg_world *w = *state;
    (void)wg_world_say(w, 0, 8);
    wg_world_run(w, NS_PER_SEC);
    w->cut = true;
    wg_world_run(w, WG_REJECT_AFTER_S * NS_PER_SEC);
    unsigned sent = w->side[0].sent[WG_INITIATION];
    assert_int_equal(wg_world_say(w, 0, 8), NET_ERR_AGAIN);
    wg_world_run(w, 12 * NS_PER_SEC);
    assert_in_range(w->side[0].sent[WG_INITIATION] - sent, 2, 3);
}

static void test_a_first_handshake_is_begun_again_when_an_answer_is_likelier(void **state)
{
    struct wg_world *w = *state;
    w->cut = true;
    (void)wg_world_say(w, 0, 8);
    wg_world_run(w, 10 * NS_PER_MS);
    w->cut = false;
    wg_peer_hurry(w->side[0].peer, w->now);
    wg_world_run(w, 10 * NS_PER_MS); /* too soon for the other side */
    assert_int_equal(w->side[0].sent[WG_INITIATION], 1);
    wg_world_run(w, 50 * NS_PER_MS);
    assert_int_equal(w->side[0].sent[WG_INITIATION], 2);
    assert_int_equal(w->side[0].done, 1);
    wg_peer_hurry(w->side[0].peer, w->now); /* nothing is waited for */
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(w->side[0].sent[WG_INITIATION], 2);
}

static void test_both_may_begin_at_once(void **state)
{
    struct wg_world *w = *state;
    assert_int_equal(wg_world_say(w, 0, 8), NET_ERR_AGAIN);
    assert_int_equal(wg_world_say(w, 1, 8), NET_ERR_AGAIN);
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(w->side[0].got, 1);
    assert_int_equal(w->side[1].got, 1);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(wg_world_say(w, i % 2, 8), NET_OK);
        wg_world_run(w, NS_PER_SEC);
    }
    assert_int_equal(w->side[0].got + w->side[1].got, 22);
}

static void test_either_may_restart(void **state)
{
    struct wg_world *w = *state;
    for (size_t one = 0; one < 2; one++) {
        wg_peer_set_keepalive(w->side[0].peer, w->now, WG_PERSISTENT_S * NS_PER_SEC);
        (void)wg_world_say(w, 0, 8);
        wg_world_run(w, 6 * NS_PER_SEC);
        wg_world_restart(w, one);
        unsigned before = w->side[1].got;
        /* The other side notices when nothing comes back: 15 s after a packet at the latest. */
        for (unsigned second = 0; second < 40; second++) {
            (void)wg_world_say(w, 0, 8);
            wg_world_run(w, NS_PER_SEC);
        }
        assert_true(w->side[1].got > before + 15);
    }
}

static void test_a_packet_is_acknowledged_by_a_keepalive_after_ten_seconds(void **state)
{
    struct wg_world *w = *state;
    (void)wg_world_say(w, 0, 8);
    wg_world_run(w, NS_PER_SEC);
    unsigned before = w->side[1].sent[WG_DATA];
    wg_world_run(w, 8 * NS_PER_SEC);
    assert_int_equal(w->side[1].sent[WG_DATA], before);
    wg_world_run(w, 2 * NS_PER_SEC);
    assert_int_equal(w->side[1].sent[WG_DATA], before + 1);
    wg_world_run(w, 600 * NS_PER_SEC);
    assert_int_equal(w->side[1].sent[WG_DATA], before + 1);
    assert_int_equal(w->side[0].sent[WG_INITIATION], 1); /* an idle tunnel is silent */
}

static void test_over_a_bad_wire_nothing_is_delivered_twice(void **state)
{
    struct wg_world *w = *state;
    w->loss_percent = 20;
    w->twice_percent = 30;
    w->spread_ns = 50 * NS_PER_MS;
    unsigned said = 0;
    for (unsigned i = 0; i < 5000; i++) {
        (void)wg_world_say(w, i % 2, 64);
        said++;
        wg_world_run(w, 100 * NS_PER_MS);
    }
    unsigned got = w->side[0].got + w->side[1].got;
    assert_true(got <= said);
    assert_true(got > said / 2);
    assert_int_equal(w->doubled, 0);
    assert_true(wg_device_refusals(w->side[0].device).replayed > 0);
}

static void test_replayed_handshakes_and_packets_change_nothing(void **state)
{
    struct wg_world *w = *state;
    (void)wg_world_say(w, 0, 8);
    wg_world_run(w, NS_PER_SEC);
    unsigned got[2] = {w->side[0].got, w->side[1].got};
    size_t count = w->seen_count;
    for (size_t i = 0; i < count; i++) {
        (void)wg_world_deliver(w, w->seen[i].to, bytes_of(w->seen[i].bytes, w->seen[i].len));
    }
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(w->side[0].got, got[0]);
    assert_int_equal(w->side[1].got, got[1]);
    assert_int_equal(w->side[1].sent[WG_RESPONSE], 1);
    assert_int_equal(wg_world_say(w, 0, 8), NET_OK);
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, got[1] + 1);
}

/* Every datagram of a good exchange, damaged in each byte or cut at each length, is refused, and
 * the exchange goes on as if it had never come. */
static void test_forged_and_truncated_datagrams_change_nothing(void **state)
{
    struct wg_world *w = *state;
    assert_int_equal(wg_world_say(w, 0, 8), NET_ERR_AGAIN);
    for (unsigned step = 0; step < 4; step++) {
        wg_world_pump(w);
        if (w->count == 0) {
            break;
        }
        struct wg_world_datagram d = w->wire[0];
        w->count = 0;
        /* mac2 is looked at only by a device that is loaded. */
        size_t matters = d.bytes[0] == WG_DATA ? d.len : d.len - WG_MAC_LEN;
        for (size_t i = 0; i < matters; i++) {
            uint8_t bad[WG_DATAGRAM_MAX];
            memcpy(bad, d.bytes, d.len);
            bad[i] ^= 0x40;
            assert_int_not_equal(wg_world_deliver(w, d.to, bytes_of(bad, d.len)), NET_OK);
            uint8_t *cut = malloc(i == 0 ? 1 : i); /* as long as it is: a sanitizer sees more */
            memcpy(cut, d.bytes, i);
            assert_int_not_equal(wg_world_deliver(w, d.to, bytes_of(cut, i)), NET_OK);
            free(cut);
        }
        w->now += 2 * NS_PER_SEC; /* past the load that the flood made */
        assert_int_equal(wg_world_deliver(w, d.to, bytes_of(d.bytes, d.len)), NET_OK);
    }
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, 1);
}

static void test_a_flood_of_handshakes_is_answered_with_cookies(void **state)
{
    struct wg_world *w = *state;
    struct wg_world_side flooder = {.key = node_private_new(&w->rng.rng)};
    flooder.public_key = node_private_public(flooder.key);
    for (unsigned i = 0; i < 4 * WG_LOADED_AFTER; i++) {
        /* Each of a new device, as if from many computers: all mac1 are right. */
        struct wg_device *device = wg_device_new(flooder.key, &w->rng.rng);
        struct wg_peer *peer =
            wg_device_add_peer(device, &w->side[1].public_key, wg_world_address[1], 1, NULL);
        uint8_t memory[WG_DATAGRAM_MAX];
        struct writer out = writer_of(memory, sizeof memory);
        struct node_public to;
        struct wg_input input;
        wg_peer_set_keepalive(peer, w->now, NS_PER_SEC);
        assert_int_equal(wg_device_output(device, w->now, wg_world_wall(w), &out, &to), NET_OK);
        assert_int_not_equal(wg_device_input(w->side[1].device, w->now, &flooder.public_key,
                                             writer_done(&out), &input),
                             NET_OK); /* nobody knows its key */
        wg_device_free(device);
    }
    struct wg_refusals refusals = wg_device_refusals(w->side[1].device);
    assert_true(refusals.flooded > 2ULL * WG_LOADED_AFTER);
    assert_true(refusals.cookies >= 1 && refusals.cookies <= refusals.flooded);
    node_private_free(flooder.key);
    /* The honest peer gets a cookie, and with it in. */
    w->side[1].sent[WG_COOKIE] = 0;
    uint8_t memory[WG_DATAGRAM_MAX];
    for (;;) { /* what the flooder was to get */
        struct writer out = writer_of(memory, sizeof memory);
        struct node_public to;
        if (wg_device_output(w->side[1].device, w->now, wg_world_wall(w), &out, &to) != NET_OK) {
            break;
        }
    }
    assert_int_equal(wg_world_say(w, 0, 8), NET_ERR_AGAIN);
    wg_world_run(w, 100 * NS_PER_MS);
    assert_int_equal(w->side[1].sent[WG_COOKIE], 1);
    assert_int_equal(w->side[1].got, 0);
    wg_world_run(w, 6 * NS_PER_SEC); /* the retransmission */
    assert_int_equal(w->side[1].got, 1);
}

static void test_an_inner_address_that_is_not_the_peers_is_refused(void **state)
{
    struct wg_world *w = *state;
    uint8_t packet[WG_PACKET_MAX];
    uint8_t memory[WG_DATAGRAM_MAX];
    (void)wg_world_say(w, 0, 8);
    wg_world_run(w, NS_PER_SEC);
    size_t len = wg_world_packet(0, 8, packet);
    packet[23] = 99;
    struct writer out = writer_of(memory, sizeof memory);
    assert_int_equal(wg_peer_send(w->side[0].peer, w->now, bytes_of(packet, len), &out), NET_OK);
    assert_int_equal(wg_world_deliver(w, 1, writer_done(&out)), NET_ERR_AUTH);
    assert_int_equal(wg_device_refusals(w->side[1].device).foreign, 1);
    /* Neither is one whose length says more than there is, nor IPv4. */
    len = wg_world_packet(0, 8, packet);
    packet[4] = 4;
    out = writer_of(memory, sizeof memory);
    assert_int_equal(wg_peer_send(w->side[0].peer, w->now, bytes_of(packet, len), &out), NET_OK);
    assert_int_equal(wg_world_deliver(w, 1, writer_done(&out)), NET_ERR_MALFORMED);
    packet[0] = 0x45;
    out = writer_of(memory, sizeof memory);
    assert_int_equal(wg_peer_send(w->side[0].peer, w->now, bytes_of(packet, len), &out), NET_OK);
    assert_int_equal(wg_world_deliver(w, 1, writer_done(&out)), NET_ERR_MALFORMED);
    assert_int_equal(w->side[1].got, 1);
}

static void test_clock_jumps_do_no_harm(void **state)
{
    struct wg_world *w = *state;
    wg_peer_set_keepalive(w->side[0].peer, w->now, WG_PERSISTENT_S * NS_PER_SEC);
    wg_world_run(w, NS_PER_SEC);
    for (unsigned i = 0; i < 5; i++) {
        w->now += 3600 * NS_PER_SEC; /* suspended for an hour */
        wg_world_run(w, 10 * NS_PER_SEC);
        assert_true(wg_world_status(w, 0).has_session);
        assert_true(mono_since(w->now, wg_world_status(w, 0).last_handshake) < 11 * NS_PER_SEC);
    }
}

static void test_a_peer_whose_key_is_a_low_order_point_is_not_taken(void **state)
{
    struct wg_world *w = *state;
    const struct node_public zero = {{0}};
    assert_null(wg_device_add_peer(w->side[0].device, &zero, wg_world_address[1], 1, NULL));
    assert_null(wg_device_add_peer(w->side[0].device, &w->side[1].public_key, wg_world_address[1],
                                   1, NULL));
}

/* --- what goes out ------------------------------------------------------------------------------
 */

/* The owner may collect datagrams in one buffer, as segmentation offload wants them: each is whole
 * in itself, a handshake's MACs too. */
static void test_datagrams_may_be_collected_in_one_buffer(void **state)
{
    struct wg_world *w = *state;
    uint8_t memory[3 * WG_DATAGRAM_MAX];
    struct writer out = writer_of(memory, sizeof memory);
    struct node_public to;
    struct wg_input input;
    writer_zeros(&out, 100); /* something else that is there already */
    assert_int_equal(wg_world_say(w, 0, 8), NET_ERR_AGAIN);
    assert_int_equal(wg_device_output(w->side[0].device, w->now, wg_world_wall(w), &out, &to),
                     NET_OK);
    assert_int_equal(writer_len(&out), 100 + WG_INITIATION_LEN);
    assert_int_equal(wg_world_deliver(w, 1, bytes_of(memory + 100, WG_INITIATION_LEN)), NET_OK);
    assert_int_equal(wg_device_output(w->side[1].device, w->now, wg_world_wall(w), &out, &to),
                     NET_OK);
    struct bytes response = bytes_of(memory + 100 + WG_INITIATION_LEN, WG_RESPONSE_LEN);
    assert_int_equal(wg_world_deliver(w, 0, response), NET_OK);
    /* Two packets in a row, full ones: neither padded nor copied. */
    wg_world_pump(w);
    out = writer_of(memory, sizeof memory);
    uint8_t packet[WG_PACKET_MAX];
    struct bytes full = bytes_of(packet, wg_world_packet(0, 1280 - WG_WORLD_HEADER, packet));
    enum { LEN = 1280 + 32 };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(wg_peer_send(w->side[0].peer, w->now, full, &out), NET_OK);
        assert_int_equal(writer_len(&out), (i + 1) * LEN);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(wg_device_input(w->side[1].device, w->now, &w->side[0].public_key,
                                         bytes_of(memory + i * LEN, LEN), &input),
                         NET_OK);
        assert_true(bytes_equal(input.packet, full));
    }
}

static void test_a_packet_may_be_sealed_where_it_lies(void **state)
{
    struct wg_world *w = *state;
    (void)wg_world_say(w, 0, 8);
    wg_world_run(w, NS_PER_SEC);
    for (size_t payload = 0; payload <= WG_PACKET_MAX - WG_WORLD_HEADER; payload++) {
        uint8_t memory[WG_DATAGRAM_MAX];
        struct writer out = writer_of(memory, sizeof memory);
        size_t len = wg_world_packet(0, payload, memory + WG_SEAL_OFFSET);
        struct bytes packet = bytes_of(memory + WG_SEAL_OFFSET, len);
        assert_int_equal(wg_peer_send(w->side[0].peer, w->now, packet, &out), NET_OK);
        assert_int_equal(wg_world_deliver(w, 1, writer_done(&out)), NET_OK);
        assert_int_equal(w->side[1].last_len, len);
        uint8_t want[WG_PACKET_MAX];
        (void)wg_world_packet(0, payload, want);
        assert_memory_equal(w->side[1].last, want, len);
    }
}

static void test_without_room_nothing_happens(void **state)
{
    struct wg_world *w = *state;
    uint8_t memory[WG_DATAGRAM_MAX];
    uint8_t packet[WG_PACKET_MAX];
    struct writer small = writer_of(memory, sizeof memory - 1);
    struct node_public to;
    assert_int_equal(wg_world_say(w, 0, 8), NET_ERR_AGAIN);
    assert_int_equal(wg_device_output(w->side[0].device, w->now, wg_world_wall(w), &small, &to),
                     NET_ERR_FULL);
    assert_int_equal(writer_len(&small), 0);
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, 1); /* it was not lost */
    struct bytes full = bytes_of(packet, wg_world_packet(0, 1280 - WG_WORLD_HEADER, packet));
    small = writer_of(memory, full.len + 31);
    assert_int_equal(wg_peer_send(w->side[0].peer, w->now, full, &small), NET_ERR_FULL);
    assert_int_equal(writer_len(&small), 0);
    assert_false(small.failed);
    assert_int_equal(wg_peer_send(w->side[0].peer, w->now, (struct bytes){0}, &small),
                     NET_ERR_TOO_BIG);
    assert_int_equal(
        wg_peer_send(w->side[0].peer, w->now, bytes_of(memory, WG_PACKET_MAX + (size_t)1), &small),
        NET_ERR_TOO_BIG);
}

/* --- timers -------------------------------------------------------------------------------------
 */

/* We answered the peer's handshake, the answer was lost, and the peer is heard no more. A single
 * packet of ours must not wait for ever. */
static void test_a_packet_does_not_wait_for_ever_after_a_lost_response(void **state)
{
    struct wg_world *w = *state;
    assert_int_equal(wg_world_say(w, 0, 8), NET_ERR_AGAIN);
    wg_world_pump(w);
    assert_int_equal(w->count, 1);
    struct wg_world_datagram initiation = w->wire[0];
    w->count = 0;
    assert_int_equal(wg_world_deliver(w, 1, bytes_of(initiation.bytes, initiation.len)), NET_OK);
    wg_world_pump(w);
    w->count = 0;           /* the response */
    wg_world_restart(w, 0); /* which wants nothing any more */
    w->now += NS_PER_SEC;
    assert_int_equal(wg_world_say(w, 1, 8), NET_ERR_AGAIN);
    assert_true(wg_world_status(w, 1).under_way);
    wg_world_run(w, 3 * NS_PER_SEC);
    assert_int_equal(w->side[1].sent[WG_INITIATION],
                     0); /* five seconds from handshake to handshake */
    wg_world_run(w, 2 * NS_PER_SEC);
    assert_int_equal(w->side[1].sent[WG_INITIATION], 1);
    assert_int_equal(w->side[0].got, 1);
    assert_false(wg_world_status(w, 1).under_way);
}

/* The peer takes no time stamp that is not later than all before. */
static void test_a_wall_clock_that_is_set_back_does_not_shut_us_out(void **state)
{
    struct wg_world *w = *state;
    for (unsigned i = 1; i <= 20; i++) {
        assert_int_equal(wg_world_say(w, 0, 8), NET_ERR_AGAIN);
        wg_world_run(w, NS_PER_SEC);
        assert_int_equal(w->side[1].got, i);
        w->wall_behind_s += 3600 + WG_REJECT_AFTER_S;
        wg_world_run(w, WG_REJECT_AFTER_S * NS_PER_SEC);
    }
    assert_int_equal(wg_device_refusals(w->side[1].device).replayed, 0);
}

static void test_more_data_within_ten_seconds_owes_a_second_keepalive(void **state)
{
    struct wg_world *w = *state;
    (void)wg_world_say(w, 0, 8);
    wg_world_run(w, NS_PER_SEC);
    (void)wg_world_say(w, 0, 8);
    unsigned before = w->side[1].sent[WG_DATA];
    wg_world_run(w, 10 * NS_PER_SEC);
    assert_int_equal(w->side[1].sent[WG_DATA], before + 1);
    wg_world_run(w, 10 * NS_PER_SEC);
    assert_int_equal(w->side[1].sent[WG_DATA], before + 2);
    wg_world_run(w, 60 * NS_PER_SEC);
    assert_int_equal(w->side[1].sent[WG_DATA], before + 2);
    assert_int_equal(w->side[0].sent[WG_INITIATION], 1);
}

/* --- who may say what ---------------------------------------------------------------------------
 */

static void test_lost_packets_are_missing_among_the_counters(void **state)
{
    struct wg_world *w = *state;
    (void)wg_world_say(w, 0, 8);
    wg_world_run(w, NS_PER_SEC);
    struct wg_status before = wg_world_status(w, 1);
    assert_int_equal(before.counted, before.arrived);
    for (int i = 0; i < 30; i++) {
        w->cut = i % 3 == 1;
        assert_int_equal(wg_world_say(w, 0, 8), NET_OK);
    }
    w->cut = false;
    wg_world_run(w, NS_PER_SEC);
    struct wg_status after = wg_world_status(w, 1);
    assert_int_equal(after.counted - before.counted, 30);
    assert_int_equal(after.arrived - before.arrived, 20);
    w->spread_ns = 50 * NS_PER_MS; /* those that are overtaken are only late */
    for (int i = 0; i < 20; i++) {
        assert_int_equal(wg_world_say(w, 0, 8), NET_OK);
    }
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(wg_world_status(w, 1).counted - after.counted, 20);
    assert_int_equal(wg_world_status(w, 1).arrived - after.arrived, 20);
}

static void test_an_address_belongs_to_the_peer_that_has_it_last(void **state)
{
    struct wg_world *w = *state;
    struct wg_device *device = w->side[1].device;
    struct node_private *other = node_private_new(&w->rng.rng);
    struct node_public other_public = node_private_public(other);
    (void)wg_world_say(w, 0, 8);
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, 1);
    assert_ptr_equal(wg_device_route(device, wg_world_address[0]), w->side[1].peer);
    struct wg_peer *taker = wg_device_add_peer(device, &other_public, wg_world_address[0], 1, NULL);
    assert_ptr_equal(wg_device_route(device, wg_world_address[0]), taker);
    assert_int_equal(wg_world_say(w, 0, 8), NET_OK);
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, 1); /* its address is another's now */
    assert_int_equal(wg_device_refusals(device).foreign, 1);
    wg_device_remove_peer(device, taker);
    assert_int_equal(wg_world_say(w, 0, 8), NET_OK);
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, 2);
    node_private_free(other);
}

/* What a node says of itself may change under the same keys; its session lives on. */
static void test_a_peer_may_get_other_addresses(void **state)
{
    struct wg_world *w = *state;
    struct wg_device *device = w->side[1].device;
    static const uint8_t other[16] = {0xfd, 1};
    (void)wg_world_say(w, 0, 8);
    wg_world_run(w, NS_PER_SEC);
    wg_peer_set_addresses(w->side[1].peer, other, 1);
    assert_null(wg_device_route(device, wg_world_address[0]));
    assert_ptr_equal(wg_device_route(device, other), w->side[1].peer);
    assert_int_equal(wg_world_say(w, 0, 8), NET_OK);
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, 1);
    assert_int_equal(wg_device_refusals(device).foreign, 1);
    wg_peer_set_addresses(w->side[1].peer, wg_world_address[0], 1);
    assert_int_equal(wg_world_say(w, 0, 8), NET_OK);
    wg_world_run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, 2);
    assert_int_equal(wg_world_status(w, 1).handshakes, 1);
}

static void test_an_address_that_is_given_anew_changes_hands(void **state)
{
    struct wg_world *w = *state;
    struct wg_device *device = w->side[1].device;
    struct node_private *other = node_private_new(&w->rng.rng);
    struct node_public other_public = node_private_public(other);
    struct wg_peer *taker = wg_device_add_peer(device, &other_public, wg_world_address[0], 1, NULL);
    assert_ptr_equal(wg_device_route(device, wg_world_address[0]), taker);
    wg_peer_set_addresses(w->side[1].peer, wg_world_address[0], 1);
    assert_ptr_equal(wg_device_route(device, wg_world_address[0]), w->side[1].peer);
    wg_device_remove_peer(device, taker);
    wg_peer_set_addresses(w->side[1].peer, NULL, 0);
    assert_null(wg_device_route(device, wg_world_address[0]));
    node_private_free(other);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_the_first_packet_makes_a_session_and_arrives),
        CASE(test_packets_that_waited_arrive_in_order_and_the_oldest_are_dropped),
        CASE(test_a_keepalive_interval_makes_a_session_at_once_and_keeps_it),
        CASE(test_a_session_is_renewed_without_a_gap),
        CASE(test_an_old_session_is_dead_after_three_minutes),
        CASE(test_it_tries_again_soon_then_every_five_seconds_and_gives_up),
        CASE(test_once_there_was_a_session_five_seconds_are_between_tries),
        CASE(test_a_first_handshake_is_begun_again_when_an_answer_is_likelier),
        CASE(test_both_may_begin_at_once),
        CASE(test_either_may_restart),
        CASE(test_a_packet_is_acknowledged_by_a_keepalive_after_ten_seconds),
        CASE(test_over_a_bad_wire_nothing_is_delivered_twice),
        CASE(test_replayed_handshakes_and_packets_change_nothing),
        CASE(test_forged_and_truncated_datagrams_change_nothing),
        CASE(test_a_flood_of_handshakes_is_answered_with_cookies),
        CASE(test_an_inner_address_that_is_not_the_peers_is_refused),
        CASE(test_clock_jumps_do_no_harm),
        CASE(test_a_peer_whose_key_is_a_low_order_point_is_not_taken),
        CASE(test_datagrams_may_be_collected_in_one_buffer),
        CASE(test_a_packet_may_be_sealed_where_it_lies),
        CASE(test_without_room_nothing_happens),
        CASE(test_a_packet_does_not_wait_for_ever_after_a_lost_response),
        CASE(test_a_wall_clock_that_is_set_back_does_not_shut_us_out),
        CASE(test_more_data_within_ten_seconds_owes_a_second_keepalive),
        CASE(test_lost_packets_are_missing_among_the_counters),
        CASE(test_an_address_belongs_to_the_peer_that_has_it_last),
        CASE(test_a_peer_may_get_other_addresses),
        CASE(test_an_address_that_is_given_anew_changes_hands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
