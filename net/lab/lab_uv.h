/*
 * A small deployment on loopback: REST API, coordinator, DERP relay, STUN server and agents, in one
 * process on one loop, over real sockets. Nothing between them is passed in memory that a real
 * deployment would send.
 */
#ifndef NET_LAB_LAB_UV_H
#define NET_LAB_LAB_UV_H

#include <uv.h>

#include "net/base/err.h"
#include "net/base/log.h"
#include "net/base/rng.h"
#include "net/lab/lab_deployment.h"
#include "net/lab/lab_relay.h"

struct lab_config {
    const char *ip; /* NULL = 127.0.0.1 */
    uint16_t port;  /* 0 = any free one */
    size_t workspaces;
    size_t stopped; /* so many of them, from the last */
    bool block_direct;
    bool no_stun;
    bool force_websockets;
    uint32_t relay_delay_ms; /* each packet waits so long in the relay */
    uint32_t relay_jitter_ms;
    const char *token; /* NULL = a random one */
    bool no_agents;    /* nobody connects for the workspaces (tests play them) */
    struct rng *rng;   /* borrowed; NULL = the system's. A seeded one would give known keys */
    struct log *log;   /* borrowed; may be NULL */
};

/* What the relay does wrong on purpose: for tests. Zeroes = nothing. */
struct lab_faults {
    int upgrade_status;    /* answer "Upgrade: DERP" with this status; websockets still work */
    bool silent;           /* accept connections and say nothing, not even the server key */
    unsigned drop_percent; /* of the packets */
    bool gone;             /* refuse every connection */
    bool no_wireguard;     /* pass disco alone */
};

struct lab;

/* Listens and starts the agents. `ready` (may be NULL) is called once from the loop, when every
 * agent of a running workspace is connected and reachable by the relay. NET_ERR_IO: an address
 * cannot be bound; NET_ERR_USAGE: counts or token out of bounds; *why says which. */
NET_MUST_USE enum net_err lab_new(uv_loop_t *loop, const struct lab_config *config,
                                  void (*ready)(void *owner), void *owner, struct lab **out,
                                  struct failure *why);

/* Ends everything in order and frees on the loop; then calls `closed` (may be NULL). Run the loop
 * until it is empty. */
void lab_close(struct lab *lab, void (*closed)(void *owner), void *owner);

/* URL, token and workspaces. Borrowed. */
const struct lab_deployment *lab_deployment(const struct lab *lab);

struct lab_relay_counts lab_counts(const struct lab *lab);

/* Starts or stops a workspace: its agent comes or goes, and clients are told. NET_ERR_NOT_FOUND: no
 * workspace of that name. */
NET_MUST_USE enum net_err lab_set_stopped(struct lab *lab, const char *name, bool stopped);

/* The agents refuse direct connections, or take them again; clients are not told but by the agents
 * themselves. */
void lab_set_agents_relayed(struct lab *lab, bool relayed);
bool lab_agents_relayed(const struct lab *lab);

/* The workspace runs on and its agent leaves, or comes back. NET_ERR_NOT_FOUND: no running
 * workspace of that name. */
NET_MUST_USE enum net_err lab_set_agent_gone(struct lab *lab, const char *name, bool gone);

/* From now on; those who are connected stay. */
void lab_set_refusals(struct lab *lab, const struct lab_refusals *refusals);
struct lab_refusals lab_get_refusals(const struct lab *lab);

void lab_set_faults(struct lab *lab, const struct lab_faults *faults);
struct lab_faults lab_get_faults(const struct lab *lab);
/* A Health frame to every relay connection there is and that comes; "" = healthy again. */
void lab_say_health(struct lab *lab, const char *text);
/* A Restarting frame to every relay connection. */
void lab_say_restarting(struct lab *lab, uint32_t reconnect_ms, uint32_t try_ms);
/* Drops every relay connection, or every coordinator session of clients, agents, or both. */
void lab_drop_relay(struct lab *lab);
void lab_drop_sessions(struct lab *lab, bool clients, bool agents);

#endif
