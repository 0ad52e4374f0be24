#include "net/lab/lab_session_uv.h"

#include <stdlib.h>

#include "net/base/mem.h"
#include "net/control/coordinator_server.h"

enum { READ_SIZE = 64 << 10 };

struct session {
    struct session *next;
    struct lab_sessions *all;
    struct lab_seat seat;
    struct stream *stream;
    struct coordinator_server *server;
    uint64_t id;             /* in the coordinator; 0 = no Coordinate RPC */
    bool watches_workspaces; /* has a WorkspaceUpdates RPC */
    bool broken;             /* to be dropped as soon as nothing runs in it */
    mono_ns ping_at;
};

struct lab_sessions {
    uv_loop_t *loop;
    const struct lab_deployment *deployment;
    struct lab_coordinator *coordinator;
    struct rng *rng;
    struct log *log;
    void (*agent_changed)(void *owner, const struct uuid *agent);
    void *owner;
    struct session *first;
    uv_timer_t timer;
    bool closing;
};

static void settle(struct lab_sessions *all, mono_ns now);

static void note(struct session *session, enum net_err err)
{
    /* NET_ERR_STATE: the RPC is not open, which is the other side's affair. */
    session->broken = session->broken || (err != NET_OK && err != NET_ERR_STATE);
}

static void agent_changed(const struct session *session)
{
    if (session->seat.is_agent && !session->all->closing) {
        session->all->agent_changed(session->all->owner, &session->seat.peer);
    }
}

/* Drops the session that `at` points at. */
static void drop(struct lab_sessions *all, struct session **at)
{
    struct session *session = *at;
    *at = session->next;
    lab_coordinator_leave(all->coordinator, session->id, "");
    agent_changed(session);
    stream_close(session->stream);
    coordinator_server_free(session->server);
    free(session);
}

static struct session *find(const struct lab_sessions *all, uint64_t id)
{
    for (struct session *session = all->first; session != NULL; session = session->next) {
        if (session->id == id) {
            return session;
        }
    }
    return NULL;
}

static void deliver(struct session *session, const struct lab_message *message)
{
    if (message->has_update) {
        note(session, coordinator_server_send_update(session->server, &message->update));
    }
    if (message->error[0] != '\0') {
        log_line(session->all->log, LOG_INFO, LOG_LAB, "coordinator: %s", message->error);
        note(session, coordinator_server_send_error(session->server, message->error));
    }
    if (message->ended) {
        session->id = 0;
        note(session, coordinator_server_end(session->server, NULL));
        agent_changed(session);
    }
}

static void write_all(struct session *session)
{
    while (!session->broken) {
        struct bytes out = coordinator_server_output(session->server);
        size_t taken = 0;
        if (out.len == 0) {
            return;
        }
        enum net_err err = stream_write(session->stream, out, &taken);
        if (err == NET_ERR_AGAIN) {
            return;
        }
        session->broken = err != NET_OK;
        if (err == NET_OK) {
            coordinator_server_sent(session->server, taken);
        }
    }
}

static void join(struct session *session)
{
    struct lab_sessions *all = session->all;
    if (lab_coordinator_join(all->coordinator, &session->seat, &session->id) != NET_OK) {
        note(session, coordinator_server_send_error(session->server, "too many peers"));
        note(session, coordinator_server_end(session->server, NULL));
    }
    agent_changed(session);
}

static void send_map(struct session *session)
{
    struct derp_map map;
    derp_map_init(&map);
    lab_derp_map(session->all->deployment, &map);
    note(session, coordinator_server_send_map(session->server, &map));
    derp_map_clear(&map);
}

static void send_workspaces(struct session *session, const struct uuid *owner)
{
    struct tailnet_workspaces updates;
    if (session->seat.is_agent || !uuid_equal(owner, &session->all->deployment->owner_id)) {
        note(session, coordinator_server_refuse_workspaces(
                          session->server, "subscribe to workspace updates: not authorized"));
        return;
    }
    session->watches_workspaces = true;
    lab_updates_all(session->all->deployment, &updates);
    note(session, coordinator_server_send_workspaces(session->server, &updates));
    tailnet_workspaces_clear(&updates);
}

static void send_token(struct session *session)
{
    struct tailnet_resume_token token = {.refresh_in_ns = 0};
    lab_coordinator_resume_token(session->all->coordinator, session->all->rng, wall_now(),
                                 &session->seat.peer, &token);
    note(session, coordinator_server_send_token(session->server, &token));
    mem_wipe(&token, sizeof token);
}

static void take_event(struct session *session, const struct coordinator_server_event *event)
{
    struct lab_coordinator *coordinator = session->all->coordinator;
    switch (event->kind) {
    case COORDINATOR_SERVER_JOINED:
        join(session);
        break;
    case COORDINATOR_SERVER_REQUEST:
        (void)lab_coordinator_request(coordinator, session->id, &event->request);
        if (event->request.update_self != NULL) {
            agent_changed(session);
        }
        break;
    case COORDINATOR_SERVER_LEFT:
        lab_coordinator_leave(coordinator, session->id, "");
        break;
    case COORDINATOR_SERVER_MAPS:
        send_map(session);
        break;
    case COORDINATOR_SERVER_WORKSPACES:
        send_workspaces(session, &event->owner_id);
        break;
    case COORDINATOR_SERVER_TOKEN:
        send_token(session);
        break;
    }
}

