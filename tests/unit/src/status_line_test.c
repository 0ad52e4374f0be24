#include "src/status_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

static struct snapshot *s;

static int setup(void **state)
{
    (void)state;
    s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->selected = 0;
    s->workspace_count = 1;
    s->region = 999;
    text_copy(s->region_name, sizeof s->region_name, "Council Bluffs");
    text_copy(s->path_address, sizeof s->path_address, "203.0.113.7:41641");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(s);
    return 0;
}

static void probe(enum sample_state state, enum path_kind path, uint32_t rtt_us)
{
    s->samples[s->sample_count++] =
        (struct snapshot_sample){.state = (uint8_t)state, .path = (uint8_t)path, .rtt_us = rtt_us};
    s->run.answered += state == SAMPLE_PONG;
    s->run.lost += state == SAMPLE_LOST;
}

static void find(enum finding_code code, enum finding_severity severity)
{
    struct finding *one = &s->findings[s->finding_count++];
    *one = (struct finding){.code = code, .severity = severity};
}

/* The line of the snapshot as it is. */
static const char *line(bool over, bool utf8)
{
    static char text[STATUS_LINE];
    struct status status;
    status_of(s, over, NULL, &status);
    status_text(&status, "dev1", utf8, text);
    return text;
}

static void test_a_direct_path_has_the_latency_of_its_last_pong(void **state)
{
    (void)state;
    probe(SAMPLE_PONG, PATH_DERP, 41000);
    s->path = PATH_DIRECT;
    assert_string_equal(line(false, true), "dev1 → direct");
    s->path_latency_ns = 7 * NS_PER_MS; /* it was chosen for that */
    assert_string_equal(line(false, true), "dev1 → direct 7.0 ms");
    probe(SAMPLE_PONG, PATH_DIRECT, 6120);
    probe(SAMPLE_LOST, PATH_NONE, 0);
    probe(SAMPLE_PENDING, PATH_NONE, 0);
    assert_string_equal(line(false, true), "dev1 → direct 6.1 ms");
    assert_string_equal(line(false, false), "dev1 > direct 6.1 ms");
}

static void test_a_relay_is_named(void **state)
{
    (void)state;
    probe(SAMPLE_PONG, PATH_DERP, 41000);
    s->path = PATH_DERP;
    assert_string_equal(line(false, true), "dev1 ⇄ relay 999 Council Bluffs 41 ms");
    assert_string_equal(line(false, false), "dev1 = relay 999 Council Bluffs 41 ms");
    s->region_name[0] = '\0';
    assert_string_equal(line(false, true), "dev1 ⇄ relay 999 41 ms");
}

static void test_a_latency_that_is_not_good_is_called_so(void **state)
{
    (void)state;
    const struct grade_limits strict = {
        .good_ns = 10 * NS_PER_MS, .poor_ns = 20 * NS_PER_MS, .samples = 3};
    struct status status;
    char text[STATUS_LINE];
    probe(SAMPLE_PONG, PATH_DERP, 41000);
    s->path = PATH_DERP;
    s->workspaces[0].grade = GRADE_FAIR;
    assert_string_equal(line(false, false), "dev1 = relay 999 Council Bluffs 41 ms fair");
    status_of(s, false, &strict, &status); /* by that answer alone */
    status_text(&status, "dev1", false, text);
    assert_string_equal(text, "dev1 = relay 999 Council Bluffs 41 ms poor");
    s->selected = -1; /* no row, no grade */
    assert_string_equal(line(false, false), "dev1 = relay 999 Council Bluffs 41 ms");
}

static void test_the_worst_finding_is_named_and_the_others_counted(void **state)
{
    (void)state;
    probe(SAMPLE_PONG, PATH_DIRECT, 6120);
    s->path = PATH_DIRECT;
    find(FINDING_CLIENT_AWS, SEVERITY_INFO);
    assert_string_equal(line(false, true), "dev1 → direct 6.1 ms ● client_aws");
    assert_string_equal(line(false, false), "dev1 > direct 6.1 ms i client_aws");
    find(FINDING_CLIENT_LOW_MTU, SEVERITY_WARNING);
    find(FINDING_LOSS, SEVERITY_WARNING); /* the first of those that are as bad */
    assert_string_equal(line(false, true), "dev1 → direct 6.1 ms ▲ client_low_mtu +2");
    find(FINDING_COORDINATOR_LOST, SEVERITY_ERROR);
    assert_string_equal(line(false, true), "dev1 → direct 6.1 ms ✘ coordinator_lost +3");
}

