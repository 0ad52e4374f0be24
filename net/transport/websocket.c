#include "net/transport/websocket.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <wslay/wslay.h>

#include "net/base/buf.h"
#include "net/base/mem.h"
#include "net/base/text.h"

enum { CONTROL_MAX = 125, HEADER_MAX = 14 }; /* RFC 6455 5.5 and 5.2 */

struct websocket {
    enum websocket_role role;
    struct rng *rng;
    struct wslay_frame_context *frames;
    struct buf in;
    struct buf out;
    struct bytes content;         /* of the frame under way: in wslay's memory, until it reads on */
    bool in_frame;                /* some of the frame's bytes are still to come */
    uint64_t frame_left;          /* how many */
    bool in_message;              /* a message was begun and its last frame has not come */
    uint8_t control[CONTROL_MAX]; /* of the control frame under way */
    size_t control_len;
    bool close_sent;
    bool input_ended;
    struct failure input_failure; /* why the connection below ended; NET_OK = in order */
    struct failure end;           /* code NET_OK while open */
    uint64_t pings;
    uint64_t pongs;
};

static ssize_t send_bytes(const uint8_t *data, size_t len, int flags, void *owner)
{
    struct websocket *ws = owner;
    (void)flags;
    if (buf_append(&ws->out, bytes_of(data, len)) != NET_OK) {
        return -1;
    }
    return (ssize_t)len;
}

static ssize_t receive_bytes(uint8_t *out, size_t size, int flags, void *owner)
{
    struct websocket *ws = owner;
    (void)flags;
    struct bytes in = buf_view(&ws->in);
    size_t len = in.len < size ? in.len : size;
    if (len == 0) {
        return -1; /* wslay then asks for more */
    }
    memcpy(out, in.ptr, len);
    buf_consume(&ws->in, len);
    return (ssize_t)len;
}

static int make_mask(uint8_t *out, size_t len, void *owner)
{
    struct websocket *ws = owner;
    rng_fill(ws->rng, out, len);
    return 0;
}

struct websocket *websocket_new(enum websocket_role role, struct rng *rng)
{
    static const struct wslay_frame_callbacks callbacks = {send_bytes, receive_bytes, make_mask};
    struct websocket *ws = mem_new(sizeof *ws);
    ws->role = role;
    ws->rng = rng;
    buf_init(&ws->in, WEBSOCKET_IN_MAX);
    buf_init(&ws->out, WEBSOCKET_OUT_MAX + WEBSOCKET_CONTROL_ROOM);
    if (wslay_frame_context_init(&ws->frames, &callbacks, ws) != 0) {
        abort(); /* it only allocates */
    }
    return ws;
}

void websocket_free(struct websocket *ws)
{
    if (ws == NULL) {
        return;
    }
    wslay_frame_context_free(ws->frames);
    buf_clear(&ws->in);
    buf_clear(&ws->out);
    mem_free_wiped(ws, sizeof *ws);
}

size_t websocket_input(struct websocket *ws, struct bytes in)
{
    size_t len = in.len < buf_room(&ws->in) ? in.len : buf_room(&ws->in);
    if (ws->end.code != NET_OK) {
        return in.len; /* nobody will read it */
    }
    return buf_append(&ws->in, bytes_of(in.ptr, len)) == NET_OK ? len : 0;
}

void websocket_input_end(struct websocket *ws, const struct failure *why)
{
    ws->input_ended = true;
    ws->input_failure = why == NULL ? (struct failure){0} : *why;
}

/* Sends one frame whole; the caller has seen that there is room. */
static void send_frame(struct websocket *ws, uint8_t opcode, struct bytes content)
{
    struct wslay_frame_iocb frame = {.fin = 1,
                                     .opcode = opcode,
                                     .mask = ws->role == WEBSOCKET_CLIENT,
                                     .payload_length = content.len,
                                     .data = content.ptr,
                                     .data_length = content.len};
    do {
        ssize_t sent = wslay_frame_send(ws->frames, &frame);
        assert(sent >= 0 && (size_t)sent <= frame.data_length);
        frame.data_length -= (size_t)sent;
        frame.data = frame.data_length == 0 ? NULL : frame.data + sent;
    } while (frame.data_length > 0);
}

