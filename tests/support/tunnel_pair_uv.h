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
    unsigned handshakes;
};

struct tunnel_pair {
    uint8_t number; /* of the pair, in its addresses */
    uv_loop_t loop;
    struct rng_seeded seeded;
    struct pair_end end[2];
};

/* Opens both and waits for a handshake; fails the test if none comes. */
struct tunnel_pair *tunnel_pair_new(void);

/* What was opened on the tunnels must be closed before. Fails the test if a handle stays open. */
void tunnel_pair_free(struct tunnel_pair *pair);

#endif
