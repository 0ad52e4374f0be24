/*
 * The canvas copied to curses, which sends what changed. Only term.c includes this.
 */
#ifndef UI_CANVAS_CURSES_H
#define UI_CANVAS_CURSES_H

#include <stdbool.h>

#include "ui/canvas.h"
#include "ui/theme.h"

/* Prepares the colours that the terminal has; without them styles are attributes alone. */
void canvas_curses_start(bool colors);
void canvas_curses_theme(enum theme theme);

/* Whether the terminal has links (OSC 8): curses knows nothing of them. */
void canvas_curses_links(bool known);
void canvas_curses_show(const struct canvas *canvas, bool anew);

#endif
