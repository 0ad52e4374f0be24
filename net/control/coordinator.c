#include "net/control/coordinator.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/control/rpc.h"

enum {
    EVENTS_PAUSE =
        64, /* with so many waiting, the rest waits in the streams until some are taken */
    EVENTS_MAX = 1024, /* beyond: one response may carry many updates; the server buffers 512 */
    REQUEST_MAX = 256 << 10,
    REFRESH_DEFAULT_S = 30 * 60, /* when the server names no time: tailnet/controllers.go */
    REFRESH_LEAST_S = 1,
    REFRESH_RETRY_S = 5 * 60, /* ours, with jitter: after an error */
};

enum which { RPC_COORDINATE, RPC_MAPS, RPC_WORKSPACES, RPC_TOKEN, RPC_COUNT };

static const char *const names[RPC_COUNT] = {
    [RPC_COORDINATE] = "/coder.tailnet.v2.Tailnet/Coordinate",
    [RPC_MAPS] = "/coder.tailnet.v2.Tailnet/StreamDERPMaps",
    [RPC_WORKSPACES] = "/coder.tailnet.v2.Tailnet/WorkspaceUpdates",
    [RPC_TOKEN] = "/coder.tailnet.v2.Tailnet/RefreshResumeToken",
};

struct queued {
    struct queued *next;
    struct coordinator_event event;
};

struct coordinator {
    struct coordinator_config config;
    struct yamux_session *session;
    struct rpc rpcs[RPC_COUNT];
    bool finished[RPC_COUNT];    /* its yamux stream brings nothing more */
    bool paused;                 /* there may be packets to read that no yamux event will tell of */
    struct queued *first, *last; /* events, oldest first */
    size_t event_count;
    mono_ns now; /* the last one that was passed in */
    mono_ns refresh_at;
    bool ended;
    bool overwritten;
    enum net_err err; /* what ended it */
    char error[TAILNET_REASON_SIZE];
};

static struct coordinator_event *push(struct coordinator *c, enum coordinator_event_kind kind)
{
    struct queued *item = mem_new(sizeof *item);
    item->event.kind = kind;
    if (c->last == NULL) {
        c->first = item;
    } else {
        c->last->next = item;
    }
    c->last = item;
    c->event_count++;
    return &item->event;
}

static enum net_err end(struct coordinator *c, enum net_err err, const char *text)
{
    if (!c->ended) {
        struct coordinator_event *event = push(c, COORDINATOR_ENDED);
        c->ended = true;
        c->err = err;
        event->peer_id_overwritten = c->overwritten;
        text_copy(event->text, sizeof event->text, text);
    }
    return c->err;
}

static enum net_err invoke(struct coordinator *c, enum which which, mono_ns now,
                           const struct buf *request)
{
    struct rpc *rpc = &c->rpcs[which];
    enum net_err err = rpc_invoke(rpc, c->session, now, names[which]);
    c->finished[which] = false;
    if (err == NET_OK && request != NULL) {
        err = rpc_send(rpc, c->session, DRPC_MESSAGE, buf_view(request));
    }
    if (err == NET_OK && request != NULL) {
        err = rpc_send(rpc, c->session, DRPC_CLOSE_SEND, (struct bytes){0});
    }
    return err;
}

static enum net_err open_rpcs(struct coordinator *c, mono_ns now)
{
    struct buf request;
    buf_init(&request, REQUEST_MAX);
    enum net_err err = invoke(c, RPC_COORDINATE, now, NULL);
    if (err == NET_OK) {
        err = invoke(c, RPC_MAPS, now, &request); /* an empty message */
    }
    if (err == NET_OK && c->config.workspace_updates) {
        err = tailnet_workspaces_request_encode(&request, &c->config.owner_id);
        err = err != NET_OK ? err : invoke(c, RPC_WORKSPACES, now, &request);
        buf_clear(&request);
    }
    if (err == NET_OK && !c->config.agent) {
        err = invoke(c, RPC_TOKEN, now, &request);
    }
    buf_clear(&request);
    return err;
}

