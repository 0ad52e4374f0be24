/*
 * Two WireGuard devices through a bad time, many times over: loss, doubles, disorder, cuts,
 * restarts, suspends, a wall clock set back, replayed and forged datagrams, each by chance of one
 * seed. Then the wire heals, and both must reach each other soon. Throughout, nothing arrives twice
 * or altered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/wg_world.h"

#include <cmocka.h>

enum { SEEDS = 150, STEPS = 60, HEAL_S = 25 };

static uint64_t below(struct wg_world *w, uint64_t bound)
{
    return rng_below(&w->rng.rng, bound);
}

/* One of what went over the wire, as it was or with a bit turned, to the side that it was for or to
 * its sender. */
static void replay(struct wg_world *w)
{
    if (w->seen_count == 0) {
        return;
    }
    struct wg_world_datagram d = w->seen[below(w, w->seen_count)];
    if (below(w, 2) == 0) {
        d.bytes[below(w, d.len)] ^= (uint8_t)(1U << below(w, 8));
    }
    size_t len = below(w, 4) == 0 ? below(w, d.len + 1) : d.len;
    size_t to = below(w, 8) == 0 ? 1 - d.to : d.to;
    (void)wg_world_deliver(w, to, bytes_of(d.bytes, len));
}

static void change_wire(struct wg_world *w)
{
    w->loss_percent = (unsigned)below(w, 60);
    w->twice_percent = (unsigned)below(w, 40);
    w->delay_ns = below(w, 300) * NS_PER_MS;
    w->spread_ns = below(w, 500) * NS_PER_MS;
    w->cut = below(w, 4) == 0;
}

/* Not a restart and a clock set back in one run: a device that forgot what it last stamped, and
 * then stamps earlier, is taken for a replay by any peer; with both sides so, WireGuard has no way
 * out but waiting. */
static void disturb(struct wg_world *w, bool restarts)
{
    switch (below(w, 16)) {
    case 0:
        if (restarts) {
            wg_world_restart(w, below(w, 2));
        }
        break;
    case 1:
        w->now += below(w, 600) * NS_PER_SEC; /* suspended */
        break;
    case 2:
        w->wall_behind_s += restarts ? 0 : (int64_t)below(w, 100);
        break;
    case 3:
    case 4:
        change_wire(w);
        break;
    case 5:
        wg_peer_set_keepalive(w->side[below(w, 2)].peer, w->now, below(w, 30) * NS_PER_SEC);
        break;
    case 6:
    case 7:
        for (unsigned i = 0; i < 20; i++) {
            replay(w);
        }
        break;
    default:
        for (uint64_t i = below(w, 10); i > 0; i--) {
            (void)wg_world_say(w, below(w, 2), below(w, 1400));
        }
        break;
    }
}

static void heal(struct wg_world *w)
{
    w->loss_percent = 0;
    w->twice_percent = 0;
    w->delay_ns = 10 * NS_PER_MS;
    w->spread_ns = 0;
    w->cut = false;
}

/* False: a packet that both say each second does not come through at last. */
static bool reaches(struct wg_world *w)
{
    for (unsigned second = 0; second < HEAL_S; second++) {
        (void)wg_world_say(w, 0, 8);
        (void)wg_world_say(w, 1, 8);
        wg_world_run(w, NS_PER_SEC);
    }
    unsigned before[2] = {w->side[0].got, w->side[1].got};
    (void)wg_world_say(w, 0, 8);
    (void)wg_world_say(w, 1, 8);
    wg_world_run(w, NS_PER_SEC);
    return w->side[0].got == before[0] + 1 && w->side[1].got == before[1] + 1;
}

static void test_after_a_bad_time_both_reach_each_other_soon(void **state)
{
    (void)state;
    unsigned handshakes = 0;
    unsigned packets = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct wg_world *w = wg_world_new(seed);
        for (unsigned step = 0; step < STEPS; step++) {
            disturb(w, seed % 2 == 0);
            wg_world_run(w, below(w, 8000) * NS_PER_MS);
        }
        heal(w);
        if (!reaches(w)) {
            fail_msg("seed %llu: no way through after %d s on a good wire",
                     (unsigned long long)seed, HEAL_S);
        }
        if (w->doubled > 0) {
            fail_msg("seed %llu: %u packets arrived twice", (unsigned long long)seed, w->doubled);
        }
        handshakes += w->side[0].done + w->side[1].done;
        packets += w->side[0].got + w->side[1].got;
        wg_world_free(w);
    }
    assert_true(handshakes > 10U * SEEDS); /* it was a bad time, and not the end of all times */
    assert_true(packets > 50U * SEEDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_a_bad_time_both_reach_each_other_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
