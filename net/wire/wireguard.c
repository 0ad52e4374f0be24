#include "net/wire/wireguard.h"

static uint64_t read_le(struct reader *in, size_t width)
{
    struct bytes raw = reader_take(in, width);
    uint64_t value = 0;
    for (size_t i = raw.len; i-- > 0;) {
        value = value << 8 | raw.ptr[i];
    }
    return value;
}

static void write_le(struct writer *out, uint64_t value, size_t width)
{
    uint8_t *raw = writer_reserve(out, width);
    for (size_t i = 0; raw != NULL && i < width; i++) {
        raw[i] = (uint8_t)(value >> (8 * i));
    }
}

int wireguard_type(struct bytes packet)
{
    struct reader in = reader_of(packet);
    uint64_t type = read_le(&in, 4);
    bool good = !in.failed && ((type == WG_INITIATION && packet.len == WG_INITIATION_LEN) ||
                               (type == WG_RESPONSE && packet.len == WG_RESPONSE_LEN) ||
                               (type == WG_COOKIE && packet.len == WG_COOKIE_LEN) ||
                               (type == WG_DATA && packet.len >= WG_DATA_MIN_LEN));
    return good ? (int)type : 0;
}

void wireguard_read_initiation(struct bytes packet, struct wg_initiation *out)
{
    struct reader in = reader_of(packet);
    (void)read_le(&in, 4);
    out->sender = (uint32_t)read_le(&in, 4);
    reader_copy(&in, out->ephemeral, sizeof out->ephemeral);
    reader_copy(&in, out->static_key, sizeof out->static_key);
    reader_copy(&in, out->timestamp, sizeof out->timestamp);
}

void wireguard_read_response(struct bytes packet, struct wg_response *out)
{
    struct reader in = reader_of(packet);
    (void)read_le(&in, 4);
    out->sender = (uint32_t)read_le(&in, 4);
    out->receiver = (uint32_t)read_le(&in, 4);
    reader_copy(&in, out->ephemeral, sizeof out->ephemeral);
    reader_copy(&in, out->empty, sizeof out->empty);
}

void wireguard_read_cookie(struct bytes packet, struct wg_cookie *out)
{
    struct reader in = reader_of(packet);
    (void)read_le(&in, 4);
    out->receiver = (uint32_t)read_le(&in, 4);
    reader_copy(&in, out->nonce, sizeof out->nonce);
    reader_copy(&in, out->sealed, sizeof out->sealed);
}

void wireguard_read_data(struct bytes packet, struct wg_data *out)
{
    struct reader in = reader_of(packet);
    (void)read_le(&in, 4);
    out->receiver = (uint32_t)read_le(&in, 4);
    out->counter = read_le(&in, 8);
    out->sealed = reader_take(&in, reader_left(&in));
}

void wireguard_write_initiation(struct writer *out, const struct wg_initiation *in)
{
    write_le(out, WG_INITIATION, 4);
    write_le(out, in->sender, 4);
    writer_put(out, bytes_of(in->ephemeral, sizeof in->ephemeral));
    writer_put(out, bytes_of(in->static_key, sizeof in->static_key));
    writer_put(out, bytes_of(in->timestamp, sizeof in->timestamp));
}

void wireguard_write_response(struct writer *out, const struct wg_response *in)
{
    write_le(out, WG_RESPONSE, 4);
    write_le(out, in->sender, 4);
    write_le(out, in->receiver, 4);
    writer_put(out, bytes_of(in->ephemeral, sizeof in->ephemeral));
    writer_put(out, bytes_of(in->empty, sizeof in->empty));
}

void wireguard_write_cookie(struct writer *out, const struct wg_cookie *in)
{
    write_le(out, WG_COOKIE, 4);
    write_le(out, in->receiver, 4);
    writer_put(out, bytes_of(in->nonce, sizeof in->nonce));
    writer_put(out, bytes_of(in->sealed, sizeof in->sealed));
}

void wireguard_write_data_header(struct writer *out, uint32_t receiver, uint64_t counter)
{
    write_le(out, WG_DATA, 4);
    write_le(out, receiver, 4);
    write_le(out, counter, 8);
}
