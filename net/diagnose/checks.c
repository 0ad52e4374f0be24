#include "net/diagnose/checks.h"

#include "net/diagnose/rules_internal.h"

/* Each says why its check cannot be told; "": it can. Asked only where diagnose() found nothing. */
typedef const char *(*reason)(const struct facts *f);

static const char *if_not(bool known, const char *why)
{
    return known ? "" : why;
}

/* --- the deployment
 * ------------------------------------------------------------------------------------------------
 */

static const char *token(const struct facts *f)
{
    return if_not(f->connection_known, "the deployment has not answered yet");
}

static const char *workspace(const struct facts *f)
{
    return if_not(f->workspace_state != FACT_WORKSPACE_UNKNOWN, "its state is not known");
}

static const char *version(const struct facts *f)
{
    return if_not(f->coordinator == FACT_LINK_UP, "there is no session with the coordinator");
}

static const char *coordinator(const struct facts *f)
{
    return if_not(f->coordinator == FACT_LINK_UP, "it was not reached yet");
}

static const char *agent_connected(const struct facts *f)
{
    return if_not(f->agent != FACT_AGENT_UNKNOWN, "the agent's state is not known");
}

static const char *agent_reachable(const struct facts *f)
{
    return if_not(f->path != FACT_PATH_NONE, "no probe was answered yet");
}

static const char *handshake(const struct facts *f)
{
    return if_not(f->handshake == FACT_YES, "no handshake was completed yet");
}

static const char *disabled_deployment(const struct facts *f)
{
    return if_not(f->connection_known, "the deployment has not told its settings");
}

static const char *disabled_client(const struct facts *f)
{
    (void)f;
    return "";
}

/* --- both sides' networks
 * ------------------------------------------------------------------------------------------------
 */

static bool is_disabled(const struct facts *f)
{
    return f->direct_disabled_client || f->direct_disabled_deployment;
}

static const char *stun(const struct facts *f)
{
    return if_not(f->stun_servers != FACT_UNKNOWN, "the DERP map has not come");
}

static const char *client_udp(const struct facts *f)
{
    return f->client.udp == FACT_YES    ? ""
           : f->stun_servers == FACT_NO ? "there is no STUN server to ask"
                                        : "no STUN server was asked, or the answer is waited for";
}

/* What the agent alone can tell. */
static const char *agents_own(const struct facts *f, const char *why)
{
    return f->agent_report == FACT_NO ? "the agent's own report could not be had" : why;
}

static const char *agent_udp(const struct facts *f)
{
    return f->agent_side.udp == FACT_YES ? ""
           : f->stun_servers == FACT_NO  ? "there is no STUN server to ask"
                                         : agents_own(f, "the agent has not reported its network");
}

static const char *vpn(const struct facts *f)
{
    return if_not(f->default_route_tunnel != FACT_UNKNOWN, "the default route is not known");
}

static const char *mtus(const struct fact_side *side, const char *none)
{
    const char *out = side->interface_count == 0 ? none : "";
    for (size_t i = 0; i < side->interface_count; i++) {
        out = side->interfaces[i].mtu == 0 ? "the MTU of an interface is not known" : out;
    }
    return out;
}

static const char *client_mtu(const struct facts *f)
{
    return mtus(&f->client, "this computer's interfaces are not known");
}

static const char *agent_mtu(const struct facts *f)
{
    return mtus(&f->agent_side, agents_own(f, "the agent has not reported its interfaces"));
}

static const char *path_mtu(const struct facts *f)
{
    return is_disabled(f)                ? "direct connections are disabled"
           : f->path == FACT_PATH_DIRECT ? "" /* it was found with full packets */
                                         : "there is no direct path to measure";
}

static const char *hairpin(const struct facts *f)
{
    return f->client.hairpin == FACT_YES || f->same_public_address == FACT_NO ? ""
           : f->same_public_address == FACT_UNKNOWN
               ? "the public addresses of both sides are not known"
               : "whether the router does it was not tried";
}

static const char *client_aws(const struct facts *f)
{
    return if_not(f->client.aws != FACT_UNKNOWN, "this computer's public address is not known");
}

static const char *agent_aws(const struct facts *f)
{
    return f->agent_side.aws != FACT_UNKNOWN
               ? ""
               : agents_own(f, "the agent's public address is not known");
}

static const char *client_nat(const struct facts *f)
{
    return if_not(f->client.hard_nat != FACT_UNKNOWN, "fewer than two STUN servers answered");
}

static const char *agent_nat(const struct facts *f)
{
    return f->agent_side.hard_nat != FACT_UNKNOWN
               ? ""
               : agents_own(f, "the agent has not reported its NAT");
}

/* A firewall is told by what does not come through it, where it should: only a direct path shows
 * that there is none. */
static const char *firewall(const struct facts *f)
{
    bool nats = f->client.hard_nat != FACT_UNKNOWN && f->agent_side.hard_nat != FACT_UNKNOWN;
    return f->path == FACT_PATH_DIRECT                    ? ""
           : is_disabled(f)                               ? "direct connections are disabled"
           : f->path == FACT_PATH_NONE                    ? "there is no path yet"
           : !nats                                        ? "the kind of NAT of a side is not known"
           : f->client.hard_nat == f->agent_side.hard_nat ? "it shows behind one hard NAT only"
           : f->client.udp == FACT_NO || f->agent_side.udp == FACT_NO
               ? "without UDP there is nothing to tell it by"
               : "not every address of the agent was tried for long enough";
}

