#include "net/lab/lab_agent.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/wire/disco.h"

struct peer {
    struct uuid id;
    struct node_public key;
    struct disco_public disco;
    bool has_box;
    struct box_key box;
    bool has_tx; /* the last ping: a repeated one is not answered */
    struct disco_tx tx;
    mono_ns forget_at;
};

struct lab_agent {
    struct uuid id;
    struct rng *rng;
    struct node_private *key;
    struct disco_private *disco;
    size_t count;
    struct peer *peers[LAB_AGENT_PEERS_MAX];
};

struct lab_agent *lab_agent_new(const struct uuid *id, struct rng *rng)
{
    struct lab_agent *agent = mem_new(sizeof *agent);
    agent->id = *id;
    agent->rng = rng;
    agent->key = node_private_new(rng);
    agent->disco = disco_private_new(rng);
    return agent;
}

static void forget(struct lab_agent *agent, size_t at)
{
    mem_free_wiped(agent->peers[at], sizeof *agent->peers[at]);
    agent->peers[at] = agent->peers[--agent->count];
}

void lab_agent_free(struct lab_agent *agent)
{
    if (agent == NULL) {
        return;
    }
    while (agent->count > 0) {
        forget(agent, 0);
    }
    node_private_free(agent->key);
    disco_private_free(agent->disco);
    free(agent);
}

const struct node_private *lab_agent_key(const struct lab_agent *agent)
{
    return agent->key;
}

size_t lab_agent_peers(const struct lab_agent *agent)
{
    return agent->count;
}

void lab_agent_node(const struct lab_agent *agent, struct wall_time now, int32_t region,
                    double latency_seconds, struct tailnet_node *out)
{
    memset(out, 0, sizeof *out);
    out->id = tailnet_node_id(&agent->id);
    out->as_of = now;
    out->key = node_private_public(agent->key);
    out->disco = disco_private_public(agent->disco);
    out->preferred_derp = region;
    if (latency_seconds > 0) {
        out->latency_count = 1;
        out->latencies[0] = (struct tailnet_latency){.region = region, .seconds = latency_seconds};
    }
    out->address_count = 2;
    tailnet_address_historic(&agent->id, &out->addresses[0]);
    tailnet_address_coder(&agent->id, &out->addresses[1]);
}

static bool find(const struct lab_agent *agent, const struct uuid *id, size_t *at)
{
    for (*at = 0; *at < agent->count; (*at)++) {
        if (uuid_equal(&agent->peers[*at]->id, id)) {
            return true;
        }
    }
    return false;
}

/* A peer that is its node and its disco key: another one of either is another peer. */
static void set_keys(struct lab_agent *agent, struct peer *peer, const struct tailnet_node *node)
{
    bool same = disco_public_equal(&peer->disco, &node->disco);
    peer->key = node->key;
    if (!same || !peer->has_box) {
        peer->disco = node->disco;
        peer->has_tx = false;
        peer->has_box = disco_box_key(agent->disco, &node->disco, &peer->box) == NET_OK;
    }
}

static bool node_came(struct lab_agent *agent, const struct tailnet_peer_update *update)
{
    size_t at = 0;
    if (!update->has_node || update->node.preferred_derp == 0) {
        return false;
    }
    if (!find(agent, &update->id, &at)) {
        if (agent->count == LAB_AGENT_PEERS_MAX) {
            return false;
        }
        agent->peers[agent->count] = mem_new(sizeof(struct peer));
        agent->peers[agent->count++]->id = update->id;
    }
    agent->peers[at]->forget_at = MONO_NEVER;
    set_keys(agent, agent->peers[at], &update->node);
    return true;
}

static void lose(struct peer *peer, mono_ns now)
{
    if (peer->forget_at == MONO_NEVER) {
        peer->forget_at = mono_after(now, LAB_AGENT_LOST_SECONDS * NS_PER_SEC);
    }
}

bool lab_agent_peer(struct lab_agent *agent, mono_ns now, const struct tailnet_peer_update *update)
{
    size_t at = 0;
    switch (update->kind) {
    case TAILNET_PEER_NODE:
        return node_came(agent, update);
    case TAILNET_PEER_DISCONNECTED:
        if (find(agent, &update->id, &at)) {
            forget(agent, at);
        }
        return false;
    case TAILNET_PEER_LOST:
        if (find(agent, &update->id, &at)) {
            lose(agent->peers[at], now);
        }
        return false;
    case TAILNET_PEER_UNSPECIFIED:
    case TAILNET_PEER_READY_FOR_HANDSHAKE:
        break;
    }
    return false;
}

void lab_agent_all_lost(struct lab_agent *agent, mono_ns now)
{
    for (size_t i = 0; i < agent->count; i++) {
        lose(agent->peers[i], now);
    }
}

mono_ns lab_agent_deadline(const struct lab_agent *agent)
{
    mono_ns next = MONO_NEVER;
    for (size_t i = 0; i < agent->count; i++) {
        next = mono_min(next, agent->peers[i]->forget_at);
    }
    return next;
}

void lab_agent_tick(struct lab_agent *agent, mono_ns now)
{
    for (size_t i = agent->count; i-- > 0;) {
        if (agent->peers[i]->forget_at <= now) {
            forget(agent, i);
        }
    }
}

static struct peer *sender(const struct lab_agent *agent, const struct node_public *source,
                           struct bytes packet)
{
    struct disco_public disco = disco_sender(packet);
    for (size_t i = 0; i < agent->count; i++) {
        struct peer *peer = agent->peers[i];
        if (peer->has_box && node_public_equal(&peer->key, source) &&
            disco_public_equal(&peer->disco, &disco)) {
            return peer;
        }
    }
    return NULL;
}

/* Where the ping came from: not an address but a region, written as one. */
static struct net_address derp_source(int64_t region)
{
    struct net_address out = {.family = ADDRESS_V4, .port = (uint16_t)region};
    uint32_t ip = ADDRESS_DERP_MAGIC_IP;
    for (size_t i = 0; i < 4; i++) {
        out.ip[i] = (uint8_t)(ip >> (24 - 8 * i));
    }
    return out;
}

enum net_err lab_agent_packet(struct lab_agent *agent, int64_t region,
                              const struct node_public *source, struct bytes packet,
                              struct writer *answer)
{
    struct disco_message message;
    if (!disco_looks_like(packet)) {
        return NET_ERR_MALFORMED;
    }
    struct peer *peer = sender(agent, source, packet);
    if (peer == NULL) {
        return NET_ERR_NOT_FOUND;
    }
    enum net_err err = disco_open(&peer->box, packet, &message);
    if (err != NET_OK) {
        return err;
    }
    if (message.type != DISCO_PING) {
        return NET_ERR_AGAIN;
    }
    if (peer->has_tx && memcmp(&peer->tx, &message.tx, sizeof peer->tx) == 0) {
        return NET_ERR_AGAIN;
    }
    peer->has_tx = true;
    peer->tx = message.tx;
    struct disco_public mine = disco_private_public(agent->disco);
    struct disco_message pong = {.type = DISCO_PONG, .tx = message.tx};
    pong.source = derp_source(region);
    disco_seal(&peer->box, &mine, agent->rng, &pong, answer);
    return answer->failed ? NET_ERR_FULL : NET_OK;
}
