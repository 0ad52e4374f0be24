#include "ui/graph.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/base/mem.h"
#include "net/base/text.h"

enum {
    LABEL_COLS = 7,     /* "  200 ┤" */
    ROWS_MIN = 4,       /* two of plot, axis, times */
    STRIP_ROWS_MIN = 9, /* from here on the path has a row in words */
    TICK_COLS = 14,     /* between time marks */
    HOLD_PERCENT = 160, /* a sample stands for this share of the interval */
    OUTLIER_PERCENT = 250,
    BRAILLE_ROWS = 4,
    BRAILLE_COLS = 2,
};

/* What one column of dots shows. */
struct slice {
    bool has, lost, clipped;
    enum path_kind path;
    uint32_t us; /* the greatest of its samples: a spike must not vanish */
};

/* --- the scale
 * ---------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static bool in_window(const struct graph_view *view, const struct snapshot_sample *sample)
{
    return mono_since(view->now, sample->sent_at) < view->window_ns;
}

static uint64_t round_up(uint64_t us)
{
    static const uint64_t steps[] = {1, 2, 5};
    for (uint64_t scale = 100;; scale *= 10) { /* 0.1 ms is the finest */
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            if (steps[i] * scale >= us || scale > UINT32_MAX) {
                return steps[i] * scale;
            }
        }
    }
}

uint64_t graph_top_us(const struct graph_view *view, bool *clips)
{
    uint32_t *values = mem_array(view->count, sizeof *values);
    size_t count = 0;
    uint64_t top = 1000;
    *clips = false;
    for (size_t i = 0; i < view->count; i++) {
        if (view->samples[i].state == SAMPLE_PONG && in_window(view, &view->samples[i])) {
            values[count++] = view->samples[i].rtt_us;
        }
    }
    if (count > 0) {
        qsort(values, count, sizeof *values, compare);
        uint64_t most = values[count - 1];
        uint64_t p95 = values[(count * 95 + 99) / 100 - 1];
        uint64_t bound = p95 * OUTLIER_PERCENT / 100;
        top = round_up((most > bound ? bound : most) + 1);
        *clips = most > top;
    }
    free(values);
    return top;
}

/* --- samples to slices
 * ---------------------------------------------------------------------------------- */

static void add_sample(struct slice *slice, const struct snapshot_sample *sample)
{
    if (sample->state == SAMPLE_LOST) {
        slice->lost = true;
    } else if (sample->state == SAMPLE_PONG) {
        slice->us = !slice->has || sample->rtt_us > slice->us ? sample->rtt_us : slice->us;
        slice->has = true;
        slice->path = (enum path_kind)sample->path;
    }
}

/* A sample stands for the time until the next one: slices finer than the interval have no holes. */
static void hold(struct slice *slices, size_t count, size_t at, size_t reach,
                 const struct snapshot_sample *sample)
{
    for (size_t i = at + 1; i < count && i <= at + reach; i++) {
        if (slices[i].has || slices[i].lost) {
            return;
        }
        slices[i].us = sample->rtt_us;
        slices[i].path = (enum path_kind)sample->path;
        slices[i].has = true;
    }
}

static size_t slice_of(const struct graph_view *view, size_t count, mono_ns at)
{
    uint64_t age = mono_since(view->now, at);
    uint64_t from_left = age >= view->window_ns ? 0 : view->window_ns - age;
    size_t index = (size_t)((double)from_left / (double)view->window_ns * (double)count);
    return index < count ? index : count - 1;
}

static void fill_slices(const struct graph_view *view, struct slice *slices, size_t count)
{
    uint64_t slice_ns = view->window_ns / count;
    size_t reach = slice_ns == 0 ? 0 : (size_t)(view->interval_ns * HOLD_PERCENT / 100 / slice_ns);
    for (size_t i = 0; i < view->count; i++) {
        if (in_window(view, &view->samples[i])) {
            add_sample(&slices[slice_of(view, count, view->samples[i].sent_at)], &view->samples[i]);
        }
    }
    for (size_t i = 0; i < view->count; i++) {
        const struct snapshot_sample *sample = &view->samples[i];
        if (sample->state == SAMPLE_PONG && in_window(view, sample)) {
            hold(slices, count, slice_of(view, count, sample->sent_at), reach, sample);
        }
    }
}

