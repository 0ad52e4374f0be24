#include "ui/canvas_text.h"

/* "\033[0;1;38;5;32m": from nothing, so that no row depends on the one before. */
static void start_style(enum theme theme, enum style style, FILE *out)
{
    const struct look *look = theme_look(theme, style);
    unsigned wanted = theme == THEME_MONO ? look->attributes_mono : look->attributes;
    (void)fputs("\033[0", out);
    (void)fputs((wanted & LOOK_BOLD) != 0 ? ";1" : "", out);
    (void)fputs((wanted & LOOK_DIM) != 0 ? ";2" : "", out);
    (void)fputs((wanted & LOOK_REVERSE) != 0 ? ";7" : "", out);
    if (theme != THEME_MONO && look->color_256 != COLOR_OWN) {
        (void)fprintf(out, ";38;5;%d", look->color_256);
    }
    (void)fputc('m', out);
}

static bool is_blank(const struct cell *cell)
{
    return cell->text[0] == ' ' && cell->style == STYLE_TEXT;
}

static void write_row(const struct canvas *canvas, int row, enum theme theme, FILE *out)
{
    int end = canvas->cols;
    enum style style = STYLE_TEXT;
    while (end > 0 && is_blank(canvas_cell(canvas, row, end - 1))) {
        end--;
    }
    for (int col = 0; col < end; col++) {
        const struct cell *cell = canvas_cell(canvas, row, col);
        if ((enum style)cell->style != style) {
            style = (enum style)cell->style;
            start_style(theme, style, out);
        }
        (void)fputs(cell->text, out);
    }
    (void)fputs(style == STYLE_TEXT ? "\n" : "\033[0m\n", out);
}

void canvas_ansi(const struct canvas *canvas, enum theme theme, FILE *out)
{
    for (int row = 0; row < canvas->rows; row++) {
        write_row(canvas, row, theme, out);
    }
}
