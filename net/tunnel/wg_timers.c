/*
 * What follows when: retransmission, keepalives, the end of keys. wireguard-go device/timers.go.
 */
#include "net/tunnel/wg_internal.h"

enum { JITTER_MS = 333 };

static uint64_t jitter_ns(const struct wg_peer *peer)
{
    return rng_below(peer->device->rng, JITTER_MS + 1) * NS_PER_MS;
}

/* How long an initiation waits for its answer before the next. Five seconds are for a tunnel that
 * stands; whoever waits for the first one is looking on, and an agent drops what comes before it
 * knows us. So until a handshake was ever completed the tries are close to each other at first;
 * they are no flood to anyone (20 ms is, to wireguard-go). */
static uint64_t retry_ns(const struct wg_peer *peer)
{
    enum { QUICK_TRIES = 4 };
    unsigned tries = peer->status.attempts;
    if (peer->status.handshakes > 0 || tries == 0 || tries > QUICK_TRIES) {
        return WG_REKEY_TIMEOUT_S * NS_PER_SEC;
    }
    return WG_FIRST_RETRY_MS * NS_PER_MS << (tries - 1);
}

void wg_initiate(struct wg_peer *peer, mono_ns now, bool retry)
{
    if (!retry) {
        peer->attempts = 0;
    }
    bool too_soon = peer->last_handshake_sent != 0 &&
                    mono_since(now, peer->last_handshake_sent) < retry_ns(peer);
    if (!too_soon) {
        peer->want_initiation = true;
    } else if (peer->retransmit == MONO_NEVER) {
        /* A response of ours was sent a moment ago. Should it be lost, and the peer not try again,
         * nothing else would come back to this wish. */
        peer->retransmit = mono_after(peer->last_handshake_sent, retry_ns(peer));
    }
}

void wg_peer_hurry(struct wg_peer *peer, mono_ns now)
{
    enum { LEAST_MS = 25 }; /* wireguard-go takes no two within 20 ms */
    bool waits = peer->status.handshakes == 0 && peer->retransmit != MONO_NEVER;
    if (waits && peer->last_handshake_sent != 0) { /* else it hurries already */
        mono_ns least = mono_after(peer->last_handshake_sent, LEAST_MS * NS_PER_MS);
        peer->retransmit = least > now ? least : now;
        peer->last_handshake_sent = 0; /* it is not too soon */
    }
}

void wg_on_traffic(struct wg_peer *peer, mono_ns now)
{
    if (peer->persistent_ns > 0) {
        peer->persistent = mono_after(now, peer->persistent_ns);
    }
}

void wg_on_sent(struct wg_peer *peer)
{
    peer->passive = MONO_NEVER;
    peer->another_keepalive = false;
}

void wg_on_received(struct wg_peer *peer)
{
    peer->silent = MONO_NEVER;
}

void wg_on_data_sent(struct wg_peer *peer, mono_ns now)
{
    if (peer->silent == MONO_NEVER) {
        uint64_t patience = (WG_KEEPALIVE_TIMEOUT_S + WG_REKEY_TIMEOUT_S) * NS_PER_SEC;
        /* One jitter a session: this is asked for with almost every packet, and the system is slow
         * to give it. */
        if (peer->silent_jitter_ns == 0) {
            peer->silent_jitter_ns = 1 + jitter_ns(peer);
        }
        peer->silent = mono_after(now, patience + peer->silent_jitter_ns);
    }
}

void wg_on_data_received(struct wg_peer *peer, mono_ns now)
{
    if (peer->passive == MONO_NEVER) {
        peer->passive = mono_after(now, WG_KEEPALIVE_TIMEOUT_S * NS_PER_SEC);
    } else {
        peer->another_keepalive = true;
    }
}

void wg_on_handshake_sent(struct wg_peer *peer, mono_ns now)
{
    peer->last_handshake_sent = now;
    peer->status.attempts++;
    uint64_t wait = retry_ns(peer);
    bool quick = wait < WG_REKEY_TIMEOUT_S * NS_PER_SEC;
    peer->retransmit = mono_after(now, quick ? wait : wait + jitter_ns(peer));
}

void wg_on_handshake_done(struct wg_peer *peer, mono_ns now)
{
    peer->retransmit = MONO_NEVER;
    peer->silent_jitter_ns = 0;
    peer->attempts = 0;
    peer->status.attempts = 0;
    peer->status.last_handshake = now;
    peer->status.handshakes++;
    wg_push_event(peer, WG_HANDSHAKE_DONE);
}

static void retransmit(struct wg_peer *peer, mono_ns now)
{
    peer->retransmit = MONO_NEVER;
    if (peer->attempts > WG_MAX_ATTEMPTS) {
        peer->passive = MONO_NEVER;
        wg_drop_staged(peer);
        if (peer->forget == MONO_NEVER) {
            peer->forget = mono_after(now, 3ULL * WG_REJECT_AFTER_S * NS_PER_SEC);
        }
        wg_push_event(peer, WG_HANDSHAKE_GAVE_UP);
        return;
    }
    peer->attempts++;
    wg_initiate(peer, now, true);
}

static void keep_alive(struct wg_peer *peer)
{
    peer->want_keepalive = true;
    peer->passive = MONO_NEVER;
}

void wg_peer_tick(struct wg_peer *peer, mono_ns now)
{
    if (now >= peer->retransmit) {
        retransmit(peer, now);
    }
    if (now >= peer->passive) {
        keep_alive(peer);
    }
    if (now >= peer->silent) {
        peer->silent = MONO_NEVER;
        wg_initiate(peer, now, false);
    }
    if (now >= peer->persistent) {
        peer->persistent = mono_after(now, peer->persistent_ns);
        peer->want_keepalive = true;
    }
    if (now >= peer->forget) {
        peer->forget = MONO_NEVER;
        wg_session_forget(peer);
    }
}

mono_ns wg_peer_deadline(const struct wg_peer *peer)
{
    if (peer->want_initiation || peer->want_keepalive || peer->has_response) {
        return 0;
    }
    mono_ns next = mono_min(peer->retransmit, peer->passive);
    next = mono_min(next, mono_min(peer->silent, peer->persistent));
    return mono_min(next, peer->forget);
}