/* --- drawing
 * ------------------------------------------------------------------------------------------------
 */

static enum style path_style(enum path_kind path)
{
    return path == PATH_DIRECT ? STYLE_DIRECT : STYLE_RELAY;
}

/* Dots of a slice, of `height` in all; at least one where there is a value. */
static unsigned dots_of(const struct slice *slice, uint64_t top_us, unsigned height)
{
    if (!slice->has) {
        return 0;
    }
    uint64_t dots = ((uint64_t)slice->us * height + top_us / 2) / top_us;
    return dots < 1 ? 1 : dots > height ? height : (unsigned)dots;
}

/* Whether the dot at that height (0 = lowest) is set: solid when direct; relayed, the top and every
 * second row of what is below it. */
static bool dot_set(const struct slice *slice, unsigned dots, unsigned at)
{
    if (at >= dots) {
        return false;
    }
    return slice->path == PATH_DIRECT || at + 1 == dots || at % 2 == 0;
}

static void braille_text(unsigned mask, char out[5])
{
    unsigned code = 0x2800 + mask;
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
    out[3] = '\0';
}

/* The dots of one cell: those of the two slices it shows, from the height `base` up. */
static unsigned braille_mask(const struct slice *pair, unsigned base, uint64_t top_us,
                             unsigned height)
{
    static const unsigned bits[BRAILLE_COLS][BRAILLE_ROWS] = {
        {0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}}; /* from the lowest dot up */
    unsigned mask = 0;
    for (unsigned half = 0; half < BRAILLE_COLS; half++) {
        unsigned dots = dots_of(&pair[half], top_us, height);
        for (unsigned dot = 0; dot < BRAILLE_ROWS; dot++) {
            mask |= dot_set(&pair[half], dots, base + dot) ? bits[half][dot] : 0;
        }
    }
    return mask;
}

static void draw_braille(struct canvas *canvas, struct rect plot, const struct slice *slices,
                         uint64_t top_us)
{
    unsigned height = (unsigned)plot.rows * BRAILLE_ROWS;
    for (int col = 0; col < plot.cols; col++) {
        const struct slice *pair = &slices[(size_t)col * BRAILLE_COLS];
        enum path_kind path = pair[1].has ? pair[1].path : pair[0].has ? pair[0].path : PATH_DERP;
        for (int row = 0; row < plot.rows; row++) {
            unsigned base = (unsigned)(plot.rows - 1 - row) * BRAILLE_ROWS;
            unsigned mask = braille_mask(pair, base, top_us, height);
            if (mask != 0) {
                char text[5];
                braille_text(mask, text);
                canvas_put(canvas, plot.row + row, plot.col + col, path_style(path), text);
            }
        }
    }
}

static void draw_ascii(struct canvas *canvas, struct rect plot, const struct slice *slices,
                       uint64_t top_us)
{
    for (int col = 0; col < plot.cols; col++) {
        const struct slice *slice = &slices[col];
        int dots = (int)dots_of(slice, top_us, (unsigned)plot.rows);
        for (int i = 0; i < dots; i++) {
            const char *sign = slice->path == PATH_DIRECT ? "#" : i + 1 == dots ? "=" : ":";
            canvas_put(canvas, plot.row + plot.rows - 1 - i, plot.col + col,
                       path_style(slice->path), sign);
        }
    }
}

static void draw_marks(struct canvas *canvas, struct rect plot, int lost_row,
                       const struct slice *slices, size_t per_col, uint64_t top_us)
{
    for (int col = 0; col < plot.cols; col++) {
        bool lost = false;
        bool clipped = false;
        for (size_t i = 0; i < per_col; i++) {
            const struct slice *slice = &slices[(size_t)col * per_col + i];
            lost |= slice->lost;
            clipped |= slice->has && slice->us > top_us;
        }
        if (clipped) {
            canvas_put(canvas, plot.row, plot.col + col, STYLE_STRONG, canvas->glyphs->clipped);
        }
        if (lost) {
            canvas_put(canvas, lost_row, plot.col + col, STYLE_LOST, canvas->glyphs->lost);
        }
    }
}

