/*
 * The deployment's REST API: each call is one or more GETs and a parser (deployment.h). Failures
 * are complete sentences for the user.
 */
#ifndef NET_CONTROL_API_UV_H
#define NET_CONTROL_API_UV_H

#include "net/control/deployment.h"
#include "net/control/settings.h"
#include "net/transport/http_uv.h"

struct api;      /* borrows client and settings, which must outlive it */
struct api_call; /* one question under way */

struct api *api_new(struct http_client *client, const struct settings *settings, struct log *log);
/* Cancels what is under way. */
void api_free(struct api *api);

/* The version that the last answer carried in X-Coder-Build-Version; "" before. */
const char *api_build_version(const struct api *api);

/* Each starts a question; the callback comes once, from the loop, unless cancelled. On failure the
 * result pointer is NULL. Results are borrowed for the callback; `take`-able parts are said so. */
struct api_call *api_user(struct api *api,
                          void (*done)(void *owner, const struct failure *failure,
                                       const struct deployment_user *user),
                          void *owner);
struct api_call *api_build(struct api *api,
                           void (*done)(void *owner, const struct failure *failure,
                                        const struct deployment_build *build),
                           void *owner);
struct api_call *api_appearance(struct api *api,
                                void (*done)(void *owner, const struct failure *failure,
                                             const struct deployment_appearance *appearance),
                                void *owner);
/* All pages. `query` as in the web list, e.g. "owner:me". The callee may take `workspaces` by
 * copying the struct and zeroing the original. */
struct api_call *api_workspaces(struct api *api, const char *query,
                                void (*done)(void *owner, const struct failure *failure,
                                             struct deployment_workspaces *workspaces),
                                void *owner);
/* By owner and name; a 404 is answered with the near names (one more request). May be taken
 * likewise. */
struct api_call *api_workspace(struct api *api, const struct workspace_ref *ref,
                               void (*done)(void *owner, const struct failure *failure,
                                            struct deployment_workspace *workspace),
                               void *owner);
/* Connection info of an agent, or with NULL what holds for all; embedded relays rewritten. May be
 * taken likewise. */
struct api_call *api_connection(struct api *api, const struct uuid *agent,
                                void (*done)(void *owner, const struct failure *failure,
                                             struct connection_info *info),
                                void *owner);
void api_cancel(struct api_call *call);

#endif
