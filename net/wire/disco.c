#include "net/wire/disco.h"

#include <string.h>

static const uint8_t magic[DISCO_MAGIC_LEN] = {0x54, 0x53, 0xf0, 0x9f, 0x92, 0xac};

enum {
    RELAY_LEAST = DISCO_HEADER_LEN + BOX_NONCE_LEN, /* derp_server.go's test */
    PAYLOAD_HEAD = 2,
    PONG_LEN = DISCO_TX_LEN + 16 + 2,
    ENDPOINT_LEN = 18,
    PADDED_VERSION = 1,
};

bool disco_looks_like(struct bytes packet)
{
    return packet.len >= DISCO_HEADER_LEN &&
           bytes_start_with(packet, bytes_of(magic, sizeof magic));
}

bool disco_looks_like_for_relay(struct bytes packet)
{
    return packet.len >= RELAY_LEAST && disco_looks_like(packet);
}

struct disco_public disco_sender(struct bytes packet)
{
    struct disco_public out = {{0}};
    if (disco_looks_like(packet)) {
        memcpy(out.b, packet.ptr + DISCO_MAGIC_LEN, KEY_LEN);
    }
    return out;
}

static enum net_err decode_ping(struct reader *in, struct disco_message *out)
{
    reader_copy(in, out->tx.b, DISCO_TX_LEN);
    if (!in->failed && reader_left(in) >= KEY_LEN) {
        reader_copy(in, out->node.b, KEY_LEN);
    }
    return in->failed ? NET_ERR_MALFORMED : NET_OK;
}

static enum net_err decode_pong(struct reader *in, struct disco_message *out)
{
    reader_copy(in, out->tx.b, DISCO_TX_LEN);
    address_mapped_decode(in, &out->source);
    return in->failed ? NET_ERR_MALFORMED : NET_OK;
}

/* Another version or an odd length is a valid message with an empty list, as the genuine parser has
 * it. */
static enum net_err decode_call_me_maybe(struct reader *in, struct disco_message *out)
{
    if (out->version != 0 || reader_left(in) % ENDPOINT_LEN != 0) {
        return NET_OK;
    }
    while (reader_left(in) > 0) {
        struct net_address endpoint;
        address_mapped_decode(in, &endpoint);
        if (out->endpoint_count < DISCO_ENDPOINTS_MAX) {
            out->endpoints[out->endpoint_count++] = endpoint;
        } else {
            out->endpoints_dropped++;
        }
    }
    return NET_OK;
}

enum net_err disco_payload_decode(struct bytes payload, struct disco_message *out)
{
    struct reader in = reader_of(payload);
    struct disco_message message = {0};
    uint8_t type = reader_u8(&in);
    message.version = reader_u8(&in);
    if (in.failed) {
        return NET_ERR_MALFORMED;
    }
    enum net_err err = NET_ERR_UNSUPPORTED;
    message.type = (enum disco_type)type;
    if (type == DISCO_PING) {
        err = decode_ping(&in, &message);
    } else if (type == DISCO_PONG) {
        err = decode_pong(&in, &message);
    } else if (type == DISCO_CALL_ME_MAYBE) {
        err = decode_call_me_maybe(&in, &message);
    }
    if (err == NET_OK) {
        *out = message;
    }
    return err;
}

enum net_err disco_open(const struct box_key *key, struct bytes packet, struct disco_message *out)
{
    uint8_t plain[DISCO_PACKET_MAX];
    struct writer opened = writer_of(plain, sizeof plain);
    if (!disco_looks_like(packet)) {
        return NET_ERR_MALFORMED;
    }
    if (packet.len > DISCO_PACKET_MAX) {
        return NET_ERR_TOO_BIG;
    }
    struct bytes sealed = bytes_of(packet.ptr + DISCO_HEADER_LEN, packet.len - DISCO_HEADER_LEN);
    enum net_err err = box_open(key, sealed, &opened);
    if (err == NET_ERR_TRUNCATED) {
        return NET_ERR_AUTH; /* too short to hold a box: it cannot open */
    }
    return err != NET_OK ? err : disco_payload_decode(writer_done(&opened), out);
}

void disco_payload_encode(const struct disco_message *message, bool padded, struct writer *out)
{
    bool ping_like = message->type != DISCO_CALL_ME_MAYBE;
    writer_u8(out, (uint8_t)message->type);
    writer_u8(out, padded && ping_like ? PADDED_VERSION : 0);
    size_t body = writer_len(out);
    if (ping_like) {
        writer_put(out, bytes_of(message->tx.b, DISCO_TX_LEN));
    }
    if (message->type == DISCO_PING && (padded || !node_public_is_zero(&message->node))) {
        writer_put(out, bytes_of(message->node.b, KEY_LEN));
    } else if (message->type == DISCO_PONG) {
        address_mapped_encode(out, &message->source);
    }
    for (size_t i = 0; !ping_like && i < message->endpoint_count; i++) {
        address_mapped_encode(out, &message->endpoints[i]);
    }
    if (padded && ping_like && !out->failed) {
        writer_zeros(out, DISCO_PADDED_BODY - (writer_len(out) - body));
    }
}

void disco_seal(const struct box_key *key, const struct disco_public *mine, struct rng *rng,
                const struct disco_message *message, struct writer *out)
{
    uint8_t plain[DISCO_PACKET_MAX];
    struct writer payload = writer_of(plain, sizeof plain);
    disco_payload_encode(message, true, &payload);
    writer_put(out, bytes_of(magic, sizeof magic));
    writer_put(out, bytes_of(mine->b, KEY_LEN));
    out->failed |= payload.failed;
    box_seal(key, rng, writer_done(&payload), out);
}
