/*
 * What a watched agent says of its own network: asked through the tunnel once it stands, and now
 * and then after that. The agent checks its network every 20 s or so while it is in use, and tells
 * what it found last: while the path is relayed it is asked more often, for it may say why.
 */
#include <stdlib.h>

#include "net/base/mem.h"
#include "net/monitor/core_internal.h"
#include "net/probe/agent_api_uv.h"

enum {
    ASK_EVERY_S = 60,
    RELAYED_EVERY_S = 5, /* it may say why there is no direct path */
    CHANGED_S = 1,       /* the path did: so late, for the agent is to have noticed why */
    RETRY_S = 20,
    UNFINISHED_S = 2, /* it had not finished its first netcheck */
    TOO_OLD_S = 600,  /* an agent that has no such API gets none while it lives */
};

struct agent_query {
    struct core *core;
    struct watch *watch;
    struct agent_api_call *call; /* NULL: none is under way */
    mono_ns next_at;
    mono_ns at; /* of `report`; 0 = never */
    struct agent_report report;
    struct failure failure; /* of the last attempt */
};

struct agent_query *core_agent_query_new(struct core *core, struct watch *watch)
{
    struct agent_query *query = mem_new(sizeof *query);
    query->core = core;
    query->watch = watch;
    return query;
}

void core_agent_query_free(struct agent_query *query)
{
    if (query->call != NULL) {
        agent_api_cancel(query->call);
    }
    free(query);
}

static void on_report(void *owner, const struct agent_report *report, const struct failure *why)
{
    struct agent_query *query = owner;
    mono_ns now = mono_now();
    query->call = NULL;
    query->failure = *why;
    if (report != NULL) {
        query->report = *report;
        query->at = now;
    } else {
        log_line(&query->core->log, LOG_DEBUG, LOG_MAIN, "the agent's report: %s", why->text);
    }
    uint64_t wait_s = report != NULL && report->has_net_info ? ASK_EVERY_S
                      : report != NULL                       ? UNFINISHED_S
                      : why->code == NET_ERR_UNSUPPORTED     ? TOO_OLD_S
                                                             : RETRY_S;
    query->next_at = mono_after(now, wait_s * NS_PER_SEC);
    core_dirty(query->core);
    core_pump(query->core);
}

void core_agent_query_soon(struct agent_query *query)
{
    mono_ns soon = mono_after(mono_now(), CHANGED_S * NS_PER_SEC);
    if (query->failure.code == NET_OK) {
        query->next_at = mono_min(query->next_at, soon);
    }
}

mono_ns core_agent_query_due(struct agent_query *query, mono_ns now)
{
    struct watch *watch = query->watch;
    struct wg_status status;
    char host[ADDRESS_TEXT_SIZE];
    if (query->call != NULL || watch->paused || watch->peer.address_count == 0 ||
        !tunnel_peer_status(watch->config.peer, &status) || status.handshakes == 0) {
        return MONO_NEVER;
    }
    mono_ns next = query->next_at;
    if (query->at != 0 && query->failure.code == NET_OK && core_path_kind(watch) != PATH_DIRECT) {
        next = mono_min(next, mono_after(query->at, RELAYED_EVERY_S * NS_PER_SEC));
    }
    if (now < next) {
        return next;
    }
    address_ip_text(&watch->peer.addresses[0], host);
    query->call = agent_api_fetch(query->core->loop, watch->config.peer, host, on_report, query);
    return MONO_NEVER;
}

const struct agent_report *core_agent_report(const struct watch *watch, mono_ns *at,
                                             const struct failure **why)
{
    const struct agent_query *query = watch->query;
    *at = query->at;
    *why = &query->failure;
    return query->at == 0 ? NULL : &query->report;
}
