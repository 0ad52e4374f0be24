#include "tests/support/path_rig.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ENDPOINTS_TEXT = 256, PUMPS_MAX = 100000 };

static void make_peer(struct path_rig *rig)
{
    struct disco_public mine = disco_private_public(rig->mine);
    disco_private_free(rig->theirs);
    rig->theirs = disco_private_new(&rig->seeded.rng);
    rig->their_public = disco_private_public(rig->theirs);
    enum net_err err = disco_box_key(rig->theirs, &mine, &rig->box);
    assert(err == NET_OK);
}

void path_rig_open(struct path_rig *rig, uint64_t seed, uint64_t timeout_ns)
{
    *rig = (struct path_rig){.now = 1000 * NS_PER_SEC, .their_node = {{3}}};
    enum net_err err = crypto_start();
    assert(err == NET_OK);
    rng_seeded_init(&rig->seeded, seed);
    rig->mine = disco_private_new(&rig->seeded.rng);
    make_peer(rig);
    rig->path = peer_path_new(&(struct path_config){
        .timeout_ns = timeout_ns, .disco = rig->mine, .node = {{5}}, .rng = &rig->seeded.rng});
}

void path_rig_close(struct path_rig *rig)
{
    peer_path_free(rig->path);
    disco_private_free(rig->mine);
    disco_private_free(rig->theirs);
}

void path_rig_restart_peer(struct path_rig *rig)
{
    make_peer(rig);
}

struct net_address rig_address(const char *text)
{
    struct net_address out;
    enum net_err err = address_parse(text, &out);
    assert(err == NET_OK);
    return out;
}

static size_t read_endpoints(const char *text, struct net_address out[DISCO_ENDPOINTS_MAX])
{
    char copy[ENDPOINTS_TEXT] = "";
    char *rest = NULL;
    size_t count = 0;
    assert(strlen(text) < sizeof copy);
    memcpy(copy, text, strlen(text));
    for (char *one = strtok_r(copy, " ", &rest); one != NULL; one = strtok_r(NULL, " ", &rest)) {
        assert(count < DISCO_ENDPOINTS_MAX);
        out[count++] = rig_address(one);
    }
    return count;
}

void path_rig_tell_node(struct path_rig *rig, const char *endpoints)
{
    struct net_address all[DISCO_ENDPOINTS_MAX];
    size_t count = read_endpoints(endpoints, all);
    peer_path_set_peer(rig->path, rig->now, &rig->their_node, &rig->their_public, RIG_REGION, all,
                       count);
}

enum net_err path_rig_say_payload(struct path_rig *rig, const struct path_route *from,
                                  struct bytes payload)
{
    static const uint8_t magic[DISCO_MAGIC_LEN] = {0x54, 0x53, 0xf0, 0x9f, 0x92, 0xac};
    size_t size = payload.len + 256;
    uint8_t *packet = malloc(size);
    assert(packet != NULL);
    struct writer out = writer_of(packet, size);
    writer_put(&out, bytes_of(magic, sizeof magic));
    writer_put(&out, bytes_of(rig->their_public.b, KEY_LEN));
    box_seal(&rig->box, &rig->seeded.rng, payload, &out);
    assert(!out.failed);
    enum net_err err = peer_path_input(rig->path, rig->now, from, writer_done(&out));
    free(packet);
    return err;
}

enum net_err path_rig_say(struct path_rig *rig, const struct path_route *from,
                          const struct disco_message *message)
{
    uint8_t packet[DISCO_PACKET_MAX];
    struct writer out = writer_of(packet, sizeof packet);
    disco_seal(&rig->box, &rig->their_public, &rig->seeded.rng, message, &out);
    assert(!out.failed);
    return peer_path_input(rig->path, rig->now, from, writer_done(&out));
}

enum net_err path_rig_pong(struct path_rig *rig, const struct rig_packet *ping)
{
    struct disco_message pong = {.type = DISCO_PONG, .tx = ping->message.tx};
    pong.source = rig_address("198.51.100.9:9");
    return path_rig_say(rig, &ping->to, &pong);
}

enum net_err path_rig_ping_from(struct path_rig *rig, const char *address, uint8_t tx)
{
    struct disco_message ping = {.type = DISCO_PING, .tx = {{0xaa, tx}}};
    struct path_route from = route_derp(RIG_REGION);
    if (address != NULL) {
        struct net_address source = rig_address(address);
        from = route_direct(&source);
    }
    return path_rig_say(rig, &from, &ping);
}

