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
#include "ui/theme.h"

struct term_options {
    bool ascii;        /* ASCII signs, whatever the locale */
    const char *color; /* "auto", "always", "never" */
    const char *graph; /* "auto", "braille", "block", "ascii" */
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

/* Takes the terminal's modes back, after somebody else stopped and continued the process. */
void term_retake(void);

/* What is to be said of how it was opened: a TERM that is not known here, for which another entry
 * of terminfo stands in. NULL: nothing. */
const char *term_note(void);

/* The signs that this terminal and locale can show. */
const struct glyphs *term_glyphs(void);
void term_size(int *rows, int *cols);

/* The next key (enum key), KEY_NONE when there is none. *end: the terminal is gone. */
int term_key(bool *end);

/* Shows the canvas: what changed since the last time goes out. `anew`: everything. */
void term_show(const struct canvas *canvas, bool anew);

/* False while what was shown before is still on its way: a slow line is not given more. */
bool term_can_show(void);

void term_theme(enum theme theme);

/* A guess at the theme, from what the terminal says of itself. */
enum theme term_theme_guess(void);

/* Reports of clicks and of the wheel, as KEY_CODE_MOUSE. They take the terminal's own selection
 * away, so they are off at first. */
void term_mouse(bool on);

/* Where the last KEY_CODE_MOUSE was; wheel: -1 up, 1 down, 0 a click. */
struct term_click {
    int row, col, wheel;
};
struct term_click term_clicked(void);

/* The bell; or a desktop notification (OSC 9 and OSC 777) where the terminal may have them. */
void term_bell(void);
void term_notify(const char *text);

/* Puts text into the clipboard, where the terminal does that (OSC 52); nothing tells whether it
 * did.
 */
bool term_copy(const char *text);

/* Sets the title of the window, where the terminal has one. */
void term_title(const char *title);

/* "ncurses 6.4.20221231". Static. */
const char *term_library(void);

#endif
