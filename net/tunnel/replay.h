/*
 * Which counters of a session have been seen: a window that slides with the greatest. RFC 6479;
 * wireguard-go replay/replay.go.
 */
#ifndef NET_TUNNEL_REPLAY_H
#define NET_TUNNEL_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    REPLAY_WORDS = 128,
    REPLAY_WINDOW = (REPLAY_WORDS - 1) * 64 /* how far behind the greatest a counter may be */
};

struct replay {
    uint64_t greatest;
    uint64_t seen[REPLAY_WORDS];
};

/* Takes the counter of an authenticated packet. False: seen before, too old, or at or above
 * `limit`. */
bool replay_take(struct replay *replay, uint64_t counter, uint64_t limit);

#endif
