/*
 * Everything that a face may show, published whole by the core. Plain data: no pointers. All text
 * is already safe for a terminal. The screen, `ping` and the recorder read the same figures.
 *
 * Handed over by three slots and one atomic exchange (snapshot_box): one slot is being written, one
 * is being read, one is handed over. With two, a writer that laps the reader would tear the frame.
 */
#ifndef NET_MONITOR_SNAPSHOT_H
#define NET_MONITOR_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/log.h"
#include "net/base/now.h"
#include "net/base/uuid.h"
#include "net/diagnose/facts.h"
#include "net/diagnose/finding.h"

enum {
    SNAPSHOT_WORKSPACES_MAX =
        256,                     /* rows in the list; `workspaces_total` says how many there are */
    SNAPSHOT_SAMPLES_MAX = 3600, /* an hour at one probe a second */
    SNAPSHOT_SPARK = 60,         /* last probes of each watched workspace, oldest first */
    SNAPSHOT_TIERS = 2,          /* of buckets, for what is longer ago */
    SNAPSHOT_TENS_MAX = 2160,    /* of ten seconds: six hours */
    SNAPSHOT_MINUTES_MAX = 1440, /* of a minute: a day */
    SNAPSHOT_ECHOES_MAX = 720,   /* an hour at one in five seconds */
    SNAPSHOT_LOG_MAX = LOG_RING,
    SNAPSHOT_EVENTS_MAX = 256,
    SNAPSHOT_ENDPOINTS_MAX = 16,
    SNAPSHOT_CANDIDATES_MAX = 16,
    SNAPSHOT_CHANGES_MAX = 16,
    SNAPSHOT_GAPS_MAX = 32,
    SNAPSHOT_SLICES_MAX = 512, /* of a speed test, for its graph */
    SNAPSHOT_ROWS_MAX = 640,   /* of a speed test, of a second or more each */
    SNAPSHOT_RUNS_MAX = 8,     /* speed tests that are remembered */
    SNAPSHOT_WARNINGS_MAX = 8, /* of the agent's report, each of two lists */
    SNAPSHOT_INTERFACES_MAX = 32,
    SNAPSHOT_ADDRESS = 64, /* ADDRESS_TEXT_SIZE */
    SNAPSHOT_NAME = 96,
    SNAPSHOT_TEXT = 240,
};

enum path_kind { PATH_NONE, PATH_DERP, PATH_DIRECT };

/* One probe. */
struct snapshot_sample {
    mono_ns sent_at;
    uint32_t rtt_us;  /* 0 when lost or pending */
    uint8_t state;    /* enum sample_state */
    uint8_t path;     /* enum path_kind: of its answer; until that comes, or if none does, the one
                         that was in use when it was sent */
    uint16_t region;  /* when by DERP */
    uint8_t endpoint; /* when direct: index into snapshot.direct_endpoints */
};

enum sample_state {
    SAMPLE_PENDING,
    SAMPLE_PONG,
    SAMPLE_LOST,
    SAMPLE_VOID /* counts as neither: time passed without us while it was under way */
};

/* A stretch of time in which nothing was probed. */
enum gap_kind {
    GAP_PAUSED,    /* as a user asked */
    GAP_SUSPENDED, /* the program was stopped */
    GAP_ASLEEP     /* this computer slept */
};

struct snapshot_gap {
    mono_ns from, to; /* 0: it lasts */
    enum gap_kind kind;
};

/* The probes that were sent in one stretch of time. */
struct snapshot_bucket {
    mono_ns at;                      /* its start */
    uint32_t min_us, p50_us, max_us; /* of those that were answered; 0: none was */
    uint32_t jitter_us;
    uint32_t answered, lost;
    uint32_t direct;      /* of `answered` */
    uint32_t lost_direct; /* of `lost`: the path was direct when they were sent */
};

/* An answer through the tunnel. */
struct snapshot_echo {
    mono_ns at;
    uint32_t rtt_us;
};

/* An address of the agent that was tried. */
enum candidate_state {
    CANDIDATE_UNTRIED,
    CANDIDATE_SILENT,   /* probed, no answer */
    CANDIDATE_TOO_BIG,  /* a full packet does not fit an interface on the way out */
    CANDIDATE_ANSWERED, /* answers, but another path is better */
    CANDIDATE_BEST,
};

