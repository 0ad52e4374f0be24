/*
 * The graph's other forms by their properties: a heat map drops no peak, a histogram no probe.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/rng.h"
#include "tests/support/face.h"
#include "ui/heat.h"
#include "ui/histogram.h"
#include "ui/series.h"

#include <cmocka.h>

enum { ROUNDS = 200 };

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

static uint32_t any_rtt(struct rng *rng)
{
    return 1 + (uint32_t)rng_below(rng, UINT64_C(1) << (4 + rng_below(rng, 24)));
}

static void fill_buckets(struct snapshot_bucket *out, size_t count, mono_ns from, uint64_t width,
                         struct rng *rng)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t answered = (uint32_t)rng_below(rng, 11);
        uint32_t middle = any_rtt(rng);
        out[i] = (struct snapshot_bucket){.at = from + i * width, .answered = answered};
        out[i].lost = 10 - answered;
        if (answered > 0) {
            out[i].min_us = answered == 1 ? middle : middle / 2 + 1;
            out[i].p50_us = middle;
            out[i].max_us = answered == 1 ? middle : middle * 2;
            out[i].direct = (uint32_t)rng_below(rng, answered + 1U);
        }
    }
}

/* Probes alone, or the last of many after buckets of both sizes. */
static void fill_at_random(struct snapshot *s, struct rng *rng)
{
    memset(s, 0, sizeof *s);
    s->now = 200000 * NS_PER_SEC;
    s->interval_ns = (1 + rng_below(rng, 20)) * 100 * NS_PER_MS;
    s->sample_count = rng_below(rng, 2000);
    mono_ns at = s->now;
    for (size_t i = s->sample_count; i-- > 0;) {
        struct snapshot_sample *sample = &s->samples[i];
        at -= s->interval_ns;
        sample->sent_at = at;
        sample->state = (uint8_t)(rng_below(rng, 9) == 0 ? SAMPLE_LOST : SAMPLE_PONG);
        sample->path = (uint8_t)(rng_below(rng, 2) == 0 ? PATH_DERP : PATH_DIRECT);
        sample->rtt_us = sample->state == SAMPLE_LOST ? 0 : any_rtt(rng);
    }
    if (rng_below(rng, 2) == 0) {
        s->first_sample = 1000;
        s->ten_count = SNAPSHOT_TENS_MAX;
        fill_buckets(s->tens, s->ten_count, s->now - (uint64_t)SNAPSHOT_TENS_MAX * 10 * NS_PER_SEC,
                     10 * NS_PER_SEC, rng);
        s->minute_count = SNAPSHOT_MINUTES_MAX;
        mono_ns minute = s->now - s->now % (60 * NS_PER_SEC);
        fill_buckets(s->minutes, s->minute_count,
                     minute - (uint64_t)SNAPSHOT_MINUTES_MAX * 60 * NS_PER_SEC, 60 * NS_PER_SEC,
                     rng);
    }
}

static void test_a_points_parts_are_all_its_probes(void **state)
{
    (void)state;
    for (uint32_t answered = 0; answered < 8; answered++) {
        for (uint32_t direct = 0; direct <= answered; direct++) {
            struct point point = {.span_ns = NS_PER_SEC,
                                  .min_us = 10,
                                  .p50_us = 20,
                                  .max_us = 30,
                                  .answered = answered,
                                  .direct = direct};
            struct point_part parts[POINT_PARTS];
            size_t count = point_parts(&point, parts);
            uint32_t by_way[2] = {0, 0};
            bool peak = false;
            for (size_t i = 0; i < count; i++) {
                by_way[0] += parts[i].relayed;
                by_way[1] += parts[i].direct;
                assert_true(parts[i].direct + parts[i].relayed > 0);
                peak |= parts[i].us == 30;
            }
            assert_int_equal(by_way[1], direct);
            assert_int_equal(by_way[0], answered - direct);
            assert_true(peak || answered == 0);
        }
    }
}

/* How many answers are in what the heat map shows, and whether the slowest of each point is seen
 * where it belongs. */
static uint64_t check_peaks(const struct heat *heat, const struct snapshot *s, mono_ns from,
                            uint64_t cell_ns)
{
    struct series series;
    struct point point;
    uint64_t answered = 0;
    series_start(&series, s, from, from + cell_ns * (uint64_t)heat->cols);
    while (series_next(&series, &point)) {
        int col = point.at < from ? 0 : (int)((point.at - from) / cell_ns);
        int row = scale_row(&heat->scale, point.max_us, heat->rows);
        const struct heat_cell *cell = &heat->cells[row * heat->cols + col];
        answered += point.answered;
        assert_true(point.answered == 0 || heat_shade(heat, cell->direct + cell->relayed) >= 0);
    }
    return answered;
}

