#include "src/netcheck_report.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

enum { TEXT_MAX = 16 << 10 };

struct fixture {
    struct netcheck_report report;
    struct derp_map map;
    struct latency_result latencies[2];
    struct interfaces interfaces;
    struct netcheck_view view;
    char text[TEXT_MAX];
};

static struct net_address address(const char *text)
{
    struct net_address out;
    assert_int_equal(address_parse(text, &out), NET_OK);
    return out;
}

static void add_region(struct fixture *f, int64_t id, const char *name, bool relay)
{
    struct derp_region *region = derp_map_add_region(&f->map, id);
    text_copy(region->name, sizeof region->name, name);
    struct derp_node *node = derp_region_add_node(&f->map, region);
    node->stun_only = !relay;
    node->stun_port = relay ? -1 : 0;
    f->report.regions[f->report.region_count++].id = id;
}

static void add_interface(struct fixture *f, const char *name, uint32_t mtu, const char *ip)
{
    struct interface *one = &f->interfaces.all[f->interfaces.count++];
    *one = (struct interface){.up = true, .mtu = mtu, .address_count = 1};
    text_copy(one->name, sizeof one->name, name);
    assert_int_equal(address_parse_ip(ip, &one->addresses[0].ip), NET_OK);
    one->addresses[0].prefix = 24;
}

/* An easy NAT, two relays and two STUN servers, as at many a desk. */
static int set_up(void **state)
{
    static struct fixture f;
    derp_map_clear(&f.map);
    memset(&f, 0, sizeof f);
    (void)setlocale(LC_ALL, "C.UTF-8"); // NOLINT(concurrency-mt-unsafe): one thread
    add_region(&f, 1, "Far", true);
    add_region(&f, 2, "Near", true);
    add_region(&f, 1000, "STUN one", false);
    add_region(&f, 1001, "STUN two", false);
    f.report.udp = f.report.stun_asked = f.report.ipv4 = f.report.ipv4_can_send = true;
    f.report.os_has_ipv6 = true;
    f.report.mapping_varies = NETCHECK_NO;
    f.report.hairpinning = NETCHECK_NO;
    f.report.captive_portal = NETCHECK_NO;
    f.report.preferred_derp = 2;
    f.report.global_v4 = address("203.0.113.7:41641");
    f.report.regions[0].v4_ns = 200 * NS_PER_MS;
    f.report.regions[1].v4_ns = 50 * NS_PER_MS;
    for (size_t i = 2; i < 4; i++) {
        f.report.regions[i].stun_v4 = (struct netcheck_stun){.state = NETCHECK_STUN_ANSWERED,
                                                             .server = address("192.0.2.1:3478"),
                                                             .mapped = f.report.global_v4,
                                                             .rtt_ns = 12 * NS_PER_MS};
    }
    add_interface(&f, "eth0", 1500, "10.0.0.4");
    f.view = (struct netcheck_view){.deployment = "https://coder.example.com",
                                    .report = &f.report,
                                    .map = &f.map,
                                    .latencies = f.latencies,
                                    .interfaces = &f.interfaces};
    *state = &f;
    return 0;
}

static const char *text_of(struct fixture *f, unsigned columns, bool utf8)
{
    FILE *out = fmemopen(f->text, sizeof f->text, "w");
    assert_non_null(out);
    netcheck_text(out, &f->view, columns, utf8);
    assert_int_equal(fclose(out), 0);
    return f->text;
}

static void assert_says(struct fixture *f, const char *part)
{
    if (strstr(text_of(f, 80, true), part) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", part, f->text);
    }
}

static void assert_says_not(struct fixture *f, const char *part)
{
    if (strstr(text_of(f, 80, true), part) != NULL) {
        fail_msg("\"%s\" is in:\n%s", part, f->text);
    }
}

/* --- text
 * ------------------------------------------------------------------------------------------------
 */

static void test_an_easy_nat_in_words(void **state)
{
    struct fixture *f = *state;
    assert_says(f, "https://coder.example.com");
    assert_says(f, "UDP             works\n");
    assert_says(f, "IPv4            works, seen as 203.0.113.7:41641\n");
    assert_says(f, "NAT             easy NAT: every server sees the same address\n");
    assert_says(f, "Hairpinning     no\n");
    assert_says(f, "Captive portal  no\n");
    assert_says(f, "Home region     Near (2)\n");
    assert_says(f, "STUN one  192.0.2.1:3478: saw 203.0.113.7:41641 in 12ms\n");
    assert_says_not(f, "warning");
    assert_says_not(f, "\033");
}

