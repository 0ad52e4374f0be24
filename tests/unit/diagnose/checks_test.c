/*
 * What has passed, what is not known and why, and the figures behind both.
 */
#include "net/diagnose/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

static struct check all[FINDING_CODES];

static size_t count_of(enum check_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < FINDING_CODES; i++) {
        count += all[i].state == state ? 1 : 0;
    }
    return count;
}

static void test_of_nothing_only_our_own_setting_is_known(void **state)
{
    (void)state;
    const struct facts nothing = {0};
    checks_make(&nothing, NULL, all);
    assert_int_equal(count_of(CHECK_PASSED), 1);
    assert_int_equal(all[FINDING_DIRECT_DISABLED_CLIENT].state, CHECK_PASSED);
    assert_int_equal(count_of(CHECK_UNKNOWN), FINDING_CODES - 1);
}

static void test_what_the_agent_has_not_told_is_not_known_and_says_so(void **state)
{
    (void)state;
    struct facts f = {.connection_known = true, .stun_servers = FACT_YES};
    checks_make(&f, NULL, all);
    assert_string_equal(all[FINDING_AGENT_LOW_MTU].unknown,
                        "the agent has not reported its interfaces");
    f.agent_report = FACT_NO;
    checks_make(&f, NULL, all);
    assert_string_equal(all[FINDING_AGENT_LOW_MTU].unknown,
                        "the agent's own report could not be had");
    f.agent_side.interface_count = 2;
    f.agent_side.interfaces[0].mtu = 1500;
    checks_make(&f, NULL, all);
    assert_string_equal(all[FINDING_AGENT_LOW_MTU].unknown, "the MTU of an interface is not known");
    f.agent_side.interfaces[1].mtu = 1400;
    checks_make(&f, NULL, all);
    assert_int_equal(all[FINDING_AGENT_LOW_MTU].state, CHECK_PASSED);
    f.agent_side.interfaces[1].mtu = 1280;
    checks_make(&f, NULL, all);
    assert_int_equal(all[FINDING_AGENT_LOW_MTU].state, CHECK_STANDS);
}

static void test_without_stun_servers_nobody_can_tell_whether_udp_is_blocked(void **state)
{
    (void)state;
    struct facts f = {.stun_servers = FACT_NO, .client.udp = FACT_NO};
    checks_make(&f, NULL, all);
    assert_int_equal(all[FINDING_NO_STUN_SERVERS].state, CHECK_STANDS);
    assert_string_equal(all[FINDING_CLIENT_UDP_BLOCKED].unknown, "there is no STUN server to ask");
}

static void test_what_the_list_holds_stands_and_what_is_not_in_it_yet_is_not_known(void **state)
{
    (void)state;
    struct facts f = {.stun_servers = FACT_YES,
                      .client = {.udp = FACT_NO, .hard_nat = FACT_NO},
                      .probes = {.answered = 50, .lost = 50}};
    const struct finding standing = {.code = FINDING_CLIENT_HARD_NAT};
    checks_beside(&f, &standing, 1, all);
    assert_int_equal(all[FINDING_CLIENT_HARD_NAT].state, CHECK_STANDS); /* though it is over */
    assert_int_equal(all[FINDING_CLIENT_UDP_BLOCKED].state, CHECK_UNKNOWN);
    assert_string_equal(all[FINDING_CLIENT_UDP_BLOCKED].unknown, "it was seen a moment ago only");
    /* By a limit of the user's, which the facts do not hold: the list alone knows. */
    assert_int_equal(all[FINDING_LOSS].state, CHECK_PASSED);
}

static void test_evidence_has_the_figures_and_nothing_that_is_not_known(void **state)
{
    (void)state;
    char lines[CHECK_LINES_MAX][CHECK_LINE_SIZE];
    struct facts f = {
        .client = {.interface_count = 2, .interfaces = {{"eth0", 1500}, {"tun0", 0}}}};
    assert_int_equal(check_evidence(&f, FINDING_CLIENT_LOW_MTU, lines), 1);
    assert_string_equal(lines[0], "interfaces with their MTU: eth0 1500, tun0 ? (1378 is needed)");
    assert_int_equal(check_evidence(&f, FINDING_AGENT_LOW_MTU, lines), 0);
    f.probes = (struct fact_probes){.answered = 58, .lost = 2, .lost_in_a_row = 1};
    f.path = FACT_PATH_DIRECT;
    f.path_for_ns = 12 * NS_PER_SEC;
    text_copy(f.path_address, sizeof f.path_address, "192.0.2.7:5");
    assert_int_equal(check_evidence(&f, FINDING_LOSS, lines), 2);
    assert_string_equal(lines[0], "the path is direct to 192.0.2.7:5, for 12 s");
    assert_string_equal(lines[1], "of the last 60 probes 58 were answered and 2 lost, the last one "
                                  "among them");
}

static void test_each_check_is_described_somewhere(void **state)
{
    (void)state;
    const struct facts nothing = {0};
    for (int code = 0; code < FINDING_CODES; code++) {
        char docs[FINDING_DOCS_SIZE];
        check_docs(&nothing, (enum finding_code)code, docs);
        assert_memory_equal(docs, "https://coder.com/docs/", 23);
        assert_non_null(check_why((enum finding_code)code));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_nothing_only_our_own_setting_is_known),
        cmocka_unit_test(test_what_the_agent_has_not_told_is_not_known_and_says_so),
        cmocka_unit_test(test_without_stun_servers_nobody_can_tell_whether_udp_is_blocked),
        cmocka_unit_test(test_what_the_list_holds_stands_and_what_is_not_in_it_yet_is_not_known),
        cmocka_unit_test(test_evidence_has_the_figures_and_nothing_that_is_not_known),
        cmocka_unit_test(test_each_check_is_described_somewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
