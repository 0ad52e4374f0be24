/*
 * Disco messages: probing paths between peers, sealed with their disco keys. No I/O, no clock, no
 * heap.
 *
 *   packet  = magic (6) sender public (32) nonce (24) box(payload)
 *   payload = type (1) version (1) body
 *
 * Format: coder/tailscale disco/disco.go. Pings and pongs are padded to a fixed body, so that a
 * path that cannot carry full packets never answers.
 */
#ifndef NET_WIRE_DISCO_H
#define NET_WIRE_DISCO_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/crypto/key.h"
#include "net/wire/address.h"

enum {
    DISCO_MAGIC_LEN = 6,
    DISCO_HEADER_LEN = DISCO_MAGIC_LEN + KEY_LEN,
    DISCO_PADDED_BODY = 1230,   /* ping and pong body since coder/tailscale of June 2025 */
    DISCO_PADDED_PACKET = 1310, /* the whole packet around such a body */
    DISCO_PACKET_MAX = 2048,    /* ours: nothing longer is opened */
    DISCO_TX_LEN = 12,
    DISCO_ENDPOINTS_MAX = 64, /* ours: call-me-maybe candidates kept; the rest is counted */
};

enum disco_type { DISCO_PING = 1, DISCO_PONG = 2, DISCO_CALL_ME_MAYBE = 3 };

struct disco_tx {
    uint8_t b[DISCO_TX_LEN];
};

struct disco_message {
    enum disco_type type;
    uint8_t version;
    struct disco_tx tx;                                /* ping, pong */
    struct node_public node;                           /* ping: sender's node key; zero = absent */
    struct net_address source;                         /* pong: where the ping came from */
    struct net_address endpoints[DISCO_ENDPOINTS_MAX]; /* call-me-maybe */
    uint16_t endpoint_count;
    uint16_t endpoints_dropped; /* beyond DISCO_ENDPOINTS_MAX */
};

/* True when the packet begins with the magic and a sender key: disco, never WireGuard. */
bool disco_looks_like(struct bytes packet);

/* The relay's stricter test (62 bytes and magic), which decides its queue and PeerGone. */
bool disco_looks_like_for_relay(struct bytes packet);

/* The sender's key of a packet that looks like disco. */
struct disco_public disco_sender(struct bytes packet);

/* Opens and parses. NET_ERR_MALFORMED: not disco, or a payload that cannot be read.
 * NET_ERR_AUTH: the box does not open. NET_ERR_TOO_BIG: above DISCO_PACKET_MAX.
 * NET_ERR_UNSUPPORTED: well sealed, of a type that we do not know: ignore it quietly. */
NET_MUST_USE enum net_err disco_open(const struct box_key *key, struct bytes packet,
                                     struct disco_message *out);

/* Appends the sealed packet. Pings and pongs are padded to DISCO_PADDED_PACKET with version byte 1;
 * call-me-maybe is version 0 and not padded. */
void disco_seal(const struct box_key *key, const struct disco_public *mine, struct rng *rng,
                const struct disco_message *message, struct writer *out);

/* The payload alone, before sealing (vectors). `padded` false gives upstream's form: version 0, no
 * padding. */
void disco_payload_encode(const struct disco_message *message, bool padded, struct writer *out);
NET_MUST_USE enum net_err disco_payload_decode(struct bytes payload, struct disco_message *out);

#endif
