/* What a netcheck makes of STUN: answers, silence, and what is not meant for it. */
#include "net/path/netcheck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/netcheck_rig.h"

#include <cmocka.h>

#define SERVER_A  "192.0.2.1:3478"
#define SERVER_B  "192.0.2.2:3478"
#define SERVER_C  "192.0.2.3:3478"
#define SERVER_V6 "[2001:db8::1]:3478"
#define MAPPED    "203.0.113.7:41641"
#define OTHER     "203.0.113.7:52000"
#define MAPPED_V6 "[2001:db8::7]:41641"

static struct netcheck_rig rig;

static int set_up(void **state)
{
    (void)state;
    netcheck_rig_begin(&rig, &(struct netcheck_config){0});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    netcheck_rig_end(&rig);
    return 0;
}

static void start_with(const char *a, const char *b, const char *c)
{
    const char *hosts[] = {a, b, c};
    for (int i = 0; i < 3 && hosts[i] != NULL; i++) {
        (void)netcheck_rig_add_stun(&rig, i + 1, hosts[i]);
    }
    netcheck_rig_start(&rig);
}

static void test_two_servers_that_agree_are_an_easy_nat(void **state)
{
    (void)state;
    start_with("192.0.2.1", "192.0.2.2", "192.0.2.3");
    assert_int_equal(rig.sent_count, 3);
    netcheck_rig_wait_ms(&rig, 10);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    assert_int_equal(rig.partial, 1); /* the address is of use at once */
    assert_int_equal(rig.ready, 0);
    assert_address(&netcheck_rig_report(&rig)->global_v4, MAPPED);
    netcheck_rig_wait_ms(&rig, 10);
    netcheck_rig_answer(&rig, SERVER_B, MAPPED);
    const struct netcheck_report *report = netcheck_rig_report(&rig);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 20); /* the third is not waited for */
    assert_int_equal(report->mapping_varies, NETCHECK_NO);
    assert_true(report->udp && report->ipv4 && report->ipv4_can_send && report->stun_asked);
    assert_false(report->ipv6);
    assert_int_equal(report->regions[1].stun_v4.rtt_ns, 20 * NS_PER_MS);
    netcheck_rig_wait_ms(&rig, 1000);
    assert_int_equal(rig.sent_count, 3); /* nor asked again */
    assert_int_equal(rig.amended, 0);
}

static void test_two_servers_that_differ_are_a_hard_nat(void **state)
{
    (void)state;
    start_with("192.0.2.1", "192.0.2.2", "192.0.2.3");
    netcheck_rig_answer(&rig, SERVER_B, MAPPED);
    netcheck_rig_answer(&rig, SERVER_A, OTHER);
    assert_int_equal(netcheck_rig_report(&rig)->mapping_varies, NETCHECK_YES);
    assert_int_equal(rig.ready, 1);
    assert_address(&netcheck_rig_report(&rig)->global_v4, MAPPED); /* the first stays */
    netcheck_rig_answer(&rig, SERVER_C, MAPPED);
    assert_int_equal(netcheck_rig_report(&rig)->mapping_varies, NETCHECK_YES);
    assert_int_equal(rig.amended, 0);
}

static void test_a_third_server_can_still_prove_a_hard_nat(void **state)
{
    (void)state;
    start_with("192.0.2.1", "192.0.2.2", "192.0.2.3");
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    netcheck_rig_answer(&rig, SERVER_B, MAPPED);
    netcheck_rig_wait_ms(&rig, 30);
    netcheck_rig_answer(&rig, SERVER_C, OTHER);
    assert_int_equal(rig.amended, 1);
    assert_int_equal(netcheck_rig_report(&rig)->mapping_varies, NETCHECK_YES);
}

static void test_one_server_says_nothing_of_the_mapping_and_is_enough(void **state)
{
    (void)state;
    start_with("192.0.2.1", NULL, NULL);
    netcheck_rig_wait_ms(&rig, 7);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 7);
    assert_int_equal(netcheck_rig_report(&rig)->mapping_varies, NETCHECK_UNKNOWN);
}

