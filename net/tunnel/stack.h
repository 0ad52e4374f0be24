/*
 * An IPv6 host inside the tunnel, on lwIP: answers echo requests (ICMPv6, and Tailscale's TSMP),
 * sends its own. No sockets of the system, no clock: packets in and out, the time as an argument.
 *
 * lwIP's state is global: all stacks of a process belong to one thread. Protocol notes
 * (wireguard-paths-speedtest) 3, 6.
 */
#ifndef NET_TUNNEL_STACK_H
#define NET_TUNNEL_STACK_H

#include <stddef.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/base/rng.h"

enum {
    STACK_MTU = 1280,
    STACK_ADDRESSES_MAX = 3,
    STACK_ECHO_MAX = 1024, /* payload of an echo request of ours */
};

struct stack;

struct stack_handlers {
    /* An IPv6 packet for the tunnel; borrowed for the call. */
    void (*send)(void *owner, struct bytes packet);
    /* An answer to an echo request; matching it is the owner's. May be NULL. */
    void (*echo)(void *owner, mono_ns now, const uint8_t from[16], uint16_t id, uint16_t seq,
                 size_t payload);
};

/* `addresses`: its own in the tunnel, 16 bytes each. `rng` is borrowed. Never NULL. */
struct stack *stack_new(const uint8_t *addresses, size_t count, struct rng *rng,
                        const struct stack_handlers *handlers, void *owner);
void stack_free(struct stack *stack);

/* A packet from the tunnel, whose source was checked. NET_ERR_MALFORMED: not IPv6 to one of our
 * addresses; dropped. May call `send` and `echo`. Bytes of a connection may wait for their
 * neighbours until stack_flush, which is due after each batch. */
NET_MUST_USE enum net_err stack_input(struct stack *stack, mono_ns now, struct bytes packet);
void stack_flush(struct stack *stack, mono_ns now);

/* Sends an ICMPv6 echo request with `payload` zero bytes. NET_ERR_FULL: no memory. */
NET_MUST_USE enum net_err stack_echo(struct stack *stack, mono_ns now, const uint8_t to[16],
                                     uint16_t id, uint16_t seq, size_t payload);

/* Resets all connections and serves no port any more; their owners are told nothing. */
void stack_reset(struct stack *stack, mono_ns now);

/* TCP's timers; MONO_NEVER when no connection needs them. They are common to all stacks. */
mono_ns stack_deadline(void);
void stack_tick(mono_ns now);

/* Of the library underneath. Static. */
const char *stack_lwip_version(void);

#endif
