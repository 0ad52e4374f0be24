/*
 * The state of port mapping, shared by its files:
 *   portmap.c          life, the probe, when to try
 *   portmap_attempt.c  asking for a port, by NAT-PMP and PCP; the mapping itself
 *   portmap_upnp.c     the same by UPnP
 */
#ifndef NET_PATH_PORTMAP_INTERNAL_H
#define NET_PATH_PORTMAP_INTERNAL_H

#include "net/path/portmap.h"
#include "net/wire/natpmp.h"
#include "net/wire/pcp.h"

enum {
    PORTMAP_QUEUE = 16,   /* a probe takes five, all else one or two */
    UPNP_TRIES = 6,       /* calls for a port in one attempt, with what the router objects to */
    UPNP_PORT_MIN = 1024, /* below, routers keep ports to themselves */
};

/* What the attempt under way waits for. */
enum portmap_step {
    STEP_IDLE,
    STEP_PMP,          /* the public address and the port */
    STEP_PCP,          /* the port, with the address */
    STEP_UPNP_FETCH,   /* the description */
    STEP_UPNP_ADD,     /* the port */
    STEP_UPNP_ADDRESS, /* the public address */
};

struct portmap_seen {
    bool seen;
    mono_ns at;
    bool asked, answered; /* in the probe under way */
};

/* A mapping, with all it takes to give it back. */
struct portmap_mapping {
    enum portmap_service service;
    struct net_address gateway, own; /* own: with the internal port */
    struct net_address external;     /* ADDRESS_NONE: not known yet */
    struct pcp_nonce nonce;
    struct upnp_service upnp;
    mono_ns expires;
};

struct portmap_epoch {
    bool known;
    uint32_t epoch_s;
    mono_ns at;
};

struct portmap {
    struct rng *rng;
    struct net_address gateway, own; /* ADDRESS_NONE: no network */
    uint16_t port;                   /* 0 = no mapping wanted */

    /* The probe. */
    bool probing, probed, asked_again;
    mono_ns probe_at;
    struct portmap_seen services[PORTMAP_SERVICES];
    struct portmap_epoch epochs[PORTMAP_SERVICES]; /* UPnP has none */
    struct ssdp_location location; /* of the UPnP description; its host is the router */
    bool location_of_router;       /* the router itself told it */

    /* The attempt. */
    enum portmap_step step;
    unsigned tried;              /* bit of each service that failed in this attempt */
    mono_ns attempt_at;          /* when the next one begins */
    mono_ns attempt_until;       /* when the one under way has failed */
    mono_ns step_until;          /* when its step has failed */
    mono_ns resend_at;           /* MONO_NEVER: no datagram is waited for */
    uint64_t resend_ns;          /* from the last to the next */
    struct portmap_mapping want; /* what is being asked for */
    bool got_address, got_port;  /* STEP_PMP */
    uint32_t lifetime_s;         /* granted */
    uint64_t call;               /* the HTTP answer that is waited for; 0 = none */
    uint64_t calls;              /* made so far */
    unsigned upnp_tries;
    bool upnp_any_port;
    uint32_t upnp_lease_s;

    /* The mapping. */
    bool mapped;
    struct portmap_mapping mapping;

    bool changed;
    struct portmap_counts counts;
    size_t queue_at, queue_len;
    struct portmap_action queue[PORTMAP_QUEUE];
};

static inline bool portmap_has_network(const struct portmap *pm)
{
    return pm->gateway.family != ADDRESS_NONE;
}

/* The probe under way has asked the service and has no answer yet. */
static inline bool portmap_is_waited_for(const struct portmap *pm, enum portmap_service service)
{
    return pm->services[service].asked && !pm->services[service].answered;
}

/* portmap.c */

/* Room for an action, emptied; NULL when the queue is full (what it would have sent is sent again,
 * or times out). */
struct portmap_action *portmap_push(struct portmap *pm, enum portmap_action_kind kind);

/* portmap_attempt.c */

/* Begins an attempt if it is time, resends, gives up. */
void portmap_attempt_tick(struct portmap *pm, mono_ns now);
mono_ns portmap_attempt_deadline(const struct portmap *pm);
/* Ends the attempt without a result. */
void portmap_attempt_stop(struct portmap *pm);
/* The service would not: the next one is asked. */
void portmap_attempt_failed(struct portmap *pm, mono_ns now);
/* `want` was granted for `lifetime_s`; 0 is no grant. */
void portmap_attempt_granted(struct portmap *pm, mono_ns now, uint32_t lifetime_s);
/* Tells the router that a mapping is not wanted any more. */
void portmap_give_back(struct portmap *pm, const struct portmap_mapping *mapping);
/* An address at which somebody may reach us. */
bool portmap_usable_external(const struct net_address *address);
void portmap_take_pmp(struct portmap *pm, mono_ns now, const struct natpmp_reply *reply);
void portmap_take_pcp(struct portmap *pm, mono_ns now, const struct pcp_reply *reply);
/* A datagram to the port of NAT-PMP and PCP. */
void portmap_send_to_router(struct portmap *pm, struct bytes packet,
                            const struct net_address *gateway);

/* portmap_upnp.c */
void portmap_upnp_start(struct portmap *pm, bool renew);
void portmap_upnp_answer(struct portmap *pm, mono_ns now, int status, struct bytes body);
void portmap_upnp_release(struct portmap *pm, const struct portmap_mapping *mapping);

#endif
