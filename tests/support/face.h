/*
 * Snapshots with something to see, and frames drawn from them without a terminal.
 */
#ifndef TESTS_SUPPORT_FACE_H
#define TESTS_SUPPORT_FACE_H

#include "net/monitor/snapshot.h"
#include "ui/app.h"

/* Ten minutes, one probe a second: direct, relayed from the fourth on, direct again from the sixth;
 * each fiftieth lost. Three workspaces, events, a log. */
void face_fill(struct snapshot *s);

/* A day before that: buckets, an hour of them lost, two hours relayed. */
void face_fill_day(struct snapshot *s);

void face_add_workspace(struct snapshot *s, const char *name, bool running);

/* A download that runs for 3.2 of its 5 seconds, and three tests before it. */
void face_fill_speed(struct snapshot *s);

/* The frame as text. Fails the test if a cell holds what no terminal should get. Free it. */
char *face_frame(const struct app *app, const struct snapshot *s, int rows, int cols,
                 const struct glyphs *glyphs);

/* Presses keys: characters, and "{Tab}" for those with names. Commands go nowhere. */
void face_press(struct app *app, const struct snapshot *s, const char *keys);

/* Sets the locale and the zone that frames are drawn in. */
void face_start(void);

#endif
