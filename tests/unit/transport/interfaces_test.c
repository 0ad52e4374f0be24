#include "net/transport/interfaces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"
#include "tests/support/netns.h"

#include <cmocka.h>

enum { V4 = 4000, V6 = 6000, MAX = 16 };

static struct interface *add(struct interfaces *all, const char *name)
{
    struct interface *one = &all->all[all->count++];
    text_copy(one->name, sizeof one->name, name);
    one->up = true;
    return one;
}

static void give(struct interface *one, const char *ip)
{
    assert_int_equal(address_parse_ip(ip, &one->addresses[one->address_count++].ip), NET_OK);
}

/* The endpoints as one line. */
static void expect(const struct interfaces *all, const char *want)
{
    struct net_address found[MAX];
    char line[512] = "";
    size_t count = interfaces_endpoints(all, V4, V6, found, MAX);
    for (size_t i = 0; i < count; i++) {
        char text[ADDRESS_TEXT_SIZE];
        address_text(&found[i], text);
        text_format(line + strlen(line), sizeof line - strlen(line), i > 0 ? " %s" : "%s", text);
    }
    assert_string_equal(line, want);
}

static int set_up(void **state)
{
    struct interfaces *all = calloc(1, sizeof *all);
    struct interface *lo = add(all, "lo");
    lo->loopback = true;
    give(lo, "127.0.0.1");
    give(lo, "::1");
    *state = all;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void test_loopback_is_told_only_when_there_is_nothing_else(void **state)
{
    struct interfaces *all = *state;
    expect(all, "127.0.0.1:4000 [::1]:6000");
    assert_false(interfaces_have(all, ADDRESS_V4));
    give(add(all, "eth0"), "10.0.0.2");
    expect(all, "10.0.0.2:4000");
    assert_true(interfaces_have(all, ADDRESS_V4));
    assert_false(interfaces_have(all, ADDRESS_V6));
}

static void test_link_local_and_unique_local_come_last(void **state)
{
    struct interfaces *all = *state;
    struct interface *eth = add(all, "eth0");
    give(eth, "fe80::1");
    give(eth, "169.254.3.4");
    give(eth, "fd00::5");
    expect(all, "169.254.3.4:4000 [fd00::5]:6000");
    give(eth, "2001:db8::7");
    expect(all, "[2001:db8::7]:6000");
}

static void test_what_is_down_or_inside_the_tailnet_is_not_told(void **state)
{
    struct interfaces *all = *state;
    struct interface *tun = add(all, "tun0");
    give(tun, "fd7a:115c:a1e0::1");
    give(tun, "fd60:627a:a42b::1");
    give(tun, "10.1.0.1");
    struct interface *down = add(all, "eth1");
    down->up = false;
    give(down, "10.2.0.1");
    expect(all, "10.1.0.1:4000");
}

static void test_a_family_without_a_port_is_left_out(void **state)
{
    struct interfaces *all = *state;
    struct net_address found[MAX];
    struct interface *eth = add(all, "eth0");
    give(eth, "10.0.0.2");
    give(eth, "2001:db8::7");
    assert_int_equal(interfaces_endpoints(all, 0, V6, found, MAX), 1);
    assert_int_equal(found[0].family, ADDRESS_V6);
    assert_int_equal(interfaces_endpoints(all, V4, V6, found, 1), 1);
}

static void test_only_what_can_matter_to_a_path_makes_another_network(void **state)
{
    struct interfaces *all = *state;
    struct interfaces *before = calloc(1, sizeof *before);
    struct interface *eth = add(all, "eth0");
    give(eth, "192.168.1.5");
    eth->running = true;
    *before = *all;
    assert_true(interfaces_same(before, all));

    struct interface *veth = add(all, "veth1"); /* a container's */
    give(veth, "fe80::3");
    assert_true(interfaces_same(before, all) && interfaces_same(all, before));
    give(veth, "172.17.0.1");
    assert_false(interfaces_same(before, all) || interfaces_same(all, before));
    *all = *before;
    all->all[0].mtu = 1; /* loopback's */
    assert_true(interfaces_same(before, all));
    give(eth, "fd7a:115c:a1e0::1");
    assert_true(interfaces_same(before, all));
    give(eth, "2001:db8::7");
    assert_false(interfaces_same(before, all) || interfaces_same(all, before));
    *all = *before;
    eth->addresses[0].prefix = 24;
    assert_false(interfaces_same(before, all));
    *all = *before;
    eth->running = false;
    assert_false(interfaces_same(before, all));
    *all = *before;
    eth->mtu = 1280;
    assert_false(interfaces_same(before, all));
    *all = *before;
    eth->default_v6 = true;
    assert_false(interfaces_same(before, all) || interfaces_same(all, before));
    *all = *before;
    all->gateway_v4 = eth->addresses[0].ip;
    assert_false(interfaces_same(before, all));
    free(before);
}

static void test_a_tunnel_is_known_by_its_kind_or_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool point_to_point, is_tunnel;
    } rows[] = {
        {"tun0", true, true},       {"utun4", true, true},  {"wg0", true, true},
        {"tailscale0", true, true}, {"tap0", false, true},  {"mullvad", true, true},
        {"ppp0", true, false},      {"wwan0", true, false}, {"eth0", false, false},
        {"wlp2s0", false, false},   {"en0", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct interface one = {.up = true, .point_to_point = rows[i].point_to_point};
        text_copy(one.name, sizeof one.name, rows[i].name);
        assert_int_equal(interface_is_tunnel(&one), rows[i].is_tunnel);
    }
}

