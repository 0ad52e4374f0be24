/*
 * Pieces of URLs: percent decoding, query values, and the form that may be shown to people.
 */
#ifndef NET_TRANSPORT_URL_H
#define NET_TRANSPORT_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "net/base/bytes.h"
#include "net/base/err.h"

/* A URL without what may be secret: no user and password, no query, no fragment. Cleaned for a
 * terminal, cut to fit. */
void url_for_people(char *out, size_t size, const char *url);

/* Decodes the path of a request target ("/a%20b?x=1" gives "/a b").
 * NET_ERR_MALFORMED: bad percent sequence, or a zero byte; NET_ERR_TOO_BIG: does not fit. */
NET_MUST_USE enum net_err url_path(struct bytes target, char *out, size_t size);

/* The decoded value of the first query parameter of that name. NET_ERR_NOT_FOUND; otherwise as
 * url_path. */
NET_MUST_USE enum net_err url_query(struct bytes target, const char *name, char *out, size_t size);

/* True for localhost and loopback addresses: hosts that are never behind a proxy. */
bool url_host_is_loopback(const char *host);

#endif
