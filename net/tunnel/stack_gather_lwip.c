/*
 * What a batch of datagrams brings of one connection is mostly a row of full segments. lwIP works
 * for each segment as long as for one of 60 KB, and answers every second with an acknowledgement,
 * which the peer must then read; so neighbours are joined before it sees them, as a network card
 * does (LRO) and the kernel (GRO).
 *
 *   | IPv6 | TCP, seq 1000 | 1220 bytes |      | IPv6 | TCP, seq 1000 | 2440 bytes |
 *   | IPv6 | TCP, seq 2220 | 1220 bytes |  ->
 *
 * Joined are only segments with the same addresses, ports, header length and acknowledgement that
 * bear data and no other flag than ACK and PSH (RFC 9293, 3.1), all of one size but the last. All
 * else ends the row. What comes too early, because something before it was lost, is handed over
 * segment by segment after all: each makes a duplicate acknowledgement, by which the sender knows.
 */
#include <stdlib.h>
#include <string.h>

#include <lwip/prot/ip6.h>

#include "net/base/mem.h"
#include "net/tunnel/stack_internal_lwip.h"

enum {
    GATHER_MEMORY = 65535 - STACK_SPARE, /* lwIP counts in 16 bits, the spare too */

    TCP_PORTS = IPV6_HEADER_LEN,
    TCP_SEQUENCE = IPV6_HEADER_LEN + 4,
    TCP_ACKNOWLEDGED = IPV6_HEADER_LEN + 8,
    TCP_OFFSET = IPV6_HEADER_LEN + 12,
    TCP_FLAG_BITS = IPV6_HEADER_LEN + 13,
    TCP_HEADER_MIN = 20,
    FLAG_PSH = 0x08,
    FLAG_ACK = 0x10,
};

struct gather_block {
    struct pbuf_custom pbuf;
    bool lent;     /* lwIP reads from `memory` */
    bool detached; /* and frees it */
    uint8_t memory[GATHER_MEMORY + STACK_SPARE];
};

/* The length of both headers of a segment that may be joined to others; 0: it may not. */
static size_t joinable(struct bytes packet)
{
    if (packet.len < IPV6_HEADER_LEN + TCP_HEADER_MIN ||
        packet.ptr[IPV6_NEXT_HEADER] != IP6_NEXTH_TCP ||
        (packet.ptr[TCP_FLAG_BITS] & ~FLAG_PSH) != FLAG_ACK) {
        return 0;
    }
    size_t header = IPV6_HEADER_LEN + (size_t)(packet.ptr[TCP_OFFSET] >> 4) * 4;
    return header >= IPV6_HEADER_LEN + TCP_HEADER_MIN && header < packet.len ? header : 0;
}

static bool continues(const struct gather *gather, struct bytes packet, size_t header)
{
    const uint8_t *first = gather->block->memory;
    const uint8_t *next = packet.ptr;
    return header == gather->header && stack_u32(next + TCP_SEQUENCE) == gather->next &&
           gather->len + packet.len - header <= GATHER_MEMORY &&
           packet.len - header <= gather->segment &&
           (gather->len - header) % gather->segment == 0 && /* no shorter one came */
           memcmp(first + IPV6_SOURCE, next + IPV6_SOURCE, 32) == 0 &&
           memcmp(first + TCP_PORTS, next + TCP_PORTS, 4) == 0 &&
           memcmp(first + TCP_ACKNOWLEDGED, next + TCP_ACKNOWLEDGED, 4) == 0 &&
           /* Options differ in their values at most, as time stamps do, and we use none. */
           memcmp(first + IPV6_HEADER_LEN + TCP_HEADER_MIN, next + IPV6_HEADER_LEN + TCP_HEADER_MIN,
                  header - IPV6_HEADER_LEN - TCP_HEADER_MIN) == 0;
}

