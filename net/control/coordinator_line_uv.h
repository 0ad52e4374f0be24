/*
 * Internal to the coordinator link: one websocket to one address, dialled again and again, with a
 * session on it while it is up. The link has one line to /api/v2/tailnet, or, with an older server,
 * one for each agent.
 *
 * A line calls its owner in the middle of its work; whatever the owner then asks of it (to dial
 * anew, to close) is noted and done at the end of that work.
 */
#ifndef NET_CONTROL_COORDINATOR_LINE_UV_H
#define NET_CONTROL_COORDINATOR_LINE_UV_H

#include "net/control/coordinator_link_uv.h"

/* What is said on every session: kept by the link, borrowed by its lines. */
struct coordinator_wishes {
    bool has_node;
    struct tailnet_node node;
    size_t agent_count;
    struct uuid *agents;
};

struct coordinator_line;

struct coordinator_line_owner {
    /* The status is another. */
    void (*changed)(void *owner);
    /* An event of the session, never ENDED; what it carries is the owner's. */
    void (*event)(void *owner, struct coordinator_event *event);
    /* A session that was up is gone. */
    void (*lost)(void *owner, struct coordinator_line *line);
    /* The server lacks this address: it is to be closed, and each agent's dialled. */
    void (*fall_back)(void *owner, struct coordinator_line *line);
    /* After coordinator_line_close: the line is freed when this returns. */
    void (*closed)(void *owner, struct coordinator_line *line);
};

struct coordinator_line_config {
    uv_loop_t *loop;
    struct http_client *client;
    const struct settings *settings;
    struct rng *rng;
    struct log *log;
    const struct coordinator_wishes *wishes;
    bool per_agent;
    struct uuid agent; /* per_agent: the only one that is asked for */
    bool has_user;
    struct uuid user_id;
    const struct coordinator_line_owner *handlers;
    void *owner;
};

/* The config is copied, what it points to borrowed. Never NULL. */
struct coordinator_line *coordinator_line_new(const struct coordinator_line_config *config);

/* Dials at once. */
void coordinator_line_start(struct coordinator_line *line);

const struct coordinator_link_status *coordinator_line_status(const struct coordinator_line *line);
const struct uuid *coordinator_line_agent(const struct coordinator_line *line);

/* The wishes have changed: say so on the session, if there is one. */
void coordinator_line_node_changed(struct coordinator_line *line);
void coordinator_line_add_agent(struct coordinator_line *line, const struct uuid *agent);
void coordinator_line_remove_agent(struct coordinator_line *line, const struct uuid *agent);

/* Drops what there is and dials at once. */
void coordinator_line_retry(struct coordinator_line *line);

/* Says goodbye if there is a session, waits at most 1 s for the server to end it. The only call of
 * the owner's that still comes is `closed`. */
void coordinator_line_close(struct coordinator_line *line);

#endif
