#include "net/control/rpc.h"

#include "net/base/buf.h"

enum { SEND_MAX = DRPC_PACKET_MAX + (DRPC_PACKET_MAX / DRPC_SPLIT + 1) * DRPC_FRAME_HEAD_MAX };

static enum net_err flush(struct rpc *rpc, struct yamux_session *session, struct buf *out,
                          enum net_err err)
{
    if (err == NET_OK) {
        err = yamux_stream_write(session, rpc->stream, buf_view(out));
    }
    buf_clear(out);
    return err;
}

enum net_err rpc_send(struct rpc *rpc, struct yamux_session *session, enum drpc_kind kind,
                      struct bytes data)
{
    struct buf out;
    buf_init(&out, SEND_MAX);
    return flush(rpc, session, &out, drpc_write(&rpc->writer, &out, kind, data));
}

enum net_err rpc_send_error(struct rpc *rpc, struct yamux_session *session, uint64_t code,
                            const char *text)
{
    struct buf out;
    buf_init(&out, SEND_MAX);
    return flush(rpc, session, &out, drpc_write_error(&rpc->writer, &out, code, text));
}

void rpc_accept(struct rpc *rpc, uint32_t stream)
{
    *rpc = (struct rpc){.stream = stream};
    drpc_reader_init(&rpc->reader);
}

enum net_err rpc_invoke(struct rpc *rpc, struct yamux_session *session, mono_ns now,
                        const char *name)
{
    uint32_t stream = 0;
    enum net_err err = yamux_stream_open(session, now, &stream);
    if (err != NET_OK) {
        return err;
    }
    rpc_accept(rpc, stream);
    return rpc_send(rpc, session, DRPC_INVOKE, bytes_text(name));
}

/* Moves what arrived on the yamux stream to the reader, as far as it has room. */
static enum net_err pull(struct rpc *rpc, struct yamux_session *session)
{
    struct bytes in = yamux_stream_peek(session, rpc->stream);
    size_t room = buf_room(&rpc->reader.in);
    size_t len = in.len < room ? in.len : room;
    enum net_err err = drpc_reader_feed(&rpc->reader, bytes_of(in.ptr, len));
    if (err != NET_OK || len == 0) {
        return err;
    }
    return yamux_stream_consume(session, rpc->stream, len);
}

enum net_err rpc_next(struct rpc *rpc, struct yamux_session *session, struct drpc_packet *out)
{
    if (rpc->stream == 0) {
        return NET_ERR_AGAIN;
    }
    enum net_err err = pull(rpc, session);
    return err != NET_OK ? err : drpc_reader_next(&rpc->reader, out);
}

void rpc_clear(struct rpc *rpc)
{
    drpc_reader_clear(&rpc->reader);
    *rpc = (struct rpc){0};
}

void rpc_end(struct rpc *rpc, struct yamux_session *session)
{
    if (rpc->stream != 0) {
        yamux_stream_drop(session, rpc->stream);
    }
    rpc_clear(rpc);
}
