/*
 * Drives a netcheck with a script that the input spells: time, answers good and forged, names,
 * relays, refusals to send, starts and stops. Checked: it never spins, each round is ready once and
 * within its budget, a stranger changes nothing but a count, and no address is announced that
 * cannot be ours.
 */
#include "net/path/netcheck.h"

#include <assert.h>
#include <string.h>

#include "net/base/text.h"

enum { REQUESTS = 64, ACTIONS_MAX = 512, REGIONS = 8 };

struct model {
    struct rng_seeded rng;
    struct netcheck *netcheck;
    mono_ns now;
    struct netcheck_action requests[REQUESTS]; /* the last ones, in a ring */
    size_t request_count;
    char name[DERP_HOST_SIZE]; /* the last one that was asked for */
    uint8_t refuse;            /* bit 0: IPv4 cannot be sent; 1: IPv6; 2: the hairpin's */
    uint64_t round;
    bool ready;
};

static void fill_map(struct derp_map *map)
{
    static const char *const hosts[REGIONS] = {"192.0.2.1",     "192.0.2.2",        "a.example.com",
                                               "127.0.0.1",     "2001:db8::1",      "b.example.com",
                                               "a.example.com", "relay.example.com"};
    derp_map_init(map);
    for (int i = 0; i < REGIONS; i++) {
        struct derp_region *region = derp_map_add_region(map, i + 1);
        struct derp_node *node = derp_region_add_node(map, region);
        text_copy(node->host_name, sizeof node->host_name, hosts[i]);
        node->stun_only = i < REGIONS - 2;
        region->avoid = i == 1;
    }
}

static void check_address(const struct net_address *address)
{
    uint16_t region = 0;
    assert(address->family == ADDRESS_NONE ||
           (address->port != 0 && !address_is_multicast(address) &&
            !address_is_unspecified(address) && !address_is_derp(address, &region)));
}

static void check_report(struct model *m)
{
    const struct netcheck_report *report = netcheck_report(m->netcheck);
    if (report->round != m->round) {
        assert(report->round > m->round);
        m->round = report->round;
        m->ready = false;
    }
    if (report->stage == NETCHECK_READY) {
        assert(!m->ready);
        m->ready = true;
    }
    assert(m->ready == (report->stage != NETCHECK_PARTIAL));
    assert(report->preferred_derp != 0 || !m->ready);
    check_address(&report->global_v4);
    check_address(&report->global_v6);
    assert(report->global_v4.family != ADDRESS_V6 && report->global_v6.family != ADDRESS_V4);
    assert(report->mapping_varies == NETCHECK_UNKNOWN || report->counts.answers >= 2);
    assert(report->udp || report->counts.answers == 0);
}

static void sent(struct model *m, const struct netcheck_action *action)
{
    unsigned bit = action->socket == NETCHECK_SOCKET_HAIRPIN ? 2U
                   : action->to.family == ADDRESS_V6         ? 1U
                                                             : 0U;
    bool refused = (m->refuse >> bit & 1U) != 0;
    m->requests[m->request_count++ % REQUESTS] = *action;
    netcheck_sent(m->netcheck, action, refused ? NET_ERR_IO : NET_OK);
}

static void drain(struct model *m)
{
    struct netcheck_action action;
    unsigned count = 0;
    while (netcheck_next(m->netcheck, m->now, &action)) {
        assert(++count < ACTIONS_MAX);
        if (action.kind == NETCHECK_SEND) {
            assert(action.to.port != 0);
            sent(m, &action);
        } else if (action.kind == NETCHECK_RESOLVE) {
            text_copy(m->name, sizeof m->name, action.host);
        } else if (action.kind == NETCHECK_REPORT) {
            check_report(m);
        }
    }
    assert(netcheck_deadline(m->netcheck) > m->now);
    const struct netcheck_report *report = netcheck_report(m->netcheck);
    assert(!netcheck_running(m->netcheck) ||
           m->now < mono_after(report->started_at, NETCHECK_BUDGET_MS * NS_PER_MS));
}

static void take_address(struct reader *script, struct net_address *out)
{
    *out = (struct net_address){0};
    out->family = (reader_u8(script) & 1) != 0 ? ADDRESS_V6 : ADDRESS_V4;
    reader_copy(script, out->ip, out->family == ADDRESS_V6 ? 16 : 4);
    out->port = reader_u16(script);
}

