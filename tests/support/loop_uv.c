#include "tests/support/loop_uv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LIMIT_MS = 10000 };

static void on_limit(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void on_timer_closed(uv_handle_t *handle)
{
    *(bool *)handle->data = true;
}

static bool run(uv_loop_t *loop, bool (*done)(void *owner), void *owner)
{
    uv_timer_t timer;
    bool late = false;
    bool closed = false;
    (void)uv_timer_init(loop, &timer);
    uv_unref((uv_handle_t *)&timer);
    timer.data = &late;
    (void)uv_timer_start(&timer, on_limit, LIMIT_MS, 0);
    while (!done(owner) && !late) {
        int alive = uv_run(loop, UV_RUN_ONCE);
        if (alive == 0 && !done(owner)) {
            break; /* nothing left that could make it true */
        }
    }
    timer.data = &closed;
    uv_close((uv_handle_t *)&timer, on_timer_closed);
    while (!closed) {
        (void)uv_run(loop, UV_RUN_NOWAIT);
    }
    return done(owner);
}

void loop_until_call(uv_loop_t *loop, bool (*done)(void *owner), void *owner, const char *what)
{
    if (!run(loop, done, owner)) {
        fail_msg("did not happen in time: %s", what);
    }
}

static bool flag_is_set(void *owner)
{
    return **(const bool *const *)owner;
}

void loop_until(uv_loop_t *loop, const bool *flag, const char *what)
{
    loop_until_call(loop, flag_is_set, &flag, what);
}

void loop_turns(uv_loop_t *loop, unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) {
        (void)uv_run(loop, UV_RUN_NOWAIT);
    }
}

static bool is_idle(void *owner)
{
    return uv_loop_alive(owner) == 0;
}

void loop_finish(uv_loop_t *loop)
{
    loop_until_call(loop, is_idle, loop, "every handle is closed");
    assert_int_equal(uv_loop_close(loop), 0);
}
