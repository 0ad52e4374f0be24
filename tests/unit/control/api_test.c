#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/control/api_uv.h"
#include "net/transport/http_server_uv.h"
#include "tests/support/data.h"
#include "tests/support/loop_uv.h"

#include <cmocka.h>

enum { ALL_WORKSPACES = 250 };

/* A deployment of which each path answers as the test sets it. */
struct rig {
    uv_loop_t loop;
    struct http_server *server;
    struct http_client *client;
    struct settings settings;
    struct api *api;
    /* What the server does. */
    const char *path; /* the one that is answered; others are not found */
    int status;
    const char *type;
    struct bytes body;
    bool never;
    bool lists_pages; /* /workspaces answers with pages of ALL_WORKSPACES */
    bool has_kept;
    struct http_exchange *kept;
    unsigned requests;
    char token[64];
    char query[64];
    char last_path[128];
    /* What came back. */
    bool done;
    struct failure failure;
    struct deployment_user user;
    struct deployment_build build;
    struct deployment_appearance appearance;
    struct deployment_workspaces workspaces;
    struct deployment_workspace workspace;
    struct connection_info connection;
    bool free_in_callback;
};

static size_t number(const struct http_exchange *exchange, const char *name)
{
    char text[32];
    assert_true(http_exchange_query(exchange, name, text, sizeof text));
    return (size_t)strtoul(text, NULL, 10);
}

static void reply_page(struct http_exchange *exchange)
{
    size_t offset = number(exchange, "offset");
    size_t limit = number(exchange, "limit");
    size_t size = 100 + limit * 128;
    char *body = mem_new(size);
    assert_true(limit > 0 && limit <= DEPLOYMENT_PAGE);
    text_format(body, size, "{\"count\":%d,\"workspaces\":[", ALL_WORKSPACES);
    for (size_t i = offset; i < offset + limit && i < ALL_WORKSPACES; i++) {
        size_t used = strlen(body);
        text_format(body + used, size - used,
                    "%s{\"id\":\"f165f708-1617-56f9-ae13-fd0b2fc40e29\","
                    "\"name\":\"w%zu\",\"latest_build\":{}}",
                    i == offset ? "" : ",", i);
    }
    size_t used = strlen(body);
    text_format(body + used, size - used, "]}");
    http_exchange_reply(exchange, 200, "application/json", NULL, 0, bytes_text(body));
    free(body);
}

static void handle(void *owner, struct http_exchange *exchange)
{
    struct rig *rig = owner;
    const char *token = http_exchange_header(exchange, "Coder-Session-Token");
    const struct http_header version = {"X-Coder-Build-Version", "v2.35.0"};
    const char *path = http_exchange_path(exchange);
    text_copy(rig->token, sizeof rig->token, token == NULL ? "(none)" : token);
    text_copy(rig->last_path, sizeof rig->last_path, path);
    rig->requests++;
    if (strcmp(path, "/pre/api/v2/workspaces") == 0 &&
        !http_exchange_query(exchange, "q", rig->query, sizeof rig->query)) {
        rig->query[0] = '\0';
    }
    if (rig->never) {
        rig->kept = exchange;
        rig->has_kept = true;
    } else if (rig->lists_pages && strcmp(path, "/pre/api/v2/workspaces") == 0) {
        reply_page(exchange);
    } else if (rig->path != NULL && strcmp(path, rig->path) == 0) {
        http_exchange_reply(exchange, rig->status, rig->type, &version, 1, rig->body);
    } else {
        http_exchange_reply(exchange, 404, "application/json", NULL, 0,
                            bytes_text("{\"message\":\"Resource not found\"}"));
    }
}

static void answer(struct rig *rig, const char *path, int status, const char *type,
                   struct bytes body)
{
    rig->path = path;
    rig->status = status;
    rig->type = type;
    rig->body = body;
}

static void rig_begin(struct rig *rig)
{
    struct failure why;
    const struct http_config config = {.user_agent = "derptop/test"};
    char url[64];
    static char token[] = "secret-token";
    memset(rig, 0, sizeof *rig);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    assert_int_equal(
        http_server_new(&rig->loop, "127.0.0.1", 0, handle, rig, NULL, &rig->server, &why), NET_OK);
    assert_int_equal(http_client_new(&rig->loop, &config, &rig->client, &why), NET_OK);
    text_format(url, sizeof url, "http://127.0.0.1:%u/pre", http_server_port(rig->server));
    assert_int_equal(settings_set_url(&rig->settings, url, &why), NET_OK);
    rig->settings.token = token;
    rig->api = api_new(rig->client, &rig->settings, NULL);
}