struct snapshot_candidate {
    char address[SNAPSHOT_ADDRESS];
    enum candidate_state state;
    uint64_t latency_ns; /* of the last pong; 0 = never */
    mono_ns pong_at;     /* 0 = never */
    uint64_t probes, pongs;
    bool told;  /* by the coordinator or by call-me-maybe */
    bool heard; /* a ping of the agent came from there */
};

/* The path became another one. */
struct snapshot_change {
    uint64_t seq;
    mono_ns at;
    struct wall_time when;
    enum path_kind from, to;
    char from_text[SNAPSHOT_NAME], to_text[SNAPSHOT_NAME]; /* address, or region's name */
    char reason[32];                                       /* "first_pong" */
    char why[SNAPSHOT_NAME];                               /* "a direct path answered" */
};

struct snapshot_traffic {
    uint64_t packets_in, packets_out, bytes_in, bytes_out;
};

/* Of the probes that were answered; ns. count 0: no figure is known. */
struct snapshot_stats {
    uint64_t sent, answered, lost; /* pending = sent - answered - lost */
    uint64_t last_ns, min_ns, avg_ns, max_ns, p50_ns, p95_ns, p99_ns;
    uint64_t jitter_ns; /* mean of the differences of neighbouring answers (RFC 3550's idea) */
    uint64_t stddev_ns;
};

/* The steps on which a connection stands, in order. */
#define LADDER_LIST(X)                                                                             \
    X(LADDER_SERVER, "server", "signed in")                                                        \
    X(LADDER_AGENT, "agent", "agent connected")                                                    \
    X(LADDER_COORDINATOR, "coordinator", "coordinator")                                            \
    X(LADDER_RELAY, "relay", "relay connected")                                                    \
    X(LADDER_NODE_SENT, "node_sent", "node sent")                                                  \
    X(LADDER_NODE_RECEIVED, "node_received", "node received")                                      \
    X(LADDER_DISCO, "disco", "disco answered")                                                     \
    X(LADDER_HANDSHAKE, "handshake", "handshake done")

enum ladder_step {
#define X(code, name, text) code,
    LADDER_LIST(X)
#undef X
        LADDER_STEPS
};

enum ladder_state { LADDER_TODO, LADDER_RUNNING, LADDER_DONE, LADDER_FAILED };

struct snapshot_step {
    enum ladder_state state;
    mono_ns since;              /* when it entered that state */
    mono_ns retry_at;           /* FAILED or RUNNING: the next attempt; MONO_NEVER = none planned */
    char detail[SNAPSHOT_TEXT]; /* why it failed, or what it is; may be empty */
};

/* A connection that is kept (coordinator, relay). */
enum link_state { LINK_IDLE, LINK_CONNECTING, LINK_UP, LINK_WAITING, LINK_FAILED };

struct snapshot_link {
    enum link_state state;
    mono_ns since;
    mono_ns retry_at; /* LINK_WAITING */
    unsigned attempts;
    char detail[SNAPSHOT_TEXT]; /* last failure; empty when up */
};

enum speed_state {
    SPEED_NONE,
    SPEED_WAITING,    /* for what `waits_for` says */
    SPEED_CONNECTING, /* and for the agent's answer */
    SPEED_RUNNING,
    SPEED_DONE,
    SPEED_STOPPED, /* by the user; what was measured until then is there */
    SPEED_FAILED,  /* likewise; `failure` says why */
};

/* How a speed test went, or goes. */
struct snapshot_speed_run {
    uint64_t number; /* counted from 1 in this sitting; 0: there is none */
    enum speed_state state;
    bool up;
    struct uuid agent;
    char title[SNAPSHOT_NAME * 2]; /* of the agent: "dev1 · main" */
    struct wall_time when;         /* of the start of the transfer, or of the request */
    mono_ns asked_at;
    mono_ns started_at, ended_at;  /* of the transfer; 0 = not yet, or never */
    uint64_t duration_ns;          /* asked for */
    uint64_t elapsed_ns;           /* from the start to the last byte */
    uint64_t bytes;                /* received, or (upload) acknowledged by the agent */
    uint64_t rate;                 /* of all that; bits a second */
    enum path_kind path;           /* at the start of the transfer */
    char path_text[SNAPSHOT_NAME]; /* address, or region's name */
    char path_code[SNAPSHOT_NAME]; /* region's code; "" when direct */
    bool path_changed;             /* in mid-test; the last time to: */
    char path_changed_to[SNAPSHOT_NAME];
    /* Medians of the pings before the test, and of those during it. Counts 0: not known. */
    uint64_t rest_ns, load_ns;
    uint64_t rest_count, load_count, load_lost;
    uint64_t retransmits;      /* segments that we sent again */
    uint64_t packets, missing; /* that the agent sent, and of them that did not arrive (or have not
                                  yet), by WireGuard's counters */
    char failure[SNAPSHOT_TEXT]; /* FAILED */
    char note[SNAPSHOT_TEXT];    /* what is odd about a result; "" = nothing */
};

