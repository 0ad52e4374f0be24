/*
 * The state of one peer's paths, shared by its files:
 *   peer_path.c         life, what the owner tells, what it asks
 *   peer_path_input.c   what the peer says
 *   peer_path_output.c  what is due, and when
 */
#ifndef NET_PATH_PEER_PATH_INTERNAL_H
#define NET_PATH_PEER_PATH_INTERNAL_H

#include "net/base/log_limit.h"
#include "net/path/peer_path.h"

enum {
    PATH_PROBES = 512,
    PATH_INTENTS = 512,
    PATH_EVENTS = 128,
    PATH_BEATS = 64,  /* open at once; far more than a time-out's worth */
    PATH_PONGS = 32,  /* owed to the peer; a flood of pings costs no more */
    PATH_VOLLEYS = 4, /* how often all candidates are probed in the first moments */
};

/* What is said by the peer, or in its name, and is not taken. Each kind is logged once in a while.
 */
#define PATH_REFUSAL_LIST(X)                                                                       \
    X(PATH_REFUSED_FORGED, "a disco packet that does not open (forged, or for another); dropped")  \
    X(PATH_REFUSED_MALFORMED, "a disco packet that is cut, too long or of no known form; dropped") \
    X(PATH_REFUSED_DIRECT, "disco over UDP while direct connections are disabled; dropped")        \
    X(PATH_REFUSED_PONG, "a pong that answers no ping that is open (late, or of another's id)")    \
    X(PATH_REFUSED_PING, "a ping that was answered before; not answered again")                    \
    X(PATH_REFUSED_SOURCE, "a ping from an address that can be no peer's; not answered")           \
    X(PATH_REFUSED_ENDPOINT,                                                                       \
      "an endpoint that is no peer's (loopback, multicast, ours); not tried")                      \
    X(PATH_REFUSED_MANY, "more endpoints than are kept; the others are not tried")

enum path_refusal {
#define X(code, text) code,
    PATH_REFUSAL_LIST(X)
#undef X
        PATH_REFUSALS
};

struct probe {
    bool used;
    struct disco_tx tx;
    uint64_t seq; /* 0: of no beat */
    struct path_route to;
    mono_ns sent_at, until;
};

/* A beat is open from its start until a pong of one of its probes, or its time is up. */
struct beat {
    uint64_t seq;
    mono_ns started_at;
    mono_ns first_sent; /* MONO_NEVER: not sent yet */
    bool send;          /* probes of it are to be sent */
};

enum intent_kind { INTENT_PING, INTENT_PONG, INTENT_CALL };

/* A packet that is to go out with the next output. */
struct intent {
    enum intent_kind kind;
    struct path_route to;
    uint64_t seq;       /* PING: of the beat */
    struct disco_tx tx; /* PONG */
};

struct peer_path {
    struct path_config config;
    struct disco_public mine;

    bool has_peer, answered, blocked;
    struct node_public peer;
    struct disco_public peer_disco;
    struct box_key box;
    int64_t region;
    size_t own_count;
    struct net_address own[DISCO_ENDPOINTS_MAX];
    size_t node_count; /* the peer's, as its node has them: for when they may be used again */
    struct net_address node_endpoints[DISCO_ENDPOINTS_MAX];

    struct candidates candidates;
    struct net_address best; /* ADDRESS_NONE = none */
    uint64_t best_latency_ns;
    mono_ns best_since, best_pong_at;
    mono_ns trust_until;   /* 0: not trusted, whatever time a late packet bears */
    struct path_route now; /* as it was last told */
    mono_ns since;

    mono_ns last_send; /* of data or of a beat; MONO_NEVER = never */
    mono_ns last_full; /* all candidates were probed; 0 = never */
    mono_ns last_call; /* call-me-maybe sent; 0 = never */
    mono_ns next_heartbeat;
    mono_ns next_volley;
    unsigned volley;
    mono_ns next_retry; /* before the first answer */
    uint64_t retry_ns;

    uint64_t last_seq;
    size_t beat_count;
    struct beat beats[PATH_BEATS];
    size_t next_probe;
    struct probe probes[PATH_PROBES];
    size_t intent_first, intent_count, pongs_owed;
    struct intent intents[PATH_INTENTS];
    size_t event_first, event_count;
    struct path_event events[PATH_EVENTS];

    bool has_derp_ping; /* the peer's last ping by DERP: a repeated one gets no pong */
    struct disco_tx derp_ping;
    mono_ns called_at; /* call-me-maybe received; 0 = never */
    struct path_status counts;
    struct log_limit refusals[PATH_REFUSALS];
};

/* peer_path.c */
void path_push_event(struct peer_path *p, const struct path_event *event);
bool path_is_trusted(const struct peer_path *p, mono_ns now);
/* Tells of a change of the path, if there is one. */
void path_note(struct peer_path *p, mono_ns now, enum path_reason reason);
/* Takes trust from a path whose time is up, or that is silent. */
void path_check_trust(struct peer_path *p, mono_ns now);
/* Drops a candidate, and with it the best path if it is that. */
void path_remove(struct peer_path *p, struct candidate *one);
bool path_is_own(const struct peer_path *p, const struct net_address *address);
/* Whether an endpoint that the peer is said to have is worth a probe; one that is not is counted.
 */
bool path_accepts(struct peer_path *p, mono_ns now, const struct net_address *address);
void path_refuse(struct peer_path *p, mono_ns now, enum path_refusal why);
/* Drops the candidates that nobody names; the best one with a word. */
void path_drop_expired(struct peer_path *p, mono_ns now);

/* peer_path_output.c */
void path_push_ping(struct peer_path *p, const struct path_route *to, uint64_t seq);
void path_push_pong(struct peer_path *p, const struct path_route *to, const struct disco_tx *tx);
void path_push_call(struct peer_path *p, mono_ns now);
void path_clear_intents(struct peer_path *p);
/* Probes every candidate that was not probed lately (or, with `force`, at all events); then lets
 * the peer do the same to us, if `call`. `seq`: of the beat that a pong may complete. */
void path_discover(struct peer_path *p, mono_ns now, bool force, bool call, uint64_t seq);
/* Probes all candidates now and some times more in the next moments. */
void path_start_volleys(struct peer_path *p, mono_ns now);
void path_close_beat(struct peer_path *p, size_t index);
/* The newest beat that waits for a pong; 0 = none. */
uint64_t path_open_beat(const struct peer_path *p);

#endif
