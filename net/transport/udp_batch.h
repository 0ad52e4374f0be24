/*
 * The system calls by which many datagrams come and go at once. Two makes of them: Linux's
 * (recvmmsg with UDP_GRO, UDP_SEGMENT, sendmmsg) and a portable one (recvfrom, sendto). Both are
 * built on Linux, where the tests run either.
 */
#ifndef NET_TRANSPORT_UDP_BATCH_H
#define NET_TRANSPORT_UDP_BATCH_H

#include "net/transport/udp_run.h"

enum {
    UDP_MESSAGES_MAX = 8, /* a read; with UDP_GRO each may hold some fifty datagrams */
    UDP_MESSAGE_SIZE = 65536,
    UDP_ARRIVALS_MEMORY = UDP_MESSAGES_MAX * UDP_MESSAGE_SIZE
};

/* What came from one sender: one datagram, or several that the system joined, each of `segment`
 * bytes but the last, which may be shorter. */
struct udp_message {
    struct net_address from;
    uint8_t *data; /* in the memory of the arrivals */
    size_t len;
    size_t segment; /* 0: it is one */
};

struct udp_arrivals {
    uint8_t *memory; /* UDP_ARRIVALS_MEMORY bytes of the owner's; touched only where bytes land */
    size_t count;
    struct udp_message messages[UDP_MESSAGES_MAX];
    bool more;          /* others may be waiting */
    uint32_t overflows; /* what the system dropped for want of room, since the socket was made, as
                           far as it tells; wraps */
};

struct udp_batch {
    /* Asks for what the calls below make use of. True: send_segments works, as far as the system
     * knows before it is tried. */
    bool (*prepare)(int fd);
    /* Takes what is there, without waiting. */
    void (*receive)(int fd, struct udp_arrivals *in);
    /* Sends the whole run in one call, or nothing of it. NET_ERR_UNSUPPORTED: not on this way;
     * otherwise as udp_send_one. NULL where there is no such call. */
    enum net_err (*send_segments)(int fd, const struct udp_run *run);
    /* Sends the datagrams one by one; *sent were taken by the system before the error, which is
     * about the next. */
    enum net_err (*send_each)(int fd, const struct udp_run *run, size_t *sent);
};

/* The best that this system has. */
const struct udp_batch *udp_batch_system(void);

const struct udp_batch *udp_batch_portable(void);

/* NET_ERR_AGAIN: no room in the socket, which becomes writable. NET_ERR_FULL: no room elsewhere.
 * NET_ERR_TOO_BIG: longer than the path takes. NET_ERR_IO: not sendable. */
NET_MUST_USE enum net_err udp_send_one(int fd, const struct net_address *to, struct bytes datagram);

/* What errno says of a send that failed, as above. */
enum net_err udp_send_error(int number);

#endif
