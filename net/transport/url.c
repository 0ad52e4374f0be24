#include "net/transport/url.h"

#include <arpa/inet.h>
#include <string.h>

#include "net/base/hex.h"
#include "net/base/text.h"

enum { NAME_SIZE = 256 };

void url_for_people(char *out, size_t size, const char *url)
{
    size_t scheme_len = strcspn(url, ":/?#@");
    scheme_len = strncmp(url + scheme_len, "://", 3) == 0 ? scheme_len + 3 : 0;
    const char *host = url + scheme_len;
    size_t authority_len = strcspn(host, "/?#");
    for (size_t i = authority_len; i > 0; i--) {
        if (host[i - 1] == '@') {
            authority_len -= i;
            host += i;
            break;
        }
    }
    size_t rest_len = authority_len + strcspn(host + authority_len, "?#");
    size_t used = text_clean(out, size, bytes_of(url, scheme_len));
    (void)text_clean(out + used, size - used, bytes_of(host, rest_len));
}

static enum net_err decode(struct bytes in, bool plus_is_space, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];
        if (c == '%') {
            if (in.len - i < 3 || hex_decode((const char *)in.ptr + i + 1, 2, &c, 1) != NET_OK) {
                return NET_ERR_MALFORMED;
            }
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == 0) {
            return NET_ERR_MALFORMED;
        }
        if (used + 1 >= size) {
            return NET_ERR_TOO_BIG;
        }
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return NET_OK;
}

static size_t index_of(struct bytes in, uint8_t c)
{
    const uint8_t *at = in.len == 0 ? NULL : memchr(in.ptr, c, in.len);
    return at == NULL ? in.len : (size_t)(at - in.ptr);
}

enum net_err url_path(struct bytes target, char *out, size_t size)
{
    return decode(bytes_of(target.ptr, index_of(target, '?')), false, out, size);
}

enum net_err url_query(struct bytes target, const char *name, char *out, size_t size)
{
    size_t at = index_of(target, '?');
    while (at < target.len) {
        struct bytes rest = bytes_of(target.ptr + at + 1, target.len - at - 1);
        struct bytes pair = bytes_of(rest.ptr, index_of(rest, '&'));
        size_t name_len = index_of(pair, '=');
        char found[NAME_SIZE];
        if (decode(bytes_of(pair.ptr, name_len), true, found, sizeof found) == NET_OK &&
            strcmp(found, name) == 0) {
            size_t skip = name_len < pair.len ? name_len + 1 : name_len;
            return decode(bytes_of(pair.ptr + skip, pair.len - skip), true, out, size);
        }
        at += 1 + pair.len;
    }
    return NET_ERR_NOT_FOUND;
}

bool url_host_is_loopback(const char *host)
{
    uint8_t address[4];
    bool is_v4 = inet_pton(AF_INET, host, address) == 1;
    return is_v4 ? address[0] == 127
                 : text_equal_nocase(host, "localhost") || strcmp(host, "::1") == 0 ||
                       strcmp(host, "[::1]") == 0;
}
