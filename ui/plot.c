#include "ui/plot.h"

enum { BRAILLE_ROWS = 4, BRAILLE_COLS = 2, BLOCK_ROWS = 2 };

size_t plot_per_cell(const struct glyphs *glyphs)
{
    return glyphs->graph == GRAPH_BRAILLE ? BRAILLE_COLS : 1;
}

unsigned plot_height(const struct glyphs *glyphs, int rows)
{
    unsigned each = glyphs->graph == GRAPH_BRAILLE ? BRAILLE_ROWS
                    : glyphs->graph == GRAPH_BLOCK ? BLOCK_ROWS
                                                   : 1;
    return (unsigned)(rows < 0 ? 0 : rows) * each;
}

enum style path_style(enum path_kind path)
{
    return path == PATH_DIRECT ? STYLE_DIRECT : path == PATH_DERP ? STYLE_RELAY : STYLE_DIM;
}

/* Whether the dot at that height (0 = the lowest) is set: all of a solid bar; of a hatched one the
 * line on its top, and below it every second dot of the left column. */
static bool dot_set(const struct bar *bar, unsigned half, unsigned at)
{
    if (at >= bar->height) {
        return false;
    }
    return !bar->hatched || at + 1 == bar->height || at >= bar->line || (half == 0 && at % 2 == 1);
}

static void braille_text(unsigned mask, char out[5])
{
    unsigned code = 0x2800 + mask;
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
    out[3] = '\0';
}

/* The dots of one cell: those of the two bars it shows, from the height `base` up. */
static unsigned braille_mask(const struct bar *pair, unsigned base)
{
    static const unsigned bits[BRAILLE_COLS][BRAILLE_ROWS] = {
        {0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}}; /* from the lowest dot up */
    unsigned mask = 0;
    for (unsigned half = 0; half < BRAILLE_COLS; half++) {
        for (unsigned dot = 0; dot < BRAILLE_ROWS; dot++) {
            mask |= dot_set(&pair[half], half, base + dot) ? bits[half][dot] : 0;
        }
    }
    return mask;
}

static void draw_braille(struct canvas *canvas, struct rect plot, const struct bar *bars)
{
    for (int col = 0; col < plot.cols; col++) {
        const struct bar *pair = &bars[(size_t)col * BRAILLE_COLS];
        for (int row = 0; row < plot.rows; row++) {
            unsigned base = (unsigned)(plot.rows - 1 - row) * BRAILLE_ROWS;
            unsigned mask = braille_mask(pair, base);
            if (mask != 0) {
                char text[5];
                /* One colour a cell: that of the later bar that reaches into it. */
                enum style style = pair[1].height > base ? pair[1].style : pair[0].style;
                braille_text(mask, text);
                canvas_put(canvas, plot.row + row, plot.col + col, style, text);
            }
        }
    }
}

/* Whole cells below the top; the top is half a cell or a whole one. */
static void draw_cells(struct canvas *canvas, struct rect plot, const struct bar *bars)
{
    const struct glyphs *g = canvas->glyphs;
    unsigned each = plot_height(g, 1);
    for (int col = 0; col < plot.cols; col++) {
        const struct bar *bar = &bars[col];
        int cells = (int)((bar->height + each - 1) / each);
        bool half = bar->height % each != 0;
        for (int i = 0; i < cells; i++) {
            const char *sign = bar->hatched ? g->body_relay : g->body_direct;
            if (i + 1 == cells) {
                sign = bar->hatched ? g->top_relay[half ? 0 : 1] : g->top_direct[half ? 0 : 1];
            }
            canvas_put(canvas, plot.row + plot.rows - 1 - i, plot.col + col, bar->style, sign);
        }
    }
}

void plot_bars(struct canvas *canvas, struct rect plot, const struct bar *bars)
{
    if (canvas->glyphs->graph == GRAPH_BRAILLE) {
        draw_braille(canvas, plot, bars);
    } else {
        draw_cells(canvas, plot, bars);
    }
}

void spark_draw(struct canvas *canvas, struct rect rect, int row, int col,
                const struct snapshot_workspace *of, uint32_t most)
{
    enum { LEVELS = 8 };
    size_t room = rect.cols > col ? (size_t)(rect.cols - col) : 0;
    size_t from = of->spark_count > room ? of->spark_count - room : 0;
    uint32_t top = most == 0 ? 1 : most;
    for (size_t i = from; i < of->spark_count && most == 0; i++) {
        top = of->spark_us[i] > top ? of->spark_us[i] : top;
    }
    for (size_t i = from; i < of->spark_count && row >= 0 && row < rect.rows; i++) {
        int at = rect.col + col + (int)(i - from);
        uint32_t us = of->spark_us[i];
        uint64_t level = (uint64_t)us * (LEVELS - 1) / top;
        level = level >= LEVELS ? LEVELS - 1 : level;
        canvas_put(canvas, rect.row + row, at, us == 0 ? STYLE_LOST : path_style(of->spark_path[i]),
                   us == 0 ? canvas->glyphs->lost : canvas->glyphs->spark[level]);
    }
}
