/*
 * Tells when this computer's network is another one: an address, a link or the default route
 * changed, or the computer slept.
 */
#ifndef NET_TRANSPORT_LINK_WATCH_UV_H
#define NET_TRANSPORT_LINK_WATCH_UV_H

#include <uv.h>

#include "net/transport/interfaces.h"

enum {
    LINK_WATCH_CALM_MS = 100, /* changes come in bursts: told after so much quiet */
    LINK_WATCH_PERIOD_S = 5,  /* how often to look where the system does not tell */
    LINK_WATCH_SLEEP_CHECK_S = 10,
    LINK_WATCH_SLEPT_S = 5, /* so much more time than expected has passed: it slept */
};

enum link_change { LINK_CHANGED, LINK_RESUMED };

struct link_watch;

/* Never NULL. `changed` is called from the loop. */
struct link_watch *link_watch_new(uv_loop_t *loop,
                                  void (*changed)(void *owner, enum link_change what), void *owner);

/* No call-back comes after this. Frees on the loop. */
void link_watch_close(struct link_watch *watch);

#endif
