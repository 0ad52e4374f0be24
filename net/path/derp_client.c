#include "net/path/derp_client.h"

#include <assert.h>
#include <stdlib.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/path/derp_io.h"

enum { SERVER_INFO_MAX = 64 << 10, PING_TIMEOUT_S = 5 };

/* What a genuine client says of itself (derp_client.go, sendClientKey). */
static const char client_info[] = "{\"version\":2,\"CanAckPings\":true}";

enum state { WAIT_KEY, WAIT_INFO, OPEN };

struct derp_client {
    const struct node_private *key;
    struct rng *rng;
    enum state state;
    bool preferred;
    struct box_key box;
    struct derp_intake in;
    struct buf out;
    mono_ns silence_at; /* when the silence has lasted too long */
    bool answers_pings; /* an old or foreign relay may not */
    bool ping_pending;
    uint8_t ping_data[DERP_PING_LEN];
    mono_ns ping_sent;
    bool has_event;
    struct derp_event event;
};

struct derp_client *derp_client_new(const struct node_private *key, struct rng *rng, bool preferred,
                                    mono_ns now)
{
    struct derp_client *client = mem_new(sizeof *client);
    client->key = key;
    client->rng = rng;
    client->preferred = preferred;
    client->silence_at = mono_after(now, DERP_SILENCE_SECONDS * NS_PER_SEC);
    derp_intake_init(&client->in, DERP_FRAME_MAX);
    buf_init(&client->out, DERP_QUEUE_MAX);
    return client;
}

void derp_client_free(struct derp_client *client)
{
    if (client != NULL) {
        derp_intake_clear(&client->in);
        buf_clear(&client->out);
        box_key_clear(&client->box);
        free(client);
    }
}

static struct derp_event *tell(struct derp_client *client, enum derp_event_kind kind)
{
    client->has_event = true;
    client->event = (struct derp_event){.kind = kind};
    return &client->event;
}

bool derp_client_event(struct derp_client *client, struct derp_event *out)
{
    bool had = client->has_event;
    if (had) {
        *out = client->event;
        client->has_event = false;
    }
    return had;
}

static enum net_err send_preferred(struct derp_client *client)
{
    uint8_t byte = client->preferred ? 1 : 0;
    return derp_queue(&client->out, DERP_NOTE_PREFERRED, bytes_of(&byte, 1), (struct bytes){0});
}

static enum net_err on_server_key(struct derp_client *client, struct bytes payload)
{
    struct node_public server;
    uint8_t sealed[BOX_OVERHEAD + sizeof client_info];
    struct writer w = writer_of(sealed, sizeof sealed);
    enum net_err err = derp_server_key_decode(payload, &server);
    if (err == NET_OK) {
        err = node_box_key(client->key, &server, &client->box);
    }
    if (err != NET_OK) {
        return err;
    }
    struct node_public mine = node_private_public(client->key);
    box_seal(&client->box, client->rng, bytes_text(client_info), &w);
    err = derp_queue(&client->out, DERP_CLIENT_INFO, bytes_of(mine.b, KEY_LEN), writer_done(&w));
    if (err == NET_OK && client->preferred) {
        err = send_preferred(client);
    }
    client->state = WAIT_INFO;
    (void)tell(client, DERP_EVENT_READY);
    return err;
}

/* Nothing in it is needed; that it opens proves that the relay holds its key. */
static enum net_err on_server_info(struct derp_client *client, struct bytes payload)
{
    if (payload.len > SERVER_INFO_MAX) {
        return NET_ERR_TOO_BIG;
    }
    uint8_t *plain = mem_new(payload.len);
    struct writer w = writer_of(plain, payload.len);
    enum net_err err = box_open(&client->box, payload, &w);
    struct bytes json = writer_done(&w);
    if (err == NET_OK && (json.len == 0 || json.ptr[0] != '{')) {
        err = NET_ERR_MALFORMED;
    }
    free(plain);
    if (err == NET_OK) {
        client->state = OPEN;
        (void)tell(client, DERP_EVENT_INFO);
    }
    return err;
}

static enum net_err on_ping(struct derp_client *client, struct bytes payload)
{
    if (payload.len < DERP_PING_LEN) {
        return NET_OK;
    }
    enum net_err err = derp_queue(&client->out, DERP_PONG, bytes_of(payload.ptr, DERP_PING_LEN),
                                  (struct bytes){0});
    return err == NET_ERR_FULL ? NET_OK : err; /* best effort, as the genuine client has it */
}

static void on_pong(struct derp_client *client, mono_ns now, struct bytes payload)
{
    struct bytes want = bytes_of(client->ping_data, DERP_PING_LEN);
    if (client->ping_pending && bytes_start_with(payload, want)) {
        client->ping_pending = false;
        client->answers_pings = true;
        tell(client, DERP_EVENT_PONG)->rtt_ns = mono_since(now, client->ping_sent);
    }
}

