/*
 * One call a datagram, as every system has it.
 */
#include <errno.h>

#include "net/transport/socket_address.h"
#include "net/transport/udp_batch.h"

enum net_err udp_send_error(int number)
{
    if (number == EAGAIN || number == EWOULDBLOCK) {
        return NET_ERR_AGAIN;
    }
    if (number == ENOBUFS || number == ENOMEM) {
        return NET_ERR_FULL;
    }
    return number == EMSGSIZE ? NET_ERR_TOO_BIG : NET_ERR_IO;
}

enum net_err udp_send_one(int fd, const struct net_address *to, struct bytes datagram)
{
    union socket_address address;
    socklen_t len = socket_address_of(to, &address);
    ssize_t sent;
    do {
        sent = sendto(fd, datagram.ptr, datagram.len, MSG_DONTWAIT, &address.any, len);
    } while (sent < 0 && errno == EINTR);
    return sent >= 0 ? NET_OK : udp_send_error(errno);
}

static bool prepare(int fd)
{
    (void)fd;
    return false;
}

static void receive(int fd, struct udp_arrivals *in)
{
    in->count = 0;
    in->more = true;
    while (in->count < UDP_MESSAGES_MAX) {
        union socket_address from;
        socklen_t from_len = sizeof from;
        struct udp_message *message = &in->messages[in->count];
        message->data = in->memory + in->count * UDP_MESSAGE_SIZE;
        message->segment = 0;
        ssize_t got =
            recvfrom(fd, message->data, UDP_MESSAGE_SIZE, MSG_DONTWAIT, &from.any, &from_len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) { /* nothing, or the answer to what was sent: no matter */
            in->more = false;
            return;
        }
        message->len = (size_t)got;
        if (socket_address_read(&from, &message->from)) {
            in->count++;
        }
    }
}

static enum net_err send_each(int fd, const struct udp_run *run, size_t *sent)
{
    enum net_err err = NET_OK;
    *sent = 0;
    while (*sent < udp_run_count(run)) {
        err = udp_send_one(fd, &run->to, udp_run_at(run, *sent));
        if (err != NET_OK) {
            break;
        }
        ++*sent;
    }
    return err;
}

const struct udp_batch *udp_batch_portable(void)
{
    static const struct udp_batch portable = {
        .prepare = prepare, .receive = receive, .send_each = send_each};
    return &portable;
}
