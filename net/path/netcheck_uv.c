#include "net/path/netcheck_uv.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/log_limit.h"
#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/transport/udp_uv.h"

enum {
    LATENCY_TIMEOUT_S = 5, /* as the genuine client allows */
    ADDRESSES_MAX = 16,    /* of a name; the first of each family counts */
};

/* A name being looked up. It outlives the driver if the system is slow: then nobody is told. */
struct lookup {
    uv_getaddrinfo_t request;
    struct netcheck_driver *driver; /* NULL: nobody wants to know any more */
    struct lookup *next;
    char host[DERP_HOST_SIZE];
};

struct netcheck_driver {
    struct netcheck_driver_config config;
    struct netcheck *machine;
    struct derp_map map; /* what the latency check asks */
    uv_timer_t timer;
    struct latency_check *latency;
    struct lookup *lookups;
    size_t result_count;
    struct latency_result *results;
    bool start_due; /* asked for while `pumping` */
    bool pumping, closing;
    struct log_limit strangers, malformed;
};

static void pump(struct netcheck_driver *driver);

/* --- names
 * ------------------------------------------------------------------------------------------------
 */

static size_t take_addresses(const struct addrinfo *all, struct net_address out[ADDRESSES_MAX])
{
    size_t count = 0;
    for (; all != NULL && count < ADDRESSES_MAX; all = all->ai_next) {
        struct net_address *address = &out[count];
        *address = (struct net_address){0};
        if (all->ai_family == AF_INET) {
            const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)all->ai_addr;
            address->family = ADDRESS_V4;
            memcpy(address->ip, &v4->sin_addr, 4);
            count++;
        } else if (all->ai_family == AF_INET6) {
            const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)all->ai_addr;
            address->family = ADDRESS_V6;
            memcpy(address->ip, &v6->sin6_addr, 16);
            count++;
        }
    }
    return count;
}

static void unlink_lookup(struct netcheck_driver *driver, const struct lookup *lookup)
{
    struct lookup **link = &driver->lookups;
    while (*link != lookup) {
        link = &(*link)->next;
    }
    *link = lookup->next;
}

static void on_addresses(uv_getaddrinfo_t *request, int status, struct addrinfo *all)
{
    struct lookup *lookup = request->data;
    struct netcheck_driver *driver = lookup->driver;
    struct net_address addresses[ADDRESSES_MAX];
    size_t count = status == 0 ? take_addresses(all, addresses) : 0;
    if (all != NULL) {
        uv_freeaddrinfo(all);
    }
    if (driver != NULL) {
        if (status != 0) {
            log_line(driver->config.log, LOG_DEBUG, LOG_PATH, "netcheck: %s: %s", lookup->host,
                     uv_strerror(status));
        }
        unlink_lookup(driver, lookup);
        netcheck_resolved(driver->machine, mono_now(), lookup->host, addresses, count);
        pump(driver);
    }
    free(lookup);
}

static void resolve(struct netcheck_driver *driver, const char *host)
{
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct lookup *lookup = mem_new(sizeof *lookup);
    lookup->request.data = lookup;
    text_copy(lookup->host, sizeof lookup->host, host);
    if (uv_getaddrinfo(driver->config.loop, &lookup->request, on_addresses, host, NULL, &hints) !=
        0) {
        free(lookup);
        netcheck_resolved(driver->machine, mono_now(), host, NULL, 0);
        return;
    }
    lookup->driver = driver;
    lookup->next = driver->lookups;
    driver->lookups = lookup;
}

static void drop_lookups(struct netcheck_driver *driver)
{
    while (driver->lookups != NULL) {
        struct lookup *lookup = driver->lookups;
        driver->lookups = lookup->next;
        lookup->driver = NULL;
        (void)uv_cancel((uv_req_t *)&lookup->request); /* one that runs already ends by itself */
    }
}

/* --- the relays
 * ------------------------------------------------------------------------------------------------
 */

static void on_latency(void *owner, const struct latency_result *result)
{
    struct netcheck_driver *driver = owner;
    if (result->answered) {
        netcheck_latency(driver->machine, mono_now(), result->region, result->over_ipv6,
                         result->latency_ns);
        pump(driver);
    }
}

/* A portal stands before every server: one relay that answers disproves it. Checks that fail
 * without an HTTP answer prove nothing. */
static enum netcheck_answer captive_portal(const struct latency_result *results, size_t count)
{
    enum netcheck_answer captive = NETCHECK_UNKNOWN;
    for (size_t i = 0; i < count; i++) {
        if (results[i].answered) {
            return NETCHECK_NO;
        }
        captive = results[i].intercepted ? NETCHECK_YES : captive;
    }
    return captive;
}

