#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"
#include "ui/app.h"
#include "ui/graph_marks.h"
#include "ui/panels.h"

/* "dev1.main". */
static void say_workspace(FILE *out, const struct snapshot *s)
{
    static const char dot[] = " · ";
    const char *at = strstr(s->title, dot);
    if (s->title[0] == '\0') {
        (void)fputs("no workspace", out);
    } else if (at == NULL) {
        (void)fputs(s->title, out);
    } else {
        (void)fprintf(out, "%.*s.%s", (int)(at - s->title), s->title, at + sizeof dot - 1);
    }
}

static void say_time(FILE *out, const struct snapshot *s)
{
    char from[CLOCK_TEXT];
    char to[CLOCK_TEXT];
    char age[AGE_TEXT];
    uint64_t watched = mono_since(s->now, s->first_sent_at);
    if (s->first_sent_at == 0) {
        return;
    }
    struct wall_time began = s->wall;
    began.seconds -= (int64_t)(watched / NS_PER_SEC);
    clock_text(began, true, from);
    clock_text(s->wall, true, to);
    age_text(watched, age);
    (void)fprintf(out, "  watched  %s to %s, %s\n", from, to, age);
}

static void say_probes(FILE *out, const struct snapshot_stats *run)
{
    uint64_t ended = run->answered + run->lost;
    (void)fprintf(out, "  probes   %llu sent, %llu lost", (unsigned long long)run->sent,
                  (unsigned long long)run->lost);
    if (run->lost > 0) {
        (void)fprintf(out, " (%.1f %%)", 100.0 * (double)run->lost / (double)ended);
    }
    (void)fputc('\n', out);
}

/* A percentage of loss does not tell one long stall from many short ones. */
static void say_silence(FILE *out, const struct snapshot *s)
{
    char age[AGE_TEXT];
    char when[CLOCK_TEXT];
    if (s->silence_ns > 0 && s->run.lost > 0) {
        age_text(s->silence_ns, age);
        clock_text(graph_wall(s, s->silence_at), true, when);
        (void)fprintf(out, "  silence  %s at most, from %s\n", age, when);
    }
}

static void say_figures(FILE *out, const char *name, const struct snapshot_stats *stats)
{
    char p50[LATENCY_TEXT];
    char p95[LATENCY_TEXT];
    char most[LATENCY_TEXT];
    if (stats->answered == 0) {
        return;
    }
    latency_text(stats->p50_ns, p50);
    latency_text(stats->p95_ns, p95);
    latency_text(stats->max_ns, most);
    (void)fprintf(out, "  %-8s %llu answer%s, p50 %s, p95 %s, most %s\n", name,
                  (unsigned long long)stats->answered, stats->answered == 1 ? "" : "s", p50, p95,
                  most);
}

static void say_tests(FILE *out, const struct snapshot_speed *speed)
{
    for (size_t i = 0; i < speed->history_count; i++) {
        const struct snapshot_speed_run *run = &speed->history[i];
        char rate[RATE_TEXT];
        char when[CLOCK_TEXT];
        if (run->state == SPEED_FAILED) {
            continue;
        }
        rate_text(run->rate, false, rate);
        clock_text(run->when, false, when);
        (void)fprintf(out, "  %-8s %s, %s, at %s\n", run->up ? "upload" : "download", rate,
                      run->path == PATH_DIRECT ? "direct" : "relayed", when);
    }
}

static void say_findings(FILE *out, const struct snapshot *s)
{
    for (size_t i = 0; i < s->finding_count; i++) {
        const struct finding *one = &s->findings[i];
        (void)fprintf(out, "  %-8s %s: %s\n", finding_severity_name(one->severity), one->title,
                      one->observed);
    }
}

char *app_summary(const struct snapshot *s)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        abort();
    }
    say_workspace(out, s);
    (void)fprintf(out, ": %s%s\n",
                  s->path == PATH_DIRECT ? "direct to "
                  : s->path == PATH_DERP ? "relayed by "
                                         : "no path",
                  s->path == PATH_DIRECT ? s->path_address
                  : s->path == PATH_DERP ? s->region_name
                                         : "");
    say_time(out, s);
    say_probes(out, &s->run);
    say_silence(out, s);
    say_figures(out, "direct", &s->run_direct);
    say_figures(out, "relayed", &s->run_relayed);
    say_tests(out, &s->speed);
    say_findings(out, s);
    if (fclose(out) != 0) {
        abort(); /* no memory */
    }
    return text;
}
