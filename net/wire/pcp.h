/*
 * PCP, the successor of NAT-PMP on the same port: what asking for a UDP port takes of it. Bytes to
 * struct and back. No I/O, no clock, no heap.
 *
 *   request = version 2 (1) opcode (1) reserved (2) lifetime (4) own address (16) [MAP]
 *   reply   = version 2 (1) opcode | 0x80 (1) reserved (1) result (1) lifetime (4) epoch (4)
 *             reserved (12) [MAP] [options]
 *   MAP     = nonce (12) protocol (1) reserved (3) internal port (2) external port (2)
 *             external address (16)
 *
 * Format: RFC 6887. IPv4 addresses are mapped into IPv6 ones.
 */
#ifndef NET_WIRE_PCP_H
#define NET_WIRE_PCP_H

#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/wire/address.h"

enum {
    PCP_VERSION = 2,
    PCP_HEADER_LEN = 24,
    PCP_MAP_LEN = 60,      /* with the header */
    PCP_PACKET_MAX = 1100, /* RFC 6887 7: longer ones are not to be read */
    PCP_NONCE_LEN = 12,
};

enum pcp_opcode { PCP_ANNOUNCE = 0, PCP_MAP = 1 };

enum pcp_result {
    PCP_SUCCESS = 0,
    PCP_UNSUPP_VERSION = 1,
    PCP_NOT_AUTHORIZED = 2,
    PCP_MALFORMED_REQUEST = 3,
    PCP_ADDRESS_MISMATCH = 12, /* there is another NAT between us and the router */
};

struct pcp_nonce {
    uint8_t b[PCP_NONCE_LEN];
};

/* What a MAP request asks for, and a reply grants. The protocol is UDP. */
struct pcp_map {
    struct pcp_nonce nonce; /* ties renewals and the end to the one who asked first */
    uint16_t internal_port;
    struct net_address external; /* in a request a wish: ADDRESS_NONE or port 0 are none */
};

struct pcp_reply {
    enum pcp_opcode opcode;
    uint8_t result;      /* enum pcp_result, or what else the router says */
    uint32_t lifetime_s; /* of the mapping or, with an error, of the error */
    uint32_t epoch_s;    /* since the router forgot its mappings */
    struct pcp_map map;  /* PCP_MAP that succeeded; else zero */
};

/* Appends an ANNOUNCE request, which asks nothing but whether PCP is spoken. `own` is the address
 * that the request comes from, as it is in a MAP request. */
void pcp_announce_encode(struct writer *out, const struct net_address *own);

/* Appends a MAP request; `lifetime_s` 0 deletes the mapping. */
void pcp_map_encode(struct writer *out, const struct net_address *own, const struct pcp_map *map,
                    uint32_t lifetime_s);

/* NET_ERR_MALFORMED: not a reply of PCP version 2, of a length that RFC 6887 forbids, or too short
 * for what it is. NET_ERR_UNSUPPORTED: of an operation or a protocol that we never ask for. *out is
 * unchanged then. */
NET_MUST_USE enum net_err pcp_reply_decode(struct bytes packet, struct pcp_reply *out);

#endif
