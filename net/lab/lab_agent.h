/*
 * One agent of the lab: its keys, the peers that the coordinator told it of, and its answers to
 * their disco pings. A machine.
 *
 * It announces the addresses that belong to its id, says READY_FOR_HANDSHAKE of each client whose
 * node it got, and answers a ping only if it came from the node key and with the disco key of such
 * a client. Rules: protocol notes 4.5, 4.6 (derp-disco-stun), 5.3, 6.1 (coder).
 */
#ifndef NET_LAB_LAB_AGENT_H
#define NET_LAB_LAB_AGENT_H

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/crypto/key.h"
#include "net/wire/tailnet.h"

enum { LAB_AGENT_PEERS_MAX = 512, LAB_AGENT_LOST_SECONDS = 15 * 60 };

struct lab_agent;

/* Draws its keys. `rng` is borrowed. Never NULL. */
struct lab_agent *lab_agent_new(const struct uuid *id, struct rng *rng);
void lab_agent_free(struct lab_agent *agent);

/* Borrowed, for the relay connections. */
const struct node_private *lab_agent_key(const struct lab_agent *agent);

/* What it announces: home `region`, `latency_seconds` to it (0 = not known). */
void lab_agent_node(const struct lab_agent *agent, struct wall_time now, int32_t region,
                    double latency_seconds, struct tailnet_node *out);

/* Something about a peer. True: READY_FOR_HANDSHAKE is to be said of it. */
bool lab_agent_peer(struct lab_agent *agent, mono_ns now, const struct tailnet_peer_update *update);

/* The coordinator is gone: peers stay known for LAB_AGENT_LOST_SECONDS, or until told again. */
void lab_agent_all_lost(struct lab_agent *agent, mono_ns now);
mono_ns lab_agent_deadline(const struct lab_agent *agent);
void lab_agent_tick(struct lab_agent *agent, mono_ns now);

/* A packet that came through `region` from `source`; the answer, if any, is to go back the same
 * way. NET_OK: the answer is written (room for DISCO_PADDED_PACKET). NET_ERR_AGAIN: well received,
 * nothing to answer. NET_ERR_NOT_FOUND: of no peer. NET_ERR_AUTH, NET_ERR_MALFORMED,
 * NET_ERR_TOO_BIG, NET_ERR_UNSUPPORTED: as disco_open. */
NET_MUST_USE enum net_err lab_agent_packet(struct lab_agent *agent, int64_t region,
                                           const struct node_public *source, struct bytes packet,
                                           struct writer *answer);

size_t lab_agent_peers(const struct lab_agent *agent);

#endif
