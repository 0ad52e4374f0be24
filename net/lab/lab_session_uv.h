/*
 * Coordinator sessions of the lab on websockets: the machine of net/control/coordinator_server.h
 * for each, and lab_coordinator.h between them.
 */
#ifndef NET_LAB_LAB_SESSION_UV_H
#define NET_LAB_LAB_SESSION_UV_H

#include <uv.h>

#include "net/base/log.h"
#include "net/lab/lab_coordinator.h"
#include "net/lab/lab_deployment.h"
#include "net/transport/http_server_uv.h"

enum { LAB_PING_SECONDS = 15 }; /* websocket pings, as coderd (coderd/httpapi/websocket.go) */

struct lab_sessions;

/* All is borrowed. `changed` is called when an agent's session or node came, changed or went.
 */
struct lab_sessions *lab_sessions_new(uv_loop_t *loop, const struct lab_deployment *deployment,
                                      struct lab_coordinator *coordinator, struct rng *rng,
                                      struct log *log,
                                      void (*changed)(void *owner, const struct uuid *agent),
                                      void *owner);

/* Answers the exchange with a websocket and serves a session on it. */
void lab_sessions_accept(struct lab_sessions *sessions, const struct lab_seat *seat,
                         struct http_exchange *exchange);

/* Tells every session that watches workspaces that one changed. */
void lab_sessions_workspace(struct lab_sessions *sessions, const struct lab_workspace *workspace,
                            const struct uuid *old_agent);

/* Drops sessions of clients, of agents, or of both, without a word. */
void lab_sessions_drop(struct lab_sessions *sessions, bool clients, bool agents);

/* Drops all; frees on the loop; nobody is told any more. */
void lab_sessions_close(struct lab_sessions *sessions);

#endif
