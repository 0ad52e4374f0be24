#include "ui/links_known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Name and value by turns, ended by NULL. */
static const char *const *variables;

static const char *get_env(const char *name)
{
    for (size_t i = 0; variables[i] != NULL; i += 2) {
        if (strcmp(variables[i], name) == 0) {
            return variables[i + 1];
        }
    }
    return NULL;
}

static void test_only_terminals_that_are_known_to_have_links_get_them(void **state)
{
    (void)state;
    static const struct {
        const char *const variables[7];
        bool known;
    } cases[] = {
        {{NULL}, false},
        {{"TERM", "xterm-256color", NULL}, false},
        {{"TERM", "linux", NULL}, false},
        {{"TERM", "xterm-kitty", NULL}, true},
        {{"TERM", "foot-direct", NULL}, true},
        {{"TERM", "xterm-256color", "VTE_VERSION", "7200", NULL}, true},
        {{"TERM", "xterm-256color", "VTE_VERSION", "4900", NULL}, false},
        {{"TERM", "xterm-256color", "VTE_VERSION", "nonsense", NULL}, false},
        {{"TERM", "xterm-256color", "TERM_PROGRAM", "iTerm.app", NULL}, true},
        {{"TERM", "xterm-256color", "TERM_PROGRAM", "Apple_Terminal", NULL}, false},
        {{"TERM", "xterm-256color", "WT_SESSION", "1", NULL}, true},
        {{"TERM", "tmux-256color", "VTE_VERSION", "7200", NULL}, false},
        {{"TERM", "screen", "KITTY_WINDOW_ID", "1", NULL}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        variables = cases[i].variables;
        if (links_known(get_env) != cases[i].known) {
            fail_msg("case %zu", i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_terminals_that_are_known_to_have_links_get_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
