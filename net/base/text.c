#include "net/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DISTANCE_MAX = 64 };

static size_t sequence_len(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

size_t utf8_decode(struct bytes in, uint32_t *code)
{
    static const uint8_t lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = in.len == 0 ? 0 : sequence_len(in.ptr[0]);
    if (len == 0 || len > in.len) {
        return 0;
    }
    uint32_t value = in.ptr[0] & lead_mask[len];
    for (size_t i = 1; i < len; i++) {
        if ((in.ptr[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (in.ptr[i] & 0x3fU);
    }
    if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return 0;
    }
    *code = value;
    return len;
}

bool text_is_unsafe(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c ||
           code == 0x180e || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           (code >= 0xd800 && code <= 0xdfff) || code == 0xfeff ||
           (code >= 0xfff0 && code <= 0xfffb) || (code >= 0xfdd0 && code <= 0xfdef) ||
           (code & 0xfffe) == 0xfffe || (code >= 0xe0000 && code <= 0xe0fff) || code > 0x10ffff;
}

/* Ends a text that was cut with an ellipsis, in its last characters' place. */
static size_t mark_cut(char *out, size_t size)
{
    static const char ellipsis[] = "\xe2\x80\xa6";
    size_t len = strlen(out);
    if (size < TEXT_MARKED) {
        return len;
    }
    while (len + sizeof ellipsis > size) {
        len--;
        while (((uint8_t)out[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    memcpy(out + len, ellipsis, sizeof ellipsis);
    return len + sizeof ellipsis - 1;
}

size_t text_clean(char *out, size_t size, struct bytes in)
{
    static const char replacement[] = "\xef\xbf\xbd";
    size_t used = 0;
    while (in.len > 0) {
        uint32_t code = 0;
        size_t len = utf8_decode(in, &code);
        bool bad = len == 0 || text_is_unsafe(code);
        const char *from = bad ? replacement : (const char *)in.ptr;
        size_t need = bad ? sizeof replacement - 1 : len;
        if (bad && size - used <= need) {
            from = "?";
            need = 1;
        }
        if (size - used <= need) {
            out[used] = '\0';
            return mark_cut(out, size);
        }
        memcpy(out + used, from, need);
        used += need;
        size_t step = len == 0 ? 1 : len;
        in.ptr += step;
        in.len -= step;
    }
    out[used] = '\0';
    return used;
}

/* Shortens a text that was cut in the middle of a character. */
static void trim_partial(char *out)
{
    size_t len = strlen(out);
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        uint8_t lead = (uint8_t)out[len - back];
        if ((lead & 0xc0) != 0x80) {
            if (sequence_len(lead) > back) {
                out[len - back] = '\0';
            }
            return;
        }
    }
}

void text_format(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int want = vsnprintf(out, size, format, args);
    va_end(args);
    if (want < 0) {
        out[0] = '\0';
    } else if ((size_t)want >= size) {
        trim_partial(out);
        (void)mark_cut(out, size);
    }
}

void text_copy(char *out, size_t size, const char *in)
{
    text_format(out, size, "%s", in);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_equal_nocase(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned text_distance(const char *a, const char *b)
{
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    if (a_len > DISTANCE_MAX || b_len > DISTANCE_MAX) {
        return DISTANCE_MAX;
    }
    unsigned rows[3][DISTANCE_MAX + 1];
    for (size_t j = 0; j <= b_len; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *now = rows[i % 3];
        const unsigned *last = rows[(i + 2) % 3];
        const unsigned *before = rows[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned replaced = last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]) ? 1U : 0U);
            now[j] = least(replaced, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                now[j] = least(now[j], before[j - 2] + 1);
            }
        }
    }
    return rows[a_len % 3][b_len];
}
