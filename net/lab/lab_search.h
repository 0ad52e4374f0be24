/*
 * Coder's search language for workspaces, as much of it as makes sense here: "owner:me",
 * "name:dev status:running", "has-agent:connected", bare names, "owner/name". Pure.
 * coder/coder coderd/searchquery/search.go; protocol notes 2.1.
 */
#ifndef NET_LAB_LAB_SEARCH_H
#define NET_LAB_LAB_SEARCH_H

#include "net/lab/lab_deployment.h"

enum { LAB_SEARCH_SIZE = 512, LAB_SEARCH_KEY_SIZE = 32 };

/* NET_OK: *match tells whether the workspace belongs to the answer. NET_ERR_USAGE: a key that the
 * language does not know (into `key`) or an unfinished quote (`key` is then "q"). */
NET_MUST_USE enum net_err lab_search(const struct lab_deployment *deployment, const char *query,
                                     const struct lab_workspace *workspace, bool *match,
                                     char key[LAB_SEARCH_KEY_SIZE]);

#endif
