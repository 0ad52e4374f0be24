/*
 * The panels: each draws one part of a snapshot into a rectangle of a canvas, and does nothing
 * else.
 */
#ifndef UI_PANELS_H
#define UI_PANELS_H

#include "net/monitor/snapshot.h"
#include "ui/app.h"
#include "ui/canvas.h"

void panel_header(struct canvas *canvas, struct rect rect, const struct app *app,
                  const struct snapshot *s);
void panel_footer(struct canvas *canvas, struct rect rect, const struct app *app);
void panel_notice(struct canvas *canvas, struct rect rect, const struct snapshot *s);
void panel_list(struct canvas *canvas, struct rect rect, const struct app *app,
                const struct snapshot *s);
void panel_graph(struct canvas *canvas, struct rect rect, const struct app *app,
                 const struct snapshot *s);
/* The steps of the connection, while it does not stand; and whether they are shown. */
void panel_ladder(struct canvas *canvas, struct rect rect, const struct app *app,
                  const struct snapshot *s);
bool ladder_stands(const struct app *app, const struct snapshot *s);
/* True: there is more below. */
bool panel_path(struct canvas *canvas, struct rect rect, const struct app *app,
                const struct snapshot *s);
void panel_findings(struct canvas *canvas, struct rect rect, const struct app *app,
                    const struct snapshot *s);
void panel_brief(struct canvas *canvas, struct rect rect, const struct app *app,
                 const struct snapshot *s); /* path and worst finding, where there are two rows */
void panel_events(struct canvas *canvas, struct rect rect, const struct app *app,
                  const struct snapshot *s); /* the last ones */

void panel_throughput(struct canvas *canvas, struct rect rect, const struct app *app,
                      const struct snapshot *s); /* in the graph's place */
void panel_tests(struct canvas *canvas, struct rect rect, const struct app *app,
                 const struct snapshot *s); /* those that are over */

/* Those that fill the screen, or stand over it. */
void panel_test_choice(struct canvas *canvas, const struct app *app);
void panel_log(struct canvas *canvas, struct rect rect, const struct app *app,
               const struct snapshot *s);
void panel_all_events(struct canvas *canvas, struct rect rect, const struct app *app,
                      const struct snapshot *s);
void panel_details(struct canvas *canvas, struct rect rect, const struct app *app,
                   const struct snapshot *s);
void panel_overview(struct canvas *canvas, struct rect rect, const struct app *app,
                    const struct snapshot *s);
void panel_picker(struct canvas *canvas, struct rect rect, const struct app *app,
                  const struct snapshot *s);
void panel_help(struct canvas *canvas, struct rect rect, const struct app *app);
void panel_welcome(struct canvas *canvas, struct rect rect, const struct app *app);

/* What the graph shows now. */
void graph_view_of(const struct app *app, const struct snapshot *s, struct graph_view *out);

/* The key in the footer at that column. KEY_NONE: there is none. */
int footer_key_at(const struct app *app, int cols, int col);

/* The index into s->workspaces of the row of the list column at `row` of its inner rectangle; -1 =
 * none. And of the overview and the picker. */
int list_row_at(const struct app *app, const struct snapshot *s, struct rect rect, int row);
int overview_row_at(const struct app *app, const struct snapshot *s, struct rect rect, int row);
int picker_row_at(const struct app *app, const struct snapshot *s, struct rect rect, int row);

/* The row of the details' list at a cell of the screen (their rectangle is `rect`); -1 = none. */
int details_row_at(const struct app *app, const struct snapshot *s, struct rect rect, int row,
                   int col);

/* Where the picker stands on a screen of that size: as high as the list is long, within reason. */
struct rect picker_rect(const struct snapshot *s, int rows, int cols);

/* "name" or "name.agent" of a row. */
void row_title(const struct snapshot_workspace *row, char *out, size_t size);

/* "connected", "stopped", "agent gone". */
const char *row_word(const struct snapshot_workspace *row);

/* What can be done about one that is not running. */
void row_advice(const struct snapshot *s, const struct snapshot_workspace *row, char *out,
                size_t size);

/* "13:52:07, by its schedule": when and why it was stopped; "" = not known. */
enum { ROW_STOPPED = 48 };
void row_stopped(const struct snapshot *s, const struct snapshot_workspace *row,
                 char out[ROW_STOPPED]);

/* The state of a row as a sign, and its style. */
const char *row_sign(const struct glyphs *glyphs, const struct snapshot_workspace *row,
                     enum style *style);

/* The last round trip, "" = none. One that is poor by the user's limits has a sign before it. */
enum { ROW_LATENCY = 32 };
void row_latency(const struct glyphs *glyphs, const struct snapshot_workspace *row,
                 char out[ROW_LATENCY]);

/* Times of a test that can be chosen. */
unsigned test_seconds(unsigned index);
unsigned test_times(void);

/* The sign of a finding, and its style. */
const char *severity_sign(const struct glyphs *glyphs, enum finding_severity severity);
enum style severity_style(enum finding_severity severity);

/* The line of the path in use, at that row of the rectangle. */
void path_line(struct canvas *canvas, struct rect inner, int row, const struct snapshot *s);

/* The first row to show so that row `at` of `count` is in sight, in the middle where possible. */
int first_shown(int at, int count, int rows);

enum { AGE_TEXT = 24, LATENCY_TEXT = 24, BYTES_TEXT = 24 };

/* "12 s", "4 m 10 s", "3 h 5 m", "2 d 1 h". */
void age_text(uint64_t ns, char out[AGE_TEXT]);

/* "12 s", "4 m", "3 h", "2 d". */
void short_age_text(uint64_t ns, char out[AGE_TEXT]);

/* "0.43 ms", "6.1 ms", "41 ms", "1.20 s". */
void latency_text(uint64_t ns, char out[LATENCY_TEXT]);

/* "943 Mbit/s", or "118 MB/s". */
enum { RATE_TEXT = 24 };
void rate_text(uint64_t bits, bool bytes, char out[RATE_TEXT]);

/* "812 B", "1.2 kB", "34 MB": powers of ten. */
void amount_text(uint64_t bytes, char out[BYTES_TEXT]);

#endif
