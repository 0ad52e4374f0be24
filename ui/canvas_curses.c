#include "ui/canvas_curses.h"

#include <stdio.h>
#include <string.h>

#define NCURSES_NOMACROS 1
#include <curses.h>

#include "ui/theme.h"

enum { COLORS_FEW = 8, COLORS_SOME = 16, COLORS_RICH = 256 };

static bool in_color;
static enum theme shown_theme;
static bool has_links;
static int link_row, link_rows; /* where there is one on the screen */

/* Beyond 256 colours a number is not an entry of the palette but the colour itself. */
static int color_of(const struct look *look)
{
    if (look->color_256 == COLOR_OWN) {
        return COLOR_OWN;
    }
    return COLORS > COLORS_RICH    ? (int)theme_rgb(look->color_256)
           : COLORS == COLORS_RICH ? look->color_256
           : COLORS >= COLORS_SOME ? look->color_16
                                   : look->color_8;
}

void canvas_curses_theme(enum theme theme)
{
    shown_theme = theme;
    for (int style = 0; in_color && style < STYLE_COUNT; style++) {
        (void)init_extended_pair(style + 1, color_of(theme_look(theme, (enum style)style)), -1);
    }
}

void canvas_curses_start(bool colors)
{
    /* COLORS is known only after start_color. The palette is the user's: it is never redefined. */
    in_color = colors && has_colors() && start_color() == OK && COLORS >= COLORS_FEW;
    if (in_color) {
        (void)use_default_colors();
    }
}

static attr_t attributes_of(enum style style)
{
    const struct look *look = theme_look(shown_theme, style);
    unsigned wanted = in_color ? look->attributes : look->attributes_mono;
    attr_t out = A_NORMAL;
    out |= (wanted & LOOK_BOLD) != 0 ? A_BOLD : 0;
    out |= (wanted & LOOK_DIM) != 0 ? A_DIM : 0;
    out |= (wanted & LOOK_REVERSE) != 0 ? A_REVERSE : 0;
    return out;
}

void canvas_curses_links(bool known)
{
    has_links = known;
}

static bool is_link(const struct canvas *canvas, int row, int col)
{
    const struct cell *cell = canvas_cell(canvas, row, col);
    return cell != NULL && cell->link;
}

static bool row_has_link(const struct canvas *canvas, int row)
{
    int col = 0;
    while (col < canvas->cols && !is_link(canvas, row, col)) {
        col++;
    }
    return col < canvas->cols;
}

/* A cell stays a link in the terminal until it is written again: curses writes only what differs.
 */
static void clear_links(const struct canvas *canvas)
{
    int first = 0;
    while (first < canvas->rows && !row_has_link(canvas, first)) {
        first++;
    }
    int rows = 0;
    while (first + rows < canvas->rows && row_has_link(canvas, first + rows)) {
        rows++;
    }
    if (link_rows > 0 && (first != link_row || rows != link_rows)) {
        (void)wredrawln(stdscr, link_row, link_rows);
    }
    link_row = first;
    link_rows = rows;
}

/* Over what curses has written, with the same text; the cursor and its attributes are put back. */
static void write_links(const struct canvas *canvas)
{
    for (int row = link_row; row < link_row + link_rows; row++) {
        for (int col = 0; col < canvas->cols; col++) {
            if (!is_link(canvas, row, col)) {
                continue;
            }
            (void)printf("\0337\033[%d;%dH\033[0m\033]8;id=more;%s\033\\", row + 1, col + 1,
                         canvas->link);
            for (; is_link(canvas, row, col); col++) {
                (void)fputs(canvas_cell(canvas, row, col)->text, stdout);
            }
            (void)fputs("\033]8;;\033\\\0338", stdout);
        }
    }
    (void)fflush(stdout);
}

void canvas_curses_show(const struct canvas *canvas, bool anew)
{
    if (anew) {
        (void)clearok(curscr, TRUE);
    }
    if (has_links) {
        clear_links(canvas);
    }
    (void)werase(stdscr);
    for (int row = 0; row < canvas->rows; row++) {
        for (int col = 0; col < canvas->cols; col++) {
            const struct cell *cell = canvas_cell(canvas, row, col);
            enum style style = (enum style)cell->style;
            if (cell->text[0] == '\0' || (cell->text[0] == ' ' && style == STYLE_TEXT)) {
                continue;
            }
            short pair = in_color ? (short)(style + 1) : 0;
            (void)wattr_set(stdscr, attributes_of(style), pair, NULL);
            (void)mvwaddstr(stdscr, row, col, cell->text);
        }
    }
    (void)wattr_set(stdscr, A_NORMAL, 0, NULL);
    (void)wmove(stdscr, canvas->rows > 0 ? canvas->rows - 1 : 0, 0);
    (void)wnoutrefresh(stdscr);
    (void)doupdate();
    if (has_links) {
        write_links(canvas);
    }
}
