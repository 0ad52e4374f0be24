#include "net/control/yamux_session.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/buf.h"
#include "net/base/mem.h"
#include "net/wire/yamux.h"

enum { EVENTS_MAX = 4 * YAMUX_STREAMS_MAX + 8, DATA_MAX = 64 << 10 };

struct stream {
    uint32_t id; /* 0 = a free place */
    bool acked, local_fin, fin_sent, remote_fin;
    bool dropped; /* nobody reads it any more */
    bool readable_told, fin_told;
    mono_ns open_deadline;  /* for the other side's first sign of life; MONO_NEVER once seen */
    mono_ns close_deadline; /* for the other side to finish too; MONO_NEVER until we did */
    uint32_t send_window;
    uint32_t recv_window; /* what the other side may still send */
    uint32_t credit;      /* consumed and not yet given back */
    struct buf in;
    struct buf out;
};

struct yamux_session {
    enum yamux_role role;
    uint32_t next_id;
    bool remote_gone, local_gone;
    mono_ns clock; /* the last `now` that was passed in */
    struct buf out;
    uint8_t head[YAMUX_HEADER_LEN];
    size_t head_len;
    struct yamux_header now; /* the frame whose payload is arriving */
    uint32_t payload_left;
    struct stream streams[YAMUX_STREAMS_MAX];
    struct yamux_event events[EVENTS_MAX];
    size_t event_first, event_count;
    mono_ns next_ping, ping_deadline;
    uint32_t ping_value; /* of the ping that is out, or else of the next */
    enum net_err dead;
};

struct yamux_session *yamux_session_new(enum yamux_role role, mono_ns now)
{
    struct yamux_session *session = mem_new(sizeof *session);
    session->role = role;
    session->next_id = role == YAMUX_CLIENT ? 1 : 2;
    session->clock = now;
    session->next_ping = mono_after(now, YAMUX_KEEPALIVE_S * NS_PER_SEC);
    session->ping_deadline = MONO_NEVER;
    buf_init(&session->out, YAMUX_OUTPUT_MAX);
    return session;
}

static void forget(struct stream *stream)
{
    buf_clear(&stream->in);
    buf_clear(&stream->out);
    *stream = (struct stream){0};
}

void yamux_session_free(struct yamux_session *session)
{
    if (session == NULL) {
        return;
    }
    for (size_t i = 0; i < YAMUX_STREAMS_MAX; i++) {
        forget(&session->streams[i]);
    }
    buf_clear(&session->out);
    free(session);
}

static struct stream *find(const struct yamux_session *session, uint32_t id)
{
    for (size_t i = 0; id != 0 && i < YAMUX_STREAMS_MAX; i++) {
        if (session->streams[i].id == id) {
            return (struct stream *)(uintptr_t)&session->streams[i];
        }
    }
    return NULL;
}

static struct stream *add(struct yamux_session *session, uint32_t id)
{
    for (size_t i = 0; i < YAMUX_STREAMS_MAX; i++) {
        struct stream *stream = &session->streams[i];
        if (stream->id == 0) {
            *stream = (struct stream){.id = id,
                                      .send_window = YAMUX_WINDOW,
                                      .recv_window = YAMUX_WINDOW,
                                      .open_deadline = MONO_NEVER,
                                      .close_deadline = MONO_NEVER};
            buf_init(&stream->in, YAMUX_WINDOW);
            buf_init(&stream->out, YAMUX_SEND_MAX);
            return stream;
        }
    }
    return NULL;
}

/* The ring holds a readable and a fin event a stream at most, so it cannot overflow but by accepts
 * and resets of a peer that is not listened to: then the session ends. */
static void tell(struct yamux_session *session, enum yamux_event_kind kind, uint32_t stream)
{
    if (session->event_count == EVENTS_MAX) {
        session->dead = NET_ERR_FULL;
        return;
    }
    size_t at = (session->event_first + session->event_count++) % EVENTS_MAX;
    session->events[at] = (struct yamux_event){.kind = kind, .stream = stream};
}

bool yamux_session_event(struct yamux_session *session, struct yamux_event *out)
{
    if (session->event_count == 0) {
        return false;
    }
    *out = session->events[session->event_first];
    session->event_first = (session->event_first + 1) % EVENTS_MAX;
    session->event_count--;
    struct stream *stream = find(session, out->stream);
    if (stream != NULL && out->kind == YAMUX_EVENT_READABLE) {
        stream->readable_told = false;
    }
    return true;
}

