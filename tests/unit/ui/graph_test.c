/*
 * The graph by its properties: no peak is lost, axes grow one way, what is a gap stays one.
 */
#include "ui/graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/base/mem.h"
#include "net/base/rng.h"
#include "tests/support/face.h"
#include "ui/graph_marks.h"
#include "ui/series.h"
#include "ui/stretch.h"

#include <cmocka.h>

enum { ROUNDS = 300, LEAST = 100 };

static int set_up(void **state)
{
    *state = mem_new(sizeof(struct snapshot));
    face_start();
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

/* Round trips of every size, losses, holes and both ways. */
static void fill_at_random(struct snapshot *s, struct rng *rng)
{
    memset(s, 0, sizeof *s);
    s->now = 100000 * NS_PER_SEC;
    s->interval_ns = (1 + rng_below(rng, 20)) * 100 * NS_PER_MS;
    s->sample_count = rng_below(rng, SNAPSHOT_SAMPLES_MAX + 1);
    mono_ns at = s->now;
    for (size_t i = s->sample_count; i-- > 0;) {
        struct snapshot_sample *sample = &s->samples[i];
        at -= s->interval_ns;
        sample->sent_at = at;
        sample->state = rng_below(rng, 9) == 0 ? SAMPLE_LOST : SAMPLE_PONG;
        sample->path = rng_below(rng, 2) == 0 ? PATH_DERP : PATH_DIRECT;
        sample->rtt_us = sample->state == SAMPLE_LOST
                             ? 0
                             : 1 + (uint32_t)rng_below(rng, UINT64_C(1) << rng_below(rng, 26));
    }
}

static void test_no_peak_is_lost_at_any_zoom(void **state)
{
    struct snapshot *s = *state;
    struct rng_seeded rng;
    rng_seeded_init(&rng, 21);
    for (unsigned round = 0; round < ROUNDS; round++) {
        static struct slice slices[800];
        size_t count = 2 * (8 + rng_below(&rng.rng, 380));
        fill_at_random(s, &rng.rng);
        struct graph_view view = {
            .s = s, .to = s->now, .span_ns = (60 + rng_below(&rng.rng, 90000)) * NS_PER_SEC};
        mono_ns edge = graph_edge(view.to, view.span_ns, count / 2);
        graph_slices(&view, edge, slices, count);
        mono_ns from = edge - view.span_ns / count * count;
        uint32_t peak = 0;
        uint32_t drawn = 0;
        bool lost = false;
        bool marked = false;
        for (size_t i = 0; i < s->sample_count; i++) {
            bool in = s->samples[i].sent_at >= from;
            peak = in && s->samples[i].rtt_us > peak ? s->samples[i].rtt_us : peak;
            lost |= in && s->samples[i].state == SAMPLE_LOST;
        }
        for (size_t i = 0; i < count; i++) {
            drawn = slices[i].has && slices[i].us > drawn ? slices[i].us : drawn;
            marked |= slices[i].lost;
        }
        assert_int_equal(drawn, peak);
        assert_int_equal(marked, lost);
    }
}

static void test_a_gap_stays_a_gap(void **state)
{
    struct snapshot *s = *state;
    static struct slice slices[120];
    memset(s, 0, sizeof *s);
    s->now = 1000 * NS_PER_SEC;
    s->interval_ns = NS_PER_SEC;
    for (uint64_t i = 0; i < 40; i++) { /* twenty seconds, twenty of silence, twenty more */
        uint64_t second = i < 20 ? i : i + 20;
        s->samples[s->sample_count++] =
            (struct snapshot_sample){.sent_at = s->now - (60 - second) * NS_PER_SEC,
                                     .state = SAMPLE_PONG,
                                     .path = PATH_DIRECT,
                                     .rtt_us = 5000};
    }
    struct graph_view view = {.s = s, .to = s->now, .span_ns = 60 * NS_PER_SEC};
    graph_slices(&view, s->now, slices, 120);
    for (size_t i = 0; i < 120; i++) {
        bool silent = i >= 43 && i < 80;
        bool heard = i < 40 || i >= 80;
        assert_true(!silent || !slices[i].has);
        assert_true(!heard || slices[i].has);
    }
}

static void test_the_right_edge_moves_by_whole_cells(void **state)
{
    (void)state;
    uint64_t span = 300 * NS_PER_SEC;
    uint64_t cell = span / 100;
    mono_ns last = 0;
    for (mono_ns now = 5000 * NS_PER_SEC; now < 5060 * NS_PER_SEC; now += 77 * NS_PER_MS) {
        mono_ns edge = graph_edge(now, span, 100);
        assert_true(edge > now && edge <= now + cell);
        assert_true(edge % cell == 0 && edge >= last);
        last = edge;
    }
}

static void check_scale(const struct scale *scale, const uint32_t *values, size_t count)
{
    unsigned before = 0;
    struct scale_tick ticks[12];
    for (size_t i = 0; i < count; i++) { /* sorted by scale_fit */
        unsigned height = scale_height(scale, values[i], 40);
        assert_true(height >= 1 && height <= 40 && height >= before);
        int row = scale_row(scale, values[i], 10);
        assert_true(row >= 0 && row < 10);
        before = height;
    }
    size_t found = scale_ticks(scale, 20, 3, ticks, 12);
    assert_true(found >= 1 && ticks[0].value == scale->top && ticks[0].row == 0);
    for (size_t i = 1; i < found; i++) {
        assert_true(ticks[i].value < ticks[i - 1].value);
        assert_true(ticks[i].row >= ticks[i - 1].row + 3 && ticks[i].row < 20);
    }
}

static void test_axes_grow_one_way_for_any_values(void **state)
{
    (void)state;
    struct rng_seeded rng;
    rng_seeded_init(&rng, 3);
    for (unsigned round = 0; round < 4 * ROUNDS; round++) {
        uint32_t values[200];
        struct scale scale;
        size_t count = rng_below(&rng.rng, 201);
        for (size_t i = 0; i < count; i++) {
            values[i] =
                1 + (uint32_t)rng_below(&rng.rng, UINT64_C(1) << (1 + rng_below(&rng.rng, 31)));
        }
        scale_fit(&scale, (enum scale_kind)(round % SCALE_KINDS), values, count, 5000, LEAST);
        check_scale(&scale, values, scale.kind == SCALE_FIXED ? 0 : count);
    }
}

static void test_one_outlier_does_not_flatten_the_rest(void **state)
{
    (void)state;
    uint32_t values[100];
    struct scale scale;
    for (size_t i = 0; i < 100; i++) {
        values[i] = i == 50 ? 900000 : 6000;
    }
    scale_fit(&scale, SCALE_AUTO, values, 100, 0, LEAST);
    assert_int_equal(scale.top, 20000);
    assert_true(scale_height(&scale, 6000, 40) >= 12);
    scale_fit(&scale, SCALE_CLIP, values, 100, 0, LEAST);
    assert_int_equal(scale.top, 8000);
    scale_fit(&scale, SCALE_LOG, values, 100, 0, LEAST);
    assert_int_equal(scale.bottom, 1000);
    assert_int_equal(scale.top, 1000000);
}

static void test_ticks_are_round_numbers(void **state)
{
    (void)state;
    struct scale_tick ticks[12];
    struct scale scale = {.top = 80000};
    assert_int_equal(scale_ticks(&scale, 16, 3, ticks, 12), 4);
    assert_int_equal(ticks[1].value, 60000);
    assert_int_equal(ticks[3].value, 20000);
    scale.top = 15000;
    assert_int_equal(scale_ticks(&scale, 10, 3, ticks, 12), 3);
    assert_int_equal(ticks[1].value, 10000);
}

/* Probes, before them tens, before those minutes: each moment once, in order. */
static void test_the_series_joins_its_parts_without_seam_or_double(void **state)
{
    struct snapshot *s = *state;
    struct series series;
    struct point point;
    memset(s, 0, sizeof *s);
    s->now = 200000 * NS_PER_SEC;
    s->interval_ns = NS_PER_SEC;
    s->first_sample = 86400;
    s->sample_count = SNAPSHOT_SAMPLES_MAX;
    for (size_t i = 0; i < SNAPSHOT_SAMPLES_MAX; i++) {
        s->samples[i] =
            (struct snapshot_sample){.sent_at = s->now - (SNAPSHOT_SAMPLES_MAX - i) * NS_PER_SEC,
                                     .state = SAMPLE_PONG,
                                     .path = PATH_DIRECT,
                                     .rtt_us = 1000};
    }
    s->ten_count = SNAPSHOT_TENS_MAX;
    for (size_t i = 0; i < SNAPSHOT_TENS_MAX; i++) {
        s->tens[i] =
            (struct snapshot_bucket){.at = s->now - (SNAPSHOT_TENS_MAX - i) * 10 * NS_PER_SEC,
                                     .min_us = 1000,
                                     .p50_us = 1000,
                                     .max_us = 1000,
                                     .answered = 10,
                                     .direct = 10};
    }
    s->minute_count = SNAPSHOT_MINUTES_MAX;
    for (size_t i = 0; i < SNAPSHOT_MINUTES_MAX; i++) {
        mono_ns newest = s->now - s->now % (60 * NS_PER_SEC);
        s->minutes[i] = (struct snapshot_bucket){.at = newest - (SNAPSHOT_MINUTES_MAX - 1 - i) *
                                                                    60 * NS_PER_SEC,
                                                 .min_us = 1000,
                                                 .p50_us = 1000,
                                                 .max_us = 1000,
                                                 .answered = 60,
                                                 .direct = 60};
    }
    mono_ns covered = series_oldest(s);
    uint64_t answered = 0;
    series_start(&series, s, 0, s->now);
    while (series_next(&series, &point)) {
        assert_true(point.at >= covered || point.at + NS_PER_SEC >= covered);
        assert_true(point.at <= covered + 60 * NS_PER_SEC);
        covered = point.at + (point.span_ns > 0 ? point.span_ns : NS_PER_SEC);
        answered += point.answered;
    }
    assert_true(covered >= s->now - NS_PER_SEC);
    assert_in_range(answered, 86300, 86460);
    struct series_figures figures;
    series_figures(s, 0, s->now, PATH_DIRECT, &figures);
    assert_int_equal(figures.answered, answered);
    assert_int_equal(figures.p50_us, 1000);
    assert_true(figures.rough);
}

static void test_figures_of_a_window_are_exact(void **state)
{
    struct snapshot *s = *state;
    struct series_figures figures;
    memset(s, 0, sizeof *s);
    s->now = 1000 * NS_PER_SEC;
    for (size_t i = 0; i < 100; i++) {
        s->samples[i] = (struct snapshot_sample){.sent_at = s->now - (100 - i) * NS_PER_SEC,
                                                 .state = i == 5 ? SAMPLE_LOST : SAMPLE_PONG,
                                                 .path = i < 50 ? PATH_DERP : PATH_DIRECT,
                                                 .rtt_us = (uint32_t)(i + 1) * 1000};
    }
    s->sample_count = 100;
    series_figures(s, 0, s->now, PATH_DIRECT, &figures);
    assert_int_equal(figures.answered, 50);
    assert_int_equal(figures.min_us, 51000);
    assert_int_equal(figures.max_us, 100000);
    assert_int_equal(figures.p50_us, 75000);
    assert_int_equal(figures.p95_us, 98000);
    assert_int_equal(figures.jitter_us, 1000);
    assert_int_equal(figures.lost, 0);
    series_figures(s, 0, s->now, PATH_DERP, &figures);
    assert_int_equal(figures.answered, 49);
    assert_int_equal(figures.lost, 1);
    assert_false(figures.rough);
}

static void test_times_of_day_are_right_across_the_second(void **state)
{
    struct snapshot *s = *state;
    s->now = 5 * NS_PER_SEC;
    s->wall = (struct wall_time){.seconds = 100, .nanos = 300000000};
    assert_int_equal(graph_wall(s, s->now).seconds, 100);
    struct wall_time before = graph_wall(s, s->now - 400 * NS_PER_MS);
    assert_int_equal(before.seconds, 99);
    assert_int_equal(before.nanos, 900000000);
    struct wall_time after = graph_wall(s, s->now + 800 * NS_PER_MS);
    assert_int_equal(after.seconds, 101);
    assert_int_equal(after.nanos, 100000000);
}

/* --- stretches of nothing ----------------------------------------------------------------------
 */

/* A probe a second for ten minutes, all direct. */
static void fill_evenly(struct snapshot *s)
{
    memset(s, 0, sizeof *s);
    s->now = 10000 * NS_PER_SEC;
    s->interval_ns = NS_PER_SEC;
    s->sample_count = 600;
    for (size_t i = 0; i < s->sample_count; i++) {
        s->samples[i] = (struct snapshot_sample){.sent_at = s->now - (600 - i) * NS_PER_SEC,
                                                 .state = SAMPLE_PONG,
                                                 .path = PATH_DIRECT,
                                                 .rtt_us = 5000};
    }
}

static void set_state(struct snapshot *s, size_t from, size_t to, enum sample_state state)
{
    for (size_t i = from; i < to; i++) {
        s->samples[i].state = (uint8_t)state;
    }
}

static void test_silence_is_named_by_what_is_known_of_it(void **state)
{
    struct snapshot *s = *state;
    struct stretch found[STRETCHES_MAX];
    fill_evenly(s);
    assert_int_equal(stretches_find(s, 0, s->now, found, STRETCHES_MAX), 0);
    set_state(s, 100, 104, SAMPLE_LOST); /* a few are only a few */
    assert_int_equal(stretches_find(s, 0, s->now, found, STRETCHES_MAX), 0);
    set_state(s, 200, 214, SAMPLE_LOST);
    set_state(s, 300, 320, SAMPLE_VOID);
    set_state(s, 400, 430, SAMPLE_VOID);
    s->gaps[s->gap_count++] =
        (struct snapshot_gap){s->samples[399].sent_at + 1, s->samples[430].sent_at - 1, GAP_ASLEEP};
    assert_int_equal(stretches_find(s, 0, s->now, found, STRETCHES_MAX), 3);
    assert_int_equal(found[0].kind, STRETCH_NO_ANSWER);
    assert_int_equal(found[0].from, s->samples[200].sent_at);
    assert_int_equal(found[0].to, s->samples[214].sent_at);
    assert_int_equal(found[1].kind, STRETCH_NO_DATA);
    assert_int_equal(found[1].to, s->samples[320].sent_at);
    assert_int_equal(found[2].kind, STRETCH_ASLEEP);
    assert_false(found[2].lasts);
    struct stretch one;
    assert_true(stretch_at(s, s->samples[410].sent_at, &one));
    assert_int_equal(one.kind, STRETCH_ASLEEP);
    assert_false(stretch_at(s, s->samples[450].sent_at, &one));
    /* One that lies over the window's edges is found, too, and whole. */
    mono_ns inside = s->samples[305].sent_at;
    assert_int_equal(stretches_find(s, inside, inside + NS_PER_SEC, found, STRETCHES_MAX), 1);
    assert_int_equal(found[0].to, s->samples[320].sent_at);
}

static void test_what_lasts_ends_now(void **state)
{
    struct snapshot *s = *state;
    struct stretch found[STRETCHES_MAX];
    fill_evenly(s);
    set_state(s, 590, 600, SAMPLE_LOST);
    assert_int_equal(stretches_find(s, 0, s->now, found, STRETCHES_MAX), 1);
    assert_true(found[0].kind == STRETCH_NO_ANSWER && found[0].lasts && found[0].to == s->now);
    set_state(s, 590, 600, SAMPLE_PENDING); /* they may be answered yet */
    assert_int_equal(stretches_find(s, 0, s->now, found, STRETCHES_MAX), 0);
    s->sample_count = 590;
    assert_int_equal(stretches_find(s, 0, s->now, found, STRETCHES_MAX), 1);
    assert_true(found[0].kind == STRETCH_NO_DATA && found[0].lasts);
    s->gaps[s->gap_count++] =
        (struct snapshot_gap){.from = s->samples[589].sent_at + 1, .kind = GAP_PAUSED};
    assert_int_equal(stretches_find(s, 0, s->now, found, STRETCHES_MAX), 1);
    assert_true(found[0].kind == STRETCH_PAUSED && found[0].lasts && found[0].to == s->now);
}

/* --- times of day ----------------------------------------------------------------------------- */

static const uint64_t spans_s[] = {60, 120, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400};

/* The row of times of a window that ends so many seconds before now. */
static char *times_row(struct snapshot *s, uint64_t span_s, uint64_t ago_s, int cols)
{
    struct canvas canvas;
    canvas_init(&canvas, 1, cols, &glyphs_ascii);
    graph_times(&canvas, canvas_all(&canvas), s, s->now - (ago_s + span_s) * NS_PER_SEC,
                span_s * NS_PER_SEC);
    char *out = canvas_dump(&canvas);
    free(canvas.cells);
    return out;
}

static int count_of(const char *text, char sign)
{
    int count = 0;
    for (; *text != '\0'; text++) {
        count += *text == sign ? 1 : 0;
    }
    return count;
}

static void at_wall(struct snapshot *s, const char *zone, int64_t seconds)
{
    (void)setenv("TZ", zone, 1);
    tzset();
    s->now = 500000 * NS_PER_SEC;
    s->wall = (struct wall_time){.seconds = seconds, .nanos = 250000000};
}

/* 2023-11-15 00:00 UTC. */
enum { MIDNIGHT = 1700006400 };

/* Wherever in the window it begins, at each zoom and width: one of the days is named, beside its
 * mark, and both where there is room. */
static void test_the_change_of_the_day_is_marked_and_named_at_every_zoom(void **state)
{
    struct snapshot *s = *state;
    for (size_t i = 0; i < sizeof spans_s / sizeof *spans_s; i++) {
        for (int cols = 30; cols <= 190; cols += 20) {
            for (unsigned tenth = 1; tenth < 10; tenth++) {
                uint64_t since = spans_s[i] * tenth / 10;
                at_wall(s, "UTC", MIDNIGHT + (int64_t)since);
                char *row = times_row(s, spans_s[i], 0, cols);
                assert_true(strstr(row, "|Nov 15") != NULL || strstr(row, "Nov 14|") != NULL);
                assert_true(tenth != 5 || strstr(row, "Nov 14|Nov 15") != NULL);
                free(row);
            }
        }
    }
}

static void test_days_begin_by_the_zones_own_clock(void **state)
{
    struct snapshot *s = *state;
    at_wall(s, "<+0545>-5:45", MIDNIGHT - 20700 + 60); /* Kathmandu's quarter of an hour */
    char *row = times_row(s, 300, 0, 80);
    assert_non_null(strstr(row, "Nov 14|Nov 15"));
    free(row);
    /* Summer time begins at midnight: the day begins at one. */
    at_wall(s, "EET-2EEST,M3.5.0/0,M10.5.0/0", 1711836000 + 3600);
    row = times_row(s, 10800, 0, 100);
    assert_non_null(strstr(row, "Mar 30|Mar 31"));
    assert_null(strstr(row, "00:00"));
    free(row);
}

static void test_a_window_of_another_day_says_which(void **state)
{
    struct snapshot *s = *state;
    char clock[CLOCK_TEXT];
    at_wall(s, "UTC", MIDNIGHT + 7200);
    char *row = times_row(s, 300, 10000, 80);
    assert_int_equal(strncmp(row, "Nov 14 ", 7), 0);
    assert_true(count_of(row, '|') >= 3);
    free(row);
    row = times_row(s, 300, 100, 80);
    assert_null(strstr(row, "Nov"));
    free(row);
    moment_text(s, s->now - 7201 * NS_PER_SEC, clock);
    assert_string_equal(clock, "Nov 14 23:59:59");
    moment_text(s, s->now - 7199 * NS_PER_SEC, clock);
    assert_string_equal(clock, "00:00:01");
}

static void test_there_are_more_times_where_it_is_wider(void **state)
{
    struct snapshot *s = *state;
    at_wall(s, "UTC", MIDNIGHT + 50000);
    for (size_t i = 0; i < sizeof spans_s / sizeof *spans_s; i++) {
        int before = 0;
        for (int cols = 30; cols <= 240; cols *= 2) {
            char *row = times_row(s, spans_s[i], 0, cols);
            int count = count_of(row, '|');
            assert_true(count > before);
            assert_true(count <= cols / 7);
            before = count;
            free(row);
        }
    }
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_no_peak_is_lost_at_any_zoom),
        CASE(test_a_gap_stays_a_gap),
        CASE(test_the_right_edge_moves_by_whole_cells),
        CASE(test_axes_grow_one_way_for_any_values),
        CASE(test_one_outlier_does_not_flatten_the_rest),
        CASE(test_ticks_are_round_numbers),
        CASE(test_the_series_joins_its_parts_without_seam_or_double),
        CASE(test_figures_of_a_window_are_exact),
        CASE(test_times_of_day_are_right_across_the_second),
        CASE(test_silence_is_named_by_what_is_known_of_it),
        CASE(test_what_lasts_ends_now),
        CASE(test_the_change_of_the_day_is_marked_and_named_at_every_zoom),
        CASE(test_days_begin_by_the_zones_own_clock),
        CASE(test_a_window_of_another_day_says_which),
        CASE(test_there_are_more_times_where_it_is_wider),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
