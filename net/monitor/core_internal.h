/*
 * The core's state, shared by its files:
 *   core_uv.c       life and commands          core_list_uv.c  REST: user, list, target
 *   core_net_uv.c   coordinator, relays, home  core_publish.c  state to snapshot
 *   core_facts.c    what the diagnosis knows   core_diagnose_uv.c  when it is made
 *   core_speed_uv.c the speed test             core_agent_uv.c  the agent's own report
 *   core_tick_uv.c  what is due
 */
#ifndef NET_MONITOR_CORE_INTERNAL_H
#define NET_MONITOR_CORE_INTERNAL_H

#include "net/base/backoff.h"
#include "net/control/api_uv.h"
#include "net/control/coordinator_link_uv.h"
#include "net/diagnose/findings.h"
#include "net/monitor/core_uv.h"
#include "net/monitor/gaps.h"
#include "net/monitor/watch.h"
#include "net/probe/agent_report.h"
#include "net/probe/speedtest_meter.h"
#include "net/probe/tunnel_uv.h"
#include "net/transport/interfaces.h"

/* Something asked of the deployment, again and again until it is answered. */
struct question {
    struct core *core;
    const char *what;               /* for events: "list workspaces" */
    void (*ask)(struct core *core); /* sets `call` */
    struct api_call *call;          /* under way; NULL = not */
    uv_timer_t timer;               /* the next attempt, or the next refresh */
    struct backoff backoff;
    bool answered;          /* at least once */
    struct failure failure; /* of the last attempt; NET_OK after an answer */
    mono_ns since;          /* of the first attempt, or of the change to failing */
    mono_ns retry_at;       /* MONO_NEVER = none planned */
};

enum { CORE_QUESTIONS = 4 };

/* What was found of one agent that is watched, and what that needs to remember. */
struct diagnosed {
    struct findings findings;
    mono_ns relay_down;               /* since when; 0 = it is not */
    mono_ns read_at;                  /* of what follows; 0 = never */
    uint32_t path_mtu, path_mtu_want; /* 0 = not known */
    struct net_address path_mtu_to;
};

/* The diagnosis of all that is watched. */
struct diagnosis {
    struct aws_ranges aws;
    mono_ns at; /* when it was made of all; 0 = never */
    bool due;   /* another is needed even if nothing more changes */

    /* The selected workspace. */
    struct uuid selected;
    struct diagnosed unwatched; /* while it is not watched: it is stopped, for instance */
    struct facts facts;
    size_t count;
    struct finding list[FINDING_CODES]; /* those that stand, in order */

    /* What is so for all of them. */
    mono_ns coordinator_down; /* since when; 0 = it is not */
    mono_ns read_at;          /* of the interfaces; 0 = never */
    bool interfaces_known;
    struct interfaces interfaces;
};

struct speedtest_run;

/* The speed test under way, or the last one, and those before it. */
struct core_speed {
    uint64_t count; /* ever asked for */
    struct snapshot_speed_run now;
    struct speedtest_run *run; /* NULL: no connection */
    bool want_direct;
    mono_ns waits_until;
    mono_ns rest_until; /* for pings at rest; 0 = it does not wait for them */
    char waits_for[SNAPSHOT_TEXT];
    uint64_t retransmits_before, counted_before, arrived_before;
    struct speedtest_meter meter;
    size_t history_count;
    struct snapshot_speed_run history[SNAPSHOT_RUNS_MAX]; /* oldest first; with the last one */
};

struct core {
    uv_loop_t *loop;
    struct core_options options;
    char target_text[512];
    bool has_target;
    struct snapshot_box *box;
    void (*wake)(void *owner);
    void *wake_owner;
    struct log log;
    struct rng *rng;

    struct http_client *http;
    struct api *api;
    struct coordinator_link *link;
    struct tunnel *tunnel;
    struct paths *paths; /* the tunnel's */

    /* Who we are in the tailnet; fresh in each process. */
    struct node_private *node_key;
    struct disco_private *disco_key;
    struct net_address address;
    int64_t node_id;

