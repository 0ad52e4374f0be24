#include "ui/canvas_curses.h"

#define NCURSES_NOMACROS 1
#include <curses.h>

#include "ui/theme.h"

enum { COLORS_FEW = 8, COLORS_SOME = 16, COLORS_RICH = 256 };

static bool in_color;
static enum theme shown_theme;

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

void canvas_curses_show(const struct canvas *canvas, bool anew)
{
    if (anew) {
        (void)clearok(curscr, TRUE);
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
}
