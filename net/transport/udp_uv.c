#include "net/transport/udp_uv.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/base/mem.h"
#include "net/transport/socket_address.h"
#include "net/transport/udp_options.h"

/* Then the loop's timers and other sockets have their turn; what is left is read in the next. */
enum { TURN_DATAGRAMS = 256, TURN_US = 1000 };

struct udp_socket {
    uv_poll_t poll;
    uv_prepare_t prepare; /* before the loop waits: sends what nobody flushed */
    unsigned handles_open;
    int fd;
    bool closed;
    bool segments;
    bool waits; /* for room in the system's buffer */
    struct udp_config config;
    const struct udp_batch *batch;
    struct udp_arrivals in; /* its memory comes with the first arrival */
    struct udp_run out;     /* its memory comes with the first that is queued */
    uint8_t *reserved;      /* NULL: nothing is */
    size_t reserved_max;
    struct net_address reserved_to;
    uint64_t lost;
    uint64_t overflows;
    uint32_t overflows_seen;
    size_t receive_buffer;
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct udp_socket *udp)
{
    (void)uv_poll_start(&udp->poll, UV_READABLE | (udp->waits ? UV_WRITABLE : 0), on_poll);
}

/* --- receiving ---------------------------------------------------------------------------------
 */

/* Hands over the datagrams of one message; returns how many. */
static size_t hand_over(struct udp_socket *udp, mono_ns at, const struct udp_message *message)
{
    size_t step = message->segment == 0 ? message->len : message->segment;
    size_t start = 0;
    size_t count = 0;
    do {
        size_t left = message->len - start;
        struct span datagram = {.ptr = message->data + start, .len = left < step ? left : step};
        udp->config.receive(udp->config.owner, at, &message->from, datagram);
        start += datagram.len;
        count++;
    } while (start < message->len && !udp->closed);
    return count;
}

static void note_overflows(struct udp_socket *udp)
{
    udp->overflows += udp->in.overflows - udp->overflows_seen; /* in 32 bits, as it wraps */
    udp->overflows_seen = udp->in.overflows;
}

