/*
 * A log line of one kind that somebody else can provoke: said at once, then at most every
 * LOG_LIMIT_S seconds with the number of those that were not said.
 */
#ifndef NET_BASE_LOG_LIMIT_H
#define NET_BASE_LOG_LIMIT_H

#include "net/base/log.h"

enum { LOG_LIMIT_S = 10 };

struct log_limit {
    uint64_t count;   /* in all, for counters */
    uint64_t held;    /* since the last line */
    mono_ns quiet_to; /* 0 = none was said yet */
};

/* Counts one; true: say it now. *held is how many were not said since the last time. */
bool log_limit_take(struct log_limit *limit, mono_ns now, uint64_t *held);

/* Counts one and writes `text`, with the number held back, if it is time. `log` may be NULL. */
void log_limited(struct log *log, struct log_limit *limit, mono_ns now, enum log_level level,
                 enum log_part part, const char *text);

#endif