static void test_what_else_a_nat_can_be(void **state)
{
    struct fixture *f = *state;
    f->report.mapping_varies = NETCHECK_YES;
    assert_says(f, "hard NAT: the public address depends on the destination");
    assert_says(f, "(ESTUN02)");
    f->report.mapping_varies = NETCHECK_UNKNOWN;
    assert_says(f, "not known: that takes the answers of two STUN servers");
    f->report.global_v4 = address("10.0.0.4:41641");
    assert_says(f, "none: the public address is this computer's own");
    f->report.global_v4 = (struct net_address){0};
    assert_says(f, "not known: no STUN server saw an IPv4 address");
}

static void test_udp_that_does_not_work_and_why(void **state)
{
    struct fixture *f = *state;
    f->report.udp = false;
    assert_says(f, "UDP             blocked: no STUN server answered");
    assert_says(f, "(ESTUN01)");
    f->report.stun_asked = false;
    assert_says(f, "does not work: no STUN server could be asked");
    f->view.direct_disabled_deployment = true;
    assert_says(f, "not tested: the deployment disables direct connections");
    assert_says_not(f, "ESTUN01"); /* it was not asked for */
    f->view.direct_disabled_client = true;
    assert_says(f, "not tested: direct connections are disabled here");
    f->view.direct_disabled_deployment = false;
    f->view.direct_disabled_client = false;
    f->map.regions[2].nodes[0].stun_port = -1;
    f->map.regions[3].nodes[0].stun_port = -1;
    assert_says(f, "not tested: the deployment has no STUN server");
    assert_says(f, "The DERP map has no STUN server");
}

static void test_ipv6_in_its_degrees(void **state)
{
    struct fixture *f = *state;
    assert_says(f, "IPv6            no: no server has an address of that kind");
    f->report.regions[2].stun_v6.state = NETCHECK_STUN_UNRESOLVED;
    assert_says(f, "IPv6            no: no server has an address of that kind");
    f->report.regions[2].stun_v6.state = NETCHECK_STUN_UNSENT;
    assert_says(f, "IPv6            no: no route to the servers");
    f->report.regions[2].stun_v6.state = NETCHECK_STUN_SENT;
    assert_says(f, "IPv6            no: no server answered");
    f->report.ipv6 = true;
    assert_says(f, "IPv6            works, public address not known");
    f->report.global_v6 = address("[2001:db8::7]:41641");
    assert_says(f, "IPv6            works, seen as [2001:db8::7]:41641");
    f->report.ipv6 = f->report.os_has_ipv6 = false;
    f->report.global_v6 = (struct net_address){0};
    assert_says(f, "IPv6            no: this system has none");
}

static void test_port_mapping(void **state)
{
    struct fixture *f = *state;
    assert_says(f, "Port mapping    not tested\n");
    f->report.portmap = (struct netcheck_portmap){
        .upnp = NETCHECK_NO, .pmp = NETCHECK_YES, .pcp = NETCHECK_UNKNOWN};
    assert_says(f, "Port mapping    UPnP no, NAT-PMP yes, PCP not tested\n");
    f->report.portmap.external = address("203.0.113.7:1234");
    assert_says(f, "Port mapping    203.0.113.7:1234 in force; UPnP no");
}

static void test_a_relay_that_does_not_answer_says_why(void **state)
{
    struct fixture *f = *state;
    f->report.regions[0].v4_ns = 0;
    assert_says(f, "Far (1)          -  no answer in time\n");
    f->latencies[0] = (struct latency_result){.region = 1, .failure.text = "nobody is there"};
    f->latencies[1] = (struct latency_result){.region = 2, .answered = true};
    f->view.latency_count = 2;
    assert_says(f, "  Far (1)          -  nobody is there\n");
    assert_says(f, "1 relay does not answer. (EDERP02)");
    assert_string_equal(netcheck_severity(&f->view), "warning");
    assert_true(netcheck_reaches_relay(&f->view));
    f->report.regions[1].v4_ns = 0;
    assert_says(f, "Near (2), by default: no relay answers");
    assert_string_equal(netcheck_severity(&f->view), "error");
    assert_false(netcheck_reaches_relay(&f->view));
}

