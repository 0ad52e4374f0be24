/*
 * The lab as a child process. The child is this test itself: with "lab" as its first argument it is
 * `derptop lab`.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"
#include "net/transport/http_server_uv.h"
#include "src/cmd_lab.h"
#include "src/lab_child_uv.h"
#include "tests/support/loop_uv.h"

#include <cmocka.h>

struct fixture {
    uv_loop_t loop;
    struct lab_options options;
    struct lab_child *child;
    bool ready, ended, closed;
    char url[128];
    char token[128];
    struct failure failure;
};

static void on_ready(void *owner, const char *url, const char *token)
{
    struct fixture *f = owner;
    f->ready = true;
    text_copy(f->url, sizeof f->url, url);
    text_copy(f->token, sizeof f->token, token);
}

static void on_ended(void *owner, const struct failure *failure)
{
    struct fixture *f = owner;
    f->ended = true;
    f->failure = *failure;
}

static void on_closed(void *owner)
{
    struct fixture *f = owner;
    f->closed = true;
}

static const struct lab_child_handlers handlers = {on_ready, on_ended};

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    assert_int_equal(uv_loop_init(&f.loop), 0);
    lab_options_init(&f.options);
    *state = &f;
    return 0;
}

static void start(struct fixture *f)
{
    struct failure why;
    assert_int_equal(lab_child_start(&f->loop, &f->options, NULL, &handlers, f, &f->child, &why),
                     NET_OK);
}

static void finish(struct fixture *f)
{
    lab_child_close(f->child, on_closed, f);
    loop_until(&f->loop, &f->closed, "the child has been reaped");
    loop_finish(&f->loop);
}

static void test_the_child_tells_where_it_is_and_ends_when_closed(void **state)
{
    struct fixture *f = *state;
    start(f);
    loop_until(&f->loop, &f->ready, "the lab is up");
    assert_int_equal(strncmp(f->url, "http://127.0.0.1:", 17), 0);
    assert_int_equal(strlen(f->token), 33);
    finish(f);
    assert_false(f->ended);
}

static void test_a_child_that_is_closed_before_it_is_up_says_nothing(void **state)
{
    struct fixture *f = *state;
    start(f);
    finish(f);
    assert_false(f->ended);
}

static void never_called(void *owner, struct http_exchange *exchange)
{
    (void)owner;
    (void)exchange;
}

static void test_a_child_that_cannot_run_is_told(void **state)
{
    struct fixture *f = *state;
    struct http_server *taken = NULL;
    struct failure why;
    assert_int_equal(
        http_server_new(&f->loop, "127.0.0.1", 0, never_called, NULL, NULL, &taken, &why), NET_OK);
    f->options.port = http_server_port(taken);
    start(f);
    loop_until(&f->loop, &f->ended, "the child ended");
    assert_false(f->ready);
    assert_non_null(strstr(f->failure.text, "before it was up"));
    assert_non_null(strstr(f->failure.text, "derptop lab: ")); /* what it said itself */
    http_server_close(taken);
    finish(f);
}

static void test_a_child_that_dies_is_told_once(void **state)
{
    struct fixture *f = *state;
    start(f);
    loop_until(&f->loop, &f->ready, "the lab is up");
    assert_int_equal(uv_kill(lab_child_pid(f->child), SIGKILL), 0);
    loop_until(&f->loop, &f->ended, "its end is told");
    assert_non_null(strstr(f->failure.text, "signal 9"));
    finish(f);
}

static void test_a_program_that_is_not_there_is_told_at_once(void **state)
{
    struct fixture *f = *state;
    struct failure why;
    assert_int_equal(
        lab_child_start(&f->loop, &f->options, "/no/such/program", &handlers, f, &f->child, &why),
        NET_ERR_IO);
    assert_non_null(strstr(why.text, "cannot start the lab"));
    loop_finish(&f->loop);
}

int main(int argc, char **argv)
{
#define CASE(test) cmocka_unit_test_setup(test, set_up)
    const struct CMUnitTest tests[] = {
        CASE(test_the_child_tells_where_it_is_and_ends_when_closed),
        CASE(test_a_child_that_is_closed_before_it_is_up_says_nothing),
        CASE(test_a_child_that_cannot_run_is_told),
        CASE(test_a_child_that_dies_is_told_once),
        CASE(test_a_program_that_is_not_there_is_told_at_once),
    };
    if (argc > 1 && strcmp(argv[1], "lab") == 0) {
        return cmd_lab(argc - 1, argv + 1);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
