/*
 * What is kept of the screen, in files of the working directory that only their owner may read:
 * recordings, pictures as text, reports. Each is named after the workspace and the time, and none
 * is ever written over.
 */
#ifndef SRC_KEEPER_H
#define SRC_KEEPER_H

#include "net/monitor/snapshot.h"
#include "ui/canvas.h"
#include "ui/theme.h"

struct keeper;
struct masker;

enum { KEEPER_SAID = 200 };

/* Never NULL. The masker is borrowed. */
struct keeper *keeper_new(struct masker *masker);
void keeper_free(struct keeper *keeper); /* ends a recording in order */

/* Starts a recording, or ends it. Returns whether one goes on; `said` tells people. `masked`: one
 * that is started holds no names and addresses, to its end. */
bool keeper_record(struct keeper *keeper, const struct snapshot *snapshot, bool masked,
                   char said[KEEPER_SAID]);

/* For the recording that goes on, if any. False: it can no longer be written, and has ended. */
bool keeper_take(struct keeper *keeper, const struct snapshot *snapshot, char said[KEEPER_SAID]);

/* Whether the recording that goes on is masked. */
bool keeper_is_masked(const struct keeper *keeper);

void keeper_shot(const struct snapshot *snapshot, const struct canvas *canvas, enum theme theme,
                 char said[KEEPER_SAID]);

/* A report with names and addresses masked, into a file whose name tells none, either; `copy` gets
 * its text, for the clipboard, and says whether there is one. Its lines are short enough for a
 * mail. */
void keeper_report(struct keeper *keeper, const struct snapshot *snapshot,
                   bool (*copy)(const char *text), char said[KEEPER_SAID]);

/* The same for one finding, whether it stands or not. */
void keeper_finding(struct keeper *keeper, const struct snapshot *snapshot, enum finding_code code,
                    bool (*copy)(const char *text), char said[KEEPER_SAID]);

/* "derptop-dev1-20261126-201530.txt": letters, digits, dot, dash and underscore alone. */
enum { KEEPER_NAME = 160 };
void keeper_name(const struct snapshot *snapshot, const char *ending, char out[KEEPER_NAME]);

#endif
