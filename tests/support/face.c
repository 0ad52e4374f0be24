#include "tests/support/face.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "net/base/text.h"

#include <cmocka.h>

enum { SAMPLES = 600, ECHOES = 120 };

void face_start(void)
{
    (void)setenv("TZ", "UTC", 1);
    tzset();
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
}

static void set(char *out, size_t size, const char *text)
{
    text_copy(out, size, text);
}

void face_add_workspace(struct snapshot *s, const char *name, bool running)
{
    struct snapshot_workspace *row = &s->workspaces[s->workspace_count++];
    *row = (struct snapshot_workspace){0};
    row->workspace.b[0] = (uint8_t)s->workspace_count;
    row->agent.b[0] = running ? (uint8_t)s->workspace_count : 0;
    row->state = running ? WORKSPACE_RUNNING : WORKSPACE_STOPPED;
    row->agent_state = running ? AGENT_STATE_CONNECTED : AGENT_STATE_UNKNOWN;
    set(row->owner, sizeof row->owner, "me");
    set(row->name, sizeof row->name, name);
    set(row->agent_name, sizeof row->agent_name, "main");
    s->workspaces_total++;
}

static void watch(struct snapshot_workspace *row, enum path_kind path, uint32_t us)
{
    row->watched = true;
    row->path = path;
    row->grade = GRADE_GOOD;
    row->last_rtt_us = us;
    row->spark_count = SNAPSHOT_SPARK;
    for (uint32_t i = 0; i < SNAPSHOT_SPARK; i++) {
        row->spark_us[i] = i == 20 ? 0 : us + us * (i * 7 % 11) / 20;
        row->spark_path[i] = (uint8_t)(i < 10 ? PATH_DERP : path);
    }
}

/* What a line of that kind is like: never the same twice, and the same in every run. */
static uint32_t rtt(size_t i, bool relayed)
{
    uint32_t noise = ((uint32_t)i * 2654435761U) >> 24;
    return relayed ? 40000 + noise * 30 : 6000 + noise * 5;
}

static void fill_samples(struct snapshot *s)
{
    s->sample_count = SAMPLES;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct snapshot_sample *sample = &s->samples[i];
        bool relayed = i >= 240 && i < 360;
        sample->sent_at = s->now - (SAMPLES - i) * NS_PER_SEC;
        sample->state = i % 50 == 49 ? SAMPLE_LOST : SAMPLE_PONG;
        sample->path = relayed ? PATH_DERP : PATH_DIRECT;
        sample->rtt_us = sample->state == SAMPLE_LOST ? 0 : rtt(i, relayed);
    }
    s->echo_count = ECHOES;
    for (size_t i = 0; i < ECHOES; i++) {
        s->echoes[i] = (struct snapshot_echo){
            .at = s->now - (ECHOES - i) * 5 * NS_PER_SEC,
            .rtt_us = rtt(i, false) + 900,
        };
    }
}

/* Buckets of that width from `from` on, up to now. */
static size_t fill_buckets(const struct snapshot *s, mono_ns from, uint64_t width, size_t most,
                           struct snapshot_bucket *out)
{
    size_t count = 0;
    for (mono_ns at = from; at + width <= s->now && count < most; at += width) {
        uint64_t hours_ago = (s->now - at) / (3600 * NS_PER_SEC);
        uint32_t each = (uint32_t)(width / NS_PER_SEC);
        bool relayed = hours_ago == 13 || hours_ago == 14;
        bool lost = hours_ago == 5;
        uint32_t middle = rtt((size_t)(at / width), relayed);
        out[count] = (struct snapshot_bucket){
            .at = at,
            .min_us = lost ? 0 : middle - middle / 8,
            .p50_us = lost ? 0 : middle,
            .max_us = lost ? 0 : middle * (count % 40 == 39 ? 5 : 2),
            .jitter_us = 100,
            .answered = lost ? 0 : each,
            .lost = lost ? each : 0,
            .direct = lost || relayed ? 0 : each,
        };
        count++;
    }
    return count;
}

