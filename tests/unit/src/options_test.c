#include "src/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/now.h"

#include <cmocka.h>

static char words[512];
static char *arguments[32];

/* Splits "a b c" after the program's name and parses it. */
static enum net_err parse(const char *line, struct options *out, struct failure *why)
{
    static char name[] = "derptop";
    int argc = 0;
    char *rest = NULL;
    *why = (struct failure){.code = NET_OK};
    (void)snprintf(words, sizeof words, "%s", line);
    arguments[argc++] = name;
    for (char *word = strtok_r(words, " ", &rest); word != NULL && argc < 31;
         word = strtok_r(NULL, " ", &rest)) {
        arguments[argc++] = word;
    }
    arguments[argc] = NULL;
    return options_parse(argc, arguments, out, why);
}

static struct options parsed(const char *line)
{
    struct options out;
    struct failure why;
    if (parse(line, &out, &why) != NET_OK) {
        fail_msg("%s: %s", line, why.text);
    }
    return out;
}

static void refused(const char *line, const char *said)
{
    struct options out;
    struct failure why;
    if (parse(line, &out, &why) != NET_ERR_USAGE || strstr(why.text, said) == NULL) {
        fail_msg("%s: \"%s\" was said", line, why.text);
    }
}

static void test_alone_it_is_the_monitor_with_its_defaults(void **state)
{
    (void)state;
    struct options out = parsed("");
    assert_int_equal(out.command, OPTIONS_MONITOR);
    assert_null(out.target);
    assert_null(out.color); /* the settings file says */
    assert_true(out.interval_ns == 0);
    assert_true(out.wait_ns == NS_PER_SEC);
    assert_true(out.timeout_ns == 5 * NS_PER_SEC);
    assert_int_equal(out.num, 0);
    assert_false(out.lab || out.json || out.verbose || out.disable_direct);
}

static void test_the_first_word_is_a_command_or_a_workspace(void **state)
{
    (void)state;
    assert_int_equal(parsed("list").command, OPTIONS_LIST);
    assert_int_equal(parsed("netcheck").command, OPTIONS_NETCHECK);
    struct options out = parsed("me/dev1.main");
    assert_int_equal(out.command, OPTIONS_MONITOR);
    assert_string_equal(out.target, "me/dev1.main");
    out = parsed("ping list"); /* a workspace may be called so */
    assert_int_equal(out.command, OPTIONS_PING);
    assert_string_equal(out.target, "list");
    out = parsed("--url http://x ping -- -dev");
    assert_int_equal(out.command, OPTIONS_PING);
    assert_string_equal(out.target, "-dev");
    refused("ping", "WORKSPACE");
    refused("ping a b", "\"b\"");
    refused("list a", "no WORKSPACE");
    refused("netcheck a", "no WORKSPACE");
}

static void test_values_stand_beside_or_behind_their_flag(void **state)
{
    (void)state;
    static const char *const same[] = {"ping d -n 5 -t 2s", "ping d -n5 -t2s",
                                       "ping d --num=5 --timeout=2s",
                                       "--num 5 ping --timeout 2s d"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct options out = parsed(same[i]);
        assert_int_equal(out.num, 5);
        assert_true(out.timeout_ns == 2 * NS_PER_SEC);
        assert_string_equal(out.target, "d");
    }
    struct options out = parsed("ping d -vn3");
    assert_true(out.verbose);
    assert_int_equal(out.num, 3);
    assert_string_equal(parsed("--url= x").url, "");
    refused("ping d -n", "--num wants a value");
    refused("ping d --timeout", "--timeout wants a value");
    refused("list --json=yes", "--json takes no value");
}

static void test_bad_values_are_named(void **state)
{
    (void)state;
    static const char *const counts[] = {"-1", "1.5", "many", "0x10", "99999999999999999999", "5s"};
    static const char *const times[] = {"0", "9ms", "-1s", "25h", "soon", "1"};
    char line[64];
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        (void)snprintf(line, sizeof line, "ping d --num %s", counts[i]);
        refused(line, counts[i]);
    }
    for (size_t i = 0; i + 1 < sizeof times / sizeof *times; i++) {
        (void)snprintf(line, sizeof line, "ping d --wait %s", times[i]);
        refused(line, times[i]);
    }
    assert_true(parsed("ping d --wait 1").wait_ns == NS_PER_SEC);
    refused("--color blue", "\"blue\"");
    assert_string_equal(parsed("--color never").color, "never");
}

