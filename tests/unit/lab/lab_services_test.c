/*
 * What the lab's agents serve, and what asks for it, through a real tunnel on loopback; and servers
 * that misbehave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/lab/lab_services_uv.h"
#include "net/probe/agent_api_uv.h"
#include "net/probe/speedtest_run_uv.h"
#include "net/tunnel/stack_tcp.h"
#include "tests/support/loop_uv.h"
#include "tests/support/tunnel_pair_uv.h"

#include <cmocka.h>

struct world {
    struct tunnel_pair *pair;
    struct lab_services *services; /* NULL: none */
    struct derp_map map;

    struct speedtest_run *run;
    unsigned changes;
    bool over;

    bool answered;
    bool has_report;
    struct agent_report report;
    struct failure why;

    /* A server of the test's own. */
    struct tcp_listener *listener;
    const char *says; /* when it is asked */
    enum { SERVER_STAYS, SERVER_ENDS, SERVER_RESETS, SERVER_REFUSES } then;
    struct tcp_conn *conn;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    w->pair = tunnel_pair_new();
    derp_map_init(&w->map);
    *state = w;
    return 0;
}

static void serve(struct world *w)
{
    const struct lab_services_config config = {.loop = &w->pair->loop,
                                               .tunnel = w->pair->end[PAIR_AGENT].tunnel,
                                               .rng = &w->pair->seeded.rng,
                                               .log = &w->pair->end[PAIR_AGENT].log,
                                               .name = "dev1",
                                               .map = &w->map};
    w->services = lab_services_new(&config);
}

static int tear_down(void **state)
{
    struct world *w = *state;
    if (w->run != NULL) {
        speedtest_run_close(w->run);
    }
    if (w->services != NULL) {
        lab_services_close(w->services);
    }
    tunnel_pair_free(w->pair);
    free(w);
    return 0;
}

/* --- speed tests ------------------------------------------------------------------------------
 */

static void on_changed(void *owner)
{
    struct world *w = owner;
    w->changes++;
    w->over = speedtest_client_is_over(speedtest_run_client(w->run));
}

static void start(struct world *w, enum speedtest_direction direction, uint64_t duration_ms)
{
    const struct speedtest_run_config config = {.loop = &w->pair->loop,
                                                .tunnel = w->pair->end[PAIR_CLIENT].tunnel,
                                                .peer = w->pair->end[PAIR_CLIENT].peer,
                                                .rng = &w->pair->seeded.rng,
                                                .direction = direction,
                                                .duration_ns = duration_ms * NS_PER_MS};
    if (w->run != NULL) {
        speedtest_run_close(w->run);
    }
    w->over = false;
    w->run = speedtest_run_new(&config, on_changed, w);
}

static const struct speedtest_client *finish(struct world *w)
{
    loop_until(&w->pair->loop, &w->over, "the end of the speed test");
    return speedtest_run_client(w->run);
}

static void check_failed(struct world *w, enum net_err code, const char *text)
{
    const struct speedtest_client *client = finish(w);
    assert_int_equal(client->state, SPEEDTEST_FAILED);
    assert_int_equal(client->failure.code, code);
    assert_non_null(strstr(client->failure.text, text));
}

static bool log_has(const struct log *log, const char *text)
{
    uint64_t first = log->count > LOG_RING ? log->count - LOG_RING : 0;
    for (uint64_t n = first; n < log->count; n++) {
        if (strstr(log->ring[n % LOG_RING].text, text) != NULL) {
            return true;
        }
    }
    return false;
}

static bool agent_says_so(void *owner)
{
    struct world *w = owner;
    const struct speedtest_client *client = speedtest_run_client(w->run);
    char text[128];
    bool down = client->direction == SPEEDTEST_DOWN;
    (void)snprintf(text, sizeof text, down ? " %llu bytes acknowledged, 0 rec" : ", %llu received",
                   (unsigned long long)client->meter.bytes);
    return log_has(&w->pair->end[PAIR_AGENT].log, text);
}

