/*
 * Whole screens as text that a person can read, in tests/unit/ui/golden. To make them anew:
 *
 *     DERPTOP_GOLDEN=write build/debug/tests/unit_ui_golden
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "tests/support/face.h"

#include <cmocka.h>

enum { TEXT_MAX = 1 << 17 };

static void as_it_is(struct snapshot *s)
{
    (void)s;
}

static void relayed(struct snapshot *s)
{
    s->path = PATH_DERP;
    s->path_since = s->now - 100 * NS_PER_SEC;
    for (size_t i = 0; i < s->sample_count; i++) {
        if (i > 500 && s->samples[i].state == SAMPLE_PONG) {
            s->samples[i].path = PATH_DERP;
            s->samples[i].rtt_us += 35000;
        }
    }
    s->samples[450].rtt_us = 900000; /* an outlier */
    s->changes[1].to = PATH_DERP;
    s->changes[1].at = s->now - 99 * NS_PER_SEC;
    s->workspaces[0].path = PATH_DERP;
}

static void connecting(struct snapshot *s)
{
    s->path = PATH_NONE;
    s->run = (struct snapshot_stats){.sent = 3, .lost = 3};
    s->sample_count = 0;
    s->echo_count = 0;
    s->handshake_at = 0;
    s->silent_since = s->now - 12 * NS_PER_SEC;
    s->unanswered = 3;
    s->facts = (struct facts){.connection_known = true, .workspace_state = FACT_WORKSPACE_RUNNING};
    s->finding_count = 0;
}

/* It stood, and since 14 s nothing is answered: the agent's machine went away. */
static void lost(struct snapshot *s)
{
    enum { SILENT = 14 };
    s->path = PATH_NONE;
    s->silent_since = s->now - SILENT * NS_PER_SEC;
    s->unanswered = SILENT;
    for (size_t i = 0; i < SILENT; i++) {
        struct snapshot_sample *sample = &s->samples[s->sample_count - 1 - i];
        sample->state = i < 5 ? SAMPLE_PENDING : SAMPLE_LOST;
        sample->rtt_us = 0;
    }
    text_copy(s->server_version, sizeof s->server_version, "v2.19.0");
    text_copy(s->agent_version, sizeof s->agent_version, "v2.19.0");
    s->own_endpoint_count = 3;
    s->agent_endpoint_count = 4;
    for (int i = 0; i < LADDER_DISCO; i++) {
        s->ladder[i] = (struct snapshot_step){
            .state = LADDER_DONE, .since = s->now - 600 * NS_PER_SEC, .retry_at = MONO_NEVER};
    }
    s->ladder[LADDER_DISCO] = (struct snapshot_step){
        .state = LADDER_FAILED, .since = s->silent_since, .retry_at = s->now + NS_PER_SEC};
    text_copy(s->ladder[LADDER_DISCO].detail, sizeof s->ladder[0].detail, "no probe is answered");
    s->facts.path = FACT_PATH_NONE;
    s->facts.probes = (struct fact_probes){.lost = 9, .lost_in_a_row = 9};
    struct finding *one = &s->findings[0];
    one->code = FINDING_AGENT_UNREACHABLE;
    one->side = FINDING_SIDE_AGENT;
    one->severity = SEVERITY_ERROR;
    one->since = s->now - 9 * NS_PER_SEC;
    text_copy(one->name, sizeof one->name, finding_name(one->code));
    text_copy(one->title, sizeof one->title, finding_title(one->code));
    text_copy(one->observed, sizeof one->observed,
              "the coordinator lost the agent, and the last 9 probes had no answer");
    text_copy(one->why, sizeof one->why,
              "Nothing reaches the workspace: sessions in it hang until they time out.");
    text_copy(one->remedy, sizeof one->remedy,
              "see whether the workspace's machine is up and reaches the deployment; else restart "
              "it: `coder restart dev1`");
}

static void outlier(struct snapshot *s)
{
    s->samples[s->sample_count - 20].rtt_us = 900000;
}

static void a_day(struct snapshot *s)
{
    face_fill_day(s);
}

static void silence(struct snapshot *s, size_t from, size_t count, enum sample_state state)
{
    for (size_t i = from; i < from + count; i++) {
        s->samples[i].state = (uint8_t)state;
        s->samples[i].rtt_us = 0;
    }
}

