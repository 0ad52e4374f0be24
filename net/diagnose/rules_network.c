/*
 * What stands in the way of a direct path, on either side.
 */
#include "net/base/text.h"
#include "net/diagnose/aws_ranges.h"
#include "net/diagnose/rules_internal.h"

bool wants_direct(const struct facts *facts)
{
    return facts->path != FACT_PATH_DIRECT && !facts->direct_disabled_deployment &&
           !facts->direct_disabled_client;
}

/* Of something that may keep a direct path away: a warning while there is none. */
static enum finding_severity hindrance(const struct facts *facts)
{
    return wants_direct(facts) ? SEVERITY_WARNING : SEVERITY_INFO;
}

static void rule_disabled(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    if (facts->direct_disabled_deployment) {
        draft_add(draft, FINDING_DIRECT_DISABLED_DEPLOYMENT, SEVERITY_WARNING,
                  "the deployment's connection info says that direct connections are disabled")
            ->certain = true;
    }
    if (facts->direct_disabled_client) {
        draft_add(draft, FINDING_DIRECT_DISABLED_CLIENT, SEVERITY_INFO,
                  "--disable-direct-connections or CODER_DISABLE_DIRECT_CONNECTIONS is set here")
            ->certain = true;
    }
}

static void rule_stun(struct draft *draft)
{
    if (draft->facts->stun_servers == FACT_NO) {
        draft_add(draft, FINDING_NO_STUN_SERVERS, hindrance(draft->facts),
                  "the DERP map (the deployment's list of relays and STUN servers) names no STUN "
                  "server")
            ->certain = true;
    }
}

static void rule_udp(struct draft *draft, const struct fact_side *side, enum finding_code code,
                     const char *who)
{
    /* Without servers there is nothing that could have answered. */
    if (side->udp == FACT_NO && draft->facts->stun_servers != FACT_NO) {
        draft_add(draft, code, hindrance(draft->facts), "no STUN server answered %s over UDP", who);
    }
}

static void rule_hard_nat(struct draft *draft, const struct fact_side *side,
                          const struct fact_side *other, enum finding_code code, const char *who)
{
    if (side->hard_nat != FACT_YES) {
        return;
    }
    bool both = other->hard_nat == FACT_YES;
    bool figures = side->seen_v4[0][0] != '\0' && side->seen_v4[1][0] != '\0';
    struct finding *found =
        figures ? draft_add(draft, code, hindrance(draft->facts),
                            "one STUN server saw %s at %s, another at %s", who, side->seen_v4[0],
                            side->seen_v4[1])
                : draft_add(draft, code, hindrance(draft->facts),
                            "different STUN servers saw %s at different public addresses%s%s%s",
                            who, side->public_v4[0] != '\0' ? " (one is " : "", side->public_v4,
                            side->public_v4[0] != '\0' ? ")" : "");
    text_copy(found->why, sizeof found->why,
              both ? "a hard NAT (a router that takes another public port for each destination) on "
                     "both sides: a direct path may take long or be impossible"
                   : "a hard NAT is a router that takes another public port for each destination; "
                     "with one on one side only, a direct path is usually found");
}

static void rule_firewall(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    const struct fact_side *client = &facts->client;
    const struct fact_side *agent = &facts->agent_side;
    bool client_hard = client->hard_nat == FACT_YES && agent->hard_nat == FACT_NO;
    bool agent_hard = agent->hard_nat == FACT_YES && client->hard_nat == FACT_NO;
    bool tried = facts->candidates > 0 && facts->candidates_silent == facts->candidates;
    if (facts->path != FACT_PATH_RELAY || !wants_direct(facts) || !tried ||
        client->udp == FACT_NO || agent->udp == FACT_NO || (!client_hard && !agent_hard) ||
        facts->path_for_ns < DIAGNOSE_FIREWALL_AFTER_S * NS_PER_SEC) {
        return;
    }
    struct finding *found =
        draft_add(draft, FINDING_ENDPOINT_FIREWALL, SEVERITY_WARNING,
                  "%s is behind a hard NAT, %s is not, and none of the agent's addresses answered "
                  "(%zu tried)",
                  client_hard ? "this computer" : "the agent",
                  client_hard ? "the agent" : "this computer", facts->candidates);
    text_format(found->remedy, sizeof found->remedy,
                "at the firewall %s allow incoming UDP from all ports (or from the public "
                "addresses of the other side), or at the NAT of the other side turn on "
                "endpoint-independent mapping (\"full cone\", \"static port\")",
                client_hard ? "of the workspace's machine" : "of this computer and its network");
}

