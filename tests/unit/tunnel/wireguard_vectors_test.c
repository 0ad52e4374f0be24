/*
 * WireGuard against golden bytes of a genuine implementation, both roles.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/crypto/aead.h"
#include "net/crypto/blake2s.h"
#include "net/tunnel/wg_internal.h"
#include "tests/support/vectors.h"

#include <cmocka.h>

enum { SCRIPT_MAX = 16 };

/* Randomness that is known: keys of 32 bytes, indices, nonces; zeros when nothing is queued. */
struct script {
    struct rng rng;
    uint8_t keys[SCRIPT_MAX][32];
    size_t key_count, key_at;
    uint64_t words[SCRIPT_MAX];
    size_t word_count, word_at;
    uint8_t nonce[24];
};

static void script_fill(struct rng *rng, void *out, size_t len)
{
    struct script *s = (struct script *)(void *)rng;
    memset(out, 0, len);
    if (len == 32 && s->key_at < s->key_count) {
        memcpy(out, s->keys[s->key_at++], 32);
    } else if (len == 8 && s->word_at < s->word_count) {
        memcpy(out, &s->words[s->word_at++], 8);
    } else if (len == 24) {
        memcpy(out, s->nonce, 24);
    }
}

static void queue_key(struct script *s, const cJSON *object, const char *name)
{
    struct bytes key = vectors_hex(object, name);
    assert_int_equal(key.len, 32);
    memcpy(s->keys[s->key_count++], key.ptr, 32);
    vectors_free(key);
}

static void expect_hex(const uint8_t *got, size_t len, const cJSON *object, const char *name)
{
    struct bytes want = vectors_hex(object, name);
    assert_int_equal(len, want.len);
    assert_memory_equal(got, want.ptr, len);
    vectors_free(want);
}

static void expect_item(const uint8_t *got, const cJSON *item)
{
    struct bytes want = vectors_hex_item(item);
    assert_int_equal(want.len, BLAKE2S_LEN);
    assert_memory_equal(got, want.ptr, BLAKE2S_LEN);
    vectors_free(want);
}

/* --- primitives --------------------------------------------------------------------------------
 */

static void test_hashes_and_macs(void **state)
{
    (void)state;
    cJSON *root = vectors_load("wireguard.json");
    const cJSON *primitives = vectors_get(root, "primitives");
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, vectors_get(primitives, "blake2s"))
    {
        struct bytes input = vectors_hex(one, "input");
        struct bytes key = vectors_hex(one, "key");
        uint8_t out[BLAKE2S_LEN];
        blake2s_hash(out, input, (struct bytes){0});
        expect_hex(out, BLAKE2S_LEN, one, "blake2s_256");
        blake2s_hash(out, bytes_of(input.ptr, input.len / 2),
                     bytes_of(input.ptr + input.len / 2, input.len - input.len / 2));
        expect_hex(out, BLAKE2S_LEN, one, "blake2s_256");
        blake2s_mac(out, key, input);
        expect_hex(out, BLAKE2S_MAC_LEN, one, "blake2s_128_keyed");
        vectors_free(input);
        vectors_free(key);
    }
    cJSON_Delete(root);
}

static void test_key_derivation(void **state)
{
    (void)state;
    cJSON *root = vectors_load("wireguard.json");
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, vectors_get(vectors_get(root, "primitives"), "hmac_hkdf"))
    {
        static const char *const names[] = {"kdf1", "kdf2", "kdf3"};
        struct bytes input = vectors_hex(one, "input");
        struct bytes key = vectors_hex(one, "key");
        uint8_t out[3][BLAKE2S_LEN];
        blake2s_hmac(out[0], key, input, (struct bytes){0});
        expect_hex(out[0], BLAKE2S_LEN, one, "hmac");
        for (size_t count = 1; count <= 3; count++) {
            blake2s_kdf(out, count, key.ptr, input);
            const cJSON *want = vectors_get(one, names[count - 1]);
            for (size_t i = 0; i < count; i++) {
                expect_item(out[i], cJSON_GetArrayItem(want, (int)i));
            }
        }
        vectors_free(input);
        vectors_free(key);
    }
    cJSON_Delete(root);
}

