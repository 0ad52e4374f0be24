/*
 * DERP frames: bytes to struct and back. No I/O, no clock, no heap.
 * Format: coder/tailscale derp/derp.go; frame header = type (1), payload length (4).
 */
#ifndef NET_WIRE_DERP_H
#define NET_WIRE_DERP_H

#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/crypto/key.h"

enum {
    DERP_HEADER_LEN = 5,
    DERP_MAGIC_LEN = 8,
    DERP_PACKET_MAX = 65536,          /* largest packet, keys not counted (derp.go MaxPacketSize) */
    DERP_FRAME_MAX = 1 << 20,         /* a client refuses longer frames (derp_client.go) */
    DERP_CLIENT_INFO_MAX = 256 << 10, /* a server refuses longer ones (derp_server.go) */
    DERP_SERVER_KEY_MAX = 1024,
    DERP_PING_LEN = 8,
    DERP_PROTOCOL_VERSION = 2,
};

enum derp_type {
    DERP_SERVER_KEY = 0x01,
    DERP_CLIENT_INFO = 0x02,
    DERP_SERVER_INFO = 0x03,
    DERP_SEND_PACKET = 0x04,
    DERP_RECV_PACKET = 0x05,
    DERP_KEEP_ALIVE = 0x06,
    DERP_NOTE_PREFERRED = 0x07,
    DERP_PEER_GONE = 0x08,
    DERP_PEER_PRESENT = 0x09,
    DERP_FORWARD_PACKET = 0x0a,
    DERP_WATCH_CONNS = 0x10,
    DERP_CLOSE_PEER = 0x11,
    DERP_PING = 0x12,
    DERP_PONG = 0x13,
    DERP_HEALTH = 0x14,
    DERP_RESTARTING = 0x15,
};

enum derp_gone_reason { DERP_GONE_DISCONNECTED = 0, DERP_GONE_NOT_HERE = 1 };

/* A frame as it stands on the wire; the type may be one that is not in the list. */
struct derp_frame {
    uint8_t type;
    struct bytes payload; /* view into the input */
};

/* Reads one whole frame at the cursor, which moves only on NET_OK.
 * NET_ERR_AGAIN: not all of it is there yet. NET_ERR_TOO_BIG: the length is above `limit`; the
 * connection must end. */
NET_MUST_USE enum net_err derp_frame_decode(struct reader *in, uint32_t limit,
                                            struct derp_frame *out);

/* Appends header and payload. */
void derp_frame_encode(struct writer *out, enum derp_type type, struct bytes payload);

/* ServerKey: magic, key, surplus ignored. NET_ERR_MALFORMED: shorter than 40, longer than
 * DERP_SERVER_KEY_MAX, or another magic. */
NET_MUST_USE enum net_err derp_server_key_decode(struct bytes payload, struct node_public *out);
void derp_server_key_encode(struct writer *out, const struct node_public *key);

/* SendPacket: destination and packet. RecvPacket: source and packet. Both are key (32) and the
 * rest. NET_ERR_TRUNCATED: shorter than a key. NET_ERR_TOO_BIG: a packet above DERP_PACKET_MAX. */
NET_MUST_USE enum net_err derp_packet_decode(struct bytes payload, struct node_public *peer,
                                             struct bytes *packet);
void derp_packet_encode(struct writer *out, enum derp_type type, const struct node_public *peer,
                        struct bytes packet);

/* PeerGone: key and an optional reason byte (absent = disconnected). */
NET_MUST_USE enum net_err derp_peer_gone_decode(struct bytes payload, struct node_public *peer,
                                                uint8_t *reason);
void derp_peer_gone_encode(struct writer *out, const struct node_public *peer,
                           enum derp_gone_reason reason);

/* Restarting: reconnect-in and try-for, ms each. NET_ERR_TRUNCATED: shorter than 8. */
NET_MUST_USE enum net_err derp_restarting_decode(struct bytes payload, uint32_t *reconnect_ms,
                                                 uint32_t *try_ms);

#endif
