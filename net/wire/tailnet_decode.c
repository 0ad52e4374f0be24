/*
 * coder.tailnet.v2: protobuf to structs.
 */
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/wire/tailnet_internal.h"

enum { WORKSPACES_MAX = 16384, NANOS = 1000000000 };

static void clean(char *out, size_t size, const char *in)
{
    (void)text_clean(out, size, bytes_text(in));
}

static enum net_err decode_uuid(const ProtobufCBinaryData *in, struct uuid *out)
{
    if (in->len != UUID_LEN) {
        return NET_ERR_MALFORMED;
    }
    memcpy(out->b, in->data, UUID_LEN);
    return NET_OK;
}

static struct wall_time decode_time(const PB(Timestamp) * in)
{
    struct wall_time out = {0};
    if (in != NULL) {
        out.seconds = in->seconds;
        out.nanos = in->nanos >= 0 && in->nanos < NANOS ? in->nanos : 0;
    }
    return out;
}

/* In nanoseconds; 0 for what is absent, below 0 or beyond what fits. */
static int64_t decode_duration(const PB(Duration) * in)
{
    bool fits = in != NULL && in->seconds >= 0 &&
                in->seconds < INT64_MAX / (int64_t)NS_PER_SEC - 1 && in->nanos >= 0 &&
                in->nanos < NANOS;
    return fits ? in->seconds * (int64_t)NS_PER_SEC + in->nanos : 0;
}

/* "fd7a:…/128": other lengths are not what a tailnet node may have. */
static enum net_err decode_prefix(const char *text, struct net_address *out)
{
    char ip[ADDRESS_TEXT_SIZE];
    const char *slash = strchr(text, '/');
    if (slash == NULL || strcmp(slash, "/128") != 0 || (size_t)(slash - text) >= sizeof ip) {
        return NET_ERR_MALFORMED;
    }
    memcpy(ip, text, (size_t)(slash - text));
    ip[slash - text] = '\0';
    return address_parse_ip(ip, out);
}

/* "999-v4": region and family. Others are skipped. */
static bool decode_latency(const PB(Node__DerpLatencyEntry) * in, struct tailnet_latency *out)
{
    char *end = NULL;
    if (in->key[0] < '0' || in->key[0] > '9') {
        return false;
    }
    long long region = strtoll(in->key, &end, 10);
    bool v4 = strcmp(end, "-v4") == 0;
    bool v6 = strcmp(end, "-v6") == 0;
    *out = (struct tailnet_latency){.region = region, .v6 = v6, .seconds = in->value};
    return v4 || v6;
}

static void decode_latencies(const PB(Node) * in, struct tailnet_node *out)
{
    for (size_t i = 0; i < in->n_derp_latency && out->latency_count < TAILNET_LATENCIES_MAX; i++) {
        if (decode_latency(in->derp_latency[i], &out->latencies[out->latency_count])) {
            out->latency_count++;
        }
    }
    size_t most = sizeof out->websockets / sizeof *out->websockets;
    for (size_t i = 0; i < in->n_derp_forced_websocket && out->websocket_count < most; i++) {
        struct tailnet_websocket *to = &out->websockets[out->websocket_count++];
        to->region = in->derp_forced_websocket[i]->key;
        clean(to->reason, sizeof to->reason, in->derp_forced_websocket[i]->value);
    }
}

static void decode_addresses(const PB(Node) * in, struct tailnet_node *out)
{
    for (size_t i = 0; i < in->n_addresses && out->address_count < TAILNET_ADDRESSES_MAX; i++) {
        if (decode_prefix(in->addresses[i], &out->addresses[out->address_count]) == NET_OK) {
            out->address_count++;
        } else {
            out->addresses_refused++;
        }
    }
    for (size_t i = 0; i < in->n_endpoints && out->endpoint_count < TAILNET_ENDPOINTS_MAX; i++) {
        if (address_parse(in->endpoints[i], &out->endpoints[out->endpoint_count]) == NET_OK) {
            out->endpoint_count++;
        }
    }
}

/* A node without a readable WireGuard key is none; without a disco key it is one that cannot be
 * probed. */
static enum net_err decode_node(const PB(Node) * in, struct tailnet_node *out)
{
    *out = (struct tailnet_node){.id = in->id, .preferred_derp = in->preferred_derp};
    out->as_of = decode_time(in->as_of);
    if (node_public_from_binary(bytes_of(in->key.data, in->key.len), &out->key) != NET_OK) {
        return NET_ERR_MALFORMED;
    }
    if (disco_public_parse(in->disco, &out->disco) != NET_OK) {
        out->disco = (struct disco_public){{0}};
    }
    decode_latencies(in, out);
    decode_addresses(in, out);
    return NET_OK;
}

/* --- Coordinate
 * ------------------------------------------------------------------------------------ */

static enum net_err decode_tunnel(const PB(CoordinateRequest__Tunnel) * in, bool *has,
                                  struct uuid *out)
{
    *has = in != NULL;
    return in == NULL ? NET_OK : decode_uuid(&in->id, out);
}

