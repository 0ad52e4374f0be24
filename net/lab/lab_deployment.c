#include "net/lab/lab_deployment.h"

#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"

/* "<10>-<22>" of letters and digits, the form of coderd's own tokens: some 131 bits of secret. */
static void random_token(struct rng *rng, char out[LAB_TOKEN_SIZE])
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    enum { ID_LEN = 10, SECRET_LEN = 22 };
    for (size_t i = 0; i < ID_LEN + 1 + SECRET_LEN; i++) {
        out[i] = i == ID_LEN ? '-' : letters[rng_below(rng, sizeof letters - 1)];
    }
    out[ID_LEN + 1 + SECRET_LEN] = '\0';
}

static void new_build(struct lab_workspace *workspace, struct rng *rng)
{
    workspace->builds++;
    uuid_random(rng, &workspace->build_id);
    uuid_random(rng, &workspace->resource_id);
    uuid_random(rng, &workspace->agent_id);
    struct uuid token;
    uuid_random(rng, &token);
    uuid_text(&token, workspace->agent_token);
    workspace->connected = false;
    workspace->first_connected = (struct wall_time){0};
    workspace->last_connected = (struct wall_time){0};
    workspace->disconnected = (struct wall_time){0};
    workspace->latency_seconds = 0;
}

enum net_err lab_deployment_init(struct lab_deployment *out, size_t count, size_t stopped,
                                 const char *token, struct rng *rng, struct wall_time now)
{
    if (count > LAB_WORKSPACES_MAX || stopped > count) {
        return NET_ERR_USAGE;
    }
    if (token != NULL && (token[0] == '\0' || strlen(token) >= LAB_TOKEN_SIZE)) {
        return NET_ERR_USAGE;
    }
    memset(out, 0, sizeof *out);
    uuid_random(rng, &out->owner_id);
    uuid_random(rng, &out->organization_id);
    uuid_random(rng, &out->template_id);
    uuid_random(rng, &out->deployment_id);
    out->started = now;
    if (token == NULL) {
        random_token(rng, out->token);
    } else {
        text_copy(out->token, sizeof out->token, token);
    }
    out->count = count;
    for (size_t i = 0; i < count; i++) {
        struct lab_workspace *workspace = &out->workspaces[i];
        text_format(workspace->name, sizeof workspace->name, "dev%zu", i + 1);
        uuid_random(rng, &workspace->id);
        new_build(workspace, rng);
        workspace->stopped = i >= count - stopped;
    }
    return NET_OK;
}

void lab_deployment_set_address(struct lab_deployment *deployment, const char *ip, uint16_t port)
{
    if (strchr(ip, ':') == NULL) {
        text_format(deployment->url, sizeof deployment->url, "http://%s:%u", ip, port);
    } else {
        text_format(deployment->url, sizeof deployment->url, "http://[%s]:%u", ip, port);
    }
    text_copy(deployment->host, sizeof deployment->host, ip);
    deployment->port = port;
}

struct lab_workspace *lab_deployment_by_name(struct lab_deployment *deployment, const char *name)
{
    for (size_t i = 0; i < deployment->count; i++) {
        if (text_equal_nocase(deployment->workspaces[i].name, name)) {
            return &deployment->workspaces[i];
        }
    }
    return NULL;
}

struct lab_workspace *lab_deployment_by_id(struct lab_deployment *deployment, const struct uuid *id)
{
    for (size_t i = 0; i < deployment->count; i++) {
        if (uuid_equal(&deployment->workspaces[i].id, id)) {
            return &deployment->workspaces[i];
        }
    }
    return NULL;
}

struct lab_workspace *lab_deployment_by_agent(struct lab_deployment *deployment,
                                              const struct uuid *agent_id)
{
    for (size_t i = 0; i < deployment->count; i++) {
        struct lab_workspace *workspace = &deployment->workspaces[i];
        if (!workspace->stopped && uuid_equal(&workspace->agent_id, agent_id)) {
            return workspace;
        }
    }
    return NULL;
}

struct lab_workspace *lab_deployment_by_agent_token(struct lab_deployment *deployment,
                                                    const char *token)
{
    for (size_t i = 0; i < deployment->count; i++) {
        struct lab_workspace *workspace = &deployment->workspaces[i];
        if (!workspace->stopped && lab_token_equal(workspace->agent_token, token)) {
            return workspace;
        }
    }
    return NULL;
}

bool lab_deployment_is_owner(const struct lab_deployment *deployment, const char *user)
{
    struct uuid id;
    if (strcmp(user, "me") == 0 || text_equal_nocase(user, LAB_OWNER_NAME)) {
        return true;
    }
    return uuid_parse(user, &id) == NET_OK && uuid_equal(&id, &deployment->owner_id);
}

