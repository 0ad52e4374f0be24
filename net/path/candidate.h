/*
 * The addresses at which a peer may be reachable over UDP, what is known of each, and which of two
 * is better. Facts: coder/tailscale wgengine/magicsock/endpoint.go; protocol notes
 * (wireguard-paths-speedtest) 2.1, 2.5, 2.7.
 */
#ifndef NET_PATH_CANDIDATE_H
#define NET_PATH_CANDIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/now.h"
#include "net/wire/address.h"
#include "net/wire/disco.h"

enum {
    CANDIDATES_MAX = 128,
    CANDIDATE_PING_LIFE_S = 45, /* learned from a ping: lives so long after it, or its last pong */
};

struct candidate {
    struct net_address address;
    bool from_node;        /* the node that the coordinator brought */
    bool from_call;        /* the last call-me-maybe */
    bool from_former_call; /* the call before it; while a new one is read */
    bool named;            /* by node or call, once: they may take it back */
    bool too_big;          /* the last probe did not fit an interface on the way out */
    mono_ns pinged_us_at;  /* 0 = never */
    struct disco_tx pinged_us_with;
    mono_ns probed_at; /* 0 = never, or forgotten so that it is probed at once */
    mono_ns pong_at;   /* 0 = never */
    mono_ns left_at;   /* when it ceased to be the best; 0 = never was */
    uint64_t latency_ns;
    uint64_t probes, pongs;
};

struct candidates {
    size_t count;
    uint64_t refused; /* addresses that were not taken in, since the start */
    struct candidate all[CANDIDATES_MAX];
};

/* NULL: not there. */
struct candidate *candidates_find(struct candidates *all, const struct net_address *address);

/* Finds or adds. Beyond CANDIDATES_MAX the one that has least to show for itself makes room, never
 * `keep`. NULL (and counted): the table is full of better ones. */
struct candidate *candidates_add(struct candidates *all, const struct net_address *address,
                                 const struct net_address *keep);

void candidates_remove(struct candidates *all, struct candidate *candidate);

/* Nobody names it any more: neither node nor call, and its pings have ceased. One that nobody but
 * its pings ever named also lives while it answers ours: an idle peer pings nobody. */
bool candidate_is_expired(const struct candidate *candidate, mono_ns now);

/* Whether an address that a peer names is worth a probe: not unspecified, not multicast, not
 * broadcast, no port 0, no link-local IPv6 (it has no zone), not of the tailnet's own prefixes, not
 * "via DERP"; loopback only if `loopback`. */
bool candidate_is_usable(const struct net_address *address, bool loopback);

/* Whether `a` is the better path: lower latency, with points for loopback, private and IPv6
 * addresses, and a hysteresis of one point. A path of ADDRESS_NONE is worse than any. */
bool candidate_is_better(const struct net_address *a, uint64_t a_latency_ns,
                         const struct net_address *b, uint64_t b_latency_ns);

#endif
