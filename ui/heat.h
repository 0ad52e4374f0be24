/*
 * The window as a heat map: time from left to right, latency from below in logarithmic rows, and in
 * each cell how many probes came back in that time. Pure.
 *
 * A probe counts once; where columns are finer than the interval, in each of those that it stands
 * for. A bucket of history knows no more than its least, middle and greatest round trip, and counts
 * there (point_parts).
 */
#ifndef UI_HEAT_H
#define UI_HEAT_H

#include "ui/graph.h"

struct heat_cell {
    uint32_t direct, relayed;
};

struct heat {
    int rows, cols;
    struct scale scale;           /* SCALE_LOG, between round numbers */
    size_t shades;                /* in use: fewer than HEAT_SHADES where no cell holds as many */
    uint32_t bounds[HEAT_SHADES]; /* so many probes have this shade, or a darker one */
    bool rough;                   /* buckets are among them */
    struct heat_cell *cells;      /* from the upper left, row after row */
};

/* `edge`: graph_edge. To be cleared. */
void heat_make(struct heat *heat, const struct graph_view *view, mono_ns edge, int rows, int cols);
void heat_clear(struct heat *heat);

/* Which of HEAT_SHADES stands for so many probes: the last one is the darkest, and that of the
 * densest cell. -1: none, there was no probe. */
int heat_shade(const struct heat *heat, uint32_t count);

/* "░ 1 ▒ 2 ▓ 4 █ 8 probes or more", with a "~" before it if the map is rough. */
void heat_legend(const struct heat *heat, const struct glyphs *glyphs, char *out, size_t size);

#endif