static void on_latencies(void *owner, const struct latency_result *results, size_t count)
{
    struct netcheck_driver *driver = owner;
    mono_ns now = mono_now();
    driver->latency = NULL;
    free(driver->results);
    driver->results = mem_array(count, sizeof *results);
    driver->result_count = count;
    for (size_t i = 0; i < count; i++) {
        driver->results[i] = results[i];
    }
    netcheck_set_captive_portal(driver->machine, now, captive_portal(results, count));
    netcheck_latency_end(driver->machine, now);
    pump(driver);
}

static void cancel_latency(struct netcheck_driver *driver)
{
    if (driver->latency != NULL) {
        latency_check_cancel(driver->latency);
        driver->latency = NULL;
    }
}

static void measure(struct netcheck_driver *driver)
{
    uint64_t budget_ns = driver->config.budget_ns;
    uint64_t timeout_ns = driver->config.complete && budget_ns != 0
                              ? budget_ns - budget_ns / 10 /* so that its failures are known */
                              : LATENCY_TIMEOUT_S * NS_PER_SEC;
    cancel_latency(driver);
    driver->latency = latency_check_start(driver->config.loop, driver->config.client, &driver->map,
                                          timeout_ns, on_latency, on_latencies, driver);
}

/* --- requests
 * ------------------------------------------------------------------------------------------------
 */

static void on_hairpin_datagram(void *owner, mono_ns now, const struct net_address *from,
                                struct span datagram)
{
    (void)owner; /* this socket only sends: what comes back is to come to the owner's */
    (void)now;
    (void)from;
    (void)datagram;
}

static const struct udp_config hairpin_config = {.receive = on_hairpin_datagram};

/* From another socket to our own public address. Some routers turn a packet round only for a
 * socket that they have seen send outwards; 203.0.113.1 is nobody's (RFC 5737). */
static enum net_err send_hairpin(struct netcheck_driver *driver,
                                 const struct netcheck_action *action, struct bytes packet)
{
    static const struct net_address nobody = {
        .family = ADDRESS_V4, .ip = {203, 0, 113, 1}, .port = 12345};
    static const char greeting[] = "derptop netcheck: nothing to see here";
    struct udp_socket *socket = NULL;
    struct failure why;
    enum net_err err =
        udp_socket_new(driver->config.loop, "0.0.0.0", 0, &hairpin_config, &socket, &why);
    if (err != NET_OK) {
        log_line(driver->config.log, LOG_DEBUG, LOG_PATH, "netcheck: hairpin: %s", why.text);
        return err;
    }
    if (!address_is_loopback(&action->to)) {
        (void)!udp_socket_send(socket, &nobody, bytes_text(greeting));
    }
    err = udp_socket_send(socket, &action->to, packet);
    udp_socket_close(socket);
    return err;
}

static void send_request(struct netcheck_driver *driver, const struct netcheck_action *action)
{
    struct bytes packet = bytes_of(action->packet, sizeof action->packet);
    enum net_err err = action->socket == NETCHECK_SOCKET_MAIN
                           ? driver->config.send(driver->config.owner, &action->to, packet)
                           : send_hairpin(driver, action, packet);
    netcheck_sent(driver->machine, action, err);
}

/* --- the loop
 * ------------------------------------------------------------------------------------------------
 */

static void log_report(const struct netcheck_driver *driver, const struct netcheck_report *report)
{
    static const char *const stages[] = {"so far", "ready", "amended"};
    static const char *const varies[] = {"unknown", "no", "yes"};
    char v4[ADDRESS_TEXT_SIZE];
    char v6[ADDRESS_TEXT_SIZE];
    if (!log_wants(driver->config.log, LOG_DEBUG)) {
        return;
    }
    address_text(&report->global_v4, v4);
    address_text(&report->global_v6, v6);
    log_line(driver->config.log, LOG_DEBUG, LOG_PATH,
             "netcheck %llu %s after %llu ms: udp %s, varies %s, [%s] [%s], home %lld; %llu sent, "
             "%llu answered, %llu of strangers, %llu malformed",
             (unsigned long long)report->round, stages[report->stage],
             (unsigned long long)(mono_since(report->at, report->started_at) / NS_PER_MS),
             report->udp ? "yes" : "no", varies[report->mapping_varies], v4, v6,
             (long long)report->preferred_derp, (unsigned long long)report->counts.requests,
             (unsigned long long)report->counts.answers,
             (unsigned long long)report->counts.strangers,
             (unsigned long long)report->counts.malformed);
}

static void act(struct netcheck_driver *driver, const struct netcheck_action *action)
{
    switch (action->kind) {
    case NETCHECK_MEASURE:
        measure(driver);
        break;
    case NETCHECK_RESOLVE:
        resolve(driver, action->host);
        break;
    case NETCHECK_SEND:
        send_request(driver, action);
        break;
    case NETCHECK_REPORT:
        log_report(driver, netcheck_report(driver->machine));
        driver->config.report(driver->config.owner, netcheck_report(driver->machine));
        break;
    }
}

static void on_timer(uv_timer_t *timer)
{
    pump(timer->data);
}

