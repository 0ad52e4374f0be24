/*
 * What each check rests on, in figures: the part of the facts that its rule looks at.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "net/base/text.h"
#include "net/diagnose/checks.h"
#include "net/diagnose/rules_internal.h"

struct notes {
    const struct facts *facts;
    char (*lines)[CHECK_LINE_SIZE];
    size_t count;
};

typedef void (*evidence)(struct notes *notes);

static void note(struct notes *notes, const char *format, ...) NET_PRINTF(2, 3);

static void note(struct notes *notes, const char *format, ...)
{
    char line[CHECK_LINE_SIZE * 2];
    va_list args;
    if (notes->count == CHECK_LINES_MAX) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_copy(notes->lines[notes->count++], CHECK_LINE_SIZE, line);
}

static const char *yes_no(enum fact fact)
{
    return fact == FACT_YES ? "yes" : fact == FACT_NO ? "no" : "not known";
}

static const char *region_text(const struct fact_region *region, char out[FACT_NAME_SIZE + 24])
{
    text_format(out, FACT_NAME_SIZE + 24, "%s (%lld)",
                region->name[0] != '\0' ? region->name : "unknown", (long long)region->id);
    return out;
}

/* --- the deployment
 * ------------------------------------------------------------------------------------------------
 */

static void deployment(struct notes *notes)
{
    const struct facts *f = notes->facts;
    if (f->connection_known) {
        note(notes, "the deployment told how to connect%s%s%s",
             f->server_version[0] != '\0' ? " (server " : "", f->server_version,
             f->server_version[0] != '\0' ? ")" : "");
    }
}

static void settings(struct notes *notes)
{
    const struct facts *f = notes->facts;
    if (f->connection_known) {
        note(notes, "the deployment %s direct connections",
             f->direct_disabled_deployment ? "disables" : "allows");
    }
    note(notes, "here they are %s", f->direct_disabled_client ? "disabled" : "not disabled");
}

static void coordinator(struct notes *notes)
{
    static const char *const words[] = {"not in use", "being connected", "connected", "down"};
    char span[SPAN_TEXT_SIZE];
    const struct facts *f = notes->facts;
    note(notes, "the session with the coordinator is %s%s", words[f->coordinator],
         f->coordinator == FACT_LINK_DOWN ? for_text(f->coordinator_down_ns, span) : "");
}

static void workspace(struct notes *notes)
{
    static const char *const words[] = {"", "running", "starting", "not running"};
    const struct facts *f = notes->facts;
    if (f->workspace_state != FACT_WORKSPACE_UNKNOWN) {
        note(notes, "the deployment's list says: %s is %s", f->workspace,
             f->workspace_status[0] != '\0' ? f->workspace_status : words[f->workspace_state]);
    }
}

static void agent(struct notes *notes)
{
    static const char *const words[] = {"", "connecting", "connected", "disconnected",
                                        "overdue to connect"};
    const struct facts *f = notes->facts;
    if (f->agent != FACT_AGENT_UNKNOWN) {
        note(notes, "the deployment's list says: the agent is %s%s%s", words[f->agent],
             f->agent_version[0] != '\0' ? ", version " : "", f->agent_version);
    }
    note(notes, "the coordinator %s the agent's node%s",
         f->agent_node_known ? "has brought" : "has not brought",
         f->agent_left   ? "; then the agent signed off"
         : f->agent_lost ? "; then it lost the agent"
                         : "");
}

/* --- the path
 * ------------------------------------------------------------------------------------------------
 */

static void path(struct notes *notes)
{
    char region[FACT_NAME_SIZE + 24];
    char span[SPAN_TEXT_SIZE];
    const struct facts *f = notes->facts;
    if (f->path == FACT_PATH_DIRECT) {
        note(notes, "the path is direct to %s, for %s", f->path_address,
             span_text(f->path_for_ns, span));
    } else if (f->path == FACT_PATH_RELAY) {
        note(notes, "the path goes by relay %s, for %s", region_text(&f->relay_region, region),
             span_text(f->path_for_ns, span));
    } else {
        note(notes, "there is no path: nothing was answered yet");
    }
}

static void probes(struct notes *notes)
{
    const struct fact_probes *p = &notes->facts->probes;
    unsigned long long answered = p->answered;
    unsigned long long lost = p->lost;
    if (answered + lost > 0) {
        note(notes, "of the last %llu probes %llu %s answered and %llu lost%s", answered + lost,
             answered, answered == 1 ? "was" : "were", lost,
             p->lost_in_a_row > 0 ? ", the last one among them" : "");
    }
}

static void latency(struct notes *notes)
{
    char ms[3][SPAN_TEXT_SIZE];
    const struct fact_probes *p = &notes->facts->probes;
    if (p->answered > 0) {
        note(notes, "latency %s on average, 95 of 100 below %s; it changes by %s",
             ms_text(p->avg_ns, ms[0]), ms_text(p->p95_ns, ms[1]), ms_text(p->jitter_ns, ms[2]));
    }
}

