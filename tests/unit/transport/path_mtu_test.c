#include "net/transport/path_mtu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/netns.h"

#include <cmocka.h>

static uint32_t mtu_to(const char *text)
{
    struct net_address to;
    assert_int_equal(address_parse(text, &to), NET_OK);
    return path_mtu_read(&to);
}

static void test_no_address_has_no_mtu(void **state)
{
    (void)state;
    const struct net_address none = {.family = ADDRESS_NONE};
    assert_int_equal(path_mtu_read(&none), 0);
}

/* Last: the process stays in the namespace. */
static void test_the_least_of_interface_and_route_is_told(void **state)
{
    (void)state;
    if (!netns_enter()) {
        print_message("skipped: a network namespace takes root and `ip`\n");
        skip();
    }
    netns_run("ip link add left type veth peer name right && ip link set left mtu 1400 up");
    netns_run("ip addr add 192.168.7.2/24 dev left && ip link set right up");
    netns_run("ip addr add 2001:db8:7::2/64 dev left nodad");
    netns_run("ip route add 198.51.100.0/24 via 192.168.7.1 mtu 1339");
    assert_int_equal(mtu_to("192.168.7.9:1"), 1400);
    assert_int_equal(mtu_to("[2001:db8:7::9]:1"), 1400);
    assert_int_equal(mtu_to("198.51.100.9:1"), 1339);
    assert_int_equal(mtu_to("203.0.113.9:1"), 0); /* no route */
    assert_true(mtu_to("127.0.0.1:1") >= 16384);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_address_has_no_mtu),
        cmocka_unit_test(test_the_least_of_interface_and_route_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