static void on_packet(struct derp_client *client, struct bytes payload)
{
    struct node_public peer;
    struct bytes packet;
    if (derp_packet_decode(payload, &peer, &packet) == NET_OK) {
        struct derp_event *event = tell(client, DERP_EVENT_PACKET);
        event->peer = peer;
        event->packet = packet;
    }
}

static void on_gone(struct derp_client *client, struct bytes payload)
{
    struct node_public peer;
    uint8_t reason = 0;
    if (derp_peer_gone_decode(payload, &peer, &reason) == NET_OK) {
        struct derp_event *event = tell(client, DERP_EVENT_PEER_GONE);
        event->peer = peer;
        event->reason = reason;
    }
}

static void on_restarting(struct derp_client *client, struct bytes payload)
{
    uint32_t reconnect_ms = 0;
    uint32_t try_ms = 0;
    if (derp_restarting_decode(payload, &reconnect_ms, &try_ms) == NET_OK) {
        struct derp_event *event = tell(client, DERP_EVENT_RESTARTING);
        event->reconnect_ms = reconnect_ms;
        event->try_ms = try_ms;
    }
}

/* After the login. Unknown and short frames are skipped, as the genuine client does. */
static enum net_err on_open_frame(struct derp_client *client, mono_ns now,
                                  const struct derp_frame *frame)
{
    switch (frame->type) {
    case DERP_RECV_PACKET:
        on_packet(client, frame->payload);
        return NET_OK;
    case DERP_PEER_GONE:
        on_gone(client, frame->payload);
        return NET_OK;
    case DERP_PING:
        return on_ping(client, frame->payload);
    case DERP_PONG:
        on_pong(client, now, frame->payload);
        return NET_OK;
    case DERP_HEALTH: {
        struct derp_event *event = tell(client, DERP_EVENT_HEALTH);
        (void)text_clean(event->text, sizeof event->text, frame->payload);
        return NET_OK;
    }
    case DERP_RESTARTING:
        on_restarting(client, frame->payload);
        return NET_OK;
    case DERP_SERVER_INFO:
        return on_server_info(client, frame->payload);
    default:
        return NET_OK; /* keep-alives, mesh frames, what is yet to be invented */
    }
}

enum net_err derp_client_input(struct derp_client *client, mono_ns now, struct bytes *in)
{
    struct derp_frame frame;
    while (!client->has_event) {
        enum net_err err = derp_intake_next(&client->in, in, &frame);
        if (err == NET_ERR_AGAIN) {
            return NET_OK;
        }
        if (err != NET_OK) {
            return err;
        }
        client->silence_at = mono_after(now, DERP_SILENCE_SECONDS * NS_PER_SEC);
        if (client->state == WAIT_KEY) {
            err = frame.type == DERP_SERVER_KEY ? on_server_key(client, frame.payload)
                                                : NET_ERR_MALFORMED;
        } else {
            err = on_open_frame(client, now, &frame);
        }
        if (err != NET_OK) {
            return err;
        }
    }
    return NET_OK;
}

struct bytes derp_client_output(const struct derp_client *client)
{
    return buf_view(&client->out);
}

void derp_client_sent(struct derp_client *client, size_t len)
{
    buf_consume(&client->out, len);
}

enum net_err derp_client_send(struct derp_client *client, const struct node_public *peer,
                              struct bytes packet)
{
    if (client->state == WAIT_KEY) {
        return NET_ERR_STATE;
    }
    if (packet.len > DERP_PACKET_MAX) {
        return NET_ERR_TOO_BIG;
    }
    return derp_queue(&client->out, DERP_SEND_PACKET, bytes_of(peer->b, KEY_LEN), packet);
}

void derp_client_note_preferred(struct derp_client *client, bool preferred)
{
    bool changed = client->preferred != preferred;
    client->preferred = preferred;
    if (changed && client->state != WAIT_KEY) {
        enum net_err err = send_preferred(client);
        (void)err; /* statistics of the relay, no more: a full queue may lose it */
    }
}

void derp_client_ping(struct derp_client *client, mono_ns now)
{
    bool waiting =
        client->ping_pending && mono_since(now, client->ping_sent) < PING_TIMEOUT_S * NS_PER_SEC;
    if (client->state == WAIT_KEY || waiting) {
        return;
    }
    rng_fill(client->rng, client->ping_data, DERP_PING_LEN);
    client->ping_pending =
        derp_queue(&client->out, DERP_PING, bytes_of(client->ping_data, DERP_PING_LEN),
                   (struct bytes){0}) == NET_OK;
    client->ping_sent = now;
    if (client->ping_pending && client->answers_pings) {
        client->silence_at =
            mono_min(client->silence_at, mono_after(now, DERP_UNANSWERED_SECONDS * NS_PER_SEC));
    }
}

mono_ns derp_client_deadline(const struct derp_client *client)
{
    return client->silence_at;
}

enum net_err derp_client_tick(struct derp_client *client, mono_ns now)
{
    return now >= client->silence_at ? NET_ERR_TIMEOUT : NET_OK;
}
