#include "net/path/netcheck_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/now.h"
#include "net/base/text.h"

#include <cmocka.h>

enum { SETS_MAX = 2 * DERP_MAP_REGIONS_MAX };

static struct netcheck_set sets[SETS_MAX];

static struct derp_node *add_node(struct derp_map *map, int64_t region, const char *host)
{
    struct derp_node *node = derp_region_add_node(map, derp_map_add_region(map, region));
    text_copy(node->host_name, sizeof node->host_name, host);
    return node;
}

static struct derp_map make_map(int regions)
{
    struct derp_map map;
    derp_map_init(&map);
    for (int id = 1; id <= regions; id++) {
        (void)add_node(&map, id, "stun.example.com");
    }
    return map;
}

static const struct netcheck_set *find(size_t count, int64_t region, enum address_family family)
{
    for (size_t i = 0; i < count; i++) {
        if (sets[i].region == region && sets[i].family == family) {
            return &sets[i];
        }
    }
    return NULL;
}

static size_t tries(size_t count, int64_t region, enum address_family family)
{
    const struct netcheck_set *set = find(count, region, family);
    return set == NULL ? 0 : set->try_count;
}

static void test_a_full_plan_asks_every_region_over_both_families(void **state)
{
    (void)state;
    struct derp_map map = make_map(5);
    map.regions[2].avoid = true; /* is asked too: only incremental rounds leave it out */
    size_t count = netcheck_plan(&map, true, true, NULL, sets);
    assert_int_equal(count, 10);
    for (int64_t id = 1; id <= 5; id++) {
        const struct netcheck_set *set = find(count, id, ADDRESS_V4);
        assert_int_equal(tries(count, id, ADDRESS_V6), 3);
        assert_int_equal(set->try_count, 3);
        assert_int_equal(set->tries[0].delay_ns, 0);
        assert_int_equal(set->tries[1].delay_ns, 100 * NS_PER_MS);
        assert_int_equal(set->tries[2].delay_ns, 300 * NS_PER_MS);
    }
    derp_map_clear(&map);
}

static void test_a_family_that_is_not_there_is_not_asked(void **state)
{
    (void)state;
    struct derp_map map = make_map(2);
    size_t count = netcheck_plan(&map, false, true, NULL, sets);
    assert_int_equal(count, 2);
    assert_null(find(count, 1, ADDRESS_V4));
    assert_int_equal(netcheck_plan(&map, true, false, NULL, sets), 2);
    assert_int_equal(netcheck_plan(&map, false, false, NULL, sets), 0);
    derp_map_clear(&map);
}

static void test_tries_go_round_the_nodes_that_can_be_asked(void **state)
{
    (void)state;
    struct derp_map map = make_map(1);
    map.regions[0].nodes[0].stun_port = -1;
    (void)add_node(&map, 1, "second.example.com");
    text_copy(add_node(&map, 1, "third.example.com")->ipv4, DERP_NAME_SIZE, "none");
    (void)add_node(&map, 1, "fourth.example.com");
    size_t count = netcheck_plan(&map, true, true, NULL, sets);
    const struct netcheck_set *v4 = find(count, 1, ADDRESS_V4);
    const struct netcheck_set *v6 = find(count, 1, ADDRESS_V6);
    assert_int_equal(v4->tries[0].node, 1);
    assert_int_equal(v4->tries[1].node, 3);
    assert_int_equal(v4->tries[2].node, 1);
    assert_int_equal(v6->tries[1].node, 2);
    derp_map_clear(&map);
}

