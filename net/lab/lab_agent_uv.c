#include "net/lab/lab_agent_uv.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/backoff.h"
#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/control/coordinator.h"
#include "net/control/settings.h"
#include "net/lab/lab_deployment.h"
#include "net/lab/lab_services_uv.h"
#include "net/probe/tunnel_uv.h"
#include "net/transport/dial_uv.h"

enum { DIAL_SECONDS = 10, RETRY_FIRST_MS = 50, RETRY_LIMIT_S = 5, BEAT_SECONDS = 5 };

struct lab_agent_shell {
    struct lab_agent_config config;
    char name[LAB_NAME_SIZE];
    char token[LAB_TOKEN_SIZE];
    struct settings address; /* of the deployment: only its URL is set */
    struct lab_agent *agent;
    struct tunnel *tunnel;
    struct lab_services *services;
    struct derp_map map;
    struct coordinator *coordinator; /* NULL = no session */
    struct stream *stream;
    struct dial *dial;
    struct backoff backoff;
    mono_ns retry_at;
    bool relay_open;
    bool announce_due;
    uv_timer_t timer;
    bool closing;
};

static void pump(struct lab_agent_shell *shell, mono_ns now);
static void dial(struct lab_agent_shell *shell);

static void arm(struct lab_agent_shell *shell, mono_ns now);

static void end_session(struct lab_agent_shell *shell, mono_ns now, const char *why)
{
    if (shell->stream != NULL) {
        stream_close(shell->stream);
        shell->stream = NULL;
    }
    coordinator_free(shell->coordinator);
    shell->coordinator = NULL;
    lab_agent_all_lost(shell->agent, now);
    shell->retry_at = mono_after(now, backoff_next(&shell->backoff, shell->config.rng));
    log_line(shell->config.log, LOG_INFO, LOG_LAB, "agent of %s: coordinator lost: %s", shell->name,
             why);
}

/* Says who it is, once the relay can bring it packets. */
static enum net_err announce(struct lab_agent_shell *shell)
{
    struct tailnet_node node;
    if (shell->coordinator == NULL || !shell->relay_open) {
        return NET_OK;
    }
    lab_agent_node(shell->agent, wall_now(), &node);
    paths_fill_node(tunnel_paths(shell->tunnel), &node);
    return coordinator_update_self(shell->coordinator, &node);
}

static void announce_now(struct lab_agent_shell *shell)
{
    mono_ns now = mono_now();
    shell->announce_due = false;
    if (announce(shell) != NET_OK) {
        end_session(shell, now, "the node could not be sent");
    }
    pump(shell, now);
}

static void take_map(struct lab_agent_shell *shell, struct derp_map *map)
{
    const struct settings *address = &shell->address;
    derp_map_rewrite_embedded(map, address->host, address->port, address->plain_http);
    paths_set_map(tunnel_paths(shell->tunnel), map, shell->config.force_websockets);
    derp_map_clear(&shell->map);
    shell->map = *map;
    derp_map_init(map);
}

static void drop_peer(struct lab_agent_shell *shell, struct lab_agent_peer *peer)
{
    tunnel_remove_peer(peer->user);
    lab_agent_forget(shell->agent, peer);
}

static enum net_err take_peer(struct lab_agent_shell *shell, mono_ns now,
                              const struct tailnet_peer_update *update)
{
    struct lab_agent_peer *peer = NULL;
    switch (lab_agent_update(shell->agent, now, update, &peer)) {
    case LAB_AGENT_SET:
        if (peer->user == NULL) {
            peer->user = tunnel_add_peer(shell->tunnel, peer);
        }
        tunnel_peer_set(peer->user, &update->node);
        return coordinator_ready_for_handshake(shell->coordinator, &update->id);
    case LAB_AGENT_DROP:
        log_line(shell->config.log, LOG_DEBUG, LOG_LAB, "agent of %s: a client signed off",
                 shell->name);
        drop_peer(shell, peer);
        break;
    case LAB_AGENT_NOTHING:
        break;
    }
    return NET_OK;
}

/* False: the session is over. */
static bool take_events(struct lab_agent_shell *shell, mono_ns now)
{
    struct coordinator_event *event = mem_new(sizeof *event);
    bool alive = true;
    while (alive && coordinator_event(shell->coordinator, event)) {
        switch (event->kind) {
        case COORDINATOR_PEER:
            alive = take_peer(shell, now, &event->peer) == NET_OK;
            break;
        case COORDINATOR_DERP_MAP:
            take_map(shell, &event->derp_map);
            break;
        case COORDINATOR_WORKSPACES:
            tailnet_workspaces_clear(&event->workspaces);
            break;
        case COORDINATOR_RESUME_TOKEN:
        case COORDINATOR_NO_WORKSPACES:
        case COORDINATOR_NO_RESUME_TOKENS:
            break;
        case COORDINATOR_ENDED:
            end_session(shell, now, event->text);
            alive = false;
            break;
        }
    }
    mem_free_wiped(event, sizeof *event);
    if (!alive && shell->coordinator != NULL) {
        end_session(shell, now, "the session broke");
    }
    return alive;
}

