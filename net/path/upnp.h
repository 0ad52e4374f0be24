/*
 * UPnP's part of port mapping that is text: the router's description of itself, and the calls of
 * its WANIPConnection service. Text to struct and back; no I/O, no clock.
 *
 * miniupnpc reads the XML. Its own HTTP and discovery are not used: they block, have no limit of
 * length or of time in all (a router that drips keeps them for ever), and a thread that waits in
 * them holds up the end of the program, which joins libuv's threads. So the owner fetches over the
 * loop's HTTP client, with limits, and this sees complete texts of bounded length.
 *
 * All of it comes from a stranger in the local network. Nothing of a description is believed but a
 * path and a port at the router that was asked: another host in it is ignored, or a router could
 * have us send requests to whom it likes.
 *
 * Formats: UPnP Device Architecture 1.1, WANIPConnection:1 and :2.
 */
#ifndef NET_PATH_UPNP_H
#define NET_PATH_UPNP_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/wire/ssdp.h"

enum {
    UPNP_DESCRIPTION_MAX = 64 << 10, /* bytes; real ones have 2 to 20 thousand */
    UPNP_ANSWER_MAX = 16 << 10,
    UPNP_CALL_MAX = 1024,
    UPNP_ACTION_SIZE = 128,
};

/* From the one that is liked best. */
enum upnp_kind { UPNP_WAN_IP_2, UPNP_WAN_IP_1, UPNP_WAN_PPP_1 };

/* Where calls go: a path and a port at the router. */
struct upnp_service {
    enum upnp_kind kind;
    uint16_t port;
    char path[SSDP_PATH_SIZE];
};

/* Finds the service to use in a description that was fetched from `at`. `xml` is at most
 * UPNP_DESCRIPTION_MAX long (asserted). NET_ERR_NOT_FOUND: there is none, or it cannot be called.
 */
NET_MUST_USE enum net_err upnp_description(struct bytes xml, const struct ssdp_location *at,
                                           struct upnp_service *out);

enum upnp_action {
    UPNP_ADD_ANY_PORT, /* of UPNP_WAN_IP_2 alone: the router may choose another external port */
    UPNP_ADD_PORT,
    UPNP_DELETE_PORT,
    UPNP_GET_EXTERNAL_ADDRESS,
};

/* What is mapped; UPNP_DELETE_PORT looks at `external_port` only. */
struct upnp_mapping {
    struct net_address own; /* IPv4, with the internal port */
    uint16_t external_port;
    uint32_t lease_s; /* 0 = for ever, which is all that some routers can do */
};

/* Appends the body of a call (text/xml; at most UPNP_CALL_MAX bytes) and writes the value of its
 * SOAPAction header. */
void upnp_call_encode(struct writer *out, char header[UPNP_ACTION_SIZE], enum upnp_kind kind,
                      enum upnp_action action, const struct upnp_mapping *mapping);

/* Errors that mean something to us (UPnP Device Architecture 3.2.2, WANIPConnection 2.4). */
enum upnp_error {
    UPNP_ERROR_NONE = 0,
    UPNP_ERROR_INVALID_ACTION = 401,
    UPNP_ERROR_CONFLICT = 718,            /* somebody else has that external port */
    UPNP_ERROR_ONLY_PERMANENT = 725,      /* lease_s must be 0 */
    UPNP_ERROR_SAME_PORTS_REQUIRED = 724, /* external and internal port must be equal */
    UPNP_ERROR_UNKNOWN = 1,               /* refused, with no code that can be read */
};

struct upnp_answer {
    unsigned error;              /* enum upnp_error, or what else the router says */
    uint16_t reserved_port;      /* of UPNP_ADD_ANY_PORT; 0 = not told */
    struct net_address external; /* of UPNP_GET_EXTERNAL_ADDRESS, port 0; ADDRESS_NONE = not told */
};

/* Reads the answer of an HTTP status. `xml` is at most UPNP_ANSWER_MAX long (asserted). */
void upnp_answer_decode(int status, struct bytes xml, struct upnp_answer *out);

/* Of the library underneath. Static. */
const char *upnp_miniupnpc_version(void);

#endif
