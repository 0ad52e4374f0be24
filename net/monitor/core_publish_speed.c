/*
 * The speed test and the agent's own report, as the snapshot has them.
 */
#include <string.h>

#include "net/base/text.h"
#include "net/monitor/core_internal.h"

/* --- the speed test ---------------------------------------------------------------------------
 */

void core_fill_speed(const struct core_speed *speed, struct snapshot *out)
{
    struct snapshot_speed *to = &out->speed;
    const struct speedtest_meter *meter = &speed->meter;
    to->run = speed->now;
    to->want_direct = speed->want_direct;
    text_copy(to->waits_for, sizeof to->waits_for, speed->waits_for);
    to->waits_until = speed->now.state == SPEED_WAITING ? speed->waits_until : MONO_NEVER;
    to->history_count = speed->history_count;
    memcpy(to->history, speed->history, speed->history_count * sizeof *speed->history);
    if (speed->now.started_at == 0) {
        return;
    }
    to->rate_now = speedtest_meter_rate(meter);
    to->slice_ns = meter->slice_ns;
    to->slice_count = meter->slice_count;
    memcpy(to->slices, meter->slices, meter->slice_count * sizeof *meter->slices);
    to->row_count = meter->row_count;
    for (size_t i = 0; i < meter->row_count; i++) {
        const struct speedtest_row *row = &meter->rows[i];
        to->rows[i] = (struct snapshot_speed_row){
            .start_ns = row->start_ns, .end_ns = row->end_ns, .bytes = row->bytes};
    }
}

/* --- the agent's report -----------------------------------------------------------------------
 */

static enum report_answer answer_of(enum netcheck_answer answer)
{
    return answer == NETCHECK_YES ? REPORT_YES : answer == NETCHECK_NO ? REPORT_NO : REPORT_UNKNOWN;
}

static size_t fill_warnings(const struct agent_warning *from, size_t count,
                            struct snapshot_warning *to)
{
    count = count < SNAPSHOT_WARNINGS_MAX ? count : SNAPSHOT_WARNINGS_MAX;
    for (size_t i = 0; i < count; i++) {
        text_copy(to[i].code, sizeof to[i].code, from[i].code);
        text_copy(to[i].text, sizeof to[i].text, from[i].text);
    }
    return count;
}

static void fill_interface(const struct agent_interface *from, struct snapshot_interface *to)
{
    size_t at = 0;
    *to = (struct snapshot_interface){.mtu = from->mtu};
    text_copy(to->name, sizeof to->name, from->name);
    for (size_t i = 0; i < from->address_count; i++) {
        char ip[ADDRESS_TEXT_SIZE];
        address_ip_text(&from->addresses[i].ip, ip);
        text_format(to->addresses + at, sizeof to->addresses - at, "%s%s/%u", i == 0 ? "" : " ", ip,
                    (unsigned)from->addresses[i].prefix);
        at = strlen(to->addresses);
    }
}

static void fill_net_info(const struct agent_report *from, struct snapshot_agent_report *to)
{
    to->has_net_info = from->has_net_info;
    to->udp = from->udp;
    to->ipv4 = from->ipv4;
    to->ipv6 = from->ipv6;
    to->hard_nat = answer_of(from->mapping_varies);
    to->hairpinning = answer_of(from->hairpinning);
    to->captive_portal = answer_of(from->captive_portal);
    to->upnp = answer_of(from->upnp);
    to->pmp = answer_of(from->pmp);
    to->pcp = answer_of(from->pcp);
    to->preferred_derp = from->preferred_derp;
    for (size_t i = 0; i < from->region_count; i++) {
        const struct agent_latency *one = &from->regions[i];
        if (one->region == from->preferred_derp) {
            bool v6 = one->v4_ns == 0 || (one->v6_ns != 0 && one->v6_ns < one->v4_ns);
            to->home_latency_ns = v6 ? one->v6_ns : one->v4_ns;
        }
    }
    address_text(&from->global_v4, to->global_v4);
    address_text(&from->global_v6, to->global_v6);
}

void core_fill_agent_report(const struct watch *watch, struct snapshot *out)
{
    struct snapshot_agent_report *to = &out->agent_report;
    const struct failure *why = NULL;
    const struct agent_report *from = core_agent_report(watch, &to->at, &why);
    text_copy(to->failure, sizeof to->failure, why->code == NET_OK ? "" : why->text);
    if (from == NULL) {
        return;
    }
    text_copy(to->severity, sizeof to->severity, from->severity);
    fill_net_info(from, to);
    to->warning_count = fill_warnings(from->warnings, from->warning_count, to->warnings);
    to->interface_warning_count = fill_warnings(
        from->interface_warnings, from->interface_warning_count, to->interface_warnings);
    to->interface_count = from->interface_count < SNAPSHOT_INTERFACES_MAX ? from->interface_count
                                                                          : SNAPSHOT_INTERFACES_MAX;
    for (size_t i = 0; i < to->interface_count; i++) {
        fill_interface(&from->interfaces[i], &to->interfaces[i]);
    }
}
