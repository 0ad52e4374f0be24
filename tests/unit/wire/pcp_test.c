#include "net/wire/pcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct net_address own = {.family = ADDRESS_V4, .ip = {192, 168, 1, 2}};

/* RFC 6887 7.1 and 11.1, byte by byte. */
static const uint8_t map_request[PCP_MAP_LEN] = {
    2,    1,    0,    0,    0, 0, 0x1c, 0x20, /* version, opcode, 7200 s */
    0,    0,    0,    0,    0, 0, 0,    0,    0, 0,  0xff, 0xff, 192, 168, 1,   2, /* own address */
    1,    2,    3,    4,    5, 6, 7,    8,    9, 10, 11,   12,                     /* nonce */
    17,   0,    0,    0,                                                           /* UDP */
    0xa0, 0x28, 0x12, 0x34,                                                        /* ports */
    0,    0,    0,    0,    0, 0, 0,    0,    0, 0,  0xff, 0xff, 203, 0,   113, 5};

static const uint8_t map_reply[PCP_MAP_LEN] = {
    2,    0x81, 0, 0, 0, 0, 0x0e, 0x10,                                    /* result 0, 3600 s */
    0,    0,    1, 2, 0, 0, 0,    0,    0, 0,  0,  0,  0,    0,    0,   0, /* epoch */
    1,    2,    3, 4, 5, 6, 7,    8,    9, 10, 11, 12, 17,   0,    0,   0, 0xa0, 0x28,
    0x12, 0x34, 0, 0, 0, 0, 0,    0,    0, 0,  0,  0,  0xff, 0xff, 203, 0, 113,  5};

static void test_requests_are_those_of_the_rfc(void **state)
{
    (void)state;
    uint8_t memory[PCP_MAP_LEN];
    const struct pcp_map map = {
        .nonce = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
        .internal_port = 0xa028,
        .external = {.family = ADDRESS_V4, .ip = {203, 0, 113, 5}, .port = 0x1234}};
    struct writer out = writer_of(memory, sizeof memory);
    pcp_map_encode(&out, &own, &map, 7200);
    assert_false(out.failed);
    assert_int_equal(writer_len(&out), PCP_MAP_LEN);
    assert_memory_equal(memory, map_request, PCP_MAP_LEN);

    struct pcp_map wish_of_none = map;
    wish_of_none.external = (struct net_address){0};
    out = writer_of(memory, sizeof memory);
    pcp_map_encode(&out, &own, &wish_of_none, 7200);
    assert_memory_equal(memory + 42, "\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\0", 18);

    out = writer_of(memory, sizeof memory);
    pcp_announce_encode(&out, &own);
    assert_int_equal(writer_len(&out), PCP_HEADER_LEN);
    assert_memory_equal(memory, "\x02\0\0\0\0\0\0\0", 8);
    assert_memory_equal(memory + 8, map_request + 8, 16);
}

static void test_a_mapping_is_read(void **state)
{
    (void)state;
    struct pcp_reply reply;
    assert_int_equal(pcp_reply_decode(bytes_of(map_reply, sizeof map_reply), &reply), NET_OK);
    assert_int_equal(reply.opcode, PCP_MAP);
    assert_int_equal(reply.result, PCP_SUCCESS);
    assert_int_equal(reply.lifetime_s, 3600);
    assert_int_equal(reply.epoch_s, 0x102);
    assert_int_equal(reply.map.internal_port, 0xa028);
    assert_memory_equal(reply.map.nonce.b, map_request + 24, PCP_NONCE_LEN);
    assert_int_equal(reply.map.external.family, ADDRESS_V4);
    assert_int_equal(reply.map.external.port, 0x1234);
    assert_memory_equal(reply.map.external.ip, "\xcb\x00\x71\x05", 4);
}

static void test_options_may_follow_and_an_error_may_be_short(void **state)
{
    (void)state;
    struct pcp_reply reply;
    uint8_t longer[PCP_MAP_LEN + 4] = {0};
    uint8_t refused[PCP_HEADER_LEN] = {2, 0x81, 0, PCP_NOT_AUTHORIZED};
    memcpy(longer, map_reply, sizeof map_reply);
    assert_int_equal(pcp_reply_decode(bytes_of(longer, sizeof longer), &reply), NET_OK);
    assert_int_equal(pcp_reply_decode(bytes_of(refused, sizeof refused), &reply), NET_OK);
    assert_int_equal(reply.result, PCP_NOT_AUTHORIZED);
    assert_int_equal(reply.map.internal_port, 0);
}

static void test_what_is_cut_too_long_or_no_reply_is_refused(void **state)
{
    (void)state;
    static uint8_t packet[PCP_PACKET_MAX + 4];
    struct pcp_reply reply = {.epoch_s = 77};
    memcpy(packet, map_reply, sizeof map_reply);
    for (size_t len = 0; len < sizeof map_reply; len++) {
        assert_int_equal(pcp_reply_decode(bytes_of(packet, len), &reply), NET_ERR_MALFORMED);
    }
    assert_int_equal(pcp_reply_decode(bytes_of(packet, 62), &reply), NET_ERR_MALFORMED);
    assert_int_equal(pcp_reply_decode(bytes_of(packet, PCP_PACKET_MAX + 4), &reply),
                     NET_ERR_MALFORMED);
    packet[0] = 1;
    assert_int_equal(pcp_reply_decode(bytes_of(packet, 60), &reply), NET_ERR_MALFORMED);
    packet[0] = 2;
    packet[1] = 1;
    assert_int_equal(pcp_reply_decode(bytes_of(packet, 60), &reply), NET_ERR_MALFORMED);
    packet[1] = 0x82;
    assert_int_equal(pcp_reply_decode(bytes_of(packet, 60), &reply), NET_ERR_UNSUPPORTED);
    packet[1] = 0x81;
    packet[36] = 6; /* TCP */
    assert_int_equal(pcp_reply_decode(bytes_of(packet, 60), &reply), NET_ERR_UNSUPPORTED);
    assert_int_equal(reply.epoch_s, 77);
    packet[36] = 17;
    assert_int_equal(pcp_reply_decode(bytes_of(packet, 60), &reply), NET_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_are_those_of_the_rfc),
        cmocka_unit_test(test_a_mapping_is_read),
        cmocka_unit_test(test_options_may_follow_and_an_error_may_be_short),
        cmocka_unit_test(test_what_is_cut_too_long_or_no_reply_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
