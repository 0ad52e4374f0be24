/*
 * The core in its own thread: start, commands through a queue, stop.
 */
#ifndef NET_MONITOR_CORE_THREAD_UV_H
#define NET_MONITOR_CORE_THREAD_UV_H

#include "net/monitor/core_uv.h"

struct core_thread;

/* Starts the thread. `wake` is called from it after each publication. Signals are
 * blocked in it, but for those of faults. */
NET_MUST_USE enum net_err core_thread_start(const struct core_options *options,
                                            struct snapshot_box *box, void (*wake)(void *owner),
                                            void *owner, struct core_thread **out,
                                            struct failure *why);

/* Queues a command; from any thread. */
void core_thread_send(struct core_thread *thread, const struct command *command);

/* Ends the core in order, waits for the thread (about a second at most) and frees. */
void core_thread_stop(struct core_thread *thread);

#endif
