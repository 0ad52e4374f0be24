/* The relay connections over real sockets: the lab's relay, and servers that say what no relay
 * says. */
#include "net/path/relays_uv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/lab/lab_uv.h"
#include "tests/support/loop_uv.h"
#include "tests/support/raw_server_uv.h"

#include <cmocka.h>

enum { SECOND_REGION = 1002, WAITING = 16 /* packets that wait while a relay opens */ };

struct node {
    struct node_private *key;
    struct relays *relays;
    unsigned packets, states;
    uint8_t last[8]; /* first bytes of the last packet */
};

struct fixture {
    uv_loop_t loop;
    struct lab *lab;
    struct http_client *http;
    struct derp_map map;
    struct node a, b;
    struct raw_server *server;
};

static void on_packet(void *owner, int64_t region, const struct node_public *peer,
                      struct bytes packet, mono_ns at)
{
    struct node *node = owner;
    (void)region;
    (void)peer;
    assert_true(at > 0);
    assert_true(packet.len > 0);
    memcpy(node->last, packet.ptr, packet.len < sizeof node->last ? packet.len : sizeof node->last);
    node->packets++;
}

static void on_gone(void *owner, int64_t region, const struct node_public *peer, uint8_t reason)
{
    (void)owner;
    (void)region;
    (void)peer;
    (void)reason;
}

static void on_state(void *owner, int64_t region)
{
    struct node *node = owner;
    (void)region;
    node->states++;
}

static const struct relays_handlers handlers = {
    .packet = on_packet, .gone = on_gone, .state = on_state};

static void open_node(struct fixture *f, struct node *node)
{
    node->key = node_private_new(rng_os());
    node->relays = relays_new(&f->loop, f->http, node->key, rng_os(), NULL, &handlers, node);
    relays_set_map(node->relays, &f->map, false);
}

static int set_up(void **state)
{
    static struct fixture f;
    const struct lab_config lab = {.workspaces = 0};
    const struct http_config http = {.user_agent = "derptop/test"};
    struct failure why;
    memset(&f, 0, sizeof f);
    assert_int_equal(crypto_start(), NET_OK);
    assert_int_equal(uv_loop_init(&f.loop), 0);
    assert_int_equal(lab_new(&f.loop, &lab, NULL, NULL, &f.lab, &why), NET_OK);
    assert_int_equal(http_client_new(&f.loop, &http, &f.http, &why), NET_OK);
    derp_map_init(&f.map);
    lab_derp_map(lab_deployment(f.lab), &f.map);
    open_node(&f, &f.a);
    open_node(&f, &f.b);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    relays_close(f->a.relays);
    relays_close(f->b.relays);
    http_client_close(f->http);
    lab_close(f->lab, NULL, NULL);
    if (f->server != NULL) {
        raw_server_close(f->server);
    }
    loop_finish(&f->loop);
    derp_map_clear(&f->map);
    node_private_free(f->a.key);
    node_private_free(f->b.key);
    return 0;
}

static const struct relay_status *status(const struct node *node, int64_t region)
{
    const struct relay_status *found = relays_status(node->relays, region);
    assert_non_null(found);
    return found;
}

static bool is_open(void *owner)
{
    return status(owner, LAB_REGION)->state == RELAY_OPEN;
}

static bool second_is_open(void *owner)
{
    return status(owner, SECOND_REGION)->state == RELAY_OPEN;
}

static void open_home(struct fixture *f, struct node *node)
{
    relays_set_home(node->relays, LAB_REGION);
    loop_until_call(&f->loop, is_open, node, "the home is open");
}

static void send_text(struct node *from, const struct node *to, const char *text,
                      enum net_err wanted)
{
    struct node_public key = node_private_public(to->key);
    assert_int_equal(relays_send(from->relays, LAB_REGION, &key, bytes_text(text)), wanted);
}

/* The lab's region has another server now, which plays this. */
static void replace_relay(struct fixture *f, const struct raw_script *script)
{
    f->server = raw_server_new(&f->loop, script);
    for (size_t i = 0; i < f->map.region_count; i++) {
        if (f->map.regions[i].id == LAB_REGION) {
            f->map.regions[i].nodes[0].derp_port = raw_server_port(f->server);
        }
    }
    relays_set_map(f->a.relays, &f->map, false);
}

static void test_nothing_is_dialled_before_it_is_wanted(void **state)
{
    struct fixture *f = *state;
    loop_turns(&f->loop, 20);
    assert_int_equal(status(&f->a, LAB_REGION)->state, RELAY_IDLE);
    assert_int_equal(f->a.states, 0);
    relays_want(f->a.relays, LAB_REGION);
    loop_until_call(&f->loop, is_open, &f->a, "it is open");
    assert_false(status(&f->a, LAB_REGION)->home);
    assert_true(status(&f->a, LAB_REGION)->connect_ns > 0);
}