static enum net_err put(struct yamux_session *session, enum yamux_type type, unsigned flags,
                        uint32_t stream, uint32_t length)
{
    uint8_t head[YAMUX_HEADER_LEN];
    struct writer w = writer_of(head, sizeof head);
    yamux_header_encode(
        &w, &(struct yamux_header){
                .type = type, .flags = (uint16_t)flags, .stream_id = stream, .length = length});
    enum net_err err = buf_append(&session->out, writer_done(&w));
    if (err != NET_OK) {
        session->dead = err;
    }
    return err;
}

/* Gives a stream back its place once both sides have finished and all was read. */
static void maybe_forget(struct stream *stream)
{
    if (stream->fin_sent && stream->remote_fin && buf_len(&stream->in) == 0 && stream->fin_told) {
        forget(stream);
    }
}

/* Moves what the window allows from the stream's queue to the session's. */
static enum net_err flush(struct yamux_session *session, struct stream *stream)
{
    while (buf_len(&stream->out) > 0 && stream->send_window > 0) {
        size_t len = buf_len(&stream->out);
        len = len < stream->send_window ? len : stream->send_window;
        len = len < DATA_MAX ? len : DATA_MAX;
        if (buf_room(&session->out) < len + YAMUX_HEADER_LEN) {
            return session->dead = NET_ERR_FULL;
        }
        (void)put(session, YAMUX_DATA, 0, stream->id, (uint32_t)len);
        enum net_err err = buf_append(&session->out, bytes_of(buf_view(&stream->out).ptr, len));
        if (err != NET_OK) {
            return session->dead = err;
        }
        buf_consume(&stream->out, len);
        stream->send_window -= (uint32_t)len;
    }
    if (stream->local_fin && !stream->fin_sent && buf_len(&stream->out) == 0) {
        stream->fin_sent = true;
        enum net_err err = put(session, YAMUX_WINDOW_UPDATE, YAMUX_FIN, stream->id, 0);
        maybe_forget(stream);
        return err;
    }
    return NET_OK;
}

/* --- what arrives -------------------------------------------------------------------------------
 */

static void on_reset(struct yamux_session *session, struct stream *stream)
{
    if (!stream->dropped) {
        tell(session, YAMUX_EVENT_RESET, stream->id);
    }
    forget(stream);
}

static enum net_err on_syn(struct yamux_session *session, uint32_t id, struct stream **out)
{
    bool theirs = session->role == YAMUX_SERVER; /* the server of Coder never opens streams */
    if (!theirs || *out != NULL || id == 0) {
        return NET_ERR_MALFORMED;
    }
    if (session->local_gone) {
        return put(session, YAMUX_WINDOW_UPDATE, YAMUX_RST, id, 0);
    }
    *out = add(session, id);
    if (*out == NULL) {
        return put(session, YAMUX_WINDOW_UPDATE, YAMUX_RST, id, 0);
    }
    (*out)->acked = true;
    tell(session, YAMUX_EVENT_ACCEPTED, id);
    return put(session, YAMUX_WINDOW_UPDATE, YAMUX_ACK, id, 0);
}

static enum net_err on_flags(struct yamux_session *session, struct stream **stream)
{
    const struct yamux_header *head = &session->now;
    if ((head->flags & YAMUX_SYN) != 0) {
        enum net_err err = on_syn(session, head->stream_id, stream);
        if (err != NET_OK) {
            return err;
        }
    }
    if (*stream == NULL) {
        return NET_OK;
    }
    if ((head->flags & YAMUX_ACK) != 0) {
        (*stream)->acked = true;
        (*stream)->open_deadline = MONO_NEVER;
    }
    if ((head->flags & YAMUX_RST) != 0) {
        on_reset(session, *stream);
        *stream = NULL;
    }
    return NET_OK;
}

/* A FIN counts after the frame's payload. It stands for an ACK too: a genuine server that has seen
 * our FIN before it accepted the stream never sends one. */
static void on_fin(struct yamux_session *session, struct stream *stream)
{
    if ((session->now.flags & YAMUX_FIN) != 0 && stream != NULL && !stream->remote_fin) {
        stream->remote_fin = true;
        stream->open_deadline = MONO_NEVER;
        stream->fin_told = true;
        if (!stream->dropped) {
            tell(session, YAMUX_EVENT_FIN, stream->id);
        }
        maybe_forget(stream);
    }
}

static enum net_err on_window(struct yamux_session *session, struct stream *stream)
{
    uint32_t delta = session->now.length;
    if (stream == NULL) {
        return NET_OK;
    }
    if (delta > UINT32_MAX - stream->send_window) {
        return NET_ERR_MALFORMED;
    }
    stream->send_window += delta;
    on_fin(session, stream);
    return stream->id == 0 ? NET_OK : flush(session, stream);
}

