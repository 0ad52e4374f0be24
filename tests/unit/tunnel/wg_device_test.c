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

#include <cmocka.h>

enum { WIRE_MAX = 256, HEADER = 40 };

struct datagram {
    mono_ns at;
    size_t to;
    size_t len;
    uint8_t bytes[WG_DATAGRAM_MAX];
};

struct side {
    struct node_private *key;
    struct node_public public_key;
    struct wg_device *device;
    struct wg_peer *peer;
    unsigned got, done, gave_up, sent[5];
    uint8_t last[WG_PACKET_MAX];
    size_t last_len;
};

struct world {
    struct rng_seeded rng;
    mono_ns now;
    struct side side[2];
    unsigned loss_percent, twice_percent;
    uint64_t delay_ns, spread_ns;
    bool cut;
    size_t count;
    struct datagram wire[WIRE_MAX];
    struct datagram seen[WIRE_MAX]; /* what went over the wire, to be replayed */
    size_t seen_count;
};

static const uint8_t address[2][1][16] = {{{0xfd, [15] = 1}}, {{0xfd, [15] = 2}}};

static void join(struct world *w, size_t one)
{
    size_t two = 1 - one;
    w->side[one].peer = wg_device_add_peer(w->side[one].device, &w->side[two].public_key,
                                           address[two][0], 1, &w->side[one]);
    assert_non_null(w->side[one].peer);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_int_equal(crypto_start(), NET_OK);
    rng_seeded_init(&w->rng, 4711);
    w->now = 1000 * NS_PER_SEC;
    w->delay_ns = 10 * NS_PER_MS;
    for (size_t i = 0; i < 2; i++) {
        struct side *s = &w->side[i];
        s->key = node_private_new(&w->rng.rng);
        s->public_key = node_private_public(s->key);
        s->device = wg_device_new(s->key, &w->rng.rng);
    }
    join(w, 0);
    join(w, 1);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < 2; i++) {
        wg_device_free(w->side[i].device);
        node_private_free(w->side[i].key);
    }
    free(w);
    return 0;
}

static bool chance(struct world *w, unsigned percent)
{
    return rng_below(&w->rng.rng, 100) < percent;
}

static void put(struct world *w, size_t from, struct bytes bytes)
{
    if (w->seen_count < WIRE_MAX) {
        struct datagram *seen = &w->seen[w->seen_count++];
        *seen = (struct datagram){.to = 1 - from, .len = bytes.len};
        memcpy(seen->bytes, bytes.ptr, bytes.len);
    }
    w->side[from].sent[bytes.ptr[0]]++;
    for (unsigned copy = 0; copy < (chance(w, w->twice_percent) ? 2U : 1U); copy++) {
        if (w->cut || chance(w, w->loss_percent) || w->count == WIRE_MAX) {
            continue;
        }
        struct datagram *d = &w->wire[w->count++];
        d->at = w->now + w->delay_ns + rng_below(&w->rng.rng, w->spread_ns + 1);
        d->to = 1 - from;
        d->len = bytes.len;
        memcpy(d->bytes, bytes.ptr, bytes.len);
    }
}

static struct wall_time wall_of(mono_ns now)
{
    return (struct wall_time){.seconds = (int64_t)(now / NS_PER_SEC) + 1700000000,
                              .nanos = (int32_t)(now % NS_PER_SEC)};
}

static enum net_err deliver(struct world *w, size_t to, struct bytes bytes)
{
    struct side *s = &w->side[to];
    struct wg_input input;
    enum net_err err =
        wg_device_input(s->device, w->now, &w->side[1 - to].public_key, bytes, &input);
    if (input.packet.len > 0) {
        s->got++;
        s->last_len = input.packet.len;
        memcpy(s->last, input.packet.ptr, input.packet.len);
    }
    return err;
}

static void pump(struct world *w)
{
    for (size_t i = 0; i < 2; i++) {
        struct side *s = &w->side[i];
        struct wg_event event;
        for (;;) {
            uint8_t memory[WG_DATAGRAM_MAX];
            struct writer out = writer_of(memory, sizeof memory);
            struct node_public to;
            if (wg_device_output(s->device, w->now, wall_of(w->now), &out, &to) != NET_OK) {
                break;
            }
            assert_true(node_public_equal(&to, &w->side[1 - i].public_key));
            put(w, i, writer_done(&out));
        }
        while (wg_device_event(s->device, &event)) {
            s->done += event.kind == WG_HANDSHAKE_DONE ? 1U : 0U;
            s->gave_up += event.kind == WG_HANDSHAKE_GAVE_UP ? 1U : 0U;
        }
    }
}

