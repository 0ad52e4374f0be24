/*
 * Whether an address belongs to AWS: a list of prefixes, the bundled one (the large blocks of EC2;
 * partial, and it says so) or one that the user asked for (ip-ranges.json, read elsewhere).
 */
#ifndef NET_DIAGNOSE_AWS_RANGES_H
#define NET_DIAGNOSE_AWS_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/err.h"

enum {
    IP_PREFIX_TEXT_SIZE = 56,
    AWS_RANGES_MAX = 40000, /* the published list has about 10,000 */
};

struct ip_prefix {
    bool v6;
    uint8_t bits;   /* length of the network's part */
    uint8_t ip[16]; /* IPv4: the first four */
};

struct aws_ranges {
    const struct ip_prefix *prefixes; /* borrowed */
    size_t count;
    char source[96]; /* "bundled list of 2026-02, large EC2 blocks only" */
};

/* "10.0.0.0/8", "2001:db8::/32". NET_ERR_MALFORMED: no such text, or bits beyond the length; bits
 * of the host are cleared. */
NET_MUST_USE enum net_err ip_prefix_parse(const char *text, struct ip_prefix *out);
void ip_prefix_text(const struct ip_prefix *prefix, char out[IP_PREFIX_TEXT_SIZE]);

/* The list that comes with the program. */
void aws_ranges_bundled(struct aws_ranges *out);

/* The longest prefix that has the address ("1.2.3.4", "2001:db8::1", with or without port as
 * "1.2.3.4:5" or "[2001:db8::1]:5"). NULL: none, or not an address. Loopback, link-local and
 * private addresses are in none. */
const struct ip_prefix *aws_ranges_find(const struct aws_ranges *ranges, const char *address);

/* The address without its port, as aws_ranges_find reads it; false: not an address. */
bool address_without_port(const char *address, char *out, size_t size);

#endif
