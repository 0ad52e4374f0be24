#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/transport/udp_options.h"
#include "net/transport/udp_uv.h"
#include "tests/support/loop_uv.h"

#include <cmocka.h>

/* Each test runs with both makes of the system's calls: *state is one. */

struct end {
    const struct udp_batch *batch;
    struct udp_socket *udp;
    bool echoes;
    bool closes;
    bool got;
    uint8_t bytes[64];
    size_t len;
    mono_ns when;
    struct net_address from;
    size_t count;  /* datagrams; each is to begin with its number */
    size_t wanted; /* of them */
    size_t drained;
    size_t lengths[256];
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
    const struct udp_config config = {.receive = on_datagram, .owner = end, .batch = end->batch};
    struct failure why;
    assert_int_equal(udp_socket_new(loop, ip, 0, &config, &end->udp, &why), NET_OK);
}

static void echo_over(const struct udp_batch *batch, const char *ip)
{
    uv_loop_t loop;
    struct end server = {.batch = batch, .echoes = true};
    struct end client = {.batch = batch, .closes = true};
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
    echo_over(*state, "127.0.0.1");
}

static bool has_ipv6(void)
{
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
    return err == NET_OK;
}

static void test_ipv6_works_alike(void **state)
{
    if (!has_ipv6()) {
        skip();
    }
    echo_over(*state, "::1");
}

static void test_an_empty_datagram_arrives_and_a_vast_one_is_refused(void **state)
{
    static uint8_t vast[UDP_DATAGRAM_MAX];
    uv_loop_t loop;
    struct end server = {.batch = *state};
    struct end client = {.batch = *state};
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
    uv_loop_t loop;
    struct end first = {.batch = *state};
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

/* --- batches -----------------------------------------------------------------------------------
 */

static void on_numbered(void *owner, mono_ns now, const struct net_address *from, struct span in)
{
    struct end *end = owner;
    assert_true(now >= end->when && now > 0);
    assert_true(end->count < sizeof end->lengths / sizeof *end->lengths && in.len > 0);
    assert_int_equal(in.ptr[0], (uint8_t)end->count);
    assert_int_equal(in.ptr[in.len - 1], (uint8_t)end->count);
    end->from = *from;
    end->when = now;
    end->lengths[end->count++] = in.len;
}

static void on_drained(void *owner)
{
    struct end *end = owner;
    end->drained++;
}

static void open_numbered(uv_loop_t *loop, const char *ip, struct end *end)
{
    const struct udp_config config = {
        .receive = on_numbered, .drained = on_drained, .owner = end, .batch = end->batch};
    struct failure why;
    assert_int_equal(udp_socket_new(loop, ip, 0, &config, &end->udp, &why), NET_OK);
}

static bool has_wanted(void *owner)
{
    const struct end *end = owner;
    return end->count >= end->wanted;
}

static void wait_for(uv_loop_t *loop, struct end *end, size_t count)
{
    end->wanted = count;
    loop_until_call(loop, has_wanted, end, "all datagrams");
    assert_int_equal(end->count, count);
}

static void queue_number(struct end *from, struct end *to, size_t number, size_t len)
{
    uint8_t bytes[2000];
    struct net_address at;
    udp_socket_address(to->udp, &at);
    memset(bytes, (uint8_t)number, len);
    assert_int_equal(udp_socket_queue(from->udp, &at, bytes_of(bytes, len)), NET_OK);
}

static void runs_over(const struct udp_batch *batch, const char *ip)
{
    enum { FULL = 130, SIZE = 1312, SHORT = 77 };
    uv_loop_t loop;
    struct end server = {.batch = batch};
    struct end client = {.batch = batch};
    struct net_address mine;
    assert_int_equal(uv_loop_init(&loop), 0);
    open_numbered(&loop, ip, &server);
    open_numbered(&loop, ip, &client);
    for (size_t i = 0; i < FULL; i++) { /* more than one call takes */
        queue_number(&client, &server, i, SIZE);
    }
    queue_number(&client, &server, FULL, SHORT);
    queue_number(&client, &server, FULL + 1, SIZE);
    queue_number(&client, &server, FULL + 2, SIZE);
    assert_int_equal(udp_socket_flush(client.udp), NET_OK);
    wait_for(&loop, &server, FULL + 3);
    for (size_t i = 0; i < server.count; i++) {
        assert_int_equal(server.lengths[i], i == FULL ? SHORT : SIZE);
    }
    udp_socket_address(client.udp, &mine);
    assert_true(address_equal(&server.from, &mine));
    assert_true(server.drained > 0 && server.drained < server.count);
    assert_int_equal(udp_socket_lost(client.udp), 0);
    assert_int_equal(udp_socket_overflows(server.udp), 0);
    udp_socket_close(server.udp);
    udp_socket_close(client.udp);
    loop_finish(&loop);
}

static void test_runs_arrive_whole_and_in_order(void **state)
{
    runs_over(*state, "127.0.0.1");
    if (has_ipv6()) {
        runs_over(*state, "::1");
    }
}

static void test_sizes_and_destinations_may_be_mixed(void **state)
{
    static const size_t sizes[] = {96, 96, 1312, 1312, 40, 41, 1312, 1, 96, 96, 1000, 2000, 96};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    uv_loop_t loop;
    struct end one = {.batch = *state};
    struct end other = {.batch = *state};
    struct end client = {.batch = *state};
    assert_int_equal(uv_loop_init(&loop), 0);
    open_numbered(&loop, "127.0.0.1", &one);
    open_numbered(&loop, "127.0.0.1", &other);
    open_numbered(&loop, "127.0.0.1", &client);
    for (size_t i = 0; i < COUNT; i++) { /* nobody flushes: the loop does */
        queue_number(&client, &one, i, sizes[i]);
        if (i % 3 == 0) {
            queue_number(&client, &other, i / 3, sizes[COUNT - 1 - i]);
        }
    }
    wait_for(&loop, &one, COUNT);
    wait_for(&loop, &other, (COUNT + 2) / 3);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(one.lengths[i], sizes[i]);
    }
    for (size_t i = 0; i < other.count; i++) {
        assert_int_equal(other.lengths[i], sizes[COUNT - 1 - 3 * i]);
    }
    udp_socket_close(one.udp);
    udp_socket_close(other.udp);
    udp_socket_close(client.udp);
    loop_finish(&loop);
}

