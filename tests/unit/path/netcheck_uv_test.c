/* The driver of a netcheck, with the lab's relay and STUN servers over real sockets. */
#include "net/path/netcheck_uv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/lab/lab_uv.h"
#include "net/transport/udp_uv.h"
#include "tests/support/loop_uv.h"

#include <cmocka.h>

enum ending { GO_ON, CANCEL, CLOSE, AGAIN };

struct fixture {
    uv_loop_t loop;
    struct lab *lab;
    struct http_client *client;
    struct udp_socket *udp;
    struct netcheck_driver *driver;
    struct derp_map map;
    enum ending at_report; /* what the report's call-back does */
    bool ready, mute;
    unsigned reports;
    struct netcheck_report report; /* the last one */
};

static void on_datagram(void *owner, mono_ns now, const struct net_address *from,
                        struct span datagram)
{
    struct fixture *f = owner;
    if (stun_looks_like(span_bytes(datagram)) && f->driver != NULL) {
        (void)netcheck_driver_input(f->driver, now, from, span_bytes(datagram));
    }
}

static enum net_err send_packet(void *owner, const struct net_address *to, struct bytes packet)
{
    struct fixture *f = owner;
    if (f->mute) {
        return NET_OK; /* as if the packet was lost */
    }
    return to->family == ADDRESS_V4 ? udp_socket_send(f->udp, to, packet) : NET_ERR_IO;
}

static void on_report(void *owner, const struct netcheck_report *report)
{
    struct fixture *f = owner;
    f->report = *report;
    f->reports++;
    f->ready = f->ready || report->stage == NETCHECK_READY;
    if (f->at_report == CANCEL) {
        netcheck_driver_cancel(f->driver);
    } else if (f->at_report == CLOSE) {
        netcheck_driver_close(f->driver);
        f->driver = NULL;
    } else if (f->at_report == AGAIN && report->round < 3) {
        netcheck_driver_start(f->driver, false);
        assert_memory_equal(report, &f->report, sizeof *report); /* it is still what it was */
    }
}

static void begin(struct fixture *f, bool complete)
{
    const struct lab_config lab = {.workspaces = 0};
    const struct http_config http = {.user_agent = "derptop/test"};
    struct failure why;
    memset(f, 0, sizeof *f);
    assert_int_equal(crypto_start(), NET_OK);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    assert_int_equal(lab_new(&f->loop, &lab, NULL, NULL, &f->lab, &why), NET_OK);
    assert_int_equal(http_client_new(&f->loop, &http, &f->client, &why), NET_OK);
    const struct udp_config udp = {.receive = on_datagram, .owner = f};
    assert_int_equal(udp_socket_new(&f->loop, "0.0.0.0", 0, &udp, &f->udp, &why), NET_OK);
    const struct netcheck_driver_config config = {.loop = &f->loop,
                                                  .client = f->client,
                                                  .rng = rng_os(),
                                                  .complete = complete,
                                                  .budget_ns = complete ? 5 * NS_PER_SEC : 0,
                                                  .hairpin = true,
                                                  .send = send_packet,
                                                  .report = on_report,
                                                  .owner = f};
    f->driver = netcheck_driver_new(&config);
    derp_map_init(&f->map);
    lab_derp_map(lab_deployment(f->lab), &f->map);
    netcheck_driver_set_families(f->driver, true, false);
}

static void end(struct fixture *f)
{
    if (f->driver != NULL) {
        netcheck_driver_close(f->driver);
        f->driver = NULL;
    }
    udp_socket_close(f->udp);
    http_client_close(f->client);
    lab_close(f->lab, NULL, NULL);
    loop_finish(&f->loop);
    derp_map_clear(&f->map);
}

static void start(struct fixture *f)
{
    netcheck_driver_set_map(f->driver, &f->map);
    netcheck_driver_start(f->driver, true);
}

static void test_the_labs_network_as_it_is(void **state)
{
    static struct fixture f;
    struct net_address mine;
    (void)state;
    begin(&f, true);
    start(&f);
    loop_until(&f.loop, &f.ready, "the report is ready");
    udp_socket_address(f.udp, &mine);
    const struct netcheck_report *report = &f.report;
    assert_true(report->full && report->stun_asked && report->udp && report->ipv4);
    assert_int_equal(report->global_v4.port, mine.port);
    assert_true(address_is_loopback(&report->global_v4));
    assert_int_equal(report->mapping_varies, NETCHECK_NO);
    assert_int_equal(report->hairpinning, NETCHECK_YES);
    assert_int_equal(report->captive_portal, NETCHECK_NO);
    assert_int_equal(report->preferred_derp, LAB_REGION);
    assert_true(netcheck_region_latency(netcheck_report_region(report, LAB_REGION)) > 0);
    assert_int_equal(netcheck_report_region(report, LAB_STUN_REGION)->stun_v4.state,
                     NETCHECK_STUN_ANSWERED);
    size_t count = 0;
    const struct latency_result *results = netcheck_driver_latencies(f.driver, &count);
    assert_int_equal(count, 1);
    assert_true(results[0].answered);
    assert_int_equal(netcheck_driver_report(f.driver)->round, 1);
    end(&f);
}

