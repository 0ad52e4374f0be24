#include "net/lab/lab_api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/probe/http_get.h"

#include <cmocka.h>

static cJSON *report(void *owner)
{
    cJSON *out = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(out, "severity", owner);
    return out;
}

static char severity[] = "ok";

/* What is answered to that request, as our own client reads it; `step` bytes at once. */
static void ask(const char *request, size_t step, int status, const char *body)
{
    struct lab_api_call call;
    struct http_get get;
    size_t len = strlen(request);
    lab_api_init(&call);
    for (size_t at = 0; at < len; at += step) {
        size_t take = len - at < step ? len - at : step;
        lab_api_input(&call, bytes_of(request + at, take), report, severity);
    }
    assert_true(call.answered);
    http_get_init(&get, "h", "/", MONO_NEVER);
    http_get_input(&get, buf_view(&call.out));
    assert_int_equal(get.state, HTTP_GET_DONE);
    assert_int_equal(get.status, status);
    struct bytes got = http_get_body(&get);
    assert_non_null(memmem(got.ptr, got.len, body, strlen(body)));
    http_get_clear(&get);
    lab_api_clear(&call);
}

static void test_each_route_has_its_answer(void **state)
{
    (void)state;
    ask("GET / HTTP/1.1\r\n\r\n", 100, 200, "Hello from the agent!");
    ask("GET /api/v0/netcheck HTTP/1.1\r\nHost: [::1]:4\r\n\r\n", 100, 200, "\"ok\"");
    ask("GET /api/v0/other HTTP/1.1\r\n\r\n", 100, 404, "message");
    ask("POST / HTTP/1.1\r\n\r\n", 100, 405, "message");
    ask("nonsense\r\n\r\n", 100, 400, "message");
}

static void test_a_request_may_come_in_pieces_and_more_after_it(void **state)
{
    (void)state;
    for (size_t step = 1; step < 80; step++) {
        ask("GET /api/v0/netcheck HTTP/1.1\r\nHost: [::1]:4\r\n\r\nGET / HTTP/1.1\r\n\r\n", step,
            200, "\"ok\"");
    }
}

static void test_a_head_without_end_is_refused(void **state)
{
    (void)state;
    char *endless = malloc(LAB_API_HEAD_MAX + 1);
    memset(endless, 'a', LAB_API_HEAD_MAX);
    endless[LAB_API_HEAD_MAX] = '\0';
    ask(endless, 100, 431, "too long");
    free(endless);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_route_has_its_answer),
        cmocka_unit_test(test_a_request_may_come_in_pieces_and_more_after_it),
        cmocka_unit_test(test_a_head_without_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
