/*
 * A canvas as text with colours (ANSI escapes), as a file keeps it.
 */
#ifndef UI_CANVAS_TEXT_H
#define UI_CANVAS_TEXT_H

#include <stdio.h>

#include "ui/canvas.h"
#include "ui/theme.h"

/* Row after row, each ended by a newline and with its colours closed; blanks at its end are cut.
 * Holds no other control character than those. `cat` shows it on any terminal of 256 colours. */
void canvas_ansi(const struct canvas *canvas, enum theme theme, FILE *out);

#endif