static void usual(struct notes *notes)
{
    char ms[2][SPAN_TEXT_SIZE];
    const struct fact_probes *p = &notes->facts->probes;
    unsigned long long answered = p->answered;
    if (answered > 0 && p->usual_ns > 0) {
        note(notes, "half of the last %llu pings took less than %s; usual on this path is %s",
             answered, ms_text(p->p50_ns, ms[0]), ms_text(p->usual_ns, ms[1]));
    }
}

static void candidates(struct notes *notes)
{
    const struct facts *f = notes->facts;
    if (f->candidates > 0) {
        note(notes, "%zu address%s of the agent known, %zu probed at least twice in vain",
             f->candidates, f->candidates == 1 ? "" : "es", f->candidates_silent);
    }
}

static void path_mtu(struct notes *notes)
{
    const struct facts *f = notes->facts;
    if (f->path_mtu != 0) {
        note(notes, "packets of up to %u bytes pass to %s; a full one has %u",
             (unsigned)f->path_mtu, f->path_mtu_to, (unsigned)f->path_mtu_want);
    }
}

static void handshake(struct notes *notes)
{
    char span[SPAN_TEXT_SIZE];
    const struct facts *f = notes->facts;
    if (f->handshake == FACT_YES) {
        note(notes, "the last handshake was completed %s ago",
             span_text(f->handshake_age_ns, span));
    } else if (f->handshake == FACT_NO) {
        note(notes, "no handshake was completed; %u begun", f->handshake_attempts);
    }
}

/* --- the relay
 * ------------------------------------------------------------------------------------------------
 */

static void relay(struct notes *notes)
{
    static const char *const words[] = {"not in use", "being connected", "connected", "down"};
    char region[FACT_NAME_SIZE + 24];
    char span[SPAN_TEXT_SIZE];
    const struct facts *f = notes->facts;
    if (f->relay_region.id != 0) {
        note(notes, "relay %s is %s%s%s", region_text(&f->relay_region, region), words[f->relay],
             f->relay == FACT_LINK_DOWN ? for_text(f->relay_down_ns, span) : "",
             f->relay == FACT_LINK_UP && f->relay_websocket ? ", by websocket" : "");
    }
    if (f->relay == FACT_LINK_UP) {
        note(notes, "it says %s",
             f->relay_health[0] != '\0' ? f->relay_health : "nothing of its health");
    }
}

static void leg(struct notes *notes, const char *who, const struct fact_region *region, uint64_t ns)
{
    char name[FACT_NAME_SIZE + 24];
    char ms[SPAN_TEXT_SIZE];
    if (region->id != 0 && ns != 0) {
        note(notes, "from %s to relay %s: %s", who, region_text(region, name), ms_text(ns, ms));
    }
}

static void homes(struct notes *notes)
{
    const struct facts *f = notes->facts;
    leg(notes, "here", &f->client_home, f->client_to_client_home_ns);
    leg(notes, "the agent", &f->client_home, f->agent_to_client_home_ns);
    if (f->agent_home.id != f->client_home.id) {
        leg(notes, "here", &f->agent_home, f->client_to_agent_home_ns);
        leg(notes, "the agent", &f->agent_home, f->agent_to_agent_home_ns);
    }
}

/* --- both sides' networks
 * ------------------------------------------------------------------------------------------------
 */

static void stun(struct notes *notes)
{
    const struct facts *f = notes->facts;
    if (f->stun_servers != FACT_UNKNOWN) {
        note(notes, "the DERP map names %s STUN server", f->stun_servers == FACT_YES ? "a" : "no");
    }
}

static void report(struct notes *notes)
{
    const struct facts *f = notes->facts;
    if (f->agent_report == FACT_YES) {
        note(notes, "the agent's own network report has come");
    } else if (f->agent_report == FACT_NO) {
        note(notes, "the agent's own network report: %s", f->agent_report_text);
    }
}

static void udp(struct notes *notes, const struct fact_side *side, const char *who)
{
    if (side->udp != FACT_UNKNOWN) {
        note(notes, "a STUN server answered %s over UDP: %s", who, yes_no(side->udp));
    }
    if (side->public_v4[0] != '\0' || side->public_v6[0] != '\0') {
        note(notes, "%s is seen at %s%s%s", who, side->public_v4,
             side->public_v4[0] != '\0' && side->public_v6[0] != '\0' ? " and " : "",
             side->public_v6);
    }
}

static void client_udp(struct notes *notes)
{
    udp(notes, &notes->facts->client, "this computer");
}

static void agent_udp(struct notes *notes)
{
    udp(notes, &notes->facts->agent_side, "the agent");
}

static void nat(struct notes *notes, const struct fact_side *side, const char *who)
{
    if (side->hard_nat != FACT_UNKNOWN) {
        note(notes, "STUN servers saw %s at different addresses: %s", who, yes_no(side->hard_nat));
    }
    if (side->seen_v4[0][0] != '\0' && side->seen_v4[1][0] != '\0') {
        note(notes, "at %s, and at %s", side->seen_v4[0], side->seen_v4[1]);
    }
}

