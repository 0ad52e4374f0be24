/*
 * Two path machines joined by a random network on simulated time. What must hold in every world:
 *
 *   - data goes straight only to an address that has answered
 *   - a path is not given up for its silence twice within its trust window
 *   - when no direct link works, both are back on the relay within 8 s
 *   - when one works again, and none loses packets, both are direct within 8 s
 *   - each beat ends once: answered or lost
 *   - no machine asks to be woken again and again for nothing, and none floods
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/path/peer_path.h"

#include <cmocka.h>

enum {
    WORLDS = 300,
    SECONDS = 150,
    LINKS = 3,
    WIRE_MAX = 4096,
    BEATS_MAX = 512,
    SETTLE_S = 8,
    PACKETS_A_SECOND = 80
};

struct packet {
    mono_ns at;
    size_t to;
    struct path_route from;
    size_t len;
    uint8_t bytes[DISCO_PACKET_MAX];
};

struct link {
    bool works, small; /* small: a full packet does not fit */
    bool renames;      /* a NAT: the port that is seen is another one */
    unsigned loss_percent;
    uint64_t latency_ns;
};

struct side {
    struct disco_private *disco;
    struct node_public node;
    struct peer_path *path;
    struct net_address address[LINKS];
    mono_ns fell_at; /* last change to the relay out of silence; 0 = never */
    uint64_t packets;
    uint8_t ended[BEATS_MAX]; /* how often each beat ended */
    uint64_t beats;
};

struct world {
    struct rng_seeded rng;
    mono_ns now, next_beat, next_change;
    mono_ns all_dead_since, good_since; /* 0: it is not so */
    struct side side[2];
    struct link link[LINKS];
    size_t count;
    struct packet *wire;
};

static uint64_t pick(struct world *w, uint64_t bound)
{
    return rng_below(&w->rng.rng, bound);
}

static void note_links(struct world *w)
{
    bool any = false;
    bool good = false;
    bool lossy = false;
    for (size_t i = 0; i < LINKS; i++) {
        const struct link *l = &w->link[i];
        any |= l->works && !l->small;
        good |= l->works && !l->small && !l->renames && l->loss_percent == 0;
        lossy |= l->works && !l->small && l->loss_percent > 0;
    }
    w->all_dead_since = any ? 0 : w->all_dead_since != 0 ? w->all_dead_since : w->now;
    /* A lossy link may be faster, and is then taken: while it is silent there is the relay. */
    w->good_since = !good || lossy ? 0 : w->good_since != 0 ? w->good_since : w->now;
}

static void change_links(struct world *w)
{
    for (size_t i = 0; i < LINKS; i++) {
        struct link *l = &w->link[i];
        if (pick(w, 2) == 0) {
            l->works = pick(w, 3) > 0;
            l->loss_percent = pick(w, 3) == 0 ? (unsigned)pick(w, 60) : 0;
            w->good_since = 0; /* the good link may be another one now: count anew */
        }
    }
    note_links(w);
    w->next_change = w->now + (12 + pick(w, 12)) * NS_PER_SEC;
}

static void open_world(struct world *w, uint64_t seed)
{
    memset(w->side, 0, sizeof w->side);
    rng_seeded_init(&w->rng, seed);
    w->now = 1000 * NS_PER_SEC;
    w->next_beat = w->now;
    w->count = 0;
    w->all_dead_since = w->good_since = 0;
    for (size_t i = 0; i < LINKS; i++) {
        w->link[i] = (struct link){.works = true,
                                   .small = pick(w, 8) == 0,
                                   .renames = pick(w, 5) == 0,
                                   .latency_ns = (1 + pick(w, 80)) * NS_PER_MS};
    }
    for (size_t s = 0; s < 2; s++) {
        struct side *side = &w->side[s];
        side->disco = disco_private_new(&w->rng.rng);
        side->node.b[0] = (uint8_t)(s + 1);
        for (size_t i = 0; i < LINKS; i++) {
            side->address[i] = (struct net_address){
                .family = ADDRESS_V4, .ip = {203, 0, (uint8_t)(s + 1), (uint8_t)i}, .port = 4000};
        }
        side->path = peer_path_new(&(struct path_config){.timeout_ns = 5 * NS_PER_SEC,
                                                         .disco = side->disco,
                                                         .node = side->node,
                                                         .rng = &w->rng.rng});
    }
    for (size_t s = 0; s < 2; s++) {
        struct disco_public theirs = disco_private_public(w->side[1 - s].disco);
        peer_path_set_own(w->side[s].path, w->now, w->side[s].address, LINKS);
        peer_path_set_peer(w->side[s].path, w->now, &w->side[1 - s].node, &theirs, 1,
                           w->side[1 - s].address, LINKS);
    }
    change_links(w);
}

static void close_world(struct world *w)
{
    for (size_t s = 0; s < 2; s++) {
        peer_path_free(w->side[s].path);
        disco_private_free(w->side[s].disco);
    }
}

static size_t link_of(const struct world *w, size_t to, const struct net_address *address)
{
    for (size_t i = 0; i < LINKS; i++) {
        if (memcmp(w->side[to].address[i].ip, address->ip, 4) == 0) {
            return i;
        }
    }
    return LINKS;
}

