#include "net/lab/lab_rest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "net/base/text.h"

#include <cmocka.h>

struct fixture {
    struct rng_seeded rng;
    struct lab_deployment deployment;
    struct lab_rest rest;
    struct lab_answer answer;
    cJSON *body; /* of the last answer */
    const char *token;
    const char *cookie;
    const char *query[6]; /* name, value, … */
};

static const struct wall_time now = {.seconds = 1700000000};

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    rng_seeded_init(&f.rng, 3);
    assert_int_equal(lab_deployment_init(&f.deployment, 3, 1, NULL, &f.rng.rng, now), NET_OK);
    lab_deployment_set_address(&f.deployment, "127.0.0.1", 4242);
    f.rest = (struct lab_rest){&f.deployment, lab_coordinator_new(), &f.rng.rng};
    f.token = f.deployment.token;
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lab_answer_clear(&f->answer);
    cJSON_Delete(f->body);
    lab_coordinator_free(f->rest.coordinator);
    return 0;
}

static const char *header(void *owner, const char *name)
{
    const struct fixture *f = owner;
    if (strcmp(name, LAB_TOKEN_HEADER) == 0) {
        return f->token;
    }
    return strcmp(name, "Cookie") == 0 ? f->cookie : NULL;
}

static bool query(void *owner, const char *name, char *out, size_t size)
{
    const struct fixture *f = owner;
    for (size_t i = 0; i < 6 && f->query[i] != NULL; i += 2) {
        if (strcmp(f->query[i], name) == 0 && strlen(f->query[i + 1]) < size) {
            text_copy(out, size, f->query[i + 1]);
            return true;
        }
    }
    return false;
}

static int get(struct fixture *f, const char *path)
{
    struct lab_request request = {"GET", path, header, query, f};
    lab_answer_clear(&f->answer);
    cJSON_Delete(f->body);
    lab_rest_answer(&f->rest, now, &request, &f->answer);
    f->body = f->answer.body == NULL ? NULL : cJSON_Parse(f->answer.body);
    return f->answer.status;
}

static const char *text(const cJSON *object, const char *name)
{
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    assert_non_null(found);
    return found;
}

static const cJSON *item(const cJSON *object, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    assert_non_null(found);
    return found;
}

static void test_build_info_and_probes_need_no_token(void **state)
{
    struct fixture *f = *state;
    f->token = NULL;
    assert_int_equal(get(f, "/api/v2/buildinfo"), 200);
    assert_string_equal(text(f->body, "version"), LAB_VERSION);
    assert_string_equal(text(f->body, "dashboard_url"), "http://127.0.0.1:4242");
    assert_int_equal(get(f, "/healthz"), 200);
    assert_string_equal(f->answer.body, "OK");
    assert_int_equal(get(f, "/derp/latency-check"), 200);
    assert_null(f->answer.body);
    (void)get(f, "/derp");
    assert_int_equal(f->answer.kind, LAB_ANSWER_RELAY);
}

static void test_the_documentation_is_told_where_it_is(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(get(f, "/api/v2/appearance"), 200);
    assert_string_equal(text(f->body, "docs_url"), LAB_DOCS_URL);
    f->token = NULL;
    assert_int_equal(get(f, "/api/v2/appearance"), 401);
}

static void test_a_missing_or_wrong_token_is_answered_with_401(void **state)
{
    struct fixture *f = *state;
    const char *const tokens[] = {NULL, "", "wrong", "x"};
    for (size_t i = 0; i < 4; i++) {
        f->token = tokens[i];
        assert_int_equal(get(f, "/api/v2/users/me"), 401);
        assert_true(f->answer.www_authenticate);
        assert_non_null(strstr(text(f->body, "message"), "You are signed out"));
        assert_int_equal(get(f, "/api/v2/tailnet"), 401);
        assert_int_equal(f->answer.kind, LAB_ANSWER_BODY);
        assert_int_equal(get(f, "/api/v2/no-such-route"), 401);
    }
}

