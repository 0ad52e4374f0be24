/*
 * The latency graph: samples over time, drawn into a rectangle. Pure.
 *
 *   80 ┤                        the y axis: round numbers; one outlier does not flatten the rest
 * (what │      ⣀⣀⡀   ⢀⣀         is above the top is marked there) 40 ┤⣿⣿⣷⣶⣶⣿⣿⣶⣶⣶⣶        relayed:
 * hatched; direct: solid │           ×             probes lost 0 └──────┬──────┬──────     times of
 * day 14:02   14:03 ⇄ relayed                the path, in words
 */
#ifndef UI_GRAPH_H
#define UI_GRAPH_H

#include "net/monitor/snapshot.h"
#include "ui/canvas.h"

struct graph_view {
    const struct snapshot_sample *samples; /* oldest first */
    size_t count;
    mono_ns now;                           /* the right edge */
    struct wall_time wall;                 /* the time of day at `now` */
    uint64_t window_ns;                    /* what the width stands for */
    uint64_t interval_ns;                  /* between samples: shorter gaps are no gaps */
    const struct snapshot_change *changes; /* of the path, oldest first */
    size_t change_count;
};

/* The top of the y axis for these round trips: the least of 1, 2, 5 · 10^n ms that shows them, an
 * outlier (above twice and a half the 95th percentile) left out. *clips tells whether any was.
 * Exposed for tests. */
uint64_t graph_top_us(const struct graph_view *view, bool *clips);

void graph_draw(struct canvas *canvas, struct rect rect, const struct graph_view *view);

/* The last round trips as a line of signs, oldest first; 0 is a lost probe. */
void spark_draw(struct canvas *canvas, struct rect rect, int row, int col, const uint32_t *us,
                size_t count, enum style style);

#endif
