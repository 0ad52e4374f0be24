/*
 * The clock of a replay: where in the recording one is, how fast it goes, when the next state is
 * due. Pure. Positions are ns since the recording began.
 */
#ifndef SRC_REPLAY_H
#define SRC_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "net/base/now.h"

/* Speeds are quarters: whole numbers, which stay exact. */
enum { REPLAY_SPEED_ONE = 4, REPLAY_SPEED_LEAST = 1, REPLAY_SPEED_MOST = 1024 * REPLAY_SPEED_ONE };

struct replay {
    unsigned speed; /* in quarters */
    bool paused;
    bool ended;    /* there is no more: the position stays at the last state */
    mono_ns since; /* when `position` was so */
    uint64_t position;
};

void replay_init(struct replay *replay, mono_ns now, unsigned speed);

uint64_t replay_position(const struct replay *replay, mono_ns now);

void replay_pause(struct replay *replay, mono_ns now); /* and on again */
void replay_faster(struct replay *replay, mono_ns now);
void replay_slower(struct replay *replay, mono_ns now);

/* Goes to a later position at once, and stays there. */
void replay_step(struct replay *replay, mono_ns now, uint64_t position);

/* Goes to any position at once; `stay` there, or go on as before. */
void replay_seek(struct replay *replay, mono_ns now, uint64_t position, bool stay);

/* The last state was at `position`. */
void replay_end(struct replay *replay, mono_ns now, uint64_t position);

/* When the position will be reached; MONO_NEVER while paused. */
mono_ns replay_when(const struct replay *replay, mono_ns now, uint64_t position);

/* "4x", "0.25x", "paused", "end". */
enum { REPLAY_TEXT_SIZE = 16 };
void replay_text(const struct replay *replay, char out[REPLAY_TEXT_SIZE]);

/* "0.25", "1", "16": into quarters. False: not a number from 0.25 to 1024 in quarters. */
bool replay_parse_speed(const char *text, unsigned *speed);

#endif
