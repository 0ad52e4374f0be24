#include "net/wire/natpmp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_written(const struct writer *out, const void *want, size_t len)
{
    assert_false(out->failed);
    assert_int_equal(writer_len(out), len);
    assert_memory_equal(out->start, want, len);
}

static void test_requests_are_those_of_the_rfc(void **state)
{
    (void)state;
    uint8_t memory[NATPMP_REQUEST_MAX];
    struct writer out = writer_of(memory, sizeof memory);
    natpmp_external_encode(&out);
    assert_written(&out, "\0\0", 2);
    out = writer_of(memory, sizeof memory);
    natpmp_map_encode(&out, 0x1234, 0xabcd, 7200);
    assert_written(&out, "\x00\x01\x00\x00\x12\x34\xab\xcd\x00\x00\x1c\x20", 12);
    out = writer_of(memory, 11);
    natpmp_map_encode(&out, 1, 0, 0);
    assert_true(out.failed);
}

static enum net_err decode(const char *bytes, size_t len, struct natpmp_reply *out)
{
    return natpmp_reply_decode(bytes_of(bytes, len), out);
}

static void test_replies_are_read(void **state)
{
    (void)state;
    struct natpmp_reply reply;
    static const char address[] = "\x00\x80\x00\x00\x00\x00\x01\x02\xcb\x00\x71\x05";
    static const char mapped[] = "\x00\x81\x00\x00\x00\x00\x01\x02\x12\x34\xab\xcd\x00\x00\x0e\x10";
    assert_int_equal(decode(address, 12, &reply), NET_OK);
    assert_int_equal(reply.opcode, NATPMP_EXTERNAL_ADDRESS);
    assert_int_equal(reply.epoch_s, 0x102);
    assert_int_equal(reply.external.family, ADDRESS_V4);
    assert_memory_equal(reply.external.ip, "\xcb\x00\x71\x05", 4);
    assert_int_equal(decode(mapped, 16, &reply), NET_OK);
    assert_int_equal(reply.opcode, NATPMP_MAP_UDP);
    assert_int_equal(reply.internal_port, 0x1234);
    assert_int_equal(reply.external_port, 0xabcd);
    assert_int_equal(reply.lifetime_s, 3600);
    assert_int_equal(reply.external.family, ADDRESS_NONE);
    assert_int_equal(decode("\x00\x81\x00\x02\x00\x00\x00\x09", 8, &reply), NET_OK);
    assert_int_equal(reply.result, NATPMP_NOT_AUTHORISED);
    assert_int_equal(reply.external_port, 0);
}

static void test_what_is_cut_or_no_reply_is_refused(void **state)
{
    (void)state;
    struct natpmp_reply reply = {.epoch_s = 77};
    static const char mapped[] = "\x00\x81\x00\x00\x00\x00\x01\x02\x12\x34\xab\xcd\x00\x00\x0e\x10";
    static const char address[] = "\x00\x80\x00\x00\x00\x00\x01\x02\xcb\x00\x71\x05";
    for (size_t len = 0; len < 16; len++) {
        assert_int_equal(decode(mapped, len, &reply), NET_ERR_MALFORMED);
    }
    for (size_t len = 0; len < 12; len++) {
        assert_int_equal(decode(address, len, &reply), NET_ERR_MALFORMED);
    }
    assert_int_equal(decode("\x00\x01\x00\x00\x12\x34\x00\x00\x00\x00\x1c\x20", 12, &reply),
                     NET_ERR_MALFORMED); /* a request */
    assert_int_equal(decode("\x02\x80\x00\x00\x00\x00\x01\x02\xcb\x00\x71\x05", 12, &reply),
                     NET_ERR_MALFORMED); /* of PCP */
    assert_int_equal(decode("\x00\x82\x00\x00\x00\x00\x01\x02", 8, &reply), NET_ERR_UNSUPPORTED);
    assert_int_equal(reply.epoch_s, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_are_those_of_the_rfc),
        cmocka_unit_test(test_replies_are_read),
        cmocka_unit_test(test_what_is_cut_or_no_reply_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
