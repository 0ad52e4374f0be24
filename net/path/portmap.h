/*
 * Port mapping: asking the home router for a public port that leads to our socket, by whichever of
 * NAT-PMP, PCP and UPnP it speaks. A machine: the socket, HTTP and the clock are its owner's
 * (portmap_uv.h).
 *
 *   probe --> one service after another is asked for a port --> mapped --> renewed at half its life
 *     ^                         | none would                        |
 *     '------ ten minutes ------'                                   '--> released when not wanted
 *
 * A probe asks for all three at once and lasts a quarter of a second; an answer that comes later
 * still counts. NAT-PMP is tried first, for it is the simplest to be had, then PCP, then UPnP. All
 * that is said comes from whoever is in the local network: datagrams count only if they come from
 * the router (or, for discovery, lead there), nothing of them sizes anything, and a mapping is as
 * it was asked for or is not taken.
 *
 * NAT-PMP and PCP share one port of the router, one socket of ours, and the ways in which a router
 * that has only one of them refuses the other; so one machine speaks both. libnatpmp would bring a
 * socket of its own that has one request in flight, wakes by the wall clock, and cannot speak PCP;
 * what it would save is twelve bytes to write and sixteen to read. miniupnpc is used for the XML
 * (net/path/upnp.h).
 *
 * Facts: RFC 6886, RFC 6887, coder/tailscale net/portmapper; protocol notes (derp-disco-stun) 7.
 */
#ifndef NET_PATH_PORTMAP_H
#define NET_PATH_PORTMAP_H

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/path/netcheck.h"
#include "net/path/upnp.h"

enum {
    PORTMAP_PROBE_MS = 250,       /* upstream's; the fork has 50, too short for Wi-Fi */
    PORTMAP_PROBE_AGAIN_MS = 100, /* what has not answered then is asked once more */
    PORTMAP_TRUST_S = 600,        /* a service seen within it is believed without asking */
    PORTMAP_RETRY_S = 600,        /* after no service would give a port */
    PORTMAP_LIFETIME_S = 7200,    /* what is asked for; more is not believed */
    PORTMAP_RENEW_MIN_S = 30,     /* not oftener, whatever lifetime the router grants */
    PORTMAP_ATTEMPT_MS = 5000,    /* for a port by whatever service */
    PORTMAP_SERVICE_MS = 1000,    /* of it, for NAT-PMP or PCP */
    PORTMAP_RESEND_MS = 250,      /* RFC 6886 3.1; doubled each time */
    PORTMAP_HTTP_MS = 1000,       /* for each request */
    PORTMAP_URL_SIZE = 320,
};

enum portmap_service { PORTMAP_PMP, PORTMAP_PCP, PORTMAP_UPNP, PORTMAP_SERVICES };

enum portmap_action_kind {
    PORTMAP_SEND,    /* packet to `to`, from an unconnected UDP socket bound to our own address */
    PORTMAP_FETCH,   /* GET `url`; then portmap_http_answer */
    PORTMAP_CALL,    /* POST `packet` to `url` as text/xml with SOAPAction; then the same */
    PORTMAP_CHANGED, /* portmap_report has something new */
};

struct portmap_action {
    enum portmap_action_kind kind;
    struct net_address to;
    uint64_t call; /* of HTTP: to be given back; 0 = nobody waits for the answer */
    size_t answer_max;
    char url[PORTMAP_URL_SIZE];
    char soap_action[UPNP_ACTION_SIZE];
    size_t packet_len;
    uint8_t packet[UPNP_CALL_MAX];
};

struct portmap_counts {
    uint64_t strangers; /* from elsewhere than the router, or an answer to nothing that was asked */
    uint64_t malformed;
    uint64_t refused; /* the router said no, or gave what cannot be used */
};

struct portmap;

/* `rng` is borrowed. Never NULL. Does nothing without a network. */
struct portmap *portmap_new(struct rng *rng);
void portmap_free(struct portmap *pm);

/* The router, and our address towards it: IPv4, private, ports ignored. Another pair than before
 * gives the mapping back (a PORTMAP_SEND or PORTMAP_CALL) and begins with a probe; the same pair
 * changes nothing. Both NULL: there is no such router, and nothing is asked. */
void portmap_set_network(struct portmap *pm, mono_ns now, const struct net_address *gateway,
                         const struct net_address *own);

/* Our UDP port that is to be reached from outside; 0: none, and the mapping is given back. */
void portmap_set_port(struct portmap *pm, mono_ns now, uint16_t port);

/* Asks for what has not been seen lately. Nothing during a probe. */
void portmap_probe(struct portmap *pm, mono_ns now);

/* A datagram that came to the socket. NET_OK: it was an answer to what we asked.
 * NET_ERR_NOT_FOUND, NET_ERR_MALFORMED: counted, nothing else changed. */
NET_MUST_USE enum net_err portmap_input(struct portmap *pm, mono_ns now,
                                        const struct net_address *from, struct bytes datagram);

/* What became of a PORTMAP_FETCH or PORTMAP_CALL: its HTTP status and body, at most `answer_max`
 * long (asserted); status 0: no answer. One that is not waited for any more is ignored. */
void portmap_http_answer(struct portmap *pm, mono_ns now, uint64_t call, int status,
                         struct bytes body);

/* What is to be done next; false: nothing now. */
bool portmap_next(struct portmap *pm, mono_ns now, struct portmap_action *out);

/* When portmap_next may have something; 0 = now, MONO_NEVER = only after another input. */
mono_ns portmap_deadline(const struct portmap *pm);

/* What is known: unknown until the first probe is over; no router, no service. */
void portmap_report(const struct portmap *pm, struct netcheck_portmap *out);

/* The service of the mapping in force; PORTMAP_SERVICES if there is none. */
enum portmap_service portmap_mapped_by(const struct portmap *pm);

/* When the mapping ends unless it is renewed; MONO_NEVER if there is none. */
mono_ns portmap_expires(const struct portmap *pm);

struct portmap_counts portmap_counts(const struct portmap *pm);

/* "NAT-PMP", "PCP", "UPnP". Static memory. */
const char *portmap_service_name(enum portmap_service service);

#endif
