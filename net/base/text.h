/*
 * Text from outside made safe for a terminal: once, when it enters.
 */
#ifndef NET_BASE_TEXT_H
#define NET_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"

/* A text that is cut to fit into so many bytes, or more, ends in an ellipsis; in a smaller field
 * there is no room for one. */
enum { TEXT_MARKED = 24 };

/* Decodes one UTF-8 character from `in` (RFC 3629: no overlong forms, no surrogates). Returns its
 * length in bytes and sets *code; 0 when the bytes are not valid UTF-8 or `in` is empty. */
size_t utf8_decode(struct bytes in, uint32_t *code);

/* True for characters that may move the cursor, change the order of text or draw nothing where
 * something is expected: C0, C1, DEL, bidirectional controls, zero-width and line separators,
 * surrogates, non-characters. */
bool text_is_unsafe(uint32_t code);

/* Copies `in` as UTF-8 with each unsafe character and each invalid byte replaced by U+FFFD ("?"
 * when there is no room for three bytes), cut at a character's edge to fit `size` (TEXT_MARKED),
 * always terminated. Returns the length written. `size` must be at least 1. */
size_t text_clean(char *out, size_t size, struct bytes in);

/* snprintf for fields of fixed size: cut to fit (TEXT_MARKED), always terminated. */
void text_format(char *out, size_t size, const char *format, ...) NET_PRINTF(3, 4);

/* Copies `in`, cut to fit at a character's edge (TEXT_MARKED); no cleaning. */
void text_copy(char *out, size_t size, const char *in);

/* True if both are equal, letters of ASCII compared without case. */
bool text_equal_nocase(const char *a, const char *b);

/* Number of single-character edits (insert, delete, replace, swap of neighbours) that turn one name
 * into the other; names longer than 64 bytes count as 64 apart. For "did you mean". */
unsigned text_distance(const char *a, const char *b);

#endif
