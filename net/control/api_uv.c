#include "net/control/api_uv.h"

#include <string.h>

#include "net/base/text.h"
#include "net/control/api_call_uv.h"

static void finish_user(struct api_call *call, const struct failure *failure,
                        const struct deployment_user *user)
{
    api_call_unlink(call);
    call->done.user(call->owner, failure, user);
    api_call_free(call);
}

static void fail_user(struct api_call *call, const struct failure *failure)
{
    finish_user(call, failure, NULL);
}

static void answer_user(struct api_call *call, struct bytes body)
{
    struct failure why;
    struct failure failure = {0};
    struct deployment_user user;
    if (deployment_parse_user(body, &user, &why) != NET_OK) {
        api_call_not_understood(call, &why, &failure);
        fail_user(call, &failure);
        return;
    }
    finish_user(call, &failure, &user);
}

struct api_call *api_user(struct api *api,
                          void (*done)(void *owner, const struct failure *failure,
                                       const struct deployment_user *user),
                          void *owner)
{
    static const struct api_question question = {"ask who is signed in", API_SMALL_BODY_MAX,
                                                 answer_user, fail_user};
    struct api_call *call = api_call_new(api, &question, owner);
    call->done.user = done;
    api_call_ask(call, "/api/v2/users/me", NULL);
    return call;
}

static void finish_build(struct api_call *call, const struct failure *failure,
                         const struct deployment_build *build)
{
    api_call_unlink(call);
    call->done.build(call->owner, failure, build);
    api_call_free(call);
}

static void fail_build(struct api_call *call, const struct failure *failure)
{
    finish_build(call, failure, NULL);
}

static void answer_build(struct api_call *call, struct bytes body)
{
    struct failure why;
    struct failure failure = {0};
    struct deployment_build build;
    if (deployment_parse_build(body, &build, &why) != NET_OK) {
        api_call_not_understood(call, &why, &failure);
        fail_build(call, &failure);
        return;
    }
    finish_build(call, &failure, &build);
}

struct api_call *api_build(struct api *api,
                           void (*done)(void *owner, const struct failure *failure,
                                        const struct deployment_build *build),
                           void *owner)
{
    static const struct api_question question = {"ask for the deployment's version",
                                                 API_SMALL_BODY_MAX, answer_build, fail_build};
    struct api_call *call = api_call_new(api, &question, owner);
    call->done.build = done;
    api_call_ask(call, "/api/v2/buildinfo", NULL);
    return call;
}

static void finish_appearance(struct api_call *call, const struct failure *failure,
                              const struct deployment_appearance *appearance)
{
    api_call_unlink(call);
    call->done.appearance(call->owner, failure, appearance);
    api_call_free(call);
}

static void fail_appearance(struct api_call *call, const struct failure *failure)
{
    finish_appearance(call, failure, NULL);
}

static void answer_appearance(struct api_call *call, struct bytes body)
{
    struct failure why;
    struct failure failure = {0};
    struct deployment_appearance appearance;
    if (deployment_parse_appearance(body, &appearance, &why) != NET_OK) {
        api_call_not_understood(call, &why, &failure);
        fail_appearance(call, &failure);
        return;
    }
    finish_appearance(call, &failure, &appearance);
}

struct api_call *api_appearance(struct api *api,
                                void (*done)(void *owner, const struct failure *failure,
                                             const struct deployment_appearance *appearance),
                                void *owner)
{
    static const struct api_question question = {
        "ask where the documentation is", API_SMALL_BODY_MAX, answer_appearance, fail_appearance};
    struct api_call *call = api_call_new(api, &question, owner);
    call->done.appearance = done;
    api_call_ask(call, "/api/v2/appearance", NULL);
    return call;
}

static void finish_workspaces(struct api_call *call, const struct failure *failure,
                              struct deployment_workspaces *workspaces)
{
    api_call_unlink(call);
    call->done.workspaces(call->owner, failure, workspaces);
    api_call_free(call);
}

static void fail_workspaces(struct api_call *call, const struct failure *failure)
{
    finish_workspaces(call, failure, NULL);
}

/* The next page, of which not more is asked for than there is room. */
static void ask_page(struct api_call *call)
{
    char limit[16];
    char offset[16];
    size_t room = DEPLOYMENT_WORKSPACES_MAX - call->all.count;
    const char *const parts[] = {call->query, limit, offset};
    text_format(limit, sizeof limit, "%zu", room < DEPLOYMENT_PAGE ? room : DEPLOYMENT_PAGE);
    text_format(offset, sizeof offset, "%zu", call->all.count);
    api_call_ask(call, "/api/v2/workspaces?q={}&limit={}&offset={}", parts);
}

static void answer_workspaces(struct api_call *call, struct bytes body)
{
    struct failure why;
    struct failure failure = {0};
    size_t before = call->all.count;
    if (deployment_parse_workspaces(body, &call->all, &why) != NET_OK) {
        api_call_not_understood(call, &why, &failure);
        fail_workspaces(call, &failure);
        return;
    }
    size_t count = call->all.count;
    size_t gained = count - before;
    bool complete = call->all.total > 0 ? count >= call->all.total : gained < DEPLOYMENT_PAGE;
    if (!complete && count >= DEPLOYMENT_WORKSPACES_MAX) {
        log_line(call->api->log, LOG_WARN, LOG_CONTROL, "of %zu workspaces only %zu are listed",
                 call->all.total, count);
        complete = true;
    }
    if (complete || gained == 0) {
        finish_workspaces(call, &failure, &call->all);
        return;
    }
    ask_page(call);
}

