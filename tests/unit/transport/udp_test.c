#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/transport/udp_uv.h"
#include "tests/support/loop_uv.h"

#include <cmocka.h>

struct end {
    struct udp_socket *udp;
    bool echoes;
    bool closes;
    bool got;
    uint8_t bytes[64];
    size_t len;
    mono_ns when;
    struct net_address from;
};

static void on_datagram(void *owner, mono_ns now, const struct net_address *from, struct span in)
{
    struct end *end = owner;
    end->got = true;
    end->when = now;
    end->from = *from;
    end->len = in.len < sizeof end->bytes ? in.len : sizeof end->bytes;
    memcpy(end->bytes, in.ptr, end->len);
    if (end->echoes) {
        assert_int_equal(udp_socket_send(end->udp, from, span_bytes(in)), NET_OK);
    }
    if (end->closes) {
        udp_socket_close(end->udp);
    }
}

static void open_end(uv_loop_t *loop, const char *ip, struct end *end)
{
    const struct udp_config config = {.receive = on_datagram, .owner = end};
    struct failure why;
    assert_int_equal(udp_socket_new(loop, ip, 0, &config, &end->udp, &why), NET_OK);
}

static void echo_over(const char *ip)
{
    uv_loop_t loop;
    struct end server = {.echoes = true};
    struct end client = {.closes = true};
    struct net_address at;
    struct net_address from;
    assert_int_equal(uv_loop_init(&loop), 0);
    open_end(&loop, ip, &server);
    open_end(&loop, ip, &client);
    udp_socket_address(server.udp, &at);
    udp_socket_address(client.udp, &from);
    assert_true(at.port != 0);
    mono_ns before = mono_now();
    assert_int_equal(udp_socket_send(client.udp, &at, bytes_text("hello")), NET_OK);
    loop_until(&loop, &client.got, "the echo");
    assert_int_equal(client.len, 5);
    assert_memory_equal(client.bytes, "hello", 5);
    assert_true(client.when >= server.when && server.when >= before);
    assert_memory_equal(&server.from, &from, sizeof from);
    assert_memory_equal(&client.from, &at, sizeof at);
    udp_socket_close(server.udp);
    loop_finish(&loop);
}

static void test_a_datagram_comes_with_its_sender_and_can_be_answered(void **state)
{
    (void)state;
    echo_over("127.0.0.1");
}

static void test_ipv6_works_alike(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct udp_socket *udp = NULL;
    struct failure why;
    assert_int_equal(uv_loop_init(&loop), 0);
    const struct udp_config config = {.receive = on_datagram};
    enum net_err err = udp_socket_new(&loop, "::1", 0, &config, &udp, &why);
    if (err == NET_OK) {
        udp_socket_close(udp);
    }
    loop_finish(&loop);
    if (err != NET_OK) {
        skip(); /* a machine without IPv6 */
    }
    echo_over("::1");
}

static void test_an_empty_datagram_arrives_and_a_vast_one_is_refused(void **state)
{
    (void)state;
    static uint8_t vast[UDP_DATAGRAM_MAX];
    uv_loop_t loop;
    struct end server = {0};
    struct end client = {0};
    struct net_address at;
    assert_int_equal(uv_loop_init(&loop), 0);
    open_end(&loop, "127.0.0.1", &server);
    open_end(&loop, "127.0.0.1", &client);
    udp_socket_address(server.udp, &at);
    assert_int_equal(udp_socket_send(client.udp, &at, bytes_of(vast, sizeof vast)),
                     NET_ERR_TOO_BIG);
    assert_int_equal(udp_socket_send(client.udp, &at, bytes_of(vast, 65530)), NET_ERR_TOO_BIG);
    assert_int_equal(udp_socket_send(client.udp, &at, bytes_of(vast, 0)), NET_OK);
    loop_until(&loop, &server.got, "the empty datagram");
    assert_int_equal(server.len, 0);
    udp_socket_close(server.udp);
    udp_socket_close(client.udp);
    loop_finish(&loop);
}

static void test_an_address_in_use_or_not_ours_is_refused_with_a_reason(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct end first = {0};
    struct udp_socket *udp = NULL;
    struct net_address at;
    struct failure why = {0};
    const struct udp_config config = {.receive = on_datagram};
    assert_int_equal(uv_loop_init(&loop), 0);
    open_end(&loop, "127.0.0.1", &first);
    udp_socket_address(first.udp, &at);
    assert_int_equal(udp_socket_new(&loop, "127.0.0.1", at.port, &config, &udp, &why), NET_ERR_IO);
    assert_non_null(strstr(why.text, "address already in use"));
    assert_int_equal(udp_socket_new(&loop, "nonsense", 0, &config, &udp, &why), NET_ERR_IO);
    udp_socket_close(first.udp);
    loop_finish(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_datagram_comes_with_its_sender_and_can_be_answered),
        cmocka_unit_test(test_ipv6_works_alike),
        cmocka_unit_test(test_an_empty_datagram_arrives_and_a_vast_one_is_refused),
        cmocka_unit_test(test_an_address_in_use_or_not_ours_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
