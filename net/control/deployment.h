/*
 * What the deployment's REST API says, as plain structs: JSON in, structs out. Pure: no I/O.
 *
 * All of it is hostile input: depth, sizes and counts are limited; text is cleaned for a terminal
 * where it is only shown. Names inside derp_map are matched without case (the server writes Go
 * field names, its documentation prints others). Sources: protocol notes 1.4, 1.5, 2, 3.
 */
#ifndef NET_CONTROL_DEPLOYMENT_H
#define NET_CONTROL_DEPLOYMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/base/uuid.h"
#include "net/wire/derp_map.h"
#include "net/wire/tailnet.h"

enum {
    DEPLOYMENT_BODY_MAX = 64 << 20, /* a page of workspaces; the largest answer we take */
    DEPLOYMENT_PAGE = 100,          /* workspaces a page */
    DEPLOYMENT_WORKSPACES_MAX = 4096,
    DEPLOYMENT_NAME_SIZE = 256,
};

/* As the server computes it (coderd/database/modelmethods.go). */
enum agent_status {
    AGENT_UNKNOWN,
    AGENT_CONNECTING, /* has never connected yet */
    AGENT_CONNECTED,
    AGENT_DISCONNECTED,
    AGENT_TIMEOUT, /* has never connected, and should have by now */
};

struct deployment_agent {
    struct uuid id;
    bool is_sub_agent;               /* has a parent (dev container) */
    char name[DEPLOYMENT_NAME_SIZE]; /* as the server wrote it: for matching */
    enum agent_status status;
    char lifecycle[32]; /* "ready", "starting", … */
    char version[64];
};

struct deployment_workspace {
    struct uuid id;
    struct uuid owner_id;
    char name[DEPLOYMENT_NAME_SIZE];
    char owner_name[DEPLOYMENT_NAME_SIZE];
    char template_name[DEPLOYMENT_NAME_SIZE];
    char transition[16]; /* "start", "stop", "delete" */
    enum tailnet_workspace_status status;
    char reason[24];           /* of that: "initiator", "autostop", … */
    struct wall_time ended_at; /* its job; zero = not, or not known */
    bool build_running;        /* latest_build.job.completed_at is null and the job has not ended */
    bool dormant;
    size_t agent_count;
    struct deployment_agent *agents; /* owned */
};

struct deployment_workspaces {
    size_t count;
    struct deployment_workspace *items; /* owned */
    size_t total;                       /* "count" of the answer: before paging */
};

struct deployment_user {
    struct uuid id;
    char username[DEPLOYMENT_NAME_SIZE];
};

struct deployment_build {
    char version[64];
    char dashboard_url[256];
    char upgrade_message[256];
};

struct deployment_appearance {
    char docs_url[256]; /* where the documentation is; "" = not told */
};

struct connection_info {
    struct derp_map derp_map; /* owned: derp_map_clear */
    bool derp_force_websockets;
    bool disable_direct_connections;
    char hostname_suffix[128];
};

/* Each parser: NET_ERR_MALFORMED (not JSON, too deep, or a member missing or of the wrong kind),
 * NET_ERR_TOO_BIG (counts beyond the limits); *why says which member. *out is untouched on error.
 */
NET_MUST_USE enum net_err deployment_parse_user(struct bytes body, struct deployment_user *out,
                                                struct failure *why);
NET_MUST_USE enum net_err deployment_parse_build(struct bytes body, struct deployment_build *out,
                                                 struct failure *why);
NET_MUST_USE enum net_err deployment_parse_appearance(struct bytes body,
                                                      struct deployment_appearance *out,
                                                      struct failure *why);
NET_MUST_USE enum net_err deployment_parse_workspace(struct bytes body,
                                                     struct deployment_workspace *out,
                                                     struct failure *why);
/* Appends a page to *out. */
NET_MUST_USE enum net_err deployment_parse_workspaces(struct bytes body,
                                                      struct deployment_workspaces *out,
                                                      struct failure *why);
NET_MUST_USE enum net_err
deployment_parse_connection(struct bytes body, struct connection_info *out, struct failure *why);
void deployment_workspace_clear(struct deployment_workspace *workspace);
void deployment_workspaces_clear(struct deployment_workspaces *workspaces);
void connection_info_clear(struct connection_info *info);

/* Turns an HTTP answer other than 2xx, or a body that is not JSON (a login page, a captive portal),
 * into one line: what was tried, what came back, what to do. `what` is e.g. "list workspaces",
 * `url` without secrets. code: NET_ERR_AUTH (401, 403), NET_ERR_NOT_FOUND (404),
 * NET_ERR_UNSUPPORTED (unknown API version), NET_ERR_REFUSED (others), NET_ERR_MALFORMED (not
 * JSON). *resume_token_refused: a 401 whose validation names the field resume_token, which is not a
 * login failure. May be NULL. */
void deployment_explain(const char *what, const char *url, int status, const char *content_type,
                        struct bytes body, struct failure *out, bool *resume_token_refused);

/* "[owner/]name[.agent]": the parts, views into nothing: copied. Owner "me" when absent.
 * NET_ERR_USAGE with *why: more than one slash, an empty name, too long. coder/coder cli/root.go.
 */
struct workspace_ref {
    char owner[DEPLOYMENT_NAME_SIZE];
    char name[DEPLOYMENT_NAME_SIZE];
    char agent[DEPLOYMENT_NAME_SIZE]; /* "" = the only one */
};
NET_MUST_USE enum net_err workspace_ref_parse(const char *text, struct workspace_ref *out,
                                              struct failure *why);

/* Picks the agent as the coder CLI does. NET_ERR_STATE: the workspace is not started;
 * NET_ERR_NOT_FOUND: no agents, or none of that name; NET_ERR_USAGE: several and none named. *why
 * lists the agents there are. */
NET_MUST_USE enum net_err workspace_pick_agent(const struct deployment_workspace *workspace,
                                               const char *agent,
                                               const struct deployment_agent **out,
                                               struct failure *why);

/* "did you mean dev1 or dev2?": names near to `name`, at most 3, into `out`; "" when none is near.
 */
void workspace_near_names(const struct deployment_workspaces *all, const char *name, char *out,
                          size_t size);

const char *workspace_status_name(enum tailnet_workspace_status status); /* "running", … */
const char *agent_status_name(enum agent_status status);

#endif
