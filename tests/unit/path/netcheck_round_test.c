/* The rounds of a netcheck: full and incremental, names, relays and home, hairpin, amending. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/path/netcheck.h"
#include "tests/support/netcheck_rig.h"

#include <cmocka.h>

#define SERVER_A "192.0.2.1:3478"
#define SERVER_B "192.0.2.2:3478"
#define MAPPED   "203.0.113.7:41641"

static struct netcheck_rig rig;

static int set_up(void **state)
{
    (void)state;
    netcheck_rig_begin(&rig, &(struct netcheck_config){.hairpin = true});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    netcheck_rig_end(&rig);
    return 0;
}

static const struct netcheck_report *report(void)
{
    return netcheck_rig_report(&rig);
}

/* --- names
 * ------------------------------------------------------------------------------------------------
 */

static void test_each_name_is_resolved_once(void **state)
{
    (void)state;
    netcheck_set_families(rig.netcheck, true, true);
    netcheck_rig_add_stun(&rig, 1, "stun.example.com")->stun_port = 19302;
    netcheck_rig_add_stun(&rig, 2, "stun.example.com")->stun_port = 19305;
    (void)netcheck_rig_add_stun(&rig, 3, "other.example.com");
    netcheck_rig_start(&rig);
    assert_int_equal(rig.name_count, 2);
    assert_int_equal(rig.sent_count, 0);
    netcheck_rig_wait_ms(&rig, 40);
    netcheck_rig_resolved(&rig, "stun.example.com", "192.0.2.1", "2001:db8::1");
    assert_int_equal(rig.sent_count, 4);
    assert_int_equal(netcheck_rig_count_to(&rig, "192.0.2.1:19302"), 1);
    assert_int_equal(netcheck_rig_count_to(&rig, "[2001:db8::1]:19305"), 1);
    netcheck_rig_wait_ms(&rig, 100); /* the delays count from when there was an address */
    assert_int_equal(rig.sent_count, 8);
    assert_int_equal(rig.name_count, 2);
}

static void test_a_name_without_address_is_not_waited_for(void **state)
{
    (void)state;
    (void)netcheck_rig_add_stun(&rig, 1, "192.0.2.1");
    (void)netcheck_rig_add_stun(&rig, 2, "gone.example.com");
    netcheck_rig_start(&rig);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    assert_int_equal(rig.ready, 0);
    netcheck_rig_resolved(&rig, "never.asked.example.com", "192.0.2.7", NULL);
    netcheck_rig_resolved(&rig, "gone.example.com", NULL, "2001:db8::1");
    assert_int_equal(report()->regions[1].stun_v4.state, NETCHECK_STUN_UNRESOLVED);
    netcheck_rig_wait_ms(&rig, 100);
    assert_int_equal(rig.sent_count, 2);                /* its answer, and the hairpin's request */
    assert_int_equal(netcheck_rig_ready_ms(&rig), 100); /* the hairpin check */
}

static void test_a_slow_name_does_not_shift_the_tries_that_have_an_address(void **state)
{
    (void)state;
    (void)netcheck_rig_add_stun(&rig, 1, "quick.example.com");
    (void)netcheck_rig_add_stun(&rig, 1, "slow.example.com"); /* of the second try */
    netcheck_rig_start(&rig);
    netcheck_rig_resolved(&rig, "quick.example.com", "192.0.2.1", NULL);
    netcheck_rig_wait_ms(&rig, 50);
    netcheck_rig_resolved(&rig, "slow.example.com", "192.0.2.2", NULL);
    netcheck_rig_wait_ms(&rig, 1000);
    assert_int_equal(rig.sent_count, 3);
    assert_int_equal(rig.sent_at[1] - rig.started_at, 100 * NS_PER_MS);
    assert_int_equal(netcheck_rig_count_to(&rig, SERVER_B), 1);
    assert_int_equal(rig.sent_at[2] - rig.started_at, 300 * NS_PER_MS);
}

static void test_a_resolver_that_hangs_does_not_stop_the_report(void **state)
{
    (void)state;
    (void)netcheck_rig_add_stun(&rig, 1, "slow.example.com");
    netcheck_rig_start(&rig);
    netcheck_rig_wait_ms(&rig, 3000);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 1000);
    assert_false(report()->stun_asked); /* so that nothing is said of UDP */
    netcheck_rig_resolved(&rig, "slow.example.com", "192.0.2.1", NULL);
    assert_int_equal(rig.sent_count, 0);
}