static enum net_err decode_request(const PB(CoordinateRequest) * in, struct tailnet_request *out,
                                   struct tailnet_node *node)
{
    *out = (struct tailnet_request){.disconnect = in->disconnect != NULL};
    enum net_err err = NET_OK;
    if (in->update_self != NULL && in->update_self->node != NULL) {
        err = decode_node(in->update_self->node, node);
        out->update_self = node;
    }
    if (err == NET_OK) {
        err = decode_tunnel(in->add_tunnel, &out->has_add_tunnel, &out->add_tunnel);
    }
    if (err == NET_OK) {
        err = decode_tunnel(in->remove_tunnel, &out->has_remove_tunnel, &out->remove_tunnel);
    }
    if (in->n_ready_for_handshake > TAILNET_READY_MAX) {
        return NET_ERR_TOO_BIG;
    }
    for (size_t i = 0; err == NET_OK && i < in->n_ready_for_handshake; i++) {
        err = decode_uuid(&in->ready_for_handshake[i]->id, &out->ready[out->ready_count++]);
    }
    return err;
}

enum net_err tailnet_request_decode(struct bytes in, struct tailnet_request *out,
                                    struct tailnet_node *node)
{
    struct arena arena;
    enum net_err err = NET_OK;
    arena_init(&arena);
    const PB(CoordinateRequest) *message =
        arena_unpack(&arena, &PB_DESCRIPTOR(coordinate_request), in, &err);
    if (message != NULL) {
        err = decode_request(message, out, node);
    }
    arena_clear(&arena);
    return err;
}

static bool decode_update(const PB(CoordinateResponse__PeerUpdate) * in,
                          struct tailnet_peer_update *out)
{
    if (decode_uuid(&in->id, &out->id) != NET_OK) {
        return false;
    }
    bool known = (int)in->kind >= TAILNET_PEER_UNSPECIFIED &&
                 (int)in->kind <= TAILNET_PEER_READY_FOR_HANDSHAKE;
    out->kind = known ? (enum tailnet_peer_kind)in->kind : TAILNET_PEER_UNSPECIFIED;
    clean(out->reason, sizeof out->reason, in->reason);
    out->has_node = in->node != NULL;
    if (out->kind == TAILNET_PEER_NODE && !out->has_node) {
        return false;
    }
    return !out->has_node || decode_node(in->node, &out->node) == NET_OK;
}

enum net_err tailnet_response_decode(struct bytes in,
                                     void (*each)(void *owner,
                                                  const struct tailnet_peer_update *update),
                                     void *owner, char error[TAILNET_REASON_SIZE], size_t *skipped)
{
    struct arena arena;
    enum net_err err = NET_OK;
    arena_init(&arena);
    const PB(CoordinateResponse) *message =
        arena_unpack(&arena, &PB_DESCRIPTOR(coordinate_response), in, &err);
    error[0] = '\0';
    *skipped = 0;
    if (message != NULL) {
        struct tailnet_peer_update *update = mem_new(sizeof *update);
        clean(error, TAILNET_REASON_SIZE, message->error);
        for (size_t i = 0; i < message->n_peer_updates; i++) {
            *update = (struct tailnet_peer_update){0};
            if (decode_update(message->peer_updates[i], update)) {
                each(owner, update);
            } else {
                ++*skipped;
            }
        }
        free(update);
    }
    arena_clear(&arena);
    return err;
}

/* --- the DERP map
 * ----------------------------------------------------------------------------------- */

static void decode_derp_node(const PB(DERPMap__Region__Node) * in, struct derp_node *out)
{
    clean(out->name, sizeof out->name, in->name);
    clean(out->host_name, sizeof out->host_name, in->host_name);
    clean(out->cert_name, sizeof out->cert_name, in->cert_name);
    clean(out->ipv4, sizeof out->ipv4, in->ipv4);
    clean(out->ipv6, sizeof out->ipv6, in->ipv6);
    clean(out->stun_test_ip, sizeof out->stun_test_ip, in->stun_test_ip);
    out->stun_port = in->stun_port;
    out->derp_port = in->derp_port;
    out->stun_only = in->stun_only;
    out->insecure_for_tests = in->insecure_for_tests;
    out->force_http = in->force_http;
    out->can_port_80 = in->can_port_80;
}

static void decode_region(const PB(DERPMap__RegionsEntry) * in, struct derp_map *map)
{
    struct derp_region *region = in->value == NULL ? NULL : derp_map_add_region(map, in->key);
    if (region == NULL) {
        return;
    }
    free(region->nodes); /* a key given twice: the last wins */
    *region = (struct derp_region){
        .id = in->key, .embedded_relay = in->value->embedded_relay, .avoid = in->value->avoid};
    clean(region->code, sizeof region->code, in->value->region_code);
    clean(region->name, sizeof region->name, in->value->region_name);
    for (size_t i = 0; i < in->value->n_nodes; i++) {
        struct derp_node *node = derp_region_add_node(map, region);
        if (node != NULL) {
            decode_derp_node(in->value->nodes[i], node);
        }
    }
}

