/*
 * netcheck: what our network allows, found out by STUN and by what others measured. A machine: the
 * sockets, the names, the HTTP latency checks and the clock are its owner's (netcheck_uv.h).
 *
 *   start --> partial* --> ready --> amended* --> start ...
 *
 * A round asks every STUN server of its plan (netcheck_plan.h), while the HTTP latency of the
 * relays is measured, and publishes when enough is known: two IPv4 answers (or one a family if
 * there is one server), or a second without; the relays, or as long again as the nearest took.
 * Nothing waits for the slowest: what comes after that amends the report. The ids of a round are
 * known until the next one starts.
 *
 * Facts: coder/tailscale net/netcheck/netcheck.go; protocol notes (derp-disco-stun) 6. Where this
 * differs from the genuine client: the HTTP checks run beside STUN instead of after it; a try that
 * is lost is sent again; the report waits for STUN answers and is amended by late ones (the
 * genuine one waits for none and drops them); two answers of one server do not count as two.
 */
#ifndef NET_PATH_NETCHECK_H
#define NET_PATH_NETCHECK_H

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/path/netcheck_plan.h"
#include "net/wire/stun.h"

enum {
    NETCHECK_BUDGET_MS = 2000,     /* the report is ready after it, whatever is known */
    NETCHECK_STUN_WAIT_MS = 1000,  /* after the first request of a family */
    NETCHECK_FAMILY_GRACE_MS = 50, /* the other family has at least so long after the first */
    NETCHECK_RELAY_GRACE_MS = 200, /* the other relays likewise */
    NETCHECK_HAIRPIN_MS = 100,     /* netcheck.go hairpinCheckTimeout */
    NETCHECK_FULL_EVERY_S = 300,   /* netcheck.go: full if the last full one is older */
    NETCHECK_PERIOD_MIN_S = 20,    /* magicsock: a round every 20 to 26 s while in use */
    NETCHECK_PERIOD_MAX_S = 26,
};

/* What may not be known: null in JSON. */
enum netcheck_answer { NETCHECK_UNKNOWN, NETCHECK_NO, NETCHECK_YES };

enum netcheck_stun_state {
    NETCHECK_STUN_NONE,       /* not asked in this round */
    NETCHECK_STUN_UNRESOLVED, /* its name has no address of the family (or none yet) */
    NETCHECK_STUN_UNSENT,     /* the system would not send */
    NETCHECK_STUN_SENT,       /* no answer (yet) */
    NETCHECK_STUN_ANSWERED,
};

/* What a region's STUN server said over one family. */
struct netcheck_stun {
    enum netcheck_stun_state state;
    struct net_address server; /* SENT, ANSWERED */
    struct net_address mapped; /* ANSWERED: our address as it saw it; ADDRESS_NONE: not usable */
    uint64_t rtt_ns;           /* ANSWERED */
};

struct netcheck_region {
    int64_t id;
    uint64_t v4_ns, v6_ns; /* by HTTP over that family; 0 = not measured */
    struct netcheck_stun stun_v4, stun_v6;
};

struct netcheck_counts {
    uint64_t requests;
    uint64_t answers;
    uint64_t strangers; /* an id that is not ours, or of a round that is over */
    uint64_t malformed; /* not a STUN answer */
    uint64_t useless;   /* our id, but an address that cannot be ours */
};

/* What the port mapping protocols said. */
struct netcheck_portmap {
    enum netcheck_answer upnp, pmp, pcp;
    bool have_mapping;           /* one is in force */
    struct net_address external; /* its public end; ADDRESS_NONE without */
};

enum netcheck_stage {
    NETCHECK_PARTIAL, /* a public address became known; the rest is still being found out */
    NETCHECK_READY,
    NETCHECK_AMENDED, /* something came after that */
};

struct netcheck_report {
    enum netcheck_stage stage;
    uint64_t round; /* from 1 */
    bool full;
    mono_ns started_at, at; /* `at`: when it took this form */
    bool stun_asked;        /* at least one request went out; if not, `udp` says nothing */
    bool udp;               /* a STUN answer came */
    bool ipv4, ipv6;        /* STUN or HTTP worked over it */
    bool ipv4_can_send, ipv6_can_send;
    bool os_has_ipv6;
    enum netcheck_answer mapping_varies; /* YES: hard NAT; needs two servers */
    enum netcheck_answer hairpinning;
    enum netcheck_answer captive_portal;
    struct netcheck_portmap portmap;
    int64_t preferred_derp; /* the home region; 0 = the map has no relay */
    struct net_address global_v4, global_v6;
    struct netcheck_counts counts; /* of this round */
    size_t region_count;           /* the map's regions, in order of id */
    struct netcheck_region regions[DERP_MAP_REGIONS_MAX];
};

