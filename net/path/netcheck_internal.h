/*
 * The state of a netcheck, shared by its files:
 *   netcheck.c         life, what is known besides, publishing
 *   netcheck_round.c   the start of a round: its requests and names
 *   netcheck_due.c     what is due when, and when enough is known
 *   netcheck_answer.c  what comes in by STUN
 */
#ifndef NET_PATH_NETCHECK_INTERNAL_H
#define NET_PATH_NETCHECK_INTERNAL_H

#include "net/path/home.h"
#include "net/path/netcheck.h"

enum netcheck_try_state {
    TRY_NAME,       /* waits for the address of names[name] */
    TRY_READY,      /* `to` is known */
    TRY_SENT,       /* `tx` is ours until the round is forgotten */
    TRY_UNRESOLVED, /* the name has no address of the family */
    TRY_UNSENT,     /* the system refused */
};

struct netcheck_request {
    enum netcheck_try_state state;
    size_t name; /* TRY_NAME */
    struct net_address to;
    struct stun_tx tx;
    mono_ns sent_at;
    bool answered;
};

struct netcheck_asked {
    struct netcheck_set plan;
    mono_ns base; /* the tries' delays count from here; MONO_NEVER: no address is known yet */
    bool answered;
    struct netcheck_request requests[NETCHECK_TRIES_MAX];
};

struct netcheck_name {
    char host[DERP_HOST_SIZE];
    bool asked;
};

enum netcheck_hairpin {
    HAIRPIN_OFF,    /* not in this round, or it is decided */
    HAIRPIN_ARMED,  /* waits for our public address */
    HAIRPIN_WANTED, /* to be sent */
    HAIRPIN_SENT,   /* to be seen */
    HAIRPIN_LOST,   /* not seen in time; may still come */
};

struct netcheck {
    struct netcheck_config config;
    struct derp_map map;
    bool has_v4, has_v6, os_has_ipv6;
    struct netcheck_portmap portmap;
    enum netcheck_answer captive;
    struct home *home;

    /* Of the rounds before. */
    struct netcheck_known known;
    bool had_full;
    mono_ns full_at;
    bool portal_in_the_way; /* the last report had no UDP and a captive portal */
    enum netcheck_answer last_hairpin;

    /* Of this round. */
    bool active;    /* from its start until it is forgotten */
    bool published; /* the report is ready */
    bool again;     /* another round is wanted after it */
    bool measure_due, report_due;
    bool measuring;           /* HTTP checks are under way */
    mono_ns first_latency_at; /* 0 = none came yet */
    bool late_latency;        /* one came after the report */
    size_t set_count;
    struct netcheck_asked *sets;
    size_t name_count;
    struct netcheck_name *names;
    mono_ns v4_sent_at, v6_sent_at;  /* the first request of the family; 0 = none */
    mono_ns v4_enough_at;            /* when its answers were enough; 0 = not yet */
    struct net_address first_server; /* whose answer global_v4 is */
    enum netcheck_hairpin hairpin;
    struct stun_tx hairpin_tx;
    mono_ns hairpin_sent_at;
    struct netcheck_report report;
};

/* netcheck.c */
/* Something changed that a reader of the report is to know: a partial report, or an amended one. */
void netcheck_changed(struct netcheck *netcheck, mono_ns now);
void netcheck_publish(struct netcheck *netcheck, mono_ns now);

/* netcheck_round.c */
void netcheck_begin(struct netcheck *netcheck, mono_ns now);
void netcheck_forget(struct netcheck *netcheck);
/* Where the report tells of a set. Never NULL for a set of the plan. */
struct netcheck_stun *netcheck_stun_of(struct netcheck *netcheck, const struct netcheck_set *set);

/* netcheck_due.c */
/* Nothing more is to be awaited from the family. */
bool netcheck_family_enough(const struct netcheck *netcheck, enum address_family family);

#endif
