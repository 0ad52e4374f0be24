#include "net/path/portmap_uv.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/log_limit.h"
#include "net/base/mem.h"
#include "net/transport/http_uv.h"
#include "net/transport/udp_uv.h"

struct portmap_driver {
    struct portmap_driver_config config;
    struct portmap *machine;
    struct net_address gateway, own; /* ADDRESS_NONE: none */
    struct udp_socket *udp;          /* NULL: no router */
    struct http_client *http;        /* one of its own: no header of the deployment's */
    struct http_call *asking;        /* the call whose answer the machine waits for */
    uint64_t asking_id;
    struct http_call *releasing; /* the one that gives a mapping back */
    uv_timer_t timer;
    struct netcheck_portmap told;
    struct log_limit malformed;
    bool pumping, moving, closing; /* moving: between two networks, of which nothing is told */
};

static void pump(struct portmap_driver *driver);

/* --- what comes in -----------------------------------------------------------------------------
 */

static void on_datagram(void *owner, mono_ns now, const struct net_address *from,
                        struct span datagram)
{
    struct portmap_driver *driver = owner;
    if (portmap_input(driver->machine, now, from, span_bytes(datagram)) == NET_ERR_MALFORMED) {
        log_limited(driver->config.log, &driver->malformed, now, LOG_DEBUG, LOG_PATH,
                    "port mapping: an answer that cannot be read; dropped");
    }
    pump(driver);
}

static void on_answer(void *owner, const struct http_response *response)
{
    struct portmap_driver *driver = owner;
    bool came = response->failure.code == NET_OK;
    uint64_t id = driver->asking_id;
    driver->asking = NULL;
    portmap_http_answer(driver->machine, mono_now(), id, came ? response->status : 0,
                        came ? response->body : bytes_of("", 0));
    pump(driver);
}

static void free_at_end(struct portmap_driver *driver);

static void on_released(void *owner, const struct http_response *response)
{
    struct portmap_driver *driver = owner;
    (void)response;
    driver->releasing = NULL;
    free_at_end(driver);
}

/* --- what goes out -----------------------------------------------------------------------------
 */

static struct http_call *start_call(struct portmap_driver *driver,
                                    const struct portmap_action *action, uint64_t timeout_ms,
                                    void (*done)(void *owner, const struct http_response *response))
{
    const struct http_header headers[] = {{"Content-Type", "text/xml; charset=\"utf-8\""},
                                          {"SOAPAction", action->soap_action}};
    const struct http_request request = {
        .url = action->url,
        .headers = headers,
        .header_count = action->kind == PORTMAP_CALL ? 2 : 0,
        .body_max = action->answer_max,
        .timeout_ns = timeout_ms * NS_PER_MS,
        .fresh_connection = true,
        .no_proxy = true, /* a router of this network is not beyond it */
    };
    struct bytes body = bytes_of(action->packet, action->packet_len);
    return action->kind == PORTMAP_CALL ? http_post(driver->http, &request, body, done, driver)
                                        : http_get(driver->http, &request, done, driver);
}

static void cancel(struct http_call **call)
{
    if (*call != NULL) {
        http_cancel(*call);
        *call = NULL;
    }
}

static void request(struct portmap_driver *driver, const struct portmap_action *action)
{
    if (driver->http == NULL) {
        return; /* the machine's time runs out */
    }
    if (action->call == 0) {
        cancel(&driver->releasing);
        driver->releasing = start_call(driver, action, PORTMAP_RELEASE_MS, on_released);
        return;
    }
    cancel(&driver->asking);
    driver->asking_id = action->call;
    driver->asking = start_call(driver, action, PORTMAP_HTTP_MS, on_answer);
}

static const char *yes_no(enum netcheck_answer answer)
{
    return answer == NETCHECK_YES ? "yes" : answer == NETCHECK_NO ? "no" : "not known yet";
}

static void log_change(const struct portmap_driver *driver, const struct netcheck_portmap *report)
{
    struct log *log = driver->config.log;
    const struct netcheck_portmap *told = &driver->told;
    char external[ADDRESS_TEXT_SIZE];
    if (report->have_mapping) {
        address_text(&report->external, external);
        log_line(log, LOG_INFO, LOG_PATH, "port mapping: the router gives us %s, by %s", external,
                 portmap_service_name(portmap_mapped_by(driver->machine)));
    } else if (told->have_mapping) {
        log_line(log, LOG_INFO, LOG_PATH, "port mapping: it has ended");
    } else {
        log_line(log, LOG_DEBUG, LOG_PATH, "port mapping: UPnP %s, NAT-PMP %s, PCP %s",
                 yes_no(report->upnp), yes_no(report->pmp), yes_no(report->pcp));
    }
}

static void tell(struct portmap_driver *driver)
{
    struct netcheck_portmap report;
    const struct netcheck_portmap *told = &driver->told;
    portmap_report(driver->machine, &report);
    if (driver->closing || (report.upnp == told->upnp && report.pmp == told->pmp &&
                            report.pcp == told->pcp && report.have_mapping == told->have_mapping &&
                            address_equal(&report.external, &told->external))) {
        return;
    }
    log_change(driver, &report);
    driver->told = report;
    driver->config.changed(driver->config.owner, &report);
}