/* --- the relay, and the quality of the path
 * ------------------------------------------------------------------------------------------------
 */

static const char *relayed(const struct facts *f)
{
    return if_not(f->path != FACT_PATH_NONE, "there is no path yet");
}

static const char *relay_link(const struct facts *f)
{
    return if_not(f->relay == FACT_LINK_UP, "it is not connected yet");
}

static const char *relay_health(const struct facts *f)
{
    return if_not(f->relay == FACT_LINK_UP, "the relay is not connected");
}

static const char *far(const struct facts *f)
{
    bool homes = f->client_home.id != 0 && f->agent_home.id != 0;
    bool measured = f->used_region_ns != 0 && f->near_region.id != 0 &&
                    f->client_to_client_home_ns != 0 && f->client_to_agent_home_ns != 0;
    return f->path == FACT_PATH_DIRECT ? "" /* it is not in use */
           : f->path == FACT_PATH_NONE ? "there is no path yet"
           : !homes                    ? "the relay of a side is not known"
                    : if_not(measured, "the ways to the relays are not measured");
}

static const char *latency(const struct facts *f)
{
    return f->probes.answered < DIAGNOSE_SAMPLES_LEAST
               ? "too few probes were answered"
               : if_not(f->probes.usual_ns != 0, "what is usual is not known yet");
}

static const char *loss(const struct facts *f)
{
    const struct fact_probes *probes = &f->probes;
    return probes->answered == 0 ? "no probe was answered"
                                 : if_not(probes->answered + probes->lost >= DIAGNOSE_SAMPLES_LEAST,
                                          "too few probes have been sent");
}

static const char *jitter(const struct facts *f)
{
    return if_not(f->probes.answered >= DIAGNOSE_SAMPLES_LEAST, "too few probes were answered");
}

static const reason reasons[FINDING_CODES] = {
    [FINDING_TOKEN_REFUSED] = token,
    [FINDING_WORKSPACE_STOPPED] = workspace,
    [FINDING_VERSION_SKEW] = version,
    [FINDING_COORDINATOR_LOST] = coordinator,
    [FINDING_AGENT_NOT_CONNECTED] = agent_connected,
    [FINDING_DERP_UNREACHABLE] = relay_link,
    [FINDING_AGENT_UNREACHABLE] = agent_reachable,
    [FINDING_HANDSHAKE_STALE] = handshake,
    [FINDING_DERP_UNHEALTHY] = relay_health,
    [FINDING_DIRECT_DISABLED_DEPLOYMENT] = disabled_deployment,
    [FINDING_DIRECT_DISABLED_CLIENT] = disabled_client,
    [FINDING_CLIENT_UDP_BLOCKED] = client_udp,
    [FINDING_AGENT_UDP_BLOCKED] = agent_udp,
    [FINDING_NO_STUN_SERVERS] = stun,
    [FINDING_VPN_DEFAULT_ROUTE] = vpn,
    [FINDING_CLIENT_LOW_MTU] = client_mtu,
    [FINDING_AGENT_LOW_MTU] = agent_mtu,
    [FINDING_PATH_MTU] = path_mtu,
    [FINDING_NO_HAIRPIN] = hairpin,
    [FINDING_CLIENT_AWS] = client_aws,
    [FINDING_AGENT_AWS] = agent_aws,
    [FINDING_ENDPOINT_FIREWALL] = firewall,
    [FINDING_CLIENT_HARD_NAT] = client_nat,
    [FINDING_AGENT_HARD_NAT] = agent_nat,
    [FINDING_DERP_RELAY] = relayed,
    [FINDING_DERP_WEBSOCKET] = relay_health,
    [FINDING_DERP_FAR] = far,
    [FINDING_LATENCY] = latency,
    [FINDING_LOSS] = loss,
    [FINDING_JITTER] = jitter,
};

void checks_make(const struct facts *facts, const struct diagnose_limits *limits,
                 struct check out[FINDING_CODES])
{
    struct finding found[FINDING_CODES];
    for (int code = 0; code < FINDING_CODES; code++) {
        const char *why = reasons[code](facts);
        out[code] = (struct check){why[0] == '\0' ? CHECK_PASSED : CHECK_UNKNOWN, why};
    }
    size_t count = diagnose(facts, limits, found);
    for (size_t i = 0; i < count; i++) {
        out[found[i].code] = (struct check){CHECK_STANDS, ""};
    }
}

void checks_beside(const struct facts *facts, const struct finding *standing, size_t count,
                   struct check out[FINDING_CODES])
{
    checks_make(facts, NULL, out);
    for (int code = 0; code < FINDING_CODES; code++) {
        /* By limits of the user's. */
        bool measured = code == FINDING_LATENCY || code == FINDING_LOSS || code == FINDING_JITTER;
        if (out[code].state == CHECK_STANDS) {
            out[code] = measured ? (struct check){CHECK_PASSED, ""}
                                 : (struct check){CHECK_UNKNOWN, "it was seen a moment ago only"};
        }
    }
    for (size_t i = 0; i < count; i++) {
        out[standing[i].code] = (struct check){CHECK_STANDS, ""};
    }
}

const char *check_why(enum finding_code code)
{
    return remedy_of(code)->why;
}

void check_docs(const struct facts *facts, enum finding_code code, char out[FINDING_DOCS_SIZE])
{
    remedy_docs(facts, code, out);
}
