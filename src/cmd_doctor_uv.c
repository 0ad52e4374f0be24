/*
 * `derptop doctor`: watches the workspace until all is known that can be, 18 s at most, then says
 * what is wrong and what to do.
 */
#include <stdlib.h>

#include "net/base/mem.h"
#include "src/cmd.h"
#include "src/doctor_report.h"
#include "src/findings_report.h"
#include "src/headless_uv.h"
#include "src/mask_snapshot.h"
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
    struct headless headless;
    uv_timer_t limit;
    mono_ns started_at;
    struct snapshot last;
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

static void take(void *owner, const struct snapshot *s)
{
    struct doctor *doctor = owner;
    doctor->last = *s;
    if (s->fatal || is_complete(doctor, s)) {
        headless_stop(&doctor->headless, EXIT_DONE);
    }
}

static void on_limit(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* Prints, and returns the exit status. */
static int report(struct doctor *doctor)
{
    const struct snapshot *s = &doctor->last;
    char masked[SNAPSHOT_NAME];
    struct doctor_view view = {
        .snapshot = s,
        .target = doctor->options->target,
        .failure = s->fatal ? s->notice : NULL,
        .took_ns = mono_since(mono_now(), doctor->started_at),
    };
    if (doctor->options->share) {
        struct masker *masker = masker_new();
        masker_target(masker, view.target, masked, sizeof masked);
        view.target = masked;
        masker_snapshot(masker, &doctor->last);
        masker_free(masker);
    }
    if (s->fatal) {
        out_error(s->notice);
    }
    (doctor->options->json ? doctor_print_json : doctor_print_text)(&view);
    bool ill = s->fatal || findings_worst(s) >= SEVERITY_WARNING;
    int signalled = doctor->headless.status;
    return signalled != EXIT_DONE ? signalled
           : s->fatal             ? s->fatal_status
           : ill                  ? EXIT_FAILED
                                  : EXIT_DONE;
}

static int run(const struct options *options, const struct config *config,
               const struct settings *settings, const struct aws_ranges *aws)
{
    struct failure why;
    struct doctor *doctor = mem_new(sizeof *doctor);
    struct core_options core = {
        .settings = settings,
        .target = options->target,
        .headless = true,
        .interval_ns = EVERY_MS * NS_PER_MS,
        .timeout_ns = TIMEOUT_MS * NS_PER_MS,
        .limits = cmd_limits(config),
        .aws = aws,
    };
    int status = EXIT_DONE;
    doctor->options = options;
    doctor->started_at = mono_now();
    headless_log(options, &core);
    headless_open(&doctor->headless, take, NULL, doctor);
    (void)uv_timer_init(&doctor->headless.loop, &doctor->limit);
    (void)uv_timer_start(&doctor->limit, on_limit, LIMIT_MS, 0);
    if (headless_run(&doctor->headless, &core, &why) != NET_OK) {
        out_error(why.text);
        status = doctor->headless.status;
    } else {
        status = report(doctor);
    }
    uv_close((uv_handle_t *)&doctor->limit, NULL);
    headless_close(&doctor->headless);
    free(doctor);
    return status;
}

int cmd_doctor(const struct options *options)
{
    return headless_command(options, run);
}
