#include "net/lab/lab_uv.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/lab/lab_agent_uv.h"
#include "net/lab/lab_coordinator.h"
#include "net/lab/lab_relay_uv.h"
#include "net/lab/lab_rest.h"
#include "net/lab/lab_session_uv.h"
#include "net/lab/lab_stun_uv.h"
#include "net/transport/http_server_uv.h"

struct lab {
    uv_loop_t *loop;
    struct rng *rng;
    struct log *log;
    struct lab_deployment deployment;
    struct lab_coordinator *coordinator;
    struct lab_sessions *sessions;
    struct lab_relay_shell *relay;
    struct lab_stun *stun[LAB_STUN_SERVERS]; /* NULL = none */
    struct http_server *server;
    struct http_client *client; /* the agents' */
    struct lab_agent_shell *agents[LAB_WORKSPACES_MAX];
    bool no_agents, agents_relayed;
    struct lab_faults faults;
    void (*ready)(void *owner); /* NULL once told */
    void *owner;
    uv_timer_t timer; /* tells `ready` from the loop; its closing is the last of the lab */
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

static const char *exchange_header(void *owner, const char *name)
{
    return http_exchange_header(owner, name);
}

static bool exchange_query(void *owner, const char *name, char *out, size_t size)
{
    return http_exchange_query(owner, name, out, size);
}

static void reply(struct http_exchange *exchange, const struct lab_answer *answer)
{
    const struct http_header headers[] = {
        {"X-Coder-Build-Version", LAB_VERSION},
        {"WWW-Authenticate", LAB_WWW_AUTHENTICATE},
    };
    const char *body = answer->body == NULL ? "" : answer->body;
    http_exchange_reply(exchange, answer->status, answer->content_type, headers,
                        answer->www_authenticate ? 2 : 1, bytes_text(body));
}

static void handle(void *owner, struct http_exchange *exchange)
{
    struct lab *lab = owner;
    const struct lab_rest rest = {&lab->deployment, lab->coordinator, lab->rng};
    const struct lab_request request = {
        .method = http_exchange_method(exchange),
        .path = http_exchange_path(exchange),
        .header = exchange_header,
        .query = exchange_query,
        .owner = exchange,
    };
    struct lab_answer answer;
    lab_rest_answer(&rest, wall_now(), &request, &answer);
    switch (answer.kind) {
    case LAB_ANSWER_BODY:
        reply(exchange, &answer);
        break;
    case LAB_ANSWER_COORDINATE:
        lab_sessions_accept(lab->sessions, &answer.seat, exchange);
        break;
    case LAB_ANSWER_RELAY:
        lab_relay_shell_accept(lab->relay, exchange);
        break;
    }
    lab_answer_clear(&answer);
}

static bool is_any(const char *ip)
{
    struct net_address address;
    return address_parse_ip(ip, &address) == NET_OK && address_is_unspecified(&address);
}

static void start_agent(struct lab *lab, size_t index)
{
    const struct lab_workspace *workspace = &lab->deployment.workspaces[index];
    lab_coordinator_add_agent(lab->coordinator, &workspace->agent_id);
    if (lab->no_agents) {
        return;
    }
    const struct lab_agent_config config = {
        .loop = lab->loop,
        .client = lab->client,
        .rng = lab->rng,
        .log = lab->log,
        .name = workspace->name,
        .url = lab->deployment.url,
        .token = workspace->agent_token,
        .id = workspace->agent_id,
        .ip = is_any(lab->deployment.host) ? NULL : lab->deployment.host,
        .block_direct = lab->deployment.block_direct || lab->agents_relayed,
        .force_websockets = lab->deployment.force_websockets,
    };
    lab->agents[index] = lab_agent_shell_new(&config);
}

static void stop_agent(struct lab *lab, size_t index)
{
    if (lab->agents[index] != NULL) {
        lab_agent_shell_close(lab->agents[index]);
        lab->agents[index] = NULL;
    }
}

static bool all_connected(const struct lab *lab)
{
    for (size_t i = 0; i < lab->deployment.count && !lab->no_agents; i++) {
        const struct lab_workspace *workspace = &lab->deployment.workspaces[i];
        if (!workspace->stopped &&
            lab_coordinator_node(lab->coordinator, &workspace->agent_id) == NULL) {
            return false;
        }
    }
    return true;
}

static void on_timer(uv_timer_t *timer)
{
    struct lab *lab = timer->data;
    void (*ready)(void *) = lab->ready;
    if (ready != NULL && all_connected(lab)) {
        lab->ready = NULL;
        ready(lab->owner);
    }
}

/* An agent's session or node changed: what the REST API says of it. */
static void on_agent_changed(void *owner, const struct uuid *agent)
{
    struct lab *lab = owner;
    struct lab_workspace *workspace = lab_deployment_by_agent(&lab->deployment, agent);
    if (workspace == NULL || lab->closing) {
        return;
    }
    const struct tailnet_node *node = lab_coordinator_node(lab->coordinator, agent);
    bool connected = lab_coordinator_has_peer(lab->coordinator, agent);
    struct wall_time now = wall_now();
    if (connected && workspace->first_connected.seconds == 0) {
        workspace->first_connected = now;
    }
    if (connected) {
        workspace->last_connected = now;
    } else if (workspace->connected) {
        workspace->disconnected = now;
    }
    workspace->connected = connected;
    workspace->latency_seconds =
        node != NULL && node->latency_count > 0 ? node->latencies[0].seconds : 0;
    (void)uv_timer_start(&lab->timer, on_timer, 0, 0);
}

static enum net_err start_stun(struct lab *lab, const char *ip, struct failure *why)
{
    for (size_t i = 0; i < LAB_STUN_SERVERS; i++) {
        if (lab_stun_new(lab->loop, ip, &lab->stun[i], why) != NET_OK) {
            return why->code;
        }
        lab->deployment.stun_ports[i] = lab_stun_port(lab->stun[i]);
    }
    return NET_OK;
}

static enum net_err listen_all(struct lab *lab, const struct lab_config *config,
                               struct failure *why)
{
    const char *ip = config->ip == NULL ? "127.0.0.1" : config->ip;
    const struct http_config client = {.user_agent = "derptop-lab-agent", .log = config->log};
    enum net_err err = http_client_new(lab->loop, &client, &lab->client, why);
    if (err == NET_OK) {
        err = http_server_new(lab->loop, ip, config->port, handle, lab, config->log, &lab->server,
                              why);
    }
    if (err == NET_OK && !config->no_stun) {
        err = start_stun(lab, ip, why);
    }
    if (err == NET_OK) {
        lab_deployment_set_address(&lab->deployment, ip, http_server_port(lab->server));
    }
    return err;
}

static struct lab_relay_config relay_config(const struct lab *lab, const struct lab_config *config)
{
    return (struct lab_relay_config){
        .delay_ns = config->relay_delay_ms * NS_PER_MS,
        .jitter_ns = config->relay_jitter_ms * NS_PER_MS,
        .rng = lab->rng,
    };
}

enum net_err lab_new(uv_loop_t *loop, const struct lab_config *config, void (*ready)(void *owner),
                     void *owner, struct lab **out, struct failure *why)
{
    struct lab *lab = mem_new(sizeof *lab);
    lab->loop = loop;
    lab->rng = config->rng == NULL ? rng_os() : config->rng;
    lab->log = config->log;
    lab->no_agents = config->no_agents;
    lab->ready = ready;
    lab->owner = owner;
    if (lab_deployment_init(&lab->deployment, config->workspaces, config->stopped, config->token,
                            lab->rng, wall_now()) != NET_OK) {
        mem_free_wiped(lab, sizeof *lab);
        return failure_set(why, NET_ERR_USAGE,
                           "a lab has at most %d workspaces and a token of 1 to %d characters",
                           LAB_WORKSPACES_MAX, LAB_TOKEN_SIZE - 1);
    }
    lab->deployment.block_direct = config->block_direct;
    lab->deployment.force_websockets = config->force_websockets;
    lab->coordinator = lab_coordinator_new();
    struct lab_relay_config relay = relay_config(lab, config);
    lab->relay = lab_relay_shell_new(loop, &relay, config->log);
    lab->sessions = lab_sessions_new(loop, &lab->deployment, lab->coordinator, lab->rng, lab->log,
                                     on_agent_changed, lab);
    (void)uv_timer_init(loop, &lab->timer);
    lab->timer.data = lab;
    if (listen_all(lab, config, why) != NET_OK) {
        lab_close(lab, NULL, NULL);
        return why->code;
    }
    for (size_t i = 0; i < lab->deployment.count; i++) {
        if (!lab->deployment.workspaces[i].stopped) {
            start_agent(lab, i);
        }
    }
    (void)uv_timer_start(&lab->timer, on_timer, 0, 0); /* no agents: ready at once */
    log_line(lab->log, LOG_INFO, LOG_LAB, "listening at %s", lab->deployment.url);
    *out = lab;
    return NET_OK;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct lab *lab = handle->data;
    void (*closed)(void *) = lab->closed;
    void *owner = lab->closed_owner;
    lab_coordinator_free(lab->coordinator);
    mem_free_wiped(lab, sizeof *lab);
    if (closed != NULL) {
        closed(owner);
    }
}

void lab_close(struct lab *lab, void (*closed)(void *owner), void *owner)
{
    lab->closing = true;
    lab->closed = closed;
    lab->closed_owner = owner;
    for (size_t i = 0; i < lab->deployment.count; i++) {
        stop_agent(lab, i);
    }
    lab_sessions_close(lab->sessions);
    lab_relay_shell_close(lab->relay);
    for (size_t i = 0; i < LAB_STUN_SERVERS; i++) {
        lab_stun_close(lab->stun[i]);
    }
    if (lab->server != NULL) {
        http_server_close(lab->server);
    }
    if (lab->client != NULL) {
        http_client_close(lab->client);
    }
    uv_close((uv_handle_t *)&lab->timer, on_timer_closed);
}

const struct lab_deployment *lab_deployment(const struct lab *lab)
{
    return &lab->deployment;
}

struct lab_relay_counts lab_counts(const struct lab *lab)
{
    return lab_relay_shell_counts(lab->relay);
}

enum net_err lab_set_stopped(struct lab *lab, const char *name, bool stopped)
{
    struct lab_workspace *workspace = lab_deployment_by_name(&lab->deployment, name);
    if (workspace == NULL) {
        return NET_ERR_NOT_FOUND;
    }
    size_t index = (size_t)(workspace - lab->deployment.workspaces);
    struct uuid old = workspace->agent_id;
    if (!lab_deployment_set_stopped(workspace, stopped, lab->rng)) {
        return NET_OK;
    }
    workspace->built = wall_now();
    if (stopped) {
        stop_agent(lab, index);
        lab_coordinator_remove_agent(lab->coordinator, &old);
    } else {
        start_agent(lab, index);
    }
    lab_sessions_workspace(lab->sessions, workspace, &old);
    return NET_OK;
}

void lab_set_agents_relayed(struct lab *lab, bool relayed)
{
    lab->agents_relayed = relayed;
    for (size_t i = 0; i < lab->deployment.count; i++) {
        if (lab->agents[i] != NULL) {
            lab_agent_shell_block_direct(lab->agents[i], relayed || lab->deployment.block_direct);
        }
    }
}

bool lab_agents_relayed(const struct lab *lab)
{
    return lab->agents_relayed;
}

enum net_err lab_set_agent_gone(struct lab *lab, const char *name, bool gone)
{
    struct lab_workspace *workspace = lab_deployment_by_name(&lab->deployment, name);
    if (workspace == NULL || workspace->stopped) {
        return NET_ERR_NOT_FOUND;
    }
    size_t index = (size_t)(workspace - lab->deployment.workspaces);
    if (gone) {
        stop_agent(lab, index);
    } else if (lab->agents[index] == NULL) {
        start_agent(lab, index);
    }
    return NET_OK;
}

void lab_set_refusals(struct lab *lab, const struct lab_refusals *refusals)
{
    lab->deployment.refusals = *refusals;
}

struct lab_refusals lab_get_refusals(const struct lab *lab)
{
    return lab->deployment.refusals;
}

struct lab_faults lab_get_faults(const struct lab *lab)
{
    return lab->faults;
}

void lab_set_faults(struct lab *lab, const struct lab_faults *faults)
{
    lab->faults = *faults;
    lab_relay_shell_faults(lab->relay, faults);
}

void lab_say_health(struct lab *lab, const char *text)
{
    lab_relay_shell_health(lab->relay, text);
}

void lab_say_restarting(struct lab *lab, uint32_t reconnect_ms, uint32_t try_ms)
{
    lab_relay_shell_restarting(lab->relay, reconnect_ms, try_ms);
}

void lab_drop_relay(struct lab *lab)
{
    lab_relay_shell_drop(lab->relay);
}

void lab_drop_sessions(struct lab *lab, bool clients, bool agents)
{
    lab_sessions_drop(lab->sessions, clients, agents);
}