static void test_both_directions_run_and_both_ends_count_the_same(void **state)
{
    struct world *w = *state;
    serve(w);
    for (int direction = SPEEDTEST_DOWN; direction <= SPEEDTEST_UP; direction++) {
        start(w, (enum speedtest_direction)direction, 300);
        const struct speedtest_client *client = finish(w);
        assert_string_equal(client->failure.text, "");
        assert_int_equal(client->state, SPEEDTEST_DONE);
        assert_true(client->meter.bytes > 0);
        assert_int_equal(client->meter.bytes % SPEEDTEST_BLOCK, 0);
        assert_true(speedtest_meter_total(&client->meter).end_ns >= 290 * NS_PER_MS);
        assert_true(w->changes > 2);
        loop_until_call(&w->pair->loop, agent_says_so, w, "the same number on the other end");
    }
}

static bool flows(void *owner)
{
    struct world *w = owner;
    return w->over || speedtest_run_client(w->run)->meter.bytes > SPEEDTEST_BLOCK;
}

static void test_a_test_that_is_stopped_frees_the_agent(void **state)
{
    struct world *w = *state;
    serve(w);
    start(w, SPEEDTEST_DOWN, 20000);
    loop_until_call(&w->pair->loop, flows, w, "some bytes");
    assert_false(w->over);
    speedtest_run_stop(w->run);
    const struct speedtest_client *client = finish(w);
    assert_int_equal(client->state, SPEEDTEST_DONE);
    assert_true(client->stopped && client->meter.bytes > 0);
    start(w, SPEEDTEST_UP, 100);
    assert_int_equal(finish(w)->state, SPEEDTEST_DONE);
}

static void test_a_test_may_be_closed_at_any_moment(void **state)
{
    struct world *w = *state;
    serve(w);
    start(w, SPEEDTEST_UP, 20000); /* and at once again */
    start(w, SPEEDTEST_UP, 20000);
    loop_turns(&w->pair->loop, 20);
    start(w, SPEEDTEST_DOWN, 20000);
    loop_turns(&w->pair->loop, 20);
    speedtest_run_close(w->run);
    w->run = NULL;
}

static void test_an_agent_without_a_speed_test_refuses(void **state)
{
    struct world *w = *state;
    start(w, SPEEDTEST_DOWN, 1000);
    check_failed(w, NET_ERR_CLOSED, "refuses connections");
}

static void test_an_agent_without_an_address_is_no_place_to_connect_to(void **state)
{
    struct world *w = *state;
    tunnel_peer_clear(w->pair->end[PAIR_CLIENT].peer);
    start(w, SPEEDTEST_DOWN, 1000);
    check_failed(w, NET_ERR_NOT_FOUND, "no address");
}

/* --- servers that misbehave -------------------------------------------------------------------
 */

static void on_asked(void *owner, struct tcp_conn *conn, struct bytes data)
{
    struct world *w = owner;
    mono_ns now = mono_now();
    (void)data;
    assert_int_equal(tcp_conn_write(conn, now, bytes_text(w->says)), strlen(w->says));
    if (w->then == SERVER_ENDS) {
        tcp_conn_finish(conn, now);
    } else if (w->then == SERVER_RESETS) {
        tcp_conn_abort(conn, now);
    }
}

static void on_server_failed(void *owner, struct tcp_conn *conn, enum net_err why)
{
    struct world *w = owner;
    (void)conn;
    (void)why;
    w->conn = NULL;
}

static void on_accepted(void *owner, struct tcp_conn *conn)
{
    static const struct tcp_handlers handlers = {.received = on_asked, .failed = on_server_failed};
    struct world *w = owner;
    if (w->then == SERVER_REFUSES) {
        tcp_conn_abort(conn, mono_now());
        return;
    }
    w->conn = conn;
    tcp_conn_attach(conn, &handlers, w);
}

static void script(struct world *w, uint16_t port, const char *says, int then)
{
    w->says = says;
    w->then = then;
    if (w->listener == NULL) {
        w->listener = tunnel_tcp_listen(w->pair->end[PAIR_AGENT].tunnel, port, on_accepted, w);
        assert_non_null(w->listener);
    }
}

static void test_servers_that_misbehave_are_named(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *says;
        int then;
        enum net_err code;
        const char *text;
    } cases[] = {
        {"hello\n", SERVER_STAYS, NET_ERR_MALFORMED, "no speed test server"},
        {"", SERVER_ENDS, NET_ERR_CLOSED, "before the test began"},
        {"{\"error\":\"no\"}\n", SERVER_ENDS, NET_ERR_REFUSED, "refuses the test: no"},
        {"{}\n", SERVER_ENDS, NET_ERR_CLOSED, "without a byte"},
        {"{}", SERVER_RESETS, NET_ERR_CLOSED, "reset"},
        {"", SERVER_REFUSES, NET_ERR_CLOSED, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        script(w, SPEEDTEST_PORT, cases[i].says, cases[i].then);
        start(w, SPEEDTEST_DOWN, 1000);
        check_failed(w, cases[i].code, cases[i].text);
    }
}

