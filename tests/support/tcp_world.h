/*
 * Two hosts and a way between them, on simulated time: delay, a rate with a queue, loss, disorder,
 * copies. One seed makes the whole of it.
 */
#ifndef TESTS_SUPPORT_TCP_WORLD_H
#define TESTS_SUPPORT_TCP_WORLD_H

#include "net/tunnel/stack.h"
#include "net/tunnel/stack_tcp.h"

struct tcp_way {
    uint64_t delay_ns;      /* one way */
    uint64_t jitter_ns;     /* at random beyond it: packets overtake each other */
    uint64_t bits_per_s;    /* 0 = no limit */
    uint64_t queue_ns;      /* a packet that would wait longer for the line is dropped */
    unsigned lost_permille; /* of all packets */
    unsigned twice_permille;
};

struct tcp_world;

/* Host 0 and host 1, with the addresses of tcp_world_address. */
struct tcp_world *tcp_world_new(uint64_t seed, const struct tcp_way *way);
void tcp_world_free(struct tcp_world *world);
void tcp_world_set_way(struct tcp_world *world, const struct tcp_way *way);
struct stack *tcp_world_stack(struct tcp_world *world, int host);
const uint8_t *tcp_world_address(int host);
mono_ns tcp_world_now(const struct tcp_world *world);

/* Until `done` says so, at the latest at `until`. True: it said so. */
bool tcp_world_run(struct tcp_world *world, mono_ns until, bool (*done)(void *owner), void *owner);

/* Packets that the way carried and lost. */
uint64_t tcp_world_carried(const struct tcp_world *world);
uint64_t tcp_world_lost(const struct tcp_world *world);

#endif
