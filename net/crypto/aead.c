#include "net/crypto/aead.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "net/base/mem.h"

/* Measured: a call of OpenSSL's costs some 350 ns before the first byte, and each byte less. At 400
 * bytes they are even. */
enum { SMALL_MAX = 400 };

/* Four zero bytes, then the counter, little endian. */
static void nonce_of(uint64_t counter, uint8_t out[12])
{
    memset(out, 0, 12);
    for (size_t i = 0; i < 8; i++) {
        out[4 + i] = (uint8_t)(counter >> (8 * i));
    }
}

void aead_seal(uint8_t *out, const uint8_t key[AEAD_KEY_LEN], uint64_t counter, struct bytes plain,
               struct bytes ad)
{
    uint8_t nonce[12];
    nonce_of(counter, nonce);
    (void)crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain.ptr, plain.len, ad.ptr, ad.len,
                                                    NULL, nonce, key);
}

bool aead_open(uint8_t *out, const uint8_t key[AEAD_KEY_LEN], uint64_t counter, struct bytes sealed,
               struct bytes ad)
{
    uint8_t nonce[12];
    nonce_of(counter, nonce);
    return sealed.len >= AEAD_TAG_LEN &&
           crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.ptr, sealed.len,
                                                     ad.ptr, ad.len, nonce, key) == 0;
}

static EVP_CIPHER *cipher; /* looked up once: by name it takes longer than sealing */

static void look_up(void)
{
    cipher = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
}

bool aead_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, look_up);
    return cipher != NULL;
}

void aead_key_init(struct aead_key *key, enum aead_use use, const uint8_t raw[AEAD_KEY_LEN])
{
    bool ready = aead_start();
    memcpy(key->key, raw, AEAD_KEY_LEN);
    key->ctx = EVP_CIPHER_CTX_new();
    int good = ready && key->ctx != NULL &&
               EVP_CipherInit_ex(key->ctx, cipher, NULL, raw, NULL, use == AEAD_SEALING) == 1;
    assert(good); /* it fails only without memory */
}

void aead_key_clear(struct aead_key *key)
{
    EVP_CIPHER_CTX_free(key->ctx);
    mem_wipe(key, sizeof *key);
}

void aead_key_seal(uint8_t *out, const struct aead_key *key, uint64_t counter, struct bytes plain)
{
    assert(plain.len <= AEAD_PACKET_MAX);
    if (plain.len <= SMALL_MAX) {
        aead_seal(out, key->key, counter, plain, (struct bytes){0});
        return;
    }
    uint8_t nonce[12];
    int len = 0;
    int rest = 0;
    nonce_of(counter, nonce);
    int good =
        EVP_EncryptInit_ex(key->ctx, NULL, NULL, NULL, nonce) == 1 &&
        EVP_EncryptUpdate(key->ctx, out, &len, plain.ptr, (int)plain.len) == 1 &&
        EVP_EncryptFinal_ex(key->ctx, out + len, &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(key->ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN, out + plain.len) == 1;
    assert(good && (size_t)len == plain.len && rest == 0);
}

bool aead_key_open(uint8_t *out, const struct aead_key *key, uint64_t counter, struct bytes sealed)
{
    if (sealed.len <= SMALL_MAX + AEAD_TAG_LEN) {
        return aead_open(out, key->key, counter, sealed, (struct bytes){0});
    }
    uint8_t nonce[12];
    uint8_t tag[AEAD_TAG_LEN];
    int len = 0;
    int rest = 0;
    size_t plain_len = sealed.len - AEAD_TAG_LEN;
    assert(plain_len <= AEAD_PACKET_MAX);
    nonce_of(counter, nonce);
    memcpy(tag, sealed.ptr + plain_len, sizeof tag); /* OpenSSL wants it writable */
    int good = EVP_DecryptInit_ex(key->ctx, NULL, NULL, NULL, nonce) == 1 &&
               EVP_CIPHER_CTX_ctrl(key->ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LEN, tag) == 1 &&
               EVP_DecryptUpdate(key->ctx, out, &len, sealed.ptr, (int)plain_len) == 1;
    assert(good && (size_t)len == plain_len);
    if (EVP_DecryptFinal_ex(key->ctx, out + len, &rest) != 1) {
        mem_wipe(out, plain_len);
        return false;
    }
    return true;
}

void xaead_seal(uint8_t *out, const uint8_t key[AEAD_KEY_LEN], const uint8_t nonce[XAEAD_NONCE_LEN],
                struct bytes plain, struct bytes ad)
{
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, plain.ptr, plain.len, ad.ptr,
                                                     ad.len, NULL, nonce, key);
}

bool xaead_open(uint8_t *out, const uint8_t key[AEAD_KEY_LEN], const uint8_t nonce[XAEAD_NONCE_LEN],
                struct bytes sealed, struct bytes ad)
{
    return sealed.len >= AEAD_TAG_LEN &&
           crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.ptr, sealed.len,
                                                      ad.ptr, ad.len, nonce, key) == 0;
}

void x25519_public(const uint8_t private_key[X25519_LEN], uint8_t public_key[X25519_LEN])
{
    (void)crypto_scalarmult_base(public_key, private_key);
}

void x25519_new(struct rng *rng, uint8_t private_key[X25519_LEN], uint8_t public_key[X25519_LEN])
{
    rng_fill(rng, private_key, X25519_LEN);
    private_key[0] &= 248;
    private_key[31] = (uint8_t)((private_key[31] & 127) | 64);
    x25519_public(private_key, public_key);
}

bool x25519_shared(uint8_t out[X25519_LEN], const uint8_t private_key[X25519_LEN],
                   const uint8_t public_key[X25519_LEN])
{
    return crypto_scalarmult(out, private_key, public_key) == 0;
}

bool secret_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}
