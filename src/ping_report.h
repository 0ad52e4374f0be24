/*
 * What `derptop ping` prints: a pong a line, the summary, and then the state of each step.
 */
#ifndef SRC_PING_REPORT_H
#define SRC_PING_REPORT_H

#include "net/monitor/snapshot.h"
#include "src/options.h"

/* One finished probe, numbered from 1. */
void ping_report_sample(const struct options *options, const struct snapshot *s, uint64_t number,
                        const struct snapshot_sample *sample);

/* The first direct pong after relayed ones: how long it took. */
void ping_report_direct(const struct options *options, const struct snapshot *s);

/* The path became another one (JSON alone). */
void ping_report_change(const struct options *options, const struct snapshot_change *change);

/* The end: figures, then the steps. `interrupted` by the user. */
void ping_report_end(const struct options *options, const struct snapshot *s);

/* Which way the last ping came of those that have their result; PATH_NONE: it was lost, or there is
 * none. */
enum path_kind ping_last_path(const struct snapshot *s);

/* The step on which it stands; LADDER_STEPS when all are done. */
enum ladder_step ping_stopped_at(const struct snapshot *s);

#endif
