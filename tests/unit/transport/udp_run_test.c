#include "net/transport/udp_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct net_address here = {.family = ADDRESS_V4, .ip = {127, 0, 0, 1}, .port = 7};
static const struct net_address there = {.family = ADDRESS_V4, .ip = {127, 0, 0, 1}, .port = 8};
static const struct net_address six = {.family = ADDRESS_V6, .ip = {[15] = 1}, .port = 7};

static struct udp_run empty(void)
{
    static uint8_t memory[UDP_RUN_MEMORY];
    return (struct udp_run){.memory = memory};
}

static void put(struct udp_run *run, const struct net_address *to, size_t len, uint8_t mark)
{
    assert_true(udp_run_takes(run, to, len));
    assert_true(udp_run_fits(run, len));
    memset(udp_run_place(run), mark, len);
    udp_run_add(run, to, len);
}

static void test_one_size_goes_on_and_a_shorter_one_ends_it(void **state)
{
    struct udp_run run = empty();
    (void)state;
    put(&run, &here, 100, 1);
    put(&run, &here, 100, 2);
    assert_false(udp_run_fits(&run, 101));
    put(&run, &here, 99, 3);
    assert_false(udp_run_takes(&run, &here, 1));
    assert_int_equal(udp_run_count(&run), 3);
    assert_int_equal(udp_run_at(&run, 1).len, 100);
    assert_int_equal(udp_run_at(&run, 1).ptr[99], 2);
    assert_int_equal(udp_run_at(&run, 2).len, 99);
    assert_int_equal(udp_run_at(&run, 2).ptr[0], 3);
}

static void test_another_address_does_not_follow(void **state)
{
    struct udp_run run = empty();
    (void)state;
    put(&run, &here, 10, 1);
    assert_false(udp_run_takes(&run, &there, 10));
    assert_false(udp_run_takes(&run, &six, 10));
    assert_true(udp_run_takes(&run, &here, 10));
}

static void test_it_holds_no_more_than_one_call_takes(void **state)
{
    struct udp_run run = empty();
    (void)state;
    for (int i = 0; i < UDP_RUN_SEGMENTS_MAX; i++) {
        put(&run, &here, 20, 0);
    }
    assert_false(udp_run_takes(&run, &here, 20));

    const struct {
        const struct net_address *to;
        size_t limit;
    } families[] = {{&here, UDP_RUN_BYTES_V4_MAX}, {&six, UDP_RUN_BYTES_V6_MAX}};
    for (size_t i = 0; i < 2; i++) {
        const struct net_address *to = families[i].to;
        size_t limit = families[i].limit;
        run = empty();
        assert_true(udp_run_takes(&run, to, limit));
        assert_false(udp_run_takes(&run, to, limit + 1));
        while (udp_run_takes(&run, to, 1312)) {
            put(&run, to, 1312, 0);
        }
        assert_int_equal(udp_run_count(&run), 49); /* as the notes on UDP_SEGMENT reckon */
        assert_true(udp_run_takes(&run, to, limit - run.len));
        assert_false(udp_run_takes(&run, to, limit - run.len + 1));
        assert_false(udp_run_takes(&run, &there, SIZE_MAX));
    }
}

static void test_what_is_taken_from_the_front_leaves_the_rest_in_order(void **state)
{
    struct udp_run run = empty();
    (void)state;
    for (uint8_t i = 1; i <= 5; i++) {
        put(&run, &here, i == 5 ? 7 : 30, i);
    }
    udp_run_drop(&run, 0);
    assert_int_equal(udp_run_count(&run), 5);
    udp_run_drop(&run, 3);
    assert_int_equal(udp_run_count(&run), 2);
    assert_int_equal(udp_run_at(&run, 0).ptr[29], 4);
    udp_run_drop(&run, 1);
    assert_int_equal(udp_run_count(&run), 1);
    assert_int_equal(udp_run_at(&run, 0).len, 7);
    assert_int_equal(udp_run_at(&run, 0).ptr[6], 5);
    assert_false(udp_run_takes(&run, &here, 7)); /* it still ends there */
    udp_run_drop(&run, 1);
    assert_int_equal(udp_run_count(&run), 0);
    put(&run, &six, 1000, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_size_goes_on_and_a_shorter_one_ends_it),
        cmocka_unit_test(test_another_address_does_not_follow),
        cmocka_unit_test(test_it_holds_no_more_than_one_call_takes),
        cmocka_unit_test(test_what_is_taken_from_the_front_leaves_the_rest_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
