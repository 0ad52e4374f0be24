#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/backoff.h"
#include "net/base/buf.h"
#include "net/base/text.h"
#include "net/base/uuid.h"

#include <cmocka.h>

static void test_a_reader_past_its_end_gives_zeros_and_stays_failed(void **state)
{
    (void)state;
    const uint8_t in[] = {1, 2, 3};
    struct reader r = reader_of(bytes_of(in, sizeof in));
    assert_int_equal(reader_u16(&r), 0x0102);
    assert_int_equal(reader_u16(&r), 0);
    assert_true(r.failed);
    assert_int_equal(reader_u8(&r), 0);
}

static void test_a_full_writer_writes_nothing_more(void **state)
{
    (void)state;
    uint8_t out[4] = {9, 9, 9, 9};
    struct writer w = writer_of(out, 3);
    writer_u16(&w, 0x0102);
    writer_u16(&w, 0x0304);
    writer_u8(&w, 5);
    assert_true(w.failed);
    assert_int_equal(writer_len(&w), 2);
    assert_memory_equal(out, "\x01\x02\x09\x09", 4);
}

static void test_a_queue_refuses_what_would_pass_its_limit(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    uint8_t block[600] = {7};
    assert_int_equal(buf_append(&buf, bytes_of(block, 600)), NET_OK);
    assert_int_equal(buf_append(&buf, bytes_of(block, 600)), NET_ERR_FULL);
    buf_consume(&buf, 500);
    assert_int_equal(buf_append(&buf, bytes_of(block, 600)), NET_OK);
    assert_int_equal(buf_view(&buf).len, 700);
    assert_int_equal(buf_view(&buf).ptr[100], 7);
    assert_null(buf_reserve(&buf, 301));
    buf_clear(&buf);
}

static void test_control_characters_and_bad_utf8_never_come_out(void **state)
{
    (void)state;
    char out[64];
    (void)text_clean(out, sizeof out, bytes_text("a\x1b[2J\xc2\x9b\xe2\x80\xae\xffz\xc0\x80"));
    assert_string_equal(out, "a\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"
                             "\xef\xbf\xbd\xef\xbf\xbd");
    (void)text_clean(out, sizeof out, bytes_text("caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac"));
    assert_string_equal(out, "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac");
}

static void test_text_is_cut_at_the_edge_of_a_character(void **state)
{
    (void)state;
    char out[5];
    assert_int_equal(text_clean(out, sizeof out, bytes_text("ab\xe6\x97\xa5")), 2);
    assert_string_equal(out, "ab");
    text_format(out, sizeof out, "%s", "ab\xe6\x97\xa5");
    assert_string_equal(out, "ab");
    text_format(out, sizeof out, "%s", "a\xe6\x97\xa5");
    assert_string_equal(out, "a\xe6\x97\xa5");
}

static void test_prose_that_is_cut_says_so(void **state)
{
    (void)state;
    char out[TEXT_MARKED];
    static const char fits[] = "set CODER_SESSION_TOKE.";
    text_format(out, sizeof out, "%s", fits);
    assert_string_equal(out, fits);
    text_format(out, sizeof out, "set CODER_SESSION_TOKEN, %d", 1);
    assert_string_equal(out, "set CODER_SESSION_TO\xe2\x80\xa6");
    assert_int_equal(text_clean(out, sizeof out, bytes_text("set CODER_SESSION_TOKEN, 1")), 23);
    assert_string_equal(out, "set CODER_SESSION_TO\xe2\x80\xa6");
    text_copy(out, sizeof out,
              "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
              "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5");
    assert_string_equal(out, "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
                             "\xe6\x97\xa5\xe2\x80\xa6");
}

static void test_near_names_are_near(void **state)
{
    (void)state;
    assert_int_equal(text_distance("dev1", "dev1"), 0);
    assert_int_equal(text_distance("dev1", "dve1"), 1);
    assert_int_equal(text_distance("dev1", "dev"), 1);
    assert_int_equal(text_distance("", "abc"), 3);
    assert_int_equal(text_distance("kitten", "sitting"), 3);
}

static void test_a_uuid_survives_its_text(void **state)
{
    (void)state;
    struct uuid id;
    char text[UUID_TEXT_SIZE];
    assert_int_equal(uuid_parse("3A5b2a46-b6af-4365-8859-479cedf5c885", &id), NET_OK);
    uuid_text(&id, text);
    assert_string_equal(text, "3a5b2a46-b6af-4365-8859-479cedf5c885");
    assert_int_equal(uuid_parse("3a5b2a46-b6af-4365-8859-479cedf5c88", &id), NET_ERR_MALFORMED);
    assert_int_equal(uuid_parse("3a5b2a46ab6af-4365-8859-479cedf5c885", &id), NET_ERR_MALFORMED);
}

static void test_backoff_grows_to_its_limit_and_starts_again(void **state)
{
    (void)state;
    struct rng_seeded seeded;
    rng_seeded_init(&seeded, 1);
    struct backoff backoff;
    backoff_init(&backoff, 100, 1000, 2.0);
    uint64_t delay = backoff_next(&backoff, &seeded.rng);
    assert_in_range(delay, 50, 150);
    for (int i = 0; i < 10; i++) {
        delay = backoff_next(&backoff, &seeded.rng);
    }
    assert_in_range(delay, 500, 1500);
    backoff_reset(&backoff);
    assert_in_range(backoff_next(&backoff, &seeded.rng), 50, 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reader_past_its_end_gives_zeros_and_stays_failed),
        cmocka_unit_test(test_a_full_writer_writes_nothing_more),
        cmocka_unit_test(test_a_queue_refuses_what_would_pass_its_limit),
        cmocka_unit_test(test_control_characters_and_bad_utf8_never_come_out),
        cmocka_unit_test(test_text_is_cut_at_the_edge_of_a_character),
        cmocka_unit_test(test_prose_that_is_cut_says_so),
        cmocka_unit_test(test_near_names_are_near),
        cmocka_unit_test(test_a_uuid_survives_its_text),
        cmocka_unit_test(test_backoff_grows_to_its_limit_and_starts_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