/* Each of the two may be without what the other does: an old kernel, another system. */
static void test_the_makes_understand_each_other(void **state)
{
    const struct udp_batch *other =
        *state == udp_batch_portable() ? udp_batch_system() : udp_batch_portable();
    uv_loop_t loop;
    struct end server = {.batch = *state};
    struct end client = {.batch = other};
    assert_int_equal(uv_loop_init(&loop), 0);
    open_numbered(&loop, "127.0.0.1", &server);
    open_numbered(&loop, "127.0.0.1", &client);
    for (size_t i = 0; i < 60; i++) {
        queue_number(&client, &server, i, 500);
    }
    wait_for(&loop, &server, 60);
    udp_socket_close(server.udp);
    udp_socket_close(client.udp);
    loop_finish(&loop);
}

static void on_unsent(void *owner, const struct net_address *to, enum net_err why, size_t count)
{
    struct end *end = owner;
    assert_int_equal(why, NET_ERR_IO);
    assert_int_equal(to->port, 9);
    end->count += count;
}

static void test_what_cannot_be_sent_is_told(void **state)
{
    uv_loop_t loop;
    struct end client = {.batch = *state};
    const struct udp_config config = {
        .receive = on_datagram, .unsent = on_unsent, .owner = &client, .batch = *state};
    const struct net_address six = {.family = ADDRESS_V6, .ip = {[15] = 1}, .port = 9};
    struct failure why;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(udp_socket_new(&loop, "127.0.0.1", 0, &config, &client.udp, &why), NET_OK);
    assert_int_equal(udp_socket_send(client.udp, &six, bytes_text("x")), NET_ERR_IO);
    assert_int_equal(client.count, 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(udp_socket_queue(client.udp, &six, bytes_text("abc")), NET_OK);
    }
    assert_int_equal(udp_socket_flush(client.udp), NET_OK);
    assert_int_equal(client.count, 3);
    assert_int_equal(udp_socket_lost(client.udp), 3);
    udp_socket_close(client.udp);
    loop_finish(&loop);
}

static void test_it_knows_its_buffer_and_what_did_not_fit(void **state)
{
    enum { SIZE = 1312, MORE_THAN_ASKED = 2 * UDP_BUFFER_BYTES };
    uv_loop_t loop;
    struct end server = {.batch = *state};
    struct end client = {.batch = *state};
    struct net_address at;
    uint8_t bytes[SIZE] = {0};
    assert_int_equal(uv_loop_init(&loop), 0);
    open_end(&loop, "127.0.0.1", &server);
    open_end(&loop, "127.0.0.1", &client);
    size_t given = udp_socket_receive_buffer(server.udp);
    assert_true(given > 0 && given <= UDP_BUFFER_BYTES);
    udp_socket_address(server.udp, &at);
    for (size_t sent = 0; sent < MORE_THAN_ASKED; sent += SIZE) { /* and nobody reads */
        assert_int_equal(udp_socket_queue(client.udp, &at, bytes_of(bytes, SIZE)), NET_OK);
    }
    assert_int_equal(udp_socket_flush(client.udp), NET_OK);
    loop_until(&loop, &server.got, "the first of them");
    loop_turns(&loop, 1000); /* all that fitted */
    server.got = false;
    assert_int_equal(udp_socket_send(client.udp, &at, bytes_of(bytes, SIZE)), NET_OK);
    loop_until(&loop, &server.got, "the next, which tells");
    if (*state != udp_batch_portable()) {
        assert_true(udp_socket_overflows(server.udp) > 0);
    }
    udp_socket_close(server.udp);
    udp_socket_close(client.udp);
    loop_finish(&loop);
}

/* The state is a pointer to what is constant, which its type does not say. */
static int use(void **state, const struct udp_batch *batch)
{
    memcpy(state, &batch, sizeof batch);
    return 0;
}

static int use_system(void **state)
{
    return use(state, udp_batch_system());
}

static int use_portable(void **state)
{
    return use(state, udp_batch_portable());
}

int main(void)
{
#define BOTH(test)                                                                                 \
    cmocka_unit_test_setup(test, use_system), cmocka_unit_test_setup(test, use_portable)
    const struct CMUnitTest tests[] = {
        BOTH(test_a_datagram_comes_with_its_sender_and_can_be_answered),
        BOTH(test_ipv6_works_alike),
        BOTH(test_an_empty_datagram_arrives_and_a_vast_one_is_refused),
        BOTH(test_an_address_in_use_or_not_ours_is_refused_with_a_reason),
        BOTH(test_runs_arrive_whole_and_in_order),
        BOTH(test_sizes_and_destinations_may_be_mixed),
        BOTH(test_the_makes_understand_each_other),
        BOTH(test_what_cannot_be_sent_is_told),
        BOTH(test_it_knows_its_buffer_and_what_did_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
