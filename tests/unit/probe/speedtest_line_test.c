#include "net/probe/speedtest_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"
#include "tests/support/vectors.h"

#include <cmocka.h>

/* Without its LF. */
static struct bytes line_of(struct bytes wire)
{
    size_t len = 0;
    for (size_t cut = 0; cut < wire.len; cut++) {
        assert_int_equal(speedtest_line_find_end(bytes_of(wire.ptr, cut), &len), NET_ERR_AGAIN);
    }
    assert_int_equal(speedtest_line_find_end(wire, &len), NET_OK);
    assert_int_equal(len, wire.len - 1);
    return bytes_of(wire.ptr, len);
}

static void check_config(struct bytes wire, const cJSON *item)
{
    bool up = strcmp(vectors_text(item, "direction"), "upload") == 0;
    struct speedtest_config config;
    char again[128];
    struct writer out = writer_of(again, sizeof again);
    assert_int_equal(speedtest_config_decode(line_of(wire), &config), NET_OK);
    assert_int_equal(config.version, SPEEDTEST_VERSION);
    assert_int_equal(config.duration_ns, vectors_int(item, "duration_ns"));
    assert_int_equal(config.direction, up ? SPEEDTEST_UP : SPEEDTEST_DOWN);
    speedtest_config_encode(&out, &config);
    assert_true(bytes_equal(writer_done(&out), wire));
    for (size_t cut = 0; cut + 1 < wire.len; cut++) {
        assert_int_equal(speedtest_config_decode(bytes_of(wire.ptr, cut), &config),
                         NET_ERR_MALFORMED);
    }
}

static void test_genuine_configurations_are_read_and_written_back(void **state)
{
    (void)state;
    cJSON *root = vectors_load("speedtest.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "client_configs"))
    {
        struct bytes wire = vectors_hex(item, "bytes");
        check_config(wire, item);
        vectors_free(wire);
    }
    cJSON_ArrayForEach(item, vectors_get(root, "conversations"))
    {
        struct bytes wire = vectors_hex(item, "client_config");
        check_config(wire, item);
        vectors_free(wire);
    }
    cJSON_Delete(root);
}

static void test_genuine_answers_are_read(void **state)
{
    (void)state;
    char error[SPEEDTEST_ERROR_SIZE];
    cJSON *root = vectors_load("speedtest.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "refused_configs"))
    {
        struct bytes wire = vectors_hex(item, "server_response");
        assert_int_equal(speedtest_reply_decode(line_of(wire), error), NET_OK);
        assert_non_null(strstr(vectors_text(item, "server_response_text"), error));
        assert_true(strlen(error) > 10);
        vectors_free(wire);
    }
    cJSON_ArrayForEach(item, vectors_get(root, "conversations"))
    {
        struct bytes wire = vectors_hex(item, "server_response");
        assert_int_equal(speedtest_reply_decode(line_of(wire), error), NET_OK);
        assert_string_equal(error, "");
        vectors_free(wire);
    }
    cJSON_Delete(root);
}

static void test_what_is_no_configuration_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "hello",
        "[]",
        "2",
        "\"a\"",
        "{\"version\":\"2\"}",
        "{\"version\":2.5}",
        "{\"time\":1e300}",
        "{}x",
        "{",
    };
    struct speedtest_config config = {.version = 77};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(speedtest_config_decode(bytes_text(bad[i]), &config), NET_ERR_MALFORMED);
        assert_int_equal(config.version, 77);
    }
}

static void test_names_have_any_case_and_others_are_ignored(void **state)
{
    (void)state;
    struct speedtest_config config;
    const char *line = "{\"x\":[1],\"VERSION\":3,\"Time\":null,\"direction\":-7}";
    assert_int_equal(speedtest_config_decode(bytes_text(line), &config), NET_OK);
    assert_int_equal(config.version, 3);
    assert_int_equal(config.duration_ns, 0);
    assert_int_equal(config.direction, -7);
}

static void test_an_error_is_safe_to_show_and_may_be_long(void **state)
{
    (void)state;
    char error[SPEEDTEST_ERROR_SIZE];
    char line[1024];
    char text[600];
    memset(text, 'e', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    text_format(line, sizeof line, "{\"error\":\"%s\"}", text);
    assert_int_equal(speedtest_reply_decode(bytes_text(line), error), NET_OK);
    assert_int_equal(strlen(error), SPEEDTEST_ERROR_SIZE - 1);
    assert_int_equal(speedtest_reply_decode(bytes_text("{\"error\":\"a\\u001b[2Jb\"}"), error),
                     NET_OK);
    assert_null(strchr(error, '\033'));
}

static void test_an_error_survives_the_way(void **state)
{
    (void)state;
    char wire[256];
    char error[SPEEDTEST_ERROR_SIZE];
    struct writer out = writer_of(wire, sizeof wire);
    speedtest_reply_encode(&out, "a \"quoted\\ text\"\n");
    assert_false(out.failed);
    assert_int_equal(speedtest_reply_decode(line_of(writer_done(&out)), error), NET_OK);
    assert_string_equal(error, "a \"quoted\\ text\" ");
}

static void test_a_line_without_end_is_given_up(void **state)
{
    (void)state;
    static const char spaces[SPEEDTEST_LINE_MAX + 1] = {0};
    size_t len = 0;
    assert_int_equal(speedtest_line_find_end(bytes_of(spaces, SPEEDTEST_LINE_MAX - 1), &len),
                     NET_ERR_AGAIN);
    assert_int_equal(speedtest_line_find_end(bytes_of(spaces, SPEEDTEST_LINE_MAX + 1), &len),
                     NET_ERR_TOO_BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_genuine_configurations_are_read_and_written_back),
        cmocka_unit_test(test_genuine_answers_are_read),
        cmocka_unit_test(test_what_is_no_configuration_is_refused),
        cmocka_unit_test(test_names_have_any_case_and_others_are_ignored),
        cmocka_unit_test(test_an_error_is_safe_to_show_and_may_be_long),
        cmocka_unit_test(test_an_error_survives_the_way),
        cmocka_unit_test(test_a_line_without_end_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
