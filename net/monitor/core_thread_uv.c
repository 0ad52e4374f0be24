#include "net/monitor/core_thread_uv.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

#include "net/base/mem.h"

enum { QUEUE_MAX = 64 }; /* keys pressed faster than the core turns are dropped beyond it */

struct core_thread {
    uv_thread_t thread;
    uv_loop_t loop;
    uv_async_t async;
    struct core *core;
    uv_mutex_t lock; /* guards what follows */
    struct command queue[QUEUE_MAX];
    size_t queued;
    bool stop;
};

static void core_closed(void *owner)
{
    struct core_thread *thread = owner;
    thread->core = NULL;
}

static void on_async(uv_async_t *async)
{
    struct core_thread *thread = async->data;
    struct command taken[QUEUE_MAX];
    uv_mutex_lock(&thread->lock);
    size_t count = thread->queued;
    for (size_t i = 0; i < count; i++) {
        taken[i] = thread->queue[i];
    }
    thread->queued = 0;
    bool stop = thread->stop;
    uv_mutex_unlock(&thread->lock);
    for (size_t i = 0; i < count && thread->core != NULL; i++) {
        core_command(thread->core, &taken[i]);
    }
    if (stop && !uv_is_closing((uv_handle_t *)async)) {
        core_close(thread->core, core_closed, thread);
        uv_close((uv_handle_t *)async, NULL);
    }
}

static void run(void *arg)
{
    struct core_thread *thread = arg;
    (void)uv_run(&thread->loop, UV_RUN_DEFAULT);
}

static void free_thread(struct core_thread *thread)
{
    (void)uv_run(&thread->loop, UV_RUN_DEFAULT);
    int busy = uv_loop_close(&thread->loop);
    assert(busy == 0);
    uv_mutex_destroy(&thread->lock);
    free(thread);
}

/* Signals belong to the main thread, but for those that a fault raises: blocked, they would end the
 * program past the handler that restores the terminal. */
static int start_with_signals_blocked(struct core_thread *thread)
{
    sigset_t all;
    sigset_t before;
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    (void)sigfillset(&all);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        (void)sigdelset(&all, faults[i]);
    }
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = uv_thread_create(&thread->thread, run, thread);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

enum net_err core_thread_start(const struct core_options *options, struct snapshot_box *box,
                               void (*wake)(void *owner), void *owner, struct core_thread **out,
                               struct failure *why)
{
    struct core_thread *thread = mem_new(sizeof *thread);
    (void)uv_loop_init(&thread->loop);
    (void)uv_mutex_init(&thread->lock);
    (void)uv_async_init(&thread->loop, &thread->async, on_async);
    thread->async.data = thread;
    enum net_err err = core_new(&thread->loop, options, box, wake, owner, &thread->core, why);
    if (err == NET_OK && start_with_signals_blocked(thread) != 0) {
        err = failure_set(why, NET_ERR_IO, "cannot start a thread");
        core_close(thread->core, core_closed, thread);
    }
    if (err != NET_OK) {
        uv_close((uv_handle_t *)&thread->async, NULL);
        free_thread(thread);
        return err;
    }
    *out = thread;
    return NET_OK;
}

void core_thread_send(struct core_thread *thread, const struct command *command)
{
    uv_mutex_lock(&thread->lock);
    if (thread->queued < QUEUE_MAX) {
        thread->queue[thread->queued++] = *command;
    }
    uv_mutex_unlock(&thread->lock);
    (void)uv_async_send(&thread->async);
}

void core_thread_stop(struct core_thread *thread)
{
    uv_mutex_lock(&thread->lock);
    thread->stop = true;
    uv_mutex_unlock(&thread->lock);
    (void)uv_async_send(&thread->async);
    (void)uv_thread_join(&thread->thread);
    free_thread(thread);
}
