/*
 * The user's workspaces, asked once: for `derptop list` and the shells' completions.
 */
#ifndef SRC_WORKSPACES_UV_H
#define SRC_WORKSPACES_UV_H

#include <stdint.h>

#include "net/base/log.h"
#include "net/control/deployment.h"
#include "net/control/settings.h"

/* Asks and waits for the answer, at most `limit_ms` (0 = as long as it takes). `got` is called
 * exactly once: with the workspaces (valid in the call), or with NULL and the failure
 * (NET_ERR_TIMEOUT when the time was up). `log` is borrowed. */
void workspaces_fetch(const struct settings *settings, struct log *log, uint64_t limit_ms,
                      void (*got)(void *owner, const struct failure *failure,
                                  struct deployment_workspaces *workspaces),
                      void *owner);

#endif
