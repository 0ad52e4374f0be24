#include "tests/support/raw_server_uv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"

#include <cmocka.h>

enum { REQUEST_SIZE = 16 << 10, READ_SIZE = 32 << 10, FILLER = 64 << 10 };

struct raw_server {
    uv_tcp_t listener;
    uint16_t port;
    struct raw_script script;
    char request[REQUEST_SIZE];
    unsigned accepted;
    unsigned ended;
    struct raw_peer *peers;
    unsigned handles;
};

/* A connection: from the client, or of a proxy to where it forwards. */
struct raw_peer {
    uv_tcp_t tcp;
    struct raw_server *server;
    struct raw_peer *other; /* bytes go there */
    struct raw_peer *next;
    bool from_client;
    bool answering;
    size_t request_len;
    size_t answered;
    char request[REQUEST_SIZE];
    char memory[READ_SIZE];
    uv_connect_t connect;
};

struct raw_write {
    uv_write_t write;
    struct raw_peer *peer;
    void *copy;
};

static void handle_gone(struct raw_server *server)
{
    if (--server->handles == 0) {
        free(server);
    }
}

static void on_peer_closed(uv_handle_t *handle)
{
    struct raw_peer *peer = handle->data;
    struct raw_server *server = peer->server;
    struct raw_peer **link = &server->peers;
    while (*link != peer) {
        link = &(*link)->next;
    }
    *link = peer->next;
    if (peer->from_client) {
        server->ended++;
    }
    free(peer);
    handle_gone(server);
}

static void close_peer(struct raw_peer *peer)
{
    struct raw_peer *other = peer->other;
    if (other != NULL) {
        peer->other = NULL;
        other->other = NULL;
        close_peer(other);
    }
    if (!uv_is_closing((uv_handle_t *)&peer->tcp)) {
        uv_close((uv_handle_t *)&peer->tcp, on_peer_closed);
    }
}

static struct raw_peer *new_peer(struct raw_server *server)
{
    struct raw_peer *peer = mem_new(sizeof *peer);
    peer->server = server;
    peer->next = server->peers;
    server->peers = peer;
    server->handles++;
    (void)uv_tcp_init(server->listener.loop, &peer->tcp);
    peer->tcp.data = peer;
    return peer;
}

static void go_on(struct raw_peer *peer);

static void on_written(uv_write_t *write, int status)
{
    struct raw_write *item = (struct raw_write *)write;
    struct raw_peer *peer = item->peer;
    free(item->copy);
    free(item);
    if (status == 0 && peer->answering) {
        go_on(peer);
    }
}

static void write_copy(struct raw_peer *peer, const void *data, size_t len)
{
    struct raw_write *item = mem_new(sizeof *item);
    item->peer = peer;
    item->copy = mem_new(len);
    memcpy(item->copy, data, len);
    uv_buf_t buf = uv_buf_init(item->copy, (unsigned)len);
    if (uv_write(&item->write, (uv_stream_t *)&peer->tcp, &buf, 1, on_written) != 0) {
        free(item->copy);
        free(item);
    }
}

static void on_memory(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct raw_peer *peer = handle->data;
    (void)suggested;
    *out = uv_buf_init(peer->memory, sizeof peer->memory);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf);

static void on_forward_connected(uv_connect_t *connect, int status)
{
    struct raw_peer *forward = connect->data;
    if (status != 0) {
        close_peer(forward);
        return;
    }
    (void)uv_read_start((uv_stream_t *)&forward->tcp, on_memory, on_read);
    (void)uv_read_start((uv_stream_t *)&forward->other->tcp, on_memory, on_read);
}

static void begin_forward(struct raw_peer *peer)
{
    struct raw_peer *forward = new_peer(peer->server);
    struct sockaddr_in to;
    forward->other = peer;
    peer->other = forward;
    forward->connect.data = forward;
    (void)uv_read_stop((uv_stream_t *)&peer->tcp);
    assert_int_equal(uv_ip4_addr("127.0.0.1", peer->server->script.forward_port, &to), 0);
    assert_int_equal(uv_tcp_connect(&forward->connect, &forward->tcp, (const struct sockaddr *)&to,
                                    on_forward_connected),
                     0);
}

/* The next step of the script. */
static void go_on(struct raw_peer *peer)
{
    static char filler[FILLER];
    const struct raw_script *script = &peer->server->script;
    size_t left = script->answer_len - peer->answered;
    size_t len = script->step == 0 || left < script->step ? left : script->step;
    if (len > 0) {
        peer->answered += len;
        write_copy(peer, script->answer + peer->answered - len, len);
    } else if (script->endless) {
        write_copy(peer, filler, sizeof filler);
    } else if (script->forward_port != 0) {
        peer->answering = false;
        begin_forward(peer);
    } else if (script->closes) {
        close_peer(peer);
    }
}

static void take_request(struct raw_peer *peer, const char *data, size_t len)
{
    size_t room = sizeof peer->request - 1 - peer->request_len;
    size_t take = len < room ? len : room;
    memcpy(peer->request + peer->request_len, data, take);
    peer->request_len += take;
    memcpy(peer->server->request, peer->request, sizeof peer->request);
    if (strstr(peer->request, "\r\n\r\n") != NULL && peer->server->script.answer != NULL &&
        !peer->answering) {
        peer->answering = true;
        go_on(peer);
    }
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct raw_peer *peer = stream->data;
    if (len < 0) {
        close_peer(peer);
    } else if (peer->other != NULL && len > 0) {
        write_copy(peer->other, buf->base, (size_t)len);
    } else {
        take_request(peer, buf->base, (size_t)len);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct raw_server *server = listener->data;
    struct raw_peer *peer = new_peer(server);
    peer->from_client = true;
    server->accepted++;
    assert_int_equal(status, 0);
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&peer->tcp), 0);
    if (server->script.resets) {
        close_peer(peer);
        return;
    }
    (void)uv_read_start((uv_stream_t *)&peer->tcp, on_memory, on_read);
}

struct raw_server *raw_server_new(uv_loop_t *loop, const struct raw_script *script)
{
    struct raw_server *server = mem_new(sizeof *server);
    struct sockaddr_in at;
    int len = sizeof at;
    server->script = *script;
    if (script->answer_len == 0 && script->answer != NULL) {
        server->script.answer_len = strlen(script->answer);
    }
    server->handles = 1;
    (void)uv_tcp_init(loop, &server->listener);
    server->listener.data = server;
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &at), 0);
    assert_int_equal(uv_tcp_bind(&server->listener, (const struct sockaddr *)&at, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&server->listener, 16, on_connection), 0);
    assert_int_equal(uv_tcp_getsockname(&server->listener, (struct sockaddr *)&at, &len), 0);
    server->port = ntohs(at.sin_port);
    return server;
}

uint16_t raw_server_port(const struct raw_server *server)
{
    return server->port;
}

const char *raw_server_request(const struct raw_server *server)
{
    return server->request;
}

const unsigned *raw_server_accepted(const struct raw_server *server)
{
    return &server->accepted;
}

bool raw_server_all_ended(void *owner)
{
    const struct raw_server *server = owner;
    return server->accepted > 0 && server->ended == server->accepted;
}

static void on_listener_closed(uv_handle_t *handle)
{
    handle_gone(handle->data);
}

void raw_server_close(struct raw_server *server)
{
    for (struct raw_peer *peer = server->peers; peer != NULL; peer = peer->next) {
        close_peer(peer);
    }
    uv_close((uv_handle_t *)&server->listener, on_listener_closed);
}
