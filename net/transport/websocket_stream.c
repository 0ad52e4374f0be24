#include "net/transport/websocket_stream.h"

#include <assert.h>
#include <stdlib.h>

#include "net/base/mem.h"

enum { READ_SIZE = 16 << 10, CLOSE_NORMAL = 1000 };

struct websocket_stream {
    struct stream stream; /* first */
    struct stream *below;
    struct websocket *websocket;
    bool below_broken; /* a write failed: nothing more can be sent */
};

static struct websocket_stream *of(struct stream *stream)
{
    return (struct websocket_stream *)stream;
}

/* Sends what the machine has framed, as far as the stream below takes it. */
static void flush(struct websocket_stream *ws)
{
    struct bytes out = websocket_output(ws->websocket);
    while (out.len > 0 && !ws->below_broken) {
        size_t taken = 0;
        enum net_err err = stream_write(ws->below, out, &taken);
        if (err == NET_ERR_AGAIN) {
            return;
        }
        if (err != NET_OK) {
            ws->below_broken = true; /* the next read tells why */
            return;
        }
        websocket_sent(ws->websocket, taken);
        out = websocket_output(ws->websocket);
    }
}

static void on_below(void *owner)
{
    struct websocket_stream *ws = owner;
    flush(ws);
    if (ws->stream.wake != NULL) {
        ws->stream.wake(ws->stream.owner);
    }
}

static void attached(struct stream *stream)
{
    stream_attach(of(stream)->below, on_below, stream);
}

/* Moves bytes from below into the machine. NET_ERR_AGAIN: none now, or it is told the end. */
static enum net_err fill(struct websocket_stream *ws)
{
    uint8_t chunk[READ_SIZE];
    size_t got = 0;
    enum net_err err = stream_read(ws->below, chunk, sizeof chunk, &got);
    if (err == NET_OK) {
        size_t taken = websocket_input(ws->websocket, bytes_of(chunk, got));
        assert(taken == got); /* it is filled only when it has looked at all it had */
        return NET_OK;
    }
    if (err != NET_ERR_AGAIN) {
        struct failure why;
        stream_failure(ws->below, &why);
        websocket_input_end(ws->websocket, &why);
    }
    return err;
}

static enum net_err read_op(struct stream *stream, uint8_t *out, size_t size, size_t *got)
{
    struct websocket_stream *ws = of(stream);
    enum net_err err = websocket_read(ws->websocket, out, size, got);
    while (err == NET_ERR_AGAIN) {
        if (fill(ws) == NET_ERR_AGAIN) {
            break;
        }
        err = websocket_read(ws->websocket, out, size, got);
    }
    flush(ws); /* pongs, an answer to a close */
    return err;
}

static enum net_err write_op(struct stream *stream, struct bytes in, size_t *taken)
{
    struct websocket_stream *ws = of(stream);
    enum net_err err = websocket_write(ws->websocket, in, taken);
    flush(ws);
    if (err == NET_ERR_AGAIN && !ws->below_broken) {
        err = websocket_write(ws->websocket, in, taken);
        flush(ws);
    }
    return ws->below_broken ? NET_ERR_IO : err;
}

static void failure_op(const struct stream *stream, struct failure *out)
{
    const struct websocket_stream *ws = (const struct websocket_stream *)stream;
    websocket_failure(ws->websocket, out);
    if (out->code == NET_OK) {
        stream_failure(ws->below, out);
    }
}

static void close_op(struct stream *stream)
{
    struct websocket_stream *ws = of(stream);
    websocket_close(ws->websocket, CLOSE_NORMAL);
    flush(ws);
    stream_close(ws->below);
    websocket_free(ws->websocket);
    free(ws);
}

static const struct stream_ops websocket_ops = {.read = read_op,
                                                .write = write_op,
                                                .failure = failure_op,
                                                .close = close_op,
                                                .attached = attached};

struct stream *websocket_stream_new(struct stream *below, enum websocket_role role, struct rng *rng)
{
    struct websocket_stream *ws = mem_new(sizeof *ws);
    ws->stream.ops = &websocket_ops;
    ws->below = below;
    ws->websocket = websocket_new(role, rng);
    stream_attach(below, on_below, ws); /* what is framed is sent also while nobody is attached */
    return &ws->stream;
}

void websocket_stream_ping(struct stream *stream)
{
    assert(stream->ops == &websocket_ops);
    websocket_ping(of(stream)->websocket);
    flush(of(stream));
}
