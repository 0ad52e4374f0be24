#include "net/lab/lab_relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/wire/derp.h"
#include "net/wire/disco.h"

#include <cmocka.h>

static const struct node_public key_a = {{0xaa}};
static const struct node_public key_b = {{0xbb}};
static const struct node_public key_c = {{0xcc}};
static struct rng_seeded seeded;

static struct lab_relay *relay_with(uint64_t delay_ms, uint64_t jitter_ms, unsigned drop)
{
    rng_seeded_init(&seeded, 7);
    struct lab_relay_config config = {
        .delay_ns = delay_ms * NS_PER_MS,
        .jitter_ns = jitter_ms * NS_PER_MS,
        .drop_percent = drop,
        .rng = &seeded.rng,
    };
    return lab_relay_new(&config);
}

static uint64_t attach(struct lab_relay *relay, const struct node_public *key)
{
    uint64_t id = 0;
    assert_int_equal(lab_relay_attach(relay, key, &id), NET_OK);
    return id;
}

/* A packet that the relay takes for disco: its magic, a key, a nonce. */
static struct bytes disco_packet(void)
{
    static const uint8_t packet[62] = {0x54, 0x53, 0xf0, 0x9f, 0x92, 0xac};
    return bytes_of(packet, sizeof packet);
}

static void expect_packet(struct lab_relay *relay, mono_ns now, uint64_t id,
                          const struct node_public *source, const char *text)
{
    struct lab_relay_item item;
    assert_true(lab_relay_take(relay, now, id, &item));
    assert_int_equal(item.kind, LAB_RELAY_PACKET);
    assert_true(node_public_equal(&item.peer, source));
    assert_true(bytes_equal(item.packet, bytes_text(text)));
}

static void expect_gone(struct lab_relay *relay, mono_ns now, uint64_t id,
                        const struct node_public *peer, uint8_t reason)
{
    struct lab_relay_item item;
    assert_true(lab_relay_take(relay, now, id, &item));
    assert_int_equal(item.kind, LAB_RELAY_GONE);
    assert_true(node_public_equal(&item.peer, peer));
    assert_int_equal(item.reason, reason);
}

static void expect_nothing(struct lab_relay *relay, mono_ns now, uint64_t id)
{
    struct lab_relay_item item;
    assert_false(lab_relay_take(relay, now, id, &item));
}

static void test_a_packet_goes_to_the_owner_of_the_key_with_its_source(void **state)
{
    (void)state;
    struct lab_relay *relay = relay_with(0, 0, 0);
    uint64_t a = attach(relay, &key_a);
    uint64_t b = attach(relay, &key_b);
    lab_relay_packet(relay, 1, a, &key_b, bytes_text("hello"));
    assert_int_equal(lab_relay_due(relay, 1, 0), b);
    assert_int_equal(lab_relay_due(relay, 1, b), 0);
    expect_packet(relay, 1, b, &key_a, "hello");
    expect_nothing(relay, 1, b);
    expect_nothing(relay, 1, a);
    lab_relay_free(relay);
}

static void test_delayed_packets_come_when_due_and_never_overtake(void **state)
{
    (void)state;
    struct lab_relay *relay = relay_with(10, 5, 0);
    uint64_t a = attach(relay, &key_a);
    uint64_t b = attach(relay, &key_b);
    mono_ns now = NS_PER_SEC;
    char texts[20][2] = {{0}};
    for (int i = 0; i < 20; i++) {
        texts[i][0] = (char)('a' + i);
        lab_relay_packet(relay, now, a, &key_b, bytes_text(texts[i]));
    }
    expect_nothing(relay, now + 10 * NS_PER_MS - 1, b);
    mono_ns due = lab_relay_deadline(relay, now);
    assert_true(due >= now + 10 * NS_PER_MS && due <= now + 15 * NS_PER_MS);
    for (int i = 0; i < 20; i++) {
        expect_packet(relay, now + 15 * NS_PER_MS, b, &key_a, texts[i]);
    }
    assert_int_equal(lab_relay_deadline(relay, now), MONO_NEVER);
    lab_relay_free(relay);
}

static void test_an_unknown_key_is_told_only_for_disco_and_three_times_at_once(void **state)
{
    (void)state;
    struct lab_relay *relay = relay_with(0, 0, 0);
    uint64_t a = attach(relay, &key_a);
    mono_ns now = 100 * NS_PER_SEC;
    lab_relay_packet(relay, now, a, &key_c, bytes_text("not disco"));
    expect_nothing(relay, now, a);
    for (int i = 0; i < 5; i++) {
        lab_relay_packet(relay, now, a, &key_c, disco_packet());
    }
    for (int i = 0; i < LAB_RELAY_GONE_BURST; i++) {
        expect_gone(relay, now, a, &key_c, DERP_GONE_NOT_HERE);
    }
    expect_nothing(relay, now, a);
    now += NS_PER_SEC;
    lab_relay_packet(relay, now, a, &key_c, disco_packet());
    lab_relay_packet(relay, now, a, &key_c, disco_packet());
    expect_gone(relay, now, a, &key_c, DERP_GONE_NOT_HERE);
    expect_nothing(relay, now, a);
    lab_relay_free(relay);
}

