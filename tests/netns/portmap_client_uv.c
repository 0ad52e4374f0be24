/*
 * portmap_client PORT: a host at home with a UDP socket of that port (0: it only looks), which asks
 * its router for a port mapping. Prints one JSON object a line: what is known whenever it changes,
 * and each datagram that arrives. Ends by SIGTERM, after giving the mapping back. For
 * tests/netns/test_portmap.py.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "net/path/portmap_uv.h"
#include "net/transport/link_watch_uv.h"
#include "net/transport/udp_uv.h"

struct client {
    uv_loop_t loop;
    struct log log;
    struct udp_socket *udp;
    struct portmap_driver *driver;
    struct link_watch *watch;
    uv_signal_t end;
    struct interfaces interfaces;
};

static const char *json(enum netcheck_answer answer)
{
    return answer == NETCHECK_YES ? "true" : answer == NETCHECK_NO ? "false" : "null";
}

static void on_changed(void *owner, const struct netcheck_portmap *report)
{
    struct client *client = owner;
    char external[ADDRESS_TEXT_SIZE];
    address_text(&report->external, external);
    (void)printf("{\"type\":\"portmap\",\"upnp\":%s,\"pmp\":%s,\"pcp\":%s,\"external\":\"%s\","
                 "\"by\":\"%s\"}\n",
                 json(report->upnp), json(report->pmp), json(report->pcp), external,
                 portmap_service_name(portmap_driver_mapped_by(client->driver)));
    (void)fflush(stdout);
}

static void on_datagram(void *owner, mono_ns now, const struct net_address *from,
                        struct span datagram)
{
    char text[ADDRESS_TEXT_SIZE];
    (void)owner;
    (void)now;
    address_text(from, text);
    (void)printf("{\"type\":\"datagram\",\"from\":\"%s\",\"length\":%zu}\n", text, datagram.len);
    (void)fflush(stdout);
}

static void look(struct client *client)
{
    bool known = interfaces_read(&client->interfaces) == NET_OK;
    portmap_driver_set_interfaces(client->driver, known ? &client->interfaces : NULL);
}

static void on_link(void *owner, enum link_change what)
{
    (void)what;
    look(owner);
}

static void on_end(uv_signal_t *end, int number)
{
    struct client *client = end->data;
    (void)number;
    portmap_driver_close(client->driver);
    link_watch_close(client->watch);
    if (client->udp != NULL) {
        udp_socket_close(client->udp);
    }
    uv_close((uv_handle_t *)end, NULL);
}

int main(int argc, char **argv)
{
    static struct client client;
    struct failure why;
    long port = argc == 2 ? strtol(argv[1], NULL, 10) : -1;
    const struct portmap_driver_config config = {.loop = &client.loop,
                                                 .rng = rng_os(),
                                                 .log = &client.log,
                                                 .changed = on_changed,
                                                 .owner = &client};
    if (port < 0 || port > UINT16_MAX) {
        (void)fprintf(stderr, "usage: portmap_client PORT\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)uv_loop_init(&client.loop);
    log_init(&client.log, LOG_DEBUG);
    client.log.sink = log_to_file;
    client.log.owner = stderr;
    const struct udp_config udp = {.receive = on_datagram, .owner = &client};
    if (port != 0 && udp_socket_new(&client.loop, "0.0.0.0", (uint16_t)port, &udp, &client.udp,
                                    &why) != NET_OK) {
        (void)fprintf(stderr, "%s\n", why.text);
        return 1;
    }
    client.driver = portmap_driver_new(&config);
    client.watch = link_watch_new(&client.loop, on_link, &client);
    client.end.data = &client;
    (void)uv_signal_init(&client.loop, &client.end);
    (void)uv_signal_start(&client.end, on_end, SIGTERM);
    portmap_driver_set_port(client.driver, (uint16_t)port);
    look(&client);
    (void)uv_run(&client.loop, UV_RUN_DEFAULT);
    log_clear(&client.log);
    return uv_loop_close(&client.loop) == 0 ? 0 : 1;
}
