/*
 * The server's half of one DERP connection, after the HTTP upgrade, for the lab. A machine. Routing
 * between connections is the owner's business.
 *
 * A login must come within 10 s; then there is no read deadline, and a keep-alive goes out every 60
 * s and a random 0 to 5 s more. Source: coder/tailscale derp/derp_server.go; protocol notes 2.2
 * to 2.4.
 */
#ifndef NET_PATH_DERP_SERVER_H
#define NET_PATH_DERP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/crypto/key.h"
#include "net/wire/derp.h"

enum { DERP_SERVER_QUEUE_MAX = 4 << 20, DERP_LOGIN_SECONDS = 10, DERP_KEEP_ALIVE_SECONDS = 60 };

enum derp_server_event_kind {
    DERP_SERVER_LOGIN,     /* peer: the client's key; it may be sent packets from now on */
    DERP_SERVER_PACKET,    /* peer: the destination; packet: a view, valid until the next input */
    DERP_SERVER_PREFERRED, /* preferred */
};

struct derp_server_event {
    enum derp_server_event_kind kind;
    struct node_public peer;
    struct bytes packet;
    bool preferred;
};

struct derp_server;

/* Queues the greeting at once. Borrows key and rng. Never NULL. */
struct derp_server *derp_server_new(const struct node_private *key, struct rng *rng, mono_ns now);
void derp_server_free(struct derp_server *server);

/* As derp_client_input: up to one event, call again until *in is empty. Errors: close. */
NET_MUST_USE enum net_err derp_server_input(struct derp_server *server, mono_ns now,
                                            struct bytes *in);
bool derp_server_event(struct derp_server *server, struct derp_server_event *out);
struct bytes derp_server_output(const struct derp_server *server);
void derp_server_sent(struct derp_server *server, size_t len);

/* Each queues a frame. NET_ERR_STATE: not logged in. NET_ERR_FULL: DERP_SERVER_QUEUE_MAX waits;
 * dropped. */
NET_MUST_USE enum net_err derp_server_packet(struct derp_server *server,
                                             const struct node_public *source, struct bytes packet);
NET_MUST_USE enum net_err derp_server_peer_gone(struct derp_server *server,
                                                const struct node_public *peer,
                                                enum derp_gone_reason reason);
NET_MUST_USE enum net_err derp_server_ping(struct derp_server *server,
                                           const uint8_t data[DERP_PING_LEN]);
NET_MUST_USE enum net_err derp_server_health(struct derp_server *server, const char *text);
NET_MUST_USE enum net_err derp_server_restarting(struct derp_server *server, uint32_t reconnect_ms,
                                                 uint32_t try_ms);

mono_ns derp_server_deadline(const struct derp_server *server);
/* NET_ERR_TIMEOUT: no login in time. */
NET_MUST_USE enum net_err derp_server_tick(struct derp_server *server, mono_ns now);

#endif
