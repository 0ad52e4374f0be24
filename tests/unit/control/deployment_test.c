#include "net/control/deployment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "tests/support/data.h"

#include <cmocka.h>

static void expect_text(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not hold \"%s\"", text, part);
    }
}

static void test_a_user_and_a_build_are_read(void **state)
{
    (void)state;
    struct failure why;
    struct deployment_user user;
    struct deployment_build build;
    char id[UUID_TEXT_SIZE];
    assert_int_equal(deployment_parse_user(
                         bytes_text("{\"id\":\"c79063f0-c973-50b7-9dc7-b948f0b32ad9\",\"email\":"
                                    "\"a@b\",\"username\":\"rig\",\"roles\":[]}\n"),
                         &user, &why),
                     NET_OK);
    uuid_text(&user.id, id);
    assert_string_equal(id, "c79063f0-c973-50b7-9dc7-b948f0b32ad9");
    assert_string_equal(user.username, "rig");
    assert_int_equal(
        deployment_parse_build(bytes_text("{\"version\":\"v2.35.0+rig\",\"dashboard_url\":\"http:"
                                          "//a\",\"upgrade_message\":\"\",\"telemetry\":false}"),
                               &build, &why),
        NET_OK);
    assert_string_equal(build.version, "v2.35.0+rig");
    assert_string_equal(build.dashboard_url, "http://a");
}

static struct deployment_workspaces load_workspaces(void)
{
    struct failure why;
    struct deployment_workspaces all = {0};
    struct bytes body = data_load("workspaces.json");
    assert_int_equal(deployment_parse_workspaces(body, &all, &why), NET_OK);
    data_free(body);
    return all;
}

static void test_workspaces_and_their_agents_are_read_in_order(void **state)
{
    (void)state;
    struct deployment_workspaces all = load_workspaces();
    assert_int_equal(all.count, 5);
    assert_int_equal(all.total, 5);

    const struct deployment_workspace *dev1 = &all.items[0];
    assert_string_equal(dev1->name, "dev1");
    assert_string_equal(dev1->owner_name, "rig");
    assert_string_equal(dev1->template_name, "docker");
    assert_string_equal(dev1->transition, "start");
    assert_int_equal(dev1->status, TAILNET_WORKSPACE_RUNNING);
    assert_false(dev1->build_running);
    assert_false(dev1->dormant);
    assert_int_equal(dev1->agent_count, 1);
    assert_string_equal(dev1->agents[0].name, "main");
    assert_int_equal(dev1->agents[0].status, AGENT_CONNECTED);
    assert_string_equal(dev1->agents[0].lifecycle, "ready");
    assert_string_equal(dev1->agents[0].version, "v2.35.0+abc");

    const struct deployment_workspace *pair = &all.items[1];
    assert_int_equal(pair->agent_count, 3);
    assert_string_equal(pair->agents[0].name, "web");
    assert_false(pair->agents[0].is_sub_agent);
    assert_int_equal(pair->agents[1].status, AGENT_DISCONNECTED);
    assert_string_equal(pair->agents[2].name, "box");
    assert_true(pair->agents[2].is_sub_agent);
    assert_int_equal(pair->agents[2].status, AGENT_TIMEOUT);

    assert_int_equal(all.items[2].agent_count, 0);
    assert_int_equal(all.items[2].status, TAILNET_WORKSPACE_STOPPED);
    assert_true(all.items[2].dormant);
    assert_string_equal(all.items[2].reason, "initiator");
    assert_int_equal(all.items[2].ended_at.seconds, 1767323049); /* 2026-01-02T03:04:09Z */
    assert_true(all.items[3].build_running);
    assert_int_equal(all.items[3].ended_at.seconds, 0);
    assert_int_equal(all.items[4].agents[0].status, AGENT_CONNECTING);
    deployment_workspaces_clear(&all);
}

static void test_pages_are_added_to_one_another(void **state)
{
    (void)state;
    struct failure why;
    struct deployment_workspaces all = load_workspaces();
    struct bytes body = data_load("workspaces.json");
    assert_int_equal(deployment_parse_workspaces(body, &all, &why), NET_OK);
    assert_int_equal(all.count, 10);
    assert_string_equal(all.items[6].name, "pair");
    assert_int_equal(
        deployment_parse_workspaces(bytes_text("{\"workspaces\":null,\"count\":7}"), &all, &why),
        NET_OK);
    assert_int_equal(all.count, 10);
    assert_int_equal(all.total, 7);
    data_free(body);
    deployment_workspaces_clear(&all);
}