static mono_ns next_event(const struct world *w)
{
    mono_ns next =
        mono_min(wg_device_deadline(w->side[0].device), wg_device_deadline(w->side[1].device));
    for (size_t i = 0; i < w->count; i++) {
        next = mono_min(next, w->wire[i].at);
    }
    return next;
}

/* Lets the time pass, event by event. A machine that asks to be called again and again without a
 * step forward is a defect. */
static void run(struct world *w, uint64_t ns)
{
    mono_ns end = w->now + ns;
    unsigned still = 0;
    for (;;) {
        pump(w);
        mono_ns next = next_event(w);
        if (next > end) {
            break;
        }
        still = next <= w->now ? still + 1 : 0;
        assert_true(still < 1000);
        w->now = next > w->now ? next : w->now;
        for (size_t i = 0; i < w->count;) {
            if (w->wire[i].at > w->now) {
                i++;
                continue;
            }
            struct datagram d = w->wire[i];
            w->count--;
            memmove(&w->wire[i], &w->wire[i + 1], (w->count - i) * sizeof *w->wire);
            (void)deliver(w, d.to, bytes_of(d.bytes, d.len));
        }
    }
    w->now = end;
    pump(w);
}

static size_t make_packet(size_t from, size_t payload, uint8_t out[WG_PACKET_MAX])
{
    memset(out, 0, HEADER + payload);
    out[0] = 0x60;
    out[4] = (uint8_t)(payload >> 8);
    out[5] = (uint8_t)payload;
    memcpy(out + 8, address[from][0], 16);
    memcpy(out + 24, address[1 - from][0], 16);
    for (size_t i = 0; i < payload; i++) {
        out[HEADER + i] = (uint8_t)i;
    }
    return HEADER + payload;
}

static enum net_err say(struct world *w, size_t from, size_t payload)
{
    uint8_t packet[WG_PACKET_MAX];
    uint8_t memory[WG_DATAGRAM_MAX];
    struct writer out = writer_of(memory, sizeof memory);
    size_t len = make_packet(from, payload, packet);
    enum net_err err = wg_peer_send(w->side[from].peer, w->now, bytes_of(packet, len), &out);
    if (err == NET_OK) {
        put(w, from, writer_done(&out));
    }
    return err;
}

static struct wg_status status_of(const struct world *w, size_t i)
{
    struct wg_status status;
    wg_peer_status(w->side[i].peer, w->now, &status);
    return status;
}

/* --- tests -------------------------------------------------------------------------------------
 */

static void test_the_first_packet_makes_a_session_and_arrives(void **state)
{
    struct world *w = *state;
    assert_int_equal(say(w, 0, 33), NET_ERR_AGAIN);
    run(w, 100 * NS_PER_MS);
    assert_int_equal(w->side[1].got, 1);
    assert_int_equal(w->side[1].last_len, HEADER + 33); /* the padding is gone */
    assert_int_equal(w->side[0].done, 1);
    assert_int_equal(w->side[1].done, 1); /* confirmed by the packet itself */
    assert_true(status_of(w, 0).initiator);
    assert_false(status_of(w, 1).initiator);
    assert_int_equal(say(w, 1, 1000), NET_OK);
    run(w, 100 * NS_PER_MS);
    assert_int_equal(w->side[0].got, 1);
    assert_int_equal(status_of(w, 0).packets_in, 1);
    assert_int_equal(status_of(w, 0).bytes_out, HEADER + 33);
}

static void test_packets_that_waited_arrive_in_order_and_the_oldest_are_dropped(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < WG_STAGED_MAX + 10; i++) {
        assert_int_equal(say(w, 0, i), NET_ERR_AGAIN);
    }
    run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, WG_STAGED_MAX);
    assert_int_equal(w->side[1].last_len, HEADER + WG_STAGED_MAX + 9);
    assert_int_equal(status_of(w, 0).dropped_staged, 10);
}

