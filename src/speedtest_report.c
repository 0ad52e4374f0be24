#include "src/speedtest_report.h"

#include <math.h>
#include <string.h>

#include "net/base/text.h"
#include "src/duration.h"
#include "src/out.h"

enum { BAR = 30 };

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

static double megabits(uint64_t bytes)
{
    return 8 * (double)bytes / 1e6;
}

static double rate_of(const struct snapshot_speed_row *row)
{
    uint64_t ns = row->end_ns - row->start_ns;
    return ns == 0 ? 0 : megabits(row->bytes) / seconds(ns);
}

struct snapshot_speed_row speedtest_total(const struct snapshot_speed_run *run)
{
    return (struct snapshot_speed_row){.end_ns = run->elapsed_ns, .bytes = run->bytes};
}

void speedtest_via_text(const struct snapshot_speed_run *run, char out[SPEEDTEST_TEXT_SIZE])
{
    char latency[DURATION_TEXT_SIZE] = "";
    const char *path = run->path_code[0] != '\0' ? run->path_code : run->path_text;
    if (run->rest_count > 0) {
        duration_text(run->rest_ns, latency);
    }
    text_format(out, SPEEDTEST_TEXT_SIZE, "%s%svia %s", latency, latency[0] == '\0' ? "" : " ",
                path);
}

int speedtest_width(uint64_t duration_ns)
{
    return duration_ns < 9 * NS_PER_SEC ? 13 : duration_ns < 95 * NS_PER_SEC ? 15 : 17;
}

void speedtest_row_text(const struct snapshot_speed_row *row, int width,
                        char out[SPEEDTEST_TEXT_SIZE])
{
    char interval[32];
    char transfer[32];
    text_format(interval, sizeof interval, "%.2f-%.2f sec", seconds(row->start_ns),
                seconds(row->end_ns));
    text_format(transfer, sizeof transfer, "%.4f MBits", megabits(row->bytes));
    text_format(out, SPEEDTEST_TEXT_SIZE, "%-*s  %-15s  %.4f Mbits/sec", width, interval, transfer,
                rate_of(row));
}

void speedtest_progress_text(const struct snapshot_speed *speed, mono_ns now,
                             char out[SPEEDTEST_TEXT_SIZE])
{
    char bar[BAR + 1];
    uint64_t passed = mono_since(now, speed->run.started_at);
    size_t filled = speed->run.duration_ns == 0 ? BAR : passed * BAR / speed->run.duration_ns;
    memset(bar, '.', BAR);
    memset(bar, '#', filled < BAR ? filled : BAR);
    bar[BAR] = '\0';
    text_format(out, SPEEDTEST_TEXT_SIZE, "[%s] %.1f s  %.1f Mbit/s", bar, seconds(passed),
                (double)speed->rate_now / 1e6);
}

/* --- text -------------------------------------------------------------------------------------
 */

void speedtest_report_head(const struct options *options, const struct snapshot_speed *speed)
{
    if (!options->json) {
        out_text("%-*s  %-15s  %s\n", speedtest_width(speed->run.duration_ns), "INTERVAL",
                 "TRANSFER", "BANDWIDTH");
    }
}

static void text_row(const struct snapshot_speed *speed, const struct snapshot_speed_row *row)
{
    char text[SPEEDTEST_TEXT_SIZE];
    speedtest_row_text(row, speedtest_width(speed->run.duration_ns), text);
    out_text("%s\n", text);
}

/* How much longer the load made it, "+18ms"; less than nothing is noise, and said likewise. */
static void added_text(const struct snapshot_speed_run *run, char out[DURATION_TEXT_SIZE])
{
    char text[DURATION_TEXT_SIZE];
    bool more = run->load_ns >= run->rest_ns;
    duration_text(more ? run->load_ns - run->rest_ns : run->rest_ns - run->load_ns, text);
    text_format(out, DURATION_TEXT_SIZE, "%c%s", more ? '+' : '-', text);
}

static void text_latency(const struct snapshot_speed_run *run)
{
    char rest[DURATION_TEXT_SIZE];
    char load[DURATION_TEXT_SIZE];
    char added[DURATION_TEXT_SIZE];
    duration_text(run->rest_ns, rest);
    duration_text(run->load_ns, load);
    if (run->rest_count > 0 && run->load_count > 0) {
        added_text(run, added);
        out_text("latency  %s at rest, %s under load (%s)\n", rest, load, added);
    } else if (run->rest_count > 0 || run->load_count > 0) {
        out_text("latency  %s %s\n", run->rest_count > 0 ? rest : load,
                 run->rest_count > 0 ? "at rest; no ping was answered under load" : "under load");
    }
}

static void text_end(const struct snapshot_speed *speed)
{
    const struct snapshot_speed_run *run = &speed->run;
    struct snapshot_speed_row total = speedtest_total(run);
    char region[SNAPSHOT_NAME + 8];
    uint64_t pings = run->load_lost + run->load_count;
    if (run->started_at == 0) {
        return;
    }
    out_text("----------------------------------------------------\n");
    text_row(speed, &total);
    text_latency(run);
    out_text("loss     %llu of %llu pings lost, %llu of %llu packets missing, %llu segment%s sent "
             "again\n",
             (unsigned long long)run->load_lost, (unsigned long long)pings,
             (unsigned long long)run->missing, (unsigned long long)run->packets,
             (unsigned long long)run->retransmits, run->retransmits == 1 ? "" : "s");
    text_format(region, sizeof region, "DERP(%s)", run->path_text);
    out_text("path     %s%s\n", run->path == PATH_DIRECT ? "direct, " : "relayed by ",
             run->path == PATH_DIRECT ? run->path_text : region);
}

