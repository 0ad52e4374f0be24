/*
 * The client's half of one coordinator session: yamux, dRPC and coder.tailnet.v2 over one byte
 * stream (a websocket's). A machine: bytes and time in, bytes, events and the next deadline out. It
 * ends with its stream; reconnecting is the business of coordinator_link_uv.h.
 *
 * RPCs are opened in this order, each on a yamux stream of its own: Coordinate, StreamDERPMaps,
 * WorkspaceUpdates (if asked for), RefreshResumeToken. A server that lacks one of the last two is
 * told apart ("unimplemented", "unknown rpc") and tolerated: an event says so. Sources: coder/coder
 * tailnet/{client,service,controllers}.go; protocol notes 4.4, 4.5, 5.
 */
#ifndef NET_CONTROL_COORDINATOR_H
#define NET_CONTROL_COORDINATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/log.h"
#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/base/uuid.h"
#include "net/wire/tailnet.h"

struct coordinator_config {
    struct rng *rng; /* borrowed */
    struct log *log; /* borrowed; may be NULL */
    bool agent;      /* an agent's session (the lab): neither WorkspaceUpdates nor a resume token */
    bool workspace_updates;
    struct uuid owner_id; /* whose workspaces */
};

enum coordinator_event_kind {
    COORDINATOR_PEER,             /* peer: a NODE, LOST, DISCONNECTED or READY_FOR_HANDSHAKE */
    COORDINATOR_DERP_MAP,         /* derp_map: taken by the receiver (derp_map_clear) */
    COORDINATOR_RESUME_TOKEN,     /* token */
    COORDINATOR_WORKSPACES,       /* workspaces: taken by the receiver (tailnet_workspaces_clear) */
    COORDINATOR_NO_WORKSPACES,    /* the server has no WorkspaceUpdates: poll instead */
    COORDINATOR_NO_RESUME_TOKENS, /* the server has no RefreshResumeToken */
    COORDINATOR_ENDED,            /* text: why. The session is over; free it */
};

struct coordinator_event {
    enum coordinator_event_kind kind;
    struct tailnet_peer_update peer;
    struct derp_map derp_map;
    struct tailnet_resume_token token;
    struct tailnet_workspaces workspaces;
    bool
        peer_id_overwritten; /* ENDED: another connection took our peer ID; drop the resume token */
    char text[TAILNET_REASON_SIZE];
};

struct coordinator;

/* Opens the RPCs at once; their bytes wait in coordinator_output. Never NULL. */
struct coordinator *coordinator_new(const struct coordinator_config *config, mono_ns now);
void coordinator_free(struct coordinator *coordinator);

/* Bytes that arrived. On an error the session is over (COORDINATOR_ENDED is also queued). */
NET_MUST_USE enum net_err coordinator_input(struct coordinator *coordinator, mono_ns now,
                                            struct bytes in);

/* What is to be written now; valid until the next call. coordinator_sent tells how much was taken.
 */
struct bytes coordinator_output(const struct coordinator *coordinator);
void coordinator_sent(struct coordinator *coordinator, size_t len);

/* Takes the oldest event. False when there is none. Whoever takes it owns what it carries. */
bool coordinator_event(struct coordinator *coordinator, struct coordinator_event *out);

/* When coordinator_tick is next to be called; yamux keepalive (30 s) and its answer (10 s), token
 * refresh, the 75 s limit on opening a stream. */
mono_ns coordinator_deadline(const struct coordinator *coordinator);
NET_MUST_USE enum net_err coordinator_tick(struct coordinator *coordinator, mono_ns now);

/* Announces the full node. Never with preferred_derp 0 (asserted). Errors: the session is over. */
NET_MUST_USE enum net_err coordinator_update_self(struct coordinator *coordinator,
                                                  const struct tailnet_node *node);
NET_MUST_USE enum net_err coordinator_add_tunnel(struct coordinator *coordinator,
                                                 const struct uuid *agent);
NET_MUST_USE enum net_err coordinator_remove_tunnel(struct coordinator *coordinator,
                                                    const struct uuid *agent);

/* Agents only (a client that says it is thrown out): this client may start its handshake. */
NET_MUST_USE enum net_err coordinator_ready_for_handshake(struct coordinator *coordinator,
                                                          const struct uuid *peer);

/* Says goodbye; the server then ends the Coordinate RPC (COORDINATOR_ENDED follows). */
NET_MUST_USE enum net_err coordinator_disconnect(struct coordinator *coordinator);

#endif
