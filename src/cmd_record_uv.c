/*
 * `derptop record`: another reader of the core's snapshots, which writes what changes in them.
 */
#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "net/base/mem.h"
#include "net/monitor/core_thread_uv.h"
#include "src/cmd.h"
#include "src/out.h"
#include "src/recording_write.h"

enum { PROBE_TIMEOUT_S = 5, MODE = 0600 /* addresses and names are in it */ };

struct record {
    struct snapshot_box *box;
    struct recorder *recorder;
    FILE *out;
    uv_loop_t loop;
    uv_async_t async;
    uv_signal_t interrupt, terminate;
    struct failure failure;
    int status;
};

static void stop(struct record *record, int status)
{
    record->status = status;
    uv_stop(&record->loop);
}

static void on_snapshot(uv_async_t *async)
{
    struct record *record = async->data;
    bool fresh = false;
    const struct snapshot *s = snapshot_box_take(record->box, &fresh);
    if (!fresh) {
        return;
    }
    recorder_take(record->recorder, s, record->out);
    if (fflush(record->out) != 0 || ferror(record->out) != 0) {
        failure_set(&record->failure, NET_ERR_IO, "the recording cannot be written");
        stop(record, EXIT_FAILED);
    } else if (s->fatal) {
        failure_set(&record->failure, NET_ERR_STATE, "%s", s->notice);
        stop(record, s->fatal_status);
    }
}

static void on_wake(void *owner)
{
    struct record *record = owner;
    (void)uv_async_send(&record->async);
}

static void on_signal(uv_signal_t *handle, int number)
{
    stop(handle->data, number == SIGINT ? EXIT_INTERRUPTED : 128 + number);
}

static void open_loop(struct record *record)
{
    (void)uv_loop_init(&record->loop);
    (void)uv_async_init(&record->loop, &record->async, on_snapshot);
    (void)uv_signal_init(&record->loop, &record->interrupt);
    (void)uv_signal_init(&record->loop, &record->terminate);
    record->async.data = record;
    record->interrupt.data = record;
    record->terminate.data = record;
    (void)uv_signal_start(&record->interrupt, on_signal, SIGINT);
    (void)uv_signal_start(&record->terminate, on_signal, SIGTERM);
}

static void close_loop(struct record *record)
{
    uv_close((uv_handle_t *)&record->async, NULL);
    uv_close((uv_handle_t *)&record->interrupt, NULL);
    uv_close((uv_handle_t *)&record->terminate, NULL);
    (void)uv_run(&record->loop, UV_RUN_DEFAULT);
    int busy = uv_loop_close(&record->loop);
    assert(busy == 0);
}

/* "-" is standard output. NULL: it cannot be, and was said. */
static FILE *open_file(const char *name)
{
    if (strcmp(name, "-") == 0) {
        return stdout;
    }
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL) {
        struct failure why;
        failure_set(&why, NET_ERR_IO, "%s cannot be written", name);
        out_error(why.text);
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    return file;
}

static void run(struct record *record, const struct options *options,
                const struct settings *settings)
{
    struct core_thread *thread = NULL;
    struct core_options core = {
        .settings = settings,
        .target = options->target,
        .keep_list = true,
        .must_find = true,
        .interval_ns = options->interval_ns != 0 ? options->interval_ns : NS_PER_SEC,
        .timeout_ns = PROBE_TIMEOUT_S * NS_PER_SEC,
        .log_least = options->verbose ? LOG_DEBUG : LOG_INFO,
        .log_sink = options->verbose ? log_to_file : NULL,
        .log_owner = stderr,
    };
    if (core_thread_start(&core, record->box, on_wake, record, &thread, &record->failure) !=
        NET_OK) {
        record->status = cmd_status(&record->failure);
        return;
    }
    (void)uv_run(&record->loop, UV_RUN_DEFAULT);
    core_thread_stop(thread);
    recorder_end(record->recorder, record->out);
    if (fflush(record->out) != 0 && record->failure.code == NET_OK) {
        failure_set(&record->failure, NET_ERR_IO, "the recording cannot be written");
        record->status = EXIT_FAILED;
    }
}

int cmd_record(const struct options *options)
{
    struct settings settings;
    struct record record = {.status = EXIT_DONE};
    int status = cmd_settings(options, &settings);
    if (status != EXIT_DONE) {
        return status;
    }
    record.out = open_file(options->output);
    if (record.out == NULL) {
        settings_clear(&settings);
        return EXIT_FAILED;
    }
    record.box = snapshot_box_new();
    record.recorder = recorder_new();
    open_loop(&record);
    run(&record, options, &settings);
    close_loop(&record);
    if (record.failure.code != NET_OK) {
        out_error(record.failure.text);
    }
    if (record.out != stdout) {
        (void)fclose(record.out);
    }
    recorder_free(record.recorder);
    snapshot_box_free(record.box);
    settings_clear(&settings);
    return record.status;
}
