/*
 * Findings: what is wrong with a connection, or explains it, in words for people. Codes, sides and
 * severities are stable: JSON, tests and screens know them by name. Plain data, no pointers; what
 * came from outside is safe for a terminal before it enters the facts.
 */
#ifndef NET_DIAGNOSE_FINDING_H
#define NET_DIAGNOSE_FINDING_H

#include <stdbool.h>

#include "net/base/now.h"

/* Code, name, side, title. The order decides between findings of the same severity and age. */
#define FINDING_LIST(X)                                                                            \
    X(FINDING_TOKEN_REFUSED, "token_refused", CLIENT, "the session token is refused")              \
    X(FINDING_WORKSPACE_STOPPED, "workspace_stopped", AGENT, "the workspace is not running")       \
    X(FINDING_VERSION_SKEW, "version_skew", DEPLOYMENT,                                            \
      "the deployment speaks another version of the API")                                          \
    X(FINDING_COORDINATOR_LOST, "coordinator_lost", DEPLOYMENT,                                    \
      "the coordinator cannot be reached")                                                         \
    X(FINDING_AGENT_NOT_CONNECTED, "agent_not_connected", AGENT,                                   \
      "the agent is not connected to the deployment")                                              \
    X(FINDING_DERP_UNREACHABLE, "derp_unreachable", DEPLOYMENT, "the relay cannot be reached")     \
    X(FINDING_AGENT_UNREACHABLE, "agent_unreachable", AGENT, "the agent does not answer")          \
    X(FINDING_HANDSHAKE_STALE, "handshake_stale", PATH,                                            \
      "the WireGuard handshake does not complete")                                                 \
    X(FINDING_DERP_UNHEALTHY, "derp_unhealthy", DEPLOYMENT, "the relay says that it is unwell")    \
    X(FINDING_DIRECT_DISABLED_DEPLOYMENT, "direct_disabled_deployment", DEPLOYMENT,                \
      "direct connections are disabled for the deployment")                                        \
    X(FINDING_DIRECT_DISABLED_CLIENT, "direct_disabled_client", CLIENT,                            \
      "direct connections are disabled on this computer")                                          \
    X(FINDING_CLIENT_UDP_BLOCKED, "client_udp_blocked", CLIENT,                                    \
      "UDP is blocked for this computer")                                                          \
    X(FINDING_AGENT_UDP_BLOCKED, "agent_udp_blocked", AGENT, "UDP is blocked for the agent")       \
    X(FINDING_NO_STUN_SERVERS, "no_stun_servers", DEPLOYMENT, "the deployment has no STUN server") \
    X(FINDING_VPN_DEFAULT_ROUTE, "vpn_default_route", CLIENT,                                      \
      "a VPN takes this computer's traffic")                                                       \
    X(FINDING_CLIENT_LOW_MTU, "client_low_mtu", CLIENT,                                            \
      "an interface of this computer takes small packets only")                                    \
    X(FINDING_AGENT_LOW_MTU, "agent_low_mtu", AGENT,                                               \
      "an interface of the agent takes small packets only")                                        \
    X(FINDING_PATH_MTU, "path_mtu", PATH, "full packets do not fit the direct path")               \
    X(FINDING_NO_HAIRPIN, "no_hairpin", CLIENT,                                                    \
      "the router does not let two computers behind it meet")                                      \
    X(FINDING_CLIENT_AWS, "client_aws", CLIENT, "this computer is in AWS (hard NAT)")              \
    X(FINDING_AGENT_AWS, "agent_aws", AGENT, "the agent is in AWS (hard NAT)")                     \
    X(FINDING_ENDPOINT_FIREWALL, "endpoint_firewall", PATH,                                        \
      "a firewall seems to drop what comes in")                                                    \
    X(FINDING_CLIENT_HARD_NAT, "client_hard_nat", CLIENT, "this computer is behind a hard NAT")    \
    X(FINDING_AGENT_HARD_NAT, "agent_hard_nat", AGENT, "the agent is behind a hard NAT")           \
    X(FINDING_DERP_RELAY, "derp_relay", PATH, "the connection goes through a relay")               \
    X(FINDING_DERP_WEBSOCKET, "derp_websocket", CLIENT, "the relay is reached by websocket only")  \
    X(FINDING_DERP_FAR, "derp_far", PATH, "the relay is a detour")                                 \
    X(FINDING_LATENCY, "latency", PATH, "the latency is high")                                     \
    X(FINDING_LOSS, "loss", PATH, "packets are lost")                                              \
    X(FINDING_JITTER, "jitter", PATH, "the latency varies")

enum finding_code {
#define X(code, name, side, title) code,
    FINDING_LIST(X)
#undef X
        FINDING_CODES
};

enum finding_side {
    FINDING_SIDE_DEPLOYMENT,
    FINDING_SIDE_CLIENT,
    FINDING_SIDE_AGENT,
    FINDING_SIDE_PATH
};

/* "ok" is what is said when there is no finding. */
enum finding_severity { SEVERITY_OK, SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

enum {
    FINDING_NAME_SIZE = 32,
    FINDING_TITLE_SIZE = 64,
    FINDING_OBSERVED_SIZE = 400,
    FINDING_WHY_SIZE = 320,
    FINDING_REMEDY_SIZE = 400,
    FINDING_DOCS_SIZE = 128,
};

struct finding {
    enum finding_code code;
    enum finding_side side;
    enum finding_severity severity;
    char name[FINDING_NAME_SIZE];         /* of the code: "derp_relay" */
    char title[FINDING_TITLE_SIZE];       /* a few words */
    char observed[FINDING_OBSERVED_SIZE]; /* what was seen, with the figures */
    char why[FINDING_WHY_SIZE];           /* why it matters */
    char remedy[FINDING_REMEDY_SIZE];     /* what to do: the setting, flag, rule or command */
    char docs[FINDING_DOCS_SIZE];         /* address of the matching section */
    bool certain;                         /* nothing that flickers: it is shown at once */
    bool explained;                       /* another finding is the likely cause: */
    enum finding_code explained_by;
    unsigned depth; /* in a list: how many causes stand above it */
    mono_ns since;  /* when it was first seen; set by the list */
};

/* All static. */
const char *finding_name(enum finding_code code);  /* "derp_relay" */
const char *finding_title(enum finding_code code); /* a few words */
enum finding_side finding_side_of(enum finding_code code);
const char *finding_side_name(enum finding_side side);             /* "client" */
const char *finding_severity_name(enum finding_severity severity); /* "warning" */

#endif
