/*
 * The facts about both sides' networks: netcheck and interfaces of this one, the agent's own report
 * of the other, and how large packets may be between them.
 */
#include <string.h>

#include "net/base/text.h"
#include "net/monitor/core_internal.h"
#include "net/transport/path_mtu.h"

enum { SURROUNDINGS_EVERY_S = 2 /* interfaces and MTUs are read so often at most */ };

static void copy(char *out, size_t size, const char *text)
{
    (void)text_clean(out, size, bytes_text(text));
}

/* --- this side's network
 * ------------------------------------------------------------------------------------------------
 */

static enum fact answer_fact(enum netcheck_answer answer)
{
    return answer == NETCHECK_YES ? FACT_YES : answer == NETCHECK_NO ? FACT_NO : FACT_UNKNOWN;
}

/* Two different addresses that servers saw us at. */
static void gather_seen(const struct netcheck_report *report, struct fact_side *out)
{
    const struct net_address *first = NULL;
    for (size_t i = 0; i < report->region_count; i++) {
        const struct netcheck_stun *stun = &report->regions[i].stun_v4;
        if (stun->state != NETCHECK_STUN_ANSWERED || stun->mapped.family == ADDRESS_NONE) {
            continue;
        }
        if (first == NULL) {
            first = &stun->mapped;
        } else if (!address_equal(first, &stun->mapped)) {
            address_text(first, out->seen_v4[0]);
            address_text(&stun->mapped, out->seen_v4[1]);
            return;
        }
    }
}

static void gather_interfaces(const struct interfaces *all, struct facts *out)
{
    struct fact_side *side = &out->client;
    for (size_t i = 0; i < all->count; i++) {
        const struct interface *one = &all->all[i];
        if (one->default_v4 || (one->default_v6 && out->default_route[0] == '\0')) {
            copy(out->default_route, sizeof out->default_route, one->name);
            out->default_route_tunnel = interface_is_tunnel(one) ? FACT_YES : FACT_NO;
        }
        if (interface_reaches(one) && side->interface_count < FACT_INTERFACES_MAX) {
            struct fact_interface *to = &side->interfaces[side->interface_count++];
            copy(to->name, sizeof to->name, one->name);
            to->mtu = one->mtu;
        }
    }
}

static void look_for_aws(const struct aws_ranges *ranges, struct fact_side *side)
{
    const char *addresses[] = {side->public_v4, side->public_v6};
    for (size_t i = 0; i < 2 && side->aws != FACT_YES; i++) {
        const struct ip_prefix *range = aws_ranges_find(ranges, addresses[i]);
        if (addresses[i][0] == '\0') {
            continue;
        }
        side->aws = range == NULL ? FACT_NO : FACT_YES;
        if (range != NULL) {
            ip_prefix_text(range, side->aws_range);
            (void)address_without_port(addresses[i], side->aws_address, sizeof side->aws_address);
        }
    }
}

/* A firewall on this computer itself may refuse to send at all. */
static bool could_not_ask(const struct netcheck_report *report)
{
    for (size_t i = 0; i < report->region_count; i++) {
        if (report->regions[i].stun_v4.state == NETCHECK_STUN_UNSENT ||
            report->regions[i].stun_v6.state == NETCHECK_STUN_UNSENT) {
            return true;
        }
    }
    return false;
}

void core_gather_own(const struct core *core, struct facts *out)
{
    const struct netcheck_report *report = paths_report(core->paths);
    struct fact_side *side = &out->client;
    if (core->diagnosis.interfaces_known) {
        gather_interfaces(&core->diagnosis.interfaces, out);
    }
    if (report->round == 0) {
        return;
    }
    bool over = report->stage != NETCHECK_PARTIAL;
    side->udp = report->udp                                             ? FACT_YES
                : over && (report->stun_asked || could_not_ask(report)) ? FACT_NO
                                                                        : FACT_UNKNOWN;
    side->hard_nat = answer_fact(report->mapping_varies);
    side->hairpin = answer_fact(report->hairpinning);
    gather_seen(report, side);
    address_text(&report->global_v4, side->public_v4);
    address_text(&report->global_v6, side->public_v6);
}

/* --- the agent's network
 * ------------------------------------------------------------------------------------------------
 */

static bool reaches(const struct agent_interface *one)
{
    for (size_t i = 0; i < one->address_count; i++) {
        const struct net_address *ip = &one->addresses[i].ip;
        if (!address_is_link_local(ip) && !address_is_loopback(ip)) {
            return true;
        }
    }
    return false;
}

