/*
 * `derptop list`: workspaces and their agents, as text or JSON.
 */
#include <stdio.h>

#include "net/base/text.h"
#include "src/cmd.h"
#include "src/out.h"
#include "src/workspaces_uv.h"

struct list {
    bool json;
    struct failure failure;
};

static void clean(char *out, size_t size, const char *in)
{
    (void)text_clean(out, size, bytes_text(in));
}

static void print_text(const struct deployment_workspace *workspace,
                       const struct deployment_agent *agent)
{
    char name[2 * DEPLOYMENT_NAME_SIZE];
    char raw[2 * DEPLOYMENT_NAME_SIZE];
    char version[64] = "-";
    text_format(raw, sizeof raw, "%s/%s", workspace->owner_name, workspace->name);
    clean(name, sizeof name, raw);
    char agent_name[DEPLOYMENT_NAME_SIZE] = "-";
    if (agent != NULL) {
        clean(agent_name, sizeof agent_name, agent->name);
        clean(version, sizeof version, agent->version);
    }
    out_text("%-28s  %-16s  %-10s  %-13s  %s\n", name, agent_name,
             workspace_status_name(workspace->status),
             agent == NULL ? "-" : agent_status_name(agent->status), version);
}

static void add_agent(cJSON *agents, const struct deployment_agent *agent)
{
    char id[UUID_TEXT_SIZE];
    cJSON *object = cJSON_CreateObject();
    uuid_text(&agent->id, id);
    out_add_text(object, "name", agent->name);
    out_add_text(object, "id", id);
    out_add_text(object, "status", agent_status_name(agent->status));
    out_add_text(object, "lifecycle", agent->lifecycle);
    out_add_text(object, "version", agent->version);
    (void)cJSON_AddItemToArray(agents, object);
}

static void print_json(const struct deployment_workspace *workspace)
{
    char id[UUID_TEXT_SIZE];
    cJSON *object = out_object("workspace", wall_now());
    uuid_text(&workspace->id, id);
    out_add_text(object, "name", workspace->name);
    out_add_text(object, "owner", workspace->owner_name);
    out_add_text(object, "id", id);
    out_add_text(object, "status", workspace_status_name(workspace->status));
    out_add_text(object, "template", workspace->template_name);
    cJSON *agents = cJSON_AddArrayToObject(object, "agents");
    for (size_t i = 0; i < workspace->agent_count; i++) {
        add_agent(agents, &workspace->agents[i]);
    }
    out_json(object);
}

static size_t print_workspace(const struct list *list, const struct deployment_workspace *workspace)
{
    if (list->json) {
        print_json(workspace);
        return workspace->agent_count;
    }
    for (size_t a = 0; a < workspace->agent_count; a++) {
        print_text(workspace, &workspace->agents[a]);
    }
    if (workspace->agent_count == 0) {
        print_text(workspace, NULL);
    }
    return workspace->agent_count;
}

static void print_all(const struct list *list, const struct deployment_workspaces *workspaces)
{
    size_t agents = 0;
    if (!list->json) {
        out_text("%-28s  %-16s  %-10s  %-13s  %s\n", "WORKSPACE", "AGENT", "STATUS", "AGENT STATUS",
                 "VERSION");
    }
    for (size_t i = 0; i < workspaces->count; i++) {
        agents += print_workspace(list, &workspaces->items[i]);
    }
    if (list->json) {
        cJSON *summary = out_object("summary", wall_now());
        out_add_int(summary, "workspaces", (int64_t)workspaces->count);
        out_add_int(summary, "agents", (int64_t)agents);
        out_json(summary);
    }
}

static void on_list(void *owner, const struct failure *failure,
                    struct deployment_workspaces *workspaces)
{
    struct list *list = owner;
    if (workspaces == NULL) {
        list->failure = *failure;
        return;
    }
    print_all(list, workspaces);
}

int cmd_list(const struct options *options)
{
    struct settings settings;
    struct list list = {.json = options->json};
    struct log log;
    int status = cmd_settings(options, &settings);
    if (status != EXIT_DONE) {
        return status;
    }
    log_init(&log, options->verbose ? LOG_DEBUG : LOG_ERROR);
    log.sink = options->verbose ? log_to_file : NULL;
    log.owner = stderr;
    workspaces_fetch(&settings, &log, 0, on_list, &list);
    log_clear(&log);
    settings_clear(&settings);
    if (list.failure.code != NET_OK) {
        out_error(list.failure.text);
    }
    return cmd_status(&list.failure);
}
