#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/crypto/secret.h"
#include "net/tunnel/wg_internal.h"

struct wg_device *wg_device_new(const struct node_private *key, struct rng *rng)
{
    struct wg_device *device = mem_new(sizeof *device);
    struct node_public public_key = node_private_public(key);
    device->rng = rng;
    device->mtu = WG_PACKET_MAX;
    device->self = secret_new(sizeof *device->self);
    device->checker = secret_new(sizeof *device->checker);
    memcpy(device->self->private_key, node_private_raw(key), NOISE_LEN);
    memcpy(device->self->public_key, public_key.b, NOISE_LEN);
    cookie_checker_init(device->checker, public_key.b);
    return device;
}

void wg_device_set_mtu(struct wg_device *device, size_t mtu)
{
    device->mtu = mtu;
}

void wg_device_free(struct wg_device *device)
{
    if (device == NULL) {
        return;
    }
    while (device->peers != NULL) {
        wg_device_remove_peer(device, device->peers);
    }
    secret_free(device->self);
    secret_free(device->checker);
    mem_free_wiped(device, sizeof *device);
}

struct wg_peer *wg_device_find_peer(struct wg_device *device, const struct node_public *key)
{
    for (struct wg_peer *peer = device->peers; peer != NULL; peer = peer->next) {
        if (node_public_equal(&peer->key, key)) {
            return peer;
        }
    }
    return NULL;
}

/* Puts the peer first: wg_device_route finds it before any other that has its addresses too. */
static void link_first(struct wg_peer *peer)
{
    peer->next = peer->device->peers;
    peer->device->peers = peer;
}

static void unlink_peer(const struct wg_peer *peer)
{
    struct wg_peer **link = &peer->device->peers;
    while (*link != peer) {
        link = &(*link)->next;
    }
    *link = peer->next;
}

static void take_addresses(struct wg_peer *peer, const uint8_t *addresses, size_t count)
{
    peer->address_count = count < WG_PEER_ADDRESSES_MAX ? count : (size_t)WG_PEER_ADDRESSES_MAX;
    for (size_t i = 0; i < peer->address_count; i++) {
        memcpy(peer->addresses[i], addresses + 16 * i, 16);
    }
}

void wg_peer_set_addresses(struct wg_peer *peer, const uint8_t *addresses, size_t count)
{
    take_addresses(peer, addresses, count);
    unlink_peer(peer);
    link_first(peer);
}

struct wg_peer *wg_device_add_peer(struct wg_device *device, const struct node_public *key,
                                   const uint8_t *addresses, size_t count, void *user)
{
    if (wg_device_find_peer(device, key) != NULL) {
        return NULL;
    }
    struct wg_peer *peer = secret_new(sizeof *peer);
    if (!noise_peer_init(&peer->noise, device->self, key->b)) {
        secret_free(peer);
        return NULL;
    }
    cookie_jar_init(&peer->jar, key->b);
    peer->device = device;
    peer->user = user;
    peer->key = *key;
    take_addresses(peer, addresses, count);
    peer->retransmit = MONO_NEVER;
    peer->passive = MONO_NEVER;
    peer->silent = MONO_NEVER;
    peer->persistent = MONO_NEVER;
    peer->forget = MONO_NEVER;
    link_first(peer);
    return peer;
}

static void drop_events_of(struct wg_device *device, const struct wg_peer *peer)
{
    struct wg_event event;
    size_t count = device->event_count;
    for (size_t i = 0; i < count; i++) {
        (void)wg_device_event(device, &event);
        if (event.peer != peer) {
            wg_push_event(event.peer, event.kind);
        }
    }
}

void wg_device_remove_peer(struct wg_device *device, struct wg_peer *peer)
{
    unlink_peer(peer);
    drop_events_of(device, peer);
    wg_session_forget(peer);
    secret_free(peer);
}

void *wg_peer_user(const struct wg_peer *peer)
{
    return peer->user;
}

struct wg_peer *wg_device_route(struct wg_device *device, const uint8_t address[16])
{
    for (struct wg_peer *peer = device->peers; peer != NULL; peer = peer->next) {
        for (size_t i = 0; i < peer->address_count; i++) {
            if (memcmp(peer->addresses[i], address, 16) == 0) {
                return peer;
            }
        }
    }
    return NULL;
}

void wg_peer_set_psk(struct wg_peer *peer, const uint8_t psk[32])
{
    memcpy(peer->noise.psk, psk, NOISE_LEN);
}

void wg_peer_set_keepalive(struct wg_peer *peer, mono_ns now, uint64_t ns)
{
    bool starts = peer->persistent_ns == 0 && ns > 0;
    peer->persistent_ns = ns;
    peer->persistent = ns == 0 ? MONO_NEVER : starts ? now : mono_after(now, ns);
}

void wg_drop_staged(struct wg_peer *peer)
{
    for (size_t i = 0; i < peer->staged_count; i++) {
        free(peer->staged[(peer->staged_first + i) % WG_STAGED_MAX].packet);
    }
    peer->status.dropped_staged += peer->staged_count;
    peer->staged_count = 0;
}

static bool index_is_used(const struct wg_peer *peer, uint32_t index)
{
    return (peer->handshake.state == NOISE_INITIATED && peer->handshake.local_index == index) ||
           (peer->previous.used && peer->previous.local_index == index) ||
           (peer->current.used && peer->current.local_index == index) ||
           (peer->next_pair.used && peer->next_pair.local_index == index);
}

uint32_t wg_new_index(struct wg_device *device)
{
    for (;;) {
        uint32_t index = (uint32_t)rng_u64(device->rng);
        bool used = index == WG_INDEX_FORBIDDEN;
        for (struct wg_peer *peer = device->peers; peer != NULL && !used; peer = peer->next) {
            used = index_is_used(peer, index);
        }
        if (!used) {
            return index;
        }
    }
}

void wg_push_event(struct wg_peer *peer, enum wg_event_kind kind)
{
    struct wg_device *device = peer->device;
    if (device->event_count == WG_EVENTS) {
        device->event_first = (device->event_first + 1) % WG_EVENTS;
        device->event_count--;
    }
    device->events[(device->event_first + device->event_count++) % WG_EVENTS] =
        (struct wg_event){.kind = kind, .peer = peer};
}

bool wg_device_event(struct wg_device *device, struct wg_event *out)
{
    if (device->event_count == 0) {
        return false;
    }
    *out = device->events[device->event_first];
    device->event_first = (device->event_first + 1) % WG_EVENTS;
    device->event_count--;
    return true;
}

void wg_peer_status(const struct wg_peer *peer, mono_ns now, struct wg_status *out)
{
    *out = peer->status;
    out->has_session = wg_keypair_usable(&peer->current, now);
    out->initiator = peer->current.initiator;
    out->session_at = peer->current.created;
    out->under_way = peer->retransmit != MONO_NEVER || peer->want_initiation;
}

struct wg_refusals wg_device_refusals(const struct wg_device *device)
{
    return device->refusals;
}

mono_ns wg_device_deadline(const struct wg_device *device)
{
    mono_ns next = device->reply_count > 0 ? 0 : MONO_NEVER;
    for (const struct wg_peer *peer = device->peers; peer != NULL; peer = peer->next) {
        next = mono_min(next, wg_peer_deadline(peer));
    }
    return next;
}
