#include "src/replay.h"

#include <stdlib.h>

#include "net/base/text.h"

void replay_init(struct replay *replay, mono_ns now, unsigned speed)
{
    *replay = (struct replay){.speed = speed, .since = now};
}

uint64_t replay_position(const struct replay *replay, mono_ns now)
{
    if (replay->paused || replay->ended) {
        return replay->position;
    }
    uint64_t passed = mono_since(now, replay->since);
    return mono_after(replay->position, passed / REPLAY_SPEED_ONE * replay->speed);
}

/* What follows counts from here. */
static void settle(struct replay *replay, mono_ns now)
{
    replay->position = replay_position(replay, now);
    replay->since = now;
}

void replay_pause(struct replay *replay, mono_ns now)
{
    settle(replay, now);
    replay->paused = !replay->paused;
}

void replay_faster(struct replay *replay, mono_ns now)
{
    settle(replay, now);
    if (replay->speed < REPLAY_SPEED_MOST) {
        replay->speed *= 2;
    }
    if (replay->speed > REPLAY_SPEED_MOST) {
        replay->speed = REPLAY_SPEED_MOST;
    }
}

void replay_slower(struct replay *replay, mono_ns now)
{
    settle(replay, now);
    if (replay->speed > REPLAY_SPEED_LEAST) {
        replay->speed /= 2;
    }
}

void replay_step(struct replay *replay, mono_ns now, uint64_t position)
{
    settle(replay, now);
    replay->paused = true;
    replay->position = position > replay->position ? position : replay->position;
}

void replay_seek(struct replay *replay, mono_ns now, uint64_t position, bool stay)
{
    replay->paused |= stay;
    replay->ended = false;
    replay->since = now;
    replay->position = position;
}

void replay_end(struct replay *replay, mono_ns now, uint64_t position)
{
    replay->ended = true;
    replay->since = now;
    replay->position = position;
}

mono_ns replay_when(const struct replay *replay, mono_ns now, uint64_t position)
{
    uint64_t at = replay_position(replay, now);
    if (position <= at) {
        return now;
    }
    if (replay->paused || replay->ended) {
        return MONO_NEVER;
    }
    /* Rounded up: not before it is reached. */
    uint64_t left = (position - at) / replay->speed;
    return left >= MONO_NEVER / REPLAY_SPEED_ONE ? MONO_NEVER
                                                 : mono_after(now, (left + 1) * REPLAY_SPEED_ONE);
}

void replay_text(const struct replay *replay, char out[REPLAY_TEXT_SIZE])
{
    if (replay->ended) {
        text_copy(out, REPLAY_TEXT_SIZE, "end");
    } else if (replay->paused) {
        text_copy(out, REPLAY_TEXT_SIZE, "paused");
    } else {
        text_format(out, REPLAY_TEXT_SIZE, "%gx", (double)replay->speed / REPLAY_SPEED_ONE);
    }
}

bool replay_parse_speed(const char *text, unsigned *speed)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9' || text[1] == 'x') {
        return false;
    }
    double quarters = strtod(text, &end) * REPLAY_SPEED_ONE;
    if (*end != '\0' || !(quarters >= REPLAY_SPEED_LEAST && quarters <= REPLAY_SPEED_MOST)) {
        return false;
    }
    *speed = (unsigned)quarters;
    return (double)*speed == quarters;
}
