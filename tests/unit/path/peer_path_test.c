/*
 * The paths to one peer, on simulated time against a scripted peer.
 */
#include "net/path/peer_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { REGION = 999, TIMEOUT_MS = 2000, OUT_MAX = 256 };

struct sent {
    struct path_route to;
    struct disco_message message;
};

struct world {
    struct rng_seeded seeded;
    struct disco_private *mine, *theirs;
    struct disco_public their_public;
    struct node_public their_node;
    struct box_key their_box; /* the peer's side */
    struct peer_path *path;
    mono_ns now;
    size_t count; /* packets of the last pump */
    struct sent sent[OUT_MAX];
    size_t event_count;
    struct path_event events[OUT_MAX];
};

static void make_peer(struct world *w)
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
    assert_int_equal(crypto_start(), NET_OK);
    rng_seeded_init(&w->seeded, 7);
    w->now = 1000 * NS_PER_SEC;
    w->mine = disco_private_new(&w->seeded.rng);
    w->their_node.b[0] = 3;
    make_peer(w);
    w->path = peer_path_new(&(struct path_config){.timeout_ns = TIMEOUT_MS * NS_PER_MS,
                                                  .disco = w->mine,
                                                  .node = {{5}},
                                                  .rng = &w->seeded.rng});
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    peer_path_free(w->path);
    disco_private_free(w->mine);
    disco_private_free(w->theirs);
    free(w);
    return 0;
}

static struct net_address at(const char *text)
{
    struct net_address out;
    assert_int_equal(address_parse(text, &out), NET_OK);
    return out;
}

/* Sends all that is due, as the peer reads it, and collects the events. */
static void pump(struct world *w)
{
    uint8_t packet[DISCO_PACKET_MAX];
    w->count = 0;
    for (;;) {
        struct writer out = writer_of(packet, sizeof packet);
        struct path_route to;
        if (peer_path_output(w->path, w->now, &out, &to) != NET_OK) {
            break;
        }
        assert_true(w->count < OUT_MAX);
        struct sent *sent = &w->sent[w->count++];
        sent->to = to;
        assert_int_equal(disco_open(&w->their_box, writer_done(&out), &sent->message), NET_OK);
        bool padded = sent->message.type != DISCO_CALL_ME_MAYBE;
        assert_int_equal(writer_len(&out) == DISCO_PADDED_PACKET, padded);
    }
    w->event_count = 0;
    while (peer_path_event(w->path, &w->events[w->event_count])) {
        w->event_count++;
    }
    assert_true(peer_path_deadline(w->path) > w->now);
}

static void pass(struct world *w, uint64_t ms)
{
    w->now += ms * NS_PER_MS;
    pump(w);
}

static void introduce(struct world *w, const char *first, const char *second)
{
    struct net_address endpoints[2];
    size_t count = 0;
    if (first != NULL) {
        endpoints[count++] = at(first);
    }
    if (second != NULL) {
        endpoints[count++] = at(second);
    }
    peer_path_set_peer(w->path, w->now, &w->their_node, &w->their_public, REGION, endpoints, count);
}

static enum net_err say(struct world *w, const struct path_route *from,
                        const struct disco_message *message)
{
    uint8_t packet[DISCO_PACKET_MAX];
    struct writer writer = writer_of(packet, sizeof packet);
    disco_seal(&w->their_box, &w->their_public, &w->seeded.rng, message, &writer);
    return peer_path_input(w->path, w->now, from, writer_done(&writer));
}

static void pong(struct world *w, const struct sent *ping)
{
    struct disco_message message = {.type = DISCO_PONG, .tx = ping->message.tx};
    message.source = at("198.51.100.9:9");
    assert_int_equal(say(w, &ping->to, &message), NET_OK);
}

static const struct sent *ping_to(const struct world *w, const char *address)
{
    struct net_address wanted = {0};
    if (address != NULL) {
        wanted = at(address);
    }
    for (size_t i = 0; i < w->count; i++) {
        const struct sent *one = &w->sent[i];
        if (one->message.type == DISCO_PING &&
            (address == NULL ? !one->to.direct
                             : one->to.direct && address_equal(&one->to.address, &wanted))) {
            return one;
        }
    }
    return NULL;
}

