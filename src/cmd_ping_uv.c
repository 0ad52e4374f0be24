/*
 * `derptop ping`: a reader of the core's snapshots that prints each probe as it ends.
 */
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "src/cmd.h"
#include "src/headless_uv.h"
#include "src/out.h"
#include "src/ping_report.h"

struct ping {
    const struct options *options;
    struct headless headless;
    bool printed[SNAPSHOT_SAMPLES_MAX]; /* by number % SNAPSHOT_SAMPLES_MAX, from `next` on */
    uint64_t next;                      /* all before it are printed */
    bool relayed, direct;               /* such a pong was printed */
    uint64_t next_change;               /* of the path: those before it are printed */
    bool unwanted;                      /* it ended, and not as the options want it */
    struct snapshot last;
};

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
            if (sample->state != SAMPLE_VOID) {
                ping_report_sample(ping->options, s, n + 1, sample);
            }
            *printed = true;
        }
        if (*printed && n == ping->next) {
            *printed = false; /* the place is used again later */
            ping->next++;
        }
    }
}

/* What --require and --until-direct ask for; without them, one pong is enough. */
static bool is_as_wanted(const struct options *options, const struct snapshot *s)
{
    enum path_kind last = ping_last_path(s);
    if (options->until_direct) {
        return false; /* else it would have ended before */
    }
    return options->require == NULL                  ? s->run.answered > 0
           : strcmp(options->require, "direct") == 0 ? last == PATH_DIRECT
                                                     : last != PATH_NONE;
}

/* Why the status is 1 although there were pongs. */
static void tell_unwanted(const struct options *options, const struct snapshot *s)
{
    enum path_kind last = ping_last_path(s);
    if (options->until_direct && s->run.answered > 0) {
        out_error("no ping came directly");
    } else if (options->require != NULL && s->run.answered > 0) {
        out_error(last == PATH_NONE ? "the last ping had no answer"
                                    : "the last ping came through the relay, not directly");
    }
}

static void take(void *owner, const struct snapshot *s)
{
    struct ping *ping = owner;
    print_changes(ping, s);
    print_finished(ping, s);
    ping->last = *s;
    if (s->fatal) {
        headless_stop(&ping->headless, s->fatal_status);
    } else if (ping->options->until_direct && ping->direct) {
        headless_stop(&ping->headless, EXIT_DONE);
    } else if (s->finished) {
        ping->unwanted = !is_as_wanted(ping->options, s);
        headless_stop(&ping->headless, ping->unwanted ? EXIT_FAILED : EXIT_DONE);
    }
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
    if (ping->unwanted) {
        tell_unwanted(ping->options, &ping->last);
    }
}

static int run(const struct options *options, const struct config *config,
               const struct settings *settings, const struct aws_ranges *aws)
{
    struct failure why;
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
    };
    ping->options = options;
    headless_log(options, &core);
    headless_open(&ping->headless, take, NULL, ping);
    if (headless_run(&ping->headless, &core, &why) != NET_OK) {
        out_error(why.text);
    } else {
        report(ping);
    }
    int status = ping->headless.status;
    headless_close(&ping->headless);
    free(ping);
    return status;
}

int cmd_ping(const struct options *options)
{
    return headless_command(options, run);
}
