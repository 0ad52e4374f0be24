/*
 * A recording is written: JSON lines, each of which says what has changed in the snapshot since the
 * line before. The recorder is a reader of snapshots as the screen is. The form is in the README.
 */
#ifndef SRC_RECORDING_WRITE_H
#define SRC_RECORDING_WRITE_H

#include <stdio.h>

#include "net/monitor/snapshot.h"

enum { RECORDING_VERSION = 1 };

struct recorder;

/* Never NULL. */
struct recorder *recorder_new(void);
void recorder_free(struct recorder *recorder);

/* Writes the first line with the first snapshot, and then one when anything has changed. Whether
 * `out` took it is for the caller to ask (ferror). */
void recorder_take(struct recorder *recorder, const struct snapshot *snapshot, FILE *out);

/* The last line: `out` is whole. */
void recorder_end(struct recorder *recorder, FILE *out);

#endif