    /* REST. */
    struct question user, list, target, connection;
    bool user_known;
    struct deployment_user user_info;
    struct api_call *appearance; /* asked once; NULL = it is not under way */
    bool appearance_asked;
    char docs_url[FACT_NAME_SIZE]; /* "" = not told */
    struct deployment_workspaces workspaces;
    bool list_live;
    mono_ns started_at;

    /* Relays. */
    bool map_known;
    bool map_forced;           /* it was told to the paths with websockets forced */
    struct derp_map early_map; /* the coordinator's, before it is known how relays are reached */
    bool force_websockets;
    bool direct_disabled_deployment;
    struct derp_map map;
    mono_ns node_sent_at; /* when it last went out; 0 = never */

    /* Watches. */
    struct watch *watches[CORE_WATCHES_MAX];
    size_t watch_count;
    struct uuid selected; /* agent, or a workspace without one; zero = none */
    struct uuid selected_workspace;
    struct uuid agent_workspace; /* where the agent of the next name was last selected */
    char agent_name[DEPLOYMENT_NAME_SIZE];
    bool paused;
    struct gaps gaps;
    uv_timer_t tick_timer;

    struct core_speed speed;

    struct diagnosis diagnosis;
    uv_timer_t renew_timer; /* a coordinator that refused for good is asked again after a while */
    uv_timer_t diagnose_timer;

    /* To the screen. */
    uv_timer_t publish_timer;
    bool dirty;
    uint64_t published;
    char notice[SNAPSHOT_TEXT];
    struct failure fatal; /* NET_OK: none */
    uint64_t event_count;
    struct snapshot_event events[SNAPSHOT_EVENTS_MAX]; /* event n at n % max */
    enum coordinator_state coordinator_was;
    char coordinator_said[SNAPSHOT_TEXT]; /* the failures told last: retries are not news */
    char relay_said[SNAPSHOT_TEXT];

    /* The end. */
    bool closing;
    unsigned handles_open;
    void (*closed)(void *owner);
    void *closed_owner;
};

/* Publishes at the end of this turn of the loop. */
void core_dirty(struct core *core);

/* One line in the log and among the events. */
void core_event(struct core *core, const char *format, ...) NET_PRINTF(2, 3);
/* The same of a watched agent, whose name it bears. NULL: of the selected workspace. */
void core_watch_event(struct core *core, const struct watch *watch, const char *format, ...)
    NET_PRINTF(3, 4);

/* The same for a failure, unless it is what `said` holds: it is told once, not at every retry. */
void core_failure_event(struct core *core, char said[SNAPSHOT_TEXT], const char *what,
                        const struct failure *failure);

/* The end of a headless run, or the reason that the screen shows. */
void core_fatal(struct core *core, const struct failure *failure);
/* The token that was refused is taken: the deployment answered. */
void core_signed_in_again(struct core *core);

/* core_list_uv.c */
void core_questions_start(struct core *core);
void core_questions_stop(struct core *core);
void core_list_refresh(struct core *core);
/* The exit status that a failure means: design.md, Commands. */
int core_exit_status(const struct failure *failure);
void core_questions_retry(struct core *core);

/* core_net_uv.c */
void core_net_start(struct core *core);
void core_net_stop(struct core *core);
void core_net_retry(struct core *core);
/* A coordinator that refused the token is asked again. */
void core_net_signed_in(struct core *core);
void core_coordinator_start(struct core *core);
/* Takes what `info` holds. */
void core_set_connection(struct core *core, struct connection_info *info);
/* It could not be had (yet): what the coordinator told must do. */
void core_no_connection(struct core *core);
/* Shows an agent (and watches it), or a workspace that has none (agent NULL). */
void core_select(struct core *core, const struct uuid *workspace, const struct uuid *agent);
/* Watches an agent that is not shown, unless as many are watched as may be. */
void core_watch(struct core *core, const struct uuid *workspace, const struct uuid *agent);
/* Where an agent, or a workspace that has none, stands in the list; false: nowhere. */
bool core_find_row(const struct core *core, const struct uuid *id,
                   const struct deployment_workspace **workspace,
                   const struct deployment_agent **agent);
struct watch *core_selected_watch(const struct core *core);
/* The same; of a workspace that has no agent any more, the one that it had: its history is kept. */
struct watch *core_shown_watch(const struct core *core);
struct watch *core_find_watch(const struct core *core, const struct uuid *agent);

