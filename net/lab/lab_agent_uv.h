/*
 * One agent of the lab on sockets: a coordinator session by websocket, relay connections, and
 * lab_agent.h between them. It knows of the deployment what a real agent knows: a URL and a token.
 */
#ifndef NET_LAB_LAB_AGENT_UV_H
#define NET_LAB_LAB_AGENT_UV_H

#include <uv.h>

#include "net/base/log.h"
#include "net/lab/lab_agent.h"
#include "net/transport/http_uv.h"

struct lab_agent_config {
    uv_loop_t *loop;
    struct http_client *client; /* borrowed, as are rng and log */
    struct rng *rng;
    struct log *log;
    const char *name; /* for the log; copied */
    const char *url;  /* copied */
    const char *token;
    struct uuid id;
    const char *ip; /* its UDP socket's; borrowed until it is closed */
    bool block_direct;
    bool force_websockets;
};

struct lab_agent_shell;

/* Draws its keys and connects; goes on trying for ever. Never NULL. */
struct lab_agent_shell *lab_agent_shell_new(const struct lab_agent_config *config);

/* Takes direct connections away from those that use them, or gives them back. */
void lab_agent_shell_block_direct(struct lab_agent_shell *shell, bool blocked);

/* Says goodbye to the coordinator as far as the socket takes it, closes all, frees on the loop. */
void lab_agent_shell_close(struct lab_agent_shell *shell);

#endif
