#include "net/crypto/key.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "net/base/hex.h"
#include "net/base/text.h"
#include "net/crypto/aead.h"
#include "net/crypto/blake2s.h"
#include "net/crypto/secret.h"

struct node_private {
    uint8_t b[KEY_LEN];
};

struct disco_private {
    uint8_t b[KEY_LEN];
};

static const char node_prefix[] = "nodekey:";
static const char disco_prefix[] = "discokey:";

enum net_err crypto_start(void)
{
    bool ready = sodium_init() >= 0 && blake2s_start() && aead_start();
    return ready ? NET_OK : NET_ERR_STATE;
}

/* RFC 7748, 5: the form of an X25519 scalar. */
static void clamp(uint8_t key[KEY_LEN])
{
    key[0] &= 248;
    key[31] = (uint8_t)((key[31] & 127) | 64);
}

struct node_private *node_private_new(struct rng *rng)
{
    struct node_private *key = secret_new(KEY_LEN);
    rng_fill(rng, key->b, KEY_LEN);
    clamp(key->b);
    return key;
}

struct disco_private *disco_private_new(struct rng *rng)
{
    struct disco_private *key = secret_new(KEY_LEN);
    rng_fill(rng, key->b, KEY_LEN);
    clamp(key->b);
    return key;
}

struct node_private *node_private_from(const uint8_t raw[KEY_LEN])
{
    struct node_private *key = secret_new(KEY_LEN);
    memcpy(key->b, raw, KEY_LEN);
    return key;
}

struct disco_private *disco_private_from(const uint8_t raw[KEY_LEN])
{
    struct disco_private *key = secret_new(KEY_LEN);
    memcpy(key->b, raw, KEY_LEN);
    return key;
}

void node_private_free(struct node_private *key)
{
    sodium_free(key);
}

void disco_private_free(struct disco_private *key)
{
    sodium_free(key);
}

struct node_public node_private_public(const struct node_private *key)
{
    struct node_public out;
    int failed = crypto_scalarmult_base(out.b, key->b);
    assert(!failed);
    return out;
}

struct disco_public disco_private_public(const struct disco_private *key)
{
    struct disco_public out;
    int failed = crypto_scalarmult_base(out.b, key->b);
    assert(!failed);
    return out;
}

const uint8_t *node_private_raw(const struct node_private *key)
{
    return key->b;
}

bool node_public_is_zero(const struct node_public *key)
{
    return sodium_is_zero(key->b, KEY_LEN) == 1;
}

bool disco_public_is_zero(const struct disco_public *key)
{
    return sodium_is_zero(key->b, KEY_LEN) == 1;
}

static void key_text(const char *prefix, const uint8_t key[KEY_LEN], char out[KEY_TEXT_SIZE])
{
    char digits[2 * KEY_LEN + 1];
    hex_encode(key, KEY_LEN, digits);
    text_format(out, KEY_TEXT_SIZE, "%s%s", prefix, digits);
}

static enum net_err key_parse(const char *prefix, const char *text, uint8_t out[KEY_LEN])
{
    size_t len = strlen(prefix);
    if (strncmp(text, prefix, len) != 0) {
        return NET_ERR_MALFORMED;
    }
    return hex_decode(text + len, strlen(text + len), out, KEY_LEN);
}

void node_public_text(const struct node_public *key, char out[KEY_TEXT_SIZE])
{
    key_text(node_prefix, key->b, out);
}

void disco_public_text(const struct disco_public *key, char out[KEY_TEXT_SIZE])
{
    key_text(disco_prefix, key->b, out);
}

enum net_err node_public_parse(const char *text, struct node_public *out)
{
    return key_parse(node_prefix, text, out->b);
}

enum net_err disco_public_parse(const char *text, struct disco_public *out)
{
    return key_parse(disco_prefix, text, out->b);
}

enum net_err node_public_parse_untyped(const char *text, struct node_public *out)
{
    return key_parse("", text, out->b);
}

void node_public_binary(const struct node_public *key, uint8_t out[NODE_PUBLIC_BINARY_LEN])
{
    out[0] = 'n';
    out[1] = 'p';
    memcpy(out + 2, key->b, KEY_LEN);
}

enum net_err node_public_from_binary(struct bytes in, struct node_public *out)
{
    if (in.len != NODE_PUBLIC_BINARY_LEN || in.ptr[0] != 'n' || in.ptr[1] != 'p') {
        return NET_ERR_MALFORMED;
    }
    memcpy(out->b, in.ptr + 2, KEY_LEN);
    return NET_OK;
}

void node_public_short(const struct node_public *key, char out[KEY_SHORT_SIZE])
{
    char text[sodium_base64_ENCODED_LEN(KEY_LEN, sodium_base64_VARIANT_ORIGINAL)];
    if (node_public_is_zero(key)) {
        out[0] = '\0';
        return;
    }
    (void)sodium_bin2base64(text, sizeof text, key->b, KEY_LEN, sodium_base64_VARIANT_ORIGINAL);
    text_format(out, KEY_SHORT_SIZE, "[%.5s]", text);
}

void disco_public_short(const struct disco_public *key, char out[KEY_SHORT_SIZE])
{
    char digits[17];
    if (disco_public_is_zero(key)) {
        out[0] = '\0';
        return;
    }
    hex_encode(key->b, 8, digits);
    text_format(out, KEY_SHORT_SIZE, "d:%s", digits);
}

static enum net_err box_key(const uint8_t mine[KEY_LEN], const uint8_t theirs[KEY_LEN],
                            struct box_key *out)
{
    return crypto_box_beforenm(out->b, theirs, mine) == 0 ? NET_OK : NET_ERR_AUTH;
}

enum net_err node_box_key(const struct node_private *mine, const struct node_public *theirs,
                          struct box_key *out)
{
    return box_key(mine->b, theirs->b, out);
}

enum net_err disco_box_key(const struct disco_private *mine, const struct disco_public *theirs,
                           struct box_key *out)
{
    return box_key(mine->b, theirs->b, out);
}

void box_key_clear(struct box_key *key)
{
    sodium_memzero(key, sizeof *key);
}

void box_seal(const struct box_key *key, struct rng *rng, struct bytes plain, struct writer *out)
{
    uint8_t *to = writer_reserve(out, plain.len + BOX_OVERHEAD);
    if (to == NULL) {
        return;
    }
    rng_fill(rng, to, BOX_NONCE_LEN);
    int failed = crypto_box_easy_afternm(to + BOX_NONCE_LEN, plain.ptr, plain.len, to, key->b);
    assert(!failed);
}

enum net_err box_open(const struct box_key *key, struct bytes sealed, struct writer *out)
{
    if (sealed.len < BOX_OVERHEAD) {
        return NET_ERR_TRUNCATED;
    }
    uint8_t *start = out->at;
    uint8_t *to = writer_reserve(out, sealed.len - BOX_OVERHEAD);
    if (to == NULL) {
        return NET_ERR_TOO_BIG;
    }
    if (crypto_box_open_easy_afternm(to, sealed.ptr + BOX_NONCE_LEN, sealed.len - BOX_NONCE_LEN,
                                     sealed.ptr, key->b) != 0) {
        out->at = start;
        return NET_ERR_AUTH;
    }
    return NET_OK;
}
