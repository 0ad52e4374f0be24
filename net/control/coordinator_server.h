/*
 * The server's half of one coordinator session, for the lab: yamux, dRPC and coder.tailnet.v2 over
 * one byte stream, for clients and agents alike. A machine. Who may do what, and who is told of
 * whom, is the owner's business.
 */
#ifndef NET_CONTROL_COORDINATOR_SERVER_H
#define NET_CONTROL_COORDINATOR_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/wire/tailnet.h"

enum coordinator_server_event_kind {
    COORDINATOR_SERVER_JOINED,     /* the Coordinate RPC was opened */
    COORDINATOR_SERVER_REQUEST,    /* request; update_self points into the event */
    COORDINATOR_SERVER_LEFT,       /* the Coordinate RPC ended */
    COORDINATOR_SERVER_MAPS,       /* StreamDERPMaps was opened: send the map now and on change */
    COORDINATOR_SERVER_WORKSPACES, /* WorkspaceUpdates was opened for owner_id: likewise */
    COORDINATOR_SERVER_TOKEN,      /* a resume token is asked for: answer once */
};

struct coordinator_server_event {
    enum coordinator_server_event_kind kind;
    struct tailnet_request request;
    struct tailnet_node node;
    struct uuid owner_id;
};

struct coordinator_server;

struct coordinator_server *coordinator_server_new(mono_ns now);
void coordinator_server_free(struct coordinator_server *server);

/* Bytes that arrived. Errors: the session is over. */
NET_MUST_USE enum net_err coordinator_server_input(struct coordinator_server *server, mono_ns now,
                                                   struct bytes in);
struct bytes coordinator_server_output(const struct coordinator_server *server);
void coordinator_server_sent(struct coordinator_server *server, size_t len);
/* Takes the oldest event. False when there is none. */
bool coordinator_server_event(struct coordinator_server *server,
                              struct coordinator_server_event *out);
/* When coordinator_server_tick is next to be called; at once when the session is over. */
mono_ns coordinator_server_deadline(const struct coordinator_server *server);
NET_MUST_USE enum net_err coordinator_server_tick(struct coordinator_server *server, mono_ns now);

/* Each sends on an RPC that the other side opened. NET_ERR_STATE: it is not open. Others: the
 * session is over. */
NET_MUST_USE enum net_err coordinator_server_send_update(struct coordinator_server *server,
                                                         const struct tailnet_peer_update *update);
/* The fatal notice of CoordinateResponse; end the RPC after it. */
NET_MUST_USE enum net_err coordinator_server_send_error(struct coordinator_server *server,
                                                        const char *text);
NET_MUST_USE enum net_err coordinator_server_send_map(struct coordinator_server *server,
                                                      const struct derp_map *map);
NET_MUST_USE enum net_err
coordinator_server_send_workspaces(struct coordinator_server *server,
                                   const struct tailnet_workspaces *workspaces);
NET_MUST_USE enum net_err coordinator_server_send_token(struct coordinator_server *server,
                                                        const struct tailnet_resume_token *token);

/* Ends the Coordinate RPC: with Close, or with an RPC error when `error` is not NULL. */
NET_MUST_USE enum net_err coordinator_server_end(struct coordinator_server *server,
                                                 const char *error);
/* Refuses WorkspaceUpdates with an RPC error. */
NET_MUST_USE enum net_err coordinator_server_refuse_workspaces(struct coordinator_server *server,
                                                               const char *error);

#endif
