/*
 * A client of the lab, for tests: one coordinator session and its relay connections, over real
 * sockets, and the path to one agent. It does what the genuine client does and nothing to hide.
 */
#ifndef TESTS_SUPPORT_LAB_CLIENT_UV_H
#define TESTS_SUPPORT_LAB_CLIENT_UV_H

#include <stdbool.h>

#include <uv.h>

#include "net/base/rng.h"
#include "net/control/coordinator.h"
#include "net/control/settings.h"
#include "net/lab/lab_uv.h"
#include "net/path/peer_path.h"
#include "net/path/relays_uv.h"
#include "net/transport/dial_uv.h"

struct lab_client {
    uv_loop_t *loop;
    struct rng *rng;
    const struct lab_deployment *deployment;
    struct settings address;
    struct http_client *http;
    struct node_private *node;
    struct disco_private *disco;
    struct relays *relays;
    struct peer_path *path; /* by the relay alone */
    uv_timer_t timer;
    struct dial *dial;
    struct stream *stream;
    struct coordinator *coordinator;
    struct uuid agent;         /* whom it wants a tunnel to */
    struct node_public peer;   /* the agent's key */
    bool force_websockets;     /* as the connection info would say */
    char resume_token[256];    /* of the last session; sent with the next dial if not "" */
    struct failure dial_error; /* of the last dial */
    int dial_status;
    bool relay_open;
    bool ready; /* READY_FOR_HANDSHAKE came */
    unsigned nodes, lost, disconnected, pongs, gone, ended;
    uint64_t rtt_ns; /* of the last pong */
    unsigned snapshots;
    struct tailnet_workspaces workspaces; /* the last update */
    char end_text[TAILNET_REASON_SIZE];   /* why the last session ended */
};

/* Keys, HTTP client and relays; nothing is sent yet. */
void lab_client_start(struct lab_client *client, uv_loop_t *loop, const struct lab *lab);

/* Dials /api/v2/tailnet with this session token; the outcome is in dial_error and `stream`. */
void lab_client_dial(struct lab_client *client, const char *token);
bool lab_client_dialled(void *client); /* for loop_until_call: the dial is over */

/* Announces the node (once the relay is open) and asks for the tunnel. */
void lab_client_join(struct lab_client *client, const struct uuid *agent);

/* Sends a ping at once. */
void lab_client_ping(struct lab_client *client);

/* Sends what the coordinator has queued (after a call of its functions). */
void lab_client_flush(struct lab_client *client);

/* Drops the session without a word, or closes everything; then run the loop until it is empty. */
void lab_client_hang_up(struct lab_client *client);
void lab_client_close(struct lab_client *client);
/* After the loop has run dry: frees the keys. */
void lab_client_free(struct lab_client *client);

#endif
