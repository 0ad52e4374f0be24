#include "src/complete.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct completion found;

#define COMPLETE(...)                                                                              \
    do {                                                                                           \
        const char *const words_[] = {__VA_ARGS__};                                                \
        complete(sizeof words_ / sizeof *words_, words_, &found);                                  \
    } while (0)

static bool has(const char *word)
{
    for (size_t i = 0; i < found.count; i++) {
        if (strcmp(found.words[i].word, word) == 0) {
            return true;
        }
    }
    return false;
}

static void test_a_first_word_is_a_command_or_a_workspace(void **state)
{
    (void)state;
    COMPLETE("");
    assert_true(has("list") && has("ping") && has("lab"));
    assert_false(has("__complete"));
    assert_true(found.workspaces);
    COMPLETE("li");
    assert_int_equal(found.count, 1);
    assert_string_equal(found.words[0].word, "list");
    assert_int_not_equal(strlen(found.words[0].help), 0);
}

static void test_only_what_begins_as_typed_is_added(void **state)
{
    (void)state;
    COMPLETE("ping", "de");
    completion_add(&found, "dev1", "running");
    completion_add(&found, "api", "running");
    assert_int_equal(found.count, 1);
    assert_true(has("dev1"));
    for (size_t i = 0; i < (size_t)2 * COMPLETION_WORDS_MAX; i++) {
        completion_add(&found, "dev2", "");
    }
    assert_int_equal(found.count, COMPLETION_WORDS_MAX);
}

static void test_a_command_that_has_its_workspace_wants_no_other(void **state)
{
    (void)state;
    COMPLETE("ping", "");
    assert_true(found.workspaces);
    assert_int_equal(found.count, 0);
    COMPLETE("ping", "dev1", "");
    assert_false(found.workspaces);
    COMPLETE("list", "");
    assert_false(found.workspaces);
    COMPLETE("status", "-w", "");
    assert_true(found.workspaces);
    COMPLETE("diff", "--threshold", "5", "a.json", "");
    assert_int_equal(found.kind, COMPLETION_FILES);
    COMPLETE("diff", "a.json", "b.json", "");
    assert_int_equal(found.kind, COMPLETION_WORDS);
    assert_int_equal(found.count, 0);
    COMPLETE("dev1", "");
    assert_false(found.workspaces);
    assert_int_equal(found.count, 0);
}

static void test_flags_are_those_of_the_command(void **state)
{
    (void)state;
    COMPLETE("--");
    assert_true(has("--lab") && has("--url") && has("--help"));
    assert_false(has("--num"));
    COMPLETE("ping", "--n");
    assert_int_equal(found.count, 1);
    assert_true(has("--num"));
    COMPLETE("lab", "--relay");
    assert_int_equal(found.count, 2);
    assert_true(has("--relay-delay") && has("--relay-jitter"));
}

static void test_a_flag_that_wants_a_value_gets_one_of_its_kind(void **state)
{
    (void)state;
    COMPLETE("--color", "a");
    assert_int_equal(found.count, 2);
    assert_true(has("always") && has("auto"));
    COMPLETE("--color=n");
    assert_true(has("--color=never"));
    COMPLETE("--color", "=", "n"); /* as bash cuts it */
    assert_true(has("never"));
    COMPLETE("--color", "=");
    assert_int_equal(found.count, 3);
    COMPLETE("list", "--client-tls-ca-file", "x");
    assert_int_equal(found.kind, COMPLETION_FILES);
    COMPLETE("--global-config", "");
    assert_int_equal(found.kind, COMPLETION_DIRECTORIES);
    COMPLETE("ping", "-n", "");
    assert_int_equal(found.count, 0);
    assert_false(found.workspaces);
    COMPLETE("ping", "-n", "5", "");
    assert_true(found.workspaces);
    COMPLETE("ping", "--time", "");
    assert_true(found.workspaces);
}

static void test_after_two_dashes_there_are_no_flags(void **state)
{
    (void)state;
    COMPLETE("ping", "--", "-");
    assert_int_equal(found.count, 0);
    assert_true(found.workspaces);
}

static void test_odd_words_do_no_harm(void **state)
{
    (void)state;
    static char long_word[300];
    memset(long_word, '-', sizeof long_word - 1);
    complete(0, NULL, &found);
    assert_true(has("list"));
    COMPLETE("-=");
    COMPLETE("--=");
    COMPLETE("-");
    COMPLETE("--nonsense", "--nonsense=x");
    COMPLETE(long_word);
    assert_int_equal(found.count, 0);
    long_word[290] = '=';
    COMPLETE(long_word, long_word);
    assert_int_equal(found.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_first_word_is_a_command_or_a_workspace),
        cmocka_unit_test(test_only_what_begins_as_typed_is_added),
        cmocka_unit_test(test_a_command_that_has_its_workspace_wants_no_other),
        cmocka_unit_test(test_flags_are_those_of_the_command),
        cmocka_unit_test(test_a_flag_that_wants_a_value_gets_one_of_its_kind),
        cmocka_unit_test(test_after_two_dashes_there_are_no_flags),
        cmocka_unit_test(test_odd_words_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
