#include "net/crypto/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/vectors.h"

#include <cmocka.h>

static void check_text(const char *got, const cJSON *item, const char *name)
{
    assert_string_equal(got, vectors_text(item, name));
}

static void test_node_keys_have_the_genuine_public_key_and_forms(void **state)
{
    (void)state;
    cJSON *root = vectors_load("keys.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "node"))
    {
        struct bytes private_key = vectors_hex(item, "private");
        struct bytes public_key = vectors_hex(item, "public");
        struct bytes binary = vectors_hex(item, "public_binary");
        char text[KEY_TEXT_SIZE];
        char brief[KEY_SHORT_SIZE];
        uint8_t form[NODE_PUBLIC_BINARY_LEN];
        struct node_private *key = node_private_from(private_key.ptr);
        struct node_public mine = node_private_public(key);
        assert_memory_equal(mine.b, public_key.ptr, KEY_LEN);
        node_public_text(&mine, text);
        check_text(text, item, "public_text");
        node_public_short(&mine, brief);
        check_text(brief, item, "short");
        node_public_binary(&mine, form);
        assert_memory_equal(form, binary.ptr, sizeof form);
        node_private_free(key);
        vectors_free(private_key);
        vectors_free(public_key);
        vectors_free(binary);
    }
    cJSON_Delete(root);
}

static void test_disco_keys_have_the_genuine_public_key_and_forms(void **state)
{
    (void)state;
    cJSON *root = vectors_load("keys.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "disco"))
    {
        struct bytes private_key = vectors_hex(item, "private");
        char text[KEY_TEXT_SIZE];
        char brief[KEY_SHORT_SIZE];
        struct disco_private *key = disco_private_from(private_key.ptr);
        struct disco_public mine = disco_private_public(key);
        disco_public_text(&mine, text);
        check_text(text, item, "public_text");
        disco_public_short(&mine, brief);
        check_text(brief, item, "short");
        disco_private_free(key);
        vectors_free(private_key);
    }
    cJSON_Delete(root);
}

static void test_texts_are_parsed_as_the_genuine_parser_does(void **state)
{
    (void)state;
    cJSON *root = vectors_load("keys.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "parse"))
    {
        bool node = strcmp(vectors_text(item, "kind"), "node") == 0;
        const char *text = vectors_text(item, "text");
        struct node_public as_node;
        struct disco_public as_disco;
        enum net_err err =
            node ? node_public_parse(text, &as_node) : disco_public_parse(text, &as_disco);
        assert_int_equal(err == NET_OK, cJSON_IsTrue(vectors_get(item, "accept")));
        if (err == NET_OK) {
            struct bytes want = vectors_hex(item, "public");
            assert_memory_equal(node ? as_node.b : as_disco.b, want.ptr, KEY_LEN);
            vectors_free(want);
        }
    }
    cJSON_ArrayForEach(item, vectors_get(root, "node_binary"))
    {
        struct bytes binary = vectors_hex(item, "binary");
        struct node_public key;
        assert_int_equal(node_public_from_binary(binary, &key) == NET_OK,
                         cJSON_IsTrue(vectors_get(item, "accept")));
        vectors_free(binary);
    }
    cJSON_Delete(root);
}

/* Gives the nonce of a vector as its randomness. */
struct fixed_rng {
    struct rng rng;
    struct bytes bytes;
};

static void fixed_fill(struct rng *rng, void *out, size_t len)
{
    struct fixed_rng *fixed = (struct fixed_rng *)rng;
    assert_int_equal(len, fixed->bytes.len);
    memcpy(out, fixed->bytes.ptr, len);
}

static void check_box(const cJSON *item)
{
    struct bytes from = vectors_hex(item, "from_private");
    struct bytes to = vectors_hex(item, "to_private");
    struct bytes plain = vectors_hex(item, "plaintext");
    struct bytes sealed = vectors_hex(item, "sealed");
    struct bytes shared = vectors_hex(item, "precomputed");
    struct fixed_rng fixed = {.rng = {.fill = fixed_fill}, .bytes = vectors_hex(item, "nonce")};
    struct node_private *mine = node_private_from(from.ptr);
    struct node_private *theirs = node_private_from(to.ptr);
    struct node_public their_public = node_private_public(theirs);
    struct box_key key;
    uint8_t out[4096];
    struct writer w = writer_of(out, sizeof out);
    assert_int_equal(node_box_key(mine, &their_public, &key), NET_OK);
    assert_memory_equal(key.b, shared.ptr, KEY_LEN);
    box_seal(&key, &fixed.rng, plain, &w);
    assert_true(bytes_equal(writer_done(&w), sealed));
    w = writer_of(out, sizeof out);
    assert_int_equal(box_open(&key, sealed, &w), NET_OK);
    assert_true(bytes_equal(writer_done(&w), plain));
    for (size_t len = 0; len < sealed.len; len++) { /* every cut is refused, and writes nothing */
        w = writer_of(out, sizeof out);
        assert_int_not_equal(box_open(&key, bytes_of(sealed.ptr, len), &w), NET_OK);
        assert_int_equal(writer_len(&w), 0);
    }
    box_key_clear(&key);
    node_private_free(mine);
    node_private_free(theirs);
    vectors_free(from);
    vectors_free(to);
    vectors_free(plain);
    vectors_free(sealed);
    vectors_free(shared);
    vectors_free(fixed.bytes);
}

static void test_boxes_are_sealed_and_opened_as_the_genuine_ones(void **state)
{
    (void)state;
    cJSON *root = vectors_load("keys.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "box"))
    {
        check_box(item);
    }
    cJSON_Delete(root);
}

static void test_a_low_order_point_is_refused(void **state)
{
    (void)state;
    struct node_private *mine = node_private_new(rng_os());
    struct node_public zero = {{0}};
    struct box_key key;
    assert_int_equal(node_box_key(mine, &zero, &key), NET_ERR_AUTH);
    node_private_free(mine);
}

static void test_fresh_keys_are_clamped_and_differ(void **state)
{
    (void)state;
    struct node_private *a = node_private_new(rng_os());
    struct node_private *b = node_private_new(rng_os());
    assert_int_equal(node_private_raw(a)[0] & 7, 0);
    assert_int_equal(node_private_raw(a)[31] >> 6, 1);
    assert_memory_not_equal(node_private_raw(a), node_private_raw(b), KEY_LEN);
    node_private_free(a);
    node_private_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_node_keys_have_the_genuine_public_key_and_forms),
        cmocka_unit_test(test_disco_keys_have_the_genuine_public_key_and_forms),
        cmocka_unit_test(test_texts_are_parsed_as_the_genuine_parser_does),
        cmocka_unit_test(test_boxes_are_sealed_and_opened_as_the_genuine_ones),
        cmocka_unit_test(test_a_low_order_point_is_refused),
        cmocka_unit_test(test_fresh_keys_are_clamped_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
