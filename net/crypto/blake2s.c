#include "net/crypto/blake2s.h"

#include <assert.h>
#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "net/base/mem.h"

enum { BLOCK = 64 };

/* Fetched once, for as long as the program runs: a fetch takes longer than a hash. */
static EVP_MD *digest;
static EVP_MAC *keyed;

static void fetch(void)
{
    digest = EVP_MD_fetch(NULL, "BLAKE2S-256", NULL);
    keyed = EVP_MAC_fetch(NULL, "BLAKE2SMAC", NULL);
}

bool blake2s_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, fetch);
    return digest != NULL && keyed != NULL;
}

static void need(void)
{
    bool ready = blake2s_start();
    assert(ready);
}

static void hash(uint8_t out[BLAKE2S_LEN], const struct bytes *parts, size_t count)
{
    need();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int good = ctx != NULL && EVP_DigestInit_ex2(ctx, digest, NULL) == 1;
    for (size_t i = 0; i < count && good; i++) {
        good = parts[i].len == 0 || EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) == 1;
    }
    good = good && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    assert(good); /* it fails only without memory */
    EVP_MD_CTX_free(ctx);
}

void blake2s_hash(uint8_t out[BLAKE2S_LEN], struct bytes a, struct bytes b)
{
    const struct bytes parts[] = {a, b};
    hash(out, parts, 2);
}

void blake2s_mac(uint8_t out[BLAKE2S_MAC_LEN], struct bytes key, struct bytes data)
{
    need();
    size_t size = BLAKE2S_MAC_LEN;
    size_t got = 0;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                                 OSSL_PARAM_construct_end()};
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(keyed);
    int good = ctx != NULL && EVP_MAC_init(ctx, key.ptr, key.len, params) == 1 &&
               EVP_MAC_update(ctx, data.ptr, data.len) == 1 &&
               EVP_MAC_final(ctx, out, &got, BLAKE2S_MAC_LEN) == 1;
    assert(good && got == BLAKE2S_MAC_LEN);
    EVP_MAC_CTX_free(ctx);
}

void blake2s_hmac(uint8_t out[BLAKE2S_LEN], struct bytes key, struct bytes a, struct bytes b)
{
    uint8_t pad[BLOCK];
    uint8_t inner[BLAKE2S_LEN];
    assert(key.len <= BLOCK);
    for (size_t i = 0; i < BLOCK; i++) {
        pad[i] = (uint8_t)((i < key.len ? key.ptr[i] : 0) ^ 0x36);
    }
    const struct bytes first[] = {bytes_of(pad, BLOCK), a, b};
    hash(inner, first, 3);
    for (size_t i = 0; i < BLOCK; i++) {
        pad[i] ^= 0x36 ^ 0x5c;
    }
    const struct bytes second[] = {bytes_of(pad, BLOCK), bytes_of(inner, sizeof inner)};
    hash(out, second, 2);
    mem_wipe(pad, sizeof pad);
    mem_wipe(inner, sizeof inner);
}

void blake2s_kdf(uint8_t out[][BLAKE2S_LEN], size_t count, const uint8_t chaining[BLAKE2S_LEN],
                 struct bytes input)
{
    uint8_t prk[BLAKE2S_LEN];
    assert(count >= 1 && count <= BLAKE2S_KEYS_MAX);
    blake2s_hmac(prk, bytes_of(chaining, BLAKE2S_LEN), input, (struct bytes){0});
    for (size_t i = 0; i < count; i++) {
        uint8_t number = (uint8_t)(i + 1);
        struct bytes before = i == 0 ? (struct bytes){0} : bytes_of(out[i - 1], BLAKE2S_LEN);
        blake2s_hmac(out[i], bytes_of(prk, sizeof prk), before, bytes_of(&number, 1));
    }
    mem_wipe(prk, sizeof prk);
}
