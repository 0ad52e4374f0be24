/*
 * In a network namespace of its own, so that links can be made and changed. Named skip otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "net/transport/link_watch_uv.h"
#include "tests/support/loop_uv.h"
#include "tests/support/netns.h"
#include "tests/support/process_uv.h"

#include <cmocka.h>

struct heard {
    bool any;
    unsigned changed, resumed;
    struct link_watch *to_close;
};

static void on_change(void *owner, enum link_change what)
{
    struct heard *heard = owner;
    heard->any = true;
    heard->changed += what == LINK_CHANGED ? 1U : 0U;
    heard->resumed += what == LINK_RESUMED ? 1U : 0U;
    if (heard->to_close != NULL) {
        link_watch_close(heard->to_close);
    }
}

static void change_and_hear(uv_loop_t *loop, struct heard *heard, const char *command)
{
    heard->any = false;
    heard->changed = 0;
    netns_run(command);
    loop_until(loop, &heard->any, command);
    assert_int_equal(heard->changed, 1);
    assert_int_equal(heard->resumed, 0);
}

/* It is told although there is never a moment of quiet. */
static void change_without_a_pause(uv_loop_t *loop, struct heard *heard)
{
    static const char *const args[] = {"sh", "-c",
                                       "while :; do ip addr add 192.0.2.9/24 dev one;"
                                       " ip addr del 192.0.2.9/24 dev one; done",
                                       NULL};
    static struct process process;
    assert_true(process_start(loop, &process, args));
    heard->any = false;
    loop_until(loop, &heard->any, "word of a change among many");
    process_end(loop, &process);
}

static void test_links_addresses_and_routes(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct heard heard = {0};
    if (!netns_enter()) {
        print_message("skipped: a network namespace takes root and `ip`\n");
        skip();
    }
    netns_run("ip link add one type veth peer name two");
    netns_run("ip link set two up && ip link set one up");
    assert_int_equal(uv_loop_init(&loop), 0);
    struct link_watch *watch = link_watch_new(&loop, on_change, &heard);
    change_and_hear(&loop, &heard,
                    "ip addr add 192.0.2.1/24 dev one && ip addr add 192.0.2.3/24 dev one");
    change_and_hear(&loop, &heard, "ip route add default via 192.0.2.2");
    change_and_hear(&loop, &heard, "ip route replace default via 192.0.2.4");
    change_and_hear(&loop, &heard, "ip addr del 192.0.2.3/24 dev one");
    change_and_hear(&loop, &heard, "ip link set one mtu 1280");
    change_and_hear(&loop, &heard, "ip link set two down"); /* the carrier of one */
    change_without_a_pause(&loop, &heard);
    heard.to_close = watch;
    change_and_hear(&loop, &heard, "ip link set one mtu 1400");
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
