/*
 * The client's half of a DERP connection, after the HTTP upgrade: login, packets, pings. A machine.
 *
 *   server: ServerKey      client: ClientInfo, NotePreferred if home, packets
 *   server: ServerInfo     both: packets, pings, the rest
 *
 * Source: coder/tailscale derp/derp_client.go; protocol notes 1.7 to 1.9.
 */
#ifndef NET_PATH_DERP_CLIENT_H
#define NET_PATH_DERP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/crypto/key.h"
#include "net/wire/derp.h"

enum {
    DERP_SILENCE_SECONDS = 120,
    DERP_UNANSWERED_SECONDS = 10, /* no frame at all after a ping, of a relay that answers them */
    DERP_QUEUE_MAX = 1 << 20,
};

enum derp_event_kind {
    DERP_EVENT_READY,      /* server key seen and our info queued: packets may be sent */
    DERP_EVENT_INFO,       /* ServerInfo opened: the login is complete */
    DERP_EVENT_PACKET,     /* peer, packet (a view, valid until the next input) */
    DERP_EVENT_PEER_GONE,  /* peer, reason */
    DERP_EVENT_HEALTH,     /* text; empty = healthy again */
    DERP_EVENT_RESTARTING, /* reconnect_ms, try_ms */
    DERP_EVENT_PONG,       /* rtt_ns: answer to derp_client_ping */
};

struct derp_event {
    enum derp_event_kind kind;
    struct node_public peer;
    struct bytes packet;
    uint8_t reason;
    uint32_t reconnect_ms, try_ms;
    uint64_t rtt_ns;
    char text[200]; /* cleaned */
};

struct derp_client;

/* Borrows key and rng. `preferred`: this region is our home. Never NULL. */
struct derp_client *derp_client_new(const struct node_private *key, struct rng *rng, bool preferred,
                                    mono_ns now);
void derp_client_free(struct derp_client *client);

/* Takes bytes from the front of *in up to and including one frame that makes an event, or all of
 * them; call again until *in is empty, taking events in between: a packet's view lives only until
 * the next call. Errors: the connection must end. */
NET_MUST_USE enum net_err derp_client_input(struct derp_client *client, mono_ns now,
                                            struct bytes *in);
bool derp_client_event(struct derp_client *client, struct derp_event *out);

/* Bytes to write now; derp_client_sent tells how much was taken. */
struct bytes derp_client_output(const struct derp_client *client);
void derp_client_sent(struct derp_client *client, size_t len);

/* Queues a packet. NET_ERR_STATE: not ready yet. NET_ERR_TOO_BIG: above DERP_PACKET_MAX.
 * NET_ERR_FULL: DERP_QUEUE_MAX bytes are waiting; the packet is dropped, as the protocol allows. */
NET_MUST_USE enum net_err derp_client_send(struct derp_client *client,
                                           const struct node_public *peer, struct bytes packet);
void derp_client_note_preferred(struct derp_client *client, bool preferred);
/* Measures the relay itself; at most one under way. A relay that has answered one before and says
 * nothing to the next for DERP_UNANSWERED_SECONDS is gone: a cut line is found after seconds, where
 * the genuine client takes two minutes. */
void derp_client_ping(struct derp_client *client, mono_ns now);

/* Silence of DERP_SILENCE_SECONDS, or after a ping, ends the connection: NET_ERR_TIMEOUT from the
 * tick. */
mono_ns derp_client_deadline(const struct derp_client *client);
NET_MUST_USE enum net_err derp_client_tick(struct derp_client *client, mono_ns now);

#endif
