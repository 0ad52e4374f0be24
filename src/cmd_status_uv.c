/*
 * `derptop status`: a connection in one line, once; or (--watch) a line for each change of it.
 */
#include <stdlib.h>

#include "net/base/mem.h"
#include "src/cmd.h"
#include "src/headless_uv.h"
#include "src/out.h"
#include "src/status_line.h"

enum {
    EVERY_MS = 250,       /* between probes, when one answer is enough */
    LOST_AFTER_MS = 2000, /* a probe */
    /* From the first pong, by the relay, to the first direct one: the agent hears of us, both sides
     * probe, the answer comes back. That is three round trips, of 300 ms round the world. */
    DIRECT_MS = 1000,
    CERTAIN_MS = 1000, /* what the deployment says of the agent is believed, unless it answers */
    READER_MS = 2000,  /* between looks whether anybody still reads */
};

struct watch_line {
    const struct options *options;
    struct headless headless;
    uv_timer_t limit;  /* of the wait for a pong */
    uv_timer_t direct; /* of the wait for a direct path, or (--watch) the next look at the reader */
    struct grade_limits grade;
    bool utf8;
    bool over;     /* the limit is */
    bool taken;    /* there is a `last` */
    bool answered; /* in it, a pong of the agent was */
    struct snapshot last;
    mono_ns started_at;
    bool said;           /* a line was printed: */
    struct status shown; /* what it said */
};

static const char *get_env(const char *name)
{
    return getenv(name); // NOLINT(concurrency-mt-unsafe): before any thread is started
}

static void print(const struct watch_line *line, const struct status *status)
{
    char text[STATUS_LINE];
    if (line->options->json) {
        out_json(status_json(status, line->options->target, wall_now()));
    } else {
        status_text(status, line->options->target, line->utf8, text);
        out_text("%s\n", text);
    }
}

/* --- once -------------------------------------------------------------------------------------
 */

/* What the deployment says of the workspace leaves nothing to wait for. */
static bool is_hopeless(const struct snapshot *s)
{
    for (size_t i = 0; i < s->finding_count; i++) {
        enum finding_code code = s->findings[i].code;
        if (s->findings[i].severity == SEVERITY_ERROR &&
            (code == FINDING_WORKSPACE_STOPPED || code == FINDING_AGENT_NOT_CONNECTED ||
             code == FINDING_VERSION_SKEW)) {
            return true;
        }
    }
    return false;
}

static void on_time(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void take_once(struct watch_line *line, const struct snapshot *s)
{
    bool disabled = s->direct_disabled_client || s->direct_disabled_deployment;
    uint64_t after = mono_since(s->now, line->started_at);
    if (s->fatal && s->run.answered == 0) {
        headless_stop(&line->headless, s->fatal_status);
    } else if (s->run.answered > 0 && (s->path == PATH_DIRECT || disabled)) {
        headless_stop(&line->headless, EXIT_DONE);
    } else if (s->run.answered > 0 && !uv_is_active((uv_handle_t *)&line->direct)) {
        (void)uv_timer_start(&line->direct, on_time, DIRECT_MS, 0);
    } else if (s->run.answered == 0 && is_hopeless(s) && after >= CERTAIN_MS * NS_PER_MS) {
        headless_stop(&line->headless, EXIT_FAILED);
    }
}

/* Prints the line, and returns the exit status. */
static int report_once(struct watch_line *line)
{
    struct status status;
    int signalled = line->headless.status;
    status_of(&line->last, signalled < EXIT_INTERRUPTED, &line->grade, &status);
    print(line, &status);
    bool answered = status.state == STATUS_DIRECT || status.state == STATUS_RELAYED;
    return signalled != EXIT_DONE ? signalled : answered ? EXIT_DONE : EXIT_FAILED;
}

/* --- watched ----------------------------------------------------------------------------------
 */

static void show(struct watch_line *line)
{
    struct status now;
    status_of(&line->last, line->over, NULL, &now);
    if (!line->said || status_is_news(&line->shown, &now, line->options->json)) {
        print(line, &now);
        line->shown = now;
        line->said = true;
    }
}

static void on_over(uv_timer_t *timer)
{
    struct watch_line *line = timer->data;
    line->over = true;
    if (line->taken) {
        show(line);
    }
}

/* An agent that is new, for the workspace was started again, has its time, too. */
static void note_new_agent(struct watch_line *line, const struct snapshot *s)
{
    bool is_new = line->answered && s->run.answered == 0;
    line->answered = s->run.answered > 0;
    if (is_new) {
        line->over = false;
        (void)uv_timer_start(&line->limit, on_over, line->options->timeout_ns / NS_PER_MS, 0);
    }
}

static void on_look(uv_timer_t *timer)
{
    (void)timer;
    out_need_reader();
}

/* --- both -------------------------------------------------------------------------------------
 */

static void take(void *owner, const struct snapshot *s)
{
    struct watch_line *line = owner;
    line->last = *s;
    line->taken = true;
    if (!line->options->watch) {
        take_once(line, s);
        return;
    }
    note_new_agent(line, s);
    show(line);
    if (s->fatal && s->run.answered == 0) { /* else what stands goes on as long as it does */
        headless_stop(&line->headless, s->fatal_status);
    }
}

static void start_timers(struct watch_line *line)
{
    const struct options *options = line->options;
    uint64_t limit_ms = options->timeout_ns / NS_PER_MS;
    (void)uv_timer_init(&line->headless.loop, &line->limit);
    (void)uv_timer_init(&line->headless.loop, &line->direct);
    line->limit.data = line;
    (void)uv_timer_start(&line->limit, options->watch ? on_over : on_time, limit_ms, 0);
    if (options->watch) {
        (void)uv_timer_start(&line->direct, on_look, READER_MS, READER_MS);
    }
}

static int run(const struct options *options, const struct config *config,
               const struct settings *settings, const struct aws_ranges *aws)
{
    struct failure why;
    struct watch_line *line = mem_new(sizeof *line);
    const char *ascii = get_env("DERPTOP_ASCII");
    struct core_options core = {
        .settings = settings,
        .target = options->target,
        .keep_list = options->watch,
        .headless = !options->watch,
        .must_find = true,
        .interval_ns = options->watch ? config->interval_ns : EVERY_MS * NS_PER_MS,
        .timeout_ns = LOST_AFTER_MS * NS_PER_MS,
        .grade = cmd_grade(config),
        .limits = cmd_limits(config),
        .aws = aws,
    };
    line->options = options;
    line->grade = core.grade;
    line->utf8 = out_is_utf8() && !config->ascii && (ascii == NULL || ascii[0] == '\0');
    line->started_at = mono_now();
    headless_log(options, &core);
    headless_open(&line->headless, take, NULL, line);
    start_timers(line);
    int status = EXIT_DONE;
    if (headless_run(&line->headless, &core, &why) != NET_OK) {
        out_error(why.text);
        status = line->headless.status;
    } else {
        status = options->watch ? line->headless.status : report_once(line);
    }
    uv_close((uv_handle_t *)&line->limit, NULL);
    uv_close((uv_handle_t *)&line->direct, NULL);
    headless_close(&line->headless);
    free(line);
    return status;
}

int cmd_status_line(const struct options *options)
{
    return headless_command(options, run);
}
