/*
 * The terminal: opened, asked for keys, and left as it was, however the program ends.
 *
 * This file's two sources (term.c, canvas_curses.c) are the only ones that know curses. One
 * terminal a process: the state is global, as curses' own is.
 */
#ifndef UI_TERM_H
#define UI_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "net/base/err.h"
#include "ui/canvas.h"

struct term_options {
    bool ascii;        /* ASCII signs, whatever the locale */
    const char *color; /* "auto", "always", "never" */
};

/* Opens standard input and output as a full-screen terminal. NET_ERR_USAGE with *why, one sentence:
 * not a terminal, no cursor addressing (TERM=dumb), an unknown TERM. From now on fatal signals
 * restore the terminal first, and stderr is kept aside until term_close. */
NET_MUST_USE enum net_err term_open(const struct term_options *options, struct failure *why);

/* Restores the terminal and prints what stderr kept. Safe to call when it is not open. */
void term_close(void);

/* Leaves the screen for the shell, and comes back. */
void term_suspend(void);
void term_resume(void);

/* The signs that this terminal and locale can show. */
const struct glyphs *term_glyphs(void);
void term_size(int *rows, int *cols);

/* The next key (enum key), KEY_NONE when there is none. *end: the terminal is gone. */
int term_key(bool *end);

/* Shows the canvas: what changed since the last time goes out. `anew`: everything. */
void term_show(const struct canvas *canvas, bool anew);

/* Sets the title of the window, where the terminal has one. */
void term_title(const char *title);

#endif
