/*
 * Findings from one diagnosis to the next: nothing flickers, nothing jumps.
 */
#include "net/diagnose/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct finding relay = {.code = FINDING_DERP_RELAY, .severity = SEVERITY_WARNING};
static const struct finding lost = {
    .code = FINDING_COORDINATOR_LOST, .severity = SEVERITY_WARNING, .certain = true};

static struct finding out[FINDING_CODES];

static size_t after(struct findings *findings, mono_ns now, const struct finding *list,
                    size_t count)
{
    findings_step(findings, now, list, count);
    return findings_list(findings, out);
}

static void test_a_finding_stands_after_three_samples(void **state)
{
    (void)state;
    struct findings f;
    struct findings_event event;
    findings_init(&f, FINDINGS_SAMPLES);
    assert_int_equal(after(&f, 10, &relay, 1), 0);
    assert_true(findings_unsettled(&f));
    assert_int_equal(after(&f, 20, &relay, 1), 0);
    assert_false(findings_event(&f, &event));
    assert_int_equal(after(&f, 30, &relay, 1), 1);
    assert_int_equal(out[0].since, 10);
    assert_true(findings_event(&f, &event));
    assert_true(event.began);
    assert_int_equal(event.code, FINDING_DERP_RELAY);
    assert_false(findings_event(&f, &event));
    assert_false(findings_unsettled(&f));
}

static void test_what_stands_is_a_set_by_severity(void **state)
{
    struct findings findings;
    struct finding list[2] = {{.code = FINDING_LOSS, .severity = SEVERITY_WARNING},
                              {.code = FINDING_DERP_RELAY, .severity = SEVERITY_INFO}};
    (void)state;
    findings_init(&findings, 1);
    assert_int_equal(findings_standing(&findings, SEVERITY_WARNING), 0);
    findings_step(&findings, NS_PER_SEC, list, 2);
    assert_int_equal(findings_standing(&findings, SEVERITY_WARNING), 1U << FINDING_LOSS);
    assert_int_equal(findings_standing(&findings, SEVERITY_INFO), 1U << FINDING_DERP_RELAY);
    assert_int_equal(findings_standing(&findings, SEVERITY_ERROR), 0);
    findings_step(&findings, 2 * NS_PER_SEC, list, 1);
    assert_int_equal(findings_standing(&findings, SEVERITY_INFO), 0);
}

static void test_a_gap_starts_the_count_anew(void **state)
{
    (void)state;
    struct findings f;
    findings_init(&f, FINDINGS_SAMPLES);
    for (mono_ns now = 0; now < 30; now += 3) {
        assert_int_equal(after(&f, now, &relay, 1), 0);
        assert_int_equal(after(&f, now + 1, &relay, 1), 0);
        assert_int_equal(after(&f, now + 2, NULL, 0), 0);
        assert_false(findings_unsettled(&f));
    }
}

static void test_a_finding_goes_after_three_misses(void **state)
{
    (void)state;
    struct findings f;
    struct findings_event event;
    findings_init(&f, FINDINGS_SAMPLES);
    for (mono_ns now = 0; now < 3; now++) {
        (void)after(&f, now, &relay, 1);
    }
    assert_int_equal(after(&f, 3, NULL, 0), 1);
    assert_true(findings_unsettled(&f));
    assert_int_equal(after(&f, 4, NULL, 0), 1);
    assert_int_equal(after(&f, 5, &relay, 1), 1); /* back: it never left */
    assert_int_equal(out[0].since, 0);
    assert_int_equal(after(&f, 6, NULL, 0), 1);
    assert_int_equal(after(&f, 7, NULL, 0), 1);
    assert_int_equal(after(&f, 8, NULL, 0), 0);
    assert_true(findings_event(&f, &event));
    assert_false(event.began);
    assert_false(findings_unsettled(&f));
}

static void test_what_is_certain_stands_at_once(void **state)
{
    (void)state;
    struct findings f;
    findings_init(&f, FINDINGS_SAMPLES);
    assert_int_equal(after(&f, 7, &lost, 1), 1);
    assert_int_equal(out[0].since, 7);
    assert_int_equal(after(&f, 8, NULL, 0), 1);
    assert_int_equal(after(&f, 9, NULL, 0), 1);
    assert_int_equal(after(&f, 10, NULL, 0), 0);
}

static void test_a_severity_changes_after_three_samples(void **state)
{
    (void)state;
    struct findings f;
    struct finding worse = lost;
    worse.severity = SEVERITY_ERROR;
    findings_init(&f, FINDINGS_SAMPLES);
    (void)after(&f, 1, &lost, 1);
    (void)after(&f, 2, &worse, 1);
    (void)after(&f, 3, &worse, 1);
    assert_int_equal(out[0].severity, SEVERITY_WARNING);
    assert_true(findings_unsettled(&f));
    (void)after(&f, 4, &lost, 1);
    (void)after(&f, 5, &worse, 1);
    (void)after(&f, 6, &worse, 1);
    assert_int_equal(out[0].severity, SEVERITY_WARNING);
    (void)after(&f, 7, &worse, 1);
    assert_int_equal(out[0].severity, SEVERITY_ERROR);
    assert_int_equal(out[0].since, 1);
    assert_false(findings_unsettled(&f));
}

static void test_without_memory_each_diagnosis_is_shown_as_it_is(void **state)
{
    (void)state;
    struct findings f;
    findings_init(&f, 1);
    assert_int_equal(after(&f, 1, &relay, 1), 1);
    assert_int_equal(after(&f, 2, &lost, 1), 1);
    assert_int_equal(out[0].code, FINDING_COORDINATOR_LOST);
    assert_int_equal(after(&f, 3, NULL, 0), 0);
}

static void test_the_order_does_not_change_while_the_findings_do_not(void **state)
{
    (void)state;
    struct findings f;
    struct finding list[2] = {relay, lost};
    struct finding turned[2] = {lost, relay};
    findings_init(&f, FINDINGS_SAMPLES);
    for (mono_ns now = 0; now < 6; now++) {
        (void)after(&f, now, list, 2);
    }
    for (mono_ns now = 6; now < 12; now++) {
        assert_int_equal(after(&f, now, now % 2 == 0 ? turned : list, 2), 2);
        assert_int_equal(out[0].code, FINDING_COORDINATOR_LOST);
        assert_int_equal(out[1].code, FINDING_DERP_RELAY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_finding_stands_after_three_samples),
        cmocka_unit_test(test_what_stands_is_a_set_by_severity),
        cmocka_unit_test(test_a_gap_starts_the_count_anew),
        cmocka_unit_test(test_a_finding_goes_after_three_misses),
        cmocka_unit_test(test_what_is_certain_stands_at_once),
        cmocka_unit_test(test_a_severity_changes_after_three_samples),
        cmocka_unit_test(test_without_memory_each_diagnosis_is_shown_as_it_is),
        cmocka_unit_test(test_the_order_does_not_change_while_the_findings_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
