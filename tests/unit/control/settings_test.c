#include "net/control/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/base/text.h"
#include "net/control/endpoint.h"
#include "net/control/settings_internal.h"

#include <cmocka.h>

/* The environment of a test: name, value, …, NULL. */
static const char *const *environment;

static const char *env(const char *name)
{
    for (const char *const *at = environment; *at != NULL; at += 2) {
        if (strcmp(at[0], name) == 0) {
            return at[1];
        }
    }
    return NULL;
}

static char home[64];

static int make_home(void **state)
{
    (void)state;
    char path[128];
    text_copy(home, sizeof home, "/tmp/derptop-settings-XXXXXX");
    if (mkdtemp(home) == NULL) {
        return -1;
    }
    text_format(path, sizeof path, "%s/.config", home);
    if (mkdir(path, 0700) != 0) {
        return -1;
    }
    text_format(path, sizeof path, "%s/.config/coderv2", home);
    return mkdir(path, 0700);
}

static int remove_home(void **state)
{
    (void)state;
    static const char *const files[] = {"/.config/coderv2/url", "/.config/coderv2/session"};
    static const char *const folders[] = {"/.config/coderv2", "/.config", ""};
    char path[128];
    for (size_t i = 0; i < 2; i++) {
        text_format(path, sizeof path, "%s%s", home, files[i]);
        (void)unlink(path);
    }
    for (size_t i = 0; i < 3; i++) {
        text_format(path, sizeof path, "%s%s", home, folders[i]);
        (void)rmdir(path);
    }
    return 0;
}

