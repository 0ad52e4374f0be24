/*
 * The lab's coordinator: who is there, who wants a tunnel to whom, and what each is to be told. A
 * machine: requests in, (recipient, update) out. No I/O, no clock.
 *
 *   A add_tunnel(B)      both are told of the other's node, as soon as there is one
 *   A update_self        all that share a tunnel with A are told, if anything changed
 *   B ready_for_handshake(A)   handed to A, if they share a tunnel; agents only
 *   A disconnect         the others: DISCONNECTED; A's tunnels end; so does its session
 *   A's session breaks   the others: LOST; A's tunnels end, those of others to A stay
 *   A joins again        the older session is told "peer ID overwritten by new connection" and ends
 *
 * Behaviour: coder/coder tailnet/{coordinator,peer,tunnel}.go; protocol notes 4.1, 5.
 */
#ifndef NET_LAB_LAB_COORDINATOR_H
#define NET_LAB_LAB_COORDINATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/err.h"
#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/base/uuid.h"
#include "net/wire/tailnet.h"

/* Ours: a client that asks for more is refused, so that one peer cannot fill the lab's memory. */
enum {
    LAB_PEERS_MAX = 512,
    LAB_TUNNELS_PER_PEER_MAX = 256,
    LAB_RESUME_TOKENS_MAX = 1024, /* the oldest is forgotten */
    LAB_RESUME_SECONDS = 24 * 3600,
    LAB_RESUME_TOKEN_SIZE = 65,
};

/* What a connection may do. */
struct lab_seat {
    struct uuid peer;  /* who it is: an agent's id, or drawn for a client */
    bool is_agent;     /* agents open no tunnels; only they may say ready_for_handshake */
    struct uuid scope; /* clients: the only agent that it may reach; zero = any that exists */
};

/* What is to be sent to a session. */
struct lab_message {
    uint64_t session;
    bool has_update;
    struct tailnet_peer_update update;
    char error[TAILNET_REASON_SIZE]; /* "" = none; the fatal notice of CoordinateResponse */
    bool ended; /* the session is over: after the error, if any, end the Coordinate RPC */
};

struct lab_coordinator;

struct lab_coordinator *lab_coordinator_new(void);
void lab_coordinator_free(struct lab_coordinator *coordinator);

/* Agents that exist; a client may open tunnels to no others. */
void lab_coordinator_add_agent(struct lab_coordinator *coordinator, const struct uuid *agent);
void lab_coordinator_remove_agent(struct lab_coordinator *coordinator, const struct uuid *agent);

/* A Coordinate RPC begins. *session names it from now on (never 0, never used again).
 * NET_ERR_FULL: LAB_PEERS_MAX are there. */
NET_MUST_USE enum net_err lab_coordinator_join(struct lab_coordinator *coordinator,
                                               const struct lab_seat *seat, uint64_t *session);

/* A request of a session; one that is over already is ignored. On an error the session has been
 * ended, and messages say so: NET_ERR_REFUSED (not allowed: the text is coderd's), NET_ERR_FULL. */
enum net_err lab_coordinator_request(struct lab_coordinator *coordinator, uint64_t session,
                                     const struct tailnet_request *request);

/* The session broke off, with what is to be said of it (may be ""). Ignored when it is over. */
void lab_coordinator_leave(struct lab_coordinator *coordinator, uint64_t session, const char *why);

/* Takes the oldest message. False when there is none. To be drained after every call. */
bool lab_coordinator_message(struct lab_coordinator *coordinator, struct lab_message *out);

/* The node that a peer has announced; NULL: none. Borrowed until the next call. */
const struct tailnet_node *lab_coordinator_node(const struct lab_coordinator *coordinator,
                                                const struct uuid *peer);
bool lab_coordinator_has_peer(const struct lab_coordinator *coordinator, const struct uuid *peer);
size_t lab_coordinator_peers(const struct lab_coordinator *coordinator);
size_t lab_coordinator_tunnels(const struct lab_coordinator *coordinator);

/* A token that gives this peer ID back for LAB_RESUME_SECONDS. Opaque; dies with the lab. */
void lab_coordinator_resume_token(struct lab_coordinator *coordinator, struct rng *rng,
                                  struct wall_time now, const struct uuid *peer,
                                  struct tailnet_resume_token *out);
/* NET_ERR_AUTH: not one of ours, forgotten or expired. */
NET_MUST_USE enum net_err lab_coordinator_resume(const struct lab_coordinator *coordinator,
                                                 struct wall_time now, const char *token,
                                                 struct uuid *peer);

#endif