static void test_ping_may_require_a_way(void **state)
{
    (void)state;
    assert_null(parsed("ping d").require);
    assert_false(parsed("ping d").until_direct);
    assert_string_equal(parsed("ping d --require direct").require, "direct");
    assert_string_equal(parsed("ping d --require=any").require, "any");
    assert_true(parsed("ping d --until-direct").until_direct);
    refused("ping d --require derp", "direct|any");
    refused("doctor d --require any", "--require");
}

static void test_status_is_once_or_watched(void **state)
{
    (void)state;
    struct options out = parsed("status d");
    assert_int_equal(out.command, OPTIONS_STATUS);
    assert_false(out.watch);
    assert_true(out.timeout_ns == 5 * NS_PER_SEC);
    out = parsed("status -wt 30s d --ascii");
    assert_true(out.watch && out.ascii);
    assert_true(out.timeout_ns == 30 * NS_PER_SEC);
    refused("status", "which one?");
    refused("ping d --watch", "--watch");
    refused("status d --num 3", "--num");
}

static void test_two_files_are_compared(void **state)
{
    (void)state;
    struct options out = parsed("diff a.json b.json");
    assert_int_equal(out.command, OPTIONS_DIFF);
    assert_string_equal(out.targets[0], "a.json");
    assert_string_equal(out.targets[1], "b.json");
    assert_int_equal(out.threshold, 10);
    assert_int_equal(parsed("diff a b --threshold 0").threshold, 0);
    refused("diff a", "which two?");
    refused("diff a b c", "\"c\" is a third");
    refused("diff a b --threshold -5", "whole number");
    refused("diff a b --url x", "--url");
    refused("replay a b", "\"b\" is a second");
}

static void test_unknown_flags_bring_the_nearest(void **state)
{
    (void)state;
    refused("list --jsn", "--json");
    refused("ping d --timout=2s", "--timeout");
    refused("--somewhatelse", "unknown flag --somewhatelse; see");
    refused("-x", "unknown flag -x");
    refused("ping d -vx", "unknown flag -x");
}

static void test_a_command_with_a_slip_brings_the_nearest(void **state)
{
    (void)state;
    refused("statsu dev1", "unknown command \"statsu\"; did you mean status?");
    refused("pnig dev1", "did you mean ping?");
    refused("dev1 dev2", "one WORKSPACE is wanted");
    refused("ping pnig dev1", "one WORKSPACE is wanted");
    assert_string_equal(parsed("statsu").target, "statsu"); /* a workspace may be called so */
}

static void test_a_flag_of_another_command_is_refused(void **state)
{
    (void)state;
    refused("list --wait 1s", "--wait");
    refused("ping d --lab", "--lab");
    refused("--json", "--json");
    assert_true(parsed("netcheck --json").json);
}

static void test_headers_repeat_up_to_a_limit(void **state)
{
    (void)state;
    struct options out = parsed("--header A=1 --header=B=2 list");
    assert_int_equal(out.header_count, 2);
    assert_string_equal(out.headers[0], "A=1");
    assert_string_equal(out.headers[1], "B=2");

    char *argv[SETTINGS_HEADERS_MAX + 4];
    static char name[] = "derptop";
    static char header[] = "--header=A=1";
    struct failure why;
    int argc = 0;
    argv[argc++] = name;
    for (int i = 0; i <= SETTINGS_HEADERS_MAX; i++) {
        argv[argc++] = header;
    }
    assert_int_equal(options_parse(argc - 1, argv, &out, &why), NET_OK);
    assert_int_equal(options_parse(argc, argv, &out, &why), NET_ERR_USAGE);
}

static void test_a_token_does_not_stay_in_the_process_list(void **state)
{
    (void)state;
    static const char *const lines[] = {"list --token s3cret", "list --token=s3cret"};
    for (size_t i = 0; i < 2; i++) {
        struct options out = parsed(lines[i]);
        assert_string_equal(out.token, "s3cret");
        for (char **word = arguments; *word != NULL; word++) {
            assert_null(strstr(*word, "s3cret"));
        }
        assert_null(memmem(words, sizeof words, "s3cret", 6));
        free((char *)(uintptr_t)out.token);
    }
}

