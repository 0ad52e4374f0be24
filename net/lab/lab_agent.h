/*
 * One agent of the lab: its keys, its addresses, and which peers the coordinator told it of. A
 * machine; the ways to those peers are its shell's.
 *
 * It announces the addresses that belong to its id, and says READY_FOR_HANDSHAKE of each client
 * whose node it got. A peer that is lost stays known for LAB_AGENT_LOST_SECONDS. Rules: protocol
 * notes (coder) 5.3, 6.1.
 */
#ifndef NET_LAB_LAB_AGENT_H
#define NET_LAB_LAB_AGENT_H

#include <stdbool.h>
#include <stddef.h>

#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/crypto/key.h"
#include "net/wire/tailnet.h"

enum { LAB_AGENT_PEERS_MAX = 512, LAB_AGENT_LOST_SECONDS = 15 * 60 };

struct lab_agent;

struct lab_agent_peer {
    struct uuid id;
    mono_ns forget_at; /* MONO_NEVER: it is there */
    void *user;        /* the shell's; NULL when new */
};

enum lab_agent_action {
    LAB_AGENT_NOTHING,
    LAB_AGENT_SET,  /* the update's node is the peer's, and READY_FOR_HANDSHAKE is to be said */
    LAB_AGENT_DROP, /* the peer left: release what is the shell's, then lab_agent_forget */
};

/* Draws its keys. `rng` is borrowed. Never NULL. */
struct lab_agent *lab_agent_new(const struct uuid *id, struct rng *rng);
void lab_agent_free(struct lab_agent *agent);

/* Borrowed. */
const struct node_private *lab_agent_key(const struct lab_agent *agent);
const struct disco_private *lab_agent_disco(const struct lab_agent *agent);

/* What it announces, but for the part that its paths know (region, latencies, endpoints). */
void lab_agent_node(const struct lab_agent *agent, struct wall_time now, struct tailnet_node *out);

/* Something about a peer; *peer is set unless the answer is LAB_AGENT_NOTHING. */
enum lab_agent_action lab_agent_update(struct lab_agent *agent, mono_ns now,
                                       const struct tailnet_peer_update *update,
                                       struct lab_agent_peer **peer);

/* The coordinator is gone: peers stay known for LAB_AGENT_LOST_SECONDS, or until told again. */
void lab_agent_all_lost(struct lab_agent *agent, mono_ns now);

mono_ns lab_agent_deadline(const struct lab_agent *agent);

/* A peer whose time is up, to be treated as LAB_AGENT_DROP; NULL: none. */
struct lab_agent_peer *lab_agent_expired(struct lab_agent *agent, mono_ns now);

void lab_agent_forget(struct lab_agent *agent, struct lab_agent_peer *peer);

size_t lab_agent_peers(const struct lab_agent *agent);

#endif
