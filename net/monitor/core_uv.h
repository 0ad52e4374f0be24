/*
 * The core: one deployment, its workspaces, the agents that are watched. Owns REST, the coordinator
 * session, the relays and the watches; takes commands; publishes snapshots. Runs on one loop, in a
 * thread of its own (core_thread_uv.h).
 */
#ifndef NET_MONITOR_CORE_UV_H
#define NET_MONITOR_CORE_UV_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "net/base/log.h"
#include "net/control/settings.h"
#include "net/diagnose/aws_ranges.h"
#include "net/diagnose/diagnose.h"
#include "net/monitor/command.h"
#include "net/monitor/grade.h"
#include "net/monitor/snapshot.h"

/* Agents that stay connected when another is selected. */
enum { CORE_WATCHES_MAX = 64, CORE_WATCHES_USUAL = 5 };

struct core_options {
    const struct settings *settings; /* borrowed until the core is closed */
    const char *target;              /* "[owner/]name[.agent]"; NULL = the first that runs */
    bool lab;                        /* the deployment is our own (shown in the title) */
    bool keep_list;                  /* list the workspaces and keep the list live */
    bool select_none;                /* without a target: wait for a command that selects */
    bool headless;                   /* the first failure to find the target is final */
    bool must_find;                  /* so is the answer that there is no such target */
    size_t watches_max;              /* at most CORE_WATCHES_MAX; 0 = CORE_WATCHES_USUAL */
    uint64_t interval_ns;            /* between probes */
    uint64_t timeout_ns;             /* a probe without answer is lost after it */
    uint64_t beats_max;              /* probes in all; 0 = no end */
    struct grade_limits grade;       /* of latency; zeroes = the defaults */
    struct diagnose_limits limits;   /* of loss and jitter; zeroes = the defaults */
    const struct aws_ranges *aws;    /* borrowed, as its prefixes; NULL = the bundled list */
    const char *note;                /* the log's first line; NULL = none */
    enum log_level log_least;
    void (*log_sink)(void *owner,
                     const struct log_line *line); /* may be NULL; from the core's thread */
    void *log_owner;
};

struct core;

/* Starts at once. `wake` is called from the core's thread after each publication.
 * Failure: settings that cannot work (*why). */
NET_MUST_USE enum net_err core_new(uv_loop_t *loop, const struct core_options *options,
                                   struct snapshot_box *box, void (*wake)(void *owner), void *owner,
                                   struct core **out, struct failure *why);

void core_command(struct core *core, const struct command *command);

/* Says goodbye to the coordinator (at most 1 s), closes everything, frees, then calls `closed`. */
void core_close(struct core *core, void (*closed)(void *owner), void *owner);

#endif
