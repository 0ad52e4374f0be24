/*
 * What comes in: handshakes, cookies, packets. Everything is hostile until it is authenticated.
 */
#include <string.h>

#include "net/base/mem.h"
#include "net/crypto/aead.h"
#include "net/tunnel/wg_internal.h"

enum { INITIATION_MS = 20, IPV6_HEADER_LEN = 40 };

/* --- load --------------------------------------------------------------------------------------
 */

static bool is_loaded(struct wg_device *device, mono_ns now)
{
    if (mono_since(now, device->load_from) >= NS_PER_SEC) {
        device->load_from = now;
        device->load = 0;
    }
    if (++device->load > WG_LOADED_AFTER) {
        device->loaded_until = mono_after(now, NS_PER_SEC);
    }
    return now < device->loaded_until;
}

/* NET_OK: the sender may cause the work that a handshake takes. */
static enum net_err admit(struct wg_device *device, mono_ns now, const struct node_public *from,
                          struct bytes packet)
{
    struct bytes source = bytes_of(from->b, sizeof from->b);
    if (!cookie_check_mac1(device->checker, packet)) {
        device->refusals.forged++;
        return NET_ERR_AUTH;
    }
    if (!is_loaded(device, now) || cookie_check_mac2(device->checker, now, source, packet)) {
        return NET_OK;
    }
    device->refusals.flooded++;
    if (device->reply_count < WG_COOKIE_REPLIES) {
        struct wg_cookie_reply *reply = &device->replies[device->reply_count++];
        reply->to = *from;
        cookie_make(device->checker, now, device->rng, source, packet, &reply->message);
        device->refusals.cookies++;
    }
    return NET_ERR_FULL;
}

/* --- handshakes --------------------------------------------------------------------------------
 */

static bool may_initiate(const struct wg_peer *peer, mono_ns now,
                         const uint8_t timestamp[WG_TIMESTAMP_LEN])
{
    bool newer = memcmp(timestamp, peer->greatest_timestamp, WG_TIMESTAMP_LEN) > 0;
    bool flood = peer->last_initiation_in != 0 &&
                 mono_since(now, peer->last_initiation_in) <= INITIATION_MS * NS_PER_MS;
    return newer && !flood;
}

/* The answer is made at once and waits for the next output. */
static bool respond(struct wg_peer *peer, mono_ns now, struct noise_handshake *hs)
{
    struct wg_device *device = peer->device;
    struct wg_response message;
    uint8_t ephemeral[NOISE_LEN];
    uint8_t ephemeral_public[NOISE_LEN];
    x25519_new(device->rng, ephemeral, ephemeral_public);
    hs->local_index = wg_new_index(device);
    bool good = noise_respond(hs, &peer->noise, ephemeral, &message);
    mem_wipe(ephemeral, sizeof ephemeral);
    if (!good) {
        return false;
    }
    struct writer out = writer_of(peer->response, WG_RESPONSE_LEN);
    wireguard_write_response(&out, &message);
    cookie_seal(&peer->jar, now, &out);
    peer->has_response = true;
    peer->last_handshake_sent = now;
    wg_session_begin(peer, now, hs, false);
    wg_on_traffic(peer, now);
    wg_on_sent(peer);
    return true;
}

static enum net_err on_initiation(struct wg_device *device, mono_ns now,
                                  const struct node_public *from, struct bytes packet,
                                  struct wg_input *out)
{
    struct wg_initiation message;
    struct noise_initiation half;
    struct noise_handshake hs = {0};
    struct node_public key;
    uint8_t timestamp[WG_TIMESTAMP_LEN];
    enum net_err err = admit(device, now, from, packet);
    if (err != NET_OK) {
        return err;
    }
    wireguard_read_initiation(packet, &message);
    bool good = noise_read_initiation(device->self, &message, &half);
    memcpy(key.b, half.peer, sizeof key.b);
    struct wg_peer *peer = good ? wg_device_find_peer(device, &key) : NULL;
    if (peer == NULL || !noise_accept_initiation(&half, &peer->noise, &hs, timestamp)) {
        device->refusals.forged++;
        err = NET_ERR_AUTH;
    } else if (!may_initiate(peer, now, timestamp)) {
        device->refusals.replayed++;
        err = NET_ERR_STATE;
    } else {
        memcpy(peer->greatest_timestamp, timestamp, WG_TIMESTAMP_LEN);
        peer->last_initiation_in = now;
        wg_on_traffic(peer, now);
        wg_on_received(peer);
        out->peer = peer;
        err = respond(peer, now, &hs) ? NET_OK : NET_ERR_AUTH;
    }
    mem_wipe(&half, sizeof half);
    mem_wipe(&hs, sizeof hs);
    return err;
}

static struct wg_peer *find_handshake(struct wg_device *device, uint32_t index)
{
    for (struct wg_peer *peer = device->peers; peer != NULL; peer = peer->next) {
        if (peer->handshake.state == NOISE_INITIATED && peer->handshake.local_index == index) {
            return peer;
        }
    }
    return NULL;
}

static enum net_err on_response(struct wg_device *device, mono_ns now,
                                const struct node_public *from, struct bytes packet,
                                struct wg_input *out)
{
    struct wg_response message;
    enum net_err err = admit(device, now, from, packet);
    if (err != NET_OK) {
        return err;
    }
    wireguard_read_response(packet, &message);
    struct wg_peer *peer = find_handshake(device, message.receiver);
    if (peer == NULL ||
        !noise_read_response(&peer->handshake, device->self, &peer->noise, &message)) {
        device->refusals.forged++;
        return NET_ERR_AUTH;
    }
    out->peer = peer;
    wg_session_begin(peer, now, &peer->handshake, true);
    wg_on_traffic(peer, now);
    wg_on_received(peer);
    wg_on_handshake_done(peer, now);
    peer->want_initiation = false;
    peer->want_keepalive = true; /* confirms the key, unless a packet does */
    return NET_OK;
}

