#include "src/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

static struct snapshot *s;
static struct metrics *metrics;
static char *text;

static void start(const char *const *targets, size_t count)
{
    metrics = metrics_new(targets, count);
    s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->seq = 1;
    s->selected = -1;
    s->list_known = true;
}

static int teardown(void **state)
{
    (void)state;
    metrics_free(metrics);
    free(s);
    free(text);
    metrics = NULL;
    s = NULL;
    text = NULL;
    return 0;
}

/* A workspace that runs, with one agent whose id is `id`. */
static void add_row(const char *owner, const char *name, uint8_t id)
{
    struct snapshot_workspace *row = &s->workspaces[s->workspace_count++];
    text_copy(row->owner, sizeof row->owner, owner);
    text_copy(row->name, sizeof row->name, name);
    text_copy(row->agent_name, sizeof row->agent_name, "main");
    row->agent = (struct uuid){{id}};
    row->state = WORKSPACE_RUNNING;
    row->watched = true;
}

static void add_sample(enum sample_state state, enum path_kind path, uint32_t rtt_us)
{
    s->samples[s->sample_count++] =
        (struct snapshot_sample){.state = (uint8_t)state, .path = (uint8_t)path, .rtt_us = rtt_us};
}

static const char *written(void)
{
    size_t size = 0;
    free(text);
    FILE *out = open_memstream(&text, &size);
    metrics_write(metrics, 100 * NS_PER_SEC, out);
    (void)fclose(out);
    return text;
}

static void assert_line(const char *line)
{
    const char *all = written();
    const char *at = strstr(all, line);
    if (at == NULL || (at != all && at[-1] != '\n') || at[strlen(line)] != '\n') {
        fail_msg("no line %s in:\n%s", line, all);
    }
}

#define DEV1 "{owner=\"me\",workspace=\"dev1\",agent=\"main\""
#define DEV2 "{owner=\"me\",workspace=\"dev2\",agent=\"main\""

static void test_each_probe_is_counted_once_by_its_path(void **state)
{
    (void)state;
    start(NULL, 0);
    add_row("me", "dev1", 1);
    s->selected = 0;
    add_sample(SAMPLE_PONG, PATH_DERP, 41000);
    add_sample(SAMPLE_PENDING, PATH_NONE, 0);
    add_sample(SAMPLE_PONG, PATH_DIRECT, 1000);
    add_sample(SAMPLE_PONG, PATH_DIRECT, 1001);
    metrics_take(metrics, s);
    metrics_take(metrics, s);
    assert_line("derptop_probes_total" DEV1 "} 3");
    s->samples[1].state = SAMPLE_LOST; /* later than those after it */
    add_sample(SAMPLE_PONG, PATH_DIRECT, 9000000);
    metrics_take(metrics, s);
    metrics_take(metrics, s);
    assert_line("derptop_probes_total" DEV1 "} 5");
    assert_line("derptop_probes_lost_total" DEV1 "} 1");
    assert_line("derptop_latency_seconds_bucket" DEV1 ",path=\"derp\",le=\"0.035\"} 0");
    assert_line("derptop_latency_seconds_bucket" DEV1 ",path=\"derp\",le=\"0.05\"} 1");
    assert_line("derptop_latency_seconds_bucket" DEV1 ",path=\"direct\",le=\"0.001\"} 1");
    assert_line("derptop_latency_seconds_bucket" DEV1 ",path=\"direct\",le=\"0.0025\"} 2");
    assert_line("derptop_latency_seconds_bucket" DEV1 ",path=\"direct\",le=\"5.0\"} 2");
    assert_line("derptop_latency_seconds_bucket" DEV1 ",path=\"direct\",le=\"+Inf\"} 3");
    assert_line("derptop_latency_seconds_sum" DEV1 ",path=\"direct\"} 9.002001");
}

static void test_what_left_the_ring_unseen_is_passed_over(void **state)
{
    (void)state;
    start(NULL, 0);
    add_row("me", "dev1", 1);
    s->selected = 0;
    add_sample(SAMPLE_PENDING, PATH_NONE, 0);
    add_sample(SAMPLE_PONG, PATH_DERP, 1);
    metrics_take(metrics, s);
    s->first_sample = SNAPSHOT_SAMPLES_MAX + 1; /* over the same place as sample 1 */
    s->sample_count = 0;
    add_sample(SAMPLE_PONG, PATH_DERP, 1);
    metrics_take(metrics, s);
    assert_line("derptop_probes_total" DEV1 "} 2");
}

