/*
 * Bars side by side, with what the terminal has: braille (two bars a cell, four steps a row), half
 * blocks (one bar, two steps) or ASCII (one bar, one step). And sparklines.
 */
#ifndef UI_PLOT_H
#define UI_PLOT_H

#include <stdint.h>

#include "net/monitor/snapshot.h"
#include "ui/canvas.h"

struct bar {
    unsigned height; /* in steps; 0 = none */
    enum style style;
    bool hatched;  /* a lighter body below its top line */
    unsigned line; /* hatched: how far down the line goes, to meet its neighbour's */
};

size_t plot_per_cell(const struct glyphs *glyphs);
unsigned plot_height(const struct glyphs *glyphs, int rows); /* steps */

/* plot_per_cell bars for each column of the rectangle. */
void plot_bars(struct canvas *canvas, struct rect plot, const struct bar *bars);

/* The last round trips of a workspace as a line of signs, oldest first, as many as there is room
 * for on the right of `col`. `most` is what the highest sign stands for; 0 = the greatest of them.
 */
void spark_draw(struct canvas *canvas, struct rect rect, int row, int col,
                const struct snapshot_workspace *of, uint32_t most);

enum style path_style(enum path_kind path);

#endif
