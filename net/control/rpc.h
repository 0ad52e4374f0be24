/*
 * One RPC: a dRPC stream on a yamux stream of its own. Used by both halves of a coordinator
 * session.
 */
#ifndef NET_CONTROL_RPC_H
#define NET_CONTROL_RPC_H

#include "net/control/yamux_session.h"
#include "net/wire/drpc.h"

struct rpc {
    uint32_t stream; /* 0: not open */
    struct drpc_reader reader;
    struct drpc_writer writer;
};

/* Opens a yamux stream and sends Invoke with `name` (e.g. "/coder.tailnet.v2.Tailnet/Coordinate").
 */
NET_MUST_USE enum net_err rpc_invoke(struct rpc *rpc, struct yamux_session *session, mono_ns now,
                                     const char *name);

/* Takes a yamux stream that the other side opened. */
void rpc_accept(struct rpc *rpc, uint32_t stream);

NET_MUST_USE enum net_err rpc_send(struct rpc *rpc, struct yamux_session *session,
                                   enum drpc_kind kind, struct bytes data);
NET_MUST_USE enum net_err rpc_send_error(struct rpc *rpc, struct yamux_session *session,
                                         uint64_t code, const char *text);

/* The next packet that arrived; its data lives until the next call. NET_ERR_AGAIN: none.
 * Others: the RPC is dead. */
NET_MUST_USE enum net_err rpc_next(struct rpc *rpc, struct yamux_session *session,
                                   struct drpc_packet *out);

/* Finishes our side of the yamux stream and forgets the RPC. */
void rpc_end(struct rpc *rpc, struct yamux_session *session);

/* Frees without a word (the stream is gone). */
void rpc_clear(struct rpc *rpc);

#endif
