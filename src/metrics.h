/*
 * What `derptop export` gives to a collector: counters, gauges and latency histograms of any number
 * of workspaces, in the OpenMetrics text format 1.0. A reader of snapshots, which tell much of one
 * workspace (the selected one) and a little of all: so it says which one it wants to see next, and
 * remembers what it saw. Pure.
 */
#ifndef SRC_METRICS_H
#define SRC_METRICS_H

#include <stdio.h>

#include "net/monitor/snapshot.h"

enum {
    METRICS_TARGETS_MAX = 64,
    METRICS_AGENTS_MAX = 64, /* as many as the core keeps connected */
};

#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

struct metrics;

/* `targets`, "[owner/]name[.agent]", are borrowed; none: all that there are. Never NULL. */
struct metrics *metrics_new(const char *const *targets, size_t count);
void metrics_free(struct metrics *metrics);

/* Takes what is new. */
void metrics_take(struct metrics *metrics, const struct snapshot *snapshot);

/* The agent that should be selected next, in turn; false: there is none to watch. */
bool metrics_next(struct metrics *metrics, struct uuid *agent);

/* The nth target that no workspace matches; NULL: no more. Once the list of workspaces is known. */
const char *metrics_missing(const struct metrics *metrics, size_t n);

/* How many agents are wanted, and not among the METRICS_AGENTS_MAX that are watched. */
size_t metrics_left_out(const struct metrics *metrics);

/* The whole exposition, "# EOF" included. */
void metrics_write(const struct metrics *metrics, mono_ns now, FILE *out);

#endif
