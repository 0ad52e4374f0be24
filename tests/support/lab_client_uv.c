#include "tests/support/lab_client_uv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"
#include "net/wire/disco.h"

#include <cmocka.h>

static void pump_path(struct lab_client *client);

static void announce(struct lab_client *client)
{
    static struct tailnet_node node;
    struct uuid self;
    if (client->coordinator == NULL || !client->relay_open || uuid_is_zero(&client->agent)) {
        return;
    }
    memset(&node, 0, sizeof node);
    uuid_random(client->rng, &self);
    node.id = 7;
    node.as_of = wall_now();
    node.key = node_private_public(client->node);
    node.disco = disco_private_public(client->disco);
    node.preferred_derp = LAB_REGION;
    node.address_count = 1;
    tailnet_address_historic(&self, &node.addresses[0]);
    assert_int_equal(coordinator_update_self(client->coordinator, &node), NET_OK);
    lab_client_flush(client);
}

static void end_session(struct lab_client *client)
{
    stream_close(client->stream);
    coordinator_free(client->coordinator);
    client->stream = NULL;
    client->coordinator = NULL;
}

static void take_peer(struct lab_client *client, const struct tailnet_peer_update *peer)
{
    client->nodes += peer->kind == TAILNET_PEER_NODE ? 1 : 0;
    client->lost += peer->kind == TAILNET_PEER_LOST ? 1 : 0;
    client->disconnected += peer->kind == TAILNET_PEER_DISCONNECTED ? 1 : 0;
    client->ready = client->ready || peer->kind == TAILNET_PEER_READY_FOR_HANDSHAKE;
    if (peer->kind == TAILNET_PEER_NODE) {
        client->peer = peer->node.key;
        peer_path_set_peer(client->path, mono_now(), &peer->node.key, &peer->node.disco,
                           peer->node.preferred_derp, NULL, 0);
    }
}

static void take_event(struct lab_client *client, struct coordinator_event *event)
{
    switch (event->kind) {
    case COORDINATOR_PEER:
        take_peer(client, &event->peer);
        break;
    case COORDINATOR_DERP_MAP:
        derp_map_rewrite_embedded(&event->derp_map, client->address.host, client->address.port,
                                  true);
        relays_set_map(client->relays, &event->derp_map, client->force_websockets);
        relays_set_home(client->relays, LAB_REGION);
        derp_map_clear(&event->derp_map);
        break;
    case COORDINATOR_RESUME_TOKEN:
        text_copy(client->resume_token, sizeof client->resume_token, event->token.token);
        break;
    case COORDINATOR_WORKSPACES:
        tailnet_workspaces_clear(&client->workspaces);
        client->workspaces = event->workspaces;
        client->snapshots++;
        break;
    case COORDINATOR_ENDED:
        text_copy(client->end_text, sizeof client->end_text, event->text);
        break;
    case COORDINATOR_NO_WORKSPACES:
    case COORDINATOR_NO_RESUME_TOKENS:
        fail_msg("the lab lacks an RPC");
    }
}

static void on_wake(void *owner)
{
    static struct coordinator_event event;
    struct lab_client *client = owner;
    uint8_t in[4096];
    size_t got = 0;
    enum net_err err = NET_OK;
    while ((err = stream_read(client->stream, in, sizeof in, &got)) == NET_OK) {
        enum net_err verdict =
            coordinator_input(client->coordinator, mono_now(), bytes_of(in, got));
        while (coordinator_event(client->coordinator, &event)) {
            take_event(client, &event);
        }
        if (verdict != NET_OK) {
            err = verdict;
            break;
        }
    }
    if (err != NET_ERR_AGAIN || client->end_text[0] != '\0') {
        client->ended++;
        end_session(client);
        return;
    }
    lab_client_flush(client);
    pump_path(client);
}

void lab_client_flush(struct lab_client *client)
{
    struct bytes out = coordinator_output(client->coordinator);
    size_t taken = 0;
    while (out.len > 0 && stream_write(client->stream, out, &taken) == NET_OK) {
        coordinator_sent(client->coordinator, taken);
        out = coordinator_output(client->coordinator);
    }
}

static void on_timer(uv_timer_t *timer)
{
    pump_path(timer->data);
}

static void pump_path(struct lab_client *client)
{
    uint8_t memory[DISCO_PACKET_MAX];
    struct path_route to;
    mono_ns now = mono_now();
    struct path_event event;
    for (;;) {
        struct writer w = writer_of(memory, sizeof memory);
        if (peer_path_output(client->path, now, &w, &to) != NET_OK) {
            break;
        }
        assert_false(to.direct);
        assert_int_equal(relays_send(client->relays, to.region, &client->peer, writer_done(&w)),
                         NET_OK);
    }
    while (peer_path_event(client->path, &event)) {
        if (event.kind == PATH_EVENT_PONG) {
            client->pongs++;
            client->rtt_ns = event.rtt_ns;
        }
    }
    mono_ns next = peer_path_deadline(client->path);
    if (next != MONO_NEVER) {
        (void)uv_timer_start(&client->timer, on_timer, mono_until(now, next) / NS_PER_MS + 1, 0);
    }
}