static void test_sealing_with_a_counter(void **state)
{
    (void)state;
    cJSON *root = vectors_load("wireguard.json");
    const cJSON *list =
        vectors_get(vectors_get(root, "primitives"), "chacha20poly1305_counter_nonce");
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, list)
    {
        struct bytes key = vectors_hex(one, "key");
        struct bytes plain = vectors_hex(one, "plaintext");
        struct bytes ad = vectors_hex(one, "ad");
        uint64_t counter = strtoull(vectors_text(one, "counter"), NULL, 10);
        uint8_t out[2048];
        aead_seal(out, key.ptr, counter, plain, ad);
        expect_hex(out, plain.len + AEAD_TAG_LEN, one, "ciphertext");
        struct bytes sealed = bytes_of(out, plain.len + AEAD_TAG_LEN);
        assert_true(aead_open(out, key.ptr, counter, sealed, ad));
        assert_memory_equal(out, plain.ptr, plain.len);
        assert_false(aead_open(out, key.ptr, counter, bytes_of(out, AEAD_TAG_LEN - 1), ad));
        vectors_free(key);
        vectors_free(plain);
        vectors_free(ad);
    }
    cJSON_Delete(root);
}

static void test_time_stamps(void **state)
{
    (void)state;
    cJSON *root = vectors_load("wireguard.json");
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, vectors_get(vectors_get(root, "primitives"), "tai64n"))
    {
        struct wall_time when = {.seconds = vectors_int(one, "unix_seconds"),
                                 .nanos = (int32_t)vectors_int(one, "nanoseconds")};
        uint8_t out[WG_TIMESTAMP_LEN];
        noise_timestamp(when, out);
        expect_hex(out, sizeof out, one, "tai64n");
    }
    cJSON_Delete(root);
}

static void test_shared_secrets(void **state)
{
    (void)state;
    cJSON *root = vectors_load("wireguard.json");
    const cJSON *one = NULL;
    const uint8_t low_order[X25519_LEN] = {0};
    cJSON_ArrayForEach(one, vectors_get(vectors_get(root, "primitives"), "x25519"))
    {
        struct bytes mine = vectors_hex(one, "private");
        struct bytes theirs = vectors_hex(one, "public");
        uint8_t out[X25519_LEN];
        assert_true(x25519_shared(out, mine.ptr, theirs.ptr));
        expect_hex(out, sizeof out, one, "shared");
        assert_false(x25519_shared(out, mine.ptr, low_order));
        vectors_free(mine);
        vectors_free(theirs);
    }
    cJSON_Delete(root);
}

static void test_cookies(void **state)
{
    (void)state;
    cJSON *root = vectors_load("wireguard.json");
    const cJSON *one = NULL;
    struct bytes responder = vectors_hex(root, "responder_static_public");
    cJSON_ArrayForEach(one, vectors_get(vectors_get(root, "primitives"), "cookie"))
    {
        struct cookie_checker checker;
        struct cookie_jar jar;
        struct script s = {.rng = {script_fill}};
        struct wg_cookie message;
        struct bytes first = vectors_hex(one, "initiation");
        struct bytes source = vectors_hex(one, "source_bytes");
        struct bytes reply = vectors_hex(one, "reply");
        cookie_checker_init(&checker, responder.ptr);
        cookie_jar_init(&jar, responder.ptr);
        queue_key(&s, one, "responder_secret");
        wireguard_read_cookie(reply, &message);
        memcpy(s.nonce, message.nonce, sizeof s.nonce);

        assert_true(cookie_check_mac1(&checker, first));
        assert_false(cookie_check_mac2(&checker, 0, source, first));
        uint8_t memory[256];
        struct writer w = writer_of(memory, sizeof memory);
        cookie_make(&checker, 0, &s.rng, source, first, &message);
        message.receiver = (uint32_t)vectors_int(one, "receiver_index"); /* not the initiation's */
        wireguard_write_cookie(&w, &message);
        expect_hex(memory, writer_len(&w), one, "reply");

        w = writer_of(memory, sizeof memory);
        writer_put(&w, bytes_of(first.ptr, first.len - WG_MACS_LEN));
        cookie_seal(&jar, 0, &w);
        assert_memory_equal(memory, first.ptr, first.len);
        assert_true(cookie_take(&jar, 0, &message));
        w = writer_of(memory, sizeof memory);
        writer_put(&w, bytes_of(first.ptr, first.len - WG_MACS_LEN));
        cookie_seal(&jar, 0, &w);
        expect_hex(memory, writer_len(&w), one, "initiation_with_mac2");
        assert_true(cookie_check_mac2(&checker, 0, source, writer_done(&w)));
        assert_false(cookie_check_mac2(&checker, 121 * NS_PER_SEC, source, writer_done(&w)));
        assert_false(cookie_check_mac2(&checker, 0, bytes_text("elsewhere"), writer_done(&w)));
        message.sealed[0] ^= 1;
        assert_false(cookie_take(&jar, 0, &message));
        vectors_free(first);
        vectors_free(source);
        vectors_free(reply);
    }
    vectors_free(responder);
    cJSON_Delete(root);
}