/* A line of the table: whole blocks of 2 MiB, as `coder speedtest` counts them. */
struct snapshot_speed_row {
    uint64_t start_ns, end_ns; /* since the start of the transfer */
    uint64_t bytes;
};

/* The test that runs, or the last one. */
struct snapshot_speed {
    struct snapshot_speed_run run;
    bool want_direct;
    char waits_for[SNAPSHOT_TEXT];        /* WAITING */
    mono_ns waits_until;                  /* when it gives up; MONO_NEVER = not */
    uint64_t rate_now;                    /* over the last second; bits a second */
    uint64_t slice_ns;                    /* how long each slice is */
    size_t slice_count;                   /* the last one is not over while the test runs */
    uint64_t slices[SNAPSHOT_SLICES_MAX]; /* bytes, from started_at on */
    size_t row_count;
    struct snapshot_speed_row rows[SNAPSHOT_ROWS_MAX];
    size_t history_count; /* those that are over, oldest first */
    struct snapshot_speed_run history[SNAPSHOT_RUNS_MAX];
};

enum report_answer { REPORT_UNKNOWN, REPORT_NO, REPORT_YES };

struct snapshot_warning {
    char code[16];
    char text[SNAPSHOT_TEXT];
};

struct snapshot_interface {
    char name[SNAPSHOT_ADDRESS];
    uint32_t mtu;                  /* 0 = not told */
    char addresses[SNAPSHOT_TEXT]; /* "10.0.0.4/24 fe80::1/64" */
};

/* What the agent says of its own network, asked through the tunnel now and then. */
struct snapshot_agent_report {
    mono_ns at;                  /* when the answer came; 0 = never */
    char failure[SNAPSHOT_TEXT]; /* of the last attempt; "" = it was answered */
    char severity[16];           /* "ok", "warning", "error" */
    bool has_net_info;           /* else the agent has not finished a netcheck */
    bool udp, ipv4, ipv6;
    enum report_answer hard_nat; /* another public address for every destination */
    enum report_answer hairpinning, captive_portal, upnp, pmp, pcp;
    int64_t preferred_derp;   /* 0 = none */
    uint64_t home_latency_ns; /* its own, to that region; 0 = not known */
    char global_v4[SNAPSHOT_ADDRESS], global_v6[SNAPSHOT_ADDRESS]; /* with port; "" = none */
    size_t warning_count, interface_warning_count, interface_count;
    struct snapshot_warning warnings[SNAPSHOT_WARNINGS_MAX];
    struct snapshot_warning interface_warnings[SNAPSHOT_WARNINGS_MAX];
    struct snapshot_interface interfaces[SNAPSHOT_INTERFACES_MAX];
};

enum workspace_state {
    WORKSPACE_UNKNOWN,
    WORKSPACE_RUNNING,
    WORKSPACE_STARTING, /* pending, starting */
    WORKSPACE_STOPPING,
    WORKSPACE_STOPPED,
    WORKSPACE_BROKEN, /* failed, cancelled */
    WORKSPACE_DELETED,
};

enum agent_state {
    AGENT_STATE_UNKNOWN,
    AGENT_STATE_CONNECTING,
    AGENT_STATE_CONNECTED,
    AGENT_STATE_DISCONNECTED,
    AGENT_STATE_TIMEOUT
};

/* Who stopped a workspace, where the deployment says that. */
enum stop_reason { STOP_UNKNOWN, STOP_SCHEDULE, STOP_DORMANT };

/* By the user's limits (grade.h); the order is from good to bad. */
enum latency_grade { GRADE_UNKNOWN, GRADE_GOOD, GRADE_FAIR, GRADE_POOR };

