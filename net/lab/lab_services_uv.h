/*
 * What a lab's agent serves inside the tunnel, as a real one does: the speed test on TCP port 3 and
 * its API on port 4.
 */
#ifndef NET_LAB_LAB_SERVICES_UV_H
#define NET_LAB_LAB_SERVICES_UV_H

#include <uv.h>

#include "net/base/log.h"
#include "net/base/rng.h"
#include "net/probe/tunnel_uv.h"

struct lab_services;

struct lab_services_config {
    uv_loop_t *loop;
    struct tunnel *tunnel;
    struct rng *rng; /* all borrowed */
    struct log *log;
    const char *name;           /* of the workspace, for the log */
    const struct derp_map *map; /* the one in use; region_count 0 before it is known */
};

/* Never NULL. */
struct lab_services *lab_services_new(const struct lab_services_config *config);

/* Before the tunnel is closed. Frees on the loop. */
void lab_services_close(struct lab_services *services);

#endif