enum net_err path_rig_call(struct path_rig *rig, const char *endpoints)
{
    struct disco_message call = {.type = DISCO_CALL_ME_MAYBE};
    struct path_route from = route_derp(RIG_REGION);
    call.endpoint_count = (uint16_t)read_endpoints(endpoints, call.endpoints);
    return path_rig_say(rig, &from, &call);
}

static void take_packets(struct path_rig *rig)
{
    uint8_t memory[DISCO_PACKET_MAX];
    for (;;) {
        struct writer out = writer_of(memory, sizeof memory);
        struct path_route to;
        if (peer_path_output(rig->path, rig->now, &out, &to) != NET_OK) {
            return;
        }
        assert(rig->count < RIG_PACKETS);
        struct rig_packet *packet = &rig->packets[rig->count++];
        packet->to = to;
        enum net_err err = disco_open(&rig->box, writer_done(&out), &packet->message);
        assert(err == NET_OK);
        assert((packet->message.type != DISCO_CALL_ME_MAYBE) ==
               (writer_len(&out) == DISCO_PADDED_PACKET));
    }
}

static void take_events(struct path_rig *rig)
{
    struct path_event event;
    while (peer_path_event(rig->path, &event)) {
        assert(rig->event_count < RIG_EVENTS);
        rig->events[rig->event_count++] = event;
    }
}

static void pump_more(struct path_rig *rig)
{
    take_packets(rig);
    take_events(rig);
    assert(peer_path_deadline(rig->path) > rig->now);
}

void path_rig_pump(struct path_rig *rig)
{
    rig->count = 0;
    rig->event_count = 0;
    pump_more(rig);
}

static bool went_to(const struct rig_packet *packet, const char *address)
{
    if (address == NULL) {
        return !packet->to.direct;
    }
    struct net_address wanted = rig_address(address);
    return packet->to.direct && address_equal(&packet->to.address, &wanted);
}

static void answer_from(struct path_rig *rig, size_t first, const char *address)
{
    for (size_t i = first; i < rig->count; i++) {
        if (rig->packets[i].message.type == DISCO_PING && went_to(&rig->packets[i], address)) {
            enum net_err err = path_rig_pong(rig, &rig->packets[i]);
            assert(err == NET_OK);
        }
    }
}

static void wait_until(struct path_rig *rig, mono_ns end, bool answering, const char *address)
{
    rig->count = 0;
    rig->event_count = 0;
    for (unsigned i = 0;; i++) {
        assert(i < PUMPS_MAX); /* it is woken again and again for nothing */
        rig->now = mono_min(end, peer_path_deadline(rig->path));
        size_t first = rig->count;
        pump_more(rig);
        if (answering) {
            answer_from(rig, first, address);
            pump_more(rig);
        }
        if (rig->now == end) {
            return;
        }
    }
}

void path_rig_wait_ms(struct path_rig *rig, uint64_t ms)
{
    wait_until(rig, rig->now + ms * NS_PER_MS, false, NULL);
}

void path_rig_wait_answering_ms(struct path_rig *rig, uint64_t ms, const char *address)
{
    wait_until(rig, rig->now + ms * NS_PER_MS, true, address);
}

const struct rig_packet *path_rig_find(const struct path_rig *rig, enum disco_type type,
                                       const char *address)
{
    for (size_t i = 0; i < rig->count; i++) {
        if (rig->packets[i].message.type == type && went_to(&rig->packets[i], address)) {
            return &rig->packets[i];
        }
    }
    return NULL;
}

const struct path_event *path_rig_event(const struct path_rig *rig, enum path_event_kind kind)
{
    for (size_t i = 0; i < rig->event_count; i++) {
        if (rig->events[i].kind == kind) {
            return &rig->events[i];
        }
    }
    return NULL;
}

size_t path_rig_sent_directly(const struct path_rig *rig)
{
    size_t count = 0;
    for (size_t i = 0; i < rig->count; i++) {
        count += rig->packets[i].to.direct ? 1U : 0U;
    }
    return count;
}

struct path_status path_rig_status(const struct path_rig *rig)
{
    struct path_status status;
    peer_path_status(rig->path, &status);
    return status;
}

bool path_rig_is_direct(const struct path_rig *rig, const char *address)
{
    struct path_status status = path_rig_status(rig);
    struct net_address wanted = rig_address(address);
    return status.now.direct && address_equal(&status.now.address, &wanted);
}

bool path_rig_has_candidate(const struct path_rig *rig, const char *address)
{
    const struct candidates *all = peer_path_candidates(rig->path);
    struct net_address wanted = rig_address(address);
    for (size_t i = 0; i < all->count; i++) {
        if (address_equal(&all->all[i].address, &wanted)) {
            return true;
        }
    }
    return false;
}
