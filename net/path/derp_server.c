#include "net/path/derp_server.h"

#include <stdlib.h>

#include "net/base/mem.h"
#include "net/path/derp_io.h"

enum { CLIENT_INFO_MIN = 56, PING_MAX = 1000, KEEP_ALIVE_JITTER_S = 5, INFO_TAKEN_MAX = 64 << 10 };

static const char server_info[] = "{\"version\":2}";

struct derp_server {
    const struct node_private *key;
    struct rng *rng;
    bool open;
    struct derp_intake in;
    struct buf out;
    mono_ns deadline; /* of the login; then of the next keep-alive */
    uint64_t period_ns;
    bool has_event;
    struct derp_server_event event;
};

struct derp_server *derp_server_new(const struct node_private *key, struct rng *rng, mono_ns now)
{
    struct derp_server *server = mem_new(sizeof *server);
    uint8_t greeting[DERP_HEADER_LEN + DERP_MAGIC_LEN + KEY_LEN];
    struct writer w = writer_of(greeting, sizeof greeting);
    struct node_public mine = node_private_public(key);
    server->key = key;
    server->rng = rng;
    server->deadline = mono_after(now, DERP_LOGIN_SECONDS * NS_PER_SEC);
    server->period_ns =
        DERP_KEEP_ALIVE_SECONDS * NS_PER_SEC + rng_below(rng, KEEP_ALIVE_JITTER_S * NS_PER_SEC);
    derp_intake_init(&server->in, DERP_CLIENT_INFO_MAX);
    buf_init(&server->out, DERP_SERVER_QUEUE_MAX);
    derp_server_key_encode(&w, &mine);
    enum net_err err = buf_append(&server->out, writer_done(&w));
    (void)err; /* an empty queue has room */
    return server;
}

void derp_server_free(struct derp_server *server)
{
    if (server != NULL) {
        derp_intake_clear(&server->in);
        buf_clear(&server->out);
        free(server);
    }
}

static struct derp_server_event *tell(struct derp_server *server, enum derp_server_event_kind kind)
{
    server->has_event = true;
    server->event = (struct derp_server_event){.kind = kind};
    return &server->event;
}

bool derp_server_event(struct derp_server *server, struct derp_server_event *out)
{
    bool had = server->has_event;
    if (had) {
        *out = server->event;
        server->has_event = false;
    }
    return had;
}

/* Opens the client's box, and answers with ours. */
static enum net_err exchange_info(struct derp_server *server, const struct node_public *client,
                                  struct bytes sealed)
{
    struct box_key box;
    uint8_t answer[BOX_OVERHEAD + sizeof server_info];
    struct writer w = writer_of(answer, sizeof answer);
    if (sealed.len > INFO_TAKEN_MAX) {
        return NET_ERR_TOO_BIG;
    }
    enum net_err err = node_box_key(server->key, client, &box);
    if (err != NET_OK) {
        return err;
    }
    uint8_t *plain = mem_new(sealed.len);
    struct writer opened = writer_of(plain, sealed.len);
    err = box_open(&box, sealed, &opened);
    struct bytes json = writer_done(&opened);
    if (err == NET_OK && (json.len == 0 || json.ptr[0] != '{')) {
        err = NET_ERR_MALFORMED;
    }
    free(plain);
    if (err == NET_OK) {
        box_seal(&box, server->rng, bytes_text(server_info), &w);
        err = derp_queue(&server->out, DERP_SERVER_INFO, writer_done(&w), (struct bytes){0});
    }
    box_key_clear(&box);
    return err;
}

static enum net_err on_login(struct derp_server *server, mono_ns now,
                             const struct derp_frame *frame)
{
    struct reader in = reader_of(frame->payload);
    struct node_public client;
    if (frame->type != DERP_CLIENT_INFO || frame->payload.len < CLIENT_INFO_MIN) {
        return NET_ERR_MALFORMED;
    }
    reader_copy(&in, client.b, KEY_LEN);
    enum net_err err = exchange_info(server, &client, reader_take(&in, reader_left(&in)));
    if (err == NET_OK) {
        server->open = true;
        server->deadline = mono_after(now, server->period_ns);
        tell(server, DERP_SERVER_LOGIN)->peer = client;
    }
    return err;
}