static void test_the_replay_filter(void **state)
{
    (void)state;
    cJSON *root = vectors_load("wireguard.json");
    struct replay replay = {0};
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, vectors_get(root, "replay_filter"))
    {
        uint64_t counter = strtoull(vectors_text(one, "counter"), NULL, 10);
        bool want = cJSON_IsTrue(vectors_get(one, "accept"));
        assert_int_equal(replay_take(&replay, counter, WG_REJECT_AFTER_MESSAGES), want);
    }
    cJSON_Delete(root);
}

/* --- whole sessions ----------------------------------------------------------------------------
 */

static const uint8_t initiator_ip[1][16] = {{0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0, [15] = 1}};
static const uint8_t responder_ip[1][16] = {{0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0, [15] = 2}};

struct side {
    struct script script;
    struct node_private *key;
    struct node_public public_key;
    struct wg_device *device;
    struct wg_peer *peer;
};

static void open_side(struct side *side, const cJSON *root, const char *name)
{
    struct bytes raw = vectors_hex(root, name);
    side->script = (struct script){.rng = {script_fill}};
    side->key = node_private_from(raw.ptr);
    side->public_key = node_private_public(side->key);
    side->device = wg_device_new(side->key, &side->script.rng);
    wg_device_set_mtu(side->device, 1420); /* the recording's */
    vectors_free(raw);
}

static void join(struct side *a, struct side *b, const cJSON *session)
{
    struct bytes psk = vectors_hex(session, "preshared_key");
    a->peer = wg_device_add_peer(a->device, &b->public_key, responder_ip[0], 1, b);
    b->peer = wg_device_add_peer(b->device, &a->public_key, initiator_ip[0], 1, a);
    wg_peer_set_psk(a->peer, psk.ptr);
    wg_peer_set_psk(b->peer, psk.ptr);
    vectors_free(psk);
}

static void close_side(struct side *side)
{
    wg_device_free(side->device);
    node_private_free(side->key);
}

/* The packet of a transport message, as its sender passed it in. */
static struct bytes packet_of(const cJSON *message)
{
    struct bytes padded = vectors_hex(message, "padded_plaintext");
    padded.len = cJSON_HasObjectItem(message, "keepalive")
                     ? 0
                     : (size_t)vectors_int(message, "packet_length");
    return padded;
}

static void queue_handshake(struct script *s, const cJSON *message)
{
    queue_key(s, message, "ephemeral_private");
    s->words[s->word_count++] = (uint64_t)vectors_int(message, "sender_index");
}

static const cJSON *first_transport(const cJSON *messages)
{
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, messages)
    {
        if (strcmp(vectors_text(one, "type"), "transport") == 0) {
            return one;
        }
    }
    return NULL;
}

