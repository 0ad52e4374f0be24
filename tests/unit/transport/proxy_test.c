/*
 * Requests and dials through a proxy that the environment names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"
#include "tests/support/http_rig_uv.h"
#include "tests/support/raw_server_uv.h"

#include <cmocka.h>

static const char established[] = "HTTP/1.1 200 Connection established\r\n\r\n";

struct proxy_rig {
    struct http_rig http;
    struct raw_server *proxy;
    char url[128];
};

/* A proxy that plays the script; `name` is the variable that names it. */
static void proxy_begin(struct proxy_rig *rig, struct raw_script script, const char *name)
{
    char value[64];
    http_rig_begin(&rig->http, NULL);
    if (script.forward_port != 0) {
        script.forward_port = http_server_port(rig->http.server);
    }
    rig->proxy = raw_server_new(&rig->http.loop, &script);
    text_format(value, sizeof value, "http://me:hush@127.0.0.1:%u", raw_server_port(rig->proxy));
    assert_int_equal(setenv(name, value, 1), 0);
}

static void proxy_end(struct proxy_rig *rig)
{
    static const char *const names[] = {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "NO_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(unsetenv(names[i]), 0);
    }
    raw_server_close(rig->proxy);
    http_rig_end(&rig->http);
}

static void test_a_dial_goes_through_the_proxy_without_its_secrets(void **state)
{
    (void)state;
    static const char *const names[] = {"HTTP_PROXY", "http_proxy"};
    for (size_t i = 0; i < 2; i++) {
        struct proxy_rig rig;
        struct raw_script script = {.answer = established, .step = 1, .forward_port = 1};
        proxy_begin(&rig, script, names[i]);
        struct dialled dialled =
            http_rig_dial(&rig.http, "http://deployment.test/ws", DIAL_WEBSOCKET);
        assert_string_equal(dialled.failure.text, "");
        const char *request = raw_server_request(rig.proxy);
        assert_text_has(request, "CONNECT deployment.test:80 HTTP/1.1\r\n");
        assert_text_has(request, "Proxy-Authorization: Basic bWU6aHVzaA==\r\n");
        assert_null(strstr(request, "secret")); /* the session token is for the deployment */
        assert_null(strstr(request, "X-Extra"));
        assert_string_equal(rig.http.seen_token, "secret");
        http_rig_exchange(&rig.http, dialled.stream, 1 << 20);
        proxy_end(&rig);
    }
}

static void test_a_plain_request_is_forwarded_by_the_proxy(void **state)
{
    (void)state;
    struct proxy_rig rig;
    proxy_begin(&rig,
                (struct raw_script){.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"},
                "HTTP_PROXY");
    struct got got = http_rig_get(&rig.http, "http://deployment.test:81/a?b");
    assert_int_equal(got.status, 200);
    assert_string_equal(got.body, "hi");
    assert_text_has(raw_server_request(rig.proxy),
                    "GET http://deployment.test:81/a?b HTTP/1.1\r\n");
    proxy_end(&rig);
}

static void check_refusal(const char *answer, const char *text)
{
    struct proxy_rig rig;
    proxy_begin(&rig, (struct raw_script){.answer = answer}, "HTTPS_PROXY");
    struct got got = http_rig_get(&rig.http, "https://deployment.test/a");
    assert_int_equal(got.failure.code, NET_ERR_IO);
    assert_text_has(got.failure.text, "https://deployment.test/a: the proxy ");
    assert_text_has(got.failure.text, text);
    assert_null(strstr(got.failure.text, "hush"));
    struct dialled dialled = http_rig_dial(&rig.http, "https://deployment.test/derp", DIAL_DERP);
    assert_int_equal(dialled.failure.code, NET_ERR_IO);
    assert_text_has(dialled.failure.text, text);
    proxy_end(&rig);
}

static void test_a_refusal_of_the_proxy_is_told_as_such(void **state)
{
    (void)state;
    check_refusal("HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic realm=x\r\n"
                  "Content-Length: 0\r\n\r\n",
                  "wants a user name and password");
    check_refusal("HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nno!", "status 403");
}

static void test_a_proxy_that_cannot_be_reached_is_named(void **state)
{
    (void)state;
    struct proxy_rig rig;
    char where[32];
    proxy_begin(&rig, (struct raw_script){0}, "HTTPS_PROXY");
    text_format(where, sizeof where, "127.0.0.1 port %u", raw_server_port(rig.proxy));
    raw_server_close(rig.proxy);
    loop_turns(&rig.http.loop, 3);
    struct got got = http_rig_get(&rig.http, "https://deployment.test/");
    assert_text_has(got.failure.text, where);
    assert_text_has(got.failure.text, "connection refused");
    assert_null(strstr(got.failure.text, "hush"));
    assert_int_equal(setenv("HTTPS_PROXY", "http://no-such-proxy.invalid:3128", 1), 0);
    got = http_rig_get(&rig.http, "https://deployment.test/");
    assert_int_equal(got.failure.code, NET_ERR_NOT_FOUND);
    assert_text_has(got.failure.text, "proxy's host name is not known");
    rig.proxy = raw_server_new(&rig.http.loop, &(struct raw_script){0});
    proxy_end(&rig);
}

static void test_this_machine_and_hosts_in_no_proxy_are_reached_directly(void **state)
{
    (void)state;
    struct proxy_rig rig;
    proxy_begin(&rig, (struct raw_script){0}, "HTTP_PROXY");
    assert_int_equal(http_rig_get_path(&rig.http, "/hello%20world").status, 200);
    struct dialled dialled = http_rig_dial_path(&rig.http, "/derp", DIAL_DERP);
    assert_string_equal(dialled.failure.text, "");
    http_rig_exchange(&rig.http, dialled.stream, 1000);
    assert_int_equal(setenv("NO_PROXY", ".invalid", 1), 0);
    assert_int_equal(http_rig_get(&rig.http, "http://deployment.invalid/").failure.code,
                     NET_ERR_NOT_FOUND);
    assert_int_equal(*raw_server_accepted(rig.proxy), 0);
    proxy_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_dial_goes_through_the_proxy_without_its_secrets),
        cmocka_unit_test(test_a_plain_request_is_forwarded_by_the_proxy),
        cmocka_unit_test(test_a_refusal_of_the_proxy_is_told_as_such),
        cmocka_unit_test(test_a_proxy_that_cannot_be_reached_is_named),
        cmocka_unit_test(test_this_machine_and_hosts_in_no_proxy_are_reached_directly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
