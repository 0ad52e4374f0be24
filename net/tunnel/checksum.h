/*
 * The Internet's checksum (RFC 1071), for lwIP: its own goes by two bytes, which is an eighth of
 * all work of an upload.
 */
#ifndef NET_TUNNEL_CHECKSUM_H
#define NET_TUNNEL_CHECKSUM_H

#include <stdint.h>

/* The folded sum, not inverted, of `len` bytes as lwIP's LWIP_CHKSUM gives it: words as they lie in
 * memory, an odd byte at the end padded with a zero. */
uint16_t tunnel_checksum(const void *data, int len);

#endif