static void test_a_portal_and_a_small_mtu_are_told(void **state)
{
    struct fixture *f = *state;
    f->report.captive_portal = NETCHECK_YES;
    add_interface(f, "tun0", 1280, "10.8.0.2");
    add_interface(f, "tun1", 1280, "169.254.1.1"); /* reaches nobody */
    assert_says(f, "Captive portal  yes: something else answers");
    assert_says(f, "warning: Network interface tun0 has MTU 1280 (less than 1378), which may");
    assert_says_not(f, "tun1");
}

static void test_stun_servers_in_their_states(void **state)
{
    struct fixture *f = *state;
    f->report.regions[2].stun_v4.state = NETCHECK_STUN_SENT;
    f->report.regions[3].stun_v4 = (struct netcheck_stun){.state = NETCHECK_STUN_UNRESOLVED};
    assert_says(f, "  STUN one  192.0.2.1:3478: no answer\n");
    assert_says(f, "  STUN two: its name has no address\n");
    f->report.regions[3].stun_v4.state = NETCHECK_STUN_UNSENT;
    assert_says(f, "  STUN two: could not be asked");
    f->report.regions[2].stun_v4.state = NETCHECK_STUN_ANSWERED;
    f->report.regions[2].stun_v4.mapped = (struct net_address){0};
    assert_says(f, "answered with an address that cannot be ours");
}

/* --- bars
 * ------------------------------------------------------------------------------------------------
 */

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static void test_bars_are_sorted_and_share_the_width(void **state)
{
    struct fixture *f = *state;
    const char *text = text_of(f, 80, false);
    const char *near_row = strstr(text, "* Near (2)");
    const char *far_row = strstr(text, "  Far (1)");
    assert_true(near_row != NULL && far_row != NULL && near_row < far_row);
    size_t room = 80 - strlen("Near (2)") - 8 - 7;
    assert_int_equal(count_of(far_row, "#"), room); /* the furthest fills it */
    assert_int_equal(count_of(near_row, "#"), room + (room + 2) / 4);
    const char *wide = strstr(text_of(f, 120, false), "  Far (1)");
    assert_int_equal(count_of(wide, "#"), room + 40);
}

static void test_blocks_have_eighths(void **state)
{
    struct fixture *f = *state;
    f->report.regions[1].v4_ns = 1; /* the least is still to be seen */
    const char *near_row = strstr(text_of(f, 80, true), "* Near (2)");
    assert_non_null(strstr(near_row, "▏\n"));
    assert_int_equal(count_of(f->text, "█"), 80 - 8 - 8 - 7);
    assert_int_equal(count_of(text_of(f, 20, true), "█"), 8); /* a very narrow terminal */
}

static void test_wide_names_keep_the_columns(void **state)
{
    struct fixture *f = *state;
    text_copy(f->map.regions[0].name, DERP_NAME_SIZE, "東京");
    const char *text = text_of(f, 80, true);
    assert_non_null(strstr(text, "  東京 (1)     200ms")); /* four columns, and so is "Near" */
    assert_non_null(strstr(text, "* Near (2)      50ms"));
}

/* --- JSON
 * ------------------------------------------------------------------------------------------------
 */

static const cJSON *item(const cJSON *object, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    if (found == NULL) {
        fail_msg("there is no %s", name);
    }
    return found;
}

static void test_the_report_has_the_agents_field_names(void **state)
{
    struct fixture *f = *state;
    cJSON *summary = netcheck_summary_json(&f->view);
    const cJSON *info = item(summary, "net_info");
    assert_string_equal(item(summary, "severity")->valuestring, "ok");
    assert_true(cJSON_IsFalse(item(info, "MappingVariesByDestIP")));
    assert_true(cJSON_IsFalse(item(info, "HairPinning")));
    assert_true(cJSON_IsTrue(item(info, "WorkingUDP")));
    assert_true(cJSON_IsNull(item(info, "UPnP")));
    assert_int_equal(item(info, "PreferredDERP")->valueint, 2);
    assert_float_equal(item(item(info, "DERPLatency"), "1-v4")->valuedouble, 0.2, 1e-9);
    assert_float_equal(item(item(info, "DERPLatencyV4"), "2")->valuedouble, 0.05, 1e-9);
    assert_string_equal(item(info, "GlobalV4")->valuestring, "203.0.113.7:41641");
    assert_string_equal(item(info, "GlobalV6")->valuestring, "");
    assert_true(cJSON_IsTrue(item(info, "UDP")));
    /* What is false or empty is left out, as Go does it. */
    static const char *const absent[] = {"IPv6", "IPv6CanSend", "HavePortMap", "DERPLatencyV6",
                                         "LinkType"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        assert_false(cJSON_HasObjectItem(info, absent[i]));
    }
    const cJSON *eth0 = cJSON_GetArrayItem(item(item(summary, "interfaces"), "interfaces"), 0);
    assert_string_equal(item(eth0, "name")->valuestring, "eth0");
    assert_string_equal(cJSON_GetArrayItem(item(eth0, "addresses"), 0)->valuestring, "10.0.0.4/24");
    cJSON_Delete(summary);
}