static void write_file(const char *name, const char *text, size_t len)
{
    char path[128];
    text_format(path, sizeof path, "%s/.config/coderv2/%s", home, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static enum net_err load(const struct settings_flags *flags, const char *const *variables,
                         struct settings *out, struct failure *why)
{
    environment = variables;
    *why = (struct failure){0};
    return settings_load(flags, env, out, why);
}

static const struct settings_flags no_flags;

static void test_flags_come_before_the_environment_and_that_before_files(void **state)
{
    (void)state;
    struct settings settings;
    struct failure why;
    const char *const files_only[] = {"HOME", home, "CODER_URL", "", NULL};
    const char *const variables[] = {
        "HOME", home, "CODER_SESSION_TOKEN", "env-token", "CODER_URL", "https://env.example", NULL};
    const struct settings_flags flags = {.url = "http://flag.example:3000/", .token = "flag-token"};
    write_file("url", "\r\n https://File.Example \n\n", 26);
    write_file("session", "file-token\n", 11);

    assert_int_equal(load(&no_flags, files_only, &settings, &why), NET_OK);
    assert_string_equal(settings.url, "https://file.example");
    assert_string_equal(settings.token, "file-token");
    assert_string_equal(settings.url_source, "~/.config/coderv2/url");
    assert_string_equal(settings.token_source, "~/.config/coderv2/session");
    assert_int_equal(settings.port, 443);
    settings_clear(&settings);

    assert_int_equal(load(&no_flags, variables, &settings, &why), NET_OK);
    assert_string_equal(settings.url, "https://env.example");
    assert_string_equal(settings.token, "env-token");
    assert_string_equal(settings.url_source, "CODER_URL");
    settings_clear(&settings);

    assert_int_equal(load(&flags, variables, &settings, &why), NET_OK);
    assert_string_equal(settings.url, "http://flag.example:3000");
    assert_string_equal(settings.host, "flag.example");
    assert_int_equal(settings.port, 3000);
    assert_true(settings.plain_http);
    assert_string_equal(settings.token, "flag-token");
    assert_string_equal(settings.token_source, "--token");
    settings_clear(&settings);
    assert_null(settings.token);
}

static void test_the_folder_of_the_files_can_be_chosen(void **state)
{
    (void)state;
    struct settings settings;
    struct failure why;
    char config[128];
    text_format(config, sizeof config, "%s/.config", home);
    const char *const by_xdg[] = {"XDG_CONFIG_HOME", config, NULL};
    text_format(config, sizeof config, "%s/.config", home);
    write_file("url", "https://a.example", 17);
    write_file("session", "t", 1);
    assert_int_equal(load(&no_flags, by_xdg, &settings, &why), NET_OK);
    assert_string_equal(settings.url, "https://a.example");
    settings_clear(&settings);

    char dir[128];
    text_format(dir, sizeof dir, "%s/.config/coderv2", home);
    const char *const by_dir[] = {"XDG_CONFIG_HOME", "/nowhere", "CODER_CONFIG_DIR", dir, NULL};
    assert_int_equal(load(&no_flags, by_dir, &settings, &why), NET_OK);
    settings_clear(&settings);

    const struct settings_flags flags = {.config_dir = "/nowhere-else"};
    assert_int_equal(load(&flags, by_dir, &settings, &why), NET_ERR_AUTH);
    assert_non_null(strstr(why.text, "/nowhere-else/url"));
}

static void test_each_platform_has_its_folder(void **state)
{
    (void)state;
    char path[SETTINGS_PATH_SIZE];
    char shown[SETTINGS_PATH_SIZE];
    const char *const variables[] = {"HOME", "/h", "XDG_CONFIG_HOME", "/x", NULL};
    const char *const home_only[] = {"HOME", "/h", NULL};
    const char *const nothing[] = {NULL};
    environment = variables;
    assert_true(settings_config_dir(NULL, env, true, path, shown));
    assert_string_equal(path, "/h/Library/Application Support/coderv2");
    assert_string_equal(shown, "~/Library/Application Support/coderv2");
    assert_true(settings_config_dir(NULL, env, false, path, shown));
    assert_string_equal(path, "/x/coderv2");
    environment = home_only;
    assert_true(settings_config_dir(NULL, env, false, path, shown));
    assert_string_equal(path, "/h/.config/coderv2");
    environment = nothing;
    assert_false(settings_config_dir(NULL, env, false, path, shown));
}

static void test_what_is_missing_is_said_with_where_it_was_looked_for(void **state)
{
    (void)state;
    struct settings settings;
    struct failure why;
    const char *const nowhere[] = {"HOME", "/nonexistent", NULL};
    const char *const nothing[] = {NULL};
    const char *const url_only[] = {"HOME", "/nonexistent", "CODER_URL", "https://c.example", NULL};
    assert_int_equal(load(&no_flags, nowhere, &settings, &why), NET_ERR_AUTH);
    assert_non_null(strstr(why.text, "CODER_URL and ~/.config/coderv2/url"));
    assert_non_null(strstr(why.text, "coder login"));
    assert_null(settings.token);
    assert_int_equal(load(&no_flags, nothing, &settings, &why), NET_ERR_AUTH);
    assert_non_null(strstr(why.text, "HOME is not set"));
    assert_int_equal(load(&no_flags, url_only, &settings, &why), NET_ERR_AUTH);
    assert_non_null(strstr(why.text, "CODER_SESSION_TOKEN and ~/.config/coderv2/session"));
    assert_non_null(strstr(why.text, "coder login https://c.example"));
}

static void test_a_file_that_is_no_token_is_refused_and_not_repeated(void **state)
{
    (void)state;
    struct settings settings;
    struct failure why;
    char long_text[SETTINGS_FILE_MAX + 100];
    const char *const variables[] = {"HOME", home, NULL};
    memset(long_text, 'x', sizeof long_text);
    write_file("url", "https://a.example", 17);
    write_file("session", long_text, sizeof long_text);
    assert_int_equal(load(&no_flags, variables, &settings, &why), NET_ERR_USAGE);
    assert_non_null(strstr(why.text, "~/.config/coderv2/session is too long"));
    assert_null(strstr(why.text, "xxx"));
    write_file("session", "se\x1b[2Jcret", 10);
    assert_int_equal(load(&no_flags, variables, &settings, &why), NET_ERR_USAGE);
    assert_null(strstr(why.text, "cret"));
    write_file("session", "two words", 9);
    assert_int_equal(load(&no_flags, variables, &settings, &why), NET_ERR_USAGE);
    write_file("session", " \n", 2);
    assert_int_equal(load(&no_flags, variables, &settings, &why), NET_ERR_AUTH);
}

static void test_a_folder_where_a_file_should_be_is_said(void **state)
{
    (void)state;
    struct settings settings;
    struct failure why;
    char dir[128];
    text_format(dir, sizeof dir, "%s", home);
    const struct settings_flags flags = {.config_dir = dir};
    const char *const nothing[] = {NULL};
    char path[128];
    text_format(path, sizeof path, "%s/url", home);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(load(&flags, nothing, &settings, &why), NET_ERR_USAGE);
    assert_int_equal(rmdir(path), 0);
    assert_non_null(strstr(why.text, "/url: it is not a file"));
}

static void expect_url(const char *text, const char *url, const char *host, uint16_t port)
{
    struct settings settings = {0};
    struct failure why;
    assert_int_equal(settings_set_url(&settings, text, &why), NET_OK);
    assert_string_equal(settings.url, url);
    assert_string_equal(settings.host, host);
    assert_int_equal(settings.port, port);
}

static void test_urls_are_split_and_brought_to_one_form(void **state)
{
    (void)state;
    expect_url("https://c.example", "https://c.example", "c.example", 443);
    expect_url("HTTPS://C.Example:443//", "https://c.example", "c.example", 443);
    expect_url("http://localhost:8080/", "http://localhost:8080", "localhost", 8080);
    expect_url("https://c.example:/pre/fix/", "https://c.example/pre/fix", "c.example", 443);
    expect_url("http://[FD7A::1]:81", "http://[fd7a::1]:81", "fd7a::1", 81);
    expect_url("https://[::1]", "https://[::1]", "::1", 443);
    expect_url("http://10.0.0.1:65535", "http://10.0.0.1:65535", "10.0.0.1", 65535);
}

static void refuse_url(const char *text, const char *because)
{
    struct settings settings = {0};
    struct failure why;
    assert_int_equal(settings_set_url(&settings, text, &why), NET_ERR_USAGE);
    if (strstr(why.text, because) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why.text, because);
    }
    assert_string_equal(settings.url, "");
}

static void test_what_is_no_url_is_refused_with_what_to_write(void **state)
{
    (void)state;
    char text[SETTINGS_URL_SIZE + 50];
    refuse_url("c.example", "write https://");
    refuse_url("", "write https://");
    refuse_url("c.example:443", "write https://");
    refuse_url("ftp://c.example", "begin with https://");
    refuse_url("https://", "host name");
    refuse_url("https:///api", "host name");
    refuse_url("https://:443", "host name");
    refuse_url("https://[::1", "host name");
    refuse_url("https://[::1]x", "host name");
    refuse_url("https://[::g]", "host name");
    refuse_url("https://a_b c", "spaces");
    refuse_url("https://a\nb", "spaces");
    refuse_url("https://b\xc3\xbc"
               "cher.example",
               "xn--");
    refuse_url("https://a%20b", "host name");
    refuse_url("https://c.example:0", "port");
    refuse_url("https://c.example:65536", "port");
    refuse_url("https://c.example:99999999999999999999", "port");
    refuse_url("https://c.example:8a", "port");
    refuse_url("https://c.example/?redirect=1", "? or #");
    memset(text, 'a', sizeof text - 1);
    memcpy(text, "https://", 8);
    text[sizeof text - 1] = '\0';
    refuse_url(text, "too long");
    text[600] = '\0';
    refuse_url(text, "host name");
}

static void test_a_password_in_a_url_is_refused_and_not_repeated(void **state)
{
    (void)state;
    struct settings settings = {0};
    struct failure why;
    assert_int_equal(settings_set_url(&settings, "https://me:secret@c.example", &why),
                     NET_ERR_USAGE);
    assert_null(strstr(why.text, "secret"));
    assert_non_null(strstr(why.text, "c.example"));
}

static const char *const signed_in[] = {"CODER_URL", "https://c.example", "CODER_SESSION_TOKEN",
                                        "t", NULL};

static void expect_header(const struct settings *settings, size_t at, const char *name,
                          const char *value)
{
    assert_true(at < settings->header_count);
    assert_string_equal(settings->headers[at].name, name);
    assert_string_equal(settings->headers[at].value, value);
}

static void test_headers_are_read_as_the_coder_cli_reads_them(void **state)
{
    (void)state;
    struct settings settings;
    struct failure why;
    const char *const variables[] = {
        "CODER_URL", "https://c.example", "CODER_SESSION_TOKEN",
        "t",         "CODER_HEADER",      "X-A=1,\"X-B=2, \"\"and\"\" 3\",X-C=a=b,X-D=",
        NULL};
    assert_int_equal(load(&no_flags, variables, &settings, &why), NET_OK);
    assert_int_equal(settings.header_count, 4);
    expect_header(&settings, 0, "X-A", "1");
    expect_header(&settings, 1, "X-B", "2, \"and\" 3");
    expect_header(&settings, 2, "X-C", "a=b");
    expect_header(&settings, 3, "X-D", "");
    settings_clear(&settings);

    const char *const headers[] = {"X-E=5", "X-F=6"};
    const struct settings_flags flags = {.headers = headers, .header_count = 2};
    assert_int_equal(load(&flags, variables, &settings, &why), NET_OK);
    assert_int_equal(settings.header_count, 2);
    expect_header(&settings, 1, "X-F", "6");
    settings_clear(&settings);
}

static void refuse_header(const char *header)
{
    struct settings settings;
    struct failure why;
    const struct settings_flags flags = {.headers = &header, .header_count = 1};
    assert_int_equal(load(&flags, signed_in, &settings, &why), NET_ERR_USAGE);
    assert_non_null(strstr(why.text, "--header"));
    assert_null(strstr(why.text, "secret"));
    assert_int_equal(settings.header_count, 0);
}

static void test_a_header_that_cannot_be_sent_is_refused_without_its_value(void **state)
{
    (void)state;
    refuse_header("secret");
    refuse_header("X-A=1,secret");
    refuse_header("=secret");
    refuse_header("X A=secret");
    refuse_header("X-A:b=secret");
    refuse_header("X-A=secret\r\nX-B: secret");
    char many[SETTINGS_HEADERS_MAX * 4 + 8] = "a=b";
    for (size_t i = 0; i < SETTINGS_HEADERS_MAX; i++) {
        memcpy(many + 3 + i * 4, ",a=b", 5);
    }
    refuse_header(many);
}

static void test_a_header_command_adds_a_header_a_line(void **state)
{
    (void)state;
    struct settings settings;
    struct failure why;
    const char *const header = "X-A=1";
    const struct settings_flags flags = {
        .headers = &header,
        .header_count = 1,
        .header_command = "printf 'X-Url=%s\\r\\n\\n' \"$CODER_URL\"; printf X-Last=2"};
    assert_int_equal(load(&flags, signed_in, &settings, &why), NET_OK);
    assert_int_equal(settings.header_count, 3);
    expect_header(&settings, 1, "X-Url", "https://c.example");
    expect_header(&settings, 2, "X-Last", "2");
    settings_clear(&settings);
}

static void test_a_header_command_that_fails_or_floods_ends_the_start(void **state)
{
    (void)state;
    struct settings settings;
    struct failure why;
    const struct settings_flags fails = {.header_command = "exit 3"};
    const struct settings_flags floods = {.header_command = "exec yes a=b"};
    const struct settings_flags nonsense = {.header_command = "echo secret"};
    assert_int_equal(load(&fails, signed_in, &settings, &why), NET_ERR_USAGE);
    assert_non_null(strstr(why.text, "exit status 3"));
    assert_int_equal(load(&floods, signed_in, &settings, &why), NET_ERR_USAGE);
    assert_non_null(strstr(why.text, "printed more than"));
    assert_int_equal(load(&nonsense, signed_in, &settings, &why), NET_ERR_USAGE);
    assert_null(strstr(why.text, "secret"));
}

static void test_tls_files_must_be_readable_and_go_together(void **state)
{
    (void)state;
    struct settings settings;
    struct failure why;
    const struct settings_flags missing = {.ca_file = "/nonexistent/ca.pem"};
    const struct settings_flags half = {.cert_file = "/dev/null"};
    const struct settings_flags both = {.cert_file = "/dev/null", .key_file = "/dev/null"};
    assert_int_equal(load(&missing, signed_in, &settings, &why), NET_ERR_USAGE);
    assert_non_null(strstr(why.text, "--client-tls-ca-file: cannot read /nonexistent/ca.pem"));
    assert_int_equal(load(&half, signed_in, &settings, &why), NET_ERR_USAGE);
    assert_non_null(strstr(why.text, "together"));
    assert_int_equal(load(&both, signed_in, &settings, &why), NET_OK);
    assert_string_equal(settings.key_file, "/dev/null");
    settings_clear(&settings);
}

static void test_relay_only_is_a_flag_or_a_go_boolean(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum net_err err;
        bool value;
    } rows[] = {{"true", NET_OK, true},
                {"1", NET_OK, true},
                {"F", NET_OK, false},
                {"false", NET_OK, false},
                {"yes", NET_ERR_USAGE, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct settings settings;
        struct failure why;
        const char *const variables[] = {"CODER_URL",
                                         "https://c.example",
                                         "CODER_SESSION_TOKEN",
                                         "t",
                                         "CODER_DISABLE_DIRECT_CONNECTIONS",
                                         rows[i].text,
                                         NULL};
        assert_int_equal(load(&no_flags, variables, &settings, &why), rows[i].err);
        assert_int_equal(settings.disable_direct, rows[i].value);
        settings_clear(&settings);
    }
    struct settings settings;
    struct failure why;
    const struct settings_flags flags = {.disable_direct = true};
    assert_int_equal(load(&flags, signed_in, &settings, &why), NET_OK);
    assert_true(settings.disable_direct);
    settings_clear(&settings);
}

static void test_parts_of_an_endpoint_are_encoded_and_never_cut(void **state)
{
    (void)state;
    char out[64];
    const char *const parts[] = {"a/b?c", "\xc3\xa9 ~"};
    assert_int_equal(endpoint_url(out, sizeof out, "https://c/p", "/u/{}/w/{}?x=1", parts), NET_OK);
    assert_string_equal(out, "https://c/p/u/a%2Fb%3Fc/w/%C3%A9%20~?x=1");
    size_t need = strlen(out) + 1;
    for (size_t size = 1; size < need; size++) {
        assert_int_equal(endpoint_url(out, size, "https://c/p", "/u/{}/w/{}?x=1", parts),
                         NET_ERR_TOO_BIG);
        assert_string_equal(out, "");
    }
    assert_int_equal(endpoint_url(out, need, "https://c/p", "/u/{}/w/{}?x=1", parts), NET_OK);
}

static void test_places_are_named_without_a_look_at_the_token(void **state)
{
    (void)state;
    struct settings_places places;
    char wanted[128];
    const char *const files_only[] = {"HOME", home, NULL};
    const char *const variables[] = {"CODER_CONFIG_DIR",
                                     "/there",
                                     "CODER_URL",
                                     "https://env.example:8443/",
                                     "CODER_SESSION_TOKEN",
                                     "env-token",
                                     "CODER_HEADER_COMMAND",
                                     "exit 1",
                                     "CODER_CLIENT_TLS_CA_FILE",
                                     "/ca.pem",
                                     NULL};
    const char *const nothing[] = {NULL};
    const struct settings_flags flags = {.url = "no url", .token = "t"};
    write_file("url", "https://file.example", 20);
    environment = files_only;
    settings_places(&no_flags, env, &places);
    text_format(wanted, sizeof wanted, "%s/.config/coderv2/session", home);
    assert_string_equal(places.token_file, wanted);
    assert_string_equal(places.deployment, "file.example");
    assert_true(places.url_by == NULL && places.token_by == NULL && places.ca_file == NULL);

    environment = variables;
    settings_places(&no_flags, env, &places);
    assert_string_equal(places.url_file, "/there/url");
    assert_string_equal(places.url_by, "CODER_URL");
    assert_string_equal(places.token_by, "CODER_SESSION_TOKEN");
    assert_string_equal(places.ca_file, "/ca.pem");
    assert_string_equal(places.deployment, "env.example:8443");

    environment = nothing;
    settings_places(&flags, env, &places);
    assert_string_equal(places.url_file, "");
    assert_string_equal(places.url_by, "--url");
    assert_string_equal(places.token_by, "--token");
    assert_string_equal(places.deployment, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags_come_before_the_environment_and_that_before_files),
        cmocka_unit_test(test_the_folder_of_the_files_can_be_chosen),
        cmocka_unit_test(test_each_platform_has_its_folder),
        cmocka_unit_test(test_what_is_missing_is_said_with_where_it_was_looked_for),
        cmocka_unit_test(test_a_file_that_is_no_token_is_refused_and_not_repeated),
        cmocka_unit_test(test_a_folder_where_a_file_should_be_is_said),
        cmocka_unit_test(test_urls_are_split_and_brought_to_one_form),
        cmocka_unit_test(test_what_is_no_url_is_refused_with_what_to_write),
        cmocka_unit_test(test_a_password_in_a_url_is_refused_and_not_repeated),
        cmocka_unit_test(test_headers_are_read_as_the_coder_cli_reads_them),
        cmocka_unit_test(test_a_header_that_cannot_be_sent_is_refused_without_its_value),
        cmocka_unit_test(test_a_header_command_adds_a_header_a_line),
        cmocka_unit_test(test_a_header_command_that_fails_or_floods_ends_the_start),
        cmocka_unit_test(test_tls_files_must_be_readable_and_go_together),
        cmocka_unit_test(test_relay_only_is_a_flag_or_a_go_boolean),
        cmocka_unit_test(test_parts_of_an_endpoint_are_encoded_and_never_cut),
        cmocka_unit_test(test_places_are_named_without_a_look_at_the_token),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
