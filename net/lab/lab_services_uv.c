#include "net/lab/lab_services_uv.h"

#include <stdlib.h>

#include "net/base/mem.h"
#include "net/lab/lab_api.h"
#include "net/probe/agent_report.h"
#include "net/probe/netcheck_view.h"
#include "net/probe/speedtest_server.h"
#include "net/tunnel/stack_tcp.h"

enum {
    CONNECTIONS_MAX = 64, /* of one agent; a real client has two at a time */
    API_SECONDS = 20,     /* as the real agent: its request, and again its answer */
};

/* One connection. */
struct service {
    struct lab_services *services;
    struct service *next;
    struct tcp_conn *conn; /* NULL: not any more, to be freed */
    bool is_api;
    bool finished; /* our FIN is out */
    mono_ns api_until;
    struct lab_api_call api;
    struct speedtest_server speedtest;
};

struct lab_services {
    struct lab_services_config config;
    struct tcp_listener *listeners[2]; /* NULL: not to be had */
    struct service *all;
    size_t count;
    uv_timer_t timer;
};

static void on_timer(uv_timer_t *timer);

/* --- the API ----------------------------------------------------------------------------------
 */

static cJSON *make_report(void *owner)
{
    const struct lab_services *services = owner;
    struct interfaces *interfaces = mem_new(sizeof *interfaces);
    const struct netcheck_report *report = paths_report(tunnel_paths(services->config.tunnel));
    struct netcheck_view view = {
        .deployment = "",
        .report = report->round == 0 ? NULL : report,
        .map = services->config.map,
        .interfaces = interfaces_read(interfaces) == NET_OK ? interfaces : NULL,
    };
    cJSON *object = cJSON_CreateObject();
    netcheck_view_json(&view, object);
    free(interfaces);
    return object;
}

static void api_write(struct service *service, mono_ns now)
{
    struct buf *out = &service->api.out;
    while (buf_len(out) > 0) {
        size_t taken = tcp_conn_write(service->conn, now, buf_view(out));
        if (taken == 0) {
            return;
        }
        buf_consume(out, taken);
    }
    if (service->api.answered) {
        tcp_conn_close(service->conn, now);
        service->conn = NULL;
    }
}

/* --- the speed test ---------------------------------------------------------------------------
 */

static void speedtest_log(const struct service *service)
{
    const struct lab_services_config *config = &service->services->config;
    const struct speedtest_server *server = &service->speedtest;
    log_line(config->log, LOG_INFO, LOG_LAB,
             "agent of %s: speed test over: %llu bytes acknowledged, %llu received", config->name,
             (unsigned long long)server->source.acked, (unsigned long long)server->received);
}

static void speedtest_write(struct service *service, mono_ns now)
{
    struct speedtest_server *server = &service->speedtest;
    for (;;) {
        struct bytes out = speedtest_server_output(server, now);
        size_t taken = out.len == 0 ? 0 : tcp_conn_write_lasting(service->conn, now, out);
        if (taken == 0) {
            break;
        }
        speedtest_server_sent(server, now, taken);
    }
    if (server->state == SPEEDTEST_SERVER_BROKEN) {
        tcp_conn_abort(service->conn, now);
        service->conn = NULL;
    } else if (speedtest_server_is_heard(server)) {
        tcp_conn_close(service->conn, now);
        service->conn = NULL;
    } else if (server->state == SPEEDTEST_SERVER_CLOSING && !service->finished) {
        service->finished = true;
        tcp_conn_finish(service->conn, now);
    }
}

/* --- connections ------------------------------------------------------------------------------
 */

static mono_ns deadline_of(const struct service *service)
{
    return service->conn == NULL ? 0
           : service->is_api     ? service->api_until
                                 : speedtest_server_deadline(&service->speedtest);
}

static void arm(struct lab_services *services, mono_ns now)
{
    mono_ns next = MONO_NEVER;
    for (const struct service *one = services->all; one != NULL; one = one->next) {
        next = mono_min(next, deadline_of(one));
    }
    if (next == MONO_NEVER) {
        (void)uv_timer_stop(&services->timer);
        return;
    }
    uv_update_time(services->config.loop);
    uint64_t wait_ms = (mono_until(now, next) + NS_PER_MS - 1) / NS_PER_MS;
    (void)uv_timer_start(&services->timer, on_timer, wait_ms, 0);
}

/* After anything that happened on it. What is over is freed by the timer, for this may run inside
 * its callback. */
static void go_on(struct service *service, mono_ns now)
{
    if (service->conn != NULL && service->is_api) {
        api_write(service, now);
    } else if (service->conn != NULL) {
        speedtest_write(service, now);
    }
    if (service->conn == NULL) {
        arm(service->services, now);
    }
}

