#include "net/crypto/secret.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

void *secret_new(size_t size)
{
    int ready = sodium_init();
    void *memory = ready < 0 ? NULL : sodium_malloc(size);
    assert(memory != NULL);
    memset(memory, 0, size);
    return memory;
}

void secret_free(void *memory)
{
    sodium_free(memory);
}