static void test_a_keepalive_interval_makes_a_session_at_once_and_keeps_it(void **state)
{
    struct world *w = *state;
    wg_peer_set_keepalive(w->side[0].peer, w->now, WG_PERSISTENT_S * NS_PER_SEC);
    run(w, 100 * NS_PER_MS);
    assert_int_equal(w->side[0].done, 1);
    assert_int_equal(w->side[1].done, 1);
    for (unsigned minute = 0; minute < 30; minute++) {
        run(w, 60 * NS_PER_SEC);
        /* The initiator renews after two minutes, with the next keepalive that goes out. */
        uint64_t age = mono_since(w->now, status_of(w, 0).last_handshake);
        assert_true(age < (WG_REKEY_AFTER_S + WG_PERSISTENT_S + 5) * NS_PER_SEC);
        assert_true(status_of(w, 0).has_session);
    }
    assert_true(w->side[0].done >= 11 && w->side[0].done <= 16);
    assert_int_equal(w->side[1].sent[WG_INITIATION], 0); /* the responder does not renew */
}

static void test_a_session_is_renewed_without_a_gap(void **state)
{
    struct world *w = *state;
    (void)say(w, 0, 8);
    run(w, NS_PER_SEC);
    unsigned before = w->side[1].got;
    for (unsigned second = 0; second < 400; second++) {
        assert_int_equal(say(w, 0, 8), NET_OK);
        assert_int_equal(say(w, 1, 8), NET_OK);
        run(w, NS_PER_SEC);
    }
    assert_int_equal(w->side[1].got, before + 400);
    assert_int_equal(w->side[0].done, 4); /* one, and one after each two minutes */
}

static void test_an_old_session_is_dead_after_three_minutes(void **state)
{
    struct world *w = *state;
    (void)say(w, 0, 8);
    run(w, NS_PER_SEC);
    w->cut = true;
    run(w, WG_REJECT_AFTER_S * NS_PER_SEC);
    assert_false(status_of(w, 0).has_session);
    assert_int_equal(say(w, 0, 8), NET_ERR_AGAIN);
    for (size_t i = 0; i < w->seen_count; i++) {
        if (w->seen[i].bytes[0] == WG_DATA) {
            assert_int_not_equal(
                deliver(w, w->seen[i].to, bytes_of(w->seen[i].bytes, w->seen[i].len)), NET_OK);
        }
    }
}

static void test_it_tries_again_every_five_seconds_and_gives_up(void **state)
{
    struct world *w = *state;
    w->cut = true;
    assert_int_equal(say(w, 0, 8), NET_ERR_AGAIN);
    run(w, 60 * NS_PER_SEC);
    assert_in_range(w->side[0].sent[WG_INITIATION], 11, 12);
    run(w, 60 * NS_PER_SEC);
    assert_int_equal(w->side[0].gave_up, 1);
    assert_in_range(w->side[0].sent[WG_INITIATION], 19, 20);
    assert_int_equal(status_of(w, 0).dropped_staged, 1);
    unsigned sent = w->side[0].sent[WG_INITIATION];
    run(w, 600 * NS_PER_SEC);
    assert_int_equal(w->side[0].sent[WG_INITIATION], sent); /* silence until it is needed */
    w->cut = false;
    assert_int_equal(say(w, 0, 8), NET_ERR_AGAIN);
    run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, 1);
}

static void test_both_may_begin_at_once(void **state)
{
    struct world *w = *state;
    assert_int_equal(say(w, 0, 8), NET_ERR_AGAIN);
    assert_int_equal(say(w, 1, 8), NET_ERR_AGAIN);
    run(w, NS_PER_SEC);
    assert_int_equal(w->side[0].got, 1);
    assert_int_equal(w->side[1].got, 1);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(say(w, i % 2, 8), NET_OK);
        run(w, NS_PER_SEC);
    }
    assert_int_equal(w->side[0].got + w->side[1].got, 22);
}

static void restart(struct world *w, size_t one)
{
    struct side *s = &w->side[one];
    wg_device_free(s->device);
    s->device = wg_device_new(s->key, &w->rng.rng);
    join(w, one);
}

