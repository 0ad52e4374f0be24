#include "net/path/portmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"
#include "tests/support/portmap_rig.h"

#include <cmocka.h>

enum { PORT = PORTMAP_RIG_PORT };

#define LOCATION "http://192.168.1.1:5000/root.xml"

/* --- the probe ---------------------------------------------------------------------------------
 */

static void test_a_probe_asks_for_all_three_and_once_again_for_what_is_silent(void **state)
{
    (void)state;
    struct portmap_rig rig;
    portmap_rig_begin(&rig);
    assert_int_equal(rig.sent.pmp_address, 1);
    assert_int_equal(rig.sent.pcp_announce, 1);
    assert_int_equal(rig.sent.searches, 3);
    portmap_report(rig.pm, &rig.report);
    assert_int_equal(rig.report.upnp, NETCHECK_UNKNOWN);
    portmap_set_port(rig.pm, rig.now, 0); /* only the probe is looked at */
    portmap_rig_pcp_announce(&rig, PCP_SUCCESS);
    portmap_rig_pass(&rig, PORTMAP_PROBE_AGAIN_MS);
    assert_int_equal(rig.sent.pmp_address, 1);
    assert_int_equal(rig.sent.pcp_announce, 0);
    assert_int_equal(rig.sent.searches, 3);
    portmap_rig_ssdp(&rig, "192.168.1.1:1900", LOCATION);
    portmap_rig_pass(&rig, PORTMAP_PROBE_MS);
    assert_int_equal(rig.report.pmp, NETCHECK_NO);
    assert_int_equal(rig.report.pcp, NETCHECK_YES);
    assert_int_equal(rig.report.upnp, NETCHECK_YES);
    assert_int_equal(portmap_deadline(rig.pm), MONO_NEVER);
    portmap_rig_end(&rig);
}

static void test_a_probe_ends_early_when_all_have_answered(void **state)
{
    (void)state;
    struct portmap_rig rig;
    portmap_rig_begin(&rig);
    portmap_set_port(rig.pm, rig.now, 0);
    portmap_rig_pcp_announce(&rig, PCP_SUCCESS);
    portmap_rig_ssdp(&rig, "192.168.1.1:1900", LOCATION);
    portmap_rig_pmp_address(&rig, NATPMP_OK, "203.0.113.5");
    assert_int_equal(rig.sent.changes, 1);
    assert_int_equal(rig.report.pmp, NETCHECK_YES);
    portmap_rig_end(&rig);
}

static void test_a_late_answer_amends_and_is_worth_an_attempt(void **state)
{
    (void)state;
    struct portmap_rig rig;
    portmap_rig_begin(&rig);
    portmap_rig_pass(&rig, 1000);
    assert_int_equal(rig.report.upnp, NETCHECK_NO);
    portmap_rig_ssdp(&rig, "192.168.1.1:1900", LOCATION);
    assert_int_equal(rig.report.upnp, NETCHECK_YES);
    assert_int_equal(rig.sent.fetches, 1);
    portmap_rig_ssdp(&rig, "192.168.1.1:1900", LOCATION); /* and again: nothing new */
    assert_int_equal(rig.sent.fetches, 0);
    portmap_rig_end(&rig);
}

static void test_what_was_seen_lately_is_believed(void **state)
{
    (void)state;
    struct portmap_rig rig;
    portmap_rig_begin(&rig);
    portmap_set_port(rig.pm, rig.now, 0);
    portmap_rig_pcp_announce(&rig, PCP_SUCCESS);
    portmap_rig_pass(&rig, 1000);
    portmap_probe(rig.pm, rig.now);
    portmap_rig_run(&rig);
    assert_int_equal(rig.sent.pcp_announce, 0);
    assert_int_equal(rig.sent.pmp_address, 1);
    portmap_rig_pass(&rig, PORTMAP_TRUST_S * UINT64_C(1000));
    portmap_probe(rig.pm, rig.now);
    portmap_rig_run(&rig);
    assert_int_equal(rig.sent.pcp_announce, 1);
    portmap_report(rig.pm, &rig.report);
    assert_int_equal(rig.report.pcp, NETCHECK_YES); /* until the probe is over */
    portmap_rig_pass(&rig, PORTMAP_PROBE_MS);
    assert_int_equal(rig.report.pcp, NETCHECK_NO);
    portmap_rig_end(&rig);
}

