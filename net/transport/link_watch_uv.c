#include "net/transport/link_watch_uv.h"

#include <stdlib.h>
#include <unistd.h>

#include "net/base/mem.h"
#include "net/base/now.h"
#include "net/transport/link_events.h"

struct link_watch {
    uv_poll_t poll;
    uv_timer_t calm, period;
    int fd; /* -1: the system does not tell */
    mono_ns checked_at;
    unsigned handles_open;
    void (*changed)(void *owner, enum link_change what);
    void *owner;
    struct interfaces known, now;
};

static void look(struct link_watch *watch)
{
    if (interfaces_read(&watch->now) == NET_OK && !interfaces_equal(&watch->now, &watch->known)) {
        watch->known = watch->now;
        watch->changed(watch->owner, LINK_CHANGED);
    }
}

static void on_calm(uv_timer_t *timer)
{
    look(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct link_watch *watch = poll->data;
    (void)status;
    (void)events;
    link_events_drain(watch->fd);
    (void)uv_timer_start(&watch->calm, on_calm, LINK_WATCH_CALM_MS, 0);
}

static uint64_t period_s(const struct link_watch *watch)
{
    return watch->fd < 0 ? (uint64_t)LINK_WATCH_PERIOD_S : (uint64_t)LINK_WATCH_SLEEP_CHECK_S;
}

/* The loop's timers stand still while the computer sleeps, our clock does not. */
static void on_period(uv_timer_t *timer)
{
    struct link_watch *watch = timer->data;
    mono_ns now = mono_now();
    uint64_t expected = (period_s(watch) + LINK_WATCH_SLEPT_S) * NS_PER_SEC;
    bool slept = mono_since(now, watch->checked_at) > expected;
    watch->checked_at = now;
    if (watch->fd < 0) {
        look(watch);
    }
    if (slept) {
        watch->changed(watch->owner, LINK_RESUMED);
    }
}

struct link_watch *link_watch_new(uv_loop_t *loop,
                                  void (*changed)(void *owner, enum link_change what), void *owner)
{
    struct link_watch *watch = mem_new(sizeof *watch);
    watch->changed = changed;
    watch->owner = owner;
    watch->checked_at = mono_now();
    (void)!interfaces_read(&watch->known);
    watch->fd = link_events_open();
    (void)uv_timer_init(loop, &watch->calm);
    (void)uv_timer_init(loop, &watch->period);
    watch->calm.data = watch;
    watch->period.data = watch;
    watch->handles_open = 2;
    if (watch->fd >= 0 && uv_poll_init(loop, &watch->poll, watch->fd) != 0) {
        (void)close(watch->fd);
        watch->fd = -1;
    }
    if (watch->fd >= 0) {
        watch->poll.data = watch;
        watch->handles_open++;
        (void)uv_poll_start(&watch->poll, UV_READABLE, on_readable);
    }
    (void)uv_timer_start(&watch->period, on_period, period_s(watch) * 1000, period_s(watch) * 1000);
    return watch;
}

static void on_closed(uv_handle_t *handle)
{
    struct link_watch *watch = handle->data;
    if (--watch->handles_open == 0) {
        if (watch->fd >= 0) {
            (void)close(watch->fd);
        }
        free(watch);
    }
}

void link_watch_close(struct link_watch *watch)
{
    uv_close((uv_handle_t *)&watch->calm, on_closed);
    uv_close((uv_handle_t *)&watch->period, on_closed);
    if (watch->fd >= 0) {
        uv_close((uv_handle_t *)&watch->poll, on_closed);
    }
}