static void test_the_token_may_come_as_cookie_or_in_the_query(void **state)
{
    struct fixture *f = *state;
    char cookie[256];
    text_format(cookie, sizeof cookie, "a=b; coder_session_token=%s; c=d", f->deployment.token);
    f->token = NULL;
    f->cookie = cookie;
    assert_int_equal(get(f, "/api/v2/users/me"), 200);
    assert_string_equal(text(f->body, "username"), LAB_OWNER_NAME);
    f->cookie = NULL;
    f->query[0] = "coder_session_token";
    f->query[1] = f->deployment.token;
    assert_int_equal(get(f, "/api/v2/users/me"), 200);
}

static void test_the_list_says_which_workspaces_run_and_which_agents_are_there(void **state)
{
    struct fixture *f = *state;
    f->deployment.workspaces[0].connected = true;
    f->deployment.workspaces[0].first_connected = now;
    f->deployment.workspaces[0].latency_seconds = 0.25;
    assert_int_equal(get(f, "/api/v2/workspaces"), 200);
    assert_int_equal(item(f->body, "count")->valueint, 3);
    const cJSON *list = item(f->body, "workspaces");
    assert_int_equal(cJSON_GetArraySize(list), 3);
    const cJSON *build = item(cJSON_GetArrayItem(list, 0), "latest_build");
    assert_string_equal(text(build, "status"), "running");
    const cJSON *resource = cJSON_GetArrayItem(item(build, "resources"), 0);
    const cJSON *agent = cJSON_GetArrayItem(item(resource, "agents"), 0);
    assert_string_equal(text(agent, "status"), "connected");
    const cJSON *latency = item(item(agent, "latency"), LAB_REGION_NAME);
    assert_true(item(latency, "latency_ms")->valuedouble > 249.9);
    build = item(cJSON_GetArrayItem(list, 1), "latest_build");
    resource = cJSON_GetArrayItem(item(build, "resources"), 0);
    agent = cJSON_GetArrayItem(item(resource, "agents"), 0);
    assert_string_equal(text(agent, "status"), "connecting");
    build = item(cJSON_GetArrayItem(list, 2), "latest_build");
    assert_string_equal(text(build, "status"), "stopped");
    assert_string_equal(text(build, "transition"), "stop");
    assert_int_equal(cJSON_GetArraySize(item(build, "resources")), 0);
}

static void expect_names(struct fixture *f, const char *q, const char *names)
{
    f->query[0] = "q";
    f->query[1] = q;
    assert_int_equal(get(f, "/api/v2/workspaces"), 200);
    char found[64] = "";
    const cJSON *each = NULL;
    cJSON_ArrayForEach(each, item(f->body, "workspaces"))
    {
        size_t used = strlen(found);
        text_format(found + used, sizeof found - used, "%s ", text(each, "name"));
    }
    assert_string_equal(found, names);
}

static void test_the_search_language_is_understood(void **state)
{
    struct fixture *f = *state;
    expect_names(f, "", "dev1 dev2 dev3 ");
    expect_names(f, "owner:me", "dev1 dev2 dev3 ");
    expect_names(f, "owner:someone", "");
    expect_names(f, "name:DEV2", "dev2 ");
    expect_names(f, "name:\"dev\" status:stopped", "dev3 ");
    expect_names(f, "me/dev1", "dev1 ");
    expect_names(f, "  3 ", "dev3 ");
    expect_names(f, "has-agent:connecting", "dev1 dev2 ");
    f->query[1] = "colour:blue";
    assert_int_equal(get(f, "/api/v2/workspaces"), 400);
    const cJSON *validation = cJSON_GetArrayItem(item(f->body, "validations"), 0);
    assert_string_equal(text(validation, "field"), "colour");
    f->query[1] = "name:\"dev";
    assert_int_equal(get(f, "/api/v2/workspaces"), 400);
}

