/*
 * Whole frames: of every size, with every kind of snapshot, of hostile names, after any keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/rng.h"
#include "net/base/text.h"
#include "tests/support/face.h"

#include <cmocka.h>

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct snapshot));
    face_start();
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static char *frame(const struct app *app, const struct snapshot *s, int rows, int cols, bool ascii)
{
    return face_frame(app, s, rows, cols, ascii ? &glyphs_ascii : &glyphs_utf8);
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
    face_fill(s);
    for (int rows = 1; rows <= 60; rows += rows < 26 ? 1 : 7) {
        for (int cols = 1; cols <= 200; cols += cols < 110 ? 3 : 13) {
            for (int view = 0; view < VIEW_COUNT; view++) {
                s->path = view % 2 == 1 ? PATH_NONE : PATH_DIRECT;
                app.views[0] = (enum view)view;
                app.full = rows % 3 == 0;
                free(frame(&app, s, rows, cols, cols % 2 == 0));
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
    face_fill(s);
    expect(s, 34, 160, false, "→ direct 203.0.113.7:41641  for 4 m 0 s");
    expect(s, 34, 110, false, "handshake   ✓ 11 s ago tunnel 7.0 ms");
    expect(s, 34, 160, false, "✓ 11 s ago tunnel 7.0 ms  next in 1 m 49 s");
    expect(s, 34, 110, true, "> direct 203.0.113.7:41641");
    s->path = PATH_DERP;
    s->path_stale = true;
    expect(s, 34, 200, false, "⇄ relay 999 Council Bluffs  ▲ 203.0.113.7:41641 is silent");
    s->handshake_at = 0;
    s->handshake_attempts = 3;
    expect(s, 34, 110, false, "✘ not answered yet");
}

static void test_why_a_candidate_lost(void **state)
{
    struct snapshot *s = *state;
    face_fill(s);
    expect(s, 60, 160, false, "→ 192.0.2.0:5  6.0 ms  in use");
    expect(s, 60, 160, false, "✓ 192.0.2.1:5  6.0 ms  no better");
    expect(s, 60, 160, false, "▲ 192.0.2.2:5  an interface is too small for a full packet");
    expect(s, 60, 160, false, "× 192.0.2.3:5  no answer to 12 probes");
    expect(s, 60, 160, false, "· 192.0.2.4:5  not tried");
    s->direct_disabled_deployment = true;
    expect(s, 34, 160, false, "direct is disabled by the deployment");
}

static void test_figures_are_by_way_and_the_changes_are_marked(void **state)
{
    struct snapshot *s = *state;
    struct app app;
    app_init(&app);
    face_fill(s);
    expect(s, 34, 110, false, "p50/p95/p99  → 6.6/7.2/7.3  ⇄ 44/47/48 ms · jitter");
    expect(s, 34, 110, false, "→ 6.0/7.0/22  ⇄ 41/44/73 ms");
    expect(s, 34, 160, false,
           "p50/p95/p99  → 6.6/7.2/7.3 ms · jitter 0.61 · lost 5/240  "
           "⇄ 44/47/48 ms · jitter 3.6 · lost 1/60 ");
    expect(s, 34, 160, false,
           "→ 6.0/7.0/22 ms · jitter 0.50 · lost 10/480  "
           "⇄ 41/44/73 ms · jitter 3.1 · lost 2/120 ");
    face_press(&app, s, "-");
    char *got = frame(&app, s, 34, 160, false);
    assert_non_null(strstr(got, " relay 999 "));
    assert_non_null(strstr(got, " direct "));
    assert_non_null(strstr(got, "▼"));
    assert_non_null(strstr(got, "▲"));
    free(got);
}

static bool is_one_of_these(const char *at)
{
    static const char *const whole[] = {"6/300", "12/600", "5/240", "1/60", "10/480", "2/120"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        size_t len = strlen(whole[i]);
        if (strncmp(at, whole[i], len) == 0 && (at[len] < '0' || at[len] > '9')) {
            return true;
        }
    }
    return false;
}

/* A number that is cut would be another number. */
static void test_loss_counts_are_whole_or_not_there(void **state)
{
    struct snapshot *s = *state;
    struct app app;
    app_init(&app);
    face_fill(s);
    for (int cols = 40; cols < 160; cols++) {
        char *got = frame(&app, s, 30, cols, false);
        for (const char *at = strstr(got, "· lost "); at != NULL; at = strstr(at + 1, "· lost ")) {
            assert_true(is_one_of_these(at + strlen("· lost ")));
        }
        free(got);
    }
}

