/*
 * Our end of the paths over real sockets on loopback, without a relay; and on a computer where no
 * socket can be had.
 */
#include "net/path/paths_uv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net/transport/udp_uv.h"
#include "net/wire/disco.h"
#include "tests/support/loop_uv.h"

#include <cmocka.h>

enum { REGION = 1 };

/* The system's, but for the families that this computer is not to have. */
static bool no_v4, no_v6;

int bind(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
    int family = addr.__sockaddr__->sa_family;
    if ((family == AF_INET && no_v4) || (family == AF_INET6 && no_v6)) {
        errno = EACCES;
        return -1;
    }
    return (int)syscall(SYS_bind, fd, addr.__sockaddr__, len);
}

struct end {
    struct node_private *node_key;
    struct disco_private *disco_key;
    struct log log;
    struct paths *paths;
    struct paths_peer *peer; /* the other end */
    unsigned data;
    struct path_event changed, pong;
};

struct world {
    uv_loop_t loop;
    struct rng_seeded seeded;
    struct end end[2];
};

static void on_change(void *owner)
{
    (void)owner;
}

static void on_region(void *owner, int64_t region)
{
    (void)owner;
    (void)region;
}

static void on_event(void *owner, struct paths_peer *peer, const struct path_event *event)
{
    struct end *end = owner;
    assert_ptr_equal(peer, end->peer);
    if (event->kind == PATH_EVENT_CHANGED) {
        end->changed = *event;
    } else if (event->kind == PATH_EVENT_PONG) {
        end->pong = *event;
    }
}

static void on_data(void *owner, struct paths_peer *peer, const struct path_route *from,
                    struct bytes datagram, mono_ns at)
{
    struct end *end = owner;
    (void)at;
    assert_ptr_equal(peer, end->peer);
    assert_true(from->direct);
    assert_true(datagram.len > 0);
    end->data++;
}

static void open_end(struct world *w, size_t i, const char *bind_ip)
{
    static const struct paths_handlers handlers = {.changed = on_change,
                                                   .home = on_region,
                                                   .relay = on_region,
                                                   .event = on_event,
                                                   .data = on_data};
    struct end *end = &w->end[i];
    end->node_key = node_private_new(&w->seeded.rng);
    end->disco_key = disco_private_new(&w->seeded.rng);
    log_init(&end->log, LOG_DEBUG);
    const struct paths_config config = {.loop = &w->loop,
                                        .node_key = end->node_key,
                                        .disco_key = end->disco_key,
                                        .rng = &w->seeded.rng,
                                        .log = &end->log,
                                        .bind_ip = bind_ip,
                                        .loopback = true,
                                        .timeout_ns = NS_PER_SEC};
    end->paths = paths_new(&config, &handlers, end);
    end->peer = paths_add_peer(end->paths, end);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_int_equal(crypto_start(), NET_OK);
    rng_seeded_init(&w->seeded, 5);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    no_v4 = no_v6 = false;
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    no_v4 = no_v6 = false;
    for (size_t i = 0; i < 2; i++) {
        if (w->end[i].paths != NULL) {
            paths_close(w->end[i].paths);
        }
    }
    loop_finish(&w->loop);
    for (size_t i = 0; i < 2; i++) {
        node_private_free(w->end[i].node_key);
        disco_private_free(w->end[i].disco_key);
        if (w->end[i].paths != NULL) {
            log_clear(&w->end[i].log);
        }
    }
    free(w);
    return 0;
}

/* How many lines of the log hold the text. */
static unsigned lines(const struct end *end, const char *text)
{
    unsigned found = 0;
    for (uint64_t i = 0; i < end->log.count && i < LOG_RING; i++) {
        found += strstr(end->log.ring[i].text, text) != NULL ? 1 : 0;
    }
    return found;
}

/* The coordinator tells one end of the other. */
static void tell(struct world *w, size_t to)
{
    struct end *other = &w->end[1 - to];
    struct tailnet_node node = {.key = node_private_public(other->node_key),
                                .disco = disco_private_public(other->disco_key),
                                .preferred_derp = REGION};
    const struct net_address *endpoints = NULL;
    node.endpoint_count = paths_endpoints(other->paths, &endpoints);
    assert_true(node.endpoint_count > 0);
    memcpy(node.endpoints, endpoints, node.endpoint_count * sizeof *endpoints);
    paths_peer_set(w->end[to].peer, &node);
}

