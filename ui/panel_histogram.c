/*
 * The histogram of the latency: a bar a class, direct and relayed told by texture and sign.
 */
#include <stdlib.h>

#include "net/base/text.h"
#include "ui/histogram.h"
#include "ui/panels.h"
#include "ui/plot.h"

enum {
    RANGE_COLS = 11, /* "10000-20000" */
    UNIT_COLS = 3,
    SHARE_COLS = 6,
    WAY_COLS = 9, /* " → 86400 " */
    THICK_MAX = 3,
    BAR_COLS_MIN = 4,
};

/* Where the parts of a line stand. */
struct columns {
    int unit, axis, bar, bar_cols, share, ways;
    bool direct, relayed; /* have a count of their own */
};

static struct columns columns_of(const struct histogram *h, int cols, bool counts)
{
    struct columns out = {.unit = RANGE_COLS, .direct = h->direct > 0, .relayed = h->relayed > 0};
    int ways = counts ? (out.direct + out.relayed) * WAY_COLS : 0;
    out.axis = out.unit + (counts ? UNIT_COLS : 0);
    out.bar = out.axis + 1;
    out.ways = cols - ways;
    out.share = out.ways - SHARE_COLS;
    out.bar_cols = out.share - out.bar - 1;
    return out;
}

static uint64_t total_of(const struct histogram_class *one)
{
    return one->direct + one->relayed;
}

static void range_text(const struct histogram_class *one, char *out, size_t size)
{
    if (one->to_us == 0) {
        text_format(out, size, "%.4g-", (double)one->from_us / 1e3);
    } else {
        text_format(out, size, "%.4g-%.4g", (double)one->from_us / 1e3, (double)one->to_us / 1e3);
    }
}

static void share_text(uint64_t count, uint64_t total, char *out, size_t size)
{
    double percent = total == 0 ? 0 : 100.0 * (double)count / (double)total;
    bool some = count > 0 && percent < 1;
    text_format(out, size, some ? "<1 %%" : "%.0f %%", percent);
}

/* What is there is seen: at least a cell. */
static int length_of(uint64_t count, uint64_t most, int cols)
{
    int length = most == 0 ? 0 : (int)((double)count / (double)most * cols + 0.5);
    return count > 0 && length < 1 ? 1 : length;
}

/* Returns its length. */
static int draw_bar(struct canvas *canvas, struct rect bar, const struct histogram_class *one,
                    uint64_t most)
{
    const struct glyphs *g = canvas->glyphs;
    int length = length_of(total_of(one), most, bar.cols);
    int relayed = length_of(one->relayed, total_of(one), length);
    if (one->direct > 0 && one->relayed > 0) { /* both are seen */
        length = length < 2 ? 2 : length;
        relayed = relayed >= length ? length - 1 : relayed;
    }
    for (int i = 0; i < length; i++) {
        bool direct = i < length - relayed;
        canvas_put(canvas, bar.row, bar.col + i, direct ? STYLE_DIRECT : STYLE_RELAY,
                   direct ? g->body_direct : g->body_relay);
    }
    return length;
}

static void draw_count(struct canvas *canvas, struct rect rect, int row, int col,
                       enum path_kind path, uint64_t count)
{
    char text[32];
    const struct glyphs *g = canvas->glyphs;
    struct rect cells = {rect.row, rect.col + col, rect.rows, WAY_COLS};
    if (count > 0) {
        text_format(text, sizeof text, "%s%6llu", path == PATH_DIRECT ? g->direct : g->relay,
                    (unsigned long long)count);
        canvas_right(canvas, cells, row, path_style(path), text);
    }
}

/* The counts and the share of a class. */
static void draw_figures(struct canvas *canvas, struct rect rect, int row,
                         const struct columns *columns, const struct histogram *h,
                         const struct histogram_class *one)
{
    char text[32];
    struct rect share = {rect.row, rect.col + columns->share, rect.rows, SHARE_COLS};
    int col = columns->ways;
    share_text(total_of(one), h->direct + h->relayed, text, sizeof text);
    canvas_right(canvas, share, row, STYLE_TEXT, text);
    if (col >= rect.cols) {
        return;
    }
    if (columns->direct) {
        draw_count(canvas, rect, row, col, PATH_DIRECT, one->direct);
        col += WAY_COLS;
    }
    if (columns->relayed) {
        draw_count(canvas, rect, row, col, PATH_DERP, one->relayed);
    }
}

