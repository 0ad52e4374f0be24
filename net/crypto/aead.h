/*
 * ChaCha20-Poly1305 with a counter as nonce, XChaCha20-Poly1305 for cookies, X25519: as WireGuard
 * uses them. RFC 8439, RFC 7748; whitepaper of WireGuard, 5.4.
 */
#ifndef NET_CRYPTO_AEAD_H
#define NET_CRYPTO_AEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/rng.h"

enum { AEAD_KEY_LEN = 32, AEAD_TAG_LEN = 16, XAEAD_NONCE_LEN = 24, X25519_LEN = 32 };

/* Writes plain.len + AEAD_TAG_LEN bytes to `out`, which may be plain.ptr itself. */
void aead_seal(uint8_t *out, const uint8_t key[AEAD_KEY_LEN], uint64_t counter, struct bytes plain,
               struct bytes ad);

/* Writes sealed.len - AEAD_TAG_LEN bytes to `out`, which may be sealed.ptr itself. False: too
 * short, or forged; `out` is then not to be used. */
bool aead_open(uint8_t *out, const uint8_t key[AEAD_KEY_LEN], uint64_t counter, struct bytes sealed,
               struct bytes ad);

void xaead_seal(uint8_t *out, const uint8_t key[AEAD_KEY_LEN], const uint8_t nonce[XAEAD_NONCE_LEN],
                struct bytes plain, struct bytes ad);
bool xaead_open(uint8_t *out, const uint8_t key[AEAD_KEY_LEN], const uint8_t nonce[XAEAD_NONCE_LEN],
                struct bytes sealed, struct bytes ad);

/* A clamped private key, and its public one. */
void x25519_new(struct rng *rng, uint8_t private_key[X25519_LEN], uint8_t public_key[X25519_LEN]);
void x25519_public(const uint8_t private_key[X25519_LEN], uint8_t public_key[X25519_LEN]);

/* False: the other key is a low-order point and nothing secret comes of it. */
bool x25519_shared(uint8_t out[X25519_LEN], const uint8_t private_key[X25519_LEN],
                   const uint8_t public_key[X25519_LEN]);

/* In constant time. */
bool secret_equal(const uint8_t *a, const uint8_t *b, size_t len);

#endif
