#include "net/lab/lab_agent_uv.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/backoff.h"
#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/control/coordinator.h"
#include "net/control/settings.h"
#include "net/lab/lab_deployment.h"
#include "net/path/latency_uv.h"
#include "net/path/relays_uv.h"
#include "net/transport/dial_uv.h"
#include "net/wire/disco.h"

enum { DIAL_SECONDS = 10, LATENCY_SECONDS = 5, RETRY_FIRST_MS = 50, RETRY_LIMIT_S = 5 };

struct lab_agent_shell {
    struct lab_agent_config config;
    char name[LAB_NAME_SIZE];
    char token[LAB_TOKEN_SIZE];
    struct settings address; /* of the deployment: only its URL is set */
    struct lab_agent *agent;
    struct relays *relays;
    struct coordinator *coordinator; /* NULL = no session */
    struct stream *stream;
    struct dial *dial;
    struct backoff backoff;
    mono_ns retry_at;
    struct latency_check *latency_check;
    double latency_seconds;
    int64_t home;
    bool relay_open;
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
    lab_agent_node(shell->agent, wall_now(), (int32_t)shell->home, shell->latency_seconds, &node);
    return coordinator_update_self(shell->coordinator, &node);
}

static void announce_now(struct lab_agent_shell *shell)
{
    mono_ns now = mono_now();
    if (announce(shell) != NET_OK) {
        end_session(shell, now, "the node could not be sent");
    }
    pump(shell, now);
}

static void on_latency(void *owner, const struct latency_result *results, size_t count)
{
    struct lab_agent_shell *shell = owner;
    shell->latency_check = NULL;
    for (size_t i = 0; i < count; i++) {
        if (results[i].answered && results[i].region == shell->home) {
            shell->latency_seconds = (double)results[i].latency_ns / (double)NS_PER_SEC;
            announce_now(shell);
            return;
        }
    }
}

static void take_map(struct lab_agent_shell *shell, struct derp_map *map)
{
    const struct settings *address = &shell->address;
    derp_map_rewrite_embedded(map, address->host, address->port, address->plain_http);
    shell->home = home_only_choice(map);
    relays_set_map(shell->relays, map, shell->config.force_websockets);
    relays_set_home(shell->relays, shell->home);
    if (shell->latency_check != NULL) {
        latency_check_cancel(shell->latency_check);
    }
    shell->latency_check =
        latency_check_start(shell->config.loop, shell->config.client, map,
                            LATENCY_SECONDS * NS_PER_SEC, NULL, on_latency, shell);
    derp_map_clear(map);
}

static enum net_err take_peer(struct lab_agent_shell *shell, mono_ns now,
                              const struct tailnet_peer_update *peer)
{
    if (lab_agent_peer(shell->agent, now, peer)) {
        return coordinator_ready_for_handshake(shell->coordinator, &peer->id);
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
    lab_agent_tick(shell->agent, now);
    if (shell->coordinator != NULL && coordinator_deadline(shell->coordinator) <= now) {
        enum net_err err = coordinator_tick(shell->coordinator, now);
        if (take_events(shell, now) && err != NET_OK) {
            end_session(shell, now, net_err_text(err));
        }
    }
    if (shell->coordinator == NULL && shell->dial == NULL && shell->retry_at <= now) {
        dial(shell);
    }
    pump(shell, now);
}

static void arm(struct lab_agent_shell *shell, mono_ns now)
{
    mono_ns next = mono_min(lab_agent_deadline(shell->agent), shell->retry_at);
    if (shell->coordinator != NULL) {
        next = mono_min(next, coordinator_deadline(shell->coordinator));
    }
    if (next == MONO_NEVER || shell->closing) {
        (void)uv_timer_stop(&shell->timer);
        return;
    }
    uint64_t wait_ms = (mono_until(now, next) + NS_PER_MS - 1) / NS_PER_MS;
    (void)uv_timer_start(&shell->timer, on_timer, wait_ms, 0);
}

static void on_packet(void *owner, int64_t region, const struct node_public *peer,
                      struct bytes packet, mono_ns at)
{
    struct lab_agent_shell *shell = owner;
    uint8_t memory[DISCO_PACKET_MAX];
    struct writer answer = writer_of(memory, sizeof memory);
    (void)at;
    if (lab_agent_packet(shell->agent, region, peer, packet, &answer) == NET_OK &&
        relays_send(shell->relays, region, peer, writer_done(&answer)) != NET_OK) {
        log_line(shell->config.log, LOG_DEBUG, LOG_LAB, "agent of %s: an answer was dropped",
                 shell->name);
    }
}

static void on_gone(void *owner, int64_t region, const struct node_public *peer, uint8_t reason)
{
    (void)owner;
    (void)region;
    (void)peer;
    (void)reason;
}

static void on_relay_state(void *owner, int64_t region)
{
    struct lab_agent_shell *shell = owner;
    const struct relay_status *status = relays_status(shell->relays, region);
    if (region != shell->home || status == NULL) {
        return;
    }
    bool was_open = shell->relay_open;
    shell->relay_open = status->state == RELAY_OPEN;
    if (shell->relay_open && !was_open) {
        announce_now(shell);
    }
}

static const struct relays_handlers relay_handlers = {on_packet, on_gone, on_relay_state};

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
    shell->relays = relays_new(config->loop, config->client, lab_agent_key(shell->agent),
                               config->rng, config->log, &relay_handlers, shell);
    backoff_init(&shell->backoff, RETRY_FIRST_MS * NS_PER_MS, RETRY_LIMIT_S * NS_PER_SEC, 2);
    (void)uv_timer_init(config->loop, &shell->timer);
    shell->timer.data = shell;
    dial(shell);
    return shell;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct lab_agent_shell *shell = handle->data;
    lab_agent_free(shell->agent);
    mem_free_wiped(shell, sizeof *shell);
}

void lab_agent_shell_close(struct lab_agent_shell *shell)
{
    mono_ns now = mono_now();
    shell->closing = true;
    if (shell->dial != NULL) {
        dial_cancel(shell->dial);
    }
    if (shell->latency_check != NULL) {
        latency_check_cancel(shell->latency_check);
    }
    if (shell->coordinator != NULL && coordinator_disconnect(shell->coordinator) == NET_OK) {
        (void)write_all(shell, now);
    }
    if (shell->stream != NULL) {
        stream_close(shell->stream);
    }
    coordinator_free(shell->coordinator);
    relays_close(shell->relays);
    uv_close((uv_handle_t *)&shell->timer, on_timer_closed);
}