static void take_report(const struct agent_report *report, bool direct, struct fact_side *out)
{
    for (size_t i = 0; i < report->interface_count; i++) {
        const struct agent_interface *one = &report->interfaces[i];
        if (reaches(one) && out->interface_count < FACT_INTERFACES_MAX) {
            struct fact_interface *to = &out->interfaces[out->interface_count++];
            copy(to->name, sizeof to->name, one->name);
            to->mtu = one->mtu;
        }
    }
    if (!report->has_net_info) {
        return;
    }
    bool seen =
        report->global_v4.family != ADDRESS_NONE || report->global_v6.family != ADDRESS_NONE;
    /* An agent may publish its report before the STUN answers are in: one "no" proves nothing. */
    out->udp = report->udp || seen ? FACT_YES : direct ? FACT_UNKNOWN : FACT_NO;
    out->hard_nat = answer_fact(report->mapping_varies);
    out->hairpin = answer_fact(report->hairpinning);
    address_text(&report->global_v4, out->public_v4);
    address_text(&report->global_v6, out->public_v6);
}

/* The agent's endpoints hold its public addresses. */
static void compare_public(const struct core *core, const struct watch *watch, struct facts *out)
{
    const struct net_address *own = &paths_report(core->paths)->global_v4;
    if (own->family != ADDRESS_V4 || !watch->peer_known) {
        return;
    }
    out->same_public_address = FACT_NO;
    for (size_t i = 0; i < watch->peer.endpoint_count; i++) {
        const struct net_address *one = &watch->peer.endpoints[i];
        if (one->family == ADDRESS_V4 && memcmp(one->ip, own->ip, 4) == 0) {
            out->same_public_address = FACT_YES;
        }
    }
}

void core_gather_agent(const struct core *core, const struct watch *watch, struct facts *out)
{
    mono_ns at = 0;
    const struct failure *why = NULL;
    const struct agent_report *report = core_agent_report(watch, &at, &why);
    compare_public(core, watch, out);
    if (report != NULL) {
        out->agent_report = FACT_YES;
        take_report(report, core_path_kind(watch) == PATH_DIRECT, &out->agent_side);
    } else if (why->code != NET_OK) {
        out->agent_report = FACT_NO;
        copy(out->agent_report_text, sizeof out->agent_report_text, why->text);
    }
}

void core_look_for_aws(const struct core *core, struct facts *out)
{
    text_copy(out->aws_source, sizeof out->aws_source, core->diagnosis.aws.source);
    look_for_aws(&core->diagnosis.aws, &out->client);
    look_for_aws(&core->diagnosis.aws, &out->agent_side);
}

/* --- how large packets may be
 * ------------------------------------------------------------------------------------------------
 */

/* The way that is in use, or else the narrowest of those that were tried and are too narrow. */
static void read_path_mtu(struct diagnosed *d, const struct watch *watch)
{
    struct path_status status;
    d->path_mtu = 0;
    peer_path_status(watch->config.path, &status);
    const struct candidates *all = peer_path_candidates(watch->config.path);
    for (size_t i = 0; i < all->count; i++) {
        const struct net_address *to =
            status.now.direct ? &status.now.address : &all->all[i].address;
        uint32_t want = to->family == ADDRESS_V6 ? PATH_MTU_FULL_V6 : PATH_MTU_FULL_V4;
        uint32_t mtu = path_mtu_read(to);
        if (status.now.direct && mtu < want) {
            return; /* full packets pass: what the system remembers is of another time */
        }
        if (status.now.direct ||
            (mtu != 0 && mtu < want && (d->path_mtu == 0 || mtu < d->path_mtu))) {
            d->path_mtu = mtu;
            d->path_mtu_want = want;
            d->path_mtu_to = *to;
        }
        if (status.now.direct) {
            return;
        }
    }
}

/* The path became direct, or another direct one: its MTU is asked for at once. */
static bool is_another_path(const struct diagnosed *d, const struct watch *watch)
{
    struct path_status status;
    peer_path_status(watch->config.path, &status);
    return status.now.direct && !address_equal(&d->path_mtu_to, &status.now.address);
}

static bool is_due(mono_ns now, mono_ns read_at)
{
    return read_at == 0 || mono_since(now, read_at) >= SURROUNDINGS_EVERY_S * NS_PER_SEC;
}

void core_read_path_mtu(struct diagnosed *diagnosed, const struct watch *watch, mono_ns now)
{
    bool due = is_due(now, diagnosed->read_at);
    if (due) {
        diagnosed->read_at = now;
    }
    if (due || is_another_path(diagnosed, watch)) {
        read_path_mtu(diagnosed, watch);
    }
}

void core_read_interfaces(struct core *core, mono_ns now)
{
    struct diagnosis *d = &core->diagnosis;
    if (is_due(now, d->read_at)) {
        d->read_at = now;
        d->interfaces_known = interfaces_read(&d->interfaces) == NET_OK;
    }
}
