#include "net/transport/websocket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

static struct rng_seeded seeded;

static struct websocket *open_end(enum websocket_role role)
{
    rng_seeded_init(&seeded, 11);
    return websocket_new(role, &seeded.rng);
}

/* Moves all that one end wants to send to the other, `step` bytes at a time. */
static void carry(struct websocket *from, struct websocket *to, size_t step)
{
    struct bytes out = websocket_output(from);
    while (out.len > 0) {
        size_t len = websocket_input(to, bytes_of(out.ptr, out.len < step ? out.len : step));
        if (len == 0) {
            return;
        }
        websocket_sent(from, len);
        out = websocket_output(from);
    }
}

static enum net_err read_text(struct websocket *ws, char *out, size_t size)
{
    size_t used = 0;
    for (;;) {
        size_t got = 0;
        enum net_err err = websocket_read(ws, (uint8_t *)out + used, size - 1 - used, &got);
        if (err != NET_OK) {
            out[used] = '\0';
            return err;
        }
        used += got;
    }
}

static void give(struct websocket *ws, const void *in, size_t len)
{
    assert_int_equal(websocket_input(ws, bytes_of(in, len)), len);
}

#define GIVE(ws, literal) give(ws, literal, sizeof(literal) - 1)

static void test_content_passes_both_ways_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t step = 1; step < 40; step++) {
        struct websocket *client = open_end(WEBSOCKET_CLIENT);
        struct websocket *server = open_end(WEBSOCKET_SERVER);
        char got[64];
        size_t taken = 0;
        assert_int_equal(websocket_write(client, bytes_text("hello "), &taken), NET_OK);
        assert_int_equal(websocket_write(client, bytes_text("world"), &taken), NET_OK);
        assert_int_equal(taken, 5);
        carry(client, server, step);
        assert_int_equal(read_text(server, got, sizeof got), NET_ERR_AGAIN);
        assert_string_equal(got, "hello world");
        assert_int_equal(websocket_write(server, bytes_text("back"), &taken), NET_OK);
        carry(server, client, step);
        assert_int_equal(read_text(client, got, sizeof got), NET_ERR_AGAIN);
        assert_string_equal(got, "back");
        websocket_free(client);
        websocket_free(server);
    }
}

static void test_a_client_masks_and_a_server_does_not(void **state)
{
    (void)state;
    struct websocket *client = open_end(WEBSOCKET_CLIENT);
    struct websocket *server = open_end(WEBSOCKET_SERVER);
    size_t taken = 0;
    assert_int_equal(websocket_write(client, bytes_text("aaaa"), &taken), NET_OK);
    assert_int_equal(websocket_write(client, bytes_text("aaaa"), &taken), NET_OK);
    struct bytes out = websocket_output(client);
    assert_int_equal(out.len, 20);
    assert_memory_equal(out.ptr, "\x82\x84", 2);
    assert_memory_equal(out.ptr + 10, "\x82\x84", 2);
    assert_memory_not_equal(out.ptr + 2, out.ptr + 12, 4); /* a fresh mask for each */
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(out.ptr[2 + i] ^ out.ptr[6 + i], 'a');
    }
    assert_int_equal(websocket_write(server, bytes_text("aaaa"), &taken), NET_OK);
    assert_true(bytes_equal(websocket_output(server), bytes_text("\x82\x04"
                                                                 "aaaa")));
    websocket_free(client);
    websocket_free(server);
}

static void test_pings_are_answered_with_their_content_in_the_midst_of_a_message(void **state)
{
    (void)state;
    struct websocket *ws = open_end(WEBSOCKET_CLIENT);
    struct websocket *peer = open_end(WEBSOCKET_SERVER);
    char got[64];
    GIVE(ws, "\x02\x03"
             "abc"
             "\x89\x02hi"
             "\x80\x03"
             "def");
    assert_int_equal(read_text(ws, got, sizeof got), NET_ERR_AGAIN);
    assert_string_equal(got, "abcdef");
    assert_int_equal(websocket_pings(ws), 1);
    struct bytes out = websocket_output(ws);
    assert_int_equal(out.len, 8);
    assert_memory_equal(out.ptr, "\x8a\x82", 2);
    assert_int_equal(out.ptr[2] ^ out.ptr[6], 'h');
    assert_int_equal(out.ptr[3] ^ out.ptr[7], 'i');
    carry(ws, peer, 100);
    assert_int_equal(read_text(peer, got, sizeof got), NET_ERR_AGAIN);
    assert_int_equal(websocket_pongs(peer), 1);
    websocket_free(ws);
    websocket_free(peer);
}

