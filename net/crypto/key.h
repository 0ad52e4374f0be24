/*
 * Node and disco keys, their text forms, and the NaCl box that DERP and disco seal with.
 *
 * Both kinds are Curve25519. Types keep them apart. Private keys live in locked memory, are wiped
 * when freed, and have no function that prints one. Forms: coder/tailscale
 * types/key/{node,disco,util}.go.
 */
#ifndef NET_CRYPTO_KEY_H
#define NET_CRYPTO_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/rng.h"

enum {
    KEY_LEN = 32,
    KEY_TEXT_SIZE = 80,          /* room for any text form and its zero */
    KEY_SHORT_SIZE = 24,         /* room for a short form and its zero */
    NODE_PUBLIC_BINARY_LEN = 34, /* "np" and the key: Node.key in protobuf */
    BOX_NONCE_LEN = 24,
    BOX_TAG_LEN = 16,
    BOX_OVERHEAD = BOX_NONCE_LEN + BOX_TAG_LEN, /* nonce, then box */
};

struct node_public {
    uint8_t b[KEY_LEN];
};

struct disco_public {
    uint8_t b[KEY_LEN];
};

struct node_private;  /* opaque, locked memory */
struct disco_private; /* opaque, locked memory */

/* The key of a box between one private and one public key; wipe with box_key_clear. */
struct box_key {
    uint8_t b[KEY_LEN];
};

/* Prepares libsodium and libcrypto; safe to call again. NET_ERR_STATE: one does not start, or
 * libcrypto is set up to do without BLAKE2s or ChaCha20-Poly1305. */
NET_MUST_USE enum net_err crypto_start(void);

/* A fresh, clamped key in locked memory. Never NULL. */
struct node_private *node_private_new(struct rng *rng);
struct disco_private *disco_private_new(struct rng *rng);

/* From 32 bytes as they are (tests, vectors). Never NULL. */
struct node_private *node_private_from(const uint8_t raw[KEY_LEN]);
struct disco_private *disco_private_from(const uint8_t raw[KEY_LEN]);

/* Wipe and free; NULL is fine. */
void node_private_free(struct node_private *key);
void disco_private_free(struct disco_private *key);

struct node_public node_private_public(const struct node_private *key);
struct disco_public disco_private_public(const struct disco_private *key);

/* The 32 secret bytes, borrowed: for the WireGuard handshake only. */
const uint8_t *node_private_raw(const struct node_private *key);

static inline bool node_public_equal(const struct node_public *a, const struct node_public *b)
{
    return memcmp(a->b, b->b, KEY_LEN) == 0;
}

static inline bool disco_public_equal(const struct disco_public *a, const struct disco_public *b)
{
    return memcmp(a->b, b->b, KEY_LEN) == 0;
}

bool node_public_is_zero(const struct node_public *key);
bool disco_public_is_zero(const struct disco_public *key);

/* "nodekey:" and 64 hex digits; "discokey:" and 64. `out` holds KEY_TEXT_SIZE. */
void node_public_text(const struct node_public *key, char out[KEY_TEXT_SIZE]);
void disco_public_text(const struct disco_public *key, char out[KEY_TEXT_SIZE]);

/* The inverse: prefix and length exact, digits of either case. NET_ERR_MALFORMED otherwise. */
NET_MUST_USE enum net_err node_public_parse(const char *text, struct node_public *out);
NET_MUST_USE enum net_err disco_public_parse(const char *text, struct disco_public *out);

/* 64 hex digits alone, as in the Derp-Public-Key header. */
NET_MUST_USE enum net_err node_public_parse_untyped(const char *text, struct node_public *out);

/* The protobuf form: "np" and 32 bytes. */
void node_public_binary(const struct node_public *key, uint8_t out[NODE_PUBLIC_BINARY_LEN]);
NET_MUST_USE enum net_err node_public_from_binary(struct bytes in, struct node_public *out);

/* Short forms for logs: "[RzlvQ]" for nodes, "d:0123456789abcdef" for disco, "" for zero keys. */
void node_public_short(const struct node_public *key, char out[KEY_SHORT_SIZE]);
void disco_public_short(const struct disco_public *key, char out[KEY_SHORT_SIZE]);

/* crypto_box_beforenm. NET_ERR_AUTH: the public key is a low-order point. */
NET_MUST_USE enum net_err node_box_key(const struct node_private *mine,
                                       const struct node_public *theirs, struct box_key *out);
NET_MUST_USE enum net_err disco_box_key(const struct disco_private *mine,
                                        const struct disco_public *theirs, struct box_key *out);
void box_key_clear(struct box_key *key);

/* Writes nonce (random) and box: BOX_OVERHEAD more than `plain`. The writer fails without room. */
void box_seal(const struct box_key *key, struct rng *rng, struct bytes plain, struct writer *out);

/* Opens nonce and box into `out` (room: sealed.len - BOX_OVERHEAD).
 * NET_ERR_TRUNCATED: shorter than BOX_OVERHEAD. NET_ERR_AUTH: it does not open. */
NET_MUST_USE enum net_err box_open(const struct box_key *key, struct bytes sealed,
                                   struct writer *out);

#endif
