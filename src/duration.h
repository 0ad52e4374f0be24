/*
 * Durations as the coder command reads and prints them (Go's form).
 */
#ifndef SRC_DURATION_H
#define SRC_DURATION_H

#include <stddef.h>
#include <stdint.h>

#include "net/base/err.h"

enum { DURATION_TEXT_SIZE = 32 };

/* "1s", "500ms", "1m30s", "1.5s", or a bare number of seconds, into ns. NET_ERR_MALFORMED: not one.
 * NET_ERR_TOO_BIG: above a day. */
NET_MUST_USE enum net_err duration_parse(const char *text, uint64_t *ns);

/* "42ms", "1.203s"; below 10 ms with two decimals ("0.43ms"), where whole ms would say nothing. */
void duration_text(uint64_t ns, char out[DURATION_TEXT_SIZE]);

#endif