static void test_pages_are_cut_by_limit_and_offset(void **state)
{
    struct fixture *f = *state;
    const char *const page[] = {"limit", "1", "offset", "1"};
    memcpy(f->query, page, sizeof page);
    assert_int_equal(get(f, "/api/v2/workspaces"), 200);
    assert_int_equal(item(f->body, "count")->valueint, 3);
    const cJSON *list = item(f->body, "workspaces");
    assert_int_equal(cJSON_GetArraySize(list), 1);
    assert_string_equal(text(cJSON_GetArrayItem(list, 0), "name"), "dev2");
    f->query[3] = "9";
    assert_int_equal(get(f, "/api/v2/workspaces"), 200);
    assert_int_equal(cJSON_GetArraySize(item(f->body, "workspaces")), 0);
    f->query[3] = "-1";
    assert_int_equal(get(f, "/api/v2/workspaces"), 400);
}

static void test_a_workspace_is_found_by_name_and_by_id(void **state)
{
    struct fixture *f = *state;
    char path[128];
    char id[UUID_TEXT_SIZE];
    assert_int_equal(get(f, "/api/v2/users/me/workspace/dev2"), 200);
    assert_string_equal(text(f->body, "name"), "dev2");
    assert_int_equal(get(f, "/api/v2/users/lab/workspace/dev9"), 404);
    assert_int_equal(get(f, "/api/v2/users/other/workspace/dev2"), 404);
    uuid_text(&f->deployment.workspaces[2].id, id);
    text_format(path, sizeof path, "/api/v2/workspaces/%s", id);
    assert_int_equal(get(f, path), 200);
    assert_string_equal(text(f->body, "name"), "dev3");
    assert_int_equal(get(f, "/api/v2/workspaces/no-uuid"), 400);
}

static int get_agent(struct fixture *f, size_t index, const char *what)
{
    char path[128];
    char id[UUID_TEXT_SIZE];
    uuid_text(&f->deployment.workspaces[index].agent_id, id);
    text_format(path, sizeof path, "/api/v2/workspaceagents/%s%s", id, what);
    return get(f, path);
}

static void test_an_agent_and_its_connection_are_found_by_id(void **state)
{
    struct fixture *f = *state;
    f->deployment.stun_ports[0] = 3479;
    f->deployment.stun_ports[1] = 3480;
    assert_int_equal(get_agent(f, 0, ""), 200);
    assert_string_equal(text(f->body, "name"), LAB_AGENT_NAME);
    assert_int_equal(get_agent(f, 0, "/connection"), 200);
    const cJSON *regions = item(item(f->body, "derp_map"), "Regions");
    const cJSON *relay = cJSON_GetArrayItem(item(item(regions, "999"), "Nodes"), 0);
    assert_string_equal(text(relay, "HostName"), "127.0.0.1");
    assert_int_equal(item(relay, "DERPPort")->valueint, 4242);
    assert_int_equal(item(relay, "STUNPort")->valueint, -1);
    assert_true(cJSON_IsTrue(item(relay, "ForceHTTP")));
    const cJSON *stun = cJSON_GetArrayItem(item(item(regions, "1000"), "Nodes"), 0);
    assert_int_equal(item(stun, "STUNPort")->valueint, 3479);
    assert_true(cJSON_IsTrue(item(stun, "STUNOnly")));
    const cJSON *second = cJSON_GetArrayItem(item(item(regions, "1001"), "Nodes"), 0);
    assert_int_equal(item(second, "STUNPort")->valueint, 3480);
    assert_string_equal(text(second, "Name"), "1001stun0");
    assert_true(cJSON_IsFalse(item(f->body, "disable_direct_connections")));
    assert_int_equal(get_agent(f, 2, "/connection"), 404); /* stopped */
    assert_int_equal(get_agent(f, 0, "/nothing"), 404);
}

static void test_a_deployment_that_blocks_direct_connections_has_no_stun_region(void **state)
{
    struct fixture *f = *state;
    f->deployment.stun_ports[0] = 3479;
    f->deployment.stun_ports[1] = 3480;
    f->deployment.block_direct = true;
    f->deployment.force_websockets = true;
    assert_int_equal(get(f, "/api/v2/workspaceagents/connection"), 200);
    assert_int_equal(cJSON_GetArraySize(item(item(f->body, "derp_map"), "Regions")), 1);
    assert_true(cJSON_IsTrue(item(f->body, "disable_direct_connections")));
    assert_true(cJSON_IsTrue(item(f->body, "derp_force_websockets")));
}