static void test_without_a_router_nothing_is_asked_and_nothing_is_there(void **state)
{
    (void)state;
    struct portmap_rig rig;
    portmap_rig_begin(&rig);
    portmap_set_network(rig.pm, rig.now, NULL, NULL);
    portmap_rig_run(&rig);
    assert_int_equal(rig.report.pmp, NETCHECK_NO);
    assert_int_equal(rig.report.pcp, NETCHECK_NO);
    assert_int_equal(rig.report.upnp, NETCHECK_NO);
    portmap_probe(rig.pm, rig.now);
    portmap_rig_run(&rig);
    assert_int_equal(rig.sent.pmp_address, 0);
    assert_int_equal(portmap_deadline(rig.pm), MONO_NEVER);
    portmap_rig_end(&rig);
}

static void test_silence_is_asked_again_ten_minutes_later(void **state)
{
    (void)state;
    struct portmap_rig rig;
    portmap_rig_begin(&rig);
    portmap_rig_pass(&rig, (PORTMAP_RETRY_S - 1) * UINT64_C(1000));
    assert_int_equal(rig.sent.pmp_address, 1); /* of the first probe's second round */
    portmap_rig_pass(&rig, 1000);
    assert_int_equal(rig.sent.pmp_address, 1);
    portmap_rig_pass(&rig, 3600 * UINT64_C(1000));
    assert_in_range(rig.sent.pmp_address, 10, 14);
    portmap_rig_end(&rig);
}

/* --- NAT-PMP -----------------------------------------------------------------------------------
 */

static void map_by_pmp(struct portmap_rig *rig, uint32_t lifetime_s)
{
    portmap_rig_begin(rig);
    portmap_rig_pmp_address(rig, NATPMP_OK, "203.0.113.5");
    assert_int_equal(rig->sent.pmp_map, 1);
    assert_int_equal(rig->sent.internal_port, PORT);
    assert_int_equal(rig->sent.external_port, 0);
    assert_int_equal(rig->sent.lifetime_s, PORTMAP_LIFETIME_S);
    portmap_rig_pmp_address(rig, NATPMP_OK, "203.0.113.5");
    assert_string_equal(portmap_rig_external(rig), "");
    portmap_rig_pmp_map(rig, NATPMP_OK, PORT, 5555, lifetime_s, 0);
    assert_string_equal(portmap_rig_external(rig), "203.0.113.5:5555");
    assert_int_equal(portmap_mapped_by(rig->pm), PORTMAP_PMP);
    assert_int_equal(rig->sent.changes, 1);
    portmap_rig_pass(rig, PORTMAP_PROBE_MS);
}

static void test_nat_pmp_begins_at_once_and_gives_a_port(void **state)
{
    (void)state;
    struct portmap_rig rig;
    map_by_pmp(&rig, 3600);
    assert_int_equal(portmap_expires(rig.pm) / NS_PER_SEC, 1000 + 3600);
    portmap_rig_end(&rig);
}

static void test_a_lost_request_is_sent_again_with_growing_pauses(void **state)
{
    (void)state;
    struct portmap_rig rig;
    portmap_rig_begin(&rig);
    portmap_rig_pmp_address(&rig, NATPMP_OK, "203.0.113.5");
    portmap_rig_pass(&rig, PORTMAP_SERVICE_MS - 1);
    assert_int_equal(rig.sent.pmp_map, 2); /* after 250 and 750 ms */
    portmap_rig_pass(&rig, 10000);
    assert_int_equal(rig.sent.pmp_map, 0); /* given up: nobody else is there */
    assert_string_equal(portmap_rig_external(&rig), "");
    portmap_rig_end(&rig);
}

