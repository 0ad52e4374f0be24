#include "net/tunnel/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/rng.h"

#include <cmocka.h>

/* As RFC 1071, 4.1 has it. */
static uint16_t plainly(const uint8_t *at, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i += 2) {
        uint8_t pair[2] = {at[i], i + 1 < len ? at[i + 1] : 0};
        uint16_t word;
        memcpy(&word, pair, sizeof word);
        sum += word;
    }
    while (sum >> 16 != 0) {
        sum = (sum & UINT16_MAX) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void test_it_is_what_the_plain_way_gives(void **state)
{
    enum { SIZE = 1500 };
    uint8_t bytes[SIZE + 8];
    struct rng_seeded rng;
    (void)state;
    rng_seeded_init(&rng, 4);
    rng_fill(&rng.rng, bytes, sizeof bytes);
    for (size_t len = 0; len <= SIZE; len++) {
        size_t at = len % 8;
        assert_int_equal(tunnel_checksum(bytes + at, (int)len), plainly(bytes + at, len));
    }
}

static void test_no_carry_is_lost(void **state)
{
    static uint8_t bytes[65535];
    (void)state;
    memset(bytes, 0xff, sizeof bytes);
    for (size_t len = sizeof bytes - 9; len <= sizeof bytes; len++) {
        assert_int_equal(tunnel_checksum(bytes, (int)len), plainly(bytes, len));
    }
    assert_int_equal(tunnel_checksum(bytes, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_what_the_plain_way_gives),
        cmocka_unit_test(test_no_carry_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
