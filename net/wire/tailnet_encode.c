/*
 * coder.tailnet.v2: structs to protobuf.
 */
#include <string.h>

#include "net/base/text.h"
#include "net/wire/tailnet_internal.h"

/* A view of a string or of bytes that the message does not own. */
static char *borrow(const char *text)
{
    return (char *)(uintptr_t)text;
}

static ProtobufCBinaryData borrow_bytes(const void *data, size_t len)
{
    return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)(uintptr_t)data};
}

static PB(Timestamp) * encode_time(struct arena *arena, struct wall_time when)
{
    PB(Timestamp) *out = arena_new(arena, 1, sizeof *out);
    PB_INIT(timestamp)(out);
    out->seconds = when.seconds;
    out->nanos = when.nanos;
    return out;
}

static char **encode_addresses(struct arena *arena, const struct net_address *in, size_t count,
                               bool prefix)
{
    char **out = arena_new(arena, count, sizeof *out);
    for (size_t i = 0; i < count; i++) {
        char text[ADDRESS_TEXT_SIZE];
        size_t size = sizeof text + sizeof "/128";
        out[i] = arena_new(arena, 1, size);
        if (prefix) {
            address_ip_text(&in[i], text);
        } else {
            address_text(&in[i], text);
        }
        text_format(out[i], size, prefix ? "%s/128" : "%s", text);
    }
    return out;
}

static void encode_latencies(struct arena *arena, const struct tailnet_node *in, PB(Node) * out)
{
    out->n_derp_latency = in->latency_count;
    out->derp_latency = arena_new(arena, in->latency_count, sizeof *out->derp_latency);
    for (size_t i = 0; i < in->latency_count; i++) {
        PB(Node__DerpLatencyEntry) *entry = arena_new(arena, 1, sizeof *entry);
        PB_INIT(node__derp_latency_entry)(entry);
        entry->key = arena_new(arena, 1, 32);
        text_format(entry->key, 32, "%lld-%s", (long long)in->latencies[i].region,
                    in->latencies[i].v6 ? "v6" : "v4");
        entry->value = in->latencies[i].seconds;
        out->derp_latency[i] = entry;
    }
    out->n_derp_forced_websocket = in->websocket_count;
    out->derp_forced_websocket =
        arena_new(arena, in->websocket_count, sizeof *out->derp_forced_websocket);
    for (size_t i = 0; i < in->websocket_count; i++) {
        PB(Node__DerpForcedWebsocketEntry) *entry = arena_new(arena, 1, sizeof *entry);
        PB_INIT(node__derp_forced_websocket_entry)(entry);
        entry->key = (int32_t)in->websockets[i].region;
        entry->value = borrow(in->websockets[i].reason);
        out->derp_forced_websocket[i] = entry;
    }
}

static PB(Node) * encode_node(struct arena *arena, const struct tailnet_node *in)
{
    PB(Node) *out = arena_new(arena, 1, sizeof *out);
    uint8_t *key = arena_new(arena, 1, NODE_PUBLIC_BINARY_LEN);
    PB_INIT(node)(out);
    node_public_binary(&in->key, key);
    out->id = in->id;
    out->as_of = encode_time(arena, in->as_of);
    out->key = borrow_bytes(key, NODE_PUBLIC_BINARY_LEN);
    out->disco = arena_new(arena, 1, KEY_TEXT_SIZE);
    disco_public_text(&in->disco, out->disco);
    out->preferred_derp = in->preferred_derp;
    encode_latencies(arena, in, out);
    out->n_addresses = out->n_allowed_ips = in->address_count;
    out->addresses = encode_addresses(arena, in->addresses, in->address_count, true);
    out->allowed_ips = out->addresses;
    out->n_endpoints = in->endpoint_count;
    out->endpoints = encode_addresses(arena, in->endpoints, in->endpoint_count, false);
    return out;
}

static PB(CoordinateRequest__Tunnel) * encode_tunnel(struct arena *arena, const struct uuid *id)
{
    PB(CoordinateRequest__Tunnel) *out = arena_new(arena, 1, sizeof *out);
    PB_INIT(coordinate_request__tunnel)(out);
    out->id = borrow_bytes(id->b, UUID_LEN);
    return out;
}

