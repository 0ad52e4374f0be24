/*
 * The state of a WireGuard device, shared by its files:
 *   wg_device.c   life, peers, status
 *   wg_session.c  key pairs: made, rotated, used
 *   wg_receive.c  what comes in
 *   wg_send.c     what goes out
 *   wg_timers.c   when
 */
#ifndef NET_TUNNEL_WG_INTERNAL_H
#define NET_TUNNEL_WG_INTERNAL_H

#include "net/crypto/aead.h"
#include "net/tunnel/cookie.h"
#include "net/tunnel/noise.h"
#include "net/tunnel/replay.h"
#include "net/tunnel/wg_device.h"

/* Counters of a session. wireguard-go device/constants.go. */
#define WG_REKEY_AFTER_MESSAGES  (UINT64_C(1) << 60)
#define WG_REJECT_AFTER_MESSAGES (UINT64_MAX - (UINT64_C(1) << 13))

enum { WG_EVENTS = 64, WG_COOKIE_REPLIES = 8 };

struct wg_keypair {
    bool used, initiator;
    bool renewed; /* an initiation was sent because it grew old while receiving */
    struct aead_key send, receive;
    uint32_t local_index, remote_index;
    mono_ns created;
    uint64_t counter; /* of the next packet */
    struct replay replay;
    uint64_t counted; /* the peer has sent so many, as far as seen */
};

struct wg_staged {
    uint8_t *packet; /* owned */
    size_t len;
};

/* Lives in locked memory as a whole. */
struct wg_peer {
    struct wg_device *device;
    struct wg_peer *next;
    void *user;
    struct node_public key;
    size_t address_count;
    uint8_t addresses[WG_PEER_ADDRESSES_MAX][16];

    struct noise_peer noise;
    struct noise_handshake handshake; /* ours, that waits for its answer */
    struct cookie_jar jar;
    uint8_t greatest_timestamp[WG_TIMESTAMP_LEN];
    mono_ns last_initiation_in; /* 0 = none */
    struct wg_keypair previous, current, next_pair;

    bool want_initiation, want_keepalive, has_response;
    uint8_t response[WG_RESPONSE_LEN];
    mono_ns last_handshake_sent; /* 0 = none */
    struct wall_time last_stamp; /* of our initiations */
    unsigned attempts;      /* retries of the wish under way; a packet that wants out begins anew */
    bool another_keepalive; /* more data came while `passive` was on: two are owed */
    uint64_t persistent_ns;
    uint64_t silent_jitter_ns;                               /* 0 = not drawn yet */
    mono_ns retransmit, passive, silent, persistent, forget; /* timers; MONO_NEVER = off */

    size_t staged_first, staged_count;
    struct wg_staged staged[WG_STAGED_MAX];
    struct wg_status status;
};

struct wg_cookie_reply {
    struct node_public to;
    struct wg_cookie message;
};

struct wg_device {
    struct rng *rng;
    size_t mtu;
    struct noise_self *self;        /* locked memory */
    struct cookie_checker *checker; /* locked memory */
    struct wg_peer *peers;
    mono_ns load_from; /* the second in which initiations are counted */
    unsigned load;
    mono_ns loaded_until;
    size_t reply_count;
    struct wg_cookie_reply replies[WG_COOKIE_REPLIES];
    size_t event_first, event_count;
    struct wg_event events[WG_EVENTS];
    struct wg_refusals refusals;
    uint8_t plain[WG_DATAGRAM_MAX];
};

/* wg_device.c */
void wg_push_event(struct wg_peer *peer, enum wg_event_kind kind);
uint32_t wg_new_index(struct wg_device *device);
void wg_drop_staged(struct wg_peer *peer);

/* wg_session.c */
bool wg_keypair_usable(const struct wg_keypair *pair, mono_ns now);
/* A handshake is over: its keys are a session's. */
void wg_session_begin(struct wg_peer *peer, mono_ns now, struct noise_handshake *hs,
                      bool initiator);
/* Something authenticated came under `pair`: the responder's new key is confirmed. True: it was. */
bool wg_session_confirm(struct wg_peer *peer, struct wg_keypair *pair);
void wg_session_forget(struct wg_peer *peer);

/* wg_timers.c */
void wg_initiate(struct wg_peer *peer, mono_ns now, bool retry);
void wg_on_traffic(struct wg_peer *peer, mono_ns now); /* authenticated, either way */
void wg_on_sent(struct wg_peer *peer);
void wg_on_received(struct wg_peer *peer);
void wg_on_data_sent(struct wg_peer *peer, mono_ns now);
void wg_on_data_received(struct wg_peer *peer, mono_ns now);
void wg_on_handshake_sent(struct wg_peer *peer, mono_ns now);
void wg_on_handshake_done(struct wg_peer *peer, mono_ns now);
void wg_peer_tick(struct wg_peer *peer, mono_ns now);
mono_ns wg_peer_deadline(const struct wg_peer *peer);

/* wg_send.c */
/* Renews a session that has been used long enough. */
void wg_renew_sending(struct wg_peer *peer, mono_ns now);
void wg_renew_receiving(struct wg_peer *peer, mono_ns now);

#endif
