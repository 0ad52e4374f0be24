/*
 * Asks an agent for its netcheck report, through the tunnel: http_get.h on a connection.
 */
#ifndef NET_PROBE_AGENT_API_UV_H
#define NET_PROBE_AGENT_API_UV_H

#include <uv.h>

#include "net/probe/agent_report.h"
#include "net/probe/tunnel_uv.h"

enum { AGENT_API_TIMEOUT_S = 20 /* as the agent itself */ };

struct agent_api_call;

/* `done`: once, never from inside this call; `report` is NULL when it failed (*why), and borrowed.
 * The call is gone after it. `host` is the peer's address in the tunnel, as text. Never NULL. The
 * peer must outlive the call. */
struct agent_api_call *agent_api_fetch(uv_loop_t *loop, struct tunnel_peer *peer, const char *host,
                                       void (*done)(void *owner, const struct agent_report *report,
                                                    const struct failure *why),
                                       void *owner);

/* Nothing is told after it. */
void agent_api_cancel(struct agent_api_call *call);

#endif