static void encode_parts(struct arena *arena, const struct tailnet_request *in,
                         PB(CoordinateRequest) * out)
{
    if (in->update_self != NULL) {
        out->update_self = arena_new(arena, 1, sizeof *out->update_self);
        PB_INIT(coordinate_request__update_self)(out->update_self);
        out->update_self->node = encode_node(arena, in->update_self);
    }
    if (in->disconnect) {
        out->disconnect = arena_new(arena, 1, sizeof *out->disconnect);
        PB_INIT(coordinate_request__disconnect)(out->disconnect);
    }
    if (in->has_add_tunnel) {
        out->add_tunnel = encode_tunnel(arena, &in->add_tunnel);
    }
    if (in->has_remove_tunnel) {
        out->remove_tunnel = encode_tunnel(arena, &in->remove_tunnel);
    }
    out->ready_for_handshake = arena_new(arena, in->ready_count, sizeof *out->ready_for_handshake);
    out->n_ready_for_handshake = in->ready_count;
    for (size_t i = 0; i < in->ready_count; i++) {
        PB(CoordinateRequest__ReadyForHandshake) *ready = arena_new(arena, 1, sizeof *ready);
        PB_INIT(coordinate_request__ready_for_handshake)(ready);
        ready->id = borrow_bytes(in->ready[i].b, UUID_LEN);
        out->ready_for_handshake[i] = ready;
    }
}

enum net_err tailnet_request_encode(struct buf *out, const struct tailnet_request *in)
{
    struct arena arena;
    PB(CoordinateRequest) message;
    arena_init(&arena);
    PB_INIT(coordinate_request)(&message);
    encode_parts(&arena, in, &message);
    enum net_err err = tailnet_pack(out, &message.base);
    arena_clear(&arena);
    return err;
}

static PB(CoordinateResponse__PeerUpdate) *
    encode_update(struct arena *arena, const struct tailnet_peer_update *in)
{
    PB(CoordinateResponse__PeerUpdate) *out = arena_new(arena, 1, sizeof *out);
    PB_INIT(coordinate_response__peer_update)(out);
    out->id = borrow_bytes(in->id.b, UUID_LEN);
    out->node = in->has_node ? encode_node(arena, &in->node) : NULL;
    out->kind = (PB(CoordinateResponse__PeerUpdate__Kind))in->kind;
    out->reason = borrow(in->reason);
    return out;
}

enum net_err tailnet_response_encode(struct buf *out, const struct tailnet_peer_update *updates,
                                     size_t count, const char *error)
{
    struct arena arena;
    PB(CoordinateResponse) message;
    arena_init(&arena);
    PB_INIT(coordinate_response)(&message);
    message.error = borrow(error == NULL ? "" : error);
    message.n_peer_updates = count;
    message.peer_updates = arena_new(&arena, count, sizeof *message.peer_updates);
    for (size_t i = 0; i < count; i++) {
        message.peer_updates[i] = encode_update(&arena, &updates[i]);
    }
    enum net_err err = tailnet_pack(out, &message.base);
    arena_clear(&arena);
    return err;
}

/* --- the DERP map
 * ------------------------------------------------------------------------------------- */

static PB(DERPMap__Region__Node) *
    encode_derp_node(struct arena *arena, const struct derp_node *in, int64_t region)
{
    PB(DERPMap__Region__Node) *out = arena_new(arena, 1, sizeof *out);
    PB_INIT(derpmap__region__node)(out);
    out->name = borrow(in->name);
    out->region_id = region;
    out->host_name = borrow(in->host_name);
    out->cert_name = borrow(in->cert_name);
    out->ipv4 = borrow(in->ipv4);
    out->ipv6 = borrow(in->ipv6);
    out->stun_port = in->stun_port;
    out->stun_only = in->stun_only;
    out->derp_port = in->derp_port;
    out->insecure_for_tests = in->insecure_for_tests;
    out->force_http = in->force_http;
    out->stun_test_ip = borrow(in->stun_test_ip);
    out->can_port_80 = in->can_port_80;
    return out;
}

static PB(DERPMap__RegionsEntry) * encode_region(struct arena *arena, const struct derp_region *in)
{
    PB(DERPMap__RegionsEntry) *entry = arena_new(arena, 1, sizeof *entry);
    PB(DERPMap__Region) *out = arena_new(arena, 1, sizeof *out);
    PB_INIT(derpmap__regions_entry)(entry);
    PB_INIT(derpmap__region)(out);
    entry->key = in->id;
    entry->value = out;
    out->region_id = in->id;
    out->embedded_relay = in->embedded_relay;
    out->region_code = borrow(in->code);
    out->region_name = borrow(in->name);
    out->avoid = in->avoid;
    out->n_nodes = in->node_count;
    out->nodes = arena_new(arena, in->node_count, sizeof *out->nodes);
    for (size_t i = 0; i < in->node_count; i++) {
        out->nodes[i] = encode_derp_node(arena, &in->nodes[i], in->id);
    }
    return entry;
}

