#include "net/wire/yamux.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/vectors.h"

#include <cmocka.h>

static void check_header(const cJSON *item)
{
    static const char *const types[] = {"data", "window-update", "ping", "go-away"};
    bool whole = cJSON_GetObjectItemCaseSensitive(item, "frame") != NULL;
    struct bytes wire = vectors_hex(item, whole ? "frame" : "header");
    struct yamux_header header;
    uint8_t again[YAMUX_HEADER_LEN];
    struct writer out = writer_of(again, sizeof again);
    for (size_t len = 0; len < YAMUX_HEADER_LEN; len++) {
        struct reader cut = reader_of(bytes_of(wire.ptr, len));
        assert_int_equal(yamux_header_decode(&cut, &header), NET_ERR_AGAIN);
    }
    struct reader in = reader_of(wire);
    assert_int_equal(yamux_header_decode(&in, &header), NET_OK);
    assert_string_equal(types[header.type], vectors_text(item, "type"));
    assert_int_equal(header.stream_id, vectors_int(item, "stream_id"));
    assert_int_equal(header.length, vectors_int(item, "length"));
    yamux_header_encode(&out, &header);
    assert_memory_equal(again, wire.ptr, YAMUX_HEADER_LEN);
    vectors_free(wire);
}

static void test_every_recorded_header_is_read_and_written_back(void **state)
{
    (void)state;
    cJSON *root = vectors_load("yamux.json");
    const cJSON *session = NULL;
    const cJSON *item = NULL;
    size_t checked = 0;
    cJSON_ArrayForEach(session, vectors_get(root, "sessions"))
    {
        cJSON_ArrayForEach(item, vectors_get(session, "frames"))
        {
            check_header(item);
            checked++;
        }
    }
    assert_true(checked > 20);
    cJSON_Delete(root);
}

static void test_another_version_or_type_is_refused(void **state)
{
    (void)state;
    uint8_t wire[YAMUX_HEADER_LEN] = {1};
    struct yamux_header header;
    struct reader in = reader_of(bytes_of(wire, sizeof wire));
    assert_int_equal(yamux_header_decode(&in, &header), NET_ERR_MALFORMED);
    wire[0] = 0;
    wire[1] = 4;
    in = reader_of(bytes_of(wire, sizeof wire));
    assert_int_equal(yamux_header_decode(&in, &header), NET_ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_recorded_header_is_read_and_written_back),
        cmocka_unit_test(test_another_version_or_type_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
