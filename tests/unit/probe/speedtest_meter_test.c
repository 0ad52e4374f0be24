#include "net/probe/speedtest_meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/rng.h"
#include "net/probe/speedtest_line.h"
#include "tests/support/vectors.h"

#include <cmocka.h>

static const mono_ns start = 77 * NS_PER_SEC;
static struct speedtest_meter meter;

/* The blocks of a vector, each in pieces of about `piece` bytes that come at once. An upload ends
 * with the first block after its time. */
static void play(const cJSON *item, size_t piece)
{
    uint64_t duration_ns = (uint64_t)vectors_int(item, "test_duration_ns");
    bool up = strcmp(vectors_text(item, "direction"), "upload") == 0;
    mono_ns now = start;
    const cJSON *gap = NULL;
    speedtest_meter_init(&meter, start);
    cJSON_ArrayForEach(gap, vectors_get(item, "gaps_ms"))
    {
        now += (uint64_t)gap->valuedouble * NS_PER_MS;
        for (size_t left = SPEEDTEST_BLOCK; left > 0;) {
            size_t count = left < piece ? left : piece;
            speedtest_meter_add(&meter, now, count);
            left -= count;
        }
        if (up && now - start > duration_ns) {
            break;
        }
    }
    now += (uint64_t)vectors_int(item, "eof_after_ms") * NS_PER_MS;
    if (vectors_int(item, "short_tail_bytes") > 0) {
        speedtest_meter_add(&meter, now, (size_t)vectors_int(item, "short_tail_bytes"));
    }
    speedtest_meter_tick(&meter, now);
    speedtest_meter_end(&meter);
}

static void check_row(const struct speedtest_row *row, const cJSON *expected)
{
    assert_int_equal(row->start_ns, vectors_int(expected, "start_ns"));
    assert_int_equal(row->end_ns, vectors_int(expected, "end_ns"));
    assert_int_equal(row->bytes, vectors_int(expected, "bytes"));
}

static void check_rows(const cJSON *item)
{
    const cJSON *rows = vectors_get(item, "rows");
    struct speedtest_row whole;
    int expected = cJSON_GetArraySize(rows);
    bool has_whole = speedtest_meter_whole(&meter, &whole);
    assert_int_equal(has_whole, expected > 0);
    assert_int_equal(meter.row_count, expected > 0 ? expected - 1 : 0);
    for (int i = 0; i + 1 < expected; i++) {
        check_row(&meter.rows[i], cJSON_GetArrayItem(rows, i));
    }
    if (expected > 0) {
        check_row(&whole, cJSON_GetArrayItem(rows, expected - 1));
    }
}

static void test_the_rows_are_those_of_the_genuine_client(void **state)
{
    (void)state;
    cJSON *root = vectors_load("speedtest.json");
    const cJSON *item = NULL;
    static const size_t pieces[] = {SPEEDTEST_BLOCK, 1220, 65536, 999983};
    cJSON_ArrayForEach(item, vectors_get(root, "measuring_loop"))
    {
        for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
            play(item, pieces[i]);
            check_rows(item);
        }
    }
    cJSON_Delete(root);
}

static uint64_t sliced(void)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < meter.slice_count; i++) {
        bytes += meter.slices[i];
    }
    return bytes;
}

static void test_a_line_so_slow_that_no_block_is_whole_has_a_total(void **state)
{
    (void)state;
    struct speedtest_row whole;
    speedtest_meter_init(&meter, start);
    for (uint64_t ms = 100; ms <= 5000; ms += 100) {
        speedtest_meter_add(&meter, start + ms * NS_PER_MS, 1000);
    }
    speedtest_meter_end(&meter);
    assert_false(speedtest_meter_whole(&meter, &whole));
    assert_int_equal(meter.row_count, 0);
    struct speedtest_row total = speedtest_meter_total(&meter);
    assert_int_equal(total.bytes, 50000);
    assert_int_equal(total.end_ns, 5 * NS_PER_SEC);
    assert_int_equal(speedtest_rate(total.bytes, total.end_ns - total.start_ns), 80000);
}

