#include "net/path/home.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/path/relay_policy.h"

#include <cmocka.h>

static void make_map(struct derp_map *map, int regions)
{
    derp_map_init(map);
    for (int id = 1; id <= regions; id++) {
        (void)derp_region_add_node(map, derp_map_add_region(map, id));
    }
    derp_region_add_node(map, derp_map_add_region(map, 1000))->stun_only = true;
}

static int64_t report(struct home *home, mono_ns now, const struct derp_map *map, uint64_t a_ms,
                      uint64_t b_ms)
{
    struct home_latency both[2];
    size_t count = 0;
    if (a_ms > 0) {
        both[count++] = (struct home_latency){1, a_ms * NS_PER_MS};
    }
    if (b_ms > 0) {
        both[count++] = (struct home_latency){2, b_ms * NS_PER_MS};
    }
    return home_report(home, now, map, both, count);
}

static void test_the_home_moves_only_for_a_gain_that_is_worth_it(void **state)
{
    (void)state;
    static const struct {
        uint64_t first_a, first_b, then_a, then_b;
        int64_t home;
        const char *why;
    } rows[] = {
        {50, 60, 60, 50, 1, "its best of five minutes still counts"},
        {50, 60, 100, 45, 2, "more than 10 ms, and below two thirds"},
        {50, 60, 100, 70, 1, "it was the best, 50 ms, not long ago"},
        {12, 20, 14, 5, 1, "a gain below 10 ms"},
        {200, 300, 200, 150, 1, "not below two thirds"},
        {200, 300, 200, 100, 2, "a clear gain"},
        {50, 60, 0, 500, 2, "the old one does not answer"},
        {50, 60, 0, 0, 1, "nobody answers: it stays"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct derp_map map;
        struct home *home = home_new();
        make_map(&map, 2);
        assert_int_equal(report(home, NS_PER_SEC, &map, rows[i].first_a, rows[i].first_b), 1);
        int64_t got = report(home, 30 * NS_PER_SEC, &map, rows[i].then_a, rows[i].then_b);
        if (got != rows[i].home) {
            print_error("%s\n", rows[i].why);
        }
        assert_int_equal(got, rows[i].home);
        assert_int_equal(home_current(home), rows[i].home);
        home_free(home);
        derp_map_clear(&map);
    }
}

static void test_old_reports_are_forgotten_after_five_minutes(void **state)
{
    (void)state;
    struct derp_map map;
    struct home *home = home_new();
    make_map(&map, 2);
    assert_int_equal(report(home, NS_PER_SEC, &map, 10, 90), 1);
    assert_int_equal(report(home, 200 * NS_PER_SEC, &map, 100, 50), 1); /* 10 ms is remembered */
    assert_int_equal(report(home, 400 * NS_PER_SEC, &map, 100, 50), 2);
    home_free(home);
    derp_map_clear(&map);
}

static void test_a_score_attracts(void **state)
{
    (void)state;
    struct derp_map map;
    struct home *home = home_new();
    make_map(&map, 2);
    map.regions[1].score = 0.1;
    assert_int_equal(report(home, NS_PER_SEC, &map, 50, 90), 2);
    home_free(home);
    derp_map_clear(&map);
}

static void test_without_answers_the_first_relay_is_home_and_never_a_stun_server(void **state)
{
    (void)state;
    struct derp_map map;
    struct home *home = home_new();
    struct home_latency stun = {1000, NS_PER_MS};
    make_map(&map, 2);
    assert_int_equal(home_report(home, NS_PER_SEC, &map, &stun, 1), 1);
    assert_int_equal(home_only_choice(&map), 0);
    home_free(home);
    derp_map_clear(&map);
    make_map(&map, 1);
    assert_int_equal(home_only_choice(&map), 1);
    derp_map_clear(&map);
    make_map(&map, 0);
    assert_int_equal(home_only_choice(&map), 0);
    derp_map_clear(&map);
}

static void test_a_4xx_makes_the_next_attempt_a_websocket_for_good(void **state)
{
    (void)state;
    struct relay_policy policy;
    relay_policy_init(&policy, false);
    relay_policy_failed(&policy, 0); /* refused, timed out: no reason */
    assert_false(policy.websocket);
    relay_policy_failed(&policy, 403);
    assert_true(policy.websocket);
    assert_non_null(strstr(policy.reason, "403"));
    relay_policy_works(&policy);
    assert_true(policy.websocket);
}

static void test_two_swallowed_upgrades_make_it_a_websocket_too(void **state)
{
    (void)state;
    struct relay_policy policy;
    relay_policy_init(&policy, false);
    relay_policy_failed(&policy, 502);
    assert_false(policy.websocket);
    relay_policy_failed(&policy, 200);
    assert_true(policy.websocket);
    relay_policy_init(&policy, true);
    assert_true(policy.websocket);
    assert_string_equal(policy.reason, "");
}

static void test_a_relay_that_is_away_for_a_while_is_not_taken_for_a_proxy(void **state)
{
    (void)state;
    struct relay_policy policy;
    relay_policy_init(&policy, false);
    for (int i = 0; i < 10; i++) {
        relay_policy_failed(&policy, i % 2 == 0 ? 503 : 504);
    }
    assert_false(policy.websocket);
    assert_int_equal(policy.failures, 10);
}

static void test_the_wait_grows_by_squares_to_five_seconds(void **state)
{
    (void)state;
    struct relay_policy policy;
    struct rng_seeded seeded;
    rng_seeded_init(&seeded, 3);
    relay_policy_init(&policy, false);
    assert_int_equal(relay_policy_delay(&policy, &seeded.rng), 0);
    for (unsigned n = 1; n < 100; n++) {
        relay_policy_failed(&policy, 0);
        uint64_t base = n * n * 10 < 5000 ? n * n * 10 : 5000;
        assert_in_range(relay_policy_delay(&policy, &seeded.rng), base * NS_PER_MS / 2,
                        base * NS_PER_MS * 3 / 2);
    }
    relay_policy_works(&policy);
    assert_int_equal(relay_policy_delay(&policy, &seeded.rng), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_home_moves_only_for_a_gain_that_is_worth_it),
        cmocka_unit_test(test_old_reports_are_forgotten_after_five_minutes),
        cmocka_unit_test(test_a_score_attracts),
        cmocka_unit_test(test_without_answers_the_first_relay_is_home_and_never_a_stun_server),
        cmocka_unit_test(test_a_4xx_makes_the_next_attempt_a_websocket_for_good),
        cmocka_unit_test(test_two_swallowed_upgrades_make_it_a_websocket_too),
        cmocka_unit_test(test_a_relay_that_is_away_for_a_while_is_not_taken_for_a_proxy),
        cmocka_unit_test(test_the_wait_grows_by_squares_to_five_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
