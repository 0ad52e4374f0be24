#include "tests/support/loop_uv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LIMIT_MS = 10000 };

struct waiting {
    uv_timer_t limit;
    uv_prepare_t prepare;
    bool (*done)(void *owner);
    void *owner;
    bool late;
    unsigned open;
};

static void on_limit(uv_timer_t *timer)
{
    ((struct waiting *)timer->data)->late = true;
}

/* A timer's call-back may have made it true just before the loop goes to sleep. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct waiting *waiting = prepare->data;
    if (waiting->done(waiting->owner)) {
        uv_stop(prepare->loop);
    }
}

static void on_closed(uv_handle_t *handle)
{
    ((struct waiting *)handle->data)->open--;
}

static void begin(uv_loop_t *loop, struct waiting *waiting)
{
    (void)uv_timer_init(loop, &waiting->limit);
    (void)uv_prepare_init(loop, &waiting->prepare);
    waiting->limit.data = waiting;
    waiting->prepare.data = waiting;
    waiting->open = 2;
    (void)uv_timer_start(&waiting->limit, on_limit, LIMIT_MS, 0);
    (void)uv_prepare_start(&waiting->prepare, on_prepare);
    uv_unref((uv_handle_t *)&waiting->limit);
    uv_unref((uv_handle_t *)&waiting->prepare);
}

static bool run(uv_loop_t *loop, bool (*done)(void *owner), void *owner)
{
    struct waiting waiting = {.done = done, .owner = owner};
    begin(loop, &waiting);
    /* It also stops when nothing is left that could make it true. */
    while (!done(owner) && !waiting.late && uv_run(loop, UV_RUN_ONCE) != 0) {
    }
    uv_close((uv_handle_t *)&waiting.limit, on_closed);
    uv_close((uv_handle_t *)&waiting.prepare, on_closed);
    while (waiting.open > 0) {
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
