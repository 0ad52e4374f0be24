/*
 * Keeps one coordinator session alive: dials the websocket, runs the machine of coordinator.h over
 * it, reconnects with backoff and jitter, resumes with the newest token, says again who we are and
 * which tunnels we want.
 *
 * Dials /api/v2/tailnet (version 2.3). On a 404, or on a 400 that says the version is unknown, it
 * falls back to /api/v2/workspaceagents/{id}/coordinate (version 2.0): one session per agent,
 * behind the same interface. A 401 for the field resume_token is answered by one dial without it.
 */
#ifndef NET_CONTROL_COORDINATOR_LINK_UV_H
#define NET_CONTROL_COORDINATOR_LINK_UV_H

#include "net/control/coordinator.h"
#include "net/control/settings.h"
#include "net/transport/dial_uv.h"

enum coordinator_state {
    COORDINATOR_IDLE,
    COORDINATOR_CONNECTING,
    COORDINATOR_UP,
    COORDINATOR_WAITING, /* until the next attempt */
    COORDINATOR_FAILED,  /* will not be retried: signed out, no such agent, version not supported */
};

/* In fallback mode the session that is doing best counts; with no agent there is none (IDLE). */
struct coordinator_link_status {
    enum coordinator_state state;
    mono_ns since;
    mono_ns retry_at;       /* WAITING: when; else MONO_NEVER */
    unsigned attempts;      /* since it was last up */
    struct failure failure; /* the last one; NET_OK when up */
    bool fallback;          /* one session per agent (an older server) */
    bool node_sent;         /* on the current session */
    bool has_workspace_updates;
};

/* What the owner is told; called from the loop, or from within a call of the owner's. Any may be
 * NULL. Inside, any function of the link may be called; after coordinator_link_close the link is
 * freed on a later turn of the loop. */
struct coordinator_link_handlers {
    void (*state)(void *owner);
    void (*peer)(void *owner, const struct tailnet_peer_update *update);
    /* A LOST for all: the session broke; peers stay usable on the data path. In fallback mode a
     * `peer` LOST for the one agent comes instead. */
    void (*lost)(void *owner);
    /* The receiver takes the map (derp_map_clear). Already rewritten for embedded relays. */
    void (*derp_map)(void *owner, struct derp_map *map);
    /* Borrowed. */
    void (*workspaces)(void *owner, const struct tailnet_workspaces *update);
};

struct coordinator_link;

/* Borrows all that is passed; the handlers are copied. Nothing is dialled yet. */
struct coordinator_link *coordinator_link_new(uv_loop_t *loop, struct http_client *client,
                                              const struct settings *settings, struct rng *rng,
                                              struct log *log,
                                              const struct coordinator_link_handlers *handlers,
                                              void *owner);

/* Starts dialling; does nothing when called again. `user_id` (copied) is whose workspaces are
 * followed; NULL: no WorkspaceUpdates. In fallback mode a session is dialled for each agent. */
void coordinator_link_start(struct coordinator_link *link, const struct uuid *user_id);

/* Our node: kept, sent on every session as soon as it is up, sent again whenever it is set. */
void coordinator_link_set_node(struct coordinator_link *link, const struct tailnet_node *node);

/* The agents that we want tunnels to: kept and asked for on every session. */
void coordinator_link_add_agent(struct coordinator_link *link, const struct uuid *agent);
void coordinator_link_remove_agent(struct coordinator_link *link, const struct uuid *agent);

/* Drops the session, if any, and dials at once (network change, key press). */
void coordinator_link_retry(struct coordinator_link *link);

const struct coordinator_link_status *coordinator_link_status(const struct coordinator_link *link);

/* Sends disconnect, waits at most 1 s for the server to end the RPC, closes, frees, then calls
 * `closed`. No other handler is called after this. */
void coordinator_link_close(struct coordinator_link *link, void (*closed)(void *owner),
                            void *owner);

#endif
