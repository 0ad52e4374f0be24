#include "tests/support/coordinator_rig_uv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

/* --- the server
 * ----------------------------------------------------------------------------------- */

static void close_session(struct rig_session *session)
{
    if (session->open) {
        session->open = false;
        stream_close(session->stream);
        coordinator_server_free(session->server);
        session->server = NULL;
    }
}

void rig_drop(struct rig_session *session)
{
    close_session(session);
}

void rig_flush(struct rig_session *session)
{
    struct bytes out = coordinator_server_output(session->server);
    size_t taken = 0;
    while (out.len > 0 && stream_write(session->stream, out, &taken) == NET_OK) {
        coordinator_server_sent(session->server, taken);
        out = coordinator_server_output(session->server);
    }
}

static void send_map(struct rig_session *session)
{
    struct derp_map map;
    derp_map_init(&map);
    struct derp_region *region = derp_map_add_region(&map, 999);
    region->embedded_relay = true;
    struct derp_node *node = derp_region_add_node(&map, region);
    text_copy(node->host_name, sizeof node->host_name, "inside.example");
    node->derp_port = 443;
    assert_int_equal(coordinator_server_send_map(session->server, &map), NET_OK);
    derp_map_clear(&map);
}

static void send_workspaces(struct rig_session *session)
{
    struct tailnet_workspace workspace = {.status = TAILNET_WORKSPACE_RUNNING};
    struct tailnet_workspaces update = {.upserted_workspace_count = 1,
                                        .upserted_workspaces = &workspace};
    text_copy(workspace.name, sizeof workspace.name, "dev1");
    assert_int_equal(coordinator_server_send_workspaces(session->server, &update), NET_OK);
}

static void send_token(struct rig_session *session)
{
    struct tailnet_resume_token token = {.refresh_in_ns = 3600 * (int64_t)NS_PER_SEC};
    if (session->rig->resume != NULL) {
        text_copy(token.token, sizeof token.token, session->rig->resume);
        assert_int_equal(coordinator_server_send_token(session->server, &token), NET_OK);
    }
}

static void on_request(struct rig_session *session, const struct coordinator_server_event *event)
{
    const struct tailnet_request *request = &event->request;
    if (request->update_self != NULL) {
        session->nodes++;
        session->node = *request->update_self;
    }
    if (request->has_add_tunnel) {
        assert_true(session->tunnel_count < RIG_TUNNELS);
        session->tunnels[session->tunnel_count++] = request->add_tunnel;
    }
    session->removed += request->has_remove_tunnel ? 1 : 0;
    if (request->disconnect) {
        session->disconnected = true;
        if (!session->rig->stays_silent) {
            assert_int_equal(coordinator_server_end(session->server, NULL), NET_OK);
        }
    }
}

static void on_server_event(struct rig_session *session,
                            const struct coordinator_server_event *event)
{
    switch (event->kind) {
    case COORDINATOR_SERVER_JOINED:
        session->joined = true;
        break;
    case COORDINATOR_SERVER_REQUEST:
        on_request(session, event);
        break;
    case COORDINATOR_SERVER_LEFT:
        break;
    case COORDINATOR_SERVER_MAPS:
        session->asked_maps = true;
        send_map(session);
        break;
    case COORDINATOR_SERVER_WORKSPACES:
        session->asked_workspaces = true;
        session->owner_id = event->owner_id;
        send_workspaces(session);
        break;
    case COORDINATOR_SERVER_TOKEN:
        session->asked_token = true;
        send_token(session);
        break;
    }
}

static void on_server_wake(void *owner)
{
    struct rig_session *session = owner;
    static struct coordinator_server_event event;
    uint8_t chunk[4096];
    size_t got = 0;
    if (!session->open || session->deaf) {
        return;
    }
    enum net_err err = stream_read(session->stream, chunk, sizeof chunk, &got);
    while (err == NET_OK && session->open) {
        if (coordinator_server_input(session->server, mono_now(), bytes_of(chunk, got)) != NET_OK) {
            close_session(session);
            return;
        }
        while (coordinator_server_event(session->server, &event)) {
            on_server_event(session, &event);
        }
        rig_flush(session);
        err = stream_read(session->stream, chunk, sizeof chunk, &got);
    }
    if (err != NET_ERR_AGAIN) {
        close_session(session);
        return;
    }
    rig_flush(session);
}