static void take_arrivals(struct udp_socket *udp)
{
    mono_ns began = mono_now();
    mono_ns at;
    size_t taken = 0;
    if (udp->in.memory == NULL) {
        udp->in.memory =
            mem_resize(NULL, UDP_ARRIVALS_MEMORY, 1); /* not touched, as mem_new does */
    }
    do {
        udp->batch->receive(udp->fd, &udp->in);
        at = mono_now();
        note_overflows(udp);
        for (size_t i = 0; i < udp->in.count && !udp->closed; i++) {
            taken += hand_over(udp, at, &udp->in.messages[i]);
        }
    } while (!udp->closed && udp->in.more && taken < TURN_DATAGRAMS &&
             mono_since(at, began) < TURN_US * NS_PER_US);
    if (!udp->closed && taken > 0 && udp->config.drained != NULL) {
        udp->config.drained(udp->config.owner);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct udp_socket *udp = poll->data;
    if (status < 0) { /* libuv has stopped polling for an error, which is about something sent */
        int error;
        socklen_t len = sizeof error;
        (void)getsockopt(udp->fd, SOL_SOCKET, SO_ERROR, &error, &len); /* takes it away */
        events = UV_READABLE | UV_WRITABLE;
        watch(udp);
    }
    if ((events & UV_WRITABLE) != 0 && udp->waits) {
        udp->waits = false;
        (void)!udp_socket_flush(udp); /* may wait again; losses are told there */
        watch(udp);
    }
    if ((events & UV_READABLE) != 0) {
        take_arrivals(udp);
    }
}

/* --- sending -----------------------------------------------------------------------------------
 */

enum net_err udp_socket_send(struct udp_socket *udp, const struct net_address *to,
                             struct bytes datagram)
{
    enum net_err err = udp_send_one(udp->fd, to, datagram);
    return err == NET_ERR_FULL ? NET_ERR_AGAIN : err;
}

/* Drops the first `count` of the batch. */
static void give_up(struct udp_socket *udp, enum net_err why, size_t count)
{
    struct net_address to = udp->out.to;
    udp_run_drop(&udp->out, count);
    udp->lost += count;
    if (udp->config.unsent != NULL) {
        udp->config.unsent(udp->config.owner, &to, why == NET_ERR_FULL ? NET_ERR_AGAIN : why,
                           count);
    }
}

/* Sends the batch in one call; false: it is to be sent one by one (*refused: this way cannot). */
static bool send_segments(struct udp_socket *udp, bool *refused, enum net_err *err)
{
    size_t count = udp_run_count(&udp->out);
    *refused = false;
    if (!udp->segments || count < 2) {
        return false;
    }
    *err = udp->batch->send_segments(udp->fd, &udp->out);
    *refused = *err == NET_ERR_UNSUPPORTED;
    if (*refused || *err == NET_ERR_TOO_BIG) { /* the last may be short enough */
        return false;
    }
    if (*err == NET_OK) {
        udp_run_drop(&udp->out, count);
    } else if (*err != NET_ERR_AGAIN) {
        give_up(udp, *err, count);
    }
    return true;
}

static enum net_err send_each(struct udp_socket *udp, bool refused)
{
    enum net_err err = NET_OK;
    while (udp->out.len > 0 && err != NET_ERR_AGAIN) {
        size_t sent = 0;
        err = udp->batch->send_each(udp->fd, &udp->out, &sent);
        udp_run_drop(&udp->out, sent);
        if (refused && sent > 0) {
            udp->segments = false; /* it was not for the datagrams */
        }
        if (err == NET_ERR_TOO_BIG) {
            give_up(udp, err, 1);
        } else if (err != NET_OK && err != NET_ERR_AGAIN) {
            give_up(udp, err, udp_run_count(&udp->out));
        }
    }
    return err;
}

enum net_err udp_socket_flush(struct udp_socket *udp)
{
    bool refused;
    enum net_err err = NET_OK;
    if (udp->out.len == 0) {
        return NET_OK;
    }
    if (udp->waits) {
        return NET_ERR_AGAIN;
    }
    if (!send_segments(udp, &refused, &err)) {
        err = send_each(udp, refused);
    }
    (void)uv_prepare_stop(&udp->prepare);
    if (err == NET_ERR_AGAIN) {
        udp->waits = true;
        watch(udp);
    }
    return err == NET_ERR_AGAIN ? err : NET_OK; /* `unsent` has told of the rest */
}

static void on_prepare(uv_prepare_t *prepare)
{
    (void)!udp_socket_flush(prepare->data); /* losses are told there */
}

uint8_t *udp_socket_reserve(struct udp_socket *udp, const struct net_address *to, size_t max)
{
    assert(udp->reserved == NULL);
    if (udp->out.memory == NULL) {
        udp->out.memory = mem_resize(NULL, UDP_RUN_MEMORY, 1);
    }
    if (!udp_run_takes(&udp->out, to, max)) {
        (void)!udp_socket_flush(udp); /* whether it helped is seen below */
    }
    if (!udp_run_takes(&udp->out, to, max)) {
        udp->lost++;
        return NULL;
    }
    udp->reserved = udp_run_place(&udp->out);
    udp->reserved_max = max;
    udp->reserved_to = *to;
    return udp->reserved;
}

enum net_err udp_socket_commit(struct udp_socket *udp, size_t len)
{
    const uint8_t *from = udp->reserved;
    assert(from != NULL && len <= udp->reserved_max);
    udp->reserved = NULL;
    if (len == 0) {
        return NET_OK;
    }
    if (!udp_run_fits(&udp->out, len)) {
        (void)!udp_socket_flush(udp);
    }
    if (!udp_run_takes(&udp->out, &udp->reserved_to, len) || !udp_run_fits(&udp->out, len)) {
        udp->lost++;
        return NET_ERR_AGAIN;
    }
    if (from != udp_run_place(&udp->out)) { /* what lay before it was sent */
        memmove(udp_run_place(&udp->out), from, len);
    }
    udp_run_add(&udp->out, &udp->reserved_to, len);
    if (!udp->waits) {
        (void)uv_prepare_start(&udp->prepare, on_prepare);
    }
    return NET_OK;
}

enum net_err udp_socket_queue(struct udp_socket *udp, const struct net_address *to,
                              struct bytes datagram)
{
    if (datagram.len == 0) { /* no run can hold it */
        return udp_socket_send(udp, to, datagram);
    }
    if (datagram.len > (to->family == ADDRESS_V6 ? UDP_RUN_BYTES_V6_MAX : UDP_RUN_BYTES_V4_MAX)) {
        return NET_ERR_TOO_BIG;
    }
    uint8_t *place = udp_socket_reserve(udp, to, datagram.len);
    if (place == NULL) {
        return NET_ERR_AGAIN;
    }
    memcpy(place, datagram.ptr, datagram.len);
    return udp_socket_commit(udp, datagram.len);
}

/* --- life --------------------------------------------------------------------------------------
 */

/* A bound socket, or the system's error as a negative number. */
static int open_bound(const char *ip, uint16_t port)
{
    union socket_address address = {0};
    bool v6 = false;
    int err = uv_ip4_addr(ip, port, &address.v4);
    if (err != 0) {
        err = uv_ip6_addr(ip, port, &address.v6);
        v6 = true;
    }
    if (err != 0) {
        return err;
    }
    int fd = udp_open(v6);
    socklen_t len = v6 ? sizeof address.v6 : sizeof address.v4;
    if (fd >= 0 && bind(fd, &address.any, len) == 0) {
        udp_set_dont_fragment(fd, v6);
        return fd;
    }
    err = uv_translate_sys_error(errno);
    if (fd >= 0) {
        (void)close(fd);
    }
    return err;
}

static void on_closed(uv_handle_t *handle)
{
    struct udp_socket *udp = handle->data;
    if (--udp->handles_open == 0) {
        free(udp->in.memory);
        free(udp->out.memory);
        free(udp);
    }
}

enum net_err udp_socket_new(uv_loop_t *loop, const char *ip, uint16_t port,
                            const struct udp_config *config, struct udp_socket **out,
                            struct failure *why)
{
    struct udp_socket *udp = mem_new(sizeof *udp);
    int err = open_bound(ip, port);
    udp->fd = err;
    if (err >= 0) {
        err = uv_poll_init(loop, &udp->poll, udp->fd); /* makes it non-blocking, too */
    }
    if (err < 0) {
        if (udp->fd >= 0) {
            (void)close(udp->fd);
        }
        free(udp);
        return failure_set(why, NET_ERR_IO, "cannot use UDP on %s port %u: %s", ip, port,
                           uv_strerror(err));
    }
    (void)uv_prepare_init(loop, &udp->prepare);
    uv_unref((uv_handle_t *)&udp->prepare); /* the other keeps the loop alive */
    udp->handles_open = 2;
    udp->poll.data = udp;
    udp->prepare.data = udp;
    udp->config = *config;
    udp->batch = config->batch != NULL ? config->batch : udp_batch_system();
    udp->segments = udp->batch->prepare(udp->fd);
    udp->receive_buffer = udp_set_big_buffers(udp->fd);
    watch(udp);
    *out = udp;
    return NET_OK;
}

void udp_socket_address(const struct udp_socket *udp, struct net_address *out)
{
    union socket_address address = {0};
    socklen_t len = sizeof address;
    *out = (struct net_address){0};
    if (getsockname(udp->fd, &address.any, &len) == 0) {
        (void)socket_address_read(&address, out);
    }
}

uint64_t udp_socket_lost(const struct udp_socket *udp)
{
    return udp->lost;
}

size_t udp_socket_receive_buffer(const struct udp_socket *udp)
{
    return udp->receive_buffer;
}

uint64_t udp_socket_overflows(const struct udp_socket *udp)
{
    return udp->overflows;
}

bool udp_socket_segments(const struct udp_socket *udp)
{
    return udp->segments;
}

void udp_socket_close(struct udp_socket *udp)
{
    udp->closed = true;
    uv_close((uv_handle_t *)&udp->poll, on_closed);
    uv_close((uv_handle_t *)&udp->prepare, on_closed);
    (void)close(udp->fd); /* nothing polls it any more */
}
