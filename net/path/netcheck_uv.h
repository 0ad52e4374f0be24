/*
 * The driver of a netcheck on the loop: resolves names, measures the relays by HTTP, keeps the
 * time. The sockets are the owner's, who sends for it and hands in what looks like STUN.
 */
#ifndef NET_PATH_NETCHECK_UV_H
#define NET_PATH_NETCHECK_UV_H

#include "net/path/latency_uv.h"
#include "net/path/netcheck.h"

struct netcheck_driver;

struct netcheck_driver_config {
    uv_loop_t *loop;
    struct http_client *client; /* borrowed, as are all pointers here */
    struct rng *rng;
    struct log *log;    /* may be NULL */
    uint64_t budget_ns; /* 0 = NETCHECK_BUDGET_MS */
    bool complete;      /* wait for every answer within the budget (the command) */
    bool hairpin;       /* check it in full rounds, by a socket of its own */

    /* Sends from the socket that peers are to reach, of the address's family. Must not call the
     * driver. */
    enum net_err (*send)(void *owner, const struct net_address *to, struct bytes packet);
    /* See enum netcheck_stage. Borrowed for the call; may start, cancel or close. */
    void (*report)(void *owner, const struct netcheck_report *report);
    void *owner;
};

/* Never NULL; does nothing until it is started. */
struct netcheck_driver *netcheck_driver_new(const struct netcheck_driver_config *config);

/* No call-back comes after this. Frees on the loop. */
void netcheck_driver_close(struct netcheck_driver *driver);

/* As in netcheck.h. A changed map ends the round under way: start the next. */
void netcheck_driver_set_map(struct netcheck_driver *driver, const struct derp_map *map);
void netcheck_driver_set_families(struct netcheck_driver *driver, bool v4, bool v6);
void netcheck_driver_set_portmap(struct netcheck_driver *driver,
                                 const struct netcheck_portmap *portmap);

/* A round, after that under way. `full`: the network is another one. The report comes later. */
void netcheck_driver_start(struct netcheck_driver *driver, bool full);

/* Ends the round without a report. */
void netcheck_driver_cancel(struct netcheck_driver *driver);

/* A datagram for which stun_looks_like; results as netcheck_input, to be counted at most. */
enum net_err netcheck_driver_input(struct netcheck_driver *driver, mono_ns at,
                                   const struct net_address *from, struct bytes packet);

const struct netcheck_report *netcheck_driver_report(const struct netcheck_driver *driver);

/* What became of each relay's HTTP check in the last round whose checks are over; *count may be 0.
 * Valid until the loop runs again. */
const struct latency_result *netcheck_driver_latencies(const struct netcheck_driver *driver,
                                                       size_t *count);

#endif
