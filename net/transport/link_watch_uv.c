#include "net/transport/link_watch_uv.h"

#include <stdlib.h>
#include <unistd.h>

#include "net/base/mem.h"
#include "net/base/now.h"
#include "net/transport/link_events.h"
#include "net/transport/slept.h"

/* What the system tells by a descriptor. */
struct event_source {
    uv_poll_t poll;
    int fd; /* -1: it does not tell */
};

struct link_watch {
    uv_loop_t *loop;
    struct event_source links, wakes;
    uv_timer_t calm, period;
    struct slept slept;
    unsigned handles_open;
    bool closing;
    void (*changed)(void *owner, enum link_change what);
    void *owner;
    struct interfaces known, now;
};

static void look(struct link_watch *watch)
{
    if (interfaces_read(&watch->now) == NET_OK && !interfaces_same(&watch->now, &watch->known)) {
        watch->known = watch->now;
        watch->changed(watch->owner, LINK_CHANGED);
    }
}

static void on_calm(uv_timer_t *timer)
{
    look(timer->data);
}

static void on_link(uv_poll_t *poll, int status, int events)
{
    struct link_watch *watch = poll->data;
    (void)status;
    (void)events;
    link_events_drain(watch->links.fd);
    /* Not put off by what comes meanwhile: a busy host would never be looked at. */
    if (!uv_is_active((const uv_handle_t *)&watch->calm)) {
        uv_update_time(watch->loop);
        (void)uv_timer_start(&watch->calm, on_calm, LINK_WATCH_CALM_MS, 0);
    }
}

static uint64_t period_s(const struct link_watch *watch)
{
    return watch->links.fd < 0 ? (uint64_t)LINK_WATCH_PERIOD_S : (uint64_t)LINK_WATCH_SLEEP_CHECK_S;
}

static void look_for_sleep(struct link_watch *watch)
{
    if (slept_look(&watch->slept, mono_now(), uv_hrtime(), period_s(watch) * NS_PER_SEC) !=
        SLEPT_NOT) {
        watch->changed(watch->owner, LINK_RESUMED);
    }
}

static void on_wake(uv_poll_t *poll, int status, int events)
{
    struct link_watch *watch = poll->data;
    (void)status;
    (void)events;
    wake_events_drain(watch->wakes.fd);
    look_for_sleep(watch);
}

static void on_period(uv_timer_t *timer)
{
    struct link_watch *watch = timer->data;
    if (watch->links.fd < 0) {
        look(watch);
    }
    if (!watch->closing) {
        look_for_sleep(watch);
    }
}

static void open_source(struct link_watch *watch, struct event_source *source, int fd,
                        uv_poll_cb on_event)
{
    source->fd = fd;
    if (fd >= 0 && uv_poll_init(watch->loop, &source->poll, fd) != 0) {
        (void)close(fd);
        source->fd = -1;
    }
    if (source->fd >= 0) {
        source->poll.data = watch;
        watch->handles_open++;
        (void)uv_poll_start(&source->poll, UV_READABLE, on_event);
    }
}

struct link_watch *link_watch_new(uv_loop_t *loop,
                                  void (*changed)(void *owner, enum link_change what), void *owner)
{
    struct link_watch *watch = mem_new(sizeof *watch);
    watch->loop = loop;
    watch->changed = changed;
    watch->owner = owner;
    (void)uv_timer_init(loop, &watch->calm);
    (void)uv_timer_init(loop, &watch->period);
    watch->calm.data = watch;
    watch->period.data = watch;
    watch->handles_open = 2;
    open_source(watch, &watch->links, link_events_open(), on_link); /* before the first reading */
    open_source(watch, &watch->wakes, wake_events_open(), on_wake);
    (void)!interfaces_read(&watch->known);
    uint64_t period = period_s(watch);
    slept_start(&watch->slept, mono_now(), uv_hrtime(), period * NS_PER_SEC);
    (void)uv_timer_start(&watch->period, on_period, period * 1000, period * 1000);
    return watch;
}

static void on_closed(uv_handle_t *handle)
{
    struct link_watch *watch = handle->data;
    if (--watch->handles_open == 0) {
        free(watch);
    }
}

static void close_source(struct event_source *source)
{
    if (source->fd >= 0) {
        uv_close((uv_handle_t *)&source->poll, on_closed);
        (void)close(source->fd); /* nothing polls it any more */
    }
}

void link_watch_close(struct link_watch *watch)
{
    watch->closing = true;
    close_source(&watch->links);
    close_source(&watch->wakes);
    uv_close((uv_handle_t *)&watch->calm, on_closed);
    uv_close((uv_handle_t *)&watch->period, on_closed);
}
