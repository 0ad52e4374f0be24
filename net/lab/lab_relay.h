/*
 * The lab's relay: which connection a packet goes to, when, and what is dropped. A machine over
 * connections that have logged in already; frames and sockets are not its business.
 *
 *   packet ─ drop %? ─ active connection of the key? ─ delay line ─ ready queues ─ taken
 *                          └ no: PeerGone(not here), if the packet looks like disco
 *
 * Rules: coder/tailscale derp/derp_server.go; protocol notes 2.3 to 2.6. Delay, jitter and drops
 * are the lab's own: they give its graphs a shape. Packets of one connection never overtake each
 * other, as on the TCP stream that they came by.
 */
#ifndef NET_LAB_LAB_RELAY_H
#define NET_LAB_LAB_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/crypto/key.h"

enum {
    LAB_RELAY_CONNECTIONS_MAX = 256, /* ours */
    LAB_RELAY_QUEUE_MAX = 512,       /* packets a queue (the fork's perClientSendQueueDepth) */
    LAB_RELAY_LINE_MAX = 16384,      /* ours: packets of one connection that are being delayed */
    LAB_RELAY_ROUTES_MAX = 1024,     /* ours: who is told when a key goes */
    LAB_RELAY_GONE_BURST = 3,        /* PeerGone(not here): 3 at once, then 1 a second */
};

struct lab_relay_config {
    uint64_t delay_ns;     /* each packet waits so long in the relay: a round trip, twice */
    uint64_t jitter_ns;    /* and up to so much longer, evenly drawn from rng */
    unsigned drop_percent; /* 0 to 100 */
    struct rng *rng;       /* borrowed */
};

struct lab_relay_counts {
    uint64_t packets_in, packets_out, bytes_out;
    uint64_t dropped_asked;   /* by drop_percent */
    uint64_t dropped_full;    /* a queue was full */
    uint64_t dropped_unknown; /* nobody has that key */
    uint64_t gone_sent;
};

enum lab_relay_item_kind { LAB_RELAY_PACKET, LAB_RELAY_GONE };

/* What a connection is to be sent. */
struct lab_relay_item {
    enum lab_relay_item_kind kind;
    struct node_public peer; /* the packet's source, or who is gone */
    struct bytes packet;     /* valid until the next call */
    uint8_t reason;          /* enum derp_gone_reason */
};

struct lab_relay;

struct lab_relay *lab_relay_new(const struct lab_relay_config *config);
void lab_relay_free(struct lab_relay *relay);

/* Changes delay, jitter and drops from now on. */
void lab_relay_set(struct lab_relay *relay, const struct lab_relay_config *config);

/* A connection has proved that it owns `key`. It is the active one of its key from now on. *id
 * names it (never 0). NET_ERR_FULL: LAB_RELAY_CONNECTIONS_MAX. */
NET_MUST_USE enum net_err lab_relay_attach(struct lab_relay *relay, const struct node_public *key,
                                           uint64_t *id);

/* It ended. When it was the last of its key, all that had packets from that key are told. */
void lab_relay_detach(struct lab_relay *relay, uint64_t id);

/* A frame of any kind came from it: it is the active one of its key again. */
void lab_relay_heard(struct lab_relay *relay, uint64_t id);

/* It wants `packet` brought to `to`. Copied. */
void lab_relay_packet(struct lab_relay *relay, mono_ns now, uint64_t id,
                      const struct node_public *to, struct bytes packet);

/* Takes the next thing that is due for this connection. False: nothing is. */
bool lab_relay_take(struct lab_relay *relay, mono_ns now, uint64_t id, struct lab_relay_item *out);

/* The next connection, from the first on, that has something due at `now`; 0 = none. `after` is the
 * last one that was seen, 0 to begin. */
uint64_t lab_relay_due(const struct lab_relay *relay, mono_ns now, uint64_t after);

/* When the next packet that is not due yet will be; MONO_NEVER: none is being delayed. */
mono_ns lab_relay_deadline(const struct lab_relay *relay, mono_ns now);

struct lab_relay_counts lab_relay_counts(const struct lab_relay *relay);
size_t lab_relay_connections(const struct lab_relay *relay);

#endif
