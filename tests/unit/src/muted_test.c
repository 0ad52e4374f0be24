#include "src/muted.h"

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

static const char deployment[] = "coder.example.com:8443";

static void file_of(void **state, char path[PATH_SIZE])
{
    text_format(path, PATH_SIZE, "%s/muted-coder.example.com_8443", (char *)*state);
}

static int set_up(void **state)
{
    static char folder[] = "/tmp/derptop-muted-XXXXXX";
    text_copy(folder + strlen(folder) - 6, 7, "XXXXXX");
    *state = mkdtemp(folder);
    return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    char path[PATH_SIZE];
    file_of(state, path);
    (void)unlink(path);
    return rmdir(*state);
}

static void test_what_is_muted_is_read_back_for_that_deployment_alone(void **state)
{
    bool muted[FINDING_CODES] = {[FINDING_LOSS] = true, [FINDING_TOKEN_REFUSED] = true};
    bool read[FINDING_CODES] = {[FINDING_JITTER] = true};
    muted_write(*state, deployment, muted);
    muted_read(*state, deployment, read);
    assert_memory_equal(read, muted, sizeof read);
    muted_read(*state, "another.example.com", read);
    for (size_t i = 0; i < FINDING_CODES; i++) {
        assert_false(read[i]);
    }
}

static void test_a_name_that_is_not_known_is_passed_over(void **state)
{
    char path[PATH_SIZE];
    bool read[FINDING_CODES];
    file_of(state, path);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs("of_a_later_version\n\nderp_relay\n", file);
    assert_int_equal(fclose(file), 0);
    muted_read(*state, deployment, read);
    for (size_t i = 0; i < FINDING_CODES; i++) {
        assert_int_equal(read[i], i == FINDING_DERP_RELAY);
    }
}

static void test_nowhere_to_keep_them_is_no_failure(void **state)
{
    (void)state;
    bool muted[FINDING_CODES] = {true};
    muted_write(NULL, deployment, muted);
    muted_write("/proc/nothing/can/be/here", deployment, muted);
    muted_read(NULL, deployment, muted);
    assert_false(muted[0]);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_what_is_muted_is_read_back_for_that_deployment_alone),
        CASE(test_a_name_that_is_not_known_is_passed_over),
        CASE(test_nowhere_to_keep_them_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
