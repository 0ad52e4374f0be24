#include "net/control/coordinator_server.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/control/rpc.h"

enum {
    RPCS_MAX = 16, /* open at once; a client has four */
    EVENTS_MAX = 64,
    EVENTS_PAUSE = EVENTS_MAX / 2, /* the rest waits in the streams until some are taken */
    MESSAGE_MAX = DRPC_PACKET_MAX,
};

enum method {
    METHOD_NONE,
    METHOD_COORDINATE,
    METHOD_MAPS,
    METHOD_WORKSPACES,
    METHOD_TOKEN,
    METHOD_OVER, /* we have said our last word; the client closes the yamux stream */
};

static const char prefix[] = "/coder.tailnet.v2.Tailnet/";

static const struct {
    const char *name;
    enum method method;
} methods[] = {
    {"Coordinate", METHOD_COORDINATE},
    {"StreamDERPMaps", METHOD_MAPS},
    {"WorkspaceUpdates", METHOD_WORKSPACES},
    {"RefreshResumeToken", METHOD_TOKEN},
};

struct call {
    struct rpc rpc;
    enum method method;
    bool finished; /* the yamux stream brings nothing more */
};

struct coordinator_server {
    struct yamux_session *session;
    struct call calls[RPCS_MAX];
    struct coordinator_server_event *events; /* EVENTS_MAX */
    size_t event_first, event_count;
    bool paused; /* there may be packets to read that no yamux event will tell of */
    enum net_err dead;
};

struct coordinator_server *coordinator_server_new(mono_ns now)
{
    struct coordinator_server *server = mem_new(sizeof *server);
    server->session = yamux_session_new(YAMUX_SERVER, now);
    server->events = mem_array(EVENTS_MAX, sizeof *server->events);
    return server;
}

void coordinator_server_free(struct coordinator_server *server)
{
    if (server == NULL) {
        return;
    }
    for (size_t i = 0; i < RPCS_MAX; i++) {
        rpc_clear(&server->calls[i].rpc);
    }
    yamux_session_free(server->session);
    free(server->events);
    free(server);
}

static struct coordinator_server_event *push(struct coordinator_server *server,
                                             enum coordinator_server_event_kind kind)
{
    if (server->event_count == EVENTS_MAX) {
        server->dead = NET_ERR_FULL;
        return NULL;
    }
    struct coordinator_server_event *event =
        &server->events[(server->event_first + server->event_count++) % EVENTS_MAX];
    *event = (struct coordinator_server_event){.kind = kind};
    return event;
}

static struct call *find_stream(struct coordinator_server *server, uint32_t stream)
{
    for (size_t i = 0; i < RPCS_MAX; i++) {
        if (server->calls[i].rpc.stream == stream) {
            return &server->calls[i];
        }
    }
    return NULL;
}

static struct call *find_method(struct coordinator_server *server, enum method method)
{
    for (size_t i = 0; i < RPCS_MAX; i++) {
        if (server->calls[i].rpc.stream != 0 && server->calls[i].method == method) {
            return &server->calls[i];
        }
    }
    return NULL;
}

static void end_call(struct coordinator_server *server, struct call *call)
{
    bool coordinate = call->method == METHOD_COORDINATE;
    rpc_end(&call->rpc, server->session);
    call->method = METHOD_NONE;
    if (coordinate) {
        (void)push(server, COORDINATOR_SERVER_LEFT);
    }
}

/* We have nothing more to say on this RPC. The yamux stream stays until the client finishes it: a
 * dRPC client that sees it end at once may take the answer before it for cancelled. */
static void last_word(struct coordinator_server *server, struct call *call)
{
    bool coordinate = call->method == METHOD_COORDINATE;
    call->method = METHOD_OVER;
    if (coordinate) {
        (void)push(server, COORDINATOR_SERVER_LEFT);
    }
}

/* --- what arrives
 * --------------------------------------------------------------------------------- */

static enum method method_of(struct bytes name)
{
    struct bytes head = bytes_text(prefix);
    if (!bytes_start_with(name, head)) {
        return METHOD_NONE;
    }
    struct bytes rest = bytes_of(name.ptr + head.len, name.len - head.len);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (bytes_equal(rest, bytes_text(methods[i].name))) {
            return methods[i].method;
        }
    }
    return METHOD_NONE;
}

static enum net_err refuse(struct coordinator_server *server, struct call *call, uint64_t code,
                           const char *text)
{
    enum net_err err = rpc_send_error(&call->rpc, server->session, code, text);
    last_word(server, call);
    return err;
}