static bool all_came(void *owner)
{
    const struct node *node = owner;
    return node->packets == WAITING;
}

static void test_a_few_packets_wait_while_it_opens_and_arrive_in_order(void **state)
{
    struct fixture *f = *state;
    char text[2] = "a";
    open_home(f, &f->b);
    for (int i = 0; i < WAITING; i++) {
        text[0] = (char)('a' + i);
        send_text(&f->a, &f->b, text, NET_OK);
    }
    send_text(&f->a, &f->b, "z", NET_ERR_FULL);
    assert_int_equal(status(&f->a, LAB_REGION)->packets_dropped, 1);
    loop_until_call(&f->loop, all_came, &f->b, "they arrive");
    assert_int_equal(f->b.last[0], 'a' + WAITING - 1);
}

static void test_a_region_that_does_not_relay_is_none(void **state)
{
    struct fixture *f = *state;
    struct node_public key = node_private_public(f->b.key);
    struct derp_node *stun =
        derp_region_add_node(&f->map, derp_map_add_region(&f->map, SECOND_REGION));
    stun->stun_only = true;
    relays_set_map(f->a.relays, &f->map, false);
    assert_null(relays_status(f->a.relays, SECOND_REGION));
    assert_null(relays_status(f->a.relays, 77));
    assert_int_equal(relays_send(f->a.relays, SECOND_REGION, &key, bytes_text("x")),
                     NET_ERR_NOT_FOUND);
    relays_want(f->a.relays, 77);
    relays_set_home(f->a.relays, 77);
    loop_turns(&f->loop, 5);
}

static void test_a_map_that_says_the_same_leaves_the_connection(void **state)
{
    struct fixture *f = *state;
    open_home(f, &f->a);
    mono_ns since = status(&f->a, LAB_REGION)->since;
    unsigned states = f->a.states;
    relays_set_map(f->a.relays, &f->map, false);
    loop_turns(&f->loop, 5);
    assert_int_equal(status(&f->a, LAB_REGION)->since, since);
    assert_int_equal(f->a.states, states);
}

static void test_a_changed_region_is_dialled_anew_where_it_is_now(void **state)
{
    struct fixture *f = *state;
    open_home(f, &f->a);
    const struct raw_script silent = {.answer = NULL};
    replace_relay(f, &silent);
    assert_int_equal(status(&f->a, LAB_REGION)->state, RELAY_CONNECTING);
    assert_true(status(&f->a, LAB_REGION)->home);
}

static void test_a_region_that_goes_from_the_map_is_closed(void **state)
{
    struct fixture *f = *state;
    struct derp_map empty;
    open_home(f, &f->a);
    derp_map_init(&empty);
    relays_set_map(f->a.relays, &empty, false);
    assert_null(relays_status(f->a.relays, LAB_REGION));
    send_text(&f->a, &f->b, "x", NET_ERR_NOT_FOUND);
    relays_set_map(f->a.relays, &f->map, false);
    loop_until_call(&f->loop, is_open, &f->a, "it is back, and still the home");
}

static void test_when_the_home_moves_the_old_one_stays_for_a_while(void **state)
{
    struct fixture *f = *state;
    const struct derp_node node = derp_map_find(&f->map, LAB_REGION)->nodes[0];
    *derp_region_add_node(&f->map, derp_map_add_region(&f->map, SECOND_REGION)) = node;
    relays_set_map(f->a.relays, &f->map, false);
    open_home(f, &f->a);
    relays_set_home(f->a.relays, SECOND_REGION);
    loop_until_call(&f->loop, second_is_open, &f->a, "the new home is open");
    assert_true(status(&f->a, SECOND_REGION)->home);
    assert_false(status(&f->a, LAB_REGION)->home);
    assert_int_equal(status(&f->a, LAB_REGION)->state, RELAY_OPEN);
}

static bool has_failed(void *owner)
{
    return status(owner, LAB_REGION)->state == RELAY_WAITING;
}

