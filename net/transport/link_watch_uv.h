/*
 * Tells when this computer's network is another one: an address, a link or the default route
 * changed (interfaces_same says what counts), or the computer slept.
 */
#ifndef NET_TRANSPORT_LINK_WATCH_UV_H
#define NET_TRANSPORT_LINK_WATCH_UV_H

#include <uv.h>

#include "net/transport/interfaces.h"

enum {
    LINK_WATCH_CALM_MS = 100,     /* changes come in bursts: looked at so long after the first */
    LINK_WATCH_PERIOD_S = 5,      /* how often to look where the system does not tell */
    LINK_WATCH_SLEEP_CHECK_S = 10 /* how often to see whether it slept, where it tells the rest */
};

enum link_change { LINK_CHANGED, LINK_RESUMED };

struct link_watch;

/* Never NULL. `changed` is called from the loop; it may close the watch. */
struct link_watch *link_watch_new(uv_loop_t *loop,
                                  void (*changed)(void *owner, enum link_change what), void *owner);

/* No call-back comes after this. Frees on the loop. */
void link_watch_close(struct link_watch *watch);

#endif