static void test_a_mapping_is_renewed_at_half_its_life_with_the_same_port(void **state)
{
    (void)state;
    struct portmap_rig rig;
    map_by_pmp(&rig, 3600);
    portmap_rig_pass(&rig, 1800 * UINT64_C(1000) - PORTMAP_PROBE_MS - 1);
    assert_int_equal(rig.sent.pmp_map, 0);
    portmap_rig_pass(&rig, 1);
    assert_int_equal(rig.sent.pmp_map, 1);
    assert_int_equal(rig.sent.external_port, 5555);
    portmap_rig_pmp_address(&rig, NATPMP_OK, "203.0.113.5");
    portmap_rig_pmp_map(&rig, NATPMP_OK, PORT, 5555, 3600, 0);
    assert_int_equal(rig.sent.changes, 0);
    assert_int_equal(portmap_expires(rig.pm) / NS_PER_SEC, 1000 + 1800 + 3600);
    /* Another public address: that is told. */
    portmap_rig_pass(&rig, 1800 * UINT64_C(1000));
    portmap_rig_pmp_address(&rig, NATPMP_OK, "203.0.113.99");
    portmap_rig_pmp_map(&rig, NATPMP_OK, PORT, 5555, 3600, 0);
    assert_int_equal(rig.sent.changes, 1);
    assert_string_equal(portmap_rig_external(&rig), "203.0.113.99:5555");
    portmap_rig_end(&rig);
}

static void test_a_mapping_that_is_not_renewed_lasts_to_its_end(void **state)
{
    (void)state;
    struct portmap_rig rig;
    map_by_pmp(&rig, 3600);
    portmap_rig_pass(&rig, 3599 * UINT64_C(1000) - PORTMAP_PROBE_MS);
    assert_string_equal(portmap_rig_external(&rig), "203.0.113.5:5555");
    /* Tried at ever smaller halves of what is left, but not all the time. */
    assert_in_range(rig.sent.pmp_map, 6, 40);
    portmap_rig_pass(&rig, 1000);
    assert_string_equal(portmap_rig_external(&rig), "");
    assert_int_equal(rig.sent.changes, 1);
    assert_int_equal(rig.sent.pmp_address, 1); /* whether it is still there */
    portmap_rig_end(&rig);
}

static void test_a_refused_renewal_leaves_the_mapping(void **state)
{
    (void)state;
    struct portmap_rig rig;
    map_by_pmp(&rig, 3600);
    portmap_rig_pass(&rig, 1800 * UINT64_C(1000) - PORTMAP_PROBE_MS);
    portmap_rig_pmp_map(&rig, NATPMP_OUT_OF_RESOURCES, PORT, 0, 0, 0);
    assert_string_equal(portmap_rig_external(&rig), "203.0.113.5:5555");
    assert_int_equal(portmap_counts(rig.pm).refused, 1);
    portmap_rig_pass(&rig, 800 * UINT64_C(1000));
    assert_int_equal(rig.sent.pmp_map, 0);
    portmap_rig_pass(&rig, 200 * UINT64_C(1000));
    assert_true(rig.sent.pmp_map >= 1);
    portmap_rig_end(&rig);
}

static void test_odd_lifetimes_neither_spin_nor_last_for_ever(void **state)
{
    (void)state;
    struct portmap_rig rig;
    map_by_pmp(&rig, UINT32_MAX);
    assert_int_equal(portmap_expires(rig.pm) / NS_PER_SEC, 1000 + PORTMAP_LIFETIME_S);
    portmap_rig_end(&rig);
    map_by_pmp(&rig, 1);
    portmap_rig_pass(&rig, 1000);
    assert_string_equal(portmap_rig_external(&rig), "");
    portmap_rig_pass(&rig, 60000);
    assert_in_range(rig.sent.pmp_map, 1, 10);
    portmap_rig_end(&rig);
}

static void test_a_router_that_started_anew_is_asked_anew(void **state)
{
    (void)state;
    struct portmap_rig rig;
    map_by_pmp(&rig, 3600);
    portmap_rig_pass(&rig, 100000);
    portmap_rig_pmp_map(&rig, NATPMP_OK, 9, 9, 3600, 0); /* the epoch goes with the time */
    assert_int_equal(rig.sent.pmp_map, 0);
    portmap_rig_pmp_map(&rig, NATPMP_OK, 9, 9, 3600, 3);
    assert_int_equal(rig.sent.pmp_map, 1);
    assert_int_equal(rig.sent.external_port, 5555);
    portmap_rig_end(&rig);
}

