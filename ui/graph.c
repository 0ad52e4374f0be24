#include "ui/graph.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "ui/graph_marks.h"
#include "ui/heat.h"
#include "ui/panels.h"
#include "ui/plot.h"
#include "ui/stretch.h"

enum {
    LABEL_COLS = 8, /* "   80ms┤" */
    ROWS_MIN = 4,   /* two of plot, marks, times */
    COLS_MIN = 8,
    STRIP_ROWS_MIN = 6, /* from here on the path has a row in words */
};

static void label_text(uint64_t us, bool unit, char *out, size_t size)
{
    const char *word = unit ? "ms" : "";
    if (us >= 10 * NS_PER_SEC / NS_PER_US) {
        text_format(out, size, "%.3g%s", (double)us / 1e6, unit ? "s" : "");
    } else if (us % 1000 == 0) {
        text_format(out, size, "%llu%s", (unsigned long long)(us / 1000), word);
    } else {
        text_format(out, size, "%.3g%s", (double)us / 1000.0, word);
    }
}

void graph_y_axis(struct canvas *canvas, struct rect plot, const struct scale *scale,
                  void (*text)(uint64_t value, bool unit, char *out, size_t size))
{
    enum { TICKS_MAX = 12, APART = 3 };
    struct scale_tick ticks[TICKS_MAX];
    struct rect labels = {plot.row, plot.col - LABEL_COLS, plot.rows, LABEL_COLS - 1};
    size_t count = scale_ticks(scale, plot.rows, APART, ticks, TICKS_MAX);
    for (int row = 0; row < plot.rows; row++) {
        canvas_put(canvas, plot.row + row, plot.col - 1, STYLE_DIM, canvas->glyphs->axis_v);
    }
    for (size_t i = 0; i < count; i++) {
        char label[16];
        text(ticks[i].value, i == 0, label, sizeof label);
        canvas_right(canvas, labels, ticks[i].row, STYLE_DIM, label);
        canvas_put(canvas, plot.row + ticks[i].row, plot.col - 1, STYLE_DIM,
                   canvas->glyphs->tick_v);
    }
}

/* --- the lines below the plot ----------------------------------------------------------------- */

static void row_name(struct canvas *canvas, struct rect plot, int row, const char *name)
{
    struct rect labels = {row, plot.col - LABEL_COLS, 1, LABEL_COLS - 2};
    (void)canvas_text(canvas, labels, 0, 1, STYLE_DIM, name);
}

static enum path_kind path_of_cell(const struct slice *slices, size_t per_cell, int cell)
{
    enum path_kind path = PATH_NONE;
    for (size_t i = 0; i < per_cell; i++) {
        const struct slice *slice = &slices[(size_t)cell * per_cell + i];
        path = slice->has ? slice->path : path;
    }
    return path;
}

static bool any_lost(const struct slice *slices, size_t per_cell, int cell)
{
    bool lost = false;
    for (size_t i = 0; i < per_cell; i++) {
        lost |= slices[(size_t)cell * per_cell + i].lost;
    }
    return lost;
}

static void run_words(const struct snapshot *s, enum path_kind path, char *out, size_t size)
{
    if (path == PATH_DIRECT) {
        text_copy(out, size, " direct ");
    } else {
        text_format(out, size, " relay %lld ", (long long)s->region);
    }
}

/* One stretch of one path: its sign over and over, its name in the middle. */
static void draw_run(struct canvas *canvas, struct rect strip, int from, int to,
                     enum path_kind path, const char *words)
{
    const struct glyphs *g = canvas->glyphs;
    int room = to - from;
    int cols = text_columns(words);
    enum style style = path_style(path);
    for (int col = from; col < to; col++) {
        canvas_put(canvas, strip.row, strip.col + col, style,
                   path == PATH_DIRECT ? g->strip_direct : g->strip_relay);
    }
    if (cols + 2 <= room) {
        (void)canvas_text(canvas, strip, 0, from + (room - cols) / 2, style, words);
    } else if (cols - 2 <= room) { /* without its blanks */
        char word[32];
        text_format(word, sizeof word, "%.*s", (int)strlen(words) - 2, words + 1);
        (void)canvas_text(canvas, strip, 0, from + (room - cols + 2) / 2, style, word);
    }
}

