/*
 * What the two halves of tailnet.h share: short names of the generated types, and the arena.
 */
#ifndef NET_WIRE_TAILNET_INTERNAL_H
#define NET_WIRE_TAILNET_INTERNAL_H

#include "net/wire/tailnet.h"
#include "tailnet.pb-c.h"

#define PB(name)            Coder__Tailnet__V2__##name
#define PB_DESCRIPTOR(name) coder__tailnet__v2__##name##__descriptor
#define PB_INIT(name)       coder__tailnet__v2__##name##__init

/* Memory for one decoded message: blocks in a list, counted against TAILNET_ARENA_MAX, freed
 * together. */
struct arena {
    ProtobufCAllocator allocator;
    struct arena_block *blocks;
    size_t used;
    bool full;
};

void arena_init(struct arena *arena);
/* Wipes and frees all that was taken: a message may hold a token. */
void arena_clear(struct arena *arena);

/* Decodes into the arena; NULL with *err set. */
void *arena_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                   struct bytes in, enum net_err *err);

/* Zeroed memory from the arena, for building messages; never NULL (encoders are ours, and bounded).
 */
void *arena_new(struct arena *arena, size_t count, size_t size);

/* Appends a packed message. */
NET_MUST_USE enum net_err tailnet_pack(struct buf *out, const ProtobufCMessage *message);

#endif
