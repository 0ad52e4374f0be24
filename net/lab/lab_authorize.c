/*
 * Who may ask what of the coordinator, what makes a node another one, and resume tokens.
 */
#include <string.h>

#include "net/base/hex.h"
#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/lab/lab_coordinator_internal.h"
#include "net/lab/lab_deployment.h"

static bool is_own_address(const struct uuid *agent, const struct net_address *address)
{
    struct net_address historic;
    struct net_address coder;
    tailnet_address_historic(agent, &historic);
    tailnet_address_coder(agent, &coder);
    return address_equal(address, &historic) || address_equal(address, &coder);
}

static bool node_allowed(const struct lab_seat *seat, const struct tailnet_node *node, char *why,
                         size_t size)
{
    if (node->addresses_refused > 0) {
        text_format(why, size, "invalid address bits, expected 128");
        return false;
    }
    for (size_t i = 0; i < node->address_count; i++) {
        const struct net_address *address = &node->addresses[i];
        char text[ADDRESS_TEXT_SIZE];
        address_ip_text(address, text);
        if (address->family != ADDRESS_V6) {
            text_format(why, size, "invalid address bits, expected an IPv6 address, got %s", text);
            return false;
        }
        if (seat->is_agent && !is_own_address(&seat->peer, address)) {
            text_format(why, size, "invalid node address, got %s", text);
            return false;
        }
    }
    return true;
}

static bool tunnel_allowed(const struct lab_coordinator *coordinator, const struct lab_seat *seat,
                           const struct uuid *to, char *why, size_t size)
{
    if (seat->is_agent) {
        text_format(why, size, "agents cannot open tunnels");
        return false;
    }
    bool in_scope = uuid_is_zero(&seat->scope) || uuid_equal(&seat->scope, to);
    if (!in_scope || !lab_coordinator_has_agent(coordinator, to)) {
        char id[UUID_TEXT_SIZE];
        uuid_text(to, id);
        text_format(why, size, "invalid agent id, got %s", id);
        return false;
    }
    return true;
}

bool lab_request_allowed(const struct lab_coordinator *coordinator, const struct lab_seat *seat,
                         const struct tailnet_request *request, char *why, size_t size)
{
    if (request->has_add_tunnel &&
        !tunnel_allowed(coordinator, seat, &request->add_tunnel, why, size)) {
        return false;
    }
    if (request->update_self != NULL && !node_allowed(seat, request->update_self, why, size)) {
        return false;
    }
    if (request->ready_count > 0 && !seat->is_agent) {
        text_format(why, size, "clients may not send ready_for_handshake");
        return false;
    }
    return true;
}

static bool addresses_equal(const struct net_address *a, size_t a_count,
                            const struct net_address *b, size_t b_count)
{
    if (a_count != b_count) {
        return false;
    }
    for (size_t i = 0; i < a_count; i++) {
        if (!address_equal(&a[i], &b[i])) {
            return false;
        }
    }
    return true;
}

static bool latencies_equal(const struct tailnet_node *a, const struct tailnet_node *b)
{
    if (a->latency_count != b->latency_count) {
        return false;
    }
    for (size_t i = 0; i < a->latency_count; i++) {
        const struct tailnet_latency *x = &a->latencies[i];
        const struct tailnet_latency *y = &b->latencies[i];
        if (x->region != y->region || x->v6 != y->v6 || x->seconds < y->seconds ||
            x->seconds > y->seconds) {
            return false;
        }
    }
    return true;
}

static bool websockets_equal(const struct tailnet_node *a, const struct tailnet_node *b)
{
    if (a->websocket_count != b->websocket_count) {
        return false;
    }
    for (size_t i = 0; i < a->websocket_count; i++) {
        if (a->websockets[i].region != b->websockets[i].region ||
            strcmp(a->websockets[i].reason, b->websockets[i].reason) != 0) {
            return false;
        }
    }
    return true;
}

bool lab_node_equal(const struct tailnet_node *a, const struct tailnet_node *b)
{
    return a->id == b->id && node_public_equal(&a->key, &b->key) &&
           disco_public_equal(&a->disco, &b->disco) && a->preferred_derp == b->preferred_derp &&
           latencies_equal(a, b) && websockets_equal(a, b) &&
           addresses_equal(a->addresses, a->address_count, b->addresses, b->address_count) &&
           addresses_equal(a->endpoints, a->endpoint_count, b->endpoints, b->endpoint_count);
}

void lab_coordinator_resume_token(struct lab_coordinator *coordinator, struct rng *rng,
                                  struct wall_time now, const struct uuid *peer,
                                  struct tailnet_resume_token *out)
{
    uint8_t secret[(LAB_RESUME_TOKEN_SIZE - 1) / 2];
    struct lab_resume *slot =
        &coordinator->resumes[coordinator->resume_count++ % LAB_RESUME_TOKENS_MAX];
    rng_fill(rng, secret, sizeof secret);
    hex_encode(secret, sizeof secret, slot->token);
    mem_wipe(secret, sizeof secret);
    slot->peer = *peer;
    slot->expires = now.seconds + LAB_RESUME_SECONDS;
    text_copy(out->token, sizeof out->token, slot->token);
    out->refresh_in_ns = LAB_RESUME_SECONDS / 2 * (int64_t)NS_PER_SEC;
    out->expires = (struct wall_time){.seconds = slot->expires, .nanos = 0};
}

enum net_err lab_coordinator_resume(const struct lab_coordinator *coordinator, struct wall_time now,
                                    const char *token, struct uuid *peer)
{
    for (size_t i = 0; i < LAB_RESUME_TOKENS_MAX; i++) {
        const struct lab_resume *slot = &coordinator->resumes[i];
        if (slot->token[0] != '\0' && lab_token_equal(slot->token, token)) {
            if (now.seconds >= slot->expires) {
                return NET_ERR_AUTH;
            }
            *peer = slot->peer;
            return NET_OK;
        }
    }
    return NET_ERR_AUTH;
}
