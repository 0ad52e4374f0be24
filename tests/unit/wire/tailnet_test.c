#include "net/wire/tailnet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/wire/tailnet_internal.h"
#include "tests/support/vectors.h"

#include <cmocka.h>

struct collected {
    size_t count;
    struct tailnet_peer_update updates[8];
};

static void collect(void *owner, const struct tailnet_peer_update *update)
{
    struct collected *all = owner;
    assert_true(all->count < 8);
    all->updates[all->count++] = *update;
}

static enum net_err again_request(struct bytes in, struct buf *out)
{
    struct tailnet_request request;
    static struct tailnet_node node;
    enum net_err err = tailnet_request_decode(in, &request, &node);
    return err != NET_OK ? err : tailnet_request_encode(out, &request);
}

static enum net_err again_response(struct bytes in, struct buf *out)
{
    static struct collected all;
    char error[TAILNET_REASON_SIZE];
    size_t skipped = 0;
    all.count = 0;
    enum net_err err = tailnet_response_decode(in, collect, &all, error, &skipped);
    return err != NET_OK ? err : tailnet_response_encode(out, all.updates, all.count, error);
}

static enum net_err again_map(struct bytes in, struct buf *out)
{
    struct derp_map map;
    enum net_err err = tailnet_derp_map_decode(in, &map);
    if (err == NET_OK) {
        err = tailnet_derp_map_encode(out, &map);
        derp_map_clear(&map);
    }
    return err;
}

static enum net_err again_token(struct bytes in, struct buf *out)
{
    struct tailnet_resume_token token;
    enum net_err err = tailnet_resume_token_decode(in, &token);
    return err != NET_OK ? err : tailnet_resume_token_encode(out, &token);
}

static enum net_err again_workspaces(struct bytes in, struct buf *out)
{
    struct tailnet_workspaces workspaces = {0};
    enum net_err err = tailnet_workspaces_decode(in, &workspaces);
    if (err == NET_OK) {
        err = tailnet_workspaces_encode(out, &workspaces);
    }
    tailnet_workspaces_clear(&workspaces);
    return err;
}

static enum net_err again_owner(struct bytes in, struct buf *out)
{
    struct uuid owner;
    enum net_err err = tailnet_workspaces_request_decode(in, &owner);
    return err != NET_OK ? err : tailnet_workspaces_request_encode(out, &owner);
}

static const struct {
    const char *message;
    enum net_err (*again)(struct bytes in, struct buf *out);
} codecs[] = {
    {"coder.tailnet.v2.CoordinateRequest", again_request},
    {"coder.tailnet.v2.CoordinateResponse", again_response},
    {"coder.tailnet.v2.DERPMap", again_map},
    {"coder.tailnet.v2.RefreshResumeTokenResponse", again_token},
    {"coder.tailnet.v2.WorkspaceUpdate", again_workspaces},
    {"coder.tailnet.v2.WorkspaceUpdatesRequest", again_owner},
};

static enum net_err (*codec_of(const cJSON *item))(struct bytes in, struct buf *out)
{
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        if (strcmp(codecs[i].message, vectors_text(item, "message")) == 0) {
            return codecs[i].again;
        }
    }
    return NULL;
}

/* Those that hold what our structs do not keep, on purpose. */
static bool keeps_all(const char *name)
{
    return strstr(name, "negative numbers") == NULL && strstr(name, "empty node") == NULL;
}

static void test_what_is_read_is_written_back_to_the_byte(void **state)
{
    (void)state;
    cJSON *root = vectors_load("protobuf.json");
    const cJSON *item = NULL;
    size_t checked = 0;
    cJSON_ArrayForEach(item, vectors_get(root, "messages"))
    {
        enum net_err (*again)(struct bytes, struct buf *) = codec_of(item);
        if (again == NULL || !keeps_all(vectors_text(item, "name"))) {
            continue;
        }
        struct bytes wire = vectors_hex(item, "bytes");
        struct buf out;
        buf_init(&out, 1 << 20);
        assert_int_equal(again(wire, &out), NET_OK);
        if (!bytes_equal(buf_view(&out), wire)) {
            print_error("%s: %zu bytes, want %zu\n", vectors_text(item, "name"), buf_len(&out),
                        wire.len);
        }
        assert_true(bytes_equal(buf_view(&out), wire));
        buf_clear(&out);
        vectors_free(wire);
        checked++;
    }
    assert_true(checked >= 15);
    cJSON_Delete(root);
}

