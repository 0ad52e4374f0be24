/*
 * What the probes come to, by the way that they went: percentiles, jitter and loss of direct ones
 * and of relayed ones, for a percentile over both means nothing. As lines below the graph, of which
 * what does not fit is left out whole, and as a table.
 */
#ifndef UI_FIGURES_H
#define UI_FIGURES_H

#include "net/monitor/snapshot.h"
#include "ui/app.h"
#include "ui/canvas.h"

/* Of the graph's window. */
void figures_window(struct canvas *canvas, struct rect rect, int row, const struct app *app,
                    const struct snapshot *s);

/* Of the whole run, from the core's own sums. */
void figures_run(struct canvas *canvas, struct rect rect, int row, const struct snapshot *s);

/* What is under the crosshair. */
void figures_pointed(struct canvas *canvas, struct rect rect, int row, const struct app *app,
                     const struct snapshot *s);

/* Window and run of each way, a row each below a heading. Returns the row after it. */
int figures_table(struct canvas *canvas, struct rect rect, int row, const struct app *app,
                  const struct snapshot *s);

#endif
