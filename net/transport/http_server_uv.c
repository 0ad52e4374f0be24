#include "net/transport/http_server_uv.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/transport/http_exchange_uv.h"

enum { BACKLOG = 128, CONNECTIONS_MAX = 1024 }; /* ours; the lab serves one program */

struct http_server {
    uv_loop_t *loop;
    uv_tcp_t listener;
    uint16_t port;
    void (*handle)(void *owner, struct http_exchange *exchange);
    void *owner;
    struct log *log;
    struct http_exchange *connections; /* linked */
    size_t connection_count;
};

void http_server_handle(struct http_server *server, struct http_exchange *exchange)
{
    server->handle(server->owner, exchange);
}

void http_server_remove(struct http_server *server, struct http_exchange *exchange)
{
    struct http_exchange **link = &server->connections;
    while (*link != exchange) {
        link = &(*link)->next;
    }
    *link = exchange->next;
    server->connection_count--;
}

static void free_accepted(uv_handle_t *handle)
{
    free(handle);
}

/* The descriptor of the next connection, now ours alone; -1: none. libuv's own handle only lends
 * itself to accept portably; a stream of ours polls the socket. */
static int accept_socket(struct http_server *server)
{
    uv_tcp_t *accepted = mem_new(sizeof *accepted);
    int socket = -1;
    uv_os_fd_t descriptor = -1;
    (void)uv_tcp_init(server->loop, accepted);
    if (uv_accept((uv_stream_t *)&server->listener, (uv_stream_t *)accepted) == 0 &&
        uv_fileno((uv_handle_t *)accepted, &descriptor) == 0) {
        (void)uv_tcp_nodelay(accepted, 1);
        socket = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    }
    uv_close((uv_handle_t *)accepted, free_accepted);
    return socket;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct http_server *server = listener->data;
    int socket = status == 0 ? accept_socket(server) : -1;
    if (socket < 0) {
        log_line(server->log, LOG_WARN, LOG_HTTP, "a connection could not be accepted");
        return;
    }
    if (server->connection_count == CONNECTIONS_MAX) {
        (void)close(socket);
        return;
    }
    struct stream *stream = socket_stream_new(server->loop, socket);
    if (stream == NULL) {
        return;
    }
    struct http_exchange *exchange = http_exchange_new(server, stream);
    exchange->next = server->connections;
    server->connections = exchange;
    server->connection_count++;
}

static int bind_address(struct http_server *server, const char *ip, uint16_t port)
{
    struct sockaddr_storage address = {0};
    int err = uv_ip4_addr(ip, port, (struct sockaddr_in *)&address);
    if (err != 0) {
        err = uv_ip6_addr(ip, port, (struct sockaddr_in6 *)&address);
    }
    if (err == 0) {
        err = uv_tcp_bind(&server->listener, (const struct sockaddr *)&address, 0);
    }
    return err != 0 ? err : uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection);
}

static uint16_t bound_port(const uv_tcp_t *listener)
{
    struct sockaddr_storage address = {0};
    int len = sizeof address;
    if (uv_tcp_getsockname(listener, (struct sockaddr *)&address, &len) != 0) {
        return 0;
    }
    return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port)
                                         : ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static void on_listener_closed(uv_handle_t *handle)
{
    free(handle->data);
}

enum net_err http_server_new(uv_loop_t *loop, const char *ip, uint16_t port,
                             void (*handle)(void *owner, struct http_exchange *exchange),
                             void *owner, struct log *log, struct http_server **out,
                             struct failure *why)
{
    struct http_server *server = mem_new(sizeof *server);
    *server = (struct http_server){.loop = loop, .handle = handle, .owner = owner, .log = log};
    (void)uv_tcp_init(loop, &server->listener);
    server->listener.data = server;
    int err = bind_address(server, ip, port);
    if (err != 0) {
        (void)failure_set(why, NET_ERR_IO, "cannot listen on %s port %u: %s", ip, port,
                          uv_strerror(err));
        uv_close((uv_handle_t *)&server->listener, on_listener_closed);
        return why->code;
    }
    server->port = bound_port(&server->listener);
    *out = server;
    return NET_OK;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_close(struct http_server *server)
{
    while (server->connections != NULL) {
        http_exchange_drop(server->connections);
    }
    uv_close((uv_handle_t *)&server->listener, on_listener_closed);
}
