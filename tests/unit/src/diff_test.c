#include "src/diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

static const char down[] =
    "{\"type\":\"summary\",\"time\":\"2026-11-24T04:29:43.402Z\",\"workspace\":\"dev1\","
    "\"direction\":\"down\",\"state\":\"done\",\"overall\":{\"start_time_seconds\":0,"
    "\"end_time_seconds\":1.002,\"throughput_mbits\":803.5,\"bytes\":100663296},\"intervals\":[],"
    "\"path\":\"direct\",\"endpoint\":\"203.0.113.7:41641\",\"region\":null,"
    "\"latency_rest_ms\":6.12,\"latency_load_ms\":19.4,\"pings\":5,\"pings_lost\":1,"
    "\"packets\":200,\"packets_missing\":3}";
static const char ping[] =
    "{\"type\":\"summary\",\"time\":\"2026-11-24T04:29:49.245Z\",\"workspace\":\"dev1\","
    "\"total\":2,\"successful\":1,\"loss_percent\":50,\"p50_ms\":41.302,\"p95_ms\":44.1,"
    "\"jitter_ms\":0,\"agent_region\":\"Council Bluffs\",\"path\":\"derp\",\"endpoint\":null}";

static enum net_err take(const char *line, struct diff_file *file, struct failure *why)
{
    *file = (struct diff_file){0};
    return diff_take_line(file, bytes_text(line), why);
}

static struct diff_file taken(const char *line)
{
    struct diff_file file;
    struct failure why;
    if (take(line, &file, &why) != NET_OK) {
        fail_msg("%s: %s", line, why.text);
    }
    return file;
}

static void refused(const char *line, const char *said)
{
    struct diff_file file;
    struct failure why;
    if (take(line, &file, &why) == NET_OK || strstr(why.text, said) == NULL) {
        fail_msg("%s: \"%s\" was said", line, why.text);
    }
}

static void is(const struct diff_value *value, double wanted)
{
    assert_true(value->known);
    assert_true(value->is > wanted - 1e-9 && value->is < wanted + 1e-9);
}

static void test_a_speed_test_is_read_by_its_direction(void **state)
{
    (void)state;
    struct diff_file file = taken(down);
    const struct diff_result *result = &file.tests[DIFF_DOWN];
    assert_true(result->there && !file.tests[DIFF_UP].there && !file.tests[DIFF_PING].there);
    assert_string_equal(result->when, "2026-11-24T04:29:43.402Z");
    assert_string_equal(result->workspace, "dev1");
    is(&result->figures[DIFF_THROUGHPUT], 803.5);
    is(&result->figures[DIFF_REST], 6.12);
    is(&result->figures[DIFF_LOAD], 19.4);
    is(&result->figures[DIFF_PINGS_LOST], 20);
    is(&result->figures[DIFF_MISSING], 1.5);
    assert_false(result->figures[DIFF_P50].known);
    assert_int_equal(result->path, PATH_DIRECT);
    assert_string_equal(result->way, "203.0.113.7:41641");
    file = taken("{\"type\":\"summary\",\"time\":\"t\",\"direction\":\"up\",\"overall\":null,"
                 "\"path\":\"none\",\"pings\":0,\"pings_lost\":0}");
    assert_true(file.tests[DIFF_UP].there);
    for (size_t i = 0; i < DIFF_FIGURES; i++) {
        assert_false(file.tests[DIFF_UP].figures[i].known);
    }
}

static void test_a_ping_is_read(void **state)
{
    (void)state;
    struct diff_file file = taken(ping);
    const struct diff_result *result = &file.tests[DIFF_PING];
    assert_true(result->there && !file.tests[DIFF_DOWN].there);
    is(&result->figures[DIFF_P50], 41.302);
    is(&result->figures[DIFF_P95], 44.1);
    is(&result->figures[DIFF_JITTER], 0);
    is(&result->figures[DIFF_LOSS], 50);
    assert_int_equal(result->path, PATH_DERP);
    assert_string_equal(result->way, "Council Bluffs");
    file = taken("{\"type\":\"summary\",\"time\":\"t\",\"total\":0,\"loss_percent\":0}");
    assert_false(file.tests[DIFF_PING].figures[DIFF_LOSS].known); /* nothing was sent */
}