static uint64_t sum_of(const struct heat *heat, uint32_t *most)
{
    uint64_t sum = 0;
    for (int i = 0; i < heat->rows * heat->cols; i++) {
        uint32_t count = heat->cells[i].direct + heat->cells[i].relayed;
        assert_true((heat_shade(heat, count) >= 0) == (count > 0));
        *most = count > *most ? count : *most;
        sum += count;
    }
    return sum;
}

static void test_a_heat_map_drops_no_peak_at_any_zoom(void **state)
{
    struct snapshot *s = *state;
    struct rng_seeded rng;
    rng_seeded_init(&rng, 4);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct heat heat;
        int rows = 1 + (int)rng_below(&rng.rng, 40);
        int cols = 8 + (int)rng_below(&rng.rng, 200);
        fill_at_random(s, &rng.rng);
        struct graph_view view = {
            .s = s, .to = s->now, .span_ns = (60 + rng_below(&rng.rng, 90000)) * NS_PER_SEC};
        mono_ns edge = graph_edge(view.to, view.span_ns, (size_t)cols);
        uint64_t cell_ns = view.span_ns / (uint64_t)cols;
        heat_make(&heat, &view, edge, rows, cols);
        uint64_t answered = check_peaks(&heat, s, edge - cell_ns * (uint64_t)cols, cell_ns);
        uint32_t most = 0;
        uint64_t sum = sum_of(&heat, &most);
        /* Where a column is wider than any point, each probe is in one cell. */
        assert_true(cell_ns < 60 * NS_PER_SEC ? sum >= answered / 2 : sum == answered);
        assert_true(most == 0 || heat_shade(&heat, most) == HEAT_SHADES - 1);
        for (uint32_t i = 1; i < 20; i++) {
            assert_true(heat_shade(&heat, i) <= heat_shade(&heat, i + 1));
        }
        heat_clear(&heat);
    }
}

static void test_a_gap_stays_a_gap_in_the_heat_map(void **state)
{
    struct snapshot *s = *state;
    struct heat heat;
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
    heat_make(&heat, &view, s->now, 4, 120);
    for (int col = 0; col < 120; col++) {
        bool any = false;
        for (int row = 0; row < 4; row++) {
            any |= heat.cells[row * 120 + col].direct > 0;
        }
        assert_true(col >= 43 && col < 80 ? !any : any || (col >= 40 && col < 43));
    }
    heat_clear(&heat);
}

static void check_classes(const struct histogram *h, const struct series_figures figures[2])
{
    uint64_t direct = 0;
    uint64_t relayed = 0;
    for (size_t i = 0; i < h->count; i++) {
        const struct histogram_class *one = &h->classes[i];
        bool last = i + 1 == h->count;
        direct += one->direct;
        relayed += one->relayed;
        assert_true(one->to_us == 0 ? last : one->to_us > one->from_us);
        assert_true(last || h->classes[i + 1].from_us == one->to_us);
    }
    assert_int_equal(direct, h->direct);
    assert_int_equal(relayed, h->relayed);
    assert_int_equal(direct + relayed, figures[0].answered + figures[1].answered);
    assert_int_equal(h->lost, figures[0].lost + figures[1].lost);
    assert_true(h->count > 0 || direct + relayed == 0);
}

static void test_a_histogram_loses_no_probe_of_its_window(void **state)
{
    struct snapshot *s = *state;
    struct rng_seeded rng;
    rng_seeded_init(&rng, 5);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct histogram h;
        struct series_figures figures[2];
        size_t most = HISTOGRAM_CLASSES_MIN + rng_below(&rng.rng, HISTOGRAM_CLASSES_MAX);
        fill_at_random(s, &rng.rng);
        mono_ns from = s->now - (60 + rng_below(&rng.rng, 90000)) * NS_PER_SEC;
        histogram_make(&h, s, from, s->now, most);
        series_figures(s, from, s->now, PATH_DIRECT, &figures[0]);
        series_figures(s, from, s->now, PATH_DERP, &figures[1]);
        assert_true(h.count <= most && h.count <= HISTOGRAM_CLASSES_MAX);
        check_classes(&h, figures);
    }
}