static const struct path_event *event_of(const struct world *w, enum path_event_kind kind)
{
    for (size_t i = 0; i < w->event_count; i++) {
        if (w->events[i].kind == kind) {
            return &w->events[i];
        }
    }
    return NULL;
}

static size_t sent_directly(const struct world *w)
{
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++) {
        count += w->sent[i].to.direct ? 1U : 0U;
    }
    return count;
}

static struct path_status status_of(const struct world *w)
{
    struct path_status status;
    peer_path_status(w->path, &status);
    return status;
}

static bool best_is(const struct world *w, const char *address)
{
    struct path_status status = status_of(w);
    struct net_address wanted = at(address);
    return address_equal(&status.best, &wanted);
}

#define A "203.0.113.7:1000"
#define B "203.0.113.8:2000"

/* A direct path over A, that took 10 ms to answer. */
static void go_direct(struct world *w)
{
    introduce(w, A, NULL);
    (void)peer_path_beat(w->path, w->now);
    pump(w);
    struct sent ping = *ping_to(w, A);
    w->now += 10 * NS_PER_MS;
    pong(w, &ping);
    pump(w);
    assert_true(status_of(w).now.direct);
}

/* --- beats -------------------------------------------------------------------------------------
 */

static void test_a_pong_answers_the_beat_whose_id_it_carries(void **state)
{
    struct world *w = *state;
    introduce(w, NULL, NULL);
    uint64_t seq = peer_path_beat(w->path, w->now);
    pump(w);
    struct sent first = *ping_to(w, NULL);
    assert_int_equal(first.message.node.b[0], 5);
    w->now += 30 * NS_PER_MS;
    pong(w, &first);
    pump(w);
    const struct path_event *event = event_of(w, PATH_EVENT_PONG);
    assert_non_null(event);
    assert_int_equal(event->seq, seq);
    assert_int_equal(event->rtt_ns, 30 * NS_PER_MS);
    assert_int_equal(event->route.region, REGION);
    pong(w, &first); /* the same again answers nothing */
    pump(w);
    assert_null(event_of(w, PATH_EVENT_PONG));
    assert_int_equal(status_of(w).pongs_unasked, 1);
}

static void test_a_pong_with_somebody_elses_id_answers_nothing(void **state)
{
    struct world *w = *state;
    introduce(w, NULL, NULL);
    (void)peer_path_beat(w->path, w->now);
    pump(w);
    struct sent wrong = *ping_to(w, NULL);
    wrong.message.tx.b[3] ^= 1;
    pong(w, &wrong);
    pass(w, TIMEOUT_MS + 1);
    assert_null(event_of(w, PATH_EVENT_PONG));
    assert_non_null(event_of(w, PATH_EVENT_LOST));
}

static void test_a_pong_that_comes_another_way_or_too_late_answers_nothing(void **state)
{
    struct world *w = *state;
    introduce(w, NULL, NULL);
    (void)peer_path_beat(w->path, w->now);
    pump(w);
    struct sent ping = *ping_to(w, NULL);
    struct net_address elsewhere = at(A);
    struct sent other = ping;
    other.to = route_direct(&elsewhere);
    pong(w, &other);
    pass(w, TIMEOUT_MS + 1);
    assert_non_null(event_of(w, PATH_EVENT_LOST));
    pong(w, &ping);
    pump(w);
    assert_null(event_of(w, PATH_EVENT_PONG));
}

static void test_until_the_first_answer_a_lost_probe_is_sent_again_with_a_fresh_id(void **state)
{
    struct world *w = *state;
    introduce(w, NULL, NULL);
    uint64_t seq = peer_path_beat(w->path, w->now);
    pump(w);
    struct sent first = *ping_to(w, NULL);
    pass(w, PATH_FIRST_RETRY_MS);
    const struct sent *second = ping_to(w, NULL);
    assert_non_null(second);
    assert_memory_not_equal(second->message.tx.b, first.message.tx.b, DISCO_TX_LEN);
    pong(w, second);
    pump(w);
    assert_int_equal(event_of(w, PATH_EVENT_PONG)->seq, seq);
    (void)peer_path_beat(w->path, w->now);
    pump(w);
    pass(w, PATH_FIRST_RETRY_MS); /* it has answered: now a lost one is lost */
    assert_null(ping_to(w, NULL));
}