void face_fill_day(struct snapshot *s)
{
    const uint64_t hour = 3600 * NS_PER_SEC;
    s->now = 200000 * NS_PER_SEC;
    fill_samples(s);
    s->first_sample = 86400 - SAMPLES;
    s->first_sent_at = s->now - 24 * hour;
    s->changes_kept = 0;
    mono_ns whole = s->now - s->now % (60 * NS_PER_SEC);
    s->minute_count =
        fill_buckets(s, whole - 24 * hour, 60 * NS_PER_SEC, SNAPSHOT_MINUTES_MAX, s->minutes);
    s->ten_count = fill_buckets(s, whole - 6 * hour, 10 * NS_PER_SEC, SNAPSHOT_TENS_MAX, s->tens);
}

static void fill_figures(struct snapshot *s)
{
    s->window = (struct snapshot_stats){.sent = 480,
                                        .answered = 470,
                                        .lost = 10,
                                        .last_ns = 6 * NS_PER_MS,
                                        .min_ns = 6 * NS_PER_MS,
                                        .avg_ns = 6 * NS_PER_MS,
                                        .max_ns = 22 * NS_PER_MS,
                                        .p50_ns = 6 * NS_PER_MS,
                                        .p95_ns = 7 * NS_PER_MS,
                                        .p99_ns = 22 * NS_PER_MS,
                                        .jitter_ns = NS_PER_MS / 2};
    s->run = s->run_direct = s->window;
    s->run.sent = 600;
    s->run.answered = 588;
    s->run.lost = 12;
    s->run_relayed = s->window;
    s->run_relayed.answered = 118;
    s->run_relayed.lost = 2;
    s->run_relayed.jitter_ns = 3100 * NS_PER_US;
    s->run_relayed.p50_ns = 41 * NS_PER_MS;
    s->run_relayed.p95_ns = 44 * NS_PER_MS;
    s->run_relayed.p99_ns = 73 * NS_PER_MS;
    s->other = s->run_relayed;
    s->silence_ns = 3 * NS_PER_SEC;
    s->silence_at = s->now - 362 * NS_PER_SEC;
    s->first_sent_at = s->now - SAMPLES * NS_PER_SEC;
    s->tunnel_stats.answered = 3;
    s->tunnel_stats.last_ns = 7 * NS_PER_MS;
}

static void fill_path(struct snapshot *s)
{
    s->path = PATH_DIRECT;
    s->path_since = s->now - 240 * NS_PER_SEC;
    s->region = s->home_region = s->agent_region = 999;
    set(s->path_address, sizeof s->path_address, "203.0.113.7:41641");
    set(s->region_name, sizeof s->region_name, "Council Bluffs");
    set(s->agent_region_name, sizeof s->agent_region_name, "Council Bluffs");
    s->coordinator.state = s->relay.state = LINK_UP;
    s->coordinator.since = s->relay.since = s->now - 600 * NS_PER_SEC;
    s->relay_rtt_ns = 17 * NS_PER_MS;
    s->node_sent = s->node_received = true;
    s->node_sent_at = s->node_received_at = s->now - 12 * NS_PER_SEC;
    s->has_tunnel = true;
    s->handshake_at = s->now - 11 * NS_PER_SEC;
    s->handshake_due_at = s->handshake_at + 120 * NS_PER_SEC;
    s->direct = (struct snapshot_traffic){812, 790, 640000, 610000};
    s->relayed = (struct snapshot_traffic){122, 130, 92000, 95000};
    s->changes_kept = s->change_count = 2;
    s->changes[0] = (struct snapshot_change){
        .at = s->now - 360 * NS_PER_SEC, .from = PATH_DIRECT, .to = PATH_DERP};
    s->changes[1] = (struct snapshot_change){
        .at = s->now - 240 * NS_PER_SEC, .from = PATH_DERP, .to = PATH_DIRECT};
    set(s->changes[0].reason, sizeof s->changes[0].reason, "silent");
    set(s->changes[1].reason, sizeof s->changes[1].reason, "first_pong");
    s->candidate_count = 5;
    for (size_t i = 0; i < s->candidate_count; i++) {
        s->candidates[i].state = (enum candidate_state)(CANDIDATE_BEST - i);
        s->candidates[i].latency_ns = 6 * NS_PER_MS;
        s->candidates[i].probes = 12;
        text_format(s->candidates[i].address, sizeof s->candidates[i].address, "192.0.2.%zu:5", i);
    }
}

