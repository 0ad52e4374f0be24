#include "net/transport/websocket_key.h"

#include <assert.h>

enum { KEY_LEN = 16, SHA1_LEN = 20, SHA1_BLOCK = 64, GUID_LEN = 36 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64(const uint8_t *in, size_t len, char *out)
{
    while (len > 0) {
        uint32_t group =
            (uint32_t)in[0] << 16 | (len > 1 ? (uint32_t)in[1] << 8 : 0U) | (len > 2 ? in[2] : 0U);
        out[0] = alphabet[group >> 18];
        out[1] = alphabet[group >> 12 & 63];
        out[2] = '=';
        out[3] = '=';
        if (len > 1) {
            out[2] = alphabet[group >> 6 & 63];
        }
        if (len > 2) {
            out[3] = alphabet[group & 63];
        }
        size_t step = len < 3 ? len : 3;
        in += step;
        len -= step;
        out += 4;
    }
    *out = '\0';
}

void websocket_key_new(struct rng *rng, char out[WEBSOCKET_KEY_SIZE])
{
    uint8_t raw[KEY_LEN];
    rng_fill(rng, raw, sizeof raw);
    base64(raw, sizeof raw, out);
}

bool websocket_key_is_valid(struct bytes key)
{
    if (key.len != WEBSOCKET_KEY_SIZE - 1) {
        return false;
    }
    for (size_t i = 0; i < 22; i++) {
        if (key.ptr[i] == 0 || strchr(alphabet, key.ptr[i]) == NULL) {
            return false;
        }
    }
    return key.ptr[22] == '=' && key.ptr[23] == '=';
}

static uint32_t rotate(uint32_t value, unsigned by)
{
    return value << by | value >> (32 - by);
}

/* FIPS 180-4 6.1.2: the function and constant of each round. */
static uint32_t round_value(unsigned round, uint32_t b, uint32_t c, uint32_t d)
{
    switch (round / 20) {
    case 0:
        return ((b & c) | (~b & d)) + 0x5a827999U;
    case 1:
        return (b ^ c ^ d) + 0x6ed9eba1U;
    case 2:
        return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcU;
    default:
        return (b ^ c ^ d) + 0xca62c1d6U;
    }
}

static void sha1_block(uint32_t hash[5], const uint8_t *block)
{
    uint32_t words[80];
    struct reader r = reader_of(bytes_of(block, SHA1_BLOCK));
    for (unsigned i = 0; i < 16; i++) {
        words[i] = reader_u32(&r);
    }
    for (unsigned i = 16; i < 80; i++) {
        words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    }
    uint32_t v[5] = {hash[0], hash[1], hash[2], hash[3], hash[4]};
    for (unsigned i = 0; i < 80; i++) {
        uint32_t next = rotate(v[0], 5) + round_value(i, v[1], v[2], v[3]) + v[4] + words[i];
        v[4] = v[3];
        v[3] = v[2];
        v[2] = rotate(v[1], 30);
        v[1] = v[0];
        v[0] = next;
    }
    for (unsigned i = 0; i < 5; i++) {
        hash[i] += v[i];
    }
}

/* SHA-1 of the one message length that is needed here: 60 bytes, two blocks with the padding. */
static void sha1_of_60(const uint8_t in[60], uint8_t out[SHA1_LEN])
{
    uint32_t hash[5] = {0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U, 0xc3d2e1f0U};
    uint8_t padded[2 * SHA1_BLOCK] = {0};
    memcpy(padded, in, 60);
    padded[60] = 0x80;
    struct writer length = writer_of(padded + sizeof padded - 8, 8);
    writer_u64(&length, UINT64_C(60) * 8); /* bits */
    sha1_block(hash, padded);
    sha1_block(hash, padded + SHA1_BLOCK);
    struct writer w = writer_of(out, SHA1_LEN);
    for (unsigned i = 0; i < 5; i++) {
        writer_u32(&w, hash[i]);
    }
}

void websocket_key_accept(struct bytes key, char out[WEBSOCKET_ACCEPT_SIZE])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 1.3 */
    uint8_t text[WEBSOCKET_KEY_SIZE - 1 + GUID_LEN];
    uint8_t digest[SHA1_LEN];
    assert(key.len == WEBSOCKET_KEY_SIZE - 1);
    memcpy(text, key.ptr, key.len);
    memcpy(text + key.len, guid, GUID_LEN);
    sha1_of_60(text, digest);
    base64(digest, sizeof digest, out);
}
