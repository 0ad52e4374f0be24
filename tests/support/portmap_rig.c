#include "tests/support/portmap_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

enum { ACTIONS_MAX = 200 };

void portmap_rig_begin(struct portmap_rig *rig)
{
    memset(rig, 0, sizeof *rig);
    rng_seeded_init(&rig->rng, 1);
    rig->now = 1000 * NS_PER_SEC;
    assert_int_equal(address_parse_ip("192.168.1.1", &rig->gateway), NET_OK);
    assert_int_equal(address_parse_ip("192.168.1.2", &rig->own), NET_OK);
    rig->pm = portmap_new(&rig->rng.rng);
    assert_int_equal(portmap_deadline(rig->pm), MONO_NEVER);
    portmap_set_port(rig->pm, rig->now, PORTMAP_RIG_PORT);
    portmap_set_network(rig->pm, rig->now, &rig->gateway, &rig->own);
    portmap_rig_run(rig);
}

void portmap_rig_end(struct portmap_rig *rig)
{
    portmap_free(rig->pm);
}

static void read_pcp(struct portmap_sent *sent, struct bytes packet)
{
    struct reader r = reader_of(packet);
    (void)reader_u8(&r);
    bool map = reader_u8(&r) == PCP_MAP;
    (void)reader_u16(&r);
    uint32_t lifetime_s = reader_u32(&r);
    sent->pcp_map += map ? 1U : 0U;
    sent->pcp_announce += map ? 0U : 1U;
    if (map) {
        struct bytes own = reader_take(&r, 16);
        assert_memory_equal(own.ptr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\xa8\x01\x02", 16);
        sent->lifetime_s = lifetime_s;
        reader_copy(&r, sent->nonce.b, sizeof sent->nonce.b);
        (void)reader_u32(&r);
        sent->internal_port = reader_u16(&r);
        sent->external_port = reader_u16(&r);
        assert_int_equal(packet.len, PCP_MAP_LEN);
    }
}

static void read_datagram(struct portmap_sent *sent, const struct portmap_action *action)
{
    struct bytes packet = bytes_of(action->packet, action->packet_len);
    sent->to = action->to;
    if (action->to.port == SSDP_PORT) {
        sent->searches++;
        assert_true(bytes_start_with(packet, bytes_text("M-SEARCH")));
        return;
    }
    assert_int_equal(action->to.port, NATPMP_PORT);
    if (packet.ptr[0] == PCP_VERSION) {
        read_pcp(sent, packet);
    } else if (packet.len == 2) {
        sent->pmp_address++;
    } else {
        struct reader r = reader_of(packet);
        (void)reader_u32(&r);
        sent->internal_port = reader_u16(&r);
        sent->external_port = reader_u16(&r);
        sent->lifetime_s = reader_u32(&r);
        sent->pmp_map++;
        assert_int_equal(packet.len, NATPMP_REQUEST_MAX);
    }
}

static void read_http(struct portmap_rig *rig, const struct portmap_action *action)
{
    struct portmap_sent *sent = &rig->sent;
    assert_true(strncmp(action->url, "http://192.168.1.1:", 19) == 0);
    sent->fetches += action->kind == PORTMAP_FETCH ? 1U : 0U;
    if (action->call == 0) {
        sent->releases++;
        rig->freed = *action;
        return;
    }
    sent->calls += action->kind == PORTMAP_CALL ? 1U : 0U;
    rig->http = *action;
}

static void run_more(struct portmap_rig *rig)
{
    static struct portmap_action action; /* large */
    unsigned count = 0;
    while (portmap_next(rig->pm, rig->now, &action)) {
        assert_true(count++ < ACTIONS_MAX);
        if (action.kind == PORTMAP_SEND) {
            read_datagram(&rig->sent, &action);
        } else if (action.kind == PORTMAP_CHANGED) {
            rig->sent.changes++;
            portmap_report(rig->pm, &rig->report);
        } else {
            read_http(rig, &action);
        }
    }
    assert_true(portmap_deadline(rig->pm) > rig->now);
}

void portmap_rig_run(struct portmap_rig *rig)
{
    memset(&rig->sent, 0, sizeof rig->sent);
    run_more(rig);
}

void portmap_rig_pass(struct portmap_rig *rig, uint64_t ms)
{
    mono_ns end = rig->now + ms * NS_PER_MS;
    memset(&rig->sent, 0, sizeof rig->sent);
    while (rig->now < end) {
        rig->now = mono_min(portmap_deadline(rig->pm), end);
        run_more(rig);
    }
}

enum net_err portmap_rig_datagram(struct portmap_rig *rig, const char *from, struct bytes packet)
{
    struct net_address address;
    assert_int_equal(address_parse(from, &address), NET_OK);
    enum net_err err = portmap_input(rig->pm, rig->now, &address, packet);
    portmap_rig_run(rig);
    return err;
}

static void from_router(struct portmap_rig *rig, const struct writer *out)
{
    assert_false(out->failed);
    assert_int_equal(portmap_rig_datagram(rig, "192.168.1.1:5351", writer_done(out)), NET_OK);
}

static void put_ip(struct writer *out, const char *text)
{
    struct net_address address;
    assert_int_equal(address_parse_ip(text, &address), NET_OK);
    writer_put(out, bytes_of(address.ip, 4));
}

/* The epoch goes with the time. */
static uint32_t epoch(const struct portmap_rig *rig)
{
    return (uint32_t)(PORTMAP_RIG_EPOCH + rig->now / NS_PER_SEC);
}

void portmap_rig_pmp_address(struct portmap_rig *rig, uint16_t result, const char *external)
{
    uint8_t memory[16];
    struct writer out = writer_of(memory, sizeof memory);
    writer_u16(&out, 0x0080);
    writer_u16(&out, result);
    writer_u32(&out, epoch(rig));
    if (external != NULL) {
        put_ip(&out, external);
    }
    from_router(rig, &out);
}

void portmap_rig_pmp_map(struct portmap_rig *rig, uint16_t result, uint16_t internal_port,
                         uint16_t external_port, uint32_t lifetime_s, uint32_t epoch_s)
{
    uint8_t memory[16];
    struct writer out = writer_of(memory, sizeof memory);
    writer_u16(&out, 0x0081);
    writer_u16(&out, result);
    writer_u32(&out, epoch_s == 0 ? epoch(rig) : epoch_s);
    writer_u16(&out, internal_port);
    writer_u16(&out, external_port);
    writer_u32(&out, lifetime_s);
    from_router(rig, &out);
}

static void pcp_head(const struct portmap_rig *rig, struct writer *out, uint8_t opcode,
                     uint8_t result, uint32_t lifetime_s)
{
    writer_u8(out, PCP_VERSION);
    writer_u8(out, 0x80 | opcode);
    writer_u8(out, 0);
    writer_u8(out, result);
    writer_u32(out, lifetime_s);
    writer_u32(out, epoch(rig));
    writer_zeros(out, 12);
}

void portmap_rig_pcp_announce(struct portmap_rig *rig, uint8_t result)
{
    uint8_t memory[PCP_HEADER_LEN];
    struct writer out = writer_of(memory, sizeof memory);
    pcp_head(rig, &out, PCP_ANNOUNCE, result, 0);
    from_router(rig, &out);
}

void portmap_rig_pcp_map(struct portmap_rig *rig, uint8_t result, const struct pcp_nonce *nonce,
                         const char *external, uint16_t external_port, uint32_t lifetime_s)
{
    uint8_t memory[PCP_MAP_LEN];
    struct writer out = writer_of(memory, sizeof memory);
    pcp_head(rig, &out, PCP_MAP, result, lifetime_s);
    writer_put(&out, bytes_of(nonce->b, sizeof nonce->b));
    writer_u32(&out, UINT32_C(17) << 24);
    writer_u16(&out, PORTMAP_RIG_PORT);
    writer_u16(&out, external_port);
    writer_zeros(&out, 10);
    writer_u16(&out, 0xffff);
    put_ip(&out, external);
    from_router(rig, &out);
}

void portmap_rig_ssdp(struct portmap_rig *rig, const char *from, const char *location)
{
    char text[512];
    text_format(text, sizeof text, "HTTP/1.1 200 OK\r\nST: " SSDP_IGD "\r\nLOCATION: %s\r\n\r\n",
                location);
    assert_int_equal(portmap_rig_datagram(rig, from, bytes_text(text)), NET_OK);
}

void portmap_rig_http(struct portmap_rig *rig, int status, const char *body)
{
    portmap_http_answer(rig->pm, rig->now, rig->http.call, status, bytes_text(body));
    portmap_rig_run(rig);
}

const char *portmap_rig_external(const struct portmap_rig *rig)
{
    static char text[ADDRESS_TEXT_SIZE];
    struct netcheck_portmap report;
    portmap_report(rig->pm, &report);
    assert_int_equal(report.have_mapping, report.external.family != ADDRESS_NONE);
    address_text(&report.external, text);
    return text;
}
