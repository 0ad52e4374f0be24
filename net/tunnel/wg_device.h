/*
 * A WireGuard device: our key, its peers, their sessions. A machine: datagrams and IP packets in
 * and out, the time as an argument; how datagrams travel is its owner's.
 *
 * Whitepaper of WireGuard, 6; constants and timers as wireguard-go device/{constants,timers,send,
 * receive}.go; protocol notes (wireguard-paths-speedtest) 1.4 to 1.8. IPv6 alone: that is all there
 * is in Coder's tailnet. `now` runs on while the computer is suspended.
 */
#ifndef NET_TUNNEL_WG_DEVICE_H
#define NET_TUNNEL_WG_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/crypto/key.h"

enum {
    WG_REKEY_AFTER_S = 120,
    WG_REJECT_AFTER_S = 180,
    WG_REKEY_TIMEOUT_S = 5,
    WG_FIRST_RETRY_MS = 500, /* and twice as long each time, until there ever was a session */
    WG_KEEPALIVE_TIMEOUT_S = 10,
    WG_MAX_ATTEMPTS = 18, /* retries beyond it: given up */
    WG_SEAL_OFFSET = 16,  /* of the sealed packet within its datagram */
    WG_PERSISTENT_S = 25, /* the keepalive that Coder's clients keep up */
    WG_PACKET_MAX = 1500, /* an IP packet in the tunnel */
    WG_DATAGRAM_MAX = WG_PACKET_MAX + 15 + 32,
    WG_STAGED_MAX = 128, /* packets that wait for a session */
    WG_PEER_ADDRESSES_MAX = 8,
    WG_LOADED_AFTER = 64 /* initiations within a second: then cookies are demanded */
};

struct wg_device;
struct wg_peer;

/* `key` and `rng` are borrowed. Never NULL. */
struct wg_device *wg_device_new(const struct node_private *key, struct rng *rng);
void wg_device_free(struct wg_device *device);

/* Packets are padded to a multiple of 16, but not beyond this; WG_PACKET_MAX unless told. */
void wg_device_set_mtu(struct wg_device *device, size_t mtu);

/* A peer and its `count` addresses in the tunnel (16 bytes each, /128; beyond WG_PEER_ADDRESSES_MAX
 * are dropped). An address belongs to the peer that was given it last. NULL: the key is a
 * low-order point, or known already. */
struct wg_peer *wg_device_add_peer(struct wg_device *device, const struct node_public *key,
                                   const uint8_t *addresses, size_t count, void *user);
/* Other addresses, as above; its session lives on. */
void wg_peer_set_addresses(struct wg_peer *peer, const uint8_t *addresses, size_t count);
void wg_device_remove_peer(struct wg_device *device, struct wg_peer *peer);
struct wg_peer *wg_device_find_peer(struct wg_device *device, const struct node_public *key);
void *wg_peer_user(const struct wg_peer *peer);
/* The peer that has this address; NULL: none. */
struct wg_peer *wg_device_route(struct wg_device *device, const uint8_t address[16]);

/* Tests and vectors: Coder sets none. */
void wg_peer_set_psk(struct wg_peer *peer, const uint8_t psk[32]);

/* A keepalive each `ns` while nothing else is said; 0 = none. From 0 to more it is sent at once,
 * which makes a session. */
void wg_peer_set_keepalive(struct wg_peer *peer, mono_ns now, uint64_t ns);

/* Something happened that makes an answer likelier (the relay opened): a first handshake that waits
 * for one is begun again, as soon as the peer takes another. */
void wg_peer_hurry(struct wg_peer *peer, mono_ns now);

/* An IP packet for the peer. NET_OK: its datagram is appended to `out` (room: WG_DATAGRAM_MAX),
 * send it now. Nothing is allocated, and a packet of a multiple of 16 bytes is not copied either;
 * any other is not if it lies WG_SEAL_OFFSET behind the writer's end already. NET_ERR_AGAIN: there
 * is no session; it waits for the one that is being made. NET_ERR_TOO_BIG: empty, or above
 * WG_PACKET_MAX. NET_ERR_FULL: no room in `out`; nothing happened. */
NET_MUST_USE enum net_err wg_peer_send(struct wg_peer *peer, mono_ns now, struct bytes packet,
                                       struct writer *out);

/* The length of the datagram that a packet of `len` bytes makes. */
size_t wg_datagram_len(const struct wg_device *device, size_t len);

struct wg_input {
    struct wg_peer *peer; /* NULL: of nobody that is known */
    struct bytes packet;  /* a decrypted IPv6 packet of that peer, borrowed until the next call;
                             empty = none */
};

/* A datagram that came the way of `from` (the peer whose path it is: what a cookie is bound to).
 * NET_OK: it was good. NET_ERR_MALFORMED: no WireGuard message, or an inner packet that is none.
 * NET_ERR_AUTH: forged, unknown, or of an old session. NET_ERR_STATE: seen before, or too old.
 * NET_ERR_FULL: loaded; a cookie was demanded. */
NET_MUST_USE enum net_err wg_device_input(struct wg_device *device, mono_ns now,
                                          const struct node_public *from, struct bytes datagram,
                                          struct wg_input *out);

/* Appends the next datagram that is due, and tells whom to: handshakes, keepalives, packets that
 * waited. NET_ERR_AGAIN: none. NET_ERR_FULL: `out` has no room for WG_DATAGRAM_MAX more; nothing
 * happened. */
NET_MUST_USE enum net_err wg_device_output(struct wg_device *device, mono_ns now,
                                           struct wall_time wall, struct writer *out,
                                           struct node_public *to);

mono_ns wg_device_deadline(const struct wg_device *device);

enum wg_event_kind { WG_HANDSHAKE_DONE, WG_HANDSHAKE_GAVE_UP };

struct wg_event {
    enum wg_event_kind kind;
    struct wg_peer *peer;
};

bool wg_device_event(struct wg_device *device, struct wg_event *out);

struct wg_status {
    mono_ns last_handshake; /* completed; 0 = never */
    uint64_t handshakes;    /* completed, ever */
    bool has_session;       /* a key that may still be used for sending */
    bool initiator;         /* of that session */
    mono_ns session_at;
    bool under_way;    /* a handshake of ours waits for its answer or its next try */
    unsigned attempts; /* initiations sent since a handshake was last completed */
    uint64_t packets_in, packets_out, bytes_in, bytes_out; /* IP packets */
    uint64_t counted; /* packets that the peer has sent, by their counters, keepalives too; */
    uint64_t arrived; /* of them arrived. The rest was lost, or is on its way */
    uint64_t dropped_staged; /* waited in vain, or did not fit the queue */
};

void wg_peer_status(const struct wg_peer *peer, mono_ns now, struct wg_status *out);

/* What was refused, by kind. */
struct wg_refusals {
    uint64_t malformed, forged, replayed, expired,
        foreign; /* foreign: an inner address not its own */
    uint64_t flooded, cookies;
};

struct wg_refusals wg_device_refusals(const struct wg_device *device);

#endif