static void test_loss_is_counted_once_for_each_beat(void **state)
{
    struct world *w = *state;
    unsigned lost = 0;
    introduce(w, A, B);
    for (unsigned i = 0; i < 10; i++) {
        (void)peer_path_beat(w->path, w->now);
        pump(w);
        pass(w, 1000);
        lost += event_of(w, PATH_EVENT_LOST) != NULL ? 1U : 0U;
    }
    for (unsigned i = 0; i < 5; i++) {
        pass(w, 500);
        for (size_t n = 0; n < w->event_count; n++) {
            lost += w->events[n].kind == PATH_EVENT_LOST ? 1U : 0U;
        }
    }
    assert_int_equal(lost, 10);
}

/* --- the choice --------------------------------------------------------------------------------
 */

static void test_it_begins_by_the_relay_and_goes_direct_with_the_first_answer(void **state)
{
    struct world *w = *state;
    struct path_route routes[2];
    introduce(w, A, B);
    (void)peer_path_beat(w->path, w->now);
    pump(w);
    assert_non_null(ping_to(w, NULL));
    assert_non_null(ping_to(w, A));
    assert_non_null(ping_to(w, B));
    assert_int_equal(peer_path_routes(w->path, w->now, routes), 1);
    assert_false(routes[0].direct);
    struct sent ping = *ping_to(w, B);
    w->now += 20 * NS_PER_MS;
    pong(w, &ping);
    pump(w);
    const struct path_event *change = event_of(w, PATH_EVENT_CHANGED);
    assert_non_null(change);
    assert_int_equal(change->reason, PATH_FIRST_PONG);
    assert_false(change->from.direct);
    assert_true(change->to.direct);
    assert_int_equal(peer_path_routes(w->path, w->now, routes), 1);
    assert_true(routes[0].direct);
    (void)peer_path_beat(w->path, w->now);
    pump(w);
    assert_null(ping_to(w, NULL)); /* a trusted path is asked alone */
    assert_non_null(ping_to(w, B));
}

static void test_silence_ends_the_trust_and_an_answer_brings_it_back(void **state)
{
    struct world *w = *state;
    struct path_route routes[2];
    go_direct(w);
    mono_ns since = w->now;
    for (unsigned i = 0; i < 20 && status_of(w).now.direct; i++) {
        (void)peer_path_beat(w->path, w->now);
        pass(w, 500);
    }
    assert_in_range(w->now - since, PATH_TRUST_MS * NS_PER_MS, 7000 * NS_PER_MS);
    assert_int_equal(peer_path_routes(w->path, w->now, routes), 2); /* both ways */
    assert_true(status_of(w).stale);
    (void)peer_path_beat(w->path, w->now);
    pump(w);
    assert_non_null(ping_to(w, NULL));
    struct sent ping = *ping_to(w, A);
    pong(w, &ping);
    pump(w);
    assert_int_equal(event_of(w, PATH_EVENT_CHANGED)->reason, PATH_RECOVERED);
    assert_true(status_of(w).now.direct);
}

static void test_silence_has_the_other_candidates_asked_at_once_and_again(void **state)
{
    struct world *w = *state;
    go_direct(w);
    introduce(w, A, B);
    pass(w, 1); /* B is probed for being new, and does not answer */
    while (status_of(w).now.direct) {
        (void)peer_path_beat(w->path, w->now);
        pass(w, 500);
    }
    unsigned asked = ping_to(w, B) != NULL ? 1 : 0;
    assert_int_equal(asked, 1);
    for (unsigned i = 0; i < 15; i++) {
        pass(w, 100);
        asked += ping_to(w, B) != NULL ? 1 : 0;
    }
    assert_int_equal(asked, 4);
    struct sent ping = *ping_to(w, B);
    pong(w, &ping);
    pump(w);
    assert_true(status_of(w).now.direct && best_is(w, B));
}

static void test_two_unanswered_probes_end_an_established_path_before_its_trust(void **state)
{
    struct world *w = *state;
    go_direct(w);
    for (unsigned i = 0; i < 10; i++) { /* long enough to be established */
        (void)peer_path_beat(w->path, w->now);
        pump(w);
        struct sent ping = *ping_to(w, A);
        pong(w, &ping);
        pass(w, 1000);
    }
    mono_ns last = w->now;
    while (status_of(w).now.direct) {
        (void)peer_path_beat(w->path, w->now);
        pump(w);
        pass(w, 250);
    }
    assert_in_range(w->now - last, 1000 * NS_PER_MS, 2000 * NS_PER_MS);
    assert_int_equal(event_of(w, PATH_EVENT_CHANGED)->reason, PATH_SILENT);
}

