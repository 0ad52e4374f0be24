/*
 * Drives the lab's coordinator with a script that the input spells: who joins, what each asks, who
 * breaks off. Checked: nothing is said to a session that is over, nobody is told that a peer went
 * whom it was never told of, tables stay within their limits and are empty in the end.
 */
#include "net/lab/lab_coordinator.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/bytes.h"

enum { PEERS = 8, SESSIONS = 4096 };

struct model {
    struct lab_coordinator *coordinator;
    uint64_t sessions[PEERS]; /* the newest of each; 0 = none */
    bool over[SESSIONS];
    bool told[SESSIONS][PEERS];
    size_t joined;
};

/* Peers 0 to 3 are clients, the others agents; 7 is an agent that does not exist. */
static struct uuid peer_id(uint8_t index)
{
    struct uuid id = {{0x10, 0, 0, 0, 0, 0, 0x40}};
    id.b[15] = (uint8_t)(index % PEERS);
    return id;
}

static bool is_agent(uint8_t index)
{
    return index % PEERS >= PEERS / 2;
}

static void check_update(struct model *model, const struct lab_message *message)
{
    uint8_t about = message->update.id.b[15];
    assert(about < PEERS);
    bool *told = &model->told[message->session][about];
    switch (message->update.kind) {
    case TAILNET_PEER_NODE:
        assert(message->update.has_node);
        *told = true;
        break;
    case TAILNET_PEER_LOST:
    case TAILNET_PEER_DISCONNECTED:
        assert(*told);
        *told = false;
        break;
    case TAILNET_PEER_READY_FOR_HANDSHAKE:
        assert(is_agent(about));
        break;
    case TAILNET_PEER_UNSPECIFIED:
        abort();
    }
}

static void drain(struct model *model)
{
    struct lab_message message;
    while (lab_coordinator_message(model->coordinator, &message)) {
        assert(message.session > 0 && message.session < SESSIONS);
        assert(!model->over[message.session]);
        assert(message.has_update || message.ended || message.error[0] != '\0');
        model->over[message.session] = message.ended;
        if (message.has_update) {
            check_update(model, &message);
        }
    }
    assert(lab_coordinator_peers(model->coordinator) <= PEERS);
    assert(lab_coordinator_tunnels(model->coordinator) <= (size_t)PEERS * PEERS);
}

static void join(struct model *model, uint8_t who, uint8_t scope)
{
    struct lab_seat seat = {.peer = peer_id(who), .is_agent = is_agent(who)};
    if (scope & 1) {
        seat.scope = peer_id((uint8_t)(scope >> 1));
    }
    if (++model->joined < SESSIONS) {
        uint64_t *session = &model->sessions[who % PEERS];
        assert(lab_coordinator_join(model->coordinator, &seat, session) == NET_OK);
        assert(*session == model->joined);
    }
}

static void request(struct model *model, uint8_t who, uint8_t what, uint8_t arg)
{
    struct tailnet_node node = {.preferred_derp = 1, .id = arg, .address_count = arg % 3};
    struct uuid self = peer_id(who);
    tailnet_address_historic(&self, &node.addresses[0]);
    tailnet_address_coder(&self, &node.addresses[1]);
    node.addresses[0].ip[15] = (uint8_t)(node.addresses[0].ip[15] ^ (arg & 0x80));
    struct tailnet_request in = {
        .update_self = what & 1 ? &node : NULL,
        .disconnect = (what & 0x12) == 0x12,
        .has_add_tunnel = what & 4,
        .add_tunnel = peer_id(arg),
        .has_remove_tunnel = what & 8,
        .remove_tunnel = peer_id(arg >> 3),
        .ready_count = what & 32 ? 1 : 0,
        .ready = {peer_id(arg)},
    };
    (void)lab_coordinator_request(model->coordinator, model->sessions[who % PEERS], &in);
}

static void step(struct model *model, struct reader *script)
{
    uint8_t op = reader_u8(script);
    uint8_t who = reader_u8(script);
    uint8_t what = reader_u8(script);
    uint8_t arg = reader_u8(script);
    struct uuid agent = peer_id(arg | PEERS / 2);
    switch (op % 8) {
    case 0:
        join(model, who, what);
        break;
    case 1:
        lab_coordinator_leave(model->coordinator, model->sessions[who % PEERS], "");
        break;
    case 2:
        lab_coordinator_remove_agent(model->coordinator, &agent);
        break;
    case 3:
        lab_coordinator_add_agent(model->coordinator, &agent);
        break;
    default:
        request(model, who, what, arg);
        break;
    }
    drain(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model model;
    struct reader script = reader_of(bytes_of(data, size));
    memset(&model, 0, sizeof model);
    model.coordinator = lab_coordinator_new();
    for (unsigned i = PEERS / 2; i < PEERS - 1; i++) {
        struct uuid id = peer_id((uint8_t)i);
        lab_coordinator_add_agent(model.coordinator, &id);
    }
    while (reader_left(&script) > 0 && model.joined < SESSIONS - 1) {
        step(&model, &script);
    }
    for (size_t i = 0; i < PEERS; i++) {
        lab_coordinator_leave(model.coordinator, model.sessions[i], "");
        drain(&model);
    }
    assert(lab_coordinator_peers(model.coordinator) == 0);
    assert(lab_coordinator_tunnels(model.coordinator) == 0);
    lab_coordinator_free(model.coordinator);
    return 0;
}
