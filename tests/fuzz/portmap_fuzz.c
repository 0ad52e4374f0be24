/*
 * Drives port mapping with a script that the input spells: time, a router that says anything by
 * NAT-PMP, PCP, SSDP and HTTP (its descriptions and answers go through miniupnpc), other networks
 * and ports. Checked: it never spins, speaks to nobody but the router and the SSDP group, renews no
 * oftener than it may, and no mapping is announced whose address cannot be reached.
 */
#include "net/path/portmap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"
#include "net/wire/natpmp.h"
#include "net/wire/pcp.h"

#define SERVICE                                                                                    \
    "<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:2</serviceType>"           \
    "<controlURL>ctl</controlURL></service>"

enum { ACTIONS_MAX = 200, BODY_MAX = 4096, PORT = 41000 };

struct model {
    struct rng_seeded rng;
    struct portmap *pm;
    mono_ns now;
    bool second;            /* network */
    struct pcp_nonce nonce; /* of the last request by PCP */
    uint16_t internal_port;
    uint64_t call; /* the last HTTP request that is waited for */
    bool is_fetch;
};

static struct net_address gateway(bool second)
{
    struct net_address out = {.family = ADDRESS_V4, .ip = {192, 168, 1, 1}};
    out.ip[2] = second ? 2 : 1;
    return out;
}

static void check_send(struct model *m, const struct portmap_action *action)
{
    const struct net_address *to = &action->to;
    bool router = to->family == ADDRESS_V4 && to->ip[0] == 192 && to->ip[1] == 168 &&
                  (to->ip[2] == 1 || to->ip[2] == 2) && to->ip[3] == 1;
    assert(to->port == SSDP_PORT || to->port == NATPMP_PORT);
    assert(router || (to->port == SSDP_PORT && to->ip[0] == 239));
    assert(action->packet_len > 0 && action->packet_len <= sizeof action->packet);
    if (to->port == NATPMP_PORT && action->packet_len == PCP_MAP_LEN) {
        memcpy(m->nonce.b, action->packet + PCP_HEADER_LEN, PCP_NONCE_LEN);
        m->internal_port = (uint16_t)(action->packet[40] << 8 | action->packet[41]);
    }
}

static void check_http(struct model *m, const struct portmap_action *action)
{
    assert(strncmp(action->url, "http://192.168.", 15) == 0);
    assert(strpbrk(action->url, " \r\n\t@") == NULL);
    assert(action->answer_max <= UPNP_DESCRIPTION_MAX);
    if (action->call != 0) {
        m->call = action->call;
        m->is_fetch = action->kind == PORTMAP_FETCH;
    }
}

static void check_mapping(const struct model *m)
{
    struct netcheck_portmap report;
    portmap_report(m->pm, &report);
    if (report.have_mapping) {
        const struct net_address *at = &report.external;
        assert(at->family == ADDRESS_V4 && at->port != 0 && !address_is_unspecified(at));
        assert(!address_is_loopback(at) && !address_is_multicast(at));
        assert(portmap_expires(m->pm) > m->now);
        assert(portmap_expires(m->pm) <= m->now + PORTMAP_LIFETIME_S * NS_PER_SEC);
    } else {
        assert(report.external.family == ADDRESS_NONE);
    }
}

static void drain(struct model *m)
{
    static struct portmap_action action;
    unsigned count = 0;
    while (portmap_next(m->pm, m->now, &action)) {
        assert(++count < ACTIONS_MAX);
        if (action.kind == PORTMAP_SEND) {
            check_send(m, &action);
        } else if (action.kind != PORTMAP_CHANGED) {
            check_http(m, &action);
        }
    }
    assert(portmap_deadline(m->pm) > m->now);
    check_mapping(m);
}

static void input(struct model *m, uint8_t from, struct bytes packet)
{
    struct net_address address = gateway(m->second);
    address.port = NATPMP_PORT;
    if ((from & 1) != 0) {
        address.port = SSDP_PORT;
    }
    address.ip[3] = (from & 2) != 0 ? 77 : 1;
    address.ip[0] = (from & 4) != 0 ? 8 : 192;
    (void)!portmap_input(m->pm, m->now, &address, packet);
}

static void say_pmp(struct model *m, struct reader *script)
{
    uint8_t memory[16];
    struct writer out = writer_of(memory, sizeof memory);
    uint8_t how = reader_u8(script);
    writer_u16(&out, (how & 1) != 0 ? 0x0081 : 0x0080);
    writer_u16(&out, (how & 2) != 0 ? 3 : 0);
    writer_u32(&out, reader_u16(script));
    if ((how & 1) != 0) {
        writer_u16(&out, (how & 4) != 0 ? reader_u16(script) : PORT);
        writer_u16(&out, reader_u16(script));
    }
    writer_u32(&out, (uint32_t)(reader_u16(script) << (how >> 4)));
    input(m, 0, writer_done(&out));
}

static void say_pcp(struct model *m, struct reader *script)
{
    uint8_t memory[PCP_MAP_LEN];
    struct writer out = writer_of(memory, sizeof memory);
    uint8_t how = reader_u8(script);
    writer_u16(&out, (how & 1) != 0 ? 0x0281 : 0x0280);
    writer_u16(&out, (how & 2) != 0 ? 12 : 0);
    writer_u32(&out, reader_u16(script));
    writer_u32(&out, reader_u16(script));
    writer_zeros(&out, 12);
    if ((how & 1) != 0) {
        m->nonce.b[3] ^= (how & 4) != 0 ? 1 : 0;
        writer_put(&out, bytes_of(m->nonce.b, sizeof m->nonce.b));
        writer_u32(&out, UINT32_C(17) << 24);
        writer_u16(&out, m->internal_port);
        writer_u16(&out, reader_u16(script));
        writer_zeros(&out, 10);
        writer_u16(&out, (how & 8) != 0 ? 0 : 0xffff);
        writer_u32(&out, reader_u32(script));
    }
    input(m, 0, writer_done(&out));
}

