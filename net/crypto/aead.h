/*
 * ChaCha20-Poly1305 with a counter as nonce, XChaCha20-Poly1305 for cookies, X25519: as WireGuard
 * uses them. RFC 8439, RFC 7748; whitepaper of WireGuard, 5.4.
 *
 * Single messages go through libsodium. A stream of packets under one key has a `struct aead_key`:
 * its large packets go through OpenSSL, whose code for wide registers is the faster one, its small
 * ones through libsodium, which costs less a call. Both make the same bytes.
 */
#ifndef NET_CRYPTO_AEAD_H
#define NET_CRYPTO_AEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/rng.h"

enum {
    AEAD_KEY_LEN = 32,
    AEAD_TAG_LEN = 16,
    AEAD_PACKET_MAX = 1 << 16, /* ours: no datagram is longer */
    XAEAD_NONCE_LEN = 24,
    X25519_LEN = 32
};

/* Writes plain.len + AEAD_TAG_LEN bytes to `out`, which may be plain.ptr itself. */
void aead_seal(uint8_t *out, const uint8_t key[AEAD_KEY_LEN], uint64_t counter, struct bytes plain,
               struct bytes ad);

/* Writes sealed.len - AEAD_TAG_LEN bytes to `out`, which may be sealed.ptr itself. False: too
 * short, or forged; `out` is then not to be used. */
bool aead_open(uint8_t *out, const uint8_t key[AEAD_KEY_LEN], uint64_t counter, struct bytes sealed,
               struct bytes ad);

/* A session's key in one direction. To be kept in locked memory. May be moved by assignment, and
 * only one of the copies is then cleared. */
struct aead_key {
    uint8_t key[AEAD_KEY_LEN];
    struct evp_cipher_ctx_st *ctx; /* OpenSSL's EVP_CIPHER_CTX; NULL: not in use */
};

enum aead_use { AEAD_SEALING, AEAD_OPENING };

/* Looks the algorithm up in libcrypto, once. False: it has none (its settings allow a narrow set
 * only). crypto_start tells the user. */
bool aead_start(void);

/* Allocates, which sealing and opening never do. OpenSSL holds a copy of the key in memory of its
 * own, unlocked; it is wiped by aead_key_clear. */
void aead_key_init(struct aead_key *key, enum aead_use use, const uint8_t raw[AEAD_KEY_LEN]);

/* Wipes. Fine on a zeroed struct, and twice. */
void aead_key_clear(struct aead_key *key);

/* As aead_seal and aead_open, without additional data; `out` is the input's memory or does not
 * overlap it. What does not open is wiped from `out`. Packets have at most AEAD_PACKET_MAX bytes.
 */
void aead_key_seal(uint8_t *out, const struct aead_key *key, uint64_t counter, struct bytes plain);
bool aead_key_open(uint8_t *out, const struct aead_key *key, uint64_t counter, struct bytes sealed);

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
