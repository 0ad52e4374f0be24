/*
 * WireGuard's handshake, Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s, both roles. Pure but for the
 * randomness passed in; no time. Whitepaper of WireGuard, 5.4.2 to 5.4.5; protocol notes
 * (wireguard-paths-speedtest) 1.3.
 *
 * A message that does not verify leaves the state as it was.
 */
#ifndef NET_TUNNEL_NOISE_H
#define NET_TUNNEL_NOISE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/wire/wireguard.h"

enum {
    NOISE_LEN = 32,
    NOISE_STAMP_STEP_NS = 1 << 24, /* time stamps are multiples of it: see noise_timestamp */
};

/* Ours, the same for all peers. Secret. */
struct noise_self {
    uint8_t private_key[NOISE_LEN];
    uint8_t public_key[NOISE_LEN];
};

/* What is fixed for one peer. Secret. */
struct noise_peer {
    uint8_t public_key[NOISE_LEN];
    uint8_t shared[NOISE_LEN]; /* of both static keys */
    uint8_t psk[NOISE_LEN];    /* zeros: none */
};

enum noise_state { NOISE_IDLE, NOISE_INITIATED, NOISE_RESPONDED };

/* A handshake under way. Secret. */
struct noise_handshake {
    enum noise_state state;
    uint8_t chaining[NOISE_LEN], hash[NOISE_LEN];
    uint8_t ephemeral[NOISE_LEN]; /* ours, private: while INITIATED */
    uint8_t theirs[NOISE_LEN];    /* their ephemeral, public: for the response */
    uint32_t local_index, remote_index;
};

/* An initiation as far as it can be read before it is known who sent it. Secret. */
struct noise_initiation {
    uint8_t peer[NOISE_LEN]; /* the sender's static key */
    uint8_t chaining[NOISE_LEN], hash[NOISE_LEN];
    struct wg_initiation message;
};

/* False: the peer's key is a low-order point. */
bool noise_peer_init(struct noise_peer *peer, const struct noise_self *self,
                     const uint8_t public_key[NOISE_LEN]);

/* The first message. `ephemeral` is a fresh private key (the caller's rng, or a vector's).
 * hs->local_index is used. */
void noise_initiate(struct noise_handshake *hs, const struct noise_self *self,
                    const struct noise_peer *peer, const uint8_t ephemeral[NOISE_LEN],
                    const uint8_t timestamp[WG_TIMESTAMP_LEN], struct wg_initiation *out);

/* Opens the sender's static key. False: forged, or not for us. */
bool noise_read_initiation(const struct noise_self *self, const struct wg_initiation *message,
                           struct noise_initiation *out);

/* The rest, once the peer is known. False: forged. */
bool noise_accept_initiation(const struct noise_initiation *in, const struct noise_peer *peer,
                             struct noise_handshake *hs, uint8_t timestamp[WG_TIMESTAMP_LEN]);

/* The answer to an accepted initiation; hs->local_index is used. False: a low-order point. */
bool noise_respond(struct noise_handshake *hs, const struct noise_peer *peer,
                   const uint8_t ephemeral[NOISE_LEN], struct wg_response *out);

/* The answer to our initiation. False: forged, or none is awaited. */
bool noise_read_response(struct noise_handshake *hs, const struct noise_self *self,
                         const struct noise_peer *peer, const struct wg_response *message);

/* The session's keys; wipes the handshake. `initiator`: which side we are. */
void noise_finish(struct noise_handshake *hs, bool initiator, uint8_t send[NOISE_LEN],
                  uint8_t receive[NOISE_LEN]);

/* TAI64N, with the low 24 bits of the nanoseconds cleared, as wireguard-go does, so that the clock
 * is not told. */
void noise_timestamp(struct wall_time now, uint8_t out[WG_TIMESTAMP_LEN]);

#endif