static int clamped_col(const struct graph_view *view, int cols, mono_ns from, mono_ns at)
{
    int col = graph_col(cols, from, view->span_ns, at);
    return at < from ? 0 : col < 0 ? cols - 1 : col;
}

/* Why there is nothing, and for how long: as many of the words as fit. */
static void draw_stretch(struct canvas *canvas, struct rect place, const struct stretch *one)
{
    char age[AGE_TEXT];
    char about[AGE_TEXT];
    char texts[5][AGE_TEXT + 16];
    const char *word = stretch_word(one->kind);
    age_text(mono_since(one->to, one->from), age);
    short_age_text(mono_since(one->to, one->from), about);
    text_format(texts[0], sizeof texts[0], " %s %s ", word, age);
    text_format(texts[1], sizeof texts[1], "%s %s", word, age);
    text_format(texts[2], sizeof texts[2], "%s %s", word, about);
    text_copy(texts[3], sizeof texts[3], word);
    text_copy(texts[4], sizeof texts[4], about);
    for (int col = 0; col < place.cols; col++) {
        canvas_put(canvas, place.row, place.col + col, STYLE_DIM, canvas->glyphs->dot);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int cols = text_columns(texts[i]);
        if (cols <= place.cols) {
            (void)canvas_text(canvas, place, 0, (place.cols - cols) / 2,
                              one->kind == STRETCH_NO_ANSWER ? STYLE_LOST : STYLE_DIM, texts[i]);
            return;
        }
    }
}

/* named[column]: it is in one of them. */
static void draw_stretches(struct canvas *canvas, struct rect strip, const struct graph_view *view,
                           mono_ns from, const struct slice *slices, bool *named)
{
    struct stretch found[STRETCHES_MAX];
    size_t per_cell = plot_per_cell(canvas->glyphs);
    size_t count =
        stretches_find(view->s, from, mono_after(from, view->span_ns), found, STRETCHES_MAX);
    for (size_t i = 0; i < count; i++) {
        int first = clamped_col(view, strip.cols, from, found[i].from);
        int end = clamped_col(view, strip.cols, from, found[i].to) + 1;
        while (first < end && path_of_cell(slices, per_cell, first) != PATH_NONE) {
            first++;
        }
        while (end > first && path_of_cell(slices, per_cell, end - 1) != PATH_NONE) {
            end--;
        }
        for (int col = first; col < end; col++) {
            named[col] = true;
        }
        if (first < end) {
            draw_stretch(canvas, (struct rect){strip.row, strip.col + first, 1, end - first},
                         &found[i]);
        }
    }
}

static void draw_strip(struct canvas *canvas, struct rect strip, const struct graph_view *view,
                       mono_ns from_ns, const struct slice *slices)
{
    size_t per_cell = plot_per_cell(canvas->glyphs);
    bool *named = mem_array((size_t)strip.cols, sizeof *named);
    draw_stretches(canvas, strip, view, from_ns, slices, named);
    for (int from = 0; from < strip.cols;) {
        enum path_kind path = path_of_cell(slices, per_cell, from);
        int to = from + 1;
        int last = from;
        /* A lost probe does not end a run; silence does. */
        while (path != PATH_NONE && to < strip.cols && !named[to]) {
            enum path_kind here = path_of_cell(slices, per_cell, to);
            if (here != path && !(here == PATH_NONE && any_lost(slices, per_cell, to))) {
                break;
            }
            last = here == path ? to : last;
            to++;
        }
        if (path != PATH_NONE) {
            char words[32];
            run_words(view->s, path, words, sizeof words);
            to = last + 1;
            draw_run(canvas, strip, from, to, path, words);
        }
        from = to;
    }
    free(named);
}