static void test_answers_that_are_not_ours_change_nothing(void **state)
{
    (void)state;
    struct portmap_rig rig;
    static const uint8_t forged[16] = {0, 0x81, 0, 0, 0, 0, 0, 9, 0xa0, 0x28, 1, 2, 0, 0, 9, 9};
    portmap_rig_begin(&rig);
    portmap_rig_pmp_address(&rig, NATPMP_OK, "203.0.113.5");
    portmap_rig_pmp_address(&rig, NATPMP_OK, "203.0.113.5");
    assert_int_equal(portmap_rig_datagram(&rig, "8.8.8.8:5351", bytes_of(forged, 16)),
                     NET_ERR_NOT_FOUND);
    assert_int_equal(portmap_rig_datagram(&rig, "[2001:db8::1]:5351", bytes_of(forged, 16)),
                     NET_ERR_NOT_FOUND);
    assert_int_equal(portmap_rig_datagram(&rig, "192.168.1.1:5352", bytes_of(forged, 16)),
                     NET_ERR_MALFORMED);
    assert_int_equal(portmap_rig_datagram(&rig, "192.168.1.9:5351", bytes_of(forged, 16)),
                     NET_ERR_MALFORMED);
    assert_int_equal(portmap_rig_datagram(&rig, "192.168.1.1:5351", bytes_of(forged, 15)),
                     NET_ERR_MALFORMED);
    portmap_rig_pmp_map(&rig, NATPMP_OK, PORT + 1, 5555, 3600, 0); /* of another program */
    assert_string_equal(portmap_rig_external(&rig), "");
    assert_int_equal(portmap_counts(rig.pm).malformed, 3);
    assert_int_equal(portmap_counts(rig.pm).strangers, 3);
    portmap_rig_end(&rig);
}

static void test_a_useless_grant_is_given_back(void **state)
{
    (void)state;
    static const char *const useless[] = {"0.0.0.0", "127.0.0.1", "224.0.0.1", "169.254.1.1"};
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++) {
        struct portmap_rig rig;
        portmap_rig_begin(&rig);
        portmap_rig_pmp_address(&rig, NATPMP_OK, useless[i]);
        portmap_rig_pmp_address(&rig, NATPMP_OK, useless[i]);
        portmap_rig_pmp_map(&rig, NATPMP_OK, PORT, 5555, 3600, 0);
        assert_string_equal(portmap_rig_external(&rig), "");
        assert_int_equal(rig.sent.pmp_map, 1);
        assert_int_equal(rig.sent.lifetime_s, 0);
        portmap_rig_end(&rig);
    }
}

/* --- PCP ---------------------------------------------------------------------------------------
 */

static void map_by_pcp(struct portmap_rig *rig)
{
    portmap_rig_begin(rig);
    portmap_rig_pcp_announce(rig, PCP_SUCCESS);
    assert_int_equal(rig->sent.pcp_map, 0); /* NAT-PMP may still answer */
    portmap_rig_pass(rig, PORTMAP_PROBE_MS);
    assert_int_equal(rig->sent.pcp_map, 1);
    assert_int_equal(rig->sent.internal_port, PORT);
    assert_int_equal(rig->sent.lifetime_s, PORTMAP_LIFETIME_S);
    struct pcp_nonce nonce = rig->sent.nonce;
    portmap_rig_pcp_map(rig, PCP_SUCCESS, &nonce, "203.0.113.5", 6666, 3600);
    assert_string_equal(portmap_rig_external(rig), "203.0.113.5:6666");
    assert_int_equal(portmap_mapped_by(rig->pm), PORTMAP_PCP);
}