static void test_other_lines_are_passed_over(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{\"type\":\"pong\",\"latency_ms\":\"text\"}",
        "{\"type\":\"interval\",\"direction\":\"down\"}",
        "{\"type\":\"summary\",\"time\":\"t\",\"workspaces\":1,\"agents\":1}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct diff_file file = taken(lines[i]);
        assert_false(file.tests[DIFF_DOWN].there || file.tests[DIFF_UP].there ||
                     file.tests[DIFF_PING].there);
    }
}

static void test_what_cannot_be_is_refused(void **state)
{
    (void)state;
#define SUMMARY "{\"type\":\"summary\",\"time\":\"t\","
    refused("", "not JSON");
    refused("[]", "no object");
    refused("{\"type\":5}", "type");
    refused("{}", "type");
    refused("{\"type\":\"summary\",\"direction\":\"down\"}", "time");
    refused(SUMMARY "\"direction\":\"sideways\"}", "direction is neither");
    refused(SUMMARY "\"direction\":\"down\",\"overall\":[]}", "overall");
    refused(SUMMARY "\"direction\":\"down\",\"overall\":{\"throughput_mbits\":-1}}",
            "overall.throughput_mbits is no number");
    refused(SUMMARY "\"direction\":\"down\",\"latency_rest_ms\":1e999}", "latency_rest_ms");
    refused(SUMMARY "\"direction\":\"down\",\"latency_load_ms\":1e10}", "latency_load_ms");
    refused(SUMMARY "\"direction\":\"down\",\"latency_load_ms\":\"6\"}", "latency_load_ms");
    refused(SUMMARY "\"direction\":\"down\",\"pings\":5,\"pings_lost\":6}", "pings_lost");
    refused(SUMMARY "\"loss_percent\":5,\"total\":1,\"path\":\"pigeon\"}", "path is no path");
#undef SUMMARY
}

static void test_text_is_made_safe_and_cut(void **state)
{
    (void)state;
    struct diff_file file = taken("{\"type\":\"summary\",\"time\":\"\\u001b[2J\",\"workspace\":"
                                  "\"d\\u001b]0;x\\u0007\\u202e\",\"loss_percent\":0,\"path\":"
                                  "\"derp\",\"agent_region\":\"\\u009b31m\\r\\n\"}");
    const struct diff_result *result = &file.tests[DIFF_PING];
    const char *const texts[] = {result->when, result->workspace, result->way};
    for (size_t i = 0; i < 3; i++) {
        assert_true(texts[i][0] != '\0');
        assert_null(strpbrk(texts[i], "\x1b\x07\r\n"));
        assert_null(strstr(texts[i], "\xe2\x80\xae"));
        assert_null(strstr(texts[i], "\xc2\x9b"));
    }
}

/* Under the sanitizers: cut anywhere, and with any one byte another. */
static void test_no_damage_to_a_file_does_any(void **state)
{
    (void)state;
    static const char *const lines[] = {down, ping};
    static const char others[] = {'\0', '"', '{', '}', '[', '9', '-', 'e', '\\', (char)0xff};
    struct diff_file file;
    struct failure why;
    for (size_t n = 0; n < 2; n++) {
        size_t len = strlen(lines[n]);
        char *copy = malloc(len);
        assert_non_null(copy);
        for (size_t i = 0; i < len; i++) {
            memcpy(copy, lines[n], len);
            assert_int_not_equal(diff_take_line(&file, bytes_of(copy, i), &why), NET_OK);
            for (size_t k = 0; k < sizeof others; k++) {
                copy[i] = others[k];
                file = (struct diff_file){0};
                why.code = diff_take_line(&file, bytes_of(copy, len), &why);
            }
        }
        free(copy);
    }
}

/* --- comparing */

static struct diff_change compare(enum diff_figure figure, double before, double after)
{
    struct diff_result a = {.there = true};
    struct diff_result b = {.there = true};
    a.figures[figure] = (struct diff_value){before >= 0, before};
    b.figures[figure] = (struct diff_value){after >= 0, after};
    return diff_compare(&a, &b, figure, DIFF_THRESHOLD);
}

