#include "net/lab/lab_coordinator.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/hex.h"
#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/lab/lab_coordinator_internal.h"

struct lab_coordinator *lab_coordinator_new(void)
{
    return mem_new(sizeof(struct lab_coordinator));
}

static void peer_free(struct lab_peer *peer)
{
    free(peer->told);
    free(peer);
}

void lab_coordinator_free(struct lab_coordinator *coordinator)
{
    if (coordinator == NULL) {
        return;
    }
    struct lab_message out;
    while (lab_coordinator_message(coordinator, &out)) {
    }
    for (size_t i = 0; i < coordinator->peer_count; i++) {
        peer_free(coordinator->peers[i]);
    }
    free(coordinator->tunnels);
    mem_free_wiped(coordinator, sizeof *coordinator);
}

static void drop_tunnels_from(struct lab_coordinator *coordinator, const struct uuid *id)
{
    size_t kept = 0;
    for (size_t i = 0; i < coordinator->tunnel_count; i++) {
        if (!uuid_equal(&coordinator->tunnels[i].from, id)) {
            coordinator->tunnels[kept++] = coordinator->tunnels[i];
        }
    }
    coordinator->tunnel_count = kept;
}

static void remove_peer(struct lab_coordinator *coordinator, struct lab_peer *peer)
{
    size_t at = 0;
    while (coordinator->peers[at] != peer) {
        at++;
    }
    coordinator->peers[at] = coordinator->peers[--coordinator->peer_count];
    peer_free(peer);
}

static void peer_ends(struct lab_coordinator *coordinator, struct lab_peer *peer,
                      enum tailnet_peer_kind kind, const char *reason, const char *error)
{
    struct uuid id = peer->seat.peer;
    for (size_t i = 0; i < coordinator->tunnel_count; i++) {
        struct lab_peer *other = lab_other_end(coordinator, &coordinator->tunnels[i], &id);
        if (other != NULL && other != peer) {
            lab_tell_gone(coordinator, other, &id, kind, reason);
        }
    }
    drop_tunnels_from(coordinator, &id);
    lab_push_end(coordinator, peer->session, error);
    remove_peer(coordinator, peer);
}

void lab_coordinator_add_agent(struct lab_coordinator *coordinator, const struct uuid *agent)
{
    if (!lab_coordinator_has_agent(coordinator, agent) &&
        coordinator->agent_count < LAB_AGENTS_MAX) {
        coordinator->agents[coordinator->agent_count++] = *agent;
    }
}

void lab_coordinator_remove_agent(struct lab_coordinator *coordinator, const struct uuid *agent)
{
    for (size_t i = 0; i < coordinator->agent_count; i++) {
        if (uuid_equal(&coordinator->agents[i], agent)) {
            coordinator->agents[i] = coordinator->agents[--coordinator->agent_count];
            return;
        }
    }
}

bool lab_coordinator_has_agent(const struct lab_coordinator *coordinator, const struct uuid *agent)
{
    for (size_t i = 0; i < coordinator->agent_count; i++) {
        if (uuid_equal(&coordinator->agents[i], agent)) {
            return true;
        }
    }
    return false;
}

/* A new session of a peer that is there: it takes its place, knows nothing yet and has said
 * nothing. The node stays, to see whether the new session's is another. */
static void overwrite(struct lab_coordinator *coordinator, struct lab_peer *peer)
{
    lab_push_end(coordinator, peer->session, "peer ID overwritten by new connection");
    peer->told_count = 0;
    peer->has_node = false;
}

enum net_err lab_coordinator_join(struct lab_coordinator *coordinator, const struct lab_seat *seat,
                                  uint64_t *session)
{
    struct lab_peer *peer = lab_peer_by_id(coordinator, &seat->peer);
    if (peer != NULL) {
        overwrite(coordinator, peer);
    } else if (coordinator->peer_count == LAB_PEERS_MAX) {
        return NET_ERR_FULL;
    } else {
        peer = mem_new(sizeof *peer);
        coordinator->peers[coordinator->peer_count++] = peer;
    }
    peer->seat = *seat;
    peer->session = ++coordinator->sessions;
    *session = peer->session;
    for (size_t i = 0; i < coordinator->tunnel_count; i++) {
        struct lab_peer *other = lab_other_end(coordinator, &coordinator->tunnels[i], &seat->peer);
        if (other != NULL && other != peer) {
            lab_tell_node(coordinator, peer, other, "init");
        }
    }
    return NET_OK;
}

static void update_self(struct lab_coordinator *coordinator, struct lab_peer *peer,
                        const struct tailnet_node *node)
{
    if (peer->revision == 0 || !lab_node_equal(&peer->node, node)) {
        peer->revision = ++coordinator->revisions;
    }
    peer->node = *node;
    peer->has_node = true;
    for (size_t i = 0; i < coordinator->tunnel_count; i++) {
        struct lab_peer *other =
            lab_other_end(coordinator, &coordinator->tunnels[i], &peer->seat.peer);
        if (other != NULL && other != peer) {
            lab_tell_node(coordinator, other, peer, "node update");
        }
    }
}