static void test_before_the_first_pong_it_connects_until_the_time_is_up(void **state)
{
    (void)state;
    s->ladder[LADDER_SERVER].state = LADDER_DONE;
    assert_string_equal(line(false, true), "dev1 ◌ connecting");
    assert_string_equal(line(false, false), "dev1 . connecting");
    assert_string_equal(line(true, true), "dev1 ✘ no answer: stopped at \"agent connected\"");
    text_copy(s->ladder[LADDER_AGENT].detail, SNAPSHOT_TEXT, "its state is not known");
    assert_string_equal(line(true, false), "dev1 x no answer: stopped at \"agent connected\": its "
                                           "state is not known");
}

static void test_what_stands_in_the_way_is_said_at_once(void **state)
{
    (void)state;
    find(FINDING_DIRECT_DISABLED_CLIENT, SEVERITY_INFO);
    assert_string_equal(line(false, true), "dev1 ◌ connecting ● direct_disabled_client");
    find(FINDING_AGENT_NOT_CONNECTED, SEVERITY_ERROR);
    assert_string_equal(line(false, true), "dev1 ✘ no answer: the agent is not connected to the "
                                           "deployment ✘ agent_not_connected +1");
    s->finding_count = 0;
    s->fatal = true;
    text_copy(s->notice, sizeof s->notice, "there is no workspace \"dev1\"");
    assert_string_equal(line(false, true), "dev1 ✘ no answer: there is no workspace \"dev1\"");
}

static void test_three_lost_in_a_row_are_no_answer_and_a_pong_ends_that(void **state)
{
    (void)state;
    probe(SAMPLE_PONG, PATH_DERP, 41000);
    s->path = PATH_DERP;
    probe(SAMPLE_LOST, PATH_NONE, 0);
    probe(SAMPLE_PENDING, PATH_NONE, 0); /* decided later than its neighbour */
    probe(SAMPLE_LOST, PATH_NONE, 0);
    assert_string_equal(line(true, true), "dev1 ⇄ relay 999 Council Bluffs 41 ms");
    probe(SAMPLE_LOST, PATH_NONE, 0);
    assert_string_equal(line(false, true), "dev1 ✘ no answer: the last pings are lost");
    find(FINDING_AGENT_UNREACHABLE, SEVERITY_ERROR);
    assert_string_equal(line(false, true),
                        "dev1 ✘ no answer: the agent does not answer ✘ agent_unreachable");
    s->finding_count = 0;
    probe(SAMPLE_PONG, PATH_DERP, 42000);
    assert_string_equal(line(false, true), "dev1 ⇄ relay 999 Council Bluffs 42 ms");
    s->path = PATH_NONE;
    assert_string_equal(line(false, true), "dev1 ✘ no answer: the agent left the tailnet");
}

static void test_what_stands_goes_on_although_the_token_is_refused(void **state)
{
    (void)state;
    probe(SAMPLE_PONG, PATH_DIRECT, 6120);
    s->path = PATH_DIRECT;
    s->fatal = true;
    text_copy(s->notice, sizeof s->notice, "signed out");
    assert_string_equal(line(false, true), "dev1 → direct 6.1 ms");
    find(FINDING_TOKEN_REFUSED, SEVERITY_ERROR);
    assert_string_equal(line(false, true), "dev1 → direct 6.1 ms ✘ token_refused");
}

static void test_the_line_does_not_say_what_it_refutes(void **state)
{
    (void)state;
    find(FINDING_AGENT_UNREACHABLE, SEVERITY_ERROR);
    find(FINDING_DERP_RELAY, SEVERITY_WARNING);
    find(FINDING_LOSS, SEVERITY_ERROR);
    find(FINDING_AGENT_NOT_CONNECTED, SEVERITY_ERROR);
    probe(SAMPLE_PONG, PATH_DERP, 41000);
    s->path = PATH_DERP;
    assert_string_equal(line(false, true), "dev1 ⇄ relay 999 Council Bluffs 41 ms ✘ loss +1");
    probe(SAMPLE_PONG, PATH_DIRECT, 6120);
    s->path = PATH_DIRECT;
    assert_string_equal(line(false, true), "dev1 → direct 6.1 ms ✘ loss");
    s->path = PATH_NONE;
    assert_string_equal(line(false, true),
                        "dev1 ✘ no answer: the agent does not answer ✘ agent_unreachable +3");
    s->findings[0] = s->findings[2]; /* lost packets alone are no reason */
    s->finding_count = 1;
    assert_string_equal(line(false, true), "dev1 ✘ no answer: the agent left the tailnet ✘ loss");
}

