/*
 * Tunnel latency: ICMPv6 echo requests through the WireGuard tunnel, one at a time and seldom. A
 * machine; the tunnel is the owner's.
 */
#ifndef NET_PROBE_ECHO_H
#define NET_PROBE_ECHO_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/now.h"
#include "net/probe/latency_stats.h"

enum { ECHO_PENDING_MAX = 8, ECHO_PAYLOAD = 56 /* as ping sends */ };

struct echo {
    uint16_t id;
    uint16_t next_seq;
    uint64_t interval_ns, timeout_ns;
    mono_ns next; /* when the next one is due; MONO_NEVER = stopped */
    struct {
        bool used;
        uint16_t seq;
        mono_ns sent_at;
    } pending[ECHO_PENDING_MAX];
    struct latency_run run;
    mono_ns answered_at; /* 0 = never */
    uint64_t last_ns;
    unsigned lost_in_a_row;
};

/* `id` tells its requests from those of others. */
void echo_init(struct echo *echo, uint16_t id, uint64_t interval_ns, uint64_t timeout_ns);

/* The tunnel can carry packets (or cannot any more: what is open is forgotten, not lost). */
void echo_start(struct echo *echo, mono_ns now);
void echo_stop(struct echo *echo);

/* Time passed without us: what is open counts for nothing. */
void echo_gap(struct echo *echo);

/* True: a request with *seq is to be sent now. Requests whose time is up become lost. */
bool echo_tick(struct echo *echo, mono_ns now, uint16_t *seq);

/* True: it answers a request that is open. */
bool echo_answer(struct echo *echo, mono_ns now, uint16_t id, uint16_t seq);

mono_ns echo_deadline(const struct echo *echo);

#endif
