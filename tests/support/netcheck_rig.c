#include "tests/support/netcheck_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

void netcheck_rig_begin(struct netcheck_rig *rig, const struct netcheck_config *config)
{
    struct netcheck_config mine = *config;
    *rig = (struct netcheck_rig){.now = 1000 * NS_PER_SEC};
    rng_seeded_init(&rig->rng, 4);
    derp_map_init(&rig->map);
    mine.rng = &rig->rng.rng;
    rig->netcheck = netcheck_new(&mine);
    netcheck_set_families(rig->netcheck, true, false);
}

void netcheck_rig_end(struct netcheck_rig *rig)
{
    netcheck_free(rig->netcheck);
    derp_map_clear(&rig->map);
}

struct derp_node *netcheck_rig_add_stun(struct netcheck_rig *rig, int64_t region, const char *host)
{
    struct derp_node *node =
        derp_region_add_node(&rig->map, derp_map_add_region(&rig->map, region));
    text_copy(node->host_name, sizeof node->host_name, host);
    node->stun_only = true;
    return node;
}

void netcheck_rig_add_relay(struct netcheck_rig *rig, int64_t region)
{
    struct derp_node *node = netcheck_rig_add_stun(rig, region, "relay.example.com");
    node->stun_only = false;
    node->stun_port = -1;
}

static void begin(struct netcheck_rig *rig)
{
    rig->started_at = rig->now;
    rig->ready_at = 0;
    rig->sent_count = 0;
    rig->name_count = 0;
    netcheck_start(rig->netcheck, rig->now);
    netcheck_rig_drain(rig);
}

void netcheck_rig_start(struct netcheck_rig *rig)
{
    netcheck_set_map(rig->netcheck, &rig->map);
    begin(rig);
}

void netcheck_rig_again(struct netcheck_rig *rig)
{
    begin(rig);
}

static void caught(struct netcheck_rig *rig, const struct netcheck_action *action)
{
    assert_true(rig->sent_count < NETCHECK_RIG_SENT);
    rig->sent_at[rig->sent_count] = rig->now;
    rig->sent[rig->sent_count++] = *action;
    enum net_err result = action->socket == NETCHECK_SOCKET_HAIRPIN ? rig->send_hairpin
                          : action->to.family == ADDRESS_V4         ? rig->send_v4
                                                                    : rig->send_v6;
    netcheck_sent(rig->netcheck, action, result);
}

static void reported(struct netcheck_rig *rig)
{
    const struct netcheck_report *report = netcheck_report(rig->netcheck);
    assert_int_equal(report->at, rig->now);
    switch (report->stage) {
    case NETCHECK_PARTIAL:
        rig->partial++;
        break;
    case NETCHECK_READY:
        rig->ready++;
        rig->ready_at = rig->now;
        break;
    case NETCHECK_AMENDED:
        rig->amended++;
        break;
    }
}

void netcheck_rig_drain(struct netcheck_rig *rig)
{
    struct netcheck_action action;
    while (netcheck_next(rig->netcheck, rig->now, &action)) {
        switch (action.kind) {
        case NETCHECK_MEASURE:
            rig->measures++;
            break;
        case NETCHECK_RESOLVE:
            assert_true(rig->name_count < NETCHECK_RIG_NAMES);
            text_copy(rig->names[rig->name_count++], DERP_HOST_SIZE, action.host);
            break;
        case NETCHECK_SEND:
            caught(rig, &action);
            break;
        case NETCHECK_REPORT:
            reported(rig);
            break;
        }
    }
    assert_true(netcheck_deadline(rig->netcheck) > rig->now); /* or its owner would spin */
}

void netcheck_rig_wait_ms(struct netcheck_rig *rig, uint64_t ms)
{
    mono_ns end = rig->now + ms * NS_PER_MS;
    while (netcheck_deadline(rig->netcheck) <= end) {
        rig->now = netcheck_deadline(rig->netcheck);
        netcheck_rig_drain(rig);
    }
    rig->now = end;
}

static bool is_to(const struct netcheck_action *action, const char *server)
{
    char text[ADDRESS_TEXT_SIZE];
    address_text(&action->to, text);
    return strcmp(text, server) == 0;
}

const struct netcheck_action *netcheck_rig_to(const struct netcheck_rig *rig, const char *server)
{
    for (size_t i = rig->sent_count; i > 0; i--) {
        if (is_to(&rig->sent[i - 1], server)) {
            return &rig->sent[i - 1];
        }
    }
    fail_msg("nothing was sent to %s", server);
    return NULL;
}

size_t netcheck_rig_count_to(const struct netcheck_rig *rig, const char *server)
{
    size_t count = 0;
    for (size_t i = 0; i < rig->sent_count; i++) {
        count += is_to(&rig->sent[i], server) ? 1 : 0;
    }
    return count;
}

enum net_err netcheck_rig_answer_to(struct netcheck_rig *rig, const struct netcheck_action *request,
                                    const char *mapped)
{
    uint8_t memory[STUN_RESPONSE_MAX];
    struct writer packet = writer_of(memory, sizeof memory);
    struct net_address address;
    struct stun_tx tx;
    assert_int_equal(stun_request_decode(bytes_of(request->packet, sizeof request->packet), &tx),
                     NET_OK);
    assert_int_equal(address_parse(mapped, &address), NET_OK);
    stun_response_encode(&packet, &tx, &address);
    enum net_err err = netcheck_input(rig->netcheck, rig->now, &request->to, writer_done(&packet));
    netcheck_rig_drain(rig);
    return err;
}

void netcheck_rig_answer(struct netcheck_rig *rig, const char *server, const char *mapped)
{
    assert_int_equal(netcheck_rig_answer_to(rig, netcheck_rig_to(rig, server), mapped), NET_OK);
}

void netcheck_rig_latency(struct netcheck_rig *rig, int64_t region, uint64_t ms)
{
    netcheck_latency(rig->netcheck, rig->now, region, false, ms * NS_PER_MS);
    netcheck_rig_drain(rig);
}

void netcheck_rig_latency_end(struct netcheck_rig *rig)
{
    netcheck_latency_end(rig->netcheck, rig->now);
    netcheck_rig_drain(rig);
}

void netcheck_rig_resolved(struct netcheck_rig *rig, const char *host, const char *v4,
                           const char *v6)
{
    struct net_address addresses[2];
    size_t count = 0;
    if (v4 != NULL) {
        assert_int_equal(address_parse_ip(v4, &addresses[count++]), NET_OK);
    }
    if (v6 != NULL) {
        assert_int_equal(address_parse_ip(v6, &addresses[count++]), NET_OK);
    }
    netcheck_resolved(rig->netcheck, rig->now, host, addresses, count);
    netcheck_rig_drain(rig);
}

const struct netcheck_report *netcheck_rig_report(const struct netcheck_rig *rig)
{
    return netcheck_report(rig->netcheck);
}

void assert_address(const struct net_address *address, const char *text)
{
    char got[ADDRESS_TEXT_SIZE];
    address_text(address, got);
    assert_string_equal(got, text);
}

uint64_t netcheck_rig_ready_ms(const struct netcheck_rig *rig)
{
    if (rig->ready_at == 0) {
        fail_msg("the report is not ready");
    }
    return (rig->ready_at - rig->started_at) / NS_PER_MS;
}
