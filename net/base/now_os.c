#include <assert.h>
#include <stdio.h>
#include <time.h>

#include "net/base/now.h"
#include "net/base/text.h"

mono_ns mono_now(void)
{
    struct timespec at;
#ifdef CLOCK_BOOTTIME
    /* Linux: CLOCK_MONOTONIC stands still while the machine sleeps; key ages must not. */
    int failed = clock_gettime(CLOCK_BOOTTIME, &at);
#else
    int failed = clock_gettime(CLOCK_MONOTONIC, &at);
#endif
    assert(!failed);
    return (uint64_t)at.tv_sec * NS_PER_SEC + (uint64_t)at.tv_nsec;
}

struct wall_time wall_now(void)
{
    struct timespec at;
    int failed = clock_gettime(CLOCK_REALTIME, &at);
    assert(!failed);
    return (struct wall_time){.seconds = at.tv_sec, .nanos = (int32_t)at.tv_nsec};
}

void wall_text(char *out, size_t size, struct wall_time when, int digits, int utc)
{
    time_t seconds = (time_t)when.seconds;
    struct tm parts;
    char base[24];
    char fraction[12] = "";
    char zone[8] = "Z";
    if ((utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)) == NULL) {
        text_copy(out, size, "0000-00-00T00:00:00Z");
        return;
    }
    (void)strftime(base, sizeof base, "%Y-%m-%dT%H:%M:%S", &parts);
    if (digits == 3) {
        text_format(fraction, sizeof fraction, ".%03d", (int)(when.nanos / 1000000));
    } else if (digits == 9) {
        text_format(fraction, sizeof fraction, ".%09d", (int)when.nanos);
    }
    if (!utc && parts.tm_gmtoff != 0) {
        long minutes = parts.tm_gmtoff / 60;
        text_format(zone, sizeof zone, "%c%02ld:%02ld", minutes < 0 ? '-' : '+',
                    (minutes < 0 ? -minutes : minutes) / 60 % 100,
                    (minutes < 0 ? -minutes : minutes) % 60);
    }
    text_format(out, size, "%s%s%s", base, fraction, zone);
}
