/*
 * A round of a netcheck: which requests it makes, when each is due, when enough is known.
 */
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/path/netcheck_internal.h"

/* --- the start
 * ------------------------------------------------------------------------------------------------
 */

static uint64_t known_latency(const struct netcheck_known *known, int64_t region)
{
    for (size_t i = 0; i < known->count; i++) {
        if (known->ranks[i].region == region) {
            return known->ranks[i].latency_ns;
        }
    }
    return 0;
}

static uint64_t nearer(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns == 0 || (b_ns != 0 && b_ns < a_ns) ? b_ns : a_ns;
}

/* How near a region is: by HTTP; else by STUN, which the regions without a relay have alone; a
 * region that was not asked keeps what was known of it. */
static uint64_t rank_latency(const struct netcheck_known *before,
                             const struct netcheck_region *region)
{
    uint64_t latency_ns = netcheck_region_latency(region);
    if (latency_ns != 0) {
        return latency_ns;
    }
    if (region->stun_v4.state == NETCHECK_STUN_NONE &&
        region->stun_v6.state == NETCHECK_STUN_NONE) {
        return known_latency(before, region->id);
    }
    return nearer(region->stun_v4.rtt_ns, region->stun_v6.rtt_ns);
}

/* What the next plan goes by. Returns false if no relay was measured: then the next is full. */
static bool learn(struct netcheck *n)
{
    const struct netcheck_report *report = &n->report;
    struct netcheck_known before = n->known;
    bool measured = false;
    n->known = (struct netcheck_known){
        .had_v4 = report->ipv4, .had_v6 = report->ipv6, .home = report->preferred_derp};
    for (size_t i = 0; i < report->region_count; i++) {
        const struct netcheck_region *region = &report->regions[i];
        uint64_t latency_ns = rank_latency(&before, region);
        measured = measured || netcheck_region_latency(region) != 0;
        if (latency_ns != 0) {
            n->known.ranks[n->known.count++] = (struct netcheck_rank){region->id, latency_ns};
        }
    }
    n->last_hairpin = report->hairpinning;
    n->portal_in_the_way = !report->udp && report->captive_portal == NETCHECK_YES;
    return measured;
}

static bool wants_full(const struct netcheck *n, mono_ns now, bool measured)
{
    return !measured || !n->had_full || n->portal_in_the_way ||
           mono_since(now, n->full_at) > NETCHECK_FULL_EVERY_S * NS_PER_SEC;
}

static size_t name_index(struct netcheck *n, const char *host)
{
    size_t i = 0;
    while (i < n->name_count && strcmp(n->names[i].host, host) != 0) {
        i++;
    }
    if (i == n->name_count) {
        text_copy(n->names[i].host, sizeof n->names[i].host, host);
        n->names[i].asked = false;
        n->name_count++;
    }
    return i;
}

struct netcheck_stun *netcheck_stun_of(struct netcheck *n, const struct netcheck_set *set)
{
    for (size_t i = 0; i < n->report.region_count; i++) {
        struct netcheck_region *region = &n->report.regions[i];
        if (region->id == set->region) {
            return set->family == ADDRESS_V4 ? &region->stun_v4 : &region->stun_v6;
        }
    }
    return NULL; /* a plan has no region that the map has not */
}

static void prepare(struct netcheck *n, struct netcheck_asked *asked, mono_ns now)
{
    const struct derp_region *region = derp_map_find(&n->map, asked->plan.region);
    asked->base = MONO_NEVER;
    for (size_t i = 0; i < asked->plan.try_count; i++) {
        struct netcheck_request *request = &asked->requests[i];
        const struct derp_node *node = &region->nodes[asked->plan.tries[i].node];
        if (netcheck_target(node, asked->plan.family, &request->to) == NETCHECK_TARGET_NAME) {
            request->state = TRY_NAME;
            request->name = name_index(n, node->host_name);
        } else {
            request->state = TRY_READY;
            asked->base = now;
        }
    }
    if (asked->base == MONO_NEVER) {
        netcheck_stun_of(n, &asked->plan)->state = NETCHECK_STUN_UNRESOLVED;
    }
}