static void test_who_had_packets_from_a_key_is_told_when_it_goes(void **state)
{
    (void)state;
    struct lab_relay *relay = relay_with(0, 0, 0);
    uint64_t a = attach(relay, &key_a);
    uint64_t b = attach(relay, &key_b);
    uint64_t c = attach(relay, &key_c);
    lab_relay_packet(relay, 1, a, &key_b, bytes_text("x"));
    expect_packet(relay, 1, b, &key_a, "x");
    lab_relay_detach(relay, a);
    expect_gone(relay, 1, b, &key_a, DERP_GONE_DISCONNECTED);
    expect_nothing(relay, 1, b);
    expect_nothing(relay, 1, c);
    assert_int_equal(lab_relay_connections(relay), 2);
    lab_relay_free(relay);
}

static void test_of_two_connections_with_one_key_the_last_writer_gets_the_packets(void **state)
{
    (void)state;
    struct lab_relay *relay = relay_with(0, 0, 0);
    uint64_t a = attach(relay, &key_a);
    uint64_t b1 = attach(relay, &key_b);
    uint64_t b2 = attach(relay, &key_b);
    lab_relay_packet(relay, 1, a, &key_b, bytes_text("one"));
    expect_packet(relay, 1, b2, &key_a, "one");
    lab_relay_heard(relay, b1);
    lab_relay_packet(relay, 1, a, &key_b, bytes_text("two"));
    expect_packet(relay, 1, b1, &key_a, "two");
    lab_relay_packet(relay, 1, b1, &key_a, bytes_text("back"));
    expect_packet(relay, 1, a, &key_b, "back");
    lab_relay_detach(relay, b1);
    expect_nothing(relay, 1, a); /* the other one is still there */
    lab_relay_packet(relay, 1, a, &key_b, bytes_text("three"));
    expect_packet(relay, 1, b2, &key_a, "three");
    lab_relay_detach(relay, b2);
    expect_gone(relay, 1, a, &key_b, DERP_GONE_DISCONNECTED);
    lab_relay_free(relay);
}

static void test_a_full_queue_loses_its_oldest_packet(void **state)
{
    (void)state;
    struct lab_relay *relay = relay_with(0, 0, 0);
    uint64_t a = attach(relay, &key_a);
    uint64_t b = attach(relay, &key_b);
    lab_relay_packet(relay, 1, a, &key_b, bytes_text("first"));
    lab_relay_packet(relay, 1, a, &key_b, disco_packet()); /* a queue of its own */
    for (int i = 0; i < LAB_RELAY_QUEUE_MAX; i++) {
        lab_relay_packet(relay, 1, a, &key_b, bytes_text("later"));
    }
    assert_int_equal(lab_relay_counts(relay).dropped_full, 1);
    struct lab_relay_item item;
    assert_true(lab_relay_take(relay, 1, b, &item));
    assert_true(bytes_equal(item.packet, disco_packet()));
    for (int i = 0; i < LAB_RELAY_QUEUE_MAX; i++) {
        expect_packet(relay, 1, b, &key_a, "later");
    }
    expect_nothing(relay, 1, b);
    lab_relay_free(relay);
}

static void test_drops_that_were_asked_for_happen_and_are_counted(void **state)
{
    (void)state;
    struct lab_relay *relay = relay_with(0, 0, 100);
    uint64_t a = attach(relay, &key_a);
    uint64_t b = attach(relay, &key_b);
    lab_relay_packet(relay, 1, a, &key_b, bytes_text("x"));
    expect_nothing(relay, 1, b);
    struct lab_relay_config half = {.drop_percent = 50, .rng = &seeded.rng};
    lab_relay_set(relay, &half);
    for (int i = 0; i < 200; i++) {
        lab_relay_packet(relay, 1, a, &key_b, bytes_text("x"));
    }
    struct lab_relay_counts counts = lab_relay_counts(relay);
    assert_int_equal(counts.packets_in, 201);
    assert_in_range(counts.dropped_asked, 50, 150);
    lab_relay_free(relay);
}

static void test_no_more_than_the_limit_of_connections_get_in(void **state)
{
    (void)state;
    struct lab_relay *relay = relay_with(0, 0, 0);
    uint64_t id = 0;
    for (int i = 0; i < LAB_RELAY_CONNECTIONS_MAX; i++) {
        (void)attach(relay, &key_a);
    }
    assert_int_equal(lab_relay_attach(relay, &key_a, &id), NET_ERR_FULL);
    lab_relay_free(relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_packet_goes_to_the_owner_of_the_key_with_its_source),
        cmocka_unit_test(test_delayed_packets_come_when_due_and_never_overtake),
        cmocka_unit_test(test_an_unknown_key_is_told_only_for_disco_and_three_times_at_once),
        cmocka_unit_test(test_who_had_packets_from_a_key_is_told_when_it_goes),
        cmocka_unit_test(test_of_two_connections_with_one_key_the_last_writer_gets_the_packets),
        cmocka_unit_test(test_a_full_queue_loses_its_oldest_packet),
        cmocka_unit_test(test_drops_that_were_asked_for_happen_and_are_counted),
        cmocka_unit_test(test_no_more_than_the_limit_of_connections_get_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