static void test_the_report_when_little_works(void **state)
{
    struct fixture *f = *state;
    f->report.udp = f->report.ipv4 = f->report.stun_asked = f->report.ipv4_can_send = false;
    f->report.ipv6 = true;
    f->report.mapping_varies = NETCHECK_UNKNOWN;
    f->report.portmap.have_mapping = true;
    f->report.regions[0].v4_ns = 0;
    f->report.regions[1] = (struct netcheck_region){.id = 2, .v6_ns = 7 * NS_PER_MS};
    add_interface(f, "tun0", 1280, "10.8.0.2");
    cJSON *summary = netcheck_summary_json(&f->view);
    const cJSON *info = item(summary, "net_info");
    assert_true(cJSON_IsNull(item(info, "WorkingUDP"))); /* nothing was asked */
    assert_true(cJSON_IsNull(item(info, "MappingVariesByDestIP")));
    assert_true(cJSON_IsTrue(item(info, "HavePortMap")));
    assert_true(cJSON_IsTrue(item(info, "IPv6")));
    assert_float_equal(item(item(info, "DERPLatency"), "2-v6")->valuedouble, 0.007, 1e-9);
    assert_false(cJSON_HasObjectItem(info, "UDP"));
    assert_false(cJSON_HasObjectItem(info, "DERPLatencyV4"));
    assert_string_equal(item(summary, "severity")->valuestring, "warning");
    assert_int_equal(cJSON_GetArraySize(item(summary, "warnings")), 2);
    const cJSON *interfaces = item(summary, "interfaces");
    assert_string_equal(item(interfaces, "severity")->valuestring, "warning");
    const cJSON *warning = cJSON_GetArrayItem(item(interfaces, "warnings"), 0);
    assert_string_equal(item(warning, "code")->valuestring, "EIF01");
    cJSON_Delete(summary);
    f->report.stun_asked = true;
    summary = netcheck_summary_json(&f->view);
    assert_true(cJSON_IsFalse(item(item(summary, "net_info"), "WorkingUDP")));
    cJSON_Delete(summary);
}

static void test_a_regions_line(void **state)
{
    struct fixture *f = *state;
    cJSON *object = netcheck_region_json(&f->view, &f->map.regions[2]);
    assert_true(cJSON_IsFalse(item(object, "relay")));
    assert_true(cJSON_IsNull(item(object, "latency_ms")));
    assert_string_equal(item(item(object, "stun_v4"), "state")->valuestring, "answered");
    assert_string_equal(item(item(object, "stun_v4"), "mapped")->valuestring, "203.0.113.7:41641");
    assert_string_equal(item(item(object, "stun_v6"), "state")->valuestring, "not_asked");
    cJSON_Delete(object);
    object = netcheck_region_json(&f->view, &f->map.regions[1]);
    assert_true(cJSON_IsTrue(item(object, "home")));
    assert_float_equal(item(object, "latency_ms")->valuedouble, 50, 1e-9);
    cJSON_Delete(object);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_easy_nat_in_words),
        TEST(test_what_else_a_nat_can_be),
        TEST(test_udp_that_does_not_work_and_why),
        TEST(test_ipv6_in_its_degrees),
        TEST(test_port_mapping),
        TEST(test_a_relay_that_does_not_answer_says_why),
        TEST(test_a_portal_and_a_small_mtu_are_told),
        TEST(test_stun_servers_in_their_states),
        TEST(test_bars_are_sorted_and_share_the_width),
        TEST(test_blocks_have_eighths),
        TEST(test_wide_names_keep_the_columns),
        TEST(test_the_report_has_the_agents_field_names),
        TEST(test_the_report_when_little_works),
        TEST(test_a_regions_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
