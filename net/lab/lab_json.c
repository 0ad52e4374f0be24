#include "net/lab/lab_json.h"

#include <stdio.h>

#include "net/base/text.h"

static void put_text(cJSON *object, const char *name, const char *text)
{
    cJSON_AddStringToObject(object, name, text);
}

static void put_bool(cJSON *object, const char *name, bool value)
{
    cJSON_AddBoolToObject(object, name, value);
}

static void put_number(cJSON *object, const char *name, double value)
{
    cJSON_AddNumberToObject(object, name, value);
}

static void put_id(cJSON *object, const char *name, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE];
    uuid_text(id, text);
    put_text(object, name, text);
}

/* Left out when it never was, as Go leaves out a nil pointer. */
static void put_time(cJSON *object, const char *name, struct wall_time when)
{
    if (when.seconds != 0) {
        char text[WALL_TEXT_SIZE];
        wall_text(text, sizeof text, when, 3, 1);
        put_text(object, name, text);
    }
}

cJSON *lab_json_build_info(const struct lab_deployment *deployment)
{
    cJSON *out = cJSON_CreateObject();
    char version[16];
    text_format(version, sizeof version, "%d.%d", LAB_API_MAJOR, LAB_API_MINOR);
    put_text(out, "external_url", deployment->url);
    put_text(out, "version", LAB_VERSION);
    put_text(out, "dashboard_url", deployment->url);
    put_bool(out, "telemetry", false);
    put_bool(out, "workspace_proxy", false);
    put_text(out, "agent_api_version", version);
    put_text(out, "provisioner_api_version", "1.6");
    put_text(out, "upgrade_message", "");
    put_id(out, "deployment_id", &deployment->deployment_id);
    return out;
}

cJSON *lab_json_appearance(void)
{
    cJSON *out = cJSON_CreateObject();
    put_text(out, "application_name", "");
    put_text(out, "logo_url", "");
    put_text(out, "docs_url", LAB_DOCS_URL);
    (void)cJSON_AddArrayToObject(out, "announcement_banners");
    (void)cJSON_AddArrayToObject(out, "support_links");
    return out;
}

cJSON *lab_json_user(const struct lab_deployment *deployment)
{
    cJSON *out = cJSON_CreateObject();
    char organization[UUID_TEXT_SIZE];
    uuid_text(&deployment->organization_id, organization);
    put_id(out, "id", &deployment->owner_id);
    put_text(out, "username", LAB_OWNER_NAME);
    put_text(out, "name", "Lab");
    put_text(out, "email", "lab@example.invalid");
    put_time(out, "created_at", deployment->started);
    put_time(out, "updated_at", deployment->started);
    put_time(out, "last_seen_at", deployment->started);
    put_text(out, "status", "active");
    put_text(out, "login_type", "password");
    cJSON *organizations = cJSON_AddArrayToObject(out, "organization_ids");
    cJSON_AddItemToArray(organizations, cJSON_CreateString(organization));
    cJSON_AddArrayToObject(out, "roles");
    return out;
}

const char *lab_agent_status(const struct lab_workspace *workspace)
{
    if (workspace->connected) {
        return "connected";
    }
    return workspace->first_connected.seconds == 0 ? "connecting" : "disconnected";
}

static void put_latency(cJSON *out, const struct lab_workspace *workspace)
{
    if (workspace->connected && workspace->latency_seconds > 0) {
        cJSON *regions = cJSON_AddObjectToObject(out, "latency");
        cJSON *region = cJSON_AddObjectToObject(regions, LAB_REGION_NAME);
        put_bool(region, "preferred", true);
        put_number(region, "latency_ms", workspace->latency_seconds * 1000);
    }
}

static void put_agent_build(cJSON *out)
{
    char version[16];
    text_format(version, sizeof version, "%d.%d", LAB_API_MAJOR, LAB_API_MINOR);
    put_text(out, "architecture", "amd64");
    put_text(out, "operating_system", "linux");
    put_text(out, "version", LAB_VERSION);
    put_text(out, "api_version", version);
    put_text(out, "directory", "");
    put_text(out, "startup_script_behavior", "non-blocking");
    put_text(out, "troubleshooting_url", "");
    put_number(out, "connection_timeout_seconds", 120);
    put_number(out, "logs_length", 0);
    put_bool(out, "logs_overflowed", false);
    cJSON_AddObjectToObject(out, "environment_variables");
    static const char *const lists[] = {"apps", "display_apps", "subsystems", "log_sources",
                                        "scripts"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        cJSON_AddArrayToObject(out, lists[i]);
    }
}

cJSON *lab_json_agent(const struct lab_deployment *deployment,
                      const struct lab_workspace *workspace)
{
    cJSON *out = cJSON_CreateObject();
    put_id(out, "id", &workspace->agent_id);
    cJSON_AddNullToObject(out, "parent_id");
    put_id(out, "resource_id", &workspace->resource_id);
    put_text(out, "name", LAB_AGENT_NAME);
    put_text(out, "status", lab_agent_status(workspace));
    put_text(out, "lifecycle_state", workspace->first_connected.seconds == 0 ? "created" : "ready");
    put_time(out, "created_at", deployment->started);
    put_time(out, "updated_at", deployment->started);
    put_time(out, "first_connected_at", workspace->first_connected);
    put_time(out, "last_connected_at", workspace->last_connected);
    put_time(out, "disconnected_at", workspace->disconnected);
    put_latency(out, workspace);
    cJSON *health = cJSON_AddObjectToObject(out, "health");
    put_bool(health, "healthy", workspace->connected);
    if (!workspace->connected) {
        put_text(health, "reason", "agent is not connected");
    }
    put_agent_build(out);
    return out;
}

