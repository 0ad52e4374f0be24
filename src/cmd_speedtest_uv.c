/*
 * `derptop speedtest`: asks the core for a test, or two, and prints the rows as they come.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "src/cmd.h"
#include "src/duration.h"
#include "src/headless_uv.h"
#include "src/out.h"
#include "src/speedtest_report.h"

enum {
    PING_EVERY_MS = 200,               /* so that some fall into a test of a second */
    PING_TIMEOUT_MS = 2000,            /* a queue of two seconds is a loss */
    SETTLE_MS = PING_TIMEOUT_MS + 100, /* for the pings that were on their way at the end */
    STOP_MS = 2000,
};

struct speedtest {
    const struct options *options;
    struct headless headless;
    uv_timer_t timer; /* of what is waited for last: the last pings, or the end of a stopped test */
    struct snapshot last;

    bool up, second;               /* of the test under way */
    uint64_t number;               /* of it; 0: not asked for yet */
    bool announced;                /* that it runs */
    size_t rows;                   /* printed */
    char waits_for[SNAPSHOT_TEXT]; /* said last */
    bool on_terminal;              /* stderr is one */
    bool bar_shown;
    bool stopping; /* a signal came */
};

/* With the status that was set last. */
static void stop(struct speedtest *test)
{
    headless_stop(&test->headless, test->headless.status);
}

/* --- on stderr --------------------------------------------------------------------------------
 */

static void clear_bar(struct speedtest *test)
{
    if (test->bar_shown) {
        (void)fprintf(stderr, "\r%*s\r", SPEEDTEST_TEXT_SIZE / 4 * 3, "");
        test->bar_shown = false;
    }
}

static void show_bar(struct speedtest *test, const struct snapshot *s)
{
    char text[SPEEDTEST_TEXT_SIZE];
    if (test->on_terminal && s->speed.run.state == SPEED_RUNNING) {
        speedtest_progress_text(&s->speed, s->now, text);
        (void)fprintf(stderr, "\r%-*s", SPEEDTEST_TEXT_SIZE / 4 * 3, text);
        test->bar_shown = true;
    }
}

static void say_what_it_waits_for(struct speedtest *test, const struct snapshot_speed *speed)
{
    bool is_new = strcmp(speed->waits_for, test->waits_for) != 0;
    text_copy(test->waits_for, sizeof test->waits_for, speed->waits_for);
    if (is_new && speed->waits_for[0] != '\0' && speed->waits_until != MONO_NEVER &&
        strncmp(speed->waits_for, "a direct", 8) == 0) {
        (void)fprintf(stderr, "Waiting for %s...\n", speed->waits_for);
    }
}

static void announce(struct speedtest *test, const struct snapshot_speed *speed)
{
    char via[SPEEDTEST_TEXT_SIZE];
    char duration[DURATION_TEXT_SIZE];
    if (speed->run.started_at == 0 || test->announced) {
        return;
    }
    test->announced = true;
    speedtest_via_text(&speed->run, via);
    if (speed->run.duration_ns % NS_PER_SEC == 0) {
        text_format(duration, sizeof duration, "%llus",
                    (unsigned long long)(speed->run.duration_ns / NS_PER_SEC));
    } else {
        duration_text(speed->run.duration_ns, duration);
    }
    (void)fprintf(stderr, "%s\nStarting a %s %s test...\n", via, duration,
                  speed->run.up ? "upload" : "download");
    speedtest_report_head(test->options, speed);
}

static void warn(const struct snapshot_speed_run *run)
{
    if (run->path_changed) {
        (void)fprintf(stderr, "derptop: warning: the path changed in mid-test, to %s\n",
                      run->path_changed_to);
    }
    if (run->note[0] != '\0') {
        (void)fprintf(stderr, "derptop: warning: %s\n", run->note);
    }
    if (run->state == SPEED_FAILED) {
        out_error(run->failure);
    }
}

/* --- the course of it -------------------------------------------------------------------------
 */

static void ask(struct speedtest *test, uint64_t number)
{
    const struct options *options = test->options;
    struct command command = {.kind = COMMAND_SPEEDTEST_START,
                              .up = test->up,
                              .direct = options->direct,
                              .duration_ns = options->duration_ns};
    test->number = number;
    test->announced = false;
    test->rows = 0;
    core_thread_send(test->headless.thread, &command);
}

static void print_rows(struct speedtest *test, const struct snapshot_speed *speed)
{
    for (; test->rows < speed->row_count; test->rows++) {
        clear_bar(test);
        speedtest_report_row(test->options, speed, test->rows);
    }
}

