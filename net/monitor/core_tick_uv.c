/*
 * What time alone brings about: probes and questions that are due, and what is concluded from how
 * long nothing came.
 */
#include "net/monitor/core_internal.h"

enum { HANDSHAKE_GRACE_MS = 1500 };

void core_look_for_gap(struct core *core)
{
    char text[SNAPSHOT_TEXT];
    struct snapshot_gap gap;
    if (!gaps_look(&core->gaps, mono_now(), uv_hrtime(), &gap)) {
        return;
    }
    for (size_t i = 0; i < core->watch_count; i++) {
        watch_gap(core->watches[i], gap.to);
    }
    gap_text(&gap, text, sizeof text);
    core_event(core, "%s", text);
}

void core_look_for_outage(struct core *core, struct watch *watch)
{
    uint64_t lasted = 0;
    switch (outage_look(&watch->outage, mono_now(), &lasted)) {
    case OUTAGE_BEGAN:
        core_watch_event(core, watch, "connection lost: no answer for %d s", OUTAGE_S);
        break;
    case OUTAGE_OVER:
        core_watch_event(core, watch, "connected again after %llu s",
                         (unsigned long long)(lasted / NS_PER_SEC));
        break;
    case OUTAGE_NOTHING:
        break;
    }
}

/* Asks through the tunnel, if it is time. */
static void echo_due(struct watch *watch)
{
    uint16_t seq = 0;
    if (!watch->paused && echo_tick(&watch->echo, mono_now(), &seq) &&
        tunnel_echo(watch->config.peer, watch->echo.id, seq, ECHO_PAYLOAD) != NET_OK) {
        echo_stop(&watch->echo); /* the tunnel is gone; the next handshake starts it again */
    }
}

/* When a finished run stops waiting for the handshake. */
static mono_ns pass_grace(struct core *core, struct watch *watch)
{
    if (!watch_done(watch) || watch->grace_over || watch->first_pong_at == 0) {
        return MONO_NEVER;
    }
    mono_ns end = mono_after(watch->first_pong_at, HANDSHAKE_GRACE_MS * NS_PER_MS);
    if (mono_now() >= end) {
        watch->grace_over = true;
        core_dirty(core);
        return MONO_NEVER;
    }
    return end;
}

static void on_tick(uv_timer_t *timer)
{
    core_pump(timer->data);
}

void core_tick_soon(struct core *core)
{
    (void)uv_timer_start(&core->tick_timer, on_tick, 0, 0);
}

/* Rounds up, so that the timer does not fire just before the deadline and spin. */
static uint64_t ms_until(mono_ns now, mono_ns deadline)
{
    return (mono_until(now, deadline) + NS_PER_MS - 1) / NS_PER_MS;
}

void core_pump(struct core *core)
{
    mono_ns next = MONO_NEVER;
    if (core->closing) {
        return;
    }
    core_look_for_gap(core);
    for (size_t i = 0; i < core->watch_count; i++) {
        struct watch *watch = core->watches[i];
        if (watch_tick(watch, mono_now())) {
            core_dirty(core);
        }
        echo_due(watch);
        core_look_for_outage(core, watch);
        next = mono_min(next, outage_deadline(&watch->outage));
        next = mono_min(next, core_agent_query_due(watch->query, mono_now()));
        next = mono_min(next, pass_grace(core, watch));
        next = mono_min(next, mono_min(watch_deadline(watch),
                                       watch->paused ? MONO_NEVER : echo_deadline(&watch->echo)));
    }
    next = mono_min(next, core_speed_look(core, mono_now()));
    tunnel_pump(core->tunnel);
    gaps_due(&core->gaps, mono_after(mono_now(), mono_until(mono_now(), next)));
    if (next == MONO_NEVER) {
        (void)uv_timer_stop(&core->tick_timer);
    } else {
        uv_update_time(core->loop);
        (void)uv_timer_start(&core->tick_timer, on_tick, ms_until(mono_now(), next), 0);
    }
}
