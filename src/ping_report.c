#include "src/ping_report.h"

#include <string.h>

#include "net/base/text.h"
#include "src/duration.h"
#include "src/findings_report.h"
#include "src/out.h"

enum { OLD_HANDSHAKE_S = 300 }; /* as coder ping warns */

static const char *const path_names[] = {
    [PATH_NONE] = "none", [PATH_DERP] = "derp", [PATH_DIRECT] = "direct"};

enum ladder_step ping_stopped_at(const struct snapshot *s)
{
    for (int i = 0; i < LADDER_STEPS; i++) {
        if (s->ladder[i].state != LADDER_DONE) {
            return (enum ladder_step)i;
        }
    }
    return LADDER_STEPS;
}

enum path_kind ping_last_path(const struct snapshot *s)
{
    for (size_t i = s->sample_count; i > 0; i--) {
        const struct snapshot_sample *sample = &s->samples[i - 1];
        if (sample->state != SAMPLE_PENDING) {
            return sample->state == SAMPLE_PONG ? (enum path_kind)sample->path : PATH_NONE;
        }
    }
    return PATH_NONE;
}

static void region_text(const struct snapshot *s, unsigned region, char *out, size_t size)
{
    if (region == s->region) {
        text_copy(out, size, s->region_name);
    } else if (region == s->home_region) {
        text_copy(out, size, s->home_region_name);
    } else {
        text_copy(out, size, "unknown");
    }
}

static struct wall_time when_of(const struct snapshot *s, const struct snapshot_sample *sample)
{
    uint64_t ago = mono_since(s->now, sample->sent_at);
    int64_t ns = (int64_t)s->wall.nanos - (int64_t)(ago % NS_PER_SEC);
    struct wall_time out = {.seconds = s->wall.seconds - (int64_t)(ago / NS_PER_SEC)};
    out.seconds -= ns < 0 ? 1 : 0;
    out.nanos = (int32_t)(ns < 0 ? ns + (int64_t)NS_PER_SEC : ns);
    return out;
}

static void sample_json(const struct options *options, const struct snapshot *s, uint64_t number,
                        const struct snapshot_sample *sample)
{
    char region[SNAPSHOT_NAME];
    bool pong = sample->state == SAMPLE_PONG;
    cJSON *object = out_object(pong ? "pong" : "lost", when_of(s, sample));
    out_add_text(object, "workspace", options->target);
    out_add_int(object, "seq", (int64_t)number);
    if (pong) {
        out_add_text(object, "path", sample->path == PATH_DIRECT ? "direct" : "derp");
        if (sample->path == PATH_DIRECT) {
            out_add_text(object, "endpoint",
                         s->direct_endpoints[sample->endpoint % SNAPSHOT_ENDPOINTS_MAX]);
        } else {
            region_text(s, sample->region, region, sizeof region);
            out_add_int(object, "region_id", sample->region);
            out_add_text(object, "region", region);
        }
        out_add_ms(object, "latency_ms", (uint64_t)sample->rtt_us * NS_PER_US);
    } else {
        out_add_ms(object, "timeout_ms", options->timeout_ns);
        out_add_text(object, "stopped_at",
                     ping_stopped_at(s) == LADDER_STEPS ? "disco"
                                                        : ladder_step_name(ping_stopped_at(s)));
    }
    out_json(object);
}

void ping_report_sample(const struct options *options, const struct snapshot *s, uint64_t number,
                        const struct snapshot_sample *sample)
{
    char stamp[WALL_TEXT_SIZE + 4] = "";
    char latency[DURATION_TEXT_SIZE];
    char region[SNAPSHOT_NAME];
    char name[SNAPSHOT_NAME];
    if (options->json) {
        sample_json(options, s, number, sample);
        return;
    }
    if (options->time || options->utc) {
        char text[WALL_TEXT_SIZE];
        wall_text(text, sizeof text, when_of(s, sample), 0, options->utc);
        text_format(stamp, sizeof stamp, "[%s] ", text);
    }
    (void)text_clean(name, sizeof name, bytes_text(options->target));
    if (sample->state == SAMPLE_LOST) {
        out_text("%sping to \"%s\" timed out\n", stamp, name);
        return;
    }
    duration_text((uint64_t)sample->rtt_us * NS_PER_US, latency);
    region_text(s, sample->region, region, sizeof region);
    if (sample->path == PATH_DIRECT) {
        out_text("%spong from %s p2p via %s in %s\n", stamp, name,
                 s->direct_endpoints[sample->endpoint % SNAPSHOT_ENDPOINTS_MAX], latency);
    } else {
        out_text("%spong from %s proxied via DERP(%s) in %s\n", stamp, name, region, latency);
    }
}

