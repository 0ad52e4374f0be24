#include "net/tunnel/replay.h"

bool replay_take(struct replay *replay, uint64_t counter, uint64_t limit)
{
    if (counter >= limit) {
        return false;
    }
    uint64_t word = counter / 64;
    if (counter > replay->greatest) {
        uint64_t last = replay->greatest / 64;
        uint64_t ahead = word - last < REPLAY_WORDS ? word - last : (uint64_t)REPLAY_WORDS;
        for (uint64_t i = 1; i <= ahead; i++) {
            replay->seen[(last + i) % REPLAY_WORDS] = 0;
        }
        replay->greatest = counter;
    } else if (replay->greatest - counter > REPLAY_WINDOW) {
        return false;
    }
    uint64_t bit = UINT64_C(1) << (counter % 64);
    uint64_t *seen = &replay->seen[word % REPLAY_WORDS];
    if ((*seen & bit) != 0) {
        return false;
    }
    *seen |= bit;
    return true;
}
