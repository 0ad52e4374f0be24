/*
 * SSDP, by which a UPnP router is found: the search, and what an answer says. Text to struct and
 * back. No I/O, no clock, no heap.
 *
 * Format: UPnP Device Architecture 1.1, section 1.3. An answer is an HTTP response head in one
 * datagram.
 */
#ifndef NET_WIRE_SSDP_H
#define NET_WIRE_SSDP_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/wire/address.h"

enum {
    SSDP_PORT = 1900,
    SSDP_SEARCH_MAX = 256,
    SSDP_ANSWER_MAX = 4096, /* ours: real ones have a few hundred bytes */
    SSDP_PATH_SIZE = 256,   /* ours: longer paths are not followed */
};

#define SSDP_GROUP        "239.255.255.250"
#define SSDP_ALL          "ssdp:all"
#define SSDP_IGD          "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
#define SSDP_IGD_ANY_PART ":InternetGatewayDevice:"

/* Where a device's description is. */
struct ssdp_location {
    struct net_address host;   /* ADDRESS_NONE: the answer has no LOCATION that can be followed */
    char path[SSDP_PATH_SIZE]; /* begins with a slash; printable ASCII without spaces */
};

struct ssdp_answer {
    bool is_gateway; /* its ST or USN says that it is an Internet gateway device */
    struct ssdp_location location;
};

/* Appends a search for devices or services of the type `target`. */
void ssdp_search_encode(struct writer *out, const char *target);

/* NET_ERR_MALFORMED: not a response with status 200 and a complete head. A LOCATION whose host is
 * not an IP address (a name would have us ask DNS for a stranger), or that is not plain HTTP,
 * counts as none. *out is unchanged on error. */
NET_MUST_USE enum net_err ssdp_answer_decode(struct bytes packet, struct ssdp_answer *out);

/* "http://1.2.3.4:5/path": false for anything else than plain HTTP to an IP address, or a path that
 * is too long or has characters that a request must not have; *out is unchanged then. */
bool ssdp_location_parse(struct bytes url, struct ssdp_location *out);

#endif