static enum net_err add_tunnel(struct lab_coordinator *coordinator, struct lab_peer *peer,
                               const struct uuid *to)
{
    if (lab_find_tunnel(coordinator, &peer->seat.peer, to) == NULL) {
        size_t mine = 0;
        for (size_t i = 0; i < coordinator->tunnel_count; i++) {
            mine += uuid_equal(&coordinator->tunnels[i].from, &peer->seat.peer) ? 1 : 0;
        }
        if (mine == LAB_TUNNELS_PER_PEER_MAX) {
            return NET_ERR_FULL;
        }
        coordinator->tunnels = mem_resize(coordinator->tunnels, coordinator->tunnel_count + 1,
                                          sizeof *coordinator->tunnels);
        coordinator->tunnels[coordinator->tunnel_count++] =
            (struct lab_tunnel){.from = peer->seat.peer, .to = *to};
    }
    struct lab_peer *other = lab_peer_by_id(coordinator, to);
    if (other != NULL && other != peer) {
        lab_tell_node(coordinator, peer, other, "add tunnel");
        lab_tell_node(coordinator, other, peer, "add tunnel");
    }
    return NET_OK;
}

static void remove_tunnel(struct lab_coordinator *coordinator, struct lab_peer *peer,
                          const struct uuid *to)
{
    struct lab_tunnel *tunnel = lab_find_tunnel(coordinator, &peer->seat.peer, to);
    if (tunnel == NULL) {
        return;
    }
    *tunnel = coordinator->tunnels[--coordinator->tunnel_count];
    if (lab_share_tunnel(coordinator, &peer->seat.peer, to)) {
        return; /* the other side still wants its own */
    }
    struct lab_peer *other = lab_peer_by_id(coordinator, to);
    lab_tell_gone(coordinator, peer, to, TAILNET_PEER_DISCONNECTED, "remove tunnel");
    if (other != NULL && other != peer) {
        lab_tell_gone(coordinator, other, &peer->seat.peer, TAILNET_PEER_DISCONNECTED,
                      "remove tunnel");
    }
}

static void ready(struct lab_coordinator *coordinator, const struct lab_peer *peer,
                  const struct uuid *to)
{
    if (!lab_share_tunnel(coordinator, &peer->seat.peer, to)) {
        char id[UUID_TEXT_SIZE];
        uuid_text(to, id);
        struct lab_queued *item = lab_push(coordinator, peer->session);
        text_format(item->message.error, sizeof item->message.error,
                    "ready for handshake error: you do not share a tunnel with \"%s\"", id);
        return;
    }
    const struct lab_peer *other = lab_peer_by_id(coordinator, to);
    if (other == NULL) {
        return;
    }
    struct lab_queued *item = lab_push(coordinator, other->session);
    item->message.has_update = true;
    item->message.update.id = peer->seat.peer;
    item->message.update.kind = TAILNET_PEER_READY_FOR_HANDSHAKE;
}

enum net_err lab_coordinator_request(struct lab_coordinator *coordinator, uint64_t session,
                                     const struct tailnet_request *request)
{
    struct lab_peer *peer = lab_peer_by_session(coordinator, session);
    if (peer == NULL) {
        return NET_OK;
    }
    char why[TAILNET_REASON_SIZE] = "authorization: ";
    size_t used = strlen(why);
    if (!lab_request_allowed(coordinator, &peer->seat, request, why + used, sizeof why - used)) {
        peer_ends(coordinator, peer, TAILNET_PEER_LOST, "lost", why);
        return NET_ERR_REFUSED;
    }
    if (request->update_self != NULL) {
        update_self(coordinator, peer, request->update_self);
    }
    if (request->has_add_tunnel && add_tunnel(coordinator, peer, &request->add_tunnel) != NET_OK) {
        peer_ends(coordinator, peer, TAILNET_PEER_LOST, "lost",
                  "failed to update tunnel peer mapping");
        return NET_ERR_FULL;
    }
    if (request->has_remove_tunnel) {
        remove_tunnel(coordinator, peer, &request->remove_tunnel);
    }
    if (request->disconnect) {
        peer_ends(coordinator, peer, TAILNET_PEER_DISCONNECTED, "graceful disconnect", "");
        return NET_OK;
    }
    for (size_t i = 0; i < request->ready_count; i++) {
        ready(coordinator, peer, &request->ready[i]);
    }
    return NET_OK;
}

void lab_coordinator_leave(struct lab_coordinator *coordinator, uint64_t session, const char *why)
{
    struct lab_peer *peer = lab_peer_by_session(coordinator, session);
    if (peer != NULL) {
        peer_ends(coordinator, peer, TAILNET_PEER_LOST, "lost", why);
    }
}

const struct tailnet_node *lab_coordinator_node(const struct lab_coordinator *coordinator,
                                                const struct uuid *peer)
{
    const struct lab_peer *found = lab_peer_by_id(coordinator, peer);
    return found != NULL && found->has_node ? &found->node : NULL;
}

bool lab_coordinator_has_peer(const struct lab_coordinator *coordinator, const struct uuid *peer)
{
    return lab_peer_by_id(coordinator, peer) != NULL;
}

size_t lab_coordinator_peers(const struct lab_coordinator *coordinator)
{
    return coordinator->peer_count;
}

size_t lab_coordinator_tunnels(const struct lab_coordinator *coordinator)
{
    return coordinator->tunnel_count;
}