struct coordinator *coordinator_new(const struct coordinator_config *config, mono_ns now)
{
    struct coordinator *c = mem_new(sizeof *c);
    c->config = *config;
    c->now = now;
    c->refresh_at = MONO_NEVER;
    c->session = yamux_session_new(YAMUX_CLIENT, now);
    enum net_err err = open_rpcs(c, now);
    assert(err == NET_OK); /* a fresh session has room for four streams */
    return c;
}

static void free_event(struct coordinator_event *event)
{
    if (event->kind == COORDINATOR_DERP_MAP) {
        derp_map_clear(&event->derp_map);
    } else if (event->kind == COORDINATOR_WORKSPACES) {
        tailnet_workspaces_clear(&event->workspaces);
    }
    mem_wipe(&event->token, sizeof event->token);
}

void coordinator_free(struct coordinator *c)
{
    if (c == NULL) {
        return;
    }
    while (c->first != NULL) {
        struct queued *item = c->first;
        c->first = item->next;
        free_event(&item->event);
        free(item);
    }
    for (size_t i = 0; i < RPC_COUNT; i++) {
        rpc_clear(&c->rpcs[i]);
    }
    yamux_session_free(c->session);
    free(c);
}

/* --- messages
 * ------------------------------------------------------------------------------------- */

static void on_update(void *owner, const struct tailnet_peer_update *update)
{
    struct coordinator *c = owner;
    if (c->event_count < EVENTS_MAX) {
        push(c, COORDINATOR_PEER)->peer = *update;
    } else {
        (void)end(c, NET_ERR_FULL, "the coordinator sent more updates than can be held");
    }
}

static enum net_err on_response(struct coordinator *c, struct bytes data)
{
    char error[TAILNET_REASON_SIZE];
    size_t skipped = 0;
    enum net_err err = tailnet_response_decode(data, on_update, c, error, &skipped);
    if (err != NET_OK) {
        return end(c, err, "the coordinator sent a response that cannot be read");
    }
    if (skipped > 0) {
        log_line(c->config.log, LOG_WARN, LOG_CONTROL,
                 "%zu peer updates could not be read; skipped", skipped);
    }
    if (error[0] != '\0') {
        c->overwritten = strstr(error, "peer ID overwritten") != NULL;
        return end(c, NET_ERR_CLOSED, error);
    }
    return c->ended ? c->err : NET_OK;
}

static enum net_err on_map(struct coordinator *c, struct bytes data)
{
    struct derp_map map;
    enum net_err err = tailnet_derp_map_decode(data, &map);
    if (err != NET_OK) {
        return end(c, err, "the coordinator sent a DERP map that cannot be read");
    }
    push(c, COORDINATOR_DERP_MAP)->derp_map = map;
    return NET_OK;
}

static enum net_err on_workspaces(struct coordinator *c, struct bytes data)
{
    struct tailnet_workspaces workspaces = {0};
    enum net_err err = tailnet_workspaces_decode(data, &workspaces);
    if (err != NET_OK) {
        return end(c, err, "the coordinator sent a list of workspaces that cannot be read");
    }
    push(c, COORDINATOR_WORKSPACES)->workspaces = workspaces;
    return NET_OK;
}

static uint64_t refresh_wait(const struct tailnet_resume_token *token)
{
    uint64_t least = REFRESH_LEAST_S * NS_PER_SEC;
    if (token->refresh_in_ns <= 0) {
        return REFRESH_DEFAULT_S * NS_PER_SEC;
    }
    return (uint64_t)token->refresh_in_ns < least ? least : (uint64_t)token->refresh_in_ns;
}

/* Without a token a reconnect gets a new peer ID: a pity, but no reason to end the session. */
static void refresh_later(struct coordinator *c)
{
    uint64_t wait = REFRESH_RETRY_S * NS_PER_SEC;
    c->refresh_at = mono_after(c->now, wait / 2 + rng_below(c->config.rng, wait));
}

static enum net_err on_token(struct coordinator *c, struct bytes data)
{
    struct tailnet_resume_token token;
    if (tailnet_resume_token_decode(data, &token) != NET_OK) {
        log_line(c->config.log, LOG_WARN, LOG_CONTROL, "a resume token cannot be read");
        refresh_later(c);
    } else {
        c->refresh_at = mono_after(c->now, refresh_wait(&token));
        push(c, COORDINATOR_RESUME_TOKEN)->token = token;
    }
    mem_wipe(&token, sizeof token);
    rpc_end(&c->rpcs[RPC_TOKEN], c->session);
    return NET_OK;
}

