/*
 * The ways to one peer: probes them with disco pings, chooses the one that data takes, answers the
 * peer's own pings. A machine; the sockets are its owner's.
 *
 *   relay    no UDP path: data goes by DERP; candidates are probed, call-me-maybe is sent
 *   direct   a UDP path answered within its trust: data takes it alone
 *   stale    its trust is over: data goes both ways until a pong renews or replaces it
 *
 * Measuring: each beat has its own transaction ids and is completed only by a pong that carries one
 * of them, so that loss is honest (in the genuine client any pong completes any ping). While the
 * path is direct a beat asks that path alone; otherwise the relay and all candidates, and the first
 * pong counts. Until the peer's first answer a lost probe is sent again after
 * PATH_FIRST_RETRY_MS with a fresh id (a peer ignores a repeated id).
 *
 * Facts and constants: coder/tailscale wgengine/magicsock/{magicsock,endpoint}.go; protocol notes
 * (wireguard-paths-speedtest) 2. Where this differs from the genuine client: candidates are probed
 * several times in the first 1.5 s, and so they are when a path falls silent; one that the peer
 * pings us from is pinged back at once, for its NAT lets us in from now on; a path that leaves two
 * probes unanswered is given up before its trust ends (but never sooner than PATH_TRUST_MS after it
 * was taken); an expired path does not stand in the way of a slower one that answers; call-me-maybe
 * goes out even with no candidate; an address that is known from the peer's pings alone is kept
 * while it answers ours.
 */
#ifndef NET_PATH_PEER_PATH_H
#define NET_PATH_PEER_PATH_H

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/log.h"
#include "net/base/rng.h"
#include "net/crypto/key.h"
#include "net/path/candidate.h"
#include "net/path/route.h"

enum {
    PATH_FIRST_RETRY_MS = 200,
    PATH_TRUST_MS = 6500,     /* trustUDPAddrDuration */
    PATH_HEARTBEAT_MS = 3000, /* heartbeatInterval */
    PATH_ACTIVE_S = 45,       /* sessionActiveTimeout: then probing ceases */
    PATH_DISCO_MS = 5000,     /* discoPingInterval: of one candidate */
    PATH_UPGRADE_S = 60,      /* upgradeInterval */
    PATH_GOOD_MS = 5,         /* goodEnoughLatency: nothing better is looked for */
    PATH_PROBE_LIFE_MS = 5000 /* pingTimeoutDuration; a beat's probes live as long as the beat */
};

struct path_config {
    uint64_t timeout_ns;               /* a beat without pong is lost after this */
    const struct disco_private *disco; /* borrowed */
    struct node_public node;           /* our node key, inside the ping */
    struct rng *rng;                   /* borrowed */
    bool loopback;                     /* loopback addresses are worth a probe (the lab) */
    struct log *log;                   /* borrowed; may be NULL */
};

/* What made the path change. */
#define PATH_REASON_LIST(X)                                                                        \
    X(PATH_FIRST_PONG, "first_pong", "a direct path answered")                                     \
    X(PATH_BETTER, "better", "a better path answered")                                             \
    X(PATH_SILENT, "silent", "the direct path stopped answering")                                  \
    X(PATH_RECOVERED, "recovered", "the direct path answers again")                                \
    X(PATH_WITHDRAWN, "withdrawn", "the agent no longer names that address")                       \
    X(PATH_BLOCKED, "blocked", "direct connections are disabled")                                  \
    X(PATH_RESTARTED, "restarted", "the agent restarted")                                          \
    X(PATH_NETWORK, "network", "this computer's network changed")

enum path_reason {
#define X(code, name, text) code,
    PATH_REASON_LIST(X)
#undef X
};

const char *path_reason_name(enum path_reason reason); /* "first_pong": for JSON */
const char *path_reason_text(enum path_reason reason); /* for people */

enum path_event_kind { PATH_EVENT_PONG, PATH_EVENT_LOST, PATH_EVENT_CHANGED };

struct path_event {
    enum path_event_kind kind;

    /* PONG, LOST */
    uint64_t seq;            /* of the beat, from 1 */
    mono_ns sent_at;         /* of the probe that was answered, or of the first of the lost beat */
    uint64_t rtt_ns;         /* PONG: socket to socket */
    struct path_route route; /* PONG: the way that answered; LOST: unused */
    struct net_address pong_source; /* where the peer saw the ping come from */

