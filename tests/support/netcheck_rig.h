/*
 * A netcheck with a clock of its own, whose requests are caught and answered by hand.
 */
#ifndef TESTS_SUPPORT_NETCHECK_RIG_H
#define TESTS_SUPPORT_NETCHECK_RIG_H

#include "net/path/netcheck.h"

enum { NETCHECK_RIG_SENT = 256, NETCHECK_RIG_NAMES = 16 };

struct netcheck_rig {
    struct rng_seeded rng;
    struct derp_map map;
    struct netcheck *netcheck;
    mono_ns now, started_at;
    enum net_err send_v4, send_v6, send_hairpin; /* what becomes of sending */
    size_t sent_count;
    struct netcheck_action sent[NETCHECK_RIG_SENT];
    mono_ns sent_at[NETCHECK_RIG_SENT];
    size_t name_count;
    char names[NETCHECK_RIG_NAMES][DERP_HOST_SIZE];
    unsigned measures;
    unsigned partial, ready, amended; /* reports seen */
    mono_ns ready_at;
};

/* IPv4 alone, no hairpin check, an empty map. */
void netcheck_rig_begin(struct netcheck_rig *rig, const struct netcheck_config *config);
void netcheck_rig_end(struct netcheck_rig *rig);

/* Regions of one node; the map is given to the netcheck by netcheck_rig_start. `host` may be an
 * address; the port is 3478. */
struct derp_node *netcheck_rig_add_stun(struct netcheck_rig *rig, int64_t region, const char *host);
void netcheck_rig_add_relay(struct netcheck_rig *rig, int64_t region);

/* Gives the map and starts a round; does what is due. */
void netcheck_rig_start(struct netcheck_rig *rig);
/* Another round with the same map. */
void netcheck_rig_again(struct netcheck_rig *rig);

/* Does what is due; fails the test if the deadline is not later than now after that. */
void netcheck_rig_drain(struct netcheck_rig *rig);
/* Passes time, doing what is due at each deadline on the way. */
void netcheck_rig_wait_ms(struct netcheck_rig *rig, uint64_t ms);

/* The last request to a server ("192.0.2.1:3478"); fails the test if there is none. */
const struct netcheck_action *netcheck_rig_to(const struct netcheck_rig *rig, const char *server);
size_t netcheck_rig_count_to(const struct netcheck_rig *rig, const char *server);

/* Answers a request with an address. */
enum net_err netcheck_rig_answer_to(struct netcheck_rig *rig, const struct netcheck_action *request,
                                    const char *mapped);
/* The last one to a server; must be taken. */
void netcheck_rig_answer(struct netcheck_rig *rig, const char *server, const char *mapped);

/* A relay answers, and all of them have. */
void netcheck_rig_latency(struct netcheck_rig *rig, int64_t region, uint64_t ms);
void netcheck_rig_latency_end(struct netcheck_rig *rig);

void netcheck_rig_resolved(struct netcheck_rig *rig, const char *host, const char *v4,
                           const char *v6);

const struct netcheck_report *netcheck_rig_report(const struct netcheck_rig *rig);

/* Fails the test unless the address is that text ("" = none). */
void assert_address(const struct net_address *address, const char *text);

/* When the report was ready, in ms after the start of the round; fails the test if it is not. */
uint64_t netcheck_rig_ready_ms(const struct netcheck_rig *rig);

#endif