static void test_figures_of_the_path_are_whole_or_not_there(void **state)
{
    struct snapshot *s = *state;
    struct app app;
    unsigned told = 0;
    app_init(&app);
    face_fill(s);
    s->tunnel_stats.sent = 67;
    s->tunnel_stats.lost = 13;
    s->relay.state = LINK_WAITING;
    s->relay.retry_at = s->now + 90 * NS_PER_SEC;
    for (int cols = 60; cols < 140; cols++) {
        char *got = frame(&app, s, 30, cols, false);
        assert_true(strstr(got, "lost 13") == NULL || strstr(got, "lost 13/67") != NULL);
        assert_true(strstr(got, "next in") == NULL || strstr(got, "next in 1 m 30 s") != NULL);
        told += strstr(got, "lost 13/67") != NULL && strstr(got, "next in") != NULL ? 1U : 0U;
        free(got);
    }
    assert_true(told > 10);
}

/* Where there is room for one kind of traffic, it is that of the path in use. */
static void test_the_traffic_of_the_path_in_use_comes_first(void **state)
{
    struct snapshot *s = *state;
    face_fill(s);
    expect(s, 24, 80, false, "traffic     → ↑610 kB ↓640 kB  ");
    s->path = PATH_DERP;
    expect(s, 24, 80, false, "traffic     ⇄ ↑95 kB ↓92 kB  ");
}

/* The last round trip is not that of now when nothing comes back. */
static void test_silence_is_no_round_trip(void **state)
{
    struct snapshot *s = *state;
    struct app app;
    app_init(&app);
    face_fill(s);
    expect(s, 24, 80, false, "now 6.7  p50");
    s->silent_since = s->now - 31 * NS_PER_SEC;
    expect(s, 24, 80, false, "now ✘  p50");
    expect(s, 24, 80, false, "→ direct 203.0.113.7:41641   ✘ silent│");
    expect(s, 15, 60, true, "x silent|");
    expect(s, 24, 80, false,
           "─ latency ───────────────────────────────────────────── ✘ no answer for 31 s ─┐");
}

/* No setting would help with an agent that is gone. */
static void test_the_overview_says_why_a_workspace_is_not_watched(void **state)
{
    struct snapshot *s = *state;
    struct app app;
    app_init(&app);
    face_fill(s);
    s->workspaces[1].watched = false;
    face_press(&app, s, "o");
    char *got = frame(&app, s, 24, 80, false);
    assert_non_null(strstr(got, "not watched: keep_connected says how many are"));
    free(got);
    s->workspaces[1].agent_state = AGENT_STATE_DISCONNECTED;
    got = frame(&app, s, 24, 80, false);
    assert_null(strstr(got, "keep_connected"));
    assert_non_null(strstr(got, "agent gone"));
    free(got);
}

static void test_a_poor_latency_has_a_sign(void **state)
{
    struct snapshot *s = *state;
    face_fill(s);
    s->workspaces[0].last_rtt_us = 250000;
    s->workspaces[0].grade = GRADE_FAIR;
    expect(s, 30, 100, false, "  250 ms");
    s->workspaces[0].grade = GRADE_POOR;
    expect(s, 30, 100, false, "▲ 250 ms");
    expect(s, 30, 100, true, "! 250 ms");
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
        face_fill(s);
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

/* Any key in any view: whole frames, and the end only by the keys that are for it. */
static void test_any_keys_in_any_order(void **state)
{
    struct snapshot *s = *state;
    struct rng_seeded rng;
    struct app app;
    rng_seeded_init(&rng, 5);
    app_init(&app);
    face_fill(s);
    for (unsigned i = 0; i < 30000; i++) {
        struct command command = {0};
        uint64_t kind = rng_below(&rng.rng, 10);
        int key = kind < 6   ? (int)rng_below(&rng.rng, 128)
                  : kind < 9 ? KEY_CODE_FIRST + (int)rng_below(&rng.rng, 30)
                             : (int)rng_below(&rng.rng, 0x110000);
        s->selected = (int)rng_below(&rng.rng, 4) - 1;
        s->now += rng_below(&rng.rng, 100) * NS_PER_MS;
        struct app_click click = {.row = (int)rng_below(&rng.rng, 30),
                                  .col = (int)rng_below(&rng.rng, 100),
                                  .rows = 30,
                                  .cols = 100,
                                  .wheel = (int)rng_below(&rng.rng, 3) - 1};
        unsigned what =
            i % 5 == 0 ? app_click(&app, &click, s, &command) : app_key(&app, key, s, &command);
        assert_true((what & APP_COMMAND) == 0 || command.kind != COMMAND_NONE);
        assert_true(i % 5 == 0 || (what & APP_QUIT) == 0 || key == 'q' || key == 'Q' ||
                    key == KEY_CODE_INTERRUPT);
        if (i % 50 == 0) {
            free(frame(&app, s, 24, 80, i % 100 == 0));
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
        CASE(test_figures_are_by_way_and_the_changes_are_marked),
        CASE(test_loss_counts_are_whole_or_not_there),
        CASE(test_figures_of_the_path_are_whole_or_not_there),
        CASE(test_the_traffic_of_the_path_in_use_comes_first),
        CASE(test_silence_is_no_round_trip),
        CASE(test_the_overview_says_why_a_workspace_is_not_watched),
        CASE(test_a_poor_latency_has_a_sign),
        CASE(test_hostile_names_stay_in_their_place),
        CASE(test_any_keys_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