void ping_report_direct(const struct options *options, const struct snapshot *s)
{
    char after[DURATION_TEXT_SIZE];
    if (!options->json) {
        duration_text(s->direct_after_ns, after);
        out_text("p2p connection established in %s\n", after);
    }
}

static void add_route(cJSON *object, const char *name, enum path_kind kind, const char *text)
{
    cJSON *route = cJSON_AddObjectToObject(object, name);
    out_add_text(route, "path", path_names[kind]);
    if (kind != PATH_NONE) {
        out_add_text(route, kind == PATH_DIRECT ? "endpoint" : "region", text);
    }
}

void ping_report_change(const struct options *options, const struct snapshot_change *change)
{
    if (!options->json) {
        return; /* the pongs themselves say it */
    }
    cJSON *object = out_object("path_change", change->when);
    out_add_text(object, "workspace", options->target);
    add_route(object, "from", change->from, change->from_text);
    add_route(object, "to", change->to, change->to_text);
    out_add_text(object, "reason", change->reason);
    out_json(object);
}

/* --- the end
 * ------------------------------------------------------------------------------------------------
 */

static void add_steps(cJSON *object, const struct snapshot *s)
{
    cJSON *steps = cJSON_AddObjectToObject(object, "steps");
    static const char *const states[] = {"todo", "running", "done", "failed"};
    for (int i = 0; i < LADDER_STEPS; i++) {
        cJSON *step = cJSON_AddObjectToObject(steps, ladder_step_name((enum ladder_step)i));
        out_add_text(step, "state", states[s->ladder[i].state]);
        if (s->ladder[i].detail[0] != '\0') {
            out_add_text(step, "detail", s->ladder[i].detail);
        }
    }
    if (ping_stopped_at(s) == LADDER_STEPS) {
        (void)cJSON_AddNullToObject(object, "stopped_at");
    } else {
        out_add_text(object, "stopped_at", ladder_step_name(ping_stopped_at(s)));
    }
}

static void add_peers(cJSON *object, const struct snapshot *s)
{
    out_add_int(object, "home_region_id", s->home_region);
    out_add_text(object, "home_region", s->home_region_name);
    (void)cJSON_AddBoolToObject(object, "node_sent", s->node_sent);
    (void)cJSON_AddBoolToObject(object, "node_received", s->node_received);
    out_add_int(object, "agent_region_id", s->agent_region);
    out_add_text(object, "agent_region", s->agent_region_name);
    cJSON *endpoints = cJSON_AddArrayToObject(object, "agent_endpoints");
    for (size_t i = 0; i < s->agent_endpoint_count; i++) {
        (void)cJSON_AddItemToArray(endpoints, cJSON_CreateString(s->agent_endpoints[i]));
    }
    cJSON *own = cJSON_AddArrayToObject(object, "own_endpoints");
    for (size_t i = 0; i < s->own_endpoint_count; i++) {
        (void)cJSON_AddItemToArray(own, cJSON_CreateString(s->own_endpoints[i]));
    }
    out_add_text(object, "path", path_names[s->path]);
    if (s->path == PATH_DIRECT) {
        out_add_text(object, "endpoint", s->path_address);
    } else {
        (void)cJSON_AddNullToObject(object, "endpoint");
    }
    if (s->was_direct) {
        out_add_ms(object, "direct_after_ms", s->direct_after_ns);
    } else {
        (void)cJSON_AddNullToObject(object, "direct_after_ms");
    }
    if (s->handshake_at != 0) {
        out_add_ms(object, "handshake_age_ms", mono_since(s->now, s->handshake_at));
    } else {
        (void)cJSON_AddNullToObject(object, "handshake_age_ms");
    }
    if (s->tunnel_stats.answered > 0) {
        out_add_ms(object, "tunnel_avg_ms", s->tunnel_stats.avg_ns);
    } else {
        (void)cJSON_AddNullToObject(object, "tunnel_avg_ms");
    }
}

static void end_json(const struct options *options, const struct snapshot *s)
{
    const struct snapshot_stats *run = &s->run;
    uint64_t total = run->answered + run->lost;
    cJSON *object = out_object("summary", wall_now());
    out_add_text(object, "workspace", options->target);
    out_add_int(object, "total", (int64_t)total);
    out_add_int(object, "successful", (int64_t)run->answered);
    (void)cJSON_AddNumberToObject(object, "loss_percent",
                                  total == 0 ? 0 : 100.0 * (double)run->lost / (double)total);
    out_add_ms(object, "longest_silence_ms", s->silence_ns);
    if (run->answered > 0) {
        out_add_ms(object, "min_ms", run->min_ns);
        out_add_ms(object, "avg_ms", run->avg_ns);
        out_add_ms(object, "max_ms", run->max_ns);
        out_add_ms(object, "p50_ms", run->p50_ns);
        out_add_ms(object, "p95_ms", run->p95_ns);
        out_add_ms(object, "jitter_ms", run->jitter_ns);
        out_add_ms(object, "stddev_ms", run->stddev_ns);
    }
    out_add_text(object, "last_path", path_names[ping_last_path(s)]);
    add_peers(object, s);
    add_steps(object, s);
    findings_add_all_json(object, s);
    out_json(object);
}