/* One row of the list: an agent, or a workspace that has none (stopped). */
struct snapshot_workspace {
    struct uuid workspace;
    struct uuid agent; /* zero: no agent */
    char owner[SNAPSHOT_NAME];
    char name[SNAPSHOT_NAME];       /* workspace */
    char agent_name[SNAPSHOT_NAME]; /* empty: no agent */
    bool show_agent_name;           /* the workspace has several agents */
    enum workspace_state state;
    struct wall_time stopped_at; /* STOPPED; zero = not known */
    enum stop_reason stopped_by;
    enum agent_state agent_state;
    bool watched; /* probes are sent */
    enum path_kind path;
    enum latency_grade grade;
    uint32_t last_rtt_us; /* 0: none */
    uint8_t spark_count;
    uint32_t spark_us[SNAPSHOT_SPARK];  /* 0 = lost */
    uint8_t spark_path[SNAPSHOT_SPARK]; /* enum path_kind, the way that each went */
    uint32_t errors, warnings, infos;   /* findings that stand: bit n is that of code n */
};

struct snapshot_event {
    uint64_t seq;
    struct wall_time when;
    mono_ns at;
    struct uuid agent;         /* whom it is about; zero = the program, or the deployment */
    char about[SNAPSHOT_NAME]; /* its name: "dev2", "dev2 · gpu"; "" = as above */
    char text[SNAPSHOT_TEXT];
};

_Static_assert(FINDING_CODES <= 32, "a row of the list has a bit for each");

struct snapshot {
    uint64_t seq; /* 0: nothing was published yet */
    mono_ns now;
    struct wall_time wall;

    char deployment[SNAPSHOT_NAME]; /* host[:port] */
    char user[SNAPSHOT_NAME];
    char server_version[SNAPSHOT_NAME];
    char replay[SNAPSHOT_ADDRESS]; /* "session.jsonl · 4x": what is shown is no longer so; "" = live
                                    */
    bool lab;
    bool masked; /* names and addresses are replaced, for others to see (src/mask_snapshot.h) */
    bool signed_in;
    char notice[SNAPSHOT_TEXT]; /* the one line that the user must see now; empty = none */
    bool fatal;                 /* notice is the reason why nothing can go on (signed out, …) */
    int fatal_status;           /* the exit status that goes with it */
    bool finished;              /* all probes that were asked for have their result */

    size_t workspaces_total;
    size_t workspace_count;
    struct snapshot_workspace workspaces[SNAPSHOT_WORKSPACES_MAX];
    bool list_live; /* by WorkspaceUpdates; else by polling */
    bool list_known;

    /* The selected row, as its agent (or workspace when it has none); zero: nothing is selected. */
    int selected;                  /* index into workspaces; -1 = none */
    char title[SNAPSHOT_NAME * 2]; /* "dev1 · main" */
    bool paused;

    struct snapshot_step ladder[LADDER_STEPS];
    struct snapshot_link coordinator;
    struct snapshot_link relay; /* to the region in use */
    char relay_url[SNAPSHOT_NAME];
    char relay_health[SNAPSHOT_TEXT];
    bool relay_websocket;
    uint64_t relay_rtt_ns; /* us to the relay; 0 = not known */
    uint64_t relay_packets_in, relay_packets_out, relay_bytes_in, relay_bytes_out;

    /* The path in use. */
    enum path_kind path;
    mono_ns path_since;
    bool path_stale;                     /* by DERP; the direct path that was is tried beside it */
    char path_address[SNAPSHOT_ADDRESS]; /* direct, or stale; else "" */
    uint64_t path_latency_ns;            /* of that address; 0 = not known */
    uint64_t direct_after_ns;            /* from the first pong to the first direct one */
    bool was_direct;                     /* ever */
    int64_t region;                      /* the relay's */
    char region_name[SNAPSHOT_NAME];
    char region_code[SNAPSHOT_NAME];
    int64_t home_region; /* ours; 0 = none yet */
    char home_region_name[SNAPSHOT_NAME];
    uint64_t home_latency_ns; /* by HTTP; 0 = not measured */
    int64_t agent_region;     /* the agent's home; 0 = not known */
    char agent_region_name[SNAPSHOT_NAME];
    bool node_sent;
    mono_ns node_sent_at;
    bool node_received;
    mono_ns node_received_at;
    size_t agent_endpoint_count, own_endpoint_count;
    char agent_endpoints[SNAPSHOT_ENDPOINTS_MAX][SNAPSHOT_ADDRESS];
    char own_endpoints[SNAPSHOT_ENDPOINTS_MAX][SNAPSHOT_ADDRESS];
    char direct_endpoints[SNAPSHOT_ENDPOINTS_MAX][SNAPSHOT_ADDRESS]; /* see snapshot_sample */
    size_t candidate_count;
    struct snapshot_candidate candidates[SNAPSHOT_CANDIDATES_MAX]; /* the best first */
    struct snapshot_traffic direct, relayed;                       /* to and from the agent */
    bool has_tunnel;                                               /* WireGuard knows the agent */
    mono_ns handshake_at;                                          /* completed last; 0 = never */
    mono_ns handshake_due_at;                                      /* when we begin the next, if it
                                                                      is our turn; 0 = it is not */
    uint64_t handshakes;                                           /* completed, ever */
    bool handshake_under_way;                                      /* ours waits for its answer */
    unsigned handshake_attempts;        /* initiations sent since the last handshake */
    struct snapshot_traffic tunnel;     /* IP packets inside */
    struct snapshot_stats tunnel_stats; /* of the ICMPv6 echo through the tunnel */
    mono_ns tunnel_answer_at;           /* of the last echo answer; 0 = never */
    uint64_t change_count;              /* ever; the last ones are in `changes` */
    size_t changes_kept;
    struct snapshot_change changes[SNAPSHOT_CHANGES_MAX]; /* oldest first */
    char agent_version[SNAPSHOT_NAME];
    struct snapshot_agent_report agent_report;
    struct snapshot_speed speed;
    bool direct_disabled_deployment;
    bool direct_disabled_client;

