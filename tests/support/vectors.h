/*
 * Reads the golden vectors in tests/unit/vectors (see the table in tests/unit/vectors/README.md).
 */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "net/base/bytes.h"

/* Parses tests/unit/vectors/<name>; ends the test if it cannot. Free with cJSON_Delete. */
cJSON *vectors_load(const char *name);

/* The member, which must exist. */
const cJSON *vectors_get(const cJSON *object, const char *name);

/* The text or number of a member, which must exist and be of that kind. */
const char *vectors_text(const cJSON *object, const char *name);
int64_t vectors_int(const cJSON *object, const char *name);

/* The bytes of a hex member, which must exist. Owned by the caller: free((void *)b.ptr). The memory
 * is exactly as long as the bytes, so that a sanitizer sees a read past the end. */
struct bytes vectors_hex(const cJSON *object, const char *name);

/* The same for a string item. */
struct bytes vectors_hex_item(const cJSON *item);

void vectors_free(struct bytes bytes);

#endif
