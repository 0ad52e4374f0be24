#include "ui/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "tests/support/face.h"

#include <cmocka.h>

static void test_no_key_means_two_things_in_one_view(void **state)
{
    (void)state;
    struct keys keys;
    struct failure why = {.code = NET_OK};
    keys_init(&keys);
    enum net_err err = keys_check(&keys, &why);
    if (err != NET_OK) {
        print_error("%s\n", why.text);
    }
    assert_int_equal(err, NET_OK);
}

static void test_a_conflict_is_named_with_key_view_and_both_actions(void **state)
{
    (void)state;
    struct keys keys;
    struct failure why;
    keys_init(&keys);
    assert_int_equal(keys_set(&keys, ACTION_LOG, (const int[]){'w'}, 1, &why), NET_OK);
    assert_int_equal(keys_check(&keys, &why), NET_ERR_USAGE);
    assert_string_equal(why.text, "w is bound to both workspaces and log in the monitor view");
}

static void test_a_key_is_given_anew_and_the_old_one_is_free(void **state)
{
    (void)state;
    struct keys keys;
    struct failure why;
    int index = 0;
    keys_init(&keys);
    assert_int_equal(keys_set(&keys, ACTION_LOG, (const int[]){'L', KEY_CODE_F1 + 4}, 2, &why),
                     NET_OK);
    assert_int_equal(keys_find(&keys, VIEW_MONITOR, 'L', &index), ACTION_LOG);
    assert_int_equal(keys_find(&keys, VIEW_MONITOR, 'l', &index), ACTION_NONE);
    char text[KEYS_TEXT_SIZE];
    keys_text(&keys, ACTION_LOG, 3, text);
    assert_string_equal(text, "L F5");
    keys_text(&keys, ACTION_NTH, 9, text);
    assert_string_equal(text, "1-9");
}

static void test_what_cannot_be_left_is_refused(void **state)
{
    (void)state;
    struct keys keys;
    struct failure why;
    keys_init(&keys);
    assert_int_equal(keys_set(&keys, ACTION_QUIT, NULL, 0, &why), NET_OK);
    assert_int_equal(keys_set(&keys, ACTION_QUIT_KEEP, NULL, 0, &why), NET_OK);
    assert_int_equal(keys_check(&keys, &why), NET_ERR_USAGE);
}

static void test_actions_have_names_of_their_own_and_words(void **state)
{
    (void)state;
    for (int i = 0; i < ACTION_COUNT; i++) {
        const struct action_info *info = action_info((enum action)i);
        assert_non_null(info->name);
        assert_non_null(info->group);
        assert_true(info->help[0] != '\0' && info->views != 0);
        assert_int_equal(action_named(info->name), i); /* the first of that name is this one */
    }
    assert_int_equal(action_named("nonsense"), ACTION_NONE);
}

static void test_names_of_keys_are_read_back(void **state)
{
    (void)state;
    static const char *const names[] = {"q",      "?",  "Space", "Tab", "Shift-Tab", "Esc",
                                        "Ctrl-L", "F1", "F12",   "é",   "PgDn",      "Backspace"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int key = 0;
        char text[KEY_NAME_SIZE];
        assert_true(key_parse(names[i], &key));
        key_text(key, text);
        assert_string_equal(text, names[i]);
    }
    int key = 0;
    assert_true(key_parse("ctrl-l", &key));
    assert_int_equal(key, KEY_CODE_REDRAW);
    static const char *const bad[] = {"", "F0", "F13", "F1x", "Ctrl-", "Ctrl-1", "Hyper-x", "qq"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(key_parse(bad[i], &key));
    }
}

/* Help that lies is worse than none: what a view's help lists does something there. */
static void test_each_key_does_something_in_each_of_its_views(void **state)
{
    (void)state;
    struct snapshot *s = mem_new(sizeof *s);
    face_start();
    face_fill(s);
    for (int i = 0; i < ACTION_COUNT; i++) {
        for (int view = 0; view < VIEW_COUNT; view++) {
            const struct action_info *info = action_info((enum action)i);
            struct app app;
            struct command command;
            if ((info->views & (1U << view)) == 0) {
                continue;
            }
            app_init(&app);
            app.views[0] = (enum view)view;
            unsigned what = app_key(&app, info->keys[0], s, &command);
            assert_true(what != 0);
            assert_null(strstr(app.status, "not bound"));
            assert_null(strstr(app.status, "does nothing here"));
        }
    }
    free(s);
}

static void test_a_key_that_does_nothing_says_where_it_does(void **state)
{
    (void)state;
    struct snapshot *s = mem_new(sizeof *s);
    struct app app;
    struct command command;
    face_start();
    face_fill(s);
    app_init(&app);
    assert_int_equal(app_key(&app, 'f', s, &command), APP_REDRAW);
    assert_string_equal(app.status, "f does nothing here, only in the log view; ? lists the keys");
    (void)app_key(&app, 'X' - 64, s, &command);
    assert_string_equal(app.status, "Ctrl-X is not bound; ? lists the keys");
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_key_means_two_things_in_one_view),
        cmocka_unit_test(test_a_conflict_is_named_with_key_view_and_both_actions),
        cmocka_unit_test(test_a_key_is_given_anew_and_the_old_one_is_free),
        cmocka_unit_test(test_what_cannot_be_left_is_refused),
        cmocka_unit_test(test_actions_have_names_of_their_own_and_words),
        cmocka_unit_test(test_names_of_keys_are_read_back),
        cmocka_unit_test(test_each_key_does_something_in_each_of_its_views),
        cmocka_unit_test(test_a_key_that_does_nothing_says_where_it_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
