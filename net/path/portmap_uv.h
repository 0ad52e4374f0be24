/*
 * The driver of port mapping on the loop: its socket, its HTTP, its time. Everything happens in the
 * background; nothing waits for it.
 */
#ifndef NET_PATH_PORTMAP_UV_H
#define NET_PATH_PORTMAP_UV_H

#include <uv.h>

#include "net/base/log.h"
#include "net/path/portmap.h"
#include "net/transport/interfaces.h"

enum { PORTMAP_RELEASE_MS = 500 }; /* how long the end may take, for a UPnP mapping alone */

struct portmap_driver;

struct portmap_driver_config {
    uv_loop_t *loop;
    struct rng *rng; /* borrowed, as are all pointers here */
    struct log *log; /* may be NULL */
    /* What portmap_report tells is another thing: a probe is over, a mapping came, went or has
     * another public end. Borrowed for the call; may call the driver, and close it. */
    void (*changed)(void *owner, const struct netcheck_portmap *report);
    void *owner;
};

/* Never NULL; does nothing until it knows the interfaces. */
struct portmap_driver *portmap_driver_new(const struct portmap_driver_config *config);

/* Gives the mapping back and frees on the loop. No call-back comes after this. */
void portmap_driver_close(struct portmap_driver *driver);

/* At start and whenever they changed: the router is the next hop of the default route, if that is a
 * private address. Another router is probed at once. NULL: there is none. */
void portmap_driver_set_interfaces(struct portmap_driver *driver,
                                   const struct interfaces *interfaces);

/* Our UDP port that is to be reached from outside; 0: none, which ends a mapping. */
void portmap_driver_set_port(struct portmap_driver *driver, uint16_t port);

/* Asks the router for what has not been seen within ten minutes. */
void portmap_driver_probe(struct portmap_driver *driver);

void portmap_driver_report(const struct portmap_driver *driver, struct netcheck_portmap *out);

/* Which service the mapping in force is of; PORTMAP_SERVICES if there is none. */
enum portmap_service portmap_driver_mapped_by(const struct portmap_driver *driver);

#endif
