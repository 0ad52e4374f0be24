/*
 * `derptop netcheck`: what this computer's network allows, measured against the servers of the
 * deployment's DERP map.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <uv.h>

#include "net/base/mem.h"
#include "net/control/api_uv.h"
#include "net/path/netcheck_uv.h"
#include "net/path/portmap_uv.h"
#include "net/transport/udp_uv.h"
#include "src/cmd.h"
#include "src/netcheck_report.h"
#include "src/out.h"

enum { BUDGET_S = 5, COLUMNS_DEFAULT = 80 };

struct check {
    const struct options *options;
    const struct settings *settings;
    uv_loop_t loop;
    struct log log;
    struct http_client *http;
    struct api *api;
    struct netcheck_driver *driver;
    struct portmap_driver *portmap; /* NULL: not asked */
    struct udp_socket *v4, *v6;     /* NULL: cannot be bound */
    struct connection_info info;
    struct interfaces interfaces;
    bool interfaces_known;
    bool portmap_known, done, works;
    struct failure failure;
};

/* --- what is printed
 * ------------------------------------------------------------------------------------------------
 */

static unsigned columns_of_stdout(void)
{
    struct winsize size;
    if (isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
        size.ws_col > 0) {
        return size.ws_col;
    }
    return COLUMNS_DEFAULT;
}

static void print_json(const struct netcheck_view *view)
{
    for (size_t i = 0; i < view->map->region_count; i++) {
        out_json(netcheck_region_json(view, &view->map->regions[i]));
    }
    out_json(netcheck_summary_json(view));
}

static void print_report(struct check *check, const struct netcheck_report *report)
{
    struct netcheck_view view = {
        .deployment = check->settings->url,
        .report = report,
        .map = &check->info.derp_map,
        .interfaces = check->interfaces_known ? &check->interfaces : NULL,
        .direct_disabled_client = check->settings->disable_direct,
        .direct_disabled_deployment = check->info.disable_direct_connections,
    };
    view.latencies = netcheck_driver_latencies(check->driver, &view.latency_count);
    if (check->options->json) {
        print_json(&view);
    } else {
        netcheck_text(stdout, &view, columns_of_stdout(), out_is_utf8());
        out_text("%s", ""); /* says so if standard output cannot be written */
    }
    check->works = netcheck_reaches_relay(&view);
}

static void on_report(void *owner, const struct netcheck_report *report)
{
    struct check *check = owner;
    bool portmap_known = check->portmap == NULL || check->portmap_known;
    if (report->stage != NETCHECK_PARTIAL && portmap_known && !check->done) {
        print_report(check, report);
        check->done = true;
    }
}

/* The router has a quarter of a second: the report waits for it, if the rest is quicker. */
static void on_portmap(void *owner, const struct netcheck_portmap *portmap)
{
    struct check *check = owner;
    check->portmap_known = check->portmap_known || portmap->pmp != NETCHECK_UNKNOWN;
    netcheck_driver_set_portmap(check->driver, portmap); /* amends a report that is out */
}

/* --- the sockets
 * ------------------------------------------------------------------------------------------------
 */

static void on_datagram(void *owner, mono_ns now, const struct net_address *from,
                        struct span datagram)
{
    struct check *check = owner;
    if (stun_looks_like(span_bytes(datagram))) {
        (void)netcheck_driver_input(check->driver, now, from, span_bytes(datagram));
    }
}

static enum net_err send_packet(void *owner, const struct net_address *to, struct bytes packet)
{
    struct check *check = owner;
    struct udp_socket *udp = to->family == ADDRESS_V6 ? check->v6 : check->v4;
    return udp == NULL ? NET_ERR_IO : udp_socket_send(udp, to, packet);
}

static struct udp_socket *open_socket(struct check *check, const char *ip)
{
    struct udp_socket *udp = NULL;
    struct failure why;
    const struct udp_config config = {.receive = on_datagram, .owner = check};
    if (udp_socket_new(&check->loop, ip, 0, &config, &udp, &why) != NET_OK) {
        log_line(&check->log, LOG_INFO, LOG_PATH, "%s; done without", why.text);
        return NULL;
    }
    return udp;
}

