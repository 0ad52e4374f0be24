#include "ui/heat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "ui/series.h"

enum {
    LEAST_US = 1,
    HOLD_PERCENT = 160 /* as the line does it: a probe stands for this share of the interval */
};

struct columns {
    mono_ns from;
    uint64_t cell_ns;
    uint64_t interval_ns;
    bool *taken; /* a probe was sent there */
};

static bool set_columns(struct columns *out, const struct graph_view *view, mono_ns edge, int cols)
{
    *out = (struct columns){.cell_ns = view->span_ns / (uint64_t)cols,
                            .interval_ns = view->s->interval_ns};
    uint64_t width = out->cell_ns * (uint64_t)cols;
    out->from = edge < width ? 0 : edge - width;
    return out->cell_ns > 0;
}

static mono_ns columns_end(const struct columns *columns, int cols)
{
    return columns->from + columns->cell_ns * (uint64_t)cols;
}

static int column_of(const struct columns *columns, mono_ns at)
{
    return at < columns->from ? 0 : (int)((at - columns->from) / columns->cell_ns);
}

/* How many columns a point stands for. */
static int reach_of(const struct columns *columns, const struct point *point)
{
    uint64_t width =
        point->span_ns > 0 ? point->span_ns : columns->interval_ns * HOLD_PERCENT / 100;
    uint64_t reach = width / columns->cell_ns;
    return reach < 1 ? 1 : reach > CANVAS_SIDE_MAX ? CANVAS_SIDE_MAX : (int)reach;
}

/* --- the scale -------------------------------------------------------------------------------- */

static void fit_scale(struct heat *heat, const struct graph_view *view,
                      const struct columns *columns)
{
    struct series series;
    struct point point;
    uint32_t values[2] = {UINT32_MAX, 0}; /* least and greatest */
    series_start(&series, view->s, columns->from, columns_end(columns, heat->cols));
    while (series_next(&series, &point)) {
        if (point.answered > 0) {
            values[0] = point.min_us < values[0] ? point.min_us : values[0];
            values[1] = point.max_us > values[1] ? point.max_us : values[1];
            heat->rough |= point.span_ns > 0;
        }
    }
    scale_fit_log(&heat->scale, values[0], values[1], LEAST_US);
}

/* --- counting --------------------------------------------------------------------------------- */

/* A bucket's probes are spread over the columns that it stands for; none of its marks vanishes. */
static uint32_t share_of(uint32_t count, int columns)
{
    return (count + (uint32_t)columns - 1) / (uint32_t)columns;
}

static void add(struct heat *heat, int col, const struct point *point, int reach)
{
    struct point_part parts[POINT_PARTS];
    size_t count = point_parts(point, parts);
    for (size_t i = 0; i < count; i++) {
        int row = scale_row(&heat->scale, parts[i].us, heat->rows);
        struct heat_cell *cell = &heat->cells[(size_t)row * (size_t)heat->cols + (size_t)col];
        bool one = point->span_ns == 0;
        cell->direct += one ? parts[i].direct : share_of(parts[i].direct, reach);
        cell->relayed += one ? parts[i].relayed : share_of(parts[i].relayed, reach);
    }
}

/* Into the columns in which they were sent. */
static void add_all(struct heat *heat, const struct snapshot *s, const struct columns *columns)
{
    struct series series;
    struct point point;
    series_start(&series, s, columns->from, columns_end(columns, heat->cols));
    while (series_next(&series, &point)) {
        int col = column_of(columns, point.at);
        if (col < heat->cols) {
            columns->taken[col] = true;
            add(heat, col, &point, reach_of(columns, &point));
        }
    }
}

/* And into those that follow, up to the next probe. */
static void hold_all(struct heat *heat, const struct snapshot *s, const struct columns *columns)
{
    struct series series;
    struct point point;
    series_start(&series, s, columns->from, columns_end(columns, heat->cols));
    while (series_next(&series, &point)) {
        int at = column_of(columns, point.at);
        int reach = reach_of(columns, &point);
        for (int col = at + 1; col < heat->cols && col < at + reach && !columns->taken[col];
             col++) {
            add(heat, col, &point, reach);
            columns->taken[col] = true;
        }
    }
}

/* Shades in steps of equal ratio, for one slow probe must be seen beside thousands. */
static void set_bounds(struct heat *heat)
{
    uint32_t most = 0;
    for (size_t i = 0; i < (size_t)heat->rows * (size_t)heat->cols; i++) {
        uint32_t count = heat->cells[i].direct + heat->cells[i].relayed;
        most = count > most ? count : most;
    }
    heat->shades = most < HEAT_SHADES ? most : HEAT_SHADES;
    for (size_t i = 0; i < heat->shades; i++) {
        double bound = pow(most, (double)i / (double)heat->shades);
        uint32_t least = i == 0 ? 1 : heat->bounds[i - 1] + 1;
        heat->bounds[i] = bound > least ? (uint32_t)ceil(bound) : least;
    }
}

void heat_make(struct heat *heat, const struct graph_view *view, mono_ns edge, int rows, int cols)
{
    struct columns columns;
    *heat = (struct heat){.rows = rows, .cols = cols};
    heat->cells = mem_array((size_t)rows * (size_t)cols, sizeof *heat->cells);
    scale_fit_log(&heat->scale, UINT32_MAX, 0, LEAST_US);
    if (!set_columns(&columns, view, edge, cols)) {
        return;
    }
    columns.taken = mem_array((size_t)cols, sizeof *columns.taken);
    fit_scale(heat, view, &columns);
    add_all(heat, view->s, &columns);
    hold_all(heat, view->s, &columns);
    set_bounds(heat);
    free(columns.taken);
}

void heat_clear(struct heat *heat)
{
    free(heat->cells);
    heat->cells = NULL;
}

int heat_shade(const struct heat *heat, uint32_t count)
{
    int shade = -1;
    for (size_t i = 0; i < heat->shades; i++) {
        if (count >= heat->bounds[i]) {
            shade = (int)(HEAT_SHADES - heat->shades + i);
        }
    }
    return shade;
}

void heat_legend(const struct heat *heat, const struct glyphs *glyphs, char *out, size_t size)
{
    text_copy(out, size, heat->rough ? "~ " : "");
    for (size_t i = 0; i < heat->shades; i++) {
        size_t used = strlen(out);
        text_format(out + used, size - used, "%s %u ",
                    glyphs->shade[HEAT_SHADES - heat->shades + i], (unsigned)heat->bounds[i]);
    }
    size_t used = strlen(out);
    text_format(out + used, size - used, heat->shades == 0 ? "no answer" : "probes or more");
}
