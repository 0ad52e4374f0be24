/*
 * A loop, a server that plays the deployment's coordinator, and a link to it. The server does what
 * the test tells it: which answer a dial gets, what a session says.
 */
#ifndef TESTS_SUPPORT_COORDINATOR_RIG_UV_H
#define TESTS_SUPPORT_COORDINATOR_RIG_UV_H

#include "net/control/coordinator_link_uv.h"
#include "net/control/coordinator_server.h"
#include "net/transport/http_server_uv.h"
#include "tests/support/loop_uv.h"

enum { RIG_SESSIONS = 32, RIG_TUNNELS = 8 };

struct rig;

/* One dial that became a websocket. */
struct rig_session {
    struct rig *rig;
    struct stream *stream;
    struct coordinator_server *server;
    bool open;
    bool deaf; /* reads nothing */
    char path[128];
    char version[16];
    char token[64]; /* resume_token; "" = none */
    char login[64]; /* Coder-Session-Token */
    unsigned nodes; /* update_self received */
    struct tailnet_node node;
    size_t tunnel_count;
    struct uuid tunnels[RIG_TUNNELS];
    unsigned removed;
    bool joined, asked_maps, asked_workspaces, asked_token, disconnected;
    struct uuid owner_id;
};

struct rig {
    uv_loop_t loop;
    struct http_server *http;
    struct http_client *client;
    struct settings settings;
    struct rng_seeded rng;
    struct log log;
    struct coordinator_link *link;
    /* What the server does. */
    int refuse_tailnet; /* a status instead of an upgrade; 0: accept */
    int refuse_agents;
    unsigned refusals_left; /* after so many, dials are accepted */
    const char *refusal;    /* its body; JSON */
    bool stays_silent;      /* a goodbye is not answered */
    const char *resume;     /* the token given to each session; NULL: none */
    unsigned dials;
    size_t session_count;
    struct rig_session sessions[RIG_SESSIONS];
    /* What the link has said. */
    unsigned states;
    enum coordinator_state seen[64];
    unsigned peers;
    struct tailnet_peer_update peer;
    unsigned lost;
    unsigned maps;
    struct derp_map map;
    unsigned workspaces;
    bool closed;
    void (*in_peer)(struct rig *rig); /* called in the `peer` handler, when set */
    void (*in_lost)(struct rig *rig);
};

void rig_begin(struct rig *rig);

/* Closes the link, unless it is closed already, and everything else; nothing may stay open. */
void rig_end(struct rig *rig);

/* Starts the link with a user, a node of home region 999 and one agent, rig_agent(1). */
void rig_start(struct rig *rig);

struct uuid rig_agent(uint8_t number);
struct tailnet_node rig_node(int32_t home);

/* Runs the loop until the link is in that state. */
void rig_wait_state(struct rig *rig, enum coordinator_state state);

/* The n-th session, once it is there. */
struct rig_session *rig_wait_session(struct rig *rig, size_t index);

/* Runs the loop until a counter or flag of the rig has at least that value. */
void rig_wait(struct rig *rig, const unsigned *counter, unsigned least);
void rig_wait_flag(struct rig *rig, const bool *flag);

/* The server says it on that session. */
void rig_send_peer(struct rig_session *session, const struct uuid *id, enum tailnet_peer_kind kind);
void rig_send_error(struct rig_session *session, const char *text);
void rig_send_raw(struct rig_session *session, const char *text);
void rig_flush(struct rig_session *session);

/* The server closes the websocket. */
void rig_drop(struct rig_session *session);

#endif