static bool is_direct(void *owner)
{
    const struct end *end = owner;
    return end->changed.to.direct && end->pong.route.direct;
}

static void find_each_other(struct world *w)
{
    open_end(w, 0, "127.0.0.1");
    open_end(w, 1, "127.0.0.1");
    tell(w, 0);
    tell(w, 1);
    (void)peer_path_beat(paths_peer_path(w->end[0].peer), mono_now());
    paths_pump(w->end[0].paths);
    loop_until_call(&w->loop, is_direct, &w->end[0], "a direct path");
}

static bool has_data(void *owner)
{
    const struct end *end = owner;
    return end->data > 0;
}

static void test_two_ends_find_each_other_and_carry_data(void **state)
{
    struct world *w = *state;
    find_each_other(w);
    assert_int_equal(w->end[0].changed.reason, PATH_FIRST_PONG);
    assert_true(w->end[0].pong.rtt_ns > 0);
    assert_int_equal(paths_send(w->end[0].peer, bytes_text("a WireGuard datagram")), NET_OK);
    loop_until_call(&w->loop, has_data, &w->end[1], "the data");
    assert_true(paths_peer_traffic(w->end[1].peer, true)->packets_in > 0);
    assert_int_equal(paths_peer_traffic(w->end[1].peer, false)->packets_in, 0);
}

static void test_disabled_no_endpoint_is_told_and_no_candidate_probed(void **state)
{
    struct world *w = *state;
    struct tailnet_node node = {.endpoint_count = 0};
    open_end(w, 0, "127.0.0.1");
    open_end(w, 1, "127.0.0.1");
    paths_set_blocked(w->end[0].paths, true);
    paths_fill_node(w->end[0].paths, &node);
    assert_int_equal(node.endpoint_count, 0);
    tell(w, 0);
    (void)peer_path_beat(paths_peer_path(w->end[0].peer), mono_now());
    paths_pump(w->end[0].paths);
    loop_turns(&w->loop, 20);
    assert_int_equal(paths_peer_traffic(w->end[0].peer, true)->packets_out, 0);
    assert_int_equal(paths_drops(w->end[1].paths).strangers, 0);
}

/* --- what others send --------------------------------------------------------------------------
 */

static void ignore(void *owner, mono_ns at, const struct net_address *from, struct span datagram)
{
    (void)owner;
    (void)at;
    (void)from;
    (void)datagram;
}

static bool three_came(void *owner)
{
    struct paths_drops drops = paths_drops(((const struct end *)owner)->paths);
    return drops.strangers + drops.unreadable + drops.unknown_from >= 3;
}

/* Somebody on loopback sends the same to this end, three times. */
static void send_three(struct world *w, const struct end *to, struct bytes datagram)
{
    const struct udp_config config = {.receive = ignore};
    const struct net_address *endpoints = NULL;
    struct udp_socket *udp = NULL;
    struct failure why;
    assert_int_equal(udp_socket_new(&w->loop, "127.0.0.1", 0, &config, &udp, &why), NET_OK);
    assert_int_equal(paths_endpoints(to->paths, &endpoints), 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(udp_socket_send(udp, endpoints, datagram), NET_OK);
    }
    loop_until_call(&w->loop, three_came, (void *)(uintptr_t)to, "what was sent");
    udp_socket_close(udp);
}

static void test_data_from_where_no_peer_was_heard_is_dropped(void **state)
{
    struct world *w = *state;
    find_each_other(w);
    send_three(w, &w->end[0], bytes_text("not of the peer's address"));
    assert_int_equal(paths_drops(w->end[0].paths).unknown_from, 3);
    assert_int_equal(w->end[0].data, 0);
    assert_int_equal(lines(&w->end[0], "at which no peer was heard"), 1);
}

static void test_disco_of_a_stranger_is_dropped(void **state)
{
    struct world *w = *state;
    static const uint8_t packet[128] = {0x54, 0x53, 0xf0, 0x9f, 0x92, 0xac, 9, 9, 9};
    find_each_other(w);
    send_three(w, &w->end[0], bytes_of(packet, sizeof packet));
    assert_int_equal(paths_drops(w->end[0].paths).strangers, 3);
    assert_int_equal(lines(&w->end[0], "from nobody that we know"), 1);
}

