/*
 * Two WireGuard devices on a simulated wire and simulated time: what is lost, doubled, delayed and
 * cut is the test's to say, and all chance comes of one seed.
 */
#ifndef TESTS_SUPPORT_WG_WORLD_H
#define TESTS_SUPPORT_WG_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/tunnel/wg_device.h"

enum { WG_WORLD_WIRE_MAX = 256, WG_WORLD_HEADER = 40, WG_WORLD_NUMBERS = 1 << 16 };

struct wg_world_datagram {
    mono_ns at;
    size_t to;
    size_t len;
    uint8_t bytes[WG_DATAGRAM_MAX];
};

struct wg_world_side {
    struct node_private *key;
    struct node_public public_key;
    struct wg_device *device;
    struct wg_peer *peer; /* the other side */
    unsigned got;         /* packets */
    unsigned done, gave_up;
    unsigned sent[5];            /* datagrams put on the wire, by type */
    uint8_t last[WG_PACKET_MAX]; /* the newest packet */
    size_t last_len;
};

struct wg_world {
    struct rng_seeded rng;
    mono_ns now;
    int64_t wall_behind_s; /* how far the wall clock was set back */
    struct wg_world_side side[2];
    unsigned loss_percent, twice_percent;
    uint64_t delay_ns, spread_ns;
    bool cut;
    size_t count; /* on the wire; what does not fit is lost */
    struct wg_world_datagram wire[WG_WORLD_WIRE_MAX];
    size_t seen_count; /* the newest that were sent, lost or not: to be replayed */
    size_t seen_next;
    struct wg_world_datagram seen[WG_WORLD_WIRE_MAX];
    unsigned said;    /* packets, which are numbered in their flow label from 1 */
    unsigned doubled; /* arrived a second time: never right */
    uint8_t arrived[WG_WORLD_NUMBERS / 8];
};

/* The address in the tunnel of either side. */
extern const uint8_t wg_world_address[2][16];

/* Two fresh devices that know each other, at 1000 s, on a good wire of 10 ms. Never NULL. */
struct wg_world *wg_world_new(uint64_t seed);
void wg_world_free(struct wg_world *world);

/* A new device with the old key on that side. */
void wg_world_restart(struct wg_world *world, size_t side);

struct wall_time wg_world_wall(const struct wg_world *world);

/* An IPv6 packet of `payload` bytes from one side to the other; returns its length. */
size_t wg_world_packet(size_t from, size_t payload, uint8_t out[WG_PACKET_MAX]);

/* Gives such a packet, numbered, to the side's device. What arrives must be as it was said. */
enum net_err wg_world_say(struct wg_world *world, size_t from, size_t payload);

/* Hands a datagram to a side at once. */
enum net_err wg_world_deliver(struct wg_world *world, size_t to, struct bytes bytes);

/* Puts on the wire what is due of both sides, and takes their events. */
void wg_world_pump(struct wg_world *world);

/* Lets the time pass, event by event. A machine that asks to be called again and again without a
 * step forward ends the test. */
void wg_world_run(struct wg_world *world, uint64_t ns);

struct wg_status wg_world_status(const struct wg_world *world, size_t side);

#endif
