/*
 * Two hosts on a wire that is a call.
 */
#include "net/tunnel/stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HEADER = 40, QUEUE = 16, ICMP6 = 58, TCP = 6, TSMP = 99 };

struct world;

struct host {
    struct world *world;
    struct stack *stack;
    unsigned sent, echoes;
    uint16_t id, seq;
    size_t payload;
    mono_ns at;
    uint8_t from[16];
    uint8_t last[STACK_MTU];
    size_t last_len;
};

struct world {
    struct rng_seeded rng;
    struct host host[2];
    mono_ns now;
    bool cut;
    size_t count;
    struct {
        size_t to, len;
        uint8_t bytes[STACK_MTU];
    } wire[QUEUE];
};

static const uint8_t address[2][1][16] = {{{0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0, [15] = 1}},
                                          {{0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0, [15] = 2}}};

static void on_send(void *owner, struct bytes packet)
{
    struct host *host = owner;
    struct world *w = host->world;
    host->sent++;
    host->last_len = packet.len;
    memcpy(host->last, packet.ptr, packet.len);
    if (!w->cut && w->count < QUEUE) {
        w->wire[w->count].to = host == &w->host[0] ? 1 : 0;
        w->wire[w->count].len = packet.len;
        memcpy(w->wire[w->count++].bytes, packet.ptr, packet.len);
    }
}

static void on_echo(void *owner, mono_ns now, const uint8_t from[16], uint16_t id, uint16_t seq,
                    size_t payload)
{
    struct host *host = owner;
    host->echoes++;
    host->id = id;
    host->seq = seq;
    host->payload = payload;
    host->at = now;
    memcpy(host->from, from, 16);
}

static int set_up(void **state)
{
    static const struct stack_handlers handlers = {.send = on_send, .echo = on_echo};
    struct world *w = calloc(1, sizeof *w);
    rng_seeded_init(&w->rng, 3);
    w->now = NS_PER_SEC;
    for (size_t i = 0; i < 2; i++) {
        w->host[i].world = w;
        w->host[i].stack = stack_new(address[i][0], 1, &w->rng.rng, &handlers, &w->host[i]);
    }
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    stack_free(w->host[0].stack);
    stack_free(w->host[1].stack);
    free(w);
    return 0;
}

static void deliver(struct world *w)
{
    while (w->count > 0) {
        uint8_t bytes[STACK_MTU];
        size_t to = w->wire[0].to;
        size_t len = w->wire[0].len;
        memcpy(bytes, w->wire[0].bytes, len);
        w->count--;
        memmove(&w->wire[0], &w->wire[1], w->count * sizeof w->wire[0]);
        w->now += NS_PER_MS;
        assert_int_equal(stack_input(w->host[to].stack, w->now, bytes_of(bytes, len)), NET_OK);
    }
}

static void test_an_echo_request_is_answered(void **state)
{
    struct world *w = *state;
    struct host *a = &w->host[0];
    assert_int_equal(stack_echo(a->stack, w->now, address[1][0], 77, 5, 56), NET_OK);
    assert_int_equal(a->last_len, HEADER + 8 + 56);
    deliver(w);
    assert_int_equal(a->echoes, 1);
    assert_int_equal(a->id, 77);
    assert_int_equal(a->seq, 5);
    assert_int_equal(a->payload, 56);
    assert_int_equal(a->at, NS_PER_SEC + 2 * NS_PER_MS); /* the time that was passed in */
    assert_memory_equal(a->from, address[1][0], 16);
    assert_int_equal(w->host[1].echoes, 0);
}

static void test_each_stack_hears_only_its_own_answers(void **state)
{
    struct world *w = *state;
    assert_int_equal(stack_echo(w->host[0].stack, w->now, address[1][0], 1, 1, 0), NET_OK);
    assert_int_equal(stack_echo(w->host[1].stack, w->now, address[0][0], 2, 1, 0), NET_OK);
    deliver(w);
    assert_int_equal(w->host[0].echoes, 1);
    assert_int_equal(w->host[0].id, 1);
    assert_int_equal(w->host[1].echoes, 1);
    assert_int_equal(w->host[1].id, 2);
}

/* The Internet checksum of an ICMPv6 message, as the receiver sums it: zero when right. */
static uint32_t sum_of(const uint8_t *packet, size_t len)
{
    uint32_t sum = (uint32_t)(len - HEADER) + packet[6];
    for (size_t i = 8; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)packet[i] << 8 : packet[i];
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum ^ 0xffff;
}

static void test_what_goes_out_has_right_checksums(void **state)
{
    struct world *w = *state;
    assert_int_equal(stack_echo(w->host[0].stack, w->now, address[1][0], 9, 9, 33), NET_OK);
    assert_int_equal(w->host[0].last[6], ICMP6);
    assert_int_equal(sum_of(w->host[0].last, w->host[0].last_len), 0);
    deliver(w);
    assert_int_equal(sum_of(w->host[1].last, w->host[1].last_len), 0);
}

