/* What a peer, or somebody in its name, says and is not taken is logged: each kind by itself, once,
 * and then seldom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/log_limit.h"
#include "net/path/peer_path.h"
#include "tests/support/path_rig.h"

#include <cmocka.h>

enum { TIMES = 100, TOO_MANY = 10000 };

struct fixture {
    struct path_rig rig;
    struct log log;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    log_init(&f->log, LOG_DEBUG);
    path_rig_open(&f->rig, 3, NS_PER_SEC);
    peer_path_free(f->rig.path);
    f->rig.path = peer_path_new(&(struct path_config){.timeout_ns = NS_PER_SEC,
                                                      .disco = f->rig.mine,
                                                      .node = {{5}},
                                                      .rng = &f->rig.seeded.rng,
                                                      .log = &f->log});
    path_rig_tell_node(&f->rig, "");
    path_rig_pump(&f->rig);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    path_rig_close(&f->rig);
    log_clear(&f->log);
    free(f);
    return 0;
}

static const char *last(const struct fixture *f)
{
    return f->log.count == 0 ? "" : f->log.ring[(f->log.count - 1) % LOG_RING].text;
}

/* It happens a hundred times, and once more when the log may speak again. */
static void is_logged_seldom(struct fixture *f, void (*provoke)(struct fixture *f),
                             const char *text)
{
    assert_int_equal(f->log.count, 0);
    for (int i = 0; i < TIMES; i++) {
        provoke(f);
    }
    assert_int_equal(f->log.count, 1);
    assert_non_null(strstr(last(f), text));
    f->rig.now += LOG_LIMIT_S * NS_PER_SEC;
    provoke(f);
    assert_int_equal(f->log.count, 2);
    assert_non_null(strstr(last(f), text));
    assert_non_null(strstr(last(f), "99 times more"));
}

static void send_forged(struct fixture *f)
{
    const struct path_route from = route_derp(RIG_REGION);
    uint8_t packet[DISCO_PACKET_MAX];
    struct writer out = writer_of(packet, sizeof packet);
    const struct disco_message ping = {.type = DISCO_PING, .tx = {{1}}};
    disco_seal(&f->rig.box, &f->rig.their_public, &f->rig.seeded.rng, &ping, &out);
    packet[writer_len(&out) - 1] ^= 1;
    assert_int_equal(peer_path_input(f->rig.path, f->rig.now, &from, writer_done(&out)),
                     NET_ERR_AUTH);
}

static void test_forged_packets(void **state)
{
    is_logged_seldom(*state, send_forged, "does not open");
}

static void send_cut(struct fixture *f)
{
    const struct path_route from = route_derp(RIG_REGION);
    static const uint8_t half_a_ping[] = {DISCO_PING, 0, 1, 2, 3};
    assert_int_equal(
        path_rig_say_payload(&f->rig, &from, bytes_of(half_a_ping, sizeof half_a_ping)),
        NET_ERR_MALFORMED);
}

static void test_packets_that_are_cut(void **state)
{
    is_logged_seldom(*state, send_cut, "of no known form");
}

static void send_pong_to_nothing(struct fixture *f)
{
    const struct path_route from = route_derp(RIG_REGION);
    struct disco_message pong = {.type = DISCO_PONG, .tx = {{7, 7, 7}}};
    pong.source = rig_address("198.51.100.9:9");
    assert_int_equal(path_rig_say(&f->rig, &from, &pong), NET_OK);
}

static void test_pongs_with_somebody_elses_id(void **state)
{
    is_logged_seldom(*state, send_pong_to_nothing, "answers no ping that is open");
}

static void send_the_same_ping(struct fixture *f)
{
    assert_int_equal(path_rig_ping_from(&f->rig, NULL, 1), NET_OK);
}

static void test_pings_that_are_repeated(void **state)
{
    struct fixture *f = *state;
    send_the_same_ping(f); /* the first is no repetition */
    is_logged_seldom(f, send_the_same_ping, "answered before");
}

static void send_from_multicast(struct fixture *f)
{
    assert_int_equal(path_rig_ping_from(&f->rig, "224.0.0.1:5", 1), NET_OK);
}

