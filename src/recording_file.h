/*
 * The file of a recording, read forth and back. Each line only says what changes, so going back is
 * reading on from an earlier place: some are remembered on the way, spread over all that was read,
 * whatever its length.
 */
#ifndef SRC_RECORDING_FILE_H
#define SRC_RECORDING_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "net/base/err.h"
#include "net/monitor/snapshot.h"

struct recording_file;

/* Never NULL. `stream` can be sought in, is borrowed, and read by nobody else. */
struct recording_file *recording_file_new(FILE *stream);
void recording_file_free(struct recording_file *file);

/* Goes to the beginning, before the first state. False: it holds none; recording_file_failure says
 * why, if that is not how a recording ends. */
bool recording_file_begin(struct recording_file *file);

/* Whether there is a state after the one that stands, and when: ns since the recording began. */
bool recording_file_next(const struct recording_file *file, uint64_t *due);

/* Makes that state the one that stands. */
void recording_file_advance(struct recording_file *file);

/* Makes the last state before `position` the one that stands, or the first one if there is none
 * before it. */
void recording_file_back(struct recording_file *file, uint64_t position);

/* When the state that stands stood; 0 before the first. */
uint64_t recording_file_due(const struct recording_file *file);

/* The state that stands, as it was at `position`. */
const struct snapshot *recording_file_at(struct recording_file *file, uint64_t position);

/* What was wrong with the file where it was read last; NET_OK = nothing. */
const struct failure *recording_file_failure(const struct recording_file *file);

#endif
