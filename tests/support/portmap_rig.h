/*
 * A port mapping machine with a router that a test plays: what the machine sends is read as the
 * router would read it, and answered as the test wants.
 */
#ifndef TESTS_SUPPORT_PORTMAP_RIG_H
#define TESTS_SUPPORT_PORTMAP_RIG_H

#include "net/path/portmap.h"
#include "net/wire/natpmp.h"
#include "net/wire/pcp.h"

enum { PORTMAP_RIG_PORT = 41000, PORTMAP_RIG_EPOCH = 5000 };

/* What was sent since the last portmap_rig_run. */
struct portmap_sent {
    unsigned pmp_address, pmp_map, pcp_announce, pcp_map, searches, fetches, calls, releases;
    unsigned changes;
    uint16_t internal_port, external_port; /* of the last request for a port */
    uint32_t lifetime_s;
    struct pcp_nonce nonce;
    struct net_address to; /* of the last datagram */
};

struct portmap_rig {
    struct rng_seeded rng;
    struct portmap *pm;
    mono_ns now;
    struct net_address gateway, own;
    struct portmap_sent sent;
    struct portmap_action http;  /* the last FETCH or CALL whose answer is waited for */
    struct portmap_action freed; /* the last one whose is not */
    struct netcheck_portmap report;
};

/* 192.168.1.2 behind 192.168.1.1 at second 1000, with PORTMAP_RIG_PORT to be mapped; the first
 * requests of the probe are in `sent`. */
void portmap_rig_begin(struct portmap_rig *rig);
void portmap_rig_end(struct portmap_rig *rig);

/* Does all that is due at `now`. */
void portmap_rig_run(struct portmap_rig *rig);

/* Passes so many milliseconds, from deadline to deadline; `sent` is of all of it. */
void portmap_rig_pass(struct portmap_rig *rig, uint64_t ms);

/* Answers of the router, then what they lead to. */
void portmap_rig_pmp_address(struct portmap_rig *rig, uint16_t result, const char *external);
void portmap_rig_pmp_map(struct portmap_rig *rig, uint16_t result, uint16_t internal_port,
                         uint16_t external_port, uint32_t lifetime_s, uint32_t epoch_s);
void portmap_rig_pcp_announce(struct portmap_rig *rig, uint8_t result);
void portmap_rig_pcp_map(struct portmap_rig *rig, uint8_t result, const struct pcp_nonce *nonce,
                         const char *external, uint16_t external_port, uint32_t lifetime_s);
void portmap_rig_ssdp(struct portmap_rig *rig, const char *from, const char *location);
void portmap_rig_http(struct portmap_rig *rig, int status, const char *body);

/* Any datagram. */
enum net_err portmap_rig_datagram(struct portmap_rig *rig, const char *from, struct bytes packet);

/* "ip:port" of the mapping, or "". Static. */
const char *portmap_rig_external(const struct portmap_rig *rig);

/* A description with one service, and an answer with one value, as routers write them. */
#define PORTMAP_RIG_DESCRIPTION(version)                                                           \
    "<?xml version=\"1.0\"?><root><device><serviceList><service><serviceType>"                     \
    "urn:schemas-upnp-org:service:WANIPConnection:" version                                        \
    "</serviceType><controlURL>/ctl</controlURL></service></serviceList></device></root>"
#define PORTMAP_RIG_VALUE(name, value)                                                             \
    "<s:Envelope><s:Body><u:R><" name ">" value "</" name "></u:R></s:Body></s:Envelope>"

#endif