/* --- the plot --------------------------------------------------------------------------------- */

static void fill_bars(const struct slice *slices, size_t count, const struct scale *scale,
                      unsigned height, struct bar *bars)
{
    for (size_t i = 0; i < count; i++) {
        bars[i] = (struct bar){
            .height = slices[i].has ? scale_height(scale, slices[i].us, height) : 0,
            .style = path_style(slices[i].path),
            .hatched = slices[i].path == PATH_DERP,
        };
        /* The line has no holes where it climbs or falls. */
        unsigned before = i > 0 && bars[i - 1].hatched ? bars[i - 1].height : 0;
        bool climbs = before > 0 && before < bars[i].height;
        bars[i].line = climbs ? before : bars[i].height;
        if (before > bars[i].height && bars[i].hatched && bars[i].height > 0) {
            bars[i - 1].line =
                bars[i].height < bars[i - 1].line ? bars[i].height : bars[i - 1].line;
        }
    }
}

/* What is above the top: a sign, and the value where it does not hide another one. */
static void draw_clipped(struct canvas *canvas, struct rect plot, const struct slice *slices,
                         size_t per_cell, const struct scale *scale)
{
    int free_from = 0;
    for (int col = 0; col < plot.cols; col++) {
        uint32_t most = 0;
        for (size_t i = 0; i < per_cell; i++) {
            const struct slice *slice = &slices[(size_t)col * per_cell + i];
            most = slice->has && slice->us > most ? slice->us : most;
        }
        if (most <= scale->top) {
            continue;
        }
        canvas_put(canvas, plot.row, plot.col + col, STYLE_STRONG, canvas->glyphs->clipped);
        char value[16];
        text_format(value, sizeof value, "%.0f", (double)most / 1000.0);
        if (col >= free_from && col + 1 + (int)strlen(value) <= plot.cols) {
            struct rect row = {plot.row, plot.col, 1, plot.cols};
            (void)canvas_text(canvas, row, 0, col + 1, STYLE_STRONG, value);
            free_from = col + (int)strlen(value) + 2;
            col += (int)strlen(value);
        }
    }
}

static void draw_echoes(struct canvas *canvas, struct rect plot, const struct graph_view *view,
                        mono_ns from, const struct scale *scale)
{
    const struct snapshot *s = view->s;
    for (size_t i = 0; i < s->echo_count; i++) {
        int col = graph_col(plot.cols, from, view->span_ns, s->echoes[i].at);
        if (col >= 0) {
            int row = scale_row(scale, s->echoes[i].rtt_us, plot.rows);
            canvas_put(canvas, plot.row + row, plot.col + col, STYLE_TUNNEL,
                       canvas->glyphs->tunnel);
        }
    }
}

static void draw_line(struct canvas *canvas, struct rect plot, const struct graph_view *view,
                      mono_ns from, const struct slice *slices)
{
    struct scale scale;
    size_t per_cell = plot_per_cell(canvas->glyphs);
    size_t count = (size_t)plot.cols * per_cell;
    graph_scale(view, &scale);
    graph_y_axis(canvas, plot, &scale, label_text);
    if (view->series != GRAPH_TUNNEL) {
        struct bar *bars = mem_array(count, sizeof *bars);
        fill_bars(slices, count, &scale, plot_height(canvas->glyphs, plot.rows), bars);
        plot_bars(canvas, plot, bars);
        draw_clipped(canvas, plot, slices, per_cell, &scale);
        free(bars);
    }
    if (view->series != GRAPH_DISCO) {
        draw_echoes(canvas, plot, view, from, &scale);
    }
}

