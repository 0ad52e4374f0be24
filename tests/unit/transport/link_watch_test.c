/*
 * In a network namespace of its own, so that links can be made and changed. Named skip otherwise.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/transport/link_watch_uv.h"
#include "tests/support/loop_uv.h"

#include <cmocka.h>

struct heard {
    bool any;
    unsigned changed, resumed;
};

static void on_change(void *owner, enum link_change what)
{
    struct heard *heard = owner;
    heard->any = true;
    heard->changed += what == LINK_CHANGED ? 1U : 0U;
    heard->resumed += what == LINK_RESUMED ? 1U : 0U;
}

static int run(const char *command)
{
    return system(command); // NOLINT: a test's own, fixed commands
}

static void change_and_hear(uv_loop_t *loop, struct heard *heard, const char *command)
{
    unsigned before = heard->changed;
    heard->any = false;
    assert_int_equal(run(command), 0);
    loop_until(loop, &heard->any, command);
    assert_true(heard->changed > before);
}

static void test_links_addresses_and_routes(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct heard heard = {0};
    if (unshare(CLONE_NEWNET) != 0 || run("ip link set lo up") != 0) {
        (void)fprintf(stderr, "skipped: a network namespace takes root and `ip`\n");
        skip();
    }
    assert_int_equal(uv_loop_init(&loop), 0);
    struct link_watch *watch = link_watch_new(&loop, on_change, &heard);
    change_and_hear(&loop, &heard, "ip link add one type veth peer name two");
    change_and_hear(&loop, &heard,
                    "ip addr add 192.0.2.1/24 dev one && ip link set one up && "
                    "ip link set two up");
    change_and_hear(&loop, &heard, "ip route add default via 192.0.2.2");
    change_and_hear(&loop, &heard, "ip addr del 192.0.2.1/24 dev one");
    change_and_hear(&loop, &heard, "ip link set one mtu 1280");
    assert_int_equal(heard.resumed, 0);
    link_watch_close(watch);
    loop_finish(&loop);
}

static void test_it_can_be_closed_at_once(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct heard heard = {0};
    assert_int_equal(uv_loop_init(&loop), 0);
    link_watch_close(link_watch_new(&loop, on_change, &heard));
    loop_finish(&loop);
    assert_false(heard.any);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_addresses_and_routes),
        cmocka_unit_test(test_it_can_be_closed_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
