#include "net/base/hex.h"

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void hex_encode(const uint8_t *in, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[2 * len] = '\0';
}

enum net_err hex_decode(const char *text, size_t text_len, uint8_t *out, size_t len)
{
    if (text_len / 2 != len || text_len % 2 != 0) {
        return NET_ERR_MALFORMED;
    }
    for (size_t i = 0; i < text_len; i++) {
        if (digit(text[i]) < 0) {
            return NET_ERR_MALFORMED;
        }
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)((unsigned)digit(text[2 * i]) << 4 | (unsigned)digit(text[2 * i + 1]));
    }
    return NET_OK;
}