static enum net_err on_message(struct coordinator *c, enum which which, struct bytes data)
{
    switch (which) {
    case RPC_COORDINATE:
        return on_response(c, data);
    case RPC_MAPS:
        return on_map(c, data);
    case RPC_WORKSPACES:
        return on_workspaces(c, data);
    case RPC_TOKEN:
        return on_token(c, data);
    case RPC_COUNT:
        break;
    }
    return NET_OK;
}

/* --- the ends of RPCs
 * ----------------------------------------------------------------------------- */

/* The end of the token refresher is no loss, nor that of an RPC which the server does not know or
 * not allow; any other end is the session's. `error` is NULL for an end in order. */
static enum net_err on_rpc_end(struct coordinator *c, enum which which, uint64_t code,
                               const char *error)
{
    const char *text = error == NULL ? "" : error;
    rpc_end(&c->rpcs[which], c->session);
    if (which == RPC_TOKEN && error != NULL && drpc_error_is_unknown_rpc(code, text)) {
        (void)push(c, COORDINATOR_NO_RESUME_TOKENS);
        return NET_OK;
    }
    if (which == RPC_TOKEN) {
        log_line(c->config.log, LOG_WARN, LOG_CONTROL, "no resume token now: %s", text);
        refresh_later(c);
        return NET_OK;
    }
    if (which == RPC_WORKSPACES && error != NULL) {
        log_line(c->config.log, LOG_WARN, LOG_CONTROL, "no live list of workspaces: %s", text);
        (void)push(c, COORDINATOR_NO_WORKSPACES);
        return NET_OK;
    }
    char why[TAILNET_REASON_SIZE];
    text_format(why, sizeof why, "the server ended the coordinator session%s%s",
                text[0] != '\0' ? ": " : "", text);
    return end(c, NET_ERR_CLOSED, why);
}

static enum net_err on_packet(struct coordinator *c, enum which which,
                              const struct drpc_packet *packet)
{
    char text[TAILNET_REASON_SIZE] = "";
    uint64_t code = 0;
    switch ((enum drpc_kind)packet->kind) {
    case DRPC_MESSAGE:
        return on_message(c, which, packet->data);
    case DRPC_ERROR:
        drpc_error_decode(packet->data, &code, text, sizeof text);
        return on_rpc_end(c, which, code, text);
    case DRPC_CLOSE:
    case DRPC_CLOSE_SEND:
    case DRPC_CANCEL:
        return on_rpc_end(c, which, 0, NULL);
    case DRPC_INVOKE:
    case DRPC_INVOKE_METADATA:
        break;
    }
    return end(c, NET_ERR_MALFORMED, "the coordinator broke the dRPC protocol");
}

/* Reads what has arrived for one RPC, unless enough events wait already: then flow control holds
 * the server back until they are taken. */
static enum net_err drain_rpc(struct coordinator *c, enum which which)
{
    struct drpc_packet packet;
    while (!c->ended && c->rpcs[which].stream != 0) {
        if (c->event_count >= EVENTS_PAUSE) {
            c->paused = true;
            return NET_OK;
        }
        enum net_err err = rpc_next(&c->rpcs[which], c->session, &packet);
        if (err == NET_ERR_AGAIN) {
            return c->finished[which] ? on_rpc_end(c, which, 0, NULL) : NET_OK;
        }
        if (err != NET_OK) {
            return end(c, err, "the coordinator broke the dRPC protocol");
        }
        err = on_packet(c, which, &packet);
        if (err != NET_OK) {
            return err;
        }
    }
    return c->err;
}

static void on_stream_event(struct coordinator *c, const struct yamux_event *event)
{
    for (size_t i = 0; i < RPC_COUNT; i++) {
        if (c->rpcs[i].stream != 0 && c->rpcs[i].stream == event->stream) {
            c->finished[i] |= event->kind == YAMUX_EVENT_FIN || event->kind == YAMUX_EVENT_RESET;
            (void)drain_rpc(c, (enum which)i);
            return;
        }
    }
}

/* Goes on where drain_rpc paused. */
static void resume(struct coordinator *c)
{
    c->paused = false;
    for (size_t i = 0; i < RPC_COUNT && !c->ended; i++) {
        (void)drain_rpc(c, (enum which)i);
    }
}

