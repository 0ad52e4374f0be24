#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/base/mem.h"
#include "net/transport/poll_stream_uv.h"

struct socket_owner {
    uv_os_sock_t socket;
};

static enum net_err broken(struct failure *why)
{
    return failure_set(why, NET_ERR_IO, "the connection broke: %s",
                       uv_strerror(uv_translate_sys_error(errno)));
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static enum net_err receive(void *owner, uint8_t *out, size_t size, size_t *got,
                            struct failure *why)
{
    struct socket_owner *socket_owner = owner;
    ssize_t len = recv(socket_owner->socket, out, size, 0);
    if (len > 0) {
        *got = (size_t)len;
        return NET_OK;
    }
    if (len == 0) {
        return NET_ERR_CLOSED;
    }
    return would_block() ? NET_ERR_AGAIN : broken(why);
}

static enum net_err send_some(void *owner, struct bytes in, size_t *sent, struct failure *why)
{
    struct socket_owner *socket_owner = owner;
    ssize_t len = send(socket_owner->socket, in.ptr, in.len, MSG_NOSIGNAL);
    if (len >= 0) {
        *sent = (size_t)len;
        return NET_OK;
    }
    return would_block() ? NET_ERR_AGAIN : broken(why);
}

static void release(void *owner)
{
    struct socket_owner *socket_owner = owner;
    (void)close(socket_owner->socket);
    free(socket_owner);
}

struct stream *socket_stream_new(uv_loop_t *loop, uv_os_sock_t socket)
{
    static const struct poll_backend backend = {receive, send_some, release};
    struct socket_owner *owner = mem_new(sizeof *owner);
    owner->socket = socket;
    struct stream *stream = poll_stream_new(loop, socket, &backend, owner);
    if (stream == NULL) {
        release(owner);
    }
    return stream;
}