/* --- relays and home
 * ------------------------------------------------------------------------------------------------
 */

static void test_without_relays_nothing_is_measured(void **state)
{
    (void)state;
    (void)netcheck_rig_add_stun(&rig, 1, "192.0.2.1");
    netcheck_rig_start(&rig);
    assert_int_equal(rig.measures, 0);
    assert_int_equal(report()->preferred_derp, 0);
}

static void test_a_map_without_stun_still_has_latencies_and_a_home(void **state)
{
    (void)state;
    netcheck_rig_add_relay(&rig, 1);
    netcheck_rig_add_relay(&rig, 2);
    netcheck_rig_start(&rig);
    assert_int_equal(rig.measures, 1);
    netcheck_rig_latency(&rig, 1, 90);
    netcheck_rig_latency(&rig, 2, 40);
    netcheck_rig_latency_end(&rig);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 0);
    assert_false(report()->stun_asked);
    assert_int_equal(report()->preferred_derp, 2);
    assert_true(report()->ipv4);
    assert_false(report()->udp);
    assert_int_equal(netcheck_region_latency(&report()->regions[0]), 90 * NS_PER_MS);
}

static void test_relays_have_as_long_again_as_the_nearest(void **state)
{
    (void)state;
    for (int64_t id = 1; id <= 3; id++) {
        netcheck_rig_add_relay(&rig, id);
    }
    netcheck_rig_start(&rig);
    netcheck_rig_wait_ms(&rig, 300);
    netcheck_rig_latency(&rig, 2, 60);
    netcheck_rig_wait_ms(&rig, 100);
    netcheck_rig_latency(&rig, 1, 80);
    netcheck_rig_wait_ms(&rig, 500);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 600);
    assert_int_equal(report()->preferred_derp, 2);
    netcheck_rig_latency(&rig, 3, 300);
    assert_int_equal(rig.amended, 0); /* all at once, when the checks are over */
    netcheck_rig_latency_end(&rig);
    assert_int_equal(rig.amended, 1);
    assert_int_equal(netcheck_region_latency(&report()->regions[2]), 300 * NS_PER_MS);
    assert_int_equal(report()->preferred_derp, 2);
}

static void test_a_very_near_relay_leaves_the_others_some_time(void **state)
{
    (void)state;
    netcheck_rig_add_relay(&rig, 1);
    netcheck_rig_add_relay(&rig, 2);
    netcheck_rig_start(&rig);
    netcheck_rig_wait_ms(&rig, 3);
    netcheck_rig_latency(&rig, 1, 1);
    netcheck_rig_wait_ms(&rig, 1000);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 3 + NETCHECK_RELAY_GRACE_MS);
    netcheck_rig_latency_end(&rig); /* the other failed: no news */
    assert_int_equal(rig.amended, 0);
}

static void test_the_command_waits_for_every_relay(void **state)
{
    (void)state;
    tear_down(state);
    netcheck_rig_begin(&rig,
                       &(struct netcheck_config){.complete = true, .budget_ns = 5 * NS_PER_SEC});
    netcheck_rig_add_relay(&rig, 1);
    netcheck_rig_add_relay(&rig, 2);
    netcheck_rig_start(&rig);
    netcheck_rig_latency(&rig, 1, 1);
    netcheck_rig_wait_ms(&rig, 3000);
    assert_int_equal(rig.ready, 0);
    netcheck_rig_wait_ms(&rig, 3000);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 5000);
}

static void test_the_home_is_waited_for_while_the_budget_lasts(void **state)
{
    (void)state;
    netcheck_rig_add_relay(&rig, 1);
    netcheck_rig_add_relay(&rig, 2);
    netcheck_rig_start(&rig);
    netcheck_rig_latency(&rig, 1, 50);
    netcheck_rig_latency(&rig, 2, 55);
    netcheck_rig_latency_end(&rig);
    assert_int_equal(report()->preferred_derp, 1);
    netcheck_rig_wait_ms(&rig, 23000);
    netcheck_rig_again(&rig);
    netcheck_rig_wait_ms(&rig, 100);
    netcheck_rig_latency(&rig, 2, 55);
    netcheck_rig_wait_ms(&rig, 1000);
    assert_int_equal(rig.ready, 1); /* a home that is slow once is not left for that */
    netcheck_rig_latency(&rig, 1, 60);
    netcheck_rig_wait_ms(&rig, 1);
    assert_int_equal(rig.ready, 2);
    assert_int_equal(report()->preferred_derp, 1);
}

