#include "net/tunnel/checksum.h"

#include <stddef.h>
#include <string.h>

uint16_t tunnel_checksum(const void *data, int len)
{
    const uint8_t *at = data;
    size_t left = len > 0 ? (size_t)len : 0;
    uint64_t sum = 0; /* of 2^16 words of 32 bits at most: no carry is lost */
    uint32_t last[2] = {0};
    for (; left >= sizeof last; left -= sizeof last) {
        uint32_t words[2];
        memcpy(words, at, sizeof words);
        sum += (uint64_t)words[0] + words[1];
        at += sizeof words;
    }
    memcpy(last, at, left);
    sum += (uint64_t)last[0] + last[1];
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    return (uint16_t)sum;
}