static void test_disco_in_the_peers_name_is_dropped(void **state)
{
    struct world *w = *state;
    uint8_t packet[128] = {0x54, 0x53, 0xf0, 0x9f, 0x92, 0xac};
    find_each_other(w);
    struct disco_public peer = disco_private_public(w->end[1].disco_key);
    memcpy(packet + 6, peer.b, sizeof peer.b);
    send_three(w, &w->end[0], bytes_of(packet, sizeof packet));
    assert_int_equal(paths_drops(w->end[0].paths).unreadable, 3);
    assert_int_equal(lines(&w->end[0], "does not open"), 1);
    assert_true(w->end[0].changed.to.direct);
}

static void test_a_packet_that_no_interface_takes_is_counted_and_said(void **state)
{
    struct world *w = *state;
    static uint8_t packet[65000 + 1000];
    find_each_other(w);
    struct paths_drops before = paths_drops(w->end[0].paths);
    assert_int_equal(before.too_big, 0);
    for (int i = 0; i < 3; i++) {
        (void)!paths_send(w->end[0].peer, bytes_of(packet, sizeof packet));
    }
    loop_turns(&w->loop, 5);
    struct paths_drops drops = paths_drops(w->end[0].paths);
    assert_int_equal(drops.too_big, 3);
    assert_int_equal(lines(&w->end[0], "too long"), 1);
}

/* --- a computer without sockets ----------------------------------------------------------------
 */

static void test_without_ipv6_there_is_ipv4(void **state)
{
    struct world *w = *state;
    const struct net_address *endpoints = NULL;
    no_v6 = true;
    open_end(w, 0, NULL);
    assert_int_equal(lines(&w->end[0], "cannot use UDP on ::"), 1);
    assert_int_equal(lines(&w->end[0], "done without"), 1);
    size_t count = paths_endpoints(w->end[0].paths, &endpoints);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(endpoints[i].family, ADDRESS_V4);
    }
}

static void test_without_ipv4_there_is_ipv6(void **state)
{
    struct world *w = *state;
    const struct net_address *endpoints = NULL;
    no_v4 = true;
    open_end(w, 0, NULL);
    assert_int_equal(lines(&w->end[0], "cannot use UDP on 0.0.0.0"), 1);
    size_t count = paths_endpoints(w->end[0].paths, &endpoints);
    for (size_t i = 0; i < count; i++) { /* none at all where the test's computer has no IPv6 */
        assert_int_equal(endpoints[i].family, ADDRESS_V6);
    }
}

static void test_without_any_socket_there_are_no_endpoints_and_nothing_fails(void **state)
{
    struct world *w = *state;
    const struct net_address *endpoints = NULL;
    no_v4 = no_v6 = true;
    open_end(w, 0, NULL);
    no_v4 = no_v6 = false;
    open_end(w, 1, "127.0.0.1");
    assert_int_equal(lines(&w->end[0], "done without"), 2);
    assert_int_equal(paths_endpoints(w->end[0].paths, &endpoints), 0);
    tell(w, 0);
    (void)peer_path_beat(paths_peer_path(w->end[0].peer), mono_now());
    paths_pump(w->end[0].paths);
    loop_turns(&w->loop, 20);
    assert_true(paths_drops(w->end[0].paths).unsent > 0);
    assert_int_equal(lines(&w->end[0], "could not be sent"), 1);
    paths_network_changed(w->end[0].paths);
    paths_retry(w->end[0].paths);
    loop_turns(&w->loop, 20);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_two_ends_find_each_other_and_carry_data),
        CASE(test_disabled_no_endpoint_is_told_and_no_candidate_probed),
        CASE(test_data_from_where_no_peer_was_heard_is_dropped),
        CASE(test_disco_of_a_stranger_is_dropped),
        CASE(test_disco_in_the_peers_name_is_dropped),
        CASE(test_a_packet_that_no_interface_takes_is_counted_and_said),
        CASE(test_without_ipv6_there_is_ipv4),
        CASE(test_without_ipv4_there_is_ipv6),
        CASE(test_without_any_socket_there_are_no_endpoints_and_nothing_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