static void test_pcp_gives_a_port_and_keeps_its_nonce(void **state)
{
    (void)state;
    struct portmap_rig rig;
    map_by_pcp(&rig);
    portmap_rig_pass(&rig, 1799 * UINT64_C(1000));
    assert_int_equal(rig.sent.pcp_map, 0);
    portmap_rig_pass(&rig, 1000);
    assert_int_equal(rig.sent.pcp_map, 1);
    assert_int_equal(rig.sent.external_port, 6666);
    struct pcp_nonce nonce = rig.sent.nonce;
    portmap_rig_pcp_map(&rig, PCP_SUCCESS, &nonce, "203.0.113.5", 6667, 3600);
    assert_string_equal(portmap_rig_external(&rig), "203.0.113.5:6667");
    portmap_set_port(rig.pm, rig.now, 0);
    portmap_rig_run(&rig);
    assert_int_equal(rig.sent.pcp_map, 1);
    assert_int_equal(rig.sent.lifetime_s, 0);
    assert_memory_equal(&rig.sent.nonce, &nonce, sizeof nonce);
    portmap_rig_end(&rig);
}

static void test_a_pcp_answer_with_another_nonce_is_a_strangers(void **state)
{
    (void)state;
    struct portmap_rig rig;
    portmap_rig_begin(&rig);
    portmap_rig_pcp_announce(&rig, PCP_SUCCESS);
    portmap_rig_pass(&rig, PORTMAP_PROBE_MS);
    struct pcp_nonce nonce = rig.sent.nonce;
    nonce.b[11] ^= 1;
    portmap_rig_pcp_map(&rig, PCP_SUCCESS, &nonce, "203.0.113.66", 6666, 3600);
    assert_string_equal(portmap_rig_external(&rig), "");
    assert_int_equal(portmap_counts(rig.pm).strangers, 1);
    nonce.b[11] ^= 1;
    portmap_rig_pcp_map(&rig, PCP_SUCCESS, &nonce, "203.0.113.5", 0, 3600); /* no port */
    assert_string_equal(portmap_rig_external(&rig), "");
    assert_int_equal(portmap_counts(rig.pm).refused, 1);
    portmap_rig_end(&rig);
}

static void test_the_next_service_is_asked_when_one_refuses(void **state)
{
    (void)state;
    struct portmap_rig rig;
    portmap_rig_begin(&rig);
    portmap_rig_pcp_announce(&rig, PCP_SUCCESS);
    portmap_rig_ssdp(&rig, "192.168.1.1:1900", LOCATION);
    portmap_rig_pmp_address(&rig, NATPMP_OK, "203.0.113.5");
    assert_int_equal(rig.sent.pmp_map, 1);
    portmap_rig_pmp_map(&rig, NATPMP_NOT_AUTHORISED, PORT, 0, 0, 0);
    assert_int_equal(rig.sent.pcp_map, 1);
    struct pcp_nonce nonce = rig.sent.nonce;
    portmap_rig_pcp_map(&rig, PCP_NOT_AUTHORIZED, &nonce, "0.0.0.0", 0, 600);
    assert_int_equal(rig.sent.fetches, 1);
    portmap_rig_http(&rig, 404, "");
    assert_int_equal(rig.sent.fetches + rig.sent.pmp_map + rig.sent.pcp_map, 0);
    portmap_rig_pass(&rig, (PORTMAP_RETRY_S - 1) * UINT64_C(1000));
    assert_int_equal(rig.sent.fetches + rig.sent.pmp_map + rig.sent.pcp_map, 0);
    portmap_rig_end(&rig);
}

/* A router with PCP alone answers NAT-PMP in PCP's form, and the other way round. */
static void test_a_router_that_knows_one_version_only(void **state)
{
    (void)state;
    struct portmap_rig rig;
    portmap_rig_begin(&rig);
    portmap_rig_pcp_announce(&rig, PCP_UNSUPP_VERSION);
    portmap_rig_pmp_address(&rig, NATPMP_UNSUPPORTED_VERSION, NULL);
    assert_int_equal(rig.sent.pmp_map, 0);
    portmap_rig_pass(&rig, 1000);
    assert_int_equal(rig.report.pmp, NETCHECK_NO);
    assert_int_equal(rig.report.pcp, NETCHECK_NO);
    portmap_rig_end(&rig);
}

/* --- UPnP --------------------------------------------------------------------------------------
 */