static void test_a_better_path_takes_over_and_the_old_one_does_not_come_back_at_once(void **state)
{
    struct world *w = *state;
    go_direct(w);
    introduce(w, A, B);
    pump(w);
    struct sent a = *ping_to(w, A);
    struct sent b = *ping_to(w, B);
    w->now += 2 * NS_PER_MS;
    pong(w, &b);
    pump(w);
    assert_int_equal(event_of(w, PATH_EVENT_CHANGED)->reason, PATH_BETTER);
    pong(w, &a); /* as fast now: no reason to swing */
    pump(w);
    assert_null(event_of(w, PATH_EVENT_CHANGED));
    assert_true(best_is(w, B));
}

static void test_an_expired_path_does_not_stand_in_the_way_of_a_slower_one(void **state)
{
    struct world *w = *state;
    go_direct(w);
    introduce(w, A, B);
    pump(w);
    for (unsigned i = 0; i < 16; i++) {
        pass(w, 500);
    }
    assert_false(status_of(w).now.direct);
    (void)peer_path_beat(w->path, w->now);
    pump(w);
    for (unsigned i = 0; i < 12 && ping_to(w, B) == NULL; i++) {
        (void)peer_path_beat(w->path, w->now);
        pass(w, 500);
    }
    struct sent ping = *ping_to(w, B);
    w->now += 200 * NS_PER_MS;
    pong(w, &ping);
    pump(w);
    assert_true(status_of(w).now.direct);
    assert_true(best_is(w, B));
}

static void test_probing_ceases_when_nobody_uses_the_tunnel(void **state)
{
    struct world *w = *state;
    struct path_route routes[2];
    introduce(w, A, NULL);
    (void)peer_path_routes(w->path, w->now, routes);
    pump(w);
    unsigned sent = 0;
    mono_ns start = w->now;
    while (peer_path_deadline(w->path) != MONO_NEVER) {
        w->now = peer_path_deadline(w->path);
        pump(w);
        sent += (unsigned)w->count;
        assert_true(w->now - start < 60 * NS_PER_SEC);
    }
    assert_true(w->now - start >= PATH_ACTIVE_S * NS_PER_SEC);
    assert_in_range(sent, 8, 60); /* one each five seconds, and the first volleys */
}

static void test_heartbeats_keep_an_idle_tunnels_path(void **state)
{
    struct world *w = *state;
    struct path_route routes[2];
    go_direct(w);
    for (unsigned i = 0; i < 600; i++) {
        if (i % 250 == 0) {
            (void)peer_path_routes(w->path, w->now, routes); /* a keepalive of the tunnel */
        }
        pass(w, 100);
        const struct sent *ping = ping_to(w, A);
        if (ping != NULL) {
            struct sent copy = *ping;
            pong(w, &copy);
        }
        assert_true(status_of(w).now.direct);
    }
}

/* --- what the peer says ------------------------------------------------------------------------
 */

static void test_the_peers_pings_are_answered_once_for_each_id_and_way(void **state)
{
    struct world *w = *state;
    struct net_address a = at(A);
    struct path_route ways[] = {route_derp(REGION), route_direct(&a)};
    introduce(w, NULL, NULL);
    pump(w);
    for (size_t i = 0; i < 2; i++) {
        struct disco_message ping = {.type = DISCO_PING, .tx = {{4, (uint8_t)i}}};
        assert_int_equal(say(w, &ways[i], &ping), NET_OK);
        assert_int_equal(say(w, &ways[i], &ping), NET_OK);
        pump(w);
        size_t pongs = 0;
        for (size_t n = 0; n < w->count; n++) {
            if (w->sent[n].message.type == DISCO_PONG) {
                pongs++;
                assert_memory_equal(w->sent[n].message.tx.b, ping.tx.b, DISCO_TX_LEN);
                assert_int_equal(w->sent[n].to.direct, ways[i].direct);
                uint16_t region = 0;
                assert_true(ways[i].direct ? address_equal(&w->sent[n].message.source, &a)
                                           : address_is_derp(&w->sent[n].message.source, &region));
            }
        }
        assert_int_equal(pongs, 1);
    }
    assert_int_equal(status_of(w).pings_repeated, 2);
}

