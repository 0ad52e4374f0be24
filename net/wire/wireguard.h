/*
 * WireGuard's four messages: bytes in, structs out. No cryptography, no heap. Integers are little
 * endian. Whitepaper of WireGuard, 5.4; wireguard-go device/noise-protocol.go.
 */
#ifndef NET_WIRE_WIREGUARD_H
#define NET_WIRE_WIREGUARD_H

#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"

enum {
    WG_INITIATION = 1,
    WG_RESPONSE = 2,
    WG_COOKIE = 3,
    WG_DATA = 4,

    WG_INITIATION_LEN = 148,
    WG_RESPONSE_LEN = 92,
    WG_COOKIE_LEN = 64,
    WG_DATA_HEADER_LEN = 16,
    WG_DATA_MIN_LEN = 32, /* a keepalive: header and tag */
    WG_MAC_LEN = 16,
    WG_TIMESTAMP_LEN = 12,
    WG_MACS_LEN = 32, /* mac1 and mac2 end both handshake messages */
};

/* An index that, as the second word of a message, would look like STUN's cookie on a socket that
 * carries both. Never to be drawn. */
#define WG_INDEX_FORBIDDEN UINT32_C(0x42a41221)

struct wg_initiation {
    uint32_t sender;
    uint8_t ephemeral[32];
    uint8_t static_key[48];
    uint8_t timestamp[WG_TIMESTAMP_LEN + 16];
};

struct wg_response {
    uint32_t sender, receiver;
    uint8_t ephemeral[32];
    uint8_t empty[16];
};

struct wg_cookie {
    uint32_t receiver;
    uint8_t nonce[24];
    uint8_t sealed[32];
};

struct wg_data {
    uint32_t receiver;
    uint64_t counter;
    struct bytes sealed; /* the packet and its tag; borrowed */
};

/* WG_INITIATION to WG_DATA, if the length fits the type; 0: no WireGuard message. */
int wireguard_type(struct bytes packet);

/* `packet` has the type (asserted by wireguard_type before). The MACs are left to the caller: the
 * last WG_MACS_LEN bytes. */
void wireguard_read_initiation(struct bytes packet, struct wg_initiation *out);
void wireguard_read_response(struct bytes packet, struct wg_response *out);
void wireguard_read_cookie(struct bytes packet, struct wg_cookie *out);
void wireguard_read_data(struct bytes packet, struct wg_data *out);

/* Each appends the message, without MACs. */
void wireguard_write_initiation(struct writer *out, const struct wg_initiation *in);
void wireguard_write_response(struct writer *out, const struct wg_response *in);
void wireguard_write_cookie(struct writer *out, const struct wg_cookie *in);
void wireguard_write_data_header(struct writer *out, uint32_t receiver, uint64_t counter);

#endif