static void test_more_workspaces_than_the_limit_are_refused_and_the_list_stays(void **state)
{
    (void)state;
    struct failure why;
    struct deployment_workspaces all = load_workspaces();
    size_t size = 64 + 2 * (DEPLOYMENT_WORKSPACES_MAX - 4);
    char *body = mem_new(size);
    text_copy(body, size, "{\"workspaces\":[1");
    for (size_t i = 0; i < DEPLOYMENT_WORKSPACES_MAX - 5; i++) {
        memcpy(body + strlen("{\"workspaces\":[1") + 2 * i, ",1", 3);
    }
    memcpy(body + strlen(body), "]}", 3);
    assert_int_equal(deployment_parse_workspaces(bytes_text(body), &all, &why), NET_ERR_TOO_BIG);
    assert_int_equal(all.count, 5);
    free(body);
    deployment_workspaces_clear(&all);
}

static const char minimal[] = "{\"id\":\"f165f708-1617-56f9-ae13-fd0b2fc40e29\",\"name\":\"dev\","
                              "\"latest_build\":{\"resources\":[{\"agents\":[{\"id\":\"088d9673-"
                              "39a1-5f9c-a6a4-d91cd27a2636\",\"name\":\"main\"}]}]}}";

static void test_what_an_older_server_leaves_out_is_not_missed(void **state)
{
    (void)state;
    struct failure why;
    struct deployment_workspace workspace;
    assert_int_equal(deployment_parse_workspace(bytes_text(minimal), &workspace, &why), NET_OK);
    assert_int_equal(workspace.status, TAILNET_WORKSPACE_UNKNOWN);
    assert_false(workspace.build_running);
    assert_int_equal(workspace.agents[0].status, AGENT_UNKNOWN);
    assert_string_equal(workspace.agents[0].version, "");
    deployment_workspace_clear(&workspace);
}

/* Replaces a part of the minimal workspace and expects a refusal that names the member. */
static void refuse_workspace(const char *from, const char *to, const char *because)
{
    struct failure why;
    struct deployment_workspace workspace;
    memset(&workspace, 0x5a, sizeof workspace);
    const struct deployment_workspace before = workspace;
    struct bytes body = data_replace(bytes_text(minimal), from, to);
    assert_int_equal(deployment_parse_workspace(body, &workspace, &why), NET_ERR_MALFORMED);
    expect_text(why.text, because);
    assert_memory_equal(&workspace, &before, sizeof before);
    data_free(body);
}

static void test_a_member_that_is_missing_or_of_another_kind_is_named(void **state)
{
    (void)state;
    refuse_workspace("\"id\":\"f165f708-1617-56f9-ae13-fd0b2fc40e29\",", "",
                     "workspace.id is missing");
    refuse_workspace("\"f165f708-1617-56f9-ae13-fd0b2fc40e29\"", "null", "workspace.id is missing");
    refuse_workspace("f165f708-1617", "f165f708+1617", "workspace.id is not a UUID");
    refuse_workspace("\"dev\"", "7", "workspace.name is not text");
    refuse_workspace("\"dev\"", "\"\"", "workspace.name is missing");
    refuse_workspace("\"latest_build\"", "\"latest\"", "workspace.latest_build is missing");
    refuse_workspace("{\"resources\"", "[],\"x\":{\"resources\"", "latest_build is not an object");
    refuse_workspace("[{\"agents\"", "{\"a\":[{\"agents\"", "not JSON");
    refuse_workspace("{\"agents\":[", "{\"agents\":{},\"x\":[", "resource.agents is not an array");
    refuse_workspace("\"main\"", "{}", "agent.name is not text");
    refuse_workspace("\"088d9673-", "\"088d9673", "agent.id is not a UUID");
    refuse_workspace("{\"resources\"", "{\"job\":3,\"resources\"", "job is not an object");
    refuse_workspace("{\"resources\"", "{\"status\":true,\"resources\"", "status is not text");
    refuse_workspace("[{\"id\"", "[4,{\"id\"", "agent.id is missing");
}