/* All that the diagnosis looks at, but for the agent's interfaces, which it has not reported. */
static void fill_facts(struct snapshot *s)
{
    s->facts = (struct facts){
        .connection_known = true,
        .stun_servers = FACT_YES,
        .coordinator = FACT_LINK_UP,
        .workspace = "dev1",
        .workspace_state = FACT_WORKSPACE_RUNNING,
        .agent = FACT_AGENT_CONNECTED,
        .agent_node_known = true,
        .agent_report = FACT_YES,
        .relay = FACT_LINK_UP,
        .relay_region = {999, "Council Bluffs"},
        .client = {.udp = FACT_YES,
                   .hard_nat = FACT_NO,
                   .hairpin = FACT_YES,
                   .public_v4 = "198.51.100.9:41641",
                   .aws = FACT_NO,
                   .interface_count = 2,
                   .interfaces = {{"eth0", 1500}, {"utun0", 1280}}},
        .agent_side = {.udp = FACT_YES,
                       .hard_nat = FACT_YES,
                       .hairpin = FACT_YES,
                       .seen_v4 = {"203.0.113.7:41641", "203.0.113.7:53022"},
                       .public_v4 = "203.0.113.7:41641",
                       .aws = FACT_NO},
        .default_route = "eth0",
        .default_route_tunnel = FACT_NO,
        .aws_source = "the bundled list",
        .same_public_address = FACT_NO,
        .path = FACT_PATH_DIRECT,
        .path_for_ns = 240 * NS_PER_SEC,
        .path_address = "203.0.113.7:41641",
        .candidates = 5,
        .candidates_silent = 1,
        .probes = {.answered = 59,
                   .lost = 1,
                   .p50_ns = 6 * NS_PER_MS,
                   .usual_ns = 6 * NS_PER_MS,
                   .avg_ns = 6 * NS_PER_MS,
                   .p95_ns = 7 * NS_PER_MS,
                   .jitter_ns = NS_PER_MS / 2},
        .handshake = FACT_YES,
        .handshake_age_ns = 11 * NS_PER_SEC,
        .data_wanted = true,
        .client_home = {999, "Council Bluffs"},
        .agent_home = {999, "Council Bluffs"},
        .client_to_client_home_ns = 17 * NS_PER_MS,
        .agent_to_agent_home_ns = 24 * NS_PER_MS,
    };
}

static void add_finding(struct snapshot *s, enum finding_code code, enum finding_severity severity,
                        const char *observed, const char *remedy)
{
    struct finding *one = &s->findings[s->finding_count++];
    *one = (struct finding){.code = code, .side = finding_side_of(code), .severity = severity};
    one->since = s->now - 252 * NS_PER_SEC;
    set(one->name, sizeof one->name, finding_name(code));
    set(one->title, sizeof one->title, finding_title(code));
    set(one->observed, sizeof one->observed, observed);
    set(one->why, sizeof one->why,
        "Larger packets are dropped on the direct path. Typing works; "
        "clones and file copies hang.");
    set(one->remedy, sizeof one->remedy, remedy);
    set(one->docs, sizeof one->docs, "https://coder.com/docs/admin/networking/troubleshooting");
    s->workspaces[0].warnings |= severity == SEVERITY_WARNING ? UINT32_C(1) << code : 0;
    s->workspaces[0].infos |= severity == SEVERITY_INFO ? UINT32_C(1) << code : 0;
}

static void add_event(struct snapshot *s, int64_t ago_s, const char *text)
{
    struct snapshot_event *event = &s->events[s->event_count];
    *event = (struct snapshot_event){.seq = s->event_count,
                                     .when = {.seconds = s->wall.seconds - ago_s},
                                     .at = s->now - (uint64_t)ago_s * NS_PER_SEC};
    set(event->text, sizeof event->text, text);
    s->event_count++;
}

