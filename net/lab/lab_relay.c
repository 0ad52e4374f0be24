#include "net/lab/lab_relay.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/lab/lab_queue.h"
#include "net/wire/derp.h"
#include "net/wire/disco.h"

struct gone {
    struct node_public peer;
    uint8_t reason;
};

struct connection {
    uint64_t id;
    struct node_public key;
    uint64_t heard; /* the greatest among those of one key is the active one */
    uint64_t orders;
    mono_ns last_due;
    struct lab_queue line; /* delayed; due times do not fall */
    struct lab_queue disco, other;
    size_t gone_count;
    struct gone gone[LAB_RELAY_QUEUE_MAX];
    unsigned gone_tokens; /* PeerGone(not here) that it may still be sent */
    mono_ns gone_since;   /* when the tokens were last counted */
};

/* Connection `to` has had packets from the key. */
struct route {
    struct node_public from;
    uint64_t to;
};

struct lab_relay {
    struct lab_relay_config config;
    struct lab_relay_counts counts;
    uint64_t ids, heards;
    size_t count;
    struct connection *connections[LAB_RELAY_CONNECTIONS_MAX]; /* in order of id */
    size_t route_count;
    struct route routes[LAB_RELAY_ROUTES_MAX];
    struct lab_packet *taken; /* what the last lab_relay_take lent */
};

static void connection_free(struct connection *connection)
{
    lab_queue_clear(&connection->line);
    lab_queue_clear(&connection->disco);
    lab_queue_clear(&connection->other);
    free(connection);
}

struct lab_relay *lab_relay_new(const struct lab_relay_config *config)
{
    struct lab_relay *relay = mem_new(sizeof *relay);
    relay->config = *config;
    return relay;
}

void lab_relay_free(struct lab_relay *relay)
{
    if (relay == NULL) {
        return;
    }
    for (size_t i = 0; i < relay->count; i++) {
        connection_free(relay->connections[i]);
    }
    free(relay->taken);
    free(relay);
}

void lab_relay_set(struct lab_relay *relay, const struct lab_relay_config *config)
{
    relay->config = *config;
}

static struct connection *find(const struct lab_relay *relay, uint64_t id)
{
    for (size_t i = 0; i < relay->count; i++) {
        if (relay->connections[i]->id == id) {
            return relay->connections[i];
        }
    }
    return NULL;
}

static struct connection *find_active(const struct lab_relay *relay, const struct node_public *key)
{
    struct connection *active = NULL;
    for (size_t i = 0; i < relay->count; i++) {
        struct connection *connection = relay->connections[i];
        if (node_public_equal(&connection->key, key) &&
            (active == NULL || connection->heard > active->heard)) {
            active = connection;
        }
    }
    return active;
}

enum net_err lab_relay_attach(struct lab_relay *relay, const struct node_public *key, uint64_t *id)
{
    if (relay->count == LAB_RELAY_CONNECTIONS_MAX) {
        return NET_ERR_FULL;
    }
    struct connection *connection = mem_new(sizeof *connection);
    connection->id = ++relay->ids;
    connection->key = *key;
    connection->heard = ++relay->heards;
    connection->gone_tokens = LAB_RELAY_GONE_BURST;
    relay->connections[relay->count++] = connection;
    *id = connection->id;
    return NET_OK;
}

void lab_relay_heard(struct lab_relay *relay, uint64_t id)
{
    struct connection *connection = find(relay, id);
    if (connection != NULL) {
        connection->heard = ++relay->heards;
    }
}

static void tell_gone(struct lab_relay *relay, struct connection *connection,
                      const struct node_public *peer, enum derp_gone_reason reason)
{
    if (connection->gone_count < LAB_RELAY_QUEUE_MAX) {
        connection->gone[connection->gone_count++] =
            (struct gone){.peer = *peer, .reason = (uint8_t)reason};
        relay->counts.gone_sent++;
    }
}

