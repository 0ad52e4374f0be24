#include "net/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/log_limit.h"

#include <cmocka.h>

static int set_up(void **state)
{
    static struct log log;
    log_init(&log, LOG_INFO);
    *state = &log;
    return 0;
}

static int tear_down(void **state)
{
    log_clear(*state);
    return 0;
}

static const char *last(const struct log *log)
{
    return log->count == 0 ? "" : log->ring[(log->count - 1) % LOG_RING].text;
}

static void test_lines_below_the_level_are_not_kept(void **state)
{
    struct log *log = *state;
    log_line(log, LOG_DEBUG, LOG_DERP, "quiet");
    assert_int_equal(log->count, 0);
    log_line(log, LOG_WARN, LOG_DERP, "loud %d", 7);
    assert_int_equal(log->count, 1);
    assert_string_equal(last(log), "loud 7");
    log_line(NULL, LOG_ERROR, LOG_DERP, "nobody listens");
}

static void test_what_came_from_outside_cannot_write_to_the_terminal(void **state)
{
    struct log *log = *state;
    log_line(log, LOG_INFO, LOG_DERP, "health: %s", "\x1b[2J\nforged line\x9b\xff");
    for (const char *at = last(log); *at != '\0'; at++) {
        assert_true((unsigned char)*at >= ' ' && *at != 0x7f);
    }
}

static void test_a_long_line_is_cut(void **state)
{
    struct log *log = *state;
    char text[4 * LOG_TEXT_SIZE];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_line(log, LOG_INFO, LOG_MAIN, "%s", text);
    assert_true(strlen(last(log)) < LOG_TEXT_SIZE);
}

static void test_the_ring_keeps_the_newest(void **state)
{
    struct log *log = *state;
    for (int i = 0; i < LOG_RING + 5; i++) {
        log_line(log, LOG_INFO, LOG_MAIN, "line %d", i);
    }
    char newest[32];
    (void)snprintf(newest, sizeof newest, "line %d", LOG_RING + 4);
    assert_string_equal(last(log), newest);
    assert_string_equal(log->ring[log->count % LOG_RING].text, "line 5");
}

static void test_what_others_provoke_is_said_once_and_then_seldom(void **state)
{
    struct log *log = *state;
    struct log_limit limit = {.count = 0};
    const mono_ns start = 5 * NS_PER_SEC;
    for (unsigned i = 0; i < 1000; i++) {
        log_limited(log, &limit, start + i * NS_PER_MS, LOG_WARN, LOG_DISCO, "forged");
    }
    assert_int_equal(log->count, 1);
    assert_string_equal(last(log), "forged");
    assert_int_equal(limit.count, 1000);
    log_limited(log, &limit, start + LOG_LIMIT_S * NS_PER_SEC, LOG_WARN, LOG_DISCO, "forged");
    assert_int_equal(log->count, 2);
    assert_non_null(strstr(last(log), "forged (and 999 times more"));
    log_limited(log, &limit, start + 3 * (LOG_LIMIT_S * NS_PER_SEC), LOG_WARN, LOG_DISCO, "forged");
    assert_string_equal(last(log), "forged");
}

static void test_each_kind_has_its_own_limit(void **state)
{
    struct log *log = *state;
    struct log_limit forged = {.count = 0};
    struct log_limit repeated = {.count = 0};
    log_limited(log, &forged, NS_PER_SEC, LOG_WARN, LOG_DISCO, "forged");
    log_limited(log, &repeated, NS_PER_SEC, LOG_WARN, LOG_DISCO, "repeated");
    assert_int_equal(log->count, 2);
}

static void test_a_line_in_a_file_has_time_level_and_part(void **state)
{
    struct log *log = *state;
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    log->sink = log_to_file;
    log->owner = file;
    log_line(log, LOG_INFO, LOG_WG, "handshake done");
    (void)fclose(file);
    assert_non_null(strstr(text, "Z info  wg: handshake done\n"));
    free(text);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_lines_below_the_level_are_not_kept),
        CASE(test_what_came_from_outside_cannot_write_to_the_terminal),
        CASE(test_a_long_line_is_cut),
        CASE(test_the_ring_keeps_the_newest),
        CASE(test_what_others_provoke_is_said_once_and_then_seldom),
        CASE(test_each_kind_has_its_own_limit),
        CASE(test_a_line_in_a_file_has_time_level_and_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