bool lab_token_equal(const char *a, const char *b)
{
    size_t len = strlen(a);
    if (strlen(b) != len) {
        return false;
    }
    unsigned differ = 0;
    for (size_t i = 0; i < len; i++) {
        differ |= (unsigned char)a[i] ^ (unsigned)(unsigned char)b[i];
    }
    return differ == 0;
}

bool lab_deployment_set_stopped(struct lab_workspace *workspace, bool stopped, struct rng *rng)
{
    if (workspace->stopped == stopped) {
        return false;
    }
    workspace->stopped = stopped;
    new_build(workspace, rng);
    return true;
}

static void add_relay(const struct lab_deployment *deployment, struct derp_map *out)
{
    struct derp_region *region = derp_map_add_region(out, LAB_REGION);
    region->embedded_relay = true;
    text_copy(region->code, sizeof region->code, "coder");
    text_copy(region->name, sizeof region->name, LAB_REGION_NAME);
    struct derp_node *node = derp_region_add_node(out, region);
    text_copy(node->name, sizeof node->name, "999b");
    text_copy(node->host_name, sizeof node->host_name, deployment->host);
    node->derp_port = deployment->port;
    node->stun_port = -1; /* with or without STUN elsewhere: the relay itself has none */
    node->force_http = true;
}

static void add_stun(const struct lab_deployment *deployment, size_t index, struct derp_map *out)
{
    int id = LAB_STUN_REGION + (int)index;
    struct derp_region *region = derp_map_add_region(out, id);
    text_format(region->code, sizeof region->code, "coder_stun_%d", id);
    text_format(region->name, sizeof region->name, "Coder STUN %d", id);
    struct derp_node *node = derp_region_add_node(out, region);
    text_format(node->name, sizeof node->name, "%dstun0", id);
    text_copy(node->host_name, sizeof node->host_name, deployment->host);
    node->stun_port = deployment->stun_ports[index];
    node->stun_only = true;
}

void lab_derp_map(const struct lab_deployment *deployment, struct derp_map *out)
{
    add_relay(deployment, out);
    for (size_t i = 0; i < LAB_STUN_SERVERS; i++) {
        if (deployment->stun_ports[i] != 0 && !deployment->block_direct) {
            add_stun(deployment, i, out);
        }
    }
}

static void set_workspace(struct tailnet_workspace *out, const struct lab_workspace *workspace)
{
    out->id = workspace->id;
    text_copy(out->name, sizeof out->name, workspace->name);
    out->status = workspace->stopped ? TAILNET_WORKSPACE_STOPPED : TAILNET_WORKSPACE_RUNNING;
}

static void set_agent(struct tailnet_agent *out, const struct lab_workspace *workspace,
                      const struct uuid *agent)
{
    out->id = *agent;
    out->workspace_id = workspace->id;
    text_copy(out->name, sizeof out->name, LAB_AGENT_NAME);
}

void lab_updates_all(const struct lab_deployment *deployment, struct tailnet_workspaces *out)
{
    memset(out, 0, sizeof *out);
    out->upserted_workspaces = mem_array(deployment->count, sizeof *out->upserted_workspaces);
    out->upserted_agents = mem_array(deployment->count, sizeof *out->upserted_agents);
    for (size_t i = 0; i < deployment->count; i++) {
        const struct lab_workspace *workspace = &deployment->workspaces[i];
        set_workspace(&out->upserted_workspaces[out->upserted_workspace_count++], workspace);
        if (!workspace->stopped) {
            set_agent(&out->upserted_agents[out->upserted_agent_count++], workspace,
                      &workspace->agent_id);
        }
    }
}

void lab_updates_of(const struct lab_workspace *workspace, const struct uuid *old_agent,
                    struct tailnet_workspaces *out)
{
    memset(out, 0, sizeof *out);
    out->upserted_workspaces = mem_array(1, sizeof *out->upserted_workspaces);
    out->upserted_workspace_count = 1;
    set_workspace(out->upserted_workspaces, workspace);
    if (workspace->stopped) {
        out->deleted_agents = mem_array(1, sizeof *out->deleted_agents);
        out->deleted_agent_count = 1;
        set_agent(out->deleted_agents, workspace, old_agent);
    } else {
        out->upserted_agents = mem_array(1, sizeof *out->upserted_agents);
        out->upserted_agent_count = 1;
        set_agent(out->upserted_agents, workspace, &workspace->agent_id);
    }
}