bool coordinator_event(struct coordinator *c, struct coordinator_event *out)
{
    struct queued *item = c->first;
    if (item == NULL) {
        return false;
    }
    c->first = item->next;
    c->last = c->first == NULL ? NULL : c->last;
    c->event_count--;
    *out = item->event;
    mem_free_wiped(item, sizeof *item);
    if (c->paused && c->event_count < EVENTS_PAUSE) {
        resume(c);
    }
    return true;
}

static const char *session_error_text(enum net_err err)
{
    return err == NET_ERR_TIMEOUT  ? "the coordinator does not answer"
           : err == NET_ERR_CLOSED ? "the server went away"
           : err == NET_ERR_FULL   ? "the coordinator takes no more bytes"
                                   : "the coordinator broke the yamux protocol";
}

static enum net_err drain_session(struct coordinator *c, enum net_err err)
{
    struct yamux_event event;
    while (!c->ended && yamux_session_event(c->session, &event)) {
        on_stream_event(c, &event);
    }
    if (err != NET_OK) {
        return end(c, err, session_error_text(err));
    }
    return c->err;
}

enum net_err coordinator_input(struct coordinator *c, mono_ns now, struct bytes in)
{
    if (c->ended) {
        return c->err;
    }
    c->now = now;
    return drain_session(c, yamux_session_input(c->session, now, in));
}

struct bytes coordinator_output(const struct coordinator *c)
{
    return yamux_session_output(c->session);
}

void coordinator_sent(struct coordinator *c, size_t len)
{
    yamux_session_sent(c->session, len);
}

mono_ns coordinator_deadline(const struct coordinator *c)
{
    if (c->ended) {
        return MONO_NEVER;
    }
    return mono_min(yamux_session_deadline(c->session), c->refresh_at);
}

static void refresh(struct coordinator *c)
{
    struct buf empty;
    buf_init(&empty, 1);
    c->refresh_at = MONO_NEVER;
    if (invoke(c, RPC_TOKEN, c->now, &empty) != NET_OK) {
        rpc_end(&c->rpcs[RPC_TOKEN], c->session);
        refresh_later(c); /* a server that is going away opens no streams */
    }
}

enum net_err coordinator_tick(struct coordinator *c, mono_ns now)
{
    if (c->ended) {
        return c->err;
    }
    c->now = now;
    if (now >= c->refresh_at) {
        refresh(c);
    }
    return drain_session(c, yamux_session_tick(c->session, now));
}

/* --- what we say
 * ----------------------------------------------------------------------------------- */

static enum net_err send_request(struct coordinator *c, const struct tailnet_request *request)
{
    struct buf out;
    if (c->ended) {
        return NET_ERR_CLOSED;
    }
    buf_init(&out, REQUEST_MAX);
    enum net_err err = tailnet_request_encode(&out, request);
    if (err == NET_OK) {
        err = rpc_send(&c->rpcs[RPC_COORDINATE], c->session, DRPC_MESSAGE, buf_view(&out));
    }
    buf_clear(&out);
    return err == NET_OK ? NET_OK : end(c, err, "the coordinator takes no more requests");
}

enum net_err coordinator_update_self(struct coordinator *c, const struct tailnet_node *node)
{
    assert(node->preferred_derp != 0);
    return send_request(c, &(struct tailnet_request){.update_self = node});
}

enum net_err coordinator_add_tunnel(struct coordinator *c, const struct uuid *agent)
{
    return send_request(c, &(struct tailnet_request){.has_add_tunnel = true, .add_tunnel = *agent});
}

enum net_err coordinator_remove_tunnel(struct coordinator *c, const struct uuid *agent)
{
    return send_request(
        c, &(struct tailnet_request){.has_remove_tunnel = true, .remove_tunnel = *agent});
}

enum net_err coordinator_ready_for_handshake(struct coordinator *c, const struct uuid *peer)
{
    assert(c->config.agent);
    return send_request(c, &(struct tailnet_request){.ready_count = 1, .ready = {*peer}});
}

enum net_err coordinator_disconnect(struct coordinator *c)
{
    return send_request(c, &(struct tailnet_request){.disconnect = true});
}
