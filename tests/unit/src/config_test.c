#include "src/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/now.h"
#include "src/config_internal.h"

#include <cmocka.h>

static struct config config;
static struct config_problems problems;

static enum net_err parse(const char *text)
{
    return config_parse(bytes_text(text), &config, &problems);
}

/* It is refused for one thing, in that line, and the text names it. */
static void assert_problem(const char *text, size_t line, const char *named)
{
    assert_int_equal(parse(text), NET_ERR_USAGE);
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.kept[0].line, line);
    if (strstr(problems.kept[0].text, named) == NULL) {
        fail_msg("\"%s\" says nothing of \"%s\"", problems.kept[0].text, named);
    }
}

static char *printed(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    print(out);
    (void)fclose(out);
    return text;
}

static void test_what_is_printed_is_read_back_as_the_defaults(void **state)
{
    (void)state;
    struct config defaults;
    char *text = printed(config_print);
    config_init(&defaults);
    assert_int_equal(parse(text), NET_OK);
    assert_memory_equal(&config, &defaults, sizeof config);
    assert_true(strlen(text) < CONFIG_FILE_MAX / 4);
    free(text);
}

static void test_an_empty_file_is_as_good_as_none(void **state)
{
    (void)state;
    assert_int_equal(parse(""), NET_OK);
    assert_int_equal(parse(" \n\n"), NET_OK);
    assert_int_equal(parse("{}"), NET_OK);
    assert_string_equal(config.color, "auto");
    assert_int_equal(config.interval_ns, NS_PER_SEC);
}

static void test_values_are_taken_and_comments_passed_over(void **state)
{
    (void)state;
    assert_int_equal(
        parse("{\n"
              "  \"//\": [1, {\"color\": 5}], \"// color\": null,\n"
              "  \"$schema\": \"x\", \"//\": 2,\n"
              "  \"color\": \"never\", \"ascii\": true,\n"
              "  \"interval\": \"250ms\", \"keep_connected\": 12,\n"
              "  \"keys\": {\"//\": 0, \"quit\": [\"q\", \"Ctrl-X\"], \"overview\": \"T\"}\n"
              "}\n"),
        NET_OK);
    assert_string_equal(config.color, "never");
    assert_true(config.ascii);
    assert_int_equal(config.interval_ns, 250 * NS_PER_MS);
    assert_int_equal(config.keep_connected, 12);
    int index = 0;
    assert_int_equal(keys_find(&config.keys, VIEW_LOG, 'X' - '@', &index), ACTION_QUIT);
    assert_int_equal(index, 1);
    assert_int_equal(keys_find(&config.keys, VIEW_MONITOR, 'T', &index), ACTION_OVERVIEW);
    assert_int_equal(keys_find(&config.keys, VIEW_MONITOR, 'o', &index), ACTION_NONE);
}

static void test_what_is_not_known_is_named_with_its_line_and_what_was_meant(void **state)
{
    (void)state;
    assert_problem("{\n\"ascii\": true,\n\"colour\": \"auto\"\n}", 3, "did you mean color?");
    assert_problem("{\"nonsense_here\": {\"a\": [1, 2]}, \"ascii\": true}", 1, "nonsense_here");
    assert_problem("{\n\n\"keys\": {\n\"zoom_inn\": \"+\"}}", 4, "did you mean zoom_in?");
    assert_problem("{\"keys\": {\"fly\": \"+\"}}", 1, "the action fly");
    assert_problem("{\"// colour\": 1, \"\\u0063olour\": 2}", 1, "colour");
}

static void test_a_bad_value_is_named_with_its_line_and_what_is_wanted(void **state)
{
    (void)state;
    assert_problem("{\n\"color\":\n\"blue\"}", 2, "auto|always|never");
    assert_problem("{\"color\": 5}", 1, "not 5");
    assert_problem("{\"ascii\": \"yes\"}", 1, "true or false, not \"yes\"");
    assert_problem("{\"ascii\": null}", 1, "not null");
    assert_problem("{\"interval\": \"1ms\"}", 1, "\"10ms\" to \"1h\"");
    assert_problem("{\"interval\": \"soon\"}", 1, "soon");
    assert_problem("{\"interval\": 1}", 1, "not 1");
    assert_problem("{\"keep_connected\": 0}", 1, "from 1 to 64");
    assert_problem("{\"keep_connected\": 2.5}", 1, "2.5");
    assert_problem("{\"keep_connected\": 1e300}", 1, "1e+300");
    assert_problem("{\"keep_connected\": -1}", 1, "-1");
    assert_problem("{\"color\": [\"auto\", {\"a\": 1}]}", 1, "a list");
    assert_problem("[1, 2]", 1, "an object");
}