static void put(struct world *w, size_t from, const struct path_route *to, struct bytes bytes)
{
    struct packet *p = &w->wire[w->count];
    size_t other = 1 - from;
    assert_true(w->count < WIRE_MAX);
    *p = (struct packet){.to = other, .len = bytes.len};
    memcpy(p->bytes, bytes.ptr, bytes.len);
    if (!to->direct) {
        p->at = w->now + 30 * NS_PER_MS;
        p->from = route_derp(1);
        w->count++;
        return;
    }
    size_t i = link_of(w, other, &to->address);
    if (i == LINKS) {
        return;
    }
    const struct link *l = &w->link[i];
    bool wrong_port = l->renames && to->address.port == 4000; /* nobody knows the real one */
    if (!l->works || l->small || wrong_port || pick(w, 100) < l->loss_percent) {
        return;
    }
    struct net_address seen = w->side[from].address[i];
    seen.port = l->renames ? (uint16_t)(5000 + from) : seen.port;
    p->at = w->now + l->latency_ns;
    p->from = route_direct(&seen);
    w->count++;
}

static void check_change(struct world *w, struct side *side, const struct path_event *event)
{
    if (event->to.direct) {
        const struct candidates *all = peer_path_candidates(side->path);
        bool answered = false;
        for (size_t i = 0; i < all->count; i++) {
            answered |=
                address_equal(&all->all[i].address, &event->to.address) && all->all[i].pong_at != 0;
        }
        assert_true(answered);
    } else if (event->reason == PATH_SILENT) {
        assert_true(side->fell_at == 0 || w->now - side->fell_at >= PATH_TRUST_MS * NS_PER_MS);
        side->fell_at = w->now;
    }
}

static void pump(struct world *w, size_t s)
{
    struct side *side = &w->side[s];
    struct path_event event;
    for (;;) {
        uint8_t bytes[DISCO_PACKET_MAX];
        struct writer out = writer_of(bytes, sizeof bytes);
        struct path_route to;
        if (peer_path_output(side->path, w->now, &out, &to) != NET_OK) {
            break;
        }
        side->packets++;
        put(w, s, &to, writer_done(&out));
    }
    while (peer_path_event(side->path, &event)) {
        if (event.kind == PATH_EVENT_CHANGED) {
            check_change(w, side, &event);
        } else {
            assert_true(event.seq < BEATS_MAX);
            side->ended[event.seq]++;
            assert_int_equal(side->ended[event.seq], 1);
        }
    }
    assert_true(peer_path_deadline(side->path) > w->now);
}

static void deliver(struct world *w)
{
    for (size_t i = 0; i < w->count;) {
        if (w->wire[i].at > w->now) {
            i++;
            continue;
        }
        struct packet p = w->wire[i];
        w->wire[i] = w->wire[--w->count];
        assert_int_equal(
            peer_path_input(w->side[p.to].path, w->now, &p.from, bytes_of(p.bytes, p.len)), NET_OK);
    }
}

static void check_settled(const struct world *w)
{
    for (size_t s = 0; s < 2; s++) {
        struct path_status status;
        peer_path_status(w->side[s].path, &status);
        if (w->all_dead_since != 0 && w->now - w->all_dead_since > SETTLE_S * NS_PER_SEC) {
            assert_false(status.now.direct);
        }
        if (w->good_since != 0 && w->now - w->good_since > SETTLE_S * NS_PER_SEC) {
            assert_true(status.now.direct);
        }
    }
}

static mono_ns next_event(const struct world *w)
{
    mono_ns next = mono_min(w->next_beat, w->next_change);
    for (size_t s = 0; s < 2; s++) {
        next = mono_min(next, peer_path_deadline(w->side[s].path));
    }
    for (size_t i = 0; i < w->count; i++) {
        next = mono_min(next, w->wire[i].at);
    }
    return next;
}

static void live(struct world *w)
{
    mono_ns end = w->now + SECONDS * NS_PER_SEC;
    while (w->now < end) {
        if (w->now >= w->next_beat) {
            for (size_t s = 0; s < 2; s++) {
                w->side[s].beats = peer_path_beat(w->side[s].path, w->now);
            }
            w->next_beat = w->now + NS_PER_SEC;
        }
        if (w->now >= w->next_change) {
            change_links(w);
        }
        deliver(w);
        pump(w, 0);
        pump(w, 1);
        check_settled(w);
        w->now = next_event(w);
    }
}

static void test_in_every_world(void **state)
{
    (void)state;
    static struct world w;
    w.wire = calloc(WIRE_MAX, sizeof *w.wire);
    assert_int_equal(crypto_start(), NET_OK);
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        open_world(&w, seed);
        live(&w);
        for (size_t s = 0; s < 2; s++) {
            struct side *side = &w.side[s];
            assert_true(side->packets < (uint64_t)PACKETS_A_SECOND * SECONDS);
            for (uint64_t beat = 1; beat + 6 < side->beats; beat++) { /* the last are still open */
                assert_int_equal(side->ended[beat], 1);
            }
        }
        close_world(&w);
    }
    free(w.wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_in_every_world)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