static void test_workspaces_are_seen_in_turn_and_remembered(void **state)
{
    (void)state;
    struct uuid id;
    start(NULL, 0);
    assert_false(metrics_next(metrics, &id));
    add_row("me", "dev1", 1);
    add_row("me", "dev2", 2);
    add_row("me", "dev3", 3);
    s->workspaces[2].state = WORKSPACE_STOPPED;
    metrics_take(metrics, s);
    bool seen[4] = {false};
    for (int i = 0; i < 4; i++) {
        assert_true(metrics_next(metrics, &id));
        seen[id.b[0]] = true;
        s->selected = id.b[0] - 1;
        s->handshakes = 10U + id.b[0];
        s->handshake_at = 98500 * NS_PER_MS;
        s->change_count = id.b[0];
        metrics_take(metrics, s);
    }
    assert_true(seen[1] && seen[2] && !seen[3]);
    assert_line("derptop_handshakes_total" DEV1 "} 11");
    assert_line("derptop_handshakes_total" DEV2 "} 12");
    assert_line("derptop_handshake_age_seconds" DEV2 "} 1.500000");
    assert_line("derptop_path_changes_total" DEV2 "} 2");
    assert_null(strstr(written(), "dev3\",agent=\"main\"} "));
    s->workspace_count = 1; /* dev2 is gone: so are its series */
    s->selected = 0;
    metrics_take(metrics, s);
    assert_null(strstr(written(), "dev2"));
}

static void test_an_agent_that_was_built_anew_goes_on_in_the_same_series(void **state)
{
    (void)state;
    start(NULL, 0);
    add_row("me", "dev1", 1);
    s->selected = 0;
    add_sample(SAMPLE_PONG, PATH_DERP, 1000);
    add_sample(SAMPLE_PONG, PATH_DERP, 1000);
    metrics_take(metrics, s);
    s->workspaces[0].agent = (struct uuid){{9}};
    s->sample_count = 1; /* its first */
    metrics_take(metrics, s);
    assert_line("derptop_probes_total" DEV1 "} 3");
}

static void test_only_what_is_named_is_watched(void **state)
{
    (void)state;
    static const char *const targets[] = {"dev1", "you/dev2", "dev3.gpu", "me/dev4", "dev5"};
    struct uuid id;
    start(targets, 5);
    add_row("me", "dev1", 1);
    add_row("me", "dev2", 2);
    add_row("me", "dev3", 3);
    add_row("anyone", "dev4", 4);
    add_row("me", "dev10", 5);
    metrics_take(metrics, s);
    assert_non_null(strstr(written(), "\"dev1\""));
    assert_null(strstr(written(), "\"dev2\""));
    assert_null(strstr(written(), "\"dev3\""));
    assert_non_null(strstr(written(), "\"dev4\""));
    assert_null(strstr(written(), "\"dev10\""));
    assert_string_equal(metrics_missing(metrics, 0), "you/dev2");
    assert_string_equal(metrics_missing(metrics, 1), "dev3.gpu");
    assert_string_equal(metrics_missing(metrics, 2), "dev5");
    assert_null(metrics_missing(metrics, 3));
    for (int i = 0; i < 3; i++) {
        assert_true(metrics_next(metrics, &id));
        assert_true(id.b[0] == 1 || id.b[0] == 4);
    }
}

static void test_more_agents_than_can_be_watched_are_counted(void **state)
{
    (void)state;
    struct uuid id;
    start(NULL, 0);
    for (unsigned i = 0; i < METRICS_AGENTS_MAX + 3; i++) {
        char name[16];
        text_format(name, sizeof name, "w%u", i);
        add_row("me", name, (uint8_t)(i + 1));
    }
    metrics_take(metrics, s);
    for (int i = 0; i < 2 * METRICS_AGENTS_MAX; i++) {
        assert_true(metrics_next(metrics, &id));
        assert_in_range(id.b[0], 1, METRICS_AGENTS_MAX);
    }
    assert_int_equal(metrics_left_out(metrics), 3);
}

static void test_labels_are_escaped_and_findings_listed(void **state)
{
    (void)state;
    start(NULL, 0);
    add_row("a\"b", "c\\d", 1);
    s->selected = 0;
    s->finding_count = 1;
    s->findings[0] = (struct finding){
        .code = FINDING_LOSS, .side = FINDING_SIDE_PATH, .severity = SEVERITY_WARNING};
    text_copy(s->deployment, sizeof s->deployment, "x\ny");
    metrics_take(metrics, s);
    assert_line(
        "derptop_finding{owner=\"a\\\"b\",workspace=\"c\\\\d\",agent=\"main\",code=\"loss\","
        "side=\"path\",severity=\"warning\"} 1");
    assert_line("derptop_deployment_info{deployment=\"x\\ny\",version=\"\"} 1");
}

static void test_before_anything_is_known_the_text_is_whole(void **state)
{
    (void)state;
    start(NULL, 0);
    s->seq = 0;
    metrics_take(metrics, s);
    assert_null(metrics_missing(metrics, 0));
    assert_line("derptop_signed_in 0");
    assert_line("# EOF");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_each_probe_is_counted_once_by_its_path, teardown),
        cmocka_unit_test_teardown(test_what_left_the_ring_unseen_is_passed_over, teardown),
        cmocka_unit_test_teardown(test_workspaces_are_seen_in_turn_and_remembered, teardown),
        cmocka_unit_test_teardown(test_an_agent_that_was_built_anew_goes_on_in_the_same_series,
                                  teardown),
        cmocka_unit_test_teardown(test_only_what_is_named_is_watched, teardown),
        cmocka_unit_test_teardown(test_more_agents_than_can_be_watched_are_counted, teardown),
        cmocka_unit_test_teardown(test_labels_are_escaped_and_findings_listed, teardown),
        cmocka_unit_test_teardown(test_before_anything_is_known_the_text_is_whole, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
