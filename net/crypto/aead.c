#include "net/crypto/aead.h"

#include <string.h>

#include <sodium.h>

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
