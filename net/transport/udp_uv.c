#include "net/transport/udp_uv.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/transport/udp_options.h"

struct udp_socket {
    uv_udp_t handle;
    void (*receive)(void *owner, mono_ns now, const struct net_address *from,
                    struct bytes datagram);
    void *owner;
    char buffer[UDP_DATAGRAM_MAX];
};

static bool address_from(const struct sockaddr *in, struct net_address *out)
{
    *out = (struct net_address){0};
    if (in->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)in;
        out->family = ADDRESS_V4;
        out->port = ntohs(v4->sin_port);
        memcpy(out->ip, &v4->sin_addr, 4);
    } else if (in->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)in;
        out->family = ADDRESS_V6;
        out->port = ntohs(v6->sin6_port);
        memcpy(out->ip, &v6->sin6_addr, 16);
    }
    return out->family != ADDRESS_NONE;
}

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static void address_to(const struct net_address *in, union socket_address *out)
{
    memset(out, 0, sizeof *out);
    if (in->family == ADDRESS_V6) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(in->port);
        memcpy(&out->v6.sin6_addr, in->ip, 16);
    } else {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(in->port);
        memcpy(&out->v4.sin_addr, in->ip, 4);
    }
}

static void on_memory(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct udp_socket *udp = handle->data;
    (void)suggested;
    *out = uv_buf_init(udp->buffer, sizeof udp->buffer);
}

static void on_datagram(uv_udp_t *handle, ssize_t len, const uv_buf_t *buf,
                        const struct sockaddr *from, unsigned flags)
{
    struct udp_socket *udp = handle->data;
    struct net_address address;
    /* No address: nothing left to read. An error is an ICMP answer to what was sent: no matter. */
    if (len < 0 || from == NULL || (flags & UV_UDP_PARTIAL) != 0 || !address_from(from, &address)) {
        return;
    }
    udp->receive(udp->owner, mono_now(), &address, bytes_of(buf->base, (size_t)len));
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static int bind_address(struct udp_socket *udp, const char *ip, uint16_t port)
{
    union socket_address address = {0};
    unsigned flags = 0;
    int err = uv_ip4_addr(ip, port, &address.v4);
    if (err != 0) {
        err = uv_ip6_addr(ip, port, &address.v6);
        flags = UV_UDP_IPV6ONLY;
    }
    if (err == 0) {
        err = uv_udp_bind(&udp->handle, &address.any, flags);
    }
    uv_os_fd_t fd = -1;
    if (err == 0 && uv_fileno((const uv_handle_t *)&udp->handle, &fd) == 0) {
        udp_set_dont_fragment(fd, flags != 0);
        udp_set_big_buffers(fd);
    }
    return err != 0 ? err : uv_udp_recv_start(&udp->handle, on_memory, on_datagram);
}

enum net_err udp_socket_new(uv_loop_t *loop, const char *ip, uint16_t port,
                            void (*receive)(void *owner, mono_ns now,
                                            const struct net_address *from, struct bytes datagram),
                            void *owner, struct udp_socket **out, struct failure *why)
{
    struct udp_socket *udp = mem_new(sizeof *udp);
    udp->receive = receive;
    udp->owner = owner;
    (void)uv_udp_init(loop, &udp->handle);
    udp->handle.data = udp;
    int err = bind_address(udp, ip, port);
    if (err != 0) {
        uv_close((uv_handle_t *)&udp->handle, on_closed);
        return failure_set(why, NET_ERR_IO, "cannot use UDP on %s port %u: %s", ip, port,
                           uv_strerror(err));
    }
    *out = udp;
    return NET_OK;
}

void udp_socket_address(const struct udp_socket *udp, struct net_address *out)
{
    union socket_address address = {0};
    int len = sizeof address;
    *out = (struct net_address){0};
    if (uv_udp_getsockname(&udp->handle, &address.any, &len) == 0) {
        (void)address_from(&address.any, out);
    }
}

enum net_err udp_socket_send(struct udp_socket *udp, const struct net_address *to,
                             struct bytes datagram)
{
    union socket_address address;
    union {
        const uint8_t *in;
        char *base;
    } memory = {datagram.ptr}; /* libuv only reads it */
    uv_buf_t buf = uv_buf_init(memory.base, (unsigned)datagram.len);
    if (datagram.len >= UDP_DATAGRAM_MAX) {
        return NET_ERR_TOO_BIG;
    }
    address_to(to, &address);
    int sent = uv_udp_try_send(&udp->handle, &buf, 1, &address.any);
    if (sent >= 0) {
        return NET_OK;
    }
    if (sent == UV_EMSGSIZE) {
        return NET_ERR_TOO_BIG;
    }
    return sent == UV_EAGAIN || sent == UV_ENOBUFS ? NET_ERR_AGAIN : NET_ERR_IO;
}

void udp_socket_close(struct udp_socket *udp)
{
    uv_close((uv_handle_t *)&udp->handle, on_closed);
}