static enum net_err on_invoke(struct coordinator_server *server, struct call *call,
                              struct bytes name)
{
    char text[128];
    char shown[64];
    enum method method = method_of(name);
    (void)text_clean(shown, sizeof shown, name);
    if (call->method != METHOD_NONE) {
        return NET_ERR_MALFORMED;
    }
    if (method == METHOD_NONE) {
        text_format(text, sizeof text, "protocol error: unknown rpc: \"%s\"", shown);
        return refuse(server, call, DRPC_UNIMPLEMENTED, text);
    }
    bool single = method == METHOD_COORDINATE || method == METHOD_WORKSPACES;
    if (single && find_method(server, method) != NULL) {
        return refuse(server, call, 0, "this session has that RPC open already");
    }
    call->method = method;
    if (method == METHOD_COORDINATE) {
        (void)push(server, COORDINATOR_SERVER_JOINED);
    }
    return server->dead;
}

static enum net_err on_message(struct coordinator_server *server, struct call *call,
                               struct bytes data)
{
    struct coordinator_server_event *event = NULL;
    struct uuid owner_id;
    switch (call->method) {
    case METHOD_COORDINATE:
        event = push(server, COORDINATOR_SERVER_REQUEST);
        if (event != NULL &&
            tailnet_request_decode(data, &event->request, &event->node) != NET_OK) {
            server->event_count--; /* take the event back */
            return refuse(server, call, 0, "the request cannot be read");
        }
        return server->dead;
    case METHOD_MAPS:
        (void)push(server, COORDINATOR_SERVER_MAPS);
        return server->dead;
    case METHOD_WORKSPACES:
        if (tailnet_workspaces_request_decode(data, &owner_id) != NET_OK) {
            return refuse(server, call, 0, "parse workspace owner ID");
        }
        event = push(server, COORDINATOR_SERVER_WORKSPACES);
        if (event != NULL) {
            event->owner_id = owner_id;
        }
        return server->dead;
    case METHOD_TOKEN:
        (void)push(server, COORDINATOR_SERVER_TOKEN);
        return server->dead;
    case METHOD_OVER:
        return NET_OK;
    case METHOD_NONE:
        break;
    }
    return NET_ERR_MALFORMED; /* a message before Invoke */
}

static enum net_err on_packet(struct coordinator_server *server, struct call *call,
                              const struct drpc_packet *packet)
{
    switch ((enum drpc_kind)packet->kind) {
    case DRPC_INVOKE_METADATA:
        return NET_OK;
    case DRPC_INVOKE:
        return on_invoke(server, call, packet->data);
    case DRPC_MESSAGE:
        return on_message(server, call, packet->data);
    case DRPC_CLOSE_SEND:
        if (call->method == METHOD_COORDINATE) {
            end_call(server, call); /* a client that has no more to say has left */
        }
        return NET_OK;
    case DRPC_CLOSE:
    case DRPC_CANCEL:
    case DRPC_ERROR:
        end_call(server, call);
        return NET_OK;
    }
    return NET_ERR_MALFORMED;
}

/* Reads what has arrived for one call, unless enough events wait already: then flow control holds
 * the client back until they are taken. One packet makes one event at most, its end another. */
static enum net_err drain_call(struct coordinator_server *server, struct call *call)
{
    struct drpc_packet packet;
    while (server->dead == NET_OK && call->rpc.stream != 0) {
        if (server->event_count >= EVENTS_PAUSE) {
            server->paused = true;
            return NET_OK;
        }
        enum net_err err = rpc_next(&call->rpc, server->session, &packet);
        if (err == NET_ERR_AGAIN) {
            if (call->finished) {
                end_call(server, call);
            }
            return server->dead;
        }
        err = err != NET_OK ? err : on_packet(server, call, &packet);
        if (err != NET_OK) {
            return err;
        }
    }
    return server->dead;
}

static enum net_err on_accepted(struct coordinator_server *server, uint32_t stream)
{
    struct call *call = find_stream(server, 0);
    if (call == NULL) {
        return yamux_stream_reset(server->session, stream);
    }
    rpc_accept(&call->rpc, stream);
    call->method = METHOD_NONE;
    call->finished = false;
    return NET_OK;
}

static enum net_err on_stream_event(struct coordinator_server *server,
                                    const struct yamux_event *event)
{
    if (event->kind == YAMUX_EVENT_ACCEPTED) {
        return on_accepted(server, event->stream);
    }
    struct call *call = event->stream == 0 ? NULL : find_stream(server, event->stream);
    if (call == NULL) {
        return NET_OK;
    }
    call->finished |= event->kind == YAMUX_EVENT_FIN || event->kind == YAMUX_EVENT_RESET;
    return drain_call(server, call);
}

/* Goes on where drain_call paused. What goes wrong, the next input or tick tells. */
static void resume(struct coordinator_server *server)
{
    server->paused = false;
    for (size_t i = 0; i < RPCS_MAX && server->dead == NET_OK; i++) {
        server->dead = drain_call(server, &server->calls[i]);
    }
}

bool coordinator_server_event(struct coordinator_server *server,
                              struct coordinator_server_event *out)
{
    if (server->event_count == 0) {
        return false;
    }
    *out = server->events[server->event_first];
    if (out->request.update_self != NULL) {
        out->request.update_self = &out->node; /* the ring's place will be used again */
    }
    server->event_first = (server->event_first + 1) % EVENTS_MAX;
    server->event_count--;
    if (server->paused && server->event_count < EVENTS_PAUSE) {
        resume(server);
    }
    return true;
}

