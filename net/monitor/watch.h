/*
 * One agent that is watched: its probes, their results, the changes of its path, and what the
 * coordinator told of it. A machine: the peer_path underneath sends and receives; this decides when
 * a probe is due and keeps the history.
 *
 * A probe that cannot be sent (relay down, agent's node not known) after the connection once stood
 * is lost when its time is up, as a user would count it. Before that nothing is counted, unless
 * `count_unsent` asks for it (`ping`, where each attempt is a line).
 */
#ifndef NET_MONITOR_WATCH_H
#define NET_MONITOR_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/now.h"
#include "net/base/uuid.h"
#include "net/monitor/grade.h"
#include "net/monitor/history.h"
#include "net/monitor/outage.h"
#include "net/monitor/snapshot.h"
#include "net/path/peer_path.h"
#include "net/probe/echo.h"
#include "net/probe/latency_stats.h"
#include "net/wire/tailnet.h"

enum { WATCH_CHANGES = SNAPSHOT_CHANGES_MAX };

struct tunnel_peer;
struct agent_query;
struct diagnosed;

struct watch_config {
    uint64_t interval_ns;
    uint64_t timeout_ns;
    uint64_t beats_max; /* 0 = no end */
    bool count_unsent;
    struct grade_limits grade;
    struct peer_path *path;   /* borrowed: that of the agent */
    struct tunnel_peer *peer; /* its owner, for the core */
};

/* A change of the path, for the screen and for `ping`. */
struct watch_change {
    mono_ns at;
    struct wall_time when;
    struct path_route from, to;
    enum path_reason reason;
};

struct watch {
    struct agent_query *query;   /* the core's */
    struct diagnosed *diagnosed; /* likewise */
    struct uuid agent;
    struct uuid workspace;
    struct watch_config config;
    /* What the coordinator told. */
    bool peer_known;
    bool peer_ready; /* READY_FOR_HANDSHAKE: the agent knows us */
    bool peer_lost;  /* the coordinator lost it; its path may still work */
    bool peer_left;  /* it said goodbye */
    mono_ns peer_at; /* when its node was last received */
    struct tailnet_node peer;

    /* Probing. */
    bool reachable; /* the relay of its region is open, or there are addresses to try */
    bool paused;
    mono_ns started_at;
    mono_ns next_beat;     /* when the next probe is due */
    mono_ns first_pong_at; /* 0: none yet */
    mono_ns last_pong_at;
    struct outage outage; /* fed once it has stood */
    uint64_t beats;       /* probes started; sample n is ring[n % SNAPSHOT_SAMPLES_MAX] */
    uint64_t oldest_open; /* no sample before it is pending */
    struct snapshot_sample samples[SNAPSHOT_SAMPLES_MAX];
    uint64_t beat_seq[SNAPSHOT_SAMPLES_MAX]; /* 0: not sent */
    struct latency_run run;
    struct grade grade;
    struct latency_run run_by_way[2]; /* [1] = direct; of those that have their result */
    struct history history;
    struct echo echo;    /* through the tunnel */
    uint64_t echo_count; /* answered; answer n at n % SNAPSHOT_ECHOES_MAX */
    struct snapshot_echo echoes[SNAPSHOT_ECHOES_MAX];
    uint64_t silence_ns; /* the longest time from a probe that was lost to the next answer */
    mono_ns silence_at;  /* when it began */
    bool grace_over;     /* the run does not wait for the handshake any more */
    struct path_route last_route;                                /* that carried the last pong */
    mono_ns first_direct_at;                                     /* 0: never was direct */
    struct net_address direct_endpoints[SNAPSHOT_ENDPOINTS_MAX]; /* that pongs came from */
    size_t direct_endpoint_count;                                /* ever; the ring keeps the last */
    uint64_t change_count;                                       /* change n at n % WATCH_CHANGES */
    struct watch_change changes[WATCH_CHANGES];
    mono_ns selected_at; /* for dropping the least recently shown */
};

/* Never NULL. */
struct watch *watch_new(const struct watch_config *config, const struct uuid *workspace,
                        const struct uuid *agent, mono_ns now);
void watch_free(struct watch *watch);

/* An update of this agent. */
void watch_peer_update(struct watch *watch, mono_ns now, const struct tailnet_peer_update *update);

/* Whether there is anywhere to send a probe to. */
void watch_set_reachable(struct watch *watch, bool reachable);

void watch_set_paused(struct watch *watch, mono_ns now, bool paused);

/* Time passed without us until now: what was under way counts neither as answered nor as lost, for
 * nobody was there to see, and the next probe is sent at once. */
void watch_gap(struct watch *watch, mono_ns now);

/* Probe at once. */
void watch_poke(struct watch *watch, mono_ns now);

/* A packet of the agent that came through the tunnel. True: it answers an echo that is open. */
bool watch_echo(struct watch *watch, mono_ns now, uint16_t id, uint16_t seq);

/* What the path has to say. */
void watch_event(struct watch *watch, mono_ns now, struct wall_time when,
                 const struct path_event *event);

/* Starts the beats that are due. True when a result changed. */
bool watch_tick(struct watch *watch, mono_ns now);
mono_ns watch_deadline(const struct watch *watch);

/* True when all probes that were asked for (beats_max) have their result. */
bool watch_done(const struct watch *watch);

#endif
