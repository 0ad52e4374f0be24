/*
 * The machines that read a stream: the coordinator's client and server sides, the relay's client
 * and server sides. The first byte chooses which; the rest comes in pieces whose lengths it says
 * itself.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/control/coordinator.h"
#include "net/control/coordinator_server.h"
#include "net/path/derp_client.h"
#include "net/path/derp_server.h"

enum { MACHINES = 4, EVENTS_MAX = 100000 };

static struct rng_seeded seeded;
static struct node_private *key;

/* The next piece; moves on. */
static struct bytes piece(struct bytes *in)
{
    size_t len = in->len > 0 ? in->ptr[0] % 97U + 1 : 0;
    len = len < in->len ? len : in->len;
    struct bytes out = bytes_of(in->ptr, len);
    *in = bytes_of(in->ptr + len, in->len - len);
    return out;
}

static void client_session(struct bytes in)
{
    static struct coordinator_event event;
    const struct coordinator_config config = {.rng = &seeded.rng, .workspace_updates = true};
    mono_ns now = NS_PER_SEC;
    struct coordinator *c = coordinator_new(&config, now);
    bool alive = true;
    while (alive && in.len > 0) {
        alive = coordinator_input(c, now, piece(&in)) == NET_OK;
        while (coordinator_event(c, &event)) {
            if (event.kind == COORDINATOR_DERP_MAP) {
                derp_map_clear(&event.derp_map);
            } else if (event.kind == COORDINATOR_WORKSPACES) {
                tailnet_workspaces_clear(&event.workspaces);
            }
        }
        coordinator_sent(c, coordinator_output(c).len);
        now += NS_PER_SEC;
        alive = alive && (coordinator_deadline(c) > now || coordinator_tick(c, now) == NET_OK);
    }
    coordinator_free(c);
}

static void server_session(struct bytes in)
{
    static struct coordinator_server_event event;
    mono_ns now = NS_PER_SEC;
    struct coordinator_server *s = coordinator_server_new(now);
    bool alive = true;
    while (alive && in.len > 0) {
        alive = coordinator_server_input(s, now, piece(&in)) == NET_OK;
        while (coordinator_server_event(s, &event)) {
            assert(event.kind <= COORDINATOR_SERVER_TOKEN);
        }
        coordinator_server_sent(s, coordinator_server_output(s).len);
        now += NS_PER_SEC;
        alive = alive &&
                (coordinator_server_deadline(s) > now || coordinator_server_tick(s, now) == NET_OK);
    }
    coordinator_server_free(s);
}

static void relay_client(struct bytes in)
{
    mono_ns now = NS_PER_SEC;
    struct derp_client *c = derp_client_new(key, &seeded.rng, true, now);
    bool alive = true;
    while (alive && in.len > 0) {
        struct bytes part = piece(&in);
        while (alive && part.len > 0) {
            struct derp_event event;
            alive = derp_client_input(c, now, &part) == NET_OK;
            while (derp_client_event(c, &event)) {
                assert(event.packet.len <= DERP_PACKET_MAX);
            }
        }
        derp_client_sent(c, derp_client_output(c).len);
        now += NS_PER_MS;
    }
    derp_client_free(c);
}

static void relay_server(struct bytes in)
{
    mono_ns now = NS_PER_SEC;
    struct derp_server *s = derp_server_new(key, &seeded.rng, now);
    bool alive = true;
    while (alive && in.len > 0) {
        struct bytes part = piece(&in);
        while (alive && part.len > 0) {
            struct derp_server_event event;
            alive = derp_server_input(s, now, &part) == NET_OK;
            while (derp_server_event(s, &event)) {
                assert(event.packet.len <= DERP_PACKET_MAX);
            }
        }
        derp_server_sent(s, derp_server_output(s).len);
        now += NS_PER_MS;
    }
    derp_server_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const machines[MACHINES])(struct bytes in) = {client_session, server_session,
                                                                relay_client, relay_server};
    if (size == 0) {
        return 0;
    }
    rng_seeded_init(&seeded, 1);
    if (key == NULL) {
        key = node_private_new(&seeded.rng);
    }
    machines[data[0] % MACHINES](bytes_of(data + 1, size - 1));
    return 0;
}
