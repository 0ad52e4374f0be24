/*
 * Hexadecimal text.
 */
#ifndef NET_BASE_HEX_H
#define NET_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

#include "net/base/err.h"

/* Lower case; `out` has room for 2 * len + 1 characters. */
void hex_encode(const uint8_t *in, size_t len, char *out);

/* Exactly 2 * len digits of either case. NET_ERR_MALFORMED: another length or another character;
 * `out` is unchanged. */
NET_MUST_USE enum net_err hex_decode(const char *text, size_t text_len, uint8_t *out, size_t len);

#endif