static bool is_over(enum speed_state state)
{
    return state == SPEED_DONE || state == SPEED_STOPPED || state == SPEED_FAILED;
}

/* Pings of the test whose end is not known. */
static bool has_pending(const struct snapshot *s)
{
    const struct snapshot_speed_run *run = &s->speed.run;
    for (size_t i = s->sample_count; i > 0 && s->samples[i - 1].sent_at >= run->started_at; i--) {
        if (s->samples[i - 1].state == SAMPLE_PENDING &&
            s->samples[i - 1].sent_at < run->ended_at) {
            return true;
        }
    }
    return false;
}

/* The test is over, and all that is to be known of it is. */
static void finish(struct speedtest *test)
{
    const struct snapshot_speed *speed = &test->last.speed;
    clear_bar(test);
    speedtest_report_end(test->options, speed);
    warn(&speed->run);
    (void)uv_timer_stop(&test->timer);
    if (speed->run.state == SPEED_FAILED) {
        test->headless.status = EXIT_FAILED;
    }
    if (test->options->both && !test->second && !test->stopping) {
        test->second = true;
        test->up = true;
        ask(test, test->number + 1);
    } else {
        stop(test);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct speedtest *test = timer->data;
    if (is_over(test->last.speed.run.state)) {
        finish(test);
    } else {
        clear_bar(test);
        stop(test);
    }
}

static void follow(struct speedtest *test, const struct snapshot *s)
{
    const struct snapshot_speed *speed = &s->speed;
    if (speed->run.number != test->number) {
        return; /* it has not heard of it yet */
    }
    say_what_it_waits_for(test, speed);
    announce(test, speed);
    print_rows(test, speed);
    if (!is_over(speed->run.state)) {
        show_bar(test, s);
    } else if (speed->run.started_at == 0 || test->stopping || !has_pending(s)) {
        finish(test);
    } else if (!uv_is_active((uv_handle_t *)&test->timer)) {
        clear_bar(test);
        (void)uv_timer_start(&test->timer, on_timer, SETTLE_MS, 0);
    }
}

static void take(void *owner, const struct snapshot *s)
{
    struct speedtest *test = owner;
    test->last = *s;
    if (s->fatal) {
        clear_bar(test);
        out_error(s->notice);
        headless_stop(&test->headless, s->fatal_status);
    } else if (test->number == 0 && s->selected >= 0) {
        test->up = test->options->direction != NULL && strcmp(test->options->direction, "up") == 0;
        ask(test, 1);
    } else if (test->number != 0) {
        follow(test, s);
    }
}

/* What was gathered is printed; a second signal does not wait for that. */
static void on_interrupted(void *owner, int status)
{
    static const struct command command = {.kind = COMMAND_SPEEDTEST_STOP};
    struct speedtest *test = owner;
    bool again = test->stopping;
    test->stopping = true;
    test->headless.status = status;
    if (again || test->number == 0) {
        clear_bar(test);
        stop(test);
        return;
    }
    core_thread_send(test->headless.thread, &command);
    (void)uv_timer_start(&test->timer, on_timer, STOP_MS, 0);
}

/* --- life -------------------------------------------------------------------------------------
 */

static int run(const struct options *options, const struct settings *settings)
{
    struct failure why;
    struct speedtest *test = mem_new(sizeof *test);
    struct core_options core = {
        .settings = settings,
        .target = options->target,
        .headless = true,
        .interval_ns = PING_EVERY_MS * NS_PER_MS,
        .timeout_ns = PING_TIMEOUT_MS * NS_PER_MS,
    };
    test->options = options;
    test->on_terminal = isatty(STDERR_FILENO) == 1;
    headless_log(options, &core);
    headless_open(&test->headless, take, on_interrupted, test);
    (void)uv_timer_init(&test->headless.loop, &test->timer);
    test->timer.data = test;
    if (headless_run(&test->headless, &core, &why) != NET_OK) {
        out_error(why.text);
    }
    int status = test->headless.status;
    uv_close((uv_handle_t *)&test->timer, NULL);
    headless_close(&test->headless);
    free(test);
    return status;
}

int cmd_speedtest(const struct options *options)
{
    struct settings settings;
    int status = cmd_settings(options, &settings);
    if (status != EXIT_DONE) {
        return status;
    }
    status = run(options, &settings);
    settings_clear(&settings);
    return status;
}