static void rig_end(struct rig *rig)
{
    api_free(rig->api);
    deployment_workspaces_clear(&rig->workspaces);
    deployment_workspace_clear(&rig->workspace);
    connection_info_clear(&rig->connection);
    http_client_close(rig->client);
    http_server_close(rig->server);
    loop_finish(&rig->loop);
}

static void note(struct rig *rig, const struct failure *failure)
{
    assert_false(rig->done);
    rig->done = true;
    rig->failure = *failure;
    if (rig->free_in_callback) {
        api_free(rig->api);
        rig->api = NULL;
    }
}

static void on_user(void *owner, const struct failure *failure, const struct deployment_user *user)
{
    struct rig *rig = owner;
    assert_true((failure->code == NET_OK) == (user != NULL));
    if (user != NULL) {
        rig->user = *user;
    }
    note(rig, failure);
}

static void on_appearance(void *owner, const struct failure *failure,
                          const struct deployment_appearance *appearance)
{
    struct rig *rig = owner;
    rig->failure = *failure;
    rig->appearance = *appearance;
    rig->done = true;
}

static void on_build(void *owner, const struct failure *failure,
                     const struct deployment_build *build)
{
    struct rig *rig = owner;
    if (build != NULL) {
        rig->build = *build;
    }
    note(rig, failure);
}

static void on_workspaces(void *owner, const struct failure *failure,
                          struct deployment_workspaces *workspaces)
{
    struct rig *rig = owner;
    if (workspaces != NULL) {
        rig->workspaces = *workspaces;
        *workspaces = (struct deployment_workspaces){0};
    }
    note(rig, failure);
}

static void on_workspace(void *owner, const struct failure *failure,
                         struct deployment_workspace *workspace)
{
    struct rig *rig = owner;
    if (workspace != NULL) {
        rig->workspace = *workspace;
        *workspace = (struct deployment_workspace){0};
    }
    note(rig, failure);
}

static void on_connection(void *owner, const struct failure *failure, struct connection_info *info)
{
    struct rig *rig = owner;
    if (info != NULL) {
        rig->connection = *info;
        *info = (struct connection_info){0};
    }
    note(rig, failure);
}

static void wait_for_answer(struct rig *rig)
{
    loop_until(&rig->loop, &rig->done, "the answer of the API");
}

static const char json[] = "application/json; charset=utf-8";

static void test_the_user_and_the_build_are_asked_for_with_the_token(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    assert_string_equal(api_build_version(rig.api), "");
    answer(&rig, "/pre/api/v2/users/me", 200, json,
           bytes_text("{\"id\":\"c79063f0-c973-50b7-9dc7-b948f0b32ad9\",\"username\":\"rig\"}"));
    (void)api_user(rig.api, on_user, &rig);
    assert_false(rig.done);
    wait_for_answer(&rig);
    assert_int_equal(rig.failure.code, NET_OK);
    assert_string_equal(rig.user.username, "rig");
    assert_string_equal(rig.token, "secret-token");
    assert_string_equal(api_build_version(rig.api), "v2.35.0");

    rig.done = false;
    answer(&rig, "/pre/api/v2/buildinfo", 200, json, bytes_text("{\"version\":\"v2.36.0\"}"));
    (void)api_build(rig.api, on_build, &rig);
    wait_for_answer(&rig);
    assert_string_equal(rig.build.version, "v2.36.0");

    rig.done = false;
    answer(&rig, "/pre/api/v2/appearance", 200, json,
           bytes_text("{\"application_name\":\"\",\"docs_url\":\"https://docs.example/coder\"}"));
    (void)api_appearance(rig.api, on_appearance, &rig);
    wait_for_answer(&rig);
    assert_string_equal(rig.appearance.docs_url, "https://docs.example/coder");
    rig_end(&rig);
}

static void test_a_list_is_read_to_its_last_page(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    rig.lists_pages = true;
    (void)api_workspaces(rig.api, "owner:me name:\"a&b\"", on_workspaces, &rig);
    wait_for_answer(&rig);
    assert_int_equal(rig.failure.code, NET_OK);
    assert_int_equal(rig.requests, 3);
    assert_int_equal(rig.workspaces.count, ALL_WORKSPACES);
    assert_string_equal(rig.workspaces.items[0].name, "w0");
    assert_string_equal(rig.workspaces.items[249].name, "w249");
    assert_string_equal(rig.query, "owner:me name:\"a&b\"");
    rig_end(&rig);
}