static void test_settings_of_a_section_stand_in_it(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"latency\": {\"//\": 1, \"good\": \"50ms\", \"samples\": 5}}"),
                     NET_OK);
    assert_int_equal(config.good_ns, 50 * NS_PER_MS);
    assert_int_equal(config.grade_samples, 5);
    assert_problem("{\n\"latency\": {\n\"god\": \"50ms\"}}", 3, "did you mean latency.good?");
    assert_problem("{\"latency\": 5}", 1, "latency wants an object");
    assert_problem("{\"latency\": {\"poor\": 5}}", 1, "latency.poor wants a time");
    assert_problem("{\"latency.good\": \"50ms\"}", 1, "latency.good");
    assert_problem("{\"latency\": {\"good\": \"1s\"}}", 0, "more than latency.poor");
    assert_problem("{\"latency\": {},\n\"latency\": {}}", 2, "given twice");
}

static void test_a_name_given_twice_is_a_problem(void **state)
{
    (void)state;
    assert_problem("{\n\"ascii\": true,\n\"ascii\": false\n}", 3, "ascii is given twice");
    assert_problem("{\"keys\": {\n\"quit\": \"q\",\n\"quit\": \"x\"}}", 3, "keys.quit");
}

static void test_keys_that_mean_two_things_or_nothing_are_problems(void **state)
{
    (void)state;
    assert_problem("{\n\"keys\": {\"quit\": \"s\"}}", 2, "s is bound to both");
    assert_problem("{\"keys\": {\"quit\": [], \"quit_keep\": []}}", 1, "no key is left for quit");
    assert_problem("{\"keys\": {\"quit\": [\"q\",\n\"Hyper-q\"]}}", 2, "no key \"Hyper-q\"");
    assert_problem("{\"keys\": {\"quit\": [5]}}", 1, "names of keys");
    assert_problem("{\"keys\": {\"quit\": {\"a\": \"b\"}}}", 1, "names of keys");
    assert_problem("{\"keys\": {\"zoom_in\": \"Ctrl-C\"}}", 1, "Ctrl-C always quits");
    assert_problem("{\"keys\": [1]}", 1, "keys wants an object");
    assert_problem(
        "{\"keys\": {\"quit\": [\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"0\"]}}", 1,
        "9 keys at most");
    assert_int_equal(parse("{\"keys\": {\"quit\": \"s\", \"test\": [], \"sort\": []}}"), NET_OK);
}

static void test_what_is_no_json_is_named_with_its_line(void **state)
{
    (void)state;
    assert_problem("{\n\"ascii\": true,\n\"color\" \"auto\"\n}", 3, "near: \"auto\"");
    assert_problem("{\n\"ascii\": true", 2, "not JSON");
    assert_problem("{}\nx", 2, "near: x");
    assert_problem("{\"a\": \"\x1b[2J", 1, "not JSON");
}

static void test_all_problems_are_told_up_to_a_limit(void **state)
{
    (void)state;
    assert_int_equal(parse("{\n\"a\": 1,\n\"ascii\": 2,\n\"b\": [\n{\"c\": \n1}],\n\"color\": 0}"),
                     NET_ERR_USAGE);
    assert_int_equal(problems.count, 4);
    assert_int_equal(problems.kept[1].line, 3);
    assert_int_equal(problems.kept[2].line, 4);
    assert_int_equal(problems.kept[3].line, 7);
    assert_string_equal(config.color, "auto");
    char text[2000] = "{\"//\": 0";
    for (size_t i = 0; i < 100; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, ", \"odd%zu\": 1", i);
    }
    (void)snprintf(text + strlen(text), sizeof text - strlen(text), "}");
    assert_int_equal(parse(text), NET_ERR_USAGE);
    assert_int_equal(problems.count, 100);
}

static void test_hostile_text_is_made_safe_and_bounded(void **state)
{
    (void)state;
    assert_problem("{\"\\u001b]0;x\\u0007\": 1}", 1, "\xef\xbf\xbd]0;x");
    assert_null(strchr(problems.kept[0].text, 27));
    assert_problem("{\"// deep\": [[[[[[[[[1]]]]]]]]]}", 0, "too deep");
    char *large = calloc(1, CONFIG_FILE_MAX + 2);
    assert_non_null(large);
    memset(large, ' ', CONFIG_FILE_MAX + 1);
    assert_problem(large, 0, "larger than");
    large[CONFIG_FILE_MAX] = '\0';
    assert_int_equal(parse(large), NET_OK);
    memset(large, '[', CONFIG_FILE_MAX);
    assert_int_equal(parse(large), NET_ERR_USAGE);
    free(large);
}

