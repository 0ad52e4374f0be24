#include "net/tunnel/slab.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"

/* A header of a segment, a full packet, and what lies between; larger ones are the system's own. */
static const size_t sizes[] = {48, 96, 160, 256, 512, 1024, 1408, 2048};

enum { CLASSES = sizeof sizes / sizeof *sizes };

/* Before each block. */
union head {
    struct {
        uint32_t class; /* CLASSES: larger than all */
        uint32_t size;
    } of;
    union head *next; /* while it is kept */
    max_align_t align;
};

static struct {
    union head *kept[CLASSES];
    struct slab_use use;
} slab;

static uint32_t class_of(size_t size)
{
    uint32_t class = 0;
    while (class < CLASSES && sizes[class] < size) {
        class ++;
    }
    return class;
}

static union head *fresh(size_t size)
{
    if (slab.use.in_use + slab.use.kept + size > SLAB_LIMIT) {
        slab_trim();
    }
    if (slab.use.in_use + size > SLAB_LIMIT) {
        return NULL;
    }
    slab.use.asked++;
    return mem_resize(NULL, 1, sizeof(union head) + size);
}

void *slab_alloc(size_t size)
{
    uint32_t class = class_of(size);
    if (size > SLAB_LIMIT) {
        return NULL;
    }
    size_t whole = class < CLASSES ? sizes[class] : size;
    union head *head = class < CLASSES ? slab.kept[class] : NULL;
    if (head != NULL) {
        slab.kept[class] = head->next;
        slab.use.kept -= whole;
    } else {
        head = fresh(whole);
    }
    if (head == NULL) {
        return NULL;
    }
    head->of.class = class;
    head->of.size = (uint32_t)whole;
    slab.use.in_use += whole;
    return head + 1;
}

void *slab_alloc_zeroed(size_t count, size_t size)
{
    if (size > 0 && count > SLAB_LIMIT / size) {
        return NULL;
    }
    void *block = slab_alloc(count * size);
    if (block != NULL) {
        memset(block, 0, count * size);
    }
    return block;
}

void slab_free(void *block)
{
    if (block == NULL) {
        return;
    }
    union head *head = (union head *)block - 1;
    uint32_t class = head->of.class;
    size_t size = head->of.size;
    slab.use.in_use -= size;
    if (class == CLASSES) {
        free(head);
        return;
    }
    head->next = slab.kept[class];
    slab.kept[class] = head;
    slab.use.kept += size;
}

void slab_trim(void)
{
    for (size_t i = 0; i < CLASSES; i++) {
        while (slab.kept[i] != NULL) {
            union head *head = slab.kept[i];
            slab.kept[i] = head->next;
            free(head);
        }
    }
    slab.use.kept = 0;
}

struct slab_use slab_use(void)
{
    return slab.use;
}