static void add_gap(struct snapshot *s, size_t from, size_t count, enum gap_kind kind)
{
    silence(s, from, count, SAMPLE_VOID);
    s->gaps[s->gap_count++] =
        (struct snapshot_gap){s->samples[from].sent_at, s->samples[from + count].sent_at, kind};
}

/* One of each kind, and a pause that lasts. */
static void gaps(struct snapshot *s)
{
    silence(s, 40, 80, SAMPLE_VOID);
    silence(s, 160, 75, SAMPLE_LOST);
    add_gap(s, 250, 70, GAP_PAUSED);
    add_gap(s, 370, 65, GAP_SUSPENDED);
    add_gap(s, 440, 40, GAP_ASLEEP);
    add_gap(s, 500, 7, GAP_SUSPENDED); /* too short for words */
    add_gap(s, 540, 59, GAP_PAUSED);
    s->samples[599].state = SAMPLE_VOID;
    s->gaps[s->gap_count - 1].to = 0;
    s->paused = true;
}

static void midnight(struct snapshot *s)
{
    s->wall.seconds = 1700006400 + 150;
}

static void after_midnight(struct snapshot *s)
{
    s->wall.seconds = 1700006400 + 60;
}

static void well(struct snapshot *s)
{
    s->finding_count = 0;
    s->facts.client.interfaces[1].mtu = 1420;
    s->facts.agent_side.hard_nat = FACT_NO;
}

/* Every check can be told, and all have passed. */
static void perfect(struct snapshot *s)
{
    well(s);
    s->facts.agent_side.interface_count = 1;
    s->facts.agent_side.interfaces[0].mtu = 9001;
}

static void many(struct snapshot *s)
{
    static const char *const names[] = {"api",  "demo-fast", "deploy-test", "desk",
                                        "docs", "gpu",       "日本語",      "staging"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        face_add_workspace(s, names[i], i % 3 != 2);
    }
}

static void long_line(struct snapshot *s)
{
    text_copy(
        s->log[s->log_count - 1].text, sizeof s->log[0].text,
        "dial https://coder.example.com/derp: the certificate of the server was not signed by "
        "an authority that is known here: --client-tls-ca-file names others");
}

static void failed(struct snapshot *s)
{
    face_fill_speed(s);
    s->speed.run.state = SPEED_FAILED;
    s->speed.run.started_at = 0;
    text_copy(s->speed.run.failure, sizeof s->speed.run.failure,
              "the agent does not answer on port 3: it is older than the speed test, or busy");
}

