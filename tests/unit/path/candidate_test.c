/*
 * Candidates: which addresses are worth a probe, which of two is better, who makes room for whom,
 * and when nobody names one any more.
 */
#include "net/path/candidate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct net_address nobody = {.family = ADDRESS_NONE};

static struct net_address at(const char *text)
{
    struct net_address out;
    assert_int_equal(address_parse(text, &out), NET_OK);
    return out;
}

/* --- worth a probe -----------------------------------------------------------------------------
 */

static void test_what_can_be_no_peers_address_is_not_probed(void **state)
{
    static const char *const refused[] = {
        "0.0.0.0:4000", /* unspecified */
        "[::]:4000",
        "224.0.0.1:4000", /* multicast */
        "239.255.255.250:1900",
        "[ff02::1]:4000",
        "[ff0e::1]:4000",
        "255.255.255.255:4000", /* broadcast */
        "192.0.2.1:0",          /* no port */
        "[2001:db8::1]:0",
        "[fe80::1]:4000", /* link-local, and no zone comes with it */
        "[febf:ffff::1]:4000",
        "[fd7a:115c:a1e0::1]:4000", /* inside the tunnel */
        "[fd60:627a:a42b:1:2:3:4:5]:4000",
        "127.3.3.40:999", /* "via DERP" */
    };
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct net_address address = at(refused[i]);
        assert_false(candidate_is_usable(&address, false));
        assert_false(candidate_is_usable(&address, true));
    }
    assert_false(candidate_is_usable(&nobody, true));
}

static void test_all_other_addresses_are_worth_a_probe(void **state)
{
    static const char *const good[] = {
        "192.0.2.1:1",        "10.0.0.1:65535",           "172.31.255.255:4000",
        "192.168.1.255:4000", "169.254.1.1:4000", /* needs no zone */
        "100.64.0.1:4000",    "223.255.255.255:4000",     "240.0.0.1:4000",
        "[2001:db8::1]:4000", "[fd7a:115c:a1e1::1]:4000", "[fd60:627a:a42c::1]:4000",
        "[fd00::1]:4000",     "[fec0::1]:4000",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct net_address address = at(good[i]);
        assert_true(candidate_is_usable(&address, false));
        assert_true(candidate_is_usable(&address, true));
    }
}

static void test_loopback_is_worth_a_probe_in_the_lab_alone(void **state)
{
    static const char *const loopback[] = {"127.0.0.1:4000", "127.255.0.1:4000", "[::1]:4000"};
    (void)state;
    for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++) {
        struct net_address address = at(loopback[i]);
        assert_false(candidate_is_usable(&address, false));
        assert_true(candidate_is_usable(&address, true));
    }
}

/* --- which is better ---------------------------------------------------------------------------
 */

struct contest {
    const char *a;
    uint64_t a_us;
    const char *b;
    uint64_t b_us;
    bool a_is_better, b_is_better;
};

