#include "tests/support/wg_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"

#include <cmocka.h>

const uint8_t wg_world_address[2][16] = {{0xfd, [15] = 1}, {0xfd, [15] = 2}};

static void join(struct wg_world *w, size_t one)
{
    size_t two = 1 - one;
    w->side[one].peer = wg_device_add_peer(w->side[one].device, &w->side[two].public_key,
                                           wg_world_address[two], 1, &w->side[one]);
    assert_non_null(w->side[one].peer);
}

struct wg_world *wg_world_new(uint64_t seed)
{
    struct wg_world *w = mem_new(sizeof *w);
    assert_int_equal(crypto_start(), NET_OK);
    rng_seeded_init(&w->rng, seed);
    w->now = 1000 * NS_PER_SEC;
    w->delay_ns = 10 * NS_PER_MS;
    for (size_t i = 0; i < 2; i++) {
        struct wg_world_side *s = &w->side[i];
        s->key = node_private_new(&w->rng.rng);
        s->public_key = node_private_public(s->key);
        s->device = wg_device_new(s->key, &w->rng.rng);
    }
    join(w, 0);
    join(w, 1);
    return w;
}

void wg_world_free(struct wg_world *w)
{
    for (size_t i = 0; i < 2; i++) {
        wg_device_free(w->side[i].device);
        node_private_free(w->side[i].key);
    }
    free(w);
}

void wg_world_restart(struct wg_world *w, size_t side)
{
    struct wg_world_side *s = &w->side[side];
    wg_device_free(s->device);
    s->device = wg_device_new(s->key, &w->rng.rng);
    join(w, side);
}

static bool chance(struct wg_world *w, unsigned percent)
{
    return rng_below(&w->rng.rng, 100) < percent;
}

static void put(struct wg_world *w, size_t from, struct bytes bytes)
{
    struct wg_world_datagram *seen = &w->seen[w->seen_next];
    w->seen_next = (w->seen_next + 1) % WG_WORLD_WIRE_MAX;
    w->seen_count += w->seen_count < WG_WORLD_WIRE_MAX ? 1 : 0;
    *seen = (struct wg_world_datagram){.to = 1 - from, .len = bytes.len};
    memcpy(seen->bytes, bytes.ptr, bytes.len);
    w->side[from].sent[bytes.ptr[0]]++;
    for (unsigned copy = 0; copy < (chance(w, w->twice_percent) ? 2U : 1U); copy++) {
        if (w->cut || chance(w, w->loss_percent) || w->count == WG_WORLD_WIRE_MAX) {
            continue;
        }
        struct wg_world_datagram *d = &w->wire[w->count++];
        d->at = w->now + w->delay_ns + rng_below(&w->rng.rng, w->spread_ns + 1);
        d->to = 1 - from;
        d->len = bytes.len;
        memcpy(d->bytes, bytes.ptr, bytes.len);
    }
}

struct wall_time wg_world_wall(const struct wg_world *w)
{
    return (struct wall_time){.seconds =
                                  (int64_t)(w->now / NS_PER_SEC) + 1700000000 - w->wall_behind_s,
                              .nanos = (int32_t)(w->now % NS_PER_SEC)};
}

static unsigned number_of(const uint8_t packet[WG_WORLD_HEADER])
{
    return (unsigned)packet[2] << 8 | packet[3];
}

static void set_number(uint8_t packet[WG_WORLD_HEADER], unsigned number)
{
    packet[2] = (uint8_t)(number >> 8);
    packet[3] = (uint8_t)number;
}

/* Each is as it was said, and comes once. */
static void check_arrived(struct wg_world *w, size_t to, struct bytes packet)
{
    uint8_t want[WG_PACKET_MAX];
    assert_true(packet.len >= WG_WORLD_HEADER && packet.len <= WG_PACKET_MAX);
    unsigned number = number_of(packet.ptr);
    size_t len = wg_world_packet(1 - to, packet.len - WG_WORLD_HEADER, want);
    set_number(want, number);
    assert_int_equal(packet.len, len);
    assert_memory_equal(packet.ptr, want, len);
    uint8_t bit = (uint8_t)(1U << number % 8);
    w->doubled += number > 0 && (w->arrived[number / 8] & bit) != 0 ? 1U : 0U;
    w->arrived[number / 8] |= bit;
}