static void label_text(uint64_t us, bool unit, char *out, size_t size)
{
    if (us % 1000 == 0) {
        text_format(out, size, "%llu%s", (unsigned long long)(us / 1000), unit ? "ms" : "");
    } else {
        text_format(out, size, "%.1f%s", (double)us / 1000.0, unit ? "ms" : "");
    }
}

static void draw_y_axis(struct canvas *canvas, struct rect rect, struct rect plot, uint64_t top_us)
{
    struct rect labels = {rect.row, rect.col, rect.rows, LABEL_COLS - 1};
    int axis_col = rect.col + LABEL_COLS - 1;
    char text[16];
    for (int row = plot.row; row < plot.row + plot.rows + 1; row++) {
        canvas_put(canvas, row, axis_col, STYLE_DIM, canvas->glyphs->axis_v);
    }
    label_text(top_us, true, text, sizeof text);
    canvas_right(canvas, labels, 0, STYLE_DIM, text);
    canvas_put(canvas, plot.row, axis_col, STYLE_DIM, canvas->glyphs->tick_v);
    if (plot.rows >= 5) {
        int middle = plot.rows / 2;
        label_text(top_us / 2, false, text, sizeof text);
        canvas_right(canvas, labels, middle, STYLE_DIM, text);
        canvas_put(canvas, plot.row + middle, axis_col, STYLE_DIM, canvas->glyphs->tick_v);
    }
}

static void time_text(const struct graph_view *view, uint64_t age_ns, char *out, size_t size)
{
    time_t at = (time_t)(view->wall.seconds - (int64_t)(age_ns / NS_PER_SEC));
    struct tm parts;
    bool fine = view->window_ns <= 300 * NS_PER_SEC;
    if (localtime_r(&at, &parts) == NULL || (fine ? strftime(out, size, "%H:%M:%S", &parts)
                                                  : strftime(out, size, "%H:%M", &parts)) == 0) {
        out[0] = '\0';
    }
}

static void draw_x_axis(struct canvas *canvas, struct rect plot, int axis_row,
                        const struct graph_view *view)
{
    struct rect times = {axis_row + 1, plot.col, 1, plot.cols};
    canvas_put(canvas, axis_row, plot.col - 1, STYLE_DIM, canvas->glyphs->axis_corner);
    for (int col = 0; col < plot.cols; col++) {
        canvas_put(canvas, axis_row, plot.col + col, STYLE_DIM, canvas->glyphs->axis_h);
    }
    for (int col = plot.cols - 1; col >= 9; col -= TICK_COLS) {
        char text[16];
        uint64_t age =
            (uint64_t)((double)(plot.cols - 1 - col) / plot.cols * (double)view->window_ns);
        time_text(view, age, text, sizeof text);
        canvas_put(canvas, axis_row, plot.col + col, STYLE_DIM, canvas->glyphs->tick_h);
        (void)canvas_text(canvas, times, 0, col - text_columns(text) + 1, STYLE_DIM, text);
    }
}

static const char *path_words(enum path_kind path)
{
    return path == PATH_DIRECT ? "direct" : path == PATH_DERP ? "relayed" : "no answer";
}

/* The change that brought this path about, if it is within three columns of `col`. */
static const struct snapshot_change *change_at(const struct graph_view *view, size_t cols, int col,
                                               enum path_kind path)
{
    enum { NEAR = 3 };
    for (size_t i = view->change_count; i-- > 0;) {
        const struct snapshot_change *change = &view->changes[i];
        int at = (int)slice_of(view, cols, change->at);
        if (change->to == path && mono_since(view->now, change->at) < view->window_ns &&
            at - col <= NEAR && col - at <= NEAR) {
            return change;
        }
    }
    return NULL;
}