static void start_upnp(struct portmap_rig *rig, const char *version_description)
{
    portmap_rig_begin(rig);
    portmap_rig_ssdp(rig, "192.168.1.1:1900", LOCATION);
    portmap_rig_pass(rig, PORTMAP_PROBE_MS);
    assert_int_equal(rig->sent.fetches, 1);
    assert_string_equal(rig->http.url, LOCATION);
    assert_int_equal(rig->http.answer_max, UPNP_DESCRIPTION_MAX);
    portmap_rig_http(rig, 200, version_description);
    assert_int_equal(rig->sent.calls, 1);
    assert_string_equal(rig->http.url, "http://192.168.1.1:5000/ctl");
    assert_int_equal(rig->http.answer_max, UPNP_ANSWER_MAX);
}

static bool call_has(const struct portmap_action *call, const char *text)
{
    return memmem(call->packet, call->packet_len, text, strlen(text)) != NULL;
}

static void test_upnp_gives_a_port_renews_and_deletes_it(void **state)
{
    (void)state;
    struct portmap_rig rig;
    start_upnp(&rig, PORTMAP_RIG_DESCRIPTION("2"));
    assert_non_null(strstr(rig.http.soap_action, "#AddAnyPortMapping"));
    assert_true(call_has(&rig.http, "<NewInternalPort>41000<"));
    assert_true(call_has(&rig.http, "<NewInternalClient>192.168.1.2<"));
    portmap_rig_http(&rig, 200, PORTMAP_RIG_VALUE("NewReservedPort", "7777"));
    assert_non_null(strstr(rig.http.soap_action, "#GetExternalIPAddress"));
    portmap_rig_http(&rig, 200, PORTMAP_RIG_VALUE("NewExternalIPAddress", "203.0.113.5"));
    assert_string_equal(portmap_rig_external(&rig), "203.0.113.5:7777");
    assert_int_equal(portmap_mapped_by(rig.pm), PORTMAP_UPNP);
    portmap_rig_pass(&rig, PORTMAP_LIFETIME_S / 2 * UINT64_C(1000));
    assert_int_equal(rig.sent.fetches, 0);
    assert_non_null(strstr(rig.http.soap_action, "#AddPortMapping"));
    assert_true(call_has(&rig.http, "<NewExternalPort>7777<"));
    portmap_rig_http(&rig, 200, PORTMAP_RIG_VALUE("x", ""));
    portmap_rig_http(&rig, 200, PORTMAP_RIG_VALUE("NewExternalIPAddress", "203.0.113.5"));
    assert_int_equal(rig.sent.changes, 0);
    portmap_set_network(rig.pm, rig.now, NULL, NULL);
    portmap_rig_run(&rig);
    assert_int_equal(rig.sent.releases, 1);
    assert_non_null(strstr(rig.freed.soap_action, "#DeletePortMapping"));
    assert_true(call_has(&rig.freed, "<NewExternalPort>7777<"));
    assert_string_equal(portmap_rig_external(&rig), "");
    portmap_rig_end(&rig);
}

#define FAULT(code) PORTMAP_RIG_VALUE("errorCode", code)

static void test_what_a_router_objects_to_is_changed(void **state)
{
    (void)state;
    struct portmap_rig rig;
    start_upnp(&rig, PORTMAP_RIG_DESCRIPTION("2"));
    portmap_rig_http(&rig, 500, FAULT("401")); /* it has not what its version has */
    assert_non_null(strstr(rig.http.soap_action, "#AddPortMapping"));
    assert_true(call_has(&rig.http, "<NewLeaseDuration>7200<"));
    portmap_rig_http(&rig, 500, FAULT("725"));
    assert_true(call_has(&rig.http, "<NewLeaseDuration>0<"));
    struct portmap_action before = rig.http;
    portmap_rig_http(&rig, 500, FAULT("718"));
    assert_true(before.packet_len != rig.http.packet_len ||
                memcmp(before.packet, rig.http.packet, before.packet_len) != 0);
    portmap_rig_http(&rig, 500, FAULT("724"));
    assert_true(call_has(&rig.http, "<NewExternalPort>41000<"));
    portmap_rig_http(&rig, 200, PORTMAP_RIG_VALUE("x", ""));
    portmap_rig_http(&rig, 200, PORTMAP_RIG_VALUE("NewExternalIPAddress", "203.0.113.5"));
    assert_string_equal(portmap_rig_external(&rig), "203.0.113.5:41000");
    portmap_rig_end(&rig);
}

