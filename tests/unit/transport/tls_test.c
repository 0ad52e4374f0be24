/*
 * TLS, with certificates made for the run by the openssl command and a TLS server in Python before
 * our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/base/now.h"
#include "net/base/text.h"
#include "tests/support/http_rig_uv.h"
#include "tests/support/process_uv.h"

#include <cmocka.h>

static const char front_program[] = TEST_VECTORS_DIR "/../../support/tls_front.py";
static char folder[] = "/tmp/derptop_tls_XXXXXX";
static char cert[64];
static char key[64];
static char other_cert[64];
static char other_key[64];

static bool make_certificate(uv_loop_t *loop, const char *cert_file, const char *key_file)
{
    const char *const args[] = {"openssl",
                                "req",
                                "-x509",
                                "-newkey",
                                "ec",
                                "-pkeyopt",
                                "ec_paramgen_curve:P-256",
                                "-nodes",
                                "-days",
                                "2",
                                "-subj",
                                "/CN=derptop test",
                                "-addext",
                                "subjectAltName=IP:127.0.0.1,DNS:relay.test",
                                "-keyout",
                                key_file,
                                "-out",
                                cert_file,
                                NULL};
    struct process process;
    return process_start(loop, &process, args) && process_wait(loop, &process);
}

static int make_certificates(void **state)
{
    (void)state;
    uv_loop_t loop;
    if (mkdtemp(folder) == NULL || uv_loop_init(&loop) != 0) {
        return -1;
    }
    text_format(cert, sizeof cert, "%s/cert.pem", folder);
    text_format(key, sizeof key, "%s/key.pem", folder);
    text_format(other_cert, sizeof other_cert, "%s/other.pem", folder);
    text_format(other_key, sizeof other_key, "%s/other.key", folder);
    bool good =
        make_certificate(&loop, cert, key) && make_certificate(&loop, other_cert, other_key);
    loop_finish(&loop);
    return good ? 0 : -1;
}

static int remove_certificates(void **state)
{
    (void)state;
    (void)unlink(cert);
    (void)unlink(key);
    (void)unlink(other_cert);
    (void)unlink(other_key);
    return rmdir(folder);
}

struct tls_rig {
    struct http_rig http;
    struct process front;
    char url[64];
    char host_url[64]; /* with a name that only a target can lead to 127.0.0.1 */
};

static void tls_begin(struct tls_rig *rig, const struct http_config *config, const char *option,
                      const char *value)
{
    char backend[8];
    http_rig_begin(&rig->http, config);
    text_format(backend, sizeof backend, "%u", http_server_port(rig->http.server));
    const char *const args[] = {"python3", front_program, "--backend", backend, "--cert", cert,
                                "--key",   key,           option,      value,   NULL};
    assert_true(process_start(&rig->http.loop, &rig->front, args));
    process_wait_for(&rig->http.loop, &rig->front, "\n");
    assert_memory_equal(rig->front.output, "port ", 5);
    unsigned long port = strtoul(rig->front.output + 5, NULL, 10);
    assert_true(port > 0 && port <= UINT16_MAX);
    text_format(rig->url, sizeof rig->url, "https://127.0.0.1:%lu", port);
    text_format(rig->host_url, sizeof rig->host_url, "https://relay.test:%lu", port);
}

static void tls_end(struct tls_rig *rig)
{
    process_end(&rig->http.loop, &rig->front);
    http_rig_end(&rig->http);
}

static struct got tls_get(struct tls_rig *rig, const char *base, bool insecure)
{
    struct got got = {0};
    char url[128];
    text_format(url, sizeof url, "%s/hello%%20world", base);
    struct http_request request = {.url = url,
                                   .body_max = 100,
                                   .timeout_ns = 8 * NS_PER_SEC,
                                   .allow_insecure = insecure,
                                   .target = {.ipv4 = "127.0.0.1"}};
    (void)http_get(rig->http.client, &request, got_response, &got);
    loop_until(&rig->http.loop, &got.done, "the answer over TLS");
    return got;
}

static void test_a_trusted_server_is_asked_over_http_1_1(void **state)
{
    (void)state;
    struct tls_rig rig;
    const struct http_config config = {.ca_file = cert};
    tls_begin(&rig, &config, NULL, NULL);
    struct got got = tls_get(&rig, rig.url, false);
    assert_string_equal(got.failure.text, "");
    assert_int_equal(got.status, 200);
    assert_int_equal(tls_get(&rig, rig.host_url, false).status, 200);
    process_wait_for(&rig.http.loop, &rig.front, "tls TLSv1.3 http/1.1\n");
    tls_end(&rig);
}

static void test_an_unknown_certificate_is_refused_with_the_reason(void **state)
{
    (void)state;
    struct tls_rig rig;
    tls_begin(&rig, NULL, NULL, NULL);
    struct got got = tls_get(&rig, rig.url, false);
    assert_int_equal(got.failure.code, NET_ERR_IO);
    assert_text_has(got.failure.text, "certificate is not trusted");
    assert_text_has(got.failure.text, "self-signed");
    assert_int_equal(rig.http.requests, 0);
    assert_int_equal(tls_get(&rig, rig.url, true).status, 200); /* a test node of a DERP map */
    assert_int_not_equal(tls_get(&rig, rig.url, false).failure.code, NET_OK);
    struct dialled dialled = {0};
    struct dial_request request = {.url = rig.url, .timeout_ns = 8 * NS_PER_SEC};
    (void)dial_start(rig.http.client, &request, got_dialled, &dialled);
    loop_until(&rig.http.loop, &dialled.done, "the dial");
    assert_text_has(dialled.failure.text, "certificate is not trusted");
    tls_end(&rig);
}

