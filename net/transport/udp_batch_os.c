/*
 * Many datagrams a call. Formats: udp(7), recvmmsg(2), sendmmsg(2); SO_RXQ_OVFL: socket(7).
 * Elsewhere than on Linux the portable make serves.
 */
#include "net/transport/udp_batch.h"

#if defined(__linux__)

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#include "net/transport/socket_address.h"

/* Older headers know none of these. */
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

static bool prepare(int fd)
{
    int on = 1;
    int segment = 0;
    socklen_t len = sizeof segment;
    (void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on); /* each is a wish */
    (void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, &len) == 0;
}

/* Room for both of prepare's wishes; a multiple of the alignment that their headers want. */
enum { ARRIVAL_CONTROL = CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(uint32_t)) };

static void read_control(struct msghdr *head, struct udp_arrivals *in, struct udp_message *message)
{
    message->segment = 0;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(head); at != NULL; at = CMSG_NXTHDR(head, at)) {
        if (at->cmsg_level == IPPROTO_UDP && at->cmsg_type == UDP_GRO &&
            at->cmsg_len >= CMSG_LEN(sizeof(int))) {
            int segment;
            memcpy(&segment, CMSG_DATA(at), sizeof segment);
            message->segment = segment > 0 ? (size_t)segment : 0;
        } else if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SO_RXQ_OVFL &&
                   at->cmsg_len >= CMSG_LEN(sizeof in->overflows)) {
            memcpy(&in->overflows, CMSG_DATA(at), sizeof in->overflows);
        }
    }
}

static void receive(int fd, struct udp_arrivals *in)
{
    struct mmsghdr heads[UDP_MESSAGES_MAX];
    struct iovec where[UDP_MESSAGES_MAX];
    union socket_address from[UDP_MESSAGES_MAX];
    _Alignas(struct cmsghdr) uint8_t control[UDP_MESSAGES_MAX][ARRIVAL_CONTROL];
    int got;
    for (size_t i = 0; i < UDP_MESSAGES_MAX; i++) {
        where[i] = (struct iovec){.iov_base = in->memory + i * UDP_MESSAGE_SIZE,
                                  .iov_len = UDP_MESSAGE_SIZE};
        heads[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                           .msg_namelen = sizeof from[i],
                                           .msg_iov = &where[i],
                                           .msg_iovlen = 1,
                                           .msg_control = control[i],
                                           .msg_controllen = sizeof control[i]};
    }
    do {
        got = recvmmsg(fd, heads, UDP_MESSAGES_MAX, MSG_DONTWAIT, NULL);
    } while (got < 0 && errno == EINTR);
    in->count = 0;
    in->more = got == UDP_MESSAGES_MAX;
    for (int i = 0; i < got; i++) {
        struct udp_message *message = &in->messages[in->count];
        struct msghdr *head = &heads[i].msg_hdr;
        message->data = where[i].iov_base;
        message->len = heads[i].msg_len;
        read_control(head, in, message);
        if ((head->msg_flags & MSG_TRUNC) == 0 && socket_address_read(&from[i], &message->from)) {
            in->count++;
        }
    }
}

static enum net_err send_segments(int fd, const struct udp_run *run)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(uint16_t))] = {0};
    union socket_address to;
    struct iovec what = {.iov_base = run->memory, .iov_len = run->len};
    struct msghdr head = {.msg_name = &to,
                          .msg_namelen = socket_address_of(&run->to, &to),
                          .msg_iov = &what,
                          .msg_iovlen = 1,
                          .msg_control = control,
                          .msg_controllen = sizeof control};
    uint16_t segment = (uint16_t)run->segment;
    ssize_t sent;
    struct cmsghdr *option = CMSG_FIRSTHDR(&head);
    option->cmsg_level = IPPROTO_UDP;
    option->cmsg_type = UDP_SEGMENT;
    option->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(option), &segment, sizeof segment);
    do {
        sent = sendmsg(fd, &head, MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        return NET_OK;
    }
    /* EIO: the interface cannot. EINVAL: neither can the kernel, or on an older one a datagram is
     * longer than the path takes. */
    return errno == EIO || errno == EINVAL ? NET_ERR_UNSUPPORTED : udp_send_error(errno);
}

static enum net_err send_each(int fd, const struct udp_run *run, size_t *sent)
{
    struct mmsghdr heads[UDP_RUN_SEGMENTS_MAX];
    struct iovec what[UDP_RUN_SEGMENTS_MAX];
    union socket_address to;
    socklen_t to_len = socket_address_of(&run->to, &to);
    size_t count = udp_run_count(run);
    for (size_t i = 0; i < count; i++) {
        size_t start = i * run->segment;
        what[i] =
            (struct iovec){.iov_base = run->memory + start, .iov_len = udp_run_at(run, i).len};
        heads[i].msg_hdr = (struct msghdr){
            .msg_name = &to, .msg_namelen = to_len, .msg_iov = &what[i], .msg_iovlen = 1};
    }
    *sent = 0;
    while (*sent < count) {
        int took = sendmmsg(fd, heads + *sent, (unsigned)(count - *sent), MSG_DONTWAIT);
        if (took < 0 && errno != EINTR) {
            return udp_send_error(errno);
        }
        *sent += took > 0 ? (size_t)took : 0;
    }
    return NET_OK;
}

const struct udp_batch *udp_batch_system(void)
{
    static const struct udp_batch linux_batch = {.prepare = prepare,
                                                 .receive = receive,
                                                 .send_segments = send_segments,
                                                 .send_each = send_each};
    return &linux_batch;
}

#else

const struct udp_batch *udp_batch_system(void)
{
    return udp_batch_portable();
}

#endif
