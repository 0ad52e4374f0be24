/*
 * Probes one peer with disco pings over DERP: a machine.
 *
 * Each probe has its own transaction id and is answered only by the pong that carries it, so loss
 * is honest (in the genuine client any pong completes any ping). A probe is sent on each beat;
 * until the peer's first answer a lost one is sent again after PINGER_FIRST_RETRY_MS with a fresh
 * id (a peer ignores a repeated id). Also answers the peer's own pings.
 */
#ifndef NET_PATH_PINGER_H
#define NET_PATH_PINGER_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/base/rng.h"
#include "net/crypto/key.h"
#include "net/wire/disco.h"

enum { PINGER_FIRST_RETRY_MS = 200, PINGER_PENDING_MAX = 64 };

struct pinger_config {
    uint64_t interval_ns;              /* between beats; 0 = only when asked */
    uint64_t timeout_ns;               /* a probe without pong is lost after this */
    const struct disco_private *disco; /* borrowed */
    struct node_public node;           /* our node key, inside the ping */
    struct rng *rng;                   /* borrowed */
};

enum pinger_event_kind { PINGER_PONG, PINGER_LOST };

struct pinger_event {
    enum pinger_event_kind kind;
    uint64_t seq;    /* of the beat, from 1; retries before the first answer keep their beat's */
    mono_ns sent_at; /* of the probe that was answered, or of the first of the lost beat */
    uint64_t rtt_ns; /* PONG: socket to socket */
    int64_t region;  /* the DERP region that carried it */
    struct net_address pong_source; /* where the peer saw the ping come from */
};

struct pinger;

struct pinger *pinger_new(const struct pinger_config *config);
void pinger_free(struct pinger *pinger);

/* Whom to probe and through which region. A changed disco key forgets what was pending under the
 * old one without counting it lost. Does nothing if nothing changed. */
void pinger_set_peer(struct pinger *pinger, mono_ns now, const struct node_public *node,
                     const struct disco_public *disco, int64_t region);

/* The peer is not known any more: nothing is sent until it is set again. */
void pinger_clear_peer(struct pinger *pinger);

/* Something happened that makes an answer likelier (relay open, READY_FOR_HANDSHAKE): if no answer
 * has ever come, probe now. */
void pinger_poke(struct pinger *pinger, mono_ns now);

/* Starts a beat now, whatever the interval says (a key press, `ping -n`). Returns its seq. */
uint64_t pinger_beat(struct pinger *pinger, mono_ns now);

/* A disco packet of this peer that arrived at `at` through `region`. NET_ERR_AUTH,
 * NET_ERR_MALFORMED: not for us, to be counted. */
NET_MUST_USE enum net_err pinger_input(struct pinger *pinger, mono_ns at, int64_t region,
                                       struct bytes packet);

/* Writes the next packet that is due (a probe, or a pong to the peer). NET_ERR_AGAIN: none.
 * `region` tells which relay is to carry it. The time of a probe is `now`. */
NET_MUST_USE enum net_err pinger_output(struct pinger *pinger, mono_ns now, struct writer *out,
                                        int64_t *region);

bool pinger_event(struct pinger *pinger, struct pinger_event *out);
mono_ns pinger_deadline(const struct pinger *pinger);

bool pinger_has_answer(const struct pinger *pinger); /* a pong has come since the peer was set */

#endif