/* The key has no connection any more. */
static void key_gone(struct lab_relay *relay, const struct node_public *key)
{
    size_t kept = 0;
    for (size_t i = 0; i < relay->route_count; i++) {
        struct route route = relay->routes[i];
        struct connection *to = find(relay, route.to);
        if (!node_public_equal(&route.from, key)) {
            relay->routes[kept++] = route;
        } else if (to != NULL) {
            tell_gone(relay, to, key, DERP_GONE_DISCONNECTED);
        }
    }
    relay->route_count = kept;
}

static void drop_routes_to(struct lab_relay *relay, uint64_t id)
{
    size_t kept = 0;
    for (size_t i = 0; i < relay->route_count; i++) {
        if (relay->routes[i].to != id) {
            relay->routes[kept++] = relay->routes[i];
        }
    }
    relay->route_count = kept;
}

void lab_relay_detach(struct lab_relay *relay, uint64_t id)
{
    size_t at = 0;
    while (at < relay->count && relay->connections[at]->id != id) {
        at++;
    }
    if (at == relay->count) {
        return;
    }
    struct node_public key = relay->connections[at]->key;
    connection_free(relay->connections[at]);
    relay->count--;
    for (; at < relay->count; at++) {
        relay->connections[at] = relay->connections[at + 1];
    }
    drop_routes_to(relay, id);
    if (find_active(relay, &key) == NULL) {
        key_gone(relay, &key);
    }
}

static void note_route(struct lab_relay *relay, const struct node_public *from, uint64_t to)
{
    for (size_t i = 0; i < relay->route_count; i++) {
        if (relay->routes[i].to == to && node_public_equal(&relay->routes[i].from, from)) {
            return;
        }
    }
    if (relay->route_count < LAB_RELAY_ROUTES_MAX) {
        relay->routes[relay->route_count++] = (struct route){.from = *from, .to = to};
    }
}

/* Whether one more PeerGone(not here) may go to this sender. */
static bool gone_allowed(struct connection *connection, mono_ns now)
{
    uint64_t earned = mono_since(now, connection->gone_since) / NS_PER_SEC;
    if (connection->gone_tokens == LAB_RELAY_GONE_BURST) {
        connection->gone_since = now;
    } else if (earned >= LAB_RELAY_GONE_BURST - connection->gone_tokens) {
        connection->gone_tokens = LAB_RELAY_GONE_BURST;
        connection->gone_since = now;
    } else {
        connection->gone_tokens += (unsigned)earned;
        connection->gone_since += earned * NS_PER_SEC;
    }
    if (connection->gone_tokens == 0) {
        return false;
    }
    connection->gone_tokens--;
    return true;
}

/* The server's rule: a full queue loses its oldest packet. */
static void make_ready(struct lab_relay *relay, struct connection *connection,
                       struct lab_packet *packet)
{
    struct lab_queue *queue = packet->disco ? &connection->disco : &connection->other;
    if (queue->count == LAB_RELAY_QUEUE_MAX) {
        free(lab_queue_get(queue));
        relay->counts.dropped_full++;
    }
    lab_queue_put(queue, packet);
}

static void advance(struct lab_relay *relay, struct connection *connection, mono_ns now)
{
    while (connection->line.first != NULL && connection->line.first->due <= now) {
        make_ready(relay, connection, lab_queue_get(&connection->line));
    }
}

static void deliver(struct lab_relay *relay, mono_ns now, const struct node_public *source,
                    struct connection *to, struct bytes in)
{
    advance(relay, to, now);
    if (to->line.count == LAB_RELAY_LINE_MAX) {
        relay->counts.dropped_full++;
        return;
    }
    struct lab_packet *packet = mem_new(sizeof *packet + in.len);
    packet->order = ++to->orders;
    packet->disco = disco_looks_like_for_relay(in);
    packet->source = *source;
    packet->len = in.len;
    if (in.len > 0) {
        memcpy(packet->bytes, in.ptr, in.len);
    }
    uint64_t wait = relay->config.delay_ns;
    if (relay->config.jitter_ns > 0) {
        wait += rng_below(relay->config.rng, relay->config.jitter_ns + 1);
    }
    packet->due = mono_after(now, wait);
    packet->due = packet->due < to->last_due ? to->last_due : packet->due;
    to->last_due = packet->due;
    lab_queue_put(&to->line, packet);
    advance(relay, to, now);
}

