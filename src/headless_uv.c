#include "src/headless_uv.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>

#include "src/aws_source_uv.h"
#include "src/cmd.h"
#include "src/out.h"

int headless_command(const struct options *options,
                     int (*body)(const struct options *options, const struct config *config,
                                 const struct settings *settings, const struct aws_ranges *aws))
{
    struct settings settings;
    struct config config;
    struct aws_source aws;
    int status = cmd_config(options, &config);
    if (status == EXIT_DONE) {
        status = cmd_settings(options, &settings);
    }
    if (status != EXIT_DONE) {
        return status;
    }
    status = aws_source_load(&aws, options->aws_ranges);
    if (status == EXIT_DONE) {
        status = body(options, &config, &settings, &aws.ranges);
        aws_source_clear(&aws);
    }
    settings_clear(&settings);
    return status;
}

static void on_async(uv_async_t *async)
{
    struct headless *headless = async->data;
    bool fresh = false;
    const struct snapshot *s = snapshot_box_take(headless->box, &fresh);
    if (fresh) {
        headless->take(headless->owner, s);
    }
}

static void on_wake(void *owner)
{
    struct headless *headless = owner;
    (void)uv_async_send(&headless->async);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct headless *headless = handle->data;
    int status = number == SIGINT ? EXIT_INTERRUPTED : 128 + number;
    if (headless->interrupted != NULL) {
        headless->interrupted(headless->owner, status);
    } else {
        headless_stop(headless, status);
    }
}

void headless_open(struct headless *headless, void (*take)(void *owner, const struct snapshot *s),
                   void (*interrupted)(void *owner, int status), void *owner)
{
    headless->take = take;
    headless->interrupted = interrupted;
    headless->owner = owner;
    headless->thread = NULL;
    headless->status = EXIT_DONE;
    headless->box = snapshot_box_new();
    (void)uv_loop_init(&headless->loop);
    (void)uv_async_init(&headless->loop, &headless->async, on_async);
    (void)uv_signal_init(&headless->loop, &headless->interrupt);
    (void)uv_signal_init(&headless->loop, &headless->terminate);
    headless->async.data = headless;
    headless->interrupt.data = headless;
    headless->terminate.data = headless;
    (void)uv_signal_start(&headless->interrupt, on_signal, SIGINT);
    (void)uv_signal_start(&headless->terminate, on_signal, SIGTERM);
}

void headless_log(const struct options *options, struct core_options *core)
{
    core->log_least = options->verbose ? LOG_DEBUG : LOG_INFO;
    core->log_sink = options->verbose ? log_to_file : NULL;
    core->log_owner = stderr;
}

enum net_err headless_run(struct headless *headless, const struct core_options *core,
                          struct failure *why)
{
    enum net_err err =
        core_thread_start(core, headless->box, on_wake, headless, &headless->thread, why);
    if (err != NET_OK) {
        headless->thread = NULL;
        headless->status = cmd_status(why);
        return err;
    }
    (void)uv_run(&headless->loop, UV_RUN_DEFAULT);
    return NET_OK;
}

void headless_stop(struct headless *headless, int status)
{
    headless->status = status;
    uv_stop(&headless->loop);
}

void headless_close(struct headless *headless)
{
    if (headless->thread != NULL) {
        core_thread_stop(headless->thread);
    }
    uv_close((uv_handle_t *)&headless->async, NULL);
    uv_close((uv_handle_t *)&headless->interrupt, NULL);
    uv_close((uv_handle_t *)&headless->terminate, NULL);
    (void)uv_run(&headless->loop, UV_RUN_DEFAULT);
    int busy = uv_loop_close(&headless->loop);
    assert(busy == 0);
    snapshot_box_free(headless->box);
}