static void test_a_client_gets_a_seat_with_its_scope(void **state)
{
    struct fixture *f = *state;
    f->query[0] = "version";
    f->query[1] = "2.0";
    (void)get_agent(f, 1, "/coordinate");
    assert_int_equal(f->answer.kind, LAB_ANSWER_COORDINATE);
    assert_false(f->answer.seat.is_agent);
    assert_true(uuid_equal(&f->answer.seat.scope, &f->deployment.workspaces[1].agent_id));
    struct uuid first = f->answer.seat.peer;
    (void)get(f, "/api/v2/tailnet");
    assert_int_equal(f->answer.kind, LAB_ANSWER_COORDINATE);
    assert_true(uuid_is_zero(&f->answer.seat.scope));
    assert_false(uuid_equal(&first, &f->answer.seat.peer));
}

static void test_api_versions_are_judged_as_coderd_does(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *version, *why;
    } bad[] = {
        {"2.10", "server is at version 2.9, behind requested minor version 2.10"},
        {"3.0", "server is at version 2.9, behind requested major version 3.0"},
        {"1.0", "version 1.0 is no longer supported"},
        {"2", "invalid version string: 2"},
        {"2.0x", "invalid version string: 2.0x"},
        {"02.0", "invalid version string: 02.0"},
    };
    f->query[0] = "version";
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f->query[1] = bad[i].version;
        assert_int_equal(get(f, "/api/v2/tailnet"), 400);
        assert_string_equal(text(f->body, "message"), "Unknown or unsupported API version");
        const cJSON *validation = cJSON_GetArrayItem(item(f->body, "validations"), 0);
        assert_string_equal(text(validation, "field"), "version");
        assert_string_equal(text(validation, "detail"), bad[i].why);
    }
    f->query[0] = NULL;
    assert_int_equal(get_agent(f, 0, "/coordinate"), 400); /* 1.0 when none is asked for */
}

static void test_a_resume_token_gives_the_same_seat_and_a_bad_one_401(void **state)
{
    struct fixture *f = *state;
    struct tailnet_resume_token token;
    struct uuid peer = {{7}};
    lab_coordinator_resume_token(f->rest.coordinator, &f->rng.rng, now, &peer, &token);
    f->query[0] = "resume_token";
    f->query[1] = token.token;
    (void)get(f, "/api/v2/tailnet");
    assert_int_equal(f->answer.kind, LAB_ANSWER_COORDINATE);
    assert_true(uuid_equal(&f->answer.seat.peer, &peer));
    f->query[1] = "bad";
    assert_int_equal(get(f, "/api/v2/tailnet"), 401);
    assert_string_equal(text(f->body, "message"), "Invalid resume token");
    const cJSON *validation = cJSON_GetArrayItem(item(f->body, "validations"), 0);
    assert_string_equal(text(validation, "field"), "resume_token");
}

static void test_an_agent_gets_its_seat_by_its_own_token_only(void **state)
{
    struct fixture *f = *state;
    f->query[0] = "version";
    f->query[1] = "2.0";
    assert_int_equal(get(f, "/api/v2/workspaceagents/me/rpc"), 401);
    f->token = f->deployment.workspaces[0].agent_token;
    (void)get(f, "/api/v2/workspaceagents/me/rpc");
    assert_int_equal(f->answer.kind, LAB_ANSWER_COORDINATE);
    assert_true(f->answer.seat.is_agent);
    assert_true(uuid_equal(&f->answer.seat.peer, &f->deployment.workspaces[0].agent_id));
    assert_int_equal(get(f, "/api/v2/users/me"), 401);
    f->token = f->deployment.workspaces[2].agent_token; /* stopped */
    assert_int_equal(get(f, "/api/v2/workspaceagents/me/rpc"), 401);
}

