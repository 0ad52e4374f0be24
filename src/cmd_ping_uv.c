/*
 * `derptop ping`: a reader of the core's snapshots that prints each probe as it ends.
 */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <uv.h>

#include "net/base/mem.h"
#include "net/monitor/core_thread_uv.h"
#include "src/aws_source_uv.h"
#include "src/cmd.h"
#include "src/out.h"
#include "src/ping_report.h"

struct ping {
    const struct options *options;
    struct snapshot_box *box;
    uv_loop_t loop;
    uv_async_t async;
    uv_signal_t interrupt, terminate;
    bool printed[SNAPSHOT_SAMPLES_MAX]; /* by number % SNAPSHOT_SAMPLES_MAX, from `next` on */
    uint64_t next;                      /* all before it are printed */
    bool relayed, direct;               /* such a pong was printed */
    uint64_t next_change;               /* of the path: those before it are printed */
    struct snapshot last;
    int status;
};

static void stop(struct ping *ping, int status)
{
    ping->status = status;
    uv_stop(&ping->loop);
}

/* As `coder ping` says it: once, before the first direct pong that follows relayed ones. */
static void note_direct(struct ping *ping, const struct snapshot *s,
                        const struct snapshot_sample *sample)
{
    if (sample->state != SAMPLE_PONG) {
        return;
    }
    if (sample->path == PATH_DERP) {
        ping->relayed = true;
    } else if (!ping->direct) {
        ping->direct = true;
        if (ping->relayed) {
            ping_report_direct(ping->options, s);
        }
    }
}

static void print_changes(struct ping *ping, const struct snapshot *s)
{
    for (size_t i = 0; i < s->changes_kept; i++) {
        if (s->changes[i].seq >= ping->next_change) {
            ping_report_change(ping->options, &s->changes[i]);
            ping->next_change = s->changes[i].seq + 1;
        }
    }
}

/* Probes may end in another order than they began. */
static void print_finished(struct ping *ping, const struct snapshot *s)
{
    uint64_t end = s->first_sample + s->sample_count;
    ping->next = ping->next < s->first_sample ? s->first_sample : ping->next;
    for (uint64_t n = ping->next; n < end; n++) {
        const struct snapshot_sample *sample = &s->samples[n - s->first_sample];
        bool *printed = &ping->printed[n % SNAPSHOT_SAMPLES_MAX];
        if (sample->state != SAMPLE_PENDING && !*printed) {
            note_direct(ping, s, sample);
            ping_report_sample(ping->options, s, n + 1, sample);
            *printed = true;
        }
        if (*printed && n == ping->next) {
            *printed = false; /* the place is used again later */
            ping->next++;
        }
    }
}

static void on_snapshot(uv_async_t *async)
{
    struct ping *ping = async->data;
    bool fresh = false;
    const struct snapshot *s = snapshot_box_take(ping->box, &fresh);
    if (!fresh) {
        return;
    }
    print_changes(ping, s);
    print_finished(ping, s);
    ping->last = *s;
    if (s->fatal) {
        stop(ping, s->fatal_status);
    } else if (s->finished) {
        stop(ping, s->run.answered > 0 ? EXIT_DONE : EXIT_FAILED);
    }
}

static void on_wake(void *owner)
{
    struct ping *ping = owner;
    (void)uv_async_send(&ping->async);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct ping *ping = handle->data;
    stop(ping, number == SIGINT ? EXIT_INTERRUPTED : 128 + number);
}

static void open_loop(struct ping *ping)
{
    (void)uv_loop_init(&ping->loop);
    (void)uv_async_init(&ping->loop, &ping->async, on_snapshot);
    (void)uv_signal_init(&ping->loop, &ping->interrupt);
    (void)uv_signal_init(&ping->loop, &ping->terminate);
    ping->async.data = ping;
    ping->interrupt.data = ping;
    ping->terminate.data = ping;
    (void)uv_signal_start(&ping->interrupt, on_signal, SIGINT);
    (void)uv_signal_start(&ping->terminate, on_signal, SIGTERM);
}

static void close_loop(struct ping *ping)
{
    uv_close((uv_handle_t *)&ping->async, NULL);
    uv_close((uv_handle_t *)&ping->interrupt, NULL);
    uv_close((uv_handle_t *)&ping->terminate, NULL);
    (void)uv_run(&ping->loop, UV_RUN_DEFAULT);
    int busy = uv_loop_close(&ping->loop);
    assert(busy == 0);
}

static void report(struct ping *ping)
{
    bool told = ping->last.fatal && ping->last.run.answered + ping->last.run.lost == 0;
    if (ping->last.fatal) {
        out_error(ping->last.notice);
    }
    if (!told) {
        ping_report_end(ping->options, &ping->last);
    }
}

static int run(const struct options *options, const struct config *config,
               const struct settings *settings, const struct aws_ranges *aws)
{
    struct failure why;
    struct core_thread *thread = NULL;
    struct ping *ping = mem_new(sizeof *ping);
    struct core_options core = {
        .settings = settings,
        .target = options->target,
        .headless = true,
        .interval_ns = options->wait_ns,
        .timeout_ns = options->timeout_ns,
        .beats_max = options->num,
        .limits = cmd_limits(config),
        .aws = aws,
        .log_least = options->verbose ? LOG_DEBUG : LOG_INFO,
        .log_sink = options->verbose ? log_to_file : NULL,
        .log_owner = stderr,
    };
    ping->options = options;
    ping->box = snapshot_box_new();
    open_loop(ping);
    if (core_thread_start(&core, ping->box, on_wake, ping, &thread, &why) != NET_OK) {
        out_error(why.text);
        ping->status = cmd_status(&why);
    } else {
        (void)uv_run(&ping->loop, UV_RUN_DEFAULT);
        report(ping);
        core_thread_stop(thread);
    }
    int status = ping->status;
    close_loop(ping);
    snapshot_box_free(ping->box);
    free(ping);
    return status;
}

int cmd_ping(const struct options *options)
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
        status = run(options, &config, &settings, &aws.ranges);
        aws_source_clear(&aws);
    }
    settings_clear(&settings);
    return status;
}
