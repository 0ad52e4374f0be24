/* The HTTP latency check, with the lab's relay. */
#include "net/path/latency_uv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"
#include "net/lab/lab_uv.h"
#include "tests/support/loop_uv.h"

#include <cmocka.h>

struct fixture {
    uv_loop_t loop;
    struct lab *lab;
    struct http_client *client;
    struct derp_map map;
    struct latency_check *check;
    bool cancel; /* from the call-back of the first result */
    bool done;
    unsigned results, answered;
};

static void begin(struct fixture *f)
{
    const struct lab_config lab = {.workspaces = 0};
    const struct http_config http = {.user_agent = "derptop/test"};
    struct failure why;
    memset(f, 0, sizeof *f);
    assert_int_equal(crypto_start(), NET_OK);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    assert_int_equal(lab_new(&f->loop, &lab, NULL, NULL, &f->lab, &why), NET_OK);
    assert_int_equal(http_client_new(&f->loop, &http, &f->client, &why), NET_OK);
    derp_map_init(&f->map);
    lab_derp_map(lab_deployment(f->lab), &f->map);
}

static void end(struct fixture *f)
{
    http_client_close(f->client);
    lab_close(f->lab, NULL, NULL);
    loop_finish(&f->loop);
    derp_map_clear(&f->map);
}

/* Another region with the relay's node; nobody listens at port 1. */
static void add_region(struct fixture *f, int64_t id, bool dead)
{
    struct derp_node node = derp_map_find(&f->map, LAB_REGION)->nodes[0];
    node.derp_port = dead ? 1 : node.derp_port;
    *derp_region_add_node(&f->map, derp_map_add_region(&f->map, id)) = node;
}

static void on_result(void *owner, const struct latency_result *result)
{
    struct fixture *f = owner;
    f->results++;
    f->answered += result->answered ? 1 : 0;
    assert_int_equal(result->latency_ns > 0, result->answered);
    assert_int_equal(result->failure.text[0] == '\0', result->answered);
    assert_false(result->intercepted);
    if (f->cancel) {
        latency_check_cancel(f->check);
    }
}

static void on_done(void *owner, const struct latency_result *results, size_t count)
{
    struct fixture *f = owner;
    (void)results;
    assert_int_equal(count, f->results);
    f->done = true;
}

static void start(struct fixture *f)
{
    f->check =
        latency_check_start(&f->loop, f->client, &f->map, 5 * NS_PER_SEC, on_result, on_done, f);
    assert_false(f->done); /* never from inside the call */
}

static void test_each_relay_is_asked_and_no_stun_server(void **state)
{
    static struct fixture f;
    (void)state;
    begin(&f);
    add_region(&f, 1, false);
    add_region(&f, 2, true);
    start(&f);
    loop_until(&f.loop, &f.done, "all have answered or failed");
    assert_int_equal(f.results, 3);
    assert_int_equal(f.answered, 2);
    end(&f);
}

static void test_a_map_without_relays_is_done_at_once(void **state)
{
    static struct fixture f;
    (void)state;
    begin(&f);
    derp_map_clear(&f.map);
    start(&f);
    loop_until(&f.loop, &f.done, "there is nothing to ask");
    assert_int_equal(f.results, 0);
    end(&f);
}

static void test_cancelled_by_the_call_back_of_a_result(void **state)
{
    (void)state;
    for (int others = 0; others < 2; others++) { /* of the last result, and of one before it */
        static struct fixture f;
        begin(&f);
        f.cancel = true;
        if (others > 0) {
            add_region(&f, 1, false);
        }
        start(&f);
        while (f.results == 0) {
            (void)uv_run(&f.loop, UV_RUN_ONCE);
        }
        loop_turns(&f.loop, 20);
        assert_int_equal(f.results, 1);
        assert_false(f.done);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_relay_is_asked_and_no_stun_server),
        cmocka_unit_test(test_a_map_without_relays_is_done_at_once),
        cmocka_unit_test(test_cancelled_by_the_call_back_of_a_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