/* core_tick_uv.c */
/* Starts the probes that are due on every watch, has them sent, and arms the timer. */
void core_pump(struct core *core);
/* The same from the loop, soon. */
void core_tick_soon(struct core *core);
/* Whether time passed without us: before anything is concluded from how long it took. */
void core_look_for_gap(struct core *core);
/* Says when a connection is lost altogether, and when it is back. */
void core_look_for_outage(struct core *core, struct watch *watch);

/* core_publish.c */
enum workspace_state core_workspace_state(enum tailnet_workspace_status status);
enum agent_state core_agent_state(enum agent_status status);
/* The region that the probes go through: the agent's home, else ours. watch: NULL = none. */
int64_t core_region_in_use(const struct core *core, const struct watch *watch);
/* A relay as a link that is kept. status NULL: the DERP map has no such region. */
void core_relay_link(const struct relay_status *status, int64_t region, struct snapshot_link *out);
void core_copy_figures(struct snapshot_stats *to, const struct latency_figures *from);
enum path_kind core_path_kind(const struct watch *watch);
mono_ns core_path_since(const struct watch *watch);
/* core_publish_path.c: the path of the watched agent, what else was tried, and what changed. */
void core_fill_path(const struct core *core, const struct watch *watch, struct snapshot *out);
/* A way as text: an address, or a region's name. */
enum path_kind core_fill_route(const struct core *core, const struct path_route *route,
                               char out[SNAPSHOT_NAME]);
/* core_publish_speed.c */
void core_fill_speed(const struct core_speed *speed, struct snapshot *out);
void core_fill_agent_report(const struct watch *watch, struct snapshot *out);
/* core_publish_history.c: the watched agent's older past, its echoes, and the log. */
void core_fill_history(const struct watch *watch, struct snapshot *out);
void core_fill_log(const struct log *log, struct snapshot *out);
void core_fill_snapshot(const struct core *core, mono_ns now, struct snapshot *out);

/* core_speed_uv.c */
void core_speed_start(struct core *core, const struct command *command);
void core_speed_stop(struct core *core);
bool core_speed_is_busy(const struct core_speed *speed);
/* Starts what waits, gives up what waited too long. When it is to be called next. */
mono_ns core_speed_look(struct core *core, mono_ns now);
/* Something happened on a path. */
void core_speed_event(struct core *core, const struct watch *watch, const struct path_event *event);
/* The watch is about to go. */
void core_speed_forget(struct core *core, const struct watch *watch);

/* core_agent_uv.c: one query a watch. */
struct agent_query *core_agent_query_new(struct core *core, struct watch *watch);
void core_agent_query_free(struct agent_query *query);
/* The path changed: what the agent says may be another thing now. */
void core_agent_query_soon(struct agent_query *query);
/* Asks if it is time. When it is to be called next. */
mono_ns core_agent_query_due(struct agent_query *query, mono_ns now);
/* The last report and its time; NULL and 0: none came yet. *why is of the last attempt. */
const struct agent_report *core_agent_report(const struct watch *watch, mono_ns *at,
                                             const struct failure **why);

/* core_facts_network.c */
void core_gather_own(const struct core *core, struct facts *out);
void core_gather_agent(const struct core *core, const struct watch *watch, struct facts *out);
void core_look_for_aws(const struct core *core, struct facts *out);
/* The interfaces, if they were not read a moment ago. */
void core_read_interfaces(struct core *core, mono_ns now);
/* Likewise how large packets may be on the way to an agent. */
void core_read_path_mtu(struct diagnosed *diagnosed, const struct watch *watch, mono_ns now);

/* core_facts.c: of a watched agent, or (watch NULL) of the selected workspace. */
void core_gather_facts(struct core *core, const struct watch *watch, struct diagnosed *diagnosed,
                       const struct snapshot *s, struct facts *out);

/* core_diagnose_uv.c */
void core_diagnosis_start(struct core *core);
struct diagnosed *core_diagnosed_new(const struct core *core);
void core_diagnosed_free(struct diagnosed *diagnosed);
/* Diagnoses if it is time, and puts facts and findings into the snapshot. */
void core_diagnose(struct core *core, struct snapshot *draft);

#endif
