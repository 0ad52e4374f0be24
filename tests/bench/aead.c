/*
 * How fast one core seals and opens full packets of the tunnel, with the calls that the tunnel
 * makes: the ceiling of any throughput. Prints one JSON object.
 */
#include "net/crypto/aead.h"

#include <stdio.h>
#include <string.h>

#include "net/base/now.h"
#include "net/crypto/key.h"

enum { PACKET = 1280, ROUNDS = 200000 };

static double mbits(uint64_t ns)
{
    return (double)ROUNDS * PACKET * 8 * 1000 / (double)ns;
}

int main(void)
{
    static uint8_t plain[PACKET];
    static uint8_t sealed[PACKET + AEAD_TAG_LEN];
    static const uint8_t raw[AEAD_KEY_LEN] = {1};
    struct aead_key seal = {0};
    struct aead_key open = {0};
    if (crypto_start() != NET_OK) {
        return 1;
    }
    aead_key_init(&seal, AEAD_SEALING, raw);
    aead_key_init(&open, AEAD_OPENING, raw);
    mono_ns began = mono_now();
    for (uint64_t i = 0; i < ROUNDS; i++) {
        aead_key_seal(sealed, &seal, i, bytes_of(plain, sizeof plain));
    }
    uint64_t seal_ns = mono_since(mono_now(), began);
    aead_key_seal(sealed, &seal, 7, bytes_of(plain, sizeof plain));
    began = mono_now();
    for (uint64_t i = 0; i < ROUNDS; i++) {
        if (!aead_key_open(plain, &open, 7, bytes_of(sealed, sizeof sealed))) {
            return 1;
        }
    }
    uint64_t open_ns = mono_since(mono_now(), began);
    aead_key_clear(&seal);
    aead_key_clear(&open);
    printf("{\"seal_mbits\":%.0f,\"open_mbits\":%.0f}\n", mbits(seal_ns), mbits(open_ns));
    return 0;
}