/* The path over the same time, in words: a new word where it changes, and why. */
static void draw_strip(struct canvas *canvas, struct rect plot, int row,
                       const struct graph_view *view, const struct slice *slices, size_t per_col)
{
    enum path_kind last = PATH_NONE;
    bool first = true;
    struct rect strip = {row, plot.col, 1, plot.cols};
    for (int col = 0; col < plot.cols; col++) {
        const struct slice *slice = &slices[(size_t)col * per_col];
        slice = slice->has || per_col == 1 ? slice : slice + 1;
        if (!slice->has || (!first && slice->path == last)) {
            continue;
        }
        const char *sign =
            slice->path == PATH_DIRECT ? canvas->glyphs->direct : canvas->glyphs->relay;
        int len = text_columns(path_words(slice->path)) + 2;
        int at = col + len <= plot.cols ? col : plot.cols - len; /* a change just now */
        at = at < 0 ? 0 : at;
        canvas_fill(canvas, (struct rect){row, plot.col + at, 1, plot.cols - at}, STYLE_TEXT);
        at += canvas_print(canvas, strip, 0, at, path_style(slice->path), "%s %s", sign,
                           path_words(slice->path));
        const struct snapshot_change *change = change_at(view, (size_t)plot.cols, col, slice->path);
        if (change != NULL) {
            char reason[sizeof change->reason];
            text_copy(reason, sizeof reason, change->reason);
            for (char *c = reason; *c != '\0'; c++) {
                *c = *c == '_' ? ' ' : *c;
            }
            (void)canvas_print(canvas, strip, 0, at, STYLE_DIM, ": %s", reason);
        }
        last = slice->path;
        first = false;
    }
}

/* Where the path changed, on the axis itself. */
static void draw_changes(struct canvas *canvas, struct rect plot, int axis_row,
                         const struct graph_view *view)
{
    for (size_t i = 0; i < view->change_count; i++) {
        const struct snapshot_change *change = &view->changes[i];
        if (mono_since(view->now, change->at) < view->window_ns) {
            int col = (int)slice_of(view, (size_t)plot.cols, change->at);
            bool direct = change->to == PATH_DIRECT;
            canvas_put(canvas, axis_row, plot.col + col, path_style(change->to),
                       direct ? canvas->glyphs->became_direct : canvas->glyphs->fell_back);
        }
    }
}

void graph_draw(struct canvas *canvas, struct rect rect, const struct graph_view *view)
{
    bool strip = rect.rows >= STRIP_ROWS_MIN;
    int below = strip ? 4 : 3; /* lost, axis, times [, path] */
    struct rect plot = {rect.row, rect.col + LABEL_COLS, rect.rows - below, rect.cols - LABEL_COLS};
    if (rect.rows < ROWS_MIN || plot.cols < 8 || plot.rows < 1 || view->window_ns == 0) {
        return;
    }
    size_t per_col = canvas->glyphs->utf8 ? BRAILLE_COLS : 1;
    size_t count = (size_t)plot.cols * per_col;
    struct slice *slices = mem_array(count, sizeof *slices);
    bool clips = false;
    uint64_t top_us = graph_top_us(view, &clips);
    int lost_row = plot.row + plot.rows;
    fill_slices(view, slices, count);
    draw_y_axis(canvas, rect, plot, top_us);
    if (canvas->glyphs->utf8) {
        draw_braille(canvas, plot, slices, top_us);
    } else {
        draw_ascii(canvas, plot, slices, top_us);
    }
    draw_marks(canvas, plot, lost_row, slices, per_col, top_us);
    draw_x_axis(canvas, plot, lost_row + 1, view);
    draw_changes(canvas, plot, lost_row + 1, view);
    if (strip) {
        draw_strip(canvas, plot, lost_row + 3, view, slices, per_col);
    }
    free(slices);
}

void spark_draw(struct canvas *canvas, struct rect rect, int row, int col, const uint32_t *us,
                size_t count, enum style style)
{
    uint32_t most = 1;
    size_t room = rect.cols > col ? (size_t)(rect.cols - col) : 0;
    size_t from = count > room ? count - room : 0;
    for (size_t i = from; i < count; i++) {
        most = us[i] > most ? us[i] : most;
    }
    for (size_t i = from; i < count && row < rect.rows; i++) {
        int at = rect.col + col + (int)(i - from);
        size_t level = (size_t)((uint64_t)us[i] * 7 / most);
        canvas_put(canvas, rect.row + row, at, us[i] == 0 ? STYLE_LOST : style,
                   us[i] == 0 ? canvas->glyphs->lost : canvas->glyphs->spark[level]);
    }
}