static void test_where_a_node_is_to_be_asked(void **state)
{
    (void)state;
    static const struct {
        const char *host, *ipv4, *ipv6, *test_ip;
        int32_t port;
        enum netcheck_target v4, v6;
        const char *v4_at, *v6_at;
    } rows[] = {
        {"stun.example.com", "", "", "", 0, NETCHECK_TARGET_NAME, NETCHECK_TARGET_NAME, "", ""},
        {"stun.example.com", "192.0.2.1", "none", "", 19302, NETCHECK_TARGET_ADDRESS,
         NETCHECK_TARGET_NONE, "192.0.2.1:19302", ""},
        {"stun.example.com", "none", "2001:db8::1", "", 0, NETCHECK_TARGET_NONE,
         NETCHECK_TARGET_ADDRESS, "", "[2001:db8::1]:3478"},
        {"stun.example.com", "192.0.2.1", "2001:db8::1", "127.0.0.1", 5, NETCHECK_TARGET_ADDRESS,
         NETCHECK_TARGET_NONE, "127.0.0.1:5", ""},
        {"stun.example.com", "", "", "::1", 5, NETCHECK_TARGET_NONE, NETCHECK_TARGET_ADDRESS, "",
         "[::1]:5"},
        {"192.0.2.9", "", "", "", 0, NETCHECK_TARGET_ADDRESS, NETCHECK_TARGET_NONE,
         "192.0.2.9:3478", ""},
        {"2001:db8::9", "", "", "", 0, NETCHECK_TARGET_NONE, NETCHECK_TARGET_ADDRESS, "",
         "[2001:db8::9]:3478"},
        {"stun.example.com", "2001:db8::1", "", "", 0, NETCHECK_TARGET_NONE, NETCHECK_TARGET_NAME,
         "", ""},
        {"stun.example.com", "", "", "", -1, NETCHECK_TARGET_NONE, NETCHECK_TARGET_NONE, "", ""},
        {"stun.example.com", "", "", "", 65536, NETCHECK_TARGET_NONE, NETCHECK_TARGET_NONE, "", ""},
        {"", "", "", "", 0, NETCHECK_TARGET_NONE, NETCHECK_TARGET_NONE, "", ""},
        {"", "192.0.2.1", "", "", 0, NETCHECK_TARGET_ADDRESS, NETCHECK_TARGET_NONE,
         "192.0.2.1:3478", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct derp_node node = {.stun_port = rows[i].port};
        struct net_address at = {0};
        char text[ADDRESS_TEXT_SIZE];
        text_copy(node.host_name, sizeof node.host_name, rows[i].host);
        text_copy(node.ipv4, sizeof node.ipv4, rows[i].ipv4);
        text_copy(node.ipv6, sizeof node.ipv6, rows[i].ipv6);
        text_copy(node.stun_test_ip, sizeof node.stun_test_ip, rows[i].test_ip);
        assert_int_equal(netcheck_target(&node, ADDRESS_V4, &at), rows[i].v4);
        if (rows[i].v4 == NETCHECK_TARGET_ADDRESS) {
            address_text(&at, text);
            assert_string_equal(text, rows[i].v4_at);
        }
        assert_int_equal(netcheck_target(&node, ADDRESS_V6, &at), rows[i].v6);
        if (rows[i].v6 == NETCHECK_TARGET_ADDRESS) {
            address_text(&at, text);
            assert_string_equal(text, rows[i].v6_at);
        }
    }
}

/* --- incremental
 * ------------------------------------------------------------------------------------------------
 */

static struct netcheck_known known_of(bool had_v6, int64_t home)
{
    return (struct netcheck_known){
        .had_v4 = true,
        .had_v6 = had_v6,
        .home = home,
        .count = 4,
        .ranks = {
            {1, 80 * NS_PER_MS}, {2, 60 * NS_PER_MS}, {3, 100 * NS_PER_MS}, {4, 300 * NS_PER_MS}}};
}

static void test_an_incremental_plan_asks_the_three_nearest(void **state)
{
    (void)state;
    struct derp_map map = make_map(5);
    struct netcheck_known known = known_of(false, 0);
    size_t count = netcheck_plan(&map, true, true, &known, sets);
    assert_int_equal(tries(count, 2, ADDRESS_V4), 2);
    assert_int_equal(tries(count, 1, ADDRESS_V4), 2);
    assert_int_equal(tries(count, 3, ADDRESS_V4), 1);
    assert_int_equal(tries(count, 4, ADDRESS_V4), 0);
    assert_int_equal(tries(count, 5, ADDRESS_V4), 0); /* never answered: last */
    /* IPv6 did not work: the two nearest are asked once, for it may have come up. */
    assert_int_equal(tries(count, 2, ADDRESS_V6), 1);
    assert_int_equal(tries(count, 1, ADDRESS_V6), 1);
    assert_int_equal(tries(count, 3, ADDRESS_V6), 0);
    assert_int_equal(count, 5);
    derp_map_clear(&map);
}

static void test_the_third_region_takes_one_family_when_both_work(void **state)
{
    (void)state;
    struct derp_map map = make_map(5);
    struct netcheck_known known = known_of(true, 0);
    size_t count = netcheck_plan(&map, true, true, &known, sets);
    assert_int_equal(tries(count, 2, ADDRESS_V6), 2);
    assert_int_equal(tries(count, 1, ADDRESS_V6), 2);
    assert_int_equal(tries(count, 3, ADDRESS_V4), 1); /* rank 2 is even: IPv4 */
    assert_int_equal(tries(count, 3, ADDRESS_V6), 0);
    known.had_v4 = false; /* only IPv6 worked: no turns */
    count = netcheck_plan(&map, true, true, &known, sets);
    assert_int_equal(tries(count, 3, ADDRESS_V4), 1);
    assert_int_equal(tries(count, 3, ADDRESS_V6), 1);
    derp_map_clear(&map);
}

static void test_the_home_is_tried_hardest(void **state)
{
    (void)state;
    struct derp_map map = make_map(5);
    struct netcheck_known known = known_of(false, 3);
    size_t count = netcheck_plan(&map, true, false, &known, sets);
    const struct netcheck_set *home = find(count, 3, ADDRESS_V4);
    assert_int_equal(home->try_count, 4);
    /* 1.2 times its latency apart, and from the third on some more. */
    assert_int_equal(home->tries[1].delay_ns, 120 * NS_PER_MS);
    assert_int_equal(home->tries[2].delay_ns, (240 + 100) * NS_PER_MS);
    assert_int_equal(home->tries[3].delay_ns, (360 + 150) * NS_PER_MS);
    known.home = 5; /* too far down to be among the three */
    count = netcheck_plan(&map, true, false, &known, sets);
    assert_int_equal(tries(count, 5, ADDRESS_V4), 0);
    derp_map_clear(&map);
}

static void test_the_pace_of_tries(void **state)
{
    (void)state;
    struct derp_map map = make_map(2);
    struct netcheck_known known = {.had_v4 = true, .count = 1, .ranks = {{1, NS_PER_MS}}};
    size_t count = netcheck_plan(&map, true, false, &known, sets);
    assert_int_equal(find(count, 1, ADDRESS_V4)->tries[1].delay_ns,
                     NETCHECK_SPACING_MS * NS_PER_MS); /* very near: not a burst */
    assert_int_equal(find(count, 2, ADDRESS_V4)->tries[1].delay_ns,
                     NETCHECK_UNKNOWN_LATENCY_MS * NS_PER_MS);
    derp_map_clear(&map);
}

static void test_regions_that_cannot_be_asked_do_not_take_a_rank(void **state)
{
    (void)state;
    struct derp_map map = make_map(5);
    struct netcheck_known known = known_of(false, 0);
    map.regions[1].avoid = true;            /* region 2, the nearest */
    map.regions[0].nodes[0].stun_port = -1; /* region 1, the next */
    size_t count = netcheck_plan(&map, true, false, &known, sets);
    assert_int_equal(tries(count, 1, ADDRESS_V4), 0);
    assert_int_equal(tries(count, 2, ADDRESS_V4), 0);
    assert_int_equal(tries(count, 3, ADDRESS_V4), 2);
    assert_int_equal(tries(count, 4, ADDRESS_V4), 2);
    assert_int_equal(tries(count, 5, ADDRESS_V4), 1);
    derp_map_clear(&map);
}

static void test_regions_without_latency_keep_their_order(void **state)
{
    (void)state;
    struct derp_map map = make_map(5);
    struct netcheck_known known = {.had_v4 = true};
    size_t count = netcheck_plan(&map, true, false, &known, sets);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(sets[i].region, i + 1);
    }
    derp_map_clear(&map);
}

