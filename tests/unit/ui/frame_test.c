/*
 * Whole frames: of every size, with every kind of snapshot, of hostile names, after any keys.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "net/base/rng.h"
#include "net/base/text.h"
#include "ui/app.h"

#include <cmocka.h>

enum { SAMPLES = 600 };

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct snapshot));
    return setlocale(LC_CTYPE, "C.UTF-8") == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void name(char *out, size_t size, const char *text)
{
    text_copy(out, size, text);
}

static void add_workspace(struct snapshot *s, const char *text, bool running)
{
    struct snapshot_workspace *row = &s->workspaces[s->workspace_count++];
    row->workspace.b[0] = (uint8_t)s->workspace_count;
    row->agent.b[0] = running ? (uint8_t)s->workspace_count : 0;
    row->state = running ? WORKSPACE_RUNNING : WORKSPACE_STOPPED;
    row->agent_state = running ? AGENT_STATE_CONNECTED : AGENT_STATE_UNKNOWN;
    name(row->name, sizeof row->name, text);
    name(row->agent_name, sizeof row->agent_name, "main");
    s->workspaces_total++;
}

/* Ten minutes: direct, relayed from the fourth on, direct again from the sixth; each fiftieth lost.
 */
static void fill(struct snapshot *s)
{
    memset(s, 0, sizeof *s);
    s->seq = 1;
    s->now = 10000 * NS_PER_SEC;
    s->wall = (struct wall_time){.seconds = 1700000000};
    s->interval_ns = NS_PER_SEC;
    s->signed_in = s->list_known = true;
    s->path = PATH_DIRECT;
    s->path_since = s->now - 240 * NS_PER_SEC;
    s->region = s->home_region = s->agent_region = 999;
    name(s->path_address, sizeof s->path_address, "203.0.113.7:41641");
    name(s->region_name, sizeof s->region_name, "Council Bluffs");
    name(s->deployment, sizeof s->deployment, "coder.example.com");
    name(s->title, sizeof s->title, "dev1 · main");
    s->coordinator.state = s->relay.state = LINK_UP;
    s->has_tunnel = true;
    s->handshake_at = s->now - 11 * NS_PER_SEC;
    s->tunnel_stats.answered = 3;
    s->tunnel_stats.last_ns = 7 * NS_PER_MS;
    add_workspace(s, "dev1", true);
    add_workspace(s, "dev2", true);
    add_workspace(s, "dev3", false);
    s->sample_count = SAMPLES;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct snapshot_sample *sample = &s->samples[i];
        bool relayed = i >= 240 && i < 360;
        sample->sent_at = s->now - (SAMPLES - i) * NS_PER_SEC;
        sample->state = i % 50 == 49 ? SAMPLE_LOST : SAMPLE_PONG;
        sample->path = relayed ? PATH_DERP : PATH_DIRECT;
        sample->rtt_us = sample->state == SAMPLE_LOST ? 0 : relayed ? 41000 : 6000;
    }
    s->window = (struct snapshot_stats){.sent = 480,
                                        .answered = 470,
                                        .lost = 10,
                                        .last_ns = 6 * NS_PER_MS,
                                        .min_ns = 6 * NS_PER_MS,
                                        .avg_ns = 6 * NS_PER_MS,
                                        .max_ns = 6 * NS_PER_MS,
                                        .p50_ns = 6 * NS_PER_MS,
                                        .p95_ns = 6 * NS_PER_MS};
    s->run = s->window;
    s->other = s->window;
    s->other.p50_ns = 41 * NS_PER_MS;
    s->changes_kept = s->change_count = 2;
    s->changes[0] = (struct snapshot_change){
        .at = s->now - 360 * NS_PER_SEC, .from = PATH_DIRECT, .to = PATH_DERP};
    s->changes[1] = (struct snapshot_change){
        .at = s->now - 240 * NS_PER_SEC, .from = PATH_DERP, .to = PATH_DIRECT};
    name(s->changes[0].reason, sizeof s->changes[0].reason, "silent");
    name(s->changes[1].reason, sizeof s->changes[1].reason, "first_pong");
    s->candidate_count = 5;
    for (size_t i = 0; i < s->candidate_count; i++) {
        s->candidates[i].state = (enum candidate_state)(CANDIDATE_BEST - i);
        s->candidates[i].latency_ns = 6 * NS_PER_MS;
        s->candidates[i].probes = 12;
        text_format(s->candidates[i].address, sizeof s->candidates[i].address, "192.0.2.%zu:5", i);
    }
    s->event_count = 1;
    name(s->events[0].text, sizeof s->events[0].text, "coordinator is connected");
}

