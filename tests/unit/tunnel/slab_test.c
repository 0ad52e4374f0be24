#include "net/tunnel/slab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(slab_use().in_use, 0);
    slab_trim();
    assert_int_equal(slab_use().kept, 0);
    return 0;
}

static void test_blocks_of_every_size_hold_what_they_are_asked_for(void **state)
{
    enum { SIZES = 3000 };
    uint8_t *blocks[SIZES];
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        blocks[i] = slab_alloc(i);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        memset(blocks[i], (int)i, i);
    }
    for (size_t i = 0; i < SIZES; i++) {
        for (size_t at = 0; at < i; at++) {
            assert_int_equal(blocks[i][at], (uint8_t)i);
        }
        slab_free(blocks[i]);
    }
}

static void test_what_is_freed_serves_again_and_the_system_is_not_asked(void **state)
{
    (void)state;
    void *first = slab_alloc(100);
    slab_free(first);
    uint64_t asked = slab_use().asked;
    for (int i = 0; i < 1000; i++) {
        void *block = slab_alloc(97 + (size_t)i % 60);
        assert_ptr_equal(block, first);
        slab_free(block);
    }
    assert_int_equal(slab_use().asked, asked);
}

static void test_zeroed_is_zeroed_even_when_used_before(void **state)
{
    (void)state;
    uint8_t *block = slab_alloc(64);
    memset(block, 0xff, 64);
    slab_free(block);
    block = slab_alloc_zeroed(4, 16);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(block[i], 0);
    }
    slab_free(block);
    assert_null(slab_alloc_zeroed(SIZE_MAX / 2, 3));
    assert_null(slab_alloc(SIZE_MAX));
}

static void test_there_is_an_end_to_it(void **state)
{
    enum { BLOCK = 1 << 20, MOST = SLAB_LIMIT / BLOCK };
    void *blocks[MOST];
    (void)state;
    void *kept = slab_alloc(1000);
    slab_free(kept); /* kept blocks give way */
    for (size_t i = 0; i < MOST; i++) {
        blocks[i] = slab_alloc(BLOCK);
        assert_non_null(blocks[i]);
    }
    assert_null(slab_alloc(1));
    slab_free(blocks[0]);
    blocks[0] = slab_alloc(1);
    assert_non_null(blocks[0]);
    for (size_t i = 0; i < MOST; i++) {
        slab_free(blocks[i]);
    }
    slab_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_blocks_of_every_size_hold_what_they_are_asked_for,
                                  tear_down),
        cmocka_unit_test_teardown(test_what_is_freed_serves_again_and_the_system_is_not_asked,
                                  tear_down),
        cmocka_unit_test_teardown(test_zeroed_is_zeroed_even_when_used_before, tear_down),
        cmocka_unit_test_teardown(test_there_is_an_end_to_it, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