static void test_an_interface_reaches_further_with_an_address_beyond_its_link(void **state)
{
    (void)state;
    struct interface one = {.up = true};
    assert_false(interface_reaches(&one));
    give(&one, "fe80::1");
    assert_false(interface_reaches(&one));
    give(&one, "10.0.0.1");
    assert_true(interface_reaches(&one));
    one.up = false;
    assert_false(interface_reaches(&one));
    one.up = true;
    one.loopback = true;
    assert_false(interface_reaches(&one));
}

static void test_the_router_to_ask_is_a_private_next_hop(void **state)
{
    struct interfaces *all = *state;
    struct net_address gateway;
    struct net_address own;
    give(add(all, "eth1"), "10.0.0.1");
    struct interface *eth = add(all, "eth0");
    give(eth, "203.0.113.4");
    give(eth, "192.168.1.5");
    eth->default_v4 = true;
    assert_false(interfaces_gateway(all, &gateway, &own)); /* no next hop */
    assert_int_equal(address_parse_ip("203.0.113.1", &all->gateway_v4), NET_OK);
    assert_false(interfaces_gateway(all, &gateway, &own)); /* a public router */
    assert_int_equal(address_parse_ip("192.168.1.1", &all->gateway_v4), NET_OK);
    assert_true(interfaces_gateway(all, &gateway, &own));
    assert_true(address_equal(&own, &eth->addresses[1].ip));
    assert_true(address_equal(&gateway, &all->gateway_v4));
    eth->address_count = 1;
    assert_false(interfaces_gateway(all, &gateway, &own)); /* our own address is public */
    eth->address_count = 2;
    eth->up = false;
    assert_false(interfaces_gateway(all, &gateway, &own));
}

static void test_the_systems_own_are_read(void **state)
{
    struct interfaces *all = *state;
    struct interfaces *again = calloc(1, sizeof *again);
    bool same = false;
    for (int i = 0; i < 100 && !same; i++) { /* tests beside this one make interfaces, too */
        assert_int_equal(interfaces_read(all), NET_OK);
        assert_int_equal(interfaces_read(again), NET_OK);
        same = interfaces_same(all, again);
    }
    assert_true(same);
    bool loopback = false;
    for (size_t i = 0; i < all->count; i++) {
        loopback |= all->all[i].loopback && all->all[i].mtu > 0;
    }
    assert_true(loopback);
    free(again);
}