static void test_two_regions_with_one_server_say_nothing_either(void **state)
{
    (void)state;
    start_with("192.0.2.1", "192.0.2.1", NULL);
    assert_int_equal(netcheck_rig_count_to(&rig, SERVER_A), 2);
    assert_int_equal(netcheck_rig_answer_to(&rig, &rig.sent[0], MAPPED), NET_OK);
    assert_int_equal(netcheck_rig_answer_to(&rig, &rig.sent[1], OTHER), NET_OK);
    assert_int_equal(rig.ready, 1);
    assert_int_equal(netcheck_rig_report(&rig)->mapping_varies, NETCHECK_UNKNOWN);
}

static void test_silence_means_three_tries_and_a_second(void **state)
{
    (void)state;
    start_with("192.0.2.1", NULL, NULL);
    netcheck_rig_wait_ms(&rig, 5000);
    assert_int_equal(rig.sent_count, 3);
    assert_int_equal(rig.sent_at[1] - rig.sent_at[0], 100 * NS_PER_MS);
    assert_int_equal(rig.sent_at[2] - rig.sent_at[0], 300 * NS_PER_MS);
    for (int i = 1; i < 3; i++) { /* with ids of their own */
        assert_memory_not_equal(rig.sent[i].packet + 8, rig.sent[i - 1].packet + 8, STUN_TX_LEN);
    }
    const struct netcheck_report *report = netcheck_rig_report(&rig);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 1000);
    assert_true(report->stun_asked);
    assert_false(report->udp || report->ipv4);
    assert_int_equal(report->mapping_varies, NETCHECK_UNKNOWN);
    assert_address(&report->global_v4, "");
    assert_int_equal(report->regions[0].stun_v4.state, NETCHECK_STUN_SENT);
    assert_int_equal(report->counts.requests, 3);
}

static void test_a_lost_request_costs_a_tenth_of_a_second(void **state)
{
    (void)state;
    start_with("192.0.2.1", NULL, NULL);
    netcheck_rig_wait_ms(&rig, 110);
    assert_int_equal(rig.sent_count, 2);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 110);
    assert_int_equal(netcheck_rig_report(&rig)->regions[0].stun_v4.rtt_ns, 10 * NS_PER_MS);
}

static void test_a_late_answer_amends_the_report(void **state)
{
    (void)state;
    start_with("192.0.2.1", "192.0.2.2", NULL);
    netcheck_rig_wait_ms(&rig, 1500);
    assert_int_equal(rig.ready, 1);
    assert_false(netcheck_rig_report(&rig)->udp);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    assert_int_equal(rig.amended, 1);
    assert_true(netcheck_rig_report(&rig)->udp);
    assert_address(&netcheck_rig_report(&rig)->global_v4, MAPPED);
    netcheck_rig_wait_ms(&rig, 18000); /* as long as the round is the newest */
    netcheck_rig_answer(&rig, SERVER_B, OTHER);
    assert_int_equal(rig.amended, 2);
    assert_int_equal(netcheck_rig_report(&rig)->mapping_varies, NETCHECK_YES);
    netcheck_rig_answer(&rig, SERVER_B, OTHER);
    assert_int_equal(rig.amended, 2);
}

/* --- IPv6
 * ------------------------------------------------------------------------------------------------
 */

static void test_ipv6_alone(void **state)
{
    (void)state;
    netcheck_set_families(rig.netcheck, false, true);
    start_with("2001:db8::1", NULL, NULL);
    netcheck_rig_wait_ms(&rig, 5);
    netcheck_rig_answer(&rig, SERVER_V6, MAPPED_V6);
    const struct netcheck_report *report = netcheck_rig_report(&rig);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 5);
    assert_true(report->udp && report->ipv6 && report->ipv6_can_send);
    assert_false(report->ipv4 || report->ipv4_can_send);
    assert_address(&report->global_v6, MAPPED_V6);
    assert_address(&report->global_v4, "");
    assert_int_equal(report->mapping_varies, NETCHECK_UNKNOWN);
}

static void start_dual(void)
{
    netcheck_set_families(rig.netcheck, true, true);
    start_with("192.0.2.1", "192.0.2.2", "2001:db8::1");
}

