/*
 * The panels: each draws one part of a snapshot into a rectangle of a canvas, and does nothing
 * else.
 */
#ifndef UI_PANELS_H
#define UI_PANELS_H

#include "net/monitor/snapshot.h"
#include "ui/app.h"
#include "ui/canvas.h"

void panel_header(struct canvas *canvas, struct rect rect, const struct snapshot *s);
void panel_notice(struct canvas *canvas, struct rect rect, const struct snapshot *s);
void panel_list(struct canvas *canvas, struct rect rect, const struct snapshot *s);
void panel_graph(struct canvas *canvas, struct rect rect, const struct snapshot *s,
                 uint64_t window_ns);
void panel_ladder(struct canvas *canvas, struct rect rect, const struct snapshot *s);
void panel_path(struct canvas *canvas, struct rect rect, const struct snapshot *s);
void panel_events(struct canvas *canvas, struct rect rect, const struct snapshot *s);

/* Indexes of the rows whose name holds `filter` (without case); returns how many. */
int picker_rows(const struct snapshot *s, const char *filter, int rows[SNAPSHOT_WORKSPACES_MAX]);
void panel_picker(struct canvas *canvas, const struct app *app, const struct snapshot *s);

/* "name" or "name.agent" of a row. */
void row_title(const struct snapshot_workspace *row, char *out, size_t size);

/* The state of a row as a sign, and its style. */
const char *row_sign(const struct glyphs *glyphs, const struct snapshot_workspace *row,
                     enum style *style);

enum { AGE_TEXT = 24, LATENCY_TEXT = 24, BYTES_TEXT = 24 };

/* "12 s", "4 m 10 s", "3 h 5 m", "2 d 1 h". */
void age_text(uint64_t ns, char out[AGE_TEXT]);

/* "0.43 ms", "6.1 ms", "41 ms", "1.20 s". */
void latency_text(uint64_t ns, char out[LATENCY_TEXT]);

/* "812 B", "1.2 kB", "34 MB": powers of ten. */
void amount_text(uint64_t bytes, char out[BYTES_TEXT]);

#endif