void lab_relay_packet(struct lab_relay *relay, mono_ns now, uint64_t id,
                      const struct node_public *to, struct bytes packet)
{
    struct connection *from = find(relay, id);
    struct connection *active = find_active(relay, to);
    if (from == NULL) {
        return;
    }
    relay->counts.packets_in++;
    if (relay->config.drop_percent > 0 &&
        rng_below(relay->config.rng, 100) < relay->config.drop_percent) {
        relay->counts.dropped_asked++;
    } else if (active != NULL) {
        note_route(relay, &from->key, active->id);
        deliver(relay, now, &from->key, active, packet);
    } else {
        relay->counts.dropped_unknown++;
        if (disco_looks_like_for_relay(packet) && gone_allowed(from, now)) {
            tell_gone(relay, from, to, DERP_GONE_NOT_HERE);
        }
    }
}

static bool take_gone(struct connection *connection, struct lab_relay_item *out)
{
    if (connection->gone_count == 0) {
        return false;
    }
    out->kind = LAB_RELAY_GONE;
    out->peer = connection->gone[0].peer;
    out->reason = connection->gone[0].reason;
    connection->gone_count--;
    memmove(connection->gone, connection->gone + 1,
            connection->gone_count * sizeof connection->gone[0]);
    return true;
}

/* The queue whose oldest packet came first; NULL: both are empty. */
static struct lab_queue *older(struct connection *connection)
{
    const struct lab_packet *disco = connection->disco.first;
    const struct lab_packet *other = connection->other.first;
    if (disco != NULL && (other == NULL || disco->order < other->order)) {
        return &connection->disco;
    }
    return other != NULL ? &connection->other : NULL;
}

bool lab_relay_take(struct lab_relay *relay, mono_ns now, uint64_t id, struct lab_relay_item *out)
{
    struct connection *connection = find(relay, id);
    if (connection == NULL) {
        return false;
    }
    *out = (struct lab_relay_item){.kind = LAB_RELAY_PACKET};
    if (take_gone(connection, out)) {
        return true;
    }
    advance(relay, connection, now);
    struct lab_queue *queue = older(connection);
    if (queue == NULL) {
        return false;
    }
    free(relay->taken);
    relay->taken = lab_queue_get(queue);
    out->peer = relay->taken->source;
    out->packet = bytes_of(relay->taken->bytes, relay->taken->len);
    relay->counts.packets_out++;
    relay->counts.bytes_out += relay->taken->len;
    return true;
}

static mono_ns due_at(const struct connection *connection)
{
    if (connection->gone_count > 0 || connection->disco.count > 0 || connection->other.count > 0) {
        return 0;
    }
    return connection->line.first == NULL ? MONO_NEVER : connection->line.first->due;
}

uint64_t lab_relay_due(const struct lab_relay *relay, mono_ns now, uint64_t after)
{
    for (size_t i = 0; i < relay->count; i++) {
        if (relay->connections[i]->id > after && due_at(relay->connections[i]) <= now) {
            return relay->connections[i]->id;
        }
    }
    return 0;
}

mono_ns lab_relay_deadline(const struct lab_relay *relay, mono_ns now)
{
    mono_ns next = MONO_NEVER;
    for (size_t i = 0; i < relay->count; i++) {
        const struct lab_packet *packet = relay->connections[i]->line.first;
        while (packet != NULL && packet->due <= now) {
            packet = packet->next;
        }
        next = packet == NULL ? next : mono_min(next, packet->due);
    }
    return next;
}

struct lab_relay_counts lab_relay_counts(const struct lab_relay *relay)
{
    return relay->counts;
}

size_t lab_relay_connections(const struct lab_relay *relay)
{
    return relay->count;
}