static void test_every_shorter_text_is_refused_with_a_line_of_it(void **state)
{
    (void)state;
    char *text = printed(config_print);
    size_t len = strlen(text) - 1; /* without the last newline */
    for (size_t i = 1; i < len; i++) {
        struct bytes cut = {(const uint8_t *)text, i};
        assert_int_equal(config_parse(cut, &config, &problems), NET_ERR_USAGE);
        assert_in_range(problems.kept[0].line, 1, json_line_at(cut, i));
    }
    free(text);
}

static void test_the_lines_of_values_are_those_where_they_begin(void **state)
{
    (void)state;
    static const char text[] =
        "\n{\"a\":\n1, \"b\": [true,\n\"x\\\"\\n\", {\n}], \n\n\"c\"\n:\n-1e5}";
    static const size_t expected[] = {2, 2, 3, 3, 4, 4, 7};
    size_t lines[16];
    assert_int_equal(json_lines(bytes_text(text), lines, 16), 7);
    assert_memory_equal(lines, expected, sizeof expected);
    assert_int_equal(json_lines(bytes_text("\"open\\"), lines, 16), 1);
}

static const char *home_env(const char *name)
{
    return strcmp(name, "HOME") == 0 ? "/h" : NULL;
}

static const char *xdg_env(const char *name)
{
    return strcmp(name, "HOME") == 0 ? "/h" : "/x";
}

static const char *relative_env(const char *name)
{
    return strcmp(name, "HOME") == 0 ? "/h" : "x";
}

static const char *no_env(const char *name)
{
    (void)name;
    return NULL;
}

static void test_the_file_is_where_xdg_says(void **state)
{
    (void)state;
    char path[CONFIG_PATH];
    config_path(NULL, home_env, path);
    assert_string_equal(path, "/h/.config/derptop/config.json");
    config_path(NULL, xdg_env, path);
    assert_string_equal(path, "/x/derptop/config.json");
    config_path(NULL, relative_env, path);
    assert_string_equal(path, "/h/.config/derptop/config.json");
    config_path(NULL, no_env, path);
    assert_string_equal(path, "");
    config_path("mine", xdg_env, path);
    assert_string_equal(path, "mine");
}

static void test_a_file_that_is_not_there_is_no_problem_unless_it_was_named(void **state)
{
    (void)state;
    assert_int_equal(config_load("/nonexistent/config.json", false, &config, &problems), NET_OK);
    assert_int_equal(config_load("", false, &config, &problems), NET_OK);
    assert_int_equal(config_load("/nonexistent/config.json", true, &config, &problems),
                     NET_ERR_USAGE);
    assert_string_equal(problems.kept[0].text, "cannot be read");
    assert_int_equal(config_load("/", false, &config, &problems), NET_ERR_USAGE);
    assert_int_equal(config_load("/dev/null", true, &config, &problems), NET_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_printed_is_read_back_as_the_defaults),
        cmocka_unit_test(test_an_empty_file_is_as_good_as_none),
        cmocka_unit_test(test_values_are_taken_and_comments_passed_over),
        cmocka_unit_test(test_what_is_not_known_is_named_with_its_line_and_what_was_meant),
        cmocka_unit_test(test_a_bad_value_is_named_with_its_line_and_what_is_wanted),
        cmocka_unit_test(test_settings_of_a_section_stand_in_it),
        cmocka_unit_test(test_a_name_given_twice_is_a_problem),
        cmocka_unit_test(test_keys_that_mean_two_things_or_nothing_are_problems),
        cmocka_unit_test(test_what_is_no_json_is_named_with_its_line),
        cmocka_unit_test(test_all_problems_are_told_up_to_a_limit),
        cmocka_unit_test(test_hostile_text_is_made_safe_and_bounded),
        cmocka_unit_test(test_every_shorter_text_is_refused_with_a_line_of_it),
        cmocka_unit_test(test_the_lines_of_values_are_those_where_they_begin),
        cmocka_unit_test(test_the_file_is_where_xdg_says),
        cmocka_unit_test(test_a_file_that_is_not_there_is_no_problem_unless_it_was_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