/* --- JSON -------------------------------------------------------------------------------------
 */

/* The members that `coder speedtest -o json` has, and how much it was. */
static void add_row(cJSON *object, const struct snapshot_speed_row *row)
{
    (void)cJSON_AddNumberToObject(object, "start_time_seconds", seconds(row->start_ns));
    (void)cJSON_AddNumberToObject(object, "end_time_seconds", seconds(row->end_ns));
    (void)cJSON_AddNumberToObject(object, "throughput_mbits", rate_of(row));
    out_add_int(object, "bytes", (int64_t)row->bytes);
}

static cJSON *object_of(const struct options *options, const struct snapshot_speed *speed,
                        const char *type)
{
    cJSON *object = out_object(type, wall_now());
    out_add_text(object, "workspace", options->target);
    out_add_text(object, "direction", speed->run.up ? "up" : "down");
    return object;
}

static void json_row(const struct options *options, const struct snapshot_speed *speed,
                     const struct snapshot_speed_row *row)
{
    cJSON *object = object_of(options, speed, "interval");
    add_row(object, row);
    out_json(object);
}

static void add_latency(cJSON *object, const char *name, uint64_t count, uint64_t ns)
{
    if (count > 0) {
        out_add_ms(object, name, ns);
    } else {
        (void)cJSON_AddNullToObject(object, name);
    }
}

static void add_latencies(cJSON *object, const struct snapshot_speed_run *run)
{
    add_latency(object, "latency_rest_ms", run->rest_count, run->rest_ns);
    add_latency(object, "latency_load_ms", run->load_count, run->load_ns);
    if (run->rest_count > 0 && run->load_count > 0) {
        double added = (double)run->load_ns - (double)run->rest_ns;
        (void)cJSON_AddNumberToObject(object, "latency_added_ms", round(added / 1e3) / 1e3);
    } else {
        (void)cJSON_AddNullToObject(object, "latency_added_ms");
    }
    out_add_int(object, "pings", (int64_t)(run->load_count + run->load_lost));
    out_add_int(object, "pings_lost", (int64_t)run->load_lost);
    out_add_int(object, "packets", (int64_t)run->packets);
    out_add_int(object, "packets_missing", (int64_t)run->missing);
    out_add_int(object, "retransmits", (int64_t)run->retransmits);
}

static void add_text_or_null(cJSON *object, const char *name, const char *text)
{
    if (text[0] == '\0') {
        (void)cJSON_AddNullToObject(object, name);
    } else {
        out_add_text(object, name, text);
    }
}

static void add_path(cJSON *object, const struct snapshot_speed_run *run)
{
    static const char *const paths[] = {"none", "derp", "direct"};
    bool started = run->started_at != 0;
    out_add_text(object, "path", started ? paths[run->path] : "none");
    add_text_or_null(object, "endpoint", started && run->path == PATH_DIRECT ? run->path_text : "");
    add_text_or_null(object, "region", started && run->path == PATH_DERP ? run->path_text : "");
    add_text_or_null(object, "path_changed_to", run->path_changed ? run->path_changed_to : "");
}

static void json_end(const struct options *options, const struct snapshot_speed *speed)
{
    static const char *const states[] = {"none", "waiting", "connecting", "running",
                                         "done", "stopped", "failed"};
    const struct snapshot_speed_run *run = &speed->run;
    struct snapshot_speed_row total = speedtest_total(run);
    cJSON *object = object_of(options, speed, "summary");
    out_add_text(object, "state", states[run->state]);
    if (run->started_at == 0) {
        (void)cJSON_AddNullToObject(object, "overall");
    } else {
        add_row(cJSON_AddObjectToObject(object, "overall"), &total);
    }
    cJSON *intervals = cJSON_AddArrayToObject(object, "intervals");
    for (size_t i = 0; i < speed->row_count; i++) {
        cJSON *row = cJSON_CreateObject();
        add_row(row, &speed->rows[i]);
        (void)cJSON_AddItemToArray(intervals, row);
    }
    add_path(object, run);
    add_latencies(object, run);
    add_text_or_null(object, "failure", run->failure);
    add_text_or_null(object, "note", run->note);
    out_json(object);
}

/* --- both -------------------------------------------------------------------------------------
 */

void speedtest_report_row(const struct options *options, const struct snapshot_speed *speed,
                          size_t index)
{
    if (options->json) {
        json_row(options, speed, &speed->rows[index]);
    } else {
        text_row(speed, &speed->rows[index]);
    }
}

void speedtest_report_end(const struct options *options, const struct snapshot_speed *speed)
{
    if (options->json) {
        json_end(options, speed);
    } else {
        text_end(speed);
    }
}