/* The path is told by the colour and, without one, by the strip below. */
static void draw_heat(struct canvas *canvas, struct rect plot, const struct graph_view *view,
                      mono_ns edge)
{
    struct heat heat;
    heat_make(&heat, view, edge, plot.rows, plot.cols);
    graph_y_axis(canvas, plot, &heat.scale, label_text);
    for (int i = 0; i < plot.rows * plot.cols; i++) {
        const struct heat_cell *cell = &heat.cells[i];
        int shade = heat_shade(&heat, cell->direct + cell->relayed);
        if (shade >= 0) {
            canvas_put(canvas, plot.row + i / plot.cols, plot.col + i % plot.cols,
                       path_style(cell->direct >= cell->relayed ? PATH_DIRECT : PATH_DERP),
                       canvas->glyphs->shade[shade]);
        }
    }
    heat_clear(&heat);
}

static void draw_cursor(struct canvas *canvas, struct rect plot, int rows,
                        const struct graph_view *view, mono_ns from)
{
    int col = graph_col(plot.cols, from, view->span_ns, view->cursor);
    for (int row = 0; view->cursor != 0 && col >= 0 && row < rows; row++) {
        struct cell *cell = canvas_cell(canvas, plot.row + row, plot.col + col);
        if (cell != NULL && strcmp(cell->text, " ") == 0) {
            canvas_put(canvas, plot.row + row, plot.col + col, STYLE_STRONG,
                       canvas->glyphs->axis_v);
        } else if (cell != NULL) {
            cell->style = STYLE_SELECTED;
        }
    }
}

static void draw_below(struct canvas *canvas, struct rect plot, const struct graph_view *view,
                       mono_ns from, const struct slice *slices, bool strip)
{
    size_t per_cell = plot_per_cell(canvas->glyphs);
    int row = plot.row + plot.rows;
    if (strip) {
        row_name(canvas, plot, row, "path");
        draw_strip(canvas, (struct rect){row, plot.col, 1, plot.cols}, view, from, slices);
        row++;
    }
    struct rect marks = {row, plot.col, 1, plot.cols};
    row_name(canvas, plot, row, "lost");
    for (int col = 0; col < plot.cols; col++) {
        if (any_lost(slices, per_cell, col)) {
            canvas_put(canvas, row, plot.col + col, STYLE_LOST, canvas->glyphs->lost);
        }
    }
    graph_marks(canvas, marks, view, from);
    graph_times(canvas, (struct rect){row + 1, plot.col, 1, plot.cols}, view->s, from,
                view->span_ns);
}

struct rect graph_plot(struct rect rect)
{
    bool fits = rect.rows >= ROWS_MIN && rect.cols - LABEL_COLS >= COLS_MIN;
    int below = rect.rows >= STRIP_ROWS_MIN ? 3 : 2;
    return (struct rect){rect.row, rect.col + LABEL_COLS, fits ? rect.rows - below : 0,
                         rect.cols - LABEL_COLS};
}

void graph_draw(struct canvas *canvas, struct rect rect, const struct graph_view *view)
{
    bool strip = rect.rows >= STRIP_ROWS_MIN;
    struct rect plot = graph_plot(rect);
    if (plot.rows == 0 || view->span_ns == 0) {
        return;
    }
    size_t per_cell = plot_per_cell(canvas->glyphs);
    size_t count = (size_t)plot.cols * per_cell;
    struct slice *slices = mem_array(count, sizeof *slices);
    mono_ns edge = graph_edge(view->to, view->span_ns, (size_t)plot.cols);
    mono_ns from = edge < view->span_ns ? 0 : edge - view->span_ns;
    graph_slices(view, edge, slices, count);
    if (view->form == FORM_HEAT) {
        draw_heat(canvas, plot, view, edge);
    } else {
        draw_line(canvas, plot, view, from, slices);
    }
    draw_below(canvas, plot, view, from, slices, strip);
    draw_cursor(canvas, plot, plot.rows + (strip ? 2 : 1), view, from);
    free(slices);
}