static void take_query(const struct http_exchange *exchange, const char *name, char *out,
                       size_t size)
{
    if (!http_exchange_query(exchange, name, out, size)) {
        out[0] = '\0';
    }
}

static void accept_session(struct rig *rig, struct http_exchange *exchange)
{
    assert_true(rig->session_count < RIG_SESSIONS);
    struct rig_session *session = &rig->sessions[rig->session_count];
    const char *login = http_exchange_header(exchange, "Coder-Session-Token");
    session->rig = rig;
    text_copy(session->path, sizeof session->path, http_exchange_path(exchange));
    text_copy(session->login, sizeof session->login, login == NULL ? "" : login);
    take_query(exchange, "version", session->version, sizeof session->version);
    take_query(exchange, "resume_token", session->token, sizeof session->token);
    session->stream = http_exchange_websocket(exchange, NULL);
    assert_non_null(session->stream);
    session->server = coordinator_server_new(mono_now());
    session->open = true;
    rig->session_count++;
    stream_attach(session->stream, on_server_wake, session);
}

static void handle(void *owner, struct http_exchange *exchange)
{
    struct rig *rig = owner;
    bool tailnet = strcmp(http_exchange_path(exchange), "/api/v2/tailnet") == 0;
    int status = tailnet ? rig->refuse_tailnet : rig->refuse_agents;
    rig->dials++;
    if (status == 0 || rig->refusals_left == 0) {
        accept_session(rig, exchange);
        return;
    }
    rig->refusals_left--;
    http_exchange_reply(exchange, status, "application/json", NULL, 0, bytes_text(rig->refusal));
}

void rig_send_peer(struct rig_session *session, const struct uuid *id, enum tailnet_peer_kind kind)
{
    struct tailnet_peer_update update = {.id = *id, .kind = kind};
    if (kind == TAILNET_PEER_NODE) {
        update.has_node = true;
        update.node = rig_node(999);
    }
    assert_int_equal(coordinator_server_send_update(session->server, &update), NET_OK);
    rig_flush(session);
}

void rig_send_error(struct rig_session *session, const char *text)
{
    assert_int_equal(coordinator_server_send_error(session->server, text), NET_OK);
    rig_flush(session);
}

void rig_send_raw(struct rig_session *session, const char *text)
{
    size_t taken = 0;
    assert_int_equal(stream_write(session->stream, bytes_text(text), &taken), NET_OK);
}

/* --- the link
 * ------------------------------------------------------------------------------------- */

static void on_state(void *owner)
{
    struct rig *rig = owner;
    enum coordinator_state state = coordinator_link_status(rig->link)->state;
    bool is_new = rig->states == 0 || rig->seen[(rig->states - 1) % 64] != state;
    if (is_new) {
        rig->seen[rig->states++ % 64] = state;
    }
}

static void on_peer(void *owner, const struct tailnet_peer_update *update)
{
    struct rig *rig = owner;
    rig->peers++;
    rig->peer = *update;
    if (rig->in_peer != NULL) {
        rig->in_peer(rig);
    }
}

static void on_lost(void *owner)
{
    struct rig *rig = owner;
    rig->lost++;
    if (rig->in_lost != NULL) {
        rig->in_lost(rig);
    }
}

static void on_map(void *owner, struct derp_map *map)
{
    struct rig *rig = owner;
    derp_map_clear(&rig->map);
    rig->map = *map;
    rig->maps++;
}

static void on_workspaces(void *owner, const struct tailnet_workspaces *update)
{
    struct rig *rig = owner;
    assert_int_equal(update->upserted_workspace_count, 1);
    assert_string_equal(update->upserted_workspaces[0].name, "dev1");
    rig->workspaces++;
}

struct uuid rig_agent(uint8_t number)
{
    struct uuid id = {{0x10, 0, 0, 0, 0, 0, 0x40}};
    id.b[15] = number;
    return id;
}

