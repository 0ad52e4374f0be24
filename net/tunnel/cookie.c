#include "net/tunnel/cookie.h"

#include <string.h>

#include "net/crypto/aead.h"
#include "net/crypto/blake2s.h"

static void derive(uint8_t mac1_key[COOKIE_KEY_LEN], uint8_t cookie_key[COOKIE_KEY_LEN],
                   const uint8_t public_key[COOKIE_KEY_LEN])
{
    blake2s_hash(mac1_key, bytes_text("mac1----"), bytes_of(public_key, COOKIE_KEY_LEN));
    blake2s_hash(cookie_key, bytes_text("cookie--"), bytes_of(public_key, COOKIE_KEY_LEN));
}

static struct bytes before_mac1(struct bytes packet)
{
    return bytes_of(packet.ptr, packet.len - WG_MACS_LEN);
}

static struct bytes before_mac2(struct bytes packet)
{
    return bytes_of(packet.ptr, packet.len - WG_MAC_LEN);
}

static const uint8_t *mac1_of(struct bytes packet)
{
    return packet.ptr + packet.len - WG_MACS_LEN;
}

static const uint8_t *mac2_of(struct bytes packet)
{
    return packet.ptr + packet.len - WG_MAC_LEN;
}

void cookie_checker_init(struct cookie_checker *checker, const uint8_t public_key[COOKIE_KEY_LEN])
{
    memset(checker, 0, sizeof *checker);
    derive(checker->mac1_key, checker->cookie_key, public_key);
}

bool cookie_check_mac1(const struct cookie_checker *checker, struct bytes packet)
{
    uint8_t mac[WG_MAC_LEN];
    blake2s_mac(mac, bytes_of(checker->mac1_key, COOKIE_KEY_LEN), before_mac1(packet));
    return secret_equal(mac, mac1_of(packet), WG_MAC_LEN);
}

static bool is_fresh(mono_ns now, mono_ns then)
{
    return mono_since(now, then) <= COOKIE_LIFE_S * NS_PER_SEC;
}

bool cookie_check_mac2(const struct cookie_checker *checker, mono_ns now, struct bytes source,
                       struct bytes packet)
{
    uint8_t cookie[WG_MAC_LEN];
    uint8_t mac[WG_MAC_LEN];
    if (!checker->has_secret || !is_fresh(now, checker->secret_at)) {
        return false;
    }
    blake2s_mac(cookie, bytes_of(checker->secret, COOKIE_KEY_LEN), source);
    blake2s_mac(mac, bytes_of(cookie, WG_MAC_LEN), before_mac2(packet));
    return secret_equal(mac, mac2_of(packet), WG_MAC_LEN);
}

void cookie_make(struct cookie_checker *checker, mono_ns now, struct rng *rng, struct bytes source,
                 struct bytes packet, struct wg_cookie *out)
{
    uint8_t cookie[WG_MAC_LEN];
    if (!checker->has_secret || !is_fresh(now, checker->secret_at)) {
        rng_fill(rng, checker->secret, COOKIE_KEY_LEN);
        checker->has_secret = true;
        checker->secret_at = now;
    }
    struct reader in = reader_of(packet);
    (void)reader_take(&in, 4);
    out->receiver = 0;
    for (uint32_t i = 0; i < 4; i++) {
        out->receiver |= (uint32_t)reader_u8(&in) << (8 * i);
    }
    rng_fill(rng, out->nonce, sizeof out->nonce);
    blake2s_mac(cookie, bytes_of(checker->secret, COOKIE_KEY_LEN), source);
    xaead_seal(out->sealed, checker->cookie_key, out->nonce, bytes_of(cookie, WG_MAC_LEN),
               bytes_of(mac1_of(packet), WG_MAC_LEN));
}

void cookie_jar_init(struct cookie_jar *jar, const uint8_t public_key[COOKIE_KEY_LEN])
{
    memset(jar, 0, sizeof *jar);
    derive(jar->mac1_key, jar->cookie_key, public_key);
}

void cookie_seal(struct cookie_jar *jar, mono_ns now, struct writer *out)
{
    uint8_t mac[WG_MAC_LEN] = {0};
    blake2s_mac(jar->last_mac1, bytes_of(jar->mac1_key, COOKIE_KEY_LEN), writer_done(out));
    jar->has_mac1 = true;
    writer_put(out, bytes_of(jar->last_mac1, WG_MAC_LEN));
    if (jar->has_cookie && is_fresh(now, jar->cookie_at)) {
        blake2s_mac(mac, bytes_of(jar->cookie, WG_MAC_LEN), writer_done(out));
    }
    writer_put(out, bytes_of(mac, WG_MAC_LEN));
}

bool cookie_take(struct cookie_jar *jar, mono_ns now, const struct wg_cookie *message)
{
    uint8_t cookie[WG_MAC_LEN];
    if (!jar->has_mac1 || !xaead_open(cookie, jar->cookie_key, message->nonce,
                                      bytes_of(message->sealed, sizeof message->sealed),
                                      bytes_of(jar->last_mac1, WG_MAC_LEN))) {
        return false;
    }
    memcpy(jar->cookie, cookie, WG_MAC_LEN);
    jar->has_cookie = true;
    jar->cookie_at = now;
    return true;
}