static void test_an_ipv6_that_leads_nowhere_is_waited_for_as_long_as_ipv4_took(void **state)
{
    (void)state;
    start_dual();
    netcheck_rig_wait_ms(&rig, 80);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    netcheck_rig_answer(&rig, SERVER_B, MAPPED);
    assert_int_equal(rig.ready, 0);
    netcheck_rig_wait_ms(&rig, 1000);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 160);
    assert_false(netcheck_rig_report(&rig)->ipv6);
    netcheck_rig_answer(&rig, SERVER_V6, MAPPED_V6);
    assert_int_equal(rig.amended, 1);
    assert_true(netcheck_rig_report(&rig)->ipv6);
}

static void test_the_least_wait_for_ipv6(void **state)
{
    (void)state;
    start_dual();
    netcheck_rig_wait_ms(&rig, 2);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    netcheck_rig_answer(&rig, SERVER_B, MAPPED);
    netcheck_rig_wait_ms(&rig, 1000);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 2 + NETCHECK_FAMILY_GRACE_MS);
}

static void test_both_families_at_once(void **state)
{
    (void)state;
    start_dual();
    netcheck_rig_answer(&rig, SERVER_V6, MAPPED_V6);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    assert_int_equal(rig.partial, 2);
    netcheck_rig_answer(&rig, SERVER_B, MAPPED);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 0);
}

static void test_ipv4_is_waited_for_a_second(void **state)
{
    (void)state;
    start_dual();
    netcheck_rig_answer(&rig, SERVER_V6, MAPPED_V6);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    netcheck_rig_wait_ms(&rig, 2000);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 1000);
    assert_int_equal(netcheck_rig_report(&rig)->mapping_varies, NETCHECK_UNKNOWN);
}

static void test_the_command_waits_for_every_server(void **state)
{
    (void)state;
    tear_down(state);
    netcheck_rig_begin(&rig, &(struct netcheck_config){.complete = true});
    start_dual();
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    netcheck_rig_answer(&rig, SERVER_B, MAPPED);
    netcheck_rig_wait_ms(&rig, 400);
    assert_int_equal(netcheck_rig_count_to(&rig, SERVER_V6), 3);
    assert_int_equal(rig.ready, 0);
    netcheck_rig_answer(&rig, SERVER_V6, MAPPED_V6);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 400);
}

static void test_the_command_waits_for_every_server_of_one_family_too(void **state)
{
    (void)state;
    tear_down(state);
    netcheck_rig_begin(&rig, &(struct netcheck_config){.complete = true});
    start_with("192.0.2.1", "192.0.2.2", "192.0.2.3");
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    netcheck_rig_answer(&rig, SERVER_B, MAPPED);
    netcheck_rig_wait_ms(&rig, 500);
    assert_int_equal(rig.ready, 0);
    netcheck_rig_wait_ms(&rig, 1000);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 1000); /* but not for ever */
}

static void test_a_family_that_cannot_be_sent_is_not_waited_for(void **state)
{
    (void)state;
    rig.send_v6 = NET_ERR_IO; /* no route, as on most machines */
    start_dual();
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    netcheck_rig_answer(&rig, SERVER_B, MAPPED);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 0);
    assert_false(netcheck_rig_report(&rig)->ipv6_can_send);
    assert_int_equal(netcheck_rig_report(&rig)->regions[2].stun_v6.state, NETCHECK_STUN_UNSENT);
}

static void test_a_full_send_buffer_is_only_a_loss(void **state)
{
    (void)state;
    rig.send_v4 = NET_ERR_AGAIN;
    start_with("192.0.2.1", NULL, NULL);
    assert_true(netcheck_rig_report(&rig)->ipv4_can_send);
    rig.send_v4 = NET_OK;
    netcheck_rig_wait_ms(&rig, 100);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    assert_int_equal(netcheck_rig_ready_ms(&rig), 100);
}

static void test_a_network_that_comes_up_is_tried_again(void **state)
{
    (void)state;
    netcheck_rig_add_relay(&rig, 999); /* it is waited for, so the round goes on */
    rig.send_v4 = NET_ERR_IO;
    start_with("192.0.2.1", NULL, NULL);
    rig.send_v4 = NET_OK;
    netcheck_rig_wait_ms(&rig, 100);
    assert_true(netcheck_rig_report(&rig)->ipv4_can_send);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    assert_int_equal(netcheck_rig_report(&rig)->regions[0].stun_v4.state, NETCHECK_STUN_ANSWERED);
}

