/*
 * Shared by the app's files:
 *   app.c  keys to actions, typing     app_act.c  what an action does
 *   app_draw.c  the frame              app_click.c  the mouse
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

#endif