struct api_call *api_workspaces(struct api *api, const char *query,
                                void (*done)(void *owner, const struct failure *failure,
                                             struct deployment_workspaces *workspaces),
                                void *owner)
{
    static const struct api_question question = {"list workspaces", DEPLOYMENT_BODY_MAX,
                                                 answer_workspaces, fail_workspaces};
    struct api_call *call = api_call_new(api, &question, owner);
    call->done.workspaces = done;
    text_copy(call->query, sizeof call->query, query);
    ask_page(call);
    return call;
}

static void finish_workspace(struct api_call *call, const struct failure *failure,
                             struct deployment_workspace *workspace)
{
    api_call_unlink(call);
    call->done.workspace(call->owner, failure, workspace);
    if (workspace != NULL) {
        deployment_workspace_clear(workspace);
    }
    api_call_free(call);
}

/* The workspace was not found; what is near its name is known, or "". */
static void finish_not_found(struct api_call *call, const char *near)
{
    struct failure failure;
    bool mine = strcmp(call->ref.owner, "me") == 0;
    (void)failure_set(&failure, NET_ERR_NOT_FOUND,
                      "there is no workspace \"%s%s%s\", or you may not see it%s%s",
                      mine ? "" : call->ref.owner, mine ? "" : "/", call->ref.name,
                      near[0] == '\0' ? ". `derptop list` shows those there are" : "; ", near);
    failure.http_status = call->failure.http_status;
    finish_workspace(call, &failure, NULL);
}

static void answer_near(struct api_call *call, struct bytes body)
{
    struct failure ignored;
    char near[200] = "";
    if (deployment_parse_workspaces(body, &call->all, &ignored) == NET_OK) {
        workspace_near_names(&call->all, call->ref.name, near, sizeof near);
    }
    finish_not_found(call, near);
}

static void fail_near(struct api_call *call, const struct failure *failure)
{
    (void)failure;
    finish_not_found(call, "");
}

static void fail_workspace(struct api_call *call, const struct failure *failure)
{
    static const struct api_question near = {"list workspaces", DEPLOYMENT_BODY_MAX, answer_near,
                                             fail_near};
    if (failure->code != NET_ERR_NOT_FOUND || failure->http_status != 404) {
        finish_workspace(call, failure, NULL);
        return;
    }
    call->failure = *failure;
    call->question = &near;
    text_format(call->query, sizeof call->query, "owner:%s", call->ref.owner);
    ask_page(call);
}

static void answer_workspace(struct api_call *call, struct bytes body)
{
    struct failure why;
    struct failure failure = {0};
    struct deployment_workspace workspace;
    if (deployment_parse_workspace(body, &workspace, &why) != NET_OK) {
        api_call_not_understood(call, &why, &failure);
        finish_workspace(call, &failure, NULL);
        return;
    }
    finish_workspace(call, &failure, &workspace);
}

struct api_call *api_workspace(struct api *api, const struct workspace_ref *ref,
                               void (*done)(void *owner, const struct failure *failure,
                                            struct deployment_workspace *workspace),
                               void *owner)
{
    static const struct api_question question = {"look up the workspace", DEPLOYMENT_BODY_MAX,
                                                 answer_workspace, fail_workspace};
    struct api_call *call = api_call_new(api, &question, owner);
    const char *const parts[] = {ref->owner, ref->name};
    call->done.workspace = done;
    call->ref = *ref;
    api_call_ask(call, "/api/v2/users/{}/workspace/{}?include_deleted=false", parts);
    return call;
}

static void finish_connection(struct api_call *call, const struct failure *failure,
                              struct connection_info *info)
{
    api_call_unlink(call);
    call->done.connection(call->owner, failure, info);
    if (info != NULL) {
        connection_info_clear(info);
    }
    api_call_free(call);
}

static void fail_connection(struct api_call *call, const struct failure *failure)
{
    finish_connection(call, failure, NULL);
}

static void answer_connection(struct api_call *call, struct bytes body)
{
    struct failure why;
    struct failure failure = {0};
    struct connection_info info;
    const struct settings *settings = call->api->settings;
    if (deployment_parse_connection(body, &info, &why) != NET_OK) {
        api_call_not_understood(call, &why, &failure);
        fail_connection(call, &failure);
        return;
    }
    derp_map_rewrite_embedded(&info.derp_map, settings->host, settings->port, settings->plain_http);
    finish_connection(call, &failure, &info);
}

struct api_call *api_connection(struct api *api, const struct uuid *agent,
                                void (*done)(void *owner, const struct failure *failure,
                                             struct connection_info *info),
                                void *owner)
{
    static const struct api_question question = {
        "ask how to connect to the agent", API_SMALL_BODY_MAX, answer_connection, fail_connection};
    struct api_call *call = api_call_new(api, &question, owner);
    char id[UUID_TEXT_SIZE];
    const char *const parts[] = {id};
    call->done.connection = done;
    if (agent == NULL) {
        api_call_ask(call, "/api/v2/workspaceagents/connection", NULL);
        return call;
    }
    uuid_text(agent, id);
    api_call_ask(call, "/api/v2/workspaceagents/{}/connection", parts);
    return call;
}
