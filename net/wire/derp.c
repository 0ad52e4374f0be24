#include "net/wire/derp.h"

static const uint8_t magic[DERP_MAGIC_LEN] = {0x44, 0x45, 0x52, 0x50, 0xf0, 0x9f, 0x94, 0x91};

enum net_err derp_frame_decode(struct reader *in, uint32_t limit, struct derp_frame *out)
{
    struct reader at = *in;
    uint8_t type = reader_u8(&at);
    uint32_t len = reader_u32(&at);
    if (at.failed) {
        return NET_ERR_AGAIN;
    }
    if (len > limit) {
        return NET_ERR_TOO_BIG;
    }
    struct bytes payload = reader_take(&at, len);
    if (at.failed) {
        return NET_ERR_AGAIN;
    }
    *out = (struct derp_frame){.type = type, .payload = payload};
    *in = at;
    return NET_OK;
}

static void put_header(struct writer *out, enum derp_type type, size_t len)
{
    writer_u8(out, (uint8_t)type);
    writer_u32(out, (uint32_t)len);
}

void derp_frame_encode(struct writer *out, enum derp_type type, struct bytes payload)
{
    put_header(out, type, payload.len);
    writer_put(out, payload);
}

enum net_err derp_server_key_decode(struct bytes payload, struct node_public *out)
{
    struct bytes head = bytes_of(magic, sizeof magic);
    if (payload.len < DERP_MAGIC_LEN + KEY_LEN || payload.len > DERP_SERVER_KEY_MAX ||
        !bytes_start_with(payload, head)) {
        return NET_ERR_MALFORMED;
    }
    memcpy(out->b, payload.ptr + DERP_MAGIC_LEN, KEY_LEN);
    return NET_OK;
}

void derp_server_key_encode(struct writer *out, const struct node_public *key)
{
    put_header(out, DERP_SERVER_KEY, DERP_MAGIC_LEN + KEY_LEN);
    writer_put(out, bytes_of(magic, sizeof magic));
    writer_put(out, bytes_of(key->b, KEY_LEN));
}

enum net_err derp_packet_decode(struct bytes payload, struct node_public *peer,
                                struct bytes *packet)
{
    struct reader in = reader_of(payload);
    struct bytes key = reader_take(&in, KEY_LEN);
    if (in.failed) {
        return NET_ERR_TRUNCATED;
    }
    if (reader_left(&in) > DERP_PACKET_MAX) {
        return NET_ERR_TOO_BIG;
    }
    memcpy(peer->b, key.ptr, KEY_LEN);
    *packet = reader_take(&in, reader_left(&in));
    return NET_OK;
}

void derp_packet_encode(struct writer *out, enum derp_type type, const struct node_public *peer,
                        struct bytes packet)
{
    put_header(out, type, KEY_LEN + packet.len);
    writer_put(out, bytes_of(peer->b, KEY_LEN));
    writer_put(out, packet);
}

enum net_err derp_peer_gone_decode(struct bytes payload, struct node_public *peer, uint8_t *reason)
{
    struct reader in = reader_of(payload);
    struct bytes key = reader_take(&in, KEY_LEN);
    if (in.failed) {
        return NET_ERR_TRUNCATED;
    }
    memcpy(peer->b, key.ptr, KEY_LEN);
    *reason = reader_left(&in) > 0 ? reader_u8(&in) : DERP_GONE_DISCONNECTED;
    return NET_OK;
}

void derp_peer_gone_encode(struct writer *out, const struct node_public *peer,
                           enum derp_gone_reason reason)
{
    put_header(out, DERP_PEER_GONE, KEY_LEN + 1);
    writer_put(out, bytes_of(peer->b, KEY_LEN));
    writer_u8(out, (uint8_t)reason);
}

enum net_err derp_restarting_decode(struct bytes payload, uint32_t *reconnect_ms, uint32_t *try_ms)
{
    struct reader in = reader_of(payload);
    uint32_t reconnect = reader_u32(&in);
    uint32_t keep_trying = reader_u32(&in);
    if (in.failed) {
        return NET_ERR_TRUNCATED;
    }
    *reconnect_ms = reconnect;
    *try_ms = keep_trying;
    return NET_OK;
}