static bool read_all(struct lab_agent_shell *shell, mono_ns now)
{
    uint8_t in[16 << 10];
    size_t got = 0;
    for (;;) {
        enum net_err err = stream_read(shell->stream, in, sizeof in, &got);
        if (err == NET_ERR_AGAIN) {
            return true;
        }
        if (err == NET_OK) {
            err = coordinator_input(shell->coordinator, now, bytes_of(in, got));
        }
        bool alive = take_events(shell, now);
        if (!alive) {
            return false;
        }
        if (err != NET_OK) {
            end_session(shell, now, net_err_text(err));
            return false;
        }
    }
}

static bool write_all(struct lab_agent_shell *shell, mono_ns now)
{
    for (;;) {
        struct bytes out = coordinator_output(shell->coordinator);
        size_t taken = 0;
        if (out.len == 0) {
            return true;
        }
        enum net_err err = stream_write(shell->stream, out, &taken);
        if (err == NET_ERR_AGAIN) {
            return true;
        }
        if (err != NET_OK) {
            end_session(shell, now, net_err_text(err));
            return false;
        }
        coordinator_sent(shell->coordinator, taken);
    }
}

static void pump(struct lab_agent_shell *shell, mono_ns now)
{
    if (shell->coordinator != NULL && read_all(shell, now)) {
        (void)write_all(shell, now);
    }
    arm(shell, now);
}

static void on_wake(void *owner)
{
    pump(owner, mono_now());
}

static void on_dialled(void *owner, struct dial_outcome *outcome)
{
    struct lab_agent_shell *shell = owner;
    mono_ns now = mono_now();
    shell->dial = NULL;
    if (outcome->failure.code != NET_OK) {
        shell->retry_at = mono_after(now, backoff_next(&shell->backoff, shell->config.rng));
        log_line(shell->config.log, LOG_WARN, LOG_LAB, "agent of %s: %s", shell->name,
                 outcome->failure.text);
        arm(shell, now);
        return;
    }
    struct coordinator_config config = {
        .rng = shell->config.rng,
        .log = shell->config.log,
        .agent = true,
    };
    backoff_reset(&shell->backoff);
    shell->stream = outcome->stream;
    shell->coordinator = coordinator_new(&config, now);
    stream_attach(shell->stream, on_wake, shell);
    announce_now(shell);
}

static void dial(struct lab_agent_shell *shell)
{
    char url[SETTINGS_URL_SIZE + 64];
    struct http_header header = {.name = LAB_TOKEN_HEADER, .value = shell->token};
    text_format(url, sizeof url, "%s/api/v2/workspaceagents/me/rpc?version=%d.%d",
                shell->address.url, LAB_API_MAJOR, 0);
    struct dial_request request = {
        .url = url,
        .mode = DIAL_WEBSOCKET,
        .headers = &header,
        .header_count = 1,
        .timeout_ns = DIAL_SECONDS * NS_PER_SEC,
    };
    shell->retry_at = MONO_NEVER;
    shell->dial = dial_start(shell->config.client, &request, on_dialled, shell);
}

static void on_timer(uv_timer_t *timer)
{
    struct lab_agent_shell *shell = timer->data;
    mono_ns now = mono_now();
    for (struct lab_agent_peer *peer = lab_agent_expired(shell->agent, now); peer != NULL;
         peer = lab_agent_expired(shell->agent, now)) {
        drop_peer(shell, peer);
    }
    if (shell->coordinator != NULL && coordinator_deadline(shell->coordinator) <= now) {
        enum net_err err = coordinator_tick(shell->coordinator, now);
        if (take_events(shell, now) && err != NET_OK) {
            end_session(shell, now, net_err_text(err));
        }
    }
    if (shell->coordinator == NULL && shell->dial == NULL && shell->retry_at <= now) {
        dial(shell);
    }
    if (shell->announce_due) {
        announce_now(shell);
    } else {
        pump(shell, now);
    }
}

static void arm(struct lab_agent_shell *shell, mono_ns now)
{
    mono_ns next = mono_min(lab_agent_deadline(shell->agent), shell->retry_at);
    if (shell->coordinator != NULL) {
        next = mono_min(next, coordinator_deadline(shell->coordinator));
    }
    next = shell->announce_due ? now : next;
    if (next == MONO_NEVER || shell->closing) {
        (void)uv_timer_stop(&shell->timer);
        return;
    }
    uint64_t wait_ms = (mono_until(now, next) + NS_PER_MS - 1) / NS_PER_MS;
    (void)uv_timer_start(&shell->timer, on_timer, wait_ms, 0);
}

/* It may come from inside the session's own work: what is to be said is said from the loop. */
static void on_changed(void *owner)
{
    struct lab_agent_shell *shell = owner;
    shell->announce_due = true;
    arm(shell, mono_now());
}