static void test_a_line_too_slow_for_a_block_has_a_result(void **state)
{
    struct world *w = *state;
    script(w, SPEEDTEST_PORT, "{}\n0123456789", SERVER_ENDS);
    start(w, SPEEDTEST_DOWN, 1000);
    const struct speedtest_client *client = finish(w);
    assert_int_equal(client->state, SPEEDTEST_DONE);
    assert_int_equal(client->meter.bytes, 10);
    assert_int_equal(client->meter.row_count, 0);
}

/* --- the API ----------------------------------------------------------------------------------
 */

static void on_report(void *owner, const struct agent_report *report, const struct failure *why)
{
    struct world *w = owner;
    w->answered = true;
    w->has_report = report != NULL;
    w->why = *why;
    if (report != NULL) {
        w->report = *report;
    }
}

static void fetch(struct world *w)
{
    w->answered = false;
    (void)agent_api_fetch(&w->pair->loop, w->pair->end[PAIR_CLIENT].peer, "fd00::b", on_report, w);
    assert_false(w->answered);
    loop_until(&w->pair->loop, &w->answered, "an answer of the agent's API");
}

static void test_the_agents_report_comes_through_the_tunnel(void **state)
{
    struct world *w = *state;
    serve(w);
    fetch(w);
    assert_string_equal(w->why.text, "");
    assert_true(w->has_report);
    assert_false(w->report.has_net_info); /* no netcheck was made: there is no map */
    assert_string_equal(w->report.severity, "ok");
    fetch(w);
    assert_true(w->has_report);
}

static void test_an_api_that_fails_says_how(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *says;
        int then;
        enum net_err code;
        const char *text;
    } cases[] = {
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", SERVER_ENDS, NET_ERR_UNSUPPORTED,
         "too old"},
        {"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", SERVER_STAYS, NET_ERR_REFUSED,
         "status 500"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", SERVER_STAYS, NET_ERR_MALFORMED,
         "cannot be read: JSON, but no object"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", SERVER_STAYS, NET_ERR_TOO_BIG,
         "too long"},
        {"", SERVER_ENDS, NET_ERR_CLOSED, "without an answer"},
        {"HTTP/1.1 200", SERVER_RESETS, NET_ERR_CLOSED, "reset"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        script(w, AGENT_API_PORT, cases[i].says, cases[i].then);
        fetch(w);
        assert_false(w->has_report);
        assert_int_equal(w->why.code, cases[i].code);
        assert_non_null(strstr(w->why.text, cases[i].text));
    }
    tcp_listener_close(w->listener);
    fetch(w);
    assert_int_equal(w->why.code, NET_ERR_CLOSED);
    assert_non_null(strstr(w->why.text, "refuses connections"));
}

static void test_a_call_may_be_cancelled(void **state)
{
    struct world *w = *state;
    serve(w);
    struct agent_api_call *call =
        agent_api_fetch(&w->pair->loop, w->pair->end[PAIR_CLIENT].peer, "fd00::b", on_report, w);
    for (int i = 0; i < 2 && !w->answered; i++) {
        (void)uv_run(&w->pair->loop, UV_RUN_NOWAIT);
    }
    if (!w->answered) { /* as the loop has it */
        agent_api_cancel(call);
        loop_turns(&w->pair->loop, 20);
        assert_false(w->answered);
    }
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_both_directions_run_and_both_ends_count_the_same),
        CASE(test_a_test_that_is_stopped_frees_the_agent),
        CASE(test_a_test_may_be_closed_at_any_moment),
        CASE(test_an_agent_without_a_speed_test_refuses),
        CASE(test_an_agent_without_an_address_is_no_place_to_connect_to),
        CASE(test_servers_that_misbehave_are_named),
        CASE(test_a_line_too_slow_for_a_block_has_a_result),
        CASE(test_the_agents_report_comes_through_the_tunnel),
        CASE(test_an_api_that_fails_says_how),
        CASE(test_a_call_may_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