static const struct screen {
    const char *name;
    void (*change)(struct snapshot *s);
    const char *keys;
    int rows, cols;
    const struct glyphs *glyphs;
} screens[] = {
    {"monitor-60x15", as_it_is, "", 15, 60, &glyphs_utf8},
    {"monitor-80x24", as_it_is, "", 24, 80, &glyphs_utf8},
    {"monitor-100x30", as_it_is, "", 30, 100, &glyphs_utf8},
    {"monitor-140x45", as_it_is, "", 45, 140, &glyphs_utf8},
    {"monitor-200x60", as_it_is, "", 60, 200, &glyphs_utf8},
    {"monitor-too-small", as_it_is, "", 10, 40, &glyphs_utf8},
    {"monitor-ascii-60x15", as_it_is, "", 15, 60, &glyphs_ascii},
    {"monitor-ascii-80x24", as_it_is, "", 24, 80, &glyphs_ascii},
    {"monitor-ascii-140x45", as_it_is, "", 45, 140, &glyphs_ascii},
    {"monitor-block-80x24", as_it_is, "-", 24, 80, &glyphs_block},
    {"monitor-console-80x24", as_it_is, "-", 24, 80, &glyphs_console},
    {"relayed-100x30", relayed, "", 30, 100, &glyphs_utf8},
    {"relayed-log-scale-80x24", relayed, "y{Esc}yy", 24, 80, &glyphs_utf8},
    {"connecting-80x24", connecting, "", 24, 80, &glyphs_utf8},
    {"connecting-ascii-80x24", connecting, "", 24, 80, &glyphs_ascii},
    {"connecting-60x15", connecting, "", 15, 60, &glyphs_utf8},
    {"lost-60x15", lost, "", 15, 60, &glyphs_utf8},
    {"lost-80x24", lost, "", 24, 80, &glyphs_utf8},
    {"lost-140x45", lost, "", 45, 140, &glyphs_utf8},
    {"lost-ascii-80x24", lost, "", 24, 80, &glyphs_ascii},
    {"lost-but-put-away-80x24", lost, "{Esc}{F1}{Esc}", 24, 80, &glyphs_utf8},
    {"past-80x24", as_it_is, "+{Left}{Left}", 24, 80, &glyphs_utf8},
    {"frozen-crosshair-100x30", as_it_is, "pc{Left}{Left}{Left}{Left}m{F1}{Esc}", 30, 100,
     &glyphs_utf8},
    {"tunnel-100x30", as_it_is, "V", 30, 100, &glyphs_utf8},
    {"heat-60x15", as_it_is, "-v{F1}{Esc}", 15, 60, &glyphs_utf8},
    {"heat-80x24", as_it_is, "-v{F1}{Esc}", 24, 80, &glyphs_utf8},
    {"heat-ascii-80x24", as_it_is, "-v", 24, 80, &glyphs_ascii},
    {"heat-crosshair-140x45", outlier, "-vc{Left}{Left}{Left}{F1}{Esc}", 45, 140, &glyphs_utf8},
    {"heat-of-a-day-100x30", a_day, "-------v", 30, 100, &glyphs_utf8},
    {"histogram-60x15", as_it_is, "-vv{F1}{Esc}", 15, 60, &glyphs_utf8},
    {"histogram-80x24", as_it_is, "-vv{F1}{Esc}", 24, 80, &glyphs_utf8},
    {"histogram-direct-alone-100x30", outlier, "+vv", 30, 100, &glyphs_utf8},
    {"histogram-ascii-140x45", as_it_is, "vv{F1}{Esc}", 45, 140, &glyphs_ascii},
    {"histogram-of-a-day-200x60", a_day, "-------vv", 60, 200, &glyphs_utf8},
    {"gaps-100x30", gaps, "-", 30, 100, &glyphs_utf8},
    {"gaps-crosshair-ascii-140x45", gaps, "-c{Left}{Left}{Left}", 45, 140, &glyphs_ascii},
    {"midnight-100x30", midnight, "", 30, 100, &glyphs_utf8},
    {"past-of-yesterday-80x24", after_midnight, "{Left}{Left}", 24, 80, &glyphs_utf8},
    {"path-alone-100x30", as_it_is, "{Tab}z", 30, 100, &glyphs_utf8},
    {"throughput-80x24", face_fill_speed, "s", 24, 80, &glyphs_utf8},
    {"throughput-60x15", face_fill_speed, "s", 15, 60, &glyphs_utf8},
    {"throughput-bytes-140x45", face_fill_speed, "sb{F1}{Esc}", 45, 140, &glyphs_utf8},
    {"throughput-ascii-80x24", face_fill_speed, "s", 24, 80, &glyphs_ascii},
    {"throughput-failed-80x24", failed, "s", 24, 80, &glyphs_utf8},
    {"throughput-choice-80x24", face_fill_speed, "S{Right}{Down}{Right}", 24, 80, &glyphs_utf8},
    {"tests-in-the-graph-100x30", face_fill_speed, "", 30, 100, &glyphs_utf8},
    {"picker-80x24", many, "w", 24, 80, &glyphs_utf8},
    {"picker-filter-100x30", many, "wP/de", 30, 100, &glyphs_utf8},
    {"picker-ascii-60x15", many, "w", 15, 60, &glyphs_ascii},
    {"overview-80x24", many, "o", 24, 80, &glyphs_utf8},
    {"overview-140x45", many, "oss{Down}", 45, 140, &glyphs_utf8},
    {"log-80x24", as_it_is, "l1", 24, 80, &glyphs_utf8},
    {"log-filter-100x30", as_it_is, "l/path{Enter}{Up}", 30, 100, &glyphs_utf8},
    {"log-filter-typing-80x24", as_it_is, "l1/pa", 24, 80, &glyphs_utf8},
    {"log-search-80x24", as_it_is, "l1/RELAY{Tab}{Enter}N{F1}{Esc}", 24, 80, &glyphs_utf8},
    {"log-marks-80x24", as_it_is, "l1m{Up}{Up}m{F1}{Esc}", 24, 80, &glyphs_utf8},
    {"events-search-ascii-60x15", as_it_is, "e/direct{Tab}{Enter}n", 15, 60, &glyphs_ascii},
    {"log-line-in-full-80x24", long_line, "l{Up}{Down}", 24, 80, &glyphs_utf8},
    {"events-80x24", as_it_is, "e", 24, 80, &glyphs_utf8},
    {"findings-none-80x24", well, "", 24, 80, &glyphs_utf8},
    {"findings-none-60x15", well, "", 15, 60, &glyphs_utf8},
    {"findings-none-140x45", well, "", 45, 140, &glyphs_utf8},
    {"findings-all-passed-100x30", perfect, "", 30, 100, &glyphs_utf8},
    {"findings-muted-140x45", as_it_is, "da{Esc}", 45, 140, &glyphs_utf8},
    {"findings-all-muted-ascii-80x24", as_it_is, "da{Up}{Up}a{Esc}{F1}{Esc}", 24, 80,
     &glyphs_ascii},
    {"details-80x24", as_it_is, "d", 24, 80, &glyphs_utf8},
    {"details-60x15", as_it_is, "d", 15, 60, &glyphs_utf8},
    {"details-muted-80x24", as_it_is, "d{Down}a", 24, 80, &glyphs_utf8},
    {"details-not-known-80x24", as_it_is, "d{Down}{Down}{F1}{Esc}", 24, 80, &glyphs_utf8},
    {"details-passed-100x30", as_it_is, "d/udp{Enter}{Down}", 30, 100, &glyphs_utf8},
    {"details-filter-ascii-80x24", as_it_is, "d{Tab}/mtu", 24, 80, &glyphs_ascii},
    {"details-path-80x24", as_it_is, "dG", 24, 80, &glyphs_utf8},
    {"details-beside-the-log-140x45", as_it_is, "dl1", 45, 140, &glyphs_utf8},
    {"help-80x24", as_it_is, "?", 24, 80, &glyphs_utf8},
    {"help-140x45", as_it_is, "?", 45, 140, &glyphs_utf8},
    {"help-of-the-log-ascii-80x24", as_it_is, "l?", 24, 80, &glyphs_ascii},
};