static void decode_scores(const PB(DERPMap__HomeParams) * in, struct derp_map *map)
{
    for (size_t i = 0; in != NULL && i < in->n_region_score; i++) {
        for (size_t r = 0; r < map->region_count; r++) {
            if (map->regions[r].id == in->region_score[i]->key && in->region_score[i]->value > 0) {
                map->regions[r].score = in->region_score[i]->value;
            }
        }
    }
}

enum net_err tailnet_derp_map_decode(struct bytes in, struct derp_map *out)
{
    struct arena arena;
    enum net_err err = NET_OK;
    arena_init(&arena);
    const PB(DERPMap) *message = arena_unpack(&arena, &PB_DESCRIPTOR(derpmap), in, &err);
    if (message != NULL) {
        derp_map_init(out);
        for (size_t i = 0; i < message->n_regions; i++) {
            decode_region(message->regions[i], out);
        }
        decode_scores(message->home_params, out);
    }
    arena_clear(&arena);
    return err;
}

/* --- the rest
 * ---------------------------------------------------------------------------------------- */

enum net_err tailnet_resume_token_decode(struct bytes in, struct tailnet_resume_token *out)
{
    struct arena arena;
    enum net_err err = NET_OK;
    arena_init(&arena);
    const PB(RefreshResumeTokenResponse) *message =
        arena_unpack(&arena, &PB_DESCRIPTOR(refresh_resume_token_response), in, &err);
    if (message != NULL && strlen(message->token) >= sizeof out->token) {
        err = NET_ERR_TOO_BIG;
    } else if (message != NULL) {
        *out = (struct tailnet_resume_token){.expires = decode_time(message->expires_at)};
        text_copy(out->token, sizeof out->token, message->token);
        out->refresh_in_ns = decode_duration(message->refresh_in);
    }
    arena_clear(&arena);
    return err;
}

enum net_err tailnet_workspaces_request_decode(struct bytes in, struct uuid *owner_id)
{
    struct arena arena;
    enum net_err err = NET_OK;
    arena_init(&arena);
    const PB(WorkspaceUpdatesRequest) *message =
        arena_unpack(&arena, &PB_DESCRIPTOR(workspace_updates_request), in, &err);
    if (message != NULL) {
        err = decode_uuid(&message->workspace_owner_id, owner_id);
    }
    arena_clear(&arena);
    return err;
}

static struct tailnet_workspace *decode_workspaces(PB(Workspace) * *in, size_t count, size_t *kept)
{
    struct tailnet_workspace *out = mem_array(count, sizeof *out);
    *kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct tailnet_workspace *to = &out[*kept];
        if (decode_uuid(&in[i]->id, &to->id) == NET_OK) {
            bool known = (int)in[i]->status >= 0 && (int)in[i]->status <= TAILNET_WORKSPACE_DELETED;
            to->status =
                known ? (enum tailnet_workspace_status)in[i]->status : TAILNET_WORKSPACE_UNKNOWN;
            clean(to->name, sizeof to->name, in[i]->name);
            ++*kept;
        }
    }
    return out;
}

static struct tailnet_agent *decode_agents(PB(Agent) * *in, size_t count, size_t *kept)
{
    struct tailnet_agent *out = mem_array(count, sizeof *out);
    *kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct tailnet_agent *to = &out[*kept];
        if (decode_uuid(&in[i]->id, &to->id) == NET_OK &&
            decode_uuid(&in[i]->workspace_id, &to->workspace_id) == NET_OK) {
            clean(to->name, sizeof to->name, in[i]->name);
            ++*kept;
        }
    }
    return out;
}

enum net_err tailnet_workspaces_decode(struct bytes in, struct tailnet_workspaces *out)
{
    struct arena arena;
    enum net_err err = NET_OK;
    arena_init(&arena);
    const PB(WorkspaceUpdate) *m = arena_unpack(&arena, &PB_DESCRIPTOR(workspace_update), in, &err);
    if (m != NULL &&
        (m->n_upserted_workspaces > WORKSPACES_MAX || m->n_upserted_agents > WORKSPACES_MAX ||
         m->n_deleted_workspaces > WORKSPACES_MAX || m->n_deleted_agents > WORKSPACES_MAX)) {
        err = NET_ERR_TOO_BIG;
    } else if (m != NULL) {
        out->upserted_workspaces = decode_workspaces(
            m->upserted_workspaces, m->n_upserted_workspaces, &out->upserted_workspace_count);
        out->upserted_agents =
            decode_agents(m->upserted_agents, m->n_upserted_agents, &out->upserted_agent_count);
        out->deleted_workspaces = decode_workspaces(m->deleted_workspaces, m->n_deleted_workspaces,
                                                    &out->deleted_workspace_count);
        out->deleted_agents =
            decode_agents(m->deleted_agents, m->n_deleted_agents, &out->deleted_agent_count);
    }
    arena_clear(&arena);
    return err;
}

void tailnet_workspaces_clear(struct tailnet_workspaces *workspaces)
{
    free(workspaces->upserted_workspaces);
    free(workspaces->upserted_agents);
    free(workspaces->deleted_workspaces);
    free(workspaces->deleted_agents);
    *workspaces = (struct tailnet_workspaces){0};
}