static void test_every_cut_of_an_answer_is_refused(void **state)
{
    (void)state;
    struct failure why;
    struct deployment_workspace workspace = {0};
    for (size_t len = 0; len < sizeof minimal - 1; len++) {
        uint8_t *cut = mem_new(len);
        memcpy(cut, minimal, len);
        assert_int_equal(deployment_parse_workspace(bytes_of(cut, len), &workspace, &why),
                         NET_ERR_MALFORMED);
        free(cut);
    }
}

static void refuse_body(struct bytes body, enum net_err code, const char *because)
{
    struct failure why;
    struct deployment_user user;
    assert_int_equal(deployment_parse_user(body, &user, &why), code);
    expect_text(why.text, because);
}

static void test_what_is_no_json_object_is_refused(void **state)
{
    (void)state;
    refuse_body(bytes_text(""), NET_ERR_MALFORMED, "not JSON");
    refuse_body(bytes_of(NULL, 0), NET_ERR_MALFORMED, "not JSON");
    refuse_body(bytes_text("<html>"), NET_ERR_MALFORMED, "not JSON");
    refuse_body(bytes_text("{} {}"), NET_ERR_MALFORMED, "not JSON");
    refuse_body(bytes_of("{}\0", 3), NET_ERR_MALFORMED, "not JSON");
    refuse_body(bytes_text("[]"), NET_ERR_MALFORMED, "no object");
    refuse_body(bytes_text("\"a\""), NET_ERR_MALFORMED, "no object");
}

static struct bytes repeated(const char *head, const char *unit, size_t count)
{
    size_t head_len = strlen(head);
    size_t unit_len = strlen(unit);
    uint8_t *memory = mem_new(head_len + unit_len * count);
    memcpy(memory, head, head_len);
    for (size_t i = 0; i < count; i++) {
        memcpy(memory + head_len + i * unit_len, unit, unit_len);
    }
    return bytes_of(memory, head_len + unit_len * count);
}

static void test_deep_and_huge_answers_are_refused_before_they_are_parsed(void **state)
{
    (void)state;
    struct bytes arrays = repeated("{\"a\":", "[", 1000000);
    struct bytes objects = repeated("", "{\"a\":", 100);
    struct bytes quotes = repeated("{\"a\":\"\\\"", "[", 100);
    struct bytes values = repeated("{\"a\":[", "0,", 3 << 20);
    struct bytes large = repeated("{\"a\":\"", " ", DEPLOYMENT_BODY_MAX);
    refuse_body(arrays, NET_ERR_MALFORMED, "64 deep");
    refuse_body(objects, NET_ERR_MALFORMED, "64 deep");
    refuse_body(quotes, NET_ERR_MALFORMED, "not JSON");
    refuse_body(values, NET_ERR_TOO_BIG, "values");
    refuse_body(large, NET_ERR_TOO_BIG, "64 MiB");
    data_free(arrays);
    data_free(objects);
    data_free(quotes);
    data_free(values);
    data_free(large);
}