static void test_no_cut_of_a_message_is_a_fault(void **state)
{
    (void)state;
    cJSON *root = vectors_load("protobuf.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "messages"))
    {
        enum net_err (*again)(struct bytes, struct buf *) = codec_of(item);
        struct bytes wire = vectors_hex(item, "bytes");
        for (size_t len = 0; again != NULL && len < wire.len; len++) {
            uint8_t *exact = malloc(len + 1); /* a sanitizer sees a read past the end */
            struct buf out;
            memcpy(exact, wire.ptr, len);
            buf_init(&out, 1 << 20);
            enum net_err err = again(bytes_of(exact, len), &out);
            assert_true(err == NET_OK || err == NET_ERR_MALFORMED);
            buf_clear(&out);
            free(exact);
        }
        vectors_free(wire);
    }
    cJSON_Delete(root);
}

/* protobuf-c differs from the genuine decoder here, and in both cases refuses what the other skips:
 * no sender of this schema writes groups, or a known field with another type. */
static bool we_are_stricter(const char *name)
{
    return strcmp(name, "unknown group is skipped") == 0;
}

/* What protobuf-c does with a node that the genuine decoder treats otherwise: it refuses a known
 * field of another type instead of skipping it, and takes text that is not UTF-8, which is cleaned
 * or parsed before it is used. */
static bool differs(const char *name)
{
    return strcmp(name, "known field with another wire type is unknown") == 0 ||
           strcmp(name, "string that is not UTF-8") == 0;
}

static void check_odd_node(const cJSON *item)
{
    struct bytes wire = vectors_hex(item, "bytes");
    struct arena arena;
    enum net_err err = NET_OK;
    arena_init(&arena);
    const PB(Node) *node = arena_unpack(&arena, &PB_DESCRIPTOR(node), wire, &err);
    bool accept = cJSON_IsTrue(vectors_get(item, "accept")) != differs(vectors_text(item, "name"));
    bool free_choice = cJSON_GetObjectItemCaseSensitive(item, "decoders_differ") != NULL;
    if ((node != NULL) != accept && !free_choice) {
        print_error("%s\n", vectors_text(item, "name"));
    }
    assert_true((node != NULL) == accept || free_choice);
    assert_true((node != NULL) == (err == NET_OK));
    const cJSON *json = cJSON_GetObjectItemCaseSensitive(item, "json");
    if (node != NULL && json != NULL) {
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(json, "id");
        const cJSON *derp = cJSON_GetObjectItemCaseSensitive(json, "preferred_derp");
        const cJSON *latency = cJSON_GetObjectItemCaseSensitive(json, "derp_latency");
        assert_int_equal(node->id, id == NULL ? 0 : strtoll(id->valuestring, NULL, 10));
        assert_int_equal(node->preferred_derp, derp == NULL ? 0 : derp->valueint);
        if (latency != NULL) { /* the last of several with one key */
            const PB(Node__DerpLatencyEntry) *entry = node->derp_latency[node->n_derp_latency - 1];
            assert_string_equal(entry->key, latency->child->string);
            assert_true(fabs(entry->value - latency->child->valuedouble) < 1e-9);
        }
    }
    arena_clear(&arena);
    vectors_free(wire);
}

static void test_odd_nodes_are_taken_or_refused_as_by_the_genuine_decoder(void **state)
{
    (void)state;
    cJSON *root = vectors_load("protobuf.json");
    const cJSON *item = NULL;
    size_t checked = 0;
    cJSON_ArrayForEach(item, vectors_get(root, "decode"))
    {
        if (strcmp(vectors_text(item, "message"), "coder.tailnet.v2.Node") == 0) {
            check_odd_node(item);
            checked++;
        }
    }
    assert_true(checked > 10);
    cJSON_Delete(root);
}

static void test_odd_bytes_are_taken_or_refused_as_by_the_genuine_decoder(void **state)
{
    (void)state;
    cJSON *root = vectors_load("protobuf.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "decode"))
    {
        enum net_err (*again)(struct bytes, struct buf *) = codec_of(item);
        if (again == NULL || we_are_stricter(vectors_text(item, "name"))) {
            continue;
        }
        struct bytes wire = vectors_hex(item, "bytes");
        struct buf out;
        buf_init(&out, 1 << 20);
        bool accepted = again(wire, &out) == NET_OK;
        if (accepted != cJSON_IsTrue(vectors_get(item, "accept"))) {
            print_error("%s\n", vectors_text(item, "name"));
        }
        assert_int_equal(accepted, cJSON_IsTrue(vectors_get(item, "accept")));
        buf_clear(&out);
        vectors_free(wire);
    }
    cJSON_Delete(root);
}

static void test_a_bad_update_is_skipped_and_the_others_are_kept(void **state)
{
    (void)state;
    struct tailnet_peer_update update = {.kind = TAILNET_PEER_LOST};
    struct collected all = {0};
    struct buf out;
    char error[TAILNET_REASON_SIZE];
    size_t skipped = 0;
    static const uint8_t no_node[] = {0x0a, 0x16, 0x0a, 0x10, 1,  2,  3,  4,  5,    6, 7,    8,
                                      9,    10,   11,   12,   13, 14, 15, 16, 0x18, 1, 0x22, 0};
    update.id.b[0] = 7;
    buf_init(&out, 4096);
    assert_int_equal(tailnet_response_encode(&out, &update, 1, NULL), NET_OK);
    assert_int_equal(buf_append(&out, bytes_of(no_node, sizeof no_node)), NET_OK);
    assert_int_equal(tailnet_response_decode(buf_view(&out), collect, &all, error, &skipped),
                     NET_OK);
    assert_int_equal(skipped, 1); /* a NODE without a node */
    assert_int_equal(all.count, 1);
    assert_int_equal(all.updates[0].id.b[0], 7);
    buf_clear(&out);
}

/* Builds messages by hand: a field of length-delimited bytes. */
static void put_field(struct buf *out, unsigned number, struct bytes value)
{
    uint8_t head[8];
    struct writer w = writer_of(head, sizeof head);
    writer_u8(&w, (uint8_t)(number << 3 | 2));
    size_t len = value.len;
    while (len >= 0x80) {
        writer_u8(&w, (uint8_t)(len | 0x80));
        len >>= 7;
    }
    writer_u8(&w, (uint8_t)len);
    assert_int_equal(buf_append(out, writer_done(&w)), NET_OK);
    assert_int_equal(buf_append(out, value), NET_OK);
}

static void put_small(struct buf *out, unsigned number, uint8_t value)
{
    uint8_t field[] = {(uint8_t)(number << 3), value};
    assert_int_equal(buf_append(out, bytes_of(field, sizeof field)), NET_OK);
}

struct odd_update {
    size_t id_len, key_len;
    const char *key_prefix;
    const char *disco;
    bool node;
    uint8_t kind;
    size_t taken; /* updates that come out */
};

static void put_update(struct buf *out, const struct odd_update *odd)
{
    static const char good_disco[] =
        "discokey:3e65a1be489fbbfa316ee6d14e77f499cb6765ee99e77be6ce0288a45d90ce78";
    uint8_t id[32] = {1};
    uint8_t key[64] = {0};
    struct buf node;
    struct buf update;
    buf_init(&node, 1 << 12);
    buf_init(&update, 1 << 12);
    memcpy(key, odd->key_prefix, 2);
    put_field(&node, 3, bytes_of(key, odd->key_len));
    put_field(&node, 4, bytes_text(odd->disco == NULL ? good_disco : odd->disco));
    put_field(&update, 1, bytes_of(id, odd->id_len));
    if (odd->node) {
        put_field(&update, 2, buf_view(&node));
    }
    put_small(&update, 3, odd->kind);
    put_field(out, 1, buf_view(&update));
    buf_clear(&node);
    buf_clear(&update);
}

static void test_only_updates_that_can_be_used_come_out(void **state)
{
    (void)state;
    static const struct odd_update cases[] = {
        {16, 34, "np", NULL, true, TAILNET_PEER_NODE, 1},
        {15, 34, "np", NULL, true, TAILNET_PEER_NODE, 0},
        {17, 34, "np", NULL, true, TAILNET_PEER_NODE, 0},
        {0, 34, "np", NULL, true, TAILNET_PEER_NODE, 0},
        {16, 33, "np", NULL, true, TAILNET_PEER_NODE, 0},
        {16, 35, "np", NULL, true, TAILNET_PEER_NODE, 0},
        {16, 0, "np", NULL, true, TAILNET_PEER_NODE, 0},
        {16, 34, "nq", NULL, true, TAILNET_PEER_NODE, 0},
        {16, 34, "np", NULL, false, TAILNET_PEER_NODE, 0},
        {16, 34, "np", NULL, false, TAILNET_PEER_LOST, 1},
        {16, 34, "np", NULL, false, 99, 1}, /* as UNSPECIFIED */
        {16, 34, "np", "", true, TAILNET_PEER_NODE, 1},
        {16, 34, "np", "discokey:zz", true, TAILNET_PEER_NODE, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static struct collected all;
        struct buf out;
        char error[TAILNET_REASON_SIZE];
        size_t skipped = 0;
        all.count = 0;
        buf_init(&out, 1 << 12);
        put_update(&out, &cases[i]);
        assert_int_equal(tailnet_response_decode(buf_view(&out), collect, &all, error, &skipped),
                         NET_OK);
        if (all.count != cases[i].taken) {
            print_error("case %zu\n", i);
        }
        assert_int_equal(all.count, cases[i].taken);
        assert_int_equal(all.count + skipped, 1);
        if (cases[i].kind == 99) {
            assert_int_equal(all.updates[0].kind, TAILNET_PEER_UNSPECIFIED);
        }
        if (cases[i].disco != NULL) {
            assert_true(disco_public_is_zero(&all.updates[0].node.disco));
        }
        buf_clear(&out);
    }
}

static void test_a_message_may_not_take_more_than_the_arena(void **state)
{
    (void)state;
    enum { SIZE = 4 << 20 };
    uint8_t *many = malloc(SIZE);
    struct tailnet_request request;
    static struct tailnet_node node;
    struct derp_map map;
    for (size_t i = 0; i < SIZE; i += 2) { /* two million tunnels without a name, field 5 */
        many[i] = 0x2a;
        many[i + 1] = 0;
    }
    assert_int_equal(tailnet_request_decode(bytes_of(many, SIZE), &request, &node),
                     NET_ERR_TOO_BIG);
    for (size_t i = 0; i < SIZE; i += 2) { /* regions */
        many[i] = 0x12;
    }
    assert_int_equal(tailnet_derp_map_decode(bytes_of(many, SIZE), &map), NET_ERR_TOO_BIG);
    free(many);
}

static void test_more_peers_that_are_ready_than_can_be_held_are_refused(void **state)
{
    (void)state;
    uint8_t id[18] = {0x0a, 16, 1};
    struct tailnet_request request;
    static struct tailnet_node node;
    struct buf out;
    buf_init(&out, 1 << 12);
    for (size_t i = 0; i < TAILNET_READY_MAX; i++) {
        put_field(&out, 5, bytes_of(id, sizeof id));
    }
    assert_int_equal(tailnet_request_decode(buf_view(&out), &request, &node), NET_OK);
    assert_int_equal(request.ready_count, TAILNET_READY_MAX);
    put_field(&out, 5, bytes_of(id, sizeof id));
    assert_int_equal(tailnet_request_decode(buf_view(&out), &request, &node), NET_ERR_TOO_BIG);
    buf_clear(&out);
}

static void test_a_node_keeps_what_is_of_use_and_leaves_out_the_rest(void **state)
{
    (void)state;
    static const char *const addresses[] = {"fd7a:115c:a1e0::1/128",
                                            "fd7a:115c:a1e0::1",
                                            "fd7a:115c:a1e0::1/64",
                                            "10.0.0.1/32",
                                            "/128",
                                            "x"};
    static const char *const endpoints[] = {"1.2.3.4:5", "example.com:5", "", "[::1]:5"};
    static const char *const latencies[] = {"1-v4", "2-v6", "3", "-4-v4", "x-v4", "5-v4x"};
    uint8_t key[NODE_PUBLIC_BINARY_LEN] = "np";
    struct buf node;
    struct buf self;
    struct buf out;
    static struct tailnet_node got;
    struct tailnet_request request;
    buf_init(&node, 1 << 12);
    buf_init(&self, 1 << 12);
    buf_init(&out, 1 << 12);
    put_field(&node, 3, bytes_of(key, sizeof key));
    for (size_t i = 0; i < 6; i++) {
        struct buf entry;
        buf_init(&entry, 64);
        put_field(&entry, 1, bytes_text(latencies[i]));
        put_field(&node, 6, buf_view(&entry));
        put_field(&node, 8, bytes_text(addresses[i]));
        buf_clear(&entry);
    }
    for (size_t i = 0; i < 4; i++) {
        put_field(&node, 10, bytes_text(endpoints[i]));
    }
    put_field(&self, 1, buf_view(&node));
    put_field(&out, 1, buf_view(&self));
    assert_int_equal(tailnet_request_decode(buf_view(&out), &request, &got), NET_OK);
    assert_int_equal(got.address_count, 1);
    assert_int_equal(got.addresses_refused, 5);
    assert_int_equal(got.endpoint_count, 2);
    assert_int_equal(got.latency_count, 2);
    assert_int_equal(got.latencies[1].region, 2);
    assert_true(got.latencies[1].v6);
    buf_clear(&node);
    buf_clear(&self);
    buf_clear(&out);
}

static void test_odd_times_and_tokens(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[24];
        size_t len;
        int64_t refresh_in_ns;
    } cases[] = {
        {{0x0a, 1, 'a'}, 3, 0},                       /* no time */
        {{0x12, 4, 0x08, 1, 0x10, 2}, 6, 1000000002}, /* 1.000000002 s */
        {{0x12, 2, 0x10, 1}, 4, 1},                   /* one nanosecond */
        {{0x12, 11, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
         13,
         0}, /* -1 s */
        {{0x12, 10, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
         12,
         0},                                                /* forever */
        {{0x12, 6, 0x10, 0x80, 0x94, 0xeb, 0xdc, 3}, 8, 0}, /* a second of nanoseconds */
    };
    static struct tailnet_resume_token token;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(
            tailnet_resume_token_decode(bytes_of(cases[i].bytes, cases[i].len), &token), NET_OK);
        assert_int_equal(token.refresh_in_ns, cases[i].refresh_in_ns);
    }
    struct buf out;
    uint8_t text[TAILNET_TOKEN_SIZE];
    memset(text, 't', sizeof text);
    buf_init(&out, 1 << 14);
    put_field(&out, 1, bytes_of(text, sizeof text - 1));
    assert_int_equal(tailnet_resume_token_decode(buf_view(&out), &token), NET_OK);
    buf_consume(&out, buf_len(&out));
    put_field(&out, 1, bytes_of(text, sizeof text));
    assert_int_equal(tailnet_resume_token_decode(buf_view(&out), &token), NET_ERR_TOO_BIG);
    buf_clear(&out);
}

static void test_workspaces_without_a_usable_id_are_left_out_and_names_are_cleaned(void **state)
{
    (void)state;
    uint8_t id[16] = {7};
    struct buf entry;
    struct buf out;
    struct tailnet_workspaces got = {0};
    buf_init(&entry, 1 << 10);
    buf_init(&out, 1 << 10);
    put_field(&entry, 1, bytes_of(id, sizeof id));
    put_field(&entry, 2, bytes_text("de\x1bv"));
    put_small(&entry, 3, 77); /* a status from the future */
    put_field(&out, 1, buf_view(&entry));
    buf_consume(&entry, buf_len(&entry));
    put_field(&entry, 1, bytes_of(id, 3));
    put_field(&out, 1, buf_view(&entry));
    put_field(&out, 2, buf_view(&entry));
    assert_int_equal(tailnet_workspaces_decode(buf_view(&out), &got), NET_OK);
    assert_int_equal(got.upserted_workspace_count, 1);
    assert_int_equal(got.upserted_agent_count, 0);
    assert_int_equal(got.upserted_workspaces[0].status, TAILNET_WORKSPACE_UNKNOWN);
    assert_string_equal(got.upserted_workspaces[0].name, "de\xef\xbf\xbdv");
    tailnet_workspaces_clear(&got);
    buf_clear(&entry);
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read_is_written_back_to_the_byte),
        cmocka_unit_test(test_no_cut_of_a_message_is_a_fault),
        cmocka_unit_test(test_odd_nodes_are_taken_or_refused_as_by_the_genuine_decoder),
        cmocka_unit_test(test_odd_bytes_are_taken_or_refused_as_by_the_genuine_decoder),
        cmocka_unit_test(test_a_bad_update_is_skipped_and_the_others_are_kept),
        cmocka_unit_test(test_only_updates_that_can_be_used_come_out),
        cmocka_unit_test(test_a_message_may_not_take_more_than_the_arena),
        cmocka_unit_test(test_more_peers_that_are_ready_than_can_be_held_are_refused),
        cmocka_unit_test(test_a_node_keeps_what_is_of_use_and_leaves_out_the_rest),
        cmocka_unit_test(test_odd_times_and_tokens),
        cmocka_unit_test(test_workspaces_without_a_usable_id_are_left_out_and_names_are_cleaned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
