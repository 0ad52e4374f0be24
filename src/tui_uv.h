/*
 * The main thread's loop of the full screen: keys, signals, snapshots, frames.
 */
#ifndef SRC_TUI_UV_H
#define SRC_TUI_UV_H

#include <stdbool.h>

#include <uv.h>

#include "net/base/err.h"
#include "net/monitor/command.h"
#include "net/monitor/snapshot.h"
#include "ui/app.h"

struct tui_options {
    bool ascii, mouse;
    bool mask;          /* names and addresses, from the start */
    bool keep;          /* a summary is left behind however one quits */
    const char *target; /* WORKSPACE as it was given, which a mask must know; NULL = none */
    const char *color, *graph;
    const char *theme;   /* a name, or "auto" */
    const char *welcome; /* there are no credentials: what was looked for; else NULL */
    const char *said;    /* with `welcome`: what the last row says at first */
    enum app_notify notify;
    const struct keys *keys;  /* as the user has set them; NULL = the defaults */
    const char *state_folder; /* where favourites are kept, and what is muted; NULL = nowhere */
};

struct tui;

/* Opens the terminal. `send` is called from the main thread with what a key asks.
 * Failures: see term_open. */
NET_MUST_USE enum net_err tui_new(const struct tui_options *options, struct snapshot_box *box,
                                  struct tui **out, struct failure *why);

/* Whether the lab was asked for, in place of a deployment. */
bool tui_wants_lab(const struct tui *tui);

/* Whether credentials are to be looked for again. */
bool tui_wants_again(const struct tui *tui);

/* Whether names and addresses were masked at the end. */
bool tui_is_masked(const struct tui *tui);

/* The loop that tui_run turns, for handles of the caller's; to be closed before tui_free. */
uv_loop_t *tui_loop(struct tui *tui);

/* There is a new snapshot; from any thread. */
void tui_wake(void *tui);

/* Shows and listens until the end, and restores the terminal. Returns the exit status: 0, or 128
 * and the signal's number. */
int tui_run(struct tui *tui, void (*send)(void *owner, const struct command *command), void *owner);

/* Frees; restores the terminal if tui_run was never called. */
void tui_free(struct tui *tui);

#endif