static void test_a_home_that_is_gone_is_left_when_the_budget_is_spent(void **state)
{
    (void)state;
    netcheck_rig_add_relay(&rig, 1);
    netcheck_rig_add_relay(&rig, 2);
    netcheck_rig_start(&rig);
    netcheck_rig_latency(&rig, 1, 50);
    netcheck_rig_latency_end(&rig);
    netcheck_rig_wait_ms(&rig, 23000);
    netcheck_rig_again(&rig);
    netcheck_rig_latency(&rig, 2, 55);
    netcheck_rig_wait_ms(&rig, 3000);
    assert_int_equal(netcheck_rig_ready_ms(&rig), NETCHECK_BUDGET_MS);
    assert_int_equal(report()->preferred_derp, 2);
}

static void test_when_no_relay_answers_there_is_a_home_all_the_same(void **state)
{
    (void)state;
    netcheck_rig_add_relay(&rig, 7);
    (void)netcheck_rig_add_stun(&rig, 8, "192.0.2.1");
    netcheck_rig_start(&rig);
    netcheck_rig_latency(&rig, 99, 1); /* of a region that is not in the map */
    netcheck_rig_latency_end(&rig);
    netcheck_rig_wait_ms(&rig, 3000);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 1000);
    assert_int_equal(report()->preferred_derp, 7);
    netcheck_rig_latency(&rig, 7, 1); /* after the end: of nobody */
    assert_int_equal(netcheck_region_latency(&report()->regions[0]), 0);
}

static void test_the_nearer_of_the_two_families_counts(void **state)
{
    (void)state;
    netcheck_rig_add_relay(&rig, 1);
    netcheck_rig_start(&rig);
    netcheck_latency(rig.netcheck, rig.now, 1, true, 30 * NS_PER_MS);
    netcheck_latency(rig.netcheck, rig.now, 1, false, 40 * NS_PER_MS);
    assert_true(report()->ipv6 && report()->ipv4);
    assert_int_equal(netcheck_region_latency(&report()->regions[0]), 30 * NS_PER_MS);
    netcheck_latency(rig.netcheck, rig.now, 1, false, 0); /* is measured, if only just */
    assert_int_equal(netcheck_region_latency(&report()->regions[0]), 1);
}

/* --- hairpin
 * ------------------------------------------------------------------------------------------------
 */

static const struct netcheck_action *hairpin_request(void)
{
    const struct netcheck_action *last = &rig.sent[rig.sent_count - 1];
    assert_int_equal(last->socket, NETCHECK_SOCKET_HAIRPIN);
    assert_address(&last->to, MAPPED);
    return last;
}

static enum net_err hairpin_arrives(void)
{
    const struct netcheck_action *request = hairpin_request();
    struct bytes packet = bytes_of(request->packet, sizeof request->packet);
    enum net_err err = netcheck_input(rig.netcheck, rig.now, &request->to, packet);
    netcheck_rig_drain(&rig);
    return err;
}

static void start_one(void)
{
    (void)netcheck_rig_add_stun(&rig, 1, "192.0.2.1");
    netcheck_rig_add_relay(&rig, 999);
    netcheck_rig_start(&rig);
    netcheck_rig_latency(&rig, 999, 20);
    netcheck_rig_latency_end(&rig);
    netcheck_rig_wait_ms(&rig, 10);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
}

static void test_a_request_that_comes_back_is_hairpinning(void **state)
{
    (void)state;
    start_one();
    assert_int_equal(rig.ready, 0);
    netcheck_rig_wait_ms(&rig, 4);
    assert_int_equal(hairpin_arrives(), NET_OK);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 14);
    assert_int_equal(report()->hairpinning, NETCHECK_YES);
    assert_int_equal(hairpin_arrives(), NET_ERR_NOT_FOUND); /* once */
}

