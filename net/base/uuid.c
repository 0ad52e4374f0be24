#include "net/base/uuid.h"

#include "net/base/hex.h"

static bool is_dash_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

enum net_err uuid_parse(const char *text, struct uuid *out)
{
    char digits[2 * UUID_LEN];
    size_t used = 0;
    if (strlen(text) != UUID_TEXT_SIZE - 1) {
        return NET_ERR_MALFORMED;
    }
    for (size_t i = 0; i < UUID_TEXT_SIZE - 1; i++) {
        if (is_dash_place(i)) {
            if (text[i] != '-') {
                return NET_ERR_MALFORMED;
            }
        } else {
            digits[used++] = text[i];
        }
    }
    return hex_decode(digits, sizeof digits, out->b, UUID_LEN);
}

void uuid_text(const struct uuid *id, char out[UUID_TEXT_SIZE])
{
    char digits[2 * UUID_LEN + 1];
    hex_encode(id->b, UUID_LEN, digits);
    size_t used = 0;
    for (size_t i = 0; i < UUID_TEXT_SIZE - 1; i++) {
        out[i] = is_dash_place(i) ? '-' : digits[used++];
    }
    out[UUID_TEXT_SIZE - 1] = '\0';
}

void uuid_random(struct rng *rng, struct uuid *out)
{
    rng_fill(rng, out->b, UUID_LEN);
    out->b[6] = (uint8_t)((out->b[6] & 0x0f) | 0x40); /* version 4 */
    out->b[8] = (uint8_t)((out->b[8] & 0x3f) | 0x80); /* variant 10 */
}
