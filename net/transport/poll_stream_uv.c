#include "net/transport/poll_stream_uv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/buf.h"
#include "net/base/mem.h"

/* How long a closed stream may go on sending what it had accepted. */
enum { LINGER_MS = 500 };

struct poll_stream {
    struct stream stream; /* first */
    const struct poll_backend *backend;
    void *backend_owner;
    uv_poll_t poll;
    uv_timer_t timer; /* the first wake; when closing, the limit of it */
    int open_handles;
    int polled; /* events that are polled for now */
    bool read_blocked;
    bool write_blocked; /* the owner was told NET_ERR_AGAIN, or the block is not empty */
    bool closing;
    struct buf unread;
    uint8_t *block; /* accepted bytes: [block_at, block_end) are not yet sent */
    size_t block_at;
    size_t block_end;
    struct failure failure;
};

static struct poll_stream *of(struct stream *stream)
{
    return (struct poll_stream *)stream;
}

static void on_closed(uv_handle_t *handle)
{
    struct poll_stream *ps = handle->data;
    if (--ps->open_handles == 0) {
        buf_clear(&ps->unread);
        mem_free_wiped(ps->block, POLL_STREAM_BLOCK);
        free(ps);
    }
}

/* Gives the socket back while nothing polls it any more, then closes the handles. */
static void finish(struct poll_stream *ps)
{
    (void)uv_poll_stop(&ps->poll);
    ps->backend->release(ps->backend_owner);
    ps->backend_owner = NULL;
    uv_close((uv_handle_t *)&ps->poll, on_closed);
    uv_close((uv_handle_t *)&ps->timer, on_closed);
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void update_poll(struct poll_stream *ps)
{
    int wanted = (ps->read_blocked ? UV_READABLE : 0) | (ps->write_blocked ? UV_WRITABLE : 0);
    if (wanted == ps->polled) {
        return;
    }
    ps->polled = wanted;
    if (wanted == 0) {
        (void)uv_poll_stop(&ps->poll);
    } else {
        (void)uv_poll_start(&ps->poll, wanted, on_poll);
    }
}

/* Sends what was accepted. The block keeps its place and length until it is gone, for OpenSSL wants
 * a write that would have blocked to be repeated with the same bytes. */
static enum net_err flush(struct poll_stream *ps)
{
    while (ps->block_at < ps->block_end && ps->failure.code == NET_OK) {
        size_t sent = 0;
        struct bytes left = bytes_of(ps->block + ps->block_at, ps->block_end - ps->block_at);
        enum net_err err = ps->backend->send(ps->backend_owner, left, &sent, &ps->failure);
        if (err == NET_ERR_AGAIN) {
            return NET_ERR_AGAIN;
        }
        if (err != NET_OK) {
            return ps->failure.code == NET_OK
                       ? failure_set(&ps->failure, err, "%s", net_err_text(err))
                       : ps->failure.code;
        }
        ps->block_at += sent;
    }
    return ps->failure.code;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct poll_stream *ps = poll->data;
    if (status < 0) {
        events = UV_READABLE | UV_WRITABLE; /* the next read or write meets the error */
        ps->polled = 0;                     /* libuv has stopped */
    }
    if ((events & UV_WRITABLE) != 0) {
        ps->write_blocked = flush(ps) == NET_ERR_AGAIN;
    }
    if ((events & UV_READABLE) != 0) {
        ps->read_blocked = false;
    }
    if (ps->closing && !ps->write_blocked) {
        finish(ps);
        return;
    }
    update_poll(ps);
    if (ps->stream.wake != NULL) {
        ps->stream.wake(ps->stream.owner);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct poll_stream *ps = timer->data;
    if (ps->closing) {
        finish(ps);
    } else if (ps->stream.wake != NULL) {
        ps->stream.wake(ps->stream.owner);
    }
}

static void attached(struct stream *stream)
{
    (void)uv_timer_start(&of(stream)->timer, on_timer, 0, 0);
}

static enum net_err stream_read_op(struct stream *stream, uint8_t *out, size_t size, size_t *got)
{
    struct poll_stream *ps = of(stream);
    struct bytes first = buf_view(&ps->unread);
    if (first.len > 0) {
        *got = first.len < size ? first.len : size;
        memcpy(out, first.ptr, *got);
        buf_consume(&ps->unread, *got);
        return NET_OK;
    }
    if (ps->failure.code != NET_OK) {
        return ps->failure.code;
    }
    enum net_err err = ps->backend->receive(ps->backend_owner, out, size, got, &ps->failure);
    if (err == NET_ERR_AGAIN) {
        ps->read_blocked = true;
        update_poll(ps);
    }
    return err;
}

static enum net_err stream_write_op(struct stream *stream, struct bytes in, size_t *taken)
{
    struct poll_stream *ps = of(stream);
    enum net_err err = flush(ps);
    if (err == NET_OK) {
        size_t len = in.len < POLL_STREAM_BLOCK ? in.len : POLL_STREAM_BLOCK;
        if (ps->block == NULL) {
            ps->block = mem_new(POLL_STREAM_BLOCK);
        }
        memcpy(ps->block, in.ptr, len);
        ps->block_at = 0;
        ps->block_end = len;
        *taken = len;
        err = flush(ps) == NET_ERR_AGAIN ? NET_OK : ps->failure.code;
    }
    ps->write_blocked = ps->failure.code == NET_OK && ps->block_at < ps->block_end;
    update_poll(ps);
    return err;
}

static void stream_failure_op(const struct stream *stream, struct failure *out)
{
    const struct poll_stream *ps = (const struct poll_stream *)stream;
    *out = ps->failure;
    if (out->code == NET_OK) {
        (void)failure_set(out, NET_ERR_CLOSED, "the other side ended the connection");
    }
}

static void stream_close_op(struct stream *stream)
{
    struct poll_stream *ps = of(stream);
    assert(!ps->closing);
    ps->closing = true;
    ps->stream.wake = NULL;
    ps->read_blocked = false;
    (void)uv_timer_stop(&ps->timer);
    if (flush(ps) != NET_ERR_AGAIN) {
        finish(ps);
        return;
    }
    ps->write_blocked = true;
    update_poll(ps);
    (void)uv_timer_start(&ps->timer, on_timer, LINGER_MS, 0);
}

struct stream *poll_stream_new(uv_loop_t *loop, uv_os_sock_t socket,
                               const struct poll_backend *backend, void *owner)
{
    static const struct stream_ops ops = {.read = stream_read_op,
                                          .write = stream_write_op,
                                          .failure = stream_failure_op,
                                          .close = stream_close_op,
                                          .attached = attached};
    struct poll_stream *ps = mem_new(sizeof *ps);
    if (uv_poll_init_socket(loop, &ps->poll, socket) != 0) {
        free(ps);
        return NULL;
    }
    (void)uv_timer_init(loop, &ps->timer);
    ps->open_handles = 2;
    ps->poll.data = ps;
    ps->timer.data = ps;
    ps->stream.ops = &ops;
    ps->backend = backend;
    ps->backend_owner = owner;
    buf_init(&ps->unread, POLL_STREAM_UNREAD_MAX);
    return &ps->stream;
}

void poll_stream_unread(struct stream *stream, struct bytes in)
{
    enum net_err err = buf_append(&of(stream)->unread, in);
    assert(err == NET_OK);
}

void poll_stream_end_now(struct stream *stream)
{
    assert(of(stream)->closing); /* streams are closed before the client that dialled them */
    finish(of(stream));
}