/* What is in a class is as fast as the class says, also at its bounds. */
static void test_classes_have_round_bounds_that_fit_what_there_is(void **state)
{
    struct snapshot *s = *state;
    struct histogram h;
    memset(s, 0, sizeof *s);
    s->now = 1000 * NS_PER_SEC;
    for (size_t i = 0; i < 100; i++) { /* 6.0 to 6.99 ms */
        s->samples[s->sample_count++] =
            (struct snapshot_sample){.sent_at = s->now - (100 - i) * NS_PER_SEC,
                                     .state = SAMPLE_PONG,
                                     .path = PATH_DIRECT,
                                     .rtt_us = 6000 + (uint32_t)i * 10};
    }
    histogram_make(&h, s, 0, s->now, 5);
    assert_int_equal(h.count, 5);
    assert_int_equal(h.classes[0].from_us, 6000);
    assert_int_equal(h.classes[0].to_us, 6200);
    assert_int_equal(h.classes[4].to_us, 7000);
    for (size_t i = 0; i < h.count; i++) {
        assert_int_equal(h.classes[i].direct, 20);
    }
    s->samples[99].rtt_us = 900000; /* one alone does not make the others one class */
    histogram_make(&h, s, 0, s->now, 6);
    assert_int_equal(h.classes[0].to_us, 6200);
    assert_int_equal(h.classes[5].to_us, 0);
    assert_int_equal(h.classes[5].direct, 1);
    for (size_t i = 0; i < 50; i++) { /* and two humps are two, with what is empty between as one */
        s->samples[i].rtt_us = 41000 + (uint32_t)i * 10;
        s->samples[i].path = PATH_DERP;
    }
    histogram_make(&h, s, 0, s->now, 5);
    assert_int_equal(h.relayed, 50);
    assert_int_equal(h.classes[h.count - 2].relayed, 50);
    assert_int_equal(h.classes[h.count - 3].direct, 0);
}

static void test_one_probe_is_a_histogram_too(void **state)
{
    struct snapshot *s = *state;
    struct histogram h;
    static const uint32_t odd[] = {1, 9, 10, 999, 1000, 123456, UINT32_MAX};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        memset(s, 0, sizeof *s);
        s->now = 1000 * NS_PER_SEC;
        s->sample_count = 1;
        s->samples[0] = (struct snapshot_sample){
            .sent_at = s->now - NS_PER_SEC, .state = SAMPLE_PONG, .rtt_us = odd[i]};
        histogram_make(&h, s, 0, s->now, HISTOGRAM_CLASSES_MIN);
        assert_int_equal(h.relayed, 1);
        assert_int_equal(h.count, 1);
        assert_true(h.classes[0].from_us <= odd[i] && h.classes[0].to_us > odd[i]);
    }
}

static void test_a_key_goes_through_the_forms_and_says_why_not(void **state)
{
    struct snapshot *s = *state;
    struct app app;
    app_init(&app);
    face_fill(s);
    face_press(&app, s, "v");
    assert_int_equal(app.form, FORM_HEAT);
    face_press(&app, s, "y");
    assert_string_equal(app.status, "the heat map has a scale of its own; v goes on to the line");
    face_press(&app, s, "V");
    assert_string_equal(app.status, "the heat map is of disco pings; v goes on to the line");
    assert_int_equal(app.series, GRAPH_DISCO);
    face_press(&app, s, "cv");
    assert_int_equal(app.form, FORM_HISTOGRAM);
    assert_false(app.window.cursor);
    face_press(&app, s, "c");
    assert_string_equal(app.status, "the histogram has no time to point at; v goes on to the line");
    face_press(&app, s, "l{Home}{Enter}"); /* a moment is shown where there is time */
    assert_int_equal(app.form, FORM_LINE);
    assert_true(app.window.cursor);
    face_press(&app, s, "{Esc}{End}");
    s->sample_count = 3;
    s->now = s->samples[2].sent_at + NS_PER_SEC;
    face_press(&app, s, "v");
    assert_string_equal(app.status, "v: no heat map yet, 3 answers in this window, it takes 10");
    assert_int_equal(app.form, FORM_LINE);
}

static void test_forms_can_be_drawn_at_any_size_with_anything(void **state)
{
    struct snapshot *s = *state;
    struct rng_seeded rng;
    rng_seeded_init(&rng, 6);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct app app;
        app_init(&app);
        fill_at_random(s, &rng.rng);
        s->selected = -1;
        s->path = PATH_DIRECT;
        app.form = (enum graph_form)(round % FORM_COUNT);
        app.window.zoom = (unsigned)rng_below(&rng.rng, 10);
        app.full = round % 2 == 0;
        int rows = 12 + (int)rng_below(&rng.rng, 60);
        int cols = 55 + (int)rng_below(&rng.rng, 180);
        free(face_frame(&app, s, rows, cols, round % 4 == 0 ? &glyphs_ascii : &glyphs_utf8));
    }
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_points_parts_are_all_its_probes),
        CASE(test_a_heat_map_drops_no_peak_at_any_zoom),
        CASE(test_a_gap_stays_a_gap_in_the_heat_map),
        CASE(test_a_histogram_loses_no_probe_of_its_window),
        CASE(test_classes_have_round_bounds_that_fit_what_there_is),
        CASE(test_one_probe_is_a_histogram_too),
        CASE(test_a_key_goes_through_the_forms_and_says_why_not),
        CASE(test_forms_can_be_drawn_at_any_size_with_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