static char *frame(const struct app *app, const struct snapshot *s, int rows, int cols, bool ascii)
{
    struct canvas canvas;
    canvas_init(&canvas, rows, cols, ascii ? &glyphs_ascii : &glyphs_utf8);
    app_draw(app, s, &canvas);
    for (int i = 0; i < canvas.rows * canvas.cols; i++) {
        const char *text = canvas.cells[i].text;
        wchar_t wide[CELL_TEXT];
        size_t count = mbstowcs(wide, text, CELL_TEXT);
        assert_true(count != (size_t)-1); /* whole characters */
        for (size_t c = 0; c < count; c++) {
            assert_true(wcwidth(wide[c]) >= 0); /* no control character reaches a cell */
            assert_true(!ascii || wide[c] < 0x80);
        }
        assert_true(canvas.cells[i].style < STYLE_COUNT);
    }
    char *out = canvas_dump(&canvas);
    free(canvas.cells);
    return out;
}

static void expect(const struct snapshot *s, int rows, int cols, bool ascii, const char *text)
{
    struct app app;
    app_init(&app);
    char *got = frame(&app, s, rows, cols, ascii);
    if (strstr(got, text) == NULL) {
        print_error("not in the frame: %s\n%s", text, got);
    }
    assert_non_null(strstr(got, text));
    free(got);
}

static void test_frames_of_every_size(void **state)
{
    struct snapshot *s = *state;
    struct app app;
    app_init(&app);
    for (int rows = 1; rows <= 60; rows += rows < 26 ? 1 : 7) {
        for (int cols = 1; cols <= 200; cols += cols < 110 ? 3 : 13) {
            for (unsigned kind = 0; kind < 8; kind++) {
                fill(s);
                s->path = (kind & 1) != 0 ? PATH_NONE : PATH_DIRECT;
                app.help = (kind & 2) != 0;
                app.picker = kind == 4;
                free(frame(&app, s, rows, cols, (kind & 4) != 0));
            }
        }
    }
}

static void test_an_empty_snapshot_can_be_drawn(void **state)
{
    struct snapshot *s = *state;
    struct app app;
    app_init(&app);
    memset(s, 0, sizeof *s);
    s->selected = -1;
    free(frame(&app, s, 24, 80, false));
    free(frame(&app, s, 24, 80, true));
}

static void test_the_path_is_in_words(void **state)
{
    struct snapshot *s = *state;
    fill(s);
    expect(s, 34, 160, false, "→ direct 203.0.113.7:41641  for 4 m 0 s");
    expect(s, 34, 110, false, "handshake   ✓ 11 s ago  tunnel 7.0 ms");
    expect(s, 34, 110, true, "> direct 203.0.113.7:41641");
    s->path = PATH_DERP;
    s->path_stale = true;
    expect(s, 34, 200, false, "⇄ DERP Council Bluffs (999)  ▲ 203.0.113.7:41641 is silent");
    s->handshake_at = 0;
    s->handshake_attempts = 3;
    expect(s, 34, 110, false, "✘ not answered yet");
}

static void test_why_a_candidate_lost(void **state)
{
    struct snapshot *s = *state;
    fill(s);
    expect(s, 60, 160, false, "→ 192.0.2.0:5  6.0 ms  in use");
    expect(s, 60, 160, false, "✓ 192.0.2.1:5  6.0 ms  no better");
    expect(s, 60, 160, false, "▲ 192.0.2.2:5  an interface is too small for a full packet");
    expect(s, 60, 160, false, "× 192.0.2.3:5  no answer to 12 probes");
    expect(s, 60, 160, false, "· 192.0.2.4:5  not tried");
    s->direct_disabled_deployment = true;
    expect(s, 34, 160, false, "direct is disabled by the deployment");
}