static void test_another_authority_and_another_name_are_refused(void **state)
{
    (void)state;
    struct tls_rig rig;
    struct http_config config = {.ca_file = other_cert};
    char url[64];
    tls_begin(&rig, &config, NULL, NULL);
    assert_text_has(tls_get(&rig, rig.url, false).failure.text, "certificate is not trusted");
    tls_end(&rig);
    config.ca_file = cert;
    tls_begin(&rig, &config, NULL, NULL);
    text_format(url, sizeof url, "https://wrong.test%s", strrchr(rig.url, ':'));
    struct got got = tls_get(&rig, url, false);
    assert_text_has(got.failure.text, "certificate is not trusted");
    assert_text_has(got.failure.text, "wrong.test");
    tls_end(&rig);
}

static void test_the_file_named_by_the_environment_is_trusted(void **state)
{
    (void)state;
    struct tls_rig rig;
    assert_int_equal(setenv("SSL_CERT_FILE", cert, 1), 0);
    tls_begin(&rig, NULL, NULL, NULL);
    assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
    assert_int_equal(tls_get(&rig, rig.url, false).status, 200);
    tls_end(&rig);
}

static void test_an_old_tls_version_is_refused(void **state)
{
    (void)state;
    struct tls_rig rig;
    const struct http_config config = {.ca_file = cert};
    tls_begin(&rig, &config, "--old", NULL);
    struct got got = tls_get(&rig, rig.url, true);
    assert_int_equal(got.failure.code, NET_ERR_IO);
    assert_text_has(got.failure.text, "TLS 1.2");
    tls_end(&rig);
}

static void test_a_client_certificate_is_shown(void **state)
{
    (void)state;
    struct tls_rig rig;
    const struct http_config config = {
        .ca_file = cert, .cert_file = other_cert, .key_file = other_key};
    tls_begin(&rig, &config, "--client-ca", other_cert);
    struct got got = tls_get(&rig, rig.url, false);
    assert_string_equal(got.failure.text, "");
    assert_int_equal(got.status, 200);
    tls_end(&rig);
}

/* Python's asyncio drops the alert that says so; openssl's own server sends it. */
static void test_a_missing_client_certificate_is_told(void **state)
{
    (void)state;
    struct http_rig rig;
    struct process server;
    char url[64];
    const struct http_config config = {.ca_file = cert};
    const char *const args[] = {
        "openssl", "s_server", "-accept", "127.0.0.1:0",          "-cert",   cert,       "-key",
        key,       "-Verify",  "1",       "-verify_return_error", "-CAfile", other_cert, "-www",
        NULL};
    http_rig_begin(&rig, &config);
    assert_true(process_start(&rig.loop, &server, args));
    process_wait_for(&rig.loop, &server, "ACCEPT 127.0.0.1:");
    const char *port = strstr(server.output, "ACCEPT 127.0.0.1:") + strlen("ACCEPT 127.0.0.1:");
    text_format(url, sizeof url, "https://127.0.0.1:%lu/", strtoul(port, NULL, 10));
    assert_text_has(http_rig_get(&rig, url).failure.text, "wants a client certificate");
    struct dialled dialled = http_rig_dial(&rig, url, DIAL_DERP);
    assert_text_has(dialled.failure.text, "wants a client certificate");
    process_end(&rig.loop, &server);
    http_rig_end(&rig);
}

static void test_plain_http_where_tls_is_expected_is_told(void **state)
{
    (void)state;
    struct http_rig rig;
    char url[64];
    http_rig_begin(&rig, NULL);
    text_format(url, sizeof url, "https%s", rig.url + strlen("http"));
    struct got got = http_rig_get(&rig, url);
    assert_int_equal(got.failure.code, NET_ERR_IO);
    assert_text_has(got.failure.text, "does not speak TLS");
    http_rig_end(&rig);
}

static void exchange_over_tls(const char *option)
{
    struct tls_rig rig;
    const struct http_config config = {.ca_file = cert};
    tls_begin(&rig, &config, option, NULL);
    for (int websocket = 0; websocket < 2; websocket++) {
        char url[128];
        text_format(url, sizeof url, "%s/%s", rig.url, websocket ? "ws" : "derp");
        struct dialled dialled =
            http_rig_dial(&rig.http, url, websocket ? DIAL_WEBSOCKET : DIAL_DERP);
        assert_string_equal(dialled.failure.text, "");
        http_rig_exchange(&rig.http, dialled.stream, 3 << 20);
    }
    tls_end(&rig);
}

static void test_streams_over_tls_carry_megabytes_both_ways_at_once(void **state)
{
    (void)state;
    exchange_over_tls(NULL);
}

static void test_streams_over_tls_1_2_do_too(void **state)
{
    (void)state;
    exchange_over_tls("--tls12");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_trusted_server_is_asked_over_http_1_1),
        cmocka_unit_test(test_an_unknown_certificate_is_refused_with_the_reason),
        cmocka_unit_test(test_another_authority_and_another_name_are_refused),
        cmocka_unit_test(test_the_file_named_by_the_environment_is_trusted),
        cmocka_unit_test(test_an_old_tls_version_is_refused),
        cmocka_unit_test(test_a_client_certificate_is_shown),
        cmocka_unit_test(test_a_missing_client_certificate_is_told),
        cmocka_unit_test(test_plain_http_where_tls_is_expected_is_told),
        cmocka_unit_test(test_streams_over_tls_carry_megabytes_both_ways_at_once),
        cmocka_unit_test(test_streams_over_tls_1_2_do_too),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
