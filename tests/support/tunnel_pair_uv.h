/*
 * Two ends of a tailnet over real sockets on loopback, without a relay: a client and an agent.
 */
#ifndef TESTS_SUPPORT_TUNNEL_PAIR_UV_H
#define TESTS_SUPPORT_TUNNEL_PAIR_UV_H

#include <uv.h>

#include "net/base/rng.h"
#include "net/probe/tunnel_uv.h"

enum { PAIR_CLIENT, PAIR_AGENT };

struct pair_end {
    struct node_private *node_key;
    struct disco_private *disco_key;
    struct log log;
    struct tunnel *tunnel;
    struct tunnel_peer *peer; /* the other end */
    unsigned handshakes, echoes;
};

struct tunnel_pair {
    uint8_t number; /* of the pair, in its addresses */
    uv_loop_t loop;
    struct rng_seeded seeded;
    struct pair_end end[2];
};

/* Opens both, which do not know each other. Each has two addresses in the tunnel. */
struct tunnel_pair *tunnel_pair_open(void);

/* Tells one end of the other, by its first or second address in the tunnel; 0: by none. */
void tunnel_pair_tell(struct tunnel_pair *pair, size_t to, unsigned address);

/* Waits for the handshake of two that were told; fails the test if none comes. */
void tunnel_pair_meet(struct tunnel_pair *pair);

/* All of this, by their first addresses. */
struct tunnel_pair *tunnel_pair_new(void);

/* What was opened on the tunnels must be closed before. Fails the test if a handle stays open. */
void tunnel_pair_free(struct tunnel_pair *pair);

#endif
