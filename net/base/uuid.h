/*
 * UUIDs (RFC 9562): the names of workspaces, agents and tailnet peers.
 */
#ifndef NET_BASE_UUID_H
#define NET_BASE_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/err.h"
#include "net/base/rng.h"

enum { UUID_LEN = 16, UUID_TEXT_SIZE = 37 };

struct uuid {
    uint8_t b[UUID_LEN];
};

static inline bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->b, b->b, UUID_LEN) == 0;
}

static inline bool uuid_is_zero(const struct uuid *id)
{
    return uuid_equal(id, &(struct uuid){{0}});
}

/* The form 8-4-4-4-12, either case. NET_ERR_MALFORMED: anything else; *out is unchanged. */
NET_MUST_USE enum net_err uuid_parse(const char *text, struct uuid *out);

/* Lower case, 36 characters. */
void uuid_text(const struct uuid *id, char out[UUID_TEXT_SIZE]);

/* Version 4. */
void uuid_random(struct rng *rng, struct uuid *out);

#endif
