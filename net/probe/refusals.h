/*
 * A line in the log for each kind of WireGuard datagram that was refused, once in a while.
 */
#ifndef NET_PROBE_REFUSALS_H
#define NET_PROBE_REFUSALS_H

#include "net/base/log_limit.h"
#include "net/tunnel/wg_device.h"

enum { REFUSALS_KINDS = 6 };

struct refusals {
    struct wg_refusals seen;
    struct log_limit limits[REFUSALS_KINDS];
};

/* `counts` of the device after a datagram was refused: what grew is said. `log` may be NULL. */
void refusals_note(struct refusals *refusals, struct log *log, mono_ns now,
                   const struct wg_refusals *counts);

#endif