static void test_our_pings_are_answered(void **state)
{
    (void)state;
    struct websocket *client = open_end(WEBSOCKET_CLIENT);
    struct websocket *server = open_end(WEBSOCKET_SERVER);
    char got[8];
    websocket_ping(server);
    carry(server, client, 1);
    assert_int_equal(read_text(client, got, sizeof got), NET_ERR_AGAIN);
    carry(client, server, 1);
    assert_int_equal(read_text(server, got, sizeof got), NET_ERR_AGAIN);
    assert_int_equal(websocket_pings(client), 1);
    assert_int_equal(websocket_pongs(server), 1);
    websocket_free(client);
    websocket_free(server);
}

static void test_a_flood_of_pings_takes_bounded_memory(void **state)
{
    (void)state;
    struct websocket *ws = open_end(WEBSOCKET_CLIENT);
    uint8_t ping[127] = {0x89, 125};
    char got[8];
    for (int i = 0; i < 10000; i++) {
        give(ws, ping, sizeof ping);
        assert_int_equal(read_text(ws, got, sizeof got), NET_ERR_AGAIN);
    }
    assert_int_equal(websocket_pings(ws), 10000);
    assert_true(websocket_output(ws).len <= WEBSOCKET_OUT_MAX + WEBSOCKET_CONTROL_ROOM);
    websocket_free(ws);
}

static void test_a_message_of_any_size_passes_in_little_memory(void **state)
{
    (void)state;
    struct websocket *ws = open_end(WEBSOCKET_CLIENT);
    static uint8_t chunk[WEBSOCKET_IN_MAX];
    uint64_t total = 0;
    GIVE(ws, "\x82\x7f\x00\x00\x01\x00\x00\x00\x00\x00"); /* a terabyte */
    for (int i = 0; i < 200; i++) {
        uint8_t out[5000];
        size_t got = 0;
        assert_true(websocket_input(ws, bytes_of(chunk, sizeof chunk)) > 0);
        while (websocket_read(ws, out, sizeof out, &got) == NET_OK) {
            total += got;
        }
    }
    assert_true(total > (uint64_t)199 * WEBSOCKET_IN_MAX);
    websocket_free(ws);
}

static void test_input_that_is_not_read_is_not_taken_without_end(void **state)
{
    (void)state;
    struct websocket *ws = open_end(WEBSOCKET_CLIENT);
    static uint8_t chunk[WEBSOCKET_IN_MAX];
    assert_int_equal(websocket_input(ws, bytes_of(chunk, sizeof chunk)), sizeof chunk);
    assert_int_equal(websocket_input(ws, bytes_of(chunk, 1)), 0);
    websocket_free(ws);
}

static void test_output_is_bounded_and_goes_on_when_it_was_sent(void **state)
{
    (void)state;
    struct websocket *ws = open_end(WEBSOCKET_CLIENT);
    static const uint8_t chunk[1 << 20];
    size_t total = 0;
    size_t taken = 0;
    while (websocket_write(ws, bytes_of(chunk, sizeof chunk), &taken) == NET_OK) {
        assert_true(taken > 0 && taken <= WEBSOCKET_MESSAGE_MAX);
        total += taken;
    }
    assert_true(total > WEBSOCKET_OUT_MAX - 200 && total <= WEBSOCKET_OUT_MAX);
    assert_true(websocket_output(ws).len <= WEBSOCKET_OUT_MAX);
    size_t queued = websocket_output(ws).len;
    websocket_ping(ws); /* control frames have room of their own */
    assert_true(websocket_output(ws).len > queued);
    websocket_sent(ws, 1000);
    assert_int_equal(websocket_write(ws, bytes_of(chunk, sizeof chunk), &taken), NET_OK);
    websocket_free(ws);
}

