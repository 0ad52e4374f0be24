/*
 * What peers' packets meet: the WireGuard device, the host inside the tunnel, the path to a peer.
 * The input is a list of steps: how much time passes, what is done, a length, and bytes. Disco
 * messages are sealed for it, so that what is inside is hostile, too.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/path/peer_path.h"
#include "net/tunnel/stack.h"
#include "net/tunnel/wg_device.h"

enum { STEPS_MAX = 256, OUTPUT_MAX = 4096 };

static struct rng_seeded seeded;
static struct node_private *mine, *theirs;
static struct disco_private *my_disco, *their_disco;
static const uint8_t my_address[16] = {0xfd, [15] = 1};
static const uint8_t their_address[16] = {0xfd, [15] = 2};

static void on_send(void *owner, struct bytes packet)
{
    (void)owner;
    assert(packet.len >= 40 && packet.len <= STACK_MTU);
}

struct world {
    struct wg_device *device, *other;
    struct wg_peer *peer, *back;
    struct stack *stack;
    struct peer_path *path;
    struct box_key box; /* theirs, to us */
    mono_ns now;
};

static void open_world(struct world *w)
{
    static const struct stack_handlers handlers = {.send = on_send};
    struct node_public my_key = node_private_public(mine);
    struct node_public their_key = node_private_public(theirs);
    struct disco_public my_public = disco_private_public(my_disco);
    struct disco_public their_public = disco_private_public(their_disco);
    w->now = 1000 * NS_PER_SEC;
    w->device = wg_device_new(mine, &seeded.rng);
    w->other = wg_device_new(theirs, &seeded.rng);
    w->peer = wg_device_add_peer(w->device, &their_key, their_address, 1, NULL);
    w->back = wg_device_add_peer(w->other, &my_key, my_address, 1, NULL);
    w->stack = stack_new(my_address, 1, &seeded.rng, &handlers, NULL);
    w->path = peer_path_new(&(struct path_config){
        .timeout_ns = 5 * NS_PER_SEC, .disco = my_disco, .node = my_key, .rng = &seeded.rng});
    peer_path_set_peer(w->path, w->now, &their_key, &their_public, 1, NULL, 0);
    enum net_err err = disco_box_key(their_disco, &my_public, &w->box);
    assert(err == NET_OK && w->peer != NULL && w->back != NULL);
}

static void close_world(struct world *w)
{
    wg_device_free(w->device);
    wg_device_free(w->other);
    stack_free(w->stack);
    peer_path_free(w->path);
}

static void input_wg(struct world *w, struct wg_device *device, struct bytes datagram)
{
    struct node_public from = node_private_public(device == w->device ? theirs : mine);
    struct wg_input input;
    if (wg_device_input(device, w->now, &from, datagram, &input) == NET_OK &&
        input.packet.len > 0 && device == w->device) {
        (void)!stack_input(w->stack, w->now, input.packet);
    }
}

/* Lets the two devices talk until neither has anything to say. */
static void talk(struct world *w)
{
    struct wg_device *devices[] = {w->device, w->other};
    unsigned said = 0;
    for (size_t quiet = 0; quiet < 2;) {
        uint8_t memory[WG_DATAGRAM_MAX];
        struct writer out = writer_of(memory, sizeof memory);
        struct node_public to;
        struct wall_time wall = {.seconds = (int64_t)(w->now / NS_PER_SEC)};
        struct wg_device *from = devices[said % 2];
        quiet = wg_device_output(from, w->now, wall, &out, &to) == NET_OK ? 0 : quiet + 1;
        if (quiet == 0) {
            input_wg(w, devices[1 - said % 2], writer_done(&out));
        }
        said++;
        assert(said < OUTPUT_MAX);
    }
}

static struct path_route route_of(uint8_t what)
{
    struct net_address address = {
        .family = ADDRESS_V4, .ip = {192, 0, 2, (uint8_t)(what & 7)}, .port = 4000};
    return (what & 8) != 0 ? route_direct(&address) : route_derp(1);
}

/* A well-sealed disco payload from the peer. */
static void input_disco(struct world *w, uint8_t what, struct bytes payload)
{
    uint8_t memory[DISCO_PACKET_MAX];
    struct writer out = writer_of(memory, sizeof memory);
    struct disco_public sender = disco_private_public(their_disco);
    static const uint8_t magic[DISCO_MAGIC_LEN] = {0x54, 0x53, 0xf0, 0x9f, 0x92, 0xac};
    struct path_route from = route_of(what);
    writer_put(&out, bytes_of(magic, sizeof magic));
    writer_put(&out, bytes_of(sender.b, KEY_LEN));
    box_seal(&w->box, &seeded.rng, payload, &out);
    if (!out.failed) {
        (void)!peer_path_input(w->path, w->now, &from, writer_done(&out));
    }
}

static void pump_path(struct world *w)
{
    struct path_event event;
    for (unsigned i = 0;; i++) {
        uint8_t memory[DISCO_PACKET_MAX];
        struct writer out = writer_of(memory, sizeof memory);
        struct path_route to;
        if (peer_path_output(w->path, w->now, &out, &to) != NET_OK) {
            break;
        }
        assert(i < OUTPUT_MAX);
    }
    while (peer_path_event(w->path, &event)) {
        assert(event.kind != PATH_EVENT_PONG || event.seq > 0);
    }
    assert(peer_path_deadline(w->path) > w->now);
}

static void step(struct world *w, uint8_t what, struct bytes body)
{
    uint8_t memory[WG_DATAGRAM_MAX];
    struct writer out = writer_of(memory, sizeof memory);
    struct path_route routes[2];
    switch (what >> 4) {
    case 0:
        input_wg(w, w->device, body);
        break;
    case 1:
        (void)!wg_peer_send(w->peer, w->now, body, &out);
        break;
    case 2: /* a packet that is hostile inside: authentic, and from the peer */
        if (wg_peer_send(w->back, w->now, body, &out) == NET_OK) {
            input_wg(w, w->device, writer_done(&out));
        }
        break;
    case 3:
        talk(w);
        break;
    case 4:
        (void)!stack_input(w->stack, w->now, body);
        stack_tick(w->now);
        break;
    case 5:
    case 6:
        input_disco(w, what, body);
        break;
    case 7: {
        struct path_route from = route_of(what);
        (void)!peer_path_input(w->path, w->now, &from, body);
        break;
    }
    case 8:
        (void)peer_path_beat(w->path, w->now);
        break;
    case 9:
        peer_path_block(w->path, w->now, (what & 1) != 0);
        break;
    case 10:
        peer_path_network_changed(w->path, w->now);
        break;
    case 11:
        (void)peer_path_routes(w->path, w->now, routes);
        break;
    default:
        w->now += (UINT64_C(1) << (what & 15)) * 100 * NS_PER_MS;
        break;
    }
    pump_path(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world w;
    struct reader in = reader_of(bytes_of(data, size));
    rng_seeded_init(&seeded, 1);
    if (mine == NULL) {
        mine = node_private_new(&seeded.rng);
        theirs = node_private_new(&seeded.rng);
        my_disco = disco_private_new(&seeded.rng);
        their_disco = disco_private_new(&seeded.rng);
    }
    open_world(&w);
    for (unsigned i = 0; i < STEPS_MAX && reader_left(&in) > 0; i++) {
        uint8_t what = reader_u8(&in);
        size_t len = reader_u16(&in);
        len = len < reader_left(&in) ? len : reader_left(&in);
        w.now += NS_PER_MS;
        step(&w, what, reader_take(&in, len));
    }
    close_world(&w);
    return 0;
}
