/*
 * What goes out: packets under the current key, handshakes, keepalives, cookies.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/crypto/aead.h"
#include "net/tunnel/wg_internal.h"

enum { PADDING = 16 };

void wg_renew_sending(struct wg_peer *peer, mono_ns now)
{
    const struct wg_keypair *pair = &peer->current;
    bool old = pair->initiator && mono_since(now, pair->created) > WG_REKEY_AFTER_S * NS_PER_SEC;
    if (pair->used && (old || pair->counter > WG_REKEY_AFTER_MESSAGES)) {
        wg_initiate(peer, now, false);
    }
}

void wg_renew_receiving(struct wg_peer *peer, mono_ns now)
{
    struct wg_keypair *pair = &peer->current;
    uint64_t age_limit =
        (WG_REJECT_AFTER_S - WG_KEEPALIVE_TIMEOUT_S - WG_REKEY_TIMEOUT_S) * NS_PER_SEC;
    if (pair->used && pair->initiator && !pair->renewed &&
        mono_since(now, pair->created) > age_limit) {
        pair->renewed = true;
        wg_initiate(peer, now, false);
    }
}

static size_t padded_len(const struct wg_device *device, size_t len)
{
    size_t padded = (len + PADDING - 1) / PADDING * PADDING;
    return padded > device->mtu && len <= device->mtu ? device->mtu : padded;
}

size_t wg_datagram_len(const struct wg_device *device, size_t len)
{
    return WG_DATA_HEADER_LEN + padded_len(device, len) + AEAD_TAG_LEN;
}

/* Under the current key, which is usable; there is room. An empty packet is a keepalive. */
static void seal(struct wg_peer *peer, mono_ns now, struct bytes packet, struct writer *out)
{
    struct wg_keypair *pair = &peer->current;
    size_t padded = padded_len(peer->device, packet.len);
    wireguard_write_data_header(out, pair->remote_index, pair->counter);
    uint8_t *place = writer_reserve(out, padded + AEAD_TAG_LEN);
    assert(place != NULL);
    struct bytes plain = packet;
    if (padded > packet.len) { /* a full packet needs no padding, and is not copied */
        memmove(place, packet.ptr, packet.len);
        memset(place + packet.len, 0, padded - packet.len);
        plain = bytes_of(place, padded);
    }
    aead_key_seal(place, &pair->send, pair->counter, plain);
    pair->counter++;
    wg_on_traffic(peer, now);
    wg_on_sent(peer);
    if (packet.len > 0) {
        peer->status.packets_out++;
        peer->status.bytes_out += packet.len;
        wg_on_data_sent(peer, now);
    }
    wg_renew_sending(peer, now);
}

static void stage(struct wg_peer *peer, struct bytes packet)
{
    if (peer->staged_count == WG_STAGED_MAX) {
        free(peer->staged[peer->staged_first].packet); /* the oldest is of least use */
        peer->staged_first = (peer->staged_first + 1) % WG_STAGED_MAX;
        peer->staged_count--;
        peer->status.dropped_staged++;
    }
    struct wg_staged *place =
        &peer->staged[(peer->staged_first + peer->staged_count++) % WG_STAGED_MAX];
    place->packet = mem_new(packet.len);
    place->len = packet.len;
    memcpy(place->packet, packet.ptr, packet.len);
}

enum net_err wg_peer_send(struct wg_peer *peer, mono_ns now, struct bytes packet,
                          struct writer *out)
{
    if (packet.len == 0 || packet.len > WG_PACKET_MAX) {
        return NET_ERR_TOO_BIG;
    }
    if (!wg_keypair_usable(&peer->current, now) || peer->staged_count > 0) {
        stage(peer, packet);
        if (wg_keypair_usable(&peer->current, now)) {
            peer->want_keepalive = true; /* in its turn, with the next output */
        } else {
            wg_initiate(peer, now, false);
        }
        return NET_ERR_AGAIN;
    }
    if (writer_room(out) < wg_datagram_len(peer->device, packet.len)) {
        return NET_ERR_FULL;
    }
    seal(peer, now, packet, out);
    return NET_OK;
}

/* The peer takes only what is stamped later than all before: a wall clock that is set back must not
 * shut us out until it has caught up. */
