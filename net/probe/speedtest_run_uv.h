/*
 * A speed test with a peer of the tunnel: speedtest_client.h on a connection.
 */
#ifndef NET_PROBE_SPEEDTEST_RUN_UV_H
#define NET_PROBE_SPEEDTEST_RUN_UV_H

#include <uv.h>

#include "net/base/rng.h"
#include "net/probe/speedtest_client.h"
#include "net/probe/tunnel_uv.h"

struct speedtest_run_config {
    uv_loop_t *loop;
    struct tunnel *tunnel;
    struct tunnel_peer *peer;
    struct rng *rng;
    enum speedtest_direction direction;
    uint64_t duration_ns;
};

struct speedtest_run;

/* Connects. `changed`: some ten times a second while there is something new, and when it is over;
 * never from inside this call. Never NULL. The peer must outlive it. */
struct speedtest_run *speedtest_run_new(const struct speedtest_run_config *config,
                                        void (*changed)(void *owner), void *owner);

/* Where it stands; it is over when speedtest_client_is_over. */
const struct speedtest_client *speedtest_run_client(const struct speedtest_run *run);

/* Ends it now; what was measured stands. */
void speedtest_run_stop(struct speedtest_run *run);

/* At any time, also from `changed`; nothing is told after it. Frees on the loop. */
void speedtest_run_close(struct speedtest_run *run);

#endif