static void test_pings_from_where_nobody_can_be(void **state)
{
    is_logged_seldom(*state, send_from_multicast, "can be no peer's");
}

static void name_loopback(struct fixture *f)
{
    assert_int_equal(path_rig_call(&f->rig, "127.0.0.1:5"), NET_OK);
}

static void name_multicast(struct fixture *f)
{
    assert_int_equal(path_rig_call(&f->rig, "[ff02::1]:5"), NET_OK);
}

static void name_our_own(struct fixture *f)
{
    assert_int_equal(path_rig_call(&f->rig, "203.0.113.1:5"), NET_OK);
}

static void test_endpoints_that_are_loopback(void **state)
{
    is_logged_seldom(*state, name_loopback, "not tried");
}

static void test_endpoints_that_are_multicast(void **state)
{
    is_logged_seldom(*state, name_multicast, "not tried");
}

static void test_endpoints_that_are_our_own(void **state)
{
    struct fixture *f = *state;
    const struct net_address own = rig_address("203.0.113.1:5");
    peer_path_set_own(f->rig.path, f->rig.now, &own, 1);
    is_logged_seldom(f, name_our_own, "not tried");
}

/* 2001:db8::i, port 9 */
static enum net_err call_with(struct fixture *f, size_t count)
{
    const struct path_route from = route_derp(RIG_REGION);
    static uint8_t payload[2 + TOO_MANY * 18] = {DISCO_CALL_ME_MAYBE, 0};
    for (size_t i = 0; i < count; i++) {
        uint8_t *one = payload + 2 + i * 18;
        memcpy(one, "\x20\x01\x0d\xb8", 4);
        one[14] = (uint8_t)(i >> 8);
        one[15] = (uint8_t)i;
        one[17] = 9;
    }
    return path_rig_say_payload(&f->rig, &from, bytes_of(payload, 2 + count * 18));
}

static void call_with_10000_endpoints(struct fixture *f)
{
    /* No datagram and no relay's packet is that long. */
    assert_int_equal(call_with(f, TOO_MANY), NET_ERR_TOO_BIG);
}

static void test_a_call_with_ten_thousand_endpoints(void **state)
{
    is_logged_seldom(*state, call_with_10000_endpoints, "too long");
}

static void call_with_100_endpoints(struct fixture *f)
{
    assert_int_equal(call_with(f, 100), NET_OK);
}

static void test_a_call_with_more_endpoints_than_are_kept(void **state)
{
    is_logged_seldom(*state, call_with_100_endpoints, "more endpoints than are kept");
}

static void send_directly(struct fixture *f)
{
    assert_int_equal(path_rig_ping_from(&f->rig, "192.0.2.1:5", 1), NET_ERR_STATE);
}

static void test_disco_over_udp_while_that_is_disabled(void **state)
{
    struct fixture *f = *state;
    peer_path_block(f->rig.path, f->rig.now, true);
    is_logged_seldom(f, send_directly, "disabled");
}

static void test_what_is_taken_is_not_logged(void **state)
{
    struct fixture *f = *state;
    (void)peer_path_beat(f->rig.path, f->rig.now);
    path_rig_pump(&f->rig);
    const struct rig_packet *ping = path_rig_find(&f->rig, DISCO_PING, NULL);
    assert_non_null(ping);
    assert_int_equal(path_rig_pong(&f->rig, ping), NET_OK);
    assert_int_equal(path_rig_ping_from(&f->rig, NULL, 1), NET_OK);
    assert_int_equal(path_rig_call(&f->rig, "192.0.2.1:5"), NET_OK);
    assert_int_equal(f->log.count, 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_forged_packets),
        CASE(test_packets_that_are_cut),
        CASE(test_pongs_with_somebody_elses_id),
        CASE(test_pings_that_are_repeated),
        CASE(test_pings_from_where_nobody_can_be),
        CASE(test_endpoints_that_are_loopback),
        CASE(test_endpoints_that_are_multicast),
        CASE(test_endpoints_that_are_our_own),
        CASE(test_a_call_with_ten_thousand_endpoints),
        CASE(test_a_call_with_more_endpoints_than_are_kept),
        CASE(test_disco_over_udp_while_that_is_disabled),
        CASE(test_what_is_taken_is_not_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