enum net_err wg_world_deliver(struct wg_world *w, size_t to, struct bytes bytes)
{
    struct wg_world_side *s = &w->side[to];
    struct wg_input input;
    enum net_err err =
        wg_device_input(s->device, w->now, &w->side[1 - to].public_key, bytes, &input);
    if (input.packet.len > 0) {
        check_arrived(w, to, input.packet);
        s->got++;
        s->last_len = input.packet.len;
        memcpy(s->last, input.packet.ptr, input.packet.len);
    }
    return err;
}

void wg_world_pump(struct wg_world *w)
{
    for (size_t i = 0; i < 2; i++) {
        struct wg_world_side *s = &w->side[i];
        struct wg_event event;
        for (;;) {
            uint8_t memory[WG_DATAGRAM_MAX];
            struct writer out = writer_of(memory, sizeof memory);
            struct node_public to;
            if (wg_device_output(s->device, w->now, wg_world_wall(w), &out, &to) != NET_OK) {
                break;
            }
            assert_true(node_public_equal(&to, &w->side[1 - i].public_key));
            put(w, i, writer_done(&out));
        }
        while (wg_device_event(s->device, &event)) {
            s->done += event.kind == WG_HANDSHAKE_DONE ? 1U : 0U;
            s->gave_up += event.kind == WG_HANDSHAKE_GAVE_UP ? 1U : 0U;
        }
    }
}

static mono_ns next_event(const struct wg_world *w)
{
    mono_ns next =
        mono_min(wg_device_deadline(w->side[0].device), wg_device_deadline(w->side[1].device));
    for (size_t i = 0; i < w->count; i++) {
        next = mono_min(next, w->wire[i].at);
    }
    return next;
}

void wg_world_run(struct wg_world *w, uint64_t ns)
{
    mono_ns end = w->now + ns;
    unsigned still = 0;
    for (;;) {
        wg_world_pump(w);
        mono_ns next = next_event(w);
        if (next > end) {
            break;
        }
        still = next <= w->now ? still + 1 : 0;
        assert_true(still < 1000);
        w->now = next > w->now ? next : w->now;
        for (size_t i = 0; i < w->count;) {
            if (w->wire[i].at > w->now) {
                i++;
                continue;
            }
            struct wg_world_datagram d = w->wire[i];
            w->count--;
            memmove(&w->wire[i], &w->wire[i + 1], (w->count - i) * sizeof *w->wire);
            (void)wg_world_deliver(w, d.to, bytes_of(d.bytes, d.len));
        }
    }
    w->now = end;
    wg_world_pump(w);
}

size_t wg_world_packet(size_t from, size_t payload, uint8_t out[WG_PACKET_MAX])
{
    memset(out, 0, WG_WORLD_HEADER + payload);
    out[0] = 0x60;
    out[4] = (uint8_t)(payload >> 8);
    out[5] = (uint8_t)payload;
    memcpy(out + 8, wg_world_address[from], 16);
    memcpy(out + 24, wg_world_address[1 - from], 16);
    for (size_t i = 0; i < payload; i++) {
        out[WG_WORLD_HEADER + i] = (uint8_t)i;
    }
    return WG_WORLD_HEADER + payload;
}

enum net_err wg_world_say(struct wg_world *w, size_t from, size_t payload)
{
    uint8_t packet[WG_PACKET_MAX];
    uint8_t memory[WG_DATAGRAM_MAX];
    struct writer out = writer_of(memory, sizeof memory);
    size_t len = wg_world_packet(from, payload, packet);
    assert_true(++w->said < WG_WORLD_NUMBERS);
    set_number(packet, w->said);
    enum net_err err = wg_peer_send(w->side[from].peer, w->now, bytes_of(packet, len), &out);
    if (err == NET_OK) {
        put(w, from, writer_done(&out));
    }
    return err;
}

struct wg_status wg_world_status(const struct wg_world *w, size_t side)
{
    struct wg_status status;
    wg_peer_status(w->side[side].peer, w->now, &status);
    return status;
}