static void test_more_throughput_is_better_and_less_is_worse(void **state)
{
    (void)state;
    struct diff_change change = compare(DIFF_THROUGHPUT, 800, 600);
    is(&change.change, -200);
    is(&change.percent, -25);
    assert_int_equal(change.verdict, DIFF_WORSE);
    assert_int_equal(compare(DIFF_THROUGHPUT, 600, 800).verdict, DIFF_BETTER);
    assert_int_equal(compare(DIFF_THROUGHPUT, 100, 90).verdict, DIFF_SAME); /* 10 % exactly */
    assert_int_equal(compare(DIFF_THROUGHPUT, 100, 89.9).verdict, DIFF_WORSE);
    assert_int_equal(compare(DIFF_THROUGHPUT, 100, 0).verdict, DIFF_WORSE);
    change = compare(DIFF_THROUGHPUT, 0, 5);
    assert_false(change.percent.known);
    assert_int_equal(change.verdict, DIFF_BETTER);
    assert_int_equal(compare(DIFF_THROUGHPUT, 0, 0).verdict, DIFF_SAME);
}

static void test_less_latency_is_better_from_a_millisecond_on(void **state)
{
    (void)state;
    assert_int_equal(compare(DIFF_REST, 6, 7.5).verdict, DIFF_WORSE);
    assert_int_equal(compare(DIFF_REST, 7.5, 6).verdict, DIFF_BETTER);
    assert_int_equal(compare(DIFF_REST, 0.4, 0.9).verdict, DIFF_SAME); /* of no matter to anybody */
    assert_int_equal(compare(DIFF_REST, 200, 210).verdict, DIFF_SAME);
    assert_int_equal(compare(DIFF_JITTER, 0, 2).verdict, DIFF_WORSE); /* without a percentage */
}

static void test_losses_are_compared_by_points(void **state)
{
    (void)state;
    assert_int_equal(compare(DIFF_LOSS, 0, 1).verdict, DIFF_SAME);
    assert_int_equal(compare(DIFF_LOSS, 0, 1.1).verdict, DIFF_WORSE);
    assert_int_equal(compare(DIFF_LOSS, 50, 51.5).verdict, DIFF_WORSE);
    assert_int_equal(compare(DIFF_LOSS, 3, 0).verdict, DIFF_BETTER);
}

static void test_what_is_not_known_is_no_verdict_unless_nothing_went_through(void **state)
{
    (void)state;
    assert_int_equal(compare(DIFF_LOAD, 20, -1).verdict, DIFF_UNKNOWN);
    assert_int_equal(compare(DIFF_LOAD, -1, 20).verdict, DIFF_UNKNOWN);
    assert_int_equal(compare(DIFF_THROUGHPUT, -1, 20).verdict, DIFF_UNKNOWN);
    assert_int_equal(compare(DIFF_THROUGHPUT, 20, -1).verdict, DIFF_WORSE);
}

static void test_a_direct_path_is_better_than_a_relay(void **state)
{
    (void)state;
    const struct diff_result none = {.path = PATH_NONE};
    const struct diff_result relay = {.path = PATH_DERP};
    const struct diff_result direct = {.path = PATH_DIRECT};
    assert_int_equal(diff_compare_paths(&direct, &relay), DIFF_WORSE);
    assert_int_equal(diff_compare_paths(&relay, &none), DIFF_WORSE);
    assert_int_equal(diff_compare_paths(&relay, &direct), DIFF_BETTER);
    assert_int_equal(diff_compare_paths(&direct, &direct), DIFF_SAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_speed_test_is_read_by_its_direction),
        cmocka_unit_test(test_a_ping_is_read),
        cmocka_unit_test(test_other_lines_are_passed_over),
        cmocka_unit_test(test_what_cannot_be_is_refused),
        cmocka_unit_test(test_text_is_made_safe_and_cut),
        cmocka_unit_test(test_no_damage_to_a_file_does_any),
        cmocka_unit_test(test_more_throughput_is_better_and_less_is_worse),
        cmocka_unit_test(test_less_latency_is_better_from_a_millisecond_on),
        cmocka_unit_test(test_losses_are_compared_by_points),
        cmocka_unit_test(test_what_is_not_known_is_no_verdict_unless_nothing_went_through),
        cmocka_unit_test(test_a_direct_path_is_better_than_a_relay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
