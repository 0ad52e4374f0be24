#include "net/probe/agent_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"
#include "tests/support/data.h"

#include <cmocka.h>

static struct agent_report report;
static struct failure why;

static enum net_err parse(const char *text)
{
    return agent_report_parse(bytes_text(text), &report, &why);
}

static void check_address(const struct net_address *address, const char *expected)
{
    char text[ADDRESS_TEXT_SIZE];
    address_text(address, text);
    assert_string_equal(text, expected);
}

static void test_a_report_is_read_whole(void **state)
{
    (void)state;
    struct bytes body = data_load("agent_netcheck.json");
    assert_int_equal(agent_report_parse(body, &report, &why), NET_OK);
    assert_string_equal(report.severity, "warning");
    assert_int_equal(report.warning_count, 1);
    assert_string_equal(report.warnings[0].code, "ESTUN01");
    assert_true(report.has_net_info && report.udp && report.ipv4 && report.ipv4_can_send);
    assert_true(report.os_has_ipv6);
    assert_false(report.ipv6 || report.ipv6_can_send || report.have_port_map);
    assert_int_equal(report.mapping_varies, NETCHECK_YES);
    assert_int_equal(report.hairpinning, NETCHECK_UNKNOWN);
    assert_int_equal(report.upnp, NETCHECK_NO);
    assert_int_equal(report.pmp, NETCHECK_YES);
    assert_int_equal(report.pcp, NETCHECK_UNKNOWN);
    assert_int_equal(report.captive_portal, NETCHECK_UNKNOWN);
    assert_int_equal(report.preferred_derp, 999);
    check_address(&report.global_v4, "203.0.113.7:41641");
    assert_int_equal(report.global_v6.family, ADDRESS_NONE);
    assert_int_equal(report.region_count, 2);
    assert_int_equal(report.regions[0].region, 999);
    assert_int_equal(report.regions[0].v4_ns, 800000);
    assert_int_equal(report.regions[0].v6_ns, 1500000);
    assert_int_equal(report.regions[1].v4_ns, 250000000);
    assert_string_equal(report.interfaces_severity, "warning");
    assert_int_equal(report.interface_warning_count, 1);
    assert_string_equal(report.interface_warnings[0].code, "EIF01");
    assert_int_equal(report.interface_count, 2);
    assert_string_equal(report.interfaces[1].name, "tun0");
    assert_int_equal(report.interfaces[1].mtu, 1280);
    assert_int_equal(report.interfaces[0].address_count, 2);
    assert_int_equal(report.interfaces[0].addresses[1].prefix, 64);
    check_address(&report.interfaces[0].addresses[0].ip, "10.0.0.4:0");
    data_free(body);
}

static void test_what_is_cut_off_is_no_report(void **state)
{
    (void)state;
    struct bytes body = data_load("agent_netcheck.json");
    size_t end = body.len;
    while (body.ptr[end - 1] != '}') {
        end--;
    }
    for (size_t len = 0; len < end; len += 7) {
        assert_int_equal(agent_report_parse(bytes_of(body.ptr, len), &report, &why),
                         NET_ERR_MALFORMED);
    }
    data_free(body);
}

static void test_no_netcheck_yet_is_no_verdict(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"severity\":\"ok\",\"warnings\":null,\"net_info\":null}"), NET_OK);
    assert_false(report.has_net_info);
    assert_int_equal(report.warning_count, 0);
    assert_int_equal(report.mapping_varies, NETCHECK_UNKNOWN);
    assert_int_equal(parse("{}"), NET_OK);
    assert_false(report.has_net_info);
    assert_string_equal(report.severity, "");
}

static void test_udp_that_is_absent_is_blocked(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"net_info\":{\"MappingVariesByDestIP\":null,\"UDP\":null}}"), NET_OK);
    assert_true(report.has_net_info);
    assert_false(report.udp);
    assert_int_equal(parse("{\"net_info\":{\"WorkingUDP\":false,\"WorkingIPv6\":true}}"), NET_OK);
    assert_true(report.ipv6);
    assert_false(report.udp);
    assert_int_equal(parse("{\"net_info\":{\"WorkingUDP\":true,\"WorkingIPv6\":null}}"), NET_OK);
    assert_true(report.udp);
}

static void test_names_have_any_case_and_an_empty_tristate_says_nothing(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"NET_INFO\":{\"udp\":true,\"mappingvariesbydestip\":\"\","
                           "\"globalv6\":\"[2001:db8::1]:7\",\"GlobalV4\":\"nonsense\"}}"),
                     NET_OK);
    assert_true(report.udp);
    assert_int_equal(report.mapping_varies, NETCHECK_UNKNOWN);
    check_address(&report.global_v6, "[2001:db8::1]:7");
    assert_int_equal(report.global_v4.family, ADDRESS_NONE);
}

