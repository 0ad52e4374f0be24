/*
 * A netcheck report with what is known besides: what is to be warned of, how bad it is, and JSON
 * with the field names of the Coder agent's own report (codersdk/healthsdk; tailcfg.NetInfo). Pure.
 */
#ifndef NET_PROBE_NETCHECK_VIEW_H
#define NET_PROBE_NETCHECK_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "net/path/latency_uv.h"
#include "net/path/netcheck.h"
#include "net/transport/interfaces.h"

/* All that is known when the report is made; borrowed. */
struct netcheck_view {
    const char *deployment;               /* its URL */
    const struct netcheck_report *report; /* NULL: there is none yet, for netcheck_view_json */
    const struct derp_map *map;
    const struct latency_result *latencies;
    size_t latency_count;
    const struct interfaces *interfaces; /* NULL: the system does not tell */
    bool direct_disabled_deployment;
    bool direct_disabled_client;
};

enum { NETCHECK_WARNINGS_MAX = 8, NETCHECK_WARNING_SIZE = 240, NETCHECK_MTU_LEAST = 1378 };

/* A warning, with the code that Coder documents for it. */
struct netcheck_warning {
    const char *code;
    char text[NETCHECK_WARNING_SIZE];
};

/* Returns how many there are. */
size_t netcheck_warnings(const struct netcheck_view *view,
                         struct netcheck_warning out[NETCHECK_WARNINGS_MAX]);

/* True if a relay answered: without one nothing works. */
bool netcheck_reaches_relay(const struct netcheck_view *view);

/* "ok", "warning" or "error". */
const char *netcheck_severity(const struct netcheck_view *view);

/* An interface that counts: up, not loopback, with an address beyond its own link. */
bool netcheck_interface_counts(const struct interface *one);

/* The EIF01 text if the interface's MTU is too small; else false. */
bool netcheck_interface_warning(const struct interface *one, char *out, size_t size);

/* What became of a region's HTTP check; "" if it answered or was not asked. */
const char *netcheck_relay_failure(const struct netcheck_view *view, int64_t region);

/* Adds severity, warnings, net_info and interfaces to an object. */
void netcheck_view_json(const struct netcheck_view *view, cJSON *object);

#endif