static size_t make(uint8_t out[STACK_MTU], uint8_t protocol, const void *body, size_t len)
{
    memset(out, 0, STACK_MTU);
    out[0] = 0x60;
    out[4] = (uint8_t)(len >> 8);
    out[5] = (uint8_t)len;
    out[6] = protocol;
    out[7] = 64;
    memcpy(out + 8, address[1][0], 16);
    memcpy(out + 24, address[0][0], 16);
    memcpy(out + HEADER, body, len);
    return HEADER + len;
}

static void test_a_tsmp_ping_gets_its_bytes_back(void **state)
{
    struct world *w = *state;
    struct host *a = &w->host[0];
    uint8_t packet[STACK_MTU];
    w->cut = true;
    size_t len = make(packet, TSMP, "p12345678", 9);
    assert_int_equal(stack_input(a->stack, w->now, bytes_of(packet, len)), NET_OK);
    assert_int_equal(a->sent, 1);
    assert_int_equal(a->last_len, HEADER + 11);
    assert_memory_equal(a->last + HEADER, "o12345678\0\0", 11);
    assert_memory_equal(a->last + 8, address[0][0], 16);
    assert_memory_equal(a->last + 24, address[1][0], 16);
    len = make(packet, TSMP, "p1234567", 8); /* too short */
    assert_int_equal(stack_input(a->stack, w->now, bytes_of(packet, len)), NET_OK);
    assert_int_equal(a->sent, 1);
}

static void test_a_connection_to_a_closed_port_is_reset(void **state)
{
    struct world *w = *state;
    struct host *a = &w->host[0];
    uint8_t packet[STACK_MTU];
    const uint8_t syn[20] = {0x12, 0x34, 0x00, 0x50, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xff};
    w->cut = true;
    size_t len = make(packet, TCP, syn, sizeof syn);
    assert_int_equal(stack_input(a->stack, w->now, bytes_of(packet, len)), NET_OK);
    assert_int_equal(a->sent, 1);
    assert_int_equal(a->last[6], TCP);
    assert_true((a->last[HEADER + 13] & 0x04) != 0);
}

static void test_what_is_not_for_us_or_no_packet_is_dropped(void **state)
{
    struct world *w = *state;
    struct host *a = &w->host[0];
    uint8_t packet[STACK_MTU];
    const uint8_t echo[8] = {128};
    size_t len = make(packet, ICMP6, echo, sizeof echo);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut == 0 ? 1 : cut);
        memcpy(exact, packet, cut);
        assert_int_equal(stack_input(a->stack, w->now, bytes_of(exact, cut)), NET_ERR_MALFORMED);
        free(exact);
    }
    packet[39] = 99;
    assert_int_equal(stack_input(a->stack, w->now, bytes_of(packet, len)), NET_ERR_MALFORMED);
    (void)make(packet, ICMP6, echo, sizeof echo);
    packet[0] = 0x45;
    assert_int_equal(stack_input(a->stack, w->now, bytes_of(packet, len)), NET_ERR_MALFORMED);
    (void)make(packet, 17, echo, sizeof echo);
    assert_int_equal(stack_input(a->stack, w->now, bytes_of(packet, len)), NET_ERR_UNSUPPORTED);
    (void)make(packet, 0, echo, sizeof echo); /* a hop-by-hop header */
    assert_int_equal(stack_input(a->stack, w->now, bytes_of(packet, len)), NET_ERR_UNSUPPORTED);
    assert_int_equal(a->sent, 0);
}

static void test_an_idle_stack_wants_no_timer(void **state)
{
    struct world *w = *state;
    assert_int_equal(stack_echo(w->host[0].stack, w->now, address[1][0], 1, 1, 8), NET_OK);
    deliver(w);
    assert_int_equal(stack_deadline(), MONO_NEVER);
    stack_tick(w->now + 3600 * NS_PER_SEC);
    assert_int_equal(stack_deadline(), MONO_NEVER);
}

static void test_random_packets_do_no_harm(void **state)
{
    struct world *w = *state;
    static const uint8_t protocols[] = {ICMP6, TCP, TSMP, 17, 44};
    w->cut = true;
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t body[64];
        uint8_t packet[STACK_MTU];
        size_t body_len = (size_t)rng_below(&w->rng.rng, sizeof body + 1);
        rng_fill(&w->rng.rng, body, sizeof body);
        size_t len =
            make(packet, protocols[rng_below(&w->rng.rng, sizeof protocols)], body, body_len);
        (void)!stack_input(w->host[0].stack, w->now, bytes_of(packet, len));
    }
    w->cut = false;
    w->count = 0;
    assert_int_equal(stack_echo(w->host[0].stack, w->now, address[1][0], 3, 4, 8), NET_OK);
    deliver(w);
    assert_int_equal(w->host[0].id, 3);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_an_echo_request_is_answered),
        CASE(test_each_stack_hears_only_its_own_answers),
        CASE(test_what_goes_out_has_right_checksums),
        CASE(test_a_tsmp_ping_gets_its_bytes_back),
        CASE(test_a_connection_to_a_closed_port_is_reset),
        CASE(test_what_is_not_for_us_or_no_packet_is_dropped),
        CASE(test_an_idle_stack_wants_no_timer),
        CASE(test_random_packets_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
