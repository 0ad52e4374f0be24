/*
 * Everything that reads a body of the REST API, on the same bytes; and what reads names and URLs.
 */
#include "net/control/deployment.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/control/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    if (memchr(text, '\0', size) == NULL || strpbrk(text, "\x1b\r\n\x07") != NULL) {
        abort();
    }
}

static void try_small(struct bytes body)
{
    struct failure why;
    struct deployment_user user;
    struct deployment_build build;
    struct deployment_appearance appearance;
    if (deployment_parse_user(body, &user, &why) == NET_OK) {
        check_text(user.username, sizeof user.username);
    } else {
        check_text(why.text, sizeof why.text);
    }
    if (deployment_parse_build(body, &build, &why) == NET_OK) {
        check_text(build.version, sizeof build.version);
    }
    if (deployment_parse_appearance(body, &appearance, &why) == NET_OK) {
        check_text(appearance.docs_url, sizeof appearance.docs_url);
    }
}

static void try_workspaces(struct bytes body)
{
    struct failure why;
    const struct deployment_agent *agent = NULL;
    struct deployment_workspaces all = {0};
    char near[200];
    if (deployment_parse_workspaces(body, &all, &why) == NET_OK &&
        deployment_parse_workspaces(body, &all, &why) == NET_OK) {
        for (size_t i = 0; i < all.count; i++) {
            check_text(all.items[i].name, sizeof all.items[i].name);
            (void)workspace_pick_agent(&all.items[i], "", &agent, &why);
            workspace_near_names(&all, all.items[i].name, near, sizeof near);
            check_text(near, sizeof near);
        }
    }
    deployment_workspaces_clear(&all);
}

static void try_one_workspace(struct bytes body)
{
    struct failure why;
    struct deployment_workspace workspace = {0};
    if (deployment_parse_workspace(body, &workspace, &why) != NET_OK) {
        check_text(why.text, sizeof why.text);
    }
    deployment_workspace_clear(&workspace);
}

static void try_connection(struct bytes body)
{
    struct failure why;
    struct connection_info info = {0};
    if (deployment_parse_connection(body, &info, &why) == NET_OK) {
        derp_map_rewrite_embedded(&info.derp_map, "c.example", 443, false);
    }
    connection_info_clear(&info);
}

static void try_explain(struct bytes body)
{
    static const int statuses[] = {200, 302, 400, 401, 403, 404, 500};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct failure why;
        bool refused = false;
        deployment_explain("list", "https://c.example", statuses[i], "application/json", body, &why,
                           &refused);
        check_text(why.text, sizeof why.text);
        if (why.code == NET_OK || (refused && statuses[i] != 401)) {
            abort();
        }
    }
}

static void try_texts(struct bytes body)
{
    struct failure why;
    struct workspace_ref ref;
    struct settings settings = {0};
    char *text = mem_new(body.len + 1);
    memcpy(text, body.ptr, body.len);
    if (workspace_ref_parse(text, &ref, &why) == NET_OK && ref.name[0] == '\0') {
        abort();
    }
    if (settings_set_url(&settings, text, &why) == NET_OK) {
        /* What we wrote we must read, and find unchanged. */
        struct settings again = {0};
        if (settings.host[0] == '\0' || settings.port == 0 ||
            settings_set_url(&again, settings.url, &why) != NET_OK ||
            strcmp(again.url, settings.url) != 0 || strcmp(again.host, settings.host) != 0 ||
            again.port != settings.port) {
            abort();
        }
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size);
    try_small(body);
    try_workspaces(body);
    try_one_workspace(body);
    try_connection(body);
    try_explain(body);
    if (size > 0 && size < 2000) {
        try_texts(body);
    }
    return 0;
}
