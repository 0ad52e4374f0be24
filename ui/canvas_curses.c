#include "ui/canvas_curses.h"

#define NCURSES_NOMACROS 1
#include <curses.h>

#include "ui/theme.h"

enum { RICH = 256 };

static bool in_color;

void canvas_curses_start(bool colors)
{
    /* COLORS is known only after start_color. */
    in_color = colors && has_colors() && start_color() == OK && COLORS >= 8;
    if (!in_color) {
        return;
    }
    (void)use_default_colors();
    for (int style = 0; style < STYLE_COUNT; style++) {
        const struct look *look = theme_look((enum style)style);
        (void)init_pair((short)(style + 1), COLORS >= RICH ? look->color_256 : look->color_8, -1);
    }
}

static attr_t attributes_of(enum style style)
{
    const struct look *look = theme_look(style);
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