static void test_figures_are_of_one_way_and_the_changes_are_marked(void **state)
{
    struct snapshot *s = *state;
    struct app app;
    app_init(&app);
    fill(s);
    expect(s, 34, 160, false, "direct  last 6.00");
    expect(s, 34, 160, false, "· relay was p50 41.0");
    app_init(&app);
    while (app_window_ns(&app) < 600 * NS_PER_SEC) {
        struct command command;
        uint64_t before = app_window_ns(&app);
        (void)app_key(&app, '-', s, &command);
        assert_true(app_window_ns(&app) > before);
    }
    char *got = frame(&app, s, 34, 160, false);
    assert_non_null(strstr(got, "⇄ relayed: silent"));
    assert_non_null(strstr(got, "→ direct: first pong"));
    assert_non_null(strstr(got, "▼"));
    free(got);
}

/* A number that is cut would be another number. */
static void test_loss_counts_are_whole_or_not_there(void **state)
{
    struct snapshot *s = *state;
    struct app app;
    app_init(&app);
    fill(s);
    for (int cols = 40; cols < 140; cols++) {
        char *got = frame(&app, s, 30, cols, false);
        const char *loss = strstr(got, "loss ");
        if (loss != NULL && strncmp(loss, "loss 2.1%", 9) == 0 && loss[9] == ' ' &&
            loss[10] >= '0' && loss[10] <= '9') {
            assert_int_equal(strncmp(loss, "loss 2.1% 10/480", 16), 0);
        }
        free(got);
    }
}

static void test_hostile_names_stay_in_their_place(void **state)
{
    struct snapshot *s = *state;
    static const char *const names[] = {
        "\x1b[2J\x1b]0;owned\a",
        "‮evil‬",
        "日本語日本語日本語",
        "e\xcc\x81\xcc\x81\xcc\x81",
        "\xff\xfe\x80",
        "a\nb\rc\td",
        "👩‍👩‍👧‍👦 family",
        "%s%n%d",
    };
    struct app app;
    app_init(&app);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        fill(s);
        struct bytes raw = bytes_text(names[i]);
        (void)text_clean(s->workspaces[0].name, sizeof s->workspaces[0].name, raw);
        (void)text_clean(s->title, sizeof s->title, raw);
        (void)text_clean(s->events[0].text, sizeof s->events[0].text, raw);
        (void)text_clean(s->region_name, sizeof s->region_name, raw);
        (void)text_clean(s->notice, sizeof s->notice, raw);
        for (int cols = 20; cols < 120; cols += 7) {
            free(frame(&app, s, 30, cols, false));
            free(frame(&app, s, 30, cols, true));
        }
    }
}

static void test_any_keys_in_any_order(void **state)
{
    struct snapshot *s = *state;
    static const int keys[] = {'q',
                               'w',
                               'p',
                               'r',
                               '+',
                               '-',
                               '?',
                               '/',
                               'a',
                               0x65e5,
                               0x10ffff,
                               KEY_CODE_TAB,
                               KEY_CODE_ENTER,
                               KEY_CODE_ESC,
                               KEY_CODE_UP,
                               KEY_CODE_DOWN,
                               KEY_CODE_LEFT,
                               KEY_CODE_RIGHT,
                               KEY_CODE_HOME,
                               KEY_CODE_END,
                               KEY_CODE_PAGE_UP,
                               KEY_CODE_PAGE_DOWN,
                               KEY_CODE_BACKSPACE,
                               KEY_CODE_BACK_TAB,
                               KEY_CODE_REDRAW,
                               -1};
    struct rng_seeded rng;
    struct app app;
    rng_seeded_init(&rng, 5);
    app_init(&app);
    fill(s);
    for (unsigned i = 0; i < 20000; i++) {
        struct command command = {0};
        int key = keys[rng_below(&rng.rng, sizeof keys / sizeof *keys)];
        s->selected = (int)rng_below(&rng.rng, 4) - 1;
        unsigned what = app_key(&app, key, s, &command);
        assert_true((what & APP_COMMAND) == 0 || command.kind != COMMAND_NONE);
        if (i % 50 == 0) {
            free(frame(&app, s, 24, 80, false));
        }
    }
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_frames_of_every_size),
        CASE(test_an_empty_snapshot_can_be_drawn),
        CASE(test_the_path_is_in_words),
        CASE(test_why_a_candidate_lost),
        CASE(test_figures_are_of_one_way_and_the_changes_are_marked),
        CASE(test_loss_counts_are_whole_or_not_there),
        CASE(test_hostile_names_stay_in_their_place),
        CASE(test_any_keys_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