static void test_only_ascii_is_only_ascii(void **state)
{
    (void)state;
    struct status status;
    char text[STATUS_LINE];
    probe(SAMPLE_PONG, PATH_DERP, 41000);
    s->path = PATH_DERP;
    text_copy(s->region_name, sizeof s->region_name, "Zürich, 東京");
    status_of(s, false, NULL, &status);
    status_text(&status, "d\x1b[2J\xc3\xa9v", false, text);
    assert_string_equal(text, "d?[2J?v = relay 999 Z?rich, ?? 41 ms");
    status_text(&status, "d\x1b[2J", true, text);
    assert_null(strchr(text, '\x1b'));
}

static bool news(const struct status *before, bool json)
{
    struct status now;
    status_of(s, false, NULL, &now);
    return status_is_news(before, &now, json);
}

static void test_news_is_all_but_the_latency(void **state)
{
    (void)state;
    struct status before;
    probe(SAMPLE_PONG, PATH_DIRECT, 6120);
    s->path = PATH_DIRECT;
    status_of(s, false, NULL, &before);
    probe(SAMPLE_PONG, PATH_DIRECT, 9000);
    assert_false(news(&before, false) || news(&before, true));
    s->workspaces[0].grade = GRADE_GOOD; /* the line says nothing of what is good */
    assert_false(news(&before, false));
    assert_true(news(&before, true));
    s->workspaces[0].grade = GRADE_POOR;
    assert_true(news(&before, false));
    s->workspaces[0].grade = GRADE_UNKNOWN;
    text_copy(s->path_address, sizeof s->path_address, "203.0.113.8:1");
    assert_false(news(&before, false));
    assert_true(news(&before, true));
    find(FINDING_LOSS, SEVERITY_WARNING);
    assert_true(news(&before, false));
    status_of(s, false, NULL, &before);
    find(FINDING_JITTER, SEVERITY_WARNING);
    assert_true(news(&before, false));
    status_of(s, false, NULL, &before);
    s->findings[1].code = FINDING_CLIENT_AWS; /* as many, and the worst is the same */
    assert_false(news(&before, false));
    assert_true(news(&before, true));
    s->path = PATH_DERP;
    assert_true(news(&before, false) && news(&before, true));
}

static void test_the_object_has_null_where_there_is_nothing(void **state)
{
    (void)state;
    struct status status;
    status_of(s, false, NULL, &status);
    cJSON *object = status_json(&status, "dev1", (struct wall_time){0});
    char *text = cJSON_PrintUnformatted(object);
    assert_string_equal(
        text, "{\"type\":\"status\",\"time\":\"1970-01-01T00:00:00.000Z\",\"workspace\":\"dev1\","
              "\"state\":\"connecting\",\"path\":\"none\",\"endpoint\":null,\"region_id\":null,"
              "\"region\":null,\"latency_ms\":null,\"grade\":null,\"reason\":null,\"worst\":null,"
              "\"findings\":[]}");
    cJSON_free(text);
    cJSON_Delete(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_direct_path_has_the_latency_of_its_last_pong, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_relay_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_latency_that_is_not_good_is_called_so, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_the_worst_finding_is_named_and_the_others_counted,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_before_the_first_pong_it_connects_until_the_time_is_up,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_stands_in_the_way_is_said_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_three_lost_in_a_row_are_no_answer_and_a_pong_ends_that,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_stands_goes_on_although_the_token_is_refused,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_line_does_not_say_what_it_refutes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_only_ascii_is_only_ascii, setup, teardown),
        cmocka_unit_test_setup_teardown(test_news_is_all_but_the_latency, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_object_has_null_where_there_is_nothing, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