static void test_an_address_learned_from_a_ping_is_tried_back_and_forgotten_later(void **state)
{
    struct world *w = *state;
    struct net_address a = at(A);
    struct path_route from = route_direct(&a);
    struct disco_message ping = {.type = DISCO_PING, .tx = {{9}}};
    introduce(w, NULL, NULL);
    pump(w);
    assert_false(peer_path_knows(w->path, &a));
    assert_int_equal(say(w, &from, &ping), NET_OK);
    pump(w);
    assert_true(peer_path_knows(w->path, &a)); /* data may come from there now */
    assert_non_null(ping_to(w, A));
    struct path_route routes[2];
    for (unsigned i = 0; i < 60; i++) {
        (void)peer_path_routes(w->path, w->now, routes);
        pass(w, 1000);
    }
    assert_int_equal(peer_path_candidates(w->path)->count, 0);
}

/* What we sent was turned away by the peer's NAT; the peer's ping says that the next will not be.
 */
static void test_a_ping_from_a_candidate_that_is_silent_is_tried_back_once_a_probe(void **state)
{
    struct world *w = *state;
    struct net_address a = at(A);
    struct path_route from = route_direct(&a);
    struct disco_message ping = {.type = DISCO_PING};
    introduce(w, A, NULL);
    (void)peer_path_beat(w->path, w->now);
    pump(w);
    assert_non_null(ping_to(w, A));
    for (uint8_t i = 1; i <= 3; i++) {
        w->now += NS_PER_MS;
        ping.tx.b[0] = i;
        assert_int_equal(say(w, &from, &ping), NET_OK);
        pump(w);
        assert_int_equal(ping_to(w, A) != NULL, i == 1);
    }
    pass(w,
         300); /* the next volley; then it may be tried back again, but not for a ping of before */
    assert_non_null(ping_to(w, A));
    w->now += NS_PER_MS;
    assert_int_equal(say(w, &from, &ping), NET_OK);
    pump(w);
    assert_null(ping_to(w, A));
    ping.tx.b[0] = 9;
    assert_int_equal(say(w, &from, &ping), NET_OK);
    pump(w);
    assert_non_null(ping_to(w, A));
    pass(w, 400);
    ping.tx.b[0] = 10;
    w->now += NS_PER_MS;
    assert_int_equal(say(w, &from, &ping), NET_OK);
    pump(w);
    struct sent back = *ping_to(w, A);
    w->now += NS_PER_MS;
    pong(w, &back);
    pump(w);
    assert_true(best_is(w, A));
    ping.tx.b[0] = 11; /* a path that works is not tried for it */
    w->now += NS_PER_MS;
    assert_int_equal(say(w, &from, &ping), NET_OK);
    pump(w);
    assert_null(ping_to(w, A));
}

static void test_call_me_maybe_names_what_is_tried_and_takes_it_back(void **state)
{
    struct world *w = *state;
    struct path_route derp = route_derp(REGION);
    struct net_address a = at(A);
    struct path_route direct = route_direct(&a);
    struct disco_message call = {.type = DISCO_CALL_ME_MAYBE, .endpoint_count = 2};
    call.endpoints[0] = a;
    call.endpoints[1] = at(B);
    introduce(w, NULL, NULL);
    pump(w);
    assert_int_equal(say(w, &direct, &call), NET_OK); /* over UDP it counts for nothing */
    pump(w);
    assert_int_equal(sent_directly(w), 0);
    assert_int_equal(say(w, &derp, &call), NET_OK);
    pump(w);
    assert_non_null(ping_to(w, A));
    struct sent ping = *ping_to(w, B);
    pong(w, &ping);
    pump(w);
    assert_true(status_of(w).now.direct);
    call.endpoint_count = 0;
    w->now += NS_PER_SEC;
    assert_int_equal(say(w, &derp, &call), NET_OK);
    pump(w);
    assert_false(status_of(w).now.direct);
    assert_int_equal(event_of(w, PATH_EVENT_CHANGED)->reason, PATH_WITHDRAWN);
    assert_int_equal(peer_path_candidates(w->path)->count, 0);
}