static void test_a_list_that_never_ends_is_left(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    answer(&rig, "/pre/api/v2/workspaces", 200, json,
           bytes_text("{\"count\":1000000,\"workspaces\":[]}"));
    (void)api_workspaces(rig.api, "", on_workspaces, &rig);
    wait_for_answer(&rig);
    assert_int_equal(rig.failure.code, NET_OK);
    assert_int_equal(rig.requests, 1);
    rig_end(&rig);
}

static void test_a_workspace_is_found_by_owner_and_name(void **state)
{
    (void)state;
    struct rig rig;
    const struct workspace_ref ref = {.owner = "an/n", .name = "d v?"};
    rig_begin(&rig);
    answer(&rig, "/pre/api/v2/users/an/n/workspace/d v?", 200, json,
           bytes_text("{\"id\":\"f165f708-1617-56f9-ae13-fd0b2fc40e29\",\"name\":\"dev\","
                      "\"latest_build\":{\"transition\":\"start\"}}"));
    (void)api_workspace(rig.api, &ref, on_workspace, &rig);
    wait_for_answer(&rig);
    assert_int_equal(rig.failure.code, NET_OK);
    assert_string_equal(rig.workspace.name, "dev");
    assert_int_equal(rig.requests, 1);
    rig_end(&rig);
}

static void expect_failure(const struct rig *rig, enum net_err code, const char *part)
{
    assert_int_equal(rig->failure.code, code);
    if (strstr(rig->failure.text, part) == NULL) {
        fail_msg("\"%s\" does not hold \"%s\"", rig->failure.text, part);
    }
    assert_null(strstr(rig->failure.text, "secret-token"));
}

static void test_a_workspace_that_is_not_there_brings_the_near_names(void **state)
{
    (void)state;
    struct rig rig;
    struct bytes list = data_load("workspaces.json");
    const struct workspace_ref mine = {.owner = "me", .name = "dve1"};
    const struct workspace_ref far = {.owner = "ann", .name = "something"};
    rig_begin(&rig);
    answer(&rig, "/pre/api/v2/workspaces", 200, json, list);
    (void)api_workspace(rig.api, &mine, on_workspace, &rig);
    wait_for_answer(&rig);
    expect_failure(&rig, NET_ERR_NOT_FOUND,
                   "no workspace \"dve1\", or you may not see it; did you mean dev1?");
    assert_int_equal(rig.failure.http_status, 404);
    assert_string_equal(rig.query, "owner:me");

    rig.done = false;
    (void)api_workspace(rig.api, &far, on_workspace, &rig);
    wait_for_answer(&rig);
    expect_failure(&rig, NET_ERR_NOT_FOUND, "no workspace \"ann/something\"");
    assert_string_equal(rig.query, "owner:ann");

    rig.done = false;
    answer(&rig, "/pre/api/v2/workspaces", 500, "text/plain", bytes_text("oops"));
    (void)api_workspace(rig.api, &mine, on_workspace, &rig);
    wait_for_answer(&rig);
    expect_failure(&rig, NET_ERR_NOT_FOUND, "no workspace \"dve1\"");
    rig_end(&rig);
    data_free(list);
}

static void test_embedded_relays_are_reached_where_the_user_reaches_the_server(void **state)
{
    (void)state;
    struct rig rig;
    struct uuid agent;
    struct bytes body = data_load("connection.json");
    rig_begin(&rig);
    assert_int_equal(uuid_parse("088d9673-39a1-5f9c-a6a4-d91cd27a2636", &agent), NET_OK);
    answer(&rig, "/pre/api/v2/workspaceagents/088d9673-39a1-5f9c-a6a4-d91cd27a2636/connection", 200,
           json, body);
    (void)api_connection(rig.api, &agent, on_connection, &rig);
    wait_for_answer(&rig);
    assert_int_equal(rig.failure.code, NET_OK);
    const struct derp_region *embedded = derp_map_find(&rig.connection.derp_map, 999);
    assert_string_equal(embedded->nodes[0].host_name, "127.0.0.1");
    assert_int_equal(embedded->nodes[0].derp_port, http_server_port(rig.server));
    assert_true(embedded->nodes[0].force_http);
    const struct derp_region *stun = derp_map_find(&rig.connection.derp_map, 1000);
    assert_string_equal(stun->nodes[0].host_name, "stun.example");
    rig_end(&rig);
    data_free(body);
}