static void test_what_follows_lab_is_for_its_own_parser(void **state)
{
    (void)state;
    struct options out = parsed("lab --workspaces 2 --no-such");
    assert_int_equal(out.command, OPTIONS_LAB);
    assert_int_equal(out.rest_argc, 4);
    assert_string_equal(out.rest_argv[0], "lab");
    assert_string_equal(out.rest_argv[3], "--no-such");
}

static void test_help_and_version_ask_for_nothing_else(void **state)
{
    (void)state;
    assert_true(parsed("ping --help").help);
    assert_true(parsed("ping -h").help);
    assert_true(parsed("--version").version);
}

static void test_the_settings_get_what_was_given(void **state)
{
    (void)state;
    struct settings_flags flags;
    struct options out = parsed("--url http://u --global-config c --header A=1 --header-command h "
                                "--client-tls-ca-file a --client-tls-cert-file b "
                                "--client-tls-key-file k --disable-direct-connections");
    options_settings_flags(&out, &flags);
    assert_string_equal(flags.url, "http://u");
    assert_null(flags.token);
    assert_string_equal(flags.config_dir, "c");
    assert_int_equal(flags.header_count, 1);
    assert_string_equal(flags.headers[0], "A=1");
    assert_string_equal(flags.header_command, "h");
    assert_string_equal(flags.ca_file, "a");
    assert_string_equal(flags.cert_file, "b");
    assert_string_equal(flags.key_file, "k");
    assert_true(flags.disable_direct);
}

static void test_a_flag_of_two_commands_is_that_of_the_one_that_was_named(void **state)
{
    (void)state;
    struct options out = parsed("speedtest dev1 -t 2s -d up --direct");
    assert_int_equal(out.command, OPTIONS_SPEEDTEST);
    assert_true(out.duration_ns == 2 * NS_PER_SEC);
    assert_string_equal(out.direction, "up");
    assert_true(out.direct && !out.both && !out.time);
    assert_true(parsed("speedtest dev1 --time=300ms").duration_ns == 300 * NS_PER_MS);
    assert_true(parsed("speedtest dev1").duration_ns == 5 * NS_PER_SEC);
    out = parsed("ping dev1 -t 2s --time");
    assert_true(out.timeout_ns == 2 * NS_PER_SEC && out.time);
}

static void test_a_speed_test_has_its_limits(void **state)
{
    (void)state;
    refused("speedtest", "which one?");
    refused("speedtest dev1 -t 301s", "5m at most");
    refused("speedtest dev1 -t 0", "10ms");
    refused("speedtest dev1 -d sideways", "down|up");
    refused("speedtest dev1 --both -d up", "without --direction");
    refused("speedtest dev1 --direct --disable-direct-connections", "does not go with");
    refused("speedtest dev1 --utc", "does not go with");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone_it_is_the_monitor_with_its_defaults),
        cmocka_unit_test(test_the_first_word_is_a_command_or_a_workspace),
        cmocka_unit_test(test_values_stand_beside_or_behind_their_flag),
        cmocka_unit_test(test_bad_values_are_named),
        cmocka_unit_test(test_ping_may_require_a_way),
        cmocka_unit_test(test_status_is_once_or_watched),
        cmocka_unit_test(test_two_files_are_compared),
        cmocka_unit_test(test_unknown_flags_bring_the_nearest),
        cmocka_unit_test(test_a_command_with_a_slip_brings_the_nearest),
        cmocka_unit_test(test_a_flag_of_another_command_is_refused),
        cmocka_unit_test(test_headers_repeat_up_to_a_limit),
        cmocka_unit_test(test_a_token_does_not_stay_in_the_process_list),
        cmocka_unit_test(test_what_follows_lab_is_for_its_own_parser),
        cmocka_unit_test(test_help_and_version_ask_for_nothing_else),
        cmocka_unit_test(test_the_settings_get_what_was_given),
        cmocka_unit_test(test_a_flag_of_two_commands_is_that_of_the_one_that_was_named),
        cmocka_unit_test(test_a_speed_test_has_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
