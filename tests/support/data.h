/*
 * Reads the files in tests/unit/data: answers of real servers, trimmed.
 */
#ifndef TESTS_SUPPORT_DATA_H
#define TESTS_SUPPORT_DATA_H

#include "net/base/bytes.h"

/* The whole file; ends the test if it cannot be read. In memory of exactly that length, to be freed
 * with data_free. */
struct bytes data_load(const char *name);
void data_free(struct bytes data);

/* A copy with the first `from` replaced by `to`, which must be there. Freed likewise. */
struct bytes data_replace(struct bytes data, const char *from, const char *to);

#endif