static void add_line(struct snapshot *s, int64_t ago_s, enum log_level level, enum log_part part,
                     const char *text)
{
    struct log_line *line = &s->log[s->log_count++];
    *line = (struct log_line){.when = {.seconds = s->wall.seconds - ago_s, .nanos = 42000000},
                              .level = level,
                              .part = part};
    set(line->text, sizeof line->text, text);
}

static void fill_words(struct snapshot *s)
{
    add_event(s, 600, "coordinator is connected");
    add_event(s, 599, "the agent's node was received");
    add_event(s, 360, "relayed through Council Bluffs: the direct path is silent");
    add_event(s, 240, "direct to 203.0.113.7:41641: a direct path answered");
    add_event(s, 100, "finding: packets are lost (loss)");
    s->events[s->event_count - 1].agent = s->workspaces[1].agent;
    set(s->events[s->event_count - 1].about, sizeof s->events[0].about, "dev2");
    add_line(s, 600, LOG_DEBUG, LOG_HTTP, "GET /api/v2/users/me: 200, 512 bytes");
    add_line(s, 600, LOG_INFO, LOG_MAIN, "coordinator is connected");
    add_line(s, 362, LOG_WARN, LOG_DISCO, "no pong from 203.0.113.7:41641 in 5 s");
    add_line(s, 360, LOG_INFO, LOG_PATH, "relayed through Council Bluffs");
    add_line(s, 300, LOG_ERROR, LOG_DERP, "the relay closed the connection");
    add_line(s, 240, LOG_INFO, LOG_PATH, "direct to 203.0.113.7:41641");
}

void face_fill(struct snapshot *s)
{
    memset(s, 0, sizeof *s);
    s->seq = 1;
    s->now = 10000 * NS_PER_SEC;
    s->wall = (struct wall_time){.seconds = 1700000000};
    s->interval_ns = NS_PER_SEC;
    s->signed_in = s->list_known = true;
    set(s->deployment, sizeof s->deployment, "coder.example.com");
    set(s->title, sizeof s->title, "dev1 · main");
    face_add_workspace(s, "dev1", true);
    face_add_workspace(s, "dev2", true);
    face_add_workspace(s, "dev3", false);
    watch(&s->workspaces[0], PATH_DIRECT, 6100);
    watch(&s->workspaces[1], PATH_DERP, 41000);
    fill_path(s);
    fill_facts(s);
    fill_samples(s);
    fill_figures(s);
    fill_words(s);
    add_finding(s, FINDING_CLIENT_LOW_MTU, SEVERITY_WARNING, "utun0 has an MTU of 1280, below 1378",
                "raise the interface's MTU to 1378 or more, or take the workspace's network out of "
                "that VPN");
    add_finding(s, FINDING_AGENT_HARD_NAT, SEVERITY_INFO,
                "two STUN servers saw the agent at ports 41641 and 53022",
                "nothing now: your NAT is easy, so direct works");
    s->workspaces[1].warnings = 1U << FINDING_LOSS | 1U << FINDING_ENDPOINT_FIREWALL |
                                1U << FINDING_DERP_RELAY | 1U << FINDING_JITTER;
    s->workspaces[1].infos = 1U << FINDING_DERP_FAR;
    for (int i = 0; i < LADDER_STEPS; i++) {
        s->ladder[i] = (struct snapshot_step){.state = i < 5    ? LADDER_DONE
                                                       : i == 5 ? LADDER_FAILED
                                                                : LADDER_TODO,
                                              .since = s->now - 12 * NS_PER_SEC,
                                              .retry_at = MONO_NEVER};
    }
    set(s->ladder[5].detail, sizeof s->ladder[5].detail,
        "the agent's node has not come: it is too old, or cannot reach the coordinator");
}

