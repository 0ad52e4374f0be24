/*
 * NAT-PMP: asking a home router for its public address and for a port of its own. Bytes to struct
 * and back. No I/O, no clock, no heap.
 *
 *   request = version (1) opcode (1) [reserved (2) internal port (2) external port (2) lifetime
 * (4)] reply   = version (1) opcode | 0x80 (1) result (2) epoch (4) ...
 *
 * Format: RFC 6886.
 */
#ifndef NET_WIRE_NATPMP_H
#define NET_WIRE_NATPMP_H

#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/wire/address.h"

enum {
    NATPMP_VERSION = 0,
    NATPMP_PORT = 5351, /* at the router; PCP's too */
    NATPMP_REQUEST_MAX = 12,
    NATPMP_REPLY_MIN = 8, /* an error has no more */
};

enum natpmp_opcode { NATPMP_EXTERNAL_ADDRESS = 0, NATPMP_MAP_UDP = 1 };

enum natpmp_result {
    NATPMP_OK = 0,
    NATPMP_UNSUPPORTED_VERSION = 1,
    NATPMP_NOT_AUTHORISED = 2,
    NATPMP_NETWORK_FAILURE = 3,
    NATPMP_OUT_OF_RESOURCES = 4,
    NATPMP_UNSUPPORTED_OPCODE = 5,
};

struct natpmp_reply {
    enum natpmp_opcode opcode;
    uint16_t result;  /* enum natpmp_result, or what else the router says */
    uint32_t epoch_s; /* since the router forgot its mappings */

    /* The rest is zero unless the result is NATPMP_OK. */
    struct net_address external; /* EXTERNAL_ADDRESS: IPv4, port 0 */
    uint16_t internal_port;      /* MAP_UDP, as is what follows */
    uint16_t external_port;
    uint32_t lifetime_s;
};

/* Appends a request for the router's public address. */
void natpmp_external_encode(struct writer *out);

/* Appends a request to map a UDP port. `external_port` is a wish, 0 is none; `lifetime_s` 0 deletes
 * the mapping of `internal_port` (the external port is to be 0 then). */
void natpmp_map_encode(struct writer *out, uint16_t internal_port, uint16_t external_port,
                       uint32_t lifetime_s);

/* NET_ERR_MALFORMED: not a reply of NAT-PMP, or too short for what it is. NET_ERR_UNSUPPORTED: of
 * an operation that we never ask for. *out is unchanged then. */
NET_MUST_USE enum net_err natpmp_reply_decode(struct bytes packet, struct natpmp_reply *out);

#endif