static void test_addresses_that_cannot_be_the_peers_are_not_tried(void **state)
{
    struct world *w = *state;
    static const char *const bad[] = {
        "127.0.0.1:80",          "[::1]:80",       "224.0.0.1:5",
        "[ff02::1]:5",           "0.0.0.0:5",      "255.255.255.255:9",
        "[fe80::1]:5",           "203.0.113.9:0",  "127.3.3.40:999",
        "[fd7a:115c:a1e0::5]:7", "192.0.2.44:4444" /* our own */};
    struct net_address own = at("192.0.2.44:4444");
    struct disco_message call = {.type = DISCO_CALL_ME_MAYBE};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        call.endpoints[call.endpoint_count++] = at(bad[i]);
    }
    peer_path_set_own(w->path, w->now, &own, 1);
    peer_path_set_peer(w->path, w->now, &w->their_node, &w->their_public, REGION, call.endpoints,
                       call.endpoint_count);
    struct path_route derp = route_derp(REGION);
    assert_int_equal(say(w, &derp, &call), NET_OK);
    pump(w);
    assert_int_equal(sent_directly(w), 0);
    assert_int_equal(status_of(w).endpoints_refused, 2 * call.endpoint_count);
}

static void test_a_call_with_ten_thousand_endpoints_costs_no_more_than_the_limit(void **state)
{
    struct world *w = *state;
    enum { COUNT = 100 }; /* what fits the longest packet that is opened */
    uint8_t payload[2 + 18 * COUNT] = {DISCO_CALL_ME_MAYBE, 0};
    struct writer body = writer_of(payload + 2, sizeof payload - 2);
    for (unsigned i = 0; i < COUNT; i++) {
        struct net_address one = {
            .family = ADDRESS_V4, .ip = {203, 0, 113, (uint8_t)i}, .port = (uint16_t)(1000 + i)};
        address_mapped_encode(&body, &one);
    }
    static const uint8_t magic[DISCO_MAGIC_LEN] = {0x54, 0x53, 0xf0, 0x9f, 0x92, 0xac};
    uint8_t packet[DISCO_PACKET_MAX];
    struct writer out = writer_of(packet, sizeof packet);
    writer_put(&out, bytes_of(magic, sizeof magic));
    writer_put(&out, bytes_of(w->their_public.b, KEY_LEN));
    box_seal(&w->their_box, &w->seeded.rng, bytes_of(payload, sizeof payload), &out);
    struct path_route derp = route_derp(REGION);
    introduce(w, NULL, NULL);
    pump(w);
    assert_int_equal(peer_path_input(w->path, w->now, &derp, writer_done(&out)), NET_OK);
    pump(w);
    assert_int_equal(peer_path_candidates(w->path)->count, DISCO_ENDPOINTS_MAX);
    assert_int_equal(sent_directly(w), DISCO_ENDPOINTS_MAX);
    /* And what would hold ten thousand is not even opened. */
    size_t long_len = 62 + 16 + 2 + 18 * 10000;
    uint8_t *longer = calloc(1, long_len);
    memcpy(longer, packet, DISCO_HEADER_LEN);
    assert_int_equal(peer_path_input(w->path, w->now, &derp, bytes_of(longer, long_len)),
                     NET_ERR_TOO_BIG);
    free(longer);
}

static void test_our_own_call_carries_our_endpoints(void **state)
{
    struct world *w = *state;
    struct net_address own[] = {at("198.51.100.1:5"), at("[2001:db8::5]:5")};
    peer_path_set_own(w->path, w->now, own, 2);
    introduce(w, A, NULL);
    pump(w);
    unsigned calls = 0;
    for (size_t i = 0; i < w->count; i++) {
        const struct sent *one = &w->sent[i];
        if (one->message.type == DISCO_CALL_ME_MAYBE) {
            calls++;
            assert_false(one->to.direct);
            assert_int_equal(one->message.endpoint_count, 2);
            assert_true(address_equal(&one->message.endpoints[1], &own[1]));
        }
    }
    assert_int_equal(calls, 1);
}

/* --- direct connections disabled ---------------------------------------------------------------
 */

