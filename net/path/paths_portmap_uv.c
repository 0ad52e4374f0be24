/*
 * The port that the home router gives us: asked for in the background, told with our endpoints.
 */
#include <stdlib.h>

#include "net/base/mem.h"
#include "net/path/paths_internal_uv.h"

enum { WAIT_MS = 1500 }; /* a short run leaves the router alone */

static void on_changed(void *owner, const struct netcheck_portmap *report)
{
    struct paths *paths = owner;
    bool same = address_equal(&report->external, &paths->mapped);
    paths->mapped = report->external;
    netcheck_driver_set_portmap(paths->netcheck, report);
    if (!same) {
        (void)paths_gather(paths);
        /* A router that maps a port may treat what leaves by it differently from now on. */
        paths_check(paths, false);
    }
}

static void set_port(struct paths *paths)
{
    struct net_address bound = {0};
    if (paths->v4 != NULL && !paths->blocked) { /* else nobody is to come in */
        udp_socket_address(paths->v4, &bound);
    }
    portmap_driver_set_port(paths->portmap, bound.port);
}

static void on_timer(uv_timer_t *timer)
{
    struct paths *paths = timer->data;
    const struct portmap_driver_config config = {.loop = paths->config.loop,
                                                 .rng = paths->config.rng,
                                                 .log = paths->config.log,
                                                 .changed = on_changed,
                                                 .owner = paths};
    if (!paths->blocked) {
        paths->portmap = portmap_driver_new(&config);
        set_port(paths);
        paths_portmap_look(paths);
    }
}

void paths_portmap_plan(struct paths *paths)
{
    /* A deployment on this very computer is not reached by the router. */
    if (paths->config.watch_links && !paths->config.loopback && !paths->blocked) {
        (void)uv_timer_start(&paths->portmap_timer, on_timer, WAIT_MS, 0);
    }
}

void paths_portmap_look(struct paths *paths)
{
    if (paths->portmap != NULL) {
        struct interfaces *all = mem_new(sizeof *all);
        bool known = interfaces_read(all) == NET_OK;
        portmap_driver_set_interfaces(paths->portmap, known ? all : NULL);
        free(all);
    }
}

void paths_portmap_blocked(struct paths *paths)
{
    if (paths->portmap != NULL) {
        set_port(paths);
    } else {
        paths_portmap_plan(paths);
    }
}

void paths_portmap_close(struct paths *paths)
{
    if (paths->portmap != NULL) {
        portmap_driver_close(paths->portmap);
        paths->portmap = NULL;
    }
}
