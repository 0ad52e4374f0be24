/*
 * What every headless command stands on: what it must know to begin with, and a loop that is woken
 * by the core's snapshots and by signals. The command embeds it, and says what to do with each.
 */
#ifndef SRC_HEADLESS_UV_H
#define SRC_HEADLESS_UV_H

#include <uv.h>

#include "net/diagnose/aws_ranges.h"
#include "net/monitor/core_thread_uv.h"
#include "src/config.h"
#include "src/options.h"

/* Loads the settings file, the settings of the deployment and AWS's ranges, calls `body` with them
 * and clears them. Returns what `body` returns; what cannot be loaded is told on stderr, and its
 * exit status returned. */
int headless_command(const struct options *options,
                     int (*body)(const struct options *options, const struct config *config,
                                 const struct settings *settings, const struct aws_ranges *aws));

struct headless {
    uv_loop_t loop; /* further handles of the command's: closed by it before headless_close */
    uv_async_t async;
    uv_signal_t interrupt, terminate;
    struct snapshot_box *box;
    struct core_thread *thread; /* NULL: not started */
    int status;                 /* the exit status; EXIT_DONE until it is said */
    void (*take)(void *owner, const struct snapshot *s);
    void (*interrupted)(void *owner, int status);
    void *owner;
};

/* `take` gets each fresh snapshot, borrowed for the call. `interrupted` gets the exit status that
 * goes with SIGINT or SIGTERM; NULL: the run stops with it. */
void headless_open(struct headless *headless, void (*take)(void *owner, const struct snapshot *s),
                   void (*interrupted)(void *owner, int status), void *owner);

/* The log as -v asks for it. */
void headless_log(const struct options *options, struct core_options *core);

/* Starts the core and returns when headless_stop was called, or at once if it cannot be started:
 * then *why says why, and the status is set. */
NET_MUST_USE enum net_err headless_run(struct headless *headless, const struct core_options *core,
                                       struct failure *why);

/* From within the loop. */
void headless_stop(struct headless *headless, int status);

/* Ends the core and frees what is its own. */
void headless_close(struct headless *headless);

#endif
