/*
 * What stands below a graph: marks of what happened, and times of day.
 */
#ifndef UI_GRAPH_MARKS_H
#define UI_GRAPH_MARKS_H

#include "ui/graph.h"

/* The column of a moment; -1 outside. */
int graph_col(int cols, mono_ns from, uint64_t span_ns, mono_ns at);

/* Round numbers and ticks at the left of the plot; `text` writes one (the first with its unit). */
void graph_y_axis(struct canvas *canvas, struct rect plot, const struct scale *scale,
                  void (*text)(uint64_t value, bool unit, char *out, size_t size));

/* Changes of the path, tests and the user's own marks. */
void graph_marks(struct canvas *canvas, struct rect row, const struct graph_view *view,
                 mono_ns from);

/* Times at round ones, more of them the wider it is; where a day begins, its name and that of the
 * day before. A window that lies on another day than today says which. */
void graph_times(struct canvas *canvas, struct rect row, const struct snapshot *s, mono_ns from,
                 uint64_t span_ns);

/* The time of day of a moment. */
struct wall_time graph_wall(const struct snapshot *s, mono_ns at);

enum { CLOCK_TEXT = 40 };
void clock_text(struct wall_time wall, bool seconds, char out[CLOCK_TEXT]);

/* "22:13:20"; with its day, if that is not today: "Nov 13 22:13:20". */
void wall_moment_text(const struct snapshot *s, struct wall_time wall, char out[CLOCK_TEXT]);
void moment_text(const struct snapshot *s, mono_ns at, char out[CLOCK_TEXT]);

#endif