static void test_what_is_no_relay_is_dropped_and_said(void **state)
{
    struct fixture *f = *state;
#define HEAD "HTTP/1.1 101 Switching Protocols\r\nUpgrade: DERP\r\nConnection: Upgrade\r\n\r\n"
    static const struct {
        const char *text;
        size_t len;
        const char *said;
    } cases[] = {
        {HEAD "\x08\0\0\0\0", sizeof(HEAD) - 1 + 5, "does not speak DERP"}, /* no key first */
        {HEAD "\x01\xff\xff\xff\xff", sizeof(HEAD) - 1 + 5, "too large"},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", 0, "200"},
        {"SSH-2.0-OpenSSH_9.2\r\n\r\n", 0, ""},
        {"", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct raw_script script = {
            .answer = cases[i].text, .answer_len = cases[i].len, .closes = true};
        replace_relay(f, &script);
        relays_set_home(f->a.relays, LAB_REGION);
        loop_until_call(&f->loop, has_failed, &f->a, "it is dropped");
        const struct relay_status *now = status(&f->a, LAB_REGION);
        assert_int_not_equal(now->failure.code, NET_OK);
        if (strstr(now->failure.text, cases[i].said) == NULL) {
            fail_msg("case %zu: %s", i, now->failure.text);
        }
        raw_server_close(f->server);
        f->server = NULL;
    }
}

static bool tried_often(void *owner)
{
    return status(owner, LAB_REGION)->attempts >= 4;
}

/* It was once taken for one that works, and asked a hundred times a second. */
static void test_one_that_turns_us_out_at_once_is_asked_ever_more_slowly(void **state)
{
    struct fixture *f = *state;
    static const char greeting[] = HEAD "\x01\0\0\0\x28"
                                        "DERP\xf0\x9f\x94\x91"
                                        "0123456789abcdef0123456789abcdef";
    const struct raw_script script = {
        .answer = greeting, .answer_len = sizeof greeting - 1, .closes = true};
    replace_relay(f, &script);
    relays_set_home(f->a.relays, LAB_REGION);
    loop_until_call(&f->loop, tried_often, &f->a, "it is tried again and again");
    const struct relay_status *now = status(&f->a, LAB_REGION);
    assert_int_equal(now->state, RELAY_WAITING);
    assert_true(now->retry_at - now->since >= 80 * NS_PER_MS); /* 4 times 4 times 10 ms, or half */
    assert_int_equal(*raw_server_accepted(f->server), now->attempts);
}

static bool three_states(void *owner)
{
    const struct node *node = owner;
    return node->states >= 3;
}

static void test_asked_to_retry_it_dials_at_once(void **state)
{
    struct fixture *f = *state;
    relays_retry(f->a.relays);
    assert_int_equal(status(&f->a, LAB_REGION)->state, RELAY_IDLE); /* nobody wants it */
    open_home(f, &f->a);
    relays_retry(f->a.relays);
    assert_int_equal(status(&f->a, LAB_REGION)->state, RELAY_CONNECTING);
    loop_until_call(&f->loop, three_states, &f->a, "it was told");
    loop_until_call(&f->loop, is_open, &f->a, "it is open again");
}

static void test_it_may_be_closed_in_every_state(void **state)
{
    struct fixture *f = *state;
    relays_set_home(f->a.relays, LAB_REGION); /* dialling when the test ends */
    relays_want(f->b.relays, LAB_REGION);
    send_text(&f->b, &f->a, "waits", NET_OK);
}

static bool many_came(void *owner)
{
    const struct node *node = owner;
    return node->packets >= 2000;
}

static void test_more_than_a_turn_reads_arrives_all_the_same(void **state)
{
    struct fixture *f = *state;
    static uint8_t packet[1400];
    struct node_public to = node_private_public(f->b.key);
    unsigned sent = 0;
    open_home(f, &f->a);
    open_home(f, &f->b);
    while (f->b.packets < 2000) {
        enum net_err err =
            relays_send(f->a.relays, LAB_REGION, &to, bytes_of(packet, sizeof packet));
        sent += err == NET_OK ? 1 : 0;
        if (err != NET_OK || sent % 16 == 0) {
            (void)uv_run(&f->loop, UV_RUN_NOWAIT);
        }
        assert_true(sent < 1000000);
    }
    loop_until_call(&f->loop, many_came, &f->b, "they arrive");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_nothing_is_dialled_before_it_is_wanted),
        CASE(test_a_few_packets_wait_while_it_opens_and_arrive_in_order),
        CASE(test_a_region_that_does_not_relay_is_none),
        CASE(test_a_map_that_says_the_same_leaves_the_connection),
        CASE(test_a_changed_region_is_dialled_anew_where_it_is_now),
        CASE(test_a_region_that_goes_from_the_map_is_closed),
        CASE(test_when_the_home_moves_the_old_one_stays_for_a_while),
        CASE(test_what_is_no_relay_is_dropped_and_said),
        CASE(test_one_that_turns_us_out_at_once_is_asked_ever_more_slowly),
        CASE(test_asked_to_retry_it_dials_at_once),
        CASE(test_it_may_be_closed_in_every_state),
        CASE(test_more_than_a_turn_reads_arrives_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
