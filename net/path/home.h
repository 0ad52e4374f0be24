/*
 * Which region is our home: a machine fed with HTTP latencies. STUN never decides (public STUN
 * servers are near everywhere). coder/tailscale net/netcheck/netcheck.go; protocol notes 6.6.
 *
 *   best[r] = score(r) * least latency of the reports of the last 5 minutes
 *   keep the old home, while it still answers, if the gain is below 10 ms or the new one is not
 * below two thirds of the old
 */
#ifndef NET_PATH_HOME_H
#define NET_PATH_HOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/now.h"
#include "net/wire/derp_map.h"

struct home_latency {
    int64_t region;
    uint64_t latency_ns;
};

struct home; /* history of the last reports */

struct home *home_new(void);
void home_free(struct home *home);

/* A report: regions that answered in this round. Returns the home to use: the old one or a better;
 * when nothing answered, the old one, else the first region of the map that relays; 0 when none
 * does. */
int64_t home_report(struct home *home, mono_ns now, const struct derp_map *map,
                    const struct home_latency *latencies, size_t count);

/* The home in force; 0 before the first choice. */
int64_t home_current(const struct home *home);

/* The only region that relays, which needs no measuring to be chosen; 0 if there are none or
 * several. */
int64_t home_only_choice(const struct derp_map *map);

#endif
