/*
 * When a relay is dialled again, and how: pure. Protocol notes 1.6, 1.10.
 */
#ifndef NET_PATH_RELAY_POLICY_H
#define NET_PATH_RELAY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/rng.h"

struct relay_policy {
    unsigned failures; /* since it last worked */
    unsigned refusals; /* upgrades answered with something other than 101, 4xx, 503, 504 */
    bool forced;       /* by the deployment */
    bool websocket;    /* from now on, for as long as this lives */
    char reason[200];  /* why, when it was not forced; "" else */
};

void relay_policy_init(struct relay_policy *policy, bool force_websocket);

/* An attempt failed; `status` is that of the HTTP answer, 0 when there was none. */
void relay_policy_failed(struct relay_policy *policy, int status);

/* It has been open for a while, and a frame arrived: the relay works. */
void relay_policy_works(struct relay_policy *policy);

/* n² · 10 ms, at most 5 s, times 0.5 to 1.5 (logtail/backoff/backoff.go). */
uint64_t relay_policy_delay(const struct relay_policy *policy, struct rng *rng);

#endif