static void encode_scores(struct arena *arena, const struct derp_map *in, PB(DERPMap) * out)
{
    PB(DERPMap__HomeParams) *params = arena_new(arena, 1, sizeof *params);
    PB_INIT(derpmap__home_params)(params);
    params->region_score = arena_new(arena, in->region_count, sizeof *params->region_score);
    for (size_t i = 0; i < in->region_count; i++) {
        if (in->regions[i].score > 0) {
            PB(DERPMap__HomeParams__RegionScoreEntry) *entry = arena_new(arena, 1, sizeof *entry);
            PB_INIT(derpmap__home_params__region_score_entry)(entry);
            entry->key = in->regions[i].id;
            entry->value = in->regions[i].score;
            params->region_score[params->n_region_score++] = entry;
        }
    }
    if (params->n_region_score > 0) {
        out->home_params = params;
    }
}

enum net_err tailnet_derp_map_encode(struct buf *out, const struct derp_map *in)
{
    struct arena arena;
    PB(DERPMap) message;
    arena_init(&arena);
    PB_INIT(derpmap)(&message);
    encode_scores(&arena, in, &message);
    message.n_regions = in->region_count;
    message.regions = arena_new(&arena, in->region_count, sizeof *message.regions);
    for (size_t i = 0; i < in->region_count; i++) {
        message.regions[i] = encode_region(&arena, &in->regions[i]);
    }
    enum net_err err = tailnet_pack(out, &message.base);
    arena_clear(&arena);
    return err;
}

/* --- the rest
 * ------------------------------------------------------------------------------------------ */

enum net_err tailnet_resume_token_encode(struct buf *out, const struct tailnet_resume_token *in)
{
    PB(RefreshResumeTokenResponse) message;
    PB(Duration) refresh;
    PB(Timestamp) expires;
    PB_INIT(refresh_resume_token_response)(&message);
    PB_INIT(duration)(&refresh);
    PB_INIT(timestamp)(&expires);
    refresh.seconds = in->refresh_in_ns / (int64_t)NS_PER_SEC;
    refresh.nanos = (int32_t)(in->refresh_in_ns % (int64_t)NS_PER_SEC);
    expires.seconds = in->expires.seconds;
    expires.nanos = in->expires.nanos;
    message.token = borrow(in->token);
    message.refresh_in = &refresh;
    message.expires_at = &expires;
    return tailnet_pack(out, &message.base);
}

enum net_err tailnet_workspaces_request_encode(struct buf *out, const struct uuid *owner_id)
{
    PB(WorkspaceUpdatesRequest) message;
    PB_INIT(workspace_updates_request)(&message);
    message.workspace_owner_id = borrow_bytes(owner_id->b, UUID_LEN);
    return tailnet_pack(out, &message.base);
}

static PB(Workspace) *
    *encode_workspaces(struct arena *arena, const struct tailnet_workspace *in, size_t count)
{
    PB(Workspace) **out = arena_new(arena, count, sizeof *out);
    for (size_t i = 0; i < count; i++) {
        out[i] = arena_new(arena, 1, sizeof **out);
        PB_INIT(workspace)(out[i]);
        out[i]->id = borrow_bytes(in[i].id.b, UUID_LEN);
        out[i]->name = borrow(in[i].name);
        out[i]->status = (PB(Workspace__Status))in[i].status;
    }
    return out;
}

static PB(Agent) * *encode_agents(struct arena *arena, const struct tailnet_agent *in, size_t count)
{
    PB(Agent) **out = arena_new(arena, count, sizeof *out);
    for (size_t i = 0; i < count; i++) {
        out[i] = arena_new(arena, 1, sizeof **out);
        PB_INIT(agent)(out[i]);
        out[i]->id = borrow_bytes(in[i].id.b, UUID_LEN);
        out[i]->name = borrow(in[i].name);
        out[i]->workspace_id = borrow_bytes(in[i].workspace_id.b, UUID_LEN);
    }
    return out;
}

enum net_err tailnet_workspaces_encode(struct buf *out, const struct tailnet_workspaces *in)
{
    struct arena arena;
    PB(WorkspaceUpdate) m;
    arena_init(&arena);
    PB_INIT(workspace_update)(&m);
    m.n_upserted_workspaces = in->upserted_workspace_count;
    m.upserted_workspaces =
        encode_workspaces(&arena, in->upserted_workspaces, in->upserted_workspace_count);
    m.n_upserted_agents = in->upserted_agent_count;
    m.upserted_agents = encode_agents(&arena, in->upserted_agents, in->upserted_agent_count);
    m.n_deleted_workspaces = in->deleted_workspace_count;
    m.deleted_workspaces =
        encode_workspaces(&arena, in->deleted_workspaces, in->deleted_workspace_count);
    m.n_deleted_agents = in->deleted_agent_count;
    m.deleted_agents = encode_agents(&arena, in->deleted_agents, in->deleted_agent_count);
    enum net_err err = tailnet_pack(out, &m.base);
    arena_clear(&arena);
    return err;
}