/* One message of the recording: made by `from`, byte for byte, and taken by `to`. */
static void play(const cJSON *messages, const cJSON *message, int64_t start, struct side *from,
                 struct side *to)
{
    const char *type = vectors_text(message, "type");
    mono_ns now = (uint64_t)(vectors_int(message, "at_ms") + 1000) * NS_PER_MS;
    struct wall_time wall = {.seconds = start + vectors_int(message, "at_ms") / 1000};
    uint8_t memory[WG_DATAGRAM_MAX];
    struct writer w = writer_of(memory, sizeof memory);
    struct node_public whom;
    struct wg_input input;
    struct bytes packet = {0};
    bool transport = strcmp(type, "transport") == 0;
    bool first = transport && message == first_transport(messages);
    if (strcmp(type, "initiation") == 0) {
        struct bytes waits = packet_of(first_transport(messages));
        assert_int_equal(wg_peer_send(from->peer, now, waits, &w), NET_ERR_AGAIN);
        vectors_free(waits);
    }
    if (transport) {
        packet = packet_of(message);
    }
    if (transport && packet.len > 0 && !first) {
        assert_int_equal(wg_peer_send(from->peer, now, packet, &w), NET_OK);
    } else {
        assert_int_equal(wg_device_output(from->device, now, wall, &w, &whom), NET_OK);
        assert_true(node_public_equal(&whom, &to->public_key));
    }
    expect_hex(memory, writer_len(&w), message, "message");
    assert_int_equal(wg_device_input(to->device, now, &from->public_key, writer_done(&w), &input),
                     NET_OK);
    assert_ptr_equal(input.peer, to->peer);
    assert_int_equal(input.packet.len, packet.len);
    if (packet.len > 0) {
        assert_memory_equal(input.packet.ptr, packet.ptr, packet.len);
    }
    vectors_free(packet);
}

static void test_sessions_byte_for_byte_in_both_roles(void **state)
{
    (void)state;
    cJSON *root = vectors_load("wireguard.json");
    const cJSON *session = NULL;
    unsigned played = 0;
    cJSON_ArrayForEach(session, vectors_get(root, "sessions"))
    {
        const cJSON *messages = vectors_get(session, "messages");
        const cJSON *message = NULL;
        struct side a;
        struct side b;
        if (strstr(vectors_text(session, "name"), "cookie") != NULL) {
            continue; /* see the next test */
        }
        open_side(&a, root, "initiator_static_private");
        open_side(&b, root, "responder_static_private");
        join(&a, &b, session);
        queue_handshake(&a.script, cJSON_GetArrayItem(messages, 0));
        queue_handshake(&b.script, cJSON_GetArrayItem(messages, 1));
        cJSON_ArrayForEach(message, messages)
        {
            bool by_a = strcmp(vectors_text(message, "from"), "initiator") == 0;
            play(messages, message, vectors_int(session, "start_unix"), by_a ? &a : &b,
                 by_a ? &b : &a);
            played++;
        }
        close_side(&a);
        close_side(&b);
    }
    assert_true(played >= 16);
    cJSON_Delete(root);
}

/* The responder is under load: the recorded cookie reply makes our next initiation the recorded one
 * with its mac2, and our responder then answers with the recorded response. (Its cookies are bound
 * to an address, which is a local matter: ours are bound to the peer's key, so we cannot make the
 * same reply.) */