static enum net_err on_ping(struct yamux_session *session, mono_ns now)
{
    if ((session->now.flags & YAMUX_SYN) != 0) {
        return put(session, YAMUX_PING, YAMUX_ACK, 0, session->now.length);
    }
    if (session->now.length == session->ping_value && session->ping_deadline != MONO_NEVER) {
        session->ping_value++;
        session->ping_deadline = MONO_NEVER;
        session->next_ping = mono_after(now, YAMUX_KEEPALIVE_S * NS_PER_SEC);
    }
    return NET_OK;
}

static enum net_err on_go_away(struct yamux_session *session)
{
    session->remote_gone = true;
    tell(session, YAMUX_EVENT_GO_AWAY, 0);
    return session->now.length == YAMUX_GO_AWAY_NORMAL ? NET_OK : NET_ERR_CLOSED;
}

static enum net_err on_data_head(struct yamux_session *session, struct stream *stream)
{
    uint32_t len = session->now.length;
    if (stream != NULL) {
        if (len > stream->recv_window || stream->remote_fin) {
            return NET_ERR_MALFORMED;
        }
        stream->recv_window -= len;
    }
    session->payload_left = len; /* of a stream that is gone: skipped */
    if (len == 0) {
        on_fin(session, stream);
    }
    return NET_OK;
}

static enum net_err on_header(struct yamux_session *session, mono_ns now)
{
    struct stream *stream = find(session, session->now.stream_id);
    enum net_err err = NET_OK;
    switch (session->now.type) {
    case YAMUX_DATA:
        err = on_flags(session, &stream);
        return err != NET_OK ? err : on_data_head(session, stream);
    case YAMUX_WINDOW_UPDATE:
        err = on_flags(session, &stream);
        return err != NET_OK ? err : on_window(session, stream);
    case YAMUX_PING:
        return on_ping(session, now);
    case YAMUX_GO_AWAY:
        return on_go_away(session);
    }
    return NET_ERR_MALFORMED;
}

static enum net_err on_payload(struct yamux_session *session, struct bytes *in)
{
    struct stream *stream = find(session, session->now.stream_id);
    size_t len = in->len < session->payload_left ? in->len : session->payload_left;
    if (stream != NULL && !stream->dropped) {
        enum net_err err = buf_append(&stream->in, bytes_of(in->ptr, len));
        if (err != NET_OK) {
            return err;
        }
        if (!stream->readable_told) {
            stream->readable_told = true;
            tell(session, YAMUX_EVENT_READABLE, stream->id);
        }
    }
    in->ptr += len;
    in->len -= len;
    session->payload_left -= (uint32_t)len;
    if (session->payload_left == 0) {
        on_fin(session, stream);
    }
    return NET_OK;
}

static enum net_err on_head_bytes(struct yamux_session *session, mono_ns now, struct bytes *in)
{
    size_t want = YAMUX_HEADER_LEN - session->head_len;
    size_t len = in->len < want ? in->len : want;
    memcpy(session->head + session->head_len, in->ptr, len);
    session->head_len += len;
    in->ptr += len;
    in->len -= len;
    if (session->head_len < YAMUX_HEADER_LEN) {
        return NET_OK;
    }
    struct reader at = reader_of(bytes_of(session->head, YAMUX_HEADER_LEN));
    session->head_len = 0;
    enum net_err err = yamux_header_decode(&at, &session->now);
    return err != NET_OK ? err : on_header(session, now);
}

enum net_err yamux_session_input(struct yamux_session *session, mono_ns now, struct bytes in)
{
    session->clock = now;
    while (in.len > 0 && session->dead == NET_OK) {
        enum net_err err =
            session->payload_left > 0 ? on_payload(session, &in) : on_head_bytes(session, now, &in);
        if (err != NET_OK) {
            session->dead = err;
        }
    }
    return session->dead;
}

struct bytes yamux_session_output(const struct yamux_session *session)
{
    return buf_view(&session->out);
}

void yamux_session_sent(struct yamux_session *session, size_t len)
{
    buf_consume(&session->out, len);
}

/* --- time
 * ------------------------------------------------------------------------------------------ */

mono_ns yamux_session_deadline(const struct yamux_session *session)
{
    mono_ns next = mono_min(session->next_ping, session->ping_deadline);
    for (size_t i = 0; i < YAMUX_STREAMS_MAX; i++) {
        if (session->streams[i].id != 0) {
            next = mono_min(next, session->streams[i].open_deadline);
            next = mono_min(next, session->streams[i].close_deadline);
        }
    }
    return next;
}