static void test_either_may_restart(void **state)
{
    struct world *w = *state;
    for (size_t one = 0; one < 2; one++) {
        wg_peer_set_keepalive(w->side[0].peer, w->now, WG_PERSISTENT_S * NS_PER_SEC);
        (void)say(w, 0, 8);
        run(w, 6 * NS_PER_SEC);
        restart(w, one);
        unsigned before = w->side[1].got;
        /* The other side notices when nothing comes back: 15 s after a packet at the latest. */
        for (unsigned second = 0; second < 40; second++) {
            (void)say(w, 0, 8);
            run(w, NS_PER_SEC);
        }
        assert_true(w->side[1].got > before + 15);
    }
}

static void test_a_packet_is_acknowledged_by_a_keepalive_after_ten_seconds(void **state)
{
    struct world *w = *state;
    (void)say(w, 0, 8);
    run(w, NS_PER_SEC);
    unsigned before = w->side[1].sent[WG_DATA];
    run(w, 8 * NS_PER_SEC);
    assert_int_equal(w->side[1].sent[WG_DATA], before);
    run(w, 2 * NS_PER_SEC);
    assert_int_equal(w->side[1].sent[WG_DATA], before + 1);
    run(w, 600 * NS_PER_SEC);
    assert_int_equal(w->side[1].sent[WG_DATA], before + 1);
    assert_int_equal(w->side[0].sent[WG_INITIATION], 1); /* an idle tunnel is silent */
}

static void test_over_a_bad_wire_nothing_is_delivered_twice(void **state)
{
    struct world *w = *state;
    w->loss_percent = 20;
    w->twice_percent = 30;
    w->spread_ns = 50 * NS_PER_MS;
    unsigned said = 0;
    for (unsigned i = 0; i < 5000; i++) {
        (void)say(w, i % 2, 64);
        said++;
        run(w, 100 * NS_PER_MS);
    }
    unsigned got = w->side[0].got + w->side[1].got;
    assert_true(got <= said);
    assert_true(got > said / 2);
    assert_true(wg_device_refusals(w->side[0].device).replayed > 0);
}

static void test_replayed_handshakes_and_packets_change_nothing(void **state)
{
    struct world *w = *state;
    (void)say(w, 0, 8);
    run(w, NS_PER_SEC);
    unsigned got[2] = {w->side[0].got, w->side[1].got};
    size_t count = w->seen_count;
    for (size_t i = 0; i < count; i++) {
        (void)deliver(w, w->seen[i].to, bytes_of(w->seen[i].bytes, w->seen[i].len));
    }
    run(w, NS_PER_SEC);
    assert_int_equal(w->side[0].got, got[0]);
    assert_int_equal(w->side[1].got, got[1]);
    assert_int_equal(w->side[1].sent[WG_RESPONSE], 1);
    assert_int_equal(say(w, 0, 8), NET_OK);
    run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, got[1] + 1);
}

/* Every datagram of a good exchange, damaged in each byte or cut at each length, is refused, and
 * the exchange goes on as if it had never come. */
static void test_forged_and_truncated_datagrams_change_nothing(void **state)
{
    struct world *w = *state;
    assert_int_equal(say(w, 0, 8), NET_ERR_AGAIN);
    for (unsigned step = 0; step < 4; step++) {
        pump(w);
        if (w->count == 0) {
            break;
        }
        struct datagram d = w->wire[0];
        w->count = 0;
        /* mac2 is looked at only by a device that is loaded. */
        size_t matters = d.bytes[0] == WG_DATA ? d.len : d.len - WG_MAC_LEN;
        for (size_t i = 0; i < matters; i++) {
            uint8_t bad[WG_DATAGRAM_MAX];
            memcpy(bad, d.bytes, d.len);
            bad[i] ^= 0x40;
            assert_int_not_equal(deliver(w, d.to, bytes_of(bad, d.len)), NET_OK);
            uint8_t *cut = malloc(i == 0 ? 1 : i); /* as long as it is: a sanitizer sees more */
            memcpy(cut, d.bytes, i);
            assert_int_not_equal(deliver(w, d.to, bytes_of(cut, i)), NET_OK);
            free(cut);
        }
        w->now += 2 * NS_PER_SEC; /* past the load that the flood made */
        assert_int_equal(deliver(w, d.to, bytes_of(d.bytes, d.len)), NET_OK);
    }
    run(w, NS_PER_SEC);
    assert_int_equal(w->side[1].got, 1);
}