static void test_paths_that_are_no_route_are_answered_with_404(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = {"/",
                                        "",
                                        "/api/v2/",
                                        "/api/v2",
                                        "/api/v2//",
                                        "/api/v2/a/b/c/d/e/f/g/h",
                                        "/api/v2/users",
                                        "/api/v2/workspaceagents",
                                        "/api/v2/tailnet/",
                                        "/derp/",
                                        "/apps"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(get(f, paths[i]), 404);
    }
}

static void test_ids_and_tokens_differ_from_lab_to_lab(void **state)
{
    struct fixture *f = *state;
    struct lab_deployment other;
    assert_int_equal(lab_deployment_init(&other, 3, 1, NULL, &f->rng.rng, now), NET_OK);
    assert_string_not_equal(other.token, f->deployment.token);
    assert_int_equal(strlen(other.token), 33);
    assert_false(uuid_equal(&other.owner_id, &f->deployment.owner_id));
    assert_int_equal(lab_deployment_init(&other, 1, 2, NULL, &f->rng.rng, now), NET_ERR_USAGE);
    assert_int_equal(lab_deployment_init(&other, 1, 0, "", &f->rng.rng, now), NET_ERR_USAGE);
    assert_int_equal(lab_deployment_init(&other, 1, 0, "mine", &f->rng.rng, now), NET_OK);
    assert_string_equal(other.token, "mine");
    lab_deployment_set_address(&other, "::1", 80);
    assert_string_equal(other.url, "http://[::1]:80");
}

static void test_starting_a_workspace_makes_a_new_agent_and_says_so(void **state)
{
    struct fixture *f = *state;
    struct lab_workspace *dev1 = &f->deployment.workspaces[0];
    struct uuid old = dev1->agent_id;
    struct tailnet_workspaces updates;
    lab_updates_all(&f->deployment, &updates);
    assert_int_equal(updates.upserted_workspace_count, 3);
    assert_int_equal(updates.upserted_agent_count, 2);
    assert_int_equal(updates.upserted_workspaces[2].status, TAILNET_WORKSPACE_STOPPED);
    tailnet_workspaces_clear(&updates);
    assert_false(lab_deployment_set_stopped(dev1, false, &f->rng.rng));
    assert_true(lab_deployment_set_stopped(dev1, true, &f->rng.rng));
    lab_updates_of(dev1, &old, &updates);
    assert_int_equal(updates.deleted_agent_count, 1);
    assert_true(uuid_equal(&updates.deleted_agents[0].id, &old));
    tailnet_workspaces_clear(&updates);
    assert_true(lab_deployment_set_stopped(dev1, false, &f->rng.rng));
    assert_false(uuid_equal(&old, &dev1->agent_id));
    assert_int_equal(dev1->builds, 3);
    lab_updates_of(dev1, &old, &updates);
    assert_int_equal(updates.upserted_agent_count, 1);
    assert_true(uuid_equal(&updates.upserted_agents[0].id, &dev1->agent_id));
    tailnet_workspaces_clear(&updates);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_build_info_and_probes_need_no_token),
        CASE(test_the_documentation_is_told_where_it_is),
        CASE(test_a_missing_or_wrong_token_is_answered_with_401),
        CASE(test_the_token_may_come_as_cookie_or_in_the_query),
        CASE(test_the_list_says_which_workspaces_run_and_which_agents_are_there),
        CASE(test_the_search_language_is_understood),
        CASE(test_pages_are_cut_by_limit_and_offset),
        CASE(test_a_workspace_is_found_by_name_and_by_id),
        CASE(test_an_agent_and_its_connection_are_found_by_id),
        CASE(test_a_deployment_that_blocks_direct_connections_has_no_stun_region),
        CASE(test_a_client_gets_a_seat_with_its_scope),
        CASE(test_api_versions_are_judged_as_coderd_does),
        CASE(test_a_resume_token_gives_the_same_seat_and_a_bad_one_401),
        CASE(test_an_agent_gets_its_seat_by_its_own_token_only),
        CASE(test_paths_that_are_no_route_are_answered_with_404),
        CASE(test_ids_and_tokens_differ_from_lab_to_lab),
        CASE(test_starting_a_workspace_makes_a_new_agent_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
