/*
 * The HTTP latency check of every relaying region, all at once: GET /derp/latency-check on a fresh
 * connection, request sent to first byte of the answer. Protocol notes 6.5.
 */
#ifndef NET_PATH_LATENCY_UV_H
#define NET_PATH_LATENCY_UV_H

#include "net/path/home.h"
#include "net/transport/http_uv.h"

struct latency_result {
    int64_t region;
    bool answered;
    bool over_ipv6;
    bool intercepted; /* something else than a relay answered: a redirect, a sign-in page, a 511 */
    uint64_t latency_ns;
    struct failure failure;
};

struct latency_check;

/* Asks each relaying region's first usable node; `each` is called as results come (may be NULL, may
 * cancel), `done` once when all have come or `timeout_ns` (5 s) has passed. Never from inside this
 * call. */
struct latency_check *latency_check_start(
    uv_loop_t *loop, struct http_client *client, const struct derp_map *map, uint64_t timeout_ns,
    void (*each)(void *owner, const struct latency_result *result),
    void (*done)(void *owner, const struct latency_result *results, size_t count), void *owner);
void latency_check_cancel(struct latency_check *check);

/* "http[s]://host:port<path>" of a node, as the dialler wants it, and its fixed addresses. The
 * target borrows from the node. False: the URL does not fit. */
bool derp_node_url(const struct derp_node *node, const char *path, char *out, size_t size,
                   struct http_target *target);

#endif
