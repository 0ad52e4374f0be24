#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/control/deployment.h"

enum { NEAR_MAX = 3, AGENT_LIST_SIZE = 200 };

/* Copies a part of the text. False: empty or too long. */
static bool take_part(char out[DEPLOYMENT_NAME_SIZE], const char *text, size_t len)
{
    if (len == 0 || len >= DEPLOYMENT_NAME_SIZE) {
        return false;
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

enum net_err workspace_ref_parse(const char *text, struct workspace_ref *out, struct failure *why)
{
    struct workspace_ref ref = {.owner = "me"};
    size_t first_len = strcspn(text, ".");
    size_t owner_len = strcspn(text, "/");
    const char *name = text;
    bool good = true;
    if (owner_len < first_len) {
        good = take_part(ref.owner, text, owner_len);
        name = text + owner_len + 1;
    }
    size_t name_len = first_len - (size_t)(name - text);
    good = good && memchr(name, '/', name_len) == NULL && take_part(ref.name, name, name_len);
    if (good && text[first_len] == '.') {
        const char *agent = text + first_len + 1;
        size_t agent_len = strcspn(agent, "."); /* further pieces are ignored, as there */
        good = agent_len == 0 || take_part(ref.agent, agent, agent_len);
    }
    if (!good) {
        return failure_set(why, NET_ERR_USAGE,
                           "\"%.100s\" is not the name of a workspace; write it as "
                           "[owner/]name[.agent]",
                           text);
    }
    *out = ref;
    return NET_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "a, b, c", sorted, as the coder CLI lists them. */
static void list_agents(const struct deployment_workspace *workspace, char *out, size_t size)
{
    size_t used = 0;
    const char **names = mem_array(workspace->agent_count, sizeof *names);
    for (size_t i = 0; i < workspace->agent_count; i++) {
        names[i] = workspace->agents[i].name;
    }
    qsort(names, workspace->agent_count, sizeof *names, compare_names);
    out[0] = '\0';
    for (size_t i = 0; i < workspace->agent_count; i++) {
        text_format(out + used, size - used, "%s%s", i == 0 ? "" : ", ", names[i]);
        used += strlen(out + used);
    }
    free(names);
}

static enum net_err no_agents(const struct deployment_workspace *workspace, struct failure *why)
{
    if (workspace->build_running) {
        return failure_set(why, NET_ERR_NOT_FOUND,
                           "workspace \"%s\" has no agents yet: its build still runs; try again "
                           "when it has ended",
                           workspace->name);
    }
    return failure_set(why, NET_ERR_NOT_FOUND,
                       "workspace \"%s\" has no agents: its template defines none, so there is "
                       "nothing to connect to",
                       workspace->name);
}

static enum net_err not_started(const struct deployment_workspace *workspace, struct failure *why)
{
    return failure_set(why, NET_ERR_STATE,
                       "workspace \"%s\" is not started (it is %s). Start it with `coder start "
                       "%s`",
                       workspace->name, workspace_status_name(workspace->status), workspace->name);
}

enum net_err workspace_pick_agent(const struct deployment_workspace *workspace, const char *agent,
                                  const struct deployment_agent **out, struct failure *why)
{
    char list[AGENT_LIST_SIZE];
    if (strcmp(workspace->transition, "start") != 0) {
        return not_started(workspace, why);
    }
    if (workspace->agent_count == 0) {
        return no_agents(workspace, why);
    }
    list_agents(workspace, list, sizeof list);
    if (agent[0] == '\0' && workspace->agent_count > 1) {
        return failure_set(why, NET_ERR_USAGE,
                           "workspace \"%s\" has several agents: %s. Name one, as %s.%s",
                           workspace->name, list, workspace->name, workspace->agents[0].name);
    }
    for (size_t i = 0; i < workspace->agent_count; i++) {
        if (agent[0] == '\0' || strcmp(workspace->agents[i].name, agent) == 0) {
            *out = &workspace->agents[i];
            return NET_OK;
        }
    }
    return failure_set(why, NET_ERR_NOT_FOUND, "workspace \"%s\" has no agent \"%s\"; there %s: %s",
                       workspace->name, agent, workspace->agent_count == 1 ? "is" : "are", list);
}

static bool starts_with(const char *text, const char *head)
{
    size_t i = 0;
    while (head[i] != '\0' && text[i] == head[i]) {
        i++;
    }
    return head[i] == '\0';
}

/* How far a candidate is from what was typed; UINT_MAX when it is not near: more than a third of it
 * would have to change, and neither is the beginning of the other. */
static unsigned distance(const char *typed, const char *candidate)
{
    unsigned edits = text_distance(typed, candidate);
    size_t len = strlen(typed);
    unsigned allowed = len < 3 ? 1 : (unsigned)(len < 12 ? len / 3 + 1 : 5);
    if (edits <= allowed) {
        return edits;
    }
    bool begins = len >= 2 && strlen(candidate) >= 2 &&
                  (starts_with(candidate, typed) || starts_with(typed, candidate));
    return begins ? 100 + edits : UINT32_MAX;
}

struct near_name {
    const char *name;
    unsigned distance;
};

/* Keeps the nearest, in order; equal names of several owners once. */
static void keep_near(struct near_name near[NEAR_MAX], const char *name, unsigned far)
{
    for (size_t i = 0; i < NEAR_MAX; i++) {
        if (near[i].name != NULL && strcmp(near[i].name, name) == 0) {
            return;
        }
    }
    for (size_t i = 0; i < NEAR_MAX; i++) {
        if (near[i].name == NULL || far < near[i].distance) {
            memmove(&near[i + 1], &near[i], (NEAR_MAX - 1 - i) * sizeof near[0]);
            near[i] = (struct near_name){name, far};
            return;
        }
    }
}

void workspace_near_names(const struct deployment_workspaces *all, const char *name, char *out,
                          size_t size)
{
    struct near_name near[NEAR_MAX] = {{0}};
    size_t used = 0;
    for (size_t i = 0; i < all->count; i++) {
        unsigned far = distance(name, all->items[i].name);
        if (far != UINT32_MAX) {
            keep_near(near, all->items[i].name, far);
        }
    }
    out[0] = '\0';
    for (size_t i = 0; i < NEAR_MAX && near[i].name != NULL; i++) {
        bool last = i + 1 == NEAR_MAX || near[i + 1].name == NULL;
        const char *before = i == 0 ? "did you mean " : last ? " or " : ", ";
        text_format(out + used, size - used, "%s%s%s", before, near[i].name, last ? "?" : "");
        used += strlen(out + used);
    }
}