static void test_a_flood_of_handshakes_is_answered_with_cookies(void **state)
{
    struct world *w = *state;
    struct side flooder = {.key = node_private_new(&w->rng.rng)};
    flooder.public_key = node_private_public(flooder.key);
    for (unsigned i = 0; i < 4 * WG_LOADED_AFTER; i++) {
        /* Each of a new device, as if from many computers: all mac1 are right. */
        struct wg_device *device = wg_device_new(flooder.key, &w->rng.rng);
        struct wg_peer *peer =
            wg_device_add_peer(device, &w->side[1].public_key, address[1][0], 1, NULL);
        uint8_t memory[WG_DATAGRAM_MAX];
        struct writer out = writer_of(memory, sizeof memory);
        struct node_public to;
        struct wg_input input;
        wg_peer_set_keepalive(peer, w->now, NS_PER_SEC);
        assert_int_equal(wg_device_output(device, w->now, wall_of(w->now), &out, &to), NET_OK);
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
        if (wg_device_output(w->side[1].device, w->now, wall_of(w->now), &out, &to) != NET_OK) {
            break;
        }
    }
    assert_int_equal(say(w, 0, 8), NET_ERR_AGAIN);
    run(w, 100 * NS_PER_MS);
    assert_int_equal(w->side[1].sent[WG_COOKIE], 1);
    assert_int_equal(w->side[1].got, 0);
    run(w, 6 * NS_PER_SEC); /* the retransmission */
    assert_int_equal(w->side[1].got, 1);
}

static void test_an_inner_address_that_is_not_the_peers_is_refused(void **state)
{
    struct world *w = *state;
    uint8_t packet[WG_PACKET_MAX];
    uint8_t memory[WG_DATAGRAM_MAX];
    (void)say(w, 0, 8);
    run(w, NS_PER_SEC);
    size_t len = make_packet(0, 8, packet);
    packet[23] = 99;
    struct writer out = writer_of(memory, sizeof memory);
    assert_int_equal(wg_peer_send(w->side[0].peer, w->now, bytes_of(packet, len), &out), NET_OK);
    assert_int_equal(deliver(w, 1, writer_done(&out)), NET_ERR_AUTH);
    assert_int_equal(wg_device_refusals(w->side[1].device).foreign, 1);
    /* Neither is one whose length says more than there is, nor IPv4. */
    len = make_packet(0, 8, packet);
    packet[4] = 4;
    out = writer_of(memory, sizeof memory);
    assert_int_equal(wg_peer_send(w->side[0].peer, w->now, bytes_of(packet, len), &out), NET_OK);
    assert_int_equal(deliver(w, 1, writer_done(&out)), NET_ERR_MALFORMED);
    packet[0] = 0x45;
    out = writer_of(memory, sizeof memory);
    assert_int_equal(wg_peer_send(w->side[0].peer, w->now, bytes_of(packet, len), &out), NET_OK);
    assert_int_equal(deliver(w, 1, writer_done(&out)), NET_ERR_MALFORMED);
    assert_int_equal(w->side[1].got, 1);
}

static void test_clock_jumps_do_no_harm(void **state)
{
    struct world *w = *state;
    wg_peer_set_keepalive(w->side[0].peer, w->now, WG_PERSISTENT_S * NS_PER_SEC);
    run(w, NS_PER_SEC);
    for (unsigned i = 0; i < 5; i++) {
        w->now += 3600 * NS_PER_SEC; /* suspended for an hour */
        run(w, 10 * NS_PER_SEC);
        assert_true(status_of(w, 0).has_session);
        assert_true(mono_since(w->now, status_of(w, 0).last_handshake) < 11 * NS_PER_SEC);
    }
}

static void test_a_peer_whose_key_is_a_low_order_point_is_not_taken(void **state)
{
    struct world *w = *state;
    const struct node_public zero = {{0}};
    assert_null(wg_device_add_peer(w->side[0].device, &zero, address[1][0], 1, NULL));
    assert_null(
        wg_device_add_peer(w->side[0].device, &w->side[1].public_key, address[1][0], 1, NULL));
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
        CASE(test_it_tries_again_every_five_seconds_and_gives_up),
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
