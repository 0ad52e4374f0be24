/*
 * Memory for secrets: locked, guarded, wiped when freed.
 */
#ifndef NET_CRYPTO_SECRET_H
#define NET_CRYPTO_SECRET_H

#include <stddef.h>

/* Zeroed; never NULL: where the system has no safe place for a key the program must not go on. */
void *secret_new(size_t size);

/* NULL is fine. */
void secret_free(void *memory);

#endif