static void table(const struct options *options, const struct snapshot *s)
{
    const struct snapshot_stats *run = &s->run;
    uint64_t total = run->answered + run->lost;
    char figures[5][DURATION_TEXT_SIZE] = {"-", "-", "-", "-", "-"};
    const uint64_t values[] = {run->min_ns, run->avg_ns, run->max_ns, run->p95_ns, run->stddev_ns};
    char name[SNAPSHOT_NAME];
    char head[160];
    (void)text_clean(name, sizeof name, bytes_text(options->target));
    int width = strlen(name) > 9 ? (int)strlen(name) : 9;
    for (size_t i = 0; i < 5 && run->answered > (i == 4 ? 1U : 0U); i++) {
        duration_text(values[i], figures[i]);
    }
    text_format(head, sizeof head, "%-*s  %5s  %10s  %6s  %9s  %9s  %9s  %9s  %9s", width,
                "WORKSPACE", "TOTAL", "SUCCESSFUL", "LOSS", "MIN", "AVG", "MAX", "P95", "STDDEV");
    for (size_t i = 0; i < strlen(head); i++) {
        out_text("-");
    }
    out_text("\n%s\n", head);
    out_text("%-*s  %5llu  %10llu  %5.1f%%  %9s  %9s  %9s  %9s  %9s\n", width, name,
             (unsigned long long)total, (unsigned long long)run->answered,
             total == 0 ? 0.0 : 100.0 * (double)run->lost / (double)total, figures[0], figures[1],
             figures[2], figures[3], figures[4]);
}

static void line(bool good, const char *yes, const char *no)
{
    const char *sign = out_is_utf8() ? (good ? "✔" : "✘") : (good ? "+" : "x");
    out_text("%s %s\n", sign, good ? yes : no);
}

/* As Go prints a duration that was rounded to seconds: 11s, 1m11s, 2h0m5s. */
static void age_text(uint64_t ns, char *out, size_t size)
{
    unsigned long long s = (ns + NS_PER_SEC / 2) / NS_PER_SEC;
    if (s < 60) {
        text_format(out, size, "%llus", s);
    } else if (s < 3600) {
        text_format(out, size, "%llum%llus", s / 60, s % 60);
    } else {
        text_format(out, size, "%lluh%llum%llus", s / 3600, s / 60 % 60, s % 60);
    }
}

static void handshake_line(const struct snapshot *s)
{
    char age[32];
    char text[64];
    uint64_t ns = mono_since(s->now, s->handshake_at);
    if (s->handshake_at == 0) {
        line(false, "", "Wireguard is not connected");
        return;
    }
    age_text(ns, age, sizeof age);
    text_format(text, sizeof text, "Wireguard handshake %s ago", age);
    if (ns > OLD_HANDSHAKE_S * NS_PER_SEC) {
        out_text("%s %s\n", out_is_utf8() ? "⚠" : "!", text);
    } else {
        line(true, text, "");
    }
}

static void peer_lines(const struct snapshot *s)
{
    char text[SNAPSHOT_NAME * 2];
    text_format(text, sizeof text, "preferred DERP region: %lld (%s)", (long long)s->home_region,
                s->home_region_name);
    line(s->home_region != 0, text, "not connected to DERP");
    line(s->node_sent, "sent local data to Coder networking coordinator",
         "have not sent local data to Coder networking coordinator");
    line(s->node_received, "received remote agent data from Coder networking coordinator",
         "have not received remote agent data from Coder networking coordinator");
    if (s->node_received) {
        out_text("    preferred DERP region: %lld (%s)\n    endpoints: ",
                 (long long)s->agent_region, s->agent_region_name);
        for (size_t i = 0; i < s->agent_endpoint_count; i++) {
            out_text("%s%s", i > 0 ? ", " : "", s->agent_endpoints[i]);
        }
        out_text("%s\n", s->agent_endpoint_count == 0 ? "none announced" : "");
    }
    handshake_line(s);
}

void ping_report_end(const struct options *options, const struct snapshot *s)
{
    if (options->json) {
        end_json(options, s);
        return;
    }
    table(options, s);
    peer_lines(s);
    findings_print(s, options->verbose);
    enum ladder_step stopped = ping_stopped_at(s);
    if (s->run.answered == 0 && stopped < LADDER_STEPS) {
        const struct snapshot_step *step = &s->ladder[stopped];
        out_text("no pong: stopped at \"%s\"%s%s\n", ladder_step_text(stopped),
                 step->detail[0] != '\0' ? ": " : "", step->detail);
    }
}