static cJSON *resource(const struct lab_deployment *deployment,
                       const struct lab_workspace *workspace)
{
    cJSON *out = cJSON_CreateObject();
    put_id(out, "id", &workspace->resource_id);
    put_time(out, "created_at", deployment->started);
    put_id(out, "job_id", &workspace->build_id);
    put_text(out, "workspace_transition", "start");
    put_text(out, "type", "docker_container");
    put_text(out, "name", "main");
    put_bool(out, "hide", false);
    put_text(out, "icon", "");
    put_number(out, "daily_cost", 0);
    cJSON *agents = cJSON_AddArrayToObject(out, "agents");
    cJSON_AddItemToArray(agents, lab_json_agent(deployment, workspace));
    return out;
}

static void put_job(cJSON *build, const struct lab_deployment *deployment,
                    const struct lab_workspace *workspace)
{
    cJSON *job = cJSON_AddObjectToObject(build, "job");
    put_id(job, "id", &workspace->build_id);
    put_text(job, "status", "succeeded");
    put_text(job, "error", "");
    struct wall_time when = workspace->built.seconds != 0 ? workspace->built : deployment->started;
    put_time(job, "created_at", when);
    put_time(job, "started_at", when);
    put_time(job, "completed_at", when);
}

static void put_build(cJSON *out, const struct lab_deployment *deployment,
                      const struct lab_workspace *workspace)
{
    cJSON *build = cJSON_AddObjectToObject(out, "latest_build");
    put_id(build, "id", &workspace->build_id);
    put_time(build, "created_at", deployment->started);
    put_time(build, "updated_at", deployment->started);
    put_id(build, "workspace_id", &workspace->id);
    put_text(build, "workspace_name", workspace->name);
    put_id(build, "workspace_owner_id", &deployment->owner_id);
    put_text(build, "workspace_owner_name", LAB_OWNER_NAME);
    put_id(build, "template_version_id", &deployment->template_id);
    put_text(build, "template_version_name", "v1");
    put_number(build, "build_number", workspace->builds);
    put_text(build, "transition", workspace->stopped ? "stop" : "start");
    put_text(build, "status", workspace->stopped ? "stopped" : "running");
    put_text(build, "reason", "initiator");
    put_id(build, "initiator_id", &deployment->owner_id);
    put_text(build, "initiator_name", LAB_OWNER_NAME);
    put_number(build, "daily_cost", 0);
    put_job(build, deployment, workspace);
    cJSON *resources = cJSON_AddArrayToObject(build, "resources");
    if (!workspace->stopped) {
        cJSON_AddItemToArray(resources, resource(deployment, workspace));
    }
}

cJSON *lab_json_workspace(const struct lab_deployment *deployment,
                          const struct lab_workspace *workspace)
{
    cJSON *out = cJSON_CreateObject();
    put_id(out, "id", &workspace->id);
    put_time(out, "created_at", deployment->started);
    put_time(out, "updated_at", deployment->started);
    put_time(out, "last_used_at", deployment->started);
    put_id(out, "owner_id", &deployment->owner_id);
    put_text(out, "owner_name", LAB_OWNER_NAME);
    put_text(out, "owner_avatar_url", "");
    put_id(out, "organization_id", &deployment->organization_id);
    put_text(out, "organization_name", "coder");
    put_id(out, "template_id", &deployment->template_id);
    put_text(out, "template_name", "lab");
    put_text(out, "template_display_name", "");
    put_text(out, "template_icon", "");
    put_text(out, "name", workspace->name);
    put_bool(out, "outdated", false);
    cJSON_AddNullToObject(out, "dormant_at");
    cJSON_AddNullToObject(out, "deleting_at");
    put_text(out, "automatic_updates", "never");
    put_bool(out, "allow_renames", false);
    put_bool(out, "favorite", false);
    put_bool(out, "is_prebuild", false);
    cJSON *health = cJSON_AddObjectToObject(out, "health");
    bool failing = !workspace->stopped && !workspace->connected;
    put_bool(health, "healthy", !failing);
    cJSON *agents = cJSON_AddArrayToObject(health, "failing_agents");
    if (failing) {
        char id[UUID_TEXT_SIZE];
        uuid_text(&workspace->agent_id, id);
        cJSON_AddItemToArray(agents, cJSON_CreateString(id));
    }
    put_build(out, deployment, workspace);
    return out;
}

cJSON *lab_json_error(const char *message, const char *detail, const char *field,
                      const char *field_detail)
{
    cJSON *out = cJSON_CreateObject();
    put_text(out, "message", message);
    if (detail != NULL) {
        put_text(out, "detail", detail);
    }
    if (field != NULL) {
        cJSON *validation = cJSON_CreateObject();
        put_text(validation, "field", field);
        put_text(validation, "detail", field_detail);
        cJSON_AddItemToArray(cJSON_AddArrayToObject(out, "validations"), validation);
    }
    return out;
}
