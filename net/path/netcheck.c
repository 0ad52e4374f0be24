#include "net/path/netcheck.h"

#include <stdlib.h>

#include "net/base/mem.h"
#include "net/path/netcheck_internal.h"

struct netcheck *netcheck_new(const struct netcheck_config *config)
{
    struct netcheck *n = mem_new(sizeof *n);
    n->config = *config;
    if (n->config.budget_ns == 0) {
        n->config.budget_ns = NETCHECK_BUDGET_MS * NS_PER_MS;
    }
    n->home = home_new();
    derp_map_init(&n->map);
    return n;
}

void netcheck_free(struct netcheck *n)
{
    if (n != NULL) {
        netcheck_forget(n);
        home_free(n->home);
        derp_map_clear(&n->map);
        free(n);
    }
}

void netcheck_set_map(struct netcheck *n, const struct derp_map *map)
{
    netcheck_stop(n);
    derp_map_clear(&n->map);
    derp_map_copy(&n->map, map);
}

void netcheck_set_families(struct netcheck *n, bool v4, bool v6)
{
    n->has_v4 = v4;
    n->has_v6 = v6;
}

void netcheck_set_os_ipv6(struct netcheck *n, bool has)
{
    n->os_has_ipv6 = has;
}

static bool portmap_equal(const struct netcheck_portmap *a, const struct netcheck_portmap *b)
{
    return a->upnp == b->upnp && a->pmp == b->pmp && a->pcp == b->pcp &&
           a->have_mapping == b->have_mapping && address_equal(&a->external, &b->external);
}

void netcheck_set_portmap(struct netcheck *n, mono_ns now, const struct netcheck_portmap *portmap)
{
    n->portmap = *portmap;
    if (n->active && !portmap_equal(&n->report.portmap, portmap)) {
        n->report.portmap = *portmap;
        if (n->published) {
            netcheck_changed(n, now);
        }
    }
}

void netcheck_set_captive_portal(struct netcheck *n, mono_ns now, enum netcheck_answer captive)
{
    n->captive = captive;
    if (n->active && n->report.captive_portal != captive) {
        n->report.captive_portal = captive;
        if (n->published) {
            netcheck_changed(n, now);
        }
    }
}

void netcheck_start(struct netcheck *n, mono_ns now)
{
    if (n->map.region_count == 0) {
        return;
    }
    if (netcheck_running(n)) {
        n->again = true;
        return;
    }
    netcheck_begin(n, now);
}

void netcheck_want_full(struct netcheck *n)
{
    n->had_full = false;
}

void netcheck_stop(struct netcheck *n)
{
    n->again = false;
    n->report_due = false;
    netcheck_forget(n);
}

bool netcheck_running(const struct netcheck *n)
{
    return n->active && !n->published;
}

const struct netcheck_report *netcheck_report(const struct netcheck *n)
{
    return &n->report;
}

/* --- regions
 * ------------------------------------------------------------------------------------------------
 */

const struct netcheck_region *netcheck_report_region(const struct netcheck_report *report,
                                                     int64_t id)
{
    for (size_t i = 0; i < report->region_count; i++) {
        if (report->regions[i].id == id) {
            return &report->regions[i];
        }
    }
    return NULL;
}

uint64_t netcheck_region_latency(const struct netcheck_region *region)
{
    if (region->v4_ns == 0 || region->v6_ns == 0) {
        return region->v4_ns + region->v6_ns;
    }
    return region->v4_ns < region->v6_ns ? region->v4_ns : region->v6_ns;
}

void netcheck_latency(struct netcheck *n, mono_ns now, int64_t region, bool over_ipv6,
                      uint64_t latency_ns)
{
    for (size_t i = 0; n->measuring && i < n->report.region_count; i++) {
        struct netcheck_region *entry = &n->report.regions[i];
        if (entry->id != region) {
            continue;
        }
        uint64_t *latency = over_ipv6 ? &entry->v6_ns : &entry->v4_ns;
        *latency = latency_ns == 0 ? 1 : latency_ns; /* 0 is "not measured" */
        n->report.ipv4 = n->report.ipv4 || !over_ipv6;
        n->report.ipv6 = n->report.ipv6 || over_ipv6;
        n->late_latency = n->published;
        if (n->first_latency_at == 0) {
            n->first_latency_at = now;
        }
    }
}

/* --- publishing
 * ------------------------------------------------------------------------------------------------
 */

static void choose_home(struct netcheck *n, mono_ns now)
{
    struct home_latency answered[DERP_MAP_REGIONS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < n->report.region_count; i++) {
        uint64_t latency_ns = netcheck_region_latency(&n->report.regions[i]);
        if (latency_ns > 0) {
            answered[count++] = (struct home_latency){n->report.regions[i].id, latency_ns};
        }
    }
    n->report.preferred_derp = home_report(n->home, now, &n->map, answered, count);
}

void netcheck_changed(struct netcheck *n, mono_ns now)
{
    n->report.stage = n->published ? NETCHECK_AMENDED : NETCHECK_PARTIAL;
    n->report.at = now;
    n->report_due = true;
}

void netcheck_publish(struct netcheck *n, mono_ns now)
{
    n->published = true;
    choose_home(n, now);
    n->report.stage = NETCHECK_READY;
    n->report.at = now;
    n->report_due = true;
}

/* At most once a round after the report, so that the history of latencies stays one of rounds. */
void netcheck_latency_end(struct netcheck *n, mono_ns now)
{
    if (n->measuring) {
        n->measuring = false;
        if (n->late_latency) {
            choose_home(n, now);
            netcheck_changed(n, now);
        }
    }
}
