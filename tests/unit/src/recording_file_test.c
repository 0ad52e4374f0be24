#include "src/recording_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "src/recording_write.h"

#include <cmocka.h>

enum { STATES = 3000 };

static FILE *stream;
static struct recording_file *file;

/* A state a second, each with a line of the log, and a probe. */
static void change(struct snapshot *s, size_t i)
{
    s->seq++;
    s->now += NS_PER_SEC;
    s->run.answered = i;
    text_format(s->notice, sizeof s->notice, "state %zu", i);
    if (s->log_count == SNAPSHOT_LOG_MAX) {
        memmove(s->log, s->log + 1, sizeof s->log[0] * --s->log_count);
        s->log_first++;
    }
    struct log_line *line = &s->log[s->log_count++];
    *line = (struct log_line){.level = LOG_INFO};
    text_format(line->text, sizeof line->text, "line %zu", i);
}

static void write_states(size_t states)
{
    struct recorder *recorder = recorder_new();
    struct snapshot *s = mem_new(sizeof *s);
    s->selected = -1;
    s->now = 5000 * NS_PER_SEC;
    for (size_t i = 0; i < states; i++) {
        change(s, i);
        recorder_take(recorder, s, stream);
    }
    recorder_end(recorder, stream);
    recorder_free(recorder);
    free(s);
}

static int set_up(void **state)
{
    (void)state;
    stream = tmpfile();
    assert_non_null(stream);
    file = recording_file_new(stream);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    recording_file_free(file);
    (void)fclose(stream);
    return 0;
}

static bool advance(void)
{
    uint64_t due = 0;
    if (!recording_file_next(file, &due)) {
        return false;
    }
    recording_file_advance(file);
    assert_true(recording_file_due(file) == due);
    return true;
}

static struct snapshot *standing(void)
{
    struct snapshot *copy = mem_new(sizeof *copy);
    memcpy(copy, recording_file_at(file, recording_file_due(file)), sizeof *copy);
    return copy;
}

static void expect_state(size_t number)
{
    char text[SNAPSHOT_TEXT];
    struct snapshot *s = standing();
    text_format(text, sizeof text, "state %zu", number);
    assert_string_equal(s->notice, text);
    assert_true(recording_file_due(file) == number * NS_PER_SEC);
    free(s);
}

static void test_each_step_back_shows_what_stood_before(void **state)
{
    (void)state;
    write_states(STATES);
    assert_true(recording_file_begin(file));
    while (advance()) {
    }
    expect_state(STATES - 1);
    for (size_t i = STATES - 1; i-- > STATES - 200;) {
        recording_file_back(file, recording_file_due(file));
        expect_state(i);
    }
    assert_true(advance()); /* and forth again */
    expect_state(STATES - 199);
}

/* Byte for byte, its log and all, from wherever one comes. */
static void test_a_state_is_the_same_whichever_way_it_was_reached(void **state)
{
    (void)state;
    static const size_t wanted[] = {0, 1, 7, 16, 17, 500, 1023, 1024, 2047, STATES - 1};
    enum { WANTED = sizeof wanted / sizeof *wanted };
    struct snapshot *seen[WANTED] = {NULL};
    size_t next = 0;
    write_states(STATES);
    assert_true(recording_file_begin(file));
    for (size_t i = 0; advance(); i++) {
        if (next < WANTED && i == wanted[next]) {
            seen[next++] = standing();
        }
    }
    assert_int_equal(next, WANTED);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < WANTED; i++) {
            size_t which = (i * 7 + round) % WANTED;
            recording_file_back(file, wanted[which] * NS_PER_SEC + 1);
            struct snapshot *now = standing();
            assert_memory_equal(now, seen[which], sizeof *now);
            free(now);
        }
    }
    for (size_t i = 0; i < WANTED; i++) {
        free(seen[i]);
    }
}

static void test_before_the_first_state_the_first_one_stands(void **state)
{
    (void)state;
    write_states(3);
    assert_true(recording_file_begin(file));
    assert_true(advance());
    recording_file_back(file, recording_file_due(file));
    expect_state(0);
    recording_file_back(file, 0);
    expect_state(0);
    assert_true(advance());
    expect_state(1);
}

static void test_from_the_beginning_all_is_played_once_more(void **state)
{
    (void)state;
    write_states(40);
    for (int i = 0; i < 3; i++) {
        size_t count = 0;
        assert_true(recording_file_begin(file));
        assert_true(recording_file_due(file) == 0);
        while (advance()) {
            count++;
        }
        assert_int_equal(count, 40);
        expect_state(39);
    }
}

static void test_what_is_broken_at_the_end_can_be_gone_back_from(void **state)
{
    (void)state;
    struct recorder *recorder = recorder_new();
    struct snapshot *s = mem_new(sizeof *s);
    s->selected = -1;
    for (size_t i = 0; i < 3; i++) {
        change(s, i);
        recorder_take(recorder, s, stream);
    }
    (void)fputs("nonsense\n", stream);
    recorder_free(recorder);
    free(s);
    assert_true(recording_file_begin(file));
    while (advance()) {
    }
    assert_int_equal(recording_file_failure(file)->code, NET_ERR_MALFORMED);
    recording_file_back(file, recording_file_due(file));
    expect_state(1);
    assert_int_equal(recording_file_failure(file)->code, NET_OK);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_each_step_back_shows_what_stood_before),
        CASE(test_a_state_is_the_same_whichever_way_it_was_reached),
        CASE(test_before_the_first_state_the_first_one_stands),
        CASE(test_from_the_beginning_all_is_played_once_more),
        CASE(test_what_is_broken_at_the_end_can_be_gone_back_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