static void take_events(struct session *session)
{
    struct coordinator_server_event event;
    while (!session->broken && coordinator_server_event(session->server, &event)) {
        take_event(session, &event);
    }
}

static void on_wake(void *owner)
{
    static uint8_t in[READ_SIZE]; /* one loop, one thread; nothing is kept in it */
    struct session *session = owner;
    mono_ns now = mono_now();
    size_t got = 0;
    while (!session->broken) {
        enum net_err err = stream_read(session->stream, in, sizeof in, &got);
        if (err == NET_ERR_AGAIN) {
            break;
        }
        if (err == NET_OK) {
            err = coordinator_server_input(session->server, now, bytes_of(in, got));
            take_events(session);
        }
        session->broken = session->broken || err != NET_OK;
    }
    settle(session->all, now);
}

static void tick(struct session *session, mono_ns now)
{
    if (coordinator_server_deadline(session->server) <= now) {
        note(session, coordinator_server_tick(session->server, now));
        take_events(session);
    }
    if (session->ping_at <= now) {
        websocket_stream_ping(session->stream);
        session->ping_at = mono_after(now, LAB_PING_SECONDS * NS_PER_SEC);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct lab_sessions *all = timer->data;
    mono_ns now = mono_now();
    for (struct session *session = all->first; session != NULL; session = session->next) {
        tick(session, now);
    }
    settle(all, now);
}

static void arm(struct lab_sessions *all, mono_ns now)
{
    mono_ns next = MONO_NEVER;
    for (const struct session *session = all->first; session != NULL; session = session->next) {
        next = mono_min(next, coordinator_server_deadline(session->server));
        next = mono_min(next, session->ping_at);
    }
    if (next == MONO_NEVER || all->closing) {
        (void)uv_timer_stop(&all->timer);
        return;
    }
    uint64_t wait_ms = (mono_until(now, next) + NS_PER_MS - 1) / NS_PER_MS;
    (void)uv_timer_start(&all->timer, on_timer, wait_ms, 0);
}

static bool drop_broken(struct lab_sessions *all)
{
    bool dropped = false;
    struct session **at = &all->first;
    while (*at != NULL) {
        if ((*at)->broken) {
            drop(all, at);
            dropped = true;
        } else {
            at = &(*at)->next;
        }
    }
    return dropped;
}

/* Brings what the coordinator has to say to the sockets, and drops what broke; those that are
 * dropped give it more to say. */
static void settle(struct lab_sessions *all, mono_ns now)
{
    do {
        struct lab_message message;
        while (lab_coordinator_message(all->coordinator, &message)) {
            struct session *session = find(all, message.session);
            if (session != NULL) {
                deliver(session, &message);
            }
        }
        for (struct session *session = all->first; session != NULL; session = session->next) {
            write_all(session);
        }
    } while (drop_broken(all));
    arm(all, now);
}

struct lab_sessions *lab_sessions_new(uv_loop_t *loop, const struct lab_deployment *deployment,
                                      struct lab_coordinator *coordinator, struct rng *rng,
                                      struct log *log,
                                      void (*changed)(void *owner, const struct uuid *agent),
                                      void *owner)
{
    struct lab_sessions *all = mem_new(sizeof *all);
    all->loop = loop;
    all->deployment = deployment;
    all->coordinator = coordinator;
    all->rng = rng;
    all->log = log;
    all->agent_changed = changed;
    all->owner = owner;
    (void)uv_timer_init(loop, &all->timer);
    all->timer.data = all;
    return all;
}

void lab_sessions_accept(struct lab_sessions *sessions, const struct lab_seat *seat,
                         struct http_exchange *exchange)
{
    struct stream *stream = http_exchange_websocket(exchange, NULL);
    mono_ns now = mono_now();
    if (stream == NULL) {
        return;
    }
    struct session *session = mem_new(sizeof *session);
    session->all = sessions;
    session->seat = *seat;
    session->stream = stream;
    session->server = coordinator_server_new(now);
    session->ping_at = mono_after(now, LAB_PING_SECONDS * NS_PER_SEC);
    session->next = sessions->first;
    sessions->first = session;
    stream_attach(stream, on_wake, session);
    arm(sessions, now);
}

void lab_sessions_workspace(struct lab_sessions *sessions, const struct lab_workspace *workspace,
                            const struct uuid *old_agent)
{
    struct tailnet_workspaces updates;
    lab_updates_of(workspace, old_agent, &updates);
    for (struct session *session = sessions->first; session != NULL; session = session->next) {
        if (session->watches_workspaces) {
            note(session, coordinator_server_send_workspaces(session->server, &updates));
        }
    }
    tailnet_workspaces_clear(&updates);
    settle(sessions, mono_now());
}

void lab_sessions_drop(struct lab_sessions *sessions, bool clients, bool agents)
{
    for (struct session *session = sessions->first; session != NULL; session = session->next) {
        session->broken = session->broken || (session->seat.is_agent ? agents : clients);
    }
    settle(sessions, mono_now());
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void lab_sessions_close(struct lab_sessions *sessions)
{
    sessions->closing = true;
    lab_sessions_drop(sessions, true, true);
    uv_close((uv_handle_t *)&sessions->timer, on_timer_closed);
}