/* Frees the places of streams that the other side never finishes. */
static void reset_late(struct yamux_session *session, mono_ns now)
{
    for (size_t i = 0; i < YAMUX_STREAMS_MAX; i++) {
        struct stream *stream = &session->streams[i];
        if (stream->id != 0 && now >= stream->close_deadline) {
            (void)put(session, YAMUX_WINDOW_UPDATE, YAMUX_RST, stream->id, 0);
            on_reset(session, stream);
        }
    }
}

enum net_err yamux_session_tick(struct yamux_session *session, mono_ns now)
{
    bool late = now >= session->ping_deadline;
    session->clock = now;
    for (size_t i = 0; i < YAMUX_STREAMS_MAX; i++) {
        late |= session->streams[i].id != 0 && now >= session->streams[i].open_deadline;
    }
    if (session->dead == NET_OK && late) {
        session->dead = NET_ERR_TIMEOUT;
    }
    if (session->dead == NET_OK) {
        reset_late(session, now);
    }
    if (session->dead == NET_OK && now >= session->next_ping) {
        session->next_ping = MONO_NEVER;
        session->ping_deadline = mono_after(now, YAMUX_ANSWER_S * NS_PER_SEC);
        (void)put(session, YAMUX_PING, YAMUX_SYN, 0, session->ping_value);
    }
    return session->dead;
}

/* --- what we do
 * -------------------------------------------------------------------------------------- */

enum net_err yamux_stream_open(struct yamux_session *session, mono_ns now, uint32_t *stream)
{
    if (session->dead != NET_OK || session->remote_gone) {
        return NET_ERR_STATE;
    }
    struct stream *added = add(session, session->next_id);
    if (added == NULL) {
        return NET_ERR_FULL;
    }
    session->clock = now;
    session->next_id += 2;
    added->open_deadline = mono_after(now, YAMUX_OPEN_S * NS_PER_SEC);
    *stream = added->id;
    return put(session, YAMUX_WINDOW_UPDATE, YAMUX_SYN, added->id, 0);
}

enum net_err yamux_stream_write(struct yamux_session *session, uint32_t id, struct bytes in)
{
    struct stream *stream = find(session, id);
    if (stream == NULL || stream->local_fin || session->dead != NET_OK) {
        return NET_ERR_STATE;
    }
    enum net_err err = buf_append(&stream->out, in);
    return err != NET_OK ? err : flush(session, stream);
}

struct bytes yamux_stream_peek(const struct yamux_session *session, uint32_t id)
{
    const struct stream *stream = find(session, id);
    return stream == NULL ? (struct bytes){0} : buf_view(&stream->in);
}

enum net_err yamux_stream_consume(struct yamux_session *session, uint32_t id, size_t len)
{
    struct stream *stream = find(session, id);
    enum net_err err = NET_OK;
    if (stream == NULL) {
        return NET_ERR_STATE;
    }
    buf_consume(&stream->in, len);
    stream->credit += (uint32_t)len;
    if (stream->credit >= YAMUX_WINDOW / 2 && !stream->remote_fin) {
        err = put(session, YAMUX_WINDOW_UPDATE, 0, id, stream->credit);
        stream->recv_window += stream->credit;
        stream->credit = 0;
    }
    maybe_forget(stream);
    return err;
}

/* A stream that is closed is not waited for to open, as in the reference. */
static void close_local(const struct yamux_session *session, struct stream *stream)
{
    if (!stream->local_fin) {
        stream->local_fin = true;
        stream->open_deadline = MONO_NEVER;
        stream->close_deadline = mono_after(session->clock, YAMUX_CLOSE_S * NS_PER_SEC);
    }
}

enum net_err yamux_stream_finish(struct yamux_session *session, uint32_t id)
{
    struct stream *stream = find(session, id);
    if (stream == NULL || stream->local_fin) {
        return NET_ERR_STATE;
    }
    close_local(session, stream);
    return flush(session, stream);
}

void yamux_stream_drop(struct yamux_session *session, uint32_t id)
{
    struct stream *stream = find(session, id);
    if (stream == NULL) {
        return;
    }
    stream->dropped = true;
    close_local(session, stream);
    buf_clear(&stream->in);
    (void)flush(session, stream); /* what goes wrong here, the next input tells */
    if (stream->id == id) {
        maybe_forget(stream);
    }
}

enum net_err yamux_stream_reset(struct yamux_session *session, uint32_t id)
{
    struct stream *stream = find(session, id);
    if (stream == NULL) {
        return NET_ERR_STATE;
    }
    forget(stream);
    return put(session, YAMUX_WINDOW_UPDATE, YAMUX_RST, id, 0);
}

enum net_err yamux_session_go_away(struct yamux_session *session)
{
    session->local_gone = true;
    return put(session, YAMUX_GO_AWAY, 0, 0, YAMUX_GO_AWAY_NORMAL);
}
