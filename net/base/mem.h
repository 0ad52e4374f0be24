/*
 * Memory for small things: an allocation that fails ends the program with a line that says so.
 */
#ifndef NET_BASE_MEM_H
#define NET_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory; never NULL. Free with free(). */
void *mem_new(size_t size);

/* Zeroed memory for `count` things of `size` bytes; never NULL; overflow ends the program. */
void *mem_array(size_t count, size_t size);

/* Grows or shrinks; never NULL for a size above 0. New bytes are not zeroed. */
void *mem_resize(void *old, size_t count, size_t size);

/* A copy of `text`; never NULL. */
char *mem_text(const char *text);

/* Wipes, then frees. NULL is fine. */
void mem_free_wiped(void *memory, size_t size);

/* Overwrites with zeros in a way that the compiler keeps. */
void mem_wipe(void *memory, size_t size);

#endif
