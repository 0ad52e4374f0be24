#include "src/keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "src/mask_snapshot.h"
#include "tests/support/face.h"

#include <cmocka.h>

static struct snapshot *s;
static struct masker *masker;
static char said[KEEPER_SAID];
static char copied[1 << 14];
static char home[512];

/* Each test has a folder of its own to write into. */
static int setup(void **state)
{
    (void)state;
    char folder[] = "/tmp/derptop-keeper-XXXXXX";
    face_start();
    assert_non_null(getcwd(home, sizeof home));
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    s = mem_new(sizeof *s);
    face_fill(s);
    masker = masker_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char folder[512];
    char name[KEEPER_NAME];
    static const char *const endings[] = {
        "jsonl", "txt", "report.txt", "loss.txt", "client_low_mtu.txt", "agent_low_mtu.txt"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        keeper_name(s, endings[i], name);
        (void)unlink(name);
        keeper_name(masker_copy(masker, s), endings[i], name);
        (void)unlink(name);
    }
    assert_non_null(getcwd(folder, sizeof folder));
    assert_int_equal(chdir(home), 0);
    assert_int_equal(rmdir(folder), 0);
    masker_free(masker);
    free(s);
    return 0;
}

static char *content(const char *name)
{
    char *text = mem_new(1 << 22);
    FILE *file = fopen(name, "r");
    assert_non_null(file);
    (void)fread(text, 1, (1 << 22) - 1, file);
    (void)fclose(file);
    return text;
}