    /* The diagnosis: causes above what they explain (finding.depth), then the worst, then the
     * oldest first. */
    size_t finding_count;
    struct finding findings[FINDING_CODES];
    struct facts facts; /* that it was made of, about a second ago at most */

    /* Lost ones count for the way that was in use when they were sent, those of before there was
     * any as relayed. */
    struct snapshot_stats window; /* of the samples below that went the way of `path` */
    struct snapshot_stats other;  /* of those that went the other way */
    struct snapshot_stats run;    /* since the workspace was selected first */
    uint64_t first_sample;        /* number of samples[0], counted from the start of the watch */
    size_t sample_count;
    struct snapshot_sample samples[SNAPSHOT_SAMPLES_MAX]; /* oldest first */
    uint64_t interval_ns;                                 /* between probes */
    /* Since when nothing is answered: since the start, or (`run.answered`) since the first probe of
     * an outage; 0 = the connection stands, or nothing is watched. */
    mono_ns silent_since;
    uint64_t unanswered; /* probes since then */
    uint64_t silence_ns; /* the longest from a lost probe to the next answer; 0 = none was lost */
    mono_ns silence_at;  /* when it began */
    struct snapshot_stats run_direct, run_relayed; /* the run, by way */
    mono_ns first_sent_at;                         /* of the run; 0 = none yet */
    size_t ten_count, minute_count, echo_count;
    struct snapshot_bucket tens[SNAPSHOT_TENS_MAX]; /* oldest first, as all of these */
    struct snapshot_bucket minutes[SNAPSHOT_MINUTES_MAX];
    struct snapshot_echo echoes[SNAPSHOT_ECHOES_MAX];
    uint64_t echo_interval_ns;
    size_t gap_count;
    struct snapshot_gap gaps[SNAPSHOT_GAPS_MAX]; /* oldest first */

    uint64_t log_first; /* number of log[0], counted from the start of the program */
    size_t log_count;
    struct log_line log[SNAPSHOT_LOG_MAX]; /* oldest first */

    size_t event_count;
    struct snapshot_event events[SNAPSHOT_EVENTS_MAX]; /* oldest first */
};

const char *ladder_step_name(enum ladder_step step); /* "node_sent" */
const char *ladder_step_text(enum ladder_step step); /* "node sent" */

/* Probes go out, and nothing answers them: the last answer is not that of now. */
bool snapshot_is_silent(const struct snapshot *snapshot);

/* The hand-over. One writer thread, one reader thread. */
struct snapshot_box;

struct snapshot_box *snapshot_box_new(void);
void snapshot_box_free(struct snapshot_box *box);

/* The slot to fill; always the same until published. Holds an old snapshot: overwrite every field.
 */
struct snapshot *snapshot_box_draft(struct snapshot_box *box);
void snapshot_box_publish(struct snapshot_box *box);

/* The newest published one; *fresh says whether it is newer than that of the last call. Valid until
 * the next call. */
const struct snapshot *snapshot_box_take(struct snapshot_box *box, bool *fresh);

#endif
