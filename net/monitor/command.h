/*
 * What a key press asks of the core.
 */
#ifndef NET_MONITOR_COMMAND_H
#define NET_MONITOR_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/uuid.h"

enum command_kind {
    COMMAND_NONE,
    COMMAND_SELECT, /* id: the agent (or the workspace, when it has no agent) to watch and show */
    COMMAND_WATCH,  /* all that run, as far as there is room: who is shown stays so */
    COMMAND_PAUSE,  /* toggle */
    COMMAND_RETRY,  /* probe, reconnect and reload the list now */
    COMMAND_SPEEDTEST_START, /* of the selected agent: up, direct, duration_ns */
    COMMAND_SPEEDTEST_STOP,
    COMMAND_SLOWER, /* of a replay, as the next four; there COMMAND_PAUSE stops it, too */
    COMMAND_FASTER,
    COMMAND_STEP,
    COMMAND_STEP_BACK,
    COMMAND_REWIND, /* to its beginning */
    COMMAND_QUIT,
};

struct command {
    enum command_kind kind;
    struct uuid id;
    bool up;              /* send; else receive */
    bool direct;          /* only by a direct path: wait for one */
    uint64_t duration_ns; /* 0 = the usual 5 s */
};

#endif
