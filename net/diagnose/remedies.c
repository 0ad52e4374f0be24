/*
 * The texts of each finding that no fact changes. A word that is not everyday is explained where it
 * is used.
 */
#include <string.h>

#include "net/base/text.h"
#include "net/diagnose/rules_internal.h"

#define DOCS     "https://coder.com/docs"
#define TROUBLE  DOCS "/admin/networking/troubleshooting"
#define HEALTH   DOCS "/admin/monitoring/health-check"
#define HARD_NAT TROUBLE "#endpoint-dependent-nat-hard-nat"

#define SLOWER "all packets go through a relay: more latency and less throughput than directly"

static const struct remedy remedies[FINDING_CODES] = {
    [FINDING_TOKEN_REFUSED] = {"nothing new can be asked of the deployment; a connection that "
                               "stands goes on until its addresses change",
                               "sign in again with `coder login`, or give a valid token by --token "
                               "or CODER_SESSION_TOKEN",
                               DOCS "/admin/users/sessions-tokens"},
    [FINDING_WORKSPACE_STOPPED] = {"an agent answers only while its workspace runs", "",
                                   DOCS "/user-guides/workspace-lifecycle"},
    [FINDING_AGENT_NOT_CONNECTED] =
        {"the deployment knows no way to an agent that has no session with it",
         "read the agent's start-up log on the workspace's page of the dashboard, and "
         "/tmp/coder-agent.log in the workspace; its machine must reach the deployment's URL",
         DOCS "/admin/templates/troubleshooting#agent-connection-issues"},
    [FINDING_VERSION_SKEW] = {"what this program and the deployment say to each other may be "
                              "misunderstood or refused",
                              "use a derptop and a Coder server of about the same age: update the "
                              "older of the two",
                              DOCS "/install/upgrade"},
    [FINDING_COORDINATOR_LOST] =
        {"the coordinator (the part of the deployment that brings both sides together) tells each "
         "side the other's addresses; without it no new connection can be made",
         "check that the deployment's page opens from this computer, and that proxies on the way "
         "let websockets pass; derptop tries again by itself, `r` in the monitor at once",
         DOCS "/admin/networking"},
    [FINDING_DERP_UNREACHABLE] =
        {"the relay carries the first packets of every connection, and all of them while there is "
         "no direct path",
         "allow TCP (usually port 443) from this computer to the relay; behind a proxy set "
         "HTTPS_PROXY; `derptop netcheck` shows what each relay says",
         HEALTH "#ederp02"},
    [FINDING_AGENT_UNREACHABLE] =
        {"nothing reaches the workspace",
         "check that the workspace's machine is up and not asleep or overloaded; restart the "
         "workspace if its page in the dashboard shows the agent as disconnected",
         DOCS "/admin/templates/troubleshooting#agent-connection-issues"},
    [FINDING_HANDSHAKE_STALE] =
        {"WireGuard (the encryption of the tunnel) agrees on new keys every two minutes; without "
         "them no data passes, though probes may still be answered",
         "if probes are answered, restart the agent (stop and start the workspace); if not, see "
         "the findings about the path first",
         TROUBLE},
    [FINDING_DERP_UNHEALTHY] = {"a relay that is unwell loses or delays packets",
                                "tell the deployment's administrator: the page /health of the "
                                "deployment shows the state of its relays",
                                HEALTH "#ederp02"},
    [FINDING_DIRECT_DISABLED_DEPLOYMENT] =
        {SLOWER,
         "an administrator can allow them: unset CODER_BLOCK_DIRECT, or take away "
         "--block-direct-connections, on the Coder server, and restart it",
         TROUBLE "#disabled-deployment-wide"},
    [FINDING_DIRECT_DISABLED_CLIENT] = {SLOWER,
                                        "leave out --disable-direct-connections and unset "
                                        "CODER_DISABLE_DIRECT_CONNECTIONS",
                                        TROUBLE "#common-problems-with-direct-connections"},
    [FINDING_CLIENT_UDP_BLOCKED] =
        {"direct paths are UDP, and STUN servers (they tell a computer its public address) are "
         "asked over UDP: the agent does not learn where to send to",
         "at the firewalls of this computer and its network allow outgoing UDP to the STUN servers "
         "(`derptop netcheck` names them) and to all ports of the agent's addresses, and the "
         "answers to it",
         TROUBLE "#udp-blocked"},
    [FINDING_AGENT_UDP_BLOCKED] =
        {"direct paths are UDP, and STUN servers (they tell a computer its public address) are "
         "asked over UDP: this computer does not learn where to send to",
         "at the firewall or security group of the workspace's machine allow outgoing UDP to the "
         "STUN servers and to all ports, and the answers to it",
         TROUBLE "#udp-blocked"},
    [FINDING_NO_STUN_SERVERS] =
        {"STUN servers tell each side its public address; without one a direct path is found only "
         "on the same network, or through a router that maps ports (UPnP)",
         "an administrator can name some: set CODER_DERP_SERVER_STUN_ADDRESSES, or "
         "--derp-server-stun-addresses, on the Coder server (not to \"disable\")",
         TROUBLE "#no-stun-servers"},
    [FINDING_PATH_MTU] = {"larger packets are dropped on the way: a direct connection hangs, or is "
                          "not found at all",
                          "raise the MTU (the largest packet that a link takes) where it is "
                          "small: often a VPN, or the PPPoE line of a router; if that cannot be "
                          "done, use the relay: --disable-direct-connections",
                          TROUBLE "#low-mtu"},
    [FINDING_ENDPOINT_FIREWALL] =
        {"one side sends from ports that nobody can foretell (hard NAT); a firewall on the other "
         "that lets in only what answers its own packets drops them",
         "", TROUBLE "#endpoint-firewalls"},
    [FINDING_CLIENT_HARD_NAT] =
        {"",
         "on the router of this network turn on endpoint-independent mapping (\"full cone\", "
         "\"static port\"), or UPnP or NAT-PMP, or forward a UDP port to this computer",
         HARD_NAT},
    [FINDING_AGENT_HARD_NAT] =
        {"",
         "give the workspace's machine a public address, or a NAT with endpoint-independent "
         "mapping (\"full cone\", \"static port\") in front of it",
         HARD_NAT},
    [FINDING_VPN_DEFAULT_ROUTE] =
        {"the VPN's own NAT and firewall stand between both sides; its detour adds latency, and "
         "its tunnel takes smaller packets",
         "take the workspaces' network and the STUN servers out of the VPN (split tunnel), or have "
         "a STUN server deployed inside it (CODER_DERP_SERVER_STUN_ADDRESSES)",
         TROUBLE "#vpns"},
    [FINDING_NO_HAIRPIN] =
        {"both sides are behind the same public address; they meet there only if the router turns "
         "packets round that it gets from inside (hairpinning)",
         "turn on hairpinning (\"NAT loopback\", \"NAT reflection\") on that router, route between "
         "the two networks, or have a STUN server deployed inside",
         TROUBLE "#vpns"},
    [FINDING_CLIENT_LOW_MTU] =
        {"the MTU is the largest packet that an interface takes; a full one of the tunnel has up "
         "to "
         "1378 bytes with all its headers: it is dropped, and a direct connection hangs or is not "
         "found",
         "", TROUBLE "#low-mtu"},
    [FINDING_AGENT_LOW_MTU] =
        {"the MTU is the largest packet that an interface takes; a full one of the tunnel has up "
         "to "
         "1378 bytes with all its headers: it is dropped, and a direct connection hangs or is not "
         "found",
         "", TROUBLE "#low-mtu"},
    [FINDING_CLIENT_AWS] =
        {"the NAT gateways of AWS are hard NATs: they take another public port for each "
         "destination, so the port that STUN saw is of no use to the agent",
         "give this computer a public address of its own (public subnet with an internet gateway) "
         "instead of a NAT gateway",
         HARD_NAT},
    [FINDING_AGENT_AWS] =
        {"the NAT gateways of AWS are hard NATs: they take another public port for each "
         "destination, so the port that STUN saw is of no use to this computer",
         "give the workspace's machine a public address of its own (public subnet with an internet "
         "gateway) instead of a NAT gateway",
         HARD_NAT},
    [FINDING_DERP_RELAY] = {SLOWER, "", TROUBLE "#common-problems-with-direct-connections"},
    [FINDING_DERP_WEBSOCKET] =
        {"each packet is wrapped once more, and proxies that do not know the relay's protocol may "
         "delay it or cut it off",
         "", HEALTH "#ederp01"},
    [FINDING_DERP_FAR] =
        {"relayed packets go by way of the relays near each side; one that lies off the way adds "
         "its detour to every packet",
         "have a workspace proxy with a relay deployed between both sides, or make the direct path "
         "possible: it needs no relay",
         DOCS "/admin/networking/workspace-proxies"},
    [FINDING_LATENCY] = {"each key that is typed travels there and back before it shows",
                         "see whether something fills the line on either side (a transfer, a "
                         "backup: the throughput panel shows what that does), and whether the path "
                         "became a longer one; else have the workspace nearer to you",
                         TROUBLE "#throughput"},
    [FINDING_LOSS] = {"lost packets are sent again: terminals stutter and transfers slow down",
                      "try a cable instead of Wi-Fi, and another network; if the loss stays, show "
                      "these figures to whoever runs the network or the relay",
                      TROUBLE "#throughput"},
    [FINDING_JITTER] = {"keys echo unevenly, and transfers cannot use the whole line",
                        "look for full lines (large transfers, backups, video) and weak Wi-Fi on "
                        "either side; try a cable",
                        TROUBLE "#throughput"},
};

const struct remedy *remedy_of(enum finding_code code)
{
    return &remedies[code];
}

/* coder/coder cli/ping.go: the deployment says where its own documentation is. */
void remedy_docs(const struct facts *facts, enum finding_code code, char out[FINDING_DOCS_SIZE])
{
    const char *usual = remedies[code].docs;
    const char *base = facts->docs_url;
    const char *rest = usual + strlen(DOCS);
    if (base[0] == '\0' || strlen(base) + strlen(rest) >= FINDING_DOCS_SIZE) {
        text_copy(out, FINDING_DOCS_SIZE, usual);
    } else {
        text_format(out, FINDING_DOCS_SIZE, "%s%s", base, rest);
    }
}