static void test_a_router_that_always_objects_is_left_alone(void **state)
{
    (void)state;
    struct portmap_rig rig;
    start_upnp(&rig, PORTMAP_RIG_DESCRIPTION("1"));
    unsigned calls = 1;
    while (rig.sent.calls == 1) {
        portmap_rig_http(&rig, 500, FAULT("718"));
        calls += rig.sent.calls;
        assert_true(calls < 100);
    }
    assert_in_range(calls, 2, 10);
    assert_int_equal(portmap_counts(rig.pm).refused, 1);
    portmap_rig_end(&rig);
}

static void test_a_granted_port_without_an_address_is_given_back(void **state)
{
    (void)state;
    static const char *const answers[] = {"", FAULT("501"),
                                          PORTMAP_RIG_VALUE("NewExternalIPAddress", "0.0.0.0")};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct portmap_rig rig;
        start_upnp(&rig, PORTMAP_RIG_DESCRIPTION("1"));
        portmap_rig_http(&rig, 200, "");
        portmap_rig_http(&rig, 200, answers[i]);
        assert_int_equal(rig.sent.releases, 1);
        assert_string_equal(portmap_rig_external(&rig), "");
        portmap_rig_end(&rig);
    }
}

static void test_a_router_that_hangs_is_given_up(void **state)
{
    (void)state;
    struct portmap_rig rig;
    start_upnp(&rig, PORTMAP_RIG_DESCRIPTION("1"));
    struct portmap_action hung = rig.http;
    portmap_rig_pass(&rig, PORTMAP_ATTEMPT_MS);
    portmap_http_answer(rig.pm, rig.now, hung.call, 200, bytes_text("")); /* too late */
    portmap_rig_run(&rig);
    assert_int_equal(rig.sent.calls, 0);
    assert_string_equal(portmap_rig_external(&rig), "");
    portmap_rig_end(&rig);
}

static void test_only_the_router_is_asked_whoever_answers(void **state)
{
    (void)state;
    struct portmap_rig rig;
    portmap_rig_begin(&rig);
    assert_int_equal(portmap_rig_datagram(&rig, "203.0.113.9:1900", bytes_text("HTTP/1.1 200 OK")),
                     NET_ERR_NOT_FOUND);
    portmap_rig_ssdp(&rig, "192.168.1.77:1900", "http://192.168.1.77:99/evil");
    portmap_rig_ssdp(&rig, "192.168.1.1:1900", LOCATION);
    portmap_rig_ssdp(&rig, "192.168.1.77:1900", "http://192.168.1.77:99/evil");
    portmap_rig_pass(&rig, PORTMAP_PROBE_MS);
    assert_string_equal(rig.http.url, LOCATION);
    portmap_rig_end(&rig);
    portmap_rig_begin(&rig);
    portmap_rig_ssdp(&rig, "192.168.1.77:1900", "http://192.168.1.77:99/other");
    portmap_rig_pass(&rig, PORTMAP_PROBE_MS);
    assert_string_equal(rig.http.url, "http://192.168.1.1:99/other");
    portmap_rig_end(&rig);
}

/* --- changes -----------------------------------------------------------------------------------
 */

static void test_another_network_port_or_none_gives_the_mapping_back(void **state)
{
    (void)state;
    struct portmap_rig rig;
    struct net_address gateway;
    map_by_pmp(&rig, 3600);
    portmap_set_network(rig.pm, rig.now, &rig.gateway, &rig.own); /* the same */
    portmap_set_port(rig.pm, rig.now, PORT);
    portmap_rig_run(&rig);
    assert_int_equal(rig.sent.pmp_map, 0);
    portmap_set_port(rig.pm, rig.now, PORT + 1);
    assert_string_equal(portmap_rig_external(&rig), "");
    portmap_rig_run(&rig);
    assert_int_equal(rig.sent.pmp_map, 2); /* the end of one, the beginning of another */
    assert_int_equal(rig.sent.internal_port, PORT + 1);
    portmap_rig_pmp_address(&rig, NATPMP_OK, "203.0.113.5");
    portmap_rig_pmp_map(&rig, NATPMP_OK, PORT + 1, 5556, 3600, 0);
    assert_string_equal(portmap_rig_external(&rig), "203.0.113.5:5556");
    assert_int_equal(address_parse_ip("10.0.0.1", &gateway), NET_OK);
    portmap_set_network(rig.pm, rig.now, &gateway, &rig.own);
    portmap_rig_run(&rig);
    assert_int_equal(rig.sent.pmp_map, 1);
    assert_int_equal(rig.sent.lifetime_s, 0);
    assert_int_equal(rig.sent.pmp_address, 1); /* of the new one */
    assert_int_equal(rig.sent.to.family, ADDRESS_V4);
    assert_string_equal(portmap_rig_external(&rig), "");
    portmap_report(rig.pm, &rig.report);
    assert_int_equal(rig.report.pmp, NETCHECK_UNKNOWN);
    portmap_rig_end(&rig);
}

