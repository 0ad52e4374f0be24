#include "src/lab_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Splits "a b c" after the command's name and parses it. */
static enum net_err parse(const char *line, struct lab_options *out, struct failure *why)
{
    static char copy[512];
    static char name[] = "lab";
    char *argv[32] = {name};
    int argc = 1;
    char *rest = NULL;
    (void)snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL && argc < 31;
         word = strtok_r(NULL, " ", &rest)) {
        argv[argc++] = word;
    }
    return lab_options_parse(argc, argv, out, why);
}

static void test_without_options_there_are_three_workspaces_one_of_them_stopped(void **state)
{
    (void)state;
    struct lab_options options;
    struct failure why;
    assert_int_equal(parse("", &options, &why), NET_OK);
    assert_int_equal(options.workspaces, 3);
    assert_int_equal(options.stopped, 1);
    assert_string_equal(options.ip, "127.0.0.1");
    assert_int_equal(options.port, 0);
    assert_int_equal(parse("--workspaces 1", &options, &why), NET_OK);
    assert_int_equal(options.stopped, 0);
}

static void test_what_is_written_as_arguments_is_read_back(void **state)
{
    (void)state;
    struct lab_options options;
    struct lab_options again;
    struct lab_options_args args;
    struct failure why;
    assert_int_equal(parse("--workspaces 5 --stopped=2 --block-direct --no-stun --relay-delay 20 "
                           "--relay-jitter 3 --listen [::1]:8080 --force-websockets --json "
                           "--stdin-eof -v",
                           &options, &why),
                     NET_OK);
    assert_int_equal(options.port, 8080);
    assert_string_equal(options.ip, "::1");
    lab_options_args(&options, "derptop", &args);
    assert_null(args.argv[args.count]);
    assert_string_equal(args.argv[1], "lab");
    assert_int_equal(lab_options_parse((int)args.count - 1, args.argv + 1, &again, &why), NET_OK);
    assert_memory_equal(&options, &again, sizeof options);
}

static void test_wrong_options_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *line, *named;
    } cases[] = {
        {"--colour", "unknown flag --colour; see derptop lab"},
        {"--relay-dely=5", "--relay-dely; did you mean --relay-delay?"},
        {"--contol", "did you mean --control?"},
        {"-x", "unknown flag -x; see"},
        {"--workspaces 65", "from 0 to 64"},
        {"--workspaces -1", "\"-1\""},
        {"--workspaces 2x", "\"2x\""},
        {"--workspaces 2 --stopped 3", "more than the 2"},
        {"--relay-delay 10001", "10000"},
        {"--listen localhost", "\"localhost\""},
        {"--listen 127.0.0.1", "127.0.0.1"},
        {"--workspaces", "--workspaces wants a value"},
        {"dev1", "\"dev1\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab_options options;
        struct failure why;
        assert_int_equal(parse(cases[i].line, &options, &why), NET_ERR_USAGE);
        assert_non_null(strstr(why.text, cases[i].named));
    }
}

static void test_the_help_names_every_option(void **state)
{
    (void)state;
    static const char *const names[] = {"--workspaces",  "--stopped", "--block-direct",
                                        "--no-stun",     "--json",    "--force-websockets",
                                        "--relay-delay", "--listen",  "--relay-jitter",
                                        "--stdin-eof",   "--verbose", "--help"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_non_null(strstr(lab_options_help(), names[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_options_there_are_three_workspaces_one_of_them_stopped),
        cmocka_unit_test(test_what_is_written_as_arguments_is_read_back),
        cmocka_unit_test(test_wrong_options_are_named),
        cmocka_unit_test(test_the_help_names_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