static struct snapshot_speed_run a_run(const struct snapshot *s, bool up, enum path_kind path,
                                       uint64_t mbit, uint64_t ago_s)
{
    struct snapshot_speed_run run = {
        .number = 1,
        .state = SPEED_DONE,
        .up = up,
        .agent = s->workspaces[0].agent,
        .when = {.seconds = s->wall.seconds - (int64_t)ago_s},
        .asked_at = s->now - ago_s * NS_PER_SEC,
        .started_at = s->now - ago_s * NS_PER_SEC,
        .ended_at = s->now - ago_s * NS_PER_SEC + 5 * NS_PER_SEC,
        .duration_ns = 5 * NS_PER_SEC,
        .elapsed_ns = 5 * NS_PER_SEC,
        .bytes = mbit * 1000000 / 8 * 5,
        .rate = mbit * 1000000,
        .path = path,
        .rest_ns = 6100 * NS_PER_US,
        .load_ns = 19 * NS_PER_MS,
        .rest_count = 10,
        .load_count = 5,
    };
    set(run.title, sizeof run.title, "dev1");
    set(run.path_text, sizeof run.path_text,
        path == PATH_DIRECT ? "203.0.113.7:41641" : "Council Bluffs");
    return run;
}

void face_fill_speed(struct snapshot *s)
{
    enum { SLICES = 33 };
    struct snapshot_speed *speed = &s->speed;
    speed->history[0] = a_run(s, false, PATH_DERP, 88, 500);
    speed->history[1] = a_run(s, false, PATH_DIRECT, 940, 200);
    speed->history[2] = a_run(s, true, PATH_DIRECT, 412, 100);
    speed->history_count = 3;
    speed->run = a_run(s, false, PATH_DIRECT, 878, 0);
    speed->run.state = SPEED_RUNNING;
    speed->run.started_at = s->now - 3200 * NS_PER_MS;
    speed->run.ended_at = 0;
    speed->rate_now = 943000000;
    speed->slice_ns = 100 * NS_PER_MS;
    speed->slice_count = SLICES;
    for (size_t i = 0; i < SLICES; i++) {
        uint64_t mbit = i < 10 ? 90 * (i + 1) : 900 + i * 7 % 60;
        speed->slices[i] = mbit * 1000000 / 8 / 10;
    }
    for (size_t i = 0; i < 6; i++) { /* pings during it */
        struct snapshot_sample *sample = &s->samples[s->sample_count - 6 + i];
        sample->sent_at = s->now - (3000 - i * 500) * NS_PER_MS;
        sample->state = SAMPLE_PONG;
        sample->path = PATH_DIRECT;
        sample->rtt_us = 6000 + (uint32_t)i * 2600;
    }
}

static void check_cell(const struct cell *cell, bool ascii)
{
    wchar_t wide[CELL_TEXT];
    size_t count = mbstowcs(wide, cell->text, CELL_TEXT);
    assert_true(count != (size_t)-1); /* whole characters */
    for (size_t c = 0; c < count; c++) {
        assert_true(wcwidth(wide[c]) >= 0); /* no control character reaches a cell */
        assert_true(!ascii || wide[c] < 0x80);
    }
    assert_true(cell->style < STYLE_COUNT);
}

char *face_frame(const struct app *app, const struct snapshot *s, int rows, int cols,
                 const struct glyphs *glyphs)
{
    struct canvas canvas;
    canvas_init(&canvas, rows, cols, glyphs);
    app_draw(app, s, &canvas);
    for (int i = 0; i < canvas.rows * canvas.cols; i++) {
        check_cell(&canvas.cells[i], !glyphs->utf8);
    }
    char *out = canvas_dump(&canvas);
    free(canvas.cells);
    return out;
}

void face_press(struct app *app, const struct snapshot *s, const char *keys)
{
    while (*keys != '\0') {
        char name[KEY_NAME_SIZE];
        int key = (unsigned char)*keys++;
        if (key == '{') {
            size_t len = strcspn(keys, "}");
            text_format(name, sizeof name, "%.*s", (int)len, keys);
            keys += len + 1;
            assert_true(key_parse(name, &key));
        }
        struct command command;
        (void)app_key(app, key, s, &command);
    }
}