static void test_the_largest_map_fits(void **state)
{
    (void)state;
    struct derp_map map = make_map(DERP_MAP_REGIONS_MAX);
    struct netcheck_known known = known_of(true, 1);
    assert_int_equal(map.region_count, DERP_MAP_REGIONS_MAX);
    assert_int_equal(netcheck_plan_max(&map), SETS_MAX);
    assert_int_equal(netcheck_plan(&map, true, true, NULL, sets), SETS_MAX);
    assert_int_equal(netcheck_plan(&map, true, true, &known, sets), 5);
    derp_map_clear(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_plan_asks_every_region_over_both_families),
        cmocka_unit_test(test_a_family_that_is_not_there_is_not_asked),
        cmocka_unit_test(test_tries_go_round_the_nodes_that_can_be_asked),
        cmocka_unit_test(test_where_a_node_is_to_be_asked),
        cmocka_unit_test(test_an_incremental_plan_asks_the_three_nearest),
        cmocka_unit_test(test_the_third_region_takes_one_family_when_both_work),
        cmocka_unit_test(test_the_home_is_tried_hardest),
        cmocka_unit_test(test_the_pace_of_tries),
        cmocka_unit_test(test_regions_that_cannot_be_asked_do_not_take_a_rank),
        cmocka_unit_test(test_regions_without_latency_keep_their_order),
        cmocka_unit_test(test_the_largest_map_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
