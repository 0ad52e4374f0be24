/*
 * A yamux session, either side: streams over one byte stream. A machine.
 *
 * Flow control counts data alone: a receiver starts with 256 KiB and gives credit back when half of
 * it was consumed. Keepalive: a ping every 30 s, and the end of the session when it is not answered
 * in 10 s; a stream that is not acknowledged in 75 s also ends it. A stream that we finished and
 * the other side did not is reset after 5 minutes. Defaults of hashicorp/yamux mux.go.
 */
#ifndef NET_CONTROL_YAMUX_SESSION_H
#define NET_CONTROL_YAMUX_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"

enum {
    YAMUX_STREAMS_MAX = 64,      /* ours; the reference accepts 256 waiting */
    YAMUX_SEND_MAX = 8 << 20,    /* bytes that one stream may have waiting for window */
    YAMUX_OUTPUT_MAX = 16 << 20, /* bytes that may wait for the socket */
    YAMUX_KEEPALIVE_S = 30,
    YAMUX_ANSWER_S = 10,
    YAMUX_OPEN_S = 75,
    YAMUX_CLOSE_S = 300,
};

enum yamux_role { YAMUX_CLIENT, YAMUX_SERVER };

enum yamux_event_kind {
    YAMUX_EVENT_ACCEPTED, /* the other side opened a stream */
    YAMUX_EVENT_READABLE, /* there are bytes to read */
    YAMUX_EVENT_FIN,      /* no more bytes will come (those there may still be read) */
    YAMUX_EVENT_RESET,    /* gone; it must not be used any more */
    YAMUX_EVENT_GO_AWAY,  /* no new streams may be opened */
};

struct yamux_event {
    enum yamux_event_kind kind;
    uint32_t stream;
};

struct yamux_session;

struct yamux_session *yamux_session_new(enum yamux_role role, mono_ns now);
void yamux_session_free(struct yamux_session *session);

/* Bytes that arrived. NET_ERR_MALFORMED: a violation. NET_ERR_FULL: our output is stuck.
 * NET_ERR_CLOSED: the other side ended it with an error. In each case the session is over. */
NET_MUST_USE enum net_err yamux_session_input(struct yamux_session *session, mono_ns now,
                                              struct bytes in);
struct bytes yamux_session_output(const struct yamux_session *session);
void yamux_session_sent(struct yamux_session *session, size_t len);
bool yamux_session_event(struct yamux_session *session, struct yamux_event *out);
mono_ns yamux_session_deadline(const struct yamux_session *session);
/* NET_ERR_TIMEOUT: no answer to a ping or to opening a stream; the session is over. */
NET_MUST_USE enum net_err yamux_session_tick(struct yamux_session *session, mono_ns now);

/* NET_ERR_FULL: too many streams. NET_ERR_STATE: the other side goes away. */
NET_MUST_USE enum net_err yamux_stream_open(struct yamux_session *session, mono_ns now,
                                            uint32_t *stream);
/* Queues bytes; they go out as the window allows. NET_ERR_FULL: YAMUX_SEND_MAX. NET_ERR_STATE: no
 * such stream, or finished. */
NET_MUST_USE enum net_err yamux_stream_write(struct yamux_session *session, uint32_t id,
                                             struct bytes in);
/* What arrived and was not consumed; valid until the next call. */
struct bytes yamux_stream_peek(const struct yamux_session *session, uint32_t id);
/* Takes `len` of it (at most all) and gives the credit back. */
NET_MUST_USE enum net_err yamux_stream_consume(struct yamux_session *session, uint32_t id,
                                               size_t len);
/* No more bytes from us (after those queued). The stream is forgotten when both sides finished. */
NET_MUST_USE enum net_err yamux_stream_finish(struct yamux_session *session, uint32_t id);
/* The same, and whatever still arrives is dropped unread. No event comes for it any more. */
void yamux_stream_drop(struct yamux_session *session, uint32_t id);
/* Ends both directions at once and forgets the stream. */
NET_MUST_USE enum net_err yamux_stream_reset(struct yamux_session *session, uint32_t id);

/* Announces that we go, in order: streams go on, new ones of the other side are reset. */
NET_MUST_USE enum net_err yamux_session_go_away(struct yamux_session *session);

#endif