struct tailnet_node rig_node(int32_t home)
{
    struct tailnet_node node = {.id = 7, .preferred_derp = home, .address_count = 1};
    struct uuid id = rig_agent(200);
    tailnet_address_historic(&id, &node.addresses[0]);
    memset(node.key.b, 1, sizeof node.key.b);
    memset(node.disco.b, 2, sizeof node.disco.b);
    return node;
}

void rig_begin(struct rig *rig)
{
    struct failure why;
    char url[64];
    static char token[] = "login-token";
    const struct http_config config = {.user_agent = "derptop/test"};
    static const struct coordinator_link_handlers handlers = {.state = on_state,
                                                              .peer = on_peer,
                                                              .lost = on_lost,
                                                              .derp_map = on_map,
                                                              .workspaces = on_workspaces};
    memset(rig, 0, sizeof *rig);
    rng_seeded_init(&rig->rng, 1);
    log_init(&rig->log, LOG_DEBUG);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    assert_int_equal(
        http_server_new(&rig->loop, "127.0.0.1", 0, handle, rig, NULL, &rig->http, &why), NET_OK);
    assert_int_equal(http_client_new(&rig->loop, &config, &rig->client, &why), NET_OK);
    text_format(url, sizeof url, "http://127.0.0.1:%u", http_server_port(rig->http));
    assert_int_equal(settings_set_url(&rig->settings, url, &why), NET_OK);
    rig->settings.token = token;
    rig->refusal = "{\"message\":\"no\"}";
    rig->refusals_left = UINT32_MAX;
    rig->resume = "resume one";
    rig->link = coordinator_link_new(&rig->loop, rig->client, &rig->settings, &rig->rng.rng,
                                     &rig->log, &handlers, rig);
}

static void on_link_closed(void *owner)
{
    struct rig *rig = owner;
    rig->closed = true;
    rig->link = NULL;
}

void rig_end(struct rig *rig)
{
    if (rig->link != NULL) {
        coordinator_link_close(rig->link, on_link_closed, rig);
        loop_until(&rig->loop, &rig->closed, "the end of the link");
    }
    for (size_t i = 0; i < rig->session_count; i++) {
        close_session(&rig->sessions[i]);
    }
    derp_map_clear(&rig->map);
    http_client_close(rig->client);
    http_server_close(rig->http);
    loop_finish(&rig->loop);
    log_clear(&rig->log);
}

void rig_start(struct rig *rig)
{
    struct uuid user = rig_agent(99);
    struct uuid agent = rig_agent(1);
    struct tailnet_node node = rig_node(999);
    coordinator_link_set_node(rig->link, &node);
    coordinator_link_add_agent(rig->link, &agent);
    coordinator_link_start(rig->link, &user);
}

struct waits {
    struct rig *rig;
    enum coordinator_state state;
    size_t sessions;
    const unsigned *counter;
    unsigned least;
};

static bool is_in_state(void *owner)
{
    const struct waits *waits = owner;
    return coordinator_link_status(waits->rig->link)->state == waits->state;
}

static bool has_sessions(void *owner)
{
    const struct waits *waits = owner;
    return waits->rig->session_count >= waits->sessions;
}

static bool has_counted(void *owner)
{
    const struct waits *waits = owner;
    return *waits->counter >= waits->least;
}

void rig_wait_state(struct rig *rig, enum coordinator_state state)
{
    struct waits waits = {.rig = rig, .state = state};
    loop_until_call(&rig->loop, is_in_state, &waits, "the state of the link");
}

struct rig_session *rig_wait_session(struct rig *rig, size_t index)
{
    struct waits waits = {.rig = rig, .sessions = index + 1};
    loop_until_call(&rig->loop, has_sessions, &waits, "a session at the server");
    return &rig->sessions[index];
}

void rig_wait(struct rig *rig, const unsigned *counter, unsigned least)
{
    struct waits waits = {.rig = rig, .counter = counter, .least = least};
    loop_until_call(&rig->loop, has_counted, &waits, "a counter of the rig");
}

void rig_wait_flag(struct rig *rig, const bool *flag)
{
    loop_until(&rig->loop, flag, "a flag of the rig");
}
