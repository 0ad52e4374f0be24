/*
 * Shared by the app's files:
 *   app.c  keys to actions, typing     app_act.c  what an action does, with
 *   app_draw.c  the frame              app_rows.c  workspaces, and
 *   app_click.c  the mouse             app_test.c  throughput tests
 *   app_summary.c  what is left behind
 *   app_lines.c  log and events
 *   app_graph.c  the graph
 *   app_findings.c  the details
 */
#ifndef UI_APP_INTERNAL_H
#define UI_APP_INTERNAL_H

#include "ui/app.h"

/* The list of the view on top. */
struct app_list *app_list(struct app *app);

/* What the list of a view shows now. */
void app_rows_query(const struct app *app, enum view view, struct rows_query *out);

unsigned app_act(struct app *app, enum action action, int index, const struct snapshot *s,
                 struct command *out);

/* Puts a view on top; one that is there already comes up. */
void app_open(struct app *app, enum view view);

void app_say(struct app *app, const char *format, ...) NET_PRINTF(2, 3);

/* Watches the workspace of that row. */
unsigned app_select(struct app *app, const struct snapshot *s, int index, struct command *out);

/* app_rows.c */
/* What the core selected by itself counts as shown, too. */
void app_note_shown(struct app *app, const struct snapshot *s);
unsigned app_select_step(struct app *app, const struct snapshot *s, int step, struct command *out);
unsigned app_select_nth(struct app *app, const struct snapshot *s, int nth, struct command *out);
unsigned app_select_before(struct app *app, const struct snapshot *s, struct command *out);
/* The row that is chosen in a list of workspaces; else that which is shown; -1 = none. */
int app_chosen_row(const struct app *app, const struct snapshot *s, enum view view);
unsigned app_pin(struct app *app, const struct snapshot *s);
/* Opens a list of workspaces at the one that is shown. */
void app_open_rows(struct app *app, const struct snapshot *s, enum view view);

/* app_lines.c */
bool app_in_lines(const struct app *app); /* log or events are on top */
unsigned app_lines_move(struct app *app, const struct snapshot *s, int64_t by);
unsigned app_lines_follow(struct app *app, const struct snapshot *s);
unsigned app_lines_others(struct app *app, const struct snapshot *s);
/* Shows the chosen line's moment in the graph. */
unsigned app_lines_choose(struct app *app, const struct snapshot *s);
unsigned app_lines_mark(struct app *app, const struct snapshot *s);
/* What was typed is what is looked for. */
void app_lines_typed(struct app *app, const struct snapshot *s);
/* Nothing is looked for any more; in views of text, next and previous match know what it was. */
void app_forget_word(struct app *app);
/* The next match of what is looked for, or was last: in log, events and details. */
unsigned app_match(struct app *app, const struct snapshot *s, bool down);
/* That it went past the end, if it did. */
const char *app_round_words(bool round, bool down);

/* app_graph.c: ACTION_ZOOM_IN to ACTION_MARK */
unsigned app_graph_act(struct app *app, enum action action, const struct snapshot *s);

/* app_draw.c: where the view on top is drawn, of all between header and footer. */
struct rect app_top_rect(const struct app *app, struct rect body);

/* app_findings.c */
void app_findings_open(struct app *app, const struct snapshot *s);
unsigned app_findings_match(struct app *app, const struct snapshot *s, bool down);
unsigned app_findings_move(struct app *app, const struct snapshot *s, int64_t by);
/* Chooses the row of that number. */
unsigned app_findings_choose(struct app *app, const struct snapshot *s, int row);
unsigned app_findings_page(struct app *app, bool down);
unsigned app_findings_act(struct app *app, enum action action, const struct snapshot *s);

/* app_test.c */
unsigned app_test_start(struct app *app, const struct snapshot *s, bool chosen,
                        struct command *out);
unsigned app_test_choose(struct app *app, int by);
unsigned app_test_stop(struct app *app, const struct snapshot *s, struct command *out);

#endif