static void ask_user(struct rig *rig, int status, const char *type, const char *body)
{
    rig->done = false;
    answer(rig, "/pre/api/v2/users/me", status, type, bytes_text(body));
    (void)api_user(rig->api, on_user, rig);
    wait_for_answer(rig);
}

static void test_other_answers_are_failures_that_say_what_to_do(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    ask_user(&rig, 401, json, "{\"message\":\"You are signed out.\"}");
    expect_failure(&rig, NET_ERR_AUTH, "You are signed out. Sign in again");
    ask_user(&rig, 200, "text/html", "<html>Sign in</html>");
    expect_failure(&rig, NET_ERR_MALFORMED, "text/html instead of JSON");
    ask_user(&rig, 307, "text/html", "");
    expect_failure(&rig, NET_ERR_REFUSED, "redirects elsewhere");
    ask_user(&rig, 200, json, "{\"id\":\"x\"");
    expect_failure(&rig, NET_ERR_MALFORMED, "not understood (not JSON)");
    ask_user(&rig, 200, json, "{\"id\":1,\"username\":\"u\"}");
    expect_failure(&rig, NET_ERR_MALFORMED, "not understood (user.id is not text)");
    ask_user(&rig, 200, "application/jsonp", "{}");
    expect_failure(&rig, NET_ERR_MALFORMED, "application/jsonp instead of JSON");
    rig_end(&rig);
}

static void test_an_answer_that_is_too_large_is_cut_off(void **state)
{
    (void)state;
    struct rig rig;
    size_t size = (size_t)5 << 20;
    uint8_t *large = mem_new(size);
    memset(large, ' ', size);
    rig_begin(&rig);
    answer(&rig, "/pre/api/v2/users/me", 200, json, bytes_of(large, size));
    (void)api_user(rig.api, on_user, &rig);
    wait_for_answer(&rig);
    expect_failure(&rig, NET_ERR_TOO_BIG, "cannot ask who is signed in");
    rig_end(&rig);
    free(large);
}

static void test_a_server_that_is_away_is_said(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    struct failure why;
    assert_int_equal(settings_set_url(&rig.settings, "http://127.0.0.1:1", &why), NET_OK);
    (void)api_user(rig.api, on_user, &rig);
    wait_for_answer(&rig);
    expect_failure(&rig, NET_ERR_IO, "cannot ask who is signed in: http://127.0.0.1:1/api");
    rig_end(&rig);
}

static void test_a_cancelled_question_is_never_answered(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    answer(&rig, "/pre/api/v2/users/me", 200, json, bytes_text("{}"));
    struct api_call *first = api_user(rig.api, on_user, &rig);
    (void)api_user(rig.api, on_user, &rig);
    api_cancel(first);
    wait_for_answer(&rig); /* once: a second one would fail the test */
    rig.done = false;
    rig.never = true;
    (void)api_workspaces(rig.api, "", on_workspaces, &rig);
    loop_until(&rig.loop, &rig.has_kept, "the request at the server");
    api_free(rig.api);
    rig.api = NULL;
    loop_turns(&rig.loop, 20);
    assert_false(rig.done);
    http_exchange_reply(rig.kept, 200, json, NULL, 0, bytes_text("{}"));
    loop_turns(&rig.loop, 20);
    assert_false(rig.done);
    rig_end(&rig);
}

static void test_the_api_may_be_freed_in_its_callback(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    rig.free_in_callback = true;
    ask_user(&rig, 401, json, "{\"message\":\"no\"}");
    assert_null(rig.api);
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_user_and_the_build_are_asked_for_with_the_token),
        cmocka_unit_test(test_a_list_is_read_to_its_last_page),
        cmocka_unit_test(test_a_list_that_never_ends_is_left),
        cmocka_unit_test(test_a_workspace_is_found_by_owner_and_name),
        cmocka_unit_test(test_a_workspace_that_is_not_there_brings_the_near_names),
        cmocka_unit_test(test_embedded_relays_are_reached_where_the_user_reaches_the_server),
        cmocka_unit_test(test_other_answers_are_failures_that_say_what_to_do),
        cmocka_unit_test(test_an_answer_that_is_too_large_is_cut_off),
        cmocka_unit_test(test_a_server_that_is_away_is_said),
        cmocka_unit_test(test_a_cancelled_question_is_never_answered),
        cmocka_unit_test(test_the_api_may_be_freed_in_its_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