static void on_received(void *owner, struct tcp_conn *conn, struct bytes data)
{
    struct service *service = owner;
    mono_ns now = mono_now();
    (void)conn;
    if (service->is_api) {
        lab_api_input(&service->api, data, make_report, service->services);
        go_on(service, now);
        return;
    }
    bool was_asked = service->speedtest.state == SPEEDTEST_SERVER_ASKED;
    speedtest_server_input(&service->speedtest, now, data);
    if (was_asked) {
        go_on(service, now);
    }
}

static void on_ended(void *owner, struct tcp_conn *conn)
{
    struct service *service = owner;
    (void)conn;
    if (service->finished) {
        service->conn = NULL;
    } else if (service->is_api && !service->api.answered) {
        tcp_conn_abort(service->conn, mono_now());
        service->conn = NULL;
    } else if (!service->is_api) {
        speedtest_server_ended(&service->speedtest, mono_now());
    }
    go_on(service, mono_now());
}

static void on_acked(void *owner, struct tcp_conn *conn, size_t count)
{
    struct service *service = owner;
    mono_ns now = mono_now();
    (void)conn;
    if (!service->is_api) {
        speedtest_server_acked(&service->speedtest, now, count);
    }
    go_on(service, now);
}

static void on_failed(void *owner, struct tcp_conn *conn, enum net_err why)
{
    struct service *service = owner;
    (void)conn;
    (void)why;
    service->conn = NULL;
    go_on(service, mono_now());
}

static void free_service(struct service *service)
{
    if (service->speedtest.out_len > 0) {
        speedtest_log(service);
    }
    lab_api_clear(&service->api);
    service->services->count--;
    free(service);
}

static void on_timer(uv_timer_t *timer)
{
    struct lab_services *services = timer->data;
    mono_ns now = mono_now();
    struct service **link = &services->all;
    while (*link != NULL) {
        struct service *service = *link;
        if (service->conn != NULL && deadline_of(service) <= now) {
            if (service->is_api) {
                tcp_conn_abort(service->conn, now);
                service->conn = NULL;
            } else {
                speedtest_server_tick(&service->speedtest, now);
                speedtest_write(service, now);
            }
        }
        if (service->conn == NULL) {
            *link = service->next;
            free_service(service);
        } else {
            link = &service->next;
        }
    }
    arm(services, now);
    tunnel_pump(services->config.tunnel);
}

static void accept_one(struct lab_services *services, struct tcp_conn *conn, bool is_api)
{
    static const struct tcp_handlers handlers = {
        .received = on_received, .ended = on_ended, .acked = on_acked, .failed = on_failed};
    mono_ns now = mono_now();
    if (services->count == CONNECTIONS_MAX) {
        tcp_conn_abort(conn, now);
        return;
    }
    struct service *service = mem_new(sizeof *service);
    service->services = services;
    service->conn = conn;
    service->is_api = is_api;
    service->api_until = mono_after(now, API_SECONDS * NS_PER_SEC);
    lab_api_init(&service->api);
    speedtest_server_init(&service->speedtest, speedtest_block(services->config.rng), now);
    service->next = services->all;
    services->all = service;
    services->count++;
    tcp_conn_attach(conn, &handlers, service);
    arm(services, now);
}

static void on_speedtest(void *owner, struct tcp_conn *conn)
{
    accept_one(owner, conn, false);
}

static void on_api(void *owner, struct tcp_conn *conn)
{
    accept_one(owner, conn, true);
}

/* --- life -------------------------------------------------------------------------------------
 */

struct lab_services *lab_services_new(const struct lab_services_config *config)
{
    struct lab_services *services = mem_new(sizeof *services);
    services->config = *config;
    (void)uv_timer_init(config->loop, &services->timer);
    services->timer.data = services;
    services->listeners[0] =
        tunnel_tcp_listen(config->tunnel, SPEEDTEST_PORT, on_speedtest, services);
    services->listeners[1] = tunnel_tcp_listen(config->tunnel, AGENT_API_PORT, on_api, services);
    if (services->listeners[0] == NULL || services->listeners[1] == NULL) {
        log_line(config->log, LOG_ERROR, LOG_LAB, "agent of %s: cannot listen in the tunnel",
                 config->name);
    }
    return services;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void lab_services_close(struct lab_services *services)
{
    while (services->all != NULL) {
        struct service *service = services->all;
        services->all = service->next;
        if (service->conn != NULL) {
            tcp_conn_abort(service->conn, mono_now());
        }
        free_service(service);
    }
    for (size_t i = 0; i < 2; i++) {
        if (services->listeners[i] != NULL) {
            tcp_listener_close(services->listeners[i]);
        }
    }
    uv_close((uv_handle_t *)&services->timer, on_closed);
}
