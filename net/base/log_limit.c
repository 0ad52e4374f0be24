#include "net/base/log_limit.h"

bool log_limit_take(struct log_limit *limit, mono_ns now, uint64_t *held)
{
    limit->count++;
    if (now < limit->quiet_to) {
        limit->held++;
        return false;
    }
    *held = limit->held;
    limit->held = 0;
    limit->quiet_to = mono_after(now, LOG_LIMIT_S * NS_PER_SEC);
    return true;
}

void log_limited(struct log *log, struct log_limit *limit, mono_ns now, enum log_level level,
                 enum log_part part, const char *text)
{
    uint64_t held = 0;
    if (!log_limit_take(limit, now, &held)) {
        return;
    }
    if (held == 0) {
        log_line(log, level, part, "%s", text);
    } else {
        log_line(log, level, part, "%s (and %llu times more since the last such line)", text,
                 (unsigned long long)held);
    }
}
