#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/control/deployment.h"
#include "net/json/json_view.h"

enum { AGENTS_MAX = 256 }; /* ours, of one workspace; templates have one to five */

static const char *const status_names[] = {
    [TAILNET_WORKSPACE_UNKNOWN] = "unknown",   [TAILNET_WORKSPACE_PENDING] = "pending",
    [TAILNET_WORKSPACE_STARTING] = "starting", [TAILNET_WORKSPACE_RUNNING] = "running",
    [TAILNET_WORKSPACE_STOPPING] = "stopping", [TAILNET_WORKSPACE_STOPPED] = "stopped",
    [TAILNET_WORKSPACE_FAILED] = "failed",     [TAILNET_WORKSPACE_CANCELING] = "canceling",
    [TAILNET_WORKSPACE_CANCELED] = "canceled", [TAILNET_WORKSPACE_DELETING] = "deleting",
    [TAILNET_WORKSPACE_DELETED] = "deleted",
};

static const char *const agent_names[] = {
    [AGENT_UNKNOWN] = "unknown",     [AGENT_CONNECTING] = "connecting",
    [AGENT_CONNECTED] = "connected", [AGENT_DISCONNECTED] = "disconnected",
    [AGENT_TIMEOUT] = "timeout",
};

enum {
    STATUS_COUNT = sizeof status_names / sizeof status_names[0],
    AGENT_STATUS_COUNT = sizeof agent_names / sizeof agent_names[0],
};

/* The place of `text` in the table; 0, which is "unknown", when it is not there. */
static size_t place_of(const char *const *names, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], text) == 0) {
            return i;
        }
    }
    return 0;
}

const char *workspace_status_name(enum tailnet_workspace_status status)
{
    return (size_t)status < STATUS_COUNT ? status_names[status] : status_names[0];
}

const char *agent_status_name(enum agent_status status)
{
    return (size_t)status < AGENT_STATUS_COUNT ? agent_names[status] : agent_names[0];
}

static void read_agent(const cJSON *json, struct deployment_agent *out, struct failure *why)
{
    struct json_view view = {.object = json, .why = why, .where = "agent"};
    struct uuid parent;
    char status[32];
    json_uuid(&view, "id", true, &out->id);
    json_uuid(&view, "parent_id", false, &parent);
    json_text(&view, "name", true, out->name, sizeof out->name);
    json_text(&view, "status", false, status, sizeof status);
    json_text(&view, "lifecycle_state", false, out->lifecycle, sizeof out->lifecycle);
    json_text(&view, "version", false, out->version, sizeof out->version);
    out->is_sub_agent = !uuid_is_zero(&parent);
    out->status = (enum agent_status)place_of(agent_names, AGENT_STATUS_COUNT, status);
}

static void add_agent(const cJSON *json, struct deployment_workspace *out, struct failure *why)
{
    if (out->agent_count == AGENTS_MAX) {
        if (why->code == NET_OK) {
            (void)failure_set(why, NET_ERR_TOO_BIG, "a workspace with more than %d agents",
                              AGENTS_MAX);
        }
        return;
    }
    out->agents = mem_resize(out->agents, out->agent_count + 1, sizeof *out->agents);
    struct deployment_agent *agent = &out->agents[out->agent_count++];
    *agent = (struct deployment_agent){0};
    read_agent(json, agent, why);
}

static void read_resources(const struct json_view *build, struct deployment_workspace *out)
{
    const cJSON *resource = NULL;
    const cJSON *resources = json_array(build, "resources");
    cJSON_ArrayForEach(resource, resources)
    {
        const cJSON *agent = NULL;
        struct json_view view = {.object = resource, .why = build->why, .where = "resource"};
        const cJSON *agents = json_array(&view, "agents");
        cJSON_ArrayForEach(agent, agents)
        {
            if (build->why->code != NET_OK) {
                return;
            }
            add_agent(agent, out, build->why);
        }
    }
}

/* A job whose completed_at is absent still runs, unless its status says otherwise. */
static bool job_runs(const struct json_view *build, struct wall_time *ended_at)
{
    struct json_view job = {
        .object = json_object(build, "job", false), .why = build->why, .where = "job"};
    char status[32];
    char completed[64];
    json_text(&job, "status", false, status, sizeof status);
    json_text(&job, "completed_at", false, completed, sizeof completed);
    (void)wall_read(completed, ended_at);
    bool ended = strcmp(status, "succeeded") == 0 || strcmp(status, "failed") == 0 ||
                 strcmp(status, "canceled") == 0;
    return job.object != NULL && completed[0] == '\0' && !ended;
}