struct netcheck_config {
    struct rng *rng;    /* borrowed */
    uint64_t budget_ns; /* 0 = NETCHECK_BUDGET_MS */
    bool complete;      /* wait for every answer within the budget (the command) */
    bool hairpin;       /* check it in full rounds */
};

enum netcheck_socket {
    NETCHECK_SOCKET_MAIN,    /* the one that peers are to reach */
    NETCHECK_SOCKET_HAIRPIN, /* another one */
};

enum netcheck_action_kind {
    NETCHECK_MEASURE, /* start the HTTP latency checks; those under way are not wanted any more */
    NETCHECK_RESOLVE, /* host: both families */
    NETCHECK_SEND,    /* packet to `to` by `socket` */
    NETCHECK_REPORT,  /* netcheck_report has something new */
};

struct netcheck_action {
    enum netcheck_action_kind kind;
    char host[DERP_HOST_SIZE];
    struct net_address to;
    enum netcheck_socket socket;
    uint8_t packet[STUN_REQUEST_LEN];
    size_t set, try; /* netcheck's own: which request it is */
};

struct netcheck;

/* Never NULL. */
struct netcheck *netcheck_new(const struct netcheck_config *config);
void netcheck_free(struct netcheck *netcheck);

/* --- what is known besides; from the next round on, but for what is said to amend */

/* Copied. Ends a round under way without a report. */
void netcheck_set_map(struct netcheck *netcheck, const struct derp_map *map);
/* Which sockets there are. None of either: nothing is asked by STUN. */
void netcheck_set_families(struct netcheck *netcheck, bool v4, bool v6);
/* The system has IPv6 at all (::1 can be bound). */
void netcheck_set_os_ipv6(struct netcheck *netcheck, bool has);
/* Both amend a report that is out already. */
void netcheck_set_portmap(struct netcheck *netcheck, mono_ns now,
                          const struct netcheck_portmap *portmap);
void netcheck_set_captive_portal(struct netcheck *netcheck, mono_ns now,
                                 enum netcheck_answer captive);

/* --- a round */

/* Begins a round; while one is under way it is remembered, once, and begins after that. Without a
 * map nothing happens. */
void netcheck_start(struct netcheck *netcheck, mono_ns now);
/* The network is another one: the next round is a full one. */
void netcheck_want_full(struct netcheck *netcheck);
/* Forgets the round and what was remembered. What comes in late is a stranger's. */
void netcheck_stop(struct netcheck *netcheck);
/* From the start to NETCHECK_READY. */
bool netcheck_running(const struct netcheck *netcheck);

/* A datagram of the main sockets for which stun_looks_like. NET_OK: it was ours (an answer, or our
 * hairpin request). NET_ERR_NOT_FOUND: a stranger's. NET_ERR_MALFORMED: no answer or address in it.
 * Nothing changed on error but a count. */
NET_MUST_USE enum net_err netcheck_input(struct netcheck *netcheck, mono_ns at,
                                         const struct net_address *from, struct bytes packet);

/* What a NETCHECK_RESOLVE led to: addresses of either family, the first of each counts; none: it
 * failed. Ports are ignored, and so is a name that is not of this round. */
void netcheck_resolved(struct netcheck *netcheck, mono_ns now, const char *host,
                       const struct net_address *addresses, size_t count);

/* A relay answered the HTTP check; one call a region. */
void netcheck_latency(struct netcheck *netcheck, mono_ns now, int64_t region, bool over_ipv6,
                      uint64_t latency_ns);
/* All checks are over. */
void netcheck_latency_end(struct netcheck *netcheck, mono_ns now);

/* What is to be done next; false: nothing now. The time of a request is `now`. */
bool netcheck_next(struct netcheck *netcheck, mono_ns now, struct netcheck_action *out);
/* Whether a NETCHECK_SEND could be done: to be called after each. NET_ERR_AGAIN counts as sent. */
void netcheck_sent(struct netcheck *netcheck, const struct netcheck_action *action,
                   enum net_err result);

/* When netcheck_next may have something; 0 = now, MONO_NEVER = only after another input. */
mono_ns netcheck_deadline(const struct netcheck *netcheck);

/* The newest report; valid until the next call that is not const. round 0: there is none yet. */
const struct netcheck_report *netcheck_report(const struct netcheck *netcheck);

/* NULL: no such region in the report. */
const struct netcheck_region *netcheck_report_region(const struct netcheck_report *report,
                                                     int64_t id);

/* The least HTTP latency of a region; 0 = not measured. */
uint64_t netcheck_region_latency(const struct netcheck_region *region);

#endif
