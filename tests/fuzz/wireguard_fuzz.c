/*
 * Two WireGuard devices and a hostile wire between them, driven by a script that the input spells:
 * what is said, what arrives as it was sent, what arrives turned, cut, doubled, out of order or
 * made up (with a right mac1, which anybody can make), how the time goes, who restarts.
 *
 * Checked: a datagram that was changed is never accepted; what is handed out is a packet of that
 * peer and no longer than one; what is sent has WireGuard's form; nothing is due for ever.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/tunnel/cookie.h"
#include "net/tunnel/wg_device.h"

enum { SLOTS = 32, OUTPUTS_MAX = 4 * WG_STAGED_MAX, HEADER = 40 };

struct datagram {
    size_t len;
    size_t to;
    uint8_t bytes[WG_DATAGRAM_MAX];
};

struct side {
    struct node_private *key;
    struct node_public public_key;
    struct wg_device *device;
    struct wg_peer *peer;
    struct cookie_jar jar; /* of whoever wants to begin with it */
};

struct model {
    struct rng_seeded rng;
    mono_ns now;
    struct side side[2];
    struct datagram slots[SLOTS];
    size_t next_slot;
};

static const uint8_t address[2][16] = {{0xfd, [15] = 1}, {0xfd, [15] = 2}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void open_device(struct model *m, size_t one)
{
    struct side *s = &m->side[one];
    s->device = wg_device_new(s->key, &m->rng.rng);
    s->peer =
        wg_device_add_peer(s->device, &m->side[1 - one].public_key, address[1 - one], 1, NULL);
    assert(s->peer != NULL);
}

static void keep(struct model *m, size_t from, struct bytes bytes)
{
    struct datagram *slot = &m->slots[m->next_slot];
    m->next_slot = (m->next_slot + 1) % SLOTS;
    slot->to = 1 - from;
    slot->len = bytes.len;
    memcpy(slot->bytes, bytes.ptr, bytes.len);
}

static void drain(struct model *m, size_t from)
{
    struct side *s = &m->side[from];
    struct wall_time wall = {.seconds = (int64_t)(m->now / NS_PER_SEC)};
    for (unsigned i = 0;; i++) {
        uint8_t memory[WG_DATAGRAM_MAX];
        struct writer out = writer_of(memory, sizeof memory);
        struct node_public to;
        enum net_err err = wg_device_output(s->device, m->now, wall, &out, &to);
        if (err != NET_OK) {
            assert(err == NET_ERR_AGAIN);
            break;
        }
        assert(i < OUTPUTS_MAX);
        assert(wireguard_type(writer_done(&out)) != 0);
        assert(node_public_equal(&to, &m->side[1 - from].public_key));
        keep(m, from, writer_done(&out));
    }
    struct wg_event event;
    while (wg_device_event(s->device, &event)) {
        assert(event.peer == s->peer);
    }
    assert(wg_device_deadline(s->device) > m->now);
}

static enum net_err deliver(struct model *m, size_t to, struct bytes bytes)
{
    struct side *s = &m->side[to];
    struct wg_input input;
    uint8_t *copy =
        malloc(bytes.len == 0 ? 1 : bytes.len); /* exact, so that a read beyond is seen */
    if (bytes.len > 0) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    enum net_err err = wg_device_input(s->device, m->now, &m->side[1 - to].public_key,
                                       bytes_of(copy, bytes.len), &input);
    free(copy);
    if (err == NET_OK) {
        assert(input.peer == s->peer);
    } else {
        assert(input.packet.len == 0);
    }
    if (input.packet.len > 0) {
        assert(input.packet.len >= HEADER && input.packet.len <= bytes.len);
        assert(input.packet.ptr[0] >> 4 == 6);
        assert(memcmp(input.packet.ptr + 8, address[1 - to], 16) == 0);
    }
    drain(m, to);
    return err;
}

/* Changed in what its receiver looks at: all but mac2, which only a device under load does. */
static void deliver_turned(struct model *m, const struct datagram *slot, size_t at, uint8_t with)
{
    struct datagram d = *slot;
    int type = wireguard_type(bytes_of(d.bytes, d.len));
    bool has_macs = type == WG_INITIATION || type == WG_RESPONSE;
    size_t matters = d.len - (has_macs ? (size_t)WG_MAC_LEN : 0);
    if (d.len == 0 || with == 0) {
        return;
    }
    d.bytes[at % matters] ^= with;
    enum net_err err = deliver(m, d.to, bytes_of(d.bytes, d.len));
    assert(err != NET_OK);
}

/* Anybody who knows the public key can make a right mac1, and so get at what is behind it. */
static void deliver_made_up(struct model *m, size_t to, struct bytes body, bool with_mac)
{
    uint8_t memory[WG_DATAGRAM_MAX];
    struct writer out = writer_of(memory, sizeof memory);
    size_t len = body.len < WG_INITIATION_LEN ? body.len : (size_t)WG_INITIATION_LEN;
    if (!with_mac || body.len < 4) {
        (void)deliver(m, to, bytes_of(body.ptr, len));
        return;
    }
    size_t whole = body.ptr[0] == WG_RESPONSE ? WG_RESPONSE_LEN : WG_INITIATION_LEN;
    len = len < whole - WG_MACS_LEN ? len : whole - WG_MACS_LEN;
    writer_put(&out, bytes_of(body.ptr, len));
    writer_zeros(&out, whole - WG_MACS_LEN - len);
    cookie_seal(&m->side[to].jar, m->now, &out);
    enum net_err err = deliver(m, to, writer_done(&out));
    assert(err != NET_OK);
}

/* From a peer that is who it says, but hostile: anything as a packet. */
static void say(struct model *m, size_t from, struct bytes packet)
{
    struct side *s = &m->side[from];
    uint8_t memory[WG_DATAGRAM_MAX];
    struct writer out = writer_of(memory, sizeof memory);
    enum net_err err = wg_peer_send(s->peer, m->now, packet, &out);
    if (err == NET_OK) {
        keep(m, from, writer_done(&out));
    }
    drain(m, from);
}

static void say_well(struct model *m, size_t from, uint8_t payload)
{
    uint8_t packet[HEADER + UINT8_MAX] = {0x60, [5] = payload};
    memcpy(packet + 8, address[from], 16);
    memcpy(packet + 24, address[1 - from], 16);
    say(m, from, bytes_of(packet, HEADER + (size_t)payload));
}

static void tick(struct model *m, uint64_t ns)
{
    m->now += ns;
    drain(m, 0);
    drain(m, 1);
}

static void restart(struct model *m, size_t one)
{
    if (m->side[one].peer != NULL) {
        wg_device_remove_peer(m->side[one].device, m->side[one].peer);
    }
    wg_device_free(m->side[one].device);
    open_device(m, one);
}

static void step(struct model *m, struct reader *script)
{
    uint8_t op = reader_u8(script);
    uint8_t which = reader_u8(script);
    uint8_t arg = reader_u8(script);
    size_t side = op >> 7;
    const struct datagram *slot = &m->slots[which % SLOTS];
    size_t rest = arg < reader_left(script) ? arg : reader_left(script);
    switch (op % 12) {
    case 0:
        say_well(m, side, arg);
        break;
    case 1:
    case 2:
        (void)deliver(m, slot->to, bytes_of(slot->bytes, slot->len));
        break;
    case 3:
        deliver_turned(m, slot, reader_u16(script), arg);
        break;
    case 4:
        (void)deliver(m, 1 - slot->to, bytes_of(slot->bytes, slot->len));
        break;
    case 5:
        (void)deliver(m, slot->to, bytes_of(slot->bytes, slot->len < arg ? slot->len : arg));
        break;
    case 6:
        deliver_made_up(m, side, reader_take(script, rest), which % 2 == 0);
        break;
    case 7:
        say(m, side, reader_take(script, rest));
        break;
    case 8:
        tick(m, arg * NS_PER_MS * 10);
        break;
    case 9:
        tick(m, arg * NS_PER_SEC);
        break;
    case 10:
        wg_peer_set_keepalive(m->side[side].peer, m->now, arg * NS_PER_SEC);
        drain(m, side);
        break;
    default:
        restart(m, side);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model m;
    enum { STEPS_MAX = 400 };
    struct reader script = reader_of(bytes_of(data, size));
    memset(&m, 0, sizeof m);
    rng_seeded_init(&m.rng, 1);
    m.now = 1000 * NS_PER_SEC;
    enum net_err err = crypto_start();
    assert(err == NET_OK);
    for (size_t i = 0; i < 2; i++) {
        m.side[i].key = node_private_new(&m.rng.rng);
        m.side[i].public_key = node_private_public(m.side[i].key);
        cookie_jar_init(&m.side[i].jar, m.side[i].public_key.b);
    }
    open_device(&m, 0);
    open_device(&m, 1);
    for (unsigned i = 0; i < STEPS_MAX && reader_left(&script) > 0; i++) {
        step(&m, &script);
    }
    for (size_t i = 0; i < 2; i++) {
        wg_device_free(m.side[i].device);
        node_private_free(m.side[i].key);
    }
    return 0;
}
