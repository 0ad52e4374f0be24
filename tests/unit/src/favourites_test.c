#include "src/favourites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/base/text.h"

#include <cmocka.h>

enum { PATH_SIZE = 256 };

static int set_up(void **state)
{
    static char folder[] = "/tmp/derptop-favourites-XXXXXX";
    text_copy(folder + strlen(folder) - 6, 7, "XXXXXX");
    *state = mkdtemp(folder);
    return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    char path[PATH_SIZE];
    text_format(path, sizeof path, "%s/a/b/favourites-coder.example.com_8443", (char *)*state);
    (void)unlink(path);
    text_format(path, sizeof path, "%s/a/b", (char *)*state);
    (void)rmdir(path);
    text_format(path, sizeof path, "%s/a", (char *)*state);
    (void)rmdir(path);
    return rmdir(*state);
}

static void test_what_is_written_is_read_back_for_that_deployment_alone(void **state)
{
    char folder[PATH_SIZE];
    struct pins pins = {.count = 2};
    struct pins read = {0};
    pins.all[0].b[0] = 7;
    pins.all[1].b[15] = 9;
    text_format(folder, sizeof folder, "%s/a/b", (char *)*state);
    favourites_write(folder, "coder.example.com:8443", &pins);
    favourites_read(folder, "coder.example.com:8443", &read);
    assert_int_equal(read.count, 2);
    assert_memory_equal(read.all, pins.all, 2 * sizeof *pins.all);
    favourites_read(folder, "another.example.com", &read);
    assert_int_equal(read.count, 0);
}

static void test_lines_that_are_nothing_are_passed_over(void **state)
{
    char path[PATH_SIZE];
    struct pins pins = {.count = 1};
    text_format(path, sizeof path, "%s/a/b", (char *)*state);
    favourites_write(path, "coder.example.com:8443", &pins);
    text_format(path, sizeof path, "%s/a/b/favourites-coder.example.com_8443", (char *)*state);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs("nonsense\n\n00000000-0000-0000-0000-000000000005\nno end", file);
    assert_int_equal(fclose(file), 0);
    text_format(path, sizeof path, "%s/a/b", (char *)*state);
    favourites_read(path, "coder.example.com:8443", &pins);
    assert_int_equal(pins.count, 1);
    assert_int_equal(pins.all[0].b[15], 5);
}

static void test_nowhere_to_keep_them_is_no_failure(void **state)
{
    (void)state;
    struct pins pins = {.count = 1};
    favourites_write(NULL, "coder.example.com", &pins);
    favourites_write("/proc/nothing/can/be/here", "coder.example.com", &pins);
    favourites_read(NULL, "coder.example.com", &pins);
    assert_int_equal(pins.count, 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_what_is_written_is_read_back_for_that_deployment_alone),
        CASE(test_lines_that_are_nothing_are_passed_over),
        CASE(test_nowhere_to_keep_them_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