static void stamp(struct wg_peer *peer, struct wall_time wall, uint8_t out[WG_TIMESTAMP_LEN])
{
    struct wall_time *last = &peer->last_stamp;
    wall.nanos -= wall.nanos % NOISE_STAMP_STEP_NS;
    bool later =
        wall.seconds != last->seconds ? wall.seconds > last->seconds : wall.nanos > last->nanos;
    if (!later) {
        wall = *last;
        wall.nanos += NOISE_STAMP_STEP_NS;
        if (wall.nanos >= (int32_t)NS_PER_SEC) {
            wall = (struct wall_time){.seconds = wall.seconds + 1};
        }
    }
    *last = wall;
    noise_timestamp(wall, out);
}

static void write_initiation(struct wg_peer *peer, mono_ns now, struct wall_time wall,
                             struct writer *out)
{
    struct wg_device *device = peer->device;
    struct wg_initiation message;
    uint8_t ephemeral[NOISE_LEN];
    uint8_t ephemeral_public[NOISE_LEN];
    uint8_t timestamp[WG_TIMESTAMP_LEN];
    stamp(peer, wall, timestamp);
    x25519_new(device->rng, ephemeral, ephemeral_public);
    peer->handshake.local_index = wg_new_index(device);
    noise_initiate(&peer->handshake, device->self, &peer->noise, ephemeral, timestamp, &message);
    mem_wipe(ephemeral, sizeof ephemeral);
    /* In a writer of its own: the MACs are of the message, whatever stands before it. */
    struct writer whole = writer_of(writer_reserve(out, WG_INITIATION_LEN), WG_INITIATION_LEN);
    wireguard_write_initiation(&whole, &message);
    cookie_seal(&peer->jar, now, &whole);
    wg_on_traffic(peer, now);
    wg_on_sent(peer);
    wg_on_handshake_sent(peer, now);
}

static void write_staged(struct wg_peer *peer, mono_ns now, struct writer *out)
{
    struct wg_staged *first = &peer->staged[peer->staged_first];
    peer->staged_first = (peer->staged_first + 1) % WG_STAGED_MAX;
    peer->staged_count--;
    seal(peer, now, bytes_of(first->packet, first->len), out);
    free(first->packet);
    peer->want_keepalive = false; /* it says as much */
}

/* A keepalive without a session makes one. */
static bool take_keepalive(struct wg_peer *peer, mono_ns now)
{
    bool wanted = peer->want_keepalive;
    peer->want_keepalive = false;
    if (wanted && !wg_keypair_usable(&peer->current, now)) {
        wg_initiate(peer, now, false);
        return false;
    }
    return wanted;
}

static bool peer_output(struct wg_peer *peer, mono_ns now, struct wall_time wall,
                        struct writer *out)
{
    wg_peer_tick(peer, now);
    if (peer->has_response) {
        peer->has_response = false;
        writer_put(out, bytes_of(peer->response, WG_RESPONSE_LEN));
        return true;
    }
    if (peer->staged_count > 0 && wg_keypair_usable(&peer->current, now)) {
        write_staged(peer, now, out);
        return true;
    }
    if (take_keepalive(peer, now)) {
        bool again = peer->another_keepalive;
        seal(peer, now, (struct bytes){0}, out);
        if (again) {
            peer->passive = mono_after(now, WG_KEEPALIVE_TIMEOUT_S * NS_PER_SEC);
        }
        return true;
    }
    if (peer->want_initiation) {
        peer->want_initiation = false;
        write_initiation(peer, now, wall, out);
        return true;
    }
    return false;
}

enum net_err wg_device_output(struct wg_device *device, mono_ns now, struct wall_time wall,
                              struct writer *out, struct node_public *to)
{
    if (writer_room(out) < WG_DATAGRAM_MAX) {
        return NET_ERR_FULL;
    }
    if (device->reply_count > 0) {
        const struct wg_cookie_reply *reply = &device->replies[--device->reply_count];
        wireguard_write_cookie(out, &reply->message);
        *to = reply->to;
        return NET_OK;
    }
    for (struct wg_peer *peer = device->peers; peer != NULL; peer = peer->next) {
        if (peer_output(peer, now, wall, out)) {
            *to = peer->key;
            return NET_OK;
        }
    }
    return NET_ERR_AGAIN;
}