/* A text of pieces that mean something and bytes of the script. */
static size_t compose(struct reader *script, const char *const *pieces, size_t count, char *out)
{
    size_t len = 0;
    for (uint8_t left = reader_u8(script) % 32; left > 0; left--) {
        uint8_t what = reader_u8(script);
        struct bytes piece =
            what < 128 ? bytes_text(pieces[what % count]) : reader_take(script, what % 32U);
        if (piece.len > 0 && len + piece.len < BODY_MAX) {
            memcpy(out + len, piece.ptr, piece.len);
            len += piece.len;
        }
    }
    return len;
}

static void say_ssdp(struct model *m, struct reader *script)
{
    static const char *const pieces[] = {
        "HTTP/1.1 200 OK\r\n", "ST: ",    "USN:",        SSDP_IGD, "\r\n",      "\r\n\r\n",
        "LOCATION: ",          "http://", "192.168.1.1", ":5000",  "/root.xml", "[2001:db8::1]"};
    char text[BODY_MAX];
    uint8_t from = reader_u8(script);
    size_t len = compose(script, pieces, sizeof pieces / sizeof *pieces, text);
    input(m, from, bytes_of(text, len));
    if ((from & 64) != 0) { /* a whole one, so that more is reached */
        input(m, 1,
              bytes_text("HTTP/1.1 200 OK\r\nST: " SSDP_IGD
                         "\r\nLOCATION: http://192.168.1.1:5000/d/root.xml\r\n\r\n"));
    }
}

static void say_http(struct model *m, struct reader *script)
{
    static const char *const pieces[] = {
        "<?xml version=\"1.0\"?>",
        "<root>",
        "</root>",
        "<URLBase>",
        "</URLBase>",
        "<service>",
        "</service>",
        "<serviceType>",
        "</serviceType>",
        "urn:schemas-upnp-org:service:WANIPConnection:1",
        "urn:schemas-upnp-org:service:WANIPConnection:2",
        "urn:schemas-upnp-org:service:WANPPPConnection:1",
        "<controlURL>",
        "</controlURL>",
        "/ctl",
        "http://10.0.0.1:81/x",
        "<NewReservedPort>",
        "</NewReservedPort>",
        "<NewExternalIPAddress>",
        "</NewExternalIPAddress>",
        "203.0.113.5",
        "<errorCode>",
        "</errorCode>",
        "725",
        "718",
        "<NewPortListing>",
        "</NewPortListing>",
        "<![CDATA[",
        "]]>",
        "<x:y z='",
        "'>",
        SERVICE,
        "<NewExternalIPAddress>203.0.113.5</NewExternalIPAddress>",
    };
    static const int statuses[] = {200, 500, 0, 404};
    char text[BODY_MAX];
    uint8_t how = reader_u8(script);
    size_t len = compose(script, pieces, sizeof pieces / sizeof *pieces, text);
    /* In memory of its exact size, with the zero that HTTP's bodies have, for the sanitizer. */
    char *body = malloc(len + 1);
    assert(body != NULL);
    memcpy(body, text, len);
    body[len] = '\0';
    portmap_http_answer(m->pm, m->now, (how & 128) != 0 ? m->call + 1 : m->call, statuses[how % 4U],
                        bytes_of(body, len));
    free(body);
}

static void control(struct model *m, uint8_t what)
{
    struct net_address own = {.family = ADDRESS_V4, .ip = {192, 168, 1, 2}};
    struct net_address router;
    switch (what % 4U) {
    case 0:
        m->second = !m->second;
        router = gateway(m->second);
        portmap_set_network(m->pm, m->now, &router, &own);
        break;
    case 1:
        portmap_set_network(m->pm, m->now, NULL, NULL);
        break;
    case 2:
        portmap_set_port(m->pm, m->now, (what & 4) != 0 ? 0 : (uint16_t)(PORT + what / 64));
        break;
    default:
        portmap_probe(m->pm, m->now);
        break;
    }
}

static void step(struct model *m, struct reader *script)
{
    uint8_t op = reader_u8(script);
    switch (op % 8U) {
    case 0:
        m->now += reader_u8(script) * 10 * NS_PER_MS;
        break;
    case 1:
        m->now += reader_u16(script) * NS_PER_SEC;
        break;
    case 2:
        say_pmp(m, script);
        break;
    case 3:
        say_pcp(m, script);
        break;
    case 4:
        say_ssdp(m, script);
        break;
    case 5:
        say_http(m, script);
        break;
    case 6:
        input(m, op / 8, reader_take(script, reader_u8(script)));
        break;
    default:
        control(m, reader_u8(script));
        break;
    }
    if ((op & 128) == 0) {
        drain(m);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader script = reader_of(bytes_of(data, size));
    struct model m = {.now = 1000 * NS_PER_SEC};
    rng_seeded_init(&m.rng, 1);
    m.pm = portmap_new(&m.rng.rng);
    portmap_set_port(m.pm, m.now, PORT);
    control(&m, 0);
    drain(&m);
    while (reader_left(&script) > 0 && !script.failed) {
        step(&m, &script);
    }
    portmap_free(m.pm);
    return 0;
}
