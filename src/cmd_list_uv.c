/*
 * `derptop list`: workspaces and their agents, as text or JSON.
 */
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "net/base/text.h"
#include "net/control/api_uv.h"
#include "src/cmd.h"
#include "src/out.h"

struct list {
    struct api *api;
    struct http_client *http;
    struct log log;
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

static enum net_err open_client(struct list *list, uv_loop_t *loop, const struct settings *s)
{
    struct http_config config = {
        .user_agent = "derptop/" DERPTOP_VERSION,
        .ca_file = s->ca_file[0] != '\0' ? s->ca_file : NULL,
        .cert_file = s->cert_file[0] != '\0' ? s->cert_file : NULL,
        .key_file = s->key_file[0] != '\0' ? s->key_file : NULL,
        .headers = s->headers,
        .header_count = s->header_count,
        .log = &list->log,
    };
    return http_client_new(loop, &config, &list->http, &list->failure);
}

/* The client's idle connections keep the loop alive: it is asked until the answer came, then
 * closed. */
struct done_flag {
    struct list *list;
    bool done;
};

static void on_list_done(void *owner, const struct failure *failure,
                         struct deployment_workspaces *workspaces)
{
    struct done_flag *flag = owner;
    on_list(flag->list, failure, workspaces);
    flag->done = true;
}

int cmd_list(const struct options *options)
{
    struct settings settings;
    struct list list = {.json = options->json};
    struct done_flag flag = {.list = &list};
    uv_loop_t loop;
    int status = cmd_settings(options, &settings);
    if (status != EXIT_DONE) {
        return status;
    }
    log_init(&list.log, options->verbose ? LOG_DEBUG : LOG_ERROR);
    list.log.sink = options->verbose ? log_to_file : NULL;
    list.log.owner = stderr;
    (void)uv_loop_init(&loop);
    if (open_client(&list, &loop, &settings) == NET_OK) {
        list.api = api_new(list.http, &settings, &list.log);
        (void)api_workspaces(list.api, "owner:me", on_list_done, &flag);
        while (!flag.done && uv_run(&loop, UV_RUN_ONCE) != 0) {
        }
        api_free(list.api);
        http_client_close(list.http);
        (void)uv_run(&loop, UV_RUN_DEFAULT);
    }
    (void)uv_loop_close(&loop);
    log_clear(&list.log);
    settings_clear(&settings);
    if (list.failure.code != NET_OK) {
        out_error(list.failure.text);
    }
    return cmd_status(&list.failure);
}