static void make_plan(struct netcheck *n, mono_ns now)
{
    struct netcheck_set *plan = mem_array(netcheck_plan_max(&n->map), sizeof *plan);
    n->set_count =
        netcheck_plan(&n->map, n->has_v4, n->has_v6, n->report.full ? NULL : &n->known, plan);
    n->sets = mem_array(n->set_count, sizeof *n->sets);
    n->names = mem_array(n->set_count * NETCHECK_TRIES_MAX, sizeof *n->names);
    for (size_t i = 0; i < n->set_count; i++) {
        n->sets[i].plan = plan[i];
        prepare(n, &n->sets[i], now);
    }
    free(plan);
}

static void empty_report(struct netcheck *n, mono_ns now, bool full)
{
    uint64_t round = n->report.round + 1;
    n->report = (struct netcheck_report){
        .stage = NETCHECK_PARTIAL,
        .round = round,
        .full = full,
        .started_at = now,
        .at = now,
        .os_has_ipv6 = n->os_has_ipv6,
        .hairpinning = full ? NETCHECK_UNKNOWN : n->last_hairpin,
        .captive_portal = n->captive,
        .portmap = n->portmap,
        .preferred_derp = home_current(n->home),
        .region_count = n->map.region_count,
    };
    for (size_t i = 0; i < n->map.region_count; i++) {
        n->report.regions[i].id = n->map.regions[i].id;
        n->measuring = n->measuring || derp_region_can_relay(&n->map.regions[i]);
    }
}

void netcheck_forget(struct netcheck *n)
{
    free(n->sets);
    free(n->names);
    n->sets = NULL;
    n->names = NULL;
    n->set_count = 0;
    n->name_count = 0;
    n->active = false;
    n->measuring = false;
    n->measure_due = false;
    n->hairpin = HAIRPIN_OFF;
}

void netcheck_begin(struct netcheck *n, mono_ns now)
{
    bool measured = n->active && n->published && learn(n);
    bool full = wants_full(n, now, measured);
    netcheck_forget(n);
    empty_report(n, now, full);
    if (full) {
        n->had_full = true;
        n->full_at = now;
    }
    n->active = true;
    n->published = false;
    n->again = false;
    n->report_due = false;
    n->measure_due = n->measuring;
    n->first_latency_at = 0;
    n->late_latency = false;
    n->v4_sent_at = 0;
    n->v6_sent_at = 0;
    n->v4_enough_at = 0;
    n->hairpin = full && n->config.hairpin ? HAIRPIN_ARMED : HAIRPIN_OFF;
    make_plan(n, now);
}

/* --- names
 * ------------------------------------------------------------------------------------------------
 */

static const struct net_address *first_of(const struct net_address *addresses, size_t count,
                                          enum address_family family)
{
    for (size_t i = 0; i < count; i++) {
        if (addresses[i].family == family) {
            return &addresses[i];
        }
    }
    return NULL;
}

static void set_address(struct netcheck_asked *asked, struct netcheck_request *request,
                        const struct net_address *address, mono_ns now)
{
    if (address == NULL) {
        request->state = TRY_UNRESOLVED;
        return;
    }
    uint16_t port = request->to.port;
    request->to = *address;
    request->to.port = port;
    request->state = TRY_READY;
    asked->base = asked->base == MONO_NEVER ? now : asked->base;
}

void netcheck_resolved(struct netcheck *n, mono_ns now, const char *host,
                       const struct net_address *addresses, size_t count)
{
    for (size_t i = 0; i < n->set_count; i++) {
        struct netcheck_asked *asked = &n->sets[i];
        const struct net_address *address = first_of(addresses, count, asked->plan.family);
        for (size_t t = 0; t < asked->plan.try_count; t++) {
            struct netcheck_request *request = &asked->requests[t];
            if (request->state == TRY_NAME && strcmp(n->names[request->name].host, host) == 0) {
                set_address(asked, request, address, now);
            }
        }
    }
}
