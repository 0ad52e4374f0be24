#include "ui/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
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

/* --- help that lies is worse than none ---------------------------------------------------------
 */

enum { STATES = 3 };

/* A view on top, in the middle of things: whatever a key does changes something in one of these. */
static void arrange(int state, enum view view, struct app *app, struct snapshot *s)
{
    face_fill(s);
    app_init(app);
    app->views[1] = view;
    app->depth = view == VIEW_MONITOR ? 1 : 2;
    app->before = s->workspaces[1].agent;
    if (state == 0) {
        return;
    }
    app->follow = false;
    app->panel = state == 1 ? PANEL_GRAPH : PANEL_FINDINGS;
    app->level = LOG_DEBUG;
    app->lists[view].at = 1;
    app->window.zoom++;
    app->window.cursor = true;
    app->window.end = app->window.pointed = s->now - 100 * NS_PER_SEC;
    text_copy(app->sought, sizeof app->sought, "relay");
    if (view == VIEW_LOG || view == VIEW_EVENTS) {
        text_copy(app->lists[view].filter, sizeof app->lists[view].filter, "direct");
    }
    face_fill_speed(s);
    if (state == 2) {
        text_copy(s->replay, sizeof s->replay, "a.jsonl, 1x");
    }
}

static bool same_bytes(const void *a, const void *b, size_t size)
{
    const unsigned char *left = a;
    const unsigned char *right = b;
    size_t same = 0;
    while (same < size && left[same] == right[same]) {
        same++;
    }
    return same == size;
}

/* More than a word about it: the screen's state is another one, or something is asked for. */
static bool does_something(enum view view, int key, struct snapshot *s)
{
    static struct app before;
    static struct app app;
    for (int state = 0; state < STATES; state++) {
        struct command command;
        arrange(state, view, &app, s);
        before = app;
        unsigned what = app_key(&app, key, s, &command);
        memcpy(before.status, app.status, sizeof app.status);
        if ((what & ~(unsigned)APP_REDRAW) != 0 || !same_bytes(&before, &app, sizeof app)) {
            return true;
        }
    }
    return false;
}

static void test_each_key_does_something_in_each_of_its_views(void **state)
{
    (void)state;
    struct snapshot *s = mem_new(sizeof *s);
    int pressed = 0;
    face_start();
    for (int i = 0; i < ACTION_COUNT; i++) {
        const struct action_info *info = action_info((enum action)i);
        assert_true(info->views >> VIEW_COUNT == 0);
        for (int view = 0; view < VIEW_COUNT; view++) {
            for (int k = 0; (info->views & (1U << view)) != 0 && k < KEYS_EACH; k++) {
                char name[KEY_NAME_SIZE];
                if (info->keys[k] == KEY_NONE) {
                    continue;
                }
                key_text(info->keys[k], name);
                if (!does_something((enum view)view, info->keys[k], s)) {
                    fail_msg("%s (%s) does nothing in the %s view", name, info->name,
                             view_name((enum view)view));
                }
                pressed++;
            }
        }
    }
    assert_true(pressed > ACTION_COUNT * 2);
    assert_false(does_something(VIEW_MONITOR, 'X' - 64, s)); /* which the test would notice */
    free(s);
}

static void test_each_key_of_a_view_is_in_its_help(void **state)
{
    (void)state;
    enum { ROWS = 200, COLS = 60 }; /* one column, all of it */
    struct snapshot *s = mem_new(sizeof *s);
    int found = 0;
    face_start();
    for (int view = 0; view < VIEW_COUNT; view++) {
        struct app app;
        if (view == VIEW_HELP) {
            continue; /* it shows that of the view below it */
        }
        arrange(0, (enum view)view, &app, s);
        face_press(&app, s, "?");
        assert_int_equal(app_view(&app), VIEW_HELP);
        char *frame = face_frame(&app, s, ROWS, COLS, &glyphs_utf8);
        for (int i = 0; i < ACTION_COUNT; i++) {
            const struct action_info *info = action_info((enum action)i);
            char keys[KEYS_TEXT_SIZE];
            char line[KEYS_TEXT_SIZE + 64];
            keys_text(&app.keys, (enum action)i, 3, keys);
            text_format(line, sizeof line, "│  %-12s%s ", keys, info->help);
            bool wanted = keys[0] != '\0' && (info->views & (1U << view)) != 0;
            if ((strstr(frame, line) != NULL) != wanted) {
                fail_msg("%s is %sin the help of the %s view:\n%s", info->name,
                         wanted ? "not " : "", view_name((enum view)view), frame);
            }
            found += wanted ? 1 : 0;
        }
        free(frame);
    }
    assert_true(found > ACTION_COUNT * 2);
    free(s);
}

/* That the check of the defaults has something to find. */
static void test_each_key_given_to_another_action_of_its_view_is_a_conflict(void **state)
{
    (void)state;
    int tried = 0;
    for (int a = 0; a < ACTION_COUNT; a++) {
        for (int b = 0; b < ACTION_COUNT; b++) {
            struct keys keys;
            struct failure why;
            int key = action_info((enum action)b)->keys[0];
            bool shared =
                (action_info((enum action)a)->views & action_info((enum action)b)->views) != 0;
            if (a == b || !shared || key == KEY_NONE) {
                continue;
            }
            keys_init(&keys);
            assert_int_equal(keys_set(&keys, (enum action)a, &key, 1, &why), NET_OK);
            assert_int_equal(keys_check(&keys, &why), NET_ERR_USAGE);
            tried++;
        }
    }
    assert_true(tried > ACTION_COUNT * ACTION_COUNT / 2);
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
        cmocka_unit_test(test_each_key_of_a_view_is_in_its_help),
        cmocka_unit_test(test_each_key_given_to_another_action_of_its_view_is_a_conflict),
        cmocka_unit_test(test_a_key_that_does_nothing_says_where_it_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