/* Returns the row after them. */
static int draw_classes(struct canvas *canvas, struct rect rect, const struct histogram *h,
                        const struct columns *columns, int thick)
{
    uint64_t most = 0;
    int row = 0;
    for (size_t i = 0; i < h->count; i++) {
        most = total_of(&h->classes[i]) > most ? total_of(&h->classes[i]) : most;
    }
    for (size_t i = 0; i < h->count; i++, row += thick) {
        const struct histogram_class *one = &h->classes[i];
        char text[48];
        struct rect label = {rect.row, rect.col, rect.rows, RANGE_COLS};
        range_text(one, text, sizeof text);
        canvas_right(canvas, label, row, STYLE_DIM, text);
        if (i == 0 && columns->axis > columns->unit) {
            (void)canvas_text(canvas, rect, row, columns->unit, STYLE_DIM, " ms");
        }
        int length = 0;
        for (int line = row; line < row + thick; line++) {
            struct rect bar = {rect.row + line, rect.col + columns->bar, 1, columns->bar_cols};
            canvas_put(canvas, bar.row, rect.col + columns->axis, STYLE_DIM,
                       canvas->glyphs->axis_v);
            length = draw_bar(canvas, bar, one, most);
        }
        draw_figures(canvas, rect, row, columns, h, one);
        text_format(text, sizeof text, " to %.4g ms", (double)h->max_us / 1e3);
        if (one->to_us == 0 && length + text_columns(text) <= columns->bar_cols) {
            (void)canvas_text(canvas, rect, row, columns->bar + length, STYLE_DIM, text);
        }
    }
    return row;
}

/* By the same measure as the others: how much of the whole is missing. */
static void draw_lost(struct canvas *canvas, struct rect rect, int row, const struct histogram *h,
                      const struct columns *columns)
{
    char text[64];
    uint64_t most = 0;
    uint64_t sent = h->lost + h->direct + h->relayed;
    struct rect label = {rect.row, rect.col, rect.rows, RANGE_COLS};
    for (size_t i = 0; i < h->count; i++) {
        most = total_of(&h->classes[i]) > most ? total_of(&h->classes[i]) : most;
    }
    text_format(text, sizeof text, "%llu of %llu", (unsigned long long)h->lost,
                (unsigned long long)sent);
    canvas_right(canvas, label, row, STYLE_DIM, "lost");
    int length = length_of(h->lost, h->lost > most ? h->lost : most, columns->bar_cols);
    for (int i = 0; i < length; i++) {
        canvas_put(canvas, rect.row + row, rect.col + columns->bar + i, STYLE_LOST,
                   canvas->glyphs->lost);
    }
    struct rect right = {rect.row, rect.col + columns->share, rect.rows,
                         rect.cols - columns->share};
    canvas_put(canvas, rect.row + row, rect.col + columns->axis, STYLE_DIM, canvas->glyphs->axis_v);
    canvas_right(canvas, right, row, STYLE_LOST, text);
}

void histogram_draw(struct canvas *canvas, struct rect rect, const struct snapshot *s, mono_ns from,
                    mono_ns to)
{
    struct histogram h;
    int room = rect.rows - 1; /* the last row is that of the lost ones */
    if (room < HISTOGRAM_CLASSES_MIN) {
        return;
    }
    histogram_make(&h, s, from, to, (size_t)room);
    struct columns columns = columns_of(&h, rect.cols, true);
    if (h.count == 0 || columns.bar_cols < BAR_COLS_MIN) {
        (void)canvas_text(canvas, rect, room / 2, RANGE_COLS, STYLE_DIM,
                          h.count == 0 ? "no answer in this window" : "too narrow for a histogram");
    } else {
        int thick = room / (int)h.count;
        int row = draw_classes(canvas, rect, &h, &columns, thick > THICK_MAX ? THICK_MAX : thick);
        if (h.lost > 0) {
            draw_lost(canvas, rect, row, &h, &columns);
        }
    }
}

void histogram_draw_small(struct canvas *canvas, struct rect rect, const struct snapshot *s,
                          mono_ns from, mono_ns to, const char *window)
{
    struct histogram h;
    if (rect.rows < HISTOGRAM_SMALL_ROWS) {
        return;
    }
    histogram_make(&h, s, from, to, (size_t)rect.rows - 1);
    struct columns columns = columns_of(&h, rect.cols, false);
    if (h.count == 0 || columns.bar_cols < BAR_COLS_MIN) {
        return;
    }
    (void)canvas_print(canvas, rect, 0, 1, STYLE_DIM, "latency, %s, ms", window);
    struct rect share = {rect.row, rect.col + columns.share, 1, SHARE_COLS};
    canvas_right(canvas, share, 0, STYLE_DIM, "share");
    struct rect classes = {rect.row + 1, rect.col, rect.rows - 1, rect.cols};
    (void)draw_classes(canvas, classes, &h, &columns, 1);
}

void histogram_legend(const struct glyphs *g, const struct snapshot *s, mono_ns from, mono_ns to,
                      char *out, size_t size)
{
    struct histogram h;
    histogram_make(&h, s, from, to, HISTOGRAM_CLASSES_MIN);
    text_format(out, size, "%sin the window: %s %s direct %llu  %s %s relayed %llu",
                h.rough ? "~ " : "", g->body_direct, g->direct, (unsigned long long)h.direct,
                g->body_relay, g->relay, (unsigned long long)h.relayed);
}