static void client_nat(struct notes *notes)
{
    nat(notes, &notes->facts->client, "this computer");
}

static void agent_nat(struct notes *notes)
{
    nat(notes, &notes->facts->agent_side, "the agent");
}

static void interfaces(struct notes *notes, const struct fact_side *side)
{
    char line[CHECK_LINE_SIZE] = "";
    for (size_t i = 0; i < side->interface_count; i++) {
        const struct fact_interface *one = &side->interfaces[i];
        char mtu[16] = "?";
        size_t used = strlen(line);
        if (one->mtu != 0) {
            text_format(mtu, sizeof mtu, "%u", (unsigned)one->mtu);
        }
        text_format(line + used, sizeof line - used, "%s%s %s", i > 0 ? ", " : "", one->name, mtu);
    }
    if (line[0] != '\0') {
        note(notes, "interfaces with their MTU: %s (%d is needed)", line, DIAGNOSE_MTU_LEAST);
    }
}

static void client_interfaces(struct notes *notes)
{
    interfaces(notes, &notes->facts->client);
}

static void agent_interfaces(struct notes *notes)
{
    interfaces(notes, &notes->facts->agent_side);
}

static void route(struct notes *notes)
{
    const struct facts *f = notes->facts;
    if (f->default_route_tunnel != FACT_UNKNOWN) {
        note(notes, "the default route goes out by %s; a tunnel: %s", f->default_route,
             yes_no(f->default_route_tunnel));
    }
}

static void hairpin(struct notes *notes)
{
    const struct facts *f = notes->facts;
    note(notes, "both sides have the same public address: %s", yes_no(f->same_public_address));
    note(notes, "a packet to our own public address came back: %s", yes_no(f->client.hairpin));
}

static void aws(struct notes *notes, const struct fact_side *side)
{
    if (side->aws != FACT_UNKNOWN) {
        note(notes, "in a range of AWS: %s%s%s (by %s)", yes_no(side->aws),
             side->aws == FACT_YES ? ", " : "", side->aws_range, notes->facts->aws_source);
    }
}

static void client_aws(struct notes *notes)
{
    aws(notes, &notes->facts->client);
}

static void agent_aws(struct notes *notes)
{
    aws(notes, &notes->facts->agent_side);
}

/* --- which for which
 * ------------------------------------------------------------------------------------------------
 */

enum { KINDS = 4 };

static const evidence table[FINDING_CODES][KINDS] = {
    [FINDING_TOKEN_REFUSED] = {deployment},
    [FINDING_WORKSPACE_STOPPED] = {workspace},
    [FINDING_VERSION_SKEW] = {deployment, coordinator},
    [FINDING_COORDINATOR_LOST] = {coordinator},
    [FINDING_AGENT_NOT_CONNECTED] = {agent},
    [FINDING_DERP_UNREACHABLE] = {relay},
    [FINDING_AGENT_UNREACHABLE] = {agent, path, probes},
    [FINDING_HANDSHAKE_STALE] = {handshake, probes},
    [FINDING_DERP_UNHEALTHY] = {relay},
    [FINDING_DIRECT_DISABLED_DEPLOYMENT] = {settings},
    [FINDING_DIRECT_DISABLED_CLIENT] = {settings},
    [FINDING_CLIENT_UDP_BLOCKED] = {stun, client_udp},
    [FINDING_AGENT_UDP_BLOCKED] = {stun, report, agent_udp},
    [FINDING_NO_STUN_SERVERS] = {stun},
    [FINDING_VPN_DEFAULT_ROUTE] = {route},
    [FINDING_CLIENT_LOW_MTU] = {client_interfaces},
    [FINDING_AGENT_LOW_MTU] = {report, agent_interfaces},
    [FINDING_PATH_MTU] = {path, path_mtu},
    [FINDING_NO_HAIRPIN] = {hairpin},
    [FINDING_CLIENT_AWS] = {client_udp, client_aws},
    [FINDING_AGENT_AWS] = {report, agent_udp, agent_aws},
    [FINDING_ENDPOINT_FIREWALL] = {path, client_nat, agent_nat, candidates},
    [FINDING_CLIENT_HARD_NAT] = {client_nat},
    [FINDING_AGENT_HARD_NAT] = {report, agent_nat},
    [FINDING_DERP_RELAY] = {path, candidates, latency},
    [FINDING_DERP_WEBSOCKET] = {relay},
    [FINDING_DERP_FAR] = {path, homes},
    [FINDING_LATENCY] = {path, usual, latency},
    [FINDING_LOSS] = {path, probes},
    [FINDING_JITTER] = {path, latency},
};

size_t check_evidence(const struct facts *facts, enum finding_code code,
                      char out[CHECK_LINES_MAX][CHECK_LINE_SIZE])
{
    struct notes notes = {.facts = facts, .lines = out};
    for (size_t i = 0; i < KINDS && table[code][i] != NULL; i++) {
        table[code][i](&notes);
    }
    return notes.count;
}