static void test_disabled_nothing_goes_over_udp_and_nothing_is_taken_from_it(void **state)
{
    struct world *w = *state;
    struct net_address own = at("198.51.100.1:5");
    struct net_address a = at(A);
    struct path_route direct = route_direct(&a);
    struct path_route derp = route_derp(REGION);
    struct disco_message ping = {.type = DISCO_PING, .tx = {{1}}};
    struct disco_message call = {.type = DISCO_CALL_ME_MAYBE, .endpoint_count = 1};
    call.endpoints[0] = a;
    peer_path_block(w->path, w->now, true);
    peer_path_set_own(w->path, w->now, &own, 1);
    introduce(w, A, B);
    for (unsigned i = 0; i < 100; i++) {
        (void)peer_path_beat(w->path, w->now);
        assert_int_equal(say(w, &direct, &ping), NET_ERR_STATE);
        assert_int_equal(say(w, &derp, &call), NET_OK);
        pass(w, 500);
        assert_int_equal(sent_directly(w), 0);
        for (size_t n = 0; n < w->count; n++) {
            assert_int_not_equal(w->sent[n].message.type, DISCO_CALL_ME_MAYBE);
        }
    }
    assert_false(peer_path_knows(w->path, &a));
}

static void test_disabling_drops_the_path_and_takes_back_what_was_told(void **state)
{
    struct world *w = *state;
    struct net_address own = at("198.51.100.1:5");
    peer_path_set_own(w->path, w->now, &own, 1);
    go_direct(w);
    peer_path_block(w->path, w->now, true);
    pump(w);
    assert_int_equal(event_of(w, PATH_EVENT_CHANGED)->reason, PATH_BLOCKED);
    bool retracted = false;
    for (size_t i = 0; i < w->count; i++) {
        retracted |= w->sent[i].message.type == DISCO_CALL_ME_MAYBE &&
                     w->sent[i].message.endpoint_count == 0;
    }
    assert_true(retracted);
}

/* --- disturbances ------------------------------------------------------------------------------
 */

static void test_a_restarted_peer_is_met_anew(void **state)
{
    struct world *w = *state;
    go_direct(w);
    uint64_t seq = peer_path_beat(w->path, w->now);
    pump(w);
    make_peer(w);
    introduce(w, A, NULL);
    pump(w);
    assert_int_equal(event_of(w, PATH_EVENT_CHANGED)->reason, PATH_RESTARTED);
    struct sent ping = *ping_to(w, NULL);
    pong(w, &ping);
    pump(w);
    assert_int_equal(event_of(w, PATH_EVENT_PONG)->seq, seq); /* probed anew, not lost */
}

static void test_a_changed_network_is_probed_at_once(void **state)
{
    struct world *w = *state;
    go_direct(w);
    w->now += NS_PER_SEC;
    peer_path_network_changed(w->path, w->now);
    pump(w);
    assert_int_equal(event_of(w, PATH_EVENT_CHANGED)->reason, PATH_NETWORK);
    struct sent ping = *ping_to(w, A);
    pong(w, &ping);
    pump(w);
    assert_true(status_of(w).now.direct);
}

static void test_damaged_and_truncated_packets_are_refused(void **state)
{
    struct world *w = *state;
    struct disco_message ping = {.type = DISCO_PING, .tx = {{1}}};
    struct path_route derp = route_derp(REGION);
    uint8_t packet[DISCO_PACKET_MAX];
    struct writer out = writer_of(packet, sizeof packet);
    introduce(w, NULL, NULL);
    pump(w);
    disco_seal(&w->their_box, &w->their_public, &w->seeded.rng, &ping, &out);
    size_t len = writer_len(&out);
    for (size_t i = 0; i < len; i++) {
        uint8_t *cut = malloc(i == 0 ? 1 : i);
        memcpy(cut, packet, i);
        assert_int_not_equal(peer_path_input(w->path, w->now, &derp, bytes_of(cut, i)), NET_OK);
        free(cut);
        packet[i] ^= 0x20;
        assert_int_not_equal(peer_path_input(w->path, w->now, &derp, bytes_of(packet, len)),
                             NET_OK);
        packet[i] ^= 0x20;
    }
    pump(w);
    assert_int_equal(w->count, 0);
}