static void test_a_flood_of_changes_drops_requests_and_nothing_else(void **state)
{
    (void)state;
    struct portmap_rig rig;
    portmap_rig_begin(&rig);
    for (uint8_t i = 0; i < 200; i++) { /* not drained between */
        rig.own.ip[3] = i;
        portmap_set_network(rig.pm, rig.now, &rig.gateway, &rig.own);
    }
    rig.own.ip[3] = 2;
    portmap_set_network(rig.pm, rig.now, &rig.gateway, &rig.own);
    portmap_rig_pass(&rig, PORTMAP_PROBE_AGAIN_MS);
    portmap_rig_pmp_address(&rig, NATPMP_OK, "203.0.113.5");
    portmap_rig_pmp_address(&rig, NATPMP_OK, "203.0.113.5");
    portmap_rig_pmp_map(&rig, NATPMP_OK, PORT, 5555, 3600, 0);
    assert_string_equal(portmap_rig_external(&rig), "203.0.113.5:5555");
    portmap_rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_probe_asks_for_all_three_and_once_again_for_what_is_silent),
        cmocka_unit_test(test_a_probe_ends_early_when_all_have_answered),
        cmocka_unit_test(test_a_late_answer_amends_and_is_worth_an_attempt),
        cmocka_unit_test(test_what_was_seen_lately_is_believed),
        cmocka_unit_test(test_without_a_router_nothing_is_asked_and_nothing_is_there),
        cmocka_unit_test(test_silence_is_asked_again_ten_minutes_later),
        cmocka_unit_test(test_nat_pmp_begins_at_once_and_gives_a_port),
        cmocka_unit_test(test_a_lost_request_is_sent_again_with_growing_pauses),
        cmocka_unit_test(test_a_mapping_is_renewed_at_half_its_life_with_the_same_port),
        cmocka_unit_test(test_a_mapping_that_is_not_renewed_lasts_to_its_end),
        cmocka_unit_test(test_a_refused_renewal_leaves_the_mapping),
        cmocka_unit_test(test_odd_lifetimes_neither_spin_nor_last_for_ever),
        cmocka_unit_test(test_a_router_that_started_anew_is_asked_anew),
        cmocka_unit_test(test_answers_that_are_not_ours_change_nothing),
        cmocka_unit_test(test_a_useless_grant_is_given_back),
        cmocka_unit_test(test_pcp_gives_a_port_and_keeps_its_nonce),
        cmocka_unit_test(test_a_pcp_answer_with_another_nonce_is_a_strangers),
        cmocka_unit_test(test_the_next_service_is_asked_when_one_refuses),
        cmocka_unit_test(test_a_router_that_knows_one_version_only),
        cmocka_unit_test(test_upnp_gives_a_port_renews_and_deletes_it),
        cmocka_unit_test(test_what_a_router_objects_to_is_changed),
        cmocka_unit_test(test_a_router_that_always_objects_is_left_alone),
        cmocka_unit_test(test_a_granted_port_without_an_address_is_given_back),
        cmocka_unit_test(test_a_router_that_hangs_is_given_up),
        cmocka_unit_test(test_only_the_router_is_asked_whoever_answers),
        cmocka_unit_test(test_another_network_port_or_none_gives_the_mapping_back),
        cmocka_unit_test(test_a_flood_of_changes_drops_requests_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