static void read_workspace(const cJSON *json, struct deployment_workspace *out, struct failure *why)
{
    struct json_view view = {.object = json, .why = why, .where = "workspace"};
    struct json_view build = {
        .object = json_object(&view, "latest_build", true), .why = why, .where = "latest_build"};
    char status[32];
    char dormant_at[64];
    json_uuid(&view, "id", true, &out->id);
    json_uuid(&view, "owner_id", false, &out->owner_id);
    json_text(&view, "name", true, out->name, sizeof out->name);
    json_text(&view, "owner_name", false, out->owner_name, sizeof out->owner_name);
    json_text(&view, "template_name", false, out->template_name, sizeof out->template_name);
    json_text(&view, "dormant_at", false, dormant_at, sizeof dormant_at);
    json_text(&build, "transition", false, out->transition, sizeof out->transition);
    json_text(&build, "status", false, status, sizeof status);
    out->status = (enum tailnet_workspace_status)place_of(status_names, STATUS_COUNT, status);
    out->dormant = dormant_at[0] != '\0';
    json_text(&build, "reason", false, out->reason, sizeof out->reason);
    out->build_running = job_runs(&build, &out->ended_at);
    read_resources(&build, out);
}

enum net_err deployment_parse_workspace(struct bytes body, struct deployment_workspace *out,
                                        struct failure *why)
{
    cJSON *json = NULL;
    struct deployment_workspace workspace = {0};
    *why = (struct failure){0};
    if (json_object_parse(body, DEPLOYMENT_BODY_MAX, &json, why) == NET_OK) {
        read_workspace(json, &workspace, why);
    }
    cJSON_Delete(json);
    if (why->code != NET_OK) {
        deployment_workspace_clear(&workspace);
        return why->code;
    }
    *out = workspace;
    return NET_OK;
}

/* Reads the page into `out`, which is empty. */
static void read_page(const cJSON *json, struct deployment_workspaces *out, size_t room,
                      struct failure *why)
{
    struct json_view view = {.object = json, .why = why, .where = ""};
    const cJSON *item = NULL;
    const cJSON *items = json_array(&view, "workspaces");
    size_t count = items == NULL ? 0 : (size_t)cJSON_GetArraySize(items);
    if (!cJSON_HasObjectItem(json, "workspaces")) {
        json_wrong(&view, "workspaces", "is missing");
    }
    out->total = (size_t)json_int(&view, "count", 0, INT32_MAX);
    if (count > room) {
        (void)failure_set(why, NET_ERR_TOO_BIG, "more than %d workspaces",
                          DEPLOYMENT_WORKSPACES_MAX);
        return;
    }
    out->items = mem_array(count, sizeof *out->items);
    cJSON_ArrayForEach(item, items)
    {
        if (why->code != NET_OK) {
            return;
        }
        read_workspace(item, &out->items[out->count++], why);
    }
}

enum net_err deployment_parse_workspaces(struct bytes body, struct deployment_workspaces *out,
                                         struct failure *why)
{
    cJSON *json = NULL;
    struct deployment_workspaces page = {0};
    *why = (struct failure){0};
    if (json_object_parse(body, DEPLOYMENT_BODY_MAX, &json, why) == NET_OK) {
        read_page(json, &page, DEPLOYMENT_WORKSPACES_MAX - out->count, why);
    }
    cJSON_Delete(json);
    if (why->code != NET_OK) {
        deployment_workspaces_clear(&page);
        return why->code;
    }
    out->items = mem_resize(out->items, out->count + page.count, sizeof *out->items);
    if (page.count > 0) {
        memcpy(&out->items[out->count], page.items, page.count * sizeof *out->items);
    }
    out->count += page.count;
    out->total = page.total;
    free(page.items);
    return NET_OK;
}

void deployment_workspace_clear(struct deployment_workspace *workspace)
{
    free(workspace->agents);
    *workspace = (struct deployment_workspace){0};
}

void deployment_workspaces_clear(struct deployment_workspaces *workspaces)
{
    for (size_t i = 0; i < workspaces->count; i++) {
        deployment_workspace_clear(&workspaces->items[i]);
    }
    free(workspaces->items);
    *workspaces = (struct deployment_workspaces){0};
}
