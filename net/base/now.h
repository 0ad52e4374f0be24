/*
 * Time. Monotonic time is an argument of every machine; wall time appears only where the wire, a
 * log line or JSON wants it, and is another type, so that they cannot be mixed up.
 */
#ifndef NET_BASE_NOW_H
#define NET_BASE_NOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of a clock that never goes back and runs on while the machine is suspended. */
typedef uint64_t mono_ns;

/* "Not at all", as a deadline: the largest value. */
#define MONO_NEVER UINT64_MAX

#define NS_PER_US  UINT64_C(1000)
#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_SEC UINT64_C(1000000000)

/* A wall-clock time: seconds since 1970 UTC, and nanoseconds below a second. */
struct wall_time {
    int64_t seconds;
    int32_t nanos;
};

/* now + delta; MONO_NEVER when it would overflow or either is MONO_NEVER. */
static inline mono_ns mono_after(mono_ns now, uint64_t delta)
{
    return now > MONO_NEVER - delta ? MONO_NEVER : now + delta;
}

/* How long ago `then` was; 0 when it lies in the future. */
static inline uint64_t mono_since(mono_ns now, mono_ns then)
{
    return now > then ? now - then : 0;
}

/* How long until `then`; 0 when it has passed, MONO_NEVER when it never comes. */
static inline uint64_t mono_until(mono_ns now, mono_ns then)
{
    if (then == MONO_NEVER) {
        return MONO_NEVER;
    }
    return then > now ? then - now : 0;
}

static inline mono_ns mono_min(mono_ns a, mono_ns b)
{
    return a < b ? a : b;
}

/* The only readers of the clocks: for shells, once at the entry of a callback. */
mono_ns mono_now(void);
struct wall_time wall_now(void);

enum { WALL_TEXT_SIZE = 40 };

/* RFC 3339 with `digits` (0, 3 or 9) decimals, in UTC ("…Z") or with the local offset.
 * `size` should be WALL_TEXT_SIZE. */
void wall_text(char *out, size_t size, struct wall_time when, int digits, int utc);

/* Reads RFC 3339, with any number of decimals. False: it is not that, and *out is zero. Pure. */
bool wall_read(const char *text, struct wall_time *out);

#endif
