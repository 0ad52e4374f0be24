#include "src/speedtest_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "net/base/text.h"
#include "tests/support/vectors.h"

#include <cmocka.h>

/* "0.00-1.00\tsec\t1000.0000\tMBits\t1000.0000\tMbits/sec\t" as words between single spaces. */
static void squeeze(const char *in, char *out, size_t size)
{
    size_t at = 0;
    for (; *in != '\0' && at + 1 < size; in++) {
        bool blank = *in == ' ' || *in == '\t';
        if (!blank || (at > 0 && out[at - 1] != ' ')) {
            out[at++] = blank ? ' ' : *in;
        }
    }
    while (at > 0 && out[at - 1] == ' ') {
        at--;
    }
    out[at] = '\0';
}

static void test_rows_are_those_of_the_genuine_command(void **state)
{
    (void)state;
    cJSON *root = vectors_load("speedtest.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "formatting"))
    {
        struct snapshot_speed_row row = {.start_ns = (uint64_t)vectors_int(item, "start_ns"),
                                         .end_ns = (uint64_t)vectors_int(item, "end_ns"),
                                         .bytes = (uint64_t)vectors_int(item, "bytes")};
        char line[SPEEDTEST_TEXT_SIZE];
        char ours[SPEEDTEST_TEXT_SIZE];
        char genuine[SPEEDTEST_TEXT_SIZE];
        speedtest_row_text(&row, 13, line);
        assert_non_null(strstr(line, vectors_text(item, "coder_interval")));
        assert_non_null(strstr(line, vectors_text(item, "coder_throughput")));
        squeeze(line, ours, sizeof ours);
        squeeze(vectors_text(item, "tailscale_row"), genuine, sizeof genuine);
        assert_string_equal(ours, genuine);
    }
    cJSON_Delete(root);
}

static void test_the_table_has_its_columns(void **state)
{
    (void)state;
    char line[SPEEDTEST_TEXT_SIZE];
    struct snapshot_speed_row row = {.end_ns = 1000069230, .bytes = 78848000};
    speedtest_row_text(&row, speedtest_width(5 * NS_PER_SEC), line);
    assert_string_equal(line, "0.00-1.00 sec  630.7840 MBits   630.7403 Mbits/sec");
    row = (struct snapshot_speed_row){
        .start_ns = 10 * NS_PER_SEC, .end_ns = 11 * NS_PER_SEC, .bytes = 125000};
    speedtest_row_text(&row, speedtest_width(30 * NS_PER_SEC), line);
    assert_string_equal(line, "10.00-11.00 sec  1.0000 MBits     1.0000 Mbits/sec");
    row = (struct snapshot_speed_row){0}; /* no time at all */
    speedtest_row_text(&row, 13, line);
    assert_string_equal(line, "0.00-0.00 sec  0.0000 MBits     0.0000 Mbits/sec");
}

static void test_the_first_line_names_the_path(void **state)
{
    (void)state;
    char text[SPEEDTEST_TEXT_SIZE];
    struct snapshot_speed_run run = {.rest_count = 3, .rest_ns = 29 * NS_PER_MS};
    text_copy(run.path_text, sizeof run.path_text, "Coder Embedded Relay");
    text_copy(run.path_code, sizeof run.path_code, "coder");
    speedtest_via_text(&run, text);
    assert_string_equal(text, "29ms via coder");
    run.path_code[0] = '\0';
    text_copy(run.path_text, sizeof run.path_text, "203.0.113.7:41641");
    run.rest_count = 0;
    speedtest_via_text(&run, text);
    assert_string_equal(text, "via 203.0.113.7:41641");
}

static void test_the_bar_never_leaves_its_frame(void **state)
{
    (void)state;
    char text[SPEEDTEST_TEXT_SIZE];
    struct snapshot_speed speed = {.run = {.started_at = NS_PER_SEC, .duration_ns = 2 * NS_PER_SEC},
                                   .rate_now = 853200000};
    speedtest_progress_text(&speed, 2 * NS_PER_SEC, text);
    assert_string_equal(text, "[###############...............] 1.0 s  853.2 Mbit/s");
    speedtest_progress_text(&speed, 9 * NS_PER_SEC, text);
    assert_string_equal(text, "[##############################] 8.0 s  853.2 Mbit/s");
    speedtest_progress_text(&speed, 0, text);
    assert_string_equal(text, "[..............................] 0.0 s  853.2 Mbit/s");
    speed.run.duration_ns = 0;
    speedtest_progress_text(&speed, 9 * NS_PER_SEC, text);
    assert_true(strlen(text) < SPEEDTEST_TEXT_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_those_of_the_genuine_command),
        cmocka_unit_test(test_the_table_has_its_columns),
        cmocka_unit_test(test_the_first_line_names_the_path),
        cmocka_unit_test(test_the_bar_never_leaves_its_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