/* Does what is due and arms the timer. What a call-back starts meanwhile is done by the outer
 * call. */
static void pump(struct netcheck_driver *driver)
{
    struct netcheck_action action;
    if (driver->pumping) {
        return;
    }
    driver->pumping = true;
    while (!driver->closing) {
        if (netcheck_next(driver->machine, mono_now(), &action)) {
            act(driver, &action);
        } else if (driver->start_due) {
            driver->start_due = false;
            netcheck_start(driver->machine, mono_now());
        } else {
            break;
        }
    }
    driver->pumping = false;
    if (driver->closing) {
        return;
    }
    mono_ns deadline = netcheck_deadline(driver->machine);
    if (deadline == MONO_NEVER) {
        (void)uv_timer_stop(&driver->timer);
        return;
    }
    uv_update_time(driver->config.loop);
    uint64_t wait_ns = mono_until(mono_now(), deadline);
    (void)uv_timer_start(&driver->timer, on_timer, (wait_ns + NS_PER_MS - 1) / NS_PER_MS, 0);
}

/* Whether the system has IPv6 at all, as the genuine client finds out. */
static bool has_os_ipv6(uv_loop_t *loop)
{
    struct udp_socket *socket = NULL;
    struct failure why;
    if (udp_socket_new(loop, "::1", 0, &hairpin_config, &socket, &why) != NET_OK) {
        return false;
    }
    udp_socket_close(socket);
    return true;
}

/* --- life
 * ------------------------------------------------------------------------------------------------
 */

struct netcheck_driver *netcheck_driver_new(const struct netcheck_driver_config *config)
{
    struct netcheck_driver *driver = mem_new(sizeof *driver);
    struct netcheck_config machine = {.rng = config->rng,
                                      .budget_ns = config->budget_ns,
                                      .complete = config->complete,
                                      .hairpin = config->hairpin};
    driver->config = *config;
    driver->machine = netcheck_new(&machine);
    derp_map_init(&driver->map);
    (void)uv_timer_init(config->loop, &driver->timer);
    driver->timer.data = driver;
    return driver;
}

static void on_closed(uv_handle_t *handle)
{
    struct netcheck_driver *driver = handle->data;
    netcheck_free(driver->machine);
    derp_map_clear(&driver->map);
    free(driver->results);
    free(driver);
}

void netcheck_driver_close(struct netcheck_driver *driver)
{
    driver->closing = true;
    cancel_latency(driver);
    drop_lookups(driver);
    uv_close((uv_handle_t *)&driver->timer, on_closed);
}

void netcheck_driver_set_map(struct netcheck_driver *driver, const struct derp_map *map)
{
    netcheck_driver_cancel(driver);
    derp_map_clear(&driver->map);
    derp_map_copy(&driver->map, map);
    netcheck_set_map(driver->machine, map);
}

void netcheck_driver_set_families(struct netcheck_driver *driver, bool v4, bool v6)
{
    netcheck_set_families(driver->machine, v4, v6);
}

void netcheck_driver_set_portmap(struct netcheck_driver *driver,
                                 const struct netcheck_portmap *portmap)
{
    netcheck_set_portmap(driver->machine, mono_now(), portmap);
    pump(driver);
}

void netcheck_driver_start(struct netcheck_driver *driver, bool full)
{
    if (full) {
        netcheck_want_full(driver->machine);
        netcheck_set_os_ipv6(driver->machine, has_os_ipv6(driver->config.loop));
    }
    driver->start_due = true; /* not from inside a call-back, whose report would be emptied */
    pump(driver);
}

void netcheck_driver_cancel(struct netcheck_driver *driver)
{
    driver->start_due = false;
    netcheck_stop(driver->machine);
    cancel_latency(driver);
    drop_lookups(driver);
    (void)uv_timer_stop(&driver->timer);
}

enum net_err netcheck_driver_input(struct netcheck_driver *driver, mono_ns at,
                                   const struct net_address *from, struct bytes packet)
{
    enum net_err err = netcheck_input(driver->machine, at, from, packet);
    if (err == NET_ERR_NOT_FOUND) {
        log_limited(driver->config.log, &driver->strangers, at, LOG_DEBUG, LOG_PATH,
                    "netcheck: a STUN packet of a stranger, or of a round that is over; ignored");
    } else if (err != NET_OK) {
        log_limited(driver->config.log, &driver->malformed, at, LOG_DEBUG, LOG_PATH,
                    "netcheck: a STUN packet that is no answer, or without an address; dropped");
    }
    pump(driver);
    return err;
}

const struct netcheck_report *netcheck_driver_report(const struct netcheck_driver *driver)
{
    return netcheck_report(driver->machine);
}

const struct latency_result *netcheck_driver_latencies(const struct netcheck_driver *driver,
                                                       size_t *count)
{
    *count = driver->result_count;
    return driver->results;
}