static const struct interface *named(const struct interfaces *all, const char *name)
{
    const struct interface *found = NULL;
    for (size_t i = 0; i < all->count; i++) {
        found = strcmp(all->all[i].name, name) == 0 ? &all->all[i] : found;
    }
    assert_non_null(found);
    return found;
}

/* The kernel tells a change of the carrier a moment after it was made. */
static void await_carrier(const char *name, bool there)
{
    char command[160];
    text_format(
        command, sizeof command,
        "for i in $(seq 2000); do ip link show %s | grep -q NO-CARRIER %s exit 0; done; exit 1",
        name, there ? "||" : "&&");
    netns_run(command);
}

/* Last: the process stays in the namespace. */
static void test_links_addresses_and_routes_are_read_as_they_are(void **state)
{
    struct interfaces *all = *state;
    char gateway[ADDRESS_TEXT_SIZE];
    if (!netns_enter()) {
        print_message("skipped: a network namespace takes root and `ip`\n");
        skip();
    }
    netns_run("ip link add left type veth peer name right && ip link set left mtu 1400 up");
    netns_run("ip addr add 192.168.7.2/20 dev left label left:1 && ip link set right up");
    netns_run("ip addr add 2001:db8:7::2/64 dev left nodad");
    await_carrier("left", true);
    assert_int_equal(interfaces_read(all), NET_OK);
    const struct interface *left = named(all, "left");
    assert_true(left->up && left->running && !left->loopback && !left->point_to_point);
    assert_false(left->default_v4 || left->default_v6);
    assert_int_equal(left->mtu, 1400);
    assert_int_equal(left->addresses[0].prefix, 20);
    expect(all, "192.168.7.2:4000 [2001:db8:7::2]:6000");

    netns_run("ip route add default via 192.168.7.1 && ip -6 route add default dev right");
    assert_int_equal(interfaces_read(all), NET_OK);
    assert_true(named(all, "left")->default_v4 && named(all, "right")->default_v6);
    assert_false(named(all, "left")->default_v6 || named(all, "right")->default_v4);
    address_ip_text(&all->gateway_v4, gateway);
    assert_string_equal(gateway, "192.168.7.1");

    /* As VPNs do it: two halves, or a rule, that win over the default, which stays in its table. */
    netns_run("ip route add 0.0.0.0/1 dev right && ip route add 128.0.0.0/1 dev right");
    assert_int_equal(interfaces_read(all), NET_OK);
    assert_true(named(all, "right")->default_v4 && !named(all, "left")->default_v4);
    assert_int_equal(all->gateway_v4.family, ADDRESS_NONE);
    netns_run("ip route del 0.0.0.0/1 && ip route del 128.0.0.0/1");
    assert_int_equal(interfaces_read(all), NET_OK);
    assert_true(named(all, "left")->default_v4);
    netns_run(
        "ip route add default dev right table 51820 && ip rule add not fwmark 51820 table 51820");
    assert_int_equal(interfaces_read(all), NET_OK);
    assert_true(named(all, "right")->default_v4 && !named(all, "left")->default_v4);

    netns_run("ip link set right down");
    await_carrier("left", false);
    assert_int_equal(interfaces_read(all), NET_OK);
    assert_true(!named(all, "right")->up && !named(all, "right")->running);
    assert_true(named(all, "left")->up && !named(all, "left")->running); /* no carrier */
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_loopback_is_told_only_when_there_is_nothing_else),
        CASE(test_link_local_and_unique_local_come_last),
        CASE(test_what_is_down_or_inside_the_tailnet_is_not_told),
        CASE(test_a_family_without_a_port_is_left_out),
        CASE(test_only_what_can_matter_to_a_path_makes_another_network),
        CASE(test_a_tunnel_is_known_by_its_kind_or_its_name),
        CASE(test_an_interface_reaches_further_with_an_address_beyond_its_link),
        CASE(test_the_router_to_ask_is_a_private_next_hop),
        CASE(test_the_systems_own_are_read),
        CASE(test_links_addresses_and_routes_are_read_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
