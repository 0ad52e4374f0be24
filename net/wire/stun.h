/*
 * STUN binding requests and responses, as far as NAT discovery needs them: bytes to struct and
 * back. No I/O, no clock, no heap.
 *
 *   message   = type (2) length of attributes (2) cookie (4) transaction id (12) attributes
 *   attribute = type (2) length (2) value, padded to 4
 *
 * Formats: RFC 8489; the request's fixed form: coder/tailscale net/stun/stun.go.
 */
#ifndef NET_WIRE_STUN_H
#define NET_WIRE_STUN_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/wire/address.h"

enum {
    STUN_TX_LEN = 12,
    STUN_HEADER_LEN = 20,
    STUN_REQUEST_LEN = 40,
    STUN_RESPONSE_MAX = 44, /* with an IPv6 address */
};

struct stun_tx {
    uint8_t b[STUN_TX_LEN];
};

/* True for what may be STUN: at least a header, its cookie, and a type that a WireGuard message
 * cannot begin with. For telling packets of one socket apart. */
bool stun_looks_like(struct bytes packet);

/* Appends a request: SOFTWARE "tailnode" and FINGERPRINT, which servers of this family want. */
void stun_request_encode(struct writer *out, const struct stun_tx *tx);

/* A server's view. NET_ERR_MALFORMED: no binding request, or attributes that are cut.
 * NET_ERR_UNSUPPORTED: of another family of clients (no or other SOFTWARE, or the last attribute is
 * not a good FINGERPRINT). */
NET_MUST_USE enum net_err stun_request_decode(struct bytes packet, struct stun_tx *tx);

/* Appends a response with XOR-MAPPED-ADDRESS. `address` is not ADDRESS_NONE (asserted). */
void stun_response_encode(struct writer *out, const struct stun_tx *tx,
                          const struct net_address *address);

/* A success response. The XOR form of the address wins over the plain one; IPv4-mapped addresses
 * come out as IPv4. NET_ERR_MALFORMED: anything else; the outputs are unchanged. */
NET_MUST_USE enum net_err stun_response_decode(struct bytes packet, struct stun_tx *tx,
                                               struct net_address *address);

#endif
