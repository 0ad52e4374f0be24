#include "ui/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "tests/support/face.h"

#include <cmocka.h>

static int set_up(void **state)
{
    struct snapshot *s = mem_new(sizeof *s);
    static const char *const names[] = {"zeta", "Alpha", "beta", "gamma"};
    for (size_t i = 0; i < 4; i++) {
        face_add_workspace(s, names[i], i != 3);
        s->workspaces[i].last_rtt_us = i == 1 ? 0 : (uint32_t)(i + 1) * 1000;
    }
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void assert_order(const struct snapshot *s, const struct rows_query *query,
                         const char *wanted)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    char got[64] = "";
    int count = rows_collect(s, query, rows);
    for (int i = 0; i < count; i++) {
        size_t used = strlen(got);
        got[used] = s->workspaces[rows[i]].name[0];
        got[used + 1] = '\0';
    }
    assert_string_equal(got, wanted);
}

static void test_rows_come_as_listed_sorted_and_filtered(void **state)
{
    struct pins pins = {0};
    struct rows_query query = {.filter = "", .pins = &pins};
    assert_order(*state, &query, "zAbg");
    query.sort = SORT_NAME;
    assert_order(*state, &query, "Abgz");
    query.sort = SORT_LATENCY; /* the slow ones first, those without an answer last */
    assert_order(*state, &query, "gbzA");
    query.sort = SORT_SERVER;
    query.filter = "ETA";
    assert_order(*state, &query, "zb");
    query.filter = "nothing like that";
    assert_order(*state, &query, "");
    query = (struct rows_query){.filter = "", .pins = &pins, .running_only = true};
    assert_order(*state, &query, "zAb");
}

static void test_favourites_stand_first_whatever_is_sorted_by(void **state)
{
    const struct snapshot *s = *state;
    struct pins pins = {0};
    struct rows_query query = {.filter = "", .pins = &pins};
    assert_true(pins_toggle(&pins, &s->workspaces[3].workspace));
    assert_true(pins_toggle(&pins, &s->workspaces[2].workspace));
    for (int sort = 0; sort < SORT_COUNT; sort++) {
        int rows[SNAPSHOT_WORKSPACES_MAX];
        query.sort = (enum sort)sort;
        assert_int_equal(rows_collect(s, &query, rows), 4);
        assert_true(rows[0] >= 2 && rows[1] >= 2);
    }
    assert_true(pins_toggle(&pins, &s->workspaces[3].workspace));
    assert_int_equal(pins.count, 1);
    assert_false(pins_has(&pins, &s->workspaces[3].workspace));
}

static void test_no_more_are_pinned_than_there_is_room_for(void **state)
{
    (void)state;
    struct pins pins = {0};
    struct uuid id = {{0}};
    for (int i = 0; i < PINS_MAX; i++) {
        id.b[0] = (uint8_t)(i + 1);
        assert_true(pins_toggle(&pins, &id));
    }
    id.b[1] = 1;
    assert_false(pins_toggle(&pins, &id));
    assert_int_equal(pins.count, PINS_MAX);
}

static void test_what_was_found_of_a_row_comes_worst_first(void **state)
{
    const struct snapshot *s = *state;
    struct snapshot_workspace row = s->workspaces[0];
    struct row_finding found[FINDING_CODES];
    bool muted[FINDING_CODES] = {false};
    assert_int_equal(row_findings(&row, muted, found), 0);
    row.infos = UINT32_C(1) << FINDING_TOKEN_REFUSED;
    row.warnings = UINT32_C(1) << FINDING_JITTER | UINT32_C(1) << FINDING_LOSS;
    row.errors = UINT32_C(1) << FINDING_DERP_RELAY | UINT32_C(1) << 31; /* the last is no code */
    assert_int_equal(row_findings(&row, muted, found), 4);
    assert_int_equal(found[0].code, FINDING_DERP_RELAY);
    assert_int_equal(found[0].severity, SEVERITY_ERROR);
    assert_int_equal(found[1].code, FINDING_LOSS);
    assert_int_equal(found[2].code, FINDING_JITTER);
    assert_int_equal(found[3].code, FINDING_TOKEN_REFUSED);
    assert_int_equal(found[3].severity, SEVERITY_INFO);
    row.errors = row.warnings = row.infos = UINT32_MAX; /* as a recording may have it */
    assert_int_equal(row_findings(&row, muted, found), FINDING_CODES);
    muted[FINDING_LOSS] = true;
    row.errors = row.infos = 0;
    assert_int_equal(row_findings(&row, muted, found), FINDING_CODES - 1);
}

static void test_text_is_found_without_case(void **state)
{
    (void)state;
    size_t at = 99;
    assert_true(text_holds("Hello There", "there", &at));
    assert_int_equal(at, 6);
    assert_true(text_holds("x", "", &at));
    assert_int_equal(at, 0);
    assert_false(text_holds("short", "longer than that", &at));
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_rows_come_as_listed_sorted_and_filtered),
        CASE(test_favourites_stand_first_whatever_is_sorted_by),
        CASE(test_no_more_are_pinned_than_there_is_room_for),
        CASE(test_what_was_found_of_a_row_comes_worst_first),
        CASE(test_text_is_found_without_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
