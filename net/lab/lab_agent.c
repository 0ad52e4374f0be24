#include "net/lab/lab_agent.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"

struct lab_agent {
    struct uuid id;
    struct node_private *key;
    struct disco_private *disco;
    size_t count;
    struct lab_agent_peer *peers[LAB_AGENT_PEERS_MAX];
};

struct lab_agent *lab_agent_new(const struct uuid *id, struct rng *rng)
{
    struct lab_agent *agent = mem_new(sizeof *agent);
    agent->id = *id;
    agent->key = node_private_new(rng);
    agent->disco = disco_private_new(rng);
    return agent;
}

void lab_agent_free(struct lab_agent *agent)
{
    if (agent == NULL) {
        return;
    }
    while (agent->count > 0) {
        lab_agent_forget(agent, agent->peers[0]);
    }
    node_private_free(agent->key);
    disco_private_free(agent->disco);
    free(agent);
}

const struct node_private *lab_agent_key(const struct lab_agent *agent)
{
    return agent->key;
}

const struct disco_private *lab_agent_disco(const struct lab_agent *agent)
{
    return agent->disco;
}

size_t lab_agent_peers(const struct lab_agent *agent)
{
    return agent->count;
}

void lab_agent_node(const struct lab_agent *agent, struct wall_time now, struct tailnet_node *out)
{
    memset(out, 0, sizeof *out);
    out->id = tailnet_node_id(&agent->id);
    out->as_of = now;
    out->key = node_private_public(agent->key);
    out->disco = disco_private_public(agent->disco);
    out->address_count = 2;
    tailnet_address_historic(&agent->id, &out->addresses[0]);
    tailnet_address_coder(&agent->id, &out->addresses[1]);
}

static struct lab_agent_peer *find(const struct lab_agent *agent, const struct uuid *id)
{
    for (size_t i = 0; i < agent->count; i++) {
        if (uuid_equal(&agent->peers[i]->id, id)) {
            return agent->peers[i];
        }
    }
    return NULL;
}

void lab_agent_forget(struct lab_agent *agent, struct lab_agent_peer *peer)
{
    for (size_t i = 0; i < agent->count; i++) {
        if (agent->peers[i] == peer) {
            agent->peers[i] = agent->peers[--agent->count];
            break;
        }
    }
    free(peer);
}

static enum lab_agent_action node_came(struct lab_agent *agent,
                                       const struct tailnet_peer_update *update,
                                       struct lab_agent_peer **peer)
{
    if (!update->has_node || update->node.preferred_derp == 0) {
        return LAB_AGENT_NOTHING; /* it cannot be reached yet */
    }
    *peer = find(agent, &update->id);
    if (*peer == NULL) {
        if (agent->count == LAB_AGENT_PEERS_MAX) {
            return LAB_AGENT_NOTHING;
        }
        *peer = mem_new(sizeof **peer);
        (*peer)->id = update->id;
        agent->peers[agent->count++] = *peer;
    }
    (*peer)->forget_at = MONO_NEVER;
    return LAB_AGENT_SET;
}

static void lose(struct lab_agent_peer *peer, mono_ns now)
{
    if (peer->forget_at == MONO_NEVER) {
        peer->forget_at = mono_after(now, LAB_AGENT_LOST_SECONDS * NS_PER_SEC);
    }
}

enum lab_agent_action lab_agent_update(struct lab_agent *agent, mono_ns now,
                                       const struct tailnet_peer_update *update,
                                       struct lab_agent_peer **peer)
{
    *peer = NULL;
    switch (update->kind) {
    case TAILNET_PEER_NODE:
        return node_came(agent, update, peer);
    case TAILNET_PEER_DISCONNECTED:
        *peer = find(agent, &update->id);
        return *peer == NULL ? LAB_AGENT_NOTHING : LAB_AGENT_DROP;
    case TAILNET_PEER_LOST:
        *peer = find(agent, &update->id);
        if (*peer != NULL) {
            lose(*peer, now);
        }
        return LAB_AGENT_NOTHING;
    case TAILNET_PEER_UNSPECIFIED:
    case TAILNET_PEER_READY_FOR_HANDSHAKE:
        break;
    }
    return LAB_AGENT_NOTHING;
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

struct lab_agent_peer *lab_agent_expired(struct lab_agent *agent, mono_ns now)
{
    for (size_t i = 0; i < agent->count; i++) {
        if (agent->peers[i]->forget_at <= now) {
            return agent->peers[i];
        }
    }
    return NULL;
}