static bool holds(const struct wg_keypair *pair, uint32_t index)
{
    return pair->used && pair->local_index == index;
}

static enum net_err on_cookie(struct wg_device *device, mono_ns now, struct bytes packet,
                              struct wg_input *out)
{
    struct wg_cookie message;
    wireguard_read_cookie(packet, &message);
    struct wg_peer *peer = find_handshake(device, message.receiver);
    for (struct wg_peer *one = device->peers; one != NULL && peer == NULL; one = one->next) {
        bool its = holds(&one->previous, message.receiver) ||
                   holds(&one->current, message.receiver) ||
                   holds(&one->next_pair, message.receiver);
        peer = its ? one : NULL;
    }
    if (peer == NULL || !cookie_take(&peer->jar, now, &message)) {
        device->refusals.forged++;
        return NET_ERR_AUTH;
    }
    out->peer = peer; /* the next retransmission carries it */
    return NET_OK;
}

/* --- packets -----------------------------------------------------------------------------------
 */

static struct wg_keypair *find_pair(struct wg_device *device, uint32_t index, struct wg_peer **peer)
{
    for (struct wg_peer *one = device->peers; one != NULL; one = one->next) {
        struct wg_keypair *pairs[] = {&one->current, &one->next_pair, &one->previous};
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
            if (holds(pairs[i], index)) {
                *peer = one;
                return pairs[i];
            }
        }
    }
    return NULL;
}

/* The IPv6 packet within the padding. Empty: it is none. */
static struct bytes cut_padding(const uint8_t *plain, size_t len)
{
    if (len < IPV6_HEADER_LEN || plain[0] >> 4 != 6) {
        return (struct bytes){0};
    }
    size_t whole = IPV6_HEADER_LEN + ((size_t)plain[4] << 8 | plain[5]);
    return whole <= len ? bytes_of(plain, whole) : (struct bytes){0};
}

/* What follows of any authentic packet. */
static void note_packet(struct wg_peer *peer, struct wg_keypair *pair, mono_ns now)
{
    if (wg_session_confirm(peer, pair)) {
        wg_on_handshake_done(peer, now);
        peer->want_keepalive = peer->want_keepalive || peer->staged_count > 0;
    }
    wg_on_traffic(peer, now);
    wg_on_received(peer);
    wg_renew_receiving(peer, now);
}

static enum net_err take_plain(struct wg_device *device, struct wg_peer *peer, mono_ns now,
                               size_t len, struct wg_input *out)
{
    enum { SOURCE = 8 };
    out->peer = peer;
    if (len == 0) {
        return NET_OK; /* a keepalive */
    }
    wg_on_data_received(peer, now);
    struct bytes packet = cut_padding(device->plain, len);
    if (packet.len == 0) {
        device->refusals.malformed++;
        return NET_ERR_MALFORMED;
    }
    if (wg_device_route(device, packet.ptr + SOURCE) != peer) {
        device->refusals.foreign++;
        return NET_ERR_AUTH;
    }
    peer->status.packets_in++;
    peer->status.bytes_in += packet.len;
    out->packet = packet;
    return NET_OK;
}

/* What is missing among the counters never came, or has not yet. */
static void count_counter(struct wg_peer *peer, struct wg_keypair *pair)
{
    uint64_t sent = pair->replay.greatest + 1;
    peer->status.counted += sent - pair->counted;
    peer->status.arrived++;
    pair->counted = sent;
}

static enum net_err on_data(struct wg_device *device, mono_ns now, struct bytes datagram,
                            struct wg_input *out)
{
    struct wg_data message;
    struct wg_peer *peer = NULL;
    wireguard_read_data(datagram, &message);
    struct wg_keypair *pair = find_pair(device, message.receiver, &peer);
    if (message.sealed.len > sizeof device->plain) {
        device->refusals.malformed++;
        return NET_ERR_MALFORMED;
    }
    if (pair == NULL || mono_since(now, pair->created) >= WG_REJECT_AFTER_S * NS_PER_SEC) {
        device->refusals.expired++;
        return NET_ERR_AUTH;
    }
    if (!aead_key_open(device->plain, &pair->receive, message.counter, message.sealed)) {
        device->refusals.forged++;
        return NET_ERR_AUTH;
    }
    if (!replay_take(&pair->replay, message.counter, WG_REJECT_AFTER_MESSAGES)) {
        device->refusals.replayed++;
        return NET_ERR_STATE;
    }
    count_counter(peer, pair);
    note_packet(peer, pair, now);
    return take_plain(device, peer, now, message.sealed.len - AEAD_TAG_LEN, out);
}

enum net_err wg_device_input(struct wg_device *device, mono_ns now, const struct node_public *from,
                             struct bytes datagram, struct wg_input *out)
{
    *out = (struct wg_input){0};
    switch (wireguard_type(datagram)) {
    case WG_INITIATION:
        return on_initiation(device, now, from, datagram, out);
    case WG_RESPONSE:
        return on_response(device, now, from, datagram, out);
    case WG_COOKIE:
        return on_cookie(device, now, datagram, out);
    case WG_DATA:
        return on_data(device, now, datagram, out);
    default:
        device->refusals.malformed++;
        return NET_ERR_MALFORMED;
    }
}