static void test_names_are_looked_up(void **state)
{
    static struct fixture f;
    (void)state;
    begin(&f, true);
    for (size_t i = 0; i < f.map.region_count; i++) {
        struct derp_node *node = &f.map.regions[i].nodes[0];
        text_copy(node->host_name, sizeof node->host_name, "localhost");
    }
    /* No name at all: the lookup fails. */
    text_copy(f.map.regions[2].nodes[0].host_name, DERP_HOST_SIZE, "not a name");
    start(&f);
    loop_until(&f.loop, &f.ready, "the report is ready");
    assert_int_equal(netcheck_report_region(&f.report, LAB_STUN_REGION)->stun_v4.state,
                     NETCHECK_STUN_ANSWERED);
    assert_int_equal(netcheck_report_region(&f.report, LAB_STUN_REGION + 1)->stun_v4.state,
                     NETCHECK_STUN_UNRESOLVED);
    end(&f);
}

static void test_nobody_answers_by_udp(void **state)
{
    static struct fixture f;
    (void)state;
    begin(&f, false);
    f.mute = true;
    start(&f);
    loop_until(&f.loop, &f.ready, "the report is ready");
    assert_true(f.report.stun_asked);
    assert_false(f.report.udp);
    assert_int_equal(f.report.mapping_varies, NETCHECK_UNKNOWN);
    assert_int_equal(f.report.preferred_derp, LAB_REGION); /* known by HTTP all the same */
    end(&f);
}

static void test_no_relay_at_that_port(void **state)
{
    static struct fixture f;
    (void)state;
    begin(&f, true);
    f.map.regions[0].nodes[0].derp_port = 1;
    start(&f);
    loop_until(&f.loop, &f.ready, "the report is ready");
    size_t count = 0;
    const struct latency_result *results = netcheck_driver_latencies(f.driver, &count);
    assert_int_equal(count, 1);
    assert_false(results[0].answered);
    assert_int_not_equal(results[0].failure.text[0], '\0');
    assert_int_equal(f.report.captive_portal, NETCHECK_UNKNOWN);
    assert_int_equal(f.report.preferred_derp, LAB_REGION);
    end(&f);
}

/* --- ends at any time
 * ------------------------------------------------------------------------------------------------
 */

static void test_closed_in_the_midst_of_everything(void **state)
{
    static struct fixture f;
    (void)state;
    begin(&f, true);
    text_copy(f.map.regions[1].nodes[0].host_name, DERP_HOST_SIZE, "localhost");
    start(&f);
    netcheck_driver_close(f.driver); /* HTTP, a lookup and requests are under way */
    f.driver = NULL;
    loop_turns(&f.loop, 20);
    assert_int_equal(f.reports, 0);
    end(&f);
}

static void test_cancelled_and_started_again(void **state)
{
    static struct fixture f;
    (void)state;
    begin(&f, true);
    text_copy(f.map.regions[1].nodes[0].host_name, DERP_HOST_SIZE, "localhost");
    start(&f);
    netcheck_driver_cancel(f.driver);
    loop_turns(&f.loop, 20);
    assert_int_equal(f.reports, 0);
    netcheck_driver_start(f.driver, false);
    loop_until(&f.loop, &f.ready, "the report is ready");
    assert_int_equal(f.report.round, 2);
    assert_true(f.report.udp);
    end(&f);
}

static void test_closed_by_its_first_report(void **state)
{
    static struct fixture f;
    (void)state;
    begin(&f, true);
    f.at_report = CLOSE;
    start(&f);
    while (f.driver != NULL) {
        (void)uv_run(&f.loop, UV_RUN_ONCE);
    }
    loop_turns(&f.loop, 20);
    assert_int_equal(f.reports, 1);
    end(&f);
}

static void test_cancelled_by_its_first_report(void **state)
{
    static struct fixture f;
    (void)state;
    begin(&f, true);
    f.at_report = CANCEL;
    start(&f);
    while (f.reports == 0) {
        (void)uv_run(&f.loop, UV_RUN_ONCE);
    }
    loop_turns(&f.loop, 20);
    assert_int_equal(f.reports, 1);
    assert_false(f.ready);
    end(&f);
}

static bool has_three_rounds(void *owner)
{
    const struct fixture *f = owner;
    return f->report.round == 3 && f->report.stage == NETCHECK_READY;
}

static void test_a_round_that_starts_the_next(void **state)
{
    static struct fixture f;
    (void)state;
    begin(&f, false);
    f.at_report = AGAIN;
    start(&f);
    loop_until_call(&f.loop, has_three_rounds, &f, "three rounds are over");
    assert_false(f.report.full); /* the second could build on the first */
    end(&f);
}

static void test_results_of_others_amend(void **state)
{
    static struct fixture f;
    const struct netcheck_portmap portmap = {.pmp = NETCHECK_YES};
    (void)state;
    begin(&f, true);
    start(&f);
    loop_until(&f.loop, &f.ready, "the report is ready");
    netcheck_driver_set_portmap(f.driver, &portmap);
    assert_int_equal(f.report.stage, NETCHECK_AMENDED);
    assert_int_equal(f.report.portmap.pmp, NETCHECK_YES);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_labs_network_as_it_is),
        cmocka_unit_test(test_names_are_looked_up),
        cmocka_unit_test(test_nobody_answers_by_udp),
        cmocka_unit_test(test_no_relay_at_that_port),
        cmocka_unit_test(test_closed_in_the_midst_of_everything),
        cmocka_unit_test(test_cancelled_and_started_again),
        cmocka_unit_test(test_closed_by_its_first_report),
        cmocka_unit_test(test_cancelled_by_its_first_report),
        cmocka_unit_test(test_a_round_that_starts_the_next),
        cmocka_unit_test(test_results_of_others_amend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
