#include <assert.h>
#include <stdlib.h>

#include "net/base/mem.h"
#include "net/wire/tailnet_internal.h"

struct arena_block {
    struct arena_block *next;
    size_t size;
    max_align_t memory[];
};

static void *arena_alloc(void *data, size_t size)
{
    struct arena *arena = data;
    size_t cost = sizeof(struct arena_block); /* counts too: many small things are large */
    if (size > TAILNET_ARENA_MAX || size + cost > TAILNET_ARENA_MAX - arena->used) {
        arena->full = true;
        return NULL;
    }
    struct arena_block *block = mem_new(cost + size);
    block->next = arena->blocks;
    block->size = size;
    arena->blocks = block;
    arena->used += cost + size;
    return block->memory;
}

static void arena_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer; /* all together, in arena_clear */
}

void arena_init(struct arena *arena)
{
    *arena = (struct arena){
        .allocator = {.alloc = arena_alloc, .free = arena_free, .allocator_data = arena}};
}

void arena_clear(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        mem_free_wiped(block, sizeof *block + block->size);
    }
}

void *arena_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                   struct bytes in, enum net_err *err)
{
    static const uint8_t nothing;
    const uint8_t *data = in.ptr == NULL ? &nothing : in.ptr;
    void *message = protobuf_c_message_unpack(descriptor, &arena->allocator, in.len, data);
    if (message == NULL) {
        *err = arena->full ? NET_ERR_TOO_BIG : NET_ERR_MALFORMED;
    }
    return message;
}

void *arena_new(struct arena *arena, size_t count, size_t size)
{
    void *memory = arena_alloc(arena, count * size);
    assert(memory != NULL);
    return memory;
}

enum net_err tailnet_pack(struct buf *out, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *room = buf_reserve(out, size);
    if (room == NULL) {
        return NET_ERR_FULL;
    }
    size_t packed = protobuf_c_message_pack(message, room);
    assert(packed == size);
    buf_commit(out, size);
    return NET_OK;
}

const char *tailnet_protobuf_version(void)
{
    return protobuf_c_version();
}