static enum net_err drain_session(struct coordinator_server *server, enum net_err err)
{
    struct yamux_event event;
    while (server->dead == NET_OK && yamux_session_event(server->session, &event)) {
        server->dead = on_stream_event(server, &event);
    }
    if (server->dead == NET_OK) {
        server->dead = err;
    }
    return server->dead;
}

enum net_err coordinator_server_input(struct coordinator_server *server, mono_ns now,
                                      struct bytes in)
{
    if (server->dead != NET_OK) {
        return server->dead;
    }
    return drain_session(server, yamux_session_input(server->session, now, in));
}

struct bytes coordinator_server_output(const struct coordinator_server *server)
{
    return yamux_session_output(server->session);
}

void coordinator_server_sent(struct coordinator_server *server, size_t len)
{
    yamux_session_sent(server->session, len);
}

mono_ns coordinator_server_deadline(const struct coordinator_server *server)
{
    return server->dead != NET_OK ? 0 : yamux_session_deadline(server->session);
}

enum net_err coordinator_server_tick(struct coordinator_server *server, mono_ns now)
{
    if (server->dead != NET_OK) {
        return server->dead;
    }
    return drain_session(server, yamux_session_tick(server->session, now));
}

/* --- what we say
 * ------------------------------------------------------------------------------------ */

static enum net_err send_message(struct coordinator_server *server, struct call *call,
                                 struct buf *message, enum net_err err)
{
    if (err == NET_OK) {
        err = rpc_send(&call->rpc, server->session, DRPC_MESSAGE, buf_view(message));
    }
    buf_clear(message);
    return err;
}

enum net_err coordinator_server_send_update(struct coordinator_server *server,
                                            const struct tailnet_peer_update *update)
{
    struct call *call = find_method(server, METHOD_COORDINATE);
    struct buf message;
    if (call == NULL) {
        return NET_ERR_STATE;
    }
    buf_init(&message, MESSAGE_MAX);
    return send_message(server, call, &message, tailnet_response_encode(&message, update, 1, NULL));
}

enum net_err coordinator_server_send_error(struct coordinator_server *server, const char *text)
{
    struct call *call = find_method(server, METHOD_COORDINATE);
    struct buf message;
    if (call == NULL) {
        return NET_ERR_STATE;
    }
    buf_init(&message, MESSAGE_MAX);
    return send_message(server, call, &message, tailnet_response_encode(&message, NULL, 0, text));
}

enum net_err coordinator_server_send_map(struct coordinator_server *server,
                                         const struct derp_map *map)
{
    enum net_err err = NET_ERR_STATE;
    for (size_t i = 0; i < RPCS_MAX; i++) {
        struct call *call = &server->calls[i];
        struct buf message;
        if (call->rpc.stream != 0 && call->method == METHOD_MAPS) {
            buf_init(&message, MESSAGE_MAX);
            err = send_message(server, call, &message, tailnet_derp_map_encode(&message, map));
        }
    }
    return err;
}

enum net_err coordinator_server_send_workspaces(struct coordinator_server *server,
                                                const struct tailnet_workspaces *workspaces)
{
    struct call *call = find_method(server, METHOD_WORKSPACES);
    struct buf message;
    if (call == NULL) {
        return NET_ERR_STATE;
    }
    buf_init(&message, MESSAGE_MAX);
    return send_message(server, call, &message, tailnet_workspaces_encode(&message, workspaces));
}

enum net_err coordinator_server_send_token(struct coordinator_server *server,
                                           const struct tailnet_resume_token *token)
{
    struct call *call = find_method(server, METHOD_TOKEN);
    struct buf message;
    if (call == NULL) {
        return NET_ERR_STATE;
    }
    buf_init(&message, MESSAGE_MAX);
    enum net_err err =
        send_message(server, call, &message, tailnet_resume_token_encode(&message, token));
    if (err == NET_OK) {
        err = rpc_send(&call->rpc, server->session, DRPC_CLOSE_SEND, (struct bytes){0});
    }
    last_word(server, call);
    return err;
}

static enum net_err finish(struct coordinator_server *server, enum method method, const char *error)
{
    struct call *call = find_method(server, method);
    if (call == NULL) {
        return NET_ERR_STATE;
    }
    if (error != NULL) {
        return refuse(server, call, 0, error);
    }
    enum net_err err = rpc_send(&call->rpc, server->session, DRPC_CLOSE, (struct bytes){0});
    last_word(server, call);
    return err;
}

enum net_err coordinator_server_end(struct coordinator_server *server, const char *error)
{
    return finish(server, METHOD_COORDINATE, error);
}

enum net_err coordinator_server_refuse_workspaces(struct coordinator_server *server,
                                                  const char *error)
{
    return finish(server, METHOD_WORKSPACES, error);
}