static void test_members_of_another_kind_refuse_the_whole(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "[]",
        "{\"severity\":1}",
        "{\"warnings\":{}}",
        "{\"net_info\":[]}",
        "{\"net_info\":{\"UDP\":\"yes\"}}",
        "{\"net_info\":{\"PreferredDERP\":-1}}",
        "{\"net_info\":{\"PreferredDERP\":1e300}}",
        "{\"net_info\":{\"DERPLatency\":[]}}",
        "{\"interfaces\":{\"interfaces\":{}}}",
        "{\"interfaces\":{\"interfaces\":[{\"name\":\"a\",\"mtu\":-1}]}}",
        "{\"interfaces\":{\"interfaces\":[{\"addresses\":\"a\"}]}}",
    };
    report.preferred_derp = 77;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(parse(bad[i]), NET_ERR_MALFORMED);
        assert_true(why.text[0] != '\0');
        assert_int_equal(report.preferred_derp, 77);
    }
}

static void test_odd_keys_latencies_and_addresses_are_left_out(void **state)
{
    (void)state;
    assert_int_equal(
        parse("{\"net_info\":{\"DERPLatency\":{\"x-v4\":1,\"1\":1,\"2-v5\":1,\"-v4\":1,\"3-v4\":-1,"
              "\"4-v4\":1e9,\"5-v4\":null,\"9999999999999999999-v4\":1,\"7-v6\":0.5}},"
              "\"interfaces\":{\"interfaces\":[{\"addresses\":[\"1.2.3.4\",\"1.2.3.4/33\",\"::1/"
              "129\","
              "\"1.2.3.4/\",\"1.2.3.4/x\",\"a/8\",null,\"1.2.3.4/-1\",\"::1/128\"]}]}}"),
        NET_OK);
    assert_int_equal(report.region_count, 1);
    assert_int_equal(report.regions[0].v6_ns, 500000000);
    assert_int_equal(report.interfaces[0].address_count, 1);
    assert_int_equal(report.interfaces[0].addresses[0].prefix, 128);
}

static void test_too_many_of_anything_are_cut_not_written_past_the_end(void **state)
{
    (void)state;
    enum { SIZE = 128 << 10 };
    char *text = calloc(1, SIZE);
    size_t at = 0;
#define ADD(...) at += (size_t)snprintf(text + at, SIZE - at, __VA_ARGS__)
    ADD("{\"warnings\":[\"plain\"");
    for (int i = 0; i < 100; i++) {
        ADD(",{\"code\":\"C%d\",\"message\":\"m\"}", i);
    }
    ADD("],\"net_info\":{\"DERPLatency\":{\"0-v4\":1");
    for (int i = 1; i < 200; i++) {
        ADD(",\"%d-v4\":1", i);
    }
    ADD("}},\"interfaces\":{\"interfaces\":[{\"name\":\"first\"}");
    for (int i = 0; i < 100; i++) {
        ADD(",{\"name\":\"a\\u001b[31m%0100d\",\"addresses\":[\"::1/1\"", i);
        for (int j = 0; j < 40; j++) {
            ADD(",\"::%x/9\"", j + 2);
        }
        ADD("]}");
    }
    ADD("]}}");
#undef ADD
    assert_int_equal(parse(text), NET_OK);
    assert_int_equal(report.warning_count, AGENT_REPORT_WARNINGS_MAX);
    assert_string_equal(report.warnings[0].text, "plain");
    assert_int_equal(report.region_count, AGENT_REPORT_REGIONS_MAX);
    assert_int_equal(report.interface_count, AGENT_REPORT_INTERFACES_MAX);
    assert_int_equal(report.interfaces[1].address_count, AGENT_REPORT_ADDRESSES_MAX);
    assert_null(strchr(report.interfaces[1].name, '\033'));
    free(text);
}

static void test_a_body_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    char *text = malloc(AGENT_REPORT_BODY_MAX + 2);
    memset(text, ' ', AGENT_REPORT_BODY_MAX + 1);
    memcpy(text, "{}", 2);
    text[AGENT_REPORT_BODY_MAX + 1] = '\0';
    assert_int_equal(parse(text), NET_ERR_TOO_BIG);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_report_is_read_whole),
        cmocka_unit_test(test_what_is_cut_off_is_no_report),
        cmocka_unit_test(test_no_netcheck_yet_is_no_verdict),
        cmocka_unit_test(test_udp_that_is_absent_is_blocked),
        cmocka_unit_test(test_names_have_any_case_and_an_empty_tristate_says_nothing),
        cmocka_unit_test(test_members_of_another_kind_refuse_the_whole),
        cmocka_unit_test(test_odd_keys_latencies_and_addresses_are_left_out),
        cmocka_unit_test(test_too_many_of_anything_are_cut_not_written_past_the_end),
        cmocka_unit_test(test_a_body_beyond_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
