/*
 * The state of a stack, shared by its files:
 *   stack_lwip.c         life, packets in and out, echo, time
 *   stack_tcp_lwip.c     connections
 *   stack_gather_lwip.c  neighbouring segments become one
 *   stack_repair_lwip.c  what was lost is sent again
 */
#ifndef NET_TUNNEL_STACK_INTERNAL_LWIP_H
#define NET_TUNNEL_STACK_INTERNAL_LWIP_H

#include <lwip/netif.h>
#include <lwip/raw.h>

#include "net/tunnel/stack.h"
#include "net/tunnel/stack_tcp.h"

enum {
    IPV6_HEADER_LEN = 40,
    IPV6_NEXT_HEADER = 6,
    IPV6_SOURCE = 8,
    IPV6_DESTINATION = 24,

    /* Behind each packet that lwIP reads: to find that a TCP option at the very end has no length,
     * it looks for it there. */
    STACK_SPARE = 4,
};

/* Segments of one connection that follow each other, as one packet: see stack_gather_lwip.c. */
struct gather_block;

struct gather {
    struct gather_block *block; /* NULL until the first */
    size_t len;                 /* 0: nothing waits */
    size_t header;              /* IPv6 and TCP header */
    size_t segment;             /* payload of each but the last */
    uint32_t next;              /* the sequence number that would follow */
};

struct stack {
    struct netif netif;
    struct raw_pcb *icmp;
    struct stack *next;
    struct stack_handlers handlers;
    void *owner;
    size_t address_count;
    uint8_t addresses[STACK_ADDRESSES_MAX][16];
    struct tcp_conn *conns;
    struct tcp_listener *listeners;
    struct gather gather;
};

/* Numbers as they are in a packet. */
static inline uint16_t stack_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t stack_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The time as lwIP sees it, until the next call. */
void stack_set_now(mono_ns now);
mono_ns stack_now(void);

/* A copy in memory of lwIP's. NULL: no room. */
struct pbuf *stack_copy(struct bytes packet);

/* A packet for us; lwIP takes `in`. */
void stack_feed(struct stack *stack, struct pbuf *in);

/* stack_gather_lwip.c. False: not of its kind; what waits is to go first. */
bool stack_gather_add(struct stack *stack, struct bytes packet);
void stack_gather_flush(struct stack *stack);
void stack_gather_free(struct stack *stack);

/* stack_tcp_lwip.c */
/* Counts a segment of ours that was sent before. */
void stack_tcp_sent(struct stack *stack, const uint8_t *packet, size_t len);
/* Ends what lwIP still keeps of ours, to be able to begin anew at the same addresses. */
void stack_tcp_forget(struct stack *stack);

/* A packet that lwIP is about to read: what the peer says it holds. */
void stack_tcp_note(struct stack *stack, const uint8_t *packet, size_t len);
/* After lwIP worked: losses are made up for. */
void stack_tcp_look(struct stack *stack);

/* Whether these bytes are what the connection between the two waits for: lwIP hands them on at
 * once, and keeps none. */
bool stack_tcp_expects(const uint8_t header[IPV6_HEADER_LEN], uint16_t from, uint16_t to,
                       uint32_t sequence);

#endif
