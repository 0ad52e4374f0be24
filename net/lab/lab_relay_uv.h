/*
 * The lab's relay on sockets: the HTTP upgrade or the websocket, the login and the frames (machines
 * of net/path/derp_server.h), and lab_relay.h between them.
 */
#ifndef NET_LAB_LAB_RELAY_UV_H
#define NET_LAB_LAB_RELAY_UV_H

#include <uv.h>

#include "net/base/log.h"
#include "net/lab/lab_relay.h"
#include "net/lab/lab_uv.h"
#include "net/transport/http_server_uv.h"

struct lab_relay_shell;

/* Draws the server key. Borrows rng and log. Never NULL. */
struct lab_relay_shell *lab_relay_shell_new(uv_loop_t *loop, const struct lab_relay_config *config,
                                            struct log *log);
/* Drops all connections; frees on the loop. */
void lab_relay_shell_close(struct lab_relay_shell *shell);

/* A GET of /derp: answers it, with a connection if it asks for one. */
void lab_relay_shell_accept(struct lab_relay_shell *shell, struct http_exchange *exchange);

void lab_relay_shell_faults(struct lab_relay_shell *shell, const struct lab_faults *faults);
void lab_relay_shell_health(struct lab_relay_shell *shell, const char *text);
void lab_relay_shell_restarting(struct lab_relay_shell *shell, uint32_t reconnect_ms,
                                uint32_t try_ms);
void lab_relay_shell_drop(struct lab_relay_shell *shell);
struct lab_relay_counts lab_relay_shell_counts(const struct lab_relay_shell *shell);

#endif