static void test_slices_hold_every_byte_however_long_it_takes(void **state)
{
    (void)state;
    struct rng_seeded seeded;
    rng_seeded_init(&seeded, 5);
    speedtest_meter_init(&meter, start);
    mono_ns now = start;
    uint64_t bytes = 0;
    for (int i = 0; i < 5000; i++) {
        size_t count = (size_t)rng_below(&seeded.rng, 100000);
        now += rng_below(&seeded.rng, 400) * NS_PER_MS;
        bytes += count;
        speedtest_meter_add(&meter, now, count);
        speedtest_meter_tick(&meter, now);
        assert_int_equal(sliced(), bytes);
        assert_true(meter.slice_count <= SPEEDTEST_SLICES_MAX);
        assert_true(meter.slice_count * meter.slice_ns > now - start);
        assert_true((meter.slice_count - 1) * meter.slice_ns <= now - start);
    }
    assert_true(meter.slice_ns > SPEEDTEST_SLICE_MS * NS_PER_MS);
    assert_int_equal(meter.bytes, bytes);
    speedtest_meter_tick(&meter, MONO_NEVER - 1);
    assert_int_equal(sliced(), bytes);
}

static void test_rows_beyond_the_last_place_lengthen_the_last(void **state)
{
    (void)state;
    speedtest_meter_init(&meter, start);
    uint64_t count = SPEEDTEST_ROWS_MAX + 10;
    for (uint64_t i = 1; i <= count; i++) {
        speedtest_meter_add(&meter, start + i * NS_PER_SEC, SPEEDTEST_BLOCK);
    }
    speedtest_meter_end(&meter);
    const struct speedtest_row *last = &meter.rows[SPEEDTEST_ROWS_MAX - 1];
    assert_int_equal(meter.row_count, SPEEDTEST_ROWS_MAX);
    assert_int_equal(last->end_ns, count * NS_PER_SEC);
    assert_int_equal(last->bytes, UINT64_C(11) * SPEEDTEST_BLOCK);
}

static void test_the_rate_is_that_of_the_last_second(void **state)
{
    (void)state;
    speedtest_meter_init(&meter, start);
    assert_int_equal(speedtest_meter_rate(&meter), 0);
    speedtest_meter_add(&meter, start + 50 * NS_PER_MS, 1000);
    assert_int_equal(speedtest_meter_rate(&meter), 160000); /* in 50 ms */
    for (uint64_t ms = 150; ms < 2000; ms += 100) {
        speedtest_meter_add(&meter, start + ms * NS_PER_MS, 1000);
    }
    assert_int_equal(speedtest_meter_rate(&meter), 80000);
    speedtest_meter_tick(&meter, start + 2500 * NS_PER_MS);
    assert_int_equal(speedtest_meter_rate(&meter), 40000);
    speedtest_meter_tick(&meter, start + 9000 * NS_PER_MS);
    assert_int_equal(speedtest_meter_rate(&meter), 0);
}

static void test_time_that_stands_or_goes_back_harms_nothing(void **state)
{
    (void)state;
    speedtest_meter_init(&meter, start);
    speedtest_meter_add(&meter, start + NS_PER_SEC, SPEEDTEST_BLOCK);
    speedtest_meter_add(&meter, start, SPEEDTEST_BLOCK);
    speedtest_meter_add(&meter, 0, 1);
    speedtest_meter_end(&meter);
    struct speedtest_row total = speedtest_meter_total(&meter);
    assert_int_equal(total.end_ns, NS_PER_SEC);
    assert_int_equal(total.bytes, 2 * SPEEDTEST_BLOCK + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rows_are_those_of_the_genuine_client),
        cmocka_unit_test(test_a_line_so_slow_that_no_block_is_whole_has_a_total),
        cmocka_unit_test(test_slices_hold_every_byte_however_long_it_takes),
        cmocka_unit_test(test_rows_beyond_the_last_place_lengthen_the_last),
        cmocka_unit_test(test_the_rate_is_that_of_the_last_second),
        cmocka_unit_test(test_time_that_stands_or_goes_back_harms_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
