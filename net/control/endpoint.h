/*
 * Addresses below the deployment's: parts of a path or a query are percent-encoded, whatever they
 * hold.
 */
#ifndef NET_CONTROL_ENDPOINT_H
#define NET_CONTROL_ENDPOINT_H

#include <stddef.h>

#include "net/base/err.h"
#include "net/wire/tailnet.h"

/* A base of SETTINGS_URL_SIZE, a path of ours, and a resume token of which each byte is encoded. */
enum { ENDPOINT_SIZE = 2048 + 3 * TAILNET_TOKEN_SIZE };

/* Percent-encodes all but RFC 3986's unreserved characters. NET_ERR_TOO_BIG: does not fit; `out` is
 * then "". */
NET_MUST_USE enum net_err endpoint_escape(char *out, size_t size, const char *in);

/* `base` and `pattern`, in which each "{}" stands for the next of the parts, encoded: base
 * "https://c.example", pattern "/users/{}", part "a b" gives "https://c.example/users/a%20b".
 * NET_ERR_TOO_BIG: does not fit; `out` is then "". */
NET_MUST_USE enum net_err endpoint_url(char *out, size_t size, const char *base,
                                       const char *pattern, const char *const *parts);

#endif