static void assert_private(const char *name)
{
    struct stat about;
    assert_int_equal(stat(name, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static bool copy(const char *text)
{
    text_copy(copied, sizeof copied, text);
    return true;
}

static bool copy_nowhere(const char *text)
{
    (void)text;
    return false;
}

static void test_a_name_says_what_and_when_and_holds_nothing_odd(void **state)
{
    (void)state;
    char name[KEEPER_NAME];
    keeper_name(s, "txt", name);
    assert_non_null(strstr(name, "derptop-dev1-20"));
    text_copy(s->workspaces[s->selected].name, SNAPSHOT_NAME, "../é/x y");
    keeper_name(s, "txt", name);
    assert_null(strpbrk(name, "/ "));
    s->selected = -1;
    keeper_name(s, "txt", name);
    assert_non_null(strstr(name, "derptop-20"));
    s->selected = 0;
    text_copy(s->workspaces[0].name, SNAPSHOT_NAME, "dev1");
}

static void test_a_recording_is_begun_goes_on_and_is_ended(void **state)
{
    (void)state;
    char name[KEEPER_NAME];
    struct keeper *keeper = keeper_new(masker);
    keeper_name(s, "jsonl", name);
    assert_true(keeper_take(keeper, s, said)); /* none goes on */
    assert_true(keeper_record(keeper, s, false, said));
    assert_non_null(strstr(said, name));
    s->paused = true;
    assert_true(keeper_take(keeper, s, said));
    assert_false(keeper_record(keeper, s, false, said));
    assert_non_null(strstr(said, "derptop replay derptop-dev1-"));
    char *text = content(name);
    assert_non_null(strstr(text, "\"set\":{\"paused\":true}}\n{\"type\":\"summary\""));
    assert_private(name);
    free(text);
    assert_false(keeper_record(keeper, s, false, said)); /* in the same second */
    assert_non_null(strstr(said, "is there already"));
    keeper_free(keeper);
}

static void test_a_recording_is_whole_when_the_program_ends(void **state)
{
    (void)state;
    char name[KEEPER_NAME];
    struct keeper *keeper = keeper_new(masker);
    assert_true(keeper_record(keeper, s, false, said));
    keeper_free(keeper);
    keeper_name(s, "jsonl", name);
    char *text = content(name);
    assert_non_null(strstr(text, "{\"type\":\"summary\""));
    free(text);
}

static void test_a_shot_holds_the_screen(void **state)
{
    (void)state;
    char name[KEEPER_NAME];
    struct canvas canvas;
    canvas_init(&canvas, 1, 20, &glyphs_utf8);
    (void)canvas_text(&canvas, canvas_all(&canvas), 0, 0, STYLE_DIRECT, "direct");
    keeper_shot(s, &canvas, THEME_SAFE, said);
    canvas_clear(&canvas);
    keeper_name(s, "txt", name);
    assert_non_null(strstr(said, name));
    assert_private(name);
    char *text = content(name);
    assert_string_equal(text, "\033[0;38;5;32mdirect\033[0m\n");
    free(text);
}

static void test_a_report_names_neither_workspace_nor_address(void **state)
{
    (void)state;
    char name[KEEPER_NAME];
    struct keeper *keeper = keeper_new(masker);
    keeper_report(keeper, s, copy, said);
    keeper_free(keeper);
    keeper_name(masker_copy(masker, s), "report.txt", name);
    assert_non_null(strstr(name, "workspace-1")); /* the file's name, either */
    assert_non_null(strstr(said, name));
    assert_private(name);
    char *text = content(name);
    assert_string_equal(text, copied);
    assert_non_null(strstr(text, "workspace-1"));
    assert_null(strstr(text, "dev1"));
    assert_null(strstr(text, "203.0.113"));
    assert_non_null(strstr(text, "at 2023-11-14T22:13:20Z")); /* of what is shown, not of now */
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        assert_in_range(strcspn(line, "\n"), 0, 80); /* so that a mail leaves them as they are */
    }
    free(text);
}

static void test_without_a_clipboard_a_report_is_not_said_to_be_copied(void **state)
{
    (void)state;
    struct keeper *keeper = keeper_new(masker);
    keeper_report(keeper, s, copy_nowhere, said);
    keeper_free(keeper);
    assert_non_null(strstr(said, "masked report kept: "));
}

static void test_a_recording_that_began_masked_stays_so(void **state)
{
    (void)state;
    char name[KEEPER_NAME];
    struct keeper *keeper = keeper_new(masker);
    assert_true(keeper_record(keeper, s, true, said));
    assert_true(keeper_is_masked(keeper));
    assert_non_null(strstr(said, "recording, masked, to derptop-workspace-1-"));
    s->paused = true;
    assert_true(keeper_take(keeper, s, said));
    assert_false(keeper_record(keeper, s, false, said));
    keeper_free(keeper);
    keeper_name(masker_copy(masker, s), "jsonl", name);
    char *text = content(name);
    assert_non_null(strstr(text, "\"masked\":true"));
    assert_non_null(strstr(text, "\"set\":{\"paused\":true}}\n{\"type\":\"summary\""));
    assert_null(strstr(text, "dev1"));
    assert_null(strstr(text, "203.0.113"));
    free(text);
}

static char *kept_finding(enum finding_code code)
{
    char name[KEEPER_NAME];
    char ending[FINDING_NAME_SIZE + 8];
    struct keeper *keeper = keeper_new(masker);
    keeper_finding(keeper, s, code, copy, said);
    keeper_free(keeper);
    text_format(ending, sizeof ending, "%s.txt", finding_name(code));
    keeper_name(masker_copy(masker, s), ending, name);
    assert_non_null(strstr(said, name));
    assert_private(name);
    char *text = content(name);
    assert_string_equal(text, copied);
    assert_null(strstr(text, "dev1"));
    assert_null(strstr(text, "203.0.113"));
    return text;
}

static void test_a_finding_is_copied_with_what_to_do_and_the_figures(void **state)
{
    (void)state;
    char *text = kept_finding(FINDING_CLIENT_LOW_MTU);
    assert_non_null(strstr(text, "client_low_mtu (client): an interface of this computer takes"));
    assert_non_null(strstr(text, "state:  warning, since 2023-11-14T22:09:08Z\n"));
    assert_non_null(strstr(text, "do:     raise the interface's MTU"));
    assert_non_null(strstr(text, "known:  interfaces with their MTU: eth0 1500, utun0 1280"));
    assert_non_null(strstr(text, "see:    https://"));
    free(text);
}

static void test_a_check_that_stands_not_is_copied_with_its_reason(void **state)
{
    (void)state;
    char *text = kept_finding(FINDING_AGENT_LOW_MTU);
    assert_non_null(strstr(text, "state:  not known: the agent has not reported its interfaces\n"));
    free(text);
    text = kept_finding(FINDING_LOSS);
    assert_non_null(strstr(text, "state:  looked for, and not so\n"));
    assert_non_null(strstr(text, "known:  the path is direct to public-ip-1:41641, for 4 min"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_says_what_and_when_and_holds_nothing_odd),
        cmocka_unit_test(test_a_recording_is_begun_goes_on_and_is_ended),
        cmocka_unit_test(test_a_recording_is_whole_when_the_program_ends),
        cmocka_unit_test(test_a_shot_holds_the_screen),
        cmocka_unit_test(test_a_report_names_neither_workspace_nor_address),
        cmocka_unit_test(test_without_a_clipboard_a_report_is_not_said_to_be_copied),
        cmocka_unit_test(test_a_recording_that_began_masked_stays_so),
        cmocka_unit_test(test_a_finding_is_copied_with_what_to_do_and_the_figures),
        cmocka_unit_test(test_a_check_that_stands_not_is_copied_with_its_reason),
    };
    /* One folder for each. */
    struct CMUnitTest each[sizeof tests / sizeof *tests];
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        each[i] = tests[i];
        each[i].setup_func = setup;
        each[i].teardown_func = teardown;
    }
    return cmocka_run_group_tests(each, NULL, NULL);
}
