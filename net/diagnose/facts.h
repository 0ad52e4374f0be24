/*
 * What is known of a connection, gathered by the monitor, as plain data: the whole input of the
 * diagnosis. Nothing is guessed here: what is not known is FACT_UNKNOWN, 0 or "". Texts are safe
 * for a terminal. All zeroes: nothing is known yet.
 */
#ifndef NET_DIAGNOSE_FACTS_H
#define NET_DIAGNOSE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FACT_NAME_SIZE = 96,
    FACT_TEXT_SIZE = 240,
    FACT_ADDRESS_SIZE = 64,
    FACT_INTERFACES_MAX = 16,
};

enum fact { FACT_UNKNOWN, FACT_NO, FACT_YES };

enum fact_path { FACT_PATH_NONE, FACT_PATH_RELAY, FACT_PATH_DIRECT };

/* A connection that is kept up. */
enum fact_link {
    FACT_LINK_IDLE, /* not wanted, or not tried yet */
    FACT_LINK_CONNECTING,
    FACT_LINK_UP,
    FACT_LINK_DOWN, /* it failed; the next attempt is waited for or under way */
};

enum fact_agent {
    FACT_AGENT_UNKNOWN,
    FACT_AGENT_CONNECTING, /* it has not connected yet */
    FACT_AGENT_CONNECTED,
    FACT_AGENT_DISCONNECTED,
    FACT_AGENT_TIMEOUT, /* it should have connected by now */
};

enum fact_workspace {
    FACT_WORKSPACE_UNKNOWN,
    FACT_WORKSPACE_RUNNING,
    FACT_WORKSPACE_STARTING,
    FACT_WORKSPACE_STOPPED, /* stopping, stopped, deleted, failed: `workspace_status` says which */
};

/* One that is up and has an address beyond its own link. */
struct fact_interface {
    char name[32];
    uint32_t mtu; /* 0 = not known */
};

/* What one side's own network report says. The agent's comes through the tunnel. */
struct fact_side {
    enum fact udp;      /* a STUN server answered over UDP; UNKNOWN: none was asked */
    enum fact hard_nat; /* two servers saw different addresses; UNKNOWN: fewer than two answered */
    enum fact hairpin;  /* the NAT lets us reach our own public address */
    char seen_v4[2][FACT_ADDRESS_SIZE]; /* as two servers saw us, if they differ: "ip:port" */
    char public_v4[FACT_ADDRESS_SIZE];  /* "ip:port"; "" = not known */
    char public_v6[FACT_ADDRESS_SIZE];
    enum fact aws;                       /* one of them is in a range of AWS */
    char aws_address[FACT_ADDRESS_SIZE]; /* that one, without port */
    char aws_range[FACT_ADDRESS_SIZE];   /* "3.80.0.0/12" */
    size_t interface_count;
    struct fact_interface interfaces[FACT_INTERFACES_MAX];
};

struct fact_region {
    int64_t id; /* 0 = not known */
    char name[FACT_NAME_SIZE];
};

/* Of the probes that ended last. */
struct fact_probes {
    uint64_t answered, lost;
    uint64_t p50_ns, avg_ns, p95_ns, jitter_ns;
    uint64_t usual_ns;      /* median of all that went this way since the start; 0 = too few */
    uint64_t lost_in_a_row; /* the last ones; 0: the last was answered */
};

struct facts {
    /* The deployment. */
    bool connection_known; /* its connection info and DERP map came */
    bool direct_disabled_deployment;
    bool direct_disabled_client;
    enum fact stun_servers; /* the DERP map has any */
    bool websockets_forced; /* clients are told to use websockets */
    bool token_refused;
    char token_text[FACT_TEXT_SIZE];
    bool version_unsupported;
    char version_text[FACT_TEXT_SIZE];
    char server_version[FACT_NAME_SIZE];
    char docs_url[FACT_NAME_SIZE]; /* where its documentation is; "" = at the usual place */

    enum fact_link coordinator;
    uint64_t coordinator_down_ns; /* DOWN: for so long */
    char coordinator_text[FACT_TEXT_SIZE];

    /* The workspace and its agent. */
    char workspace[FACT_NAME_SIZE]; /* its name */
    enum fact_workspace workspace_state;
    char workspace_status[32];
    enum fact_agent agent;
    bool agent_node_known; /* the coordinator brought its node */
    bool agent_lost;       /* the coordinator lost it */
    bool agent_left;       /* it said goodbye */
    char agent_version[FACT_NAME_SIZE];
    enum fact agent_report; /* its own network report came; NO: it was asked, and failed */
    char agent_report_text[FACT_TEXT_SIZE];

    /* The relay in use. */
    enum fact_link relay;
    uint64_t relay_down_ns;
    struct fact_region relay_region;
    char relay_text[FACT_TEXT_SIZE];   /* of the last failure */
    char relay_health[FACT_TEXT_SIZE]; /* "" = well */
    bool relay_websocket;
    char relay_websocket_reason[FACT_TEXT_SIZE];

    /* Both sides' networks. */
    struct fact_side client, agent_side;
    char default_route[32];          /* interface of our default route; "" = not known */
    enum fact default_route_tunnel;  /* it is a VPN's */
    char aws_source[FACT_NAME_SIZE]; /* which list of ranges was looked into */
    enum fact same_public_address;   /* both sides have one and the same public IPv4 address */

    /* The path. */
    enum fact_path path;
    uint64_t path_for_ns;
    char path_address[FACT_ADDRESS_SIZE]; /* direct */
    size_t candidates;                    /* addresses of the agent that are worth a probe */
    size_t candidates_silent;             /* probed at least twice, never answered */
    struct fact_probes probes;
    uint32_t path_mtu;      /* largest IP packet that way; 0 = not known */
    uint32_t path_mtu_want; /* what a full packet needs there */
    char path_mtu_to[FACT_ADDRESS_SIZE];

    /* WireGuard. */
    enum fact handshake;         /* one has completed */
    uint64_t handshake_age_ns;   /* YES */
    unsigned handshake_attempts; /* initiations since then */
    bool data_wanted;            /* a session is kept up: an old handshake is a fault */

    /* Relays and distances. 0 = not known. */
    struct fact_region client_home, agent_home;
    uint64_t client_to_client_home_ns, client_to_agent_home_ns;
    uint64_t agent_to_client_home_ns, agent_to_agent_home_ns;
    struct fact_region near_region;          /* with the least way in all for both */
    uint64_t near_region_ns, used_region_ns; /* client to relay to agent, one round */
};

#endif