/* --- what is not meant for us
 * ------------------------------------------------------------------------------------------------
 */

static void test_a_strangers_answer_is_counted_and_ignored(void **state)
{
    (void)state;
    start_with("192.0.2.1", "192.0.2.2", NULL);
    struct netcheck_action forged = *netcheck_rig_to(&rig, SERVER_A);
    struct stun_tx tx;
    struct writer packet = writer_of(forged.packet, sizeof forged.packet);
    rng_fill(&rig.rng.rng, tx.b, sizeof tx.b);
    stun_request_encode(&packet, &tx);
    assert_int_equal(netcheck_rig_answer_to(&rig, &forged, "198.51.100.1:1"), NET_ERR_NOT_FOUND);
    const struct netcheck_report *report = netcheck_rig_report(&rig);
    assert_int_equal(report->counts.strangers, 1);
    assert_int_equal(report->counts.answers, 0);
    assert_false(report->udp);
    assert_address(&report->global_v4, "");
    /* Nor does a request that is not our hairpin's do anything. */
    assert_int_equal(netcheck_input(rig.netcheck, rig.now, &forged.to,
                                    bytes_of(forged.packet, sizeof forged.packet)),
                     NET_ERR_NOT_FOUND);
    assert_int_equal(report->counts.strangers, 2);
    assert_int_equal(rig.partial, 0);
}

static void test_an_answer_to_an_older_round_is_a_strangers(void **state)
{
    (void)state;
    start_with("192.0.2.1", NULL, NULL);
    struct netcheck_action old = *netcheck_rig_to(&rig, SERVER_A);
    netcheck_rig_wait_ms(&rig, 20000);
    netcheck_rig_again(&rig);
    assert_int_equal(netcheck_rig_answer_to(&rig, &old, MAPPED), NET_ERR_NOT_FOUND);
    assert_int_equal(netcheck_rig_report(&rig)->counts.strangers, 1);
    netcheck_stop(rig.netcheck);
    old = *netcheck_rig_to(&rig, SERVER_A);
    assert_int_equal(netcheck_rig_answer_to(&rig, &old, MAPPED), NET_ERR_NOT_FOUND);
}

static void test_what_is_no_answer_is_refused(void **state)
{
    (void)state;
    start_with("192.0.2.1", NULL, NULL);
    uint8_t packet[STUN_RESPONSE_MAX];
    struct writer out = writer_of(packet, sizeof packet);
    struct net_address mapped;
    struct stun_tx tx;
    const struct netcheck_action *request = netcheck_rig_to(&rig, SERVER_A);
    assert_int_equal(stun_request_decode(bytes_of(request->packet, sizeof request->packet), &tx),
                     NET_OK);
    assert_int_equal(address_parse(MAPPED, &mapped), NET_OK);
    stun_response_encode(&out, &tx, &mapped);
    struct bytes whole = writer_done(&out);
    for (size_t len = 0; len < whole.len; len++) {
        assert_int_equal(
            netcheck_input(rig.netcheck, rig.now, &request->to, bytes_of(whole.ptr, len)),
            NET_ERR_MALFORMED);
    }
    packet[1] = 0x11; /* an error response */
    assert_int_equal(netcheck_input(rig.netcheck, rig.now, &request->to, whole), NET_ERR_MALFORMED);
    const struct netcheck_report *report = netcheck_rig_report(&rig);
    assert_int_equal(report->counts.malformed, whole.len + 1);
    assert_false(report->udp);
}

static void test_addresses_that_cannot_be_ours_are_not_taken(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "0.0.0.0:5",     "127.0.0.1:5",  "224.0.0.1:5",   "255.255.255.255:5",
        "169.254.1.1:5", "127.3.3.40:9", "203.0.113.7:0", "[2001:db8::7]:5",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tear_down(state);
        (void)set_up(state);
        start_with("192.0.2.1", NULL, NULL);
        netcheck_rig_answer(&rig, SERVER_A, rows[i]);
        const struct netcheck_report *report = netcheck_rig_report(&rig);
        assert_int_equal(report->counts.useless, 1);
        assert_address(&report->global_v4, "");
        assert_address(&report->global_v6, "");
        assert_address(&report->regions[0].stun_v4.mapped, "");
        assert_true(report->udp && report->ipv4); /* it did come over UDP */
        assert_int_equal(rig.ready, 1);
        assert_int_equal(rig.partial, 0);
    }
}

