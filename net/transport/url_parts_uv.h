/*
 * A URL taken apart by libcurl's own parser, so that the host that is dialled, named in the request
 * and exempted from a proxy is one and the same.
 */
#ifndef NET_TRANSPORT_URL_PARTS_UV_H
#define NET_TRANSPORT_URL_PARTS_UV_H

#include <stdbool.h>

enum { URL_HOST_SIZE = 256, URL_AUTHORITY_SIZE = 272, URL_TARGET_SIZE = 8 << 10 };

struct url_parts {
    bool plain;               /* http, else https */
    char host[URL_HOST_SIZE]; /* IPv6 addresses in brackets */
    char port[8];
    char authority[URL_AUTHORITY_SIZE]; /* host, and the port unless it is the scheme's own */
    char target[URL_TARGET_SIZE];       /* path and query, as given */
};

/* False: not a usable http:// or https:// URL, or a part is too long. */
bool url_parts_split(const char *url, struct url_parts *out);

#endif