static void on_packet(void *owner, int64_t region, const struct node_public *peer,
                      struct bytes packet, mono_ns at)
{
    struct lab_client *client = owner;
    assert_true(node_public_equal(peer, &client->peer));
    struct path_route from = route_derp(region);
    assert_int_equal(peer_path_input(client->path, at, &from, packet), NET_OK);
    pump_path(client);
}

static void on_gone(void *owner, int64_t region, const struct node_public *peer, uint8_t reason)
{
    struct lab_client *client = owner;
    (void)region;
    (void)peer;
    (void)reason;
    client->gone++;
}

static void on_relay_state(void *owner, int64_t region)
{
    struct lab_client *client = owner;
    const struct relay_status *status = relays_status(client->relays, region);
    bool was_open = client->relay_open;
    client->relay_open = status != NULL && status->state == RELAY_OPEN;
    if (client->relay_open && !was_open) {
        announce(client);
    }
}

static const struct relays_handlers relay_handlers = {
    .packet = on_packet, .gone = on_gone, .state = on_relay_state};

void lab_client_start(struct lab_client *client, uv_loop_t *loop, const struct lab *lab)
{
    struct failure why;
    const struct http_config http = {.user_agent = "derptop-test"};
    memset(client, 0, sizeof *client);
    client->loop = loop;
    client->rng = rng_os();
    client->deployment = lab_deployment(lab);
    assert_int_equal(settings_set_url(&client->address, client->deployment->url, &why), NET_OK);
    assert_int_equal(http_client_new(loop, &http, &client->http, &why), NET_OK);
    client->node = node_private_new(client->rng);
    client->disco = disco_private_new(client->rng);
    client->relays =
        relays_new(loop, client->http, client->node, client->rng, NULL, &relay_handlers, client);
    const struct path_config path = {
        .timeout_ns = 5 * NS_PER_SEC,
        .disco = client->disco,
        .node = node_private_public(client->node),
        .rng = client->rng,
    };
    client->path = peer_path_new(&path);
    peer_path_block(client->path, mono_now(), true);
    assert_int_equal(uv_timer_init(loop, &client->timer), 0);
    client->timer.data = client;
}

static void on_dialled(void *owner, struct dial_outcome *outcome)
{
    struct lab_client *client = owner;
    client->dial = NULL;
    client->dial_error = outcome->failure;
    client->dial_status = outcome->status;
    if (outcome->failure.code != NET_OK) {
        return;
    }
    const struct coordinator_config config = {
        .rng = client->rng,
        .workspace_updates = true,
        .owner_id = client->deployment->owner_id,
    };
    client->end_text[0] = '\0';
    client->stream = outcome->stream;
    client->coordinator = coordinator_new(&config, mono_now());
    stream_attach(client->stream, on_wake, client);
    lab_client_flush(client);
}

void lab_client_dial(struct lab_client *client, const char *token)
{
    char url[512];
    const struct http_header header = {LAB_TOKEN_HEADER, token};
    text_format(url, sizeof url, "%s/api/v2/tailnet?version=2.3%s%s", client->address.url,
                client->resume_token[0] == '\0' ? "" : "&resume_token=", client->resume_token);
    const struct dial_request request = {
        .url = url,
        .mode = DIAL_WEBSOCKET,
        .headers = &header,
        .header_count = 1,
        .timeout_ns = 5 * NS_PER_SEC,
    };
    client->dial = dial_start(client->http, &request, on_dialled, client);
}

bool lab_client_dialled(void *client)
{
    const struct lab_client *self = client;
    return self->dial == NULL;
}

void lab_client_join(struct lab_client *client, const struct uuid *agent)
{
    client->agent = *agent;
    announce(client);
    assert_int_equal(coordinator_add_tunnel(client->coordinator, agent), NET_OK);
    lab_client_flush(client);
}

void lab_client_ping(struct lab_client *client)
{
    (void)peer_path_beat(client->path, mono_now());
    pump_path(client);
}

void lab_client_hang_up(struct lab_client *client)
{
    if (client->stream != NULL) {
        end_session(client);
    }
}

void lab_client_close(struct lab_client *client)
{
    if (client->dial != NULL) {
        dial_cancel(client->dial);
    }
    lab_client_hang_up(client);
    relays_close(client->relays);
    http_client_close(client->http);
    uv_close((uv_handle_t *)&client->timer, NULL);
    peer_path_free(client->path);
    tailnet_workspaces_clear(&client->workspaces);
}

void lab_client_free(struct lab_client *client)
{
    node_private_free(client->node);
    disco_private_free(client->disco);
}
