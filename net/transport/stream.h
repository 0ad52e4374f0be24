/*
 * A byte stream over a socket: TCP, TLS, an upgraded HTTP connection or a websocket, all behind one
 * small interface, so that DERP and the coordinator do not know which of them carries the bytes.
 *
 * Nothing blocks. `wake` is called from the loop, never from inside read, write or close, when
 * there may be something to read, room to write, or an end to notice; the owner then reads until
 * NET_ERR_AGAIN and writes what it has. The owner may close the stream from inside `wake`.
 */
#ifndef NET_TRANSPORT_STREAM_H
#define NET_TRANSPORT_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"

struct stream;

struct stream_ops {
    /* NET_OK: *got bytes (above 0) were read. NET_ERR_AGAIN: none now. NET_ERR_CLOSED: the other
     * side ended it in order. Other codes: broken; `failure` tells. */
    enum net_err (*read)(struct stream *stream, uint8_t *out, size_t size, size_t *got);
    /* NET_OK: *taken bytes (above 0) were accepted. NET_ERR_AGAIN: no room now. Other codes:
     * broken. */
    enum net_err (*write)(struct stream *stream, struct bytes in, size_t *taken);
    /* The reason of the last code other than NET_OK and NET_ERR_AGAIN. */
    void (*failure)(const struct stream *stream, struct failure *out);
    /* Ends it in order if it can (a websocket sends 1000 first) and frees it later, on the loop. No
     * wake comes after this call. */
    void (*close)(struct stream *stream);
    /* Called by stream_attach, to arrange the first wake. May be NULL. */
    void (*attached)(struct stream *stream);
};

/* The first member of every kind of stream. */
struct stream {
    const struct stream_ops *ops;
    void (*wake)(void *owner); /* set by stream_attach */
    void *owner;
};

/* From now on `wake` is called with `owner`, for the first time on the next turn of the loop. A
 * `wake` of NULL detaches the owner: no more calls. */
static inline void stream_attach(struct stream *stream, void (*wake)(void *owner), void *owner)
{
    stream->wake = wake;
    stream->owner = owner;
    if (stream->ops->attached != NULL) {
        stream->ops->attached(stream);
    }
}

NET_MUST_USE static inline enum net_err stream_read(struct stream *stream, uint8_t *out,
                                                    size_t size, size_t *got)
{
    return stream->ops->read(stream, out, size, got);
}

NET_MUST_USE static inline enum net_err stream_write(struct stream *stream, struct bytes in,
                                                     size_t *taken)
{
    return stream->ops->write(stream, in, taken);
}

static inline void stream_failure(const struct stream *stream, struct failure *out)
{
    stream->ops->failure(stream, out);
}

static inline void stream_close(struct stream *stream)
{
    stream->ops->close(stream);
}

#endif
