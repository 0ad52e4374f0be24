#include "tests/support/tcp_world.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"

enum { FLYING_MAX = 1 << 16, HOSTS = 2 };

struct flying {
    mono_ns due;
    uint64_t number; /* what is due at one time arrives in the order of sending */
    int to;
    size_t len;
    uint8_t *bytes;
};

struct host {
    struct tcp_world *world;
    int index;
    struct stack *stack;
    mono_ns line_free; /* when the last packet has left */
};

struct tcp_world {
    struct rng_seeded rng;
    struct tcp_way way;
    mono_ns now;
    uint64_t sent, lost;
    struct host hosts[HOSTS];
    size_t count;
    struct flying *heap[FLYING_MAX]; /* the next due first */
};

static const uint8_t addresses[HOSTS][16] = {{0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0, [15] = 1},
                                             {0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0, [15] = 2}};

static mono_ns began = NS_PER_SEC; /* when the next world begins */

static bool before(const struct flying *a, const struct flying *b)
{
    return a->due != b->due ? a->due < b->due : a->number < b->number;
}

static void push(struct tcp_world *world, struct flying *packet)
{
    size_t at = world->count++;
    while (at > 0 && before(packet, world->heap[(at - 1) / 2])) {
        world->heap[at] = world->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    world->heap[at] = packet;
}

static struct flying *pop(struct tcp_world *world)
{
    struct flying *first = world->heap[0];
    struct flying *last = world->heap[--world->count];
    size_t at = 0;
    for (size_t child = 1; child < world->count; child = 2 * at + 1) {
        if (child + 1 < world->count && before(world->heap[child + 1], world->heap[child])) {
            child++;
        }
        if (!before(world->heap[child], last)) {
            break;
        }
        world->heap[at] = world->heap[child];
        at = child;
    }
    world->heap[at] = last;
    return first;
}

static bool chance(struct tcp_world *world, unsigned permille)
{
    return permille > 0 && rng_below(&world->rng.rng, 1000) < permille;
}

static void fly(struct tcp_world *world, mono_ns due, int to, struct bytes packet)
{
    struct flying *copy = mem_new(sizeof *copy);
    *copy =
        (struct flying){.due = mono_after(due, rng_below(&world->rng.rng, world->way.jitter_ns)),
                        .number = world->sent++,
                        .to = to,
                        .len = packet.len,
                        .bytes = mem_new(packet.len)};
    memcpy(copy->bytes, packet.ptr, packet.len);
    push(world, copy);
}

static void on_send(void *owner, struct bytes packet)
{
    struct host *host = owner;
    struct tcp_world *world = host->world;
    const struct tcp_way *way = &world->way;
    mono_ns leaves = world->now;
    if (way->bits_per_s > 0) {
        leaves = host->line_free > world->now ? host->line_free : world->now;
        if (leaves - world->now > way->queue_ns) {
            world->lost++;
            return;
        }
        leaves = mono_after(leaves, packet.len * 8 * NS_PER_SEC / way->bits_per_s);
        host->line_free = leaves;
    }
    if (chance(world, way->lost_permille) || world->count + 2 > FLYING_MAX) {
        world->lost++;
        return;
    }
    fly(world, mono_after(leaves, way->delay_ns), 1 - host->index, packet);
    if (chance(world, way->twice_permille)) {
        fly(world, mono_after(leaves, way->delay_ns), 1 - host->index, packet);
    }
}

struct tcp_world *tcp_world_new(uint64_t seed, const struct tcp_way *way)
{
    static const struct stack_handlers handlers = {.send = on_send};
    struct tcp_world *world = mem_new(sizeof *world);
    rng_seeded_init(&world->rng, seed);
    world->way = *way;
    world->now = began; /* lwIP's clock is one for all: it is not to go back */
    for (int i = 0; i < HOSTS; i++) {
        world->hosts[i].world = world;
        world->hosts[i].index = i;
        world->hosts[i].stack =
            stack_new(addresses[i], 1, &world->rng.rng, &handlers, &world->hosts[i]);
    }
    return world;
}

void tcp_world_free(struct tcp_world *world)
{
    for (int i = 0; i < HOSTS; i++) {
        stack_free(world->hosts[i].stack);
    }
    began = world->now;
    while (world->count > 0) {
        struct flying *packet = pop(world);
        free(packet->bytes);
        free(packet);
    }
    free(world);
}

void tcp_world_set_way(struct tcp_world *world, const struct tcp_way *way)
{
    world->way = *way;
}

struct stack *tcp_world_stack(struct tcp_world *world, int host)
{
    return world->hosts[host].stack;
}

const uint8_t *tcp_world_address(int host)
{
    return addresses[host];
}

mono_ns tcp_world_now(const struct tcp_world *world)
{
    return world->now;
}

/* Hands over all that is due now, as one batch. */
static void deliver(struct tcp_world *world)
{
    while (world->count > 0 && world->heap[0]->due <= world->now) {
        struct flying *packet = pop(world);
        (void)!stack_input(world->hosts[packet->to].stack, world->now,
                           bytes_of(packet->bytes, packet->len));
        free(packet->bytes);
        free(packet);
    }
    for (int i = 0; i < HOSTS; i++) {
        stack_flush(world->hosts[i].stack, world->now);
    }
}

bool tcp_world_run(struct tcp_world *world, mono_ns until, bool (*done)(void *owner), void *owner)
{
    while (!done(owner)) {
        mono_ns next = stack_deadline();
        next = world->count > 0 ? mono_min(next, world->heap[0]->due) : next;
        if (next > until) {
            world->now = until > world->now ? until : world->now;
            return false;
        }
        world->now = next > world->now ? next : world->now;
        deliver(world);
        stack_tick(world->now);
    }
    return true;
}

uint64_t tcp_world_carried(const struct tcp_world *world)
{
    return world->sent;
}

uint64_t tcp_world_lost(const struct tcp_world *world)
{
    return world->lost;
}
