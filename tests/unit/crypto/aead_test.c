#include "net/crypto/aead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/rng.h"
#include "net/crypto/secret.h"

#include <cmocka.h>

enum { LONGEST = 1700 };

struct pair {
    struct aead_key seal;
    struct aead_key open;
    uint8_t *key;
    uint8_t *plain;
};

static void pair_init(struct pair *p)
{
    p->key = secret_new(AEAD_KEY_LEN);
    p->plain = malloc(LONGEST);
    rng_fill(rng_os(), p->key, AEAD_KEY_LEN);
    rng_fill(rng_os(), p->plain, LONGEST);
    aead_key_init(&p->seal, AEAD_SEALING, p->key);
    aead_key_init(&p->open, AEAD_OPENING, p->key);
}

static void pair_clear(struct pair *p)
{
    aead_key_clear(&p->seal);
    aead_key_clear(&p->open);
    aead_key_clear(&p->open); /* again is fine */
    secret_free(p->key);
    free(p->plain);
}

/* The two libraries must agree on both sides of the length at which one hands over to the other. */
static void test_every_length_gives_the_same_bytes_by_either_library(void **state)
{
    (void)state;
    struct pair p;
    uint8_t once[LONGEST + AEAD_TAG_LEN];
    uint8_t stream[LONGEST + AEAD_TAG_LEN];
    pair_init(&p);
    for (size_t len = 0; len <= LONGEST; len++) {
        uint64_t counter = UINT64_C(0x0102030405060708) + len;
        struct bytes plain = bytes_of(p.plain, len);
        aead_seal(once, p.key, counter, plain, (struct bytes){0});
        aead_key_seal(stream, &p.seal, counter, plain);
        assert_memory_equal(stream, once, len + AEAD_TAG_LEN);
        /* and back, in place */
        struct bytes sealed = bytes_of(stream, len + AEAD_TAG_LEN);
        assert_true(aead_key_open(stream, &p.open, counter, sealed));
        assert_memory_equal(stream, p.plain, len);
        aead_key_seal(stream, &p.seal, counter, bytes_of(stream, len));
        assert_memory_equal(stream, once, len + AEAD_TAG_LEN);
    }
    pair_clear(&p);
}

static void check_damage(struct pair *p, size_t len)
{
    uint8_t sealed[LONGEST + AEAD_TAG_LEN];
    uint8_t out[LONGEST];
    aead_key_seal(sealed, &p->seal, 7, bytes_of(p->plain, len));
    struct bytes all = bytes_of(sealed, len + AEAD_TAG_LEN);
    for (size_t bit = 0; bit < 8 * all.len; bit += 13) {
        sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        memset(out, 0xaa, sizeof out);
        assert_false(aead_key_open(out, &p->open, 7, all));
        assert_memory_not_equal(out, p->plain, len); /* nothing unauthentic is handed out */
        sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_false(aead_key_open(out, &p->open, 8, all));
    for (size_t cut = 0; cut < all.len; cut++) {
        assert_false(aead_key_open(out, &p->open, 7, bytes_of(sealed, cut)));
    }
    assert_true(aead_key_open(out, &p->open, 7, all)); /* and it still works */
    assert_memory_equal(out, p->plain, len);
}

static void test_damaged_and_cut_packets_do_not_open(void **state)
{
    (void)state;
    struct pair p;
    pair_init(&p);
    check_damage(&p, 64);
    check_damage(&p, 1280);
    pair_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_length_gives_the_same_bytes_by_either_library),
        cmocka_unit_test(test_damaged_and_cut_packets_do_not_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
