/*
 * The loopback deployment as a child process: what `--lab` starts. (lwIP's state is global, one
 * stack a process, so it is never part of the client's.)
 *
 * The child is our own executable. Its token comes over a pipe, never on a command line. Its
 * standard input is a pipe that we hold: when we end, in whatever way, it ends too. It has a
 * session of its own, so a Ctrl-C at the terminal is ours to handle.
 */
#ifndef SRC_LAB_CHILD_UV_H
#define SRC_LAB_CHILD_UV_H

#include <uv.h>

#include "net/base/err.h"
#include "src/lab_options.h"

enum { LAB_CHILD_READY_SECONDS = 15, LAB_CHILD_LINE_MAX = 64 << 10 };

struct lab_child;

struct lab_child_handlers {
    /* It is up. Borrowed texts; the token is secret. */
    void (*ready)(void *owner, const char *url, const char *token);
    /* It did not come up, or ended by itself. Comes at most once, and not after lab_child_close. */
    void (*ended)(void *owner, const struct failure *failure);
};

/* `executable` NULL = our own. Options json and stdin_eof are set by this function. NET_ERR_IO with
 * *why: it cannot be started. Handlers are called from the loop. */
NET_MUST_USE enum net_err lab_child_start(uv_loop_t *loop, const struct lab_options *options,
                                          const char *executable,
                                          const struct lab_child_handlers *handlers, void *owner,
                                          struct lab_child **out, struct failure *why);

/* Its process id. */
int lab_child_pid(const struct lab_child *child);

/* Ends the child if it still runs and frees on the loop, when it has been reaped; then calls
 * `closed` (may be NULL). No other handler is called after this. */
void lab_child_close(struct lab_child *child, void (*closed)(void *owner), void *owner);

#endif
