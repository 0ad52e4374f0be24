#include "net/wire/drpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/vectors.h"

#include <cmocka.h>

static void check_frame(const cJSON *item)
{
    struct bytes wire = vectors_hex(item, "frame");
    struct bytes data = vectors_hex(item, "data");
    struct drpc_frame frame;
    struct reader in = reader_of(wire);
    struct buf out;
    assert_int_equal(drpc_frame_decode(&in, &frame), NET_OK);
    assert_int_equal(reader_left(&in), 0);
    assert_int_equal(frame.kind, vectors_int(item, "kind_number"));
    assert_int_equal(frame.stream_id, vectors_int(item, "stream_id"));
    assert_int_equal(frame.message_id, vectors_int(item, "message_id"));
    assert_int_equal(frame.done, cJSON_IsTrue(vectors_get(item, "done")));
    assert_int_equal(frame.control, cJSON_IsTrue(vectors_get(item, "control")));
    assert_true(bytes_equal(frame.data, data));
    buf_init(&out, 1 << 20);
    assert_int_equal(drpc_frame_encode(&out, &frame), NET_OK);
    assert_true(bytes_equal(buf_view(&out), wire));
    buf_clear(&out);
    vectors_free(wire);
    vectors_free(data);
}

static void test_every_frame_is_read_and_written_as_the_genuine_one(void **state)
{
    (void)state;
    cJSON *root = vectors_load("drpc.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "frames"))
    {
        const cJSON *stream = vectors_get(item, "stream_id");
        if (cJSON_IsNumber(stream) && cJSON_IsNumber(vectors_get(item, "message_id"))) {
            check_frame(item);
        }
    }
    const cJSON *call = NULL;
    cJSON_ArrayForEach(call, vectors_get(root, "calls"))
    {
        cJSON_ArrayForEach(item, vectors_get(call, "frames"))
        {
            check_frame(item);
        }
    }
    cJSON_Delete(root);
}

static void test_every_shorter_frame_asks_for_more(void **state)
{
    (void)state;
    cJSON *root = vectors_load("drpc.json");
    const cJSON *item = cJSON_GetArrayItem(vectors_get(root, "frames"), 0);
    struct bytes wire = vectors_hex(item, "frame");
    for (size_t len = 0; len < wire.len; len++) {
        struct drpc_frame frame;
        struct reader in = reader_of(bytes_of(wire.ptr, len));
        assert_int_equal(drpc_frame_decode(&in, &frame), NET_ERR_AGAIN);
        assert_ptr_equal(in.at, wire.ptr);
    }
    vectors_free(wire);
    cJSON_Delete(root);
}

/* Feeds `wire` in pieces of `step` bytes; the packets must be those of `want`, as far as their
 * kinds are known: the genuine reader leaves unknown kinds to its caller, ours refuses or ignores
 * them itself. */
static enum net_err read_in_steps(struct bytes wire, size_t step, const cJSON *want, size_t *got)
{
    struct drpc_reader reader;
    enum net_err err = NET_ERR_AGAIN;
    drpc_reader_init(&reader);
    *got = 0;
    for (size_t at = 0; at < wire.len && err == NET_ERR_AGAIN; at += step) {
        size_t len = wire.len - at < step ? wire.len - at : step;
        struct drpc_packet packet;
        assert_int_equal(drpc_reader_feed(&reader, bytes_of(wire.ptr + at, len)), NET_OK);
        while ((err = drpc_reader_next(&reader, &packet)) == NET_OK) {
            const cJSON *expected = cJSON_GetArrayItem(want, (int)*got);
            struct bytes data = vectors_hex(expected, "data");
            assert_int_equal(packet.kind, vectors_int(expected, "kind_number"));
            assert_true(bytes_equal(packet.data, data));
            vectors_free(data);
            ++*got;
        }
    }
    drpc_reader_clear(&reader);
    return err;
}

static bool has_unknown_kind(const cJSON *packets)
{
    const cJSON *packet = NULL;
    cJSON_ArrayForEach(packet, packets)
    {
        int64_t kind = vectors_int(packet, "kind_number");
        if (kind < DRPC_INVOKE || kind > DRPC_INVOKE_METADATA) {
            return true;
        }
    }
    return false;
}

static void test_the_reader_gives_the_packets_of_the_genuine_one(void **state)
{
    (void)state;
    cJSON *root = vectors_load("drpc.json");
    const cJSON *item = NULL;
    size_t checked = 0;
    cJSON_ArrayForEach(item, vectors_get(root, "reader"))
    {
        struct bytes wire = vectors_hex(item, "bytes");
        const cJSON *want = vectors_get(item, "packets");
        bool bad = strcmp(vectors_text(item, "then"), "protocol error") == 0;
        const char *name = vectors_text(item, "name");
        bool huge = strcmp(name, "length of 2^40") == 0;
        for (size_t step = 1; step <= wire.len && !has_unknown_kind(want); step++) {
            size_t got = 0;
            enum net_err err = read_in_steps(wire, step, want, &got);
            assert_int_equal(got, cJSON_GetArraySize(want));
            if (huge) {
                assert_int_equal(err, NET_ERR_TOO_BIG); /* ours refuses at once */
            } else {
                assert_int_equal(err == NET_ERR_AGAIN, !bad);
            }
            checked++;
        }
        vectors_free(wire);
    }
    assert_true(checked > 100);
    cJSON_Delete(root);
}

static void test_an_unknown_kind_ends_the_rpc_unless_it_may_be_ignored(void **state)
{
    (void)state;
    const uint8_t fatal[] = {0x01, 1, 1, 1, 'a'};
    const uint8_t ignored[] = {0xfd, 1, 1, 1, 'a', 0x05, 1, 2, 1, 'b'};
    struct drpc_reader reader;
    struct drpc_packet packet;
    drpc_reader_init(&reader);
    assert_int_equal(drpc_reader_feed(&reader, bytes_of(fatal, sizeof fatal)), NET_OK);
    assert_int_equal(drpc_reader_next(&reader, &packet), NET_ERR_MALFORMED);
    drpc_reader_clear(&reader);
    drpc_reader_init(&reader);
    assert_int_equal(drpc_reader_feed(&reader, bytes_of(ignored, sizeof ignored)), NET_OK);
    assert_int_equal(drpc_reader_next(&reader, &packet), NET_OK);
    assert_int_equal(packet.data.ptr[0], 'b');
    drpc_reader_clear(&reader);
}

static void test_a_large_packet_is_split_and_put_together(void **state)
{
    (void)state;
    enum { SIZE = 200000 };
    uint8_t *data = malloc(SIZE);
    struct drpc_writer writer = {0};
    struct drpc_reader reader;
    struct drpc_packet packet;
    struct buf out;
    memset(data, 'x', SIZE);
    data[SIZE - 1] = 'y';
    buf_init(&out, 1 << 20);
    drpc_reader_init(&reader);
    assert_int_equal(drpc_write(&writer, &out, DRPC_MESSAGE, bytes_of(data, SIZE)), NET_OK);
    assert_int_equal(drpc_reader_feed(&reader, buf_view(&out)), NET_OK);
    assert_int_equal(drpc_reader_next(&reader, &packet), NET_OK);
    assert_true(bytes_equal(packet.data, bytes_of(data, SIZE)));
    assert_int_equal(drpc_reader_next(&reader, &packet), NET_ERR_AGAIN);
    drpc_reader_clear(&reader);
    buf_clear(&out);
    free(data);
}

static void test_an_error_carries_its_code_and_text(void **state)
{
    (void)state;
    struct drpc_writer writer = {0};
    struct drpc_reader reader;
    struct drpc_packet packet;
    struct buf out;
    uint64_t code = 0;
    char text[64];
    buf_init(&out, 4096);
    drpc_reader_init(&reader);
    assert_int_equal(drpc_write_error(&writer, &out, 77, "no \x1b[2J"), NET_OK);
    assert_int_equal(drpc_reader_feed(&reader, buf_view(&out)), NET_OK);
    assert_int_equal(drpc_reader_next(&reader, &packet), NET_OK);
    assert_int_equal(packet.kind, DRPC_ERROR);
    drpc_error_decode(packet.data, &code, text, sizeof text);
    assert_int_equal(code, 77);
    assert_null(strchr(text, '\x1b'));
    assert_false(drpc_error_is_unknown_rpc(code, text));
    assert_true(drpc_error_is_unknown_rpc(12, ""));
    assert_true(drpc_error_is_unknown_rpc(0, "protocol error: unknown rpc: \"x\""));
    drpc_reader_clear(&reader);
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_frame_is_read_and_written_as_the_genuine_one),
        cmocka_unit_test(test_every_shorter_frame_asks_for_more),
        cmocka_unit_test(test_the_reader_gives_the_packets_of_the_genuine_one),
        cmocka_unit_test(test_an_unknown_kind_ends_the_rpc_unless_it_may_be_ignored),
        cmocka_unit_test(test_a_large_packet_is_split_and_put_together),
        cmocka_unit_test(test_an_error_carries_its_code_and_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
