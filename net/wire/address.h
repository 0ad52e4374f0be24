/*
 * IP addresses with ports, and the tailnet addresses that are derived from UUIDs.
 */
#ifndef NET_WIRE_ADDRESS_H
#define NET_WIRE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/uuid.h"

enum {
    ADDRESS_TEXT_SIZE = 64,             /* "[v6]:port" and its zero */
    ADDRESS_DERP_MAGIC_IP = 0x7f030328, /* 127.3.3.40: "via DERP", the port is the region */
};

enum address_family { ADDRESS_NONE = 0, ADDRESS_V4 = 4, ADDRESS_V6 = 6 };

struct net_address {
    enum address_family family;
    uint8_t ip[16]; /* 4 or 16 bytes are used */
    uint16_t port;
};

bool address_equal(const struct net_address *a, const struct net_address *b);

/* "1.2.3.4:5", "[2001:db8::1]:5". NET_ERR_MALFORMED: no port, a name, a zone, an empty text. */
NET_MUST_USE enum net_err address_parse(const char *text, struct net_address *out);

/* An IP alone. */
NET_MUST_USE enum net_err address_parse_ip(const char *text, struct net_address *out);

/* The inverse of address_parse; "" for ADDRESS_NONE. IPv6 as in RFC 5952. */
void address_text(const struct net_address *address, char out[ADDRESS_TEXT_SIZE]);
void address_ip_text(const struct net_address *address, char out[ADDRESS_TEXT_SIZE]);

/* Disco's 18 bytes: IPv6 or ::ffff:a.b.c.d, then the port. Mapped addresses come out as IPv4. */
void address_mapped_encode(struct writer *out, const struct net_address *address);
void address_mapped_decode(struct reader *in, struct net_address *out);

/* True for 127.3.3.40; *region is the port. */
bool address_is_derp(const struct net_address *address, uint16_t *region);

bool address_is_loopback(const struct net_address *address);
bool address_is_private(const struct net_address *address); /* RFC 1918, fc00::/7 */
bool address_is_link_local(const struct net_address *address);
bool address_is_multicast(const struct net_address *address);
bool address_is_unspecified(const struct net_address *address);

/* The tailnet address of an agent: the first six bytes of the UUID replaced by fd7a:115c:a1e0
 * (historic prefix, which Coder's clients talk to) or fd60:627a:a42b. Port 0. coder/coder
 * tailnet/conn.go. */
void tailnet_address_historic(const struct uuid *id, struct net_address *out);
void tailnet_address_coder(const struct uuid *id, struct net_address *out);

/* An agent's node id: the last 8 bytes as a signed number, made positive (the minimum stays). */
int64_t tailnet_node_id(const struct uuid *id);

#endif