static void test_a_flood_of_pings_costs_no_more_than_so_many_pongs(void **state)
{
    struct world *w = *state;
    introduce(w, NULL, NULL);
    pump(w);
    for (unsigned i = 0; i < 2000; i++) {
        struct net_address from = {
            .family = ADDRESS_V4, .ip = {198, 51, (uint8_t)(i >> 8), (uint8_t)i}, .port = 7};
        struct path_route way = route_direct(&from);
        struct disco_message ping = {.type = DISCO_PING,
                                     .tx = {{1, (uint8_t)i, (uint8_t)(i >> 8)}}};
        assert_int_equal(say(w, &way, &ping), NET_OK);
    }
    assert_true(peer_path_candidates(w->path)->count <= CANDIDATES_MAX);
    unsigned pongs = 0;
    uint8_t packet[DISCO_PACKET_MAX];
    for (;;) {
        struct writer out = writer_of(packet, sizeof packet);
        struct path_route to;
        struct disco_message message;
        if (peer_path_output(w->path, w->now, &out, &to) != NET_OK) {
            break;
        }
        assert_int_equal(disco_open(&w->their_box, writer_done(&out), &message), NET_OK);
        pongs += message.type == DISCO_PONG ? 1U : 0U;
    }
    assert_in_range(pongs, 1, 64);
}

static void test_clock_jumps_do_no_harm(void **state)
{
    struct world *w = *state;
    go_direct(w);
    for (unsigned i = 0; i < 20; i++) {
        (void)peer_path_beat(w->path, w->now);
        w->now += 3600 * NS_PER_SEC;
        pump(w);
        (void)peer_path_beat(w->path, w->now);
        pump(w);
        const struct sent *ping = ping_to(w, A);
        if (ping != NULL) {
            struct sent copy = *ping;
            pong(w, &copy);
            pump(w);
            assert_true(status_of(w).now.direct);
        }
    }
}

static void test_a_probe_that_fits_no_interface_is_noted(void **state)
{
    struct world *w = *state;
    introduce(w, A, NULL);
    pump(w);
    peer_path_too_big(w->path, &ping_to(w, A)->to);
    assert_true(peer_path_candidates(w->path)->all[0].too_big);
    assert_false(status_of(w).now.direct);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_pong_answers_the_beat_whose_id_it_carries),
        CASE(test_a_pong_with_somebody_elses_id_answers_nothing),
        CASE(test_a_pong_that_comes_another_way_or_too_late_answers_nothing),
        CASE(test_until_the_first_answer_a_lost_probe_is_sent_again_with_a_fresh_id),
        CASE(test_loss_is_counted_once_for_each_beat),
        CASE(test_it_begins_by_the_relay_and_goes_direct_with_the_first_answer),
        CASE(test_silence_ends_the_trust_and_an_answer_brings_it_back),
        CASE(test_silence_has_the_other_candidates_asked_at_once_and_again),
        CASE(test_two_unanswered_probes_end_an_established_path_before_its_trust),
        CASE(test_a_better_path_takes_over_and_the_old_one_does_not_come_back_at_once),
        CASE(test_an_expired_path_does_not_stand_in_the_way_of_a_slower_one),
        CASE(test_probing_ceases_when_nobody_uses_the_tunnel),
        CASE(test_heartbeats_keep_an_idle_tunnels_path),
        CASE(test_the_peers_pings_are_answered_once_for_each_id_and_way),
        CASE(test_an_address_learned_from_a_ping_is_tried_back_and_forgotten_later),
        CASE(test_a_ping_from_a_candidate_that_is_silent_is_tried_back_once_a_probe),
        CASE(test_call_me_maybe_names_what_is_tried_and_takes_it_back),
        CASE(test_addresses_that_cannot_be_the_peers_are_not_tried),
        CASE(test_a_call_with_ten_thousand_endpoints_costs_no_more_than_the_limit),
        CASE(test_our_own_call_carries_our_endpoints),
        CASE(test_disabled_nothing_goes_over_udp_and_nothing_is_taken_from_it),
        CASE(test_disabling_drops_the_path_and_takes_back_what_was_told),
        CASE(test_a_restarted_peer_is_met_anew),
        CASE(test_a_changed_network_is_probed_at_once),
        CASE(test_damaged_and_truncated_packets_are_refused),
        CASE(test_a_flood_of_pings_costs_no_more_than_so_many_pongs),
        CASE(test_clock_jumps_do_no_harm),
        CASE(test_a_probe_that_fits_no_interface_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
