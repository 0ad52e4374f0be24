#include "net/base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory)
{
    if (memory == NULL) {
        (void)fputs("derptop: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *mem_new(size_t size)
{
    return checked(calloc(1, size == 0 ? 1 : size));
}

void *mem_array(size_t count, size_t size)
{
    return checked(calloc(count == 0 ? 1 : count, size == 0 ? 1 : size));
}

void *mem_resize(void *old, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return checked(NULL);
    }
    size_t total = count * size;
    return checked(realloc(old, total == 0 ? 1 : total));
}

char *mem_text(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(mem_new(size), text, size);
}

void mem_wipe(void *memory, size_t size)
{
    if (memory != NULL && size > 0) {
        explicit_bzero(memory, size);
    }
}

void mem_free_wiped(void *memory, size_t size)
{
    mem_wipe(memory, size);
    free(memory);
}
