#include "net/tunnel/noise.h"

#include <string.h>

#include "net/base/mem.h"
#include "net/crypto/aead.h"
#include "net/crypto/blake2s.h"

static const char construction[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
static const char identifier[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";

struct chain {
    uint8_t chaining[NOISE_LEN], hash[NOISE_LEN];
};

static struct bytes span(const uint8_t key[NOISE_LEN])
{
    return bytes_of(key, NOISE_LEN);
}

static void mix_hash(struct chain *c, struct bytes in)
{
    uint8_t out[NOISE_LEN];
    blake2s_hash(out, span(c->hash), in);
    memcpy(c->hash, out, NOISE_LEN);
}

/* The next chaining key, and a key to seal with if `key` is not NULL. */
static void mix_key(struct chain *c, struct bytes in, uint8_t *key)
{
    uint8_t out[2][BLAKE2S_LEN];
    blake2s_kdf(out, key == NULL ? 1 : 2, c->chaining, in);
    memcpy(c->chaining, out[0], NOISE_LEN);
    if (key != NULL) {
        memcpy(key, out[1], NOISE_LEN);
    }
    mem_wipe(out, sizeof out);
}

/* Mixes what comes of a Diffie-Hellman step. False: a low-order point. */
static bool mix_shared(struct chain *c, const uint8_t private_key[NOISE_LEN],
                       const uint8_t public_key[NOISE_LEN], uint8_t *key)
{
    uint8_t shared[NOISE_LEN];
    bool good = x25519_shared(shared, private_key, public_key);
    if (good) {
        mix_key(c, span(shared), key);
    }
    mem_wipe(shared, sizeof shared);
    return good;
}

static void mix_psk(struct chain *c, const uint8_t psk[NOISE_LEN], uint8_t key[NOISE_LEN])
{
    uint8_t out[3][BLAKE2S_LEN];
    blake2s_kdf(out, 3, c->chaining, span(psk));
    memcpy(c->chaining, out[0], NOISE_LEN);
    mix_hash(c, span(out[1]));
    memcpy(key, out[2], NOISE_LEN);
    mem_wipe(out, sizeof out);
}

static void seal(struct chain *c, const uint8_t key[NOISE_LEN], struct bytes plain, uint8_t *out)
{
    aead_seal(out, key, 0, plain, span(c->hash));
    mix_hash(c, bytes_of(out, plain.len + AEAD_TAG_LEN));
}

static bool open_sealed(struct chain *c, const uint8_t key[NOISE_LEN], struct bytes sealed,
                        uint8_t *out)
{
    if (!aead_open(out, key, 0, sealed, span(c->hash))) {
        return false;
    }
    mix_hash(c, sealed);
    return true;
}

/* Both begin with the protocol's names and the responder's static key. */
static void begin(struct chain *c, const uint8_t responder[NOISE_LEN])
{
    blake2s_hash(c->chaining, bytes_text(construction), (struct bytes){0});
    memcpy(c->hash, c->chaining, NOISE_LEN);
    mix_hash(c, bytes_text(identifier));
    mix_hash(c, span(responder));
}

static void take_ephemeral(struct chain *c, const uint8_t public_key[NOISE_LEN])
{
    mix_key(c, span(public_key), NULL);
    mix_hash(c, span(public_key));
}

static void keep(struct noise_handshake *hs, struct chain *c, enum noise_state state)
{
    memcpy(hs->chaining, c->chaining, NOISE_LEN);
    memcpy(hs->hash, c->hash, NOISE_LEN);
    hs->state = state;
    mem_wipe(c, sizeof *c);
}

bool noise_peer_init(struct noise_peer *peer, const struct noise_self *self,
                     const uint8_t public_key[NOISE_LEN])
{
    memset(peer, 0, sizeof *peer);
    memcpy(peer->public_key, public_key, NOISE_LEN);
    return x25519_shared(peer->shared, self->private_key, public_key);
}

void noise_initiate(struct noise_handshake *hs, const struct noise_self *self,
                    const struct noise_peer *peer, const uint8_t ephemeral[NOISE_LEN],
                    const uint8_t timestamp[WG_TIMESTAMP_LEN], struct wg_initiation *out)
{
    struct chain c;
    uint8_t key[NOISE_LEN] = {0};
    begin(&c, peer->public_key);
    memcpy(hs->ephemeral, ephemeral, NOISE_LEN);
    x25519_public(ephemeral, out->ephemeral);
    out->sender = hs->local_index;
    take_ephemeral(&c, out->ephemeral);
    /* It cannot fail: a low-order key is refused when the peer is made. */
    (void)mix_shared(&c, ephemeral, peer->public_key, key);
    seal(&c, key, span(self->public_key), out->static_key);
    mix_key(&c, span(peer->shared), key);
    seal(&c, key, bytes_of(timestamp, WG_TIMESTAMP_LEN), out->timestamp);
    mem_wipe(key, sizeof key);
    keep(hs, &c, NOISE_INITIATED);
}

bool noise_read_initiation(const struct noise_self *self, const struct wg_initiation *message,
                           struct noise_initiation *out)
{
    struct chain c;
    uint8_t key[NOISE_LEN] = {0};
    begin(&c, self->public_key);
    take_ephemeral(&c, message->ephemeral);
    bool good =
        mix_shared(&c, self->private_key, message->ephemeral, key) &&
        open_sealed(&c, key, bytes_of(message->static_key, sizeof message->static_key), out->peer);
    memcpy(out->chaining, c.chaining, NOISE_LEN);
    memcpy(out->hash, c.hash, NOISE_LEN);
    out->message = *message;
    mem_wipe(key, sizeof key);
    mem_wipe(&c, sizeof c);
    return good;
}

bool noise_accept_initiation(const struct noise_initiation *in, const struct noise_peer *peer,
                             struct noise_handshake *hs, uint8_t timestamp[WG_TIMESTAMP_LEN])
{
    struct chain c;
    uint8_t key[NOISE_LEN];
    memcpy(c.chaining, in->chaining, NOISE_LEN);
    memcpy(c.hash, in->hash, NOISE_LEN);
    mix_key(&c, span(peer->shared), key);
    bool good = open_sealed(&c, key, bytes_of(in->message.timestamp, sizeof in->message.timestamp),
                            timestamp);
    mem_wipe(key, sizeof key);
    if (good) {
        memcpy(hs->theirs, in->message.ephemeral, NOISE_LEN);
        hs->remote_index = in->message.sender;
        keep(hs, &c, NOISE_RESPONDED);
    }
    mem_wipe(&c, sizeof c);
    return good;
}

bool noise_respond(struct noise_handshake *hs, const struct noise_peer *peer,
                   const uint8_t ephemeral[NOISE_LEN], struct wg_response *out)
{
    struct chain c;
    uint8_t key[NOISE_LEN] = {0};
    memcpy(c.chaining, hs->chaining, NOISE_LEN);
    memcpy(c.hash, hs->hash, NOISE_LEN);
    x25519_public(ephemeral, out->ephemeral);
    out->sender = hs->local_index;
    out->receiver = hs->remote_index;
    mix_hash(&c, span(out->ephemeral));
    mix_key(&c, span(out->ephemeral), NULL);
    bool good = mix_shared(&c, ephemeral, hs->theirs, NULL) &&
                mix_shared(&c, ephemeral, peer->public_key, NULL);
    if (good) {
        mix_psk(&c, peer->psk, key);
        seal(&c, key, (struct bytes){0}, out->empty);
        keep(hs, &c, NOISE_RESPONDED);
    }
    mem_wipe(key, sizeof key);
    mem_wipe(&c, sizeof c);
    return good;
}

bool noise_read_response(struct noise_handshake *hs, const struct noise_self *self,
                         const struct noise_peer *peer, const struct wg_response *message)
{
    struct chain c;
    uint8_t key[NOISE_LEN] = {0};
    uint8_t nothing[1];
    if (hs->state != NOISE_INITIATED) {
        return false;
    }
    memcpy(c.chaining, hs->chaining, NOISE_LEN);
    memcpy(c.hash, hs->hash, NOISE_LEN);
    mix_hash(&c, span(message->ephemeral));
    mix_key(&c, span(message->ephemeral), NULL);
    bool good = mix_shared(&c, hs->ephemeral, message->ephemeral, NULL) &&
                mix_shared(&c, self->private_key, message->ephemeral, NULL);
    if (good) {
        mix_psk(&c, peer->psk, key);
        good = open_sealed(&c, key, bytes_of(message->empty, sizeof message->empty), nothing);
    }
    if (good) {
        hs->remote_index = message->sender;
        keep(hs, &c, NOISE_INITIATED);
    }
    mem_wipe(key, sizeof key);
    mem_wipe(&c, sizeof c);
    return good;
}

void noise_finish(struct noise_handshake *hs, bool initiator, uint8_t send[NOISE_LEN],
                  uint8_t receive[NOISE_LEN])
{
    uint8_t out[2][BLAKE2S_LEN];
    blake2s_kdf(out, 2, hs->chaining, (struct bytes){0});
    memcpy(send, out[initiator ? 0 : 1], NOISE_LEN);
    memcpy(receive, out[initiator ? 1 : 0], NOISE_LEN);
    mem_wipe(out, sizeof out);
    mem_wipe(hs, sizeof *hs); /* the state is IDLE then */
}

void noise_timestamp(struct wall_time now, uint8_t out[WG_TIMESTAMP_LEN])
{
    struct writer w = writer_of(out, WG_TIMESTAMP_LEN);
    writer_u64(&w, UINT64_C(0x400000000000000a) + (uint64_t)now.seconds);
    writer_u32(&w, (uint32_t)now.nanos & ~UINT32_C(0xffffff));
}
