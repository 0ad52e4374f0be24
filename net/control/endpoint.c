#include "net/control/endpoint.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* RFC 3986 2.3 */
static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

enum net_err endpoint_escape(char *out, size_t size, const char *in)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t used = 0;
    for (; *in != '\0'; in++) {
        bool plain = is_unreserved(*in);
        if (size - used <= (plain ? 1U : 3U)) {
            out[0] = '\0';
            return NET_ERR_TOO_BIG;
        }
        if (plain) {
            out[used++] = *in;
        } else {
            unsigned char c = (unsigned char)*in;
            out[used++] = '%';
            out[used++] = digits[c >> 4];
            out[used++] = digits[c & 15];
        }
    }
    out[used] = '\0';
    return NET_OK;
}

static bool append(char *out, size_t size, size_t *used, const char *in, size_t len)
{
    if (size - *used <= len) {
        return false;
    }
    memcpy(out + *used, in, len);
    *used += len;
    out[*used] = '\0';
    return true;
}

enum net_err endpoint_url(char *out, size_t size, const char *base, const char *pattern,
                          const char *const *parts)
{
    size_t used = 0;
    bool fits = append(out, size, &used, base, strlen(base));
    assert(strchr(pattern, '{') == NULL || parts != NULL);
    while (fits && *pattern != '\0') {
        size_t len = strcspn(pattern, "{");
        fits = append(out, size, &used, pattern, len);
        pattern += len;
        if (fits && strncmp(pattern, "{}", 2) == 0) {
            fits = endpoint_escape(out + used, size - used, *parts) == NET_OK;
            used += strlen(out + used);
            parts++;
            pattern += 2;
        }
    }
    if (!fits) {
        out[0] = '\0';
        return NET_ERR_TOO_BIG;
    }
    return NET_OK;
}
