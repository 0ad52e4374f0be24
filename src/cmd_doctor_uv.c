/*
 * `derptop doctor`: watches the workspace until all is known that can be, 18 s at most, then says
 * what is wrong and what to do.
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
#include "src/doctor_report.h"
#include "src/findings_report.h"
#include "src/out.h"

enum {
    LIMIT_MS = 18000,  /* a handshake that is never answered is one after 15 s */
    EVERY_MS = 250,    /* between probes */
    TIMEOUT_MS = 2000, /* of a probe */
    LEAST_MS = 3000,   /* so that loss and jitter mean something */
    RELAYED_MS = 9000, /* on the relay: each address of the agent was tried twice by then */
    REPORT_MS = 6000,  /* the agent's own report has so long */
    SAMPLES = DIAGNOSE_SAMPLES_LEAST,
};

struct doctor {
    const struct options *options;
    struct snapshot_box *box;
    uv_loop_t loop;
    uv_async_t async;
    uv_timer_t limit;
    uv_signal_t interrupt, terminate;
    mono_ns started_at;
    struct snapshot last;
    int status; /* of a signal; EXIT_DONE = none came */
};

/* Nothing that could still come would change the verdict. */
static bool is_complete(const struct doctor *doctor, const struct snapshot *s)
{
    const struct facts *f = &s->facts;
    uint64_t after = mono_since(mono_now(), doctor->started_at);
    bool disabled = f->direct_disabled_client || f->direct_disabled_deployment;
    bool settled =
        f->path == FACT_PATH_DIRECT ||
        (f->path == FACT_PATH_RELAY && (disabled || f->path_for_ns >= RELAYED_MS * NS_PER_MS));
    bool own_known = f->client.udp != FACT_UNKNOWN || f->stun_servers == FACT_NO || disabled;
    bool agent_known = f->agent_report != FACT_UNKNOWN || after >= REPORT_MS * NS_PER_MS;
    return settled && own_known && agent_known && after >= LEAST_MS * NS_PER_MS &&
           f->handshake == FACT_YES && f->coordinator == FACT_LINK_UP &&
           f->probes.answered + f->probes.lost >= SAMPLES;
}

static void on_snapshot(uv_async_t *async)
{
    struct doctor *doctor = async->data;
    bool fresh = false;
    const struct snapshot *s = snapshot_box_take(doctor->box, &fresh);
    if (!fresh) {
        return;
    }
    doctor->last = *s;
    if (s->fatal || is_complete(doctor, s)) {
        uv_stop(&doctor->loop);
    }
}

static void on_wake(void *owner)
{
    struct doctor *doctor = owner;
    (void)uv_async_send(&doctor->async);
}

static void on_limit(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct doctor *doctor = handle->data;
    doctor->status = number == SIGINT ? EXIT_INTERRUPTED : 128 + number;
    uv_stop(&doctor->loop);
}

static void open_loop(struct doctor *doctor)
{
    (void)uv_loop_init(&doctor->loop);
    (void)uv_async_init(&doctor->loop, &doctor->async, on_snapshot);
    (void)uv_timer_init(&doctor->loop, &doctor->limit);
    (void)uv_signal_init(&doctor->loop, &doctor->interrupt);
    (void)uv_signal_init(&doctor->loop, &doctor->terminate);
    doctor->async.data = doctor;
    doctor->interrupt.data = doctor;
    doctor->terminate.data = doctor;
    (void)uv_timer_start(&doctor->limit, on_limit, LIMIT_MS, 0);
    (void)uv_signal_start(&doctor->interrupt, on_signal, SIGINT);
    (void)uv_signal_start(&doctor->terminate, on_signal, SIGTERM);
}

static void close_loop(struct doctor *doctor)
{
    uv_close((uv_handle_t *)&doctor->async, NULL);
    uv_close((uv_handle_t *)&doctor->limit, NULL);
    uv_close((uv_handle_t *)&doctor->interrupt, NULL);
    uv_close((uv_handle_t *)&doctor->terminate, NULL);
    (void)uv_run(&doctor->loop, UV_RUN_DEFAULT);
    int busy = uv_loop_close(&doctor->loop);
    assert(busy == 0);
}

/* Prints, and returns the exit status. */
static int report(struct doctor *doctor)
{
    const struct snapshot *s = &doctor->last;
    struct mask *mask = mem_new(sizeof *mask);
    const struct doctor_view view = {
        .snapshot = s,
        .target = doctor->options->target,
        .failure = s->fatal ? s->notice : NULL,
        .took_ns = mono_since(mono_now(), doctor->started_at),
        .mask = doctor->options->share ? mask : NULL,
    };
    mask_init(mask);
    doctor_learn_names(s, view.target, mask);
    if (s->fatal) {
        char text[SNAPSHOT_TEXT * 2];
        mask_text(mask, s->notice, text, sizeof text);
        out_error(doctor->options->share ? text : s->notice);
    }
    (doctor->options->json ? doctor_print_json : doctor_print_text)(&view);
    free(mask);
    bool ill = s->fatal || findings_worst(s) >= SEVERITY_WARNING;
    return doctor->status != EXIT_DONE ? doctor->status
           : s->fatal                  ? s->fatal_status
           : ill                       ? EXIT_FAILED
                                       : EXIT_DONE;
}

static int run(const struct options *options, const struct config *config,
               const struct settings *settings, const struct aws_ranges *aws)
{
    struct failure why;
    struct core_thread *thread = NULL;
    struct doctor *doctor = mem_new(sizeof *doctor);
    struct core_options core = {
        .settings = settings,
        .target = options->target,
        .headless = true,
        .interval_ns = EVERY_MS * NS_PER_MS,
        .timeout_ns = TIMEOUT_MS * NS_PER_MS,
        .limits = cmd_limits(config),
        .aws = aws,
        .log_least = options->verbose ? LOG_DEBUG : LOG_INFO,
        .log_sink = options->verbose ? log_to_file : NULL,
        .log_owner = stderr,
    };
    int status = EXIT_DONE;
    doctor->options = options;
    doctor->started_at = mono_now();
    doctor->box = snapshot_box_new();
    open_loop(doctor);
    if (core_thread_start(&core, doctor->box, on_wake, doctor, &thread, &why) != NET_OK) {
        out_error(why.text);
        status = cmd_status(&why);
    } else {
        (void)uv_run(&doctor->loop, UV_RUN_DEFAULT);
        status = report(doctor);
        core_thread_stop(thread);
    }
    close_loop(doctor);
    snapshot_box_free(doctor->box);
    free(doctor);
    return status;
}

int cmd_doctor(const struct options *options)
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