static void test_one_that_does_not_within_a_tenth_of_a_second_is_none(void **state)
{
    (void)state;
    start_one();
    netcheck_rig_wait_ms(&rig, 200);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 10 + NETCHECK_HAIRPIN_MS);
    assert_int_equal(report()->hairpinning, NETCHECK_NO);
    assert_int_equal(hairpin_arrives(), NET_OK); /* late, but it came */
    assert_int_equal(report()->hairpinning, NETCHECK_YES);
    assert_int_equal(rig.amended, 1);
}

static void test_one_that_cannot_be_sent_says_nothing(void **state)
{
    (void)state;
    rig.send_hairpin = NET_ERR_IO;
    start_one();
    assert_int_equal(netcheck_rig_ready_ms(&rig), 10);
    assert_int_equal(report()->hairpinning, NETCHECK_UNKNOWN);
}

static void test_hairpin_is_checked_in_full_rounds_and_kept_in_others(void **state)
{
    (void)state;
    start_one();
    assert_int_equal(hairpin_arrives(), NET_OK);
    netcheck_rig_wait_ms(&rig, 23000);
    netcheck_rig_again(&rig);
    netcheck_rig_latency(&rig, 999, 20);
    netcheck_rig_latency_end(&rig);
    assert_int_equal(rig.sent_count, 1);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    assert_int_equal(rig.sent_count, 1);
    assert_int_equal(rig.ready, 2);
    assert_false(report()->full);
    assert_int_equal(report()->hairpinning, NETCHECK_YES);
}

static void test_without_a_public_address_hairpin_is_not_known(void **state)
{
    (void)state;
    (void)netcheck_rig_add_stun(&rig, 1, "192.0.2.1");
    netcheck_rig_start(&rig);
    netcheck_rig_wait_ms(&rig, 2000);
    assert_int_equal(report()->hairpinning, NETCHECK_UNKNOWN);
    assert_int_equal(netcheck_rig_count_to(&rig, SERVER_A), 3);
}

static void test_the_budget_ends_even_a_hairpin_check(void **state)
{
    (void)state;
    tear_down(state);
    netcheck_rig_begin(&rig,
                       &(struct netcheck_config){.hairpin = true, .budget_ns = 50 * NS_PER_MS});
    (void)netcheck_rig_add_stun(&rig, 1, "192.0.2.1");
    netcheck_rig_start(&rig);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    netcheck_rig_wait_ms(&rig, 500);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 50);
    assert_int_equal(rig.amended, 1);
    assert_int_equal(report()->hairpinning, NETCHECK_NO);
}

/* --- one round after another
 * ------------------------------------------------------------------------------------------------
 */

/* Two STUN servers, of which `dead` does not answer, and a relay. */
static void play_round(const char *dead)
{
    netcheck_rig_latency(&rig, 999, 20);
    netcheck_rig_latency_end(&rig);
    static const char *const servers[] = {SERVER_A, SERVER_B, "192.0.2.3:3478", "192.0.2.4:3478"};
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        if (netcheck_rig_count_to(&rig, servers[i]) > 0 && strcmp(servers[i], dead) != 0) {
            netcheck_rig_answer(&rig, servers[i], MAPPED);
        }
    }
    netcheck_rig_wait_ms(&rig, 22000);
    assert_false(netcheck_running(rig.netcheck));
}

static void start_four(void)
{
    (void)netcheck_rig_add_stun(&rig, 1, "192.0.2.1");
    (void)netcheck_rig_add_stun(&rig, 2, "192.0.2.2");
    (void)netcheck_rig_add_stun(&rig, 3, "192.0.2.3");
    (void)netcheck_rig_add_stun(&rig, 4, "192.0.2.4");
    netcheck_rig_add_relay(&rig, 999);
    netcheck_rig_start(&rig);
}

static void test_a_full_round_comes_first_and_then_every_five_minutes(void **state)
{
    (void)state;
    start_four();
    assert_true(report()->full);
    unsigned fulls = 0;
    for (int i = 0; i < 30; i++) {
        play_round("");
        netcheck_rig_again(&rig);
        fulls += report()->full ? 1 : 0;
        assert_int_equal(report()->round, i + 2);
    }
    assert_int_equal(fulls, 2); /* 660 s in rounds of 22 s */
}

