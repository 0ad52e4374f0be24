#include "net/lab/lab_rest.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "net/base/text.h"
#include "net/lab/lab_json.h"
#include "net/lab/lab_rest_internal.h"
#include "net/lab/lab_search.h"

#define GONE      "The lab's coordinator is told to be gone."
#define NOT_FOUND "Resource not found or you do not have access to this resource"

static void list_workspaces(struct lab_call *call)
{
    struct lab_deployment *deployment = call->rest->deployment;
    char text[LAB_SEARCH_SIZE];
    size_t limit = 0;
    size_t offset = 0;
    size_t matched = 0;
    if (!lab_query_number(call, "limit", &limit) || !lab_query_number(call, "offset", &offset)) {
        return;
    }
    (void)lab_query(call, "q", text, sizeof text);
    cJSON *out = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(out, "workspaces");
    for (size_t i = 0; i < deployment->count; i++) {
        char key[LAB_SEARCH_KEY_SIZE];
        bool match = false;
        if (lab_search(deployment, text, &deployment->workspaces[i], &match, key) != NET_OK) {
            char detail[80];
            text_format(detail, sizeof detail, "\"%s\" is not a valid query param", key);
            cJSON_Delete(out);
            lab_answer_invalid(call, 400, "Invalid workspace search query.", key, detail);
            return;
        }
        if (match && matched++ >= offset && (limit == 0 || matched <= offset + limit)) {
            cJSON_AddItemToArray(list, lab_json_workspace(deployment, &deployment->workspaces[i]));
        }
    }
    cJSON_AddNumberToObject(out, "count", (double)matched);
    lab_answer_json(call, 200, out);
}

/* The UUID of a segment. False: 400 answered. */
static bool segment_id(struct lab_call *call, size_t index, struct uuid *out)
{
    if (uuid_parse(call->segments[index], out) == NET_OK) {
        return true;
    }
    char message[LAB_SEGMENT_SIZE + 32];
    char shown[LAB_SEGMENT_SIZE];
    (void)text_clean(shown, sizeof shown, bytes_text(call->segments[index]));
    text_format(message, sizeof message, "Invalid UUID \"%s\".", shown);
    lab_answer_error(call, 400, message, "invalid UUID length or format");
    return false;
}

static void answer_workspace(struct lab_call *call, const struct lab_workspace *workspace)
{
    if (workspace == NULL) {
        lab_answer_error(call, 404, NOT_FOUND, NULL);
        return;
    }
    lab_answer_json(call, 200, lab_json_workspace(call->rest->deployment, workspace));
}

static void coordinate_client(struct lab_call *call, const struct uuid *scope, const char *version)
{
    struct lab_seat seat = {.scope = *scope};
    if (call->rest->deployment->refusals.coordinator) {
        lab_answer_error(call, 503, GONE, NULL);
    } else if (call->rest->deployment->refusals.version) {
        lab_answer_invalid(call, 400, "Unknown or unsupported API version", "version",
                           "the lab is told to know none");
    } else if (lab_version_checked(call, version) && lab_client_peer(call, &seat.peer)) {
        call->out->kind = LAB_ANSWER_COORDINATE;
        call->out->seat = seat;
    }
}

static void coordinate_agent(struct lab_call *call)
{
    char token[LAB_QUERY_SIZE];
    lab_request_token(call, token);
    const struct lab_workspace *workspace =
        lab_deployment_by_agent_token(call->rest->deployment, token);
    if (workspace == NULL) {
        lab_answer_error(call, 401, "Workspace agent not authorized.", NULL);
    } else if (call->rest->deployment->refusals.coordinator) {
        lab_answer_error(call, 503, GONE, NULL);
    } else if (lab_version_checked(call, "1.0")) {
        call->out->kind = LAB_ANSWER_COORDINATE;
        call->out->seat = (struct lab_seat){.peer = workspace->agent_id, .is_agent = true};
    }
}

static void agent_route(struct lab_call *call)
{
    struct uuid id;
    struct lab_deployment *deployment = call->rest->deployment;
    const char *what = call->count == 3 ? call->segments[2] : "";
    if (!segment_id(call, 1, &id)) {
        return;
    }
    const struct lab_workspace *workspace = lab_deployment_by_agent(deployment, &id);
    if (workspace == NULL) {
        lab_answer_error(call, 404, NOT_FOUND, NULL);
    } else if (what[0] == '\0') {
        lab_answer_json(call, 200, lab_json_agent(deployment, workspace));
    } else if (strcmp(what, "connection") == 0) {
        lab_answer_json(call, 200, lab_json_connection(deployment));
    } else if (strcmp(what, "coordinate") == 0) {
        coordinate_client(call, &id, "1.0");
    } else {
        lab_answer_error(call, 404, "Route not found.", NULL);
    }
}