static void on_relay_state(void *owner, int64_t region)
{
    struct lab_agent_shell *shell = owner;
    const struct relay_status *status =
        relays_status(paths_relays(tunnel_paths(shell->tunnel)), region);
    if (region != paths_home(tunnel_paths(shell->tunnel)) || status == NULL) {
        return;
    }
    bool was_open = shell->relay_open;
    shell->relay_open = status->state == RELAY_OPEN;
    if (shell->relay_open && !was_open) {
        on_changed(shell);
    }
}

static void on_home(void *owner, int64_t region)
{
    const struct lab_agent_shell *shell = owner;
    log_line(shell->config.log, LOG_DEBUG, LOG_LAB, "agent of %s: home region %lld", shell->name,
             (long long)region);
}

static void on_path_event(void *owner, struct tunnel_peer *peer, const struct path_event *event)
{
    const struct lab_agent_shell *shell = owner;
    (void)peer;
    if (event->kind == PATH_EVENT_CHANGED) {
        log_line(shell->config.log, LOG_DEBUG, LOG_LAB, "agent of %s: path is %s: %s", shell->name,
                 event->to.direct ? "direct" : "by DERP", path_reason_text(event->reason));
    }
}

static void on_handshake(void *owner, struct tunnel_peer *peer, bool done)
{
    const struct lab_agent_shell *shell = owner;
    (void)peer;
    log_line(shell->config.log, LOG_DEBUG, LOG_LAB, "agent of %s: WireGuard handshake %s",
             shell->name, done ? "done" : "given up");
}

static const struct tunnel_handlers tunnel_handlers = {.changed = on_changed,
                                                       .home = on_home,
                                                       .relay = on_relay_state,
                                                       .event = on_path_event,
                                                       .handshake = on_handshake};

struct lab_agent_shell *lab_agent_shell_new(const struct lab_agent_config *config)
{
    struct lab_agent_shell *shell = mem_new(sizeof *shell);
    struct failure why;
    shell->config = *config;
    text_copy(shell->name, sizeof shell->name, config->name);
    text_copy(shell->token, sizeof shell->token, config->token);
    if (settings_set_url(&shell->address, config->url, &why) != NET_OK) {
        log_line(config->log, LOG_ERROR, LOG_LAB, "agent of %s: %s", shell->name, why.text);
    }
    shell->agent = lab_agent_new(&config->id, config->rng);
    (void)uv_timer_init(config->loop, &shell->timer);
    shell->timer.data = shell;
    struct tunnel_config tunnel = {
        .paths =
            {
                .loop = config->loop,
                .client = config->client,
                .node_key = lab_agent_key(shell->agent),
                .disco_key = lab_agent_disco(shell->agent),
                .rng = config->rng,
                .log = config->log,
                .bind_ip = config->ip,
                .loopback = true,
                .always_stun = true,
                .timeout_ns = BEAT_SECONDS * NS_PER_SEC,
            },
        .address_count = 2,
    };
    tailnet_address_historic(&config->id, &tunnel.addresses[0]);
    tailnet_address_coder(&config->id, &tunnel.addresses[1]);
    shell->tunnel = tunnel_new(&tunnel, &tunnel_handlers, shell);
    paths_set_blocked(tunnel_paths(shell->tunnel), config->block_direct);
    derp_map_init(&shell->map);
    const struct lab_services_config services = {.loop = config->loop,
                                                 .tunnel = shell->tunnel,
                                                 .rng = config->rng,
                                                 .log = config->log,
                                                 .name = shell->name,
                                                 .map = &shell->map};
    shell->services = lab_services_new(&services);
    backoff_init(&shell->backoff, RETRY_FIRST_MS * NS_PER_MS, RETRY_LIMIT_S * NS_PER_SEC, 2);
    dial(shell);
    return shell;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct lab_agent_shell *shell = handle->data;
    lab_agent_free(shell->agent);
    derp_map_clear(&shell->map);
    mem_free_wiped(shell, sizeof *shell);
}

void lab_agent_shell_block_direct(struct lab_agent_shell *shell, bool blocked)
{
    paths_set_blocked(tunnel_paths(shell->tunnel), blocked);
    tunnel_pump(shell->tunnel);
}

void lab_agent_shell_close(struct lab_agent_shell *shell)
{
    mono_ns now = mono_now();
    shell->closing = true;
    if (shell->dial != NULL) {
        dial_cancel(shell->dial);
    }
    if (shell->coordinator != NULL && coordinator_disconnect(shell->coordinator) == NET_OK) {
        (void)write_all(shell, now);
    }
    if (shell->stream != NULL) {
        stream_close(shell->stream);
    }
    coordinator_free(shell->coordinator);
    lab_services_close(shell->services);
    tunnel_close(shell->tunnel);
    uv_close((uv_handle_t *)&shell->timer, on_timer_closed);
}