static void test_an_incremental_round_prefers_those_that_answered(void **state)
{
    (void)state;
    start_four();
    play_round(SERVER_A);
    netcheck_rig_again(&rig);
    assert_false(report()->full);
    assert_int_equal(netcheck_rig_count_to(&rig, SERVER_A), 0); /* silent: last */
    assert_int_equal(rig.sent_count, 3);
    assert_int_equal(report()->regions[0].stun_v4.state, NETCHECK_STUN_NONE);
    play_round(SERVER_B);
    netcheck_rig_again(&rig); /* region 2 fell silent, so the other unknown one has its turn */
    assert_int_equal(netcheck_rig_count_to(&rig, SERVER_B), 0);
    assert_int_equal(netcheck_rig_count_to(&rig, SERVER_A), 1);
    assert_int_equal(report()->mapping_varies, NETCHECK_UNKNOWN); /* each round finds it out */
    assert_address(&report()->global_v4, "");
}

static void test_a_region_that_was_not_asked_keeps_its_rank(void **state)
{
    (void)state;
    start_four();
    netcheck_rig_wait_ms(&rig, 10);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED); /* the fourth is the furthest */
    netcheck_rig_answer(&rig, SERVER_B, MAPPED);
    netcheck_rig_answer(&rig, "192.0.2.3:3478", MAPPED);
    netcheck_rig_wait_ms(&rig, 10);
    play_round("");
    netcheck_rig_again(&rig);
    assert_int_equal(netcheck_rig_count_to(&rig, "192.0.2.4:3478"), 0);
    netcheck_rig_latency(&rig, 999, 20);
    netcheck_rig_latency_end(&rig);
    netcheck_rig_wait_ms(&rig, 22000); /* the three others fall silent */
    netcheck_rig_again(&rig);
    assert_int_equal(netcheck_rig_count_to(&rig, "192.0.2.4:3478"), 1);
}

static void test_what_makes_a_round_full(void **state)
{
    (void)state;
    start_four();
    play_round("");
    netcheck_want_full(rig.netcheck); /* the network changed */
    netcheck_rig_again(&rig);
    assert_true(report()->full);
    play_round("");
    netcheck_set_map(rig.netcheck, &rig.map);
    netcheck_rig_again(&rig);
    assert_true(report()->full);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    netcheck_rig_latency_end(&rig); /* no relay answered */
    netcheck_rig_wait_ms(&rig, 22000);
    netcheck_rig_again(&rig);
    assert_true(report()->full);
    netcheck_rig_latency(&rig, 999, 20);
    netcheck_set_captive_portal(rig.netcheck, rig.now, NETCHECK_YES);
    netcheck_rig_latency_end(&rig);
    netcheck_rig_wait_ms(&rig, 22000); /* no UDP and a portal */
    netcheck_rig_again(&rig);
    assert_true(report()->full);
    play_round("");
    netcheck_rig_again(&rig); /* UDP works: the portal does not matter */
    assert_false(report()->full);
}

static void test_a_start_during_a_round_is_remembered_once(void **state)
{
    (void)state;
    start_four();
    netcheck_start(rig.netcheck, rig.now);
    netcheck_start(rig.netcheck, rig.now);
    netcheck_rig_drain(&rig);
    assert_int_equal(report()->round, 1);
    netcheck_rig_latency(&rig, 999, 20);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    netcheck_rig_answer(&rig, SERVER_B, MAPPED);
    netcheck_rig_wait_ms(&rig, 1000);
    assert_int_equal(rig.ready, 1); /* the first was told before the second began */
    assert_int_equal(report()->round, 2);
    assert_true(netcheck_running(rig.netcheck));
    assert_int_equal(rig.measures, 2);
    netcheck_rig_wait_ms(&rig, 10000);
    assert_int_equal(rig.ready, 2);
    assert_int_equal(report()->round, 2);
}

static void test_a_round_can_be_stopped(void **state)
{
    (void)state;
    start_four();
    netcheck_start(rig.netcheck, rig.now);
    netcheck_stop(rig.netcheck);
    netcheck_rig_wait_ms(&rig, 10000);
    assert_int_equal(rig.ready, 0);
    assert_int_equal(rig.sent_count, 4);
    assert_int_equal(netcheck_deadline(rig.netcheck), MONO_NEVER);
    netcheck_rig_again(&rig);
    assert_true(report()->full);
    assert_int_equal(rig.sent_count, 4);
}