static enum net_err on_send(struct derp_server *server, struct bytes payload)
{
    struct node_public peer;
    struct bytes packet;
    enum net_err err = derp_packet_decode(payload, &peer, &packet);
    if (err == NET_OK) {
        struct derp_server_event *event = tell(server, DERP_SERVER_PACKET);
        event->peer = peer;
        event->packet = packet;
    }
    return err;
}

static enum net_err on_frame(struct derp_server *server, const struct derp_frame *frame)
{
    enum net_err err = NET_OK;
    switch (frame->type) {
    case DERP_SEND_PACKET:
        return on_send(server, frame->payload);
    case DERP_NOTE_PREFERRED:
        if (frame->payload.len != 1) {
            return NET_ERR_MALFORMED;
        }
        tell(server, DERP_SERVER_PREFERRED)->preferred = frame->payload.ptr[0] != 0;
        return NET_OK;
    case DERP_PING:
        if (frame->payload.len < DERP_PING_LEN || frame->payload.len > PING_MAX) {
            return NET_ERR_MALFORMED;
        }
        err = derp_queue(&server->out, DERP_PONG, bytes_of(frame->payload.ptr, DERP_PING_LEN),
                         (struct bytes){0});
        return err == NET_ERR_FULL ? NET_OK : err;
    case DERP_FORWARD_PACKET:
    case DERP_WATCH_CONNS:
    case DERP_CLOSE_PEER:
        return NET_ERR_REFUSED; /* for mesh peers alone */
    default:
        return NET_OK;
    }
}

enum net_err derp_server_input(struct derp_server *server, mono_ns now, struct bytes *in)
{
    struct derp_frame frame;
    while (!server->has_event) {
        enum net_err err = derp_intake_next(&server->in, in, &frame);
        if (err == NET_ERR_AGAIN) {
            return NET_OK;
        }
        if (err == NET_OK) {
            err = server->open ? on_frame(server, &frame) : on_login(server, now, &frame);
        }
        if (err != NET_OK) {
            return err;
        }
    }
    return NET_OK;
}

struct bytes derp_server_output(const struct derp_server *server)
{
    return buf_view(&server->out);
}

void derp_server_sent(struct derp_server *server, size_t len)
{
    buf_consume(&server->out, len);
}

static enum net_err queue(struct derp_server *server, enum derp_type type, struct bytes head,
                          struct bytes tail)
{
    return server->open ? derp_queue(&server->out, type, head, tail) : NET_ERR_STATE;
}

enum net_err derp_server_packet(struct derp_server *server, const struct node_public *source,
                                struct bytes packet)
{
    return queue(server, DERP_RECV_PACKET, bytes_of(source->b, KEY_LEN), packet);
}

enum net_err derp_server_peer_gone(struct derp_server *server, const struct node_public *peer,
                                   enum derp_gone_reason reason)
{
    uint8_t byte = (uint8_t)reason;
    return queue(server, DERP_PEER_GONE, bytes_of(peer->b, KEY_LEN), bytes_of(&byte, 1));
}

enum net_err derp_server_ping(struct derp_server *server, const uint8_t data[DERP_PING_LEN])
{
    return queue(server, DERP_PING, bytes_of(data, DERP_PING_LEN), (struct bytes){0});
}

enum net_err derp_server_health(struct derp_server *server, const char *text)
{
    return queue(server, DERP_HEALTH, bytes_text(text), (struct bytes){0});
}

enum net_err derp_server_restarting(struct derp_server *server, uint32_t reconnect_ms,
                                    uint32_t try_ms)
{
    uint8_t data[8];
    struct writer w = writer_of(data, sizeof data);
    writer_u32(&w, reconnect_ms);
    writer_u32(&w, try_ms);
    return queue(server, DERP_RESTARTING, writer_done(&w), (struct bytes){0});
}

mono_ns derp_server_deadline(const struct derp_server *server)
{
    return server->deadline;
}

enum net_err derp_server_tick(struct derp_server *server, mono_ns now)
{
    if (now < server->deadline) {
        return NET_OK;
    }
    if (!server->open) {
        return NET_ERR_TIMEOUT;
    }
    server->deadline = mono_after(now, server->period_ns);
    enum net_err err = queue(server, DERP_KEEP_ALIVE, (struct bytes){0}, (struct bytes){0});
    return err == NET_ERR_FULL ? NET_OK : err;
}
