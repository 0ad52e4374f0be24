/*
 * A grid of cells: what panels draw into. Knows no terminal. Text is cut by columns, never inside a
 * character; a wide character takes two cells, a combining one joins the cell before it.
 */
#ifndef UI_CANVAS_H
#define UI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>

#include "net/base/err.h"
#include "ui/glyphs.h"
#include "ui/style.h"

enum { CELL_TEXT = 20, CANVAS_SIDE_MAX = 1000, CANVAS_LINK = 160 };

struct cell {
    char text[CELL_TEXT]; /* UTF-8; "" = the right half of a wide character */
    unsigned char style;  /* enum style */
    bool link;            /* leads to the canvas's address */
};

struct rect {
    int row, col, rows, cols;
};

struct canvas {
    int rows, cols;
    const struct glyphs *glyphs;
    char link[CANVAS_LINK]; /* "" = there is none */
    struct cell *cells;
};

/* A blank canvas; each side is cut to 0..CANVAS_SIDE_MAX. */
void canvas_init(struct canvas *canvas, int rows, int cols, const struct glyphs *glyphs);
void canvas_clear(struct canvas *canvas);

static inline struct rect canvas_all(const struct canvas *canvas)
{
    return (struct rect){.rows = canvas->rows, .cols = canvas->cols};
}

/* What is inside a box drawn around `rect`. */
static inline struct rect rect_inner(struct rect rect)
{
    return (struct rect){rect.row + 1, rect.col + 1, rect.rows - 2, rect.cols - 2};
}

/* The cell, or NULL outside the canvas. */
struct cell *canvas_cell(const struct canvas *canvas, int row, int col);

/* Puts one sign of one column. */
void canvas_put(struct canvas *canvas, int row, int col, enum style style, const char *sign);

/* Writes text from (row, col) of the rectangle, at most to its right edge, with an ellipsis where
 * it was cut. Returns the columns used. Rows and columns outside are ignored. */
int canvas_text(struct canvas *canvas, struct rect rect, int row, int col, enum style style,
                const char *text);
int canvas_print(struct canvas *canvas, struct rect rect, int row, int col, enum style style,
                 const char *format, ...) NET_PRINTF(6, 7);

/* Writes text only where all of it fits: a number that is cut would be another one. Returns the
 * columns used, 0 if it was left out. */
int canvas_whole(struct canvas *canvas, struct rect rect, int row, int col, enum style style,
                 const char *format, ...) NET_PRINTF(6, 7);

/* Writes text in as many rows as it takes, broken between words; the first begins at `col`, as do
 * the others. Returns the rows used, also where they are outside. */
int canvas_wrap(struct canvas *canvas, struct rect rect, int row, int col, enum style style,
                const char *text);

/* The same, ending at the rectangle's right edge. */
void canvas_right(struct canvas *canvas, struct rect rect, int row, enum style style,
                  const char *text);

/* What is written in these rows of the rectangle leads to the address, in terminals that have
 * links; one address a canvas. One that is not plain https:// is none. */
void canvas_link(struct canvas *canvas, struct rect rect, int row, int rows, const char *address);

/* Spaces over the whole rectangle. */
void canvas_fill(struct canvas *canvas, struct rect rect, enum style style);

/* Changes the style of a row of the rectangle, keeping its text. */
void canvas_row_style(struct canvas *canvas, struct rect rect, int row, enum style style);

/* A box with a title at its upper left and a note at its upper right (both may be NULL). */
void canvas_box(struct canvas *canvas, struct rect rect, const char *title, const char *note);

/* A note in the lower edge of a box, at its right. */
void canvas_box_foot(struct canvas *canvas, struct rect rect, const char *note);

/* Shows (or not) that this box is the one that keys go to. */
void canvas_box_focus(struct canvas *canvas, struct rect rect, bool focus);

/* Columns that a text takes. */
int text_columns(const char *text);

/* The canvas as lines of text, each ended by a newline, blanks at the ends cut (tests). Free it. */
char *canvas_dump(const struct canvas *canvas);

#endif