static bool is_route(const struct lab_call *call, size_t count, const char *first)
{
    return call->count == count && strcmp(call->segments[0], first) == 0;
}

static void user_routes(struct lab_call *call)
{
    struct lab_deployment *deployment = call->rest->deployment;
    if (!lab_deployment_is_owner(deployment, call->segments[1])) {
        lab_answer_error(call, 404, NOT_FOUND, NULL);
    } else if (call->count == 2) {
        lab_answer_json(call, 200, lab_json_user(deployment));
    } else if (call->count == 4 && strcmp(call->segments[2], "workspace") == 0) {
        answer_workspace(call, lab_deployment_by_name(deployment, call->segments[3]));
    } else {
        lab_answer_error(call, 404, "Route not found.", NULL);
    }
}

/* Routes that want a session token. */
static void signed_in_routes(struct lab_call *call)
{
    struct lab_deployment *deployment = call->rest->deployment;
    struct uuid id;
    if (is_route(call, 2, "users") || is_route(call, 4, "users")) {
        user_routes(call);
    } else if (is_route(call, 1, "appearance")) {
        lab_answer_json(call, 200, lab_json_appearance());
    } else if (is_route(call, 1, "workspaces")) {
        list_workspaces(call);
    } else if (is_route(call, 2, "workspaces")) {
        if (segment_id(call, 1, &id)) {
            answer_workspace(call, lab_deployment_by_id(deployment, &id));
        }
    } else if (is_route(call, 2, "workspaceagents") &&
               strcmp(call->segments[1], "connection") == 0) {
        lab_answer_json(call, 200, lab_json_connection(deployment));
    } else if (is_route(call, 2, "workspaceagents") || is_route(call, 3, "workspaceagents")) {
        agent_route(call);
    } else if (is_route(call, 1, "tailnet")) {
        coordinate_client(call, &(struct uuid){{0}}, "2.0");
    } else {
        lab_answer_error(call, 404, "Route not found.", NULL);
    }
}

static void api_routes(struct lab_call *call)
{
    if (is_route(call, 1, "buildinfo")) {
        lab_answer_json(call, 200, lab_json_build_info(call->rest->deployment));
    } else if (is_route(call, 3, "workspaceagents") && strcmp(call->segments[1], "me") == 0 &&
               strcmp(call->segments[2], "rpc") == 0) {
        coordinate_agent(call);
    } else if (lab_signed_in(call)) {
        signed_in_routes(call);
    }
}

/* Splits what follows /api/v2. False: too many or too long pieces, which no route has. */
static bool split_path(struct lab_call *call, const char *path)
{
    while (*path != '\0') {
        path += *path == '/' ? 1 : 0;
        size_t len = strcspn(path, "/");
        if (len == 0 || len >= LAB_SEGMENT_SIZE || call->count == LAB_SEGMENTS_MAX) {
            return false;
        }
        text_format(call->segments[call->count++], LAB_SEGMENT_SIZE, "%.*s", (int)len, path);
        path += len;
    }
    return call->count > 0;
}

void lab_rest_answer(const struct lab_rest *rest, struct wall_time now,
                     const struct lab_request *request, struct lab_answer *out)
{
    struct lab_call call = {.rest = rest, .request = request, .now = now, .out = out};
    *out = (struct lab_answer){.kind = LAB_ANSWER_BODY, .content_type = ""};
    if (strcmp(request->method, "GET") != 0) {
        out->status = 405;
    } else if (strncmp(request->path, "/api/v2/", 8) == 0) {
        if (split_path(&call, request->path + 7)) {
            api_routes(&call);
        } else {
            lab_answer_error(&call, 404, "Route not found.", NULL);
        }
    } else if (strcmp(request->path, "/healthz") == 0 ||
               strcmp(request->path, "/latency-check") == 0) {
        lab_answer_text(&call, 200, "OK");
    } else if (strcmp(request->path, "/derp/latency-check") == 0) {
        lab_answer_text(&call, 200, "");
    } else if (strcmp(request->path, "/derp") == 0) {
        out->kind = LAB_ANSWER_RELAY;
    } else {
        lab_answer_error(&call, 404, "Route not found.", NULL);
    }
}
