/*
 * What the files of the lab's coordinator share: its tables, and who may do what.
 */
#ifndef NET_LAB_LAB_COORDINATOR_INTERNAL_H
#define NET_LAB_LAB_COORDINATOR_INTERNAL_H

#include "net/lab/lab_coordinator.h"

enum { LAB_AGENTS_MAX = 256 };

/* What a peer was last told of another. */
struct lab_told {
    struct uuid id;
    uint64_t revision;
};

struct lab_peer {
    struct lab_seat seat;
    uint64_t session;
    bool has_node; /* announced on this session */
    struct tailnet_node node;
    uint64_t revision; /* of the node; changes whenever its content does; 0 = never had one */
    size_t told_count;
    struct lab_told *told;
};

struct lab_tunnel {
    struct uuid from, to;
};

struct lab_queued {
    struct lab_queued *next;
    struct lab_message message;
};

struct lab_resume {
    char token[LAB_RESUME_TOKEN_SIZE];
    struct uuid peer;
    int64_t expires; /* seconds since 1970 */
};

struct lab_coordinator {
    size_t peer_count;
    struct lab_peer *peers[LAB_PEERS_MAX];
    size_t tunnel_count;
    struct lab_tunnel *tunnels;
    size_t agent_count;
    struct uuid agents[LAB_AGENTS_MAX];
    uint64_t sessions, revisions; /* how many were ever given out */
    struct lab_queued *first, *last;
    uint64_t resume_count; /* ever made; the n-th is at n % LAB_RESUME_TOKENS_MAX */
    struct lab_resume resumes[LAB_RESUME_TOKENS_MAX];
};

bool lab_coordinator_has_agent(const struct lab_coordinator *coordinator, const struct uuid *agent);

/* Whether this seat may make this request; if not, `why` says so in coderd's words. */
bool lab_request_allowed(const struct lab_coordinator *coordinator, const struct lab_seat *seat,
                         const struct tailnet_request *request, char *why, size_t size);

/* True if both say the same; when they were made (as_of) does not count. */
bool lab_node_equal(const struct tailnet_node *a, const struct tailnet_node *b);

/* NULL: nobody of that name is there. */
struct lab_peer *lab_peer_by_id(const struct lab_coordinator *coordinator, const struct uuid *id);
struct lab_peer *lab_peer_by_session(const struct lab_coordinator *coordinator, uint64_t session);

/* A new message at the end of the queue. */
struct lab_queued *lab_push(struct lab_coordinator *coordinator, uint64_t session);
/* The last message of a session. */
void lab_push_end(struct lab_coordinator *coordinator, uint64_t session, const char *error);

/* Tells `peer` of the node of `about`, unless that is what it was told last. */
void lab_tell_node(struct lab_coordinator *coordinator, struct lab_peer *peer,
                   const struct lab_peer *about, const char *reason);
/* Tells `peer` that `about` is LOST or DISCONNECTED, if it ever was told of its node. */
void lab_tell_gone(struct lab_coordinator *coordinator, struct lab_peer *peer,
                   const struct uuid *about, enum tailnet_peer_kind kind, const char *reason);

struct lab_tunnel *lab_find_tunnel(const struct lab_coordinator *coordinator,
                                   const struct uuid *from, const struct uuid *to);
bool lab_share_tunnel(const struct lab_coordinator *coordinator, const struct uuid *a,
                      const struct uuid *b);
/* The peer at the other end of a tunnel of `id`; NULL: not its tunnel, or nobody is there. */
struct lab_peer *lab_other_end(const struct lab_coordinator *coordinator,
                               const struct lab_tunnel *tunnel, const struct uuid *id);

#endif