    /* CHANGED */
    mono_ns at;
    struct path_route from, to;
    enum path_reason reason;
};

struct path_status {
    bool has_peer;
    bool answered; /* a pong has come since the peer was set */
    struct path_route now;
    mono_ns since;           /* when `now` became the path */
    bool stale;              /* the former direct path is still being tried beside the relay */
    struct net_address best; /* direct or stale; else ADDRESS_NONE */
    uint64_t best_latency_ns;
    mono_ns trust_until;    /* 0: not trusted */
    uint64_t pongs_unasked; /* pongs that answer nothing that is open */
    uint64_t pings_repeated;
    uint64_t endpoints_refused; /* named by the peer and not worth a probe */
    uint64_t calls_in, calls_out;
    uint64_t direct_refused; /* disco over UDP while direct connections are disabled */
};

struct peer_path;

/* Never NULL. */
struct peer_path *peer_path_new(const struct path_config *config);
void peer_path_free(struct peer_path *path);

/* The peer's node as the coordinator told it: keys, home region, endpoints (at most
 * DISCO_ENDPOINTS_MAX are taken). A changed disco key means that the peer restarted: all that was
 * known of its paths is forgotten, and open beats are probed anew. */
void peer_path_set_peer(struct peer_path *path, mono_ns now, const struct node_public *node,
                        const struct disco_public *disco, int64_t region,
                        const struct net_address *endpoints, size_t count);

/* The peer is not known any more: nothing is sent until it is set again. */
void peer_path_clear_peer(struct peer_path *path, mono_ns now);

/* Our own endpoints, for call-me-maybe. */
void peer_path_set_own(struct peer_path *path, mono_ns now, const struct net_address *endpoints,
                       size_t count);

/* Direct connections are disabled: candidates are dropped and refused, and none of our endpoints is
 * told; an empty call-me-maybe retracts those that were; open beats ask the relay. Allowed again:
 * the endpoints of the peer's node are probed. */
void peer_path_block(struct peer_path *path, mono_ns now, bool blocked);

/* Something happened that makes an answer likelier (relay open, READY_FOR_HANDSHAKE): probe now. */
void peer_path_poke(struct peer_path *path, mono_ns now);

/* Our network changed: no path is trusted, all are probed at once. */
void peer_path_network_changed(struct peer_path *path, mono_ns now);

/* Starts a beat now. Returns its seq. */
uint64_t peer_path_beat(struct peer_path *path, mono_ns now);

/* A disco packet that arrived at `at` by `from`. NET_ERR_AUTH: not of this peer, or its box does
 * not open. NET_ERR_MALFORMED, NET_ERR_TOO_BIG: as disco_open. NET_ERR_STATE: over UDP while that
 * is disabled. To be counted by the caller, never answered. */
NET_MUST_USE enum net_err peer_path_input(struct peer_path *path, mono_ns at,
                                          const struct path_route *from, struct bytes packet);

/* Writes the next packet that is due and the way that it is to go. NET_ERR_AGAIN: none. The time of
 * a probe is `now`. */
NET_MUST_USE enum net_err peer_path_output(struct peer_path *path, mono_ns now, struct writer *out,
                                           struct path_route *to);

/* A packet to that way could not be sent because it is too long for an interface. */
void peer_path_too_big(struct peer_path *path, const struct path_route *to);

/* The ways that a data packet is to take now: none, one or two (both get a copy). Keeps probing
 * awake. */
size_t peer_path_routes(struct peer_path *path, mono_ns now, struct path_route out[2]);

/* Data may come from this UDP address: the peer was heard there through disco. */
bool peer_path_knows(const struct peer_path *path, const struct net_address *from);

bool peer_path_event(struct peer_path *path, struct path_event *out);
mono_ns peer_path_deadline(const struct peer_path *path);

/* Takes trust from a path whose time is up, and so on; peer_path_output does it too. */
void peer_path_tick(struct peer_path *path, mono_ns now);

void peer_path_status(const struct peer_path *path, struct path_status *out);
const struct candidates *peer_path_candidates(const struct peer_path *path);

#endif