/* An answer to one of the last requests, whose id is changed if `forged`. */
static void answer(struct model *m, struct reader *script, bool forged)
{
    uint8_t memory[STUN_RESPONSE_MAX];
    struct writer packet = writer_of(memory, sizeof memory);
    struct net_address mapped;
    struct stun_tx tx;
    uint8_t which = reader_u8(script);
    if (m->request_count == 0) {
        return;
    }
    struct netcheck_action *request = &m->requests[(m->request_count - 1 - which % 8U) % REQUESTS];
    take_address(script, &mapped);
    if (stun_request_decode(bytes_of(request->packet, sizeof request->packet), &tx) != NET_OK) {
        return; /* the ring is not yet full */
    }
    tx.b[which % STUN_TX_LEN] ^= forged ? 1 : 0;
    stun_response_encode(&packet, &tx, &mapped);
    uint64_t before = netcheck_report(m->netcheck)->counts.answers;
    enum net_err err = netcheck_input(m->netcheck, m->now, &request->to, writer_done(&packet));
    assert(!forged || err == NET_ERR_NOT_FOUND);
    assert(err == NET_OK || netcheck_report(m->netcheck)->counts.answers == before);
}

static void raw(struct model *m, struct reader *script)
{
    struct net_address from = {.family = ADDRESS_V4, .port = 1};
    struct bytes packet = reader_take(script, reader_u8(script) % 64U);
    (void)!netcheck_input(m->netcheck, m->now, &from, packet);
}

static void resolved(struct model *m, struct reader *script)
{
    struct net_address addresses[2];
    uint8_t how = reader_u8(script);
    take_address(script, &addresses[0]);
    take_address(script, &addresses[1]);
    netcheck_resolved(m->netcheck, m->now, (how & 4) != 0 ? "a.example.com" : m->name, addresses,
                      how % 3U);
}

/* Our own last request comes in, as by a hairpin. */
static void echo(struct model *m)
{
    if (m->request_count > 0) {
        struct netcheck_action *last = &m->requests[(m->request_count - 1) % REQUESTS];
        enum net_err err = netcheck_input(m->netcheck, m->now, &last->to,
                                          bytes_of(last->packet, sizeof last->packet));
        assert(err == NET_ERR_NOT_FOUND || last->socket == NETCHECK_SOCKET_HAIRPIN);
    }
}

static void control(struct model *m, uint8_t what)
{
    struct netcheck_portmap portmap = {.pmp = (enum netcheck_answer)(what % 3U)};
    switch (what % 8U) {
    case 0:
        netcheck_start(m->netcheck, m->now);
        break;
    case 1:
        netcheck_stop(m->netcheck);
        break;
    case 2:
        netcheck_want_full(m->netcheck);
        break;
    case 3:
        netcheck_set_families(m->netcheck, (what & 16) == 0, (what & 32) == 0);
        break;
    case 4:
        netcheck_set_portmap(m->netcheck, m->now, &portmap);
        break;
    case 5:
        netcheck_set_captive_portal(m->netcheck, m->now, (enum netcheck_answer)(what / 16U % 3U));
        break;
    case 6:
        m->refuse = what / 32;
        break;
    default:
        netcheck_latency_end(m->netcheck, m->now);
        break;
    }
}

static void step(struct model *m, struct reader *script)
{
    uint8_t op = reader_u8(script);
    switch (op % 8U) {
    case 0:
        m->now += reader_u8(script) * NS_PER_MS;
        break;
    case 1: /* to the deadline, which an owner would not pass */
        m->now = netcheck_deadline(m->netcheck) == MONO_NEVER ? m->now + NS_PER_SEC
                                                              : netcheck_deadline(m->netcheck);
        break;
    case 2:
        answer(m, script, (op & 0xf0) == 0xf0);
        break;
    case 3:
        raw(m, script);
        break;
    case 4:
        resolved(m, script);
        break;
    case 5:
        netcheck_latency(m->netcheck, m->now, op / 8U % 10U, (op & 0x80) != 0,
                         reader_u16(script) * NS_PER_US);
        break;
    case 6:
        echo(m);
        break;
    default:
        control(m, op >= 0x80 ? 0 : reader_u8(script));
        break;
    }
    drain(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model model;
    struct reader script = reader_of(bytes_of(data, size));
    struct derp_map map;
    memset(&model, 0, sizeof model);
    rng_seeded_init(&model.rng, 1);
    model.now = NS_PER_SEC;
    struct netcheck_config config = {
        .rng = &model.rng.rng, .hairpin = true, .complete = (reader_u8(&script) & 1) != 0};
    model.netcheck = netcheck_new(&config);
    fill_map(&map);
    netcheck_set_map(model.netcheck, &map);
    netcheck_set_families(model.netcheck, true, true);
    netcheck_start(model.netcheck, model.now);
    drain(&model);
    while (!script.failed && reader_left(&script) > 0) {
        step(&model, &script);
    }
    netcheck_free(model.netcheck);
    derp_map_clear(&map);
    return 0;
}
