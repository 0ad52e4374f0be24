/*
 * What the lab's deployment consists of: its owner, its workspaces with one agent each, its tokens,
 * its DERP map. Plain data; the REST answers and the coordinator are made from it. Pure.
 *
 * Identifiers and tokens are drawn anew each time, so nothing of one lab opens another.
 */
#ifndef NET_LAB_LAB_DEPLOYMENT_H
#define NET_LAB_LAB_DEPLOYMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/base/uuid.h"
#include "net/wire/derp_map.h"
#include "net/wire/tailnet.h"

enum {
    LAB_WORKSPACES_MAX = 64,
    LAB_NAME_SIZE = 64,
    LAB_TOKEN_SIZE = 128,
    LAB_URL_SIZE = 128,
    LAB_REGION = 999,       /* the embedded relay of coderd */
    LAB_STUN_REGION = 1000, /* the first: coderd gives each STUN server a region of its own */
    LAB_STUN_SERVERS = 2,   /* two tell whether a NAT's mapping varies */
    LAB_API_MAJOR = 2,
    LAB_API_MINOR = 9,
};

#define LAB_OWNER_NAME   "lab"
#define LAB_AGENT_NAME   "main"
#define LAB_REGION_NAME  "Coder Embedded Relay" /* coderd's default; keys the agents' latencies */
#define LAB_VERSION      "v2.35.0+derptop-lab"
#define LAB_DOCS_URL     "https://coder.com/docs/@v2.35.0" /* as a release of that version says */
#define LAB_TOKEN_HEADER "Coder-Session-Token"

/* One workspace. `connected` and what follows is the coordinator's knowledge of its agent. */
struct lab_workspace {
    char name[LAB_NAME_SIZE];
    struct uuid id, build_id, resource_id, agent_id;
    char agent_token[UUID_TEXT_SIZE];
    bool stopped;
    unsigned builds;        /* each start and each stop is a build */
    struct wall_time built; /* the last one; zero = when the lab was started */
    bool connected;
    struct wall_time first_connected, last_connected, disconnected; /* zero = never */
    double latency_seconds; /* to the relay, as the agent says; 0 = not known */
};

/* What the REST API refuses on purpose: for tests. */
struct lab_refusals {
    bool token;       /* the session token, as if it had run out */
    bool version;     /* whatever version of the coordinator's API a client asks for */
    bool coordinator; /* every session with the coordinator, with 503 */
};

struct lab_deployment {
    struct uuid owner_id, organization_id, template_id, deployment_id;
    char token[LAB_TOKEN_SIZE];
    char url[LAB_URL_SIZE]; /* what clients and agents are told */
    char host[64];          /* of the URL, without brackets */
    uint16_t port;
    uint16_t stun_ports[LAB_STUN_SERVERS]; /* 0 = no STUN server */
    bool block_direct;
    bool force_websockets;
    struct lab_refusals refusals;
    struct wall_time started;
    size_t count;
    struct lab_workspace workspaces[LAB_WORKSPACES_MAX];
};

/* `count` workspaces dev1, dev2, …, the last `stopped` of them stopped. `token` NULL = a random
 * one. NET_ERR_USAGE: counts beyond LAB_WORKSPACES_MAX or stopped > count, an empty or overlong
 * token. */
NET_MUST_USE enum net_err lab_deployment_init(struct lab_deployment *out, size_t count,
                                              size_t stopped, const char *token, struct rng *rng,
                                              struct wall_time now);

/* Where it can be reached. IPv6 addresses get their brackets in the URL. */
void lab_deployment_set_address(struct lab_deployment *deployment, const char *ip, uint16_t port);

/* NULL: there is none of that name, or it does not fit. Names are matched without case, as coderd
 * does. */
struct lab_workspace *lab_deployment_by_name(struct lab_deployment *deployment, const char *name);
struct lab_workspace *lab_deployment_by_id(struct lab_deployment *deployment,
                                           const struct uuid *id);
/* Only of running workspaces: a stopped one has no agent. */
struct lab_workspace *lab_deployment_by_agent(struct lab_deployment *deployment,
                                              const struct uuid *agent_id);
struct lab_workspace *lab_deployment_by_agent_token(struct lab_deployment *deployment,
                                                    const char *token);

/* "me", the owner's name or the owner's id. */
bool lab_deployment_is_owner(const struct lab_deployment *deployment, const char *user);

/* Equal, in a time that does not depend on where they differ. */
bool lab_token_equal(const char *a, const char *b);

/* Starts or stops a workspace: a new build, and with a start a new agent (new id and token), as in
 * a real deployment. False when it is so already. */
bool lab_deployment_set_stopped(struct lab_workspace *workspace, bool stopped, struct rng *rng);

/* Into an empty map: the embedded relay, and a region for each STUN server. Direct connections
 * blocked or no STUN: the relay says so (port -1) and there is no such region, as coderd does.
 * coder/coder tailnet/derpmap.go. */
void lab_derp_map(const struct lab_deployment *deployment, struct derp_map *out);

/* WorkspaceUpdate, the full snapshot. Free with tailnet_workspaces_clear. */
void lab_updates_all(const struct lab_deployment *deployment, struct tailnet_workspaces *out);

/* The difference after lab_deployment_set_stopped. `old_agent` was the agent before a stop. */
void lab_updates_of(const struct lab_workspace *workspace, const struct uuid *old_agent,
                    struct tailnet_workspaces *out);

#endif
