/*
 * Key pairs: three a peer, the one that was, the one in use, and the responder's that waits for its
 * first packet. Protocol notes 1.4.
 */
#include <string.h>

#include "net/base/mem.h"
#include "net/tunnel/wg_internal.h"

bool wg_keypair_usable(const struct wg_keypair *pair, mono_ns now)
{
    return pair->used && mono_since(now, pair->created) < WG_REJECT_AFTER_S * NS_PER_SEC &&
           pair->counter < WG_REJECT_AFTER_MESSAGES;
}

static void drop(struct wg_keypair *pair)
{
    aead_key_clear(&pair->send);
    aead_key_clear(&pair->receive);
    mem_wipe(pair, sizeof *pair);
}

/* What was in `to` is gone; `from` is empty afterwards. */
static void move(struct wg_keypair *to, struct wg_keypair *from)
{
    drop(to);
    *to = *from;
    mem_wipe(from, sizeof *from);
}

void wg_session_begin(struct wg_peer *peer, mono_ns now, struct noise_handshake *hs, bool initiator)
{
    struct wg_keypair fresh = {.used = true,
                               .initiator = initiator,
                               .local_index = hs->local_index,
                               .remote_index = hs->remote_index,
                               .created = now};
    uint8_t send[NOISE_LEN];
    uint8_t receive[NOISE_LEN];
    noise_finish(hs, initiator, send, receive);
    aead_key_init(&fresh.send, AEAD_SEALING, send);
    aead_key_init(&fresh.receive, AEAD_OPENING, receive);
    mem_wipe(send, sizeof send);
    mem_wipe(receive, sizeof receive);
    if (!initiator) {
        drop(&peer->previous);
        move(&peer->next_pair, &fresh);
    } else {
        if (peer->next_pair.used) {
            move(&peer->previous, &peer->next_pair);
        } else {
            move(&peer->previous, &peer->current);
        }
        move(&peer->current, &fresh);
    }
    peer->forget = mono_after(now, 3ULL * WG_REJECT_AFTER_S * NS_PER_SEC);
}

bool wg_session_confirm(struct wg_peer *peer, struct wg_keypair *pair)
{
    if (pair != &peer->next_pair) {
        return false;
    }
    move(&peer->previous, &peer->current);
    move(&peer->current, &peer->next_pair);
    return true;
}

void wg_session_forget(struct wg_peer *peer)
{
    drop(&peer->previous);
    drop(&peer->current);
    drop(&peer->next_pair);
    mem_wipe(&peer->handshake, sizeof peer->handshake);
    wg_drop_staged(peer);
}
