/*
 * BLAKE2s and what WireGuard builds of it: hash, keyed MAC, HMAC, key derivation. OpenSSL's, as
 * libsodium has BLAKE2b alone. Only handshakes come here, so a call may cost a microsecond.
 * RFC 7693; whitepaper of WireGuard, 5.4.
 */
#ifndef NET_CRYPTO_BLAKE2S_H
#define NET_CRYPTO_BLAKE2S_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/bytes.h"

enum { BLAKE2S_LEN = 32, BLAKE2S_MAC_LEN = 16, BLAKE2S_KEYS_MAX = 3 };

/* Looks the algorithms up in libcrypto, once. False: it has them not (its settings allow a narrow
 * set only). crypto_start tells the user; what follows ends the program then. */
bool blake2s_start(void);

/* Of a followed by b. */
void blake2s_hash(uint8_t out[BLAKE2S_LEN], struct bytes a, struct bytes b);

/* Keyed BLAKE2s of 16 bytes; the key has 1 to 32. */
void blake2s_mac(uint8_t out[BLAKE2S_MAC_LEN], struct bytes key, struct bytes data);

/* HMAC of a followed by b; the key has at most 64 bytes. RFC 2104. */
void blake2s_hmac(uint8_t out[BLAKE2S_LEN], struct bytes key, struct bytes a, struct bytes b);

/* The first `count` (1 to 3) keys that come of `input` under the chaining key. `out` may overlap
 * neither. */
void blake2s_kdf(uint8_t out[][BLAKE2S_LEN], size_t count, const uint8_t chaining[BLAKE2S_LEN],
                 struct bytes input);

#endif