/* --- the run
 * ------------------------------------------------------------------------------------------------
 */

static void start(struct check *check)
{
    bool direct = !check->settings->disable_direct && !check->info.disable_direct_connections;
    const struct netcheck_driver_config config = {
        .loop = &check->loop,
        .client = check->http,
        .rng = rng_os(),
        .log = &check->log,
        .budget_ns = BUDGET_S * NS_PER_SEC,
        .complete = true,
        .hairpin = true,
        .send = send_packet,
        .report = on_report,
        .owner = check,
    };
    check->interfaces_known = interfaces_read(&check->interfaces) == NET_OK;
    check->v4 = open_socket(check, "0.0.0.0");
    check->v6 = open_socket(check, "::");
    check->driver = netcheck_driver_new(&config);
    netcheck_driver_set_map(check->driver, &check->info.derp_map);
    netcheck_driver_set_families(check->driver, direct && check->v4 != NULL,
                                 direct && check->v6 != NULL);
    netcheck_driver_start(check->driver, true);
    if (direct && check->interfaces_known) {
        const struct portmap_driver_config portmap = {.loop = &check->loop,
                                                      .rng = rng_os(),
                                                      .log = &check->log,
                                                      .changed = on_portmap,
                                                      .owner = check};
        check->portmap = portmap_driver_new(&portmap);
        portmap_driver_set_interfaces(check->portmap, &check->interfaces);
    }
}

static void on_connection(void *owner, const struct failure *failure, struct connection_info *info)
{
    struct check *check = owner;
    if (info == NULL) {
        check->failure = *failure;
        check->done = true;
        return;
    }
    check->info = *info;
    *info = (struct connection_info){0};
    if (check->info.derp_map.region_count == 0) {
        failure_set(&check->failure, NET_ERR_NOT_FOUND,
                    "the deployment's DERP map is empty: there is nothing to measure");
        check->done = true;
        return;
    }
    start(check);
}

static enum net_err open_client(struct check *check)
{
    const struct settings *s = check->settings;
    const struct http_config config = {
        .user_agent = "derptop/" DERPTOP_VERSION,
        .ca_file = s->ca_file[0] != '\0' ? s->ca_file : NULL,
        .cert_file = s->cert_file[0] != '\0' ? s->cert_file : NULL,
        .key_file = s->key_file[0] != '\0' ? s->key_file : NULL,
        .headers = s->headers,
        .header_count = s->header_count,
        .log = &check->log,
    };
    return http_client_new(&check->loop, &config, &check->http, &check->failure);
}

static void close_all(struct check *check)
{
    if (check->portmap != NULL) {
        portmap_driver_close(check->portmap);
    }
    if (check->driver != NULL) {
        netcheck_driver_close(check->driver);
    }
    if (check->v4 != NULL) {
        udp_socket_close(check->v4);
    }
    if (check->v6 != NULL) {
        udp_socket_close(check->v6);
    }
    api_free(check->api);
    http_client_close(check->http);
    (void)uv_run(&check->loop, UV_RUN_DEFAULT);
}

int cmd_netcheck(const struct options *options)
{
    struct settings settings;
    int status = cmd_settings(options, &settings);
    if (status != EXIT_DONE) {
        return status;
    }
    struct check *check = mem_new(sizeof *check);
    check->options = options;
    check->settings = &settings;
    log_init(&check->log, options->verbose ? LOG_DEBUG : LOG_ERROR);
    check->log.sink = options->verbose ? log_to_file : NULL;
    check->log.owner = stderr;
    (void)uv_loop_init(&check->loop);
    if (open_client(check) == NET_OK) {
        check->api = api_new(check->http, &settings, &check->log);
        (void)api_connection(check->api, NULL, on_connection, check);
        while (!check->done && uv_run(&check->loop, UV_RUN_ONCE) != 0) {
        }
        close_all(check);
    }
    (void)uv_loop_close(&check->loop);
    status = cmd_status(&check->failure);
    if (check->failure.code != NET_OK) {
        out_error(check->failure.text);
    } else if (!check->works) {
        status = EXIT_FAILED;
    }
    connection_info_clear(&check->info);
    log_clear(&check->log);
    free(check);
    settings_clear(&settings);
    return status;
}