static void rule_vpn(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    if (facts->default_route_tunnel == FACT_YES) {
        draft_add(draft, FINDING_VPN_DEFAULT_ROUTE, hindrance(facts),
                  "the default route of this computer goes out by %s, which is a tunnel",
                  facts->default_route);
    }
    if (facts->client.hairpin == FACT_NO && facts->same_public_address == FACT_YES) {
        char ip[FACT_ADDRESS_SIZE] = "(not known)";
        (void)address_without_port(facts->client.public_v4, ip, sizeof ip);
        draft_add(
            draft, FINDING_NO_HAIRPIN, hindrance(facts),
            "both sides have the public address %s, and a packet sent there from here did not "
            "come back",
            ip);
    }
}

static void rule_low_mtu(struct draft *draft, const struct fact_side *side, enum finding_code code)
{
    const struct fact_interface *least = NULL;
    size_t low = 0;
    for (size_t i = 0; i < side->interface_count; i++) {
        const struct fact_interface *one = &side->interfaces[i];
        if (one->mtu > 0 && one->mtu < DIAGNOSE_MTU_LEAST) {
            low++;
            least = least == NULL || one->mtu < least->mtu ? one : least;
        }
    }
    if (least == NULL) {
        return;
    }
    char more[48] = "";
    if (low > 1) {
        text_format(more, sizeof more, "; %zu more interface%s too", low - 1, low == 2 ? "" : "s");
    }
    /* A direct path that stands was found with full packets. */
    struct finding *found =
        draft_add(draft, code, hindrance(draft->facts), "interface %s has MTU %u (less than %d)%s",
                  least->name, (unsigned)least->mtu, DIAGNOSE_MTU_LEAST, more);
    if (code == FINDING_CLIENT_LOW_MTU) {
        text_format(found->remedy, sizeof found->remedy,
                    "if the link behind it carries them: `ip link set dev %s mtu %d` (a VPN: its "
                    "own MTU setting); else use the relay: --disable-direct-connections",
                    least->name, DIAGNOSE_MTU_LEAST);
    } else {
        text_format(found->remedy, sizeof found->remedy,
                    "on the workspace's machine, if the link behind it carries them: `ip link set "
                    "dev %s mtu %d`; else use the relay: CODER_BLOCK_DIRECT on the Coder server",
                    least->name, DIAGNOSE_MTU_LEAST);
    }
}

static void rule_aws(struct draft *draft, const struct fact_side *side, enum finding_code code)
{
    const struct facts *facts = draft->facts;
    if (side->aws == FACT_YES) {
        draft_add(draft, code,
                  wants_direct(facts) && side->hard_nat != FACT_NO ? SEVERITY_WARNING
                                                                   : SEVERITY_INFO,
                  "the public address %s is in %s of AWS (%s)%s", side->aws_address,
                  side->aws_range, facts->aws_source,
                  side->hard_nat == FACT_NO ? "; STUN servers see no hard NAT, though" : "");
    }
}

void rules_network(struct draft *draft)
{
    const struct fact_side *client = &draft->facts->client;
    const struct fact_side *agent = &draft->facts->agent_side;
    rule_disabled(draft);
    rule_udp(draft, client, FINDING_CLIENT_UDP_BLOCKED, "this computer");
    rule_udp(draft, agent, FINDING_AGENT_UDP_BLOCKED, "the agent");
    rule_stun(draft);
    rule_firewall(draft);
    rule_hard_nat(draft, client, agent, FINDING_CLIENT_HARD_NAT, "this computer");
    rule_hard_nat(draft, agent, client, FINDING_AGENT_HARD_NAT, "the agent");
    rule_vpn(draft);
    rule_low_mtu(draft, client, FINDING_CLIENT_LOW_MTU);
    rule_low_mtu(draft, agent, FINDING_AGENT_LOW_MTU);
    rule_aws(draft, client, FINDING_CLIENT_AWS);
    rule_aws(draft, agent, FINDING_AGENT_AWS);
}
