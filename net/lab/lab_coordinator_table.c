/*
 * The coordinator's tables, and what its peers are told.
 */
#include <stdlib.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/lab/lab_coordinator_internal.h"

struct lab_peer *lab_peer_by_id(const struct lab_coordinator *coordinator, const struct uuid *id)
{
    for (size_t i = 0; i < coordinator->peer_count; i++) {
        if (uuid_equal(&coordinator->peers[i]->seat.peer, id)) {
            return coordinator->peers[i];
        }
    }
    return NULL;
}

struct lab_peer *lab_peer_by_session(const struct lab_coordinator *coordinator, uint64_t session)
{
    for (size_t i = 0; i < coordinator->peer_count; i++) {
        if (coordinator->peers[i]->session == session) {
            return coordinator->peers[i];
        }
    }
    return NULL;
}

struct lab_queued *lab_push(struct lab_coordinator *coordinator, uint64_t session)
{
    struct lab_queued *item = mem_new(sizeof *item);
    item->message.session = session;
    if (coordinator->last == NULL) {
        coordinator->first = item;
    } else {
        coordinator->last->next = item;
    }
    coordinator->last = item;
    return item;
}

bool lab_coordinator_message(struct lab_coordinator *coordinator, struct lab_message *out)
{
    struct lab_queued *item = coordinator->first;
    if (item == NULL) {
        return false;
    }
    coordinator->first = item->next;
    if (coordinator->first == NULL) {
        coordinator->last = NULL;
    }
    *out = item->message;
    free(item);
    return true;
}

void lab_push_end(struct lab_coordinator *coordinator, uint64_t session, const char *error)
{
    struct lab_queued *item = lab_push(coordinator, session);
    text_copy(item->message.error, sizeof item->message.error, error);
    item->message.ended = true;
}

static struct lab_told *find_told(const struct lab_peer *peer, const struct uuid *about)
{
    for (size_t i = 0; i < peer->told_count; i++) {
        if (uuid_equal(&peer->told[i].id, about)) {
            return &peer->told[i];
        }
    }
    return NULL;
}

void lab_tell_node(struct lab_coordinator *coordinator, struct lab_peer *peer,
                   const struct lab_peer *about, const char *reason)
{
    struct lab_told *told = find_told(peer, &about->seat.peer);
    if (!about->has_node || (told != NULL && told->revision == about->revision)) {
        return;
    }
    if (told == NULL) {
        peer->told = mem_resize(peer->told, peer->told_count + 1, sizeof *peer->told);
        told = &peer->told[peer->told_count++];
        told->id = about->seat.peer;
    }
    told->revision = about->revision;
    struct tailnet_peer_update *update = &lab_push(coordinator, peer->session)->message.update;
    coordinator->last->message.has_update = true;
    update->id = about->seat.peer;
    update->kind = TAILNET_PEER_NODE;
    update->has_node = true;
    update->node = about->node;
    text_copy(update->reason, sizeof update->reason, reason);
}

void lab_tell_gone(struct lab_coordinator *coordinator, struct lab_peer *peer,
                   const struct uuid *about, enum tailnet_peer_kind kind, const char *reason)
{
    struct lab_told *told = find_told(peer, about);
    if (told == NULL) {
        return;
    }
    *told = peer->told[--peer->told_count];
    struct tailnet_peer_update *update = &lab_push(coordinator, peer->session)->message.update;
    coordinator->last->message.has_update = true;
    update->id = *about;
    update->kind = kind;
    text_copy(update->reason, sizeof update->reason, reason);
}

static bool tunnel_is(const struct lab_tunnel *tunnel, const struct uuid *from,
                      const struct uuid *to)
{
    return uuid_equal(&tunnel->from, from) && uuid_equal(&tunnel->to, to);
}

struct lab_tunnel *lab_find_tunnel(const struct lab_coordinator *coordinator,
                                   const struct uuid *from, const struct uuid *to)
{
    for (size_t i = 0; i < coordinator->tunnel_count; i++) {
        if (tunnel_is(&coordinator->tunnels[i], from, to)) {
            return &coordinator->tunnels[i];
        }
    }
    return NULL;
}

bool lab_share_tunnel(const struct lab_coordinator *coordinator, const struct uuid *a,
                      const struct uuid *b)
{
    return lab_find_tunnel(coordinator, a, b) != NULL || lab_find_tunnel(coordinator, b, a) != NULL;
}

struct lab_peer *lab_other_end(const struct lab_coordinator *coordinator,
                               const struct lab_tunnel *tunnel, const struct uuid *id)
{
    if (uuid_equal(&tunnel->from, id)) {
        return lab_peer_by_id(coordinator, &tunnel->to);
    }
    return uuid_equal(&tunnel->to, id) ? lab_peer_by_id(coordinator, &tunnel->from) : NULL;
}
