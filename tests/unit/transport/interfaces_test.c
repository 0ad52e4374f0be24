#include "net/transport/interfaces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"

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

static void test_the_systems_own_are_read(void **state)
{
    struct interfaces *all = *state;
    struct interfaces *again = calloc(1, sizeof *again);
    assert_int_equal(interfaces_read(all), NET_OK);
    assert_int_equal(interfaces_read(again), NET_OK);
    assert_true(interfaces_equal(all, again));
    bool loopback = false;
    for (size_t i = 0; i < all->count; i++) {
        loopback |= all->all[i].loopback && all->all[i].mtu > 0;
    }
    assert_true(loopback);
    again->all[0].mtu++;
    assert_false(interfaces_equal(all, again));
    free(again);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_loopback_is_told_only_when_there_is_nothing_else),
        CASE(test_link_local_and_unique_local_come_last),
        CASE(test_what_is_down_or_inside_the_tailnet_is_not_told),
        CASE(test_a_family_without_a_port_is_left_out),
        CASE(test_the_systems_own_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
