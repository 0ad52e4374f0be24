/*
 * The lwIP that net/fetch_lwip got is new enough, was compiled with our settings, and moves bytes:
 * a TCP connection over its loopback interface.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <lwip/init.h>
#include <lwip/ip6_addr.h>
#include <lwip/netif.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>

#include <cmocka.h>

enum { PORT = 4242, TURNS_MAX = 1000 };

static const char greeting[] = "hello through lwIP";
static char received[64];
static size_t received_len;
static uint32_t virtual_ms; /* lwIP's clock; the loop below moves it */

/* lwIP's port interface names it. NOLINTNEXTLINE(readability-identifier-naming) */
u32_t sys_now(void)
{
    return virtual_ms;
}

static err_t take(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t err)
{
    (void)arg;
    if (data == NULL || err != ERR_OK) {
        return ERR_OK;
    }
    received_len += pbuf_copy_partial(data, received + received_len,
                                      (u16_t)(sizeof(received) - received_len), 0);
    tcp_recved(pcb, data->tot_len);
    pbuf_free(data);
    return ERR_OK;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg;
    (void)err;
    tcp_recv(pcb, take);
    return ERR_OK;
}

static err_t connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg;
    (void)err;
    return tcp_write(pcb, greeting, sizeof(greeting), TCP_WRITE_FLAG_COPY);
}

static void test_it_is_the_2_1_series_or_newer(void **state)
{
    (void)state;
    assert_true(LWIP_VERSION_MAJOR * 100 + LWIP_VERSION_MINOR >= 201);
}

static void test_windows_of_megabytes_are_compiled_in(void **state)
{
    (void)state;
    assert_true(TCP_WND > 0xffff);
    assert_true((tcpwnd_size_t)TCP_WND == TCP_WND); /* 16 bits would have cut it */
}

static void test_a_connection_over_its_loopback_moves_bytes(void **state)
{
    (void)state;
    struct tcp_pcb *listener = tcp_new_ip_type(IPADDR_TYPE_V6);
    ip_addr_t loopback;
    IP_ADDR6(&loopback, 0, 0, 0, PP_HTONL(1));
    assert_int_equal(tcp_bind(listener, &loopback, PORT), ERR_OK);
    listener = tcp_listen(listener);
    assert_non_null(listener);
    tcp_accept(listener, accepted);
    struct tcp_pcb *client = tcp_new_ip_type(IPADDR_TYPE_V6);
    assert_int_equal(tcp_connect(client, &loopback, PORT, connected), ERR_OK);
    for (int turn = 0; turn < TURNS_MAX && received_len < sizeof(greeting); turn++) {
        netif_poll_all();
        virtual_ms += 10;
        sys_check_timeouts();
    }
    assert_int_equal(received_len, sizeof(greeting));
    assert_string_equal(received, greeting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_the_2_1_series_or_newer),
        cmocka_unit_test(test_windows_of_megabytes_are_compiled_in),
        cmocka_unit_test(test_a_connection_over_its_loopback_moves_bytes),
    };
    lwip_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