static void test_a_late_answer_without_an_address_still_proves_udp(void **state)
{
    (void)state;
    start_with("192.0.2.1", NULL, NULL);
    netcheck_rig_wait_ms(&rig, 1500);
    assert_int_equal(rig.ready, 1);
    netcheck_rig_answer(&rig, SERVER_A, "224.0.0.1:5");
    assert_int_equal(rig.amended, 1);
    assert_true(netcheck_rig_report(&rig)->udp);
}

static void test_the_labs_loopback_addresses_are_taken(void **state)
{
    (void)state;
    start_with("127.0.0.1", NULL, NULL);
    netcheck_rig_answer(&rig, "127.0.0.1:3478", "127.0.0.1:41641");
    assert_address(&netcheck_rig_report(&rig)->global_v4, "127.0.0.1:41641");
}

static void test_a_repeated_answer_changes_nothing(void **state)
{
    (void)state;
    start_with("192.0.2.1", "192.0.2.2", NULL);
    netcheck_rig_answer(&rig, SERVER_A, MAPPED);
    netcheck_rig_answer(&rig, SERVER_A, OTHER);
    const struct netcheck_report *report = netcheck_rig_report(&rig);
    assert_int_equal(report->counts.answers, 1);
    assert_address(&report->global_v4, MAPPED);
    assert_int_equal(report->mapping_varies, NETCHECK_UNKNOWN);
}

static void test_a_server_may_answer_from_another_of_its_addresses(void **state)
{
    (void)state;
    start_with("192.0.2.1", NULL, NULL);
    struct netcheck_action elsewhere = *netcheck_rig_to(&rig, SERVER_A);
    elsewhere.to.ip[3] = 99;
    assert_int_equal(netcheck_rig_answer_to(&rig, &elsewhere, MAPPED), NET_OK);
    assert_address(&netcheck_rig_report(&rig)->global_v4, MAPPED);
    assert_address(&netcheck_rig_report(&rig)->regions[0].stun_v4.server, SERVER_A);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_two_servers_that_agree_are_an_easy_nat),
        TEST(test_two_servers_that_differ_are_a_hard_nat),
        TEST(test_a_third_server_can_still_prove_a_hard_nat),
        TEST(test_one_server_says_nothing_of_the_mapping_and_is_enough),
        TEST(test_two_regions_with_one_server_say_nothing_either),
        TEST(test_silence_means_three_tries_and_a_second),
        TEST(test_a_lost_request_costs_a_tenth_of_a_second),
        TEST(test_a_late_answer_amends_the_report),
        TEST(test_ipv6_alone),
        TEST(test_an_ipv6_that_leads_nowhere_is_waited_for_as_long_as_ipv4_took),
        TEST(test_the_least_wait_for_ipv6),
        TEST(test_both_families_at_once),
        TEST(test_ipv4_is_waited_for_a_second),
        TEST(test_the_command_waits_for_every_server),
        TEST(test_the_command_waits_for_every_server_of_one_family_too),
        TEST(test_a_family_that_cannot_be_sent_is_not_waited_for),
        TEST(test_a_full_send_buffer_is_only_a_loss),
        TEST(test_a_network_that_comes_up_is_tried_again),
        TEST(test_a_strangers_answer_is_counted_and_ignored),
        TEST(test_an_answer_to_an_older_round_is_a_strangers),
        TEST(test_what_is_no_answer_is_refused),
        TEST(test_addresses_that_cannot_be_ours_are_not_taken),
        TEST(test_a_late_answer_without_an_address_still_proves_udp),
        TEST(test_the_labs_loopback_addresses_are_taken),
        TEST(test_a_repeated_answer_changes_nothing),
        TEST(test_a_server_may_answer_from_another_of_its_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