bool stack_gather_add(struct stack *stack, struct bytes packet)
{
    struct gather *gather = &stack->gather;
    size_t header = joinable(packet);
    if (header == 0) {
        return false;
    }
    if (gather->len > 0 && !continues(gather, packet, header)) {
        stack_gather_flush(stack);
    }
    if (gather->block == NULL) {
        gather->block = mem_resize(NULL, sizeof *gather->block, 1); /* touched as it fills */
        gather->block->lent = false;
        gather->block->detached = false;
    }
    uint8_t *memory = gather->block->memory;
    if (gather->len == 0) {
        memcpy(memory, packet.ptr, packet.len);
        gather->header = header;
        gather->segment = packet.len - header;
        gather->next = stack_u32(packet.ptr + TCP_SEQUENCE);
        gather->len = packet.len;
    } else {
        memcpy(memory + gather->len, packet.ptr + header, packet.len - header);
        gather->len += packet.len - header;
        /* The last tells the newest window, and whether the sender paused. */
        memcpy(memory + TCP_FLAG_BITS, packet.ptr + TCP_FLAG_BITS, 3);
    }
    gather->next += (uint32_t)(packet.len - header);
    return true;
}

static void on_returned(struct pbuf *pbuf)
{
    struct gather_block *block = (struct gather_block *)(void *)pbuf; /* its first member's first */
    block->lent = false;
    if (block->detached) {
        free(block);
    }
}

static void set_length(uint8_t *packet, size_t len)
{
    packet[4] = (uint8_t)((len - IPV6_HEADER_LEN) >> 8);
    packet[5] = (uint8_t)(len - IPV6_HEADER_LEN);
}

static void set_sequence(uint8_t *packet, uint32_t sequence)
{
    for (int i = 0; i < 4; i++) {
        packet[TCP_SEQUENCE + i] = (uint8_t)(sequence >> (24 - 8 * i));
    }
}

/* The row as the segments that it was made of. They may be kept for long: in memory that is no
 * larger than they are. */
static void feed_each(struct stack *stack, const uint8_t *row, size_t len,
                      const struct gather *gather)
{
    uint8_t packet[STACK_MTU];
    uint32_t sequence = stack_u32(row + TCP_SEQUENCE);
    for (size_t at = gather->header; at < len; at += gather->segment) {
        size_t part = len - at < gather->segment ? len - at : gather->segment;
        memcpy(packet, row, gather->header);
        memcpy(packet + gather->header, row + at, part);
        set_length(packet, gather->header + part);
        set_sequence(packet, sequence);
        sequence += (uint32_t)part;
        struct pbuf *in = stack_copy(bytes_of(packet, gather->header + part));
        if (in != NULL) {
            stack_feed(stack, in);
        }
    }
}

static void feed_whole(struct stack *stack, struct gather_block *block, size_t len)
{
    block->pbuf.custom_free_function = on_returned;
    block->lent = true;
    struct pbuf *in = pbuf_alloced_custom(PBUF_RAW, (u16_t)len, PBUF_REF, &block->pbuf,
                                          block->memory, (u16_t)len);
    if (in != NULL) {
        stack_feed(stack, in);
    }
}

void stack_gather_flush(struct stack *stack)
{
    const struct gather row = stack->gather;
    struct gather_block *block = row.block;
    if (row.len == 0) {
        return;
    }
    uint8_t *at = block->memory;
    stack->gather.len = 0;
    stack->gather.block = NULL; /* its owner may add while lwIP reads */
    set_length(at, row.len);
    if (stack_tcp_expects(at, stack_u16(at + TCP_PORTS), stack_u16(at + TCP_PORTS + 2),
                          stack_u32(at + TCP_SEQUENCE))) {
        feed_whole(stack, block, row.len);
    } else {
        feed_each(stack, at, row.len, &row);
    }
    if (block->lent) {
        block->detached = true;
    } else if (stack->gather.block == NULL) {
        stack->gather.block = block;
    } else {
        free(block);
    }
}

void stack_gather_free(struct stack *stack)
{
    free(stack->gather.block);
    stack->gather.block = NULL;
    stack->gather.len = 0;
}
