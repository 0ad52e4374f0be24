/*
 * What an agent says of its own network: the answer of its GET /api/v0/netcheck, as a struct. Pure.
 * Format: protocol notes (coder) 9; coder/coder codersdk/healthsdk, tailscale tailcfg.NetInfo.
 *
 * It is the agent's last netcheck, not a fresh one. Texts are cleaned for a terminal.
 */
#ifndef NET_PROBE_AGENT_REPORT_H
#define NET_PROBE_AGENT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/path/netcheck.h"
#include "net/wire/address.h"

enum {
    AGENT_API_PORT = 4, /* inside the tunnel */
    AGENT_REPORT_BODY_MAX = 256 << 10,
    AGENT_REPORT_WARNINGS_MAX = 8,
    AGENT_REPORT_REGIONS_MAX = 64,
    AGENT_REPORT_INTERFACES_MAX = 32,
    AGENT_REPORT_ADDRESSES_MAX = 16, /* of an interface */
};

#define AGENT_REPORT_PATH "/api/v0/netcheck"

struct agent_warning {
    char code[16];
    char text[240];
};

struct agent_latency {
    int64_t region;
    uint64_t v4_ns, v6_ns; /* 0 = not measured */
};

struct agent_interface {
    char name[64];
    uint32_t mtu; /* 0 = not told */
    size_t address_count;
    struct {
        struct net_address ip; /* port 0 */
        uint8_t prefix;
    } addresses[AGENT_REPORT_ADDRESSES_MAX];
};

struct agent_report {
    char severity[16]; /* "ok", "warning", "error", or "" */
    size_t warning_count;
    struct agent_warning warnings[AGENT_REPORT_WARNINGS_MAX];

    bool has_net_info; /* else it has not finished a netcheck yet, and these say nothing */
    bool udp;          /* a STUN answer came: false is "UDP is blocked" */
    bool ipv4, ipv6, ipv4_can_send, ipv6_can_send, os_has_ipv6;
    enum netcheck_answer mapping_varies; /* YES: hard NAT */
    enum netcheck_answer hairpinning, captive_portal;
    enum netcheck_answer upnp, pmp, pcp;
    bool have_port_map;
    int64_t preferred_derp; /* 0 = none */
    struct net_address global_v4, global_v6;
    size_t region_count;
    struct agent_latency regions[AGENT_REPORT_REGIONS_MAX];

    char interfaces_severity[16];
    size_t interface_warning_count;
    struct agent_warning interface_warnings[AGENT_REPORT_WARNINGS_MAX];
    size_t interface_count;
    struct agent_interface interfaces[AGENT_REPORT_INTERFACES_MAX];
};

/* What is beyond the limits is left out. NET_ERR_MALFORMED, NET_ERR_TOO_BIG: *why says what is
 * wrong, *out is as it was. */
NET_MUST_USE enum net_err agent_report_parse(struct bytes body, struct agent_report *out,
                                             struct failure *why);

#endif
