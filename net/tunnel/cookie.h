/*
 * The MACs that end WireGuard's handshake messages, and the cookies that a loaded peer demands.
 * Whitepaper of WireGuard, 5.4.4 and 5.4.7; wireguard-go device/cookie.go.
 */
#ifndef NET_TUNNEL_COOKIE_H
#define NET_TUNNEL_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/wire/wireguard.h"

enum { COOKIE_KEY_LEN = 32, COOKIE_LIFE_S = 120 };

/* As receiver: checks what comes in, and makes cookies. */
struct cookie_checker {
    uint8_t mac1_key[COOKIE_KEY_LEN], cookie_key[COOKIE_KEY_LEN];
    uint8_t secret[COOKIE_KEY_LEN];
    bool has_secret;
    mono_ns secret_at;
};

/* As sender, for one peer: seals what goes out, and keeps the cookie that the peer gave. */
struct cookie_jar {
    uint8_t mac1_key[COOKIE_KEY_LEN], cookie_key[COOKIE_KEY_LEN];
    uint8_t cookie[WG_MAC_LEN];
    bool has_cookie, has_mac1;
    mono_ns cookie_at;
    uint8_t last_mac1[WG_MAC_LEN];
};

/* `public_key`: our own. */
void cookie_checker_init(struct cookie_checker *checker, const uint8_t public_key[COOKIE_KEY_LEN]);

/* A handshake message of a right length. */
bool cookie_check_mac1(const struct cookie_checker *checker, struct bytes packet);

/* Whether mac2 proves that the sender got a cookie that we made for `source` lately. */
bool cookie_check_mac2(const struct cookie_checker *checker, mono_ns now, struct bytes source,
                       struct bytes packet);

/* The answer to a handshake message without a good mac2. `nonce` is random. */
void cookie_make(struct cookie_checker *checker, mono_ns now, struct rng *rng, struct bytes source,
                 struct bytes packet, struct wg_cookie *out);

/* `public_key`: the peer's. */
void cookie_jar_init(struct cookie_jar *jar, const uint8_t public_key[COOKIE_KEY_LEN]);

/* Appends mac1, and mac2 if there is a cookie, to the message in `out` (from its start). */
void cookie_seal(struct cookie_jar *jar, mono_ns now, struct writer *out);

/* A cookie reply to our last message. False: forged. */
bool cookie_take(struct cookie_jar *jar, mono_ns now, const struct wg_cookie *message);

#endif