/* Drops it when the other side has not read its earlier pongs: RFC 6455 5.5.3 asks for the last
 * one only. */
static void send_control(struct websocket *ws, uint8_t opcode, struct bytes content)
{
    if (!ws->close_sent && buf_room(&ws->out) >= HEADER_MAX + content.len) {
        send_frame(ws, opcode, content);
    }
}

void websocket_ping(struct websocket *ws)
{
    send_control(ws, WSLAY_PING, (struct bytes){0});
}

void websocket_close(struct websocket *ws, uint16_t code)
{
    uint8_t content[2];
    struct writer w = writer_of(content, sizeof content);
    writer_u16(&w, code);
    send_control(ws, WSLAY_CONNECTION_CLOSE, writer_done(&w));
    ws->close_sent = true;
}

/* A fault of the other side. */
static enum net_err fail(struct websocket *ws, uint16_t code, const char *why)
{
    websocket_close(ws, code);
    return failure_set(&ws->end, NET_ERR_IO, "the other side broke the websocket protocol: %s",
                       why);
}

/* RFC 6455 7.4: codes that may stand in a close frame. */
static bool close_code_is_valid(uint16_t code)
{
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

static enum net_err end_by_close(struct websocket *ws)
{
    struct reader r = reader_of(bytes_of(ws->control, ws->control_len));
    uint16_t code = ws->control_len == 0 ? WSLAY_CODE_NORMAL_CLOSURE : reader_u16(&r);
    if (r.failed || !close_code_is_valid(code)) {
        return fail(ws, WSLAY_CODE_PROTOCOL_ERROR, "bad close frame");
    }
    websocket_close(ws, code);
    if (code == WSLAY_CODE_NORMAL_CLOSURE || code == WSLAY_CODE_GOING_AWAY) {
        return failure_set(&ws->end, NET_ERR_CLOSED, "the other side closed the websocket (%u)",
                           code);
    }
    char reason[CONTROL_MAX * 3 + 1];
    (void)text_clean(reason, sizeof reason, reader_take(&r, reader_left(&r)));
    return failure_set(&ws->end, NET_ERR_IO, "the other side closed the websocket with code %u%s%s",
                       code, reason[0] == '\0' ? "" : ": ", reason);
}

static enum net_err end_of_control(struct websocket *ws, uint8_t opcode)
{
    struct bytes content = bytes_of(ws->control, ws->control_len);
    ws->control_len = 0;
    if (opcode == WSLAY_CONNECTION_CLOSE) {
        ws->control_len = content.len;
        return end_by_close(ws);
    }
    if (opcode == WSLAY_PING) {
        ws->pings++;
        send_control(ws, WSLAY_PONG, content);
    } else {
        ws->pongs++;
    }
    return NET_OK;
}

/* The rules for the first bytes of a frame that wslay leaves to its user. */
static enum net_err begin_frame(struct websocket *ws, const struct wslay_frame_iocb *frame)
{
    if (frame->rsv != 0) {
        return fail(ws, WSLAY_CODE_PROTOCOL_ERROR, "reserved bits are set");
    }
    if ((frame->mask != 0) != (ws->role == WEBSOCKET_SERVER)) {
        return fail(ws, WSLAY_CODE_PROTOCOL_ERROR, "wrong masking");
    }
    switch (frame->opcode) {
    case WSLAY_CONNECTION_CLOSE:
    case WSLAY_PING:
    case WSLAY_PONG:
        return NET_OK; /* wslay has checked the length and FIN */
    case WSLAY_CONTINUATION_FRAME:
        if (!ws->in_message) {
            return fail(ws, WSLAY_CODE_PROTOCOL_ERROR, "continuation of nothing");
        }
        break;
    case WSLAY_BINARY_FRAME:
        if (ws->in_message) {
            return fail(ws, WSLAY_CODE_PROTOCOL_ERROR, "a message inside another");
        }
        break;
    case WSLAY_TEXT_FRAME:
        return fail(ws, WSLAY_CODE_UNSUPPORTED_DATA, "a text message where bytes are expected");
    default:
        return fail(ws, WSLAY_CODE_PROTOCOL_ERROR, "unknown kind of frame");
    }
    ws->in_message = frame->fin == 0;
    return NET_OK;
}

/* A piece of a frame that wslay has found. */
static enum net_err take_piece(struct websocket *ws, const struct wslay_frame_iocb *frame)
{
    if (!ws->in_frame) {
        enum net_err err = begin_frame(ws, frame);
        if (err != NET_OK) {
            return err;
        }
        ws->frame_left = frame->payload_length;
    }
    assert(frame->data_length <= ws->frame_left);
    ws->frame_left -= frame->data_length;
    ws->in_frame = ws->frame_left > 0;
    if (!wslay_is_ctrl_frame(frame->opcode)) {
        ws->content = bytes_of(frame->data, frame->data_length);
        return NET_OK;
    }
    assert(frame->data_length <= sizeof ws->control - ws->control_len);
    if (frame->data_length > 0) {
        memcpy(ws->control + ws->control_len, frame->data, frame->data_length);
        ws->control_len += frame->data_length;
    }
    return ws->in_frame ? NET_OK : end_of_control(ws, frame->opcode);
}

static enum net_err when_input_is_used_up(struct websocket *ws)
{
    if (!ws->input_ended) {
        return NET_ERR_AGAIN;
    }
    if (ws->input_failure.code != NET_OK && ws->input_failure.code != NET_ERR_CLOSED) {
        ws->end = ws->input_failure;
        ws->end.code = NET_ERR_IO;
        return NET_ERR_IO;
    }
    return failure_set(&ws->end, NET_ERR_IO,
                       "the connection ended in the middle, without a websocket close");
}

/* Looks at the next piece of input. NET_OK: there may be content, or more to look at. */
static enum net_err look(struct websocket *ws)
{
    struct wslay_frame_iocb frame = {0};
    ssize_t got = wslay_frame_recv(ws->frames, &frame);
    if (got >= 0) {
        return take_piece(ws, &frame);
    }
    if (got == WSLAY_ERR_WANT_READ) {
        return when_input_is_used_up(ws);
    }
    return fail(ws, WSLAY_CODE_PROTOCOL_ERROR, "bad frame header");
}

enum net_err websocket_read(struct websocket *ws, uint8_t *out, size_t size, size_t *got)
{
    while (ws->content.len == 0) {
        enum net_err err = ws->end.code != NET_OK ? ws->end.code : look(ws);
        if (err != NET_OK) {
            return err;
        }
    }
    size_t len = ws->content.len < size ? ws->content.len : size;
    memcpy(out, ws->content.ptr, len);
    ws->content = bytes_of(ws->content.ptr + len, ws->content.len - len);
    *got = len;
    return NET_OK;
}

enum net_err websocket_write(struct websocket *ws, struct bytes in, size_t *taken)
{
    if (ws->end.code != NET_OK) {
        return ws->end.code;
    }
    if (ws->close_sent) {
        return NET_ERR_CLOSED;
    }
    size_t used = buf_len(&ws->out);
    size_t room = used + HEADER_MAX < WEBSOCKET_OUT_MAX ? WEBSOCKET_OUT_MAX - HEADER_MAX - used : 0;
    size_t len = in.len < room ? in.len : room;
    if (len > WEBSOCKET_MESSAGE_MAX) {
        len = WEBSOCKET_MESSAGE_MAX;
    }
    if (len == 0) {
        return NET_ERR_AGAIN;
    }
    send_frame(ws, WSLAY_BINARY_FRAME, bytes_of(in.ptr, len));
    *taken = len;
    return NET_OK;
}

struct bytes websocket_output(const struct websocket *ws)
{
    return buf_view(&ws->out);
}

void websocket_sent(struct websocket *ws, size_t len)
{
    buf_consume(&ws->out, len);
}

uint64_t websocket_pings(const struct websocket *ws)
{
    return ws->pings;
}

uint64_t websocket_pongs(const struct websocket *ws)
{
    return ws->pongs;
}

void websocket_failure(const struct websocket *ws, struct failure *out)
{
    *out = ws->end;
    if (ws->end.code == NET_OK && ws->close_sent) {
        (void)failure_set(out, NET_ERR_CLOSED, "the websocket was closed from this side");
    }
}

const char *websocket_wslay_version(void)
{
    return WSLAY_VERSION;
}