struct violation {
    const char *name;
    const char *in;
    size_t len;
    uint16_t code; /* what we close with */
};

#define VIOLATION(name, literal, code)                                                             \
    {                                                                                              \
        name, literal, sizeof(literal) - 1, code                                                   \
    }

static void test_violations_end_it_with_the_right_code(void **state)
{
    (void)state;
    static const struct violation all[] = {
        VIOLATION("text", "\x81\x02hi", 1003),
        VIOLATION("reserved bit", "\xc2\x02hi", 1002),
        VIOLATION("masked by a server", "\x82\x82\x01\x02\x03\x04hi", 1002),
        VIOLATION("unknown data frame", "\x83\x02hi", 1002),
        VIOLATION("unknown control frame", "\x8b\x02hi", 1002),
        VIOLATION("continuation of nothing", "\x80\x02hi", 1002),
        VIOLATION("message in a message", "\x02\x01h\x82\x01i", 1002),
        VIOLATION("fragmented ping", "\x09\x01h", 1002),
        VIOLATION("long ping", "\x89\x7e\x00\x7e", 1002),
        VIOLATION("length not shortest", "\x82\x7e\x00\x05hello", 1002),
        VIOLATION("length beyond 63 bits", "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 1002),
        VIOLATION("close of one byte", "\x88\x01\x03", 1002),
        VIOLATION("close with 1005", "\x88\x02\x03\xed", 1002),
        VIOLATION("close with 999", "\x88\x02\x03\xe7", 1002),
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        for (size_t step = 1; step <= all[i].len; step++) {
            struct websocket *ws = open_end(WEBSOCKET_CLIENT);
            char got[64];
            enum net_err err = NET_ERR_AGAIN;
            for (size_t at = 0; at < all[i].len; at += step) {
                size_t left = all[i].len - at;
                give(ws, all[i].in + at, left < step ? left : step);
                err = read_text(ws, got, sizeof got);
            }
            struct bytes out = websocket_output(ws);
            if (err != NET_ERR_IO || out.len != 8 || out.ptr[0] != 0x88 ||
                (((out.ptr[2] ^ out.ptr[6]) << 8) | (out.ptr[3] ^ out.ptr[7])) != all[i].code) {
                fail_msg("%s, %zu bytes at a time", all[i].name, step);
            }
            struct failure why;
            websocket_failure(ws, &why);
            assert_int_equal(why.code, NET_ERR_IO);
            size_t taken = 0;
            assert_int_equal(websocket_write(ws, bytes_text("x"), &taken), NET_ERR_IO);
            websocket_free(ws);
        }
    }
}

static void test_a_server_wants_masks(void **state)
{
    (void)state;
    struct websocket *ws = open_end(WEBSOCKET_SERVER);
    char got[8];
    GIVE(ws, "\x82\x02hi");
    assert_int_equal(read_text(ws, got, sizeof got), NET_ERR_IO);
    assert_true(bytes_equal(websocket_output(ws), bytes_of("\x88\x02\x03\xea", 4)));
    websocket_free(ws);
}

static void check_close(const char *in, size_t len, enum net_err expected, const char *text,
                        uint16_t answer)
{
    struct websocket *peer = open_end(WEBSOCKET_CLIENT);
    char got[16];
    struct failure why;
    give(peer,
         "\x82\x03"
         "end",
         5);
    give(peer, in, len);
    assert_int_equal(read_text(peer, got, sizeof got), expected);
    assert_string_equal(got, "end"); /* content before the close comes first */
    websocket_failure(peer, &why);
    assert_int_equal(why.code, expected);
    if (strstr(why.text, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, why.text);
    }
    struct bytes out = websocket_output(peer);
    assert_int_equal(out.len, 8);
    assert_int_equal((out.ptr[2] ^ out.ptr[6]) << 8 | (out.ptr[3] ^ out.ptr[7]), answer);
    websocket_free(peer);
}

static void test_closes_are_answered_and_their_reason_told(void **state)
{
    (void)state;
    check_close("\x88\x02\x03\xe8", 4, NET_ERR_CLOSED, "1000", 1000);
    check_close("\x88\x02\x03\xe9", 4, NET_ERR_CLOSED, "1001", 1001);
    check_close("\x88\x00", 2, NET_ERR_CLOSED, "1000", 1000);
    check_close("\x88\x07\x03\xf3why\x1b", 9, NET_ERR_IO, "1011: why\xef\xbf\xbd", 1011);
    check_close("\x88\x02\x0f\xa0", 4, NET_ERR_IO, "4000", 4000);
}

static void test_a_connection_that_ends_without_a_close_is_broken(void **state)
{
    (void)state;
    static const char message[] = "\x82\x05hello";
    for (size_t len = 0; len < sizeof message; len++) {
        struct websocket *ws = open_end(WEBSOCKET_CLIENT);
        char got[16];
        give(ws, message, len);
        websocket_input_end(ws, NULL);
        assert_int_equal(read_text(ws, got, sizeof got), NET_ERR_IO);
        assert_int_equal(strlen(got), len > 2 ? len - 2 < 5 ? len - 2 : 5 : 0);
        websocket_free(ws);
    }
    struct websocket *ws = open_end(WEBSOCKET_CLIENT);
    struct failure why;
    char got[16];
    (void)failure_set(&why, NET_ERR_IO, "reset by peer");
    websocket_input_end(ws, &why);
    assert_int_equal(read_text(ws, got, sizeof got), NET_ERR_IO);
    websocket_failure(ws, &why);
    assert_string_equal(why.text, "reset by peer");
    websocket_free(ws);
}

static void test_after_our_close_nothing_is_sent_but_content_is_still_read(void **state)
{
    (void)state;
    struct websocket *ws = open_end(WEBSOCKET_SERVER);
    struct websocket *peer = open_end(WEBSOCKET_CLIENT);
    size_t taken = 0;
    char got[16];
    websocket_close(ws, 1000);
    size_t len = websocket_output(ws).len;
    websocket_close(ws, 1001);
    websocket_ping(ws);
    assert_int_equal(websocket_output(ws).len, len);
    assert_int_equal(websocket_write(ws, bytes_text("x"), &taken), NET_ERR_CLOSED);
    assert_int_equal(websocket_write(peer, bytes_text("late"), &taken), NET_OK);
    carry(peer, ws, 100);
    assert_int_equal(read_text(ws, got, sizeof got), NET_ERR_AGAIN);
    assert_string_equal(got, "late");
    carry(ws, peer, 100);
    assert_int_equal(read_text(peer, got, sizeof got), NET_ERR_CLOSED);
    carry(peer, ws, 100);
    assert_int_equal(read_text(ws, got, sizeof got), NET_ERR_CLOSED);
    websocket_free(ws);
    websocket_free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content_passes_both_ways_however_it_is_cut),
        cmocka_unit_test(test_a_client_masks_and_a_server_does_not),
        cmocka_unit_test(test_pings_are_answered_with_their_content_in_the_midst_of_a_message),
        cmocka_unit_test(test_our_pings_are_answered),
        cmocka_unit_test(test_a_flood_of_pings_takes_bounded_memory),
        cmocka_unit_test(test_a_message_of_any_size_passes_in_little_memory),
        cmocka_unit_test(test_input_that_is_not_read_is_not_taken_without_end),
        cmocka_unit_test(test_output_is_bounded_and_goes_on_when_it_was_sent),
        cmocka_unit_test(test_violations_end_it_with_the_right_code),
        cmocka_unit_test(test_a_server_wants_masks),
        cmocka_unit_test(test_closes_are_answered_and_their_reason_told),
        cmocka_unit_test(test_a_connection_that_ends_without_a_close_is_broken),
        cmocka_unit_test(test_after_our_close_nothing_is_sent_but_content_is_still_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