static char *read_golden(const char *path)
{
    char *text = mem_new(TEXT_MAX);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        text[fread(text, 1, TEXT_MAX - 1, file)] = '\0';
        (void)fclose(file);
    }
    return text;
}

static void write_golden(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* True if the screen is what the file holds; else says where it differs. */
static bool check(const struct screen *screen, const char *got)
{
    char path[512];
    const char *mode = getenv("DERPTOP_GOLDEN"); // NOLINT(concurrency-mt-unsafe): one thread
    text_format(path, sizeof path, "%s/../ui/golden/%s.txt", TEST_DATA_DIR, screen->name);
    if (mode != NULL && strcmp(mode, "write") == 0) {
        write_golden(path, got);
        return true;
    }
    char *wanted = read_golden(path);
    bool same = strcmp(wanted, got) == 0;
    if (!same) {
        print_error("%s is not what %s holds, but:\n%s\n", screen->name, path, got);
    }
    free(wanted);
    return same;
}

static void test_each_screen_is_what_it_was(void **state)
{
    (void)state;
    bool same = true;
    struct snapshot *s = mem_new(sizeof *s);
    face_start();
    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++) {
        struct app app;
        app_init(&app);
        face_fill(s);
        screens[i].change(s);
        app_see(&app, s);
        face_press(&app, s, screens[i].keys);
        app_see(&app, s);
        char *got = face_frame(&app, s, screens[i].rows, screens[i].cols, screens[i].glyphs);
        same &= check(&screens[i], got);
        free(got);
    }
    free(s);
    assert_true(same);
}

static void test_the_welcome_says_what_to_set_and_offers_the_lab(void **state)
{
    (void)state;
    struct app app;
    struct snapshot *s = mem_new(sizeof *s);
    struct command command;
    const struct screen screen = {.name = "welcome-80x24"};
    face_start();
    app_init(&app);
    s->selected = -1;
    app.views[0] = VIEW_WELCOME;
    text_copy(app.welcome, sizeof app.welcome, "CODER_URL is not set, and there is no login");
    char *got = face_frame(&app, s, 24, 80, &glyphs_utf8);
    assert_true(check(&screen, got));
    assert_true((app_key(&app, KEY_CODE_ENTER, s, &command) & APP_LAB) != 0);
    assert_true((app_key(&app, 'r', s, &command) & APP_AGAIN) != 0);
    free(got);
    const struct screen low = {.name = "welcome-60x15"};
    got = face_frame(&app, s, 15, 60, &glyphs_utf8);
    assert_true(check(&low, got));
    free(got);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_screen_is_what_it_was),
        cmocka_unit_test(test_the_welcome_says_what_to_set_and_offers_the_lab),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