static void test_a_session_that_begins_with_a_cookie(void **state)
{
    (void)state;
    cJSON *root = vectors_load("wireguard.json");
    const cJSON *session = cJSON_GetArrayItem(vectors_get(root, "sessions"), 2);
    const cJSON *messages = vectors_get(session, "messages");
    const cJSON *again = cJSON_GetArrayItem(messages, 2);
    struct bytes cookie = vectors_hex(cJSON_GetArrayItem(messages, 1), "message");
    int64_t start = vectors_int(session, "start_unix");
    struct side a;
    struct side b;
    struct wg_input input;
    struct node_public whom;
    uint8_t memory[WG_DATAGRAM_MAX];
    struct writer w = writer_of(memory, sizeof memory);
    open_side(&a, root, "initiator_static_private");
    open_side(&b, root, "responder_static_private");
    join(&a, &b, session);
    queue_handshake(&a.script, cJSON_GetArrayItem(messages, 0));
    queue_handshake(&a.script, again);
    queue_handshake(&b.script, cJSON_GetArrayItem(messages, 3));

    struct bytes waits = packet_of(cJSON_GetArrayItem(messages, 4));
    struct wall_time wall = {.seconds = start};
    assert_int_equal(wg_peer_send(a.peer, NS_PER_SEC, waits, &w), NET_ERR_AGAIN);
    assert_int_equal(wg_device_output(a.device, NS_PER_SEC, wall, &w, &whom), NET_OK);
    expect_hex(memory, writer_len(&w), cJSON_GetArrayItem(messages, 0), "message");
    struct bytes cut = bytes_of(cookie.ptr, cookie.len - 1);
    assert_int_equal(wg_device_input(a.device, NS_PER_SEC, &b.public_key, cut, &input),
                     NET_ERR_MALFORMED);
    assert_int_equal(wg_device_input(a.device, NS_PER_SEC, &b.public_key, cookie, &input), NET_OK);
    w = writer_of(memory, sizeof memory);
    mono_ns retry = NS_PER_SEC + WG_FIRST_RETRY_MS * NS_PER_MS;
    assert_int_equal(wg_device_output(a.device, retry - 1, wall, &w, &whom), NET_ERR_AGAIN);
    assert_int_equal(wg_device_deadline(a.device), retry); /* not at once: with the next try */
    for (int i = 2; i < cJSON_GetArraySize(messages); i++) {
        bool by_a = i != 3;
        play(messages, cJSON_GetArrayItem(messages, i), start, by_a ? &a : &b, by_a ? &b : &a);
    }
    vectors_free(waits);
    vectors_free(cookie);
    close_side(&a);
    close_side(&b);
    cJSON_Delete(root);
}

static void test_initiations_that_get_no_answer(void **state)
{
    (void)state;
    cJSON *root = vectors_load("wireguard.json");
    const cJSON *session = cJSON_GetArrayItem(vectors_get(root, "sessions"), 0);
    const cJSON *bad = NULL;
    cJSON_ArrayForEach(bad, vectors_get(root, "initiations_without_answer"))
    {
        struct side a;
        struct side b;
        struct wg_input input;
        struct node_public whom;
        uint8_t memory[2 * WG_DATAGRAM_MAX];
        struct writer w = writer_of(memory, sizeof memory);
        struct bytes message = vectors_hex(bad, "message");
        bool twice = strstr(vectors_text(bad, "name"), "second time") != NULL;
        open_side(&a, root, "initiator_static_private");
        open_side(&b, root, "responder_static_private");
        join(&a, &b, session);
        mono_ns now = NS_PER_SEC;
        if (twice) {
            assert_int_equal(wg_device_input(b.device, now, &a.public_key, message, &input),
                             NET_OK);
            assert_int_equal(wg_device_output(b.device, now, (struct wall_time){0}, &w, &whom),
                             NET_OK);
        }
        now += NS_PER_SEC;
        assert_int_not_equal(wg_device_input(b.device, now, &a.public_key, message, &input),
                             NET_OK);
        assert_null(input.peer);
        assert_int_equal(wg_device_output(b.device, now, (struct wall_time){0}, &w, &whom),
                         NET_ERR_AGAIN);
        vectors_free(message);
        close_side(&a);
        close_side(&b);
    }
    cJSON_Delete(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes_and_macs),
        cmocka_unit_test(test_key_derivation),
        cmocka_unit_test(test_sealing_with_a_counter),
        cmocka_unit_test(test_time_stamps),
        cmocka_unit_test(test_shared_secrets),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_the_replay_filter),
        cmocka_unit_test(test_sessions_byte_for_byte_in_both_roles),
        cmocka_unit_test(test_a_session_that_begins_with_a_cookie),
        cmocka_unit_test(test_initiations_that_get_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