static void act(struct portmap_driver *driver, const struct portmap_action *action)
{
    struct bytes packet = bytes_of(action->packet, action->packet_len);
    switch (action->kind) {
    case PORTMAP_SEND:
        if (driver->udp != NULL) {
            (void)!udp_socket_send(driver->udp, &action->to, packet); /* lost: sent again */
        }
        break;
    case PORTMAP_FETCH:
    case PORTMAP_CALL:
        request(driver, action);
        break;
    case PORTMAP_CHANGED:
        tell(driver);
        break;
    }
}

static void on_timer(uv_timer_t *timer)
{
    pump(timer->data);
}

static void close_socket(struct portmap_driver *driver)
{
    if (driver->udp != NULL) {
        udp_socket_close(driver->udp);
        driver->udp = NULL;
    }
}

/* Does what is due and arms the timer. What a call-back starts meanwhile is done by the outer
 * call. */
static void pump(struct portmap_driver *driver)
{
    struct portmap_action action;
    if (driver->pumping) {
        return;
    }
    driver->pumping = true;
    while (portmap_next(driver->machine, mono_now(), &action)) {
        act(driver, &action);
    }
    driver->pumping = false;
    if (driver->closing) {
        close_socket(driver);
        free_at_end(driver);
        return;
    }
    mono_ns deadline = portmap_deadline(driver->machine);
    if (deadline == MONO_NEVER) {
        (void)uv_timer_stop(&driver->timer);
        return;
    }
    uint64_t wait_ms = (mono_until(mono_now(), deadline) + NS_PER_MS - 1) / NS_PER_MS;
    uv_update_time(driver->config.loop);
    (void)uv_timer_start(&driver->timer, on_timer, wait_ms, 0);
}

/* --- the network -------------------------------------------------------------------------------
 */

static bool open_socket(struct portmap_driver *driver, const struct net_address *own)
{
    char ip[ADDRESS_TEXT_SIZE];
    struct failure why;
    address_ip_text(own, ip);
    /* On our address towards the router: PCP compares it with what the request says, and searches
     * by multicast leave by its interface. */
    const struct udp_config config = {.receive = on_datagram, .owner = driver};
    if (udp_socket_new(driver->config.loop, ip, 0, &config, &driver->udp, &why) != NET_OK) {
        driver->udp = NULL;
        log_line(driver->config.log, LOG_DEBUG, LOG_PATH, "port mapping: %s", why.text);
        return false;
    }
    return true;
}

void portmap_driver_set_interfaces(struct portmap_driver *driver,
                                   const struct interfaces *interfaces)
{
    struct net_address gateway = {0};
    struct net_address own = {0};
    bool has = interfaces != NULL && interfaces_gateway(interfaces, &gateway, &own);
    if (address_equal(&gateway, &driver->gateway) && address_equal(&own, &driver->own)) {
        if (interfaces != NULL) {
            tell(driver); /* that there is no router is an answer too */
        }
        return;
    }
    /* What the old router is still to be told leaves by the old socket. */
    driver->moving = has;
    portmap_set_network(driver->machine, mono_now(), NULL, NULL);
    cancel(&driver->asking);
    pump(driver);
    driver->moving = false;
    close_socket(driver);
    driver->gateway = gateway;
    driver->own = own;
    if (has && open_socket(driver, &own)) {
        portmap_set_network(driver->machine, mono_now(), &gateway, &own);
    }
    pump(driver);
}

void portmap_driver_set_port(struct portmap_driver *driver, uint16_t port)
{
    portmap_set_port(driver->machine, mono_now(), port);
    pump(driver);
}

void portmap_driver_probe(struct portmap_driver *driver)
{
    portmap_probe(driver->machine, mono_now());
    pump(driver);
}

void portmap_driver_report(const struct portmap_driver *driver, struct netcheck_portmap *out)
{
    portmap_report(driver->machine, out);
}

enum portmap_service portmap_driver_mapped_by(const struct portmap_driver *driver)
{
    return portmap_mapped_by(driver->machine);
}

/* --- life --------------------------------------------------------------------------------------
 */

struct portmap_driver *portmap_driver_new(const struct portmap_driver_config *config)
{
    const struct http_config http = {.user_agent = "derptop/" DERPTOP_VERSION, .log = config->log};
    struct portmap_driver *driver = mem_new(sizeof *driver);
    struct failure why;
    driver->config = *config;
    driver->machine = portmap_new(config->rng);
    if (http_client_new(config->loop, &http, &driver->http, &why) != NET_OK) {
        driver->http = NULL;
        log_line(config->log, LOG_DEBUG, LOG_PATH, "port mapping: no UPnP: %s", why.text);
    }
    (void)uv_timer_init(config->loop, &driver->timer);
    driver->timer.data = driver;
    return driver;
}

static void on_closed(uv_handle_t *handle)
{
    struct portmap_driver *driver = handle->data;
    portmap_free(driver->machine);
    free(driver);
}

/* A UPnP mapping is given back by a request that takes its time: the rest goes when that is over.
 */
static void free_at_end(struct portmap_driver *driver)
{
    if (!driver->closing || driver->releasing != NULL ||
        uv_is_closing((const uv_handle_t *)&driver->timer)) {
        return;
    }
    if (driver->http != NULL) {
        http_client_close(driver->http);
    }
    uv_close((uv_handle_t *)&driver->timer, on_closed);
}

void portmap_driver_close(struct portmap_driver *driver)
{
    driver->closing = true;
    (void)uv_timer_stop(&driver->timer);
    cancel(&driver->asking);
    portmap_set_network(driver->machine, mono_now(), NULL, NULL);
    pump(driver); /* or the one under way, whose call-back this is */
}