static void test_latency_and_kind_of_address_decide(void **state)
{
    /* The first two are the worked examples of the notes; "stay" is neither. */
    static const struct contest contests[] = {
        {"10.0.0.1:1", 1000, "192.0.2.1:1", 1000, true, false},        /* private: 20 points */
        {"[2001:db8::1]:1", 10000, "192.0.2.1:1", 9000, false, false}, /* 10 for IPv6, 10 % */
        {"192.0.2.1:1", 190000, "192.0.2.2:1", 200000, true, false},   /* 5 points */
        {"192.0.2.1:1", 1000, "192.0.2.2:1", 1000, false, false},
        {"192.0.2.1:1", 9950, "192.0.2.2:1", 10000, false, false}, /* one point: hysteresis */
        {"192.0.2.1:1", 9900, "192.0.2.2:1", 10000, false, false},
        {"192.0.2.1:1", 9800, "192.0.2.2:1", 10000, true, false}, /* two points */
        {"127.0.0.1:1", 1000, "10.0.0.1:1", 1000, true, false},   /* 50 against 20 */
        {"127.0.0.1:1", 10000, "192.0.2.1:1", 4000, false, true}, /* 60 % beat the 50 */
        {"[fd00::1]:1", 1000, "10.0.0.1:1", 1000, true, false},   /* 30 against 20 */
        {"[::1]:1", 1000, "127.0.0.1:1", 1000, true, false},      /* 60 against 50 */
        {"10.0.0.1:1", 20000, "192.0.2.1:1", 15000, false, true}, /* 25 % beat the 20 */
        {"192.0.2.1:1", 0, "192.0.2.2:1", 0, false, false},
        {"192.0.2.1:1", 0, "192.0.2.2:1", 1, true, false}, /* 100 points */
        {"192.0.2.1:1", UINT64_MAX / 1000, "192.0.2.2:1", 1, false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof contests / sizeof *contests; i++) {
        const struct contest *one = &contests[i];
        struct net_address a = at(one->a);
        struct net_address b = at(one->b);
        assert_int_equal(candidate_is_better(&a, one->a_us * NS_PER_US, &b, one->b_us * NS_PER_US),
                         one->a_is_better);
        assert_int_equal(candidate_is_better(&b, one->b_us * NS_PER_US, &a, one->a_us * NS_PER_US),
                         one->b_is_better);
    }
}

static void test_any_path_is_better_than_none_and_none_is_better_than_itself(void **state)
{
    struct net_address a = at("192.0.2.1:1");
    (void)state;
    assert_true(candidate_is_better(&a, UINT64_MAX, &nobody, 0));
    assert_false(candidate_is_better(&nobody, 0, &a, UINT64_MAX));
    assert_false(candidate_is_better(&nobody, 0, &nobody, 0));
    assert_false(candidate_is_better(&a, 1, &a, UINT64_MAX)); /* the same one, however fast now */
}

/* Two that are each better than the other would be swapped for ever. */
static void test_of_two_addresses_never_both_are_better(void **state)
{
    static const char *const kinds[] = {"192.0.2.1:1", "10.0.0.1:1",         "127.0.0.1:1",
                                        "[::1]:1",     "[2001:db8::1]:1",    "[fd00::1]:1",
                                        "192.0.2.2:1", "[2001:db8::1]:65535"};
    static const uint64_t latencies[] = {0,
                                         1,
                                         99,
                                         100,
                                         101,
                                         5000000,
                                         5050000,
                                         UINT64_MAX / 100,
                                         UINT64_MAX / 100 + 1,
                                         UINT64_MAX - 1,
                                         UINT64_MAX};
    const size_t kind_count = sizeof kinds / sizeof *kinds;
    const size_t latency_count = sizeof latencies / sizeof *latencies;
    (void)state;
    for (size_t i = 0; i < kind_count * kind_count; i++) {
        struct net_address a = at(kinds[i / kind_count]);
        struct net_address b = at(kinds[i % kind_count]);
        for (size_t j = 0; j < latency_count * latency_count; j++) {
            uint64_t a_ns = latencies[j / latency_count];
            uint64_t b_ns = latencies[j % latency_count];
            assert_false(candidate_is_better(&a, a_ns, &b, b_ns) &&
                         candidate_is_better(&b, b_ns, &a, a_ns));
        }
    }
}

/* --- the table ---------------------------------------------------------------------------------
 */

static struct net_address numbered(unsigned n)
{
    return (struct net_address){
        .family = ADDRESS_V4, .ip = {10, 0, (uint8_t)(n >> 8), (uint8_t)n}, .port = 4000};
}

/* Full of addresses of which nobody has said anything. */
static struct candidates *full_table(void)
{
    struct candidates *all = calloc(1, sizeof *all);
    assert_non_null(all);
    for (unsigned i = 0; i < CANDIDATES_MAX; i++) {
        struct net_address address = numbered(i);
        assert_non_null(candidates_add(all, &address, &nobody));
    }
    assert_int_equal(all->count, CANDIDATES_MAX);
    return all;
}

static void test_an_address_stands_in_the_table_once(void **state)
{
    struct candidates *all = calloc(1, sizeof *all);
    struct net_address one = at("192.0.2.1:4000");
    struct net_address other_port = at("192.0.2.1:4001");
    (void)state;
    assert_non_null(all);
    assert_null(candidates_find(all, &one));
    struct candidate *added = candidates_add(all, &one, &nobody);
    assert_ptr_equal(candidates_add(all, &one, &nobody), added);
    assert_ptr_equal(candidates_find(all, &one), added);
    assert_int_equal(all->count, 1);
    assert_ptr_not_equal(candidates_add(all, &other_port, &nobody), added);
    assert_int_equal(all->count, 2);
    candidates_remove(all, candidates_find(all, &one));
    assert_null(candidates_find(all, &one));
    assert_non_null(candidates_find(all, &other_port));
    candidates_remove(all, candidates_find(all, &other_port));
    assert_int_equal(all->count, 0);
    free(all);
}

static void test_in_a_full_table_the_one_with_least_to_show_makes_room(void **state)
{
    struct candidates *all = full_table();
    struct net_address pinged = numbered(CANDIDATES_MAX - 1);
    struct net_address quiet = numbered(5);
    struct net_address news = at("192.0.2.1:4000");
    (void)state;
    for (size_t i = 0; i < all->count; i++) {
        all->all[i].from_node = true;
    }
    *candidates_find(all, &quiet) = (struct candidate){.address = quiet};
    struct candidate *heard = candidates_find(all, &pinged);
    heard->from_node = false;
    heard->pinged_us_at = 7;
    assert_non_null(candidates_add(all, &news, &nobody));
    assert_int_equal(all->count, CANDIDATES_MAX);
    assert_null(candidates_find(all, &quiet)); /* and not the one that pinged */
    assert_non_null(candidates_find(all, &pinged));
    candidates_find(all, &news)->pong_at = 9;
    assert_non_null(candidates_add(all, &quiet, &nobody));
    assert_null(candidates_find(all, &pinged)); /* the next least */
    assert_int_equal(all->refused, 0);
    free(all);
}

static void test_a_table_full_of_named_or_answering_ones_refuses_and_counts(void **state)
{
    struct candidates *all = full_table();
    struct net_address news = at("192.0.2.1:4000");
    (void)state;
    for (size_t i = 0; i < all->count; i++) {
        struct candidate *one = &all->all[i];
        *one = (struct candidate){.address = one->address,
                                  .from_node = i % 3 == 0,
                                  .from_call = i % 3 == 1,
                                  .pong_at = i % 3 == 2 ? 1 : 0};
    }
    assert_null(candidates_add(all, &news, &nobody));
    assert_null(candidates_add(all, &news, &nobody));
    assert_int_equal(all->refused, 2);
    assert_int_equal(all->count, CANDIDATES_MAX);
    for (unsigned i = 0; i < CANDIDATES_MAX; i++) {
        struct net_address address = numbered(i);
        assert_non_null(candidates_find(all, &address));
    }
    free(all);
}

static void test_the_best_path_never_makes_room(void **state)
{
    struct candidates *all = full_table();
    struct net_address keep = numbered(3);
    (void)state;
    for (unsigned i = 0; i < 3U * CANDIDATES_MAX; i++) {
        struct net_address address = numbered(1000 + i);
        struct candidate *one = candidates_add(all, &address, &keep);
        assert_non_null(one);
        one->pinged_us_at = 1 + i;
        assert_non_null(candidates_find(all, &keep));
        assert_int_equal(all->count, CANDIDATES_MAX);
    }
    free(all);
}

static void test_a_candidate_lives_while_it_is_named_or_pings(void **state)
{
    const mono_ns start = 1000 * NS_PER_SEC;
    const mono_ns end = start + CANDIDATE_PING_LIFE_S * NS_PER_SEC;
    const mono_ns years_later = start + UINT64_C(1000000000) * NS_PER_SEC;
    struct candidate from_node = {.from_node = true};
    struct candidate from_call = {.from_call = true};
    struct candidate pinged = {.pinged_us_at = start};
    struct candidate unnamed = {.probes = 3};
    (void)state;
    assert_false(candidate_is_expired(&from_node, years_later));
    assert_false(candidate_is_expired(&from_call, years_later));
    assert_true(candidate_is_expired(&unnamed, start));
    assert_false(candidate_is_expired(&pinged, 0)); /* a clock that is behind */
    assert_false(candidate_is_expired(&pinged, end));
    assert_true(candidate_is_expired(&pinged, end + 1));
    assert_true(candidate_is_expired(&pinged, years_later));
    from_node.pinged_us_at = start;
    assert_false(candidate_is_expired(&from_node, years_later));
}

static void test_one_known_from_its_pings_alone_lives_while_it_answers(void **state)
{
    const mono_ns start = 1000 * NS_PER_SEC;
    const mono_ns later = start + 3600 * NS_PER_SEC;
    struct candidate learned = {.pinged_us_at = start, .pong_at = later};
    struct candidate taken_back = {.pinged_us_at = start, .pong_at = later, .named = true};
    (void)state;
    assert_false(candidate_is_expired(&learned, later));
    assert_false(candidate_is_expired(&learned, later + CANDIDATE_PING_LIFE_S * NS_PER_SEC));
    assert_true(candidate_is_expired(&learned, later + CANDIDATE_PING_LIFE_S * NS_PER_SEC + 1));
    assert_true(candidate_is_expired(&taken_back, later));
    taken_back.pinged_us_at = later;
    assert_false(candidate_is_expired(&taken_back, later));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_can_be_no_peers_address_is_not_probed),
        cmocka_unit_test(test_all_other_addresses_are_worth_a_probe),
        cmocka_unit_test(test_loopback_is_worth_a_probe_in_the_lab_alone),
        cmocka_unit_test(test_latency_and_kind_of_address_decide),
        cmocka_unit_test(test_any_path_is_better_than_none_and_none_is_better_than_itself),
        cmocka_unit_test(test_of_two_addresses_never_both_are_better),
        cmocka_unit_test(test_an_address_stands_in_the_table_once),
        cmocka_unit_test(test_in_a_full_table_the_one_with_least_to_show_makes_room),
        cmocka_unit_test(test_a_table_full_of_named_or_answering_ones_refuses_and_counts),
        cmocka_unit_test(test_the_best_path_never_makes_room),
        cmocka_unit_test(test_a_candidate_lives_while_it_is_named_or_pings),
        cmocka_unit_test(test_one_known_from_its_pings_alone_lives_while_it_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