static void test_hostile_names_come_out_harmless(void **state)
{
    (void)state;
    struct failure why;
    struct deployment_workspace workspace;
    char longest[1000] = "\"";
    memset(longest + 1, 'n', sizeof longest - 3);
    longest[sizeof longest - 2] = '"';
    struct bytes escaped =
        data_replace(bytes_text(minimal), "\"main\"", "\"\\u001b[2J\\u202e\x07\xff\"");
    struct bytes endless = data_replace(escaped, "\"dev\"", longest);
    assert_int_equal(deployment_parse_workspace(endless, &workspace, &why), NET_OK);
    assert_int_equal(strlen(workspace.name), DEPLOYMENT_NAME_SIZE - 1);
    assert_string_equal(workspace.agents[0].name,
                        "\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    deployment_workspace_clear(&workspace);
    data_free(escaped);
    data_free(endless);
}

static void test_connection_info_is_read(void **state)
{
    (void)state;
    struct failure why;
    struct connection_info info;
    struct bytes body = data_load("connection.json");
    assert_int_equal(deployment_parse_connection(body, &info, &why), NET_OK);
    data_free(body);
    assert_true(info.derp_force_websockets);
    assert_true(info.disable_direct_connections);
    assert_string_equal(info.hostname_suffix, "coder");
    assert_int_equal(info.derp_map.region_count, 3);

    const struct derp_region *embedded = &info.derp_map.regions[0];
    assert_int_equal(embedded->id, 999);
    assert_true(embedded->embedded_relay);
    assert_string_equal(embedded->code, "coder");
    assert_string_equal(embedded->name, "Coder Embedded Relay");
    assert_true(embedded->score > 0.49 && embedded->score < 0.51);
    assert_string_equal(embedded->nodes[0].host_name, "inside.example");
    assert_int_equal(embedded->nodes[0].stun_port, -1);
    assert_int_equal(embedded->nodes[0].derp_port, 3000);
    assert_true(embedded->nodes[0].force_http);

    const struct derp_region *stun = &info.derp_map.regions[1];
    assert_true(stun->nodes[0].stun_only);
    assert_int_equal(stun->nodes[0].stun_port, 19302);
    assert_int_equal(stun->nodes[0].derp_port, 0);

    const struct derp_region *proxy = &info.derp_map.regions[2];
    assert_true(proxy->avoid);
    assert_int_equal(proxy->node_count, 2);
    assert_string_equal(proxy->nodes[0].cert_name, "cert.example");
    assert_string_equal(proxy->nodes[0].ipv4, "192.0.2.7");
    assert_string_equal(proxy->nodes[0].ipv6, "none");
    assert_string_equal(proxy->nodes[0].stun_test_ip, "192.0.2.8");
    assert_true(proxy->nodes[0].insecure_for_tests);
    assert_true(proxy->nodes[0].can_port_80);
    assert_int_equal(proxy->nodes[1].stun_port, 0);
    connection_info_clear(&info);
    assert_int_equal(info.derp_map.region_count, 0);
}

static void test_names_in_the_derp_map_match_without_case(void **state)
{
    (void)state;
    struct failure why;
    struct connection_info info;
    static const char body[] =
        "{\"derp_map\":{\"regions\":{\"999\":{\"embeddedrelay\":true,\"regioncode\":\"coder\","
        "\"regionName\":\"R\",\"nodes\":[{\"name\":\"a\",\"hostname\":\"h\",\"stunport\":-1,"
        "\"derpport\":80,\"forcehttp\":true,\"stunonly\":false}]}},\"homeparams\":{"
        "\"regionScore\":{\"999\":2}}}}";
    assert_int_equal(deployment_parse_connection(bytes_text(body), &info, &why), NET_OK);
    const struct derp_region *region = &info.derp_map.regions[0];
    assert_true(region->embedded_relay);
    assert_string_equal(region->name, "R");
    assert_true(region->score > 1.9);
    assert_string_equal(region->nodes[0].host_name, "h");
    assert_int_equal(region->nodes[0].stun_port, -1);
    assert_int_equal(region->nodes[0].derp_port, 80);
    assert_true(region->nodes[0].force_http);
    assert_false(info.disable_direct_connections);
    connection_info_clear(&info);
}

static void refuse_connection(const char *from, const char *to, const char *because)
{
    struct failure why;
    struct connection_info info;
    struct bytes good = data_load("connection.json");
    struct bytes bad = data_replace(good, from, to);
    assert_int_equal(deployment_parse_connection(bad, &info, &why), NET_ERR_MALFORMED);
    expect_text(why.text, because);
    data_free(good);
    data_free(bad);
}

static void test_numbers_and_kinds_in_the_derp_map_are_checked(void **state)
{
    (void)state;
    refuse_connection("\"derp_map\"", "\"derp_maps\"", "derp_map is missing");
    refuse_connection("19302", "1e300", "STUNPort is out of range");
    refuse_connection("19302", "1e999", "STUNPort is out of range");
    refuse_connection("19302", "-1e999", "STUNPort is out of range");
    refuse_connection("19302", "65536", "STUNPort is out of range");
    refuse_connection("19302", "3478.5", "STUNPort is not a whole number");
    refuse_connection("19302", "\"19302\"", "STUNPort is not a number");
    refuse_connection("\"DERPPort\": 3000", "\"DERPPort\": -1", "DERPPort is out of range");
    refuse_connection("\"STUNOnly\": true", "\"STUNOnly\": 1",
                      "STUNOnly is neither true nor false");
    refuse_connection("\"999\": {", "\"x99\": {", "not a region's number");
    refuse_connection("\"999\": {", "\"-999\": {", "not a region's number");
    refuse_connection("\"999\": {", "\"\": {", "not a region's number");
    refuse_connection("\"999\": {", "\"9999999999999999999999\": {", "not a region's number");
    refuse_connection("\"coder_stun_1000\"", "[]", "RegionCode is not text");
    refuse_connection("\"derp_force_websockets\": true", "\"derp_force_websockets\": \"no\"",
                      "derp_force_websockets is neither");
}

static void test_regions_that_cannot_be_used_are_dropped_and_counted(void **state)
{
    (void)state;
    struct failure why;
    struct connection_info info;
    static const char body[] = "{\"derp_map\":{\"Regions\":{\"0\":{},\"70000\":{},\"5\":null,"
                               "\"6\":{\"Nodes\":[null,{}]}},\"HomeParams\":{\"RegionScore\":"
                               "{\"6\":1e999,\"x\":3}}}}";
    assert_int_equal(deployment_parse_connection(bytes_text(body), &info, &why), NET_OK);
    assert_int_equal(info.derp_map.region_count, 1);
    assert_int_equal(info.derp_map.dropped, 2);
    assert_int_equal(info.derp_map.regions[0].node_count, 1);
    assert_true(info.derp_map.regions[0].score < 0.1);
    connection_info_clear(&info);
}

static void test_no_relays_at_all_is_an_answer(void **state)
{
    (void)state;
    struct failure why;
    struct connection_info info;
    assert_int_equal(
        deployment_parse_connection(
            bytes_text("{\"derp_map\":{\"Regions\":null},\"hostname_suffix\":null}"), &info, &why),
        NET_OK);
    assert_int_equal(info.derp_map.region_count, 0);
    connection_info_clear(&info);
}

static struct failure explain(int status, const char *type, const char *body, bool *token_refused)
{
    struct failure out;
    deployment_explain("list workspaces", "https://c.example/api/v2/workspaces", status, type,
                       bytes_text(body), &out, token_refused);
    assert_int_equal(out.http_status, status);
    expect_text(out.text, "cannot list workspaces: https://c.example/api/v2/workspaces");
    return out;
}

static void test_refusals_are_explained_with_what_to_do(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum net_err code;
        const char *says;
    } rows[] = {
        {401, "{\"message\":\"You are signed out.\",\"detail\":\"API key is invalid.\"}",
         NET_ERR_AUTH, "answered 401: You are signed out (API key is invalid). Sign in again"},
        {403, "{\"message\":\"Forbidden.\"}", NET_ERR_AUTH, "403: Forbidden. Ask an administrator"},
        {404, "{\"message\":\"Resource not found\"}", NET_ERR_NOT_FOUND, "Check the name"},
        {400,
         "{\"message\":\"Unknown or unsupported API version\",\"validations\":[{\"field\":"
         "\"version\",\"detail\":\"server is at version 1.0\"}]}",
         NET_ERR_UNSUPPORTED, "(server is at version 1.0). This client and the deployment"},
        {400, "{\"message\":\"Query parameters have invalid values.\"}", NET_ERR_REFUSED, "400"},
        {409, "{\"message\":\"Non-browser connections are disabled for your deployment.\"}",
         NET_ERR_REFUSED, "Non-browser connections are disabled"},
        {429, "{\"message\":\"You've been rate limited\"}", NET_ERR_REFUSED, "Wait a minute"},
        {500, "{\"message\":\"database not reachable\"}", NET_ERR_REFUSED, "try again later"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct failure out = explain(rows[i].status, "application/json", rows[i].body, NULL);
        assert_int_equal(out.code, rows[i].code);
        expect_text(out.text, rows[i].says);
    }
}

static void test_a_page_instead_of_json_is_told_apart(void **state)
{
    (void)state;
    static const char page[] = "<!doctype html><title>Sign in</title>";
    struct failure out = explain(200, "text/html; charset=utf-8", page, NULL);
    assert_int_equal(out.code, NET_ERR_MALFORMED);
    expect_text(out.text, "text/html; charset=utf-8 instead of JSON (status 200)");
    expect_text(out.text, "captive portal");
    out = explain(302, "text/html", page, NULL);
    assert_int_equal(out.code, NET_ERR_REFUSED);
    expect_text(out.text, "redirects elsewhere");
    out = explain(502, "", "", NULL);
    assert_int_equal(out.code, NET_ERR_REFUSED);
    expect_text(out.text, "content of no known type");
    out = explain(401, NULL, "{\"error\":1}", NULL);
    assert_int_equal(out.code, NET_ERR_AUTH);
}

static void test_a_refused_resume_token_is_not_a_login_failure(void **state)
{
    (void)state;
    bool refused = false;
    static const char token[] = "{\"message\":\"Invalid resume token\",\"validations\":[{\"field\":"
                                "\"resume_token\",\"detail\":\"Invalid resume token\"}]}";
    (void)explain(401, "application/json", token, &refused);
    assert_true(refused);
    (void)explain(400, "application/json", token, &refused);
    assert_false(refused);
    (void)explain(401, "application/json", "{\"message\":\"signed out\"}", &refused);
    assert_false(refused);
    (void)explain(401, "application/json", "{\"message\":\"m\",\"validations\":[3,{\"field\":4}]}",
                  &refused);
    assert_false(refused);
}

static void test_an_explanation_is_one_clean_line(void **state)
{
    (void)state;
    struct failure out =
        explain(500, "text/\x1b[1mhtml", "{\"message\":\"a\\r\\n\\n\\tb\\u001b[2J. \\n\"}", NULL);
    expect_text(out.text, "answered 500: a b\xef\xbf\xbd[2J. The server");
    out = explain(500, "text/\x1b[1mhtml", "", NULL);
    assert_null(strchr(out.text, '\x1b'));
}

static void expect_ref(const char *text, const char *owner, const char *name, const char *agent)
{
    struct failure why;
    struct workspace_ref ref;
    assert_int_equal(workspace_ref_parse(text, &ref, &why), NET_OK);
    assert_string_equal(ref.owner, owner);
    assert_string_equal(ref.name, name);
    assert_string_equal(ref.agent, agent);
}

static void refuse_ref(const char *text)
{
    struct failure why;
    struct workspace_ref ref;
    assert_int_equal(workspace_ref_parse(text, &ref, &why), NET_ERR_USAGE);
    expect_text(why.text, "[owner/]name[.agent]");
}

static void test_workspaces_are_named_as_for_the_coder_cli(void **state)
{
    (void)state;
    char long_name[DEPLOYMENT_NAME_SIZE + 1] = {0};
    expect_ref("dev", "me", "dev", "");
    expect_ref("dev.main", "me", "dev", "main");
    expect_ref("ann/dev", "ann", "dev", "");
    expect_ref("ann/dev.main.coder", "ann", "dev", "main");
    expect_ref("dev.", "me", "dev", "");
    expect_ref("dev.a/b", "me", "dev", "a/b");
    refuse_ref("");
    refuse_ref(".main");
    refuse_ref("/dev");
    refuse_ref("ann/");
    refuse_ref("ann/.main");
    refuse_ref("a/b/c");
    memset(long_name, 'x', DEPLOYMENT_NAME_SIZE);
    refuse_ref(long_name);
    long_name[DEPLOYMENT_NAME_SIZE - 1] = '\0';
    expect_ref(long_name, "me", long_name, "");
}

static void test_an_agent_is_picked_as_the_coder_cli_does(void **state)
{
    (void)state;
    struct failure why;
    const struct deployment_agent *agent = NULL;
    struct deployment_workspaces all = load_workspaces();
    assert_int_equal(workspace_pick_agent(&all.items[0], "", &agent, &why), NET_OK);
    assert_string_equal(agent->name, "main");
    assert_int_equal(workspace_pick_agent(&all.items[0], "main", &agent, &why), NET_OK);
    assert_int_equal(workspace_pick_agent(&all.items[0], "Main", &agent, &why), NET_ERR_NOT_FOUND);
    expect_text(why.text, "no agent \"Main\"; there is: main");

    assert_int_equal(workspace_pick_agent(&all.items[1], "", &agent, &why), NET_ERR_USAGE);
    expect_text(why.text, "several agents: box, db, web. Name one, as pair.web");
    assert_int_equal(workspace_pick_agent(&all.items[1], "db", &agent, &why), NET_OK);
    assert_string_equal(agent->name, "db");

    assert_int_equal(workspace_pick_agent(&all.items[2], "", &agent, &why), NET_ERR_STATE);
    expect_text(why.text, "\"halted\" is not started (it is stopped). Start it with `coder start");
    assert_int_equal(workspace_pick_agent(&all.items[3], "", &agent, &why), NET_ERR_NOT_FOUND);
    expect_text(why.text, "its build still runs");
    all.items[3].build_running = false;
    assert_int_equal(workspace_pick_agent(&all.items[3], "", &agent, &why), NET_ERR_NOT_FOUND);
    expect_text(why.text, "its template defines none");
    deployment_workspaces_clear(&all);
}

static void expect_near(const char *typed, const char *out)
{
    char text[100];
    static const char *const names[] = {"dev1", "dev2", "dev3", "dev4", "backend", "Frontend"};
    struct deployment_workspace items[6] = {0};
    struct deployment_workspaces all = {.count = 6, .items = items};
    for (size_t i = 0; i < 6; i++) {
        text_copy(items[i].name, sizeof items[i].name, names[i]);
    }
    workspace_near_names(&all, typed, text, sizeof text);
    assert_string_equal(text, out);
}

static void test_near_names_are_offered_and_far_ones_are_not(void **state)
{
    (void)state;
    expect_near("dve1", "did you mean dev1, dev2 or dev3?");
    expect_near("bakend", "did you mean backend?");
    expect_near("back", "did you mean backend?");
    expect_near("frontend", "did you mean Frontend?");
    expect_near("zzzzz", "");
    expect_near("", "");
}

static void test_every_status_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(workspace_status_name(TAILNET_WORKSPACE_RUNNING), "running");
    assert_string_equal(workspace_status_name(TAILNET_WORKSPACE_DELETED), "deleted");
    assert_string_equal(workspace_status_name((enum tailnet_workspace_status)99), "unknown");
    assert_string_equal(agent_status_name(AGENT_TIMEOUT), "timeout");
    assert_string_equal(agent_status_name((enum agent_status)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_user_and_a_build_are_read),
        cmocka_unit_test(test_workspaces_and_their_agents_are_read_in_order),
        cmocka_unit_test(test_pages_are_added_to_one_another),
        cmocka_unit_test(test_more_workspaces_than_the_limit_are_refused_and_the_list_stays),
        cmocka_unit_test(test_what_an_older_server_leaves_out_is_not_missed),
        cmocka_unit_test(test_a_member_that_is_missing_or_of_another_kind_is_named),
        cmocka_unit_test(test_every_cut_of_an_answer_is_refused),
        cmocka_unit_test(test_what_is_no_json_object_is_refused),
        cmocka_unit_test(test_deep_and_huge_answers_are_refused_before_they_are_parsed),
        cmocka_unit_test(test_hostile_names_come_out_harmless),
        cmocka_unit_test(test_connection_info_is_read),
        cmocka_unit_test(test_names_in_the_derp_map_match_without_case),
        cmocka_unit_test(test_numbers_and_kinds_in_the_derp_map_are_checked),
        cmocka_unit_test(test_regions_that_cannot_be_used_are_dropped_and_counted),
        cmocka_unit_test(test_no_relays_at_all_is_an_answer),
        cmocka_unit_test(test_refusals_are_explained_with_what_to_do),
        cmocka_unit_test(test_a_page_instead_of_json_is_told_apart),
        cmocka_unit_test(test_a_refused_resume_token_is_not_a_login_failure),
        cmocka_unit_test(test_an_explanation_is_one_clean_line),
        cmocka_unit_test(test_workspaces_are_named_as_for_the_coder_cli),
        cmocka_unit_test(test_an_agent_is_picked_as_the_coder_cli_does),
        cmocka_unit_test(test_near_names_are_offered_and_far_ones_are_not),
        cmocka_unit_test(test_every_status_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
