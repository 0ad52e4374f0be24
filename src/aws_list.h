/*
 * The list of its address ranges that AWS publishes (ip-ranges.json), as prefixes. Pure.
 * Format: protocol notes (derp-disco-stun) 8; docs.aws.amazon.com, "AWS IP address ranges".
 */
#ifndef SRC_AWS_LIST_H
#define SRC_AWS_LIST_H

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/diagnose/aws_ranges.h"

enum { AWS_LIST_BYTES_MAX = 16 << 20 /* it has about 2 MiB */ };

struct aws_list {
    struct ip_prefix *prefixes; /* owned */
    size_t count;
    char created[32]; /* "2026-02-26-10-36-19"; cleaned; "" = it does not say */
};

/* NET_ERR_MALFORMED, NET_ERR_TOO_BIG: *why; *out is untouched. One bad prefix spoils the file: it
 * is then not what it seems to be. */
NET_MUST_USE enum net_err aws_list_parse(struct bytes body, struct aws_list *out,
                                         struct failure *why);
void aws_list_clear(struct aws_list *list);

#endif
