/*
 * Messages of coder.tailnet.v2, as plain structs: protobuf in and out.
 *
 * The protobuf runtime (protobuf-c, generated from tailnet.proto at build time) stays behind this
 * file. It was chosen over nanopb because decoding needs no per-field size options, unknown fields
 * are kept out of the way, and it takes an allocator: ours is an arena with a hard limit, freed in
 * one go, so that a hostile message cannot take more than TAILNET_ARENA_MAX. Schema: coder/coder
 * tailnet/proto/tailnet.proto.
 */
#ifndef NET_WIRE_TAILNET_H
#define NET_WIRE_TAILNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/buf.h"
#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/base/uuid.h"
#include "net/crypto/key.h"
#include "net/wire/address.h"
#include "net/wire/derp_map.h"

enum {
    TAILNET_ARENA_MAX = 16 << 20,
    TAILNET_ADDRESSES_MAX = 8,
    TAILNET_ENDPOINTS_MAX = 64,
    TAILNET_LATENCIES_MAX = 128,
    TAILNET_NAME_SIZE = 128,
    TAILNET_TOKEN_SIZE = 4096,
    TAILNET_REASON_SIZE = 200,
    TAILNET_READY_MAX = 32, /* ours; agents send one at a time */
};

struct tailnet_latency {
    int64_t region;
    bool v6;
    double seconds;
};

struct tailnet_websocket {
    int64_t region;
    char reason[TAILNET_REASON_SIZE];
};

/* What a peer publishes of itself. */
struct tailnet_node {
    int64_t id;
    struct wall_time as_of;
    struct node_public key;
    struct disco_public disco;
    int32_t preferred_derp;
    size_t latency_count;
    struct tailnet_latency latencies[TAILNET_LATENCIES_MAX];
    size_t websocket_count;
    struct tailnet_websocket websockets[16];
    size_t address_count;
    struct net_address
        addresses[TAILNET_ADDRESSES_MAX]; /* /128 each, port 0; allowed_ips is the same */
    size_t addresses_refused; /* decoded: those that were no address with /128, left out */
    size_t endpoint_count;
    struct net_address endpoints[TAILNET_ENDPOINTS_MAX];
};

enum tailnet_peer_kind {
    TAILNET_PEER_UNSPECIFIED = 0,
    TAILNET_PEER_NODE = 1,
    TAILNET_PEER_DISCONNECTED = 2,
    TAILNET_PEER_LOST = 3,
    TAILNET_PEER_READY_FOR_HANDSHAKE = 4,
};

struct tailnet_peer_update {
    struct uuid id;
    enum tailnet_peer_kind kind;
    bool has_node;
    struct tailnet_node node;
    char reason[TAILNET_REASON_SIZE];
};

/* CoordinateRequest: what a client or an agent says. Exactly those parts that are set are sent. */
struct tailnet_request {
    const struct tailnet_node *update_self; /* borrowed; NULL = absent */
    bool disconnect;
    bool has_add_tunnel;
    struct uuid add_tunnel;
    bool has_remove_tunnel;
    struct uuid remove_tunnel;
    size_t ready_count; /* agents only */
    struct uuid ready[TAILNET_READY_MAX];
};

enum tailnet_workspace_status {
    TAILNET_WORKSPACE_UNKNOWN = 0,
    TAILNET_WORKSPACE_PENDING = 1,
    TAILNET_WORKSPACE_STARTING = 2,
    TAILNET_WORKSPACE_RUNNING = 3,
    TAILNET_WORKSPACE_STOPPING = 4,
    TAILNET_WORKSPACE_STOPPED = 5,
    TAILNET_WORKSPACE_FAILED = 6,
    TAILNET_WORKSPACE_CANCELING = 7,
    TAILNET_WORKSPACE_CANCELED = 8,
    TAILNET_WORKSPACE_DELETING = 9,
    TAILNET_WORKSPACE_DELETED = 10,
};

struct tailnet_workspace {
    struct uuid id;
    char name[TAILNET_NAME_SIZE]; /* cleaned */
    enum tailnet_workspace_status status;
};

struct tailnet_agent {
    struct uuid id;
    struct uuid workspace_id;
    char name[TAILNET_NAME_SIZE]; /* cleaned */
};

/* WorkspaceUpdate: arrays owned by the struct; free with tailnet_workspaces_clear. */
struct tailnet_workspaces {
    size_t upserted_workspace_count, upserted_agent_count;
    size_t deleted_workspace_count, deleted_agent_count;
    struct tailnet_workspace *upserted_workspaces;
    struct tailnet_agent *upserted_agents;
    struct tailnet_workspace *deleted_workspaces;
    struct tailnet_agent *deleted_agents;
};

struct tailnet_resume_token {
    char token[TAILNET_TOKEN_SIZE]; /* secret: wipe */
    int64_t refresh_in_ns;          /* <= 0: the server gave none */
    struct wall_time expires;
};

/* Each encoder appends the message to `out` (NET_ERR_FULL: its limit). Each decoder gives
 * NET_ERR_MALFORMED for bytes that are not the message and NET_ERR_TOO_BIG beyond the arena. */
NET_MUST_USE enum net_err tailnet_request_encode(struct buf *out, const struct tailnet_request *in);
/* `node` receives update_self; out->update_self then points at it. */
NET_MUST_USE enum net_err tailnet_request_decode(struct bytes in, struct tailnet_request *out,
                                                 struct tailnet_node *node);

/* CoordinateResponse: calls `each` for every update, in order; a bad update is skipped and counted.
 * `error` (may be empty) receives the server's fatal notice, cleaned. */
NET_MUST_USE enum net_err
tailnet_response_decode(struct bytes in,
                        void (*each)(void *owner, const struct tailnet_peer_update *update),
                        void *owner, char error[TAILNET_REASON_SIZE], size_t *skipped);
NET_MUST_USE enum net_err tailnet_response_encode(struct buf *out,
                                                  const struct tailnet_peer_update *updates,
                                                  size_t count, const char *error);

NET_MUST_USE enum net_err tailnet_derp_map_decode(struct bytes in, struct derp_map *out);
NET_MUST_USE enum net_err tailnet_derp_map_encode(struct buf *out, const struct derp_map *in);

NET_MUST_USE enum net_err tailnet_resume_token_decode(struct bytes in,
                                                      struct tailnet_resume_token *out);
NET_MUST_USE enum net_err tailnet_resume_token_encode(struct buf *out,
                                                      const struct tailnet_resume_token *in);

NET_MUST_USE enum net_err tailnet_workspaces_request_encode(struct buf *out,
                                                            const struct uuid *owner_id);
NET_MUST_USE enum net_err tailnet_workspaces_request_decode(struct bytes in, struct uuid *owner_id);
NET_MUST_USE enum net_err tailnet_workspaces_decode(struct bytes in,
                                                    struct tailnet_workspaces *out);
NET_MUST_USE enum net_err tailnet_workspaces_encode(struct buf *out,
                                                    const struct tailnet_workspaces *in);
void tailnet_workspaces_clear(struct tailnet_workspaces *workspaces);

/* Of the library underneath. Static. */
const char *tailnet_protobuf_version(void);

#endif
