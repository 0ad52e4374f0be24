#include "net/control/deployment.h"

#include "net/json/json_view.h"

enum net_err deployment_parse_user(struct bytes body, struct deployment_user *out,
                                   struct failure *why)
{
    cJSON *json = NULL;
    struct deployment_user user = {0};
    *why = (struct failure){0};
    if (json_object_parse(body, DEPLOYMENT_BODY_MAX, &json, why) == NET_OK) {
        struct json_view view = {.object = json, .why = why, .where = "user"};
        json_uuid(&view, "id", true, &user.id);
        json_text(&view, "username", true, user.username, sizeof user.username);
    }
    cJSON_Delete(json);
    if (why->code == NET_OK) {
        *out = user;
    }
    return why->code;
}

enum net_err deployment_parse_appearance(struct bytes body, struct deployment_appearance *out,
                                         struct failure *why)
{
    cJSON *json = NULL;
    struct deployment_appearance appearance = {0};
    *why = (struct failure){0};
    if (json_object_parse(body, DEPLOYMENT_BODY_MAX, &json, why) == NET_OK) {
        struct json_view view = {.object = json, .why = why, .where = "appearance"};
        json_text(&view, "docs_url", false, appearance.docs_url, sizeof appearance.docs_url);
    }
    cJSON_Delete(json);
    if (why->code == NET_OK) {
        *out = appearance;
    }
    return why->code;
}

enum net_err deployment_parse_build(struct bytes body, struct deployment_build *out,
                                    struct failure *why)
{
    cJSON *json = NULL;
    struct deployment_build build = {0};
    *why = (struct failure){0};
    if (json_object_parse(body, DEPLOYMENT_BODY_MAX, &json, why) == NET_OK) {
        struct json_view view = {.object = json, .why = why, .where = "buildinfo"};
        json_text(&view, "version", true, build.version, sizeof build.version);
        json_text(&view, "dashboard_url", false, build.dashboard_url, sizeof build.dashboard_url);
        json_text(&view, "upgrade_message", false, build.upgrade_message,
                  sizeof build.upgrade_message);
    }
    cJSON_Delete(json);
    if (why->code == NET_OK) {
        *out = build;
    }
    return why->code;
}