static void test_without_a_map_nothing_happens(void **state)
{
    (void)state;
    netcheck_rig_start(&rig);
    assert_false(netcheck_running(rig.netcheck));
    assert_int_equal(report()->round, 0);
    assert_null(netcheck_report_region(report(), 1));
}

static void test_without_sockets_stun_is_left_out(void **state)
{
    (void)state;
    netcheck_set_families(rig.netcheck, false, false);
    start_four();
    assert_int_equal(rig.sent_count, 0);
    netcheck_rig_latency(&rig, 999, 20);
    netcheck_rig_latency_end(&rig);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 0);
    assert_false(report()->stun_asked);
}

/* --- what others find out
 * ------------------------------------------------------------------------------------------------
 */

static void test_port_mapping_and_portal_amend_what_is_out(void **state)
{
    (void)state;
    struct netcheck_portmap portmap = {.upnp = NETCHECK_NO, .pmp = NETCHECK_YES};
    netcheck_set_os_ipv6(rig.netcheck, true);
    netcheck_set_portmap(rig.netcheck, rig.now, &portmap); /* before a round */
    start_one();
    assert_true(report()->os_has_ipv6);
    assert_int_equal(report()->portmap.pmp, NETCHECK_YES);
    portmap.pcp = NETCHECK_NO;
    netcheck_set_portmap(rig.netcheck, rig.now, &portmap); /* while it is being made */
    netcheck_rig_drain(&rig);
    assert_int_equal(rig.ready, 0);
    assert_int_equal(report()->portmap.pcp, NETCHECK_NO);
    assert_int_equal(hairpin_arrives(), NET_OK);
    assert_int_equal(rig.ready, 1);
    netcheck_set_portmap(rig.netcheck, rig.now, &portmap); /* nothing new */
    netcheck_set_captive_portal(rig.netcheck, rig.now, NETCHECK_UNKNOWN);
    netcheck_rig_drain(&rig);
    assert_int_equal(rig.amended, 0);
    portmap.have_mapping = true;
    assert_int_equal(address_parse("203.0.113.7:1234", &portmap.external), NET_OK);
    netcheck_set_portmap(rig.netcheck, rig.now, &portmap);
    netcheck_rig_drain(&rig);
    assert_int_equal(rig.amended, 1);
    assert_address(&report()->portmap.external, "203.0.113.7:1234");
    netcheck_set_captive_portal(rig.netcheck, rig.now, NETCHECK_NO);
    netcheck_rig_drain(&rig);
    assert_int_equal(rig.amended, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_name_is_resolved_once),
        TEST(test_a_name_without_address_is_not_waited_for),
        TEST(test_a_slow_name_does_not_shift_the_tries_that_have_an_address),
        TEST(test_a_resolver_that_hangs_does_not_stop_the_report),
        TEST(test_without_relays_nothing_is_measured),
        TEST(test_a_map_without_stun_still_has_latencies_and_a_home),
        TEST(test_relays_have_as_long_again_as_the_nearest),
        TEST(test_a_very_near_relay_leaves_the_others_some_time),
        TEST(test_the_command_waits_for_every_relay),
        TEST(test_the_home_is_waited_for_while_the_budget_lasts),
        TEST(test_a_home_that_is_gone_is_left_when_the_budget_is_spent),
        TEST(test_when_no_relay_answers_there_is_a_home_all_the_same),
        TEST(test_the_nearer_of_the_two_families_counts),
        TEST(test_a_request_that_comes_back_is_hairpinning),
        TEST(test_one_that_does_not_within_a_tenth_of_a_second_is_none),
        TEST(test_one_that_cannot_be_sent_says_nothing),
        TEST(test_hairpin_is_checked_in_full_rounds_and_kept_in_others),
        TEST(test_without_a_public_address_hairpin_is_not_known),
        TEST(test_the_budget_ends_even_a_hairpin_check),
        TEST(test_a_full_round_comes_first_and_then_every_five_minutes),
        TEST(test_an_incremental_round_prefers_those_that_answered),
        TEST(test_a_region_that_was_not_asked_keeps_its_rank),
        TEST(test_what_makes_a_round_full),
        TEST(test_a_start_during_a_round_is_remembered_once),
        TEST(test_a_round_can_be_stopped),
        TEST(test_without_a_map_nothing_happens),
        TEST(test_without_sockets_stun_is_left_out),
        TEST(test_port_mapping_and_portal_amend_what_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
